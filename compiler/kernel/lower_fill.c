/* Lowering: all elements of a tensor node, written into an array. */
#include "compiler/kernel/lower_scope.h"

/* A destination without its axis number `along`, which stands at `place`. */
static destination at_place(lowerer *state, const destination *into, int rank, int along, scalar place) {
  arena *memory = state->module->memory;
  int array_rank = state->module->arrays.items[into->array].rank;
  scalar *fixed = arena_array(memory, scalar, array_rank);
  for (int k = 0; k < array_rank; k++) fixed[k] = into->fixed[k];
  fixed[into->axis_of[along]] = whole_add(state->dag, into->offset[along], place);
  int *axis_of = arena_array(memory, int, rank);
  scalar *offset = arena_array(memory, scalar, rank);
  for (int k = 0, next = 0; k < rank; k++)
    if (k != along) axis_of[next] = into->axis_of[k], offset[next++] = into->offset[k];
  return (destination){into->array, fixed, axis_of, offset, true};
}

/* A destination whose axis number `along` starts `shift` further. */
static destination shifted(lowerer *state, const destination *into, int rank, int along, scalar shift) {
  scalar *offset = arena_array(state->module->memory, scalar, rank);
  for (int k = 0; k < rank; k++) offset[k] = into->offset[k];
  offset[along] = whole_add(state->dag, offset[along], shift);
  return (destination){into->array, into->fixed, into->axis_of, offset, true};
}

/* Slice writes, one after another. */
static void fill_concat(lowerer *state, const tensor *of, const destination *into) {
  scalar before = scalar_whole(state->dag, 0);
  for (int k = 0; k < of->argument_count; k++) {
    destination part = shifted(state, into, of->rank, of->axis, before);
    fill(state, of->arguments[k], &part);
    before = whole_add(state->dag, before, of->arguments[k]->extents[of->axis]);
  }
}

static void fill_stack(lowerer *state, const tensor *of, const destination *into) {
  for (int k = 0; k < of->argument_count; k++) {
    destination part = at_place(state, into, of->rank, of->axis, scalar_whole(state->dag, k));
    fill(state, of->arguments[k], &part);
  }
}

/* The array's subscripts for an element of the node. */
static const scalar *place_of(lowerer *state, const destination *into, const scalar *subscripts, int rank) {
  int array_rank = state->module->arrays.items[into->array].rank;
  scalar *place = arena_array(state->module->memory, scalar, array_rank > 0 ? array_rank : 1);
  for (int k = 0; k < array_rank; k++) place[k] = into->fixed[k];
  for (int k = 0; k < rank; k++) place[into->axis_of[k]] = whole_add(state->dag, into->offset[k], subscripts[k]);
  return place;
}

/* The loops over a node's axes; an extent written 1 needs none. Subscripts are those of the element. */
static int loops_over(lowerer *state, const tensor *of, axis *axes, scalar *subscripts) {
  int count = 0;
  for (int k = 0; k < of->rank; k++) {
    int64_t extent;
    int named = of->kind == TENSOR_COMPREHENSION && k < of->axis_count ? of->axes[k].index : -1;
    if (scalar_is_whole(state->dag, of->extents[k], &extent) && extent == 1) {
      subscripts[k] = scalar_whole(state->dag, 0);
      continue;
    }
    axes[count] = new_axis(state, named, of->extents[k]);
    subscripts[k] = axis_index(state, &axes[count++]);
  }
  return count;
}

/* The sum that a node's element is, seen through the comprehension around it; NULL when it is something else. */
static const tensor *sum_inside(const tensor *of) {
  if (of->kind == TENSOR_COMPREHENSION) of = of->arguments[0];
  return of->kind == TENSOR_REDUCE && of->reduction == REDUCE_SUM ? of : NULL;
}

