/* Calls. The first call of a function after a change of shapes prepares it: the extents are settled, what it reads is
 * there, the workspace is large enough. Every other call goes straight to the machine code. */
#include "compiler/library/library.h"

#include <stdlib.h>
#include <string.h>

/* Copies a strided array into C order: an odometer over all axes but the last. Entries are 8 bytes of either type. */
static void gather(const bound_array *from, double *into) {
  int64_t index[ADJOIN_MAXIMUM_RANK] = {0}, total = 1, row = 0;
  for (int k = 0; k < from->rank; k++) total *= from->extents[k];
  int last = from->rank - 1;
  const double *entries = from->entries;
  for (int64_t done = 0; done < total; done += from->extents[last]) {
    for (int64_t k = 0; k < from->extents[last]; k++)
      memcpy(into++, entries + row + k * from->strides[last], sizeof *into);
    for (int k = last - 1; k >= 0; k--) {
      row += from->strides[k];
      if (++index[k] < from->extents[k]) break;
      row -= from->strides[k] * from->extents[k];
      index[k] = 0;
    }
  }
}

void gather_inputs(adjoin_instance *of) {
  for (int k = 0; k < of->model->inputs.count; k++)
    if (of->arrays[k].gathered) gather(&of->arrays[k], of->arrays[k].gathered);
}

static bool reserve_ready(adjoin_instance *of, int number) {
  if (number < of->ready_count) return true;
  int count = 2 * number + 8;
  bool *larger = realloc(of->ready, (size_t)count * sizeof *larger);
  if (!larger) return false;
  memset(larger + of->ready_count, 0, (size_t)(count - of->ready_count) * sizeof *larger);
  of->ready = larger;
  of->ready_count = count;
  return true;
}

/* What was in the workspace is of no use to anyone. */
static bool reserve_work(adjoin_instance *of, size_t size) {
  if (of->work && size <= of->work_size) return true;
  free(of->work);
  of->work = size > PTRDIFF_MAX / sizeof(double) - 1 ? NULL : malloc((size + 1) * sizeof(double));
  of->work_size = of->work ? size : 0;
  return of->work != NULL;
}

adjoin_status prepare_call(adjoin_instance *of, const adjoin_function *function, int64_t directions) {
  const audience *told = &of->model->told;
  adjoin_status status = adjoin_settle(of);
  if (status != ADJOIN_OK) return status;
  for (int k = 0; k < of->model->inputs.count; k++)
    if (function->loads[k] && !of->bound.pointers[k])
      status = tell(told, ADJOIN_BINDING, CODE_INPUT, "the input '%s' has no array", of->model->inputs.items[k].name);
  if (status != ADJOIN_OK) return status;
  of->bound.arguments[of->bound.argument_count] = (ptrdiff_t)directions;
  size_t size = function->workspace(of->bound.arguments);
  if (size == SIZE_MAX)
    return tell(told, ADJOIN_MEMORY, CODE_MEMORY, "these extents need a workspace that is larger than memory can be");
  if (!reserve_ready(of, function->number) || !reserve_work(of, size))
    return tell(told, ADJOIN_MEMORY, CODE_MEMORY, "not enough memory for a workspace of %zu numbers", size);
  of->ready[function->number] = !of->gathers && !function->wanted.block;
  gather_inputs(of);
  return ADJOIN_OK;
}

static bool is_ready(const adjoin_instance *of, const adjoin_function *function) {
  return function->number < of->ready_count && of->ready[function->number];
}

typedef struct {
  int number;
  const adjoin_function *function;
  const double *work;
} failed_check;

static adjoin_status status_of(const adjoin_model *of, int check) {
  return session_is_search(of->from, check) ? ADJOIN_NUMERICS : ADJOIN_RANGE;
}

static adjoin_status explain_check(adjoin_model *of, void *with, mistakes *found) {
  const failed_check *check = with;
  diagnostics *one = session_check(of->from, check->number, found->memory);
  const char *where = NULL;
  if (check->function) where = session_iteration(of->from, check->function->session_number, check->number, check->work);
  arena_set_escape(scalar_memory(of->program->dag), found->escape); /* the session set its own */
  if (where) diagnose_hint(one, "%s", where);
  add_mistakes(found, status_of(of, check->number), one);
  return status_of(of, check->number);
}

adjoin_status tell_check(adjoin_model *of, int check, const adjoin_function *function, const double *work) {
  failed_check failed = {check, function, work};
  return of->told.receiver ? guarded(of, explain_check, &failed) : status_of(of, check);
}

static adjoin_status run(adjoin_instance *of, const adjoin_function *function, const double *const *seeds,
                         double *const *results) {
  int check = function->entry(of->bound.arguments, of->bound.pointers, seeds, results, of->work);
  return check ? tell_check(of->model, check, function, of->work) : ADJOIN_OK;
}

