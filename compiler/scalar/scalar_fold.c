/* The constructors of operations. They fold constants (by evaluating the same operation) and apply the algebra that is
 * exact in IEEE arithmetic, for every value of the operands, nan, infinities and the zeros' signs included:
 * x*1, x/1, x - 0, x + -0, signs pulled out of products, -(-x), a + -b = a - b. x + 0 stays: it turns -0 into 0.
 *
 * Small powers become products, the one place where digits may differ from the C library's pow. */
#include "compiler/scalar/scalar_graph.h"
#include "compiler/scalar/whole.h"
#include <math.h>

enum { LARGEST_PRODUCT_POWER = 16 };

static bool is_constant(const scalar_dag *dag, scalar node) {
  return scalar_at(dag, node)->op == SCALAR_CONSTANT;
}

/* The argument of a negation, or NO_SCALAR. */
static scalar negated(const scalar_dag *dag, scalar node) {
  const scalar_node *at = scalar_at(dag, node);
  return at->op == OP_neg ? at->arguments[0] : NO_SCALAR;
}

static bool is_zero_with_sign(const scalar_dag *dag, scalar node, bool negative) {
  return scalar_is_real(dag, node, 0) && (signbit(scalar_at(dag, node)->real) != 0) == negative;
}

/* Each rule gives the simpler node, or NO_SCALAR when it has nothing to say. */
typedef scalar fold_rule(scalar_dag *dag, const scalar *arguments);

static scalar fold_neg(scalar_dag *dag, const scalar *arguments) {
  return negated(dag, arguments[0]);
}

static scalar fold_add(scalar_dag *dag, const scalar *arguments) {
  scalar a = arguments[0], b = arguments[1];
  if (is_zero_with_sign(dag, a, true)) return b;
  if (is_zero_with_sign(dag, b, true)) return a;
  if (negated(dag, b) != NO_SCALAR) return scalar_binary(dag, OP_sub, a, negated(dag, b));
  if (negated(dag, a) != NO_SCALAR) return scalar_binary(dag, OP_sub, b, negated(dag, a));
  return NO_SCALAR;
}

static scalar fold_sub(scalar_dag *dag, const scalar *arguments) {
  scalar a = arguments[0], b = arguments[1];
  if (is_zero_with_sign(dag, b, false)) return a;
  if (is_zero_with_sign(dag, a, true)) return scalar_unary(dag, OP_neg, b);
  if (negated(dag, b) != NO_SCALAR) return scalar_binary(dag, OP_add, a, negated(dag, b));
  return NO_SCALAR;
}

/* (-a)*b = -(a*b) for products and quotients alike. */
static scalar pull_sign(scalar_dag *dag, scalar_op op, const scalar *arguments) {
  scalar a = negated(dag, arguments[0]), b = negated(dag, arguments[1]);
  if (a == NO_SCALAR && b == NO_SCALAR) return NO_SCALAR;
  scalar product = scalar_binary(dag, op, a != NO_SCALAR ? a : arguments[0], b != NO_SCALAR ? b : arguments[1]);
  return a != NO_SCALAR && b != NO_SCALAR ? product : scalar_unary(dag, OP_neg, product);
}

static scalar fold_mul(scalar_dag *dag, const scalar *arguments) {
  scalar a = arguments[0], b = arguments[1];
  if (scalar_is_real(dag, a, 1)) return b;
  if (scalar_is_real(dag, b, 1)) return a;
  if (scalar_is_real(dag, a, -1)) return scalar_unary(dag, OP_neg, b);
  if (scalar_is_real(dag, b, -1)) return scalar_unary(dag, OP_neg, a);
  return pull_sign(dag, OP_mul, arguments);
}

static scalar fold_div(scalar_dag *dag, const scalar *arguments) {
  if (scalar_is_real(dag, arguments[1], 1)) return arguments[0];
  if (scalar_is_real(dag, arguments[1], -1)) return scalar_unary(dag, OP_neg, arguments[0]);
  return pull_sign(dag, OP_div, arguments);
}

/* The sign of a zero that mul0 gives is not specified. */
static scalar fold_mul0(scalar_dag *dag, const scalar *arguments) {
  scalar a = arguments[0], b = arguments[1];
  if (scalar_is_real(dag, a, 0)) return scalar_real(dag, 0);
  if (is_constant(dag, a) && isfinite(scalar_at(dag, a)->real)) return scalar_binary(dag, OP_mul, a, b);
  bool finite = is_constant(dag, b) && isfinite(scalar_at(dag, b)->real);
  if (finite && scalar_at(dag, b)->real != 0) return scalar_binary(dag, OP_mul, a, b);
  return pull_sign(dag, OP_mul0, arguments);
}

