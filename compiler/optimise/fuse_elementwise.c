/* Elementwise fusion: T[i, j] = e(i, j) and the one place that reads T entry by entry become one kernel.
 *
 * Kernels are taken from the last to the first, so that all readers of T have found their place when T's producer P is
 * reached. P joins the kernel R when
 *
 *   - P has one store, T[axes] = value, without guard, over the whole box; it is the only store to T in the program;
 *     T is a local that need not be kept;
 *   - all statements that load T stand in P's list after P, and are R or have joined R;
 *   - named by R's indices, all of them load one and the same entry T[s], where s names each of R's axes once and these
 *     run over T's whole box: then no entry is computed twice, and P's loads are in range where they stand now.
 *
 * Arrays are complete before they are read, so that P's loads see the same values at R's place. A group of joined
 * kernels uses R's index variables. Each kernel is rebuilt once, producers first, so that a chain of any length costs
 * time linear in its size. */
#include "compiler/optimise/fuse.h"
#include "compiler/optimise/scalar_rewrite.h"
#include "compiler/optimise/statements.h"

/* One kernel of the program, numbered in program order. */
typedef struct {
  statement *it;
  const statement_list *home;
  int root;        /* the number of the kernel that it joined, or its own */
  bool has_joined; /* another kernel joined it */
} kernel_place;

/* That a kernel loads an entry of an array. Those of one array form a list. */
typedef struct {
  int kernel; /* its number, or -1: bounds and guards, where nothing can be put instead */
  scalar load;
  int next; /* the array's next use, or -1 */
} array_use;

typedef struct {
  kernel_module *module;
  arena *memory;
  const bool *kept;
  LIST(kernel_place) kernels;
  LIST(array_use) uses;
  int *first_use;   /* by array: its first use, or -1 */
  int *store_count; /* by array */
  scalar_rewrite *rewrite;
  LIST(int) renamed; /* by index variable: the one that stands for it from now on; -1: itself */
  bool *fused;       /* by array: it is no longer needed */
} fusion;

/* Enters the loads among the nodes as uses by a kernel; those found before `from` have been entered. */
static void note_uses(fusion *with, const reach *below, int from, int kernel) {
  for (int k = from; k < below->nodes.count; k++) {
    const scalar_node *at = scalar_at(with->module->dag, below->nodes.items[k]);
    if (at->op != SCALAR_LOAD || with->module->arrays.items[at->id].role != ARRAY_LOCAL) continue;
    list_push(with->memory, &with->uses, (array_use){kernel, below->nodes.items[k], with->first_use[at->id]});
    with->first_use[at->id] = with->uses.count - 1;
  }
}

static void note_statement(fusion *with, statement *of, const statement_list *home) {
  reach below = reach_create(with->memory, with->module->dag);
  reach_from_bounds(&below, of);
  if (of->kind != STATEMENT_KERNEL) reach_from(&below, of->guard);
  note_uses(with, &below, 0, -1);
  for (int k = 0; k < of->stores.count; k++)
    if (of->stores.items[k].array >= 0) with->store_count[of->stores.items[k].array]++;
  int from = below.nodes.count, number = with->kernels.count;
  reach_from_body(&below, with->module, of);
  note_uses(with, &below, from, of->kind == STATEMENT_KERNEL ? number : -1);
  if (of->kind != STATEMENT_KERNEL) return;
  list_push(with->memory, &with->kernels, (kernel_place){of, home, number, false});
}

static void note_list(fusion *with, const statement_list *list) {
  for (int k = 0; k < list->count; k++) {
    note_statement(with, list->items[k], list);
    note_list(with, &list->items[k]->body);
  }
}

/* Is the kernel `T[axes] = value` over T's whole box, for a T that may vanish? */
static bool is_producer(const fusion *with, const statement *kernel) {
  if (kernel->stores.count != 1 || kernel->guard != NO_SCALAR) return false;
  const store *item = &kernel->stores.items[0];
  if (item->kind != STORE_ASSIGN || item->guard != NO_SCALAR) return false;
  const array *into = &with->module->arrays.items[item->array];
  if (into->role != ARRAY_LOCAL || into->type == SCALAR_WHOLE || with->store_count[item->array] != 1) return false;
  if (with->kept && with->kept[item->array]) return false;
  if (scalar_at(with->module->dag, item->value)->type != into->type) return false;
  return covers_box(with->module, item->array, item->subscripts, kernel->axes.items, kernel->axes.count);
}

