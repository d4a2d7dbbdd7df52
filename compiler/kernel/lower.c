/* Tensor program -> kernel program: definitions one by one, then programs assembled from those that are wanted. */
#include "compiler/kernel/lower_scope.h"

/* The model's inputs are the module's first arrays, in order. */
static void declare_inputs(lowerer *state) {
  const tensor_program *from = state->from;
  for (int k = 0; k < from->inputs.count; k++) {
    const input *declared = &from->inputs.items[k];
    scalar_type type = declared->role == ROLE_INDEX ? SCALAR_WHOLE : SCALAR_REAL;
    scalar bound = declared->role == ROLE_INDEX ? declared->bound : NO_SCALAR;
    array made = {.name = declared->name,
                  .role = ARRAY_INPUT,
                  .type = type,
                  .rank = declared->rank,
                  .extents = declared->extents,
                  .bound = bound,
                  .where = declared->where};
    kernel_array(state->module, made);
    list_push(state->module->memory, &state->array_bound, bound);
  }
}

static void begin_segment(lowerer *state, segment *into) {
  arena *memory = state->module->memory;
  into->locals = (array_list){0};
  scope *top = arena_new(memory, scope);
  top->locals = &into->locals;
  state->now = state->top = top;
  state->current = into;
  state->checked_early.count = 0;
  state->index_seen = arena_array(memory, bool, state->from->inputs.count + 1);
}

static void end_segment(lowerer *state, segment *into) {
  into->statements = state->top->statements;
}

/* A definition's array lives at the top level, where later definitions find it. A scalar that is a whole number or a
 * truth is also kept as an expression: proofs about subscripts need it. */
static void lower_definition(lowerer *state, int number) {
  const binding *definition = state->from->definitions.items[number];
  segment *into = &state->segments[number];
  begin_segment(state, into);
  binding_state *bound = &state->bindings[definition->number];
  *bound = (binding_state){.stage = BINDING_ARRAY, .home = state->top, .definition = number};
  const tensor *value = definition->value;
  bound->array =
      new_local(state, definition->name, value->type, value->rank, value->extents, NO_SCALAR, definition->where);
  state->base.definition_array[number] = bound->array;
  if (value->rank == 0 && value->type != SCALAR_REAL) {
    bound->value = element(state, value, NULL);
    bound->stage = BINDING_SCALAR;
    emit_store(state, kernel_store(state->module, STORE_ASSIGN, bound->array, NULL, bound->value), definition->where);
  } else {
    fill_array(state, value, bound->array);
  }
  end_segment(state, into);
}

lowering *lower_begin(arena *memory, const tensor_program *from, diagnostics *report) {
  lowerer *state = arena_new(memory, lowerer);
  state->from = from;
  state->report = report;
  state->dag = from->dag;
  state->module = state->base.module = kernel_module_create(memory, from->dag, from->from);
  state->base.definition_array = arena_array(memory, int, from->definitions.count + 1);
  state->segments = arena_array(memory, segment, from->definitions.count + 1);
  state->index_check = arena_array(memory, statement *, from->inputs.count + 1);
  state->bindings = arena_array(memory, binding_state, from->binding_count + 1);
  declare_inputs(state);
  for (int k = 0; k < from->definitions.count; k++) lower_definition(state, k);
  return &state->base;
}

/* Every entry of index data is 0 .. bound-1. */
static statement *index_check(lowerer *state, int number) {
  kernel_module *module = state->module;
  scalar_dag *dag = state->dag;
  const array *checked = &module->arrays.items[number];
  statement *kernel = kernel_statement(module, STATEMENT_KERNEL, checked->where);
  scalar *subscripts = arena_array(module->memory, scalar, checked->rank + 1);
  for (int k = 0; k < checked->rank; k++) {
    axis over = new_axis(state, -1, checked->extents[k]);
    list_push(module->memory, &kernel->axes, over);
    subscripts[k] = axis_index(state, &over);
  }
  scalar entry = kernel_load(module, number, subscripts);
  scalar zero = scalar_whole(dag, 0);
  scalar above = scalar_binary(dag, OP_ge, entry, zero);
  scalar below = scalar_binary(dag, OP_lt, entry, checked->bound);
  store what = {.kind = STORE_CHECK, .array = -1, .value = scalar_binary(dag, OP_and, above, below)};
  text shown = text_create(module->memory);
  scalar_write(dag, checked->bound, NULL, NULL, &shown);
  what.check = kernel_check(module, CODE_INDEX_DATA_OUT_OF_RANGE, checked->where,
                            "an entry of index data '%s' is negative or not less than %s", checked->name, shown.data);
  list_push(module->memory, &kernel->stores, what);
  return kernel;
}

