/* Polynomials over whole-number atoms, and their nodes.
 *
 * The node of a polynomial is the sum of its terms from left to right, a positive term first where there is one, and
 * subtracting where a coefficient is negative: n - 1, 2*i + 1, -n - 1. Each prefix of that sum is itself in normal
 * form, and so is each prefix of a term 2*i*j. */
#include "compiler/scalar/polynomial.h"
#include <string.h>

/* Monomials. */

static int compare_monomials(const polynomial_term *left, const polynomial_term *right) {
  if (left->degree != right->degree) return left->degree > right->degree ? -1 : 1;
  for (int k = 0; k < left->degree; k++)
    if (left->atoms[k] != right->atoms[k]) return left->atoms[k] < right->atoms[k] ? -1 : 1;
  return 0;
}

static const scalar *merge_atoms(arena *memory, const scalar *left, int left_count, const scalar *right,
                                 int right_count) {
  if (left_count == 0) return right;
  if (right_count == 0) return left;
  scalar *atoms = arena_array(memory, scalar, left_count + right_count);
  for (int a = 0, b = 0; a + b < left_count + right_count;) {
    bool from_left = b == right_count || (a < left_count && left[a] <= right[b]);
    scalar atom = from_left ? left[a] : right[b];
    atoms[a + b] = atom;
    if (from_left)
      a++;
    else
      b++;
  }
  return atoms;
}

bool monomial_divide(arena *memory, const polynomial_term *from, const polynomial_term *divisor, const scalar **atoms,
                     int *degree) {
  if (divisor->degree > from->degree) return false;
  scalar *rest = arena_array(memory, scalar, from->degree - divisor->degree + 1);
  int count = 0, at = 0;
  for (int k = 0; k < from->degree; k++) {
    if (at < divisor->degree && from->atoms[k] == divisor->atoms[at])
      at++;
    else if (count == from->degree - divisor->degree)
      return false;
    else
      rest[count++] = from->atoms[k];
  }
  *atoms = rest;
  *degree = count;
  return at == divisor->degree;
}

/* Arithmetic. */

static const polynomial *make(scalar_dag *dag, const polynomial_term *terms, int count) {
  polynomial *result = arena_new(dag->memory, polynomial);
  result->count = count;
  result->terms = terms;
  return result;
}

static const polynomial *make_term(scalar_dag *dag, int64_t coefficient, int degree, const scalar *atoms) {
  if (coefficient == INT64_MIN) return NULL;
  if (coefficient == 0) return make(dag, NULL, 0);
  polynomial_term *term = arena_new(dag->memory, polynomial_term);
  *term = (polynomial_term){coefficient, degree, atoms};
  return make(dag, term, 1);
}

const polynomial *polynomial_constant(scalar_dag *dag, int64_t value) {
  return make_term(dag, value, 0, NULL);
}

const polynomial *polynomial_atom(scalar_dag *dag, scalar atom) {
  scalar *atoms = arena_array(dag->memory, scalar, 1);
  atoms[0] = atom;
  return make_term(dag, 1, 1, atoms);
}

int64_t polynomial_constant_term(const polynomial *of) {
  if (of->count == 0 || of->terms[of->count - 1].degree > 0) return 0;
  return of->terms[of->count - 1].coefficient;
}

bool polynomial_is_constant(const polynomial *of, int64_t *value) {
  *value = polynomial_constant_term(of);
  return of->count == 0 || (of->count == 1 && of->terms[0].degree == 0);
}

/* left + scale*right, term by term. */
const polynomial *polynomial_combine(scalar_dag *dag, const polynomial *left, int64_t scale, const polynomial *right) {
  if (!left || !right) return NULL;
  polynomial_term *terms = arena_array(dag->memory, polynomial_term, left->count + right->count + 1);
  int count = 0, a = 0, b = 0;
  while (a < left->count || b < right->count) {
    int order = a == left->count ? 1 : b == right->count ? -1 : compare_monomials(&left->terms[a], &right->terms[b]);
    polynomial_term term = order <= 0 ? left->terms[a++] : right->terms[b];
    if (order >= 0) {
      int64_t added;
      if (__builtin_mul_overflow(scale, right->terms[b++].coefficient, &added)) return NULL;
      if (order > 0) term.coefficient = 0;
      if (__builtin_add_overflow(term.coefficient, added, &term.coefficient)) return NULL;
    }
    if (term.coefficient == INT64_MIN) return NULL;
    if (term.coefficient != 0) terms[count++] = term;
  }
  return make(dag, terms, count);
}

/* Multiplying every term by the same atoms keeps their order: degrees rise alike, and merging the same atoms into two
 * sorted lists of one length keeps their lexicographic order. */
