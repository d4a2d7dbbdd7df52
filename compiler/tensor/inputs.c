/* Inputs: their extents, start values and bounds, and what `freeze` names. */
#include "compiler/tensor/checker.h"

void declare_inputs(checker *state) {
  int count = state->model->inputs.count;
  state->inputs = arena_array(state->memory, tensor *, count + 1);
  for (int k = 0; k < count; k++) declare_global(state, state->model->inputs.items[k].name, GLOBAL_INPUT, k);
}

/* ---- extents ---- */

static scalar check_input_extent(checker *state, const ast_expression *from) {
  state->root = from;
  scalar extent = check_extent(state, from, "an extent");
  if (extent == NO_SCALAR || !is_negative_number(state, extent)) return extent;
  diagnose(state->report, CODE_NEGATIVE_EXTENT, from->where, "this extent is negative: it is %s",
           show_scalar(state, extent));
  return NO_SCALAR;
}

/* The declaration as it stands in the program; false after an error. */
static bool check_declaration(checker *state, const ast_input *syntax, input *made) {
  static const input_role roles[] = {ROLE_VAR, ROLE_PARAM, ROLE_DATA, ROLE_INDEX};
  int rank = syntax->extents.count;
  scalar *extents = arena_array(state->memory, scalar, rank > 0 ? rank : 1);
  *made = (input){.name = syntax->name.name, .role = roles[syntax->role], .where = syntax->where};
  made->comment = syntax->comment;
  made->extents = extents;
  bool right = true;
  if (rank > MAXIMUM_RANK) {
    diagnose(state->report, CODE_TOO_MANY_AXES, syntax->where, "'%s' has %d axes; at most %d are supported", made->name,
             rank, MAXIMUM_RANK);
    return false;
  }
  for (int k = 0; k < rank; k++) {
    extents[k] = check_input_extent(state, syntax->extents.items[k]);
    right = right && extents[k] != NO_SCALAR;
  }
  made->rank = right ? rank : 0;
  if (syntax->role != AST_INDEX) return right;
  made->bound = syntax->bound ? check_input_extent(state, syntax->bound) : NO_SCALAR;
  return right && made->bound != NO_SCALAR;
}

void check_inputs(checker *state) {
  for (int k = 0; k < state->model->inputs.count; k++) {
    input made;
    bool right = check_declaration(state, &state->model->inputs.items[k], &made);
    list_push(state->memory, &state->program->inputs, made);
    state->inputs[k] = right ? make_input(state, k) : NULL;
  }
}

/* ---- start values and bounds ---- */

static bool fits(checker *state, const tensor *value, const tensor *of, const char *what) {
  bool right = value->rank <= of->rank;
  for (int k = 0; right && k < value->rank; k++) {
    scalar extent = value->extents[k];
    right = is_one(state, extent) || extent == of->extents[of->rank - value->rank + k];
  }
  if (right) return true;
  const char *name = show_node(state, of);
  if (of->rank == 0)
    diagnose(state->report, CODE_START_SHAPE, value->where, "%s is a single number, and its %s has shape %s", name,
             what, show_shape(state, value));
  else
    diagnose(state->report, CODE_START_SHAPE, value->where, "%s has shape %s, and its %s has shape %s", name,
             show_shape(state, of), what, show_shape(state, value));
  return false;
}

static tensor *check_start(checker *state, const ast_expression *from, tensor *of, const char *what) {
  if (!from) return NULL;
  state->root = from;
  open_scope(state, false, true);
  tensor *value = as_real(state, check_expression(state, from));
  value = close_scope(state, value);
  if (!value || !of) return NULL;
  return fits(state, value, of, what) ? value : NULL;
}

void check_starts(checker *state) {
  for (int k = 0; k < state->model->inputs.count; k++) {
    const ast_input *syntax = &state->model->inputs.items[k];
    input *made = &state->program->inputs.items[k];
    made->start = check_start(state, syntax->start, state->inputs[k], "start value");
    made->lower = check_start(state, syntax->lower, state->inputs[k], "lower bound");
    made->upper = check_start(state, syntax->upper, state->inputs[k], "upper bound");
    if ((!syntax->lower && !syntax->upper) || syntax->role == AST_VAR) continue;
    diagnose(state->report, CODE_BOUNDS_WITHOUT_SOLVER, syntax->where, "bounds belong to a var: no solver moves '%s'",
             made->name);
  }
}

/* ---- freeze ---- */

/* The number of the input that the statement names; -1 after an error. */
static int frozen_input(checker *state, const ast_freeze *syntax) {
  const symbol *of = symbol_of(state, syntax->name.name);
  const char *name = syntax->name.name;
  if (of->kind == GLOBAL_NONE) {
    unknown_name(state, syntax->name, NULL);
    return -1;
  }
  ast_role role = of->kind == GLOBAL_INPUT ? state->model->inputs.items[of->number].role : AST_DATA;
  if (of->kind == GLOBAL_INPUT && (role == AST_VAR || role == AST_PARAM)) return of->number;
  diagnose(state->report, CODE_NOT_A_VARIABLE, syntax->where,
           "'%s' never moves: only entries of a var or param are frozen", name);
  return -1;
}

static bool all_constant(checker *state, const tensor *of, const selector *selectors) {
  for (int k = 0; k < of->rank; k++) {
    if (selectors[k].kind == SELECT_SLICE) continue;
    if (selectors[k].kind == SELECT_AT && selectors[k].index->kind == TENSOR_CONSTANT) continue;
    diagnose(state->report, CODE_NOT_AN_EXTENT, selectors[k].where,
             "freeze takes single entries and slices that are known from the extents alone");
    return false;
  }
  return true;
}

static bool covers_all(const checker *state, const tensor *of, const selector *selectors) {
  for (int k = 0; k < of->rank; k++) {
    if (selectors[k].kind != SELECT_SLICE || selectors[k].extent != of->extents[k]) return false;
    if (selectors[k].start != scalar_whole(state->dag, 0)) return false;
  }
  return true;
}

static void check_freeze(checker *state, const ast_freeze *syntax) {
  int number = frozen_input(state, syntax);
  tensor *of = number < 0 ? NULL : state->inputs[number];
  if (!of) return;
  selector *selectors = check_selectors(state, of, syntax->subscripts.items, syntax->subscripts.count, syntax->where);
  if (!selectors || !all_constant(state, of, selectors)) return;
  if (covers_all(state, of, selectors)) state->program->inputs.items[number].frozen_whole = true;
  freeze made = {.input = number, .selectors = selectors, .where = syntax->where};
  list_push(state->memory, &state->program->freezes, made);
}

void check_freezes(checker *state) {
  for (int k = 0; k < state->model->freezes.count; k++) {
    state->root = NULL;
    open_scope(state, false, true);
    check_freeze(state, &state->model->freezes.items[k]);
    close_scope(state, NULL);
  }
}
