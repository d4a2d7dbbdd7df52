/* Whole-number expressions as polynomials, and what can be proved of them.
 *
 * A polynomial is a sum of coefficient * product of atoms; atoms are extents, index variables, loads of index data,
 * quotients and remainders. Extents are never negative, and neither are index data. */
#ifndef ADJOIN_SCALAR_WHOLE_H
#define ADJOIN_SCALAR_WHOLE_H

#include "compiler/scalar/scalar_dag.h"

/* Arithmetic in normal form. An overflow of a coefficient gives NO_SCALAR; so does a NO_SCALAR argument. Division
 * splits off what the divisor divides: (i*m + j) // m is i + j // m; where m is 0 the model is in error either way. */
scalar whole_add(scalar_dag *dag, scalar a, scalar b);
scalar whole_subtract(scalar_dag *dag, scalar a, scalar b);
scalar whole_multiply(scalar_dag *dag, scalar a, scalar b);
scalar whole_quotient(scalar_dag *dag, scalar a, scalar b);  /* floors, as // does */
scalar whole_remainder(scalar_dag *dag, scalar a, scalar b); /* the divisor's sign, as % */

/* A loop that binds an index variable: lower <= index < upper. */
typedef struct {
  int index;
  scalar lower, upper;
} whole_range;

/* What may be used in a proof: loops from the outermost inwards (their bounds may mention outer indices), bounds of
 * index data (array_bound[a] is the exclusive bound of array a's entries, or NO_SCALAR), and a condition that holds
 * (a conjunction of comparisons of whole numbers is used; NO_SCALAR: none). */
typedef struct {
  const whole_range *ranges;
  int range_count;
  const scalar *array_bound;
  int array_count;
  scalar condition;
} whole_facts;

/* True only when `node` >= 0 follows from the facts (each loop being non-empty). */
bool whole_proves_nonnegative(scalar_dag *dag, scalar node, const whole_facts *facts);

/* True only when 0 <= node < extent follows. */
bool whole_proves_within(scalar_dag *dag, scalar node, scalar extent, const whole_facts *facts);

/* An expression without the facts' indices and loads that is >= node wherever the facts hold (the tightest that is
 * easily found), or NO_SCALAR. */
scalar whole_upper_bound(scalar_dag *dag, scalar node, const whole_facts *facts);

/* The coefficient of an index variable when the node is affine in it with a coefficient free of index variables and
 * loads; NO_SCALAR when the node is not affine in it. A node that does not mention the variable has coefficient 0. */
scalar whole_coefficient(scalar_dag *dag, scalar node, int index);

/* The value of an expression of extents alone; false on overflow, division by zero, or anything else inside. */
bool whole_evaluate(const scalar_dag *dag, scalar node, const int64_t *extents, int64_t *value);

/* Does the node, of any type, mention this index variable? Memoised. */
bool scalar_mentions_index(const scalar_dag *dag, scalar node, int index);

#endif
