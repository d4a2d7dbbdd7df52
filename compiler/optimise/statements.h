/* What several passes ask of statements: which stores reach every entry of an array once; and
 * the removal of statements and locals. */
#ifndef ADJOIN_OPTIMISE_STATEMENTS_H
#define ADJOIN_OPTIMISE_STATEMENTS_H

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/reach.h"

/* The index variable that a scalar is, or -1 when it is anything else. */
int index_of(const scalar_dag *dag, scalar node);

/* Do the subscripts name each of the axes exactly once, where each axis named runs from 0 to the extent there? Then the
 * axes run over every entry of the array exactly once. */
bool covers_box(const kernel_module *module, int array, const scalar *subscripts, const axis *axes, int axis_count);

/* A copy of a store's subscripts with room for changes. */
scalar *copy_subscripts(const kernel_module *module, const store *of);

/* Removes kernels without stores, and then maps and recurrences without statements, at every depth. A pass drops the
 * stores that it has made needless, and leaves the rest to this. */
void remove_empty(statement_list *list);

/* Takes the marked arrays (a bool per array) out of every list of locals of the program. */
void remove_locals(kernel_program *program, const bool *gone);

#endif
