/* The arrays that the command line supplies, each for one input of the model. */
#ifndef ADJOIN_CLI_GIVEN_H
#define ADJOIN_CLI_GIVEN_H

#include "compiler/cli/options.h"
#include "runtime/array.h"

typedef struct {
  host_array array;
  const char *origin; /* the argument or file that it came from, for messages */
  bool from_folder;   /* a folder yields to what is given otherwise */
} given_array;

typedef struct {
  console *with;
  const tensor_program *model;
  given_array **of_input; /* per input of the model, or NULL */
  int dimension_count;    /* of the model as written: a session adds one for blocks of directions */
  bool failed;            /* something was reported */
  const char *start;      /* as in extent_sources */
  bool draw_weights;      /* weights of networks that nothing gives are drawn, by the seed */
  uint64_t seed;
} given_arrays;

/* Reads all arguments, and reports every mistake in them. */
given_arrays given_read(console *with, const tensor_program *model, const name_list *arguments);
void given_release(given_arrays *from);

/* A value of the command line: what array_parse reads; or @FILE, @FILE:NAME, as array_read has it. */
bool read_value(const char *value, host_array *into, array_error *error);

#endif
