/* Runs the functions of a subject in every tier, and holds the tiers against each other. */
#include "tests/oracle/interpret.h"
#include "tests/runner/subject.h"
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const tier_names[TIER_COUNT] = {"interpreter", "libtcc", "gcc", "g++", "nvcc", "gcc, float"};

/* Entries before and after every array that a function writes, and what stands there. */
enum { GUARD = 8 };
static const double single_tolerance = 1e-4;
static const double guard_value = 0x1p79; /* a float too */

void subject_fails(subject *of, const char *format, ...) {
  char message[2000]; /* enough to understand it */
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  printf("FAILED %s: %s\n", of->name, message);
  of->failures++;
}

static double *guarded(arena *memory, int64_t count) {
  double *from = arena_array(memory, double, count + 2 * GUARD);
  for (int64_t k = 0; k < count + 2 * GUARD; k++) from[k] = k < GUARD || k >= GUARD + count ? guard_value : NAN;
  return from + GUARD;
}

static bool guard_broken(const double *from, int64_t count) {
  for (int k = 0; k < GUARD; k++)
    if (from[-1 - k] != guard_value || from[count + k] != guard_value) return true;
  return false;
}

/* Sizes of the arrays that the caller passes or receives; false when one can't be had. */
static bool size_arrays(subject *of, const kernel_module *module, const int *arrays, int count, const binding_point *at,
                        array_set *made) {
  made->count = count;
  made->sizes = arena_array(of->memory, int64_t, count + 1);
  made->entries = arena_array(of->memory, double *, count + 1);
  for (int k = 0; k < count; k++) {
    const array *described = &module->arrays.items[arrays[k]];
    made->sizes[k] = entries_at(at, module->dag, described->rank, described->extents);
    if (made->sizes[k] < 0) return false;
    made->entries[k] = guarded(of->memory, made->sizes[k]);
  }
  return true;
}

array_set seeds_of(subject *of, int number, const binding_point *at) {
  const kernel_program *program = of->functions.items[number].program;
  array_set made;
  if (!size_arrays(of, program->module, program->seeds.items, program->seeds.count, at, &made)) {
    subject_fails(of, "%s: a seed has no size", program->name);
    made.count = 0;
  }
  for (int k = 0; k < made.count; k++) memset(made.entries[k], 0, (size_t)made.sizes[k] * sizeof(double));
  return made;
}

static int interpreted(subject *of, const kernel_program *program, const binding_point *at, const array_set *seeds,
                       array_set *results) {
  char message[512] = "";
  int status = interpret(program, at->extents, at->inputs, (const double *const *)seeds->entries, results->entries,
                         message, sizeof message);
  if (status == INTERPRET_UNDEFINED) subject_fails(of, "interpreter: %s: %s", program->name, message);
  return status;
}

/* ---- arrays of floats ---- */

typedef int single_function(const ptrdiff_t *extents, const void *const *inputs, const float *const *seeds,
                            float *const *results, float *work);

static float *narrowed(arena *memory, const double *from, int64_t count) {
  float *made = arena_array(memory, float, count + 2 * GUARD);
  for (int64_t k = 0; k < count + 2 * GUARD; k++) made[k] = (float)from[k - GUARD];
  return made + GUARD;
}

static void widen(const float *from, double *into, int64_t count) {
  for (int64_t k = -GUARD; k < count + GUARD; k++) into[k] = (double)from[k];
}

static const void *const *single_inputs(subject *of, const binding_point *at) {
  const void **made = arena_array(of->memory, const void *, of->model->inputs.count + 1);
  for (int k = 0; k < of->model->inputs.count; k++) {
    made[k] = at->inputs[k];
    if (of->model->inputs.items[k].role == ROLE_INDEX) continue;
    int64_t count = host_array_count(at->values[k]);
    float *entries = arena_array(of->memory, float, count + 1);
    for (int64_t e = 0; e < count; e++) entries[e] = (float)((const double *)at->inputs[k])[e];
    made[k] = entries;
  }
  return made;
}

/* Guards travel with the arrays there and back. */
static int run_single(subject *of, entry_function *entry, const binding_point *at, const array_set *seeds,
                      array_set *into, double *work, int64_t work_size) {
  float **results = arena_array(of->memory, float *, into->count + 1);
  float **directions = arena_array(of->memory, float *, seeds->count + 1);
  float *space = narrowed(of->memory, work, work_size);
  for (int k = 0; k < into->count; k++) results[k] = narrowed(of->memory, into->entries[k], into->sizes[k]);
  for (int k = 0; k < seeds->count; k++) directions[k] = narrowed(of->memory, seeds->entries[k], seeds->sizes[k]);
  single_function *called = (single_function *)entry;
  int status = called(at->arguments, single_inputs(of, at), (const float *const *)directions, results, space);
  for (int k = 0; k < into->count; k++) widen(results[k], into->entries[k], into->sizes[k]);
  widen(space, work, work_size);
  return status;
}

