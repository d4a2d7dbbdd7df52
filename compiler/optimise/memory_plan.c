/* Where local arrays live: slots of one workspace, shared by arrays that are never alive at the same time.
 *
 * An array is alive, within the statement list of the scope that owns it, from the first statement that touches it to
 * the last; a statement counts with all that is inside it, since its iterations repeat. Two arrays share a slot when
 * their sizes are the same expression of extents and their lives do not overlap. Requires: the invariants of kernel.h.
 * Ensures: time linear in the program. */
#include "compiler/kernel/implicit.h"
#include "compiler/kernel/reach.h"
#include "compiler/optimise/optimise.h"

/* Steps number the beginnings and ends of all statements in the order in which the program runs through them. */
typedef struct {
  int first, last; /* steps; first is 0 for an array that nothing touches */
  int depth;       /* of the scope that owns it; -1: not a local in memory */
  int next;        /* the next array that dies at the same step, or -1 */
} life;

typedef struct {
  const kernel_module *module;
  arena *memory;
  life *lives;             /* by array */
  LIST(int) end_of;        /* by step at which a statement begins: the step at which it ends */
  LIST(int) around;        /* by depth: the step at which the statement that is open there begins */
  LIST(int) by_first_step; /* arrays in the order in which their lives begin */
} timeline;

static void own(timeline *in, const int *locals, int count, int depth) {
  for (int k = 0; k < count; k++)
    if (in->module->arrays.items[locals[k]].rank > 0) in->lives[locals[k]].depth = depth;
}

/* An array is touched by the statement, in its owner's list, that is open now. `last` becomes that statement's begin,
 * and its end once all ends are known. */
static void touch(timeline *in, int number) {
  life *of = &in->lives[number];
  if (of->depth < 0) return;
  int step = in->around.items[of->depth];
  if (!of->first) {
    of->first = step;
    list_push(in->memory, &in->by_first_step, number);
  }
  of->last = step;
}

static void touch_loads(timeline *in, const reach *used) {
  for (int k = 0; k < used->nodes.count; k++) {
    const scalar_node *node = scalar_at(in->module->dag, used->nodes.items[k]);
    if (node->op == SCALAR_LOAD) touch(in, node->id);
  }
}

static void touch_statement(timeline *in, const statement *of) {
  reach used = reach_create(in->memory, in->module->dag);
  for (int k = 0; k < of->axes.count; k++) {
    reach_from(&used, of->axes.items[k].lower);
    reach_from(&used, of->axes.items[k].upper);
  }
  reach_from(&used, of->guard);
  for (int k = 0; k < of->stores.count; k++) {
    const store *item = &of->stores.items[k];
    reach_from(&used, item->value);
    reach_from(&used, item->position);
    reach_from(&used, item->guard);
    if (item->array < 0) continue;
    for (int s = 0; s < in->module->arrays.items[item->array].rank; s++) reach_from(&used, item->subscripts[s]);
    touch(in, item->array);
  }
  touch_loads(in, &used);
}

static void walk(timeline *in, const statement_list *list, int depth) {
  while (in->around.count <= depth) list_push(in->memory, &in->around, 0);
  for (int k = 0; k < list->count; k++) {
    const statement *of = list->items[k];
    int begin = in->end_of.count;
    list_push(in->memory, &in->end_of, 0);
    in->around.items[depth] = begin;
    own(in, of->locals.items, of->locals.count, depth + 1);
    if (of->kind != STATEMENT_IMPLICIT) touch_statement(in, of);
    walk(in, &of->body, depth + 1);
    if (of->kind == STATEMENT_IMPLICIT) touch_statement(in, of); /* the search reads what the body has left */
    in->end_of.items[begin] = in->end_of.count;
    list_push(in->memory, &in->end_of, 0);
  }
}

static timeline trace(const kernel_program *program) {
  arena *memory = program->module->memory;
  timeline made = {.module = program->module, .memory = memory};
  made.lives = arena_array(memory, life, program->module->arrays.count);
  for (int k = 0; k < program->module->arrays.count; k++) made.lives[k].depth = -1;
  list_push(memory, &made.end_of, 0); /* step 0 is before all statements */
  own(&made, program->locals.items, program->locals.count, 0);
  walk(&made, &program->body, 0);
  for (int k = 0; k < made.by_first_step.count; k++) {
    life *of = &made.lives[made.by_first_step.items[k]];
    of->last = made.end_of.items[of->last];
  }
  return made;
}