const polynomial *polynomial_scale(scalar_dag *dag, const polynomial *from, int64_t coefficient, int degree,
                                   const scalar *atoms) {
  if (!from) return NULL;
  if (coefficient == 0) return make(dag, NULL, 0);
  polynomial_term *terms = arena_array(dag->memory, polynomial_term, from->count + 1);
  for (int k = 0; k < from->count; k++) {
    const polynomial_term *term = &from->terms[k];
    terms[k].atoms = merge_atoms(dag->memory, term->atoms, term->degree, atoms, degree);
    terms[k].degree = term->degree + degree;
    if (__builtin_mul_overflow(term->coefficient, coefficient, &terms[k].coefficient)) return NULL;
    if (terms[k].coefficient == INT64_MIN) return NULL;
  }
  return make(dag, terms, from->count);
}

const polynomial *polynomial_multiply(scalar_dag *dag, const polynomial *left, const polynomial *right) {
  if (!left || !right) return NULL;
  const polynomial *sum = make(dag, NULL, 0);
  for (int k = 0; k < right->count; k++) {
    const polynomial_term *term = &right->terms[k];
    const polynomial *part = polynomial_scale(dag, left, term->coefficient, term->degree, term->atoms);
    sum = polynomial_combine(dag, sum, 1, part);
  }
  return sum;
}

/* Nodes to polynomials. A sum or product node without a remembered form was made by polynomial_node, so that its
 * left side is a prefix: the chain is walked down to a known prefix, then up. */
static const polynomial *form_of_step(scalar_dag *dag, const scalar_node *node) {
  const polynomial *left = graph_at(dag, node->arguments[0])->form;
  if (node->op == OP_whole_negate) return polynomial_scale(dag, left, -1, 0, NULL);
  const polynomial *right = polynomial_of(dag, node->arguments[1]);
  if (node->op == OP_whole_multiply) return polynomial_multiply(dag, left, right);
  return polynomial_combine(dag, left, node->op == OP_whole_add ? 1 : -1, right);
}

static bool is_step(scalar_op op) {
  return op == OP_whole_add || op == OP_whole_subtract || op == OP_whole_multiply || op == OP_whole_negate;
}

static const polynomial *form_of_leaf(scalar_dag *dag, scalar node) {
  const scalar_node *at = scalar_at(dag, node);
  return at->op == SCALAR_CONSTANT ? polynomial_constant(dag, at->whole) : polynomial_atom(dag, node);
}

const polynomial *polynomial_of(scalar_dag *dag, scalar node) {
  graph_entry *entry = graph_at(dag, node);
  if (entry->form) return entry->form;
  if (!is_step(entry->node.op)) return entry->form = form_of_leaf(dag, node);
  polynomial_of(dag, entry->node.arguments[0]); /* one step down: a shorter prefix */
  return entry->form = form_of_step(dag, &entry->node);
}

/* Polynomials to nodes. */

static scalar step(scalar_dag *dag, scalar_op op, scalar left, scalar right) {
  return graph_operation(dag, op, SCALAR_WHOLE, (scalar[]){left, right}, 2);
}

/* |coefficient| * atoms, from left to right. */
static scalar term_node(scalar_dag *dag, const polynomial_term *term) {
  int64_t magnitude = term->coefficient < 0 ? -term->coefficient : term->coefficient;
  if (term->degree == 0) return scalar_whole(dag, magnitude);
  scalar product =
      magnitude == 1 ? term->atoms[0] : step(dag, OP_whole_multiply, scalar_whole(dag, magnitude), term->atoms[0]);
  for (int k = 1; k < term->degree; k++) product = step(dag, OP_whole_multiply, product, term->atoms[k]);
  return product;
}

static scalar first_node(scalar_dag *dag, const polynomial_term *term) {
  if (term->coefficient > 0) return term_node(dag, term);
  if (term->degree == 0) return scalar_whole(dag, term->coefficient);
  scalar positive = term_node(dag, term);
  return graph_operation(dag, OP_whole_negate, SCALAR_WHOLE, &positive, 1);
}

scalar polynomial_node(scalar_dag *dag, const polynomial *from) {
  if (!from) return NO_SCALAR;
  if (from->count == 0) return scalar_whole(dag, 0);
  int first = 0;
  while (first < from->count && from->terms[first].coefficient < 0) first++;
  if (first == from->count) first = 0;
  scalar sum = first_node(dag, &from->terms[first]);
  for (int k = 0; k < from->count; k++) {
    if (k == first) continue;
    scalar term = term_node(dag, &from->terms[k]);
    sum = step(dag, from->terms[k].coefficient < 0 ? OP_whole_subtract : OP_whole_add, sum, term);
  }
  graph_at(dag, sum)->form = from;
  return sum;
}
