/* Lowering: reductions. Each becomes a loop that leaves its result in a local of the current scope. */
#include "compiler/kernel/lower_scope.h"
#include <math.h>

/* The loops of a reduction, being built: `condition` holds where an entry takes part. A limit that needs statements of
 * its own, or a proof about outer indices, starts a new loop inside those before it. */
typedef struct {
  axis *axes;
  scalar *before; /* what stood for the tensor's indices */
  loop *levels;   /* from the outermost inwards; each over the next axes */
  int level_count;
  scope *outside_arm;
  scalar condition;
} reduction_loop;

/* Is the limit an expression of extents and indices, which is the same in every scope? */
static bool is_plain_limit(const tensor *limit) {
  if (limit->kind == TENSOR_CONSTANT || limit->kind == TENSOR_INDEX) return true;
  if (limit->kind != TENSOR_APPLY || limit->op == OP_whole_quotient || limit->op == OP_whole_remainder) return false;
  for (int k = 0; k < limit->argument_count; k++)
    if (!is_plain_limit(limit->arguments[k])) return false;
  return true;
}

/* Opens the loops and, where there is a condition, its arm: what the body needs runs only for what takes part. */
static reduction_loop open_reduction(lowerer *state, const tensor *of) {
  arena *memory = state->module->memory;
  reduction_loop made = {.axes = arena_array(memory, axis, of->axis_count),
                         .before = arena_array(memory, scalar, of->axis_count),
                         .levels = arena_array(memory, loop, of->axis_count + 1)};
  int opened = 0;
  for (int k = 0; k < of->axis_count; k++) {
    const tensor *limit = of->axes[k].limit;
    if (!is_plain_limit(limit) && k > opened) {
      made.levels[made.level_count++] = open_loop(state, made.axes + opened, k - opened);
      opened = k;
    }
    made.axes[k] = new_axis(state, of->axes[k].index, element(state, limit, NULL));
    made.before[k] = set_index(state, of->axes[k].index, axis_index(state, &made.axes[k]));
  }
  made.levels[made.level_count++] = open_loop(state, made.axes + opened, of->axis_count - opened);
  if (!of->condition) return made;
  made.condition = element(state, of->condition, NULL);
  made.outside_arm = open_arm(state, made.condition);
  return made;
}

/* Ends the arm of the condition and gives the indices back; the loops themselves are still open. */
static void end_body(lowerer *state, const tensor *of, const reduction_loop *made) {
  if (of->condition) close_arm(state, made->outside_arm, made->condition, of->where);
  for (int k = 0; k < of->axis_count; k++) set_index(state, of->axes[k].index, made->before[k]);
}

/* Closes the loops with a last store. */
static void close_reduction(lowerer *state, const reduction_loop *made, scalar guard, const store *final, span where) {
  int innermost = made->level_count - 1;
  close_loop(state, &made->levels[innermost], guard, final, where);
  for (int k = innermost - 1; k >= 0; k--) close_loop(state, &made->levels[k], NO_SCALAR, NULL, where);
}

/* into[place] (kind)= the body's value, over the reduction's loops. `constant` stands in for the body unless
 * NO_SCALAR (counting). */
static void accumulate(lowerer *state, const tensor *of, const scalar *subscripts, store_kind kind, int into,
                       const scalar *place, scalar constant) {
  reduction_loop made = open_reduction(state, of);
  scalar value = constant;
  if (value == NO_SCALAR) value = element(state, of->arguments[0], subscripts);
  if (scalar_at(state->dag, value)->type == SCALAR_TRUTH) value = scalar_unary(state->dag, OP_real_of_truth, value);
  end_body(state, of, &made);
  store final = store_safely(state, kind, into, place, value);
  close_reduction(state, &made, made.condition, &final, of->where);
}

void sum_into(lowerer *state, const tensor *of, const scalar *subscripts, int into, const scalar *place) {
  accumulate(state, of, subscripts, STORE_ADD, into, place, NO_SCALAR);
}

/* A local scalar with a first value. */
static int new_scalar(lowerer *state, double first, span where) {
  int made = new_local(state, NULL, SCALAR_REAL, 0, NULL, NO_SCALAR, where);
  scalar value = scalar_real(state->dag, first);
  emit_store(state, kernel_store(state->module, STORE_ASSIGN, made, NULL, value), where);
  return made;
}

static scalar sum(lowerer *state, const tensor *of, const scalar *subscripts, scalar constant) {
  int total = new_scalar(state, 0, of->where);
  accumulate(state, of, subscripts, STORE_ADD, total, NULL, constant);
  return kernel_load(state->module, total, NULL);
}

