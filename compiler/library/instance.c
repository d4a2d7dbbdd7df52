/* Instances: arrays bound to a model's inputs, the extents that follow from their shapes, the workspace. */
#include "compiler/library/library.h"

#include <stdlib.h>
#include <string.h>

static bool create_tables(adjoin_instance *into, jmp_buf *escape) {
  const adjoin_model *model = into->model;
  into->memory = library_arena(escape);
  if (!into->memory || setjmp(*escape)) return false;
  into->arrays = arena_array(into->memory, bound_array, model->inputs.count + 1);
  into->told = arena_array(into->memory, int64_t, model->dimension_count + 1);
  for (int k = 0; k <= model->dimension_count; k++) into->told[k] = -1;
  return true;
}

adjoin_status adjoin_instance_create(adjoin_model *model, adjoin_instance **instance) {
  if (instance) *instance = NULL;
  if (!model || !instance) return ADJOIN_USE;
  jmp_buf escape;
  adjoin_instance *made = calloc(1, sizeof *made);
  if (made) made->model = model;
  if (!made || !create_tables(made, &escape)) {
    adjoin_instance_release(made);
    return tell(&model->told, ADJOIN_MEMORY, "memory", "out of memory");
  }
  *instance = made;
  return ADJOIN_OK;
}

/* What followed from the shapes. */
static void unsettle(adjoin_instance *of) {
  for (int k = 0; k < of->model->inputs.count; k++) {
    free(of->arrays[k].gathered);
    of->arrays[k].gathered = NULL;
  }
  arena_release(of->binding);
  free(of->ready);
  free(of->work);
  of->binding = NULL;
  of->ready = NULL;
  of->work = NULL;
  of->work_size = 0;
  of->ready_count = 0;
  of->settled = of->gathers = false;
}

void adjoin_instance_release(adjoin_instance *instance) {
  if (!instance) return;
  if (instance->arrays) unsettle(instance);
  arena_release(instance->memory);
  free(instance);
}

static bool is_in_order(const bound_array *of) {
  int64_t stride = 1;
  for (int k = of->rank - 1; k >= 0; k--) {
    if (of->extents[k] != 1 && of->strides[k] != stride) return false;
    if (__builtin_mul_overflow(stride, of->extents[k], &stride)) return false;
  }
  return true;
}

static void set_strides(bound_array *into, const int64_t *strides) {
  int64_t stride = 1;
  for (int k = into->rank - 1; k >= 0; k--) {
    into->strides[k] = strides ? strides[k] : stride;
    if (__builtin_mul_overflow(stride, into->extents[k], &stride)) stride = 0; /* settling refuses it */
  }
  into->in_order = is_in_order(into);
}

static bool same_shape(const bound_array *of, int rank, const int64_t *extents, const int64_t *strides) {
  if (!of->bound || of->rank != rank || !of->in_order || strides) return false;
  for (int k = 0; k < rank; k++)
    if (of->extents[k] != extents[k]) return false;
  return true;
}

adjoin_status adjoin_rebind(adjoin_instance *instance, int number, const void *entries) {
  if (!instance || number < 0 || number >= instance->model->inputs.count) return ADJOIN_USE;
  bound_array *into = &instance->arrays[number];
  if (!into->bound || !into->in_order)
    return tell(&instance->model->told, ADJOIN_USE, "use", "'%s' has no shape in C order to bind another array of",
                instance->model->inputs.items[number].name);
  bool needs_check = !entries != !into->entries; /* an array that is missing stops calls */
  into->entries = entries;
  if (!instance->settled) return ADJOIN_OK;
  instance->bound.pointers[number] = entries;
  if (needs_check) memset(instance->ready, 0, (size_t)instance->ready_count * sizeof *instance->ready);
  return ADJOIN_OK;
}

