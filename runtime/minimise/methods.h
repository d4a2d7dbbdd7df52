/* The methods, for the table of minimise.c. Each runs until the run has ended. */
#ifndef ADJOIN_RUNTIME_MINIMISE_METHODS_H
#define ADJOIN_RUNTIME_MINIMISE_METHODS_H

#include "runtime/minimise/minimiser.h"

void minimise_gradient_descent(minimiser *m);
void minimise_lbfgs(minimiser *m);

#endif
