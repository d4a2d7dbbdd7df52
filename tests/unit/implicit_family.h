/* Problems whose minimisers or roots have known derivatives, in the type REAL: included once for double, as a model
 * computes, and once for long double, for the reference.
 *
 *   f(x, theta) = sum_k w_k psi(r_k),  r = A x - h(theta),  psi(t) = t^2/2 + t^4/12
 *   h_k = sum_j B_kj theta_j + sin(theta_0 + k)/2;  lower bounds base_i + slope_i theta_0
 *
 * and equations sum_k M_ik w_k (psi'(r_k) - c_k) = 0, one for each entry of x; the gradient has A' for M, and no c. */
static inline REAL OF(mix)(const family *of, size_t i, size_t k) {
  return (REAL)(of->root ? of->m[i * of->rows + k] : of->a[k * of->n + i]);
}

static inline REAL OF(h)(const family *of, const REAL *theta, size_t k) {
  REAL sum = SIN(theta[0] + (REAL)k) / 2;
  for (size_t j = 0; j < of->parameters; j++) sum += (REAL)of->b[k * of->parameters + j] * theta[j];
  return sum;
}

static inline REAL OF(h_derivative)(const family *of, const REAL *theta, size_t k, size_t j) {
  return (REAL)of->b[k * of->parameters + j] + (j == 0 ? COS(theta[0] + (REAL)k) / 2 : 0);
}

static inline REAL OF(residual)(const family *of, const REAL *theta, const REAL *x, size_t k) {
  REAL sum = -OF(h)(of, theta, k);
  for (size_t i = 0; i < of->n; i++) sum += (REAL)of->a[k * of->n + i] * x[i];
  return sum;
}

static inline REAL OF(value)(const family *of, const REAL *theta, const REAL *x, REAL *gradient) {
  REAL f = 0;
  for (size_t i = 0; i < of->n; i++) gradient[i] = 0;
  for (size_t k = 0; k < of->rows; k++) {
    REAL r = OF(residual)(of, theta, x, k), w = (REAL)of->w[k];
    f += w * (r * r / 2 + r * r * r * r / 12);
    for (size_t i = 0; i < of->n; i++) gradient[i] += w * (r + r * r * r / 3 - (REAL)of->c[k]) * OF(mix)(of, i, k);
  }
  return f;
}

/* Adds to out (n) what a direction v of x and u of theta make of the gradient; each may be NULL. */
static inline void OF(second)(const family *of, const REAL *theta, const REAL *x, const REAL *v, const REAL *u,
                              REAL *out) {
  for (size_t k = 0; k < of->rows; k++) {
    REAL r = OF(residual)(of, theta, x, k), along = 0;
    for (size_t i = 0; i < of->n && v; i++) along += (REAL)of->a[k * of->n + i] * v[i];
    for (size_t j = 0; j < of->parameters && u; j++) along -= OF(h_derivative)(of, theta, k, j) * u[j];
    for (size_t i = 0; i < of->n; i++) out[i] += (REAL)of->w[k] * (1 + r * r) * along * OF(mix)(of, i, k);
  }
}

#undef REAL
#undef OF
#undef SIN
#undef COS
