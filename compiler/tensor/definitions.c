/* Definitions: lets, outputs and the objective. Each is checked once, after those that it uses. */
#include "compiler/tensor/checker.h"

static void declare_definition(checker *state, const ast_definition *syntax, definition_kind kind) {
  definition_state made = {.syntax = syntax, .kind = kind, .name = syntax->name.name};
  int number = state->definitions.count;
  if (made.name)
    made.failed = !declare_global(state, syntax->name, GLOBAL_DEFINITION, number);
  else
    made.name = "f";
  list_push(state->memory, &state->definitions, made);
}

static void declare_objectives(checker *state) {
  const ast_model *model = state->model;
  for (int k = 0; k < model->objectives.count; k++) {
    declare_definition(state, &model->objectives.items[k], DEFINITION_OBJECTIVE);
    if (k == 0) continue;
    diagnose(state->report, CODE_SECOND_OBJECTIVE, model->objectives.items[k].where, "a model has one objective");
    diagnose_note(state->report, model->objectives.items[0].where, "the first objective");
    diagnose_hint(state->report, "add them up, or make this one an output");
  }
}

void declare_definitions(checker *state) {
  const ast_model *model = state->model;
  for (int k = 0; k < model->definitions.count; k++)
    declare_definition(state, &model->definitions.items[k], DEFINITION_LET);
  for (int k = 0; k < model->outputs.count; k++)
    if (model->outputs.items[k].value) declare_definition(state, &model->outputs.items[k], DEFINITION_OUTPUT);
  declare_objectives(state);
}

/* ---- one definition ---- */

/* A single number; an array with one entry, its extents being written 1, counts as one. */
static tensor *objective_value(checker *state, tensor *value) {
  value = as_real(state, value);
  if (!value || value->rank == 0) return value;
  for (int k = 0; k < value->rank; k++) {
    if (is_one(state, value->extents[k])) continue;
    diagnose(state->report, CODE_OBJECTIVE_NOT_SCALAR, value->where,
             "the objective must be a single number, and this has shape %s", show_shape(state, value));
    diagnose_hint(state->report, "reduce it: sum(%s), mean(%s), norm(%s)", show_node(state, value),
                  show_node(state, value), show_node(state, value));
    return NULL;
  }
  return entry_at(state, value, NULL, value->where);
}

static tensor *definition_value(checker *state, const definition_state *of) {
  const ast_definition *syntax = of->syntax;
  tensor *value = check_comprehension(state, &syntax->binders, syntax->value, syntax->where);
  if (of->kind == DEFINITION_OBJECTIVE) return objective_value(state, value);
  return of->kind == DEFINITION_OUTPUT ? as_real(state, value) : value;
}

static binding *list_definition(checker *state, const char *name, tensor *value, span where) {
  binding *made = new_binding(state, name, value, where);
  list_push(state->memory, &state->program->definitions, made);
  return made;
}

void check_definition(checker *state, int number) {
  definition_state *of = &state->definitions.items[number];
  if (of->failed) return;
  state->root = of->syntax->value;
  open_scope(state, false, true);
  tensor *value = close_scope(state, definition_value(state, of));
  if (!value) return;
  span where = of->syntax->where;
  binding *made = list_definition(state, of->name, value, where);
  of->reference = make_name(state, made);
  if (of->kind != DEFINITION_OBJECTIVE) return;
  state->program->objective = (output){of->name, made, where};
  state->program->maximize = state->model->maximize.items[0];
}

/* ---- outputs ---- */

/* `output r` names a definition; a whole one is given as real numbers. */
static binding *named_output(checker *state, const ast_definition *syntax) {
  const symbol *of = symbol_of(state, syntax->name.name);
  const char *name = syntax->name.name;
  if (of->kind == GLOBAL_NONE) {
    unknown_name(state, syntax->name, NULL);
    return NULL;
  }
  if (of->kind != GLOBAL_DEFINITION) {
    diagnose(state->report, CODE_NOT_A_DEFINITION, syntax->name.where,
             "'%s' is no definition, so that it can't be an output", name);
    diagnose_hint(state->report, "give the output a name of its own: output r = ...");
    return NULL;
  }
  definition_state *definition = &state->definitions.items[of->number];
  if (definition->listed)
    diagnose(state->report, CODE_DUPLICATE_OUTPUT, syntax->where, "'%s' is an output twice", name);
  definition->listed = true;
  tensor *value = definition->reference;
  if (!value || value->type == SCALAR_REAL) return value ? value->name : NULL;
  open_scope(state, false, true);
  tensor *as_number = close_scope(state, as_real(state, value));
  return as_number ? list_definition(state, name, as_number, syntax->where) : NULL;
}

static binding *own_output(definition_state *of) {
  of->listed = true;
  return of->reference ? of->reference->name : NULL;
}

void check_outputs(checker *state) {
  int next = state->model->definitions.count;
  for (int k = 0; k < state->model->outputs.count; k++) {
    const ast_definition *syntax = &state->model->outputs.items[k];
    binding *value = syntax->value ? own_output(&state->definitions.items[next++]) : named_output(state, syntax);
    if (!value) continue;
    output made = {syntax->name.name, value, syntax->where};
    list_push(state->memory, &state->program->outputs, made);
  }
}
