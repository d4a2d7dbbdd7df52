/* Coordinate descent: one entry after another goes to a minimum along its axis. An iteration goes through all of them.
 */
#include "runtime/initial_weights.h"
#include "runtime/minimise/line_search.h"
#include "runtime/minimise/methods.h"

#include <math.h>

typedef struct {
  minimise_point at, next;
  double *d, *curvature; /* by the last step along each axis */
  size_t *order;
  double change, promised; /* the largest of an iteration */
} sweep;

/* Fisher and Yates's shuffle. */
static void shuffle(const minimiser *m, size_t *order) {
  uint64_t seed = m->options->seed, round = m->result->iterations;
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  for (size_t k = m->set.count; k > 1; k--) {
    uint32_t block[4];
    philox((const uint32_t[4]){(uint32_t)k, (uint32_t)((uint64_t)k >> 32), (uint32_t)round, (uint32_t)(round >> 32)},
           key, block);
    size_t other = (size_t)((((uint64_t)block[0] << 32) | block[1]) % k), last = order[k - 1];
    order[k - 1] = order[other];
    order[other] = last;
  }
}

/* False: the run has ended. */
static bool go_along(minimiser *m, sweep *by, size_t k) {
  double g = by->at.g[k], bound;
  line_step step;
  if (g == 0 || free_set_is_active(&m->set, k, by->at.x[k], g, 0, &bound)) return true;
  by->d[k] = -g / by->curvature[k];
  double slope = g * by->d[k];
  line_outcome outcome = LINE_NO_PROGRESS;
  by->promised = fmax(by->promised, -slope);
  if (slope < 0 && isfinite(slope)) {
    line along = {&by->at, by->d, slope, 1};
    outcome = line_search_wolfe(m, &along, &by->next, &step);
  }
  by->d[k] = 0;
  if (outcome != LINE_FOUND) return outcome == LINE_NO_PROGRESS;
  double s = by->next.x[k] - by->at.x[k], curvature = (by->next.g[k] - g) / s;
  if (curvature > 0 && isfinite(curvature)) by->curvature[k] = curvature;
  by->change = fmax(by->change, fabs(s));
  minimise_point last = by->at;
  by->at = by->next;
  by->next = last;
  return true;
}

static bool prepare(minimiser *m, sweep *by) {
  if (!minimiser_start(m, &by->at) || !minimiser_point(m, &by->next)) return false;
  by->d = minimiser_zeros(m, m->set.count, 1);
  by->curvature = by->d ? minimiser_zeros(m, m->set.count, 1) : NULL;
  by->order = by->curvature ? (size_t *)minimiser_zeros(m, m->set.count, 1) : NULL;
  if (!by->order) return false;
  minimiser_keep(m, &by->curvature, m->set.count);
  minimiser_keep_wholes(m, by->order, m->set.count, m->set.count);
  for (size_t k = 0; k < m->set.count; k++) {
    by->curvature[k] = fmax(1, fabs(by->at.g[k])) / minimiser_step(m, 1);
    by->order[k] = k;
  }
  return true;
}

void minimise_coordinate(minimiser *m) {
  sweep by = {0};
  if (!prepare(m, &by)) return;
  while (minimiser_goes_on(m, &by.at, by.change)) {
    bool is_idle = minimiser_is_idle(m, &by.at, m->set.count);
    by.change = by.promised = 0;
    if (m->options->seed) shuffle(m, by.order);
    for (size_t k = 0; k < m->set.count; k++) {
      if (!go_along(m, &by, by.order[k])) return;
    }
    if (by.change > 0 && !is_idle) continue;
    minimiser_no_progress(m, &by.at, by.promised);
    return;
  }
}