/* x^count for count >= 1, by squaring. */
static scalar power_by_squaring(scalar_dag *dag, scalar base, int count) {
  scalar result = NO_SCALAR;
  for (scalar square = base;; square = scalar_binary(dag, OP_mul, square, square)) {
    if (count & 1) result = result == NO_SCALAR ? square : scalar_binary(dag, OP_mul, result, square);
    count >>= 1;
    if (count == 0) return result;
  }
}

static scalar fold_pow(scalar_dag *dag, const scalar *arguments) {
  if (scalar_is_real(dag, arguments[0], 1)) return arguments[0];
  if (!is_constant(dag, arguments[1])) return NO_SCALAR;
  double exponent = scalar_at(dag, arguments[1])->real;
  if (!(fabs(exponent) <= LARGEST_PRODUCT_POWER) || exponent != trunc(exponent)) return NO_SCALAR;
  if (exponent == 0) return scalar_real(dag, 1);
  scalar power = power_by_squaring(dag, arguments[0], (int)fabs(exponent));
  if (exponent > 0) return power;
  scalar one = scalar_real(dag, 1);
  return scalar_binary(dag, OP_div, one, power);
}

static scalar fold_abs(scalar_dag *dag, const scalar *arguments) {
  if (scalar_at(dag, arguments[0])->op == OP_abs) return arguments[0];
  scalar inner = negated(dag, arguments[0]);
  return inner == NO_SCALAR ? NO_SCALAR : scalar_unary(dag, OP_abs, inner);
}

static scalar fold_extremum(scalar_dag *dag, const scalar *arguments) {
  (void)dag;
  return arguments[0] == arguments[1] ? arguments[0] : NO_SCALAR;
}

static scalar fold_stop(scalar_dag *dag, const scalar *arguments) {
  return scalar_at(dag, arguments[0])->op == OP_stop ? arguments[0] : NO_SCALAR;
}

/* not(a < b) is a >= b for whole numbers; not for reals, because of nan. */
static scalar fold_not(scalar_dag *dag, const scalar *arguments) {
  const scalar_node *at = scalar_at(dag, arguments[0]);
  if (at->op == OP_not) return at->arguments[0];
  static const struct {
    scalar_op op, opposite;
  } pairs[] = {{OP_lt, OP_ge}, {OP_ge, OP_lt}, {OP_gt, OP_le}, {OP_le, OP_gt}, {OP_eq, OP_ne}, {OP_ne, OP_eq}};
  for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++) {
    if (at->op != pairs[k].op) continue;
    bool whole = scalar_at(dag, at->arguments[0])->type == SCALAR_WHOLE;
    if (whole || at->op == OP_eq || at->op == OP_ne) return scalar_apply(dag, pairs[k].opposite, at->arguments);
  }
  return NO_SCALAR;
}

static scalar fold_and(scalar_dag *dag, const scalar *arguments) {
  scalar a = arguments[0], b = arguments[1];
  if (scalar_is_truth(dag, a, true) || scalar_is_truth(dag, b, false) || a == b) return b;
  if (scalar_is_truth(dag, a, false) || scalar_is_truth(dag, b, true)) return a;
  return NO_SCALAR;
}

static scalar fold_or(scalar_dag *dag, const scalar *arguments) {
  scalar a = arguments[0], b = arguments[1];
  if (scalar_is_truth(dag, a, false) || scalar_is_truth(dag, b, true) || a == b) return b;
  if (scalar_is_truth(dag, a, true) || scalar_is_truth(dag, b, false)) return a;
  return NO_SCALAR;
}

static fold_rule *rule_of(scalar_op op) {
  static const struct {
    scalar_op op;
    fold_rule *rule;
  } rules[] = {{OP_neg, fold_neg},   {OP_add, fold_add},      {OP_sub, fold_sub},      {OP_mul, fold_mul},
               {OP_div, fold_div},   {OP_mul0, fold_mul0},    {OP_pow, fold_pow},      {OP_abs, fold_abs},
               {OP_stop, fold_stop}, {OP_min, fold_extremum}, {OP_max, fold_extremum}, {OP_not, fold_not},
               {OP_and, fold_and},   {OP_or, fold_or}};
  for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++)
    if (rules[k].op == op) return rules[k].rule;
  return NULL;
}

/* Constants of any type as the doubles that scalar_evaluate takes; false when one is not constant. */
static bool constant_arguments(const scalar_dag *dag, const scalar *arguments, int count, double *values) {
  for (int k = 0; k < count; k++) {
    const scalar_node *at = scalar_at(dag, arguments[k]);
    if (at->op != SCALAR_CONSTANT) return false;
    values[k] = at->type == SCALAR_REAL ? at->real : (double)at->whole;
  }
  return true;
}

