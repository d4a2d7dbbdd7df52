/* libadjoin_runtime: problems written by hand, by every method, with masks, bounds and threads; every wrong call. */
#include "runtime/library/adjoin_runtime.h"

#include "runtime/minimise.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum { SIZE = 6, THREADS = 6 };
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* f = sum_i w_i (x_i - i)^2 + (x_0 - x_1)^2, w_i = 1 + i, as squares of r. */
typedef struct {
  size_t calls, failing; /* the call that fails; 0: none */
} counter;

static int count(void *user) {
  counter *of = user;
  return ++of->calls == of->failing ? 42 : 0;
}

static int residual(void *user, const double *x, double *r) {
  (void)user;
  for (int k = 0; k < SIZE; k++) r[k] = sqrt(1 + k) * (x[k] - k);
  r[SIZE] = x[0] - x[1];
  return 0;
}

static int jvp(void *user, const double *x, const double *v, double *jv) {
  (void)user;
  (void)x;
  for (int k = 0; k < SIZE; k++) jv[k] = sqrt(1 + k) * v[k];
  jv[SIZE] = v[0] - v[1];
  return 0;
}

static int vjp(void *user, const double *x, const double *u, double *ju) {
  (void)user;
  (void)x;
  for (int k = 0; k < SIZE; k++) ju[k] = sqrt(1 + k) * u[k];
  ju[0] += u[SIZE];
  ju[1] -= u[SIZE];
  return 0;
}

static int value(void *user, const double *x, double *f) {
  double r[SIZE + 1];
  residual(user, x, r);
  *f = 0;
  for (int k = 0; k <= SIZE; k++) *f += r[k] * r[k];
  return count(user);
}

static int gradient(void *user, const double *x, double *f, double *g) {
  double r[SIZE + 1];
  residual(user, x, r);
  vjp(user, x, r, g);
  for (int k = 0; k < SIZE; k++) g[k] *= 2;
  return value(user, x, f);
}

static int product(void *user, const double *x, const double *v, double *hv) {
  double r[SIZE + 1];
  jvp(user, x, v, r);
  vjp(user, x, r, hv);
  for (int k = 0; k < SIZE; k++) hv[k] *= 2;
  return 0;
}

static adjoin_problem whole_problem(counter *user) {
  adjoin_problem made = adjoin_problem_empty();
  made.user = user;
  made.size = SIZE;
  made.value = value;
  made.gradient = gradient;
  made.product = product;
  made.residual_count = SIZE + 1;
  made.residual_factor = 1;
  made.residual = residual;
  made.jvp = jvp;
  made.vjp = vjp;
  return made;
}

static const double starts[SIZE] = {-0.0, 0.1, 5, 5, -7, 1e-300};

static adjoin_minimise_options by_method(const char *method) {
  adjoin_minimise_options options = adjoin_minimise_defaults();
  options.method = method;
  options.iterations = 20000;
  if (!strcmp(method, "momentum") || !strcmp(method, "nesterov")) options.step = 0.01;
  if (!strncmp(method, "adam", 4)) options.step = 0.05;
  return options;
}

/* ---- every method ---- */

/* Entries 0, 2 and 5 are frozen: x_1 = (1 + x_0 / 2) / 1.5, x_3 is held at 2.5, x_4 = 4. */
static void minimise_in_box(const char *method, double *x, adjoin_minimise_result *result) {
  static const unsigned char mask[SIZE] = {0, 1, 0, 1, 1, 0};
  static const double lower[SIZE] = {9, -INFINITY, 9, -1, -INFINITY, 9};
  static const double upper[SIZE] = {8, INFINITY, 8, 2.5, INFINITY, 8};
  counter calls = {0, 0};
  adjoin_problem problem = whole_problem(&calls);
  problem.mask = mask;
  problem.lower = lower;
  problem.upper = upper;
  memcpy(x, starts, sizeof starts);
  adjoin_minimise_options options = by_method(method);
  adjoin_problem_minimise(&problem, &options, x, result);
}