/* No extent is negative. */
static statement *extent_check(lowerer *state) {
  kernel_module *module = state->module;
  scalar_dag *dag = state->dag;
  statement *kernel = kernel_statement(module, STATEMENT_KERNEL, (span){0, 0});
  scalar zero = scalar_whole(dag, 0);
  for (int k = 0; k < state->from->dimensions.count; k++) {
    const dimension *extent = &state->from->dimensions.items[k];
    scalar holds = scalar_binary(dag, OP_ge, extent->value, zero);
    if (scalar_is_truth(dag, holds, true)) continue;
    store what = {.kind = STORE_CHECK, .array = -1, .value = holds};
    what.check = kernel_check(module, CODE_NEGATIVE_EXTENT, extent->where, "extent '%s' is negative", extent->name);
    list_push(module->memory, &kernel->stores, what);
  }
  return kernel;
}

/* What every program starts with: the checks are made once, so that a failure has one number in all of them. */
static void append_extent_check(lowerer *state, kernel_program *into) {
  if (!state->extent_check) state->extent_check = extent_check(state);
  if (state->extent_check->stores.count == 0) return;
  list_push(state->module->memory, &into->body, kernel_copy_statement(state->module, state->extent_check));
}

static void append_index_check(lowerer *state, kernel_program *into, int number) {
  if (!state->index_check[number]) state->index_check[number] = index_check(state, number);
  list_push(state->module->memory, &into->body, kernel_copy_statement(state->module, state->index_check[number]));
}

/* Appends a segment to a program. Statements are copied: passes change them in place. */
static void append(lowerer *state, kernel_program *into, const segment *from) {
  arena *memory = state->module->memory;
  for (int k = 0; k < from->statements.count; k++)
    list_push(memory, &into->body, kernel_copy_statement(state->module, from->statements.items[k]));
  for (int k = 0; k < from->locals.count; k++) list_push(memory, &into->locals, from->locals.items[k]);
}

/* The definitions that the wanted ones need, themselves included: one backward pass, since each needs earlier ones. */
static bool *needed_definitions(const lowerer *state, const int *wanted, int wanted_count) {
  int count = state->from->definitions.count;
  bool *needed = arena_array(state->module->memory, bool, count + 1);
  for (int k = 0; k < wanted_count; k++) needed[wanted[k]] = true;
  for (int k = count - 1; k >= 0; k--)
    for (int n = 0; needed[k] && n < state->segments[k].needs.count; n++)
      needed[state->segments[k].needs.items[n]] = true;
  return needed;
}

kernel_program *lower(lowering *base, const char *name, const int *wanted, int wanted_count) {
  lowerer *state = (lowerer *)base;
  kernel_program *made = kernel_program_create(state->module, name);
  const bool *needed = needed_definitions(state, wanted, wanted_count);
  bool *checked = arena_array(state->module->memory, bool, state->from->inputs.count + 1);
  append_extent_check(state, made);
  for (int k = 0; k < state->from->definitions.count; k++)
    for (int n = 0; needed[k] && n < state->segments[k].index_inputs.count; n++) {
      int number = state->segments[k].index_inputs.items[n];
      if (!checked[number]) append_index_check(state, made, number);
      checked[number] = true;
    }
  for (int k = 0; k < state->from->definitions.count; k++)
    if (needed[k]) append(state, made, &state->segments[k]);
  return made;
}

/* Start values or bounds, in arrays of this role. */
static kernel_program *lower_declared(lowerer *state, const char *name, const int *inputs, int input_count, int which,
                                      array_role role, int *arrays) {
  kernel_module *module = state->module;
  kernel_program *made = kernel_program_create(module, name);
  segment *into = arena_new(module->memory, segment);
  begin_segment(state, into);
  for (int k = 0; k < input_count; k++) {
    const input *of = &state->from->inputs.items[inputs[k]];
    const tensor *wanted = which == 0 ? of->start : which == 1 ? of->lower : of->upper;
    array holds = module->arrays.items[inputs[k]];
    holds.role = role;
    arrays[k] = kernel_array(module, holds);
    while (state->array_bound.count <= arrays[k]) list_push(module->memory, &state->array_bound, NO_SCALAR);
    if (role == ARRAY_RESULT)
      list_push(module->memory, &made->results, arrays[k]);
    else
      list_push(module->memory, &made->locals, arrays[k]);
    destination place = whole_destination(state, arrays[k]);
    fill_broadcast(state, wanted, of->rank, of->extents, &place);
  }
  end_segment(state, into);
  append_extent_check(state, made);
  append(state, made, into);
  return made;
}

kernel_program *lower_start(lowering *base, const char *name, const int *inputs, int input_count, int which) {
  int *arrays = arena_array(base->module->memory, int, input_count + 1);
  return lower_declared((lowerer *)base, name, inputs, input_count, which, ARRAY_RESULT, arrays);
}

kernel_program *lower_bounds(lowering *base, const char *name, const int *inputs, int input_count, int which,
                             int *arrays) {
  return lower_declared((lowerer *)base, name, inputs, input_count, which, ARRAY_LOCAL, arrays);
}