static scalar size_of(const kernel_module *module, int number) {
  const array *of = &module->arrays.items[number];
  scalar size = of->extents[0];
  for (int k = 1; k < of->rank; k++) size = whole_multiply(module->dag, size, of->extents[k]);
  return size;
}

/* Slots by size, with those that are free now. */
typedef struct {
  scalar size;
  LIST(int) free;
} size_class;

typedef struct {
  arena *memory;
  reach sizes; /* a size's position here is its class's */
  LIST(size_class) classes;
  LIST(scalar) slots; /* their sizes */
  memory_plan *plan;
} allotment;

static size_class *class_of(allotment *in, scalar size) {
  if (reach_add(&in->sizes, size)) list_push(in->memory, &in->classes, (size_class){.size = size});
  return &in->classes.items[reach_position(&in->sizes, size)];
}

static void take_slot(allotment *in, int number, scalar size) {
  size_class *of = class_of(in, size);
  if (!of->free.count) {
    list_push(in->memory, &in->slots, size);
    list_push(in->memory, &of->free, in->slots.count - 1);
  }
  in->plan->slot_of[number] = of->free.items[--of->free.count];
}

static void free_slot(allotment *in, int number, scalar size) {
  size_class *of = class_of(in, size);
  list_push(in->memory, &of->free, in->plan->slot_of[number]);
}

/* Runs through the steps: at each, lives that have ended give their slots back, then those that begin take one. */
static void allot(allotment *in, timeline *from, const scalar *sizes) {
  int *dying = arena_array(in->memory, int, from->end_of.count);
  for (int k = 0; k < from->end_of.count; k++) dying[k] = -1;
  int next = 0;
  for (int step = 1; step < from->end_of.count; step++) {
    for (; next < from->by_first_step.count; next++) {
      int number = from->by_first_step.items[next];
      life *of = &from->lives[number];
      if (of->first > step) break;
      take_slot(in, number, sizes[number]);
      of->next = dying[of->last];
      dying[of->last] = number;
    }
    for (int k = dying[step]; k >= 0; k = from->lives[k].next) free_slot(in, k, sizes[k]);
  }
}

/* Lives are found in the order of their first statements at any depth; the order of their first steps is another, where
 * a statement touches arrays of its own before those of the scopes around it. */
static void sort_by_first_step(timeline *in) {
  int *counts = arena_array(in->memory, int, in->end_of.count + 1);
  int *sorted = arena_array(in->memory, int, in->by_first_step.count);
  for (int k = 0; k < in->by_first_step.count; k++) counts[in->lives[in->by_first_step.items[k]].first + 1]++;
  for (int k = 0; k < in->end_of.count; k++) counts[k + 1] += counts[k];
  for (int k = 0; k < in->by_first_step.count; k++) {
    int number = in->by_first_step.items[k];
    sorted[counts[in->lives[number].first]++] = number;
  }
  in->by_first_step.items = sorted;
}

memory_plan *plan_memory(const kernel_program *program) {
  arena *memory = program->module->memory;
  int count = program->module->arrays.count;
  timeline lives = trace(program);
  sort_by_first_step(&lives);
  scalar *sizes = arena_array(memory, scalar, count);
  for (int k = 0; k < lives.by_first_step.count; k++) {
    int number = lives.by_first_step.items[k];
    sizes[number] = size_of(program->module, number);
  }
  memory_plan *plan = arena_new(memory, memory_plan);
  plan->slot_of = arena_array(memory, int, count);
  for (int k = 0; k < count; k++) plan->slot_of[k] = -1;
  allotment slots = {.memory = memory, .sizes = reach_create(memory, program->module->dag), .plan = plan};
  if (find_search(&program->body)) list_push(memory, &slots.slots, scalar_whole(program->module->dag, ITERATION_ROOM));
  allot(&slots, &lives, sizes);
  plan->slot_count = slots.slots.count;
  plan->slot_size = slots.slots.items;
  return plan;
}
