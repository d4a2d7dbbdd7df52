/* What methods have in common whose steps are trusted as far as a model of f has kept its promises. */
#ifndef ADJOIN_RUNTIME_MINIMISE_TRUST_H
#define ADJOIN_RUNTIME_MINIMISE_TRUST_H

#include "runtime/minimise/minimiser.h"

typedef struct {
  minimise_point at, next;
  double noise; /* how far f may be off, beyond its own rounding error */
} trust_points;

/* Allocates both points and starts. */
bool trust_start(minimiser *m, trust_points *points);

/* Iterates until the run ends. `advance` finds and evaluates a next point with a smaller f, or ends the run and returns
 * false. */
void trust_run(minimiser *m, trust_points *points, bool (*advance)(minimiser *m, void *memory), void *memory);

/* next := P(x + d) on the entries that move; the others go to their bound. Is it another point than x? */
bool trust_place(const minimiser *m, trust_points *points, const double *d);

/* Is this ratio good enough for the step to be taken? */
static inline bool trust_accepts(double ratio) {
  return ratio > 1e-4;
}

/* Evaluates f at the next point and tells (f - f+) / promised; 1 where both are below f's rounding error, -1 where the
 * step leads to nan or infinity, or nothing is promised (there, nothing is evaluated). False: the run has ended. */
bool trust_ratio(minimiser *m, trust_points *points, double promised, double *ratio);

#endif
