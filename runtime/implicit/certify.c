/* What the theorem asks for, hypothesis by hypothesis. */
#include "runtime/implicit/state.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A point is stationary where the Newton step from it is this small, entry by entry, or as small as rounding of the
 * gradient makes such steps. */
static const double STATIONARY_POLISHED = 1e-6, STATIONARY = 1e-5;

/* But no larger than this: at kinks what looks like rounding is a jump. */
static const double NOISY = 1e-2;

/* The system may change by this much within what x is uncertain by. */
static const double TRUSTED_CHANGE = 0.1;

/* A bound is degenerate where x would be there, to this distance, without it. */
static const double DEGENERATE = 1e-10;

static const double ILL_CONDITIONED = 1e8;

/* ---- where x* may be as well ---- */

/* A point that differs from x by rounding, as theta does; what its gradient differs by, beyond H times the distance, is
 * rounding of the gradient. The Newton step from that is how far rounding puts x* off; what is left of the step from x
 * comes to it.
 */
static bool look_around(implicit *in, const double *grain, double *other) {
  size_t size = in->problem->size;
  double *shift = in->brief[1], *noise = in->brief[2], *g = in->whole[2], f, largest = implicit_size_of_x(in);
  bool converged;
  memcpy(other, in->x, size * sizeof *other);
  for (size_t k = 0; k < in->count; k++) {
    size_t place = in->place[k];
    double by = DBL_EPSILON * (fabs(in->x[place]) + DBL_EPSILON * largest);
    other[place] += implicit_sign(in) * by;
    shift[k] = other[place] - in->x[place];
  }
  implicit_nudge(in, DBL_EPSILON, 1);
  bool evaluated = implicit_gradient(in, other, &f, g);
  implicit_nudge(in, 0, 0);
  if (!evaluated || !implicit_product(in, in->x, shift, noise)) return false;
  for (size_t k = 0; k < in->count; k++)
    noise[k] = g[in->place[k]] - in->g[in->place[k]] - noise[k] + implicit_sign(in) * DBL_TRUE_MIN;
  if (!system_solve(in, noise, noise, &converged)) return false;
  double along = krylov_dot(in->count, noise, grain);
  for (size_t k = 0; k < in->count; k++) noise[k] += along < 0 ? -grain[k] : grain[k]; /* not to cancel each other */
  for (size_t k = 0; k < in->count; k++) in->noise[k] = fmax(in->noise[k], fabs(noise[k]));
  double sign = implicit_sign(in);
  for (size_t k = 0; k < in->count; k++) {
    double by = in->step[k] + sign * noise[k];
    if (isfinite(by)) other[in->place[k]] += by;
  }
  return true;
}

/* Along an axis no curvature looks small through D, however small it is; but what has none at x* changes by itself
 * nearby: the largest entry of D (H(other) - H) D s for signs s. */
static bool measure_diagonal(implicit *in, const double *other) {
  double *v = in->brief[1], *here = in->brief[2], *there = in->brief[3];
  for (size_t k = 0; k < in->count; k++) v[k] = implicit_sign(in) * in->system.scale[k];
  if (!implicit_product(in, in->x, v, here) || !implicit_product(in, other, v, there)) return false;
  for (size_t k = 0; k < in->count; k++) {
    double change = fabs(there[k] - here[k]) * in->system.row_scale[k];
    if (!(change <= in->change)) in->change = change;
  }
  return true;
}

/* |H^-1 (H(other) - H) d| / |d| for the way d from x to the other point. */
static bool measure_change(implicit *in, const double *other) {
  double *way = in->brief[1], *here = in->brief[2], *there = in->brief[3];
  bool converged;
  for (size_t k = 0; k < in->count; k++) way[k] = other[in->place[k]] - in->x[in->place[k]];
  double length = system_norm(in, way);
  if (!(length > 0)) return true;
  in->uncertainty = fmax(in->uncertainty, implicit_length(in, way));
  for (size_t k = 0; k < in->count; k++) way[k] /= length;
  if (!implicit_product(in, in->x, way, here) || !implicit_product(in, other, way, there)) return false;
  for (size_t k = 0; k < in->count; k++) there[k] -= here[k];
  if (!system_solve(in, there, there, &converged)) return false;
  double change = system_norm(in, there);
  if (!(change <= in->change)) in->change = change;
  return measure_diagonal(in, other);
}

