/* Sharing: a reduction that stands twice in a list is computed once.
 *
 * Requires: the invariants of kernel.h; the program owns its statements, which are changed in place.
 * Ensures: the same invariants and results. An array B vanishes, and an array A is read in its place, when
 *
 *   - both are locals of one loop, of the same type and extents, and B need not be kept;
 *   - all their stores stand in one list directly in that loop (or in an `if` there), each alone in its kernel;
 *   - these kernels are the same, one after the other, but for the names of their index variables and the arrays that
 *     they store to: same bounds, guards, subscripts and values;
 *   - A's last store stands before B's.
 *
 * Arrays are complete before they are read, so equal loads are equal values, and every load of B comes after A is
 * complete. Only arrays that some kernel adds to are looked at: what is merely assigned entry by entry is left to
 * fusion. Expressions are compared by rebuilding them with one set of index variables, numbered by depth: interned,
 * equal ones are the same node. */
#include "compiler/optimise/optimise.h"
#include "compiler/optimise/scalar_rewrite.h"
#include "compiler/optimise/statements.h"
#include <string.h>

/* What is known of an array. */
typedef struct {
  const statement *owner; /* the loop whose local it is; NULL: the program */
  const statement_list *home;
  bool is_local, is_unfit, is_added_to;
  int stores_left; /* those that have not been visited */
  int form;        /* the number of the sequence of kernels that have stored to it so far; 0: none */
  int instead;     /* the array that takes its place, or -1 */
} candidate;

/* A tuple of numbers, and its own: equal tuples have one. */
typedef struct {
  const int *items;
  int count, number;
} tuple;

typedef struct {
  kernel_module *module;
  arena *memory;
  candidate *candidates; /* by array */
  scalar_rewrite *forms; /* gives kernels the common index variables */
  LIST(scalar) common;   /* by depth */
  LIST(tuple) tuples;
  int *slots; /* open addressing: 0, or 1 + a position in `tuples` */
  int slot_count;
  LIST(int) spelled; /* the tuple being made */
  bool any;
} sharer;

/* ---- tuples ------------------------------------------------------------------------------------------------------ */

static uint32_t hash_tuple(const int *items, int count) {
  uint32_t hash = 2166136261u;
  for (int k = 0; k < count; k++) hash = (hash ^ (uint32_t)items[k]) * 16777619u;
  return hash ^ (hash >> 15);
}

static int find_slot(const sharer *with, const int *items, int count) {
  uint32_t mask = (uint32_t)with->slot_count - 1, slot = hash_tuple(items, count) & mask;
  for (; with->slots[slot] != 0; slot = (slot + 1) & mask) {
    const tuple *known = &with->tuples.items[with->slots[slot] - 1];
    if (known->count == count && memcmp(known->items, items, (size_t)count * sizeof *items) == 0) break;
  }
  return (int)slot;
}

static void grow_slots(sharer *with) {
  with->slot_count = with->slot_count == 0 ? 64 : with->slot_count * 4;
  with->slots = arena_array(with->memory, int, with->slot_count);
  for (int k = 0; k < with->tuples.count; k++)
    with->slots[find_slot(with, with->tuples.items[k].items, with->tuples.items[k].count)] = k + 1;
}

/* The number of the tuple in `spelled`: `fresh` when it is new. */
static int number_of_spelled(sharer *with, int fresh) {
  if (with->tuples.count * 2 >= with->slot_count) grow_slots(with);
  int count = with->spelled.count, slot = find_slot(with, with->spelled.items, count);
  if (with->slots[slot] != 0) return with->tuples.items[with->slots[slot] - 1].number;
  int *items = arena_array(with->memory, int, count);
  memcpy(items, with->spelled.items, (size_t)count * sizeof *items);
  list_push(with->memory, &with->tuples, (tuple){items, count, fresh});
  with->slots[slot] = with->tuples.count;
  return fresh;
}

static void spell(sharer *with, int item) {
  list_push(with->memory, &with->spelled, item);
}

/* ---- candidates -------------------------------------------------------------------------------------------------- */

static void note_locals(sharer *with, const int *locals, int count, const statement *owner) {
  for (int k = 0; k < count; k++) {
    with->candidates[locals[k]].is_local = true;
    with->candidates[locals[k]].owner = owner;
  }
}

static void note_store(sharer *with, const statement *kernel, const store *item, const statement_list *home,
                       const statement *owner) {
  if (item->array < 0) return;
  candidate *of = &with->candidates[item->array];
  bool plain = item->kind == STORE_ASSIGN || item->kind == STORE_ADD || item->kind == STORE_MAXIMUM;
  if (!plain || kernel->stores.count > 1 || of->owner != owner || (of->home && of->home != home)) of->is_unfit = true;
  if (item->kind != STORE_ASSIGN) of->is_added_to = true;
  of->home = home;
  of->stores_left++;
}

