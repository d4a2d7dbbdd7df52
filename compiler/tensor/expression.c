/* Expressions: operators, conditions, array literals and blocks.
 *
 * Requires: names are ordered (order.c), so that what an expression names has been checked. Ensures: the node is typed
 * and shaped; NULL exactly when an error was reported, here or where a name was defined. */
#include "compiler/tensor/checker.h"

tensor *check_guarded(checker *state, const ast_expression *from) {
  open_scope(state, false, true);
  state->guards++;
  tensor *value = check_expression(state, from);
  state->guards--;
  return close_scope(state, value);
}

/* ---- arithmetic ---- */

/* The operation on real numbers, and on whole ones where it stays whole. */
static const struct {
  scalar_op real, whole;
} arithmetic[] = {
    [AST_ADD] = {OP_add, OP_whole_add},
    [AST_SUBTRACT] = {OP_sub, OP_whole_subtract},
    [AST_MULTIPLY] = {OP_mul, OP_whole_multiply},
    [AST_DIVIDE] = {OP_div, SCALAR_NOTHING},
    [AST_FLOOR_DIVIDE] = {SCALAR_NOTHING, OP_whole_quotient},
    [AST_REMAINDER] = {OP_mod, OP_whole_remainder},
    [AST_POWER] = {OP_pow, SCALAR_NOTHING},
    [AST_LESS] = {OP_lt, OP_lt},
    [AST_LESS_EQUAL] = {OP_le, OP_le},
    [AST_GREATER] = {OP_gt, OP_gt},
    [AST_GREATER_EQUAL] = {OP_ge, OP_ge},
    [AST_EQUAL] = {OP_eq, OP_eq},
    [AST_NOT_EQUAL] = {OP_ne, OP_ne},
};

/* In a loop or under a condition, a divisor that is written as an extent may never be used: lowering knows. */
static bool is_zero(const checker *state, const tensor *of, const ast_expression *written) {
  int64_t value;
  scalar known = whole_value(state, of);
  if (known == NO_SCALAR || !scalar_is_whole(state->dag, known, &value) || value != 0) return false;
  return written->kind == AST_NUMBER || (state->scope->level == 0 && state->guards == 0);
}

static tensor *check_arithmetic(checker *state, const ast_expression *from) {
  tensor *left = check_expression(state, from->operands[0]);
  tensor *right = check_expression(state, from->operands[1]);
  if (!left || !right) return NULL;
  bool whole = left->type == SCALAR_WHOLE && right->type == SCALAR_WHOLE;
  scalar_op op = whole ? arithmetic[from->kind].whole : SCALAR_NOTHING;
  if (op == OP_whole_quotient || op == OP_whole_remainder) {
    if (is_zero(state, right, from->operands[1])) {
      diagnose(state->report, CODE_DIVISION_BY_ZERO, from->where, "a whole number is divided by zero");
      return NULL;
    }
  }
  if (op == SCALAR_NOTHING) op = arithmetic[from->kind].real;
  if (op != SCALAR_NOTHING) return make_binary(state, op, left, right, from->where);
  tensor *quotient = make_binary(state, OP_div, left, right, from->where);
  return make_unary(state, OP_floor, quotient, from->where);
}

static tensor *check_comparison(checker *state, const ast_expression *from) {
  tensor *left = check_expression(state, from->operands[0]);
  tensor *right = check_expression(state, from->operands[1]);
  if (!left || !right) return NULL;
  if (left->type != SCALAR_TRUTH && right->type != SCALAR_TRUTH)
    return make_binary(state, arithmetic[from->kind].real, left, right, from->where);
  diagnose(state->report, CODE_TRUTHS_COMPARED, from->where, "truth values can't be compared");
  diagnose_hint(state->report, "combine them with and, or, not; real(c) makes a number of a truth value");
  return NULL;
}

