/* Which entries of arrays the iterations of a statement touch: what the axis tags and the verifier ask.
 *
 * A touch is one load or store, with the loops around it. A set of touches of one array *separates* a loop's index when
 * two touches of the same entry, at any two iterations, always have the same value of that index. */
#ifndef ADJOIN_KERNEL_ENTRIES_H
#define ADJOIN_KERNEL_ENTRIES_H

#include "compiler/kernel/kernel.h"

typedef struct {
  int array;
  int order; /* of its discovery */
  bool loads;
  bool accumulates; /* +=, max= */
  const scalar *subscripts;
  const whole_range *loops; /* all around it, from the outermost inwards */
  int loop_count;
} touch;

typedef struct {
  const kernel_module *module;
  bool with_loads;
  LIST(whole_range) loops; /* around the statement at hand; the caller may push those outside the first one */
  LIST(touch) touches;
  const scalar *array_bound; /* by array: the bound of its entries, for proofs */
  int *local_in, *stored_in; /* by array: the number of the collection in which it was found local, stored */
  int collection;
} touch_collector;

touch_collector touch_collector_create(const kernel_module *module, bool with_loads);

/* Replaces `touches` by those of the statement, with all inside it, to arrays that outlive its iterations, grouped by
 * array. Requires: collector.loops are the loops around the statement. */
void touch_collect(touch_collector *with, const statement *in);

/* The end of the group of touches of one array that starts at `begin`. */
int touch_group_end(const touch_collector *with, int begin);

/* Sets separates[k] for the statement's axis k when the group begin .. end-1 separates it. False may only mean that no
 * proof was found. Requires: the touches are those of the last collection, around whose statement stand `fixed` loops.
 */
void touch_separates(touch_collector *with, int begin, int end, int fixed, int axis_count, bool *separates);

/* Does any subscript of the touch depend on the index, directly or through what the statement computes? */
bool touch_depends(const touch_collector *with, const touch *at, int index);

#endif
