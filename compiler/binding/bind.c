/* Given shapes -> the extents and shapes of all inputs (see bind.h). */
#include "compiler/binding/bind.h"

#include "compiler/binding/bind_extents.h"

const char *axis_words(const reporting *with, int rank, int which, const char *extent, bool one) {
  if (rank == 1) return arena_format(with->memory, "%s %s", extent, one ? "entry" : "entries");
  if (rank == 2 && which == 0) return arena_format(with->memory, "%s %s", extent, one ? "row" : "rows");
  if (rank == 2) return arena_format(with->memory, "%s %s", extent, one ? "column" : "columns");
  return arena_format(with->memory, "%s %s along axis %d", extent, one ? "entry" : "entries", which);
}

const char *written_shape(const bound_model *of, int rank, const scalar *extents) {
  if (!rank) return "a scalar";
  text made = text_create(of->with->memory);
  text_append(&made, "shape ");
  for (int k = 0; k < rank; k++) {
    text_append(&made, k ? ", " : "[");
    scalar_write(of->model->dag, extents[k], NULL, NULL, &made);
  }
  text_append(&made, "]");
  return made.data;
}

const char *numeric_shape(const reporting *with, int rank, const int64_t *extents) {
  if (!rank) return "a scalar";
  text made = text_create(with->memory);
  text_append(&made, "shape ");
  for (int k = 0; k < rank; k++) text_format(&made, "%s%lld", k ? ", " : "[", (long long)extents[k]);
  text_append(&made, "]");
  return made.data;
}

/* ---- shapes ---- */

static bool written_as_one(const bound_model *of, scalar extent) {
  int64_t value;
  return scalar_is_whole(of->model->dag, extent, &value) && value == 1;
}

/* Axes that are written as 1 may be left out. */
static bool fits_without_ones(const bound_model *of, const given_shape *given, int rank, const scalar *extents,
                              int64_t *shape) {
  int taken = 0;
  for (int k = 0; k < rank; k++) {
    bool one = written_as_one(of, extents[k]);
    if (!one && taken == given->rank) return false;
    shape[k] = one ? 1 : given->extents[taken++];
  }
  return taken == given->rank;
}

/* A number is an array of one entry, wherever no extent is written as another number than 1. */
static bool fits_number(const bound_model *of, int rank, const scalar *extents, int64_t *shape) {
  for (int k = 0; k < rank; k++) {
    int64_t value;
    if (scalar_is_whole(of->model->dag, extents[k], &value) && value != 1) return false;
    shape[k] = 1;
  }
  return true;
}

static int64_t shape_count(const given_shape *of) {
  int64_t count = 1;
  for (int k = 0; k < of->rank; k++)
    if (__builtin_mul_overflow(count, of->extents[k], &count)) return -1;
  return count;
}

bool fits_shape(const bound_model *of, const given_shape *given, int rank, const scalar *extents, int64_t *shape) {
  if (given->rank == rank) {
    for (int k = 0; k < rank; k++) shape[k] = given->extents[k];
    return true;
  }
  if (rank == 2 && given->rank == 1 && (given->column || given->row)) {
    shape[0] = given->column ? given->extents[0] : 1;
    shape[1] = given->column ? 1 : given->extents[0];
    return true;
  }
  if (rank == 0) return shape_count(given) == 1;
  return given->rank ? fits_without_ones(of, given, rank, extents, shape) : fits_number(of, rank, extents, shape);
}

static bool gather_equations(bound_model *into, const given_shape *given, extent_equations *equations) {
  bool good = true;
  for (int k = 0; k < into->model->inputs.count; k++) {
    const input *declared = &into->model->inputs.items[k];
    const given_shape *from = &given[k];
    if (!from->given) continue;
    int64_t *shape = arena_array(into->with->memory, int64_t, declared->rank + 1);
    if (!fits_shape(into, from, declared->rank, declared->extents, shape)) {
      report(into->with, "%s is given as %s, where %s is needed (%s)", declared->name,
             numeric_shape(into->with, from->rank, from->extents),
             written_shape(into, declared->rank, declared->extents), from->origin);
      good = false;
      continue;
    }
    for (int which = 0; which < declared->rank; which++) {
      extent_equation made = {k, which, declared->extents[which], shape[which]};
      list_push(into->with->memory, equations, made);
    }
  }
  return good;
}

