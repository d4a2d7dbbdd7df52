/* The methods, for the table of minimise.c. Each runs until the run has ended. */
#ifndef ADJOIN_RUNTIME_MINIMISE_METHODS_H
#define ADJOIN_RUNTIME_MINIMISE_METHODS_H

#include "runtime/minimise/minimiser.h"

void minimise_gradient_descent(minimiser *m);
void minimise_momentum(minimiser *m);
void minimise_nesterov(minimiser *m);
void minimise_adam(minimiser *m);
void minimise_adamw(minimiser *m);
void minimise_coordinate(minimiser *m);
void minimise_bfgs(minimiser *m);
void minimise_lbfgs(minimiser *m);
void minimise_newton(minimiser *m);
void minimise_newton_cg(minimiser *m);
void minimise_levenberg_marquardt(minimiser *m);

#endif
