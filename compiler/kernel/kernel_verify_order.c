/* Invariants 1 to 3: what is read was written, what is written is written once or accumulated into, and iterations of a
 * map are independent.
 *
 * Statements are visited in the order of the text. Inside a recurrence an entry may be stored after another entry of
 * the same array was loaded; which entries these are is for the recurrence's author to know, unless the subscripts are
 * the very same. */
#include "compiler/kernel/kernel_verify.h"
#include <string.h>

static const array *array_of(const verifier *with, int number) {
  return &with->module->arrays.items[number];
}

/* The outermost recurrence here that lies inside the array's scope, or NULL. */
static const verify_scope *recurrence_around(const verifier *with, int number) {
  for (int k = with->arrays[number].depth; k < with->scopes.count; k++)
    if (runs_in_order(with->scopes.items[k].at)) return &with->scopes.items[k];
  return NULL;
}

/* Did it happen inside a recurrence that also holds the statement at hand? */
static bool in_same_recurrence(const verifier *with, int number, int time) {
  const verify_scope *around = recurrence_around(with, number);
  return around != NULL && around->entered < time;
}

void verify_loads(verifier *with, const statement *at, const reach *nodes) {
  for (int k = 0; k < nodes->nodes.count && with->message == NULL; k++) {
    const scalar_node *node = scalar_at(with->module->dag, nodes->nodes.items[k]);
    if (node->op != SCALAR_LOAD) continue;
    array_history *history = &with->arrays[node->id];
    const array *from = array_of(with, node->id);
    bool written_here = from->role == ARRAY_LOCAL;
    if (from->role == ARRAY_RESULT)
      verify_fail(with, at, "result %s is loaded", from->name);
    else if (!history->open)
      verify_fail(with, at, "%s is used %s", from->name, history->listed ? "outside its scope" : "but not declared");
    else if (written_here && history->first_store == 0 && recurrence_around(with, node->id) == NULL)
      verify_fail(with, at, "%s is read before it is written", from->name);
    if (history->first_load == 0) history->first_load = with->now;
    history->last_load = with->now;
  }
}

/* Is there a load of the array with just these subscripts? */
static bool loads_entry(const verifier *with, const reach *nodes, const store *item) {
  int rank = array_of(with, item->array)->rank;
  for (int k = 0; k < nodes->nodes.count; k++) {
    const scalar_node *node = scalar_at(with->module->dag, nodes->nodes.items[k]);
    if (node->op != SCALAR_LOAD || node->id != item->array) continue;
    if (rank == 0 || memcmp(node->arguments, item->subscripts, (size_t)rank * sizeof(scalar)) == 0) return true;
  }
  return false;
}

/* ---- assigned once ---------------------------------------------------------------------------------------------- */

/* Do the store's place or the conditions on it depend on the index, or on something computed? */
static bool place_depends(const verifier *with, const statement *at, const store *item, int first_scope, int index) {
  scalar_dag *dag = with->module->dag;
  reach nodes = reach_create(with->memory, dag);
  for (int k = 0; k < array_of(with, item->array)->rank; k++) reach_from(&nodes, item->subscripts[k]);
  reach_from(&nodes, item->guard);
  reach_from(&nodes, at->guard);
  for (int k = first_scope; k < with->scopes.count; k++) reach_from(&nodes, with->scopes.items[k].at->guard);
  for (int k = 0; k < nodes.nodes.count; k++) {
    const scalar_node *node = scalar_at(dag, nodes.nodes.items[k]);
    if (node->op == SCALAR_INDEX && node->id == index) return true;
    if (node->op == SCALAR_LOAD && array_of(with, node->id)->role == ARRAY_LOCAL) return true;
  }
  return false;
}

static bool runs_once(const verifier *with, const whole_range *loop) {
  int64_t length = 2;
  scalar difference = whole_subtract(with->module->dag, loop->upper, loop->lower);
  return difference != NO_SCALAR && scalar_is_whole(with->module->dag, difference, &length) && length <= 1;
}

/* The loops inside the array's scope begin here. */
static int first_loop_inside(const verifier *with, const statement *at, int number) {
  int depth = with->arrays[number].depth;
  if (depth < with->scopes.count) return with->scopes.items[depth].loops;
  return with->touches.loops.count - at->axes.count;
}

/* Does the store, run through all its loops, assign every entry of the array? */
static bool assigns_whole(const verifier *with, const statement *at, const store *item) {
  scalar_dag *dag = with->module->dag;
  const array *into = array_of(with, item->array);
  int depth = with->arrays[item->array].depth;
  bool guarded = item->guard != NO_SCALAR || at->guard != NO_SCALAR;
  for (int k = depth; k < with->scopes.count; k++) guarded = guarded || with->scopes.items[k].at->guard != NO_SCALAR;
  if (guarded) return false;
  scalar zero = scalar_whole(dag, 0);
  for (int k = 0; k < into->rank; k++) {
    bool covered = false;
    for (int l = first_loop_inside(with, at, item->array); l < with->touches.loops.count && !covered; l++) {
      const whole_range *loop = &with->touches.loops.items[l];
      covered = item->subscripts[k] == scalar_index(dag, loop->index) && loop->lower == zero &&
                loop->upper == into->extents[k];
    }
    for (int other = 0; other < k && covered; other++) covered = item->subscripts[other] != item->subscripts[k];
    if (!covered) return false;
  }
  return true;
}

