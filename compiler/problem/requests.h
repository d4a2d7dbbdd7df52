/* What has to be asked of a model so that it can be minimised. */
#ifndef ADJOIN_PROBLEM_REQUESTS_H
#define ADJOIN_PROBLEM_REQUESTS_H

#include "compiler/binding/names.h"
#include "compiler/request.h"
#include "runtime/kernel_problem.h"

typedef struct {
  bool needed;
  request wanted;
} problem_request;

/* By function of a kernel_problem, over these vars; `product` and `residual` (an output; or NULL) say which of them a
 * method needs, and `objective` whether value and gradient are those of the model's, or only of the residual's squares.
 * The names are kept, not copied; lists are of `memory`. */
void problem_requests(arena *memory, const name_list *vars, bool objective, bool product, const char *residual,
                      problem_request into[KERNEL_FUNCTIONS]);

#endif
