/* Copies with fresh names, or with larger arrays. */
#include "compiler/kernel/rename.h"
#include "compiler/kernel/reach.h"

/* What stands for each index variable and local that the statement binds. The tables hold only what it mentions: a
 * statement is small beside the graph. */
typedef struct {
  kernel_module *module;
  int array_count;
  reach all;      /* every scalar of the statement */
  scalar *copies; /* by position in all.nodes */
  LIST(int) indices;
  LIST(scalar) fresh_indices;
  LIST(int) locals;
  LIST(int) fresh_locals;
  LIST(scalar) leading; /* subscripts that the fresh arrays have before the old ones' */
} renaming;

static int find(const int *items, int count, int wanted) {
  for (int k = count - 1; k >= 0; k--)
    if (items[k] == wanted) return k;
  return -1;
}

static int renamed_array(const renaming *state, int number) {
  int k = find(state->locals.items, state->locals.count, number);
  return k < 0 ? number : state->fresh_locals.items[k];
}

static scalar renamed_index(const renaming *state, int index) {
  int k = find(state->indices.items, state->indices.count, index);
  return k < 0 ? scalar_index(state->module->dag, index) : state->fresh_indices.items[k];
}

/* Subscripts of an array as those of the one that stands for it; how many. `copied` has room for all. */
static int renamed_subscripts(const renaming *state, int number, const scalar *copied, int rank, scalar *made) {
  int leading = renamed_array(state, number) == number ? 0 : state->leading.count;
  for (int k = 0; k < leading; k++) made[k] = state->leading.items[k];
  for (int k = 0; k < rank; k++) made[leading + k] = copied[k];
  return leading + rank;
}

/* A fresh name for everything that the statement binds. */
static void collect(renaming *state, const statement *in) {
  kernel_module *module = state->module;
  for (int k = 0; k < in->axes.count; k++) {
    int index = in->axes.items[k].index;
    int fresh = scalar_new_index(module->dag, scalar_index_name(module->dag, index));
    list_push(module->memory, &state->indices, index);
    list_push(module->memory, &state->fresh_indices, scalar_index(module->dag, fresh));
  }
  for (int k = 0; k < in->locals.count; k++) {
    int number = in->locals.items[k];
    if (number >= state->array_count) continue;
    array copy = module->arrays.items[number];
    list_push(module->memory, &state->locals, number);
    list_push(module->memory, &state->fresh_locals, kernel_array(module, copy));
  }
  for (int k = 0; k < in->body.count; k++) collect(state, in->body.items[k]);
}

static scalar copy_of(const renaming *state, scalar node) {
  if (node == NO_SCALAR) return NO_SCALAR;
  return state->copies[reach_position(&state->all, node)];
}

/* The node over the copies of its arguments, which are made already. */
static scalar rebuild(const renaming *state, scalar node) {
  scalar_dag *dag = state->module->dag;
  const scalar_node *at = scalar_at(dag, node);
  if (at->op == SCALAR_INDEX) return renamed_index(state, at->id);
  if (at->argument_count == 0 && at->op != SCALAR_LOAD) return node;
  scalar few[8];
  scalar *arguments = at->argument_count <= 8 ? few : arena_array(state->module->memory, scalar, at->argument_count);
  for (int k = 0; k < at->argument_count; k++) arguments[k] = copy_of(state, at->arguments[k]);
  if (at->op == SCALAR_LOAD) {
    scalar *all = arena_array(state->module->memory, scalar, at->argument_count + state->leading.count);
    int count = renamed_subscripts(state, at->id, arguments, at->argument_count, all);
    return scalar_load(dag, renamed_array(state, at->id), at->type, count, all);
  }
  if (at->op == SCALAR_SELECT) return scalar_select(dag, arguments[0], arguments[1], arguments[2]);
  return scalar_apply(dag, at->op, arguments);
}

static void rename_in_place(const renaming *state, statement *in) {
  for (int k = 0; k < in->axes.count; k++) {
    axis *over = &in->axes.items[k];
    over->index = scalar_at(state->module->dag, renamed_index(state, over->index))->id;
    over->lower = copy_of(state, over->lower);
    over->upper = copy_of(state, over->upper);
  }
  for (int k = 0; k < in->locals.count; k++) in->locals.items[k] = renamed_array(state, in->locals.items[k]);
  in->guard = copy_of(state, in->guard);
  for (int k = 0; k < in->stores.count; k++) {
    store *item = &in->stores.items[k];
    int rank = item->array < 0 ? 0 : state->module->arrays.items[item->array].rank;
    scalar *copied = arena_array(state->module->memory, scalar, rank);
    scalar *subscripts = arena_array(state->module->memory, scalar, rank + state->leading.count);
    for (int s = 0; s < rank; s++) copied[s] = copy_of(state, item->subscripts[s]);
    if (item->array >= 0) renamed_subscripts(state, item->array, copied, rank, subscripts);
    item->subscripts = subscripts;
    item->value = copy_of(state, item->value);
    item->position = copy_of(state, item->position);
    item->guard = copy_of(state, item->guard);
    if (item->array >= 0) item->array = renamed_array(state, item->array);
  }
  for (int k = 0; k < in->body.count; k++) rename_in_place(state, in->body.items[k]);
}

static statement *renamed(renaming *state, const statement *from) {
  kernel_module *module = state->module;
  statement *made = kernel_copy_statement(module, from);
  state->all = reach_create(module->memory, module->dag);
  reach_from_all(&state->all, module, from);
  reach_sort(&state->all);
  state->copies = arena_array(module->memory, scalar, state->all.nodes.count);
  for (int k = 0; k < state->all.nodes.count; k++) state->copies[k] = rebuild(state, state->all.nodes.items[k]);
  rename_in_place(state, made);
  return made;
}

statement *kernel_rename(kernel_module *module, const statement *from, int array_count) {
  renaming state = {.module = module, .array_count = array_count};
  collect(&state, from);
  return renamed(&state, from);
}

statement *kernel_enlarge(kernel_module *module, const statement *from, const array_growth *growth) {
  renaming state = {.module = module};
  collect(&state, from);
  for (int k = 0; k < growth->count; k++) {
    list_push(module->memory, &state.locals, growth->arrays[k]);
    list_push(module->memory, &state.fresh_locals, growth->instead[k]);
  }
  for (int k = 0; k < growth->leading_count; k++) {
    scalar leading = renamed_index(&state, growth->leading[k]);
    list_push(module->memory, &state.leading, leading);
  }
  return renamed(&state, from);
}
