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

static void gather_all(adjoin_instance *of) {
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

static adjoin_status prepare(adjoin_instance *of, const adjoin_function *function) {
  const audience *told = &of->model->told;
  adjoin_status status = adjoin_settle(of);
  if (status != ADJOIN_OK) return status;
  for (int k = 0; k < of->model->inputs.count; k++)
    if (function->loads[k] && !of->bound.pointers[k])
      status =
          tell(told, ADJOIN_BINDING, "missing-input", "the input '%s' has no array", of->model->inputs.items[k].name);
  if (status != ADJOIN_OK) return status;
  size_t size = function->workspace(of->bound.arguments);
  if (!reserve_ready(of, function->number) || !reserve_work(of, size))
    return tell(told, ADJOIN_MEMORY, "memory", "not enough memory for a workspace of %zu numbers", size);
  of->ready[function->number] = !of->gathers && !function->wanted.block;
  return ADJOIN_OK;
}

static bool is_ready(const adjoin_instance *of, const adjoin_function *function) {
  return function->number < of->ready_count && of->ready[function->number];
}

static adjoin_status run(adjoin_instance *of, const adjoin_function *function, const double *const *seeds,
                         double *const *results) {
  int check = function->entry(of->bound.arguments, of->bound.pointers, seeds, results, of->work);
  return check ? tell_check(of->model, check) : ADJOIN_OK;
}

/* A wrong call is told apart here, off the fast path. */
static adjoin_status run_first(adjoin_instance *of, const adjoin_function *function, int64_t directions,
                               const double *const *seeds, double *const *results) {
  bool block = function && function->wanted.block;
  if (!of || !function || function->model != of->model || !results || (function->wanted.along_count && !seeds))
    return ADJOIN_USE;
  if (block != (directions >= 0))
    return tell(&of->model->told, ADJOIN_USE, "use",
                block ? "a function for blocks is called by adjoin_call_block"
                      : "adjoin_call_block needs a function that was made with ADJOIN_BLOCK");
  adjoin_status status = adjoin_settle(of);
  if (status != ADJOIN_OK) return status;
  of->bound.arguments[of->bound.argument_count] = block ? (ptrdiff_t)directions : 0;
  status = prepare(of, function);
  if (status != ADJOIN_OK) return status;
  gather_all(of);
  return run(of, function, seeds, results);
}

adjoin_status adjoin_call(adjoin_instance *instance, const adjoin_function *function, const double *const *seeds,
                          double *const *results) {
  if (instance && function && function->model == instance->model && is_ready(instance, function))
    return run(instance, function, seeds, results);
  return run_first(instance, function, -1, seeds, results);
}

adjoin_status adjoin_call_block(adjoin_instance *instance, const adjoin_function *function, int64_t directions,
                                const double *const *seeds, double *const *results) {
  return directions < 0 ? ADJOIN_USE : run_first(instance, function, directions, seeds, results);
}

adjoin_status adjoin_declared_values(adjoin_instance *instance, const char *name, adjoin_declared which,
                                     double *entries) {
  static const char *const kinds[] = {"start", "lower", "upper"};
  if (!instance || !name || !entries || which < ADJOIN_START || which > ADJOIN_UPPER) return ADJOIN_USE;
  const adjoin_function *function;
  adjoin_status status = adjoin_function_get(instance->model, kinds[which], name, NULL, 0, &function);
  return status == ADJOIN_OK ? adjoin_call(instance, function, NULL, (double *[]){entries}) : status;
}

adjoin_status adjoin_prepare(adjoin_instance *instance, const adjoin_function *function, adjoin_arguments *arguments) {
  if (!instance || !function || !arguments || function->model != instance->model) return ADJOIN_USE;
  adjoin_status status = prepare(instance, function);
  if (status != ADJOIN_OK) return status;
  gather_all(instance);
  *arguments = (adjoin_arguments){.entry = function->entry,
                                  .extents = instance->bound.arguments,
                                  .inputs = instance->bound.pointers,
                                  .work = instance->work,
                                  .work_size = instance->work_size};
  return ADJOIN_OK;
}
