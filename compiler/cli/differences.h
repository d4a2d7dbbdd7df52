/* Derivatives of curves by central differences, extrapolated: what `adjoin check` compares with. */
#ifndef ADJOIN_CLI_DIFFERENCES_H
#define ADJOIN_CLI_DIFFERENCES_H

#include "compiler/base/arena.h"
#include <stdbool.h>
#include <stdint.h>

/* t -> `count` numbers. False where it can't be evaluated. */
typedef struct {
  int64_t count;
  bool (*at)(void *context, double t, double *values);
  void *context;
  double enough; /* steps end where the errors of all derivatives are below this times the largest; 0: they do not */
} curve;

/* d/dt at 0, entry by entry. `error` estimates what is wrong with it; it is infinite where no step gave finite
 * values. */
typedef struct {
  double *derivative, *error;
  double *value; /* of the curve at 0 */
} difference;

/* Room for differences of curves of up to `count` numbers; one at a time. */
typedef struct differences differences;
differences *differences_create(arena *memory, int64_t count);

difference differentiate(differences *with, const curve *of);

/* Does the slope of entry `entry` jump at 0? True when the one-sided differences disagree, and do not approach each
 * other as the step shrinks. */
bool has_kink(differences *with, const curve *of, int64_t entry);

#endif