adjoin_status adjoin_bind(adjoin_instance *instance, const char *name, const void *entries, int rank,
                          const int64_t *extents, const int64_t *strides) {
  if (!instance || !name || (rank > 0 && !extents)) return ADJOIN_USE;
  const audience *told = &instance->model->told;
  int number;
  adjoin_find(instance->model, name, &number);
  if (number < 0) return tell(told, ADJOIN_BINDING, "unknown-name", "the model has no input '%s'", name);
  if (rank < 0 || rank > ADJOIN_MAXIMUM_RANK)
    return tell(told, ADJOIN_BINDING, "binding", "%s is given with %d axes; up to %d are possible", name, rank,
                ADJOIN_MAXIMUM_RANK);
  for (int k = 0; k < rank; k++)
    if (extents[k] < 0)
      return tell(told, ADJOIN_BINDING, "binding", "%s is given with the extent %lld", name, (long long)extents[k]);
  bound_array *into = &instance->arrays[number];
  if (same_shape(into, rank, extents, strides)) return adjoin_rebind(instance, number, entries);
  unsettle(instance);
  into->entries = entries;
  into->bound = true;
  into->rank = rank;
  for (int k = 0; k < rank; k++) into->extents[k] = extents[k];
  set_strides(into, strides);
  return ADJOIN_OK;
}

/* The id of a free extent of that name, or -1. */
static int extent_id(const adjoin_model *of, const char *name) {
  for (int k = 0; k < of->dimension_count; k++) {
    const dimension *each = &of->program->dimensions.items[k];
    const scalar_node *node = scalar_at(of->program->dag, each->value);
    if (!strcmp(each->name, name)) return node->op == SCALAR_EXTENT ? node->id : -1;
  }
  return -1;
}

adjoin_status adjoin_bind_extent(adjoin_instance *instance, const char *extent, int64_t value) {
  if (!instance || !extent) return ADJOIN_USE;
  adjoin_model *model = instance->model;
  pthread_mutex_lock(&model->lock);
  int id = extent_id(model, extent);
  pthread_mutex_unlock(&model->lock);
  if (id < 0)
    return tell(&model->told, ADJOIN_BINDING, "unknown-name",
                "the model has no extent '%s' that could be told: it is unknown, fixed, or follows from others",
                extent);
  if (value < 0 || value == INT64_MAX)
    return tell(&model->told, ADJOIN_BINDING, "binding", "the extent %s can't be %lld", extent, (long long)value);
  if (instance->told[id] != value) unsettle(instance);
  instance->told[id] = value;
  return ADJOIN_OK;
}

/* ---- settling ---- */

static void receive(void *receiver, const char *message) {
  const adjoin_instance *of = receiver;
  tell(&of->model->told, ADJOIN_BINDING, "binding", "%s", message);
}

static bool settle_shapes(adjoin_instance *of, const reporting *with) {
  int count = of->model->inputs.count;
  given_shape *shapes = arena_array(of->binding, given_shape, count + 1);
  for (int k = 0; k < count; k++) {
    const bound_array *each = &of->arrays[k];
    if (each->bound) shapes[k] = (given_shape){true, each->rank, each->extents, false, false, "adjoin_bind"};
  }
  extent_sources from = {.told = of->told, .remedy = "adjoin_bind_extent", .partial = true};
  return bind_shapes(&of->bound, with, of->model->program, of->model->dimension_count, shapes, &from);
}

/* A missing array is NULL here; one without entries, which may be NULL for the caller, is not. */
static bool settle_pointers(adjoin_instance *of) {
  static const double nothing;
  for (int k = 0; k < of->model->inputs.count; k++) {
    bound_array *each = &of->arrays[k];
    int64_t count = of->bound.inputs[k].value.count;
    of->bound.pointers[k] = each->entries;
    if (!each->bound) continue;
    if (!each->entries && !count) of->bound.pointers[k] = &nothing;
    if (each->in_order || !each->entries) continue;
    each->gathered = malloc((size_t)count * sizeof(double) + 1);
    if (!each->gathered) return false;
    of->bound.pointers[k] = each->gathered;
    of->gathers = true;
  }
  return true;
}

