/* Searches on problems of chance: what is found is right, and what does not exist is not found. */
#include "runtime/search.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 6, TERMS = 10 };

static uint64_t state;

/* In [-1, 1): xorshift. */
static double chance(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (double)(state >> 11) * 0x1p-52 - 1;
}

/* sum_k weight_k shape(a_k y - b_k) + mu/2 |y - centre|^2, in units of each unknown. */
typedef enum { LOG_COSH, EXPONENTIAL, FOURTH, HYPERBOLA, SHAPES } shape;
typedef struct {
  ptrdiff_t n, terms;
  shape of;
  double a[TERMS][MOST], b[TERMS], weight[TERMS], unit[MOST], centre[MOST], mu;
} sum;

/* A shape's value and first two derivatives. */
static void evaluate(shape of, long double z, long double *into) {
  long double root = sqrtl(1 + z * z);
  switch (of) {
  case LOG_COSH: into[0] = logl(coshl(z)), into[1] = tanhl(z), into[2] = 1 - into[1] * into[1]; break;
  case EXPONENTIAL: into[0] = into[1] = into[2] = expl(z); break;
  case FOURTH: into[0] = z * z * z * z, into[1] = 4 * z * z * z, into[2] = 12 * z * z; break;
  default: into[0] = root, into[1] = z / root, into[2] = 1 / (root * root * root);
  }
}

/* In double precision: the terms' own rounding is what searches meet. */
static void term(const sum *of, ptrdiff_t k, const double *y, double *into) {
  double z = -of->b[k];
  long double exact[3];
  for (ptrdiff_t i = 0; i < of->n; i++) z += of->a[k][i] * y[i];
  evaluate(of->of, (long double)z, exact);
  for (int order = 0; order < 3; order++) into[order] = of->weight[k] * (double)exact[order];
}

static double gradient(const sum *of, const double *y, double *g) {
  double value = 0, at[3];
  for (ptrdiff_t i = 0; i < of->n; i++) {
    double t = of->unit[i] * (y[i] - of->centre[i]);
    value += of->mu * t * t / 2;
    g[i] = of->mu * of->unit[i] * t;
  }
  for (ptrdiff_t k = 0; k < of->terms; k++) {
    term(of, k, y, at);
    value += at[0];
    for (ptrdiff_t i = 0; i < of->n; i++) g[i] += at[1] * of->a[k][i];
  }
  return value;
}

static void hessian_product(const sum *of, const double *y, const double *v, double *hv) {
  double at[3];
  for (ptrdiff_t i = 0; i < of->n; i++) hv[i] = of->mu * of->unit[i] * of->unit[i] * v[i];
  for (ptrdiff_t k = 0; k < of->terms; k++) {
    double along = 0;
    term(of, k, y, at);
    for (ptrdiff_t i = 0; i < of->n; i++) along += of->a[k][i] * v[i];
    for (ptrdiff_t i = 0; i < of->n; i++) hv[i] += at[2] * along * of->a[k][i];
  }
}

static int search(const sum *of, double *y) {
  double residual[MOST], value, direction[MOST], product[MOST], work[MOST * MOST + 8 * MOST];
  adjoin_search by;
  adjoin_search_begin(&by, ADJOIN_SEARCH_LEAST | ADJOIN_SEARCH_SYMMETRIC, of->n, y, residual, &value, direction,
                      product, work);
  int asked = 0;
  for (int wanted; (wanted = adjoin_search_next(&by)) >= 0; asked++) {
    if (wanted == ADJOIN_SEARCH_PRODUCT)
      hessian_product(of, y, direction, product);
    else
      value = gradient(of, y, residual);
  }
  CU_ASSERT(asked < 200000);
  return adjoin_search_failure(&by);
}

/* x := A^-1 x by elimination; false where that is not possible. */
static bool solve(ptrdiff_t n, long double a[MOST][MOST], long double *x) {
  for (ptrdiff_t j = 0; j < n; j++) {
    ptrdiff_t best = j;
    for (ptrdiff_t i = j; i < n; i++)
      if (fabsl(a[i][j]) > fabsl(a[best][j])) best = i;
    if (a[best][j] == 0) return false;
    for (ptrdiff_t k = 0; k < n; k++) {
      long double kept = a[j][k];
      a[j][k] = a[best][k];
      a[best][k] = kept;
    }
    long double kept = x[j];
    x[j] = x[best];
    x[best] = kept;
    for (ptrdiff_t i = j + 1; i < n; i++) {
      long double factor = a[i][j] / a[j][j];
      for (ptrdiff_t k = j; k < n; k++) a[i][k] -= factor * a[j][k];
      x[i] -= factor * x[j];
    }
  }
  for (ptrdiff_t j = n; j-- > 0;) {
    for (ptrdiff_t k = j + 1; k < n; k++) x[j] -= a[j][k] * x[k];
    x[j] /= a[j][j];
  }
  return true;
}

