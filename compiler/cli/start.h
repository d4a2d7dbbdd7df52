/* Start values and bounds, which are expressions of the model. */
#ifndef ADJOIN_CLI_START_H
#define ADJOIN_CLI_START_H

#include "compiler/cli/calls.h"

/* A result of a function that gives start values or bounds: the values of one input. */
typedef struct {
  int function; /* -1 where the input has none or none was asked for */
  int result, result_count;
  const bool *loads; /* by input: does the function read it? NULL: it reads none */
} declared_value;

/* Per input. */
typedef struct {
  declared_value *start, *lower, *upper;
} start_functions;

/* Whose bounds are wanted. */
typedef enum { BOUNDS_OF_NONE, BOUNDS_OF_MISSING, BOUNDS_OF_ALL } bounds_wanted;

/* Requests the functions: start values of inputs without entries; bounds of no input, of those without entries, or of
 * all. */
exit_code start_request(console *with, session *from, const bound_model *inputs, bounds_wanted bounds,
                        start_functions *into);

/* Does its function read only inputs that have their entries? */
bool start_ready(const declared_value *value, const bound_model *inputs);

/* Evaluates one of them into room for the input's entries; NULL with *code set on failure. */
double *start_evaluate(machine *on, const declared_value *value, int input_number, exit_code *code);

/* Gives every input without entries its start value; start values may use each other's inputs in any order. */
exit_code start_fill(machine *on, bound_model *inputs, const start_functions *functions, bool strict);

#endif