/* The number of entries that take part, as a real number: a product of extents where it can be. */
static scalar count(lowerer *state, const tensor *of, const scalar *subscripts) {
  scalar_dag *dag = state->dag;
  scalar product = scalar_whole(dag, 1);
  for (int k = 0; k < of->axis_count && !of->condition; k++) {
    const tensor *limit = of->axes[k].limit;
    product = limit->kind == TENSOR_CONSTANT ? whole_multiply(dag, product, limit->value) : NO_SCALAR;
  }
  if (!of->condition && product != NO_SCALAR) return scalar_unary(dag, OP_real_of_whole, product);
  return sum(state, of, subscripts, scalar_real(dag, 1));
}

/* An expression of extents that is at least `node` wherever this place is reached. */
static scalar bounded(lowerer *state, scalar node, span where) {
  whole_facts facts = facts_here(state, true);
  scalar bound = whole_upper_bound(state->dag, node, &facts);
  if (bound != NO_SCALAR) return bound;
  diagnose(state->report, CODE_UNBOUNDED_LIMIT, where, "nothing bounds how far this index runs");
  diagnose_hint(state->report, "give a limit that is an expression of extents, indices and index data");
  return scalar_whole(state->dag, 0);
}

/* p[0] = 1; in order of k: p[k+1] = p[k]*e(k). Division of the whole product by one factor would fail at zeros; the
 * recurrence keeps every partial product for the reverse sweep. Several indices are nested products. */
static scalar product(lowerer *state, const tensor *of, const scalar *subscripts, int axis_number) {
  scalar_dag *dag = state->dag;
  kernel_module *module = state->module;
  scalar one = scalar_whole(dag, 1), zero = scalar_whole(dag, 0), unit = scalar_real(dag, 1);
  scalar upper = element(state, of->axes[axis_number].limit, NULL);
  scalar extent = whole_add(dag, bounded(state, upper, of->where), one);
  int partial = new_local(state, NULL, SCALAR_REAL, 1, &extent, NO_SCALAR, of->where);
  emit_store(state, kernel_store(module, STORE_ASSIGN, partial, &zero, unit), of->where);
  axis in_order = new_axis(state, of->axes[axis_number].index, upper);
  scalar index = axis_index(state, &in_order);
  scalar before = set_index(state, of->axes[axis_number].index, index);
  loop over = open_loop(state, &in_order, 1);
  bool innermost = axis_number + 1 == of->axis_count;
  scalar condition = innermost && of->condition ? element(state, of->condition, NULL) : NO_SCALAR;
  scope *outside = condition != NO_SCALAR ? open_arm(state, condition) : NULL;
  scalar factor =
      innermost ? element(state, of->arguments[0], subscripts) : product(state, of, subscripts, axis_number + 1);
  if (condition != NO_SCALAR) {
    close_arm(state, outside, condition, of->where);
    factor = scalar_select(dag, condition, factor, unit);
  }
  set_index(state, of->axes[axis_number].index, before);
  scalar value = scalar_binary(dag, OP_mul, load_safely(state, partial, &index), factor);
  scalar next = whole_add(dag, index, one);
  emit_store(state, kernel_store(module, STORE_ASSIGN, partial, &next, value), of->where);
  close_recurrence(state, &over, of->where);
  scalar any = scalar_binary(dag, OP_gt, upper, zero);
  return scalar_select(dag, any, load_safely(state, partial, &upper), unit);
}

/* The box that holds every combination of a reduction's indices, as extents. Called inside its loops. */
static void box_of(lowerer *state, const tensor *of, const axis *axes, scalar *box) {
  for (int k = 0; k < of->axis_count; k++) box[k] = bounded(state, axes[k].upper, of->axes[k].where);
}

static scalar linear_place(lowerer *state, const tensor *of, const axis *axes, const scalar *box) {
  scalar place = scalar_whole(state->dag, 0);
  for (int k = 0; k < of->axis_count; k++) {
    scalar row = whole_multiply(state->dag, place, box[k]);
    place = whole_add(state->dag, row, axis_index(state, &axes[k]));
  }
  return place;
}

/* The entries of a reduction's body in an array over its box, and whether each takes part in another: a truth where a
 * condition tells, 1 or 0 where loops inside loops reach a part of the box (`in_part`), -1 when all do. The arrays
 * belong to the scope around the loops. */
typedef struct {
  int values, takes_part;
  bool in_part;
  scalar *box;
} stored_body;

/* Notes that an entry takes part. Inside the loops; the array is one of the scope around them. */
static void store_takes_part(lowerer *state, const stored_body *into, const scalar *place, scalar condition,
                             span where) {
  kernel_module *module = state->module;
  scalar one = scalar_real(state->dag, 1), none = scalar_real(state->dag, 0);
  if (into->in_part) {
    scalar counted = condition == NO_SCALAR ? one : scalar_select(state->dag, condition, one, none);
    emit_store(state, kernel_store(module, STORE_ADD, into->takes_part, place, counted), where);
  } else if (into->takes_part >= 0) {
    emit_store(state, kernel_store(module, STORE_ASSIGN, into->takes_part, place, condition), where);
  }
}

