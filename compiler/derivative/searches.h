/* Implicit statements (kernel/implicit.h) made whole. Both functions change the program in place. */
#ifndef ADJOIN_DERIVATIVE_SEARCHES_H
#define ADJOIN_DERIVATIVE_SEARCHES_H

#include "compiler/kernel/lower.h"

/* Before derivatives are taken: the gradients of objectives, for all that have none yet, and what the bodies choose.
 * `places` tells where operations stand in the text. */
void derive_searches(kernel_program *program, const lowered_places *places);

/* When all derivatives are taken: products with the Jacobians of the residuals. */
void complete_searches(kernel_program *program);

#endif
