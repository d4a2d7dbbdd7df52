/* Error estimates of implicit gradients: on 200 generated minimisers, and on as many roots, the true error is at most
 * 10 times the estimate, and the estimate at most 1e4 times the true error (or a unit of rounding, where that is
 * larger). The reference comes from Newton's method and elimination in long double. */
#include "runtime/minimise.h"
#include "tests/unit/implicit_problems.h"

#include <CUnit/Basic.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void find_point(family *of, double *x) {
  if (of->root) {
    for (size_t i = 0; i < of->n; i++) x[i] = of->near[i] * (of->mask[i] ? 1 + 0.01 * uniform() : 1);
    return;
  }
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

static void check_problem(int number, bool root, implicit_solver solver) {
  family of;
  double x[MOST], jacobian[MOST * MOST_PARAMETERS], w[MOST], bar[MOST_PARAMETERS];
  long double want[MOST * MOST_PARAMETERS], want_bar[MOST_PARAMETERS];
  if (root)
    draw_root(&of, number);
  else
    draw(&of, number);
  implicit_problem problem = implicit_problem_of(&of);
  find_point(&of, x);
  implicit *made = certify(&of, &problem, solver, x);
  const implicit_certificate *found = implicit_certificate_of(made);
  bool good = found->status == IMPLICIT_OK || found->status == IMPLICIT_ILL_CONDITIONED;
  good = good && implicit_jacobian(made, jacobian);
  if (!good) printf("\n%s %d: %s", root ? "root" : "minimiser", number, implicit_status_name(found->status));
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
  for (int number = 0; number < 200; number++) check_problem(number, false, IMPLICIT_DENSE);
  CU_ASSERT(bound_count >= 20);
  CU_ASSERT(ill_count >= 20);
}

/* Without a matrix, up to the conditions at which an iteration still converges. */
static void test_estimates_by_products(void) {
  for (int number = 0; number < 200; number++) {
    if (number % 25 > 8) continue;
    check_problem(number, false, number % 2 ? IMPLICIT_CG : IMPLICIT_MINRES);
  }
}

static void test_roots(void) {
  ill_count = 0;
  for (int number = 0; number < 200; number++) check_problem(number, true, IMPLICIT_DENSE);
  CU_ASSERT(ill_count >= 20);
}

static void test_roots_by_products(void) {
  for (int number = 0; number < 200; number++) {
    if (number % 25 > 8) continue;
    check_problem(number, true, number % 2 ? IMPLICIT_GMRES : IMPLICIT_LSQR);
  }
}

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("implicit error", NULL, NULL);
  CU_add_test(suite, "estimates", test_estimates);
  CU_add_test(suite, "estimates by products", test_estimates_by_products);
  CU_add_test(suite, "estimates for roots", test_roots);
  CU_add_test(suite, "estimates for roots by products", test_roots_by_products);
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  printf("true error at most %.2g, estimate at most %.2g of what is allowed\n", worst_below, worst_above);
  int failed = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed != 0;
}
