/* Instances: arrays bound to a model's inputs, the extents that follow from their shapes, the workspace. */
#include "compiler/library/library.h"

#include <stdlib.h>
#include <string.h>

adjoin_status adjoin_instance_create(adjoin_model *model, adjoin_instance **instance) {
  if (instance) *instance = NULL;
  if (!model || !instance)
    return tell_misuse(model ? &model->told : NULL, "adjoin_instance_create: NULL for an instance");
  adjoin_instance *made = calloc(1, sizeof *made);
  if (!made) return tell_exhausted(&model->told);
  made->model = model;
  made->arrays = calloc((size_t)model->inputs.count + 1, sizeof *made->arrays);
  made->told = malloc(((size_t)model->dimension_count + 1) * sizeof *made->told);
  if (!made->arrays || !made->told) {
    adjoin_instance_release(made);
    return tell_exhausted(&model->told);
  }
  for (int k = 0; k <= model->dimension_count; k++) made->told[k] = -1;
  *instance = made;
  return ADJOIN_OK;
}

/* What followed from the shapes. */
static void unsettle(adjoin_instance *of) {
  of->changes++;
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
  free(instance->arrays);
  free(instance->told);
  free(instance);
}

/* ---- binding ---- */

static bool is_in_order(const bound_array *of) {
  int64_t stride = 1;
  for (int k = of->rank - 1; k >= 0; k--) {
    if (of->extents[k] != 1 && of->strides[k] != stride) return false;
    if (__builtin_mul_overflow(stride, of->extents[k], &stride)) return false;
  }
  return true;
}

static void set_shape(bound_array *into, int rank, const int64_t *extents, const int64_t *strides) {
  int64_t stride = 1;
  into->rank = rank;
  for (int k = rank - 1; k >= 0; k--) {
    into->extents[k] = extents[k];
    into->strides[k] = strides ? strides[k] : stride;
    if (__builtin_mul_overflow(stride, extents[k], &stride)) stride = 0; /* settling refuses it */
  }
  into->in_order = !strides || is_in_order(into);
}

static bool same_shape(const bound_array *of, const bound_array *other) {
  size_t size = (size_t)of->rank * sizeof *of->extents;
  return of->rank == other->rank && !memcmp(of->extents, other->extents, size) &&
         ((of->in_order && other->in_order) || !memcmp(of->strides, other->strides, size));
}

/* What followed from the shapes stays as it is, unless an array that is missing comes or goes. */
static void replace_entries(adjoin_instance *of, int number, const void *entries) {
  bound_array *into = &of->arrays[number];
  if (!entries != !into->entries) unsettle(of);
  of->changes += into->entries != entries;
  into->entries = entries;
  if (of->settled && into->in_order && entries) of->bound.pointers[number] = entries;
}

adjoin_status adjoin_rebind(adjoin_instance *instance, int number, const void *entries) {
  if (!instance) return ADJOIN_USE;
  const adjoin_model *model = instance->model;
  if (number < 0 || number >= model->inputs.count)
    return tell(&model->told, ADJOIN_USE, CODE_WRONG_CALL, "adjoin_rebind: there is no input number %d", number);
  if (!instance->arrays[number].bound || !instance->arrays[number].in_order)
    return tell(&model->told, ADJOIN_USE, CODE_WRONG_CALL,
                "adjoin_rebind: '%s' has no shape in C order to bind another array of",
                model->inputs.items[number].name);
  replace_entries(instance, number, entries);
  return ADJOIN_OK;
}

adjoin_status adjoin_bind(adjoin_instance *instance, const char *name, const void *entries, int rank,
                          const int64_t *extents, const int64_t *strides) {
  const audience *told = instance ? &instance->model->told : NULL;
  if (!instance || !name || (rank > 0 && !extents)) return tell_misuse(told, "adjoin_bind: NULL for a name or extents");
  int number;
  adjoin_find(instance->model, name, &number);
  if (number < 0) return tell(told, ADJOIN_BINDING, CODE_UNKNOWN_NAME, "the model has no input '%s'", name);
  if (rank < 0 || rank > ADJOIN_MAXIMUM_RANK)
    return tell(told, ADJOIN_BINDING, CODE_INPUT, "%s is given with %d axes; up to %d are possible", name, rank,
                ADJOIN_MAXIMUM_RANK);
  for (int k = 0; k < rank; k++)
    if (extents[k] < 0)
      return tell(told, ADJOIN_BINDING, CODE_INPUT, "%s is given with the extent %lld", name, (long long)extents[k]);
  bound_array *into = &instance->arrays[number], given = {.entries = entries, .bound = true};
  set_shape(&given, rank, extents, strides);
  if (into->bound && same_shape(into, &given)) {
    replace_entries(instance, number, entries);
  } else {
    unsettle(instance);
    *into = given;
  }
  return ADJOIN_OK;
}

/* An extent by its name, and what becomes of it. */
typedef struct {
  adjoin_instance *of;
  const char *name;
  int id; /* of a free extent; else -1 */
  int64_t value;
} named_extent;

static const dimension *find_dimension(const adjoin_model *of, const char *name) {
  for (int k = 0; k < of->dimension_count; k++)
    if (!strcmp(of->program->dimensions.items[k].name, name)) return &of->program->dimensions.items[k];
  return NULL;
}

static adjoin_status identify(adjoin_model *of, void *with, mistakes *found) {
  named_extent *named = with;
  const dimension *each = find_dimension(of, named->name);
  const scalar_node *node = each ? scalar_at(of->program->dag, each->value) : NULL;
  (void)found;
  named->id = node && node->op == SCALAR_EXTENT ? node->id : -1;
  return ADJOIN_OK;
}

