/* Extents: `dim n` is free and bound by the arrays that are passed; `dim h = 32` is 32 unless it is fixed otherwise;
 * `dim m = n - 1` follows from others. */
#include "compiler/tensor/checker.h"

static const span nowhere = {0, 0};

/* Does the expression name anything? Then it is derived. */
static bool has_names(const ast_expression *from) {
  if (!from) return false;
  if (from->kind == AST_NAME || from->kind == AST_CALL) return true;
  for (int k = 0; k < from->operand_count; k++)
    if (has_names(from->operands[k])) return true;
  return false;
}

static void fix_dimension(checker *state, const fixed_extent *fixed) {
  const symbol *of = symbol_of(state, fixed->name);
  if (of->kind != GLOBAL_DIMENSION) {
    diagnose(state->report, CODE_UNKNOWN_NAME, nowhere, "the model has no extent '%s' to fix", fixed->name);
    int count = state->model->dimensions.count;
    const char **names = arena_array(state->memory, const char *, count + 1);
    for (int k = 0; k < count; k++) names[k] = state->model->dimensions.items[k].name.name;
    const char *nearest = nearest_name(fixed->name, names, count);
    if (nearest) diagnose_hint(state->report, "did you mean '%s'?", nearest);
    return;
  }
  dimension_state *into = &state->dimensions[of->number];
  if (fixed->value < 0) {
    diagnose(state->report, CODE_NEGATIVE_EXTENT, nowhere, "the extent '%s' can't be negative", fixed->name);
  } else if (has_names(into->syntax->value)) {
    diagnose(state->report, CODE_DERIVED_EXTENT, of->where, "the extent '%s' follows from others: it can't be fixed",
             fixed->name);
    diagnose_hint(state->report, "fix the extents that it is computed from");
  } else {
    into->override = true;
    into->fixed = fixed->value;
  }
}

/* Free extents are numbered in the order of the text. */
void declare_dimensions(checker *state, const fixed_extent *fixed, int fixed_count) {
  int count = state->model->dimensions.count;
  state->dimensions = arena_array(state->memory, dimension_state, count + 1);
  for (int k = 0; k < count; k++) {
    const ast_dimension *syntax = &state->model->dimensions.items[k];
    state->dimensions[k].syntax = syntax;
    state->dimensions[k].failed = !declare_global(state, syntax->name, GLOBAL_DIMENSION, k);
  }
  for (int k = 0; k < fixed_count; k++) fix_dimension(state, &fixed[k]);
  for (int k = 0; k < count; k++) {
    dimension_state *each = &state->dimensions[k];
    if (each->override)
      each->value = scalar_whole(state->dag, each->fixed);
    else if (!each->syntax->value)
      each->value = scalar_extent(state->dag, scalar_new_extent(state->dag, each->syntax->name.name));
  }
}

void check_dimension(checker *state, int number) {
  dimension_state *each = &state->dimensions[number];
  if (each->failed || each->value != NO_SCALAR) return;
  state->root = each->syntax->value;
  scalar value = check_extent(state, each->syntax->value, "an extent");
  if (value != NO_SCALAR && is_negative_number(state, value)) {
    diagnose(state->report, CODE_NEGATIVE_EXTENT, each->syntax->value->where, "the extent '%s' is negative: it is %s",
             each->syntax->name.name, show_scalar(state, value));
    return;
  }
  each->value = value;
}

void list_dimensions(checker *state) {
  for (int k = 0; k < state->model->dimensions.count; k++) {
    const dimension_state *each = &state->dimensions[k];
    dimension made = {.name = each->syntax->name.name, .value = each->value};
    made.where = each->syntax->name.where;
    made.comment = each->syntax->comment;
    list_push(state->memory, &state->program->dimensions, made);
  }
}

/* ---- what binds them ---- */

/* Marks the extents that the expression mentions. */
static void mark_extents(checker *state, scalar from, bool *seen, bool *mentioned) {
  LIST(scalar) waiting = {0};
  list_push(state->memory, &waiting, from);
  while (waiting.count) {
    scalar next = waiting.items[--waiting.count];
    if (seen[next]) continue;
    seen[next] = true;
    const scalar_node *at = scalar_at(state->dag, next);
    if (at->op == SCALAR_EXTENT) mentioned[next] = true;
    for (int k = 0; k < at->argument_count; k++) list_push(state->memory, &waiting, at->arguments[k]);
  }
}

/* A free extent that no array has must be fixed. */
void check_unbound_dimensions(checker *state) {
  int count = scalar_count(state->dag);
  bool *seen = arena_array(state->memory, bool, count), *mentioned = arena_array(state->memory, bool, count);
  for (int k = 0; k < state->program->inputs.count; k++) {
    const input *each = &state->program->inputs.items[k];
    if (!state->inputs[k]) return;
    for (int axis = 0; axis < each->rank; axis++) mark_extents(state, each->extents[axis], seen, mentioned);
  }
  for (int k = 0; k < state->model->dimensions.count; k++) {
    const dimension_state *each = &state->dimensions[k];
    if (each->failed || each->value == NO_SCALAR || each->syntax->value || each->override) continue;
    if (mentioned[each->value]) continue;
    const char *name = each->syntax->name.name;
    diagnose(state->report, CODE_UNBOUND_EXTENT, each->syntax->name.where,
             "nothing binds the extent '%s': no input has it", name);
    diagnose_hint(state->report, "give it a value here, dim %s = 10, or from outside, --dim %s=10", name, name);
  }
}
