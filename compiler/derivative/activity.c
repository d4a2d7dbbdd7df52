/* Which arrays depend on which: sweeps over the statements, forwards and backwards. */
#include "compiler/derivative/derivative.h"
#include "compiler/kernel/reach.h"

/* Sets the entry of each real array that a store's value loads (`loads`), or tells whether one of them is set. */
static bool value_touches(const kernel_module *module, const store *item, const bool *set) {
  reach below = reach_create(module->memory, module->dag);
  reach_from(&below, item->value);
  for (int k = 0; k < below.nodes.count; k++) {
    const scalar_node *node = scalar_at(module->dag, below.nodes.items[k]);
    if (node->op == SCALAR_LOAD && node->type == SCALAR_REAL && set[node->id]) return true;
  }
  return false;
}

static void mark_loads(const kernel_module *module, const store *item, bool *set) {
  reach below = reach_create(module->memory, module->dag);
  reach_from(&below, item->value);
  for (int k = 0; k < below.nodes.count; k++) {
    const scalar_node *node = scalar_at(module->dag, below.nodes.items[k]);
    if (node->op == SCALAR_LOAD && node->type == SCALAR_REAL) set[node->id] = true;
  }
}

/* Only real values that are stored or added carry derivatives. */
static bool carries(const kernel_module *module, const store *item) {
  return (item->kind == STORE_ASSIGN || item->kind == STORE_ADD || item->kind == STORE_SEARCH) &&
         module->arrays.items[item->array].type == SCALAR_REAL;
}

static bool sweep_forward(const kernel_module *module, const statement_list *list, bool *active) {
  bool changed = false;
  for (int k = 0; k < list->count; k++) {
    const statement *in = list->items[k];
    /* Inside a recurrence an earlier statement may read what a later one wrote an iteration before. */
    for (bool again = true; again;) {
      again = sweep_forward(module, &in->body, active);
      for (int s = 0; s < in->stores.count; s++) {
        const store *item = &in->stores.items[s];
        if (!carries(module, item) || active[item->array] || !value_touches(module, item, active)) continue;
        active[item->array] = again = true;
      }
      changed = changed || again;
      again = again && runs_in_order(in);
    }
  }
  return changed;
}

static bool sweep_backward(const kernel_module *module, const statement_list *list, bool *active, bool *visited) {
  bool changed = false;
  for (int k = list->count - 1; k >= 0; k--) {
    const statement *in = list->items[k];
    for (int s = in->stores.count - 1; s >= 0; s--) {
      const store *item = &in->stores.items[s];
      if (!carries(module, item) || !active[item->array]) continue;
      mark_loads(module, item, active);
      if (!visited[item->array]) visited[item->array] = changed = true;
    }
    while (sweep_backward(module, &in->body, active, visited)) {
      changed = true;
      if (!runs_in_order(in)) break;
    }
  }
  return changed;
}

bool *activity_forward(const kernel_program *program, const int *from, int count) {
  const kernel_module *module = program->module;
  bool *active = arena_array(module->memory, bool, module->arrays.count);
  for (int k = 0; k < count; k++) active[from[k]] = true;
  sweep_forward(module, &program->body, active);
  return active;
}

bool *activity_backward(const kernel_program *program, const int *target, int count) {
  const kernel_module *module = program->module;
  bool *active = arena_array(module->memory, bool, module->arrays.count);
  bool *visited = arena_array(module->memory, bool, module->arrays.count);
  for (int k = 0; k < count; k++) active[target[k]] = true;
  sweep_backward(module, &program->body, active, visited);
  return active;
}
