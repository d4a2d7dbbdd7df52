/* Which entries of arrays the iterations of a statement touch.
 *
 * An index v is separated by one subscript position when every touch has there c*v + r with the same c, and the values
 * that r can take at any two touches differ by less than |c|: then c*v + r = c*v' + r' leaves only v = v'. What is
 * known to be equal (indices of loops outside, and those separated already) cancels from the difference; so i*m + j
 * with j < m separates first i and then j, as the digits of a number do. */
#include "compiler/kernel/entries.h"
#include "compiler/kernel/reach.h"
#include <stdlib.h>
#include <string.h>

/* More distinct touches of one array than this are not compared pair by pair: no proof is found. */
enum { MAXIMUM_DISTINCT = 24 };

touch_collector touch_collector_create(const kernel_module *module, bool with_loads) {
  touch_collector made;
  memset(&made, 0, sizeof made);
  made.module = module;
  made.with_loads = with_loads;
  int count = module->arrays.count;
  scalar *bounds = arena_array(module->memory, scalar, count);
  for (int k = 0; k < count; k++) bounds[k] = module->arrays.items[k].bound;
  made.array_bound = bounds;
  made.local_in = arena_array(module->memory, int, count);
  made.stored_in = arena_array(module->memory, int, count);
  return made;
}

static void push_touch(touch_collector *with, touch item, const whole_range *loops) {
  item.order = with->touches.count;
  item.loops = loops;
  item.loop_count = with->loops.count;
  list_push(with->module->memory, &with->touches, item);
}

/* Every load in the statement's own expressions. The loops of its own bounds are fewer than those listed; to list more
 * only weakens what is proved. */
static void collect_loads(touch_collector *with, const statement *in, const whole_range *loops) {
  const kernel_module *module = with->module;
  reach used = reach_create(module->memory, module->dag);
  reach_from_statement(&used, module, in);
  for (int k = 0; k < used.nodes.count; k++) {
    const scalar_node *node = scalar_at(module->dag, used.nodes.items[k]);
    if (node->op != SCALAR_LOAD || module->arrays.items[node->id].role != ARRAY_LOCAL) continue;
    push_touch(with, (touch){.array = node->id, .loads = true, .subscripts = node->arguments}, loops);
  }
}

static void collect(touch_collector *with, const statement *in) {
  arena *memory = with->module->memory;
  int outside = with->loops.count;
  for (int k = 0; k < in->axes.count; k++) {
    const axis *at = &in->axes.items[k];
    list_push(memory, &with->loops, (whole_range){at->index, at->lower, at->upper});
  }
  for (int k = 0; k < in->locals.count; k++) with->local_in[in->locals.items[k]] = with->collection;
  whole_range *loops = NULL;
  if (in->stores.count > 0 || with->with_loads) {
    loops = arena_array(memory, whole_range, with->loops.count);
    if (with->loops.count > 0) memcpy(loops, with->loops.items, (size_t)with->loops.count * sizeof *loops);
  }
  if (with->with_loads) collect_loads(with, in, loops);
  for (int k = 0; k < in->stores.count; k++) {
    const store *item = &in->stores.items[k];
    if (item->kind == STORE_CHECK) continue;
    with->stored_in[item->array] = with->collection;
    bool accumulates = item->kind != STORE_ASSIGN;
    push_touch(with, (touch){.array = item->array, .accumulates = accumulates, .subscripts = item->subscripts}, loops);
  }
  for (int k = 0; k < in->body.count; k++) collect(with, in->body.items[k]);
  with->loops.count = outside;
}

static int compare_touches(const void *a, const void *b) {
  const touch *x = a, *y = b;
  if (x->array != y->array) return x->array < y->array ? -1 : 1;
  return (x->order > y->order) - (x->order < y->order);
}

void touch_collect(touch_collector *with, const statement *in) {
  with->touches.count = 0;
  with->collection++;
  collect(with, in);
  int kept = 0;
  for (int k = 0; k < with->touches.count; k++)
    if (with->local_in[with->touches.items[k].array] != with->collection)
      with->touches.items[kept++] = with->touches.items[k];
  with->touches.count = kept;
  if (kept > 0) qsort(with->touches.items, (size_t)kept, sizeof *with->touches.items, compare_touches);
}

int touch_group_end(const touch_collector *with, int begin) {
  int end = begin;
  while (end < with->touches.count && with->touches.items[end].array == with->touches.items[begin].array) end++;
  return end;
}

/* Does the expression load anything that the collected statement stores? Then it may differ between iterations
 * without mentioning an index. */
static bool loads_stored(const touch_collector *with, scalar node) {
  reach used = reach_create(with->module->memory, with->module->dag);
  reach_from(&used, node);
  for (int k = 0; k < used.nodes.count; k++) {
    const scalar_node *part = scalar_at(with->module->dag, used.nodes.items[k]);
    if (part->op == SCALAR_LOAD && with->stored_in[part->id] == with->collection) return true;
  }
  return false;
}

bool touch_depends(const touch_collector *with, const touch *at, int index) {
  for (int k = 0; k < with->module->arrays.items[at->array].rank; k++)
    if (scalar_mentions_index(with->module->dag, at->subscripts[k], index) || loads_stored(with, at->subscripts[k]))
      return true;
  return false;
}

/* The work of touch_separates. */
typedef struct {
  touch_collector *with;
  const touch *items[MAXIMUM_DISTINCT];
  int count, rank, fixed;
  bool *usable;                 /* by subscript position: no touch loads there what the statement computes */
  LIST(int) known;              /* indices separated so far */
  scalar low[MAXIMUM_DISTINCT]; /* of r, at the position at hand, over what is not known to be equal */
  scalar high[MAXIMUM_DISTINCT];
} separation;

