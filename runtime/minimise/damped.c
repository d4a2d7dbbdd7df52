#include "runtime/minimise/damped.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { TRIALS = 10 };                /* of lambda */
static const double WITHIN = 0.05;   /* the radius: how exactly it is met */
static const double SMALLEST = 1e-3; /* the first lambda, of the largest that can be, where nothing is known */

void damped_prepare(damped_system *system, size_t rows, const double *triangularised, const double *residual) {
  size_t n = system->count;
  for (size_t i = 0; i < n; i++) {
    system->right[i] = i < rows ? -residual[i] : 0;
    for (size_t j = 0; j < n; j++) system->r[i * n + j] = j <= i && j < rows ? triangularised[i * rows + j] : 0;
  }
}

/* p for this lambda. Returns |D p|; infinite where R is singular and lambda 0. */
static double solve(damped_system *system, double lambda) {
  size_t n = system->count;
  memcpy(system->triangle, system->r, n * n * sizeof *system->triangle);
  memcpy(system->step, system->right, n * sizeof *system->step);
  if (lambda > 0) {
    memset(system->damping, 0, n * n * sizeof *system->damping);
    memset(system->step + n, 0, n * sizeof *system->step);
    for (size_t i = 0; i < n; i++) system->damping[i * n + i] = sqrt(lambda) * system->scale[i];
    dense_append_diagonal(n, system->triangle, system->damping, system->step, system->step + n, system->work);
  }
  for (size_t i = 0; i < n; i++) {
    if (system->triangle[i * n + i] == 0) return INFINITY;
  }
  dense_upper_solve(n, system->triangle, system->step);
  double length = 0;
  for (size_t i = 0; i < n; i++) length = hypot(length, system->scale[i] * system->step[i]);
  return length;
}

/* By how much lambda is too small where |D p| is `length`, by Newton's method on 1/|D p| - 1/radius, which is nearly
 * linear in lambda. */
static double correction(damped_system *system, double length, double radius) {
  size_t n = system->count;
  double size = 0;
  for (size_t i = 0; i < n; i++) system->turned[i] = system->scale[i] * (system->scale[i] * system->step[i] / length);
  dense_upper_transposed_solve(n, system->triangle, system->turned);
  for (size_t i = 0; i < n; i++) size = hypot(size, system->turned[i]);
  return (length - radius) / radius / size / size;
}

/* |D^-1 J'r| / radius: with a lambda this large, |D p| is at most the radius. */
static double largest_lambda(const damped_system *system, double radius) {
  double size = 0;
  for (size_t i = 0; i < system->count; i++) {
    double sum = 0;
    for (size_t j = 0; j <= i; j++) sum += system->r[i * system->count + j] * system->right[j];
    size = hypot(size, sum / system->scale[i]);
  }
  return fmax(size / radius, DBL_MIN / fmin(radius, WITHIN));
}

double damped_step(damped_system *system, double radius) {
  double lambda = system->lambda, low = 0, length = solve(system, 0);
  system->lambda = 0;
  if (length <= (1 + WITHIN) * radius) return length;
  if (isfinite(length)) low = correction(system, length, radius);
  if (!isfinite(low)) low = 0;
  double high = largest_lambda(system, radius), before = length - radius;
  lambda = fmin(fmax(lambda, low), high);
  for (int k = 0; k < TRIALS; k++) {
    if (!(lambda > 0)) lambda = fmax(DBL_MIN, SMALLEST * high);
    length = solve(system, lambda);
    double excess = length - radius;
    if (fabs(excess) <= WITHIN * radius || (low == 0 && excess <= before && before < 0)) break;
    if (excess > 0) low = fmax(low, lambda);
    if (excess < 0) high = fmin(high, lambda);
    if (k + 1 < TRIALS) lambda = fmax(low, lambda + correction(system, length, radius));
    before = excess;
  }
  system->lambda = lambda;
  return length;
}