static bool has_pointers(const adjoin_function *function, const double *const *seeds, double *const *results) {
  return (results || !function->result_count) && (seeds || !function->wanted.along_count);
}

static bool has_seeds(const adjoin_function *function, const double *const *seeds) {
  for (int k = 0; k < function->wanted.along_count; k++)
    if (!seeds[k]) return false;
  return true;
}

/* A seed without entries may be NULL. */
static adjoin_status check_seeds(adjoin_instance *of, const adjoin_function *function, int64_t directions,
                                 const double *const *seeds) {
  for (int k = 0; k < function->wanted.along_count; k++) {
    const char *name = function->wanted.along[k];
    int rank;
    int64_t extents[ADJOIN_MAXIMUM_RANK];
    if (seeds[k]) continue;
    adjoin_status status = adjoin_shape(of, name, &rank, extents);
    if (status != ADJOIN_OK) return status;
    bool empty = !directions;
    for (int m = 0; m < rank; m++) empty = empty || !extents[m];
    if (!empty) return tell(&of->model->told, ADJOIN_USE, CODE_WRONG_CALL, "the seed along '%s' is NULL", name);
  }
  return ADJOIN_OK;
}

/* What a function needs that is not ready, or that is called wrongly. */
static adjoin_status run_first(adjoin_instance *of, const adjoin_function *function, int64_t directions,
                               const double *const *seeds, double *const *results) {
  if (!has_pointers(function, seeds, results))
    return tell_misuse(&of->model->told, "a call without its array of seeds or of results");
  adjoin_status status = prepare_call(of, function, directions);
  if (status == ADJOIN_OK) status = check_seeds(of, function, directions, seeds);
  return status == ADJOIN_OK ? run(of, function, seeds, results) : status;
}

static adjoin_status check_function(const adjoin_instance *of, const adjoin_function *function, bool block) {
  if (!of) return ADJOIN_USE;
  const audience *told = &of->model->told;
  if (!function) return tell_misuse(told, "a call without a function");
  if (function->model != of->model) return tell_misuse(told, "the function is of another model than the instance");
  if (function->wanted.block == block) return ADJOIN_OK;
  return tell_misuse(told, block ? "adjoin_call_block needs a function that was made with ADJOIN_BLOCK"
                                 : "a function for blocks is called by adjoin_call_block");
}

adjoin_status adjoin_call(adjoin_instance *instance, const adjoin_function *function, const double *const *seeds,
                          double *const *results) {
  if (instance && function && function->model == instance->model && is_ready(instance, function) &&
      has_pointers(function, seeds, results) && has_seeds(function, seeds))
    return run(instance, function, seeds, results);
  adjoin_status status = check_function(instance, function, false);
  return status == ADJOIN_OK ? run_first(instance, function, 1, seeds, results) : status;
}

adjoin_status adjoin_call_block(adjoin_instance *instance, const adjoin_function *function, int64_t directions,
                                const double *const *seeds, double *const *results) {
  adjoin_status status = check_function(instance, function, true);
  if (status != ADJOIN_OK) return status;
  if (directions < 0) return tell_misuse(&instance->model->told, "a block can't have less than 0 directions");
  return run_first(instance, function, directions, seeds, results);
}

adjoin_status adjoin_declared_values(adjoin_instance *instance, const char *name, adjoin_declared which,
                                     double *entries) {
  const audience *told = instance ? &instance->model->told : NULL;
  if (!instance || !name || !entries || which < ADJOIN_START || which > ADJOIN_UPPER)
    return tell_misuse(told, "adjoin_declared_values: NULL for a name or entries, or an unknown kind of values");
  int number;
  adjoin_find(instance->model, name, &number);
  if (number < 0) return tell(told, ADJOIN_BINDING, CODE_UNKNOWN_NAME, "the model has no input '%s'", name);
  const adjoin_function *function;
  adjoin_status status = declared_function(instance->model, name, which, &function);
  return status == ADJOIN_OK ? adjoin_call(instance, function, NULL, (double *[]){entries}) : status;
}

adjoin_status adjoin_prepare(adjoin_instance *instance, const adjoin_function *function, adjoin_arguments *arguments) {
  if (arguments) *arguments = (adjoin_arguments){.entry = NULL};
  adjoin_status status = check_function(instance, function, false);
  if (status != ADJOIN_OK) return status;
  if (!arguments) return tell_misuse(&instance->model->told, "adjoin_prepare: NULL for arguments");
  status = prepare_call(instance, function, 1);
  if (status != ADJOIN_OK) return status;
  *arguments = (adjoin_arguments){.entry = function->entry,
                                  .extents = instance->bound.arguments,
                                  .inputs = instance->bound.pointers,
                                  .work = instance->work,
                                  .work_size = instance->work_size};
  return ADJOIN_OK;
}
