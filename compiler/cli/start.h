/* Start values and bounds, which are expressions of the model. */
#ifndef ADJOIN_CLI_START_H
#define ADJOIN_CLI_START_H

#include "compiler/cli/calls.h"

/* Per input: the number of the function that gives its start value, lower or upper bound; -1 where it has none or none
 * was asked for. */
typedef struct {
  int *start, *lower, *upper;
} start_functions;

/* Requests the functions: start values of inputs without entries; with `bounds`, the bounds of those too. */
exit_code start_request(console *with, session *from, const bound_model *inputs, bool bounds, start_functions *into);

/* Does the function read only inputs that have their entries? */
bool start_ready(const machine *on, int function, const bound_model *inputs);

/* Evaluates one of them into room for the input's entries; NULL with *code set on failure. */
double *start_evaluate(machine *on, int function, int input_number, exit_code *code);

/* Gives every input without entries its start value; start values may use each other's inputs in any order. */
exit_code start_fill(machine *on, bound_model *inputs, const start_functions *functions, bool strict);

#endif
