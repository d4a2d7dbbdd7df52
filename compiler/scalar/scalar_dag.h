/* Scalar expressions: one interned, append-only graph per compilation.
 *
 * A node is identified by a small number. Two equal expressions are the same node, so that common subexpressions need
 * no search, and a node means the same value wherever it stands (arrays are written before they are read, and never
 * changed afterwards). Nodes are made by the functions below, which also fold constants and apply the algebra that is
 * exact in IEEE arithmetic.
 *
 * Whole-number nodes are kept in a normal form, a polynomial over extents, indices, loads of index data, quotients and
 * remainders: n - 1 + 1 and n are the same node (see whole.h). */
#ifndef ADJOIN_SCALAR_SCALAR_DAG_H
#define ADJOIN_SCALAR_SCALAR_DAG_H

#include "compiler/base/arena.h"
#include "compiler/base/text.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct scalar_dag scalar_dag;
typedef int32_t scalar;
enum { NO_SCALAR = 0 };

typedef enum {
  SCALAR_REAL,  /* a real number: double, or float in emitted code */
  SCALAR_WHOLE, /* a whole number: subscripts, extents, index data; 64 bits */
  SCALAR_TRUTH  /* a truth value */
} scalar_type;

/* The structural operations, then one per row of scalar_ops.def (OP_add, OP_sin, ...). */
typedef enum {
  SCALAR_NOTHING,
  SCALAR_CONSTANT, /* payload: real, or whole (also for truth: 0 or 1) */
  SCALAR_EXTENT,   /* payload: id of a free extent (a `dim`); whole */
  SCALAR_INDEX,    /* payload: id of an index variable; whole */
  SCALAR_LOAD,     /* payload: id of an array; arguments: one whole subscript per axis */
  SCALAR_SELECT,   /* arguments: truth, then-value, else-value; evaluates only the one it takes */
#define OP(name, ...) OP_##name,
#include "compiler/scalar/scalar_ops.def"
#undef OP
  SCALAR_OP_COUNT
} scalar_op;

typedef struct {
  scalar_op op;
  scalar_type type;
  int argument_count;
  const scalar *arguments;
  union {
    double real;
    int64_t whole;
    int32_t id;
  };
} scalar_node;

scalar_dag *scalar_dag_create(arena *memory);
arena *scalar_memory(const scalar_dag *dag);

/* The node's description; the pointer stays valid for the life of the graph. Arguments have smaller numbers than the
 * nodes that use them: ascending order is a topological order. */
const scalar_node *scalar_at(const scalar_dag *dag, scalar node);
int scalar_count(const scalar_dag *dag); /* nodes are 1 .. count-1 */

/* Leaves. Every call of new_extent or new_index makes a fresh one; the name is only for printing. */
int scalar_new_extent(scalar_dag *dag, const char *name);
int scalar_new_index(scalar_dag *dag, const char *name);
const char *scalar_extent_name(const scalar_dag *dag, int id);
const char *scalar_index_name(const scalar_dag *dag, int id);
scalar scalar_real(scalar_dag *dag, double value);
scalar scalar_whole(scalar_dag *dag, int64_t value);
scalar scalar_truth(scalar_dag *dag, bool value);
scalar scalar_extent(scalar_dag *dag, int id);
scalar scalar_index(scalar_dag *dag, int id);
scalar scalar_load(scalar_dag *dag, int array, scalar_type type, int subscript_count, const scalar *subscripts);

/* Select folds a constant condition and equal branches. Branches have one type. */
scalar scalar_select(scalar_dag *dag, scalar condition, scalar taken, scalar otherwise);

/* An operation of the table. Arguments must have the types that the row asks for. A NO_SCALAR argument, and an overflow
 * among whole constants, give NO_SCALAR. */
scalar scalar_apply(scalar_dag *dag, scalar_op op, const scalar *arguments);
scalar scalar_unary(scalar_dag *dag, scalar_op op, scalar a);
scalar scalar_binary(scalar_dag *dag, scalar_op op, scalar a, scalar b);

/* A copy of `node` with each index variable v for which replacement[v] is not NO_SCALAR replaced, loads of array a
 * replaced by replaced_array[a] when that is given (NULL: none; entries -1: unchanged). `count` is the length of
 * `replacement`. Linear in the node's distinct parts. */
