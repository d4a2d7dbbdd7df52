/* Where a program's functions are not smooth: its choices, and how far each is from being taken the other way. */
#ifndef ADJOIN_DERIVATIVE_KINKS_H
#define ADJOIN_DERIVATIVE_KINKS_H

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/lower.h"

/* An operation that is not smooth everywhere, or a comparison, of something that the sources move. */
typedef struct {
  scalar_op op;
  span where;
  const char *word; /* what the text calls it: "abs", ">" */
} kinked;

typedef LIST(kinked) kink_list;

/* The program that also computes, for each of the choices that it finds, the least distance to its kink over all
 * evaluations that are not skipped, negated: -|a - b| for max(a, b) and for a < b, -|a| for abs(a), -inf where none was
 * evaluated. Returns the local array that has them. `places` tells where operations stand in the text. Requires: a
 * program as lower.c makes it. */
int derive_kinks(kernel_program *program, const lowered_places *places, const int *sources, int source_count,
                 kink_list *found);

/* The choices alone, also those inside of searches, and through stop_gradient. */
void find_kinks(const kernel_program *program, const lowered_places *places, const int *sources, int source_count,
                kink_list *found);

#endif
