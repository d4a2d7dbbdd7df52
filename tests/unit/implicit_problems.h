/* Problems of chance for implicit gradients, as functions that runtime/implicit.h takes, and in long double. */
#ifndef ADJOIN_TESTS_IMPLICIT_PROBLEMS_H
#define ADJOIN_TESTS_IMPLICIT_PROBLEMS_H

#include "runtime/implicit.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { MOST = 12, MOST_ROWS = 16, MOST_PARAMETERS = 5 };

typedef struct {
  size_t n, rows, parameters;
  double a[MOST_ROWS * MOST], b[MOST_ROWS * MOST_PARAMETERS], w[MOST_ROWS], theta[MOST_PARAMETERS];
  double base[MOST], slope[MOST], lower[MOST];
  bool root;
  double m[MOST * MOST_ROWS], c[MOST_ROWS], near[MOST]; /* of a root, and a point near it */
  unsigned char mask[MOST];
} family;

#define REAL double
#define OF(name) double_##name
#define SIN sin
#define COS cos
#include "tests/unit/implicit_family.h"
#define REAL long double
#define OF(name) long_##name
#define SIN sinl
#define COS cosl
#include "tests/unit/implicit_family.h"

/* ---- the model ---- */

static inline int gradient(void *user, const double *x, double *f, double *g) {
  const family *of = user;
  *f = double_value(of, of->theta, x, g);
  return 0;
}

static inline int product(void *user, const double *x, size_t count, const double *v, double *hv) {
  const family *of = user;
  for (size_t k = 0; k < count; k++) {
    double direction[MOST] = {0}, out[MOST] = {0};
    for (size_t i = 0; i < of->n; i++) direction[i] = v[i * count + k];
    double_second(of, of->theta, x, direction, NULL, out);
    for (size_t i = 0; i < of->n; i++) hv[i * count + k] = out[i];
  }
  return 0;
}

static inline int one_product(void *user, const double *x, const double *v, double *hv) {
  return product(user, x, 1, v, hv);
}

static inline int mixed_forward(void *user, const double *x, size_t count, const double *u, double *read) {
  const family *of = user;
  for (size_t k = 0; k < count; k++) {
    double direction[MOST_PARAMETERS] = {0}, out[MOST] = {0};
    for (size_t j = 0; j < of->parameters; j++) direction[j] = u[j * count + k];
    double_second(of, of->theta, x, NULL, direction, out);
    for (size_t i = 0; i < of->n; i++) read[i * count + k] = out[i];
  }
  return 0;
}

/* Row j of `read`: v' times what a unit direction j of x (or of theta) makes of the gradient. */
static inline void read_row(const family *of, const double *x, bool of_x, size_t j, size_t count, const double *v,
                            double *read) {
  double unit[MOST] = {0}, out[MOST] = {0};
  unit[j] = 1;
  double_second(of, of->theta, x, of_x ? unit : NULL, of_x ? NULL : unit, out);
  for (size_t k = 0; k < count; k++) {
    read[j * count + k] = 0;
    for (size_t i = 0; i < of->n; i++) read[j * count + k] += v[i * count + k] * out[i];
  }
}

static inline int mixed_adjoint(void *user, const double *x, size_t count, const double *v, double *read) {
  const family *of = user;
  for (size_t j = 0; j < of->parameters; j++) read_row(of, x, false, j, count, v, read);
  return 0;
}

static inline int transposed(void *user, const double *x, size_t count, const double *v, double *jv) {
  const family *of = user;
  for (size_t j = 0; j < of->n; j++) read_row(of, x, true, j, count, v, jv);
  return 0;
}

static inline int bound_forward(void *user, const signed char *side, const double *dtheta, double *dx) {
  const family *of = user;
  for (size_t i = 0; i < of->n; i++)
    if (side[i]) dx[i] = of->slope[i] * dtheta[0];
  return 0;
}

static inline int bound_adjoint(void *user, const signed char *side, const double *w, double *bar) {
  const family *of = user;
  for (size_t i = 0; i < of->n; i++)
    if (side[i]) bar[0] += of->slope[i] * w[i];
  return 0;
}

