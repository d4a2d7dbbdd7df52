/* Lowering: one element of a tensor node, as a scalar expression. */
#include "compiler/kernel/lower_scope.h"

enum { MAXIMUM_RANK = 32 };

/* The subscripts of an operand that is broadcast to a node: leading axes fall away, extents written 1 stay at 0. */
static scalar operand_element(lowerer *state, const tensor *node, const tensor *operand, const scalar *subscripts) {
  scalar own[MAXIMUM_RANK];
  int missing = node->rank - operand->rank;
  for (int k = 0; k < operand->rank; k++) {
    int64_t extent;
    bool stretched = scalar_is_whole(state->dag, operand->extents[k], &extent) && extent == 1;
    own[k] = stretched ? scalar_whole(state->dag, 0) : subscripts[missing + k];
  }
  return element(state, operand, own);
}

static void require_divisor(lowerer *state, scalar divisor, span where) {
  scalar_dag *dag = state->dag;
  whole_facts facts = facts_here(state, true);
  scalar zero = scalar_whole(dag, 0), one = scalar_whole(dag, 1);
  scalar positive = whole_subtract(dag, divisor, one);
  if (positive != NO_SCALAR && whole_proves_nonnegative(dag, positive, &facts)) return;
  if (divisor == zero && is_surely_evaluated(state))
    diagnose(state->report, CODE_DIVISION_BY_ZERO, where, "a whole number is divided by zero");
  else
    require(state, scalar_binary(dag, OP_ne, divisor, zero), CODE_DIVISION_BY_ZERO, where,
            "division of whole numbers by zero");
}

/* Messages about kinks point there. */
static void note_place(lowerer *state, const tensor *of, scalar made) {
  bool kink = scalar_row(of->op)->flags & (OP_KINK | OP_SINGULAR);
  if (made == NO_SCALAR || (!kink && (of->op < OP_lt || of->op > OP_ne))) return;
  lowered_place place = {made, of->where};
  list_push(state->module->memory, &state->base.places, place);
}

static scalar element_of_apply(lowerer *state, const tensor *of, const scalar *subscripts) {
  scalar_dag *dag = state->dag;
  scalar arguments[3];
  for (int k = 0; k < of->argument_count; k++) arguments[k] = operand_element(state, of, of->arguments[k], subscripts);
  if (of->op == OP_whole_quotient || of->op == OP_whole_remainder) {
    scalar zero = scalar_whole(dag, 0);
    require_divisor(state, arguments[1], of->where);
    if (arguments[1] == zero) return zero;
  }
  scalar made = scalar_apply(dag, of->op, arguments);
  note_place(state, of, made);
  if (made != NO_SCALAR) return made;
  diagnose(state->report, CODE_WHOLE_OVERFLOW, of->where, "this whole number is too large: it overflows 64 bits");
  return scalar_whole(dag, 0);
}

/* Statements that only one arm needs run under that arm's condition. */
static scalar arm_element(lowerer *state, const tensor *of, int which, scalar condition, const scalar *subscripts) {
  scope *outer = open_arm(state, condition);
  scalar value = operand_element(state, of, of->arguments[which], subscripts);
  close_arm(state, outer, condition, of->where);
  return value;
}

static scalar element_of_select(lowerer *state, const tensor *of, const scalar *subscripts) {
  scalar_dag *dag = state->dag;
  scalar condition = operand_element(state, of, of->arguments[0], subscripts);
  if (scalar_is_truth(dag, condition, true)) return operand_element(state, of, of->arguments[1], subscripts);
  if (scalar_is_truth(dag, condition, false)) return operand_element(state, of, of->arguments[2], subscripts);
  scalar taken = arm_element(state, of, 1, condition, subscripts);
  scalar opposite = scalar_unary(dag, OP_not, condition);
  scalar otherwise = arm_element(state, of, 2, opposite, subscripts);
  return scalar_select(dag, condition, taken, otherwise);
}

