#include "runtime/minimise/trust.h"

#include <float.h>
#include <math.h>

bool trust_start(minimiser *m, trust_points *points) {
  return minimiser_start(m, &points->at) && minimiser_point(m, &points->next);
}

void trust_run(minimiser *m, trust_points *points, bool (*advance)(minimiser *m, void *memory), void *memory) {
  for (double change = 0; minimiser_goes_on(m, &points->at, change);) {
    if (minimiser_is_idle(m, &points->at, 1)) {
      minimiser_no_progress(m, &points->at, 0);
      return;
    }
    minimiser_find_moving(m, &points->at);
    if (!advance(m, memory)) return;
    change = minimiser_distance(m, points->next.x, points->at.x);
    minimise_point last = points->at;
    points->at = points->next;
    points->next = last;
  }
}

bool trust_place(const minimiser *m, trust_points *points, const double *d) {
  const minimise_point *at = &points->at;
  double *next = points->next.x, bound;
  for (size_t k = 0; k < m->set.count; k++) {
    next[k] = at->x[k] + d[k];
    if (minimiser_moves(m, k)) continue;
    free_set_is_active(&m->set, k, at->x[k], at->g[k], INFINITY, &bound);
    next[k] = bound;
  }
  free_set_project(&m->set, next);
  return minimiser_distance(m, next, at->x) > 0;
}

bool trust_ratio(minimiser *m, trust_points *points, double promised, double *ratio) {
  const minimise_point *at = &points->at;
  minimise_point *next = &points->next;
  *ratio = -1;
  next->f = NAN;
  if (!(promised > 0)) return true;
  if (!minimiser_value(m, next->x, &next->f)) return false;
  if (!isfinite(next->f)) return true;
  double error = 64 * DBL_EPSILON * fabs(at->f) + points->noise;
  bool hidden = promised <= error && fabs(at->f - next->f) <= error;
  *ratio = hidden ? 1 : (at->f - next->f) / promised;
  return true;
}
