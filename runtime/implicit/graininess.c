/* Rounding that no last digit of x and theta shows: (p + 1e8) - 1e8 is a stairway in p. The gradient, and what the
 * linear system makes of a derivative y along a direction u of theta,
 *
 *   g(t)  and  r(t) = H y + H_x,theta u    at x (1 + t e), theta (1 + t e) with signs e,
 *
 * are smooth in t, entry by entry. Over distances at which they follow a trend, fourth differences become 1e-4 times as
 * large with every tenth of the distance, until only rounding is left, which stays. */
#include "runtime/implicit/state.h"

#include <math.h>
#include <string.h>

enum { DECADES = 11, COARSE = 5, REPEATS = 3, POINTS = 5 };

static const double WIDEST = 2e-3;                      /* distance, which becomes ten times shorter with each decade */
static const double FOURTH[POINTS] = {1, -4, 6, -4, 1}; /* at 0, 1, .. 4; noise becomes sqrt(70) times as large */

/* What is rounding: so much of the wider difference stays; both are little beside what the function changes by; and
 * that grows with the distance. Where functions bend within it, or choose, none of this is so. */
static const double STAYS = 0.3, BESIDE_WIDE = 0.05, BESIDE_NARROW = 0.25, GROWS = 4;
static const double SETTLED = 1e-12;

/* Over a distance, entry by entry (short vectors): the largest difference of some, and the least change. */
typedef struct {
  double *difference, *change;
} measured;

struct sampling {
  double *u;                                          /* as long as theta */
  double *y, *signs, *other, *product, *mixed;        /* whole */
  double *at, *here, *lowest, *highest, *one, *noise; /* short */
  measured wide, narrow;
};

typedef bool evaluation(implicit *in, double distance, int steps, double *into); /* short */

static bool create(implicit *in) {
  sampling *of = (sampling *)implicit_zeros(in, (sizeof *of + sizeof(double) - 1) / sizeof(double), 1);
  if (!of) return false;
  double **wholes[] = {&of->y, &of->signs, &of->other, &of->product, &of->mixed};
  double **briefs[] = {&of->at,
                       &of->here,
                       &of->lowest,
                       &of->highest,
                       &of->one,
                       &of->noise,
                       &of->wide.difference,
                       &of->wide.change,
                       &of->narrow.difference,
                       &of->narrow.change};
  if (!(of->u = implicit_zeros(in, in->problem->parameter_count, 1))) return false;
  for (int k = 0; k < 5; k++)
    if (!(*wholes[k] = implicit_zeros(in, in->problem->size, 1))) return false;
  for (int k = 0; k < 10; k++)
    if (!(*briefs[k] = implicit_zeros(in, in->set.count, 1))) return false;
  for (size_t k = 0; k < in->problem->size; k++) of->signs[k] = implicit_sign(in);
  in->sampling = of;
  return true;
}

/* Goes so many steps from x and theta. */
static void go(implicit *in, double distance, int steps) {
  sampling *of = in->sampling;
  memcpy(of->other, in->x, in->problem->size * sizeof *of->other);
  for (size_t k = 0; k < in->count; k++) {
    size_t place = in->place[k];
    of->other[place] += steps * of->signs[place] * implicit_stride(in->x[place], distance);
  }
  implicit_nudge(in, distance, steps);
}

/* ---- the two functions ---- */

static bool evaluate_gradient(implicit *in, double distance, int steps, double *into) {
  sampling *of = in->sampling;
  double f;
  go(in, distance, steps);
  bool good = implicit_gradient(in, of->other, &f, of->product);
  implicit_nudge(in, 0, 0);
  implicit_gather(in, of->product, into);
  return good;
}

static bool evaluate_derivative(implicit *in, double distance, int steps, double *into) {
  const implicit_problem *problem = in->problem;
  sampling *of = in->sampling;
  go(in, distance, steps);
  bool good = implicit_products(in, false, of->other, 1, of->y, of->product) &&
              implicit_answered(in, problem->mixed_forward(problem->user, of->other, 1, of->u, of->mixed));
  implicit_nudge(in, 0, 0);
  for (size_t k = 0; k < in->count && good; k++) {
    size_t place = in->place[k];
    into[k] = of->product[place] + in->damping * of->y[place] + of->mixed[place];
  }
  return good;
}

/* ---- its noise ---- */

/* The fourth difference, over sqrt(70), to one side: around the middle of a stairway's step there is none of its
 * rounding. */
static bool take_difference(implicit *in, evaluation *evaluate, double distance) {
  sampling *of = in->sampling;
  size_t n = in->count;
  for (size_t i = 0; i < n; i++) {
    of->one[i] = of->here[i] / sqrt(70);
    of->lowest[i] = of->highest[i] = of->here[i];
  }
  for (int k = 1; k < POINTS; k++) {
    if (!evaluate(in, distance, k, of->at)) return false;
    for (size_t i = 0; i < n; i++) {
      of->one[i] += FOURTH[k] / sqrt(70) * of->at[i];
      of->lowest[i] = fmin(of->lowest[i], of->at[i]);
      of->highest[i] = fmax(of->highest[i], of->at[i]);
    }
  }
  return true;
}

