/* Forward mode: every statement is followed by its tangent.
 *
 *   d (out[s] = e)  =  d out[s] = sum over loads a[t] in e of  (partial e / partial a[t]) * d a[t]
 *
 * The tangent of a scalar node is a scalar node over the same graph; nodes are visited in ascending order, arguments
 * first. A node without tangent (NO_SCALAR) does not depend on the sources. */
#include "compiler/derivative/derivative.h"
#include "compiler/kernel/implicit.h"
#include "compiler/kernel/reach.h"
#include "compiler/kernel/rename.h"

typedef struct {
  kernel_module *module;
  scalar_dag *dag;
  const bool *active;
  derivative_map map;
  scalar directions; /* extent of the block, or NO_SCALAR */
  int direction;     /* the index variable of the block; every tangent kernel gets a fresh copy of it */
  taint_facts tainted;
  bool *singular; /* by primal array: its tangent may have met a singular partial */
  reach known;    /* nodes whose tangents are known */
  LIST(scalar) tangents;
  LIST(singularity) singularities; /* what they have met */
} tangent_state;

static scalar tangent_of(const tangent_state *state, scalar node) {
  int at = reach_position(&state->known, node);
  return at < 0 ? NO_SCALAR : state->tangents.items[at];
}

static singularity singularity_at(const tangent_state *state, scalar node) {
  int at = reach_position(&state->known, node);
  return at < 0 ? NO_SCALAR : state->singularities.items[at];
}

/* a[s] -> d a[s], or d a[s, direction]. */
static const scalar *with_direction(const tangent_state *state, const scalar *subscripts, int rank) {
  scalar *extended = arena_array(state->module->memory, scalar, rank + 1);
  for (int k = 0; k < rank; k++) extended[k] = subscripts[k];
  if (state->directions != NO_SCALAR) extended[rank] = scalar_index(state->dag, state->direction);
  return extended;
}

static scalar tangent_of_load(const tangent_state *state, const scalar_node *at) {
  if (at->type != SCALAR_REAL || state->map.of[at->id] < 0) return NO_SCALAR;
  return kernel_load(state->module, state->map.of[at->id], with_direction(state, at->arguments, at->argument_count));
}

static scalar tangent_of_select(const tangent_state *state, const scalar_node *at, singularity *met) {
  scalar taken = tangent_of(state, at->arguments[1]), otherwise = tangent_of(state, at->arguments[2]);
  if (taken == NO_SCALAR && otherwise == NO_SCALAR) return NO_SCALAR;
  scalar zero = scalar_real(state->dag, 0);
  if (taken == NO_SCALAR) taken = zero;
  if (otherwise == NO_SCALAR) otherwise = zero;
  for (int k = 1; k < 3; k++) {
    singularity of_arm = singularity_at(state, at->arguments[k]);
    *met = singularity_join(*met, singularity_under(state->dag, of_arm, at->arguments[0], k == 1));
  }
  return scalar_select(state->dag, at->arguments[0], taken, otherwise);
}

static scalar tangent_of_apply(tangent_state *state, scalar node, const scalar_node *at, singularity *met) {
  scalar total = NO_SCALAR;
  for (int k = 0; k < at->argument_count; k++) {
    scalar differential = tangent_of(state, at->arguments[k]);
    if (differential == NO_SCALAR) continue;
    singularity before = singularity_at(state, at->arguments[k]);
    chain_factor factor = {differential, before != NO_SCALAR, state->tainted.of, state->tainted.count};
    scalar term = scalar_chain(state->dag, node, k, &factor);
    if (term == NO_SCALAR) continue;
    *met = singularity_join(*met, singularity_join(before, singularity_of(state->dag, node, k)));
    total = total == NO_SCALAR ? term : scalar_binary(state->dag, OP_add, total, term);
  }
  return total;
}

