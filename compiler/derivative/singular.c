/* Singular partials: infinite where the value itself is finite, as that of sqrt is at 0.
 *
 * In x*sqrt(x) at 0 such a partial meets an exact 0: forwards as the tangent of sqrt(x), times x; backwards as what
 * sqrt(x) makes of the adjoint x. Both times the product is 0 (mul0). So a derivative that has passed a singular
 * partial is followed on its way. What is already infinite as a value (1/x, log(x), exp(x)) needs no such care:
 * products with it are not finite either.
 *
 * A choice that keeps the argument from 0, such as `if s > 0 then sqrt(s) else 0`, ends the matter. */
#include "compiler/derivative/derivative.h"

singularity singularity_of(const scalar_dag *dag, scalar node, int which) {
  switch (scalar_singular(dag, node, which)) {
  case SINGULAR_NOWHERE: return NO_SCALAR;
  case SINGULAR_AT_ZERO: return scalar_at(dag, node)->arguments[which];
  case SINGULAR_ELSEWHERE: break;
  }
  return SOMEWHERE_SINGULAR;
}

singularity singularity_join(singularity a, singularity b) {
  if (a == b || b == NO_SCALAR) return a;
  return a == NO_SCALAR ? b : SOMEWHERE_SINGULAR;
}

/* The truth of a comparison of `argument` with a constant, where `argument` is 0; false when it is none of that kind.
 */
static bool at_zero(const scalar_dag *dag, scalar condition, scalar argument, bool *truth) {
  const scalar_node *at = scalar_at(dag, condition);
  if (at->op < OP_lt || at->op > OP_ne) return false;
  double values[2] = {0, 0};
  bool found = false;
  for (int k = 0; k < 2; k++) {
    const scalar_node *side = scalar_at(dag, at->arguments[k]);
    if (at->arguments[k] == argument)
      found = true;
    else if (side->op == SCALAR_CONSTANT && side->type == SCALAR_REAL)
      values[k] = side->real;
    else
      return false;
  }
  *truth = scalar_evaluate(at->op, values) != 0;
  return found;
}

enum { DEEPEST_CONDITION = 16 }; /* of not, and, or that are looked into */

/* Can the argument not be 0 where the condition holds, or fails? */
static bool excludes_zero(const scalar_dag *dag, scalar condition, bool holds, scalar argument, int depth) {
  const scalar_node *at = scalar_at(dag, condition);
  bool truth = false;
  if (depth > DEEPEST_CONDITION) return false;
  if (at->op == OP_not) return excludes_zero(dag, at->arguments[0], !holds, argument, depth + 1);
  if (at->op == (holds ? OP_and : OP_or))
    return excludes_zero(dag, at->arguments[0], holds, argument, depth + 1) ||
           excludes_zero(dag, at->arguments[1], holds, argument, depth + 1);
  return at_zero(dag, condition, argument, &truth) && truth != holds;
}

singularity singularity_under(const scalar_dag *dag, singularity of, scalar condition, bool holds) {
  if (of == NO_SCALAR || of == SOMEWHERE_SINGULAR) return of;
  return excludes_zero(dag, condition, holds, of, 0) ? NO_SCALAR : of;
}

bool singular_inside(const kernel_module *module, const statement *in, const bool *singular, int count) {
  reach below = reach_create(module->memory, module->dag);
  reach_from_all(&below, module, in);
  for (int k = 0; k < below.nodes.count; k++) {
    scalar node = below.nodes.items[k];
    const scalar_node *at = scalar_at(module->dag, node);
    if (at->op == SCALAR_LOAD && at->id < count && singular[at->id]) return true;
    if (scalar_row(at->op) && singularity_of(module->dag, node, 0) != NO_SCALAR) return true;
  }
  return false;
}
