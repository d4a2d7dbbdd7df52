/* Functions to minimise, with all their derivatives, and counters of their evaluations. */
#ifndef ADJOIN_TESTS_UNIT_MINIMISE_PROBLEMS_H
#define ADJOIN_TESTS_UNIT_MINIMISE_PROBLEMS_H

#include "runtime/minimise.h"
#include <math.h>
#include <string.h>

enum { PROBLEM_LARGEST = 128 };

/* f(x) and, where g is not NULL, its gradient; h v where v is not NULL; all over n entries. */
typedef double (*test_function)(size_t n, const double *x, double *g, const double *v, double *hv);

/* r(x), where r is not NULL; its Jacobian, row by row, where j is not NULL. Returns how many residuals there are. */
typedef size_t (*test_residual)(size_t n, const double *x, double *r, double *j);

typedef struct {
  test_function function;
  test_residual residual;
  size_t n;
  size_t values, gradients, products;
  size_t failing; /* the evaluation that fails, counted from 1; 0: none */
} test_model;

/* sum (x_i - 3)^2 */
static inline double squares(size_t n, const double *x, double *g, const double *v, double *hv) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    if (g) g[i] = 2 * (x[i] - 3);
    if (v) hv[i] = 2 * v[i];
    /* The frozen entries may be nan. */
    if (!isnan(x[i])) sum += (x[i] - 3) * (x[i] - 3);
  }
  return sum;
}
static inline size_t squares_residual(size_t n, const double *x, double *r, double *j) {
  if (j) memset(j, 0, n * n * sizeof *j);
  for (size_t i = 0; i < n; i++) {
    if (r) r[i] = isnan(x[i]) ? 0 : x[i] - 3;
    if (j) j[i * n + i] = 1;
  }
  return n;
}

/* Rosenbrock's, chained: sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2 */
static inline double rosenbrock(size_t n, const double *x, double *g, const double *v, double *hv) {
  double sum = 0;
  if (g) memset(g, 0, n * sizeof *g);
  if (v) memset(hv, 0, n * sizeof *hv);
  for (size_t i = 0; i + 1 < n; i++) {
    double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    sum += 100 * a * a + b * b;
    if (g) g[i] += -400 * x[i] * a - 2 * b;
    if (g) g[i + 1] += 200 * a;
    if (!v) continue;
    hv[i] += (-400 * a + 800 * x[i] * x[i] + 2) * v[i] - 400 * x[i] * v[i + 1];
    hv[i + 1] += 200 * v[i + 1] - 400 * x[i] * v[i];
  }
  return sum;
}
static inline size_t rosenbrock_residual(size_t n, const double *x, double *r, double *j) {
  size_t count = 2 * (n - 1);
  if (j) memset(j, 0, count * n * sizeof *j);
  for (size_t i = 0; i + 1 < n; i++) {
    if (r) r[2 * i] = 10 * (x[i + 1] - x[i] * x[i]);
    if (r) r[2 * i + 1] = 1 - x[i];
    if (!j) continue;
    j[2 * i * n + i] = -20 * x[i];
    j[2 * i * n + i + 1] = 10;
    j[(2 * i + 1) * n + i] = -1;
  }
  return count;
}

/* |x| + (x - 5)^2 */
static inline double kinked(size_t n, const double *x, double *g, const double *v, double *hv) {
  (void)n;
  if (g) g[0] = (x[0] > 0 ? 1 : x[0] < 0 ? -1 : 0) + 2 * (x[0] - 5);
  if (v) hv[0] = 2 * v[0];
  return fabs(x[0]) + (x[0] - 5) * (x[0] - 5);
}

/* x cos 4x + 2 |x| */
static inline double wavy(size_t n, const double *x, double *g, const double *v, double *hv) {
  (void)n;
  double c = cos(4 * x[0]), s = sin(4 * x[0]);
  if (g) g[0] = c - 4 * x[0] * s + (x[0] > 0 ? 2 : x[0] < 0 ? -2 : 0);
  if (v) hv[0] = (-8 * s - 16 * x[0] * c) * v[0];
  return x[0] * c + 2 * fabs(x[0]);
}

/* sum |x_i - i| weighted 1 + i: nothing but kinks */
static inline double absolute(size_t n, const double *x, double *g, const double *v, double *hv) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double w = 1 + (double)i, d = x[i] - (double)i;
    sum += w * fabs(d);
    if (g) g[i] = d < 0 ? -w : w;
    if (v) hv[i] = 0;
  }
  return sum;
}

/* No minimum: x; -x^2; and one at infinity: exp(x). */
static inline double straight(size_t n, const double *x, double *g, const double *v, double *hv) {
  (void)n;
  if (g) g[0] = 1;
  if (v) hv[0] = 0;
  return x[0];
}
static inline double hill(size_t n, const double *x, double *g, const double *v, double *hv) {
  (void)n;
  if (g) g[0] = -2 * x[0];
  if (v) hv[0] = -2 * v[0];
  return -x[0] * x[0];
}
static inline double exponential(size_t n, const double *x, double *g, const double *v, double *hv) {
  (void)n;
  if (g) g[0] = exp(x[0]);
  if (v) hv[0] = exp(x[0]) * v[0];
  return exp(x[0]);
}

/* sum x_i - log x_i: nan from 0 on downwards, with the minimum at 1 and a start where steps of Newton's size lead there
 */
