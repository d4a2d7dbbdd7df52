/* What methods have in common that go along a direction of descent, by a line search. */
#ifndef ADJOIN_RUNTIME_MINIMISE_DESCEND_H
#define ADJOIN_RUNTIME_MINIMISE_DESCEND_H

#include "runtime/minimise/minimiser.h"

typedef struct {
  void *memory; /* handed to the functions */
  bool backtracks;
  /* d := about -H^-1 g on the entries that move (others are overwritten). False: the run has ended. NULL: d = -g. */
  bool (*direction)(minimiser *m, void *memory, const minimise_point *at, double *d);
  /* What the step from one point to the next tells of H. NULL: nothing. */
  void (*learn)(minimiser *m, void *memory, const minimise_point *from, const minimise_point *to);
  /* Is -g scaled, so that a step of 1 is natural? NULL: never. */
  bool (*is_scaled)(const void *memory);
  void (*forget)(void *memory); /* what was learned; NULL: nothing can be */
} descent;

void descend(minimiser *m, const descent *by);

#endif
