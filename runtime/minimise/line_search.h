/* Searches for a step t along the arc P(x + t d), P being the projection onto the bounds. */
#ifndef ADJOIN_RUNTIME_MINIMISE_LINE_SEARCH_H
#define ADJOIN_RUNTIME_MINIMISE_LINE_SEARCH_H

#include "runtime/minimise/minimiser.h"

typedef struct {
  const minimise_point *from;
  const double *d; /* as minimiser_direct leaves it */
  double slope;    /* g'd < 0 */
  double first;    /* the first step that is tried */
} line;

typedef struct {
  double t;
  double change; /* the largest of an entry: |P(x + t d) - x|_inf */
} line_step;

typedef enum { LINE_FOUND, LINE_NO_PROGRESS, LINE_OVER } line_outcome;

/* Ends with the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5 and 3.6), or their approximate form where
 * f's rounding error hides a decrease (Hager and Zhang 2005); where f has a kink on the way, with a sufficient
 * decrease. Steps where f or the slope is nan or infinite are too long. LINE_FOUND: `*to` is evaluated at the step.
 * LINE_OVER: the run has ended. */
line_outcome line_search_wolfe(minimiser *m, const line *along, minimise_point *to, line_step *step);

/* Halves the step until f decreases enough (Armijo). Of the trials, only the last costs a gradient. */
line_outcome line_search_backtrack(minimiser *m, const line *along, minimise_point *to, line_step *step);

#endif