static inline double barrier(size_t n, const double *x, double *g, const double *v, double *hv) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    sum += x[i] - log(x[i]);
    if (g) g[i] = 1 - 1 / x[i];
    if (v) hv[i] = v[i] / (x[i] * x[i]);
  }
  return sum;
}

/* (sum x_i^2 - 1/4)^2 + 1e-5 sum (x_i - 1)^2: from far away f falls by 24 powers of ten */
static inline double penalty(size_t n, const double *x, double *g, const double *v, double *hv) {
  double excess = -0.25, sum = 0, along = 0;
  for (size_t i = 0; i < n; i++) {
    excess += x[i] * x[i];
    sum += 1e-5 * (x[i] - 1) * (x[i] - 1);
    if (v) along += 2 * x[i] * v[i];
  }
  for (size_t i = 0; i < n; i++) {
    if (g) g[i] = 4 * x[i] * excess + 2e-5 * (x[i] - 1);
    if (v) hv[i] = 4 * v[i] * excess + 4 * x[i] * along + 2e-5 * v[i];
  }
  return excess * excess + sum;
}
static inline size_t penalty_residual(size_t n, const double *x, double *r, double *j) {
  double excess = -0.25;
  if (j) memset(j, 0, (n + 1) * n * sizeof *j);
  for (size_t i = 0; i < n; i++) {
    excess += x[i] * x[i];
    if (r) r[i] = sqrt(1e-5) * (x[i] - 1);
    if (j) j[i * n + i] = sqrt(1e-5);
    if (j) j[n * n + i] = 2 * x[i];
  }
  if (r) r[n] = excess;
  return n + 1;
}

/* sum x_i^2 + (sum x_i)^2 - 4 sum c_i x_i with c = 1, -1, 1, -1, ..: coupled, so that bounds on one move the others */
static inline double coupled(size_t n, const double *x, double *g, const double *v, double *hv) {
  double total = 0, along = 0, f = 0;
  for (size_t i = 0; i < n; i++) {
    total += x[i];
    if (v) along += v[i];
  }
  for (size_t i = 0; i < n; i++) {
    double c = i % 2 ? -4 : 4;
    f += x[i] * x[i] - c * x[i];
    if (g) g[i] = 2 * x[i] + 2 * total - c;
    if (v) hv[i] = 2 * v[i] + 2 * along;
  }
  return f + total * total;
}

static inline int fails(test_model *model) {
  return model->failing && model->values + model->gradients + model->products >= model->failing ? 7 : 0;
}
static inline int model_value(void *user, const double *x, double *f) {
  test_model *model = user;
  model->values++;
  *f = model->function(model->n, x, NULL, NULL, NULL);
  return fails(model);
}
static inline int model_gradient(void *user, const double *x, double *f, double *g) {
  test_model *model = user;
  model->gradients++;
  *f = model->function(model->n, x, g, NULL, NULL);
  return fails(model);
}
static inline int model_product(void *user, const double *x, const double *v, double *hv) {
  test_model *model = user;
  model->products++;
  model->function(model->n, x, NULL, v, hv);
  return fails(model);
}
static inline int model_residual(void *user, const double *x, double *r) {
  test_model *model = user;
  model->gradients++;
  model->residual(model->n, x, r, NULL);
  return fails(model);
}
/* J at x, kept until another x comes. */
static inline const double *model_jacobian(const test_model *model, const double *x, size_t *rows) {
  static double jacobian[2 * PROBLEM_LARGEST * PROBLEM_LARGEST], at[PROBLEM_LARGEST];
  static test_model of;
  if (of.n != model->n || of.residual != model->residual || memcmp(at, x, model->n * sizeof *x) != 0)
    model->residual(model->n, x, NULL, jacobian);
  of = *model;
  memcpy(at, x, model->n * sizeof *x);
  *rows = model->residual(model->n, x, NULL, NULL);
  return jacobian;
}
static inline int model_jvp(void *user, const double *x, const double *v, double *jv) {
  test_model *model = user;
  size_t rows, n = model->n;
  const double *jacobian = model_jacobian(model, x, &rows);
  model->products++;
  memset(jv, 0, rows * sizeof *jv);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; v[i] != 0 && j < rows; j++) jv[j] += jacobian[j * n + i] * v[i];
  }
  return fails(model);
}
static inline int model_vjp(void *user, const double *x, const double *u, double *ju) {
  test_model *model = user;
  size_t rows, n = model->n;
  const double *jacobian = model_jacobian(model, x, &rows);
  model->products++;
  memset(ju, 0, n * sizeof *ju);
  for (size_t j = 0; j < rows; j++) {
    for (size_t i = 0; u[j] != 0 && i < n; i++) ju[i] += jacobian[j * n + i] * u[j];
  }
  return fails(model);
}

static inline minimise_problem model_problem(test_model *model) {
  minimise_problem problem = {
      .user = model, .size = model->n, .value = model_value, .gradient = model_gradient, .product = model_product};
  if (!model->residual) return problem;
  static const double zeros[PROBLEM_LARGEST];
  problem.residual_count = model->residual(model->n, zeros, NULL, NULL);
  problem.residual_factor = 1;
  problem.residual = model_residual;
  problem.jvp = model_jvp;
  problem.vjp = model_vjp;
  return problem;
}

#endif
