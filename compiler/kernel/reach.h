/* The distinct nodes below some scalars: what a pass over a statement's expressions walks.
 *
 * Time and memory are linear in the nodes found, not in the graph: a program of many small statements is walked in
 * time linear in its size. The walk uses no recursion, so that chains of any depth can be walked. */
#ifndef ADJOIN_KERNEL_REACH_H
#define ADJOIN_KERNEL_REACH_H

#include "compiler/kernel/kernel.h"

typedef struct {
  arena *memory;
  const scalar_dag *dag;
  LIST(scalar) nodes; /* in the order in which they were found */
  int32_t *slots;     /* open addressing: 0, or 1 + a position in `nodes` */
  int slot_count;     /* 0 or a power of two */
} reach;

reach reach_create(arena *memory, const scalar_dag *dag);

/* Adds one node alone; false when it was there already. */
bool reach_add(reach *to, scalar node);

/* Adds the node and everything below it. NO_SCALAR adds nothing. */
void reach_from(reach *to, scalar node);

/* Adds what a store evaluates. A store to an array that does not exist has no subscripts. */
void reach_from_store(reach *to, const kernel_module *module, const store *item);

/* Adds what a statement itself evaluates: the bounds of its axes; its guard and stores; both; both for it and for all
 * the statements inside it. */
void reach_from_bounds(reach *to, const statement *in);
void reach_from_body(reach *to, const kernel_module *module, const statement *in);
void reach_from_statement(reach *to, const kernel_module *module, const statement *in);
void reach_from_all(reach *to, const kernel_module *module, const statement *in);

/* The node's position in `nodes`, or -1. */
int reach_position(const reach *in, scalar node);

/* Sorts `nodes` ascending: arguments before what uses them. */
void reach_sort(reach *in);

#endif
