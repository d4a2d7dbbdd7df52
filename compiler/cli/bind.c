/* Given arrays -> bound inputs (see bind.h). */
#include "compiler/cli/bind.h"

#include "compiler/cli/bind_extents.h"
#include <math.h>
#include <string.h>

const char *axis_words(console *with, int rank, int which, const char *extent, bool one) {
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

const char *numeric_shape(console *with, int rank, const int64_t *extents) {
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
static bool fits_without_ones(const bound_model *of, const host_array *given, int rank, const scalar *extents,
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

bool fits_shape(const bound_model *of, const host_array *given, int rank, const scalar *extents, int64_t *shape) {
  if (given->rank == rank) {
    for (int k = 0; k < rank; k++) shape[k] = given->extents[k];
    return true;
  }
  if (rank == 2 && given->rank == 1 && (given->column || given->row)) {
    shape[0] = given->column ? given->extents[0] : 1;
    shape[1] = given->column ? 1 : given->extents[0];
    return true;
  }
  if (rank == 0) return host_array_count(given) == 1;
  return given->rank ? fits_without_ones(of, given, rank, extents, shape) : fits_number(of, rank, extents, shape);
}

static bool gather_equations(bound_model *into, const given_arrays *given, extent_equations *equations) {
  bool good = true;
  for (int k = 0; k < into->model->inputs.count; k++) {
    const input *declared = &into->model->inputs.items[k];
    const given_array *from = given->of_input[k];
    if (!from) continue;
    int64_t *shape = arena_array(into->with->memory, int64_t, declared->rank + 1);
    if (!fits_shape(into, &from->array, declared->rank, declared->extents, shape)) {
      complain("%s is given as %s, where %s is needed (%s)", declared->name,
               numeric_shape(into->with, from->array.rank, from->array.extents),
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

static void prepare(bound_model *into, const given_arrays *given) {
  *into = (bound_model){.with = given->with, .model = given->model};
  arena *memory = into->with->memory;
  into->dimension_count = given->dimension_count;
  into->id_count = count_ids(into->model, into->dimension_count);
  into->by_id = arena_array(memory, bound_extent, into->id_count + 1);
  into->values = arena_array(memory, int64_t, into->id_count + 1);
  into->arguments = arena_array(memory, ptrdiff_t, into->dimension_count + 1);
  into->inputs = arena_array(memory, bound_input, into->model->inputs.count + 1);
  into->pointers = arena_array(memory, const void *, into->model->inputs.count + 1);
}

/* Gives the extents that nothing told small distinct values, counted up. */
static void default_extents(bound_model *into, const bool *told, int first) {
  for (int k = 0; k < into->dimension_count; k++) {
    const scalar_node *node = scalar_at(into->model->dag, into->model->dimensions.items[k].value);
    if (node->op != SCALAR_EXTENT || told[node->id]) continue;
    into->by_id[node->id] = (bound_extent){first, true, NULL};
    into->values[node->id] = first++;
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
static bool settle_extents(bound_model *into, int defaults) {
  text missing = text_create(into->with->memory);
  if (defaults) choose_defaults(into, defaults);
  for (int k = 0; k < into->dimension_count; k++) {
    const dimension *each = &into->model->dimensions.items[k];
    const scalar_node *node = scalar_at(into->model->dag, each->value);
    if (node->op != SCALAR_EXTENT) continue;
    if (!into->by_id[node->id].known) text_format(&missing, "%s%s", missing.length ? ", " : "", each->name);
    into->arguments[into->argument_count++] = (ptrdiff_t)into->values[node->id];
  }
  if (!missing.length) return true;
  complain("nothing tells the extent %s: pass an array whose shape has it, or --dim NAME=NUMBER", missing.data);
  return false;
}

bool bind_extent(const bound_model *of, scalar expression, const char *of_what, int64_t *value) {
  if (whole_evaluate(of->model->dag, expression, of->values, value) && *value >= 0) return true;
  text form = text_create(of->with->memory);
  scalar_write(of->model->dag, expression, NULL, NULL, &form);
  if (whole_evaluate(of->model->dag, expression, of->values, value))
    complain("%s: its extent %s is %lld", of_what, form.data, (long long)*value);
  else
    complain("%s: its extent %s is too large or has no value", of_what, form.data);
  return false;
}

static bool evaluate_shape(const bound_model *of, const char *name, int rank, const scalar *extents, int64_t **shape) {
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
    if (!evaluate_shape(into, declared->name, declared->rank, declared->extents, &shape)) {
      good = false;
      continue;
    }
    quantity *value = &into->inputs[k].value;
    *value = (quantity){declared->name, declared->rank, shape, 1, NULL};
    for (int which = 0; which < declared->rank; which++) {
      bool too_large = __builtin_mul_overflow(value->count, shape[which], &value->count);
      if (too_large || value->count > PTRDIFF_MAX / 16) {
        complain("%s: %s has more entries than memory can hold", declared->name,
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

static bool nothing_missing(const bound_model *of, const given_arrays *given) {
  bool good = true;
  for (int k = 0; k < of->model->inputs.count; k++) {
    const input *each = &of->model->inputs.items[k];
    if (given->of_input[k] || each->start) continue;
    complain("missing input '%s' (%s, %s)", each->name, roles[each->role],
             written_shape(of, each->rank, each->extents));
    good = false;
  }
  return good;
}

/* ---- entries ---- */

static bool in_bound(const bound_model *of, const quantity *value, int64_t entry, const char *bound_text,
                     int64_t bound) {
  double number = value->entries[entry];
  const char *place = entry_place(of->with, value, entry);
  if (!(floor(number) == number) || isinf(number)) {
    complain("%s%s is %.17g, where a whole number is needed", value->name, place, number);
    return false;
  }
  if (number >= 0 && number < (double)bound) return true;
  complain("%s%s is %.17g, where 0 .. %lld are allowed (%s)", value->name, place, number, (long long)bound - 1,
           bound_text);
  return false;
}

/* Stops at the first entry that is wrong: a wrong file has many. */
static bool fill_wholes(bound_model *of, int number) {
  const input *declared = &of->model->inputs.items[number];
  bound_input *into = &of->inputs[number];
  int64_t bound;
  if (!bind_extent(of, declared->bound, declared->name, &bound)) return false;
  int64_t constant;
  text form = text_create(of->with->memory);
  text_append(&form, "below ");
  scalar_write(of->model->dag, declared->bound, NULL, NULL, &form);
  if (!scalar_is_whole(of->model->dag, declared->bound, &constant)) text_format(&form, " = %lld", (long long)bound);
  into->wholes = arena_array(of->with->memory, int64_t, into->value.count + 1);
  for (int64_t k = 0; k < into->value.count; k++) {
    if (!in_bound(of, &into->value, k, form.data, bound)) return false;
    into->wholes[k] = (int64_t)into->value.entries[k];
  }
  return true;
}

bool bind_without_nan(const bound_model *of, const char *what, const quantity *value) {
  for (int64_t k = 0; k < value->count; k++) {
    if (!isnan(value->entries[k])) continue;
    complain("%s%s%s is nan, which --strict refuses", what, value->name, entry_place(of->with, value, k));
    return false;
  }
  return true;
}

bool bind_fill(bound_model *of, int number, double *entries, bool strict) {
  bound_input *into = &of->inputs[number];
  into->value.entries = entries;
  bool whole = of->model->inputs.items[number].role == ROLE_INDEX;
  if (strict && !bind_without_nan(of, "", &into->value)) return false;
  if (whole && !fill_wholes(of, number)) return false;
  of->pointers[number] = whole ? (const void *)into->wholes : into->value.entries;
  return true;
}

bool bind_inputs(bound_model *into, const given_arrays *given, int defaults, bool strict) {
  extent_equations equations = {0};
  prepare(into, given);
  bool good = gather_equations(into, given, &equations);
  good = bind_extents(into, &equations) && good;
  if (!defaults) good = nothing_missing(into, given) && good;
  if (!good || !settle_extents(into, defaults) || !shape_inputs(into)) return false;
  for (int k = 0; k < into->model->inputs.count; k++) {
    if (!given->of_input[k]) continue;
    into->inputs[k].origin = given->of_input[k]->origin;
    good = bind_fill(into, k, given->of_input[k]->array.entries, strict) && good;
  }
  return good;
}

/* ---- names of the model ---- */

bool bind_shaped(const bound_model *of, const char *name, int rank, const scalar *extents, quantity *into) {
  int64_t *shape;
  return evaluate_shape(of, name, rank, extents, &shape) && quantity_create(of->with, name, rank, shape, into);
}

bool bind_quantity(const bound_model *of, const char *name, quantity *into) {
  int number = find_input(of->model, name);
  if (number >= 0) {
    const input *found = &of->model->inputs.items[number];
    return bind_shaped(of, name, found->rank, found->extents, into);
  }
  const binding *definition = find_definition(of->model, name);
  if (definition) return bind_shaped(of, name, definition->value->rank, definition->value->extents, into);
  complain("the model has neither an input nor a definition '%s'", name);
  return false;
}
