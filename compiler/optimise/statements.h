/* What several passes ask of statements: which scalars they hold, which stores reach every entry of an array once; and
 * the removal of statements and locals. */
#ifndef ADJOIN_OPTIMISE_STATEMENTS_H
#define ADJOIN_OPTIMISE_STATEMENTS_H

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/reach.h"

/* Adds what a statement itself evaluates, without the statements inside it: the bounds of its axes; its guard and the
 * scalars of its stores; or the scalars of one store. */
void reach_bounds(reach *to, const statement *of);
void reach_body(reach *to, const kernel_module *module, const statement *of);
void reach_store(reach *to, const kernel_module *module, const store *of);

/* Adds every scalar of a statement and of all the statements inside it. */
void reach_everything(reach *to, const kernel_module *module, const statement *of);

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
