/* Given arrays -> bound inputs (see bind_entries.h). */
#include "compiler/cli/bind_entries.h"

#include "runtime/initial_weights.h"

#include <math.h>
#include <string.h>

given_shape shape_given(const host_array *of, const char *origin) {
  return (given_shape){
      .given = true, .rank = of->rank, .extents = of->extents, .column = of->column, .row = of->row, .origin = origin};
}

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

bool bind_draw_weight(const bound_model *of, int number, uint64_t seed, size_t start, double *entries) {
  const input *declared = &of->model->inputs.items[number];
  const char *name = declared->name;
  int64_t fan_in;
  if (!bind_extent(of, declared->fan_in, name, &fan_in)) return false;
  if (start) name = arena_format(of->with->memory, "%s, start %zu", name, start);
  fill_kaiming_uniform(entries, (size_t)of->inputs[number].value.count, seed, name, fan_in);
  return true;
}

/* Weights that nothing gave. */
static bool draw_weights(bound_model *of, const given_shape *shapes, uint64_t seed) {
  for (int k = 0; k < of->model->inputs.count; k++) {
    quantity drawn;
    if (!shapes[k].later) continue;
    of->inputs[k].drawn = true;
    if (!bind_quantity(of, of->model->inputs.items[k].name, &drawn)) return false;
    if (!bind_draw_weight(of, k, seed, 0, drawn.entries) || !bind_fill(of, k, drawn.entries, false)) return false;
  }
  return true;
}

bool bind_inputs(bound_model *into, const given_arrays *given, int defaults, bool strict) {
  int count = given->model->inputs.count;
  if (given->draw_weights && !given->model->networks.count) {
    complain("--init draws the weights of networks, and the model has none (`var net f = linear(1, 8) -> tanh ...`)");
    return false;
  }
  given_shape *shapes = arena_array(given->with->memory, given_shape, count + 1);
  for (int k = 0; k < count; k++)
    if (given->of_input[k])
      shapes[k] = shape_given(&given->of_input[k]->array, given->of_input[k]->origin);
    else
      shapes[k].later = given->draw_weights && given->model->inputs.items[k].network >= 0;
  extent_sources from = {.remedy = "--dim NAME=NUMBER", .start = given->start, .defaults = defaults};
  if (!bind_shapes(into, &given->with->reports, given->model, given->dimension_count, shapes, &from)) return false;
  bool good = true;
  for (int k = 0; k < count; k++)
    if (given->of_input[k]) good = bind_fill(into, k, given->of_input[k]->array.entries, strict) && good;
  good = draw_weights(into, shapes, given->seed) && good;
  return good;
}

bool bind_assignment(const bound_model *inputs, const char *option, const assignment *given, quantity *into) {
  host_array values;
  array_error error;
  if (!read_value(given->value, &values, &error)) {
    complain("%s %s: %s", option, given->name, error.message);
    return false;
  }
  int number = find_input(inputs->model, given->name);
  const binding *definition = number < 0 ? find_definition(inputs->model, given->name) : NULL;
  int rank = definition ? definition->value->rank : inputs->model->inputs.items[number].rank;
  const scalar *extents = definition ? definition->value->extents : inputs->model->inputs.items[number].extents;
  int64_t *shape = arena_array(inputs->with->memory, int64_t, rank + 1);
  bool good = bind_quantity(inputs, given->name, into);
  given_shape as_given = shape_given(&values, given->name);
  bool fits = good && fits_shape(inputs, &as_given, rank, extents, shape);
  for (int k = 0; k < rank && fits; k++) fits = shape[k] == into->extents[k];
  if (fits) memcpy(into->entries, values.entries, (size_t)into->count * sizeof(double));
  if (good && !fits)
    complain("%s %s is given as %s, where %s is needed", option, given->name,
             numeric_shape(inputs->with, values.rank, values.extents),
             numeric_shape(inputs->with, rank, into->extents));
  host_array_release(&values);
  return fits;
}