/* c[.., t, ..] = c[.., t-1, ..] + x[.., t, ..], in order of t. The other axes are loops around it. */
static void fill_cumulative(lowerer *state, const tensor *of, const destination *into) {
  scalar_dag *dag = state->dag;
  arena *memory = state->module->memory;
  axis *axes = arena_array(memory, axis, of->rank);
  scalar *subscripts = arena_array(memory, scalar, of->rank);
  int others = 0;
  axis time = new_axis(state, -1, of->extents[of->axis]);
  for (int k = 0; k < of->rank; k++) {
    if (k != of->axis) axes[others] = new_axis(state, -1, of->extents[k]);
    subscripts[k] = axis_index(state, k == of->axis ? &time : &axes[others++]);
  }
  loop around = open_loop(state, axes, others);
  loop in_order = open_loop(state, &time, 1);
  scalar added = element(state, of->arguments[0], subscripts);
  const scalar *place = place_of(state, into, subscripts, of->rank);
  scalar one = scalar_whole(dag, 1), zero = scalar_whole(dag, 0);
  scalar now_at = subscripts[of->axis];
  subscripts[of->axis] = whole_subtract(dag, now_at, one);
  scalar before = kernel_load(state->module, into->array, place_of(state, into, subscripts, of->rank));
  scalar later = scalar_binary(dag, OP_ge, subscripts[of->axis], zero);
  before = scalar_select(dag, later, before, scalar_real(dag, 0));
  scalar sum = scalar_binary(dag, OP_add, before, added);
  emit_store(state, store_safely(state, STORE_ASSIGN, into->array, place, sum), of->where);
  close_recurrence(state, &in_order, of->where);
  close_loop(state, &around, NO_SCALAR, NULL, of->where);
}

/* A sum is accumulated where it is wanted: array[place] = 0, then the loops of the sum add to it. */
static void fill_sum(lowerer *state, const tensor *of, const tensor *sum, const scalar *subscripts,
                     const destination *into) {
  const scalar *place = place_of(state, into, subscripts, of->rank);
  scalar zero = scalar_real(state->dag, 0);
  emit_store(state, store_safely(state, STORE_ASSIGN, into->array, place, zero), of->where);
  int named = of->kind == TENSOR_COMPREHENSION ? of->axis_count : 0;
  scalar *before = arena_array(state->module->memory, scalar, named > 0 ? named : 1);
  for (int k = 0; k < named; k++) before[k] = set_index(state, of->axes[k].index, subscripts[k]);
  sum_into(state, sum, subscripts + named, into->array, place);
  for (int k = 0; k < named; k++) set_index(state, of->axes[k].index, before[k]);
}

/* Elements one by one; `from` is an array that holds them already, or -1. */
static void fill_elements(lowerer *state, const tensor *of, int from, const destination *into) {
  arena *memory = state->module->memory;
  int room = of->rank > 0 ? of->rank : 1;
  axis *axes = arena_array(memory, axis, room);
  scalar *subscripts = arena_array(memory, scalar, room);
  loop over = open_loop(state, axes, loops_over(state, of, axes, subscripts));
  const tensor *sum = into->is_part ? NULL : sum_inside(of);
  if (sum) {
    fill_sum(state, of, sum, subscripts, into);
    close_loop(state, &over, NO_SCALAR, NULL, of->where);
    return;
  }
  scalar value = from < 0 ? element(state, of, subscripts) : load_safely(state, from, subscripts);
  const scalar *place = place_of(state, into, subscripts, of->rank);
  store final = store_safely(state, STORE_ASSIGN, into->array, place, value);
  close_loop(state, &over, NO_SCALAR, &final, of->where);
}

void fill_broadcast(lowerer *state, const tensor *of, int rank, const scalar *extents, const destination *into) {
  tensor always = {.kind = TENSOR_CONSTANT, .type = SCALAR_TRUTH, .value = scalar_truth(state->dag, true)};
  tensor *arguments[3] = {&always, (tensor *)of, (tensor *)of};
  tensor spread = {.kind = TENSOR_SELECT, .type = of->type, .rank = rank, .extents = extents, .where = of->where};
  spread.argument_count = 3;
  spread.arguments = arguments;
  fill(state, &spread, into);
}

/* A choice whose first arm exists only as a whole array: each arm under its condition. */
static void fill_guarded(lowerer *state, const tensor *of, const destination *into) {
  scalar condition = element(state, of->arguments[0], NULL);
  scalar opposite = scalar_unary(state->dag, OP_not, condition);
  destination part = *into;
  part.is_part = true;
  if (!scalar_is_truth(state->dag, condition, false)) {
    scope *outer = open_arm(state, condition);
    fill(state, of->arguments[1], &part);
    close_arm(state, outer, condition, of->where);
  }
  if (scalar_is_truth(state->dag, condition, true)) return;
  scope *outer = open_arm(state, opposite);
  fill_broadcast(state, of->arguments[2], of->rank, of->extents, &part);
  close_arm(state, outer, opposite, of->where);
}

