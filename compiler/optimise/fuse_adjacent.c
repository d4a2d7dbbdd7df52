/* Adjacent fusion: kernels over the same box that stand one directly after the other, and do not touch what the other
 * stores, become one kernel with all their stores.
 *
 * Both have the same bounds and guard once the second uses the first's index variables. Each array keeps the order of
 * its own stores, so every sum has the same bits. Kernels that check or search keep to themselves: a check inside the
 * loop would hold up the others and could change which check fails first. Where one kernel adds up along the
 * innermost axis and the other writes along it, they stay apart too: the first cannot be vectorised without
 * reordering its sum, and would take the second along. A kernel that writes a result is skipped whole where the caller
 * does not want it, which would become a test in the loop; and filling with constants has nothing to share. */
#include "compiler/optimise/fuse.h"
#include "compiler/optimise/scalar_rewrite.h"
#include "compiler/optimise/statements.h"

/* Does every store of a kernel name the innermost axis in its subscripts, or none? */
typedef enum { ALONG_NONE, ALONG_ALL, ALONG_SOME } along_innermost;

typedef struct {
  kernel_module *module;
  scalar_rewrite *rewrite;
  statement *first;                 /* the kernel that the next one may join, or NULL */
  along_innermost along;            /* how its stores lie */
  int group;                        /* its number among such kernels */
  int *loaded_group, *stored_group; /* by array: the last group that loads it, that stores to it */
  bool changed;
} merger;

static bool names_index(const merger *with, const store *item, int index) {
  int rank = with->module->arrays.items[item->array].rank;
  for (int k = 0; k < rank; k++)
    if (scalar_mentions_index(with->module->dag, item->subscripts[k], index)) return true;
  return false;
}

static along_innermost direction(const merger *with, const statement *kernel) {
  int index = kernel->axes.items[kernel->axes.count - 1].index, named = 0;
  for (int k = 0; k < kernel->stores.count; k++) named += names_index(with, &kernel->stores.items[k], index);
  if (named == 0) return ALONG_NONE;
  return named == kernel->stores.count ? ALONG_ALL : ALONG_SOME;
}

static bool is_plain(const merger *with, const statement *of) {
  bool constant = true;
  if (of->kind != STATEMENT_KERNEL || of->axes.count == 0) return false;
  for (int k = 0; k < of->stores.count; k++) {
    const store *item = &of->stores.items[k];
    if (item->kind != STORE_ASSIGN && item->kind != STORE_ADD && item->kind != STORE_MAXIMUM) return false;
    if (with->module->arrays.items[item->array].role == ARRAY_RESULT) return false;
    constant = constant && scalar_at(with->module->dag, item->value)->op == SCALAR_CONSTANT;
  }
  return !constant;
}

/* Does the group touch what `of` stores, or `of` load what the group stores? */
static bool depends(const merger *with, const statement *of, const reach *below) {
  for (int k = 0; k < of->stores.count; k++) {
    int number = of->stores.items[k].array;
    if (with->stored_group[number] == with->group || with->loaded_group[number] == with->group) return true;
  }
  for (int k = 0; k < below->nodes.count; k++) {
    const scalar_node *at = scalar_at(with->module->dag, below->nodes.items[k]);
    if (at->op == SCALAR_LOAD && with->stored_group[at->id] == with->group) return true;
  }
  return false;
}

/* Marks what a kernel of the group loads and stores. */
static void note_kernel(merger *with, const statement *of, const reach *below) {
  for (int k = 0; k < of->stores.count; k++) with->stored_group[of->stores.items[k].array] = with->group;
  for (int k = 0; k < below->nodes.count; k++) {
    const scalar_node *at = scalar_at(with->module->dag, below->nodes.items[k]);
    if (at->op == SCALAR_LOAD) with->loaded_group[at->id] = with->group;
  }
}

/* Gives the second kernel the first's index variables; true when their bounds and guards are then the same. A kernel
 * that is refused is rebuilt nowhere else, so that names it has been given do no harm. */
static bool same_loops(merger *with, const statement *first, const statement *second) {
  if (first->axes.count != second->axes.count) return false;
  for (int k = 0; k < first->axes.count; k++) {
    const axis *a = &first->axes.items[k], *b = &second->axes.items[k];
    if (scalar_rewritten(with->rewrite, b->lower) != a->lower) return false;
    if (scalar_rewritten(with->rewrite, b->upper) != a->upper) return false;
    scalar_rewrite_index(with->rewrite, b->index, scalar_index(with->module->dag, a->index));
  }
  return scalar_rewritten(with->rewrite, second->guard) == first->guard;
}

static bool may_merge(merger *with, const statement *of, const reach *below) {
  if (with->along == ALONG_SOME || direction(with, of) != with->along) return false;
  return !depends(with, of, below) && same_loops(with, with->first, of);
}

static void merge(merger *with, statement *from) {
  arena *memory = with->module->memory;
  scalar_rewrite_body(with->rewrite, with->module, from);
  for (int k = 0; k < from->stores.count; k++) list_push(memory, &with->first->stores, from->stores.items[k]);
  with->changed = true;
}

/* Merges a kernel with the one before it; false when it stands on its own, as the first of a new group. */
static bool join_group(merger *with, statement *of) {
  reach below = reach_create(with->module->memory, with->module->dag);
  reach_from_bounds(&below, of);
  reach_from_body(&below, with->module, of);
  bool joins = with->first && may_merge(with, of, &below);
  if (!joins) {
    with->group++;
    with->first = of;
    with->along = direction(with, of);
  }
  note_kernel(with, of, &below);
  if (joins) merge(with, of);
  return joins;
}

static void merge_list(merger *with, statement_list *list) {
  int kept = 0;
  with->first = NULL;
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    bool plain = is_plain(with, of);
    if (plain && join_group(with, of)) continue;
    list->items[kept++] = of;
    if (plain) continue;
    merge_list(with, &of->body);
    with->first = NULL;
  }
  list->count = kept;
}

bool fuse_adjacent(kernel_program *program) {
  kernel_module *module = program->module;
  merger with = {.module = module, .rewrite = scalar_rewrite_create(module)};
  with.loaded_group = arena_array(module->memory, int, module->arrays.count);
  with.stored_group = arena_array(module->memory, int, module->arrays.count);
  merge_list(&with, &program->body);
  return with.changed;
}
