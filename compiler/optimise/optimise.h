/* Kernel program -> kernel program, with the same results to the bit. Each pass keeps the invariants of kernel.h. */
#ifndef ADJOIN_OPTIMISE_OPTIMISE_H
#define ADJOIN_OPTIMISE_OPTIMISE_H

#include "compiler/kernel/kernel.h"

/* Adds a result array that receives a copy of a local when the program ends; the number of the result. */
int add_result(kernel_program *program, int local, const char *name, const char *what);

/* Lets the statements that compute a local write to the result it is copied to, where nothing else loads the local. */
void rename_results(kernel_program *program);

/* Moves statements out of maps on whose indices and locals they do not depend. */
void hoist(kernel_program *program);

/* Computes once what the program reduces twice in the same way. Arrays in `kept` (a bool per array, or NULL) stay. */
void share_reductions(kernel_program *program, const bool *kept);

/* Merges elementwise producers into their only consumer, and maps that hold one kernel into that kernel. Arrays in
 * `kept` (a bool per array, or NULL) stay. */
void fuse(kernel_program *program, const bool *kept);

/* Makes the first addition to an array of zeros an assignment, where it reaches every entry once. */
void first_store(kernel_program *program);

/* Puts constants, loads and their negatives in place of the variables that only name them. `kept` as in fuse. */
void propagate(kernel_program *program, const bool *kept);

/* Removes stores to locals that nothing reads, the statements left empty, and locals left unused. */
void remove_dead(kernel_program *program);

/* Where each array lives. Locals of rank 0 are C variables; the others get slots of one workspace, shared by liveness.
 * Slot sizes are whole expressions of extents; a slot's size is its largest user's. Where the program has searches, the
 * first slot is no array's: there a search that fails leaves the number of loops around it, and their indices from the
 * outermost on. */
enum { ITERATION_ROOM = 16 };
typedef struct {
  int slot_count;
  const scalar *slot_size; /* in reals */
  int *slot_of;            /* by array number: its slot, or -1 */
} memory_plan;
memory_plan *plan_memory(const kernel_program *program);

#endif
