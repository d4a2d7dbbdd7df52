/* The distinct nodes below some scalars, by an explicit worklist and a hash set. */
#include "compiler/kernel/reach.h"
#include <stdlib.h>
#include <string.h>

reach reach_create(arena *memory, const scalar_dag *dag) {
  reach made;
  memset(&made, 0, sizeof made);
  made.memory = memory;
  made.dag = dag;
  return made;
}

/* The slot that holds the node, or the free one where it belongs. Multiplication by 2^32 / golden ratio spreads
 * neighbouring numbers. */
static int find_slot(const reach *in, scalar node) {
  uint32_t mask = (uint32_t)in->slot_count - 1;
  uint32_t slot = ((uint32_t)node * 2654435769u >> 7) & mask;
  while (in->slots[slot] != 0 && in->nodes.items[in->slots[slot] - 1] != node) slot = (slot + 1) & mask;
  return (int)slot;
}

static void rebuild_slots(reach *in, int slot_count) {
  if (slot_count != in->slot_count)
    in->slots = arena_array(in->memory, int32_t, slot_count);
  else
    memset(in->slots, 0, (size_t)slot_count * sizeof *in->slots);
  in->slot_count = slot_count;
  for (int k = 0; k < in->nodes.count; k++) in->slots[find_slot(in, in->nodes.items[k])] = k + 1;
}

bool reach_add(reach *to, scalar node) {
  if (to->nodes.count * 2 >= to->slot_count) rebuild_slots(to, to->slot_count == 0 ? 16 : to->slot_count * 2);
  int slot = find_slot(to, node);
  if (to->slots[slot] != 0) return false;
  list_push(to->memory, &to->nodes, node);
  to->slots[slot] = to->nodes.count;
  return true;
}

/* `nodes` is its own worklist: what has been found after `next` still waits to be looked into. */
void reach_from(reach *to, scalar node) {
  int next = to->nodes.count;
  if (node == NO_SCALAR || !reach_add(to, node)) return;
  for (; next < to->nodes.count; next++) {
    const scalar_node *at = scalar_at(to->dag, to->nodes.items[next]);
    for (int k = 0; k < at->argument_count; k++) reach_add(to, at->arguments[k]);
  }
}

void reach_from_store(reach *to, const kernel_module *module, const store *item) {
  bool exists = item->array >= 0 && item->array < module->arrays.count;
  int rank = exists ? module->arrays.items[item->array].rank : 0;
  for (int k = 0; k < rank; k++) reach_from(to, item->subscripts[k]);
  reach_from(to, item->value);
  reach_from(to, item->position);
  reach_from(to, item->guard);
}

void reach_from_bounds(reach *to, const statement *in) {
  for (int k = 0; k < in->axes.count; k++) {
    reach_from(to, in->axes.items[k].lower);
    reach_from(to, in->axes.items[k].upper);
  }
}

void reach_from_body(reach *to, const kernel_module *module, const statement *in) {
  reach_from(to, in->guard);
  for (int k = 0; k < in->stores.count; k++) reach_from_store(to, module, &in->stores.items[k]);
}

void reach_from_statement(reach *to, const kernel_module *module, const statement *in) {
  reach_from_bounds(to, in);
  reach_from_body(to, module, in);
}

void reach_from_all(reach *to, const kernel_module *module, const statement *in) {
  reach_from_statement(to, module, in);
  for (int k = 0; k < in->body.count; k++) reach_from_all(to, module, in->body.items[k]);
}

int reach_position(const reach *in, scalar node) {
  return in->slot_count == 0 ? -1 : in->slots[find_slot(in, node)] - 1;
}

static int compare_scalars(const void *a, const void *b) {
  scalar x = *(const scalar *)a, y = *(const scalar *)b;
  return (x > y) - (x < y);
}

void reach_sort(reach *in) {
  if (in->nodes.count == 0) return;
  qsort(in->nodes.items, (size_t)in->nodes.count, sizeof *in->nodes.items, compare_scalars);
  rebuild_slots(in, in->slot_count);
}