/* A number with its sign is a number. */
static tensor *check_negate(checker *state, const ast_expression *from) {
  tensor *operand = check_expression(state, from->operands[0]);
  if (!operand) return NULL;
  int64_t whole;
  if (operand->kind == TENSOR_CONSTANT && operand->type == SCALAR_REAL)
    return make_real(state, -scalar_at(state->dag, operand->value)->real, from->where);
  bool literal = operand->kind == TENSOR_CONSTANT && scalar_is_whole(state->dag, operand->value, &whole);
  if (literal && whole > 0) return make_whole(state, -whole, from->where);
  scalar_op op = operand->type == SCALAR_WHOLE && !literal ? OP_whole_negate : OP_neg;
  return make_unary(state, op, operand, from->where);
}

/* ---- logic ---- */

/* `and` and `or` stop early: where the right side may fail it is an arm of a select. For `and` the left side is
 * repeated outside, so that both are still seen to hold where the whole does. */
static tensor *check_logic(checker *state, const ast_expression *from) {
  span where = from->where;
  tensor *left = as_truth(state, check_expression(state, from->operands[0]));
  tensor *right = as_truth(state, check_guarded(state, from->operands[1]));
  if (!left || !right) return NULL;
  bool both = from->kind == AST_AND;
  scalar_op op = both ? OP_and : OP_or;
  if (!may_fail(right)) return make_binary(state, op, left, right, where);
  left = share(state, left);
  tensor *decided = make_constant(state, SCALAR_TRUTH, scalar_truth(state->dag, !both), where);
  if (!both) return make_select(state, left, decided, right, where);
  right = make_select(state, left, right, decided, where);
  return make_binary(state, op, left, right, where);
}

static tensor *check_if(checker *state, const ast_expression *from) {
  tensor *condition = as_truth(state, check_expression(state, from->operands[0]));
  tensor *taken = check_guarded(state, from->operands[1]);
  tensor *otherwise = check_guarded(state, from->operands[2]);
  return make_select(state, condition, taken, otherwise, from->where);
}

/* ---- array literals ---- */

/* The type that all entries are given: that which they share, else real. */
static bool common_type(checker *state, int count, tensor **entries) {
  bool same = true, ready = true;
  for (int k = 1; k < count; k++)
    if (entries[0] && entries[k]) same = same && entries[k]->type == entries[0]->type;
  for (int k = 0; k < count; k++) {
    if (!same) entries[k] = as_real(state, entries[k]);
    ready = ready && entries[k];
  }
  return ready;
}

static bool same_shapes(checker *state, int count, tensor *const *entries) {
  const tensor *first = entries[0];
  for (int k = 1; k < count; k++) {
    if (entries[k]->rank != first->rank) {
      diagnose(state->report, CODE_RAGGED_ARRAY, entries[k]->where,
               "the entries of an array have one shape: this one %s, the first %s", show_form(state, entries[k]),
               show_form(state, first));
      return false;
    }
    for (int axis = 0; axis < first->rank; axis++) {
      if (entries[k]->extents[axis] == first->extents[axis]) continue;
      extents_disagree(state, entries[k]->where, first, axis, entries[k], axis);
      return false;
    }
  }
  return true;
}

/* [a, b; c, d]: a stack of rows, each a stack of entries. */
static tensor *check_array(checker *state, const ast_expression *from) {
  int count = from->operand_count;
  tensor **entries = arena_array(state->memory, tensor *, count > 0 ? count : 1);
  for (int k = 0; k < count; k++) entries[k] = check_expression(state, from->operands[k]);
  if (!common_type(state, count, entries) || !same_shapes(state, count, entries)) return NULL;
  if (from->rows <= 1) return make_join(state, TENSOR_STACK, 0, count, entries, from->where);
  tensor **rows = arena_array(state->memory, tensor *, from->rows);
  for (int k = 0; k < from->rows; k++)
    rows[k] = make_join(state, TENSOR_STACK, 0, from->columns, entries + k * from->columns, from->where);
  return make_join(state, TENSOR_STACK, 0, from->rows, rows, from->where);
}

/* ---- blocks ---- */

static bool declared_in(checker *state, const ast_expression *block, ast_name name) {
  const local *here = visible_local(state, symbol_of(state, name.name));
  return here && here->owner == block;
}

