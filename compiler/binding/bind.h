/* Inputs bound to arrays: every extent has its value, every input its shape and, once it is filled, its entries. */
#ifndef ADJOIN_BINDING_BIND_H
#define ADJOIN_BINDING_BIND_H

#include "compiler/binding/quantity.h"
#include "compiler/tensor/tensor_program.h"

/* The shape of an array that is given for an input. */
typedef struct {
  bool given;
  int rank;
  const int64_t *extents;
  bool column, row;   /* a vector that was written as one column or row: as a matrix it is [n, 1] or [1, n] */
  const char *origin; /* what it was given by, for messages */
  bool later;         /* not given: the caller will fill it, once its shape is known */
} given_shape;

typedef struct {
  quantity value;     /* entries NULL: neither given nor filled yet */
  int64_t *wholes;    /* index inputs: the entries once more, as the code reads them */
  const char *origin; /* what it was given by; NULL when it was not */
  bool drawn;         /* are the entries made up, by --init? */
} bound_input;

typedef struct {
  int64_t value;
  bool known;
  const char *because; /* "X has 10 rows, so N = 10" */
} bound_extent;

typedef struct {
  const reporting *with;
  const tensor_program *model;
  bound_extent *by_id; /* per id of a free extent */
  int64_t *values;     /* the same values, for whole_evaluate */
  int id_count;
  ptrdiff_t *arguments; /* free extents as generated code takes them: in order of declaration, then room for one */
  int argument_count;
  int dimension_count; /* of the model as written: a session adds one for blocks of directions */
  bound_input *inputs;
  const void **pointers; /* per input; never NULL once all are filled */
} bound_model;

/* What is known of the extents before any shape: by id of a free extent its value, or -1; told NULL: nothing. An extent
 * that nothing tells is an error whose message says how to tell it, in the words of `remedy`; or, with `defaults`, it
 * gets a small value counted up from there, distinct from the others, and inputs may be missing. */
typedef struct {
  const int64_t *told;
  const char *remedy; /* "--dim NAME=NUMBER" */
  const char *start;  /* what else gives a var, "--start"; NULL: nothing does */
  int defaults;       /* 0: none */
  bool partial;       /* inputs may be missing, as long as something tells every extent */
} extent_sources;

/* Binds the extents and the shapes of all inputs; `given` has one shape per input. Inputs without a start value must be
 * given unless there are defaults. Reports every mistake; false on any. The entries are the caller's to fill. */
bool bind_shapes(bound_model *into, const reporting *with, const tensor_program *model, int dimension_count,
                 const given_shape *given, const extent_sources *from);

/* The value of a whole expression of extents; false with a message when it has none or is negative. */
bool bind_extent(const bound_model *of, scalar expression, const char *of_what, int64_t *value);

/* A quantity, zero everywhere, with the shape of an input or definition of the model; false with a message. */
bool bind_quantity(const bound_model *of, const char *name, quantity *into);

/* The same for extents as the model has them. */
bool bind_shaped(const bound_model *of, const char *name, int rank, const scalar *extents, quantity *into);

/* The shape alone: one number per axis. */
bool bind_extents_of(const bound_model *of, const char *name, int rank, const scalar *extents, int64_t **shape);

/* An array as given, in the shape `expected`, whose axes are written as `extents`: an axis that is written as 1 may be
 * left out, and a number stands for an array of one entry. False when it does not fit. */
bool fits_shape(const bound_model *of, const given_shape *given, int rank, const scalar *extents, int64_t *shape);

/* "shape [n, 3]"; "a scalar" for rank 0. */
const char *written_shape(const bound_model *of, int rank, const scalar *extents);
const char *numeric_shape(const reporting *with, int rank, const int64_t *extents);

/* "5 entries", "1 row", "3 columns", "4 entries along axis 2": an extent in words. */
const char *axis_words(const reporting *with, int rank, int which, const char *extent, bool one);

#endif
