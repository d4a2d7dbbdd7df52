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
    bool active = !in->root && free_set_is_active(&in->set, k, in->x[place], in->g[place], 0, &bound);
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
    double before = x[place]; /* a nan stays one */
    if (in->set.lower && before < in->set.lower[place]) x[place] = in->set.lower[place];
    if (in->set.upper && before > in->set.upper[place]) x[place] = in->set.upper[place];
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
  bool good = system_solve(in, right, s, &converged);
  in->unsolved = !converged;
  return good;
}

static bool is_finite_at(const implicit *in, double f, const double *g) {
  bool finite = in->root || isfinite(f); /* squares of equations may be too large where these are not */
  for (size_t k = 0; k < in->set.count && finite; k++) finite = isfinite(g[free_set_place(&in->set, k)]);
  return finite;
}

/* What came of a step. */
typedef struct {
  double t; /* how much of it */
  double f;
  double *g;    /* whole */
  double ratio; /* of the next step's length, by the same H, to this one's; infinite where a bound was met */
  bool better;
} trial;

/* Tries x + t step, into whole[2]. Better is where the same H asks for a shorter step there (the natural monotonicity
 * test: Deuflhard, Newton methods for nonlinear problems, 2004, 3.3), which is left in brief[1]; where a minimum's
 * bound was met, where the projected gradient is smaller. */
static bool try_step(implicit *in, trial *at) {
  double *x = in->whole[2], *next = in->brief[1];
  memcpy(x, in->x, in->problem->size * sizeof *x);
  for (size_t k = 0; k < in->count; k++) x[in->place[k]] += at->t * in->step[k];
  bool met = project(in, x);
  at->ratio = INFINITY;
  if (!implicit_gradient(in, x, &at->f, at->g)) return false;
  at->better = is_finite_at(in, at->f, at->g);
  if (!at->better) return true;
  if (met && !in->root) {
    at->better = projected_gradient(in, x, at->g) < projected_gradient(in, in->x, in->g);
    return true;
  }
  if (!newton_step(in, at->g, next)) return false;
  at->ratio = system_norm(in, next) / system_norm(in, in->step);
  at->better = at->ratio < 1 - at->t / 4;
  return true;
}

/* Where steps shrink this fast, H need not be formed again for the next one. */
static const double FAST = 0.05;

/* Goes where a step leads that makes x better, if there is such; *stale: the system is not that of x. */
static bool advance(implicit *in, trial *at, bool *stale) {
  at->better = false;
  for (int k = 0; k < HALVINGS && !at->better; k++) {
    at->t = k ? at->t / 2 : 1;
    if (!try_step(in, at)) return false;
  }
  if (!at->better) return true;
  for (size_t k = 0; k < in->set.count; k++) {
    size_t place = free_set_place(&in->set, k);
    in->x[place] = in->whole[2][place];
  }
  memcpy(in->g, at->g, in->problem->size * sizeof *at->g);
  in->certificate.f = at->f;
  in->certificate.polish_steps++;
  *stale = at->t == 1 && at->ratio <= FAST;
  if (*stale) {
    memcpy(in->step, in->brief[1], in->count * sizeof *in->step);
    return true;
  }
  find_moving(in);
  return system_form(in) && newton_step(in, in->g, in->step);
}

/* The entry that the step moves most. */
static size_t most_moved(const implicit *in) {
  size_t most = 0;
  double largest = -1;
  for (size_t k = 0; k < in->count; k++) {
    double size = fabs(in->step[k]) / implicit_unit(in, in->place[k]);
    if (size > largest) most = k, largest = size;
  }
  return in->place[most];
}

/* Entries that are small beside 1 take part in the rounding of those; but as long as steps of one that is known to few
 * digits become shorter, there are more of them to be had. */
static double length_of_crude(const implicit *in) {
  double largest = 0;
  for (size_t k = 0; k < in->count; k++)
    if (fabs(in->step[k]) > 1e-12 * fabs(in->x[in->place[k]])) largest = fmax(largest, fabs(in->step[k]));
  return largest;
}

/* Large entries do not count for others. */
static bool is_at_rounding(const implicit *in) {
  double size = fmin(1, implicit_size_of_x(in));
  for (size_t k = 0; k < in->count; k++)
    if (fabs(in->step[k]) > 16 * DBL_EPSILON * fmax(fabs(in->x[in->place[k]]), size)) return false;
  return true;
}

/* Steps outwards that do not shrink may lead to a minimum that is far away: until the last step, that is open. */
static bool polish(implicit *in) {
  trial at = {.g = implicit_zeros(in, in->problem->size, 1)};
  int away = 0;
  double stride = 0; /* of steps that lead away: a minimum makes them short, but not all at once */
  double crude, before = INFINITY;
  bool stale = false;
  if (!at.g) return false;
  for (int k = 0; k < POLISH_STEPS && in->count; k++) {
    double length = implicit_largest(in->count, in->step);
    size_t most = most_moved(in);
    double size = fabs(in->x[most]);
    crude = length_of_crude(in);
    if ((is_at_rounding(in) && !(crude > 0 && crude < 0.6 * before)) || !isfinite(length) || in->unsolved) break;
    before = crude;
    if (!advance(in, &at, &stale)) return false;
    if (!at.better) break;
    bool outwards = fabs(in->x[most]) > size && at.t == 1;
    double next = implicit_largest(in->count, in->step);
    away = outwards && next >= 0.98 * length ? away + 1 : 0;
    if (away == AWAY) stride = next;
    in->runs_away = stride > 0 && (next > stride / 2 || next == 0);
    if (in->runs_away && next == 0) break;
  }
  if (!stale) return true;
  find_moving(in);
  return system_form(in) && newton_step(in, in->g, in->step);
}

bool point_find(implicit *in) {
  project(in, in->x);
  if (!implicit_gradient(in, in->x, &in->certificate.f, in->g)) return false;
  find_moving(in);
  if (!is_finite_at(in, in->certificate.f, in->g)) return implicit_fail(in, IMPLICIT_NOT_FINITE);
  if (!system_form(in) || !newton_step(in, in->g, in->step)) return false;
  return !in->options.polish || in->runs_away || polish(in);
}