static bool find_around(implicit *in) {
  double *grain = implicit_zeros(in, in->count, 1);
  if (!grain || !graininess_of_gradient(in, grain)) return false;
  for (int k = 0; k < IMPLICIT_SAMPLES; k++) {
    if (!(in->around[k] = implicit_zeros(in, in->problem->size, 1))) return false;
    if (!look_around(in, grain, in->around[k]) || !measure_change(in, in->around[k])) return false;
  }
  return true;
}

/* ---- stationarity ---- */

/* What the step leaves of the gradient: where H is singular, the part that no step can take away. */
static bool gradient_is_left(implicit *in, bool *left) {
  double *hs = in->brief[1], *unit = in->brief[2], *size = in->brief[3];
  if (!implicit_product(in, in->x, in->step, hs)) return false;
  for (size_t k = 0; k < in->count; k++) unit[k] = implicit_unit(in, in->place[k]);
  memset(in->brief[0], 0, in->count * sizeof *in->brief[0]);
  if (in->certificate.dense)
    system_magnitude(in, unit, in->brief[0], in->brief[0], size);
  else
    system_estimate_magnitude(in, unit, size);
  *left = false;
  for (size_t k = 0; k < in->count; k++) *left = *left || fabs(in->g[in->place[k]] + hs[k]) > 1e-9 * size[k];
  return true;
}

bool implicit_is_stationary(implicit *in, bool *stationary) {
  double limit = in->options.polish ? STATIONARY_POLISHED : STATIONARY;
  bool left, near = true;
  for (size_t k = 0; k < in->count && near; k++) {
    double step = fabs(in->step[k]), unit = implicit_unit(in, in->place[k]);
    near = step <= limit * unit || (step <= NOISY * unit && step <= 10 * in->noise[k]);
  }
  if (!gradient_is_left(in, &left)) return false;
  *stationary = near && !left;
  return true;
}

static void measure_gradient(implicit *in) {
  double largest = 0;
  for (size_t k = 0; k < in->count; k++) largest = fmax(largest, fabs(in->g[in->place[k]]));
  in->certificate.grad_inf = largest;
  double length = implicit_length(in, in->step);
  in->certificate.scaled_grad = isfinite(length) ? length : INFINITY;
}

/* ---- bounds ---- */

static double distance_to_bound(const implicit *in, size_t place) {
  double below = in->set.lower ? in->x[place] - in->set.lower[place] : INFINITY;
  double above = in->set.upper ? in->set.upper[place] - in->x[place] : INFINITY;
  return fmin(below, above);
}

/* Is free entry k, which is at no bound, as good as at one? The bounds of a root hold nothing: there only what x is
 * uncertain by counts. */
static bool may_be_at_bound(const implicit *in, size_t k) {
  size_t place = free_set_place(&in->set, k);
  double within = DEGENERATE * implicit_unit(in, place);
  if (in->root) within = 4 * (fabs(in->step[k]) + in->noise[k]);
  return !(distance_to_bound(in, place) > within);
}

/* Would entry `place` stay at its bound without it? It would move by g_i / H_ii. */
static bool is_held(implicit *in, size_t place, bool *held) {
  double *unit = in->whole[0], *product = in->whole[1];
  *held = true;
  if (in->set.lower && in->set.upper && in->set.lower[place] == in->set.upper[place]) return true;
  memset(unit, 0, in->problem->size * sizeof *unit);
  unit[place] = 1;
  if (!implicit_products(in, false, in->x, 1, unit, product)) return false;
  double curvature = fabs(product[place]), multiplier = fabs(in->g[place]);
  if (!isfinite(curvature)) curvature = 0; /* no step is too small for it */
  *held = multiplier > DEGENERATE * implicit_unit(in, place) * fmax(curvature, DBL_MIN);
  return true;
}

/* Multipliers that may be zero: only these are worth a product each. */
static double doubtful_multiplier(const implicit *in) {
  double largest = implicit_largest(in->problem->size, in->g), stiffest = 0;
  for (size_t k = 0; k < in->count; k++) stiffest = fmax(stiffest, 1 / in->system.scale[k] / in->system.scale[k]);
  return 1e-4 * fmax(largest, stiffest * fmax(1, implicit_size_of_x(in)));
}