static int count_ids(const tensor_program *model, int dimension_count) {
  int count = 0;
  for (int k = 0; k < dimension_count; k++) {
    const scalar_node *node = scalar_at(model->dag, model->dimensions.items[k].value);
    if (node->op == SCALAR_EXTENT && node->id >= count) count = node->id + 1;
  }
  return count;
}

static void prepare(bound_model *into, const reporting *with, const tensor_program *model, int dimension_count) {
  *into = (bound_model){.with = with, .model = model, .dimension_count = dimension_count};
  arena *memory = with->memory;
  into->id_count = count_ids(into->model, into->dimension_count);
  into->by_id = arena_array(memory, bound_extent, into->id_count + 1);
  into->values = arena_array(memory, int64_t, into->id_count + 1);
  into->arguments = arena_array(memory, ptrdiff_t, into->dimension_count + 1);
  into->inputs = arena_array(memory, bound_input, into->model->inputs.count + 1);
  into->pointers = arena_array(memory, const void *, into->model->inputs.count + 1);
}

static void tell_extent(bound_model *into, int id, int64_t value) {
  into->by_id[id] = (bound_extent){value, true, NULL};
  into->values[id] = value;
}

/* Gives the extents that nothing told small distinct values, counted up. */
static void default_extents(bound_model *into, const bool *told, int first) {
  for (int k = 0; k < into->dimension_count; k++) {
    const scalar_node *node = scalar_at(into->model->dag, into->model->dimensions.items[k].value);
    if (node->op != SCALAR_EXTENT || told[node->id]) continue;
    tell_extent(into, node->id, first++);
  }
}

static bool shapes_have_entries(const bound_model *of) {
  for (int k = 0; k < of->model->inputs.count; k++)
    for (int which = 0; which < of->model->inputs.items[k].rank; which++) {
      int64_t value;
      scalar extent = of->model->inputs.items[k].extents[which];
      if (!whole_evaluate(of->model->dag, extent, of->values, &value) || value < 1) return false;
    }
  return true;
}

/* The defaults are raised until no input is empty: x[n-5] asks for more than a small n. */
static void choose_defaults(bound_model *into, int defaults) {
  bool *told = arena_array(into->with->memory, bool, into->id_count + 1);
  for (int k = 0; k < into->id_count; k++) told[k] = into->by_id[k].known;
  default_extents(into, told, defaults);
  for (int first = defaults; first < 100 && !shapes_have_entries(into); first++) default_extents(into, told, first);
}

/* Extents that nothing tells: defaults, or one message for all of them. */
static bool settle_extents(bound_model *into, const extent_sources *from) {
  text missing = text_create(into->with->memory);
  if (from->defaults) choose_defaults(into, from->defaults);
  for (int k = 0; k < into->dimension_count; k++) {
    const dimension *each = &into->model->dimensions.items[k];
    const scalar_node *node = scalar_at(into->model->dag, each->value);
    if (node->op != SCALAR_EXTENT) continue;
    if (!into->by_id[node->id].known) text_format(&missing, "%s%s", missing.length ? ", " : "", each->name);
    into->arguments[into->argument_count++] = (ptrdiff_t)into->values[node->id];
  }
  if (!missing.length) return true;
  report(into->with, "nothing tells the extent %s: pass an array whose shape has it, or %s", missing.data,
         from->remedy);
  return false;
}

