/* Lowering: scopes, loops, checks and safe loads. */
#include "compiler/kernel/lower_scope.h"

loop open_loop(lowerer *state, const axis *axes, int axis_count) {
  arena *memory = state->module->memory;
  scope *outer = state->now;
  loop made = {axes, axis_count, outer->locals, outer, outer};
  if (axis_count == 0) return made;
  scope *inner = arena_new(memory, scope);
  whole_range *ranges = arena_array(memory, whole_range, outer->range_count + axis_count);
  for (int k = 0; k < outer->range_count; k++) ranges[k] = outer->ranges[k];
  for (int k = 0; k < axis_count; k++)
    ranges[outer->range_count + k] = (whole_range){axes[k].index, axes[k].lower, axes[k].upper};
  made.locals = inner->locals = arena_new(memory, array_list);
  inner->depth = outer->depth + 1;
  inner->condition = outer->condition;
  inner->ranges = ranges;
  inner->range_count = outer->range_count + axis_count;
  made.inner = state->now = inner;
  return made;
}

void emit(lowerer *state, statement *made) {
  list_push(state->module->memory, &state->now->statements, made);
}

void emit_store(lowerer *state, store what, span where) {
  statement *kernel = kernel_statement(state->module, STATEMENT_KERNEL, where);
  list_push(state->module->memory, &kernel->stores, what);
  emit(state, kernel);
}

static statement *loop_statement(lowerer *state, statement_kind kind, const loop *over, span where) {
  statement *made = kernel_statement(state->module, kind, where);
  for (int k = 0; k < over->axis_count; k++) list_push(state->module->memory, &made->axes, over->axes[k]);
  if (kind == STATEMENT_KERNEL) return made;
  for (int k = 0; k < over->locals->count; k++) list_push(state->module->memory, &made->locals, over->locals->items[k]);
  made->body = over->inner->statements;
  return made;
}

void close_loop(lowerer *state, const loop *made, scalar guard, const store *final, span where) {
  arena *memory = state->module->memory;
  bool plain = made->axis_count == 0 || made->inner->statements.count == 0;
  state->now = made->outer;
  statement *kernel = loop_statement(state, STATEMENT_KERNEL, made, where);
  kernel->guard = guard;
  if (final) list_push(memory, &kernel->stores, *final);
  if (plain) {
    if (final) emit(state, kernel);
    return;
  }
  kernel->axes.count = 0;
  statement *map = loop_statement(state, STATEMENT_MAP, made, where);
  if (final) list_push(memory, &map->body, kernel);
  emit(state, map);
}

void close_recurrence(lowerer *state, const loop *made, span where) {
  state->now = made->outer;
  emit(state, loop_statement(state, STATEMENT_RECURRENCE, made, where));
}

scope *open_arm(lowerer *state, scalar condition) {
  scope *outer = state->now;
  scope *arm = arena_new(state->module->memory, scope);
  *arm = *outer;
  arm->statements = (statement_list){0};
  arm->condition =
      outer->condition == NO_SCALAR ? condition : scalar_binary(state->dag, OP_and, outer->condition, condition);
  state->now = arm;
  return outer;
}

void close_arm(lowerer *state, scope *outer, scalar condition, span where) {
  const scope *arm = state->now;
  state->now = outer;
  if (arm->statements.count == 0) return;
  statement *guarded = kernel_statement(state->module, STATEMENT_MAP, where);
  guarded->guard = condition;
  guarded->body = arm->statements;
  emit(state, guarded);
}

int new_local(lowerer *state, const char *name, scalar_type type, int rank, const scalar *extents, scalar bound,
              span where) {
  kernel_module *module = state->module;
  array made = {.role = ARRAY_LOCAL, .type = type, .rank = rank, .bound = bound, .where = where};
  made.name = name ? name : arena_format(module->memory, "t%d", module->arrays.count);
  scalar *copy = arena_array(module->memory, scalar, rank > 0 ? rank : 1);
  for (int k = 0; k < rank; k++) copy[k] = extents[k];
  made.extents = copy;
  int number = kernel_array(module, made);
  while (state->array_bound.count < number) list_push(module->memory, &state->array_bound, NO_SCALAR);
  list_push(module->memory, &state->array_bound, bound);
  list_push(module->memory, state->now->locals, number);
  for (int k = 0; k < rank; k++) {
    require_nonnegative(state, extents[k], CODE_NEGATIVE_EXTENT, where, "extent %d of '%s' is negative", k + 1,
                        made.name);
  }
  return number;
}

