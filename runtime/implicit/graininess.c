/* Rounding that no last digit of x and theta shows: (p + 1e8) - 1e8 is a stairway in p. The gradient, and what the
 * linear system makes of a derivative y along a direction u of theta,
 *
 *   g(t)  and  r(t) = H y + H_x,theta u    at x (1 + t e), theta (1 + t e) with signs e,
 *
 * are smooth in t; their fourth differences are of the order of t^4, or else rounding. */
#include "runtime/implicit/state.h"

#include <math.h>
#include <string.h>

/* Where functions bend within the first distances, the last one tells. */
static const double DISTANCES[] = {1e-6, 1e-7, 1e-9};
enum { DISTANCE_COUNT = 3 };
static const double FOURTH[] = {1, -4, 6, -4, 1}; /* at -2, -1, .. 2; noise becomes sqrt(70) times as large */
static const double TOO_LARGE = 1e-3;             /* to be rounding, where a short distance shows none of it */

typedef struct {
  double *u;                                   /* as long as theta */
  double *y, *signs, *other, *product, *mixed; /* whole */
  double *sum;                                 /* short */
} sampling;

static bool create(implicit *in, sampling *into) {
  double **wholes[] = {&into->y, &into->signs, &into->other, &into->product, &into->mixed};
  size_t size = in->problem->size;
  if (!(into->u = implicit_zeros(in, in->problem->parameter_count, 1))) return false;
  for (int k = 0; k < 5; k++)
    if (!(*wholes[k] = implicit_zeros(in, size, 1))) return false;
  return (into->sum = implicit_zeros(in, in->count, 1)) != NULL;
}

/* y = -H^-1 H_x,theta u for a u of chance. */
static bool find_derivative(implicit *in, sampling *of) {
  const implicit_problem *problem = in->problem;
  bool converged;
  for (size_t k = 0; k < problem->parameter_count; k++) of->u[k] = implicit_uniform(in);
  for (size_t k = 0; k < problem->size; k++) of->signs[k] = implicit_sign(in);
  if (!implicit_answered(in, problem->mixed_forward(problem->user, in->x, 1, of->u, of->mixed))) return false;
  for (size_t k = 0; k < in->count; k++) of->sum[k] = -of->mixed[in->place[k]];
  if (!system_solve(in, of->sum, of->sum, &converged)) return false;
  implicit_scatter(in, of->sum, of->y);
  return true;
}

/* Goes to the point at t. */
static void go(implicit *in, sampling *of, double t) {
  memcpy(of->other, in->x, in->problem->size * sizeof *of->other);
  for (size_t k = 0; k < in->count; k++) of->other[in->place[k]] *= 1 + t * of->signs[in->place[k]];
  implicit_nudge(in, t);
}

/* Adds weight r(t). */
static bool add(implicit *in, sampling *of, double t, double weight) {
  const implicit_problem *problem = in->problem;
  in->certificate.products++;
  go(in, of, t);
  bool good = implicit_answered(in, problem->product(problem->user, of->other, 1, of->y, of->product)) &&
              implicit_answered(in, problem->mixed_forward(problem->user, of->other, 1, of->u, of->mixed));
  implicit_nudge(in, 0);
  for (size_t k = 0; k < in->count && good; k++) {
    size_t place = in->place[k];
    of->sum[k] += weight * (of->product[place] + in->damping * of->y[place] + of->mixed[place]);
  }
  return good;
}

static bool measure_derivative(implicit *in) {
  sampling of;
  bool converged;
  if (!create(in, &of) || !find_derivative(in, &of)) return false;
  double largest = implicit_largest(in->count, of.sum), least = INFINITY;
  for (int d = 0; d < DISTANCE_COUNT; d++) {
    bool short_one = d + 1 == DISTANCE_COUNT;
    if (short_one && !(least > TOO_LARGE * largest)) break;
    memset(of.sum, 0, in->count * sizeof *of.sum);
    for (int k = 0; k < 5; k++)
      if (!add(in, &of, (k - 2) * DISTANCES[d], FOURTH[k])) return false;
    if (!system_solve(in, of.sum, of.sum, &converged)) return false;
    double size = implicit_largest(in->count, of.sum) / sqrt(70);
    if (short_one ? size < TOO_LARGE * least : size < least) least = size;
  }
  if (largest > 0 && isfinite(least)) in->graininess = least / largest;
  return true;
}

static bool measure_gradient(implicit *in, double *grain) {
  sampling of;
  bool converged;
  double least = INFINITY, f, *g = in->whole[2];
  if (!create(in, &of)) return false;
  for (size_t k = 0; k < in->problem->size; k++) of.signs[k] = implicit_sign(in);
  for (int d = 0; d + 1 < DISTANCE_COUNT; d++) {
    memset(of.sum, 0, in->count * sizeof *of.sum);
    for (int k = 0; k < 5; k++) {
      go(in, &of, (k - 2) * DISTANCES[d]);
      bool good = implicit_gradient(in, of.other, &f, g);
      implicit_nudge(in, 0);
      if (!good) return false;
      for (size_t i = 0; i < in->count; i++) of.sum[i] += FOURTH[k] / sqrt(70) * g[in->place[i]];
    }
    if (!system_solve(in, of.sum, of.sum, &converged)) return false;
    double size = implicit_length(in, of.sum);
    if (!(size < least)) continue;
    least = size;
    memcpy(grain, of.sum, in->count * sizeof *grain);
  }
  /* Steps that large are no rounding, but functions that bend. */
  if (!(least <= TOO_LARGE)) memset(grain, 0, in->count * sizeof *grain);
  return true;
}

bool graininess_measure(implicit *in) {
  in->knows_graininess = true;
  if (!in->count || !in->problem->parameter_count || !in->problem->nudge) return true;
  in->roughly = true;
  bool good = measure_derivative(in);
  in->roughly = false;
  return good;
}

bool graininess_of_gradient(implicit *in, double *grain) {
  memset(grain, 0, in->count * sizeof *grain);
  if (!in->count || !in->problem->nudge) return true;
  in->roughly = true;
  bool good = measure_gradient(in, grain);
  in->roughly = false;
  return good;
}
