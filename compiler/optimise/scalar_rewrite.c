/* Rebuilding scalars, without recursion: chains may be as deep as the program is long. */
#include "compiler/optimise/scalar_rewrite.h"
#include "compiler/optimise/statements.h"
#include <string.h>

scalar_rewrite *scalar_rewrite_create(const kernel_module *module) {
  scalar_rewrite *made = arena_new(module->memory, scalar_rewrite);
  made->dag = module->dag;
  made->memory = module->memory;
  made->load_value = arena_array(module->memory, scalar, module->arrays.count);
  made->array_instead = arena_array(module->memory, int, module->arrays.count);
  for (int k = 0; k < module->arrays.count; k++) made->array_instead[k] = k;
  made->node_count = scalar_count(module->dag);
  made->rebuilt = arena_array(module->memory, scalar, made->node_count);
  return made;
}

/* A table of at least `wanted` entries that starts with the old one's. */
static scalar *grown(arena *memory, const scalar *old, int *count, int wanted) {
  int size = *count * 2 > wanted ? *count * 2 : wanted;
  scalar *made = arena_array(memory, scalar, size);
  if (*count > 0) memcpy(made, old, (size_t)*count * sizeof *made);
  *count = size;
  return made;
}

void scalar_rewrite_index(scalar_rewrite *rewrite, int index, scalar value) {
  if (index >= rewrite->index_count)
    rewrite->index_value = grown(rewrite->memory, rewrite->index_value, &rewrite->index_count, index + 1);
  rewrite->index_value[index] = value;
}

void scalar_rewrite_load(scalar_rewrite *rewrite, int number, scalar value) {
  rewrite->load_value[number] = value;
}

void scalar_rewrite_array(scalar_rewrite *rewrite, int number, int instead) {
  rewrite->array_instead[number] = instead;
}

/* The value that stands for a leaf or a load, or NO_SCALAR when the node is rebuilt from its arguments. */
static scalar replacement(const scalar_rewrite *rewrite, scalar node) {
  const scalar_node *at = scalar_at(rewrite->dag, node);
  if (at->op == SCALAR_LOAD && rewrite->load_value[at->id] != NO_SCALAR) return rewrite->load_value[at->id];
  if (at->op == SCALAR_INDEX && at->id < rewrite->index_count && rewrite->index_value[at->id] != NO_SCALAR)
    return rewrite->index_value[at->id];
  return at->argument_count == 0 && at->op != SCALAR_LOAD ? node : NO_SCALAR;
}

/* Puts off the node's arguments that have not been rebuilt; false when there are none. */
static bool wait_for_arguments(scalar_rewrite *rewrite, const scalar_node *at) {
  int before = rewrite->pending.count;
  for (int k = 0; k < at->argument_count; k++)
    if (rewrite->rebuilt[at->arguments[k]] == NO_SCALAR)
      list_push(rewrite->memory, &rewrite->pending, at->arguments[k]);
  return rewrite->pending.count > before;
}

static scalar rebuild(scalar_rewrite *rewrite, scalar node) {
  const scalar_node *at = scalar_at(rewrite->dag, node);
  bool changed = at->op == SCALAR_LOAD && rewrite->array_instead[at->id] != at->id;
  for (int k = 0; k < at->argument_count; k++) changed |= rewrite->rebuilt[at->arguments[k]] != at->arguments[k];
  if (!changed) return node;
  scalar few[8];
  scalar *arguments = at->argument_count <= 8 ? few : arena_array(rewrite->memory, scalar, at->argument_count);
  for (int k = 0; k < at->argument_count; k++) arguments[k] = rewrite->rebuilt[at->arguments[k]];
  if (at->op == SCALAR_LOAD)
    return scalar_load(rewrite->dag, rewrite->array_instead[at->id], at->type, at->argument_count, arguments);
  if (at->op == SCALAR_SELECT) return scalar_select(rewrite->dag, arguments[0], arguments[1], arguments[2]);
  return scalar_apply(rewrite->dag, at->op, arguments);
}

scalar scalar_rewritten(scalar_rewrite *rewrite, scalar root) {
  if (root == NO_SCALAR) return NO_SCALAR;
  if (root >= rewrite->node_count)
    rewrite->rebuilt = grown(rewrite->memory, rewrite->rebuilt, &rewrite->node_count, root + 1);
  rewrite->pending.count = 0;
  list_push(rewrite->memory, &rewrite->pending, root);
  while (rewrite->pending.count > 0) {
    scalar node = rewrite->pending.items[rewrite->pending.count - 1];
    if (rewrite->rebuilt[node] == NO_SCALAR) {
      scalar instead = replacement(rewrite, node);
      if (instead == NO_SCALAR && wait_for_arguments(rewrite, scalar_at(rewrite->dag, node))) continue;
      rewrite->rebuilt[node] = instead != NO_SCALAR ? instead : rebuild(rewrite, node);
    }
    rewrite->pending.count--;
  }
  return rewrite->rebuilt[root];
}

void scalar_rewrite_body(scalar_rewrite *rewrite, const kernel_module *module, statement *of) {
  of->guard = scalar_rewritten(rewrite, of->guard);
  for (int k = 0; k < of->stores.count; k++) {
    store *item = &of->stores.items[k];
    int rank = item->array < 0 ? 0 : module->arrays.items[item->array].rank;
    scalar *subscripts = copy_subscripts(module, item);
    for (int s = 0; s < rank; s++) subscripts[s] = scalar_rewritten(rewrite, subscripts[s]);
    item->subscripts = subscripts;
    item->value = scalar_rewritten(rewrite, item->value);
    item->position = scalar_rewritten(rewrite, item->position);
    item->guard = scalar_rewritten(rewrite, item->guard);
  }
}

void scalar_rewrite_bounds(scalar_rewrite *rewrite, statement *of) {
  for (int k = 0; k < of->axes.count; k++) {
    of->axes.items[k].lower = scalar_rewritten(rewrite, of->axes.items[k].lower);
    of->axes.items[k].upper = scalar_rewritten(rewrite, of->axes.items[k].upper);
  }
}
