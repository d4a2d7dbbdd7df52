#include "runtime/minimise/descend.h"
#include "runtime/minimise/line_search.h"

#include <math.h>

typedef struct {
  minimise_point at, next;
  double *d;
  double step;   /* of the last iteration; 0: there was none, or its direction was scaled */
  double change; /* by it, the largest of an entry */
} descent_state;

/* d = -g, or where g'g overflows its multiple of length about 1. */
static double steepest(const minimiser *m, const minimise_point *at, double *d) {
  double largest = 0;
  for (size_t k = 0; k < m->set.count; k++) largest = fmax(largest, fabs(at->g[k]));
  for (size_t k = 0; k < m->set.count; k++) d[k] = largest > 1e150 ? -(at->g[k] / largest) : -at->g[k];
  return minimiser_direct(m, at, d);
}

/* The first step of a method that learns moves no entry by more than this share of the largest one (of 1 where that is
 * smaller): nothing is known of f yet, and what is too short is soon lengthened (Hager and Zhang 2006). */
static const double FIRST_MOVE = 0.2;

static double first_step(const minimiser *m, const descent *by, const descent_state *state, bool is_scaled) {
  if (is_scaled) return 1;
  if (state->step > 0) return by->backtracks ? 2 * state->step : state->step;
  double largest = 0, size = 1;
  for (size_t k = 0; k < m->set.count; k++) {
    largest = fmax(largest, fabs(state->d[k]));
    size = fmax(size, fabs(state->at.x[k]));
  }
  if (!by->direction) return minimiser_step(m, largest > 1 ? 1 / largest : 1);
  return minimiser_step(m, FIRST_MOVE * size / largest);
}

/* One search, by the direction of the method or, where that is not one of descent or leads nowhere, by steepest
 * descent. `*promised` is what a quadratic f would lose by a full step. */
static line_outcome search(minimiser *m, const descent *by, descent_state *state, double *promised) {
  bool is_scaled = by->is_scaled && by->is_scaled(by->memory);
  double slope = NAN;
  if (by->direction) {
    if (!by->direction(m, by->memory, &state->at, state->d)) return LINE_OVER;
    slope = minimiser_direct(m, &state->at, state->d);
  }
  for (bool again = by->direction != NULL;; again = false) {
    if (!(slope < 0) || !isfinite(slope)) {
      slope = steepest(m, &state->at, state->d);
      if (by->forget) by->forget(by->memory);
      again = is_scaled = false;
    }
    line along = {&state->at, state->d, slope, first_step(m, by, state, is_scaled)};
    *promised = -slope * along.first;
    line_step step;
    line_outcome outcome = LINE_NO_PROGRESS;
    if (slope < 0 && isfinite(slope))
      outcome = (by->backtracks ? line_search_backtrack : line_search_wolfe)(m, &along, &state->next, &step);
    if (outcome == LINE_FOUND) {
      state->step = is_scaled ? 0 : step.t;
      state->change = step.change;
    }
    if (outcome != LINE_NO_PROGRESS || !again) return outcome;
    slope = NAN;
    state->step = 0;
  }
}

void descend(minimiser *m, const descent *by) {
  descent_state state = {0};
  if (!minimiser_start(m, &state.at) || !minimiser_point(m, &state.next)) return;
  state.d = minimiser_zeros(m, m->set.count, 1);
  if (!state.d) return;
  minimiser_keep_real(m, &state.step);
  double promised;
  while (minimiser_goes_on(m, &state.at, state.change)) {
    bool is_idle = minimiser_is_idle(m, &state.at, 1);
    minimiser_find_moving(m, &state.at);
    line_outcome outcome = search(m, by, &state, &promised);
    if (outcome == LINE_OVER) return;
    if (outcome == LINE_NO_PROGRESS || is_idle) {
      minimiser_no_progress(m, &state.at, promised);
      return;
    }
    if (by->learn) by->learn(m, by->memory, &state.at, &state.next);
    minimise_point last = state.at;
    state.at = state.next;
    state.next = last;
  }
}