/* Whole numbers are compared through their difference, which may be constant although they are not. */
static scalar compare_wholes(scalar_dag *dag, scalar_op op, const scalar *arguments) {
  int64_t difference;
  scalar both = whole_subtract(dag, arguments[0], arguments[1]);
  if (!scalar_is_whole(dag, both, &difference)) return NO_SCALAR;
  return scalar_truth(dag, scalar_evaluate(op, (double[]){(double)difference, 0}) != 0);
}

static scalar fold(scalar_dag *dag, scalar_op op, const scalar_op_row *row, const scalar *arguments) {
  if (row->signature[0] == 'N' && scalar_at(dag, arguments[0])->type == SCALAR_WHOLE)
    return compare_wholes(dag, op, arguments);
  double values[3];
  if (constant_arguments(dag, arguments, row->arity, values)) {
    double value = scalar_evaluate(op, values);
    bool real = row->signature[row->arity + 1] == 'R';
    return real ? scalar_real(dag, value) : scalar_truth(dag, value != 0);
  }
  fold_rule *rule = rule_of(op);
  return rule ? rule(dag, arguments) : NO_SCALAR;
}

static scalar apply_whole(scalar_dag *dag, scalar_op op, scalar a, scalar b) {
  switch (op) {
  case OP_whole_negate: {
    scalar zero = scalar_whole(dag, 0);
    return whole_subtract(dag, zero, a);
  }
  case OP_whole_add: return whole_add(dag, a, b);
  case OP_whole_subtract: return whole_subtract(dag, a, b);
  case OP_whole_multiply: return whole_multiply(dag, a, b);
  case OP_whole_quotient: return whole_quotient(dag, a, b);
  default: return whole_remainder(dag, a, b);
  }
}

/* Arguments that commute stand in the order of their numbers, but for constants: they come last in a sum or
 * comparison and first in a product, as one writes them. */
static bool in_order(const scalar_dag *dag, scalar_op op, scalar a, scalar b) {
  bool left = is_constant(dag, a), right = is_constant(dag, b);
  if (left != right) return op == OP_mul ? left : right;
  return a <= b;
}

static scalar_type result_type(const scalar_op_row *row) {
  switch (row->signature[row->arity + 1]) {
  case 'R': return SCALAR_REAL;
  case 'W': return SCALAR_WHOLE;
  default: return SCALAR_TRUTH;
  }
}

scalar scalar_apply(scalar_dag *dag, scalar_op op, const scalar *arguments) {
  const scalar_op_row *row = scalar_row(op);
  if (!row) return NO_SCALAR;
  for (int k = 0; k < row->arity; k++)
    if (arguments[k] == NO_SCALAR) return NO_SCALAR;
  if (result_type(row) == SCALAR_WHOLE) return apply_whole(dag, op, arguments[0], arguments[row->arity - 1]);
  scalar simpler = fold(dag, op, row, arguments);
  if (simpler != NO_SCALAR) return simpler;
  scalar ordered[3] = {arguments[0], row->arity > 1 ? arguments[1] : NO_SCALAR,
                       row->arity > 2 ? arguments[2] : NO_SCALAR};
  if ((row->flags & OP_COMMUTES) && !in_order(dag, op, ordered[0], ordered[1])) {
    ordered[0] = arguments[1];
    ordered[1] = arguments[0];
  }
  return graph_operation(dag, op, result_type(row), ordered, row->arity);
}

scalar scalar_unary(scalar_dag *dag, scalar_op op, scalar a) {
  return scalar_apply(dag, op, &a);
}

scalar scalar_binary(scalar_dag *dag, scalar_op op, scalar a, scalar b) {
  return scalar_apply(dag, op, (scalar[]){a, b});
}

/* A branch that is a select on the same condition is known which way it goes. */
static scalar known_branch(const scalar_dag *dag, scalar condition, scalar branch, int which) {
  const scalar_node *at = scalar_at(dag, branch);
  return at->op == SCALAR_SELECT && at->arguments[0] == condition ? at->arguments[which] : branch;
}

scalar scalar_select(scalar_dag *dag, scalar condition, scalar taken, scalar otherwise) {
  if (condition == NO_SCALAR || taken == NO_SCALAR || otherwise == NO_SCALAR) return NO_SCALAR;
  if (scalar_is_truth(dag, condition, true)) return taken;
  if (scalar_is_truth(dag, condition, false)) return otherwise;
  const scalar_node *at = scalar_at(dag, condition);
  if (at->op == OP_not) return scalar_select(dag, at->arguments[0], otherwise, taken);
  taken = known_branch(dag, condition, taken, 1);
  otherwise = known_branch(dag, condition, otherwise, 2);
  if (taken == otherwise) return taken;
  return graph_operation(dag, SCALAR_SELECT, scalar_at(dag, taken)->type, (scalar[]){condition, taken, otherwise}, 3);
}
