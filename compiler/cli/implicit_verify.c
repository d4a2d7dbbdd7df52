/* --verify: the inner problem solved again beside theta (see implicit.h). */
#include "compiler/cli/differences.h"
#include "compiler/cli/implicit.h"

#include <math.h>
#include <string.h>

typedef struct {
  differentiating *in;
  double *theta, *x, *direction;
  double *lower, *upper;
  exit_code code;
} neighbour;

/* The smallest entry of a param that is not zero; 1 where all are. */
static double smallest_of(const differentiating *in, const implicit_parameter *of) {
  double smallest = INFINITY;
  for (int64_t i = 0; i < of->count; i++) {
    double size = fabs(in->of.theta[of->offset + i]);
    if (size > 0) smallest = fmin(smallest, size);
  }
  return smallest < INFINITY ? smallest : 1;
}

/* A direction of chance, the same on every run, in which each entry is as long as it is itself. */
static void draw_direction(const differentiating *in, double *direction) {
  uint64_t state = 1;
  for (int k = 0; k < in->of.parameters.count; k++) {
    const implicit_parameter *each = &in->of.parameters.items[k];
    double otherwise = smallest_of(in, each);
    for (int64_t i = 0; i < each->count; i++) {
      double size = fabs(in->of.theta[each->offset + i]);
      state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's */
      direction[each->offset + i] = (size > 0 ? size : otherwise) * ((double)(state >> 11) * 0x1p-52 - 1);
    }
  }
}

static exit_code fill_bound(differentiating *in, const declared_value *of, const kernel_var *var, double *into) {
  exit_code code = EXIT_DONE;
  if (of->function < 0) return code;
  const double *entries = start_evaluate(&in->solve.on, of, var->input, &code);
  in->solve.kernel.work = in->solve.on.work;
  if (entries && var->count) memcpy(into + var->offset, entries, (size_t)var->count * sizeof *into);
  return code;
}

static exit_code move_bounds(differentiating *in) {
  exit_code code = EXIT_DONE;
  for (int k = 0; k < in->solve.vector.vars.count && code == EXIT_DONE; k++) {
    const kernel_var *var = &in->solve.vector.vars.items[k];
    code = fill_bound(in, &in->solve.starts.lower[var->input], var, in->solve.lower);
    if (code == EXIT_DONE) code = fill_bound(in, &in->solve.starts.upper[var->input], var, in->solve.upper);
  }
  return code;
}

/* The minimiser or root at theta + t direction, from the one at theta. */
static bool solve_at(void *context, double t, double *values) {
  neighbour *at = context;
  differentiating *in = at->in;
  size_t size = (size_t)in->solve.vector.size * sizeof *values;
  for (int64_t k = 0; k < in->of.parameter_count; k++) in->of.theta[k] = at->theta[k] + t * at->direction[k];
  memcpy(values, at->x, size);
  if (move_bounds(in) != EXIT_DONE) return false;
  if (in->of.root && implicit_polish(&in->of.problem, &in->how, values)) return true;
  memcpy(values, at->x, size);
  minimise_options how = in->solve.given->solver;
  how.method = in->solve.method->name;
  how.mask = in->solve.vector.mask;
  how.lower = in->solve.lower;
  how.upper = in->solve.upper;
  minimise_result found;
  if (minimise(&in->inner, &how, values, &found) >= MINIMISE_UNBOUNDED) return false;
  return implicit_polish(&in->of.problem, &in->how, values);
}

/* Differences that are wrong by as much as the derivative, or that could not be had, tell nothing; nor do those of a
 * solution that is one of many. */
static void compare(differentiating *in, const double *dx, const difference *found) {
  implicit_agreement *into = &in->agreement;
  const implicit_certificate *of = implicit_certificate_of(in->made);
  double largest = 0;
  for (int64_t k = 0; k < in->solve.vector.size; k++) {
    largest = fmax(largest, fabs(dx[k]));
    into->difference = fmax(into->difference, fabs(dx[k] - found->derivative[k]));
    into->accuracy = fmax(into->accuracy, isnan(found->derivative[k]) ? INFINITY : found->error[k]);
  }
  if (largest > 0) {
    into->difference /= largest;
    into->accuracy /= largest;
  }
  bool near = into->difference <= 1e-6 + 10 * into->accuracy + of->error_estimate;
  into->outcome = near ? VERIFY_AGREES : VERIFY_DISAGREES;
  if ((near && !(into->accuracy < 0.1)) || of->status == IMPLICIT_LEAST_NORM) into->outcome = VERIFY_NOTHING;
}

/* Along `length` times the direction, the derivative along which is dx. */
static void verify_along(differentiating *in, neighbour *at, double length, double *dx) {
  solving *solve = &in->solve;
  size_t parameters = (size_t)in->of.parameter_count, size = (size_t)solve->vector.size;
  for (size_t k = 0; k < parameters; k++) at->direction[k] *= length;
  for (size_t k = 0; k < size; k++) dx[k] *= length;
  curve path = {.count = solve->vector.size, .at = solve_at, .context = at, .enough = 1e-8};
  difference found = differentiate(differences_create(solve->with->memory, solve->vector.size), &path);
  memcpy(in->of.theta, at->theta, parameters * sizeof *at->theta);
  memcpy(solve->lower, at->lower, size * sizeof *at->lower);
  memcpy(solve->upper, at->upper, size * sizeof *at->upper);
  in->agreement = (implicit_agreement){0};
  compare(in, dx, &found);
}

exit_code implicit_verify(differentiating *in) {
  solving *solve = &in->solve;
  arena *memory = solve->with->memory;
  size_t parameters = (size_t)in->of.parameter_count, size = (size_t)solve->vector.size;
  double *dx = arena_array(memory, double, solve->vector.size + 1);
  neighbour at = {.in = in};
  double **rooms[] = {&at.theta, &at.direction, &at.x, &at.lower, &at.upper};
  for (int k = 0; k < 5; k++)
    *rooms[k] = arena_array(memory, double, (k < 2 ? in->of.parameter_count : solve->vector.size) + 1);
  memcpy(at.theta, in->of.theta, parameters * sizeof *at.theta);
  memcpy(at.x, solve->x, size * sizeof *at.x);
  memcpy(at.lower, solve->lower, size * sizeof *at.lower);
  memcpy(at.upper, solve->upper, size * sizeof *at.upper);
  draw_direction(in, at.direction);
  if (implicit_certificate_of(in->made)->dense) in->how.solver = IMPLICIT_DENSE; /* which it may have turned to */
  if (!implicit_forward(in->made, 1, at.direction, dx)) return EXIT_NUMERICS;
  verify_along(in, &at, 1, dx);
  /* There may be kinks, or no solution, at the distances that were tried. */
  if (in->agreement.outcome != VERIFY_AGREES) verify_along(in, &at, 1e-6, dx);
  return in->agreement.outcome == VERIFY_AGREES ? EXIT_DONE : EXIT_NUMERICS;
}