bool bind_extent(const bound_model *of, scalar expression, const char *of_what, int64_t *value) {
  if (whole_evaluate(of->model->dag, expression, of->values, value) && *value >= 0) return true;
  text form = text_create(of->with->memory);
  scalar_write(of->model->dag, expression, NULL, NULL, &form);
  if (whole_evaluate(of->model->dag, expression, of->values, value))
    report(of->with, "%s: its extent %s is %lld", of_what, form.data, (long long)*value);
  else
    report(of->with, "%s: its extent %s is too large or has no value", of_what, form.data);
  return false;
}

bool bind_extents_of(const bound_model *of, const char *name, int rank, const scalar *extents, int64_t **shape) {
  *shape = arena_array(of->with->memory, int64_t, rank + 1);
  bool good = true;
  for (int k = 0; k < rank; k++) good = bind_extent(of, extents[k], name, &(*shape)[k]) && good;
  return good;
}

static bool shape_inputs(bound_model *into) {
  bool good = true;
  for (int k = 0; k < into->model->inputs.count; k++) {
    const input *declared = &into->model->inputs.items[k];
    int64_t *shape;
    if (!bind_extents_of(into, declared->name, declared->rank, declared->extents, &shape)) {
      good = false;
      continue;
    }
    quantity *value = &into->inputs[k].value;
    *value = (quantity){declared->name, declared->rank, shape, 1, NULL};
    for (int which = 0; which < declared->rank; which++) {
      bool too_large = __builtin_mul_overflow(value->count, shape[which], &value->count);
      if (too_large || value->count > PTRDIFF_MAX / 16) {
        report(into->with, "%s: %s has more entries than memory can hold", declared->name,
               numeric_shape(into->with, declared->rank, shape));
        value->count = 0;
        good = false;
      }
    }
  }
  return good;
}

static const char *const roles[] = {
    [ROLE_VAR] = "var", [ROLE_PARAM] = "param", [ROLE_DATA] = "data", [ROLE_INDEX] = "index"};

static bool nothing_missing(const bound_model *of, const given_shape *given, const char *start) {
  bool good = true;
  for (int k = 0; k < of->model->inputs.count; k++) {
    const input *each = &of->model->inputs.items[k];
    if (given[k].given || given[k].later || each->start) continue;
    const char *remedy = "";
    if (start && each->role == ROLE_VAR)
      remedy = arena_format(of->with->memory, "; %s %s=... says where it starts", start, each->name);
    report(of->with, "missing input '%s' (%s, %s)%s", each->name, roles[each->role],
           written_shape(of, each->rank, each->extents), remedy);
    good = false;
  }
  return good;
}

bool bind_shapes(bound_model *into, const reporting *with, const tensor_program *model, int dimension_count,
                 const given_shape *given, const extent_sources *from) {
  extent_equations equations = {0};
  prepare(into, with, model, dimension_count);
  for (int k = 0; from->told && k < into->id_count; k++)
    if (from->told[k] >= 0) tell_extent(into, k, from->told[k]);
  bool good = gather_equations(into, given, &equations);
  good = bind_extents(into, &equations, from->remedy) && good;
  if (!from->defaults && !from->partial) good = nothing_missing(into, given, from->start) && good;
  for (int k = 0; k < model->inputs.count; k++) into->inputs[k].origin = given[k].origin;
  return good && settle_extents(into, from) && shape_inputs(into);
}

/* ---- names of the model ---- */

bool bind_shaped(const bound_model *of, const char *name, int rank, const scalar *extents, quantity *into) {
  int64_t *shape;
  return bind_extents_of(of, name, rank, extents, &shape) && quantity_create(of->with, name, rank, shape, into);
}

bool bind_quantity(const bound_model *of, const char *name, quantity *into) {
  int number = find_input(of->model, name);
  if (number >= 0) {
    const input *found = &of->model->inputs.items[number];
    return bind_shaped(of, name, found->rank, found->extents, into);
  }
  const binding *definition = find_definition(of->model, name);
  if (definition) return bind_shaped(of, name, definition->value->rank, definition->value->extents, into);
  report(of->with, "the model has neither an input nor a definition '%s'", name);
  return false;
}
