/* Fusion: fewer loops, fewer arrays.
 *
 * Requires: the invariants of kernel.h; the program owns its statements, which are changed in place.
 * Ensures: the same invariants, and the same results to the bit: every value is computed once, by the same operations,
 * and every sum is taken in the same order. */
#include "compiler/optimise/fuse.h"
#include "compiler/optimise/optimise.h"

/* Can this map become its only kernel? The kernel's guard and bounds are then evaluated for every iteration of the
 * map: so a guarded map may hold only a kernel without a guard and without loops of its own, as the map's guard may be
 * what makes those bounds safe, and cheap. An argmax ranges over its kernel's axes alone. */
static bool is_shell(const statement *map) {
  if (map->kind != STATEMENT_MAP || map->locals.count > 0 || map->body.count != 1) return false;
  const statement *inner = map->body.items[0];
  if (inner->kind != STATEMENT_KERNEL) return false;
  if (map->guard != NO_SCALAR && (inner->guard != NO_SCALAR || inner->axes.count > 0)) return false;
  store_kind first = inner->stores.count > 0 ? inner->stores.items[0].kind : STORE_ASSIGN;
  return first != STORE_ARGMAX && first != STORE_ARGMIN;
}

static statement *kernel_of_shell(const kernel_module *module, const statement *map) {
  statement *kernel = map->body.items[0];
  statement joined = *kernel;
  joined.axes.items = NULL;
  joined.axes.count = joined.axes.capacity = 0;
  for (int k = 0; k < map->axes.count; k++) list_push(module->memory, &joined.axes, map->axes.items[k]);
  for (int k = 0; k < kernel->axes.count; k++) list_push(module->memory, &joined.axes, kernel->axes.items[k]);
  if (map->guard != NO_SCALAR) joined.guard = map->guard;
  *kernel = joined;
  return kernel;
}

static bool fuse_map_list(const kernel_module *module, statement_list *list) {
  bool changed = false;
  for (int k = 0; k < list->count; k++) {
    if (fuse_map_list(module, &list->items[k]->body)) changed = true;
    if (!is_shell(list->items[k])) continue;
    list->items[k] = kernel_of_shell(module, list->items[k]);
    changed = true;
  }
  return changed;
}

bool fuse_maps(kernel_program *program) {
  return fuse_map_list(program->module, &program->body);
}

/* Fusing what is inside a map may leave it with one kernel, which may then fuse with the map's neighbours. Every
 * further round needs a map that has vanished, so there are at most as many rounds as maps are nested. */
void fuse(kernel_program *program, const bool *kept) {
  fuse_maps(program);
  do fuse_elementwise(program, kept);
  while (fuse_maps(program));
  do fuse_adjacent(program);
  while (fuse_maps(program));
}
