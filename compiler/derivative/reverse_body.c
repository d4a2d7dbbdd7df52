/* Reverse accumulation over a scalar graph with lazy selects.
 *
 * For a node n with users u, adjoint(n) = sum over u of adjoint(u) * (partial u / partial n). A use inside an arm of a
 * select happens only when that arm is taken, so each node has a *region*: the innermost arm that holds all its uses.
 * Its adjoint is meant relative to that region, and is wrapped in a select only where a use lies deeper. So nothing is
 * multiplied by the partial of an arm that was not taken, and a nan there stays there. */
#include "compiler/derivative/reverse_body.h"
#include "compiler/kernel/reach.h"

/* An arm of a select inside another region; region 0 is the whole body. */
typedef struct {
  int outer, depth;
  scalar condition;      /* of the select */
  bool taken;            /* the arm where the condition holds */
  int first_inner, next; /* the regions directly inside, as a list */
} region;

typedef struct {
  int where;
  scalar value;
  bool singular;
  int next; /* the node's next contribution, or -1 */
} contribution;

typedef struct {
  const kernel_module *module;
  scalar_dag *dag;
  const bool *active;
  const taint_facts *tainted;
  reach nodes;   /* of the body, ascending */
  bool *carries; /* by position: depends on a load of an active array */
  int *first;    /* by position: its contributions, or -1 */
  LIST(contribution) contributions;
  LIST(region) regions;
} reverse_state;

static int inner_region(reverse_state *state, int outer, scalar condition, bool taken) {
  for (int k = state->regions.items[outer].first_inner; k >= 0; k = state->regions.items[k].next)
    if (state->regions.items[k].condition == condition && state->regions.items[k].taken == taken) return k;
  region made = {.outer = outer, .condition = condition, .taken = taken, .first_inner = -1};
  made.depth = state->regions.items[outer].depth + 1;
  made.next = state->regions.items[outer].first_inner;
  list_push(state->module->memory, &state->regions, made);
  return state->regions.items[outer].first_inner = state->regions.count - 1;
}

static int common_region(const reverse_state *state, int a, int b) {
  const region *regions = state->regions.items;
  while (a != b)
    if (regions[a].depth >= regions[b].depth)
      a = regions[a].outer;
    else
      b = regions[b].outer;
  return a;
}

/* The sum of two adjoints. Halves of one select are merged: (c ? a : 0) + (c ? 0 : b) = (c ? a : b). */
static scalar add_adjoints(const reverse_state *state, scalar a, scalar b) {
  scalar_dag *dag = state->dag;
  if (scalar_is_real(dag, a, 0)) return b;
  if (scalar_is_real(dag, b, 0)) return a;
  const scalar_node *left = scalar_at(dag, a), *right = scalar_at(dag, b);
  bool halves = left->op == SCALAR_SELECT && right->op == SCALAR_SELECT && left->arguments[0] == right->arguments[0];
  if (!halves) return scalar_binary(dag, OP_add, a, b);
  scalar taken = add_adjoints(state, left->arguments[1], right->arguments[1]);
  scalar otherwise = add_adjoints(state, left->arguments[2], right->arguments[2]);
  return scalar_select(dag, left->arguments[0], taken, otherwise);
}

/* A value of region `from` as one of the region `to` around it: zero where an arm in between is not taken. */
static scalar widen(const reverse_state *state, scalar value, int from, int to) {
  scalar zero = scalar_real(state->dag, 0);
  while (from != to) {
    const region *arm = &state->regions.items[from];
    value = arm->taken ? scalar_select(state->dag, arm->condition, value, zero)
                       : scalar_select(state->dag, arm->condition, zero, value);
    from = arm->outer;
  }
  return value;
}

static scalar region_condition(const reverse_state *state, int of) {
  scalar_dag *dag = state->dag;
  scalar all = NO_SCALAR;
  for (; of != 0; of = state->regions.items[of].outer) {
    const region *arm = &state->regions.items[of];
    scalar holds = arm->taken ? arm->condition : scalar_unary(dag, OP_not, arm->condition);
    all = all == NO_SCALAR ? holds : scalar_binary(dag, OP_and, holds, all);
  }
  return all;
}

static void contribute(reverse_state *state, scalar node, int where, scalar value, bool singular) {
  int at = reach_position(&state->nodes, node);
  if (!state->carries[at]) return;
  contribution made = {where, value, singular, state->first[at]};
  list_push(state->module->memory, &state->contributions, made);
  state->first[at] = state->contributions.count - 1;
}

