/* Error estimates of implicit gradients: on 200 generated problems the true error is at most 10 times the estimate, and
 * the estimate at most 1e4 times the true error (or a unit of rounding, where that is larger). The reference comes from
 * Newton's method and elimination in long double. */
#include "runtime/implicit.h"
#include "runtime/minimise.h"

#include <CUnit/Basic.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 12, MOST_ROWS = 16, MOST_PARAMETERS = 5 };

typedef struct {
  size_t n, rows, parameters;
  double a[MOST_ROWS * MOST], b[MOST_ROWS * MOST_PARAMETERS], w[MOST_ROWS], theta[MOST_PARAMETERS];
  double base[MOST], slope[MOST], lower[MOST];
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

static int gradient(void *user, const double *x, double *f, double *g) {
  const family *of = user;
  *f = double_value(of, of->theta, x, g);
  return 0;
}

static int product(void *user, const double *x, size_t count, const double *v, double *hv) {
  const family *of = user;
  for (size_t k = 0; k < count; k++) {
    double direction[MOST] = {0}, out[MOST] = {0};
    for (size_t i = 0; i < of->n; i++) direction[i] = v[i * count + k];
    double_second(of, of->theta, x, direction, NULL, out);
    for (size_t i = 0; i < of->n; i++) hv[i * count + k] = out[i];
  }
  return 0;
}

static int one_product(void *user, const double *x, const double *v, double *hv) {
  return product(user, x, 1, v, hv);
}

static int mixed_forward(void *user, const double *x, size_t count, const double *u, double *read) {
  const family *of = user;
  for (size_t k = 0; k < count; k++) {
    double direction[MOST_PARAMETERS] = {0}, out[MOST] = {0};
    for (size_t j = 0; j < of->parameters; j++) direction[j] = u[j * count + k];
    double_second(of, of->theta, x, NULL, direction, out);
    for (size_t i = 0; i < of->n; i++) read[i * count + k] = out[i];
  }
  return 0;
}

static int mixed_adjoint(void *user, const double *x, size_t count, const double *v, double *read) {
  const family *of = user;
  for (size_t j = 0; j < of->parameters; j++) {
    double unit[MOST_PARAMETERS] = {0}, out[MOST] = {0};
    unit[j] = 1;
    double_second(of, of->theta, x, NULL, unit, out);
    for (size_t k = 0; k < count; k++) {
      double sum = 0;
      for (size_t i = 0; i < of->n; i++) sum += v[i * count + k] * out[i];
      read[j * count + k] = sum;
    }
  }
  return 0;
}

static int bound_forward(void *user, const signed char *side, const double *dtheta, double *dx) {
  const family *of = user;
  for (size_t i = 0; i < of->n; i++)
    if (side[i]) dx[i] = of->slope[i] * dtheta[0];
  return 0;
}

static int bound_adjoint(void *user, const signed char *side, const double *w, double *bar) {
  const family *of = user;
  for (size_t i = 0; i < of->n; i++)
    if (side[i]) bar[0] += of->slope[i] * w[i];
  return 0;
}

/* ---- problems of chance ---- */

static uint64_t state;

static double uniform(void) {
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(state >> 11) * 0x1p-52 - 1;
}

/* Rows of an orthogonal matrix (a product of reflections) for the first n, of any matrix for the rest. */
static void draw_rows(family *of) {
  size_t n = of->n;
  for (size_t k = 0; k < of->rows; k++)
    for (size_t i = 0; i < n; i++) of->a[k * n + i] = k < n ? k == i : uniform();
  for (int reflection = 0; reflection < 3; reflection++) {
    double v[MOST], length = 0;
    for (size_t i = 0; i < n; i++) v[i] = uniform() + 0.01;
    for (size_t i = 0; i < n; i++) length += v[i] * v[i];
    for (size_t k = 0; k < n; k++) {
      double along = 0;
      for (size_t i = 0; i < n; i++) along += of->a[k * n + i] * v[i];
      for (size_t i = 0; i < n; i++) of->a[k * n + i] -= 2 * along / length * v[i];
    }
  }
}

/* Problem `number`: conditions from 1 to 1e12, units that differ, masks and bounds, in turn. */
static void draw(family *of, int number) {
  *of = (family){.n = (size_t)(1 + number % MOST), .parameters = (size_t)(1 + number % MOST_PARAMETERS)};
  state = (uint64_t)number + 1;
  of->rows = of->n + (size_t)(number % 3 ? 0 : 2);
  draw_rows(of);
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

/* ---- the reference ---- */

/* a y = b for `count` right-hand sides, by elimination with row pivoting. */
static void eliminate(size_t n, long double *a, size_t count, long double *b) {
  for (size_t c = 0; c < n; c++) {
    size_t best = c;
    for (size_t r = c + 1; r < n; r++)
      if (fabsl(a[r * n + c]) > fabsl(a[best * n + c])) best = r;
    for (size_t k = 0; k < n; k++) {
      long double held = a[c * n + k];
      a[c * n + k] = a[best * n + k];
      a[best * n + k] = held;
    }
    for (size_t k = 0; k < count; k++) {
      long double held = b[c * count + k];
      b[c * count + k] = b[best * count + k];
      b[best * count + k] = held;
    }
    for (size_t r = 0; r < n; r++) {
      long double factor = r == c ? 0 : a[r * n + c] / a[c * n + c];
      for (size_t k = c; k < n && factor != 0; k++) a[r * n + k] -= factor * a[c * n + k];
      for (size_t k = 0; k < count; k++) b[r * count + k] -= factor * b[c * count + k];
    }
  }
  for (size_t r = 0; r < n; r++)
    for (size_t k = 0; k < count; k++) b[r * count + k] /= a[r * n + r];
}

/* H on the entries that move. */
static void hessian(const family *of, const long double *theta, const long double *x, const size_t *place, size_t count,
                    long double *h) {
  for (size_t c = 0; c < count; c++) {
    long double unit[MOST] = {0}, out[MOST] = {0};
    unit[place[c]] = 1;
    long_second(of, theta, x, unit, NULL, out);
    for (size_t r = 0; r < count; r++) h[r * count + c] = out[place[r]];
  }
}

/* dx / dtheta, n x parameters, near the minimiser that was found. */
static void reference(const family *of, const double *found, const signed char *side, long double *jacobian) {
  long double theta[MOST_PARAMETERS], x[MOST], g[MOST], h[MOST * MOST], right[MOST * MOST_PARAMETERS];
  size_t place[MOST], count = 0;
  for (size_t j = 0; j < of->parameters; j++) theta[j] = of->theta[j];
  for (size_t i = 0; i < of->n; i++) {
    x[i] = side[i] ? (long double)of->lower[i] : (long double)found[i];
    if (of->mask[i] && !side[i]) place[count++] = i;
  }
  for (int iteration = 0; iteration < 8; iteration++) {
    long_value(of, theta, x, g);
    hessian(of, theta, x, place, count, h);
    for (size_t r = 0; r < count; r++) right[r] = -g[place[r]];
    eliminate(count, h, 1, right);
    for (size_t r = 0; r < count; r++) x[place[r]] += right[r];
  }
  hessian(of, theta, x, place, count, h);
  for (size_t j = 0; j < of->parameters; j++) {
    long double unit[MOST_PARAMETERS] = {0}, dx[MOST] = {0}, out[MOST] = {0};
    unit[j] = 1;
    for (size_t i = 0; i < of->n; i++) dx[i] = side[i] && j == 0 ? (long double)of->slope[i] : 0;
    long_second(of, theta, x, dx, unit, out);
    for (size_t r = 0; r < count; r++) right[r * of->parameters + j] = -out[place[r]];
    for (size_t i = 0; i < of->n; i++) jacobian[i * of->parameters + j] = dx[i];
  }
  eliminate(count, h, of->parameters, right);
  for (size_t r = 0; r < count; r++)
    for (size_t j = 0; j < of->parameters; j++) jacobian[place[r] * of->parameters + j] = right[r * of->parameters + j];
}

/* ---- comparison ---- */

static double relative_error(size_t count, const double *made, const long double *want) {
  long double largest = 0, error = 0;
  for (size_t k = 0; k < count; k++) {
    largest = fmaxl(largest, fabsl(want[k]));
    error = fmaxl(error, fabsl(want[k] - (long double)made[k]));
  }
  return largest > 0 ? (double)(error / largest) : (double)error;
}

static void find_minimiser(family *of, double *x) {
  minimise_problem inner = {.user = of, .size = of->n, .gradient = gradient, .product = one_product};
  minimise_options how = minimise_defaults();
  how.method = "newton";
  how.mask = of->mask;
  how.lower = of->lower;
  minimise_result result;
  for (size_t i = 0; i < of->n; i++) x[i] = fmax(0.1 * uniform(), of->lower[i]);
  minimise(&inner, &how, x, &result);
}

static implicit *certify(const family *of, const implicit_problem *problem, implicit_solver solver, double *x) {
  implicit_options options = implicit_defaults();
  options.mask = of->mask;
  options.lower = of->lower;
  options.solver = solver;
  return implicit_begin(problem, &options, x);
}

/* How far errors and estimates are apart over all problems: 1 at most is asked for. */
static double worst_below, worst_above;
static int bound_count, ill_count;

static void judge(int number, const char *what, double error, double estimate) {
  double below = error / estimate / 10, above = estimate / fmax(error, DBL_EPSILON) / 1e4;
  worst_below = fmax(worst_below, below);
  worst_above = fmax(worst_above, above);
  if (below <= 1 && above <= 1) return;
  printf("\nproblem %d, %s: error %.2e, estimate %.2e", number, what, error, estimate);
  CU_FAIL("an estimate is off");
}

/* (n x parameters)' w */
static void apply_transposed(const family *of, const long double *jacobian, const double *w, long double *bar) {
  for (size_t j = 0; j < of->parameters; j++) {
    bar[j] = 0;
    for (size_t i = 0; i < of->n; i++) bar[j] += jacobian[i * of->parameters + j] * (long double)w[i];
  }
}

static void check_problem(int number, implicit_solver solver) {
  family of;
  double x[MOST], jacobian[MOST * MOST_PARAMETERS], w[MOST], bar[MOST_PARAMETERS];
  long double want[MOST * MOST_PARAMETERS], want_bar[MOST_PARAMETERS];
  draw(&of, number);
  implicit_problem problem = {&of,           of.n,          of.parameters, gradient,      product,
                              mixed_forward, mixed_adjoint, bound_forward, bound_adjoint, NULL};
  find_minimiser(&of, x);
  implicit *made = certify(&of, &problem, solver, x);
  const implicit_certificate *found = implicit_certificate_of(made);
  bool good = found->status == IMPLICIT_OK || found->status == IMPLICIT_ILL_CONDITIONED;
  good = good && implicit_jacobian(made, jacobian);
  if (!good) printf("\nproblem %d: %s", number, implicit_status_name(found->status));
  CU_ASSERT_FATAL(good);
  reference(&of, x, implicit_sides(made), want);
  judge(number, "Jacobian", relative_error(of.n * of.parameters, jacobian, want), found->error_estimate);
  bound_count += found->at_bound > 0;
  ill_count += found->status == IMPLICIT_ILL_CONDITIONED;
  implicit_end(made);
  for (size_t i = 0; i < of.n; i++) w[i] = uniform();
  made = certify(&of, &problem, solver, x);
  CU_ASSERT_FATAL(implicit_adjoint(made, 1, w, bar));
  apply_transposed(&of, want, w, want_bar);
  judge(number, "adjoint", relative_error(of.parameters, bar, want_bar), implicit_certificate_of(made)->error_estimate);
  implicit_end(made);
}

static void test_estimates(void) {
  for (int number = 0; number < 200; number++) check_problem(number, IMPLICIT_DENSE);
  CU_ASSERT(bound_count >= 20);
  CU_ASSERT(ill_count >= 20);
}

/* Without a matrix, up to the conditions at which an iteration still converges. */
static void test_estimates_by_products(void) {
  for (int number = 0; number < 200; number++) {
    if (number % 25 > 8) continue;
    check_problem(number, number % 2 ? IMPLICIT_CG : IMPLICIT_MINRES);
  }
}

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("implicit error", NULL, NULL);
  CU_add_test(suite, "estimates", test_estimates);
  CU_add_test(suite, "estimates by products", test_estimates_by_products);
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  printf("true error at most %.2g, estimate at most %.2g of what is allowed\n", worst_below, worst_above);
  int failed = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed != 0;
}
