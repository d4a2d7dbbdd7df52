/* Rounding that no last digit of x and theta shows: (p + 1e8) - 1e8 is a stairway in p. The gradient, and what the
 * linear system makes of a derivative y along a direction u of theta,
 *
 *   g(t)  and  r(t) = H y + H_x,theta u    at x (1 + t e), theta (1 + t e) with signs e,
 *
 * are smooth in t, entry by entry: fourth differences over ten times shorter distances are 1e-4 times as large, or else
 * rounding. */
#include "runtime/implicit/state.h"

#include <math.h>
#include <string.h>

enum { SEQUENCES = 3, LENGTH = 5, POINTS = 5 };

static const double WIDEST = 2e-3;                      /* distance, which becomes ten times shorter in a sequence */
static const double FOURTH[POINTS] = {1, -4, 6, -4, 1}; /* at 0, 1, .. 4; noise becomes sqrt(70) times as large */
static const double STAYS = 0.2;      /* so much of the difference at least, where it is no bending, nor a kink */
static const double TOO_LARGE = 1e-3; /* to be rounding, relative to what the function is made of */

typedef struct sampling sampling;
struct sampling {
  bool (*evaluate)(implicit *in, sampling *of, double t, double *into); /* short */
  double *u;                                                            /* as long as theta */
  double *y, *signs, *other, *product, *mixed;                          /* whole */
  double *at, *here, *wide, *narrow, *size, *noise;                     /* short */
};

static bool create(implicit *in, sampling *into) {
  double **wholes[] = {&into->y, &into->signs, &into->other, &into->product, &into->mixed};
  double **briefs[] = {&into->at, &into->here, &into->wide, &into->narrow, &into->size, &into->noise};
  if (!(into->u = implicit_zeros(in, in->problem->parameter_count, 1))) return false;
  for (int k = 0; k < 5; k++)
    if (!(*wholes[k] = implicit_zeros(in, in->problem->size, 1))) return false;
  for (int k = 0; k < 6; k++)
    if (!(*briefs[k] = implicit_zeros(in, in->count, 1))) return false;
  for (size_t k = 0; k < in->problem->size; k++) into->signs[k] = implicit_sign(in);
  return true;
}

/* Goes to the point at t. */
static void go(implicit *in, sampling *of, double t) {
  memcpy(of->other, in->x, in->problem->size * sizeof *of->other);
  for (size_t k = 0; k < in->count; k++) of->other[in->place[k]] *= 1 + t * of->signs[in->place[k]];
  implicit_nudge(in, t);
}

/* ---- the two functions ---- */

static bool evaluate_gradient(implicit *in, sampling *of, double t, double *into) {
  double f;
  go(in, of, t);
  bool good = implicit_gradient(in, of->other, &f, of->product);
  implicit_nudge(in, 0);
  implicit_gather(in, of->product, into);
  return good;
}

static bool evaluate_derivative(implicit *in, sampling *of, double t, double *into) {
  const implicit_problem *problem = in->problem;
  go(in, of, t);
  bool good = implicit_products(in, false, of->other, 1, of->y, of->product) &&
              implicit_answered(in, problem->mixed_forward(problem->user, of->other, 1, of->u, of->mixed));
  implicit_nudge(in, 0);
  for (size_t k = 0; k < in->count && good; k++) {
    size_t place = in->place[k];
    into[k] = of->product[place] + in->damping * of->y[place] + of->mixed[place];
  }
  return good;
}

/* ---- its noise ---- */

/* The fourth difference, over sqrt(70), to one side: around the middle of a step there is none of its rounding. */
static bool difference(implicit *in, sampling *of, double distance, double *into) {
  for (size_t i = 0; i < in->count; i++) into[i] = of->here[i] / sqrt(70);
  for (int k = 1; k < POINTS; k++) {
    if (!of->evaluate(in, of, k * distance, of->at)) return false;
    for (size_t i = 0; i < in->count; i++) into[i] += FOURTH[k] / sqrt(70) * of->at[i];
  }
  return true;
}

