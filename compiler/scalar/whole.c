/* Whole-number arithmetic in normal form, and questions about a single expression. */
#include "compiler/scalar/whole.h"
#include "compiler/scalar/polynomial.h"

/* A sum or product that is too large for the normal form stays as it is, an atom. */
static scalar opaque(scalar_dag *dag, scalar_op op, scalar a, scalar b) {
  if (op != OP_whole_subtract && a > b) {
    scalar other = a;
    a = b;
    b = other;
  }
  scalar node = graph_operation(dag, op, SCALAR_WHOLE, (scalar[]){a, b}, 2);
  graph_at(dag, node)->form = polynomial_atom(dag, node);
  return node;
}

static scalar sum(scalar_dag *dag, scalar a, scalar b, int64_t sign) {
  if (a == NO_SCALAR || b == NO_SCALAR) return NO_SCALAR;
  const polynomial *left = polynomial_of(dag, a);
  const polynomial *right = polynomial_of(dag, b);
  const polynomial *total = polynomial_combine(dag, left, sign, right);
  if (total && total->count > POLYNOMIAL_MAXIMUM_TERMS)
    return opaque(dag, sign > 0 ? OP_whole_add : OP_whole_subtract, a, b);
  return polynomial_node(dag, total);
}

scalar whole_add(scalar_dag *dag, scalar a, scalar b) {
  return sum(dag, a, b, 1);
}

scalar whole_subtract(scalar_dag *dag, scalar a, scalar b) {
  return sum(dag, a, b, -1);
}

static int degree_of(const polynomial *of) {
  return of && of->count > 0 ? of->terms[0].degree : 0;
}

scalar whole_multiply(scalar_dag *dag, scalar a, scalar b) {
  if (a == NO_SCALAR || b == NO_SCALAR) return NO_SCALAR;
  const polynomial *left = polynomial_of(dag, a);
  const polynomial *right = polynomial_of(dag, b);
  if (!left || !right) return NO_SCALAR;
  if (left->count * right->count > POLYNOMIAL_MAXIMUM_TERMS ||
      degree_of(left) + degree_of(right) > POLYNOMIAL_MAXIMUM_DEGREE)
    return opaque(dag, OP_whole_multiply, a, b);
  return polynomial_node(dag, polynomial_multiply(dag, left, right));
}

/* Division. With d the divisor, (d*x + y) // d = x + y // d and (d*x + y) % d = y % d, whatever the signs: the terms
 * that d divides are split off. (Where d is 0 the model is in error either way.) A constant left over is reduced too,
 * so that (n - 1) // 2 and (n + 1) // 2 - 1 are one node. */
typedef struct {
  polynomial exact, rest; /* dividend = divisor*exact + rest */
} division;

static void split_constant(int64_t value, int64_t divisor, polynomial_term *quotient, polynomial_term *rest) {
  int64_t remainder = value % divisor;
  bool floors = remainder != 0 && (remainder < 0) != (divisor < 0);
  rest->coefficient = floors ? remainder + divisor : remainder;
  quotient->coefficient = value / divisor - floors;
}

static bool divides(scalar_dag *dag, const polynomial_term *term, const polynomial_term *divisor,
                    polynomial_term *quotient) {
  if (term->coefficient % divisor->coefficient != 0) return false;
  quotient->coefficient = term->coefficient / divisor->coefficient;
  return monomial_divide(dag->memory, term, divisor, &quotient->atoms, &quotient->degree);
}

/* The divisor has a single term; the quotient's terms keep the dividend's order (see polynomial_scale). */
static division divide(scalar_dag *dag, const polynomial *dividend, const polynomial_term *divisor) {
  polynomial_term *exact = arena_array(dag->memory, polynomial_term, dividend->count + 1);
  polynomial_term *rest = arena_array(dag->memory, polynomial_term, dividend->count + 1);
  division result = {{0, exact}, {0, rest}};
  for (int k = 0; k < dividend->count; k++) {
    const polynomial_term *term = &dividend->terms[k];
    polynomial_term quotient = {0, 0, NULL}, remainder = *term;
    if (divides(dag, term, divisor, &quotient)) {
      remainder.coefficient = 0;
    } else {
      quotient = (polynomial_term){0, 0, NULL};
      if (term->degree == 0 && divisor->degree == 0)
        split_constant(term->coefficient, divisor->coefficient, &quotient, &remainder);
    }
    if (quotient.coefficient != 0) exact[result.exact.count++] = quotient;
    if (remainder.coefficient != 0) rest[result.rest.count++] = remainder;
  }
  return result;
}