static void note_list(sharer *with, const statement_list *list, const statement *owner) {
  for (int k = 0; k < list->count; k++) {
    const statement *of = list->items[k];
    note_locals(with, of->locals.items, of->locals.count, of);
    for (int s = 0; s < of->stores.count; s++) note_store(with, of, &of->stores.items[s], list, owner);
    note_list(with, &of->body, of->axes.count > 0 ? of : owner);
  }
}

/* ---- forms ------------------------------------------------------------------------------------------------------- */

static scalar common_index(sharer *with, int depth) {
  while (with->common.count <= depth) {
    int index = scalar_new_index(with->module->dag, "c");
    list_push(with->memory, &with->common, scalar_index(with->module->dag, index));
  }
  return with->common.items[depth];
}

static void spell_scalar(sharer *with, scalar node) {
  spell(with, scalar_rewritten(with->forms, node));
}

/* The number of a sequence of kernels, `before`, with one more at its end. */
static int longer_form(sharer *with, int before, const statement *kernel) {
  const store *item = &kernel->stores.items[0];
  with->spelled.count = 0;
  spell(with, before);
  spell(with, kernel->axes.count);
  for (int k = 0; k < kernel->axes.count; k++) {
    spell_scalar(with, kernel->axes.items[k].lower);
    spell_scalar(with, kernel->axes.items[k].upper);
    scalar_rewrite_index(with->forms, kernel->axes.items[k].index, common_index(with, k));
  }
  spell_scalar(with, kernel->guard);
  spell(with, (int)item->kind);
  for (int k = 0; k < with->module->arrays.items[item->array].rank; k++) spell_scalar(with, item->subscripts[k]);
  spell_scalar(with, item->value);
  spell_scalar(with, item->guard);
  return number_of_spelled(with, with->tuples.count + 1);
}

/* The array that was completed first among those with the same contents as this one, of the same shape and owner. Two
 * lists, or two owners, do not meet: a list belongs to one owner, and its first candidate tells it apart. */
static int first_like(sharer *with, int number, int list_number) {
  const array *of = &with->module->arrays.items[number];
  with->spelled.count = 0;
  spell(with, -1); /* unlike any form */
  spell(with, list_number);
  spell(with, with->candidates[number].form);
  spell(with, (int)of->type);
  spell(with, of->bound);
  for (int k = 0; k < of->rank; k++) spell(with, of->extents[k]);
  return number_of_spelled(with, number);
}

static void visit_kernel(sharer *with, const statement *kernel, int list_number, const bool *kept) {
  if (kernel->stores.count != 1 || kernel->stores.items[0].array < 0) return;
  int number = kernel->stores.items[0].array;
  candidate *of = &with->candidates[number];
  if (!of->is_local || of->is_unfit || !of->is_added_to) return;
  of->form = longer_form(with, of->form, kernel);
  if (--of->stores_left > 0) return;
  int first = first_like(with, number, list_number);
  if (first == number || (kept && kept[number])) return;
  of->instead = first;
  scalar_rewrite_array(with->forms, number, first);
  with->any = true;
}

static void visit_list(sharer *with, const statement_list *list, int *list_count, const bool *kept) {
  int list_number = (*list_count)++;
  for (int k = 0; k < list->count; k++) {
    const statement *of = list->items[k];
    if (of->kind == STATEMENT_KERNEL)
      visit_kernel(with, of, list_number, kept);
    else
      visit_list(with, &of->body, list_count, kept);
  }
}

/* ---- the change -------------------------------------------------------------------------------------------------- */

static void read_instead(sharer *with, scalar_rewrite *names, statement_list *list) {
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    if (of->stores.count == 1 && of->stores.items[0].array >= 0 &&
        with->candidates[of->stores.items[0].array].instead >= 0)
      of->stores.count = 0;
    scalar_rewrite_bounds(names, of);
    scalar_rewrite_body(names, with->module, of);
    read_instead(with, names, &of->body);
  }
}

static void remove_shared(sharer *with, kernel_program *program) {
  int count = with->module->arrays.count;
  scalar_rewrite *names = scalar_rewrite_create(with->module);
  bool *gone = arena_array(with->memory, bool, count);
  for (int k = 0; k < count; k++) {
    gone[k] = with->candidates[k].instead >= 0;
    if (gone[k]) scalar_rewrite_array(names, k, with->candidates[k].instead);
  }
  read_instead(with, names, &program->body);
  remove_empty(&program->body);
  remove_locals(program, gone);
}

void share_reductions(kernel_program *program, const bool *kept) {
  kernel_module *module = program->module;
  sharer with = {.module = module, .memory = module->memory, .forms = scalar_rewrite_create(module)};
  int list_count = 0;
  with.candidates = arena_array(module->memory, candidate, module->arrays.count);
  for (int k = 0; k < module->arrays.count; k++) with.candidates[k].instead = -1;
  note_locals(&with, program->locals.items, program->locals.count, NULL);
  note_list(&with, &program->body, NULL);
  visit_list(&with, &program->body, &list_count, kept);
  if (with.any) remove_shared(&with, program);
}
