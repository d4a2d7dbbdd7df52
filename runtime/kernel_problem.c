/* The functions of a model as those of one vector (see kernel_problem.h). */
#include "runtime/kernel_problem.h"

#include <math.h>
#include <string.h>

void kernel_problem_move(kernel_problem *of, const double *x) {
  for (size_t k = 0; k < of->var_count; k++) of->inputs[of->vars[k].input] = x + of->vars[k].offset;
}

/* The active vars' parts of a whole vector. */
static void split(const kernel_problem *of, double *whole, double **into) {
  for (size_t k = 0; k < of->var_count; k++)
    if (of->vars[k].active) *into++ = whole + of->vars[k].offset;
}

/* Writes no seed, although its type would let it. */
static const double *const *seeds(const kernel_problem *of, const double *whole) {
  split(of, (double *)whole, of->seeds);
  return (const double *const *)of->seeds;
}

static int call(kernel_problem *of, int function, const double *x, const double *const *along, double *const *into) {
  kernel_problem_move(of, x);
  return of->functions[function](of->extents, of->inputs, along, into, of->work);
}

static void turn(const kernel_problem *of, double *whole) {
  for (size_t k = 0; k < of->size && of->maximise; k++)
    if (of->mask[k]) whole[k] = -whole[k];
}

static void remember(kernel_problem *of, const double *x) {
  if (of->odd && of->size) memcpy(of->odd, x, of->size * sizeof *x);
  of->odd_is_set = true;
}

/* Where the model has no value, nan is one; else the status. */
static int settle(kernel_problem *of, int status, size_t count, double *entries) {
  if (!status || !of->has_no_value || !of->has_no_value(of->judge, status)) return status;
  of->no_value = status;
  for (size_t k = 0; k < count; k++) entries[k] = NAN;
  return 0;
}

static int residual(void *user, const double *x, double *into) {
  kernel_problem *of = user;
  return settle(of, call(of, KERNEL_RESIDUAL, x, NULL, (double *[]){into}), of->residual_count, into);
}

static int vjp(void *user, const double *x, const double *u, double *ju) {
  kernel_problem *of = user;
  split(of, ju, of->results);
  return settle(of, call(of, KERNEL_VJP, x, (const double *[]){u}, of->results), of->size, ju);
}

/* f = factor sum r_j^2 */
static int squares(kernel_problem *of, const double *x, double *f) {
  int status = residual(of, x, of->residuals);
  *f = 0;
  for (size_t k = 0; k < of->residual_count; k++) *f += of->residual_factor * of->residuals[k] * of->residuals[k];
  return status;
}

/* And 2 factor J'r. */
static int gradient_of_squares(kernel_problem *of, const double *x, double *f, double *gradient_at) {
  int status = squares(of, x, f);
  for (size_t k = 0; k < of->residual_count; k++) of->residuals[k] *= 2 * of->residual_factor;
  return status ? status : vjp(of, x, of->residuals, gradient_at);
}

static int value(void *user, const double *x, double *f) {
  kernel_problem *of = user;
  int status = of->functions[KERNEL_VALUE] ? settle(of, call(of, KERNEL_VALUE, x, NULL, (double *[]){f}), 1, f)
                                           : squares(of, x, f);
  if (status) return status;
  if (!isfinite(*f)) remember(of, x);
  if (of->maximise) *f = -*f;
  return 0;
}

/* Where nothing moves, the functions along what moves do not exist, and are never called; methods run all the same. */
static bool is_still(const kernel_problem *of) {
  return !of->functions[KERNEL_GRADIENT] && (of->functions[KERNEL_VALUE] || !of->functions[KERNEL_VJP]);
}

static int gradient(void *user, const double *x, double *f, double *gradient_at) {
  kernel_problem *of = user;
  if (is_still(of)) return value(user, x, f);
  of->results[0] = f;
  split(of, gradient_at, of->results + 1);
  int status = of->functions[KERNEL_GRADIENT] ? settle(of, call(of, KERNEL_GRADIENT, x, NULL, of->results), 1, f)
                                              : gradient_of_squares(of, x, f, gradient_at);
  if (status) return status;
  bool finite = isfinite(*f);
  for (size_t k = 0; k < of->size && finite; k++) finite = !of->mask[k] || isfinite(gradient_at[k]);
  if (!finite) remember(of, x);
  if (of->maximise) *f = -*f;
  turn(of, gradient_at);
  return 0;
}

static int product(void *user, const double *x, const double *v, double *hv) {
  kernel_problem *of = user;
  split(of, hv, of->results);
  int status = settle(of, call(of, KERNEL_PRODUCT, x, seeds(of, v), of->results), of->size, hv);
  turn(of, hv);
  return status;
}

static int jvp(void *user, const double *x, const double *v, double *jv) {
  kernel_problem *of = user;
  return settle(of, call(of, KERNEL_JVP, x, seeds(of, v), (double *[]){jv}), of->residual_count, jv);
}

minimise_problem kernel_problem_describe(kernel_problem *of) {
  bool still = is_still(of);
  minimise_problem made = {.user = of,
                           .size = of->size,
                           .value = value,
                           .gradient = gradient,
                           .residual_count = of->residual_count,
                           .residual_factor = of->residual_factor};
  if (still || of->functions[KERNEL_PRODUCT]) made.product = product;
  if (of->functions[KERNEL_RESIDUAL]) made.residual = residual;
  if (still || of->functions[KERNEL_JVP]) made.jvp = jvp;
  if (still || of->functions[KERNEL_VJP]) made.vjp = vjp;
  return made;
}

const minimise_method *kernel_problem_method(const char *name, size_t free_entries, bool squares,
                                             size_t residual_count) {
  if (name && strcmp(name, "auto") != 0) return minimise_find(name);
  minimise_problem all = {.product = product, .residual_count = residual_count};
  if (squares) all.residual = residual;
  if (squares) all.jvp = jvp;
  return minimise_choose(&all, free_entries);
}
