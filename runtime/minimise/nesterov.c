/* Nesterov's accelerated gradient (1983): x+ = P(y - t g(y)), y+ = P(x+ + beta (x+ - x)). Without a given momentum
 * beta = k / (k + 3), and k starts again from 0 where x+ - x points uphill (O'Donoghue and Candes 2015). The points
 * that are evaluated, told and returned are the y, which have the same limit. */
#include "runtime/minimise/fixed_step.h"
#include "runtime/minimise/methods.h"

typedef struct {
  double *x;
  double k;
} acceleration;

static void move(minimiser *m, void *memory, const minimise_point *at, double step, size_t t, double *next) {
  acceleration *by = memory;
  double uphill = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    if (t == 1) by->x[k] = at->x[k];
    next[k] = at->x[k] - step * at->g[k];
  }
  free_set_project(&m->set, next);
  for (size_t k = 0; k < m->set.count; k++) uphill += at->g[k] * (next[k] - by->x[k]);
  if (uphill > 0) by->k = 0;
  double beta = m->options->momentum < 0 ? by->k / (by->k + 3) : m->options->momentum;
  for (size_t k = 0; k < m->set.count; k++) {
    double x = next[k];
    next[k] += beta * (x - by->x[k]);
    by->x[k] = x;
  }
  by->k++;
}

void minimise_nesterov(minimiser *m) {
  acceleration by = {.x = minimiser_zeros(m, m->set.count, 1)};
  if (!by.x) return;
  minimiser_keep(m, &by.x, m->set.count);
  minimiser_keep_real(m, &by.k);
  step_by_rule(m, &(fixed_step){.memory = &by, .step = 0.01, .move = move});
}
