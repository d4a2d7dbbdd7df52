/* Lowering: a search, as an implicit statement that knows its objective or residual; derivative/implicit.c adds what
 * else it needs. */
#include "compiler/kernel/implicit.h"
#include "compiler/kernel/lower_scope.h"

/* The unknown's array, with at least one axis, and the start in it. */
static int unknown_array(lowerer *state, const tensor *of) {
  scalar one = scalar_whole(state->dag, 1);
  int rank = of->rank > 0 ? of->rank : 1;
  const scalar *extents = of->rank > 0 ? of->extents : &one;
  int made = new_local(state, of->unknown->name, SCALAR_REAL, rank, extents, NO_SCALAR, of->unknown->where);
  destination place = whole_destination(state, made);
  place.is_part = true; /* the search writes to it too */
  fill_broadcast(state, of->arguments[0], of->rank, of->extents, &place);
  return made;
}

static void own(lowerer *state, int number) {
  list_push(state->module->memory, state->now->locals, number);
}

/* The body, into the objective or the residual. */
static void lower_body(lowerer *state, const tensor *of, int objective, int residual) {
  const tensor *body = of->arguments[1];
  scalar zero = scalar_whole(state->dag, 0);
  if (of->rank > 0 && of->goal == GOAL_ROOT) {
    fill_array(state, body, residual);
    return;
  }
  scalar value = element(state, body, NULL);
  if (of->goal == GOAL_LARGEST) value = scalar_unary(state->dag, OP_neg, value);
  int into = of->goal == GOAL_ROOT ? residual : objective;
  emit_store(state, kernel_store(state->module, STORE_ASSIGN, into, &zero, value), of->where);
}

static int one_number(lowerer *state, const tensor *of) {
  scalar *one = arena_new(state->module->memory, scalar);
  *one = scalar_whole(state->dag, 1);
  array made = {.name = "objective", .role = ARRAY_LOCAL, .type = SCALAR_REAL, .rank = 1, .extents = one};
  made.bound = NO_SCALAR;
  made.where = of->where;
  return kernel_array(state->module, made);
}

static const sought sought_by[] = {
    [GOAL_LEAST] = SOUGHT_MINIMUM, [GOAL_LARGEST] = SOUGHT_MAXIMUM, [GOAL_ROOT] = SOUGHT_ROOT};

int lower_search(lowerer *state, const tensor *of) {
  kernel_module *module = state->module;
  search_kind kind = of->goal == GOAL_ROOT ? SEARCH_ROOT : SEARCH_LEAST;
  implicit_parts parts = {.kind = kind, .symmetric = kind == SEARCH_LEAST, .objective = -1, .where = of->where};
  parts.unknown = unknown_array(state, of);
  parts.residual = implicit_like(module, parts.unknown, "residual");
  if (kind == SEARCH_LEAST) parts.objective = one_number(state, of);
  parts.check = implicit_checks(module, sought_by[of->goal], of->where);
  statement *made = implicit_statement(module, &parts, &state->now->statements);
  own(state, implicit_array(made, SEARCH_WORK));
  own(state, implicit_array(made, SEARCH_DIRECTION));
  while (state->array_bound.count < module->arrays.count) list_push(module->memory, &state->array_bound, NO_SCALAR);
  binding_state *bound = &state->bindings[of->unknown->number];
  *bound = (binding_state){.stage = BINDING_ARRAY, .home = state->now, .array = parts.unknown, .definition = -1};
  if (of->rank == 0) {
    scalar zero = scalar_whole(state->dag, 0);
    bound->stage = BINDING_SCALAR;
    bound->value = kernel_load(module, parts.unknown, &zero);
  }
  loop over = open_loop(state, made->axes.items, 1);
  lower_body(state, of, parts.objective, parts.residual);
  state->now = over.outer;
  made->body = over.inner->statements;
  for (int k = 0; k < over.locals->count; k++) list_push(module->memory, &made->locals, over.locals->items[k]);
  emit(state, made);
  return parts.unknown;
}

scalar element_of_search(lowerer *state, const tensor *of, const scalar *subscripts) {
  int found = lower_search(state, of);
  scalar zero = scalar_whole(state->dag, 0);
  return of->rank > 0 ? load_safely(state, found, subscripts) : kernel_load(state->module, found, &zero);
}
