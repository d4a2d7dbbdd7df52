/* A case: one file of tests/cases with a model and what must come of it. The format is told in tests/README.md. */
#ifndef ADJOIN_TESTS_CASE_H
#define ADJOIN_TESTS_CASE_H

#include "compiler/base/arena.h"
#include "runtime/array.h"

typedef enum {
  EXPECT_VALUE,    /* value = 14                              the objective */
  EXPECT_OUTPUT,   /* out r = 1, 2                            an output or a definition */
  EXPECT_GRADIENT, /* grad x = 2, 4                           of the objective; also by a definition */
  EXPECT_PRODUCT,  /* hvp x along 1, 0 = 2, 0                 mixed p,x along 1, 0 = 3     (read on p) */
  EXPECT_HESSIAN,  /* hess x,x = [[2, 0], [0, 2]]             by a block of directions */
  EXPECT_JVP,      /* jvp r,x along 1, 0 = 5 */
  EXPECT_VJP,      /* vjp x,r along 1 = 5, 6 */
  EXPECT_JACOBIAN, /* jac r,x = [[5, 6]]                      by a block of directions */
  EXPECT_START,    /* start x = 0, 0 */
  EXPECT_LOWER,
  EXPECT_UPPER
} expectation_kind;

typedef struct {
  expectation_kind kind;
  const char *read, *along; /* names; "" where the kind has none */
  host_array direction;     /* entries NULL when there is none */
  host_array value;         /* entries NULL: the request alone is made */
  double tolerance;
  int line;
} expectation;

typedef struct {
  const char *name;
  host_array value;
} case_input;

typedef struct {
  const char *name;
  int64_t value;
} named_extent;

/* Where a model is evaluated. Inputs are inherited from the point before. */
typedef struct {
  LIST(case_input) inputs;
  LIST(expectation) expectations;
  bool kink;          /* a derivative jumps here: no comparison with differences */
  bool nonfinite;     /* nan and inf are expected somewhere */
  const char *status; /* the message of the check that must fail, or NULL */
  int line;
} case_point;

typedef struct {
  const char *path;
  const char *model;
  LIST(named_extent) fixed; /* as by --dim */
  LIST(case_point) points;
  const char *error;             /* the diagnostics that must be written, or NULL */
  const char *dump_after, *dump; /* or NULL */
  const char *broken;            /* why the file can't be read as a case, or NULL */
} test_case;

/* Reads a case; a mistake in it is told in `broken`. `data` is the folder that `@file` values are read from. */
test_case *case_read(arena *memory, const char *path, const char *data);

/* The text of a whole file, or NULL. */
char *read_file(arena *memory, const char *path, size_t *length);

#endif