static const polynomial *kept(scalar_dag *dag, polynomial part) {
  polynomial *copy = arena_new(dag->memory, polynomial);
  *copy = part;
  return copy;
}

static scalar plain_division(scalar_dag *dag, scalar_op op, scalar a, scalar b) {
  return graph_operation(dag, op, SCALAR_WHOLE, (scalar[]){a, b}, 2);
}

scalar whole_quotient(scalar_dag *dag, scalar a, scalar b) {
  if (a == NO_SCALAR || b == NO_SCALAR) return NO_SCALAR;
  const polynomial *left = polynomial_of(dag, a);
  const polynomial *right = polynomial_of(dag, b);
  if (!left || !right) return NO_SCALAR;
  if (right->count != 1) return plain_division(dag, OP_whole_quotient, a, b);
  division parts = divide(dag, left, &right->terms[0]);
  scalar exact = polynomial_node(dag, kept(dag, parts.exact));
  if (parts.rest.count == 0) return exact;
  int64_t remainder;
  if (right->terms[0].degree == 0 && polynomial_is_constant(&parts.rest, &remainder)) return exact; /* 0 <= it < b */
  scalar rest = polynomial_node(dag, kept(dag, parts.rest));
  return whole_add(dag, exact, plain_division(dag, OP_whole_quotient, rest, b));
}

scalar whole_remainder(scalar_dag *dag, scalar a, scalar b) {
  if (a == NO_SCALAR || b == NO_SCALAR) return NO_SCALAR;
  const polynomial *left = polynomial_of(dag, a);
  const polynomial *right = polynomial_of(dag, b);
  if (!left || !right) return NO_SCALAR;
  if (right->count != 1) return plain_division(dag, OP_whole_remainder, a, b);
  division parts = divide(dag, left, &right->terms[0]);
  scalar rest = polynomial_node(dag, kept(dag, parts.rest));
  int64_t value;
  if (polynomial_is_constant(&parts.rest, &value) && (value == 0 || right->terms[0].degree == 0)) return rest;
  const scalar_node *at = scalar_at(dag, rest);
  if (at->op == OP_whole_remainder && at->arguments[1] == b) return rest; /* a % b % b */
  return plain_division(dag, OP_whole_remainder, rest, b);
}

/* Questions. */

scalar whole_coefficient(scalar_dag *dag, scalar node, int index) {
  if (node == NO_SCALAR || scalar_at(dag, node)->type != SCALAR_WHOLE) return NO_SCALAR;
  const polynomial *form = polynomial_of(dag, node);
  if (!form) return NO_SCALAR;
  scalar variable = scalar_index(dag, index);
  polynomial_term factor = {1, 1, &variable};
  scalar coefficient = scalar_whole(dag, 0);
  for (int k = 0; k < form->count; k++) {
    const polynomial_term *term = &form->terms[k];
    bool mentions = false;
    for (int j = 0; j < term->degree; j++) mentions = mentions || scalar_mentions_index(dag, term->atoms[j], index);
    if (!mentions) continue;
    polynomial_term rest = {term->coefficient, 0, NULL};
    if (!monomial_divide(dag->memory, term, &factor, &rest.atoms, &rest.degree)) return NO_SCALAR;
    for (int j = 0; j < rest.degree; j++)
      if (graph_at(dag, rest.atoms[j])->indices->count > 0 || graph_at(dag, rest.atoms[j])->loads) return NO_SCALAR;
    polynomial part = {1, &rest};
    coefficient = whole_add(dag, coefficient, polynomial_node(dag, &part));
  }
  return coefficient;
}

static bool evaluate_node(const scalar_dag *dag, const scalar_node *node, const int64_t *extents, int64_t *value) {
  int64_t arguments[2] = {0, 0};
  for (int k = 0; k < node->argument_count && k < 2; k++) arguments[k] = graph_at(dag, node->arguments[k])->scratch;
  switch (node->op) {
  case SCALAR_CONSTANT: *value = node->whole; return node->type == SCALAR_WHOLE;
  case SCALAR_EXTENT: *value = extents[node->id]; return true;
  default: return scalar_evaluate_whole(node->op, arguments, value);
  }
}

bool whole_evaluate(const scalar_dag *dag, scalar node, const int64_t *extents, int64_t *value) {
  if (node == NO_SCALAR) return false;
  int count;
  const scalar *order = graph_visit(dag, node, NULL, NULL, &count);
  for (int k = 0; k < count; k++) {
    graph_entry *entry = graph_at(dag, order[k]);
    if (!evaluate_node(dag, &entry->node, extents, &entry->scratch)) return false;
  }
  *value = graph_at(dag, node)->scratch;
  return true;
}