static void find_tangents(tangent_state *state, scalar value) {
  reach below = reach_create(state->module->memory, state->dag);
  reach_from(&below, value);
  reach_sort(&below);
  for (int k = 0; k < below.nodes.count; k++) {
    scalar node = below.nodes.items[k];
    if (!reach_add(&state->known, node)) continue;
    const scalar_node *at = scalar_at(state->dag, node);
    scalar tangent = NO_SCALAR;
    singularity met = NO_SCALAR;
    if (at->op == SCALAR_LOAD) {
      tangent = tangent_of_load(state, at);
      if (tangent != NO_SCALAR && state->singular[at->id]) met = SOMEWHERE_SINGULAR;
    } else if (at->op == SCALAR_SELECT && at->type == SCALAR_REAL) {
      tangent = tangent_of_select(state, at, &met);
    } else if (scalar_row(at->op) && at->type == SCALAR_REAL) {
      tangent = tangent_of_apply(state, node, at, &met);
    }
    list_push(state->module->memory, &state->tangents, tangent);
    list_push(state->module->memory, &state->singularities, met);
  }
}

/* The tangent of one store; kind STORE_CHECK when there is none. */
static store tangent_of_store(tangent_state *state, const store *item) {
  const store none = {.kind = STORE_CHECK, .array = -1};
  if (item->array < 0 || item->kind == STORE_MAXIMUM || item->kind == STORE_SEARCH || state->map.of[item->array] < 0)
    return none;
  find_tangents(state, item->value);
  scalar tangent = tangent_of(state, item->value);
  if (singularity_at(state, item->value) != NO_SCALAR) state->singular[item->array] = true;
  if (tangent == NO_SCALAR && item->kind == STORE_ADD) return none;
  if (tangent == NO_SCALAR) tangent = scalar_real(state->dag, 0);
  int rank = state->module->arrays.items[item->array].rank;
  const scalar *subscripts = with_direction(state, item->subscripts, rank);
  store made = kernel_store(state->module, item->kind, state->map.of[item->array], subscripts, tangent);
  made.guard = item->guard;
  return made;
}

/* With a block of directions the tangent is a kernel of its own, with the block as innermost axis; for one direction
 * it joins the primal's kernel, where the two share their subexpressions. */
static void differentiate_kernel(tangent_state *state, const statement *from, statement_list *into) {
  kernel_module *module = state->module;
  statement *primal = kernel_copy_statement(module, from);
  list_push(module->memory, into, primal);
  statement *tangent = primal;
  if (state->directions != NO_SCALAR) {
    tangent = kernel_copy_statement(module, from);
    tangent->stores.count = 0;
    axis block = {.index = state->direction, .lower = scalar_whole(state->dag, 0), .upper = state->directions};
    list_push(module->memory, &tangent->axes, block);
  }
  for (int k = 0; k < from->stores.count; k++) {
    store made = tangent_of_store(state, &from->stores.items[k]);
    if (made.kind != STORE_CHECK) list_push(module->memory, &tangent->stores, made);
  }
  if (tangent == primal || tangent->stores.count == 0) return;
  statement *renamed = kernel_rename(module, tangent, 0);
  list_push(module->memory, into, renamed);
}

static void add_tangent_locals(const tangent_state *state, const int *locals, int count, statement *to) {
  for (int k = 0; k < count; k++)
    if (state->map.of[locals[k]] >= 0) list_push(state->module->memory, &to->locals, state->map.of[locals[k]]);
}

/* An iteration of a recurrence may load what a later statement stores: so this is known before. */
static void mark_singular(tangent_state *state, const statement *in) {
  for (int k = 0; k < in->stores.count; k++)
    if (in->stores.items[k].array >= 0) state->singular[in->stores.items[k].array] = true;
  for (int k = 0; k < in->body.count; k++) mark_singular(state, in->body.items[k]);
}

