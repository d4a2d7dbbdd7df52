/* Inputs: their extents, start values and bounds, and what `freeze` names. */
#include "compiler/tensor/checker.h"

/* In the order of the text. */
void declare_inputs(checker *state) {
  const ast_model *model = state->model;
  state->networks = arena_array(state->memory, network_state, model->networks.count + 1);
  for (int own = 0, net = 0; own < model->inputs.count || net < model->networks.count;) {
    bool plain =
        own < model->inputs.count &&
        (net == model->networks.count || model->inputs.items[own].where.begin < model->networks.items[net].where.begin);
    if (plain)
      list_push(state->memory, &state->declared, model->inputs.items[own++]);
    else
      declare_weights(state, net++);
  }
  state->inputs = arena_array(state->memory, tensor *, state->declared.count + 1);
  for (int k = 0; k < state->declared.count; k++) declare_global(state, state->declared.items[k].name, GLOBAL_INPUT, k);
  for (int k = 0; k < model->networks.count; k++)
    if (!declare_global(state, model->networks.items[k].name, GLOBAL_NETWORK, k)) state->networks[k].failed = true;
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
  made->network = -1;
  made->fan_in = NO_SCALAR;
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
  for (int k = 0; k < state->declared.count; k++) {
    input made;
    bool right = check_declaration(state, &state->declared.items[k], &made);
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
  for (int k = 0; k < state->declared.count; k++) {
    const ast_input *syntax = &state->declared.items[k];
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

/* How many inputs have names below this one: f.0.weight is below f.0 and f. */
static int count_below(const checker *state, const char *name) {
  int count = 0;
  for (int k = 0; k < state->declared.count; k++) count += is_below(state->declared.items[k].name.name, name);
  return count;
}

static bool moves(const checker *state, const symbol *of) {
  ast_role role = of->kind == GLOBAL_INPUT ? state->declared.items[of->number].role : AST_DATA;
  return of->kind == GLOBAL_INPUT && (role == AST_VAR || role == AST_PARAM);
}

static void never_moves(checker *state, const ast_freeze *syntax, const char *name) {
  diagnose(state->report, CODE_NOT_A_VARIABLE, syntax->where,
           "'%s' never moves: only entries of a var or param are frozen", name);
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

static void freeze_input(checker *state, const ast_freeze *syntax, int number) {
  tensor *of = state->inputs[number];
  if (!of) return;
  selector *selectors = check_selectors(state, of, syntax->subscripts.items, syntax->subscripts.count, syntax->where);
  if (!selectors || !all_constant(state, of, selectors)) return;
  if (covers_all(state, of, selectors)) state->program->inputs.items[number].frozen_whole = true;
  freeze made = {.input = number, .selectors = selectors, .where = syntax->where};
  list_push(state->memory, &state->program->freezes, made);
}

/* All inputs below a name, each as a whole. */
static void freeze_below(checker *state, const ast_freeze *syntax) {
  const char *name = syntax->name.name;
  const char *first = NULL;
  for (int k = 0; k < state->declared.count; k++) {
    const char *each = state->declared.items[k].name.name;
    if (!is_below(each, name)) continue;
    if (!first) first = each;
    if (!moves(state, symbol_of(state, each))) {
      never_moves(state, syntax, each);
      return;
    }
    if (!syntax->subscripts.count) freeze_input(state, syntax, k);
  }
  if (!syntax->subscripts.count) return;
  diagnose(state->report, CODE_SUBSCRIPT_COUNT, syntax->where, "'%s' names %d arrays: it has no subscripts", name,
           count_below(state, name));
  diagnose_hint(state->report, "subscripts belong to one of them: %s[...]", first);
}

static void check_freeze(checker *state, const ast_freeze *syntax) {
  const symbol *of = symbol_of(state, syntax->name.name);
  bool below = of->kind == GLOBAL_NETWORK || of->kind == GLOBAL_NONE;
  if (below && count_below(state, of->name))
    freeze_below(state, syntax);
  else if (of->kind == GLOBAL_NONE)
    unknown_name(state, syntax->name, NULL);
  else if (!moves(state, of))
    never_moves(state, syntax, of->name);
  else
    freeze_input(state, syntax, of->number);
}

void check_freezes(checker *state) {
  for (int k = 0; k < state->model->freezes.count; k++) {
    state->root = NULL;
    open_scope(state, false, true);
    check_freeze(state, &state->model->freezes.items[k]);
    close_scope(state, NULL);
  }
}
