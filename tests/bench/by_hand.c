/* The examples' derivatives as a careful person writes them in C: loops fused, nothing computed twice. */
#include "tests/bench/bench.h"
#include <math.h>
#include <string.h>

#define ARGUMENTS                                                                                                      \
  const ptrdiff_t *extents, const void *const *inputs, const double *const *directions, double *const *results,        \
      double *work
#define UNUSED (void)extents, (void)inputs, (void)directions, (void)results, (void)work

static double dot(ptrdiff_t n, const double *a, const double *b) {
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* ---- sum[i < n-1] (100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2) ---- */

static double rosenbrock_value(ARGUMENTS) {
  const double *x = inputs[0];
  double sum = 0;
  UNUSED;
  for (ptrdiff_t i = 0; i < extents[0] - 1; i++) {
    double r = x[i + 1] - x[i] * x[i], s = 1 - x[i];
    sum += 100 * (r * r) + s * s;
  }
  return sum;
}

static double rosenbrock_gradient(ARGUMENTS) {
  const double *x = inputs[0];
  double sum = 0, *g = results[0];
  UNUSED;
  memset(g, 0, (size_t)extents[0] * sizeof *g);
  for (ptrdiff_t i = 0; i < extents[0] - 1; i++) {
    double r = x[i + 1] - x[i] * x[i], s = 1 - x[i];
    sum += 100 * (r * r) + s * s;
    g[i] += -400 * r * x[i] - 2 * s;
    g[i + 1] += 200 * r;
  }
  return sum;
}

static double rosenbrock_product(ARGUMENTS) {
  const double *x = inputs[0], *v = directions[0];
  double *h = results[0];
  UNUSED;
  memset(h, 0, (size_t)extents[0] * sizeof *h);
  for (ptrdiff_t i = 0; i < extents[0] - 1; i++) {
    double r = x[i + 1] - x[i] * x[i], dr = v[i + 1] - 2 * x[i] * v[i];
    h[i] += -400 * (dr * x[i] + r * v[i]) + 2 * v[i];
    h[i + 1] += 200 * dr;
  }
  return 0;
}

const hand_written rosenbrock_by_hand = {{rosenbrock_value, rosenbrock_gradient, rosenbrock_product}};

/* ---- sum[i] (volume[i] - b[0]*(1 - exp(-b[1]*pressure[i])))^2 ---- */

static double misra_value(ARGUMENTS) {
  const double *b = inputs[0], *pressure = inputs[1], *volume = inputs[2];
  double sum = 0;
  UNUSED;
  for (ptrdiff_t i = 0; i < extents[0]; i++) {
    double r = volume[i] - b[0] * (1 - exp(-b[1] * pressure[i]));
    sum += r * r;
  }
  return sum;
}

static double misra_gradient(ARGUMENTS) {
  const double *b = inputs[0], *pressure = inputs[1], *volume = inputs[2];
  double sum = 0, level = 0, rate = 0;
  UNUSED;
  for (ptrdiff_t i = 0; i < extents[0]; i++) {
    double decay = exp(-b[1] * pressure[i]), r = volume[i] - b[0] * (1 - decay);
    sum += r * r;
    level -= r * (1 - decay);
    rate -= r * pressure[i] * decay;
  }
  results[0][0] = 2 * level;
  results[0][1] = 2 * b[0] * rate;
  return sum;
}

static double misra_product(ARGUMENTS) {
  const double *b = inputs[0], *pressure = inputs[1], *volume = inputs[2], *v = directions[0];
  double level = 0, rate = 0;
  UNUSED;
  for (ptrdiff_t i = 0; i < extents[0]; i++) {
    double p = pressure[i], decay = exp(-b[1] * p), slope = p * decay;
    double r = volume[i] - b[0] * (1 - decay), dr = -(1 - decay) * v[0] - b[0] * slope * v[1];
    level -= dr * (1 - decay) + r * slope * v[1];
    rate -= slope * (b[0] * dr + r * (v[0] - b[0] * p * v[1]));
  }
  results[0][0] = 2 * level;
  results[0][1] = 2 * rate;
  return 0;
}

const hand_written misra_by_hand = {{misra_value, misra_gradient, misra_product}};

/* ---- sum[i] (x[i] - 3)^2 ---- */

static double masked_value(ARGUMENTS) {
  const double *x = inputs[0];
  double sum = 0;
  UNUSED;
  for (ptrdiff_t i = 0; i < extents[0]; i++) sum += (x[i] - 3) * (x[i] - 3);
  return sum;
}

static double masked_gradient(ARGUMENTS) {
  const double *x = inputs[0];
  double sum = 0, *g = results[0];
  UNUSED;
  for (ptrdiff_t i = 0; i < extents[0]; i++) {
    double r = x[i] - 3;
    sum += r * r;
    g[i] = 2 * r;
  }
  return sum;
}

static double masked_product(ARGUMENTS) {
  const double *v = directions[0];
  double *h = results[0];
  UNUSED;
  for (ptrdiff_t i = 0; i < extents[0]; i++) h[i] = 2 * v[i];
  return 0;
}

const hand_written masked_by_hand = {{masked_value, masked_gradient, masked_product}};

/* ---- mean(softplus(z) - y*z) + exp(lambda)*dot(w, w)/2, z = X w + b; inputs w, b, lambda, X, y ---- */

static double logistic_value(ARGUMENTS) {
  const double *w = inputs[0], *b = inputs[1], *lambda = inputs[2], *X = inputs[3], *y = inputs[4];
  ptrdiff_t N = extents[0], d = extents[1];
  double sum = 0;
  UNUSED;
  for (ptrdiff_t i = 0; i < N; i++) {
    double z = *b + dot(d, X + i * d, w);
    sum += fmax(z, 0) + log1p(exp(-fabs(z))) - y[i] * z;
  }
  return sum / (double)N + exp(*lambda) * dot(d, w, w) / 2;
}

static double logistic_gradient(ARGUMENTS) {
  const double *w = inputs[0], *b = inputs[1], *lambda = inputs[2], *X = inputs[3], *y = inputs[4];
  ptrdiff_t N = extents[0], d = extents[1];
  double sum = 0, ridge = exp(*lambda), *g = results[0], along_b = 0;
  UNUSED;
  for (ptrdiff_t j = 0; j < d; j++) g[j] = ridge * w[j];
  for (ptrdiff_t i = 0; i < N; i++) {
    double z = *b + dot(d, X + i * d, w);
    double e = exp(-fabs(z)), p = (z >= 0 ? 1 : e) / (1 + e), slope = (p - y[i]) / (double)N;
    sum += fmax(z, 0) + log1p(e) - y[i] * z;
    along_b += slope;
    for (ptrdiff_t j = 0; j < d; j++) g[j] += slope * X[i * d + j];
  }
  *results[1] = along_b;
  return sum / (double)N + ridge * dot(d, w, w) / 2;
}

static double logistic_product(ARGUMENTS) {
  const double *w = inputs[0], *b = inputs[1], *lambda = inputs[2], *X = inputs[3];
  const double *v = directions[0], *v_b = directions[1];
  ptrdiff_t N = extents[0], d = extents[1];
  double ridge = exp(*lambda), *h = results[0], along_b = 0;
  UNUSED;
  for (ptrdiff_t j = 0; j < d; j++) h[j] = ridge * v[j];
  for (ptrdiff_t i = 0; i < N; i++) {
    double z = *b, dz = *v_b;
    for (ptrdiff_t j = 0; j < d; j++) {
      z += X[i * d + j] * w[j];
      dz += X[i * d + j] * v[j];
    }
    double e = exp(-fabs(z)), p = (z >= 0 ? 1 : e) / (1 + e), slope = p * (1 - p) * dz / (double)N;
    along_b += slope;
    for (ptrdiff_t j = 0; j < d; j++) h[j] += slope * X[i * d + j];
  }
  *results[1] = along_b;
  return 0;
}

const hand_written logistic_by_hand = {{logistic_value, logistic_gradient, logistic_product}};

/* ---- sum(W2 @ tanh(W1 @ x + b1)) + c*dot(x, x); inputs x, W1, b1, W2, c ---- */

static double net_value(ARGUMENTS) {
  const double *x = inputs[0], *W1 = inputs[1], *b1 = inputs[2], *W2 = inputs[3], *c = inputs[4];
  ptrdiff_t d = extents[0], h = extents[1];
  double sum = 0;
  UNUSED;
  for (ptrdiff_t i = 0; i < h; i++) sum += W2[i] * tanh(b1[i] + dot(d, W1 + i * d, x));
  return sum + *c * dot(d, x, x);
}

static double net_gradient(ARGUMENTS) {
  const double *x = inputs[0], *W1 = inputs[1], *b1 = inputs[2], *W2 = inputs[3], *c = inputs[4];
  ptrdiff_t d = extents[0], h = extents[1];
  double sum = 0, *g = results[0];
  UNUSED;
  for (ptrdiff_t j = 0; j < d; j++) g[j] = 2 * *c * x[j];
  for (ptrdiff_t i = 0; i < h; i++) {
    double t = tanh(b1[i] + dot(d, W1 + i * d, x)), slope = W2[i] * (1 - t * t);
    sum += W2[i] * t;
    for (ptrdiff_t j = 0; j < d; j++) g[j] += slope * W1[i * d + j];
  }
  return sum + *c * dot(d, x, x);
}

static double net_product(ARGUMENTS) {
  const double *x = inputs[0], *W1 = inputs[1], *b1 = inputs[2], *W2 = inputs[3], *c = inputs[4], *v = directions[0];
  ptrdiff_t d = extents[0], h = extents[1];
  double *product = results[0];
  UNUSED;
  for (ptrdiff_t j = 0; j < d; j++) product[j] = 2 * *c * v[j];
  for (ptrdiff_t i = 0; i < h; i++) {
    double a = b1[i], da = 0;
    for (ptrdiff_t j = 0; j < d; j++) {
      a += W1[i * d + j] * x[j];
      da += W1[i * d + j] * v[j];
    }
    double t = tanh(a), slope = -2 * W2[i] * t * (1 - t * t) * da;
    for (ptrdiff_t j = 0; j < d; j++) product[j] += slope * W1[i * d + j];
  }
  return 0;
}

const hand_written net_by_hand = {{net_value, net_gradient, net_product}};

/* ---- sum[i] huber(y[i] - (slope*x[i] + height), k); inputs slope, height, k, x, y ---- */

static double robust_value(ARGUMENTS) {
  const double *slope = inputs[0], *height = inputs[1], *x = inputs[3], *y = inputs[4];
  double k = *(const double *)inputs[2], sum = 0;
  UNUSED;
  for (ptrdiff_t i = 0; i < extents[0]; i++) {
    double r = y[i] - (*slope * x[i] + *height);
    sum += fabs(r) < k ? r * r / 2 : k * (fabs(r) - k / 2);
  }
  return sum;
}

static double robust_gradient(ARGUMENTS) {
  const double *slope = inputs[0], *height = inputs[1], *x = inputs[3], *y = inputs[4];
  double k = *(const double *)inputs[2], sum = 0, along_slope = 0, along_height = 0;
  UNUSED;
  for (ptrdiff_t i = 0; i < extents[0]; i++) {
    double r = y[i] - (*slope * x[i] + *height), g = fabs(r) < k ? r : copysign(k, r);
    sum += fabs(r) < k ? r * r / 2 : k * (fabs(r) - k / 2);
    along_slope -= g * x[i];
    along_height -= g;
  }
  *results[0] = along_slope;
  *results[1] = along_height;
  return sum;
}

static double robust_product(ARGUMENTS) {
  const double *slope = inputs[0], *height = inputs[1], *k = inputs[2], *x = inputs[3], *y = inputs[4];
  double v_slope = *directions[0], v_height = *directions[1], along_slope = 0, along_height = 0;
  UNUSED;
  for (ptrdiff_t i = 0; i < extents[0]; i++) {
    if (!(fabs(y[i] - (*slope * x[i] + *height)) < *k)) continue;
    double along = v_slope * x[i] + v_height;
    along_slope += along * x[i];
    along_height += along;
  }
  *results[0] = along_slope;
  *results[1] = along_height;
  return 0;
}

const hand_written robust_by_hand = {{robust_value, robust_gradient, robust_product}};

/* ---- sum((fitted - velocity)^2) + exp(log_ridge)*dot(alpha, fitted), fitted = K alpha,
 *      K[i, j] = exp(-gamma*(distance[i] - distance[j])^2), gamma = exp(-2*log_width)/2;
 *      inputs alpha, log_width, log_ridge, distance, velocity ----
 *
 * K is symmetric: half of the exponentials are enough, and K' e is K e. Work holds K and a vector. */

static void fill_kernel(ptrdiff_t n, const double *log_width, const double *distance, double *K) {
  double gamma = exp(-2 * *log_width) / 2;
  for (ptrdiff_t i = 0; i < n; i++)
    for (ptrdiff_t j = 0; j <= i; j++) {
      double apart = distance[i] - distance[j];
      K[i * n + j] = K[j * n + i] = exp(-gamma * (apart * apart));
    }
}

static double kernel_value(ARGUMENTS) {
  const double *alpha = inputs[0], *velocity = inputs[4], *log_ridge = inputs[2];
  ptrdiff_t n = extents[0];
  double squares = 0, along = 0;
  UNUSED;
  fill_kernel(n, inputs[1], inputs[3], work);
  for (ptrdiff_t i = 0; i < n; i++) {
    double fitted = dot(n, work + i * n, alpha), r = fitted - velocity[i];
    squares += r * r;
    along += alpha[i] * fitted;
  }
  return squares + exp(*log_ridge) * along;
}

static double kernel_gradient(ARGUMENTS) {
  const double *alpha = inputs[0], *velocity = inputs[4], *log_ridge = inputs[2];
  ptrdiff_t n = extents[0];
  double squares = 0, along = 0, ridge = exp(*log_ridge), *fitted = work + n * n, *g = results[0];
  UNUSED;
  fill_kernel(n, inputs[1], inputs[3], work);
  for (ptrdiff_t i = 0; i < n; i++) {
    fitted[i] = dot(n, work + i * n, alpha);
    double r = fitted[i] - velocity[i];
    squares += r * r;
    along += alpha[i] * fitted[i];
    g[i] = 2 * ridge * fitted[i];
    fitted[i] = 2 * r;
  }
  for (ptrdiff_t i = 0; i < n; i++) g[i] += dot(n, work + i * n, fitted);
  return squares + ridge * along;
}

static double kernel_product(ARGUMENTS) {
  const double *log_ridge = inputs[2], *v = directions[0];
  ptrdiff_t n = extents[0];
  double ridge = exp(*log_ridge), *h = results[0], *along = work + n * n;
  UNUSED;
  fill_kernel(n, inputs[1], inputs[3], work);
  for (ptrdiff_t i = 0; i < n; i++) along[i] = 2 * dot(n, work + i * n, v);
  for (ptrdiff_t i = 0; i < n; i++) h[i] = ridge * along[i] + dot(n, work + i * n, along);
  return 0;
}

const hand_written kernel_by_hand = {{kernel_value, kernel_gradient, kernel_product}};

/* ---- sum(z^2)/(2*N) - sum[i] L[i, i], z[n, i] = exp(L[i, i])*y[i] + sum[j < i] L[i, j]*y[j], y = X[n] - mu;
 *      inputs mu, L, X ----
 *
 * Work holds exp(L[i, i]), y and sums of the same length. */

static void diagonal(ptrdiff_t d, const double *L, double *scale) {
  for (ptrdiff_t i = 0; i < d; i++) scale[i] = exp(L[i * d + i]);
}

static double trace(ptrdiff_t d, const double *L) {
  double sum = 0;
  for (ptrdiff_t i = 0; i < d; i++) sum += L[i * d + i];
  return sum;
}

static double precision_value(ARGUMENTS) {
  const double *mu = inputs[0], *L = inputs[1], *X = inputs[2];
  ptrdiff_t N = extents[0], d = extents[1];
  double *scale = work, *y = work + d, sum = 0;
  UNUSED;
  diagonal(d, L, scale);
  for (ptrdiff_t n = 0; n < N; n++)
    for (ptrdiff_t i = 0; i < d; i++) {
      y[i] = X[n * d + i] - mu[i];
      double z = scale[i] * y[i] + dot(i, L + i * d, y);
      sum += z * z;
    }
  return sum / (2 * (double)N) - trace(d, L);
}

static double precision_gradient(ARGUMENTS) {
  const double *mu = inputs[0], *L = inputs[1], *X = inputs[2];
  ptrdiff_t N = extents[0], d = extents[1];
  double *scale = work, *y = work + d, sum = 0, *g_mu = results[0], *g_L = results[1];
  UNUSED;
  diagonal(d, L, scale);
  memset(g_mu, 0, (size_t)d * sizeof *g_mu);
  memset(g_L, 0, (size_t)(d * d) * sizeof *g_L);
  for (ptrdiff_t i = 0; i < d; i++) g_L[i * d + i] = -1;
  for (ptrdiff_t n = 0; n < N; n++)
    for (ptrdiff_t i = 0; i < d; i++) {
      y[i] = X[n * d + i] - mu[i];
      double z = scale[i] * y[i] + dot(i, L + i * d, y), bar = z / (double)N;
      sum += z * z;
      g_L[i * d + i] += bar * scale[i] * y[i];
      g_mu[i] -= bar * scale[i];
      for (ptrdiff_t j = 0; j < i; j++) {
        g_L[i * d + j] += bar * y[j];
        g_mu[j] -= bar * L[i * d + j];
      }
    }
  return sum / (2 * (double)N) - trace(d, L);
}

static double precision_product(ARGUMENTS) {
  const double *mu = inputs[0], *L = inputs[1], *X = inputs[2], *v_mu = directions[0], *v_L = directions[1];
  ptrdiff_t N = extents[0], d = extents[1];
  double *scale = work, *y = work + d, *h_mu = results[0], *h_L = results[1];
  UNUSED;
  diagonal(d, L, scale);
  memset(h_mu, 0, (size_t)d * sizeof *h_mu);
  memset(h_L, 0, (size_t)(d * d) * sizeof *h_L);
  for (ptrdiff_t n = 0; n < N; n++)
    for (ptrdiff_t i = 0; i < d; i++) {
      y[i] = X[n * d + i] - mu[i];
      double turned = v_L[i * d + i] * y[i] - v_mu[i], z = scale[i] * y[i], dz = scale[i] * turned;
      for (ptrdiff_t j = 0; j < i; j++) {
        z += L[i * d + j] * y[j];
        dz += v_L[i * d + j] * y[j] - L[i * d + j] * v_mu[j];
      }
      double bar = z / (double)N, d_bar = dz / (double)N;
      h_L[i * d + i] += scale[i] * (d_bar * y[i] + bar * turned);
      h_mu[i] -= scale[i] * (d_bar + bar * v_L[i * d + i]);
      for (ptrdiff_t j = 0; j < i; j++) {
        h_L[i * d + j] += d_bar * y[j] - bar * v_mu[j];
        h_mu[j] -= d_bar * L[i * d + j] + bar * v_L[i * d + j];
      }
    }
  return 0;
}

const hand_written precision_by_hand = {{precision_value, precision_gradient, precision_product}};
