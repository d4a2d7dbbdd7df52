/* Rebuilding scalars with index variables renamed and loads replaced by values.
 *
 * One rewrite serves a whole pass: an index variable belongs to one loop and an array means one value, so that a
 * replacement is the same wherever it applies, and what was rebuilt once need not be rebuilt again. All calls together
 * are linear in the distinct nodes they rebuild. */
#ifndef ADJOIN_OPTIMISE_SCALAR_REWRITE_H
#define ADJOIN_OPTIMISE_SCALAR_REWRITE_H

#include "compiler/kernel/kernel.h"

typedef struct {
  scalar_dag *dag;
  arena *memory;
  scalar *index_value; /* by index variable: what stands in its place, or NO_SCALAR */
  int index_count;
  scalar *load_value; /* by array: what stands in place of its loads, or NO_SCALAR */
  int *array_instead; /* by array: the one that is loaded in its place, or itself */
  scalar *rebuilt;    /* by node: what it became, or NO_SCALAR */
  int node_count;
  LIST(scalar) pending;
} scalar_rewrite;

scalar_rewrite *scalar_rewrite_create(const kernel_module *module);

/* From now on `value` stands for the index variable, or for every load of the array; or the same entries of another
 * array are loaded instead. Requires: nothing that mentions it has been rebuilt yet. */
void scalar_rewrite_index(scalar_rewrite *rewrite, int index, scalar value);
void scalar_rewrite_load(scalar_rewrite *rewrite, int array, scalar value);
void scalar_rewrite_array(scalar_rewrite *rewrite, int array, int instead);

/* The node with all replacements made. NO_SCALAR stays. */
scalar scalar_rewritten(scalar_rewrite *rewrite, scalar node);

/* A statement's guard and stores, or the bounds of its axes, with all replacements made; its index variables stay. */
void scalar_rewrite_body(scalar_rewrite *rewrite, const kernel_module *module, statement *of);
void scalar_rewrite_bounds(scalar_rewrite *rewrite, statement *of);

#endif
