/* Memory of implicit gradients: each allocation fails in turn, and nothing is left behind. The Makefile links this
 * program so that the allocators named `__wrap_` below stand for the C library's. */
#include "tests/unit/implicit_problems.h"

#include <CUnit/Basic.h>

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

static implicit_status run(family *of, implicit_solver solver, double *x) {
  double jacobian[MOST * MOST_PARAMETERS];
  implicit_problem problem = implicit_problem_of(of);
  implicit_options options = implicit_defaults();
  options.solver = solver;
  options.mask = of->mask;
  options.lower = of->lower;
  implicit *made = implicit_begin(&problem, &options, x);
  if (!made) return IMPLICIT_NO_MEMORY;
  bool good = implicit_jacobian(made, jacobian);
  implicit_status status = implicit_certificate_of(made)->status;
  CU_ASSERT(good == implicit_has_derivatives(status));
  implicit_end(made);
  return status;
}

static void fail_each(int number, bool root, implicit_solver solver) {
  family of;
  double found[MOST] = {0}, x[MOST];
  if (root)
    draw_root(&of, number);
  else
    draw(&of, number);
  for (size_t i = 0; i < of.n; i++) found[i] = root ? of.near[i] : of.mask[i] ? 0 : 0.1;
  start_counting(0);
  implicit_status usual = run(&of, solver, found);
  CU_ASSERT_EQUAL(blocks, 0);
  for (size_t fail_at = 1;; fail_at++) {
    for (size_t i = 0; i < of.n; i++) x[i] = found[i];
    start_counting(fail_at);
    implicit_status status = run(&of, solver, x);
    CU_ASSERT_EQUAL(blocks, 0);
    if (allocations < fail_at) {
      CU_ASSERT_EQUAL(status, usual);
      CU_ASSERT(fail_at > 20);
      return;
    }
    CU_ASSERT_EQUAL(status, IMPLICIT_NO_MEMORY);
  }
}

static void each_allocation_fails(void) {
  fail_each(5, false, IMPLICIT_DENSE);
  fail_each(5, false, IMPLICIT_CG);
  fail_each(27, false, IMPLICIT_DENSE);
  fail_each(27, false, IMPLICIT_MINRES);
  fail_each(27, true, IMPLICIT_DENSE);
  fail_each(27, true, IMPLICIT_GMRES);
  fail_each(5, true, IMPLICIT_LSQR);
}

/* f = sum x^2/2 - theta x_0, or the root of its gradient: more entries than could be factorised. */
static int gradient_of_bowl(void *user, const double *x, double *f, double *g) {
  const size_t *size = user;
  *f = 0;
  for (size_t i = 0; i < *size; i++) *f += x[i] * x[i] / 2;
  for (size_t i = 0; i < *size; i++) g[i] = x[i];
  return 0;
}

static int product_of_bowl(void *user, const double *x, size_t count, const double *v, double *hv) {
  const size_t *size = user;
  (void)x;
  for (size_t i = 0; i < *size * count; i++) hv[i] = v[i];
  return 0;
}

static int forward_of_bowl(void *user, const double *x, size_t count, const double *u, double *read) {
  const size_t *size = user;
  (void)x;
  for (size_t i = 0; i < *size * count; i++) read[i] = i < count ? -u[i] : 0;
  return 0;
}

static int adjoint_of_bowl(void *user, const double *x, size_t count, const double *v, double *read) {
  (void)user, (void)x;
  for (size_t k = 0; k < count; k++) read[k] = -v[k];
  return 0;
}

enum { LARGE = 40000 };

/* By products alone, memory is some vectors as long as x. */
static size_t bytes_of_bowl(size_t size, bool root) {
  implicit_problem problem = {.user = &size,
                              .size = size,
                              .parameter_count = 1,
                              .gradient = gradient_of_bowl,
                              .product = product_of_bowl,
                              .transposed = root ? product_of_bowl : NULL,
                              .mixed_forward = forward_of_bowl,
                              .mixed_adjoint = adjoint_of_bowl};
  implicit_options options = implicit_defaults();
  static double x[LARGE], w[LARGE] = {2};
  double bar = 0;
  start_counting(0);
  implicit *made = implicit_begin(&problem, &options, x);
  CU_ASSERT(implicit_adjoint(made, 1, w, &bar));
  CU_ASSERT_DOUBLE_EQUAL(bar, 2, 1e-12);
  implicit_end(made);
  return bytes;
}

static void bounded_memory(void) {
  for (int root = 0; root < 2; root++) {
    size_t small = bytes_of_bowl(LARGE / 2, root), large = bytes_of_bowl(LARGE, root);
    CU_ASSERT(large < 2 * small);
    CU_ASSERT(large < (root ? 95 : 55) * sizeof(double) * LARGE);
  }
}

static void too_large(void) {
  static double x[1];
  size_t size = SIZE_MAX / 4;
  implicit_problem problem = {.user = &size, .size = size, .parameter_count = 1, .gradient = gradient_of_bowl};
  implicit_options options = implicit_defaults();
  start_counting(0);
  implicit *made = implicit_begin(&problem, &options, x);
  CU_ASSERT_EQUAL(implicit_certificate_of(made)->status, IMPLICIT_NO_MEMORY);
  implicit_end(made);
  CU_ASSERT_EQUAL(blocks, 0);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("implicit, memory", NULL, NULL);
  CU_add_test(suite, "each allocation fails", each_allocation_fails);
  CU_add_test(suite, "bounded memory", bounded_memory);
  CU_add_test(suite, "too large", too_large);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
