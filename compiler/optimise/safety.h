/* Can scalars be evaluated under given facts without reading outside an array or dividing by zero?
 *
 * Where a statement stands, its loads are in range (invariant 4 of kernel.h), but the proof may rest on the loops and
 * guards around it: x[0] is safe inside a loop over x, even if x is empty. A pass that moves a statement out of such a
 * loop asks again, with the facts that remain. */
#ifndef ADJOIN_OPTIMISE_SAFETY_H
#define ADJOIN_OPTIMISE_SAFETY_H

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/reach.h"

/* The loops and guards around a place. */
typedef struct {
  kernel_module *module;
  LIST(whole_range) ranges; /* from the outermost inwards */
  LIST(scalar) conditions;  /* each holds where the ones before it do; the last is their conjunction */
  LIST(scalar) array_bound; /* whole_facts.array_bound */
} place_facts;

place_facts place_facts_create(kernel_module *module);

/* Takes note of arrays that the module has got since. */
void place_note_arrays(place_facts *place);

/* Goes into a statement's loops, and into its guard; place_leave undoes both. A mark is what enter returns. */
typedef struct {
  int range_count, condition_count;
} place_mark;
place_mark place_enter(place_facts *place, const statement *of);
void place_enter_guard(place_facts *place, scalar guard);
void place_leave(place_facts *place, place_mark mark);

/* Does the statement run at least one iteration wherever this place is reached? */
bool runs_at_least_once(place_facts *place, const statement *of);

/* Is every load and store of a statement, with all inside it, in range, and no divisor zero? */
bool statement_is_safe(place_facts *place, const statement *of);

#endif