static void check_let(checker *state, const ast_expression *block, const ast_definition *let) {
  tensor *value = check_comprehension(state, &let->binders, let->value, let->where);
  if (declared_in(state, block, let->name)) {
    diagnose(state->report, CODE_DUPLICATE_NAME, let->name.where, "'%s' is defined twice in this block",
             let->name.name);
    diagnose_note(state->report, symbol_of(state, let->name.name)->innermost->where, "the first definition");
  }
  local *made = declare_local(state, let->name, block);
  made->value = new_slot(state, value, let->name.name, let->name.where);
}

static tensor *check_block(checker *state, const ast_expression *from) {
  for (int k = 0; k < from->lets.count; k++) check_let(state, from, &from->lets.items[k]);
  tensor *value = check_expression(state, from->operands[0]);
  for (int k = from->lets.count; k-- > 0;) forget_local(state, from->lets.items[k].name.name);
  return value;
}

/* ---- every kind ---- */

static tensor *check_number(checker *state, const ast_expression *from) {
  if (from->whole) return make_whole(state, (int64_t)from->number, from->where);
  return make_real(state, from->number, from->where);
}

static tensor *check_not(checker *state, const ast_expression *from) {
  return make_unary(state, OP_not, as_truth(state, check_expression(state, from->operands[0])), from->where);
}

static tensor *check_matmul(checker *state, const ast_expression *from) {
  tensor *left = check_expression(state, from->operands[0]);
  tensor *right = check_expression(state, from->operands[1]);
  return make_matmul(state, left, right, from->where);
}

static tensor *check_transpose(checker *state, const ast_expression *from) {
  return make_transpose(state, check_expression(state, from->operands[0]), from->where);
}

static tensor *check_named(checker *state, const ast_expression *from) {
  return check_name(state, from->name);
}

typedef tensor *expression_check(checker *state, const ast_expression *from);

static expression_check *const checks[] = {
    [AST_NUMBER] = check_number,
    [AST_NAME] = check_named,
    [AST_SUBSCRIPT] = check_subscript,
    [AST_CALL] = check_call,
    [AST_NEGATE] = check_negate,
    [AST_NOT] = check_not,
    [AST_TRANSPOSE] = check_transpose,
    [AST_ADD] = check_arithmetic,
    [AST_SUBTRACT] = check_arithmetic,
    [AST_MULTIPLY] = check_arithmetic,
    [AST_DIVIDE] = check_arithmetic,
    [AST_FLOOR_DIVIDE] = check_arithmetic,
    [AST_REMAINDER] = check_arithmetic,
    [AST_POWER] = check_arithmetic,
    [AST_MATMUL] = check_matmul,
    [AST_LESS] = check_comparison,
    [AST_LESS_EQUAL] = check_comparison,
    [AST_GREATER] = check_comparison,
    [AST_GREATER_EQUAL] = check_comparison,
    [AST_EQUAL] = check_comparison,
    [AST_NOT_EQUAL] = check_comparison,
    [AST_AND] = check_logic,
    [AST_OR] = check_logic,
    [AST_IF] = check_if,
    [AST_REDUCTION] = check_reduction,
    [AST_SEARCH] = check_search,
    [AST_ARRAY] = check_array,
    [AST_BLOCK] = check_block,
};

void count_inlined(checker *state, span where) {
  if (!state->calls || state->inlined++ != MAXIMUM_INLINED_NODES) return;
  diagnose(state->report, CODE_TOO_LARGE, where,
           "the model is too large: its functions, inlined, have more than %d parts", MAXIMUM_INLINED_NODES);
  diagnose_hint(state->report, "name intermediate results with let, and use the names");
  state->exhausted = true;
}

tensor *check_expression(checker *state, const ast_expression *from) {
  count_inlined(state, from->where);
  if (state->exhausted) return NULL;
  if (state->nesting == MAXIMUM_NESTING) {
    diagnose(state->report, CODE_TOO_DEEP, from->where, "the functions called here make expressions nested too deeply");
    diagnose_hint(state->report, "name intermediate results with let, and use the names");
    state->exhausted = true;
    return NULL;
  }
  state->nesting++;
  tensor *value = checks[from->kind](state, from);
  state->missing += !value;
  state->nesting--;
  return value;
}