static bool find_degenerate(implicit *in, bool *found) {
  double doubtful = doubtful_multiplier(in);
  *found = false;
  for (size_t k = 0; k < in->set.count && in->set.bounded; k++) {
    size_t place = free_set_place(&in->set, k);
    bool held = true;
    if (!in->side[place])
      held = !may_be_at_bound(in, k);
    else if ((fabs(in->g[place]) <= doubtful || in->certificate.at_bound <= IMPLICIT_BLOCK) &&
             !is_held(in, place, &held))
      return false;
    if (held) continue;
    *found = true;
    in->certificate.entry = place;
    return true;
  }
  return true;
}

/* ---- the verdict ---- */

/* Near a kink that no gradient vanishes at, solvers end at some distance from it, the larger where they stall. */
static bool find_kink(implicit *in, bool stationary) {
  double reach = fmin(1e-7, fmax(1e-13, 4 * in->uncertainty));
  if (!stationary) reach = in->options.stalled ? 1e-2 : 1e-5;
  in->certificate.found = NULL;
  if (!in->problem->kink) return true;
  return implicit_answered(in, in->problem->kink(in->problem->user, in->x, reach, &in->certificate.found));
}

void implicit_find_kink_where_infinite(implicit *in) {
  if (find_kink(in, true) && in->certificate.found) in->certificate.status = IMPLICIT_NONSMOOTH;
}

static implicit_status regular_status(const implicit *in) {
  const implicit_certificate *of = &in->certificate;
  if (of->negative) return IMPLICIT_INDEFINITE;
  if (of->zero)
    return in->options.least_norm && system_has_pseudo_inverse(in) ? IMPLICIT_LEAST_NORM : IMPLICIT_SINGULAR;
  if (!(of->condition < INFINITY)) return IMPLICIT_SINGULAR;
  if (in->options.damping > 0) return IMPLICIT_DAMPED;
  return of->condition >= ILL_CONDITIONED ? IMPLICIT_ILL_CONDITIONED : IMPLICIT_OK;
}

/* The system that derivatives are solved with: damped, where that was asked for. */
static bool take_final_system(implicit *in) {
  if (in->options.damping > 0) {
    in->damping = in->options.damping;
    if (!system_form(in)) return false;
  }
  return system_certify(in);
}

/* Curvature that changes by itself within what x is uncertain by: x* has none along some direction; or where x may be
 * far from it, there may be no x* at all. */
static bool judge_change(implicit *in) {
  bool near = in->uncertainty <= 1e-3 || in->certificate.scaled_grad <= STATIONARY_POLISHED;
  if (near && !system_find_vanishing(in)) return false;
  if (!near || !in->null_count) return implicit_fail(in, IMPLICIT_NOT_STATIONARY);
  if (!in->certificate.zero) in->certificate.zero = in->null_count;
  in->certificate.condition = INFINITY;
  return true;
}

bool implicit_certify(implicit *in) {
  implicit_certificate *into = &in->certificate;
  bool degenerate, stationary;
  measure_gradient(in);
  if (in->unsolved && !system_certify(in)) return false; /* what follows would be as much in vain */
  if (!find_around(in) || !implicit_is_stationary(in, &stationary)) return false;
  stationary = stationary && !in->runs_away;
  if (!find_kink(in, stationary)) return false;
  if (!find_degenerate(in, &degenerate)) return false;
  in->change = 0;
  if (!take_final_system(in)) return false;
  for (int k = 0; k < IMPLICIT_SAMPLES; k++)
    if (!measure_change(in, in->around[k])) return false;
  if (into->found) return implicit_fail(in, IMPLICIT_NONSMOOTH);
  if (!stationary) return implicit_fail(in, in->runs_away ? IMPLICIT_UNBOUNDED : IMPLICIT_NOT_STATIONARY);
  if (degenerate) return implicit_fail(in, IMPLICIT_DEGENERATE_BOUND);
  if (!into->negative && !(in->change <= TRUSTED_CHANGE) && !judge_change(in)) return false;
  if (!into->negative && !into->zero && in->damping == 0 && !curvature_confirm(in)) return false;
  into->status = regular_status(in);
  return implicit_has_derivatives(into->status);
}
