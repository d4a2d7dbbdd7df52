/* What can be asked of a model: one function of the generated code. */
#ifndef ADJOIN_COMPILER_REQUEST_H
#define ADJOIN_COMPILER_REQUEST_H

#include <stdbool.h>

typedef enum {
  REQUEST_VALUE,    /* results: the objective when there is one, then each of `read` (outputs or definitions) */
  REQUEST_OUTPUTS,  /* results: each of `read` alone: what only the objective needs is not computed */
  REQUEST_GRADIENT, /* results: the objective, then its gradient with respect to each of `read` (inputs, definitions) */
  REQUEST_PRODUCT,  /* seeds: a direction for each of `along` (inputs); results: for each of `read` (inputs), the
                       second derivative of the objective applied to the directions: hvp and mixed products */
  REQUEST_JVP,   /* seeds: a direction for each of `along` (inputs); results: the tangent of each of `read` (outputs) */
  REQUEST_VJP,   /* seeds: a cotangent for each of `along` (outputs); results: the adjoint of each of `read` (inputs) */
  REQUEST_KINKS, /* result: for each choice that `read` (outputs; or the objective, where there are none) makes and
                    `along` (inputs) moves, minus the distance to where it is made the other way (see
                    derivative/kinks.h); session_kinks tells which they are */
  REQUEST_START, /* results: the start value of each of `read` (inputs that have one) */
  REQUEST_LOWER, /* the same for lower bounds */
  REQUEST_UPPER, /* the same for upper bounds */
  REQUEST_LOWER_JVP, /* seeds: a direction for each of `along` (inputs); results: the tangent of the lower bound of each
                        of `read` (inputs that have one) */
  REQUEST_UPPER_JVP, /* the same for upper bounds */
  REQUEST_LOWER_VJP, /* seeds: a cotangent for the lower bound of each of `along` (inputs that have one); results: the
                        adjoint of each of `read` (inputs) */
  REQUEST_UPPER_VJP  /* the same for upper bounds */
} request_kind;

typedef struct {
  request_kind kind;
  const char *name; /* the function's: "grad", "hvp_w"; NULL for a default */
  const char *const *read;
  int read_count;
  const char *const *along;
  int along_count;
  bool block; /* PRODUCT and JVP: seeds and results have one more axis at the end, a block of directions, whose extent
                 is one more extent argument after the model's own */
} request;

#endif