/* How far y is from where Newton's method in long double leads from there, relative to the largest entry. */
static double error_of(const sum *of, const double *y) {
  long double at[MOST], largest = 0, error = 0;
  for (ptrdiff_t i = 0; i < of->n; i++) at[i] = (long double)y[i];
  for (int step = 0; step < 30; step++) {
    long double g[MOST], h[MOST][MOST] = {{0}}, found[3];
    for (ptrdiff_t i = 0; i < of->n; i++) {
      h[i][i] = (long double)of->mu * of->unit[i] * of->unit[i];
      g[i] = h[i][i] * (at[i] - of->centre[i]);
    }
    for (ptrdiff_t k = 0; k < of->terms; k++) {
      long double z = -of->b[k];
      for (ptrdiff_t i = 0; i < of->n; i++) z += of->a[k][i] * at[i];
      evaluate(of->of, z, found);
      for (ptrdiff_t i = 0; i < of->n; i++) {
        g[i] += of->weight[k] * found[1] * of->a[k][i];
        for (ptrdiff_t j = 0; j < of->n; j++) h[i][j] += of->weight[k] * found[2] * of->a[k][i] * of->a[k][j];
      }
    }
    if (!solve(of->n, h, g)) return INFINITY;
    for (ptrdiff_t i = 0; i < of->n; i++) at[i] -= g[i];
  }
  for (ptrdiff_t i = 0; i < of->n; i++) {
    largest = fmaxl(largest, fabsl(at[i]));
    error = fmaxl(error, fabsl(at[i] - y[i]));
  }
  return (double)(error / fmaxl(largest, 1e-8L));
}

static void draw(sum *of, double *start) {
  double units = 5 * fabs(chance()), weights = chance() > 0 ? 6 * fabs(chance()) : 0;
  *of = (sum){.n = 1 + (ptrdiff_t)(2.99 * (chance() + 1)), .terms = (ptrdiff_t)(5 * (chance() + 1))};
  of->of = (shape)(int)((chance() + 1) * SHAPES / 2);
  of->mu = chance() > 0.8 ? 0 : chance() > 0 ? 1 : pow(10, -12 * fabs(chance()));
  for (ptrdiff_t i = 0; i < of->n; i++) {
    of->unit[i] = pow(10, units * chance());
    of->centre[i] = chance() / of->unit[i];
    start[i] = chance() > 0 ? 0 : chance() / of->unit[i];
  }
  for (ptrdiff_t k = 0; k < of->terms; k++) {
    of->b[k] = 3 * chance();
    of->weight[k] = pow(10, weights * chance());
    for (ptrdiff_t i = 0; i < of->n; i++) of->a[k][i] = chance() > 0 ? of->unit[i] * chance() : 0;
  }
}

static void what_is_found_is_right(void) {
  enum { PROBLEMS = 20000 };
  int found = 0;
  double worst = 0;
  state = 88172645463325252u;
  for (int k = 0; k < PROBLEMS; k++) {
    sum of;
    double y[MOST] = {0};
    draw(&of, y);
    if (search(&of, y) != ADJOIN_SEARCH_FOUND) continue;
    found++;
    double error = error_of(&of, y);
    if (!(error <= 1e-5)) fprintf(stderr, "problem %d: wrong by %g\n", k, error);
    CU_ASSERT(error <= 1e-5);
    worst = fmax(worst, error);
  }
  fprintf(stderr, "searches: %d of %d problems solved, wrong by at most %.1e\n", found, PROBLEMS, worst);
  CU_ASSERT(found > 0.85 * PROBLEMS);
}

/* Logistic regression on data that a plane separates has no minimum, in the form that hides it behind rounding:
 * sum log(1 + exp(x y)) - t x y. */
typedef struct {
  int rows;
  double x[8][2], t[8];
} data;

