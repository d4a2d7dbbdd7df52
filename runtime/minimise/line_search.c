#include "runtime/minimise/line_search.h"

#include <float.h>
#include <math.h>

static const double DECREASE = 1e-4, CURVATURE = 0.9; /* c1 and c2 of the Wolfe conditions */
enum { EXPANSIONS = 60, ZOOMS = 80, ZOOMS_FOR_CURVATURE = 12, HALVINGS = 200 };

typedef struct {
  line_step step;
  double f, slope;
} trial;

/* x := P(x + t d) */
static line_step place(const minimiser *m, const line *along, double t, double *x) {
  const double *from = along->from->x, *d = along->d;
  line_step step = {.t = t};
  for (size_t k = 0; k < m->set.count; k++) {
    x[k] = from[k] + t * d[k];
    double change = fabs(x[k] - from[k]);
    if (change > step.change) step.change = change;
  }
  if (!m->set.bounded) return step;
  free_set_project(&m->set, x);
  step.change = minimiser_distance(m, x, from);
  return step;
}

/* The slope along the arc: entries that have reached their bounds stay there. */
static bool try_step(minimiser *m, const line *along, double t, minimise_point *to, trial *made) {
  double bound;
  line_step step = place(m, along, t, to->x);
  if (!minimiser_gradient(m, to)) return false;
  *made = (trial){.step = step, .f = to->f};
  if (!m->set.bounded) {
    made->slope = minimiser_dot(m, to->g, along->d);
    return true;
  }
  for (size_t k = 0; k < m->set.count; k++) {
    if (!free_set_is_active(&m->set, k, to->x[k], -along->d[k], 0, &bound)) made->slope += to->g[k] * along->d[k];
  }
  return true;
}

static bool is_finite(const trial *at) {
  return isfinite(at->f) && isfinite(at->slope);
}

/* By how much f may seem to rise through rounding alone. */
static double rounding(const line *along) {
  return 64 * DBL_EPSILON * fabs(along->from->f);
}

static bool falls_enough(const line *along, const trial *at) {
  if (!is_finite(at)) return false;
  double f = along->from->f;
  return at->f <= f + DECREASE * at->step.t * along->slope ||
         (at->f <= f + rounding(along) && at->slope <= (2 * DECREASE - 1) * along->slope);
}

static bool is_flat_enough(const line *along, const trial *at) {
  return fabs(at->slope) <= -CURVATURE * along->slope;
}

/* The minimum between two trials of the cubic through their values and slopes, kept off both; the middle where that
 * makes no sense, a tenth of the way where the far end is not finite. */
static double between(const trial *low, const trial *high, bool halve) {
  double width = high->step.t - low->step.t;
  if (!is_finite(high)) return low->step.t + 0.1 * width;
  if (halve) return low->step.t + 0.5 * width;
  double d1 = low->slope + high->slope - 3 * (high->f - low->f) / width;
  double d2 = copysign(sqrt(fmax(0, d1 * d1 - low->slope * high->slope)), width);
  double share = 1 - (high->slope + d2 - d1) / (high->slope - low->slope + 2 * d2);
  if (!isfinite(share)) share = 0.5;
  return low->step.t + width * fmin(0.9, fmax(0.1, share));
}

/* The next step where the slope at `far` is still steep: the farther of where the slope's secant and the cubic through
 * both trials end, between 1.1 and `growth` times their distance further on (More and Thuente 1994). */
static double beyond(const trial *near, const trial *far, double growth) {
  double width = far->step.t - near->step.t, secant = far->slope / (near->slope - far->slope);
  double d1 = near->slope + far->slope - 3 * (far->f - near->f) / width;
  double root = sqrt(d1 * d1 - near->slope * far->slope);
  double share = fmax(secant, (root + far->slope - d1) / (near->slope - far->slope - 2 * root));
  return far->step.t + width * (near->slope < far->slope ? fmin(growth, fmax(1.1, share)) : growth);
}

/* Narrows an interval that has a good step inside: `low` falls enough and has the smallest f of the steps seen that do,
 * and its slope points to `high`. Where no step in it has a slope that is flat enough, as at a kink, or the interval
 * has become a point, `low` is it. */
static line_outcome zoom(minimiser *m, const line *along, trial low, trial high, minimise_point *to, line_step *step) {
  double before = INFINITY;
  trial now;
  for (int k = 0; k < ZOOMS && (low.step.t == 0 || k < ZOOMS_FOR_CURVATURE); k++) {
    double width = fabs(high.step.t - low.step.t), t = between(&low, &high, k > 1 && width > 0.66 * before);
    before = width;
    if (t == low.step.t || t == high.step.t) break;
    if (!try_step(m, along, t, to, &now)) return LINE_OVER;
    if (now.step.change == 0) break;
    if (!falls_enough(along, &now) || now.f > low.f + (low.step.t == 0 ? rounding(along) : 0)) {
      high = now;
      continue;
    }
    if (is_flat_enough(along, &now)) {
      *step = now.step;
      return LINE_FOUND;
    }
    if (now.slope * (high.step.t - low.step.t) >= 0) high = low;
    low = now;
  }
  *step = low.step;
  if (low.step.t == 0) return LINE_NO_PROGRESS;
  return try_step(m, along, low.step.t, to, &now) ? LINE_FOUND : LINE_OVER;
}

line_outcome line_search_wolfe(minimiser *m, const line *along, minimise_point *to, line_step *step) {
  trial low = {.f = along->from->f, .slope = along->slope}, now;
  double t = along->first, growth = 4;
  for (int k = 0; k < EXPANSIONS; k++) {
    if (!try_step(m, along, t, to, &now)) return LINE_OVER;
    if (!falls_enough(along, &now) || (k > 0 && now.f > low.f)) return zoom(m, along, low, now, to, step);
    if (is_flat_enough(along, &now)) break;
    if (now.slope >= 0) return zoom(m, along, now, low, to, step);
    /* Where f falls without end, squares of the growth get there before the evaluations are spent. */
    if (k >= 3 && growth < 1e100) growth *= growth;
    t = beyond(&low, &now, growth);
    low = now;
    if (!isfinite(t)) break;
  }
  *step = now.step;
  return LINE_FOUND;
}

line_outcome line_search_backtrack(minimiser *m, const line *along, minimise_point *to, line_step *step) {
  double t = along->first;
  for (int trials = 0; trials < HALVINGS; trials++, t /= 2) {
    double f;
    *step = place(m, along, t, to->x);
    if (step->change == 0) break;
    if (!isfinite(step->change)) continue;
    if (!minimiser_value(m, to->x, &f)) return LINE_OVER;
    /* Along the arc, the decrease that the gradient promises is g'(P(x + t d) - x). */
    double promised = 0;
    for (size_t k = 0; k < m->set.count; k++) promised += along->from->g[k] * (to->x[k] - along->from->x[k]);
    if (!(f <= along->from->f + DECREASE * promised) || !isfinite(f)) continue;
    if (!minimiser_gradient(m, to)) return LINE_OVER;
    if (isfinite(to->grad_inf)) return LINE_FOUND;
  }
  return LINE_NO_PROGRESS;
}
