/* The point: which entries move, and Newton steps until rounding lets the gradient become no smaller. */
#include "runtime/implicit/state.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum {
  POLISH_STEPS = 60, /* many: convergence is quadratic but where x* is degenerate, or does not exist */
  HALVINGS = 6,
  AWAY = 8 /* steps outwards, none shorter than the one before: x runs away */
};

static void find_moving(implicit *in) {
  double bound;
  in->count = in->certificate.at_bound = 0;
  for (size_t k = 0; k < in->set.count; k++) {
    size_t place = free_set_place(&in->set, k);
    bool active = free_set_is_active(&in->set, k, in->x[place], in->g[place], 0, &bound);
    in->side[place] = 0;
    if (active) {
      bool lower = in->set.lower && bound == in->set.lower[place];
      in->side[place] = lower ? -1 : 1;
      in->certificate.at_bound++;
    } else {
      in->place[in->count++] = place;
    }
  }
  in->certificate.moving = in->count;
}

/* Free entries of a whole x between their bounds; was any outside? */
static bool project(const implicit *in, double *x) {
  bool changed = false;
  for (size_t k = 0; k < in->set.count; k++) {
    size_t place = free_set_place(&in->set, k);
    double before = x[place];
    if (in->set.lower) x[place] = fmax(x[place], in->set.lower[place]);
    if (in->set.upper) x[place] = fmin(x[place], in->set.upper[place]);
    changed = changed || x[place] != before;
  }
  return changed;
}

/* max |x - P(x - g)| over the free entries. */
static double projected_gradient(const implicit *in, const double *x, const double *g) {
  double largest = 0;
  for (size_t k = 0; k < in->set.count; k++) {
    size_t place = free_set_place(&in->set, k);
    largest = fmax(largest, fabs(free_set_projected_gradient(&in->set, k, x[place], g[place])));
  }
  return largest;
}

/* s = -H^-1 g of a whole gradient. */
static bool newton_step(implicit *in, const double *g, double *s) {
  bool converged;
  double *right = in->brief[2];
  for (size_t k = 0; k < in->count; k++) right[k] = -g[in->place[k]];
  return system_solve(in, right, s, &converged);
}

static bool is_finite_at(const implicit *in, double f, const double *g) {
  bool finite = isfinite(f);
  for (size_t k = 0; k < in->set.count && finite; k++) finite = isfinite(g[free_set_place(&in->set, k)]);
  return finite;
}

/* Tries x + t step, into whole[2] with its gradient in `g`. Better is where the same H asks for a shorter step there
 * (the natural monotonicity test: Deuflhard, Newton methods for nonlinear problems, 2004, 3.3); where a bound was met,
 * where the projected gradient is smaller. */
static bool try_step(implicit *in, double t, double *f, double *g, bool *better) {
  double *x = in->whole[2], *next = in->brief[1];
  memcpy(x, in->x, in->problem->size * sizeof *x);
  for (size_t k = 0; k < in->count; k++) x[in->place[k]] += t * in->step[k];
  bool met = project(in, x);
  if (!implicit_gradient(in, x, f, g)) return false;
  *better = is_finite_at(in, *f, g);
  if (!*better) return true;
  if (met) {
    *better = projected_gradient(in, x, g) < projected_gradient(in, in->x, in->g);
    return true;
  }
  if (!newton_step(in, g, next)) return false;
  *better = system_norm(in, next) < (1 - t / 4) * system_norm(in, in->step);
  return true;
}

/* Goes where a step leads that makes x better. *gone is false where there is none. */
static bool advance(implicit *in, double *g, double *t, bool *gone) {
  double f;
  *gone = false;
  *t = 1;
  for (int k = 0; k < HALVINGS && !*gone; k++) {
    if (k) *t /= 2;
    if (!try_step(in, *t, &f, g, gone)) return false;
  }
  if (!*gone) return true;
  for (size_t k = 0; k < in->set.count; k++) {
    size_t place = free_set_place(&in->set, k);
    in->x[place] = in->whole[2][place];
  }
  memcpy(in->g, g, in->problem->size * sizeof *g);
  in->certificate.f = f;
  in->certificate.polish_steps++;
  find_moving(in);
  return system_form(in) && newton_step(in, in->g, in->step);
}

static bool polish(implicit *in) {
  double *g = implicit_zeros(in, in->problem->size, 1), t;
  int away = 0;
  if (!g) return false;
  for (int k = 0; k < POLISH_STEPS && in->count; k++) {
    double length = implicit_largest(in->count, in->step), size = implicit_size_of_x(in);
    bool gone;
    if (!(length > 0) || !isfinite(length)) break;
    if (!advance(in, g, &t, &gone)) return false;
    if (!gone) break;
    bool outwards = implicit_size_of_x(in) > size && t == 1;
    away = outwards && implicit_largest(in->count, in->step) >= 0.98 * length ? away + 1 : 0;
    in->runs_away = away >= AWAY;
    if (in->runs_away) break;
  }
  return true;
}

bool point_find(implicit *in) {
  project(in, in->x);
  if (!implicit_gradient(in, in->x, &in->certificate.f, in->g)) return false;
  find_moving(in);
  if (!is_finite_at(in, in->certificate.f, in->g)) return implicit_fail(in, IMPLICIT_NOT_FINITE);
  if (!system_form(in) || !newton_step(in, in->g, in->step)) return false;
  return !in->options.polish || in->runs_away || polish(in);
}