static bool is_known(const separation *of, int index) {
  for (int k = 0; k < of->known.count; k++)
    if (of->known.items[k] == index) return true;
  return false;
}

/* Bounds of `rest` over the loops of the touch whose indices may differ between two touches; false: none found. */
static bool bound_rest(separation *of, int item, scalar rest) {
  const kernel_module *module = of->with->module;
  const touch *at = of->items[item];
  LIST(whole_range) varying = {0};
  bool varies = false;
  for (int k = of->fixed; k < at->loop_count; k++) {
    if (is_known(of, at->loops[k].index)) continue;
    list_push(module->memory, &varying, at->loops[k]);
    varies = varies || scalar_mentions_index(module->dag, rest, at->loops[k].index);
  }
  of->low[item] = of->high[item] = rest;
  if (!varies) return true;
  whole_facts facts = {varying.items, varying.count, of->with->array_bound, module->arrays.count, NO_SCALAR};
  scalar zero = scalar_whole(module->dag, 0);
  of->high[item] = whole_upper_bound(module->dag, rest, &facts);
  scalar negated = whole_subtract(module->dag, zero, rest);
  if (negated == NO_SCALAR || of->high[item] == NO_SCALAR) return false;
  scalar negated_low = whole_upper_bound(module->dag, negated, &facts);
  of->low[item] = whole_subtract(module->dag, zero, negated_low);
  return of->low[item] != NO_SCALAR && !loads_stored(of->with, of->low[item]) &&
         !loads_stored(of->with, of->high[item]);
}

/* Is high[a] - low[b] < |coefficient|? The coefficient is tried with both signs. */
static bool is_narrow(separation *of, int a, int b, scalar coefficient) {
  scalar_dag *dag = of->with->module->dag;
  const touch *at = of->items[a];
  whole_facts facts = {at->loops, at->loop_count, of->with->array_bound, of->with->module->arrays.count, NO_SCALAR};
  scalar width = whole_subtract(dag, of->high[a], of->low[b]);
  scalar one_more = whole_add(dag, width, scalar_whole(dag, 1));
  scalar room = whole_subtract(dag, coefficient, one_more);
  if (room != NO_SCALAR && whole_proves_nonnegative(dag, room, &facts)) return true;
  scalar negated = whole_subtract(dag, scalar_whole(dag, 0), coefficient);
  room = whole_subtract(dag, negated, one_more);
  return room != NO_SCALAR && whole_proves_nonnegative(dag, room, &facts);
}

static bool separates_at(separation *of, int place, int index) {
  scalar_dag *dag = of->with->module->dag;
  scalar variable = scalar_index(dag, index);
  scalar coefficient = whole_coefficient(dag, of->items[0]->subscripts[place], index);
  int64_t zero = 0;
  if (coefficient == NO_SCALAR || (scalar_is_whole(dag, coefficient, &zero) && zero == 0)) return false;
  scalar product = whole_multiply(dag, coefficient, variable);
  for (int k = 0; k < of->count; k++) {
    scalar subscript = of->items[k]->subscripts[place];
    if (whole_coefficient(dag, subscript, index) != coefficient) return false;
    scalar rest = whole_subtract(dag, subscript, product);
    if (rest == NO_SCALAR || !bound_rest(of, k, rest)) return false;
  }
  for (int a = 0; a < of->count; a++)
    for (int b = 0; b < of->count; b++)
      if (!is_narrow(of, a, b, coefficient)) return false;
  return true;
}

/* Touches with the same subscripts are one. False when there are too many. */
static bool gather_distinct(separation *of, int begin, int end) {
  for (int k = begin; k < end; k++) {
    const touch *candidate = &of->with->touches.items[k];
    size_t size = (size_t)of->rank * sizeof(scalar);
    bool seen = false;
    for (int d = 0; d < of->count && !seen; d++)
      seen = of->rank == 0 || memcmp(of->items[d]->subscripts, candidate->subscripts, size) == 0;
    if (seen) continue;
    if (of->count == MAXIMUM_DISTINCT) return false;
    of->items[of->count++] = candidate;
  }
  return true;
}

static bool find_usable(separation *of) {
  bool any = false;
  of->usable = arena_array(of->with->module->memory, bool, of->rank);
  for (int place = 0; place < of->rank; place++) {
    of->usable[place] = true;
    for (int k = 0; k < of->count && of->usable[place]; k++)
      of->usable[place] = !loads_stored(of->with, of->items[k]->subscripts[place]);
    any = any || of->usable[place];
  }
  return any;
}

void touch_separates(touch_collector *with, int begin, int end, int fixed, int axis_count, bool *separates) {
  for (int k = 0; k < axis_count; k++) separates[k] = false;
  separation of;
  memset(&of, 0, sizeof of);
  of.with = with;
  of.rank = with->module->arrays.items[with->touches.items[begin].array].rank;
  of.fixed = fixed;
  if (!gather_distinct(&of, begin, end) || !find_usable(&of)) return;
  const touch *first = of.items[0];
  for (bool found = true; found;) {
    found = false;
    for (int k = fixed; k < first->loop_count; k++) {
      int index = first->loops[k].index;
      if (is_known(&of, index)) continue;
      bool separated = false;
      for (int place = 0; place < of.rank && !separated; place++)
        separated = of.usable[place] && separates_at(&of, place, index);
      if (!separated) continue;
      list_push(with->module->memory, &of.known, index);
      if (k < fixed + axis_count) separates[k - fixed] = true;
      found = true;
    }
  }
}