/* ---- one call ---- */

static int compiled(subject *of, tier where, int number, const binding_point *at, const array_set *seeds,
                    array_set *results) {
  entry_function *entry = where == TIER_TCC ? jit_entry(of->code, number) : of->native[where].entries[number];
  workspace_function *size = where == TIER_TCC ? jit_workspace(of->code, number) : of->native[where].workspaces[number];
  size_t doubles = size(at->arguments);
  if (doubles > (size_t)1 << 28) {
    subject_fails(of, "%s: function %d asks for a workspace of %zu doubles", tier_names[where], number, doubles);
    return -1;
  }
  double *work = guarded(of->memory, (int64_t)doubles);
  int status = where == TIER_SINGLE
                   ? run_single(of, entry, at, seeds, results, work, (int64_t)doubles)
                   : entry(at->arguments, at->inputs, (const double *const *)seeds->entries, results->entries, work);
  if (guard_broken(work, (int64_t)doubles))
    subject_fails(of, "%s: function %d writes outside its workspace", tier_names[where], number);
  return status;
}

int run_function(subject *of, tier where, int number, const binding_point *at, const array_set *seeds,
                 array_set *results) {
  const kernel_program *program = of->functions.items[number].program;
  if (!size_arrays(of, program->module, program->results.items, program->results.count, at, results)) {
    subject_fails(of, "%s: a result has no size", program->name);
    return -1;
  }
  int status = where == TIER_INTERPRETER ? interpreted(of, program, at, seeds, results)
                                         : compiled(of, where, number, at, seeds, results);
  for (int k = 0; k < results->count; k++)
    if (guard_broken(results->entries[k], results->sizes[k]))
      subject_fails(of, "%s: %s writes outside result %d", tier_names[where], program->name, k);
  return status;
}

static bool runs(const subject *of, tier where) {
  return where == TIER_INTERPRETER || (where == TIER_TCC ? of->code != NULL : of->native[where].entries != NULL);
}

/* The tiers share the C library's functions and do nothing out of order: the bits agree, but for what a compiler
 * evaluates by itself, correctly rounded, where the library is an ulp off. */
static bool agree(double a, double b) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  if (isinf(a) || isinf(b)) return a == b;
  return fabs(a - b) <= 1e-13 * fmax(1, fabs(b));
}

/* Float loses digits by the model's condition, and is held to what all but the worst models keep. */
static void compare_single(subject *of, int number, const array_set *got, const array_set *first) {
  for (int k = 0; k < first->count; k++) {
    double largest = 1;
    for (int64_t e = 0; e < first->sizes[k]; e++)
      if (isfinite(first->entries[k][e])) largest = fmax(largest, fabs(first->entries[k][e]));
    for (int64_t e = 0; e < first->sizes[k]; e++) {
      double a = got->entries[k][e], b = first->entries[k][e];
      bool good = isnan(b)                        ? isnan(a)
                  : isinf(b) || fabs(b) > FLT_MAX ? (double)(float)b == a
                                                  : fabs(a - b) <= single_tolerance * largest;
      if (good) continue;
      subject_fails(of, "%s and %s differ: function %d (%s), result %d, entry %lld: %.9g, %.9g",
                    tier_names[TIER_SINGLE], tier_names[0], number, of->functions.items[number].program->name, k,
                    (long long)e, a, b);
      return;
    }
  }
}

static void compare_results(subject *of, tier where, int number, const array_set *got, const array_set *first) {
  const char *name = of->functions.items[number].program->name;
  for (int k = 0; k < first->count; k++)
    for (int64_t e = 0; e < first->sizes[k]; e++)
      if (!agree(got->entries[k][e], first->entries[k][e])) {
        subject_fails(of, "%s and %s differ: function %d (%s), result %d, entry %lld: %.17g, %.17g", tier_names[where],
                      tier_names[0], number, name, k, (long long)e, got->entries[k][e], first->entries[k][e]);
        return;
      }
}

/* Where a search runs away, in single precision it may end earlier, and say so in another way. */
static bool same_status(const subject *of, tier where, int status, int first) {
  bool searches = session_is_search(of->with, status) && session_is_search(of->with, first);
  return status == first || (where == TIER_SINGLE && searches);
}

int run_everywhere(subject *of, int number, const binding_point *at, const array_set *seeds, array_set *results) {
  int first = run_function(of, TIER_INTERPRETER, number, at, seeds, results);
  for (tier where = TIER_TCC; where < TIER_COUNT; where++) {
    if (!runs(of, where) || first < 0) continue;
    array_set got;
    int status = run_function(of, where, number, at, seeds, &got);
    if (!same_status(of, where, status, first))
      subject_fails(of, "%s: function %d returns status %d, the interpreter %d", tier_names[where], number, status,
                    first);
    else if (!status && where == TIER_SINGLE)
      compare_single(of, number, &got, results);
    else if (!status)
      compare_results(of, where, number, &got, results);
  }
  return first;
}