adjoin_status adjoin_bind_extent(adjoin_instance *instance, const char *extent, int64_t value) {
  if (!instance || !extent)
    return tell_misuse(instance ? &instance->model->told : NULL, "adjoin_bind_extent: NULL for a name");
  adjoin_model *model = instance->model;
  named_extent named = {.of = instance, .name = extent};
  adjoin_status status = guarded(model, identify, &named);
  if (status != ADJOIN_OK) return status;
  if (named.id < 0)
    return tell(&model->told, ADJOIN_BINDING, CODE_UNKNOWN_NAME,
                "the model has no extent '%s' that could be told: it is unknown, fixed, or follows from others",
                extent);
  if (value < 0 || value == INT64_MAX)
    return tell(&model->told, ADJOIN_BINDING, CODE_INPUT, "the extent %s can't be %lld", extent, (long long)value);
  if (instance->told[named.id] != value) unsettle(instance);
  instance->told[named.id] = value;
  return ADJOIN_OK;
}

/* ---- settling ---- */

static bool settle_shapes(adjoin_instance *of, const reporting *with) {
  int count = of->model->inputs.count;
  given_shape *shapes = arena_array(of->binding, given_shape, count + 1);
  for (int k = 0; k < count; k++) {
    const bound_array *each = &of->arrays[k];
    if (each->bound)
      shapes[k] = (given_shape){.given = true, .rank = each->rank, .extents = each->extents, .origin = "adjoin_bind"};
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

static adjoin_status settle(adjoin_model *model, void *instance, mistakes *found) {
  adjoin_instance *of = instance;
  (void)model;
  of->binding = arena_create();
  if (!of->binding) return ADJOIN_MEMORY;
  arena_set_escape(of->binding, found->escape);
  reporting with = {.memory = of->binding, .receive = add_binding_mistake, .receiver = found};
  if (!settle_shapes(of, &with)) return ADJOIN_BINDING;
  of->bound.with = NULL; /* whoever reports anything later has a reporting of its own */
  if (!settle_pointers(of)) return ADJOIN_MEMORY;
  of->settled = true;
  return ADJOIN_OK;
}

adjoin_status adjoin_settle(adjoin_instance *instance) {
  if (!instance) return ADJOIN_USE;
  if (instance->settled) return ADJOIN_OK;
  adjoin_status status = guarded(instance->model, settle, instance);
  if (status != ADJOIN_OK) unsettle(instance);
  return status;
}

/* ---- what follows from the extents ---- */

typedef struct {
  adjoin_instance *of;
  const adjoin_array *array;
  int64_t *extents;
} wanted_shape;

static adjoin_status evaluate_shape(adjoin_model *model, void *with, mistakes *found) {
  const wanted_shape *wanted = with;
  const char *name = wanted->array->name;
  reporting to = {.memory = found->memory, .receive = add_binding_mistake, .receiver = found};
  bound_model bound = wanted->of->bound;
  bound.with = &to;
  int number = find_input(model->program, name);
  const scalar *declared = number >= 0 ? model->program->inputs.items[number].extents
                                       : find_definition(model->program, name)->value->extents;
  for (int k = 0; k < wanted->array->rank; k++)
    if (!bind_extent(&bound, declared[k], name, &wanted->extents[k])) return ADJOIN_BINDING;
  return ADJOIN_OK;
}

adjoin_status adjoin_shape(adjoin_instance *instance, const char *name, int *rank,
                           int64_t extents[ADJOIN_MAXIMUM_RANK]) {
  if (rank) *rank = 0;
  const audience *told = instance ? &instance->model->told : NULL;
  if (!instance || !name || !rank || !extents)
    return tell_misuse(told, "adjoin_shape: NULL for a name, rank or extents");
  const adjoin_array *found = adjoin_find(instance->model, name, NULL);
  if (!found)
    return tell(told, ADJOIN_BINDING, CODE_UNKNOWN_NAME, "the model has no input, output or definition '%s'", name);
  if (found->rank > ADJOIN_MAXIMUM_RANK)
    return tell(told, ADJOIN_BINDING, CODE_INPUT, "'%s' has more than %d axes", name, ADJOIN_MAXIMUM_RANK);
  adjoin_status status = adjoin_settle(instance);
  if (status == ADJOIN_OK) status = guarded(instance->model, evaluate_shape, &(wanted_shape){instance, found, extents});
  if (status == ADJOIN_OK) *rank = found->rank;
  return status;
}

static adjoin_status evaluate_extent(adjoin_model *of, void *with, mistakes *found) {
  named_extent *named = with;
  const dimension *each = find_dimension(of, named->name);
  reporting to = {.memory = found->memory, .receive = add_binding_mistake, .receiver = found};
  bound_model bound = named->of->bound;
  bound.with = &to;
  if (each) return bind_extent(&bound, each->value, named->name, &named->value) ? ADJOIN_OK : ADJOIN_BINDING;
  report(&to, "the model has no extent '%s'", named->name);
  return ADJOIN_BINDING;
}

adjoin_status adjoin_extent(adjoin_instance *instance, const char *name, int64_t *value) {
  if (!instance || !name || !value)
    return tell_misuse(instance ? &instance->model->told : NULL, "adjoin_extent: NULL for a name or a value");
  named_extent named = {.of = instance, .name = name};
  adjoin_status status = adjoin_settle(instance);
  if (status == ADJOIN_OK) status = guarded(instance->model, evaluate_extent, &named);
  if (status == ADJOIN_OK) *value = named.value;
  return status;
}
