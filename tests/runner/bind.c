/* Arrays -> the inputs of a model: extents solved, whole entries converted. */
#include "tests/runner/subject.h"
#include <string.h>

enum { EXTENT_UNKNOWN = -1, BLOCKS = 64 };

int64_t entries_at(const binding_point *at, const scalar_dag *dag, int rank, const scalar *extents) {
  int64_t count = 1;
  for (int k = 0; k < rank; k++) {
    int64_t extent;
    if (!whole_evaluate(dag, extents[k], at->extents, &extent) || extent < 0) return -1;
    count *= extent;
  }
  return count;
}

static const host_array *array_named(const case_input *arrays, int count, const char *name) {
  for (int k = 0; k < count; k++)
    if (!strcmp(arrays[k].name, name)) return &arrays[k].value;
  return NULL;
}

/* Is the extent `wanted` when the free one has this value? */
static bool fits(const tensor_program *model, binding_point *at, scalar extent, int id, int64_t value, int64_t wanted) {
  int64_t got;
  at->extents[id] = value;
  return whole_evaluate(model->dag, extent, at->extents, &got) && got == wanted;
}

/* An axis whose extent is a free one gives it its value; one whose extent is n + 1, say, gives n by trying. */
static void solve_extent(const tensor_program *model, binding_point *at, scalar extent, int64_t wanted) {
  for (int d = 0; d < model->dimensions.count; d++) {
    const scalar_node *free = scalar_at(model->dag, model->dimensions.items[d].value);
    if (free->op != SCALAR_EXTENT || at->extents[free->id] != EXTENT_UNKNOWN) continue;
    bool depends =
        !fits(model, at, extent, free->id, wanted, wanted) || !fits(model, at, extent, free->id, wanted + 1, wanted);
    for (int64_t tried = wanted; depends && tried >= 0; tried--)
      if (fits(model, at, extent, free->id, tried, wanted)) return;
    at->extents[free->id] = EXTENT_UNKNOWN;
  }
}

static void solve_extents(const tensor_program *model, binding_point *at) {
  for (int k = 0; k < model->inputs.count; k++) {
    const input *in = &model->inputs.items[k];
    if (!at->values[k] || at->values[k]->rank != in->rank) continue;
    for (int along = 0; along < in->rank; along++)
      solve_extent(model, at, in->extents[along], at->values[k]->extents[along]);
  }
}

/* Do the arrays have the shapes that the solved extents say? */
static const char *misfit(arena *memory, const tensor_program *model, const binding_point *at) {
  for (int k = 0; k < model->inputs.count; k++) {
    const input *in = &model->inputs.items[k];
    if (!at->values[k]) return arena_format(memory, "no value for input '%s'", in->name);
    if (at->values[k]->rank != in->rank) return arena_format(memory, "wrong rank for input '%s'", in->name);
    for (int along = 0; along < in->rank; along++) {
      int64_t extent;
      if (!whole_evaluate(model->dag, in->extents[along], at->extents, &extent))
        return arena_format(memory, "extent of '%s' unknown", in->name);
      if (extent != at->values[k]->extents[along])
        return arena_format(memory, "axis %d of '%s' has %lld entries, not %lld", along, in->name,
                            (long long)at->values[k]->extents[along], (long long)extent);
    }
  }
  return NULL;
}

static const void *entries_of(arena *memory, const input *in, const host_array *value) {
  if (in->role != ROLE_INDEX) return value->entries;
  int64_t count = host_array_count(value);
  int64_t *whole = arena_array(memory, int64_t, count + 1);
  for (int64_t k = 0; k < count; k++) whole[k] = (int64_t)value->entries[k];
  return whole;
}

/* The extent of a block of directions is the session's, and stands nowhere in the text. */
static bool written_by_user(const dimension *of) {
  return of->where.end > 0;
}

int free_extents(arena *memory, const tensor_program *model, int **numbers) {
  int count = 0;
  *numbers = arena_array(memory, int, model->dimensions.count + 1);
  for (int d = 0; d < model->dimensions.count; d++) {
    const scalar_node *node = scalar_at(model->dag, model->dimensions.items[d].value);
    bool known = node->op != SCALAR_EXTENT || !written_by_user(&model->dimensions.items[d]);
    for (int k = 0; k < count; k++) known |= (*numbers)[k] == node->id;
    if (!known) (*numbers)[count++] = node->id;
  }
  return count;
}

binding_point *bind_inputs(arena *memory, const tensor_program *model, const case_input *arrays, int count,
                           const char **why) {
  binding_point *at = arena_new(memory, binding_point);
  at->extents = arena_array(memory, int64_t, model->dimensions.count + BLOCKS);
  at->arguments = arena_array(memory, ptrdiff_t, model->dimensions.count + 1);
  at->values = arena_array(memory, const host_array *, model->inputs.count + 1);
  at->inputs = arena_array(memory, const void *, model->inputs.count + 1);
  int *extents;
  at->extent_count = free_extents(memory, model, &extents);
  for (int k = 0; k < at->extent_count; k++) at->extents[extents[k]] = EXTENT_UNKNOWN;
  for (int k = 0; k < model->inputs.count; k++) at->values[k] = array_named(arrays, count, model->inputs.items[k].name);
  solve_extents(model, at);
  *why = misfit(memory, model, at);
  if (*why) return NULL;
  for (int k = 0; k < at->extent_count; k++) at->arguments[k] = (ptrdiff_t)at->extents[extents[k]];
  for (int k = 0; k < model->inputs.count; k++)
    at->inputs[k] = entries_of(memory, &model->inputs.items[k], at->values[k]);
  return at;
}

void bind_block(binding_point *at, int64_t directions) {
  for (int k = at->extent_count; k < at->extent_count + BLOCKS; k++) at->extents[k] = directions;
  at->arguments[at->extent_count] = (ptrdiff_t)directions;
}

static int input_named(const tensor_program *model, const char *name) {
  for (int k = 0; k < model->inputs.count; k++)
    if (!strcmp(model->inputs.items[k].name, name)) return k;
  return -1;
}

binding_point *bind_moved(arena *memory, const tensor_program *model, const binding_point *from,
                          const char *const *names, double *const *direction, int count, double step) {
  binding_point *at = arena_new(memory, binding_point);
  *at = *from;
  at->inputs = arena_array(memory, const void *, model->inputs.count + 1);
  memcpy(at->inputs, from->inputs, (size_t)model->inputs.count * sizeof *at->inputs);
  for (int n = 0; n < count; n++) {
    int k = input_named(model, names[n]);
    int64_t entries = host_array_count(from->values[k]);
    const double *old = from->inputs[k];
    double *moved = arena_array(memory, double, entries + 1);
    for (int64_t e = 0; e < entries; e++) moved[e] = old[e] + step * direction[n][e];
    at->inputs[k] = moved;
  }
  return at;
}
