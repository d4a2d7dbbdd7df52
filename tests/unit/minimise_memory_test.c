/* Memory of the minimisers: each allocation fails in turn, nothing is left behind, and there are no more of them than
 * is promised. The Makefile links this program so that the allocators named `__wrap_` below stand for the C library's.
 */
#include "runtime/minimise.h"
#include "tests/unit/minimise_problems.h"

#include <CUnit/Basic.h>
#include <stdlib.h>

static size_t allocations, failing; /* since a run began; the number of the one that fails, 0 for none */
static size_t blocks, bytes;        /* that are not given back yet; asked for since a run began */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *of);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *of);

static void *counted(void *made, size_t size) {
  blocks += made != NULL;
  bytes += made ? size : 0;
  return made;
}

void *__wrap_malloc(size_t size) {
  return ++allocations == failing ? NULL : counted(__real_malloc(size), size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return ++allocations == failing ? NULL : counted(__real_calloc(count, size), count * size);
}

void __wrap_free(void *of) {
  blocks -= of != NULL;
  __real_free(of);
}

static void start_counting(size_t fail_at) {
  allocations = blocks = bytes = 0;
  failing = fail_at;
}

static const unsigned char mask[] = {1, 1, 0, 1};
static const double lower[] = {-2, -2, -2, -2};

static int forget(void *user, const void *state, size_t size) {
  (void)user, (void)state, (void)size;
  return 0;
}

/* Fails the allocations one after another, until there is none left to fail. Returns how many did. */
static size_t fail_each(const minimise_method *method, bool saves) {
  for (size_t fail_at = 1;; fail_at++) {
    double x[] = {0.5, 0.5, 0.5, 0.5};
    test_model model = {.function = rosenbrock, .residual = rosenbrock_residual, .n = 4};
    minimise_problem problem = model_problem(&model);
    minimise_options options = minimise_defaults();
    minimise_result result;
    options.method = method->name;
    options.mask = mask;
    options.lower = lower;
    options.iterations = 3;
    options.save = saves ? forget : NULL;
    options.starts = saves ? 2 : 1;
    start_counting(fail_at);
    minimise(&problem, &options, x, &result);
    CU_ASSERT_EQUAL(blocks, 0);
    if (allocations < fail_at) {
      CU_ASSERT_EQUAL(result.status, MINIMISE_BUDGET);
      return fail_at - 1;
    }
    CU_ASSERT(result.starts == 2 || result.status == MINIMISE_NO_MEMORY);
    CU_ASSERT_EQUAL(allocations, fail_at);
    if (!saves)
      for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(x[i], 0.5);
  }
}

static void each_allocation_fails(void) {
  for (const minimise_method *method = minimise_methods; method->name; method++) {
    CU_ASSERT(fail_each(method, false) >= 5);
    CU_ASSERT(fail_each(method, true) >= 11);
  }
}

/* Beside two vectors as long as x, L-BFGS has 2 m + 6 as long as the free entries are many, whatever x is long. */
static void bounded_memory(void) {
  enum { SIZE = PROBLEM_LARGEST, FREE = 32, PAIRS = 5, ROOM = 512 };
  unsigned char some[SIZE] = {0};
  double x[SIZE] = {0}, high[SIZE];
  for (int i = 0; i < SIZE; i++) high[i] = 2;
  for (int i = 0; i < FREE; i++) some[3 * i] = 1;
  for (int bounded = 0; bounded < 2; bounded++) {
    test_model model = {.function = squares, .n = SIZE};
    minimise_problem problem = model_problem(&model);
    minimise_options options = minimise_defaults();
    minimise_result result;
    options.method = "lbfgs";
    options.mask = some;
    options.memory = PAIRS;
    options.upper = bounded ? high : NULL;
    start_counting(0);
    CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_CONVERGED);
    CU_ASSERT(bytes <= sizeof(double) * (2 * SIZE + (2 * PAIRS + 6) * FREE) + ROOM);
    CU_ASSERT_EQUAL(blocks, 0);
  }
}

/* More entries than can be addressed. */
static int flat(void *user, const double *x, double *f, double *gradient) {
  (void)user, (void)x, (void)gradient;
  *f = 0;
  return 0;
}

static void too_large(void) {
  static double x[1];
  minimise_problem problem = {.size = SIZE_MAX / 4, .gradient = flat};
  minimise_options options = minimise_defaults();
  minimise_result result;
  start_counting(0);
  CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_NO_MEMORY);
  CU_ASSERT_EQUAL(blocks, 0);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("minimise, memory", NULL, NULL);
  CU_add_test(suite, "each allocation fails", each_allocation_fails);
  CU_add_test(suite, "bounded memory", bounded_memory);
  CU_add_test(suite, "too large", too_large);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
