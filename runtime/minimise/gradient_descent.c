/* x := P(x - t g), with t constant, decreasing, or from a line search. */
#include "runtime/minimise/descend.h"
#include "runtime/minimise/fixed_step.h"
#include "runtime/minimise/methods.h"

static void move(minimiser *m, void *memory, const minimise_point *at, double step, size_t t, double *next) {
  (void)memory, (void)t;
  for (size_t k = 0; k < m->set.count; k++) next[k] = at->x[k] - step * at->g[k];
}

void minimise_gradient_descent(minimiser *m) {
  minimise_step_rule rule = m->options->step_rule;
  if (rule == MINIMISE_STEP_AUTOMATIC)
    rule = m->options->step > 0 ? MINIMISE_STEP_CONSTANT : MINIMISE_STEP_BACKTRACKING;
  if (rule == MINIMISE_STEP_CONSTANT || rule == MINIMISE_STEP_DECREASING)
    step_by_rule(m, &(fixed_step){.step = 0.01, .move = move});
  else
    descend(m, &(descent){.backtracks = rule == MINIMISE_STEP_BACKTRACKING});
}