scalar scalar_substitute(scalar_dag *dag, scalar node, const scalar *replacement, int count, const int *replaced_array,
                         int array_count);

/* Constants. */
bool scalar_is_real(const scalar_dag *dag, scalar node, double value);
bool scalar_is_whole(const scalar_dag *dag, scalar node, int64_t *value);
bool scalar_is_truth(const scalar_dag *dag, scalar node, bool value);

/* What the table says of an operation. */
typedef struct {
  const char *name;
  int arity;
  const char *signature; /* argument types, then the result's: "RR>R", "NN>T" (N: both real or both whole) */
  const char *spelling_double, *spelling_float; /* C: a function's name, or an infix or prefix operator */
  const char *partial[3];                       /* see scalar_ops.def */
  unsigned flags;
  double low[3], high[3]; /* the range it is tested on */
} scalar_op_row;

enum {
  OP_INFIX = 1,      /* spelled between its arguments */
  OP_PREFIX = 2,     /* spelled before its argument */
  OP_HELPER = 4,     /* spelled as a helper that emitted code brings along (see scalar_helpers.h) */
  OP_COMMUTES = 8,   /* a op b and b op a are the same node */
  OP_NONFINITE = 16, /* from finite arguments the value or a partial may be infinite or nan */
  OP_KINK = 32,      /* its derivative jumps somewhere */
  OP_COSTLY = 64,    /* worth storing rather than repeating: a library function, a division by far not */
  OP_INTERNAL = 128, /* no function of the language has this name */
  OP_SINGULAR = 256  /* the first partial may be infinite where the value is finite */
};
const scalar_op_row *scalar_row(scalar_op op); /* NULL for structural operations */
scalar_op scalar_op_named(const char *name);   /* SCALAR_NOTHING when there is none */

/* The host's value of an operation, in double: folding, and the oracle of tests. Truths and wholes are 0/1 and exact
 * doubles here. Whole operations have their own function, false on overflow or division by zero. */
double scalar_evaluate(scalar_op op, const double *arguments);
bool scalar_evaluate_whole(scalar_op op, const int64_t *arguments, int64_t *value);

/* The partial derivative of the node (an operation of the table with a real value) for its argument number `which`,
 * as an expression in the same graph. Its meaning at kinks is that of the table. Ensures: never NO_SCALAR; an
 * operation without a derivative has the partial 0 written in its row. */
scalar scalar_partial(scalar_dag *dag, scalar node, int which);

/* An expression in the table's notation, over the arguments of a node and its result. */
scalar scalar_read(scalar_dag *dag, scalar node, const char *written);

/* Where the partial for argument number `which` may be infinite although the value is finite. */
typedef enum { SINGULAR_NOWHERE, SINGULAR_AT_ZERO /* of the argument */, SINGULAR_ELSEWHERE } singular_place;
singular_place scalar_singular(const scalar_dag *dag, scalar node, int which);

/* What is multiplied in the chain rule. */
typedef struct {
  scalar differential; /* the tangent of the argument (forward) or the adjoint of the node (reverse); or NO_SCALAR */
  bool singular;       /* it may be infinite, having met a singular partial */
  const bool *tainted; /* arrays that may hold nan or inf, by array id; NULL: none; ids past the end: none */
  int array_count;
} chain_factor;

/* What argument number `which` of the node contributes to a derivative: differential * partial. NO_SCALAR when it
 * contributes nothing.
 *
 * The product is formed so that a nan or inf that was not selected never reaches a derivative: x*p, or mul0(x, p) where
 * p may be infinite or nan, or x singular; a partial that is a select selects among products; 1 and -1 need no product;
 * for the second argument of mul0(a, b) it is mul0(a, x). `node` is an operation of the table with a real value. */
scalar scalar_chain(scalar_dag *dag, scalar node, int which, const chain_factor *factor);

/* May the value be infinite or nan although inputs are finite? True without need is safe: it costs time, no digits. */
bool scalar_may_be_nonfinite(const scalar_dag *dag, scalar node, const bool *tainted, int array_count);

/* Printing, in the language's own spelling, with names of arrays from the callback. */
typedef const char *scalar_array_name(const void *context, int array);
void scalar_write(const scalar_dag *dag, scalar node, scalar_array_name *name, const void *context, text *out);

#endif
