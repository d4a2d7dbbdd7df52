#include "runtime/minimise/fixed_step.h"

#include <math.h>

/* Where not even the gradient times the step changes x, no further iteration will. */
static void end_at_rest(minimiser *m, const minimise_point *at, double step) {
  double promised = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    double slope = free_set_projected_gradient(&m->set, k, at->x[k], at->g[k]);
    promised += step * slope * slope;
  }
  minimiser_no_progress(m, at, promised);
}

void step_by_rule(minimiser *m, const fixed_step *by) {
  minimise_point at;
  if (!minimiser_start(m, &at)) return;
  double *next = minimiser_zeros(m, m->set.count, 1), change = 0;
  if (!next) return;
  size_t rests = 0;
  minimiser_keep_wholes(m, &rests, 1, 2);
  while (minimiser_goes_on(m, &at, change)) {
    size_t t = m->result->iterations + 1;
    double step = minimiser_step(m, by->step);
    if (m->options->step_rule == MINIMISE_STEP_DECREASING) step /= (double)t;
    by->move(m, by->memory, &at, step, t, next);
    free_set_project(&m->set, next);
    change = minimiser_distance(m, next, at.x);
    rests = change == 0 ? rests + 1 : 0;
    if (rests == 2) { /* once may be where a momentum turns */
      end_at_rest(m, &at, step);
      return;
    }
    double *last = at.x;
    at.x = next;
    next = last;
    if (!minimiser_gradient(m, &at)) return;
  }
}