static void verify_assigned_once(verifier *with, const statement *at, const store *item) {
  array_history *history = &with->arrays[item->array];
  const array *into = array_of(with, item->array);
  bool extreme = item->kind != STORE_ASSIGN;
  int end = with->touches.loops.count - (extreme ? at->axes.count : 0);
  for (int k = first_loop_inside(with, at, item->array); k < end; k++) {
    const whole_range *loop = &with->touches.loops.items[k];
    if (runs_once(with, loop) || place_depends(with, at, item, history->depth, loop->index)) continue;
    verify_fail(with, at, "every iteration of %s assigns the same entry of %s",
                scalar_index_name(with->module->dag, loop->index), into->name);
    return;
  }
  bool whole = assigns_whole(with, at, item);
  if (history->assigned_whole != 0 || (whole && history->first_assign != 0))
    verify_fail(with, at, "an entry of %s is assigned twice", into->name);
  if (history->first_accumulate != 0 && !in_same_recurrence(with, item->array, history->first_accumulate))
    verify_fail(with, at, "%s is assigned after it was accumulated into", into->name);
  if (history->first_assign == 0) history->first_assign = with->now;
  if (whole) history->assigned_whole = with->now;
}

void verify_store_order(verifier *with, const statement *at, const store *item, const reach *nodes) {
  array_history *history = &with->arrays[item->array];
  const array *into = array_of(with, item->array);
  if (into->role == ARRAY_INPUT || into->role == ARRAY_SEED) {
    verify_fail(with, at, "%s is stored to, which the caller owns", into->name);
    return;
  }
  if (!history->open) {
    verify_fail(with, at, "%s is used %s", into->name, history->listed ? "outside its scope" : "but not declared");
    return;
  }
  bool loaded_here = history->last_load == with->now && loads_entry(with, nodes, item);
  bool recurrent = recurrence_around(with, item->array) != NULL;
  if (history->last_load == with->now && (loaded_here || !recurrent))
    verify_fail(with, at, "%s is loaded by the kernel that stores to it", into->name);
  else if (history->first_load != 0 && !in_same_recurrence(with, item->array, history->first_load))
    verify_fail(with, at, "%s is stored to after it was loaded", into->name);
  if (history->first_store == 0) history->first_store = with->now;
  if (item->kind == STORE_ADD || item->kind == STORE_MAXIMUM) {
    if (history->first_assign == 0)
      verify_fail(with, at, "%s is accumulated into before it is assigned a first value", into->name);
    if (history->first_accumulate == 0) history->first_accumulate = with->now;
  } else {
    verify_assigned_once(with, at, item);
  }
}

void verify_search(verifier *with, const statement *at) {
  for (int k = 0; k < at->stores.count && with->message == NULL; k++) {
    const store *item = &at->stores.items[k];
    array_history *history = &with->arrays[item->array];
    if (!history->open || array_of(with, item->array)->role != ARRAY_LOCAL)
      verify_fail(with, at, "%s, which a search writes, is no local here", array_of(with, item->array)->name);
    else if (history->first_assign == 0)
      verify_fail(with, at, "%s, which a search writes, has no first value", array_of(with, item->array)->name);
    const scalar_node *from = scalar_at(with->module->dag, item->value);
    if (from->op != SCALAR_LOAD || !with->arrays[from->id].open)
      verify_fail(with, at, "a search reads what is no array here");
    history->first_accumulate = history->first_store = with->now;
  }
}

/* ---- independent iterations ------------------------------------------------------------------------------------- */

void verify_independence(verifier *with, const statement *map) {
  touch_collector *touches = &with->touches;
  touch_collect(touches, map);
  bool *separates = arena_array(with->memory, bool, map->axes.count);
  for (int begin = 0, end; begin < touches->touches.count && with->message == NULL; begin = end) {
    end = touch_group_end(touches, begin);
    int number = touches->touches.items[begin].array;
    bool loads = false, stores = false;
    for (int k = begin; k < end; k++) {
      loads = loads || touches->touches.items[k].loads;
      stores = stores || !touches->touches.items[k].loads;
    }
    if (!loads || !stores || recurrence_around(with, number) != NULL) continue;
    touch_separates(touches, begin, end, touches->loops.count, map->axes.count, separates);
    for (int k = 0; k < map->axes.count; k++)
      if (!separates[k])
        verify_fail(with, map, "iterations of %s may load entries of %s that others store",
                    scalar_index_name(with->module->dag, map->axes.items[k].index), array_of(with, number)->name);
  }
}

void verify_all_written(verifier *with) {
  for (int k = 0; k < with->module->arrays.count; k++) {
    const array_history *history = &with->arrays[k];
    const array *of = array_of(with, k);
    if (of->role == ARRAY_LOCAL && history->first_load != 0 && history->first_store == 0)
      verify_fail(with, NULL, "%s is read but never written", of->name);
    if (of->role == ARRAY_RESULT && history->listed && history->first_store == 0)
      verify_fail(with, NULL, "result %s is never written", of->name);
  }
}
