/* `adjoin emit --of problem`: the functions of one vector that minimisers need. */
#ifndef ADJOIN_CLI_EMIT_PROBLEM_H
#define ADJOIN_CLI_EMIT_PROBLEM_H

#include "compiler/cli/calls.h"

typedef struct {
  bool wanted;
  int first; /* its calls are those from this one on, in the order of `slots` */
  LIST(int *) slots;
  emitted_problem made;
} problem_plan;

/* Adds the calls for a problem over these vars, of which there is one at least. */
void problem_plan_add(problem_plan *in, console *with, const tensor_program *model, const name_list *vars,
                      call_list *calls);

/* Once they are requested: which function is which. */
void problem_plan_finish(problem_plan *in, const call_list *calls);

#endif