axis new_axis(lowerer *state, int tensor_index, scalar upper) {
  const char *name = tensor_index < 0 ? "i" : scalar_index_name(state->dag, tensor_index);
  return (axis){.index = scalar_new_index(state->dag, name), .lower = scalar_whole(state->dag, 0), .upper = upper};
}

scalar axis_index(lowerer *state, const axis *of) {
  return scalar_index(state->dag, of->index);
}

scalar set_index(lowerer *state, int tensor_index, scalar value) {
  while (state->index_value.count <= tensor_index) list_push(state->module->memory, &state->index_value, NO_SCALAR);
  scalar before = state->index_value.items[tensor_index];
  state->index_value.items[tensor_index] = value;
  return before;
}

whole_facts facts_here(const lowerer *state, bool with_condition) {
  return (whole_facts){.ranges = state->now->ranges,
                       .range_count = state->now->range_count,
                       .array_bound = state->array_bound.items,
                       .array_count = state->array_bound.count,
                       .condition = with_condition ? state->now->condition : NO_SCALAR};
}

/* Does the node depend on extents alone? Then its truth is known on entry. */
static bool of_extents_alone(const scalar_dag *dag, scalar node) {
  const scalar_node *at = scalar_at(dag, node);
  if (at->op == SCALAR_INDEX || at->op == SCALAR_LOAD) return false;
  for (int k = 0; k < at->argument_count; k++)
    if (!of_extents_alone(dag, at->arguments[k])) return false;
  return true;
}

static void push_check(lowerer *state, scope *at, scalar holds, diagnostic_code code, span where, const char *message) {
  statement *made = kernel_statement(state->module, STATEMENT_KERNEL, where);
  int check = kernel_check(state->module, code, where, "%s", message);
  store what = {.kind = STORE_CHECK, .array = -1, .value = holds, .check = check};
  list_push(state->module->memory, &made->stores, what);
  list_push(state->module->memory, &at->statements, made);
}

/* The least value over the loops around of an expression that is affine in every index with constant coefficients, as
 * an expression of extents; the loops' bounds being such expressions too. NO_SCALAR when it is not of that kind.
 * The minimum over a non-empty box is attained at a corner, so nothing is lost. */
static scalar least_over_loops(lowerer *state, scalar node) {
  scalar_dag *dag = state->dag;
  const scope *now = state->now;
  for (int k = now->range_count - 1; k >= 0; k--) {
    const whole_range *range = &now->ranges[k];
    scalar coefficient = whole_coefficient(dag, node, range->index);
    int64_t slope;
    if (coefficient == NO_SCALAR || !scalar_is_whole(dag, coefficient, &slope)) return NO_SCALAR;
    if (!of_extents_alone(dag, range->lower) || !of_extents_alone(dag, range->upper)) return NO_SCALAR;
    if (slope == 0) continue;
    scalar one = scalar_whole(dag, 1);
    scalar last = whole_subtract(dag, range->upper, one);
    scalar corner = slope > 0 ? range->lower : last;
    scalar shift = whole_subtract(dag, corner, scalar_index(dag, range->index));
    node = whole_add(dag, node, whole_multiply(dag, coefficient, shift));
    if (node == NO_SCALAR) return NO_SCALAR;
  }
  return of_extents_alone(dag, node) ? node : NO_SCALAR;
}

/* Some loop around runs no iteration: then what is inside need not hold. */
static scalar some_loop_is_empty(lowerer *state) {
  scalar_dag *dag = state->dag;
  scalar empty = scalar_truth(dag, false);
  for (int k = 0; k < state->now->range_count; k++) {
    const whole_range *range = &state->now->ranges[k];
    scalar none = scalar_binary(dag, OP_ge, range->lower, range->upper);
    empty = scalar_binary(dag, OP_or, empty, none);
  }
  return empty;
}

bool is_surely_evaluated(const lowerer *state) {
  scalar_dag *dag = state->dag;
  if (state->now->condition != NO_SCALAR) return false;
  for (int k = 0; k < state->now->range_count; k++) {
    const whole_range *range = &state->now->ranges[k];
    if (!scalar_is_truth(dag, scalar_binary(dag, OP_lt, range->lower, range->upper), true)) return false;
  }
  return true;
}