/* Some differences over about a distance: of chance, for where it is a whole number of a stairway's steps, or within
 * one, there is nothing to be seen. */
static bool take_differences(implicit *in, evaluation *evaluate, double distance, measured *into) {
  sampling *of = in->sampling;
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    if (!take_difference(in, evaluate, distance * (1 + 0.45 * implicit_uniform(in)))) return false;
    for (size_t i = 0; i < in->count; i++) {
      double change = of->highest[i] - of->lowest[i];
      if (!repeat || !(fabs(of->one[i]) <= fabs(into->difference[i]))) into->difference[i] = of->one[i];
      if (!repeat || !(change >= into->change[i])) into->change[i] = change;
    }
  }
  return true;
}

static void note_rounding(implicit *in) {
  sampling *of = in->sampling;
  const measured *wide = &of->wide, *narrow = &of->narrow;
  for (size_t k = 0; k < in->count; k++) {
    double wider = fabs(wide->difference[k]), narrower = fabs(narrow->difference[k]);
    double larger = wider > narrower ? wide->difference[k] : narrow->difference[k];
    bool stays = narrower >= STAYS * wider;
    bool little = wider <= BESIDE_WIDE * wide->change[k] && narrower <= BESIDE_NARROW * narrow->change[k];
    bool grows = wide->change[k] >= GROWS * narrow->change[k];
    if (stays && little && grows && fabs(larger) > fabs(of->noise[k])) of->noise[k] = larger;
  }
}

/* Is all rounding seen, where there is any, and no more of bending? Then shorter distances show nothing new. */
static bool is_settled(const implicit *in) {
  const sampling *of = in->sampling;
  bool settled = true;
  for (size_t k = 0; k < in->count; k++)
    settled = settled && (of->noise[k] != 0 || fabs(of->narrow.difference[k]) <= SETTLED * of->narrow.change[k]);
  return settled;
}

/* Distances at which choices are made otherwise show these. */
static bool crosses_kink(implicit *in, double distance, bool *crosses) {
  const char *found = NULL;
  const implicit_problem *problem = in->problem;
  bool good = !problem->kink || implicit_answered(in, problem->kink(problem->user, in->x, 2 * distance, &found));
  *crosses = found != NULL;
  return good;
}

static bool measure(implicit *in, evaluation *evaluate) {
  sampling *of = in->sampling;
  bool crosses = true;
  double distance = WIDEST;
  int first = 0;
  for (; first + 2 < DECADES; first++, distance /= 10) {
    if (!crosses_kink(in, distance, &crosses)) return false;
    if (!crosses) break;
  }
  memset(of->noise, 0, in->count * sizeof *of->noise);
  if (!evaluate(in, 0, 0, of->here)) return false;
  for (int k = first; k < DECADES; k++, distance /= 10) {
    if (!take_differences(in, evaluate, distance, &of->narrow)) return false;
    if (k > first) note_rounding(in);
    if (k + 1 >= COARSE && is_settled(in)) return true;
    measured held = of->wide;
    of->wide = of->narrow;
    of->narrow = held;
  }
  return true;
}

/* ---- what it is worth ---- */

/* y = -H^-1 H_x,theta u for a u of chance. */
static bool find_derivative(implicit *in) {
  const implicit_problem *problem = in->problem;
  sampling *of = in->sampling;
  bool converged;
  for (size_t k = 0; k < problem->parameter_count; k++) of->u[k] = implicit_uniform(in);
  if (!implicit_answered(in, problem->mixed_forward(problem->user, in->x, 1, of->u, of->mixed))) return false;
  for (size_t k = 0; k < in->count; k++) of->at[k] = -of->mixed[in->place[k]];
  if (!system_solve(in, of->at, of->at, &converged)) return false;
  implicit_scatter(in, of->at, of->y);
  return true;
}

static bool measure_derivative(implicit *in) {
  bool converged;
  if (!find_derivative(in) || !measure(in, evaluate_derivative)) return false;
  sampling *of = in->sampling;
  if (!system_solve(in, of->noise, of->noise, &converged)) return false;
  double largest = implicit_largest(in->problem->size, of->y), size = implicit_largest(in->count, of->noise);
  if (largest > 0 && isfinite(size)) in->graininess = size / largest;
  return true;
}

bool graininess_measure(implicit *in) {
  in->knows_graininess = true;
  if (!in->count || !in->problem->parameter_count || !in->problem->nudge) return true;
  if (!in->sampling && !create(in)) return false;
  in->roughly = true;
  bool good = measure_derivative(in);
  in->roughly = false;
  return good;
}

bool graininess_of_gradient(implicit *in, double *grain) {
  bool converged;
  memset(grain, 0, in->count * sizeof *grain);
  if (!in->count || !in->problem->nudge) return true;
  if (!in->sampling && !create(in)) return false;
  in->roughly = true;
  bool good = measure(in, evaluate_gradient) && system_solve(in, in->sampling->noise, grain, &converged);
  in->roughly = false;
  return good;
}
