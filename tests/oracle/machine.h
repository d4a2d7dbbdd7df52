/* The state of an interpreted program: arrays, indices, and the evaluation of scalar expressions over them. */
#ifndef ADJOIN_TESTS_MACHINE_H
#define ADJOIN_TESTS_MACHINE_H

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/reach.h"

/* A value: `whole` for whole numbers and truths. */
typedef union {
  double real;
  int64_t whole;
} number;

typedef enum { ENTRY_UNWRITTEN, ENTRY_ASSIGNED, ENTRY_ACCUMULATED } entry_state;

/* Where an array's entries are: one of the pointers, or none for a result that the caller does not want. */
typedef struct {
  const double *given_reals;
  const int64_t *given_wholes;
  double *result;
  number *local;
  unsigned char *states; /* of written arrays: an entry_state each */
  int64_t count;
  int64_t *extents;
} block;

typedef struct {
  arena *memory;
  const kernel_program *program;
  const int64_t *extents;
  int64_t *indices; /* by index variable */
  block *blocks;    /* by array */
  char *message;
  size_t message_size;
  bool failed;
} machine;

/* The expressions of one statement, ready to be evaluated again and again. */
typedef struct {
  reach nodes;
  int *first_argument; /* by position: where its arguments begin in `arguments` */
  int *arguments;      /* positions */
  number *values;
  int64_t *computed; /* by position: the `now` for which the value holds */
  int64_t now;
  LIST(int) waiting;
} expressions;

void machine_fail(machine *in, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prepares the nodes that have been gathered in `nodes`. */
void expressions_prepare(machine *in, expressions *of);

/* Forgets what was computed: an index or an array has changed. */
void expressions_forget(expressions *of);

/* The node's value; a failure is in machine.failed. Selects evaluate what they take alone. */
number expressions_evaluate(machine *in, expressions *of, scalar node);

/* The place of an entry; -1 when a subscript is out of range, which is a failure. */
int64_t machine_place(machine *in, int array_number, const int64_t *subscripts);

#endif
