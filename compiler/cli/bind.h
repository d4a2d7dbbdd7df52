/* Inputs bound to arrays: every extent has its value, every input its shape and, once it is filled, its entries. */
#ifndef ADJOIN_CLI_BIND_H
#define ADJOIN_CLI_BIND_H

#include "compiler/cli/given.h"
#include "compiler/cli/quantity.h"

typedef struct {
  quantity value;     /* entries NULL: neither given nor filled yet */
  int64_t *wholes;    /* index inputs: the entries once more, as the code reads them */
  const char *origin; /* what it was given by; NULL when it was not */
} bound_input;

typedef struct {
  int64_t value;
  bool known;
  const char *because; /* "X has 10 rows, so N = 10" */
} bound_extent;

typedef struct {
  console *with;
  const tensor_program *model;
  bound_extent *by_id; /* per id of a free extent */
  int64_t *values;     /* the same values, for whole_evaluate */
  int id_count;
  ptrdiff_t *arguments; /* free extents as generated code takes them: in order of declaration, then room for one */
  int argument_count;
  int dimension_count; /* see given_arrays */
  bound_input *inputs;
  const void **pointers; /* per input; never NULL once all are filled */
} bound_model;

/* Binds the extents, the shapes of all inputs, and the entries of those that were given. With `defaults`, extents that
 * nothing tells get small distinct values counted up from it, and inputs may be missing; when it is 0 both are errors,
 * but for inputs with a start value. Reports every mistake; false on any. `given` keeps the entries alive. */
bool bind_inputs(bound_model *into, const given_arrays *given, int defaults, bool strict);

/* Gives an input its entries, checks those of index inputs against their bound, and with `strict` refuses nan. */
bool bind_fill(bound_model *of, int input, double *entries, bool strict);

/* False with a message when an entry is nan, which --strict refuses; `what` stands before the name ("", "--along "). */
bool bind_without_nan(const bound_model *of, const char *what, const quantity *value);

/* The value of a whole expression of extents; false with a message when it has none or is negative. */
bool bind_extent(const bound_model *of, scalar expression, const char *of_what, int64_t *value);

/* A quantity, zero everywhere, with the shape of an input or definition of the model; false with a message. */
bool bind_quantity(const bound_model *of, const char *name, quantity *into);

/* The same for extents as the model has them. */
bool bind_shaped(const bound_model *of, const char *name, int rank, const scalar *extents, quantity *into);

/* An array as given, in the shape `expected`, whose axes are written as `extents`: an axis that is written as 1 may be
 * left out, and a number stands for an array of one entry. False when it does not fit. */
bool fits_shape(const bound_model *of, const host_array *given, int rank, const scalar *extents, int64_t *shape);

/* "shape [n, 3]"; "a scalar" for rank 0. */
const char *written_shape(const bound_model *of, int rank, const scalar *extents);
const char *numeric_shape(console *with, int rank, const int64_t *extents);

/* "5 entries", "1 row", "3 columns", "4 entries along axis 2": an extent in words. */
const char *axis_words(console *with, int rank, int which, const char *extent, bool one);

#endif