/* The index variable that stands for a subscript in the group that its kernel belongs to, or -1. */
static int renamed_index(const fusion *with, scalar subscript) {
  int index = index_of(with->module->dag, subscript);
  if (index < 0 || index >= with->renamed.count || with->renamed.items[index] < 0) return index;
  return with->renamed.items[index];
}

/* Do two loads read the same entry, each named by its group's indices? */
static bool same_entry(const fusion *with, scalar a, scalar b) {
  const scalar_node *left = scalar_at(with->module->dag, a), *right = scalar_at(with->module->dag, b);
  for (int k = 0; k < left->argument_count; k++) {
    int index = renamed_index(with, left->arguments[k]);
    if (index < 0 || index != renamed_index(with, right->arguments[k])) return false;
  }
  return true;
}

/* The group that all users of kernel `number`'s array belong to, or -1. Ensures: all of them load one entry, `load`. */
static int only_reader(const fusion *with, int number, int target, scalar *load) {
  int use = with->first_use[target], root = -1;
  if (use >= 0) *load = with->uses.items[use].load;
  for (; use >= 0; use = with->uses.items[use].next) {
    const array_use *at = &with->uses.items[use];
    if (at->kernel <= number || with->kernels.items[at->kernel].home != with->kernels.items[number].home) return -1;
    if (root >= 0 && with->kernels.items[at->kernel].root != root) return -1;
    if (!same_entry(with, *load, at->load)) return -1;
    root = with->kernels.items[at->kernel].root;
  }
  return root;
}

static void rename_index(fusion *with, int index, int to) {
  while (with->renamed.count <= index) list_push(with->memory, &with->renamed, -1);
  with->renamed.items[index] = to;
  scalar_rewrite_index(with->rewrite, index, scalar_index(with->module->dag, to));
}

/* Lets a kernel join the group that alone reads its array, when it may. */
static void try_to_join(fusion *with, int number) {
  kernel_place *producer = &with->kernels.items[number];
  scalar_dag *dag = with->module->dag;
  if (!is_producer(with, producer->it)) return;
  const store *item = &producer->it->stores.items[0];
  scalar load = NO_SCALAR;
  int root = only_reader(with, number, item->array, &load);
  if (root < 0) return;
  const statement *reader = with->kernels.items[root].it;
  int rank = producer->it->axes.count;
  scalar *entry = arena_array(with->memory, scalar, rank);
  for (int k = 0; k < rank; k++) {
    int index = renamed_index(with, scalar_at(dag, load)->arguments[k]);
    entry[k] = scalar_index(dag, index);
  }
  if (!covers_box(with->module, item->array, entry, reader->axes.items, reader->axes.count)) return;
  for (int k = 0; k < rank; k++) rename_index(with, index_of(dag, item->subscripts[k]), index_of(dag, entry[k]));
  producer->root = root;
  with->kernels.items[root].has_joined = true;
  with->fused[item->array] = true;
}

/* Rebuilds the kernels of all groups, in program order: a producer's value is final before its first reader. */
static bool rebuild_groups(fusion *with) {
  bool changed = false;
  for (int k = 0; k < with->kernels.count; k++) {
    const kernel_place *place = &with->kernels.items[k];
    const store *first = place->it->stores.items;
    if (place->root != k) {
      scalar value = scalar_rewritten(with->rewrite, first->value);
      scalar_rewrite_load(with->rewrite, first->array, value);
      place->it->stores.count = 0;
      changed = true;
    } else if (place->has_joined) {
      scalar_rewrite_body(with->rewrite, with->module, place->it);
    }
  }
  return changed;
}

bool fuse_elementwise(kernel_program *program, const bool *kept) {
  kernel_module *module = program->module;
  fusion with = {.module = module, .memory = module->memory, .kept = kept};
  with.first_use = arena_array(module->memory, int, module->arrays.count);
  with.store_count = arena_array(module->memory, int, module->arrays.count);
  with.fused = arena_array(module->memory, bool, module->arrays.count);
  with.rewrite = scalar_rewrite_create(module);
  for (int k = 0; k < module->arrays.count; k++) with.first_use[k] = -1;
  note_list(&with, &program->body);
  for (int k = with.kernels.count - 1; k >= 0; k--) try_to_join(&with, k);
  if (!rebuild_groups(&with)) return false;
  remove_empty(&program->body);
  remove_locals(program, with.fused);
  return true;
}