static void every_method(void) {
  for (const minimise_method *each = minimise_methods; each->name; each++) {
    double x[SIZE];
    adjoin_minimise_result result;
    minimise_in_box(each->name, x, &result);
    bool right = result.status == ADJOIN_MINIMISE_CONVERGED && !strcmp(result.method, each->name) &&
                 result.free_count == 3 && result.frozen_count == 3 && fabs(x[1] - 2.0 / 3) < 1e-6 && x[3] == 2.5 &&
                 fabs(x[4] - 4) < 1e-6;
    for (int k = 0; k < SIZE; k += k == 2 ? 3 : 2) right = right && !memcmp(&x[k], &starts[k], sizeof *x);
    if (!right)
      printf("\n%s: %s (%s), x = %.17g %.17g %.17g %.17g %.17g %.17g", each->name, result.name, result.test, x[0], x[1],
             x[2], x[3], x[4], x[5]);
    CU_ASSERT(right);
    /* 0 + 2/9 + 27 + 1 + 0 + 150 + 4/9 */
    CU_ASSERT_DOUBLE_EQUAL(result.f, 178 + 6.0 / 9, 1e-9);
  }
}

static void automatic(void) {
  counter calls = {0, 0};
  adjoin_problem problem = whole_problem(&calls);
  adjoin_minimise_options options = adjoin_minimise_defaults();
  const struct {
    const char *method;
    bool residuals, products;
  } rows[] = {{"levenberg-marquardt", true, true}, {"newton", false, true}, {"bfgs", false, false}};
  for (int k = 0; k < COUNT(rows); k++) {
    double x[SIZE] = {0};
    adjoin_minimise_result result;
    if (!rows[k].residuals) problem.residual = NULL;
    if (!rows[k].products) problem.product = NULL;
    CU_ASSERT_EQUAL(adjoin_problem_minimise(&problem, &options, x, &result), ADJOIN_MINIMISE_CONVERGED);
    CU_ASSERT_STRING_EQUAL(result.method, rows[k].method);
    CU_ASSERT_DOUBLE_EQUAL(x[5], 5, 1e-7);
  }
}

/* ---- how runs end ---- */

typedef struct {
  size_t told;
  double f;
} listener;

static int stop_at_second(void *user, const adjoin_minimise_progress *at) {
  listener *to = user;
  CU_ASSERT_EQUAL(at->iteration, to->told);
  CU_ASSERT(!to->told || at->f < to->f);
  to->f = at->f;
  return to->told++ == 2;
}

static int of_nothing(void *user, const double *x, double *f, double *g) {
  (void)user;
  (void)x;
  (void)g;
  *f = 3;
  return 0;
}

static void ends(void) {
  counter calls = {0, 0};
  adjoin_problem problem = whole_problem(&calls);
  adjoin_minimise_options options = by_method("gd");
  adjoin_minimise_result result;
  double x[SIZE] = {0};
  listener to = {0, 0};
  options.progress = stop_at_second;
  options.user = &to;
  CU_ASSERT_EQUAL(adjoin_problem_minimise(&problem, &options, x, &result), ADJOIN_MINIMISE_INTERRUPTED);
  CU_ASSERT_EQUAL(result.iterations, 2);
  CU_ASSERT_EQUAL(result.f, to.f);
  options.progress = NULL;
  options.iterations = 1;
  CU_ASSERT_EQUAL(adjoin_problem_minimise(&problem, &options, x, &result), ADJOIN_MINIMISE_BUDGET);
  CU_ASSERT_STRING_EQUAL(result.name, "budget");
  calls = (counter){0, 3};
  options.iterations = 1000;
  CU_ASSERT_EQUAL(adjoin_problem_minimise(&problem, &options, x, &result), ADJOIN_MINIMISE_FAILED);
  CU_ASSERT_EQUAL(result.failure, 42);
  x[1] = INFINITY;
  CU_ASSERT_EQUAL(adjoin_problem_minimise(&problem, &options, x, &result), ADJOIN_MINIMISE_NOT_FINITE);
  CU_ASSERT(isinf(x[1]));
  adjoin_problem empty = adjoin_problem_empty();
  empty.gradient = of_nothing;
  CU_ASSERT_EQUAL(adjoin_problem_minimise(&empty, &options, NULL, &result), ADJOIN_MINIMISE_CONVERGED);
  CU_ASSERT_EQUAL(result.f, 3);
  CU_ASSERT_STRING_EQUAL(result.test, "no entry is free");
}

/* ---- wrong calls ---- */