/* What stays of the difference when the distance becomes ten times shorter is noise. */
static void note(const implicit *in, sampling *of) {
  for (size_t k = 0; k < in->count; k++) {
    double wide = fabs(of->wide[k]), narrow = fabs(of->narrow[k]);
    double least = wide < narrow ? of->wide[k] : of->narrow[k];
    bool rounding = narrow >= STAYS * wide && fabs(least) <= TOO_LARGE * of->size[k];
    if (rounding && fabs(least) > fabs(of->noise[k])) of->noise[k] = least;
  }
}

/* Distances at which choices are made otherwise show these. */
static bool crosses_kink(implicit *in, double distance, bool *crosses) {
  const char *found = NULL;
  const implicit_problem *problem = in->problem;
  bool good = !problem->kink || implicit_answered(in, problem->kink(problem->user, in->x, 2 * distance, &found));
  *crosses = found != NULL;
  return good;
}

static bool measure(implicit *in, sampling *of) {
  bool crosses = true;
  double shrunk = 1;
  int first = 0;
  for (; first + 2 < LENGTH; first++, shrunk /= 10) {
    if (!crosses_kink(in, shrunk * WIDEST, &crosses)) return false;
    if (!crosses) break;
  }
  if (!of->evaluate(in, of, 0, of->here)) return false;
  for (int sequence = 0; sequence < SEQUENCES; sequence++) {
    double distance = shrunk * WIDEST;
    for (int k = first; k < LENGTH; k++, distance /= 10) {
      /* Of chance: where it is a whole number of a stairway's steps, there is none to be seen. */
      double near = distance * (1 + 0.45 * implicit_uniform(in));
      if (!difference(in, of, near, of->narrow)) return false;
      if (k > first) note(in, of);
      double *held = of->wide;
      of->wide = of->narrow;
      of->narrow = held;
    }
  }
  return true;
}

/* ---- what it is worth ---- */

/* y = -H^-1 H_x,theta u for a u of chance. */
static bool find_derivative(implicit *in, sampling *of) {
  const implicit_problem *problem = in->problem;
  double *y = of->at, *right = of->wide;
  bool converged;
  for (size_t k = 0; k < problem->parameter_count; k++) of->u[k] = implicit_uniform(in);
  if (!implicit_answered(in, problem->mixed_forward(problem->user, in->x, 1, of->u, of->mixed))) return false;
  for (size_t k = 0; k < in->count; k++) right[k] = -of->mixed[in->place[k]];
  if (!system_solve(in, right, y, &converged)) return false;
  implicit_scatter(in, y, of->y);
  system_magnitude(in, y, right, right, of->size); /* H y is about `right` */
  return true;
}

static bool measure_derivative(implicit *in) {
  sampling of = {.evaluate = evaluate_derivative};
  bool converged;
  if (!create(in, &of) || !find_derivative(in, &of) || !measure(in, &of)) return false;
  if (!system_solve(in, of.noise, of.noise, &converged)) return false;
  double largest = implicit_largest(in->problem->size, of.y), size = implicit_largest(in->count, of.noise);
  if (largest > 0 && isfinite(size)) in->graininess = size / largest;
  return true;
}

static bool measure_gradient(implicit *in, double *grain) {
  sampling of = {.evaluate = evaluate_gradient};
  bool converged;
  if (!create(in, &of)) return false;
  for (size_t k = 0; k < in->count; k++) of.at[k] = implicit_unit(in, in->place[k]);
  if (in->certificate.dense)
    system_magnitude(in, of.at, of.wide, of.wide, of.size);
  else
    system_estimate_magnitude(in, of.at, of.size);
  if (!measure(in, &of) || !system_solve(in, of.noise, grain, &converged)) return false;
  /* Steps that large are no rounding, but functions that bend. */
  if (!(implicit_length(in, grain) <= TOO_LARGE)) memset(grain, 0, in->count * sizeof *grain);
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
