/* The heavy ball (Polyak 1964): x+ = P(x - t g + beta (x - x-)). With a constant step this is v+ = beta v + g,
 * x+ = x - t v+; an entry that a bound has stopped has lost its velocity. */
#include "runtime/minimise/fixed_step.h"
#include "runtime/minimise/methods.h"

static void move(minimiser *m, void *memory, const minimise_point *at, double step, size_t t, double *next) {
  double *before = memory, beta = m->options->momentum < 0 ? 0.9 : m->options->momentum;
  for (size_t k = 0; k < m->set.count; k++) {
    double velocity = t == 1 ? 0 : at->x[k] - before[k];
    next[k] = at->x[k] - step * at->g[k] + beta * velocity;
    before[k] = at->x[k];
  }
}

void minimise_momentum(minimiser *m) {
  double *before = minimiser_zeros(m, m->set.count, 1);
  if (!before) return;
  minimiser_keep(m, &before, m->set.count);
  step_by_rule(m, &(fixed_step){.memory = before, .step = 0.01, .move = move});
}
