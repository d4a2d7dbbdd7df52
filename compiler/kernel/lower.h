/* Tensor program -> kernel program. */
#ifndef ADJOIN_KERNEL_LOWER_H
#define ADJOIN_KERNEL_LOWER_H

#include "compiler/kernel/kernel.h"
#include "compiler/tensor/tensor_program.h"

/* Where operations that are not smooth everywhere, and comparisons, stand in the text. */
typedef struct {
  scalar node;
  span where;
} lowered_place;
typedef LIST(lowered_place) lowered_places;

/* What a lowered program makes of a binding of the tensor program (a definition). */
typedef struct {
  kernel_module *module;
  int *definition_array; /* by position in tensor_program.definitions: its local array, or -1 when not lowered */
  lowered_places places;
} lowering;

/* Lowers every definition once, so that all programs share their arrays, their expressions and so their bits. The
 * module's first arrays are the model's inputs, in order. Requires: every node of `from` is well typed. Ensures: errors
 * (a loop that nothing bounds) are reported. */
lowering *lower_begin(arena *memory, const tensor_program *from, diagnostics *report);

/* A program that checks extents and the index data it reads, computes every definition that the wanted ones (positions
 * in `definitions`) need, and leaves the wanted ones in the local arrays lowering.definition_array[..]. It has no
 * results yet. */
kernel_program *lower(lowering *state, const char *name, const int *wanted, int wanted_count);

/* A program whose results are the start values (which = 0), lower bounds (1) or upper bounds (2) of these inputs, all
 * of which must have one; named after the inputs. */
kernel_program *lower_start(lowering *state, const char *name, const int *inputs, int input_count, int which);

/* The same in local arrays, one for each of the inputs, for derivatives; it has no results yet. */
kernel_program *lower_bounds(lowering *state, const char *name, const int *inputs, int input_count, int which,
                             int *arrays);

#endif
