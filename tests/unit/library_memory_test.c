/* Memory that runs out is a status of libadjoin, wherever it does: each allocation of a whole session fails in turn,
 * alone or with all that follow. Nothing may crash, be printed, be left behind, or spoil what comes afterwards.
 *
 * The Makefile links this program so that the allocators named `__wrap_` below stand for the C library's. */
#include "tests/unit/library_fixture.h"

#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- allocators that fail when they are told to ---- */

static long allocations, failing; /* since a run began; the number of the one that fails, 0 for none */
static bool and_all_later;
static bool failed;
static long blocks, mappings; /* that are not given back yet */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *of, size_t size);
void __real_free(void *of);
void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void *at, size_t size);
locale_t __real_newlocale(int mask, const char *name, locale_t base);
FILE *__real_fdopen(int file, const char *mode);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *of, size_t size);
void __wrap_free(void *of);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *at, size_t size);
locale_t __wrap_newlocale(int mask, const char *name, locale_t base);
FILE *__wrap_fdopen(int file, const char *mode);

static bool fails(void) {
  bool now = ++allocations == failing || (and_all_later && failing && allocations > failing);
  if (!now) return false;
  failed = true;
  errno = ENOMEM;
  return true;
}

void *__wrap_malloc(size_t size) {
  void *made = fails() ? NULL : __real_malloc(size);
  blocks += made != NULL;
  return made;
}

void *__wrap_calloc(size_t count, size_t size) {
  void *made = fails() ? NULL : __real_calloc(count, size);
  blocks += made != NULL;
  return made;
}

void *__wrap_realloc(void *of, size_t size) {
  void *made = fails() ? NULL : __real_realloc(of, size);
  blocks += made && !of;
  return made;
}

void __wrap_free(void *of) {
  blocks -= of != NULL;
  __real_free(of);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset) {
  void *made = fails() ? MAP_FAILED : __real_mmap(at, size, protection, flags, file, offset);
  mappings += made != MAP_FAILED;
  return made;
}

int __wrap_munmap(void *at, size_t size) {
  mappings--;
  return __real_munmap(at, size);
}

locale_t __wrap_newlocale(int mask, const char *name, locale_t base) {
  return fails() ? (locale_t)0 : __real_newlocale(mask, name, base);
}

FILE *__wrap_fdopen(int file, const char *mode) {
  return fails() ? NULL : __real_fdopen(file, mode);
}

/* ---- a session, step by step ---- */

typedef struct {
  heard told;
  adjoin_context *context;
  adjoin_model *model, *other;
  adjoin_instance *instance;
  const adjoin_function *gradient, *product, *picked;
  double value, results[8];
} work;

static const char model_text[] = "dim n, h\n"
                                 "var x[n] = 1/n in [0, inf]\n"
                                 "param W[h, n]\n"
                                 "index pick[n] < n\n"
                                 "freeze x[1]\n"
                                 "minimize sum(tanh(W @ x)^2) + sum[i] x[pick[i]]^2\n"
                                 "output r[i] = x[i]*n\n";
static const char wrong_text[] = "dim n\nvar x[n]\nminimize sum(y) +\nlet a = b\n";

static const double x[2] = {0.5, 0.25}, W[6] = {1, 0, 0, 1, 1, 1}, W_transposed[6] = {1, 0, 1, 0, 1, 1};
static const int64_t pick[2] = {0, 1}, wrong_pick[2] = {0, 2};

static adjoin_status create(work *on) {
  on->context = adjoin_context_create();
  if (!on->context) return ADJOIN_MEMORY;
  adjoin_context_receive(on->context, hear, &on->told);
  return ADJOIN_OK;
}

static adjoin_status fix(work *on) {
  return adjoin_context_fix(on->context, "h", 3);
}

static adjoin_status open_wrong(work *on) {
  adjoin_model *none;
  return adjoin_model_from_text(on->context, "wrong", wrong_text, sizeof wrong_text - 1, &none);
}

static adjoin_status open_model(work *on) {
  return adjoin_model_from_text(on->context, "model", model_text, sizeof model_text - 1, &on->model);
}

static adjoin_status open_file(work *on) {
  return adjoin_model_from_file(on->context, "examples/rosenbrock.adj", &on->other);
}

static adjoin_status get_gradient(work *on) {
  return adjoin_function_get(on->model, "grad", "x", NULL, 0, &on->gradient);
}

static adjoin_status get_unknown(work *on) {
  const adjoin_function *none;
  return adjoin_function_get(on->model, "grad", "xx", NULL, 0, &none);
}