static double logistic(const data *of, const double *y, double *g) {
  double value = g[0] = g[1] = 0;
  for (int k = 0; k < of->rows; k++) {
    double z = of->x[k][0] * y[0] + of->x[k][1] * y[1], rest = 1 / (1 + exp(-z)) - of->t[k];
    value += log(1 + exp(z)) - of->t[k] * z;
    g[0] += rest * of->x[k][0];
    g[1] += rest * of->x[k][1];
  }
  return value;
}

static void logistic_product(const data *of, const double *y, const double *v, double *hv) {
  hv[0] = hv[1] = 0;
  for (int k = 0; k < of->rows; k++) {
    double z = of->x[k][0] * y[0] + of->x[k][1] * y[1], s = 1 / (1 + exp(-z));
    double along = s * (1 - s) * (of->x[k][0] * v[0] + of->x[k][1] * v[1]);
    hv[0] += along * of->x[k][0];
    hv[1] += along * of->x[k][1];
  }
}

static void what_does_not_exist_is_not_found(void) {
  state = 362436069u;
  for (int trial = 0; trial < 2000; trial++) {
    data of = {.rows = 4 + trial % 5};
    double plane[2] = {chance(), chance()}, y[2] = {0, 0}, residual[2], value, direction[2], product[2], work[20];
    for (int k = 0; k < of.rows; k++) {
      for (int i = 0; i < 2; i++) of.x[k][i] = chance();
      of.t[k] = of.x[k][0] * plane[0] + of.x[k][1] * plane[1] > 0;
    }
    adjoin_search by;
    adjoin_search_begin(&by, ADJOIN_SEARCH_LEAST | ADJOIN_SEARCH_SYMMETRIC, 2, y, residual, &value, direction, product,
                        work);
    for (int wanted; (wanted = adjoin_search_next(&by)) >= 0;) {
      if (wanted == ADJOIN_SEARCH_PRODUCT)
        logistic_product(&of, y, direction, product);
      else
        value = logistic(&of, y, residual);
    }
    if (!adjoin_search_failure(&by)) fprintf(stderr, "trial %d: found %g, %g\n", trial, y[0], y[1]);
    CU_ASSERT(adjoin_search_failure(&by) != ADJOIN_SEARCH_FOUND);
  }
}

/* Quadratics with curvatures 1 and e along axes of chance: as long as digits are left they are found. */
static void ill_conditioned(void) {
  state = 521288629u;
  for (double e = 1e-6; e > 1e-14; e /= 10) {
    enum { TRIALS = 2000 };
    int found = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
      double angle = 3 * chance(), y[2] = {0, 0};
      double target[2] = {chance(), chance()}, rows[2][2] = {{cos(angle), sin(angle)}, {-sin(angle), cos(angle)}};
      double residual[2], value, direction[2], product[2], work[20];
      adjoin_search by;
      adjoin_search_begin(&by, ADJOIN_SEARCH_LEAST | ADJOIN_SEARCH_SYMMETRIC, 2, y, residual, &value, direction,
                          product, work);
      double h[2][2];
      for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) h[i][j] = rows[0][i] * rows[0][j] + e * rows[1][i] * rows[1][j];
      for (int wanted; (wanted = adjoin_search_next(&by)) >= 0;)
        for (int i = 0; i < 2; i++) {
          if (i == 0) value = 0;
          if (wanted == ADJOIN_SEARCH_PRODUCT) {
            product[i] = h[i][0] * direction[0] + h[i][1] * direction[1];
          } else {
            double b = h[i][0] * target[0] + h[i][1] * target[1], hy = h[i][0] * y[0] + h[i][1] * y[1];
            residual[i] = hy - b;
            value += y[i] * (hy / 2 - b);
          }
        }
      if (adjoin_search_failure(&by)) continue;
      found++;
      double error = fmax(fabs(y[0] - target[0]), fabs(y[1] - target[1]));
      CU_ASSERT(error <= 1e-4 * fmax(fabs(target[0]), fabs(target[1])));
    }
    CU_ASSERT(e < 1e-8 || found > 0.99 * TRIALS);
    CU_ASSERT(e > 1e-13 || found < 0.1 * TRIALS);
  }
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("searches of chance", NULL, NULL);
  CU_add_test(suite, "what is found is right", what_is_found_is_right);
  CU_add_test(suite, "what does not exist is not found", what_does_not_exist_is_not_found);
  CU_add_test(suite, "ill-conditioned quadratics", ill_conditioned);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