/* The entry that a selector picks, as a subscript of the axis it stands on; takes its own subscripts from *subscripts.
 */
static scalar selected(lowerer *state, const selector *by, const scalar **subscripts, scalar extent) {
  scalar_dag *dag = state->dag;
  if (by->kind == SELECT_SLICE) {
    scalar last = whole_subtract(dag, extent, whole_add(dag, by->start, by->extent));
    require_nonnegative(state, by->start, CODE_OUT_OF_RANGE, by->where, "the slice starts before the first entry");
    require_nonnegative(state, by->extent, CODE_OUT_OF_RANGE, by->where, "the slice ends before it starts");
    require_nonnegative(state, last, CODE_OUT_OF_RANGE, by->where, "the slice ends after the last entry");
    return whole_add(dag, by->start, *(*subscripts)++);
  }
  scalar at = element(state, by->index, *subscripts);
  *subscripts += by->index->rank;
  require_within(state, at, extent, by->where);
  return at;
}

static scalar element_of_subscript(lowerer *state, const tensor *of, const scalar *subscripts) {
  const tensor *base = of->arguments[0];
  scalar own[MAXIMUM_RANK];
  for (int k = 0; k < base->rank; k++) own[k] = selected(state, &of->selectors[k], &subscripts, base->extents[k]);
  return element(state, base, own);
}

static scalar element_of_permute(lowerer *state, const tensor *of, const scalar *subscripts) {
  scalar own[MAXIMUM_RANK];
  for (int k = 0; k < of->rank; k++) own[of->permutation[k]] = subscripts[k];
  return element(state, of->arguments[0], own);
}

/* The product of extents from..to-1. */
static scalar extent_product(scalar_dag *dag, const scalar *extents, int from, int to) {
  scalar product = scalar_whole(dag, 1);
  for (int k = from; k < to; k++) product = whole_multiply(dag, product, extents[k]);
  return product;
}

/* Writes the place `linear` of a box as subscripts: the leading one needs no remainder, since it is in range. */
static void split_place(scalar_dag *dag, scalar linear, const scalar *extents, int from, int to, scalar *own) {
  for (int k = to - 1; k > from; k--) {
    own[k] = whole_remainder(dag, linear, extents[k]);
    linear = whole_quotient(dag, linear, extents[k]);
  }
  own[from] = linear;
}

/* Axes are matched in groups of equal products (n, m -> n*m is one group, a shared leading axis another), so that
 * divisions stand only where the shapes really differ. */
static scalar element_of_reshape(lowerer *state, const tensor *of, const scalar *subscripts) {
  scalar_dag *dag = state->dag;
  const tensor *base = of->arguments[0];
  scalar own[MAXIMUM_RANK];
  int here = 0, there = 0;
  while (here < of->rank || there < base->rank) {
    int h = here < of->rank ? here + 1 : here, t = there < base->rank ? there + 1 : there;
    while (extent_product(dag, of->extents, here, h) != extent_product(dag, base->extents, there, t)) {
      if (h == of->rank && t == base->rank) break;
      if (t == base->rank || (h < of->rank && h - here <= t - there))
        h++;
      else
        t++;
    }
    bool exhausted = h == of->rank || t == base->rank;
    if (exhausted) h = of->rank, t = base->rank;
    scalar linear = scalar_whole(dag, 0);
    for (int k = here; k < h; k++) linear = whole_add(dag, whole_multiply(dag, linear, of->extents[k]), subscripts[k]);
    if (t > there) split_place(dag, linear, base->extents, there, t, own);
    here = h, there = t;
  }
  return element(state, base, own);
}

static scalar element_of_comprehension(lowerer *state, const tensor *of, const scalar *subscripts) {
  scalar before[MAXIMUM_RANK];
  for (int k = 0; k < of->axis_count; k++) before[k] = set_index(state, of->axes[k].index, subscripts[k]);
  scalar value = element(state, of->arguments[0], subscripts + of->axis_count);
  for (int k = 0; k < of->axis_count; k++) set_index(state, of->axes[k].index, before[k]);
  return value;
}