static adjoin_status get_product(work *on) {
  return adjoin_function_get(on->model, "hvp", "x", "x", ADJOIN_BLOCK, &on->product);
}

static adjoin_status instantiate(work *on) {
  return adjoin_instance_create(on->model, &on->instance);
}

static adjoin_status bind_all(work *on) {
  adjoin_status status = adjoin_bind(on->instance, "x", x, 1, (int64_t[]){2}, NULL);
  if (status == ADJOIN_OK) status = adjoin_bind(on->instance, "W", W, 2, (int64_t[]){3, 2}, NULL);
  return status == ADJOIN_OK ? adjoin_bind(on->instance, "pick", pick, 1, (int64_t[]){2}, NULL) : status;
}

static adjoin_status call_gradient(work *on) {
  return adjoin_call(on->instance, on->gradient, NULL, RESULTS(&on->value, on->results));
}

static adjoin_status call_product(work *on) {
  return adjoin_call_block(on->instance, on->product, 2, SEEDS((double[]){1, 0, 0, 1}), RESULTS(on->results));
}

/* A run that finds no memory is told like any other call. */
static adjoin_status minimise_by(work *on, const char *method) {
  double start[2] = {0.5, 0.25};
  const double lower[2] = {-1, -1};
  adjoin_minimise_options options = adjoin_minimise_defaults();
  options.method = method;
  options.iterations = 5;
  adjoin_minimise_result result;
  return adjoin_minimise(on->instance, &(adjoin_variable){.name = "x", .x = start, .lower = lower}, 1, &options,
                         &result);
}

static adjoin_status minimise_lbfgs(work *on) {
  return minimise_by(on, "lbfgs");
}

static adjoin_status minimise_wrong(work *on) {
  return minimise_by(on, "levenberg-marquardt");
}

/* x = (0, 0.25) is a minimiser at a bound where nothing pushes: there is a certificate, and no derivative. Damped,
 * there is one. */
static adjoin_status differentiate(work *on) {
  double start[] = {0.5, 0.25}, jacobian[2 * 6];
  adjoin_variable wanted = {.name = "x", .x = start};
  adjoin_implicit_options options = adjoin_implicit_defaults();
  adjoin_implicit *made;
  options.damping = 1;
  adjoin_status status = adjoin_implicit_create(on->instance, &wanted, 1, NULL, 0, &options, &made);
  if (status != ADJOIN_OK) return status;
  status = adjoin_implicit_jacobian(made, jacobian);
  adjoin_implicit_release(made);
  return status;
}

static adjoin_status ask_mask(work *on) {
  unsigned char mask[2];
  return adjoin_mask(on->instance, "x", mask);
}

static adjoin_status bind_strided(work *on) {
  return adjoin_bind(on->instance, "W", W_transposed, 2, (int64_t[]){3, 2}, (int64_t[]){1, 3});
}

static adjoin_status ask_shape(work *on) {
  int rank;
  int64_t extents[ADJOIN_MAXIMUM_RANK];
  return adjoin_shape(on->instance, "r", &rank, extents);
}

static adjoin_status ask_start(work *on) {
  return adjoin_declared_values(on->instance, "x", ADJOIN_START, on->results);
}

static adjoin_status tell_extent(work *on) {
  return adjoin_bind_extent(on->instance, "n", 2);
}

static adjoin_status bind_wrong_pick(work *on) {
  return adjoin_rebind(on->instance, 2, wrong_pick);
}

static adjoin_status bind_wrong_shape(work *on) {
  return adjoin_bind(on->instance, "x", x, 2, (int64_t[]){1, 2}, NULL);
}

typedef struct {
  adjoin_status (*take)(work *);
  adjoin_status expected;
} step;

static const step calling[] = {{create, ADJOIN_OK},
                               {open_file, ADJOIN_OK},
                               {fix, ADJOIN_OK},
                               {open_wrong, ADJOIN_MODEL},
                               {open_model, ADJOIN_OK},
                               {get_gradient, ADJOIN_OK},
                               {get_unknown, ADJOIN_MODEL},
                               {get_product, ADJOIN_OK},
                               {instantiate, ADJOIN_OK},
                               {call_gradient, ADJOIN_BINDING},
                               {bind_all, ADJOIN_OK},
                               {call_gradient, ADJOIN_OK},
                               {call_product, ADJOIN_OK},
                               {bind_strided, ADJOIN_OK},
                               {call_gradient, ADJOIN_OK},
                               {ask_shape, ADJOIN_OK},
                               {ask_start, ADJOIN_OK},
                               {tell_extent, ADJOIN_OK},
                               {bind_wrong_pick, ADJOIN_OK},
                               {call_gradient, ADJOIN_RANGE},
                               {bind_wrong_shape, ADJOIN_OK},
                               {call_gradient, ADJOIN_BINDING},
                               {NULL, ADJOIN_OK}};

