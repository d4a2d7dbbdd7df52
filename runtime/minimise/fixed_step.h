/* What methods have in common whose steps follow a rule that does not look at f. */
#ifndef ADJOIN_RUNTIME_MINIMISE_FIXED_STEP_H
#define ADJOIN_RUNTIME_MINIMISE_FIXED_STEP_H

#include "runtime/minimise/minimiser.h"

typedef struct {
  void *memory;
  double step; /* where the options give none */
  /* x := the next point, from g at x, in iteration t = 1, 2, .. with this step. The projection onto the bounds comes
   * after it. */
  void (*move)(minimiser *m, void *memory, const minimise_point *at, double step, size_t t, double *next);
} fixed_step;

void step_by_rule(minimiser *m, const fixed_step *by);

#endif
