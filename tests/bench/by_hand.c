/* The derivatives of three models as a careful person writes them in C: loops fused, nothing computed twice. */
#include "tests/bench/bench.h"
#include <math.h>
#include <string.h>

/* ---- sum[i < n-1] (100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2) ---- */

double rosenbrock_value(const ptrdiff_t *extents, const double *const *inputs, const double *direction, double *result,
                        double *work) {
  const double *x = inputs[0];
  double sum = 0;
  (void)direction, (void)result, (void)work;
  for (ptrdiff_t i = 0; i < extents[0] - 1; i++) {
    double r = x[i + 1] - x[i] * x[i], s = 1 - x[i];
    sum += 100 * (r * r) + s * s;
  }
  return sum;
}

double rosenbrock_gradient(const ptrdiff_t *extents, const double *const *inputs, const double *direction,
                           double *result, double *work) {
  const double *x = inputs[0];
  double sum = 0;
  (void)direction, (void)work;
  memset(result, 0, (size_t)extents[0] * sizeof *result);
  for (ptrdiff_t i = 0; i < extents[0] - 1; i++) {
    double r = x[i + 1] - x[i] * x[i], s = 1 - x[i];
    sum += 100 * (r * r) + s * s;
    result[i] += -400 * r * x[i] - 2 * s;
    result[i + 1] += 200 * r;
  }
  return sum;
}

double rosenbrock_product(const ptrdiff_t *extents, const double *const *inputs, const double *v, double *result,
                          double *work) {
  const double *x = inputs[0];
  (void)work;
  memset(result, 0, (size_t)extents[0] * sizeof *result);
  for (ptrdiff_t i = 0; i < extents[0] - 1; i++) {
    double r = x[i + 1] - x[i] * x[i], dr = v[i + 1] - 2 * x[i] * v[i];
    result[i] += -400 * (dr * x[i] + r * v[i]) + 2 * v[i];
    result[i + 1] += 200 * dr;
  }
  return 0;
}

/* ---- mean(softplus(z) - y*z) + exp(lambda)*dot(w, w)/2, z = X w + b; inputs w, b, lambda, X, y ---- */

double logistic_value(const ptrdiff_t *extents, const double *const *inputs, const double *direction, double *result,
                      double *work) {
  const double *w = inputs[0], *X = inputs[3], *y = inputs[4];
  ptrdiff_t N = extents[0], d = extents[1];
  double sum = 0, square = 0;
  (void)direction, (void)result, (void)work;
  for (ptrdiff_t i = 0; i < N; i++) {
    double z = *inputs[1];
    for (ptrdiff_t j = 0; j < d; j++) z += X[i * d + j] * w[j];
    sum += fmax(z, 0) + log1p(exp(-fabs(z))) - y[i] * z;
  }
  for (ptrdiff_t j = 0; j < d; j++) square += w[j] * w[j];
  return sum / (double)N + exp(*inputs[2]) * square / 2;
}

double logistic_gradient(const ptrdiff_t *extents, const double *const *inputs, const double *direction, double *result,
                         double *work) {
  const double *w = inputs[0], *X = inputs[3], *y = inputs[4];
  ptrdiff_t N = extents[0], d = extents[1];
  double sum = 0, square = 0, ridge = exp(*inputs[2]);
  (void)direction, (void)work;
  for (ptrdiff_t j = 0; j < d; j++) {
    result[j] = ridge * w[j];
    square += w[j] * w[j];
  }
  for (ptrdiff_t i = 0; i < N; i++) {
    double z = *inputs[1];
    for (ptrdiff_t j = 0; j < d; j++) z += X[i * d + j] * w[j];
    double e = exp(-fabs(z)), p = (z >= 0 ? 1 : e) / (1 + e), slope = (p - y[i]) / (double)N;
    sum += fmax(z, 0) + log1p(e) - y[i] * z;
    for (ptrdiff_t j = 0; j < d; j++) result[j] += slope * X[i * d + j];
  }
  return sum / (double)N + ridge * square / 2;
}

double logistic_product(const ptrdiff_t *extents, const double *const *inputs, const double *v, double *result,
                        double *work) {
  const double *w = inputs[0], *X = inputs[3];
  ptrdiff_t N = extents[0], d = extents[1];
  double ridge = exp(*inputs[2]);
  (void)work;
  for (ptrdiff_t j = 0; j < d; j++) result[j] = ridge * v[j];
  for (ptrdiff_t i = 0; i < N; i++) {
    double z = *inputs[1], dz = 0;
    for (ptrdiff_t j = 0; j < d; j++) {
      z += X[i * d + j] * w[j];
      dz += X[i * d + j] * v[j];
    }
    double e = exp(-fabs(z)), p = (z >= 0 ? 1 : e) / (1 + e), slope = p * (1 - p) * dz / (double)N;
    for (ptrdiff_t j = 0; j < d; j++) result[j] += slope * X[i * d + j];
  }
  return 0;
}

/* ---- sum(W2 @ tanh(W1 @ x + b1)) + c*dot(x, x); inputs x, W1, b1, W2, c ---- */

double net_value(const ptrdiff_t *extents, const double *const *inputs, const double *direction, double *result,
                 double *work) {
  const double *x = inputs[0], *W1 = inputs[1], *b1 = inputs[2], *W2 = inputs[3];
  ptrdiff_t d = extents[0], h = extents[1];
  double sum = 0, square = 0;
  (void)direction, (void)result, (void)work;
  for (ptrdiff_t i = 0; i < h; i++) {
    double a = b1[i];
    for (ptrdiff_t j = 0; j < d; j++) a += W1[i * d + j] * x[j];
    sum += W2[i] * tanh(a);
  }
  for (ptrdiff_t j = 0; j < d; j++) square += x[j] * x[j];
  return sum + *inputs[4] * square;
}

double net_gradient(const ptrdiff_t *extents, const double *const *inputs, const double *direction, double *result,
                    double *work) {
  const double *x = inputs[0], *W1 = inputs[1], *b1 = inputs[2], *W2 = inputs[3];
  ptrdiff_t d = extents[0], h = extents[1];
  double sum = 0, square = 0;
  (void)direction, (void)work;
  for (ptrdiff_t j = 0; j < d; j++) {
    result[j] = 2 * *inputs[4] * x[j];
    square += x[j] * x[j];
  }
  for (ptrdiff_t i = 0; i < h; i++) {
    double a = b1[i];
    for (ptrdiff_t j = 0; j < d; j++) a += W1[i * d + j] * x[j];
    double t = tanh(a), slope = W2[i] * (1 - t * t);
    sum += W2[i] * t;
    for (ptrdiff_t j = 0; j < d; j++) result[j] += slope * W1[i * d + j];
  }
  return sum + *inputs[4] * square;
}

double net_product(const ptrdiff_t *extents, const double *const *inputs, const double *v, double *result,
                   double *work) {
  const double *x = inputs[0], *W1 = inputs[1], *b1 = inputs[2], *W2 = inputs[3];
  ptrdiff_t d = extents[0], h = extents[1];
  (void)work;
  for (ptrdiff_t j = 0; j < d; j++) result[j] = 2 * *inputs[4] * v[j];
  for (ptrdiff_t i = 0; i < h; i++) {
    double a = b1[i], da = 0;
    for (ptrdiff_t j = 0; j < d; j++) {
      a += W1[i * d + j] * x[j];
      da += W1[i * d + j] * v[j];
    }
    double t = tanh(a), slope = -2 * W2[i] * t * (1 - t * t) * da;
    for (ptrdiff_t j = 0; j < d; j++) result[j] += slope * W1[i * d + j];
  }
  return 0;
}