static const step minimising[] = {{create, ADJOIN_OK},       {open_model, ADJOIN_OK},      {instantiate, ADJOIN_OK},
                                  {bind_all, ADJOIN_OK},     {minimise_wrong, ADJOIN_USE}, {minimise_lbfgs, ADJOIN_OK},
                                  {bind_strided, ADJOIN_OK}, {minimise_lbfgs, ADJOIN_OK},  {ask_mask, ADJOIN_OK},
                                  {NULL, ADJOIN_OK}};

static const step differentiating[] = {{create, ADJOIN_OK},   {open_model, ADJOIN_OK},    {instantiate, ADJOIN_OK},
                                       {bind_all, ADJOIN_OK}, {differentiate, ADJOIN_OK}, {NULL, ADJOIN_OK}};

/* The number of the first step that does not end as it should, or DONE. The steps after it are taken too: what they
 * come to is not told in advance, but it is no crash, and no bug of Adjoin. */
enum { DONE = -1 };
static int take_steps(const step *steps, work *on, adjoin_status *ended) {
  int first = DONE;
  for (int k = 0; steps[k].take; k++) {
    adjoin_status status = steps[k].take(on);
    CU_ASSERT_NOT_EQUAL(status, ADJOIN_INTERNAL);
    if (status == steps[k].expected || first != DONE) continue;
    first = k;
    *ended = status;
  }
  return first;
}

static void release(work *on) {
  adjoin_instance_release(on->instance);
  adjoin_model_release(on->model);
  adjoin_model_release(on->other);
  adjoin_context_release(on->context);
}

static void check_run(int stopped, adjoin_status ended, const work *on) {
  bool good = blocks == 0 && mappings == 0 && (stopped == DONE || ended == ADJOIN_MEMORY);
  bool told = stopped == 0 || stopped == DONE || on->told.of_status[ADJOIN_MEMORY] > 0;
  if (!good || !told)
    printf("\nallocation %ld%s: step %d ended with %d; %ld blocks and %ld mappings are left", failing,
           and_all_later ? " and all later" : "", stopped, (int)ended, blocks, mappings);
  CU_ASSERT(good);
  CU_ASSERT(told);
}

/* False when no allocation failed: there are not so many. */
static bool run(const step *steps, long number, bool all_later) {
  work on = {0};
  adjoin_status ended = ADJOIN_OK;
  allocations = 0;
  failed = false;
  failing = number;
  and_all_later = all_later;
  int stopped = take_steps(steps, &on, &ended);
  release(&on);
  check_run(stopped, ended, &on);
  failing = 0;
  if (!failed) CU_ASSERT_EQUAL(stopped, DONE);
  return failed;
}

/* Every `stride`-th one, that is. */
static void each_allocation_fails(const step *steps, bool all_later, long stride) {
  long number = 1;
  while (run(steps, number, all_later)) number += stride;
  CU_ASSERT(number > 100);
  CU_ASSERT(!run(steps, 0, false));
}

static void one_fails(void) {
  each_allocation_fails(calling, false, 1);
  each_allocation_fails(minimising, false, 1);
  each_allocation_fails(differentiating, false, 11);
}

static void all_fail_from_one_on(void) {
  each_allocation_fails(calling, true, 1);
  each_allocation_fails(minimising, true, 1);
  each_allocation_fails(differentiating, true, 11);
}

/* The library has a receiver to speak to; libtcc would write to stderr. */
static void nothing_is_printed(void) {
  FILE *file = tmpfile();
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  fflush(stdout);
  int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
  CU_ASSERT_FATAL(dup2(fileno(file), STDOUT_FILENO) >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
  long number = 1;
  while (run(calling, number, true)) number += 7;
  fflush(stdout);
  fflush(stderr);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  close(out);
  close(err);
  CU_ASSERT_EQUAL(lseek(fileno(file), 0, SEEK_END), 0);
  fclose(file);
}

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("libadjoin without memory", NULL, NULL);
  CU_ADD_TEST(suite, one_fails);
  CU_ADD_TEST(suite, all_fail_from_one_on);
  CU_ADD_TEST(suite, nothing_is_printed);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
