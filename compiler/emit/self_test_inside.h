/* What the files that write the self-test share. */
#ifndef ADJOIN_EMIT_SELF_TEST_INSIDE_H
#define ADJOIN_EMIT_SELF_TEST_INSIDE_H

#include "compiler/emit/writer.h"

enum { EXTENT_CHOICES = 4 };

/* An input, or what functions give. */
typedef struct {
  const char *name;
  bool is_input;
  int rank;
  const scalar *extents;
  scalar limit; /* of index data; or NO_SCALAR */
} quantity;

typedef struct {
  const emitter *shared;
  const emission *what;
  arena *memory;
  text *out;
  const char *own;   /* the prefix of the test's own names */
  const char *macro; /* and that of the macros */
  const char *const *names;
  const writer *writers;
  LIST(quantity) quantities;
  LIST(int) functions;              /* those that are tested: the ones for one direction at a time */
  int **seeds, **results;           /* by function of the emission: quantities */
  emitter *bounds;                  /* what writes the functions for start values and bounds */
  int attempt_count;                /* of the choices of extents, those that give every array a size */
  int64_t *extents[EXTENT_CHOICES]; /* by id of an extent */
  double pool, wholes, result_size; /* the most that an attempt needs */
  int objective;
} self_test;

static inline const kernel_program *program_of(const self_test *in, int function) {
  return in->what->functions[function].program;
}

/* self_test_checks.c: the table of all that must agree. */
void write_checks(const self_test *in);

#endif
