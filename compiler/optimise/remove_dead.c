/* Dead code removal: only what the results and the checks need remains.
 *
 * Requires: the invariants of kernel.h; the results have been added; the program owns its statements, which are changed
 * in place.
 * Ensures: the same invariants, results and checks. A store remains when it is to something other than a local, a
 * check, or to a local that something which remains loads; a load anywhere counts, so that arrays which only feed
 * themselves around a recurrence go too. Kernels, maps and recurrences left empty go, and so do unused locals. An
 * argmax that is not needed goes with its complaint about an empty range.
 *
 * Marking starts from the roots and follows loads to stores; every node, store and statement is marked once. */
#include "compiler/optimise/optimise.h"
#include "compiler/optimise/statements.h"

/* A store, and the next one to the same array. */
typedef struct {
  const store *it;
  int kernel; /* a position in `places` */
  int next;   /* a position in `stores`, or -1 */
  bool live;
} store_place;

typedef struct {
  const statement *it;
  int around; /* the position of the statement around it, or -1 */
  int first_store;
  bool live;
} statement_place;

typedef struct {
  const kernel_module *module;
  LIST(statement_place) places; /* in program order */
  LIST(store_place) stores;     /* in program order */
  int *newest_store;            /* by array: a position in `stores`, or -1 */
  bool *needed;                 /* by array: something live loads it */
  reach live;                   /* the nodes that live statements evaluate */
  int next_store;               /* the next one to sweep */
} marker;

static void note_list(marker *with, const statement_list *list, int around) {
  arena *memory = with->module->memory;
  for (int k = 0; k < list->count; k++) {
    const statement *of = list->items[k];
    int place = with->places.count;
    list_push(memory, &with->places, (statement_place){of, around, with->stores.count, false});
    for (int s = 0; s < of->stores.count; s++) {
      const store *item = &of->stores.items[s];
      int before = item->array < 0 ? -1 : with->newest_store[item->array];
      if (item->array >= 0) with->newest_store[item->array] = with->stores.count;
      list_push(memory, &with->stores, (store_place){item, place, before, false});
    }
    note_list(with, &of->body, place);
  }
}

/* A search's stores stand or fall together. */
static void mark_search(marker *with, const statement_place *of) {
  for (int k = 0; k < of->it->stores.count; k++) {
    with->stores.items[of->first_store + k].live = true;
    reach_from_store(&with->live, with->module, &of->it->stores.items[k]);
  }
}

/* The statement is executed, and so are those around it. */
static void mark_statement(marker *with, int place) {
  for (; place >= 0 && !with->places.items[place].live; place = with->places.items[place].around) {
    statement_place *at = &with->places.items[place];
    at->live = true;
    reach_from_bounds(&with->live, at->it);
    reach_from(&with->live, at->it->guard);
    if (at->it->kind == STATEMENT_IMPLICIT) mark_search(with, at);
  }
}

static void mark_store(marker *with, int number) {
  store_place *of = &with->stores.items[number];
  of->live = true;
  reach_from_store(&with->live, with->module, of->it);
  mark_statement(with, of->kernel);
}

static bool is_root(const marker *with, const store *of) {
  return of->array < 0 || with->module->arrays.items[of->array].role != ARRAY_LOCAL;
}

static void mark(marker *with) {
  for (int k = 0; k < with->stores.count; k++)
    if (is_root(with, with->stores.items[k].it)) mark_store(with, k);
  for (int k = 0; k < with->live.nodes.count; k++) {
    const scalar_node *at = scalar_at(with->module->dag, with->live.nodes.items[k]);
    if (at->op != SCALAR_LOAD || with->needed[at->id]) continue;
    with->needed[at->id] = true;
    for (int s = with->newest_store[at->id]; s >= 0; s = with->stores.items[s].next) mark_store(with, s);
  }
}

/* Drops dead stores in the order in which note_list saw them. */
static void sweep(marker *with, statement_list *list) {
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    int kept = 0;
    for (int s = 0; s < of->stores.count; s++)
      if (with->stores.items[with->next_store++].live) of->stores.items[kept++] = of->stores.items[s];
    of->stores.count = kept;
    sweep(with, &of->body);
  }
}

void remove_dead(kernel_program *program) {
  const kernel_module *module = program->module;
  int count = module->arrays.count;
  marker with = {.module = module, .live = reach_create(module->memory, module->dag)};
  with.newest_store = arena_array(module->memory, int, count);
  with.needed = arena_array(module->memory, bool, count);
  for (int k = 0; k < count; k++) with.newest_store[k] = -1;
  note_list(&with, &program->body, -1);
  mark(&with);
  sweep(&with, &program->body);
  remove_empty(&program->body);
  bool *unused = arena_array(module->memory, bool, count);
  for (int k = 0; k < count; k++) unused[k] = !with.needed[k];
  remove_locals(program, unused);
}