/* Is it worth a variable where a loop would compute it again and again? Whole numbers and truths are not stored: they
 * are needed as expressions to prove ranges. */
bool is_costly(const lowerer *state, scalar node) {
  const scalar_node *at = scalar_at(state->dag, node);
  return at->type == SCALAR_REAL && (at->op == SCALAR_SELECT || scalar_row(at->op) != NULL) &&
         at->op != OP_real_of_whole;
}

/* Each may use those before it: computed in order, they need no recursion through one another. */
void enter_bindings(lowerer *state, const tensor *let) {
  for (int k = 0; k < let->binding_count; k++) {
    const binding *name = let->bindings[k];
    binding_state made = {.stage = BINDING_SCALAR, .home = state->now, .definition = -1};
    if (name->value->rank == 0) {
      made.value = element(state, name->value, NULL);
    } else {
      made.array = materialise(state, name->value, name->name);
      made.stage = BINDING_ARRAY;
    }
    state->bindings[name->number] = made;
  }
}

/* A scalar that is used inside a loop further in is stored once rather than repeated there. */
static void store_binding(lowerer *state, const binding *name, binding_state *bound) {
  scope *here = state->now;
  state->now = bound->home;
  bound->array = new_local(state, name->name, SCALAR_REAL, 0, NULL, NO_SCALAR, name->where);
  emit_store(state, kernel_store(state->module, STORE_ASSIGN, bound->array, NULL, bound->value), name->where);
  bound->stage = BINDING_ARRAY;
  state->now = here;
}

static scalar element_of_name(lowerer *state, const binding *name, const scalar *subscripts) {
  binding_state *bound = &state->bindings[name->number];
  if (bound->definition >= 0) list_push(state->module->memory, &state->current->needs, bound->definition);
  if (bound->stage == BINDING_SCALAR) {
    if (state->now->depth == bound->home->depth || !is_costly(state, bound->value)) return bound->value;
    store_binding(state, name, bound);
  }
  return load_safely(state, bound->array, subscripts);
}

static scalar element_of_input(lowerer *state, int number, const scalar *subscripts) {
  if (state->from->inputs.items[number].role == ROLE_INDEX && !state->index_seen[number]) {
    state->index_seen[number] = true;
    list_push(state->module->memory, &state->current->index_inputs, number);
  }
  return load_safely(state, number, subscripts);
}

scalar element(lowerer *state, const tensor *of, const scalar *subscripts) {
  switch (of->kind) {
  case TENSOR_CONSTANT: return of->value;
  case TENSOR_INDEX: return state->index_value.items[of->index];
  case TENSOR_INPUT: return element_of_input(state, of->input, subscripts);
  case TENSOR_NAME: return element_of_name(state, of->name, subscripts);
  case TENSOR_APPLY: return element_of_apply(state, of, subscripts);
  case TENSOR_SELECT: return element_of_select(state, of, subscripts);
  case TENSOR_SUBSCRIPT: return element_of_subscript(state, of, subscripts);
  case TENSOR_PERMUTE: return element_of_permute(state, of, subscripts);
  case TENSOR_RESHAPE: return element_of_reshape(state, of, subscripts);
  case TENSOR_COMPREHENSION: return element_of_comprehension(state, of, subscripts);
  case TENSOR_REDUCE: return reduce(state, of, subscripts);
  case TENSOR_CONCAT:
  case TENSOR_STACK:
  case TENSOR_CUMULATIVE: return load_safely(state, materialise(state, of, NULL), subscripts);
  case TENSOR_SEARCH: return element_of_search(state, of, subscripts);
  case TENSOR_LET: enter_bindings(state, of); return element(state, of->arguments[0], subscripts);
  }
  return NO_SCALAR;
}