/* May the node's partial be infinite in this region, though its value is finite? */
static bool is_singular(const reverse_state *state, scalar node, int which, int where) {
  singularity met = singularity_of(state->dag, node, which);
  for (; where != 0 && met != NO_SCALAR; where = state->regions.items[where].outer)
    met = singularity_under(state->dag, met, state->regions.items[where].condition, state->regions.items[where].taken);
  return met != NO_SCALAR;
}

/* Adds up a node's contributions, in the order in which they came; the region is where all of them stand. */
static scalar total_adjoint(reverse_state *state, int at, int *where, bool *singular) {
  const contribution *items = state->contributions.items;
  LIST(int) order = {0};
  for (int k = state->first[at]; k >= 0; k = items[k].next) list_push(state->module->memory, &order, k);
  *where = items[order.items[0]].where;
  *singular = false;
  for (int k = 0; k < order.count; k++) *singular |= items[order.items[k]].singular;
  for (int k = 1; k < order.count; k++) *where = common_region(state, *where, items[order.items[k]].where);
  scalar total = scalar_real(state->dag, 0);
  for (int k = order.count - 1; k >= 0; k--) {
    const contribution *item = &items[order.items[k]];
    scalar widened = widen(state, item->value, item->where, *where);
    total = add_adjoints(state, total, widened);
  }
  return total;
}

static void find_carriers(reverse_state *state) {
  for (int k = 0; k < state->nodes.nodes.count; k++) {
    const scalar_node *at = scalar_at(state->dag, state->nodes.nodes.items[k]);
    state->first[k] = -1;
    if (at->type != SCALAR_REAL) continue;
    if (at->op == SCALAR_LOAD)
      state->carries[k] = state->active[at->id];
    else
      for (int n = 0; n < at->argument_count && !state->carries[k]; n++)
        state->carries[k] = state->carries[reach_position(&state->nodes, at->arguments[n])];
  }
}

/* Passes a node's adjoint on to its arguments. */
static void propagate(reverse_state *state, scalar node, scalar adjoint, int where, bool singular) {
  const scalar_node *at = scalar_at(state->dag, node);
  if (at->op == SCALAR_SELECT) {
    contribute(state, at->arguments[1], inner_region(state, where, at->arguments[0], true), adjoint, singular);
    contribute(state, at->arguments[2], inner_region(state, where, at->arguments[0], false), adjoint, singular);
    return;
  }
  for (int k = 0; k < at->argument_count; k++) {
    if (!state->carries[reach_position(&state->nodes, at->arguments[k])]) continue;
    chain_factor factor = {adjoint, singular, state->tainted->of, state->tainted->count};
    scalar term = scalar_chain(state->dag, node, k, &factor);
    if (term == NO_SCALAR) continue;
    contribute(state, at->arguments[k], where, term, singular || is_singular(state, node, k, where));
  }
}

load_adjoints reverse_body(const kernel_module *module, const body_output *outputs, int output_count,
                           const bool *active, const taint_facts *tainted) {
  arena *memory = module->memory;
  reverse_state state = {.module = module, .dag = module->dag, .active = active, .tainted = tainted};
  state.nodes = reach_create(memory, module->dag);
  for (int k = 0; k < output_count; k++) reach_from(&state.nodes, outputs[k].value);
  reach_sort(&state.nodes);
  int count = state.nodes.nodes.count;
  state.carries = arena_array(memory, bool, count);
  state.first = arena_array(memory, int, count);
  list_push(memory, &state.regions, (region){.first_inner = -1, .next = -1});
  find_carriers(&state);
  for (int k = 0; k < output_count; k++) {
    int where = outputs[k].condition == NO_SCALAR ? 0 : inner_region(&state, 0, outputs[k].condition, true);
    contribute(&state, outputs[k].value, where, outputs[k].adjoint, outputs[k].singular);
  }
  load_adjoints found = {0};
  for (int k = count - 1; k >= 0; k--) {
    if (state.first[k] < 0) continue;
    scalar node = state.nodes.nodes.items[k];
    int where;
    bool singular;
    scalar adjoint = total_adjoint(&state, k, &where, &singular);
    if (scalar_at(module->dag, node)->op != SCALAR_LOAD) {
      propagate(&state, node, adjoint, where, singular);
      continue;
    }
    load_adjoint made = {node, adjoint, region_condition(&state, where), singular};
    list_push(memory, &found, made);
  }
  for (int a = 0, b = found.count - 1; a < b; a++, b--) {
    load_adjoint swapped = found.items[a];
    found.items[a] = found.items[b];
    found.items[b] = swapped;
  }
  return found;
}