static bool is_guarded_array(const tensor *of) {
  const tensor *arm = of->arguments[1];
  if (of->rank == 0 || of->arguments[0]->rank > 0 || arm->rank != of->rank) return false;
  for (int k = 0; k < of->rank; k++)
    if (arm->extents[k] != of->extents[k]) return false;
  return arm->kind == TENSOR_LET || arm->kind == TENSOR_CONCAT || arm->kind == TENSOR_STACK ||
         arm->kind == TENSOR_CUMULATIVE || arm->kind == TENSOR_SEARCH;
}

/* Is there a search whose result is an array, which must not be repeated for each of its entries? */
static bool searches_for_array(const tensor *of) {
  if (of->rank == 0) return false;
  if (of->kind == TENSOR_SEARCH) return true;
  if (of->kind != TENSOR_LET) return false;
  for (int k = 0; k < of->binding_count; k++)
    if (searches_for_array(of->bindings[k]->value)) return true;
  return searches_for_array(of->arguments[0]);
}

/* The loops of a comprehension, and inside them all elements of its body. */
static void fill_one_by_one(lowerer *state, const tensor *of, const destination *into) {
  arena *memory = state->module->memory;
  int count = of->axis_count;
  axis *axes = arena_array(memory, axis, count);
  scalar *before = arena_array(memory, scalar, count);
  destination part = *into;
  for (int k = 0; k < count; k++) axes[k] = new_axis(state, of->axes[k].index, of->extents[k]);
  loop over = open_loop(state, axes, count);
  for (int k = 0; k < count; k++) {
    scalar at = axis_index(state, &axes[k]);
    before[k] = set_index(state, of->axes[k].index, at);
    part = at_place(state, &part, of->rank - k, 0, at);
  }
  fill(state, of->arguments[0], &part);
  for (int k = 0; k < count; k++) set_index(state, of->axes[k].index, before[k]);
  close_loop(state, &over, NO_SCALAR, NULL, of->where);
}

void fill(lowerer *state, const tensor *of, const destination *into) {
  switch (of->kind) {
  case TENSOR_LET:
    enter_bindings(state, of);
    fill(state, of->arguments[0], into);
    return;
  case TENSOR_CONCAT: fill_concat(state, of, into); return;
  case TENSOR_STACK: fill_stack(state, of, into); return;
  case TENSOR_CUMULATIVE:
    if (into->is_part)
      fill_elements(state, of, materialise(state, of, NULL), into);
    else
      fill_cumulative(state, of, into);
    return;
  case TENSOR_SEARCH:
    if (of->rank == 0)
      fill_elements(state, of, -1, into);
    else
      fill_elements(state, of, lower_search(state, of), into);
    return;
  case TENSOR_COMPREHENSION:
    if (searches_for_array(of->arguments[0]))
      fill_one_by_one(state, of, into);
    else
      fill_elements(state, of, -1, into);
    return;
  case TENSOR_SELECT:
    if (is_guarded_array(of))
      fill_guarded(state, of, into);
    else
      fill_elements(state, of, -1, into);
    return;
  default: fill_elements(state, of, -1, into); return;
  }
}

destination whole_destination(lowerer *state, int of) {
  arena *memory = state->module->memory;
  int rank = state->module->arrays.items[of].rank;
  scalar *zero = arena_array(memory, scalar, rank);
  int *axis_of = arena_array(memory, int, rank);
  for (int k = 0; k < rank; k++) zero[k] = scalar_whole(state->dag, 0), axis_of[k] = k;
  return (destination){of, zero, axis_of, zero, false};
}

void fill_array(lowerer *state, const tensor *of, int into) {
  destination place = whole_destination(state, into);
  fill(state, of, &place);
}

int materialise(lowerer *state, const tensor *of, const char *name) {
  int made = new_local(state, name, of->type, of->rank, of->extents, NO_SCALAR, of->where);
  fill_array(state, of, made);
  return made;
}
