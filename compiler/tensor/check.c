/* Syntax tree -> tensor program: the order of checking. See check.h for what it requires and ensures. */
#include "compiler/tensor/checker.h"

static void check_parameters(checker *state, const ast_function *function) {
  for (int k = 0; k < function->parameters.count; k++) {
    ast_name name = function->parameters.items[k];
    const local *before = visible_local(state, symbol_of(state, name.name));
    if (before) {
      diagnose(state->report, CODE_DUPLICATE_NAME, name.where, "'%s' has two parameters '%s'", function->name.name,
               name.name);
      diagnose_note(state->report, before->where, "the first one");
    }
    declare_local(state, name, function);
  }
  for (int k = function->parameters.count; k-- > 0;) forget_local(state, function->parameters.items[k].name);
}

static void declare_functions(checker *state) {
  int count = state->model->functions.count;
  state->functions = arena_array(state->memory, function_state, count + 1);
  for (int k = 0; k < count; k++) {
    const ast_function *syntax = &state->model->functions.items[k];
    state->functions[k].syntax = syntax;
    state->functions[k].failed = !declare_global(state, syntax->name, GLOBAL_FUNCTION, k);
    check_parameters(state, syntax);
  }
}

static checker *create(arena *memory, scalar_dag *dag, const source *from, const ast_model *model, const char *name,
                       diagnostics *report) {
  checker *made = arena_new(memory, checker);
  *made = (checker){.memory = memory, .dag = dag, .model = model, .report = report};
  made->numbers.memory = memory;
  made->program = arena_new(memory, tensor_program);
  *made->program = (tensor_program){.memory = memory, .dag = dag, .from = from};
  made->program->name = model->name ? model->name : name;
  made->program->comment = model->comment;
  return made;
}

static void check_vertices(checker *state, vertex_kind kind) {
  for (int k = 0; k < state->order.count; k++) {
    vertex each = state->order.items[k];
    if (each.kind != kind) continue;
    if (kind == VERTEX_DIMENSION)
      check_dimension(state, each.number);
    else
      check_definition(state, each.number);
  }
}

static void check_results(checker *state) {
  check_outputs(state);
  if (state->model->objectives.count || state->model->outputs.count) return;
  span nowhere = {0, 0};
  diagnose(state->report, CODE_NO_RESULT, nowhere, "the model has no result");
  diagnose_hint(state->report, "say what is wanted: minimize e, maximize e, or output r = e");
}

tensor_program *check(arena *memory, scalar_dag *dag, const source *from, const ast_model *model, const char *name,
                      const fixed_extent *fixed, int fixed_count, diagnostics *report) {
  int errors_before = report->error_count;
  checker *state = create(memory, dag, from, model, name, report);
  declare_dimensions(state, fixed, fixed_count);
  declare_inputs(state);
  declare_functions(state);
  declare_definitions(state);
  order_definitions(state);
  state->now = PHASE_EXTENTS;
  check_vertices(state, VERTEX_DIMENSION);
  list_dimensions(state);
  check_inputs(state);
  check_networks(state);
  check_unbound_dimensions(state);
  check_freezes(state);
  state->now = PHASE_STARTS;
  check_starts(state);
  state->now = PHASE_DEFINITIONS;
  check_vertices(state, VERTEX_DEFINITION);
  check_results(state);
  return report->error_count == errors_before ? state->program : NULL;
}
