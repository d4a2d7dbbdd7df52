/* Implicit gradients beside unrolled ones: the derivative of x after T steps of gradient descent, carried along as
 * tangents, goes to that of the minimiser as T grows. */
#include "tests/unit/implicit_problems.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

static const double step = 0.1;

/* x := x - step grad f, and with it dx := dx - step (H dx + H_x,theta dtheta). */
static void descend(family *of, double *x, const double *dtheta, double *dx) {
  double f, g[MOST], curvature[MOST], mixed[MOST];
  product(of, x, 1, dx, curvature);
  mixed_forward(of, x, 1, dtheta, mixed);
  gradient(of, x, &f, g);
  for (size_t i = 0; i < of->n; i++) {
    x[i] -= step * g[i];
    dx[i] -= step * (curvature[i] + mixed[i]);
  }
}

static double distance(size_t n, const double *a, const double *b) {
  double largest = 0, error = 0;
  for (size_t i = 0; i < n; i++) {
    largest = fmax(largest, fabs(b[i]));
    error = fmax(error, fabs(a[i] - b[i]));
  }
  return error / largest;
}

enum { ROWS = 5 };
static const int table[ROWS] = {10, 100, 1000, 3000, 10000};

static void test_unrolled(void) {
  family of;
  draw(&of, 5); /* six unknowns, five params or fewer, nothing at a bound */
  for (size_t i = 0; i < of.n; i++) of.mask[i] = 1;
  for (size_t k = 0; k < of.rows; k++) of.w[k] = 1 / (1 + 5 * (double)k);
  double x[MOST] = {0}, dx[MOST] = {0}, dtheta[MOST_PARAMETERS], best[MOST] = {0}, wanted[MOST] = {0};
  for (size_t j = 0; j < of.parameters; j++) dtheta[j] = 1 - 0.3 * (double)j;
  implicit_problem problem = implicit_problem_of(&of);
  for (int k = 0; k < 2000; k++) descend(&of, best, dtheta, wanted);
  implicit_options options = implicit_defaults();
  implicit *made = implicit_begin(&problem, &options, best);
  CU_ASSERT_FATAL(implicit_certificate_of(made)->status == IMPLICIT_OK);
  CU_ASSERT_FATAL(implicit_forward(made, 1, dtheta, wanted));
  double rate = 1 - step * implicit_certificate_of(made)->least_curvature;
  printf("\n  steps  unrolled from implicit\n");
  int done = 0;
  double before = INFINITY;
  for (int row = 0; row < ROWS; row++) {
    for (; done < table[row]; done++) descend(&of, x, dtheta, dx);
    double now = distance(of.n, dx, wanted);
    printf("  %5d  %.2e\n", done, now);
    /* x goes to x* as rate^T, and dx, which x drives, as T rate^T. */
    CU_ASSERT(now <= 2 * (1 + done) * pow(rate, done) + 1e-13 && now < before);
    before = now;
  }
  CU_ASSERT(before < 1e-13);
  implicit_end(made);
}

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("implicit unrolled", NULL, NULL);
  CU_add_test(suite, "gradient descent as tangents", test_unrolled);
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  int failed = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed != 0;
}
