/* Listed vars as one vector (see variables.h). */
#include "compiler/library/variables.h"

#include <math.h>
#include <string.h>

static const char *var_name(const listed_vars *in, int var) {
  return in->of->model->inputs.items[in->vector.vars.items[var].input].name;
}

adjoin_status listed_mistake(mistakes *found, adjoin_status status, diagnostic_code code, const char *message) {
  add_mistake(found, status, code, message);
  return status;
}

void listed_report_to(listed_vars *in, mistakes *found) {
  arena_set_escape(in->memory, found->escape);
  in->reports = (reporting){.memory = in->memory, .receive = add_binding_mistake, .receiver = found};
  in->bound = in->of->bound;
  in->bound.with = &in->reports;
}

/* ---- what moves ---- */

/* Finds the var that each of the list names. */
static adjoin_status find_variables(listed_vars *in, mistakes *found) {
  in->of_var = arena_array(in->memory, const adjoin_variable *, in->vector.vars.count + 1);
  for (int k = 0; k < in->count; k++) {
    const adjoin_variable *each = &in->variables[k];
    if (!each->name)
      return listed_mistake(found, ADJOIN_USE, CODE_WRONG_CALL,
                            arena_format(in->memory, "%s: a variable without a name", in->caller));
    int number = find_input(in->bound.model, each->name), var = number < 0 ? -1 : var_of_input(&in->vector, number);
    if (var < 0)
      return listed_mistake(found, ADJOIN_BINDING, CODE_UNKNOWN_NAME,
                            arena_format(in->memory, "the model has no var '%s'", each->name));
    if (in->of_var[var])
      return listed_mistake(found, ADJOIN_USE, CODE_WRONG_CALL,
                            arena_format(in->memory, "'%s' is listed twice", each->name));
    if (!each->x && in->vector.vars.items[var].count)
      return listed_mistake(
          found, ADJOIN_USE, CODE_WRONG_CALL,
          arena_format(in->memory, "the x of '%s' is NULL: it is where it starts and ends", each->name));
    in->of_var[var] = each;
  }
  return ADJOIN_OK;
}

/* What of one var moves, by the list alone. */
static adjoin_status apply_mask(listed_vars *in, int var, mistakes *found) {
  const kernel_var *place = &in->vector.vars.items[var];
  const adjoin_variable *from = in->of_var[var];
  for (int64_t k = 0; k < place->count; k++) {
    unsigned char free_entry = !from ? 0 : from->mask ? from->mask[k] : 1;
    if (free_entry > 1)
      return listed_mistake(found, ADJOIN_USE, CODE_WRONG_CALL,
                            arena_format(in->memory, "the mask of %s is %d: 1 is for what may move, 0 for what may not",
                                         var_entry_name(&in->vector, place->offset + k), free_entry));
    in->vector.mask[place->offset + k] &= free_entry;
  }
  return ADJOIN_OK;
}

adjoin_status listed_choose_free(listed_vars *in, mistakes *found) {
  const tensor_program *model = in->bound.model;
  if (!var_vector_create(&in->bound, &in->vector)) return ADJOIN_BINDING;
  adjoin_status status = find_variables(in, found);
  for (int k = 0; k < in->vector.vars.count && status == ADJOIN_OK; k++) status = apply_mask(in, k, found);
  if (status != ADJOIN_OK) return status;
  diagnostics *wrong = diagnostics_create(in->memory, model->from);
  if (!var_vector_freeze(&in->vector, wrong)) {
    add_mistakes(found, ADJOIN_BINDING, wrong);
    return ADJOIN_BINDING;
  }
  var_vector_count(&in->vector);
  return ADJOIN_OK;
}

adjoin_status listed_lay_out(listed_vars *in, mistakes *found) {
  int vars = in->vector.vars.count;
  double **vectors[] = {&in->x, &in->lower, &in->upper};
  for (int k = 0; k < 3; k++) *vectors[k] = arena_array(in->memory, double, in->vector.size + 1);
  int inputs = in->bound.model->inputs.count;
  in->kept = arena_array(in->memory, const void *, inputs + 1);
  memcpy(in->kept, in->bound.pointers, (size_t)inputs * sizeof *in->kept);
  for (int k = 0; k < vars; k++) {
    const kernel_var *var = &in->vector.vars.items[k];
    const void *from = in->of_var[k] ? in->of_var[k]->x : in->kept[var->input];
    if (var->count && !from)
      return listed_mistake(found, ADJOIN_BINDING, CODE_INPUT,
                            arena_format(in->memory, "the var '%s' is not listed and has no array", var_name(in, k)));
    if (var->count) memcpy(in->x + var->offset, from, (size_t)var->count * sizeof *in->x);
  }
  return ADJOIN_OK;
}

/* ---- bounds ---- */

/* The caller's bounds of a var, or the model's, or none. */
static adjoin_status fill_bound(listed_vars *in, int var, adjoin_declared which) {
  bool is_lower = which == ADJOIN_LOWER;
  const kernel_var *place = &in->vector.vars.items[var];
  const adjoin_array *declared = &in->of->model->inputs.items[place->input];
  double *into = (is_lower ? in->lower : in->upper) + place->offset;
  const double *given = in->of_var[var] ? (is_lower ? in->of_var[var]->lower : in->of_var[var]->upper) : NULL;
  for (int64_t k = 0; k < place->count; k++) into[k] = given ? given[k] : is_lower ? -INFINITY : INFINITY;
  if (given || !in->of_var[var] || !place->count || !(is_lower ? declared->has_lower : declared->has_upper))
    return ADJOIN_OK;
  return adjoin_declared_values(in->of, declared->name, which, into);
}

adjoin_status listed_fill_bounds(listed_vars *in) {
  adjoin_status status = ADJOIN_OK;
  for (int k = 0; k < in->vector.vars.count && status == ADJOIN_OK; k++) {
    status = fill_bound(in, k, ADJOIN_LOWER);
    if (status == ADJOIN_OK) status = fill_bound(in, k, ADJOIN_UPPER);
  }
  return status;
}

/* ---- the end ---- */

void listed_give_back(const listed_vars *in) {
  for (int k = 0; k < in->vector.vars.count; k++) {
    const kernel_var *var = &in->vector.vars.items[k];
    if (in->of_var[k] && var->count) memcpy(in->of_var[k]->x, in->x + var->offset, (size_t)var->count * sizeof *in->x);
  }
}

void listed_leave(const listed_vars *in) {
  adjoin_instance *of = in->of;
  memcpy(of->bound.pointers, in->kept, (size_t)of->bound.model->inputs.count * sizeof *in->kept);
  if (of->ready) memset(of->ready, 0, (size_t)of->ready_count * sizeof *of->ready);
}

bool listed_search_failed(const void *from, int status) {
  return session_is_search(from, status);
}