static stored_body store_body(lowerer *state, const tensor *of, const scalar *subscripts) {
  arena *memory = state->module->memory;
  stored_body made = {-1, -1, false, arena_array(memory, scalar, of->axis_count)};
  scalar *place = arena_array(memory, scalar, of->axis_count);
  reduction_loop over = open_reduction(state, of);
  scalar value = element(state, of->arguments[0], subscripts);
  end_body(state, of, &over);
  box_of(state, of, over.axes, made.box);
  for (int k = 0; k < of->axis_count; k++) place[k] = axis_index(state, &over.axes[k]);
  scope *inside = state->now;
  state->now = over.levels[0].outer;
  made.values = new_local(state, NULL, SCALAR_REAL, of->axis_count, made.box, NO_SCALAR, of->where);
  made.in_part = over.level_count > 1;
  scalar_type type = made.in_part ? SCALAR_REAL : SCALAR_TRUTH;
  if (of->condition || made.in_part)
    made.takes_part = new_local(state, NULL, type, of->axis_count, made.box, NO_SCALAR, of->where);
  if (made.in_part) emit(state, kernel_fill(state->module, made.takes_part, scalar_real(state->dag, 0), of->where));
  state->now = inside;
  store_takes_part(state, &made, place, over.condition, of->where);
  store final = kernel_store(state->module, STORE_ASSIGN, made.values, place, value);
  close_reduction(state, &over, over.condition, &final, of->where);
  return made;
}

/* A second pass over a stored body: fresh loops, their places, the value there and whether it takes part. */
typedef struct {
  reduction_loop over;
  scalar value, takes_part;
} second_pass;

/* One loop over the whole box of what several loops have stored: a store such as argmax compares all that it sees in
 * one run of its kernel. */
static reduction_loop open_box(lowerer *state, const tensor *of, const scalar *box) {
  arena *memory = state->module->memory;
  reduction_loop made = {.axes = arena_array(memory, axis, of->axis_count),
                         .before = arena_array(memory, scalar, of->axis_count),
                         .levels = arena_new(memory, loop),
                         .level_count = 1};
  for (int k = 0; k < of->axis_count; k++) {
    made.axes[k] = new_axis(state, of->axes[k].index, box[k]);
    made.before[k] = set_index(state, of->axes[k].index, axis_index(state, &made.axes[k]));
  }
  made.levels[0] = open_loop(state, made.axes, of->axis_count);
  return made;
}

static second_pass open_second_pass(lowerer *state, const tensor *of, const stored_body *from) {
  second_pass made = {.takes_part = NO_SCALAR};
  tensor bare = *of;
  bare.condition = NULL;
  made.over = from->in_part ? open_box(state, of, from->box) : open_reduction(state, &bare);
  scalar *place = arena_array(state->module->memory, scalar, of->axis_count);
  for (int k = 0; k < of->axis_count; k++) place[k] = axis_index(state, &made.over.axes[k]);
  made.value = load_safely(state, from->values, place);
  if (from->takes_part >= 0) made.takes_part = load_safely(state, from->takes_part, place);
  if (from->in_part) made.takes_part = scalar_binary(state->dag, OP_gt, made.takes_part, scalar_real(state->dag, 0));
  end_body(state, &bare, &made.over);
  return made;
}

/* The largest value of the body; -inf over nothing. */
static scalar largest(lowerer *state, const tensor *of, const scalar *subscripts) {
  int most = new_scalar(state, -INFINITY, of->where);
  accumulate(state, of, subscripts, STORE_MAXIMUM, most, NULL, NO_SCALAR);
  return kernel_load(state->module, most, NULL);
}

/* A loop that runs no iteration, whatever the data: then its max has no value, and the model is wrong. */
static void refuse_empty(lowerer *state, const tensor *of, const char *message) {
  for (int k = 0; k < of->axis_count; k++) {
    int64_t limit;
    if (of->axes[k].limit->kind != TENSOR_CONSTANT) continue;
    if (!scalar_is_whole(state->dag, of->axes[k].limit->value, &limit) || limit > 0) continue;
    if (!is_surely_evaluated(state)) return;
    diagnose(state->report, CODE_EMPTY_RANGE, of->where, "%s", message);
    return;
  }
}

