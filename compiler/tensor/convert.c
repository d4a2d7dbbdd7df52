/* Types: whole numbers become real where a real number is needed, and never otherwise; nothing becomes a truth value.
 *
 * Whole arithmetic is kept as a tree until its use is known. As a subscript or an extent it is exact; as a real number
 * it becomes real at its leaves, so that i*i*i does not overflow. Quotients and remainders are whole first. */
#include "compiler/tensor/checker.h"

#include <string.h>

const char *type_name(scalar_type type) {
  static const char *const names[] = {"a real number", "a whole number", "a truth value"};
  return names[type];
}

/* The same operation on real numbers; SCALAR_NOTHING for those that are whole first. */
static scalar_op real_counterpart(scalar_op op) {
  switch (op) {
  case OP_whole_add: return OP_add;
  case OP_whole_subtract: return OP_sub;
  case OP_whole_multiply: return OP_mul;
  case OP_whole_negate: return OP_neg;
  default: return SCALAR_NOTHING;
  }
}

static tensor *real_of_whole(checker *state, tensor *from) {
  int64_t value;
  if (from->kind == TENSOR_CONSTANT && scalar_is_whole(state->dag, from->value, &value))
    return make_real(state, (double)value, from->where);
  scalar_op op = from->kind == TENSOR_APPLY ? real_counterpart(from->op) : SCALAR_NOTHING;
  if (op != SCALAR_NOTHING) return make_apply(state, op, from->argument_count, from->arguments, from->where);
  if (from->kind == TENSOR_STACK) {
    tensor **parts = arena_array(state->memory, tensor *, from->argument_count);
    for (int k = 0; k < from->argument_count; k++) parts[k] = as_real(state, from->arguments[k]);
    return make_join(state, TENSOR_STACK, from->axis, from->argument_count, parts, from->where);
  }
  return make_apply(state, OP_real_of_whole, 1, &from, from->where);
}

/* The text as an argument: in parentheses, if it does not stand in a pair of its own. */
static const char *in_parentheses(checker *state, const char *shown) {
  int open = 0;
  for (const char *at = shown; *shown == '(' && *at; at++) {
    open += (*at == '(') - (*at == ')');
    if (open == 0 && !at[1]) return shown;
    if (open == 0) break;
  }
  return arena_format(state->memory, "(%s)", shown);
}

/* The edit that writes something around an expression: it is set in parentheses behind a function's name, and where it
 * is an `if`, which would take what follows into its last part. */
static void fix_written(checker *state, const tensor *of, const char *before, const char *after) {
  if (of->where.end <= of->where.begin) return;
  const char *written =
      arena_copy(state->memory, state->program->from->text + of->where.begin, of->where.end - of->where.begin);
  if (*before || !strncmp(written, "if", 2)) written = in_parentheses(state, written);
  diagnose_fix(state->report, of->where, "%s%s%s", before, written, after);
}

tensor *as_real(checker *state, tensor *from) {
  if (!from || from->type == SCALAR_REAL) return from;
  if (from->type == SCALAR_WHOLE) return real_of_whole(state, from);
  diagnose(state->report, CODE_TRUTH_AS_NUMBER, from->where, "a truth value stands where a number is needed");
  diagnose_hint(state->report, "real%s is 1 where it holds and 0 elsewhere",
                in_parentheses(state, show_node(state, from)));
  fix_written(state, from, "real", "");
  return NULL;
}

tensor *as_whole(checker *state, tensor *from, const char *what) {
  if (!from || from->type == SCALAR_WHOLE) return from;
  diagnose(state->report, CODE_NOT_WHOLE, from->where, "%s must be a whole number, and this is %s", what,
           type_name(from->type));
  diagnose_hint(state->report, "whole numbers are numbers without a point, extents, indices and index data, with "
                               "+ - * // %%; '/' always gives a real number");
  return NULL;
}

