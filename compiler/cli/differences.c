/* Central differences with Richardson extrapolation, after C. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)",
 * Advances in Engineering Software 4 (1982).
 *
 * (F(h) - F(-h)) / 2h has an error in even powers of h. From the values at h, h/c, h/c^2, ... the powers are eliminated
 * one after another; two neighbours in that table differ by about the error of the better one. The best entry of
 * several tables, which start at different steps, is kept for each number by itself, so that neither a wide range of
 * scales nor a kink at some distance spoils it. */
#include "compiler/cli/differences.h"

#include <float.h>
#include <math.h>

enum { LEVELS = 8, STARTS = 5, LEAST_LEVELS = 4 /* before a table is trusted to be enough */ };

static const double starts[STARTS] = {1e-1, 1e-2, 1e-3, 1e-4, 1e-5};
static const double shrink = 1.5; /* c */

struct differences {
  double *above, *below;                  /* F(h), F(-h) */
  double *previous[LEVELS], *row[LEVELS]; /* the last two rows of the table: one array per order of elimination */
  difference made;
};

differences *differences_create(arena *memory, int64_t count) {
  differences *with = arena_new(memory, differences);
  double **arrays[] = {&with->above, &with->below, &with->made.derivative, &with->made.error, &with->made.value};
  for (int k = 0; k < 5; k++) *arrays[k] = arena_array(memory, double, count + 1);
  for (int k = 0; k < LEVELS; k++) {
    with->previous[k] = arena_array(memory, double, count + 1);
    with->row[k] = arena_array(memory, double, count + 1);
  }
  return with;
}

/* Rounding of F, divided by the step: no table can be better. */
static double rounding(const differences *with, int64_t k, double step) {
  return 2 * DBL_EPSILON * fmax(fabs(with->above[k]), fabs(with->below[k])) / step;
}

static void keep_better(differences *with, int64_t k, double value, double error) {
  if (!(error < with->made.error[k])) return;
  with->made.derivative[k] = value;
  with->made.error[k] = error;
}

/* Row `level` of the table, from central differences at `step`. */
static void extend_entry(differences *with, int64_t k, int level, double step) {
  with->row[0][k] = (with->above[k] - with->below[k]) / (2 * step);
  double factor = shrink * shrink;
  for (int order = 1; order <= level; order++) {
    double better = with->row[order - 1][k], older = with->previous[order - 1][k];
    double value = (better * factor - older) / (factor - 1);
    double error = fmax(fabs(value - better), fabs(value - older)) + rounding(with, k, step);
    with->row[order][k] = value;
    keep_better(with, k, value, error);
    factor *= shrink * shrink;
  }
}

static bool extend(differences *with, const curve *of, int level, double step) {
  if (!of->at(of->context, step, with->above) || !of->at(of->context, -step, with->below)) return false;
  for (int k = 0; k < LEVELS; k++) {
    double *older = with->previous[k];
    with->previous[k] = with->row[k];
    with->row[k] = older;
  }
  for (int64_t k = 0; k < of->count; k++) extend_entry(with, k, level, step);
  return true;
}

static bool is_enough(const differences *with, const curve *of) {
  double largest = 0, error = 0;
  for (int64_t k = 0; k < of->count; k++) {
    largest = fmax(largest, fabs(with->made.derivative[k]));
    error = fmax(error, with->made.error[k]);
  }
  return error <= of->enough * largest;
}

difference differentiate(differences *with, const curve *of) {
  for (int64_t k = 0; k < of->count; k++) {
    with->made.derivative[k] = NAN;
    with->made.error[k] = INFINITY;
  }
  bool enough = false;
  for (int start = 0; start < STARTS && !enough; start++) {
    double step = starts[start];
    for (int level = 0; level < LEVELS && !enough && extend(with, of, level, step); level++) {
      step /= shrink;
      enough = of->enough > 0 && level + 1 >= LEAST_LEVELS && is_enough(with, of);
    }
  }
  if (!of->at(of->context, 0, with->made.value))
    for (int64_t k = 0; k < of->count; k++) with->made.value[k] = NAN;
  return with->made;
}

/* |F'(0+) - F'(0-)| by one-sided differences of one step. */
static double slope_jump(differences *with, const curve *of, int64_t entry, double step) {
  if (!of->at(of->context, step, with->above) || !of->at(of->context, -step, with->below)) return INFINITY;
  double centre = with->made.value[entry];
  return fabs((with->above[entry] - centre) / step - (centre - with->below[entry]) / step);
}

bool has_kink(differences *with, const curve *of, int64_t entry) {
  double wide = slope_jump(with, of, entry, 1e-4), narrow = slope_jump(with, of, entry, 1e-6);
  double noise = 100 * rounding(with, entry, 1e-6);
  return !(narrow <= 0.2 * wide) && !(narrow <= noise);
}
