/* How much a trial step is worth beside what a model of f promised of it. */
#ifndef ADJOIN_RUNTIME_MINIMISE_TRUST_H
#define ADJOIN_RUNTIME_MINIMISE_TRUST_H

#include "runtime/minimise/minimiser.h"
#include <float.h>
#include <math.h>

/* next := P(x + d) on the entries that move; the others go to their bound. Is it another point than x? */
static inline bool trust_place(const minimiser *m, const minimise_point *at, const double *d, double *next) {
  for (size_t k = 0; k < m->set.count; k++) {
    double bound = at->x[k];
    if (!minimiser_moves(m, k)) free_set_is_active(&m->set, k, at->x[k], at->g[k], INFINITY, &bound);
    next[k] = minimiser_moves(m, k) ? at->x[k] + d[k] : bound;
  }
  free_set_project(&m->set, next);
  return minimiser_distance(m, next, at->x) > 0;
}

/* (f - f+) / promised; 1 where both are below f's rounding error; -1 where the step leads to nan or infinity. */
static inline double trust_ratio(const minimiser *m, const minimise_point *at, const minimise_point *next,
                                 double promised) {
  if (!isfinite(next->f) || !isfinite(minimiser_projected_gradient(m, next)) || !(promised > 0)) return -1;
  double error = 64 * DBL_EPSILON * fabs(at->f);
  if (promised <= error && fabs(at->f - next->f) <= error) return 1;
  return (at->f - next->f) / promised;
}

#endif