tensor *as_truth(checker *state, tensor *from) {
  if (!from || from->type == SCALAR_TRUTH) return from;
  diagnose(state->report, CODE_NOT_A_CONDITION, from->where, "a condition must be a truth value, and this is %s",
           type_name(from->type));
  diagnose_hint(state->report, "compare it: %s != 0", show_node(state, from));
  fix_written(state, from, "", " != 0");
  return NULL;
}

static scalar whole_value_of_apply(const checker *state, const tensor *of) {
  scalar values[2] = {NO_SCALAR, NO_SCALAR};
  for (int k = 0; k < of->argument_count && k < 2; k++) {
    values[k] = whole_value(state, of->arguments[k]);
    if (values[k] == NO_SCALAR) return NO_SCALAR;
  }
  int64_t divisor;
  switch (of->op) {
  case OP_whole_add: return whole_add(state->dag, values[0], values[1]);
  case OP_whole_subtract: return whole_subtract(state->dag, values[0], values[1]);
  case OP_whole_multiply: return whole_multiply(state->dag, values[0], values[1]);
  case OP_whole_negate: return whole_subtract(state->dag, scalar_whole(state->dag, 0), values[0]);
  case OP_whole_quotient:
  case OP_whole_remainder:
    if (scalar_is_whole(state->dag, values[1], &divisor) && divisor == 0) return NO_SCALAR;
    if (of->op == OP_whole_quotient) return whole_quotient(state->dag, values[0], values[1]);
    return whole_remainder(state->dag, values[0], values[1]);
  default: return NO_SCALAR;
  }
}

scalar whole_value(const checker *state, const tensor *of) {
  if (of->type != SCALAR_WHOLE || of->rank) return NO_SCALAR;
  switch (of->kind) {
  case TENSOR_CONSTANT: return of->value;
  case TENSOR_NAME: return state->binding_values.items[of->name->number];
  case TENSOR_APPLY: return whole_value_of_apply(state, of);
  case TENSOR_LET: return whole_value(state, of->arguments[0]);
  default: return NO_SCALAR;
  }
}

tensor *simplify_whole(checker *state, tensor *from) {
  if (!from || from->kind == TENSOR_CONSTANT) return from;
  scalar value = whole_value(state, from);
  return value == NO_SCALAR ? from : make_constant(state, SCALAR_WHOLE, value, from->where);
}

bool overflows(checker *state, scalar extent, span where) {
  if (extent != NO_SCALAR) return false;
  diagnose(state->report, CODE_WHOLE_OVERFLOW, where, "this whole number is too large: it overflows 64 bits");
  return true;
}

/* Is it made of extents alone, so that only an overflow or a division by zero can have failed? */
static bool is_of_extents(const tensor *of) {
  if (of->kind == TENSOR_CONSTANT) return true;
  if (of->kind != TENSOR_APPLY) return false;
  for (int k = 0; k < of->argument_count; k++)
    if (!is_of_extents(of->arguments[k])) return false;
  return true;
}

scalar extent_value(checker *state, tensor *from, const char *what) {
  from = as_whole(state, from, what);
  if (!from) return NO_SCALAR;
  scalar value = whole_value(state, from);
  if (value != NO_SCALAR) return value;
  if (from->rank) {
    diagnose(state->report, CODE_NOT_A_SCALAR, from->where, "%s must be a single number, and this has shape %s", what,
             show_shape(state, from));
  } else if (is_of_extents(from)) {
    overflows(state, NO_SCALAR, from->where);
  } else {
    diagnose(state->report, CODE_NOT_AN_EXTENT, from->where, "%s must be known from the extents alone", what);
    diagnose_hint(state->report, "extents are built from numbers and names declared with dim, with + - * // %%");
  }
  return NO_SCALAR;
}

scalar check_extent(checker *state, const ast_expression *from, const char *what) {
  open_scope(state, false, true);
  scalar value = extent_value(state, check_expression(state, from), what);
  close_scope(state, NULL);
  return value;
}