void require_nonnegative(lowerer *state, scalar node, diagnostic_code code, span where, const char *format, ...) {
  scalar_dag *dag = state->dag;
  arena *memory = state->module->memory;
  whole_facts facts = facts_here(state, true);
  if (whole_proves_nonnegative(dag, node, &facts)) return;
  va_list arguments;
  va_start(arguments, format);
  const char *message = arena_format_list(memory, format, arguments);
  va_end(arguments);
  scalar zero = scalar_whole(dag, 0);
  scalar least = state->now->condition == NO_SCALAR ? least_over_loops(state, node) : NO_SCALAR;
  if (least == NO_SCALAR) {
    push_check(state, state->now, scalar_binary(dag, OP_ge, node, zero), code, where, message);
    return;
  }
  scalar holds = scalar_binary(dag, OP_ge, least, zero);
  holds = scalar_binary(dag, OP_or, some_loop_is_empty(state), holds);
  if (scalar_is_truth(dag, holds, true)) return;
  if (scalar_is_truth(dag, holds, false)) {
    diagnose(state->report, code, where, "%s", message);
    return;
  }
  for (int k = 0; k < state->checked_early.count; k++)
    if (state->checked_early.items[k] == holds) return;
  list_push(memory, &state->checked_early, holds);
  push_check(state, state->top, holds, code, where, message);
}

void require(lowerer *state, scalar holds, diagnostic_code code, span where, const char *message) {
  if (!scalar_is_truth(state->dag, holds, true)) push_check(state, state->now, holds, code, where, message);
}

/* The two halves of 0 <= subscript < extent, as far as the facts do not prove them; NO_SCALAR when they do. */
static scalar unproved_range(lowerer *state, scalar subscript, scalar extent, const whole_facts *facts) {
  scalar_dag *dag = state->dag;
  scalar zero = scalar_whole(dag, 0);
  scalar below = NO_SCALAR, above = NO_SCALAR;
  if (whole_proves_within(dag, subscript, extent, facts)) return NO_SCALAR;
  if (!whole_proves_nonnegative(dag, subscript, facts)) below = scalar_binary(dag, OP_ge, subscript, zero);
  scalar room = whole_subtract(dag, extent, subscript);
  scalar one = scalar_whole(dag, 1);
  room = whole_subtract(dag, room, one);
  if (room == NO_SCALAR || !whole_proves_nonnegative(dag, room, facts))
    above = scalar_binary(dag, OP_lt, subscript, extent);
  if (below == NO_SCALAR) return above;
  if (above == NO_SCALAR) return below;
  return scalar_binary(dag, OP_and, below, above);
}

void require_within(lowerer *state, scalar subscript, scalar extent, span where) {
  scalar_dag *dag = state->dag;
  whole_facts facts = facts_here(state, true);
  if (whole_proves_within(dag, subscript, extent, &facts)) return;
  text shown = text_create(state->module->memory);
  scalar_write(dag, extent, NULL, NULL, &shown);
  require_nonnegative(state, subscript, CODE_OUT_OF_RANGE, where, "subscript out of range: it must not be negative");
  scalar one = scalar_whole(dag, 1);
  scalar room = whole_subtract(dag, whole_subtract(dag, extent, subscript), one);
  if (room == NO_SCALAR)
    require(state, scalar_binary(dag, OP_lt, subscript, extent), CODE_OUT_OF_RANGE, where, "subscript out of range");
  else
    require_nonnegative(state, room, CODE_OUT_OF_RANGE, where, "subscript out of range: it must be less than %s",
                        shown.data);
}

static scalar zero_of(scalar_dag *dag, scalar_type type) {
  if (type == SCALAR_REAL) return scalar_real(dag, 0);
  return type == SCALAR_WHOLE ? scalar_whole(dag, 0) : scalar_truth(dag, false);
}

/* What must be tested so that the subscripts are in range; NO_SCALAR when the loops around prove it. */
static scalar range_test(lowerer *state, int number, const scalar *subscripts) {
  whole_facts facts = facts_here(state, false);
  scalar test = NO_SCALAR;
  for (int k = 0; k < state->module->arrays.items[number].rank; k++) {
    scalar range = unproved_range(state, subscripts[k], state->module->arrays.items[number].extents[k], &facts);
    if (range == NO_SCALAR) continue;
    test = test == NO_SCALAR ? range : scalar_binary(state->dag, OP_and, test, range);
  }
  return test;
}

/* The test is part of the expression, so that no later transformation can move the load away from it. */
scalar load_safely(lowerer *state, int from, const scalar *subscripts) {
  scalar test = range_test(state, from, subscripts);
  scalar load = kernel_load(state->module, from, subscripts);
  if (test == NO_SCALAR) return load;
  scalar otherwise = zero_of(state->dag, scalar_at(state->dag, load)->type);
  return scalar_select(state->dag, test, load, otherwise);
}

store store_safely(lowerer *state, store_kind kind, int into, const scalar *subscripts, scalar value) {
  store made = kernel_store(state->module, kind, into, subscripts, value);
  made.guard = range_test(state, into, subscripts);
  return made;
}