static void differentiate_search(const tangent_state *state, const statement *of, statement_list *into) {
  kernel_module *module = state->module;
  list_push(module->memory, into, kernel_copy_statement(module, of));
  if (state->map.of[implicit_array(of, SEARCH_UNKNOWN)] < 0) return;
  statement *tangent = derive_search_tangent(module, of, &state->map, state->directions);
  if (tangent) list_push(module->memory, into, tangent);
}

static void differentiate_list(tangent_state *state, const statement_list *from, statement_list *into) {
  for (int k = 0; k < from->count; k++) {
    const statement *of = from->items[k];
    if (of->kind == STATEMENT_KERNEL) {
      differentiate_kernel(state, of, into);
      continue;
    }
    if (of->kind == STATEMENT_IMPLICIT) {
      differentiate_search(state, of, into);
      continue;
    }
    if (of->kind == STATEMENT_RECURRENCE && singular_inside(state->module, of, state->singular, state->map.count))
      mark_singular(state, of);
    statement shell = *of;
    shell.body = (statement_list){0};
    statement *made = kernel_copy_statement(state->module, &shell);
    add_tangent_locals(state, of->locals.items, of->locals.count, made);
    differentiate_list(state, &of->body, &made->body);
    list_push(state->module->memory, into, made);
  }
}

/* An array for the directional derivatives of another. */
static int tangent_array(tangent_state *state, int of) {
  kernel_module *module = state->module;
  array made = module->arrays.items[of];
  scalar *extents = arena_array(module->memory, scalar, made.rank + 1);
  for (int k = 0; k < made.rank; k++) extents[k] = made.extents[k];
  if (state->directions != NO_SCALAR) extents[made.rank++] = state->directions;
  made.extents = extents;
  made.role = ARRAY_LOCAL;
  made.name = arena_format(module->memory, "%s_dot", made.name);
  return kernel_array(module, made);
}

/* Arrays that the program declares, at the top or inside, get their tangents when they depend on the sources. */
static void map_locals(tangent_state *state, const int *locals, int count) {
  for (int k = 0; k < count; k++)
    if (state->active[locals[k]]) state->map.of[locals[k]] = tangent_array(state, locals[k]);
}

static void map_declared(tangent_state *state, const statement_list *list) {
  for (int k = 0; k < list->count; k++) {
    map_locals(state, list->items[k]->locals.items, list->items[k]->locals.count);
    map_declared(state, &list->items[k]->body);
  }
}

kernel_program *derive_tangent(const kernel_program *program, const int *from, const int *seed_of, int source_count,
                               scalar directions, derivative_map *tangent) {
  kernel_module *module = program->module;
  arena *memory = module->memory;
  tangent_state state = {.module = module, .dag = module->dag, .directions = directions};
  state.active = activity_forward(program, from, source_count);
  state.tainted = taint(program);
  state.known = reach_create(memory, module->dag);
  state.direction = directions == NO_SCALAR ? -1 : scalar_new_index(module->dag, "v");
  state.map.count = module->arrays.count;
  state.map.of = arena_array(memory, int, state.map.count);
  state.singular = arena_array(memory, bool, state.map.count);
  for (int k = 0; k < state.map.count; k++) state.map.of[k] = -1;
  for (int k = 0; k < source_count; k++) state.map.of[from[k]] = seed_of[k];
  map_locals(&state, program->locals.items, program->locals.count);
  map_declared(&state, &program->body);
  kernel_program *made = kernel_program_create(module, program->name);
  for (int k = 0; k < program->seeds.count; k++) list_push(memory, &made->seeds, program->seeds.items[k]);
  for (int k = 0; k < source_count; k++) list_push(memory, &made->seeds, seed_of[k]);
  for (int k = 0; k < program->locals.count; k++) {
    int local = program->locals.items[k];
    list_push(memory, &made->locals, local);
    if (state.map.of[local] >= 0) list_push(memory, &made->locals, state.map.of[local]);
  }
  differentiate_list(&state, &program->body, &made->body);
  *tangent = state.map;
  return made;
}