/* ---- problems of chance ---- */

static uint64_t state;

static inline double uniform(void) {
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(state >> 11) * 0x1p-52 - 1;
}

/* Rows of an orthogonal matrix (a product of reflections) for the first n, of any matrix for the rest. */
static inline void draw_rows(size_t rows, size_t n, double *a) {
  for (size_t k = 0; k < rows; k++)
    for (size_t i = 0; i < n; i++) a[k * n + i] = k < n ? k == i : uniform();
  for (int reflection = 0; reflection < 3; reflection++) {
    double v[MOST], length = 0;
    for (size_t i = 0; i < n; i++) v[i] = uniform() + 0.01;
    for (size_t i = 0; i < n; i++) length += v[i] * v[i];
    for (size_t k = 0; k < n; k++) {
      double along = 0;
      for (size_t i = 0; i < n; i++) along += a[k * n + i] * v[i];
      for (size_t i = 0; i < n; i++) a[k * n + i] -= 2 * along / length * v[i];
    }
  }
}

/* Problem `number`: conditions from 1 to 1e12, units that differ, masks and bounds, in turn. */
static inline void draw(family *of, int number) {
  *of = (family){.n = (size_t)(1 + number % MOST), .parameters = (size_t)(1 + number % MOST_PARAMETERS)};
  state = (uint64_t)number + 1;
  of->rows = of->n + (size_t)(number % 3 ? 0 : 2);
  draw_rows(of->rows, of->n, of->a);
  double condition = pow(10, 12.0 * (number % 25) / 24);
  for (size_t k = 0; k < of->rows; k++)
    of->w[k] = k < of->n && of->n > 1 ? pow(condition, -(double)k / (double)(of->n - 1)) : 1 / condition;
  if (of->n == 1) of->w[0] = 1;
  for (size_t k = 0; k < of->rows * of->parameters; k++) of->b[k] = uniform();
  for (size_t j = 0; j < of->parameters; j++) of->theta[j] = uniform();
  for (size_t i = 0; i < of->n; i++) {
    double unit = number % 7 == 3 ? pow(10, 4 * uniform()) : 1;
    for (size_t k = 0; k < of->rows; k++) of->a[k * of->n + i] *= unit;
    of->mask[i] = number % 4 != 1 || uniform() > -0.5;
    of->slope[i] = number % 8 < 4 ? 0 : uniform();
    of->base[i] = number % 4 == 2 && uniform() > 0 ? 0.3 * uniform() / unit : -INFINITY;
    of->lower[i] = of->base[i] + of->slope[i] * of->theta[0];
  }
}

/* The same of a root, without bounds: equations mix by another orthogonal matrix, in units that differ too. */
static inline void draw_root(family *of, int number) {
  draw(of, number);
  of->rows = of->n;
  of->root = true;
  draw_rows(of->n, of->n, of->m);
  for (size_t i = 0; i < of->n; i++) {
    double unit = number % 5 == 2 ? pow(10, 4 * uniform()) : 1, largest = 0;
    of->base[i] = of->lower[i] = -INFINITY;
    of->slope[i] = 0;
    for (size_t k = 0; k < of->n; k++) of->m[i * of->n + k] *= unit;
    for (size_t k = 0; k < of->n; k++) largest = fmax(largest, fabs(of->a[k * of->n + i]));
    of->near[i] = uniform() / largest;
  }
  for (size_t k = 0; k < of->n; k++) {
    double r = double_residual(of, of->theta, of->near, k);
    of->c[k] = r + r * r * r / 3;
  }
}

static inline implicit_problem implicit_problem_of(family *of) {
  return (implicit_problem){.user = of,
                            .size = of->n,
                            .parameter_count = of->parameters,
                            .gradient = gradient,
                            .product = product,
                            .transposed = of->root ? transposed : NULL,
                            .mixed_forward = mixed_forward,
                            .mixed_adjoint = mixed_adjoint,
                            .bound_forward = of->root ? NULL : bound_forward,
                            .bound_adjoint = of->root ? NULL : bound_adjoint};
}

#endif