/* The arena's escape leads here. The reporting lives as long as the shapes, which remember it. */
static adjoin_status settle_locked(adjoin_instance *of) {
  jmp_buf escape;
  of->binding = library_arena(&escape);
  if (!of->binding || setjmp(escape)) return ADJOIN_MEMORY;
  reporting *with = arena_new(of->binding, reporting);
  *with = (reporting){.memory = of->binding, .receive = receive, .receiver = of};
  if (!settle_shapes(of, with)) return ADJOIN_BINDING;
  if (!settle_pointers(of)) return ADJOIN_MEMORY;
  of->settled = true;
  return ADJOIN_OK;
}

adjoin_status adjoin_settle(adjoin_instance *instance) {
  if (!instance) return ADJOIN_USE;
  if (instance->settled) return ADJOIN_OK;
  pthread_mutex_lock(&instance->model->lock);
  adjoin_status status = settle_locked(instance);
  pthread_mutex_unlock(&instance->model->lock);
  if (status != ADJOIN_OK) unsettle(instance);
  return status == ADJOIN_MEMORY ? tell(&instance->model->told, status, "memory", "out of memory") : status;
}

/* ---- what follows from the extents ---- */

static adjoin_status shape_locked(adjoin_instance *of, const adjoin_array *found, int64_t *extents) {
  jmp_buf escape;
  arena_set_escape(of->binding, &escape);
  if (setjmp(escape)) return tell(&of->model->told, ADJOIN_MEMORY, "memory", "out of memory");
  int64_t *shape;
  const tensor_program *program = of->model->program;
  int number = find_input(program, found->name);
  const scalar *as_declared =
      number >= 0 ? program->inputs.items[number].extents : find_definition(program, found->name)->value->extents;
  if (!bind_extents_of(&of->bound, found->name, found->rank, as_declared, &shape)) return ADJOIN_BINDING;
  for (int k = 0; k < found->rank; k++) extents[k] = shape[k];
  return ADJOIN_OK;
}

adjoin_status adjoin_shape(adjoin_instance *instance, const char *name, int *rank,
                           int64_t extents[ADJOIN_MAXIMUM_RANK]) {
  if (rank) *rank = 0;
  if (!instance || !name || !rank || !extents) return ADJOIN_USE;
  adjoin_model *model = instance->model;
  const adjoin_array *found = adjoin_find(model, name, NULL);
  if (!found)
    return tell(&model->told, ADJOIN_BINDING, "unknown-name", "the model has no input, output or definition '%s'",
                name);
  if (found->rank > ADJOIN_MAXIMUM_RANK)
    return tell(&model->told, ADJOIN_BINDING, "binding", "'%s' has more than %d axes", name, ADJOIN_MAXIMUM_RANK);
  adjoin_status status = adjoin_settle(instance);
  if (status != ADJOIN_OK) return status;
  pthread_mutex_lock(&model->lock);
  status = shape_locked(instance, found, extents);
  pthread_mutex_unlock(&model->lock);
  if (status == ADJOIN_OK) *rank = found->rank;
  return status;
}

adjoin_status adjoin_extent(adjoin_instance *instance, const char *name, int64_t *value) {
  if (!instance || !name || !value) return ADJOIN_USE;
  adjoin_status status = adjoin_settle(instance);
  if (status != ADJOIN_OK) return status;
  adjoin_model *model = instance->model;
  bool found = false;
  pthread_mutex_lock(&model->lock);
  for (int k = 0; k < model->dimension_count && !found; k++) {
    const dimension *each = &model->program->dimensions.items[k];
    found =
        !strcmp(each->name, name) && whole_evaluate(model->program->dag, each->value, instance->bound.values, value);
  }
  pthread_mutex_unlock(&model->lock);
  return found ? ADJOIN_OK : tell(&model->told, ADJOIN_BINDING, "unknown-name", "the model has no extent '%s'", name);
}