/* max is a gather at argmax, so that it is right at every order: where = argmax of the body; value = body there. */
static scalar extreme(lowerer *state, const tensor *of, const scalar *subscripts) {
  scalar_dag *dag = state->dag;
  kernel_module *module = state->module;
  const char *message =
      of->reduction == REDUCE_MAX ? "max over an empty range has no value" : "min over an empty range has no value";
  refuse_empty(state, of, message);
  stored_body body = store_body(state, of, subscripts);
  scalar size = scalar_whole(dag, 1);
  for (int k = 0; k < of->axis_count; k++) size = whole_multiply(dag, size, body.box[k]);
  int where = new_local(state, NULL, SCALAR_WHOLE, 0, NULL, size, of->where);
  second_pass pass = open_second_pass(state, of, &body);
  store_kind kind = of->reduction == REDUCE_MAX ? STORE_ARGMAX : STORE_ARGMIN;
  store final = kernel_store(module, kind, where, NULL, pass.value);
  final.position = linear_place(state, of, pass.over.axes, body.box);
  final.check = kernel_check(module, CODE_EMPTY_RANGE, of->where, "%s", message);
  close_reduction(state, &pass.over, pass.takes_part, &final, of->where);
  scalar *place = arena_array(module->memory, scalar, of->axis_count);
  scalar linear = kernel_load(module, where, NULL);
  for (int k = of->axis_count - 1; k >= 0; k--) {
    place[k] = k > 0 ? whole_remainder(dag, linear, body.box[k]) : linear;
    if (k > 0) linear = whole_quotient(dag, linear, body.box[k]);
  }
  return load_safely(state, body.values, place);
}

/* m + log sum exp(e - m), where m is the largest e, or 0 when that is not finite; all -inf gives -inf with derivative
 * 0. The derivative is not taken through m, which cancels. */
static scalar logsumexp(lowerer *state, const tensor *of, const scalar *subscripts) {
  scalar_dag *dag = state->dag;
  kernel_module *module = state->module;
  stored_body body = store_body(state, of, subscripts);
  scalar infinity = scalar_real(dag, INFINITY), none = scalar_real(dag, 0);
  int most = new_scalar(state, -INFINITY, of->where);
  second_pass pass = open_second_pass(state, of, &body);
  store maximum = kernel_store(module, STORE_MAXIMUM, most, NULL, pass.value);
  close_reduction(state, &pass.over, pass.takes_part, &maximum, of->where);
  scalar shift = scalar_unary(dag, OP_stop, kernel_load(module, most, NULL));
  scalar finite = scalar_binary(dag, OP_lt, scalar_unary(dag, OP_abs, shift), infinity);
  shift = scalar_select(dag, finite, shift, none);
  int total = new_scalar(state, 0, of->where);
  pass = open_second_pass(state, of, &body);
  scalar term = scalar_unary(dag, OP_exp, scalar_binary(dag, OP_sub, pass.value, shift));
  store add = kernel_store(module, STORE_ADD, total, NULL, term);
  close_reduction(state, &pass.over, pass.takes_part, &add, of->where);
  scalar sum_of_exp = kernel_load(module, total, NULL);
  scalar empty = scalar_binary(dag, OP_eq, sum_of_exp, none);
  scalar value = scalar_binary(dag, OP_add, shift, scalar_unary(dag, OP_log, sum_of_exp));
  scalar lowest = scalar_real(dag, -INFINITY);
  return scalar_select(dag, empty, lowest, value);
}

/* any: how many hold is not 0; all: how many fail is 0. */
static scalar quantifier(lowerer *state, const tensor *of, const scalar *subscripts) {
  scalar_dag *dag = state->dag;
  scalar none = scalar_real(dag, 0);
  scalar holding = sum(state, of, subscripts, NO_SCALAR);
  if (of->reduction == REDUCE_ANY) return scalar_binary(dag, OP_gt, holding, none);
  scalar taking_part = count(state, of, subscripts);
  return scalar_binary(dag, OP_eq, holding, taking_part);
}

scalar reduce(lowerer *state, const tensor *of, const scalar *subscripts) {
  switch (of->reduction) {
  case REDUCE_SUM: return sum(state, of, subscripts, NO_SCALAR);
  case REDUCE_PROD: return product(state, of, subscripts, 0);
  case REDUCE_MAX:
  case REDUCE_MIN: return extreme(state, of, subscripts);
  case REDUCE_LOGSUMEXP: return logsumexp(state, of, subscripts);
  case REDUCE_LARGEST: return largest(state, of, subscripts);
  case REDUCE_ANY:
  case REDUCE_ALL: return quantifier(state, of, subscripts);
  case REDUCE_MEAN: {
    scalar total = sum(state, of, subscripts, NO_SCALAR);
    scalar entries = count(state, of, subscripts);
    return scalar_binary(state->dag, OP_div, total, entries);
  }
  }
  return NO_SCALAR;
}
