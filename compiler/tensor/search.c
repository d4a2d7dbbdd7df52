/* Searches: argmin[w[d] = w0] e, argmax, and root[y[n] = y0] e.
 *
 * The unknown is a name that the body alone sees, and like an index it binds what depends on it to the search: what
 * does not is computed once, outside. No derivative passes through the start. */
#include "compiler/tensor/checker.h"

#include <string.h>

static const char *const goals[] = {[GOAL_LEAST] = "argmin", [GOAL_LARGEST] = "argmax", [GOAL_ROOT] = "root"};

static search_goal goal_named(const char *name) {
  int goal = GOAL_LEAST;
  while (strcmp(name, goals[goal])) goal++;
  return (search_goal)goal;
}

/* The unknown's extents; false after an error. */
static bool check_extents(checker *state, const ast_expression *from, int *rank, const scalar **extents) {
  *rank = from->operand_count - 2;
  if (*rank > MAXIMUM_RANK) {
    diagnose(state->report, CODE_TOO_MANY_AXES, from->unknown.where, "'%s' has %d axes; at most %d are supported",
             from->unknown.name, *rank, MAXIMUM_RANK);
    return false;
  }
  scalar *made = arena_array(state->memory, scalar, *rank);
  bool right = true;
  for (int k = 0; k < *rank; k++) {
    made[k] = check_extent(state, from->operands[k + 2], "an extent");
    right = right && made[k] != NO_SCALAR;
  }
  *extents = made;
  return right;
}

/* Does the start stretch to the unknown's shape? */
static bool start_fits(checker *state, const tensor *start, const tensor *unknown) {
  bool right = start->rank <= unknown->rank;
  for (int k = 0; right && k < start->rank; k++) {
    scalar extent = start->extents[k];
    right = is_one(state, extent) || extent == unknown->extents[unknown->rank - start->rank + k];
  }
  if (!right)
    diagnose(state->report, CODE_START_SHAPE, start->where, "'%s' %s, and its start %s", unknown->name->name,
             show_form(state, unknown), show_form(state, start));
  return right;
}

static bool same_shape(const tensor *a, const tensor *b) {
  bool same = a->rank == b->rank;
  for (int k = 0; same && k < a->rank; k++) same = a->extents[k] == b->extents[k];
  return same;
}

/* A single number to be least or largest; for a root, an equation for each unknown. */
static tensor *check_goal(checker *state, search_goal goal, const tensor *unknown, tensor *body) {
  if (!body) return NULL;
  if (goal == GOAL_ROOT) {
    if (same_shape(body, unknown)) return body;
    diagnose(state->report, CODE_SEARCH_SHAPE, body->where,
             "a root needs an equation for each unknown: '%s' %s, this %s", unknown->name->name,
             show_form(state, unknown), show_form(state, body));
    return NULL;
  }
  if (body->rank == 0) return body;
  diagnose(state->report, CODE_SEARCH_SHAPE, body->where,
           "what %s looks at must be a single number, and this has shape %s", goals[goal], show_shape(state, body));
  diagnose_hint(state->report, "reduce it: sum(...), mean(...)");
  return NULL;
}

tensor *check_search(checker *state, const ast_expression *from) {
  search_goal goal = goal_named(from->name.name);
  int rank;
  const scalar *extents;
  bool right = check_extents(state, from, &rank, &extents);
  tensor *start = as_real(state, check_expression(state, from->operands[1]));
  int level = state->scope->level + 1;
  tensor *unknown = right ? make_unknown(state, from->unknown.name, rank, extents, level, from->unknown.where) : NULL;
  if (start && unknown && !start_fits(state, start, unknown)) start = NULL;
  start = share(state, make_unary(state, OP_stop, start, from->operands[1]->where));
  open_scope(state, true, false);
  declare_local(state, from->unknown, from)->value = new_slot(state, unknown, from->unknown.name, from->where);
  tensor *body = as_real(state, check_expression(state, from->operands[0]));
  forget_local(state, from->unknown.name);
  if (unknown) body = check_goal(state, goal, unknown, body);
  body = close_scope(state, body);
  return share(state, make_search(state, goal, unknown, start, body, level, from->where));
}
