/* The normal form of whole-number expressions: polynomials over atoms, as data. Private to this folder. */
#ifndef ADJOIN_SCALAR_POLYNOMIAL_H
#define ADJOIN_SCALAR_POLYNOMIAL_H

#include "compiler/scalar/scalar_graph.h"

/* coefficient * atoms[0] * atoms[1] ...; atoms ascend, repeated for powers. */
typedef struct {
  int64_t coefficient; /* never 0, and never the least int64_t, so that it can be negated */
  int degree;
  const scalar *atoms;
} polynomial_term;

/* Terms of falling degree, then by their atoms: the constant stands last. */
struct polynomial {
  int count;
  const polynomial_term *terms;
};

/* Larger sums and products stay products of sums: they are atoms of their own. It bounds what hostile input can cost;
 * models do not come near. */
enum { POLYNOMIAL_MAXIMUM_TERMS = 128, POLYNOMIAL_MAXIMUM_DEGREE = 16 };

/* The polynomial of a whole node (remembered), and the node of a polynomial: NO_SCALAR for NULL. */
const polynomial *polynomial_of(scalar_dag *dag, scalar node);
scalar polynomial_node(scalar_dag *dag, const polynomial *from);

/* Arithmetic; NULL when a coefficient overflows or an argument is NULL. No limits on size are applied. */
const polynomial *polynomial_constant(scalar_dag *dag, int64_t value);
const polynomial *polynomial_atom(scalar_dag *dag, scalar atom);
const polynomial *polynomial_combine(scalar_dag *dag, const polynomial *left, int64_t scale, const polynomial *right);
const polynomial *polynomial_multiply(scalar_dag *dag, const polynomial *left, const polynomial *right);
const polynomial *polynomial_scale(scalar_dag *dag, const polynomial *from, int64_t coefficient, int degree,
                                   const scalar *atoms);
int64_t polynomial_constant_term(const polynomial *of);
bool polynomial_is_constant(const polynomial *of, int64_t *value);

/* from / divisor for single terms, when the division is exact: the cofactor's atoms (in `memory`) and their number.
 * Coefficients are not looked at. */
bool monomial_divide(arena *memory, const polynomial_term *from, const polynomial_term *divisor, const scalar **atoms,
                     int *degree);

#endif