static void refusals(void) {
  const double low[SIZE] = {0, 0, 0, 0, 0, 3}, high[SIZE] = {1, 1, 1, 1, 1, 2};
  counter calls = {0, 0};
  adjoin_problem good = whole_problem(&calls), crossed = good, no_gradient = good, no_residual = good;
  crossed.lower = low;
  crossed.upper = high;
  no_gradient.gradient = NULL;
  no_residual.residual = NULL;
  adjoin_minimise_options plain = adjoin_minimise_defaults(), unknown = plain, older = plain, rule = plain;
  adjoin_minimise_options squares = plain, tolerance = plain;
  unknown.method = "simplex";
  older.version = 0;
  rule.step_rule = (adjoin_step_rule)17;
  squares.method = "levenberg-marquardt";
  tolerance.tolerance = NAN;
  const struct {
    const adjoin_problem *problem;
    const adjoin_minimise_options *options;
    const char *test;
    size_t entry;
  } rows[] = {
      {NULL, &plain, "NULL is no problem, no options and no vector", 0},
      {&good, NULL, "NULL is no problem, no options and no vector", 0},
      {&good, &older, "the options are not of this library's edition: begin with adjoin_minimise_defaults()", 0},
      {&good, &unknown, "there is no method of this name", 0},
      {&good, &rule, "there is no such step rule", 0},
      {&good, &tolerance, "the tolerance must be a number of at least 0", 0},
      {&no_gradient, &plain, "the problem has no gradient", 0},
      {&no_residual, &squares, "the method needs a sum of squares: residuals, and products with their Jacobian", 0},
      {&crossed, &plain, "the bounds of this entry of x have no number between them", 5},
  };
  for (int k = 0; k < COUNT(rows); k++) {
    double x[SIZE];
    adjoin_minimise_result result;
    memcpy(x, starts, sizeof x);
    CU_ASSERT_EQUAL(adjoin_problem_minimise(rows[k].problem, rows[k].options, x, &result), ADJOIN_MINIMISE_REFUSED);
    CU_ASSERT_STRING_EQUAL(result.test, rows[k].test);
    CU_ASSERT_STRING_EQUAL(result.name, "refused");
    CU_ASSERT_EQUAL(result.entry, rows[k].entry);
    CU_ASSERT(isnan(result.f) && !memcmp(x, starts, sizeof x));
  }
  adjoin_minimise_result result;
  double x[SIZE] = {0};
  CU_ASSERT_EQUAL(adjoin_problem_minimise(&good, &plain, NULL, &result), ADJOIN_MINIMISE_REFUSED);
  CU_ASSERT_EQUAL(adjoin_problem_minimise(&good, &plain, x, NULL), ADJOIN_MINIMISE_REFUSED);
  CU_ASSERT_EQUAL(calls.calls, 0);
}

/* The header's defaults are those of the minimisers; a status has the same place in both. */
static void defaults(void) {
  adjoin_minimise_options of = adjoin_minimise_defaults();
  minimise_options inside = minimise_defaults();
  CU_ASSERT(of.step == inside.step && of.momentum == inside.momentum && of.beta1 == inside.beta1);
  CU_ASSERT(of.beta2 == inside.beta2 && of.epsilon == inside.epsilon && of.weight_decay == inside.weight_decay);
  CU_ASSERT(of.memory == inside.memory && of.tolerance == inside.tolerance && of.iterations == inside.iterations);
  CU_ASSERT(of.evaluations == inside.evaluations && of.seconds == inside.seconds && of.seed == inside.seed);
  CU_ASSERT(!of.method && !inside.method && (int)of.step_rule == (int)inside.step_rule && !of.progress && !of.user);
  CU_ASSERT_EQUAL((int)ADJOIN_MINIMISE_REFUSED, (int)MINIMISE_REFUSED);
  CU_ASSERT_STRING_EQUAL(adjoin_runtime_version(), ADJOIN_VERSION);
}

/* ---- threads ---- */

static void *minimise_by_all(void *into) {
  double(*found)[SIZE] = into;
  adjoin_minimise_result result;
  for (int k = 0; minimise_methods[k].name; k++) minimise_in_box(minimise_methods[k].name, found[k], &result);
  return NULL;
}

static void threads(void) {
  static double alone[16][SIZE], found[THREADS][16][SIZE];
  pthread_t all[THREADS];
  minimise_by_all(alone);
  for (int k = 0; k < THREADS; k++) CU_ASSERT_EQUAL_FATAL(pthread_create(&all[k], NULL, minimise_by_all, found[k]), 0);
  for (int k = 0; k < THREADS; k++) pthread_join(all[k], NULL);
  for (int k = 0; k < THREADS; k++) CU_ASSERT(!memcmp(found[k], alone, sizeof alone));
}

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("libadjoin_runtime", NULL, NULL);
  CU_ADD_TEST(suite, every_method);
  CU_ADD_TEST(suite, automatic);
  CU_ADD_TEST(suite, ends);
  CU_ADD_TEST(suite, refusals);
  CU_ADD_TEST(suite, defaults);
  CU_ADD_TEST(suite, threads);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
