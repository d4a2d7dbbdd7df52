/* Calls of the model's functions: inlined, with their arguments bound once.
 *
 * The same call with the same arguments is inlined once where its value is still visible: a function that calls another
 * twice, nested 40 deep, stays linear. */
#include "compiler/tensor/checker.h"

static bool wrong_count(checker *state, const ast_function *function, const ast_expression *call) {
  int wanted = function->parameters.count, given = call->arguments.count;
  for (int k = 0; k < given; k++) {
    if (!call->arguments.items[k].keyword.name) continue;
    diagnose(state->report, CODE_UNKNOWN_ARGUMENT, call->arguments.items[k].keyword.where,
             "arguments of '%s' have no names: write the value alone", call->name.name);
    return true;
  }
  if (wanted == given) return false;
  diagnose(state->report, CODE_WRONG_ARGUMENT_COUNT, call->where, "'%s' takes %d argument%s, and %d %s given",
           call->name.name, wanted, wanted == 1 ? "" : "s", given, given == 1 ? "is" : "are");
  diagnose_note(state->report, function->name.where, "'%s' is defined here", call->name.name);
  return true;
}

static int key_of_call(checker *state, int function, int count, tensor *const *arguments) {
  LIST(int32_t) words = {0};
  list_push(state->memory, &words, -1);
  list_push(state->memory, &words, function);
  for (int k = 0; k < count; k++) list_push(state->memory, &words, facts(arguments[k])->number);
  return number_of(&state->numbers, words.items, words.count);
}

/* Inside the function only its parameters and the globals are visible. */
static tensor *check_body(checker *state, const ast_function *function, slot *const *arguments) {
  int frame = state->frame;
  const ast_expression *root = state->root;
  state->frame = ++state->frame_count;
  state->root = function->body;
  state->calls++;
  for (int k = 0; k < function->parameters.count; k++)
    declare_local(state, function->parameters.items[k], function)->value = arguments[k];
  tensor *value = check_expression(state, function->body);
  for (int k = function->parameters.count; k-- > 0;) forget_local(state, function->parameters.items[k].name);
  state->calls--;
  state->root = root;
  state->frame = frame;
  return value;
}

/* A call that failed would fail again: it is not inlined a second time, so that errors stay linear too. */
static bool has_failed(const checker *state, int key) {
  return key < state->failed_calls.count && state->failed_calls.items[key];
}

static void remember_failure(checker *state, int key) {
  while (state->failed_calls.count <= key) list_push(state->memory, &state->failed_calls, false);
  state->failed_calls.items[key] = true;
}

/* An error inside a function's body says which call it is about: the innermost one. */
static void note_call(checker *state, const char *name, span where) {
  if (state->noted == state->report->error_count) return;
  state->noted = state->report->error_count;
  diagnose_note(state->report, where, "in this call of '%s'", name);
}

tensor *inline_function(checker *state, int number, tensor *const *values, const char *name, span where) {
  const ast_function *function = state->functions[number].syntax;
  int count = function->parameters.count;
  if (state->functions[number].failed) return NULL;
  if (state->calls == MAXIMUM_CALLS) {
    diagnose(state->report, CODE_TOO_DEEP, where, "functions call functions more than %d deep", MAXIMUM_CALLS);
    return NULL;
  }
  int key = key_of_call(state, number, count, values);
  tensor *known = recall(state, key);
  if (known || has_failed(state, key)) return known;
  slot **arguments = arena_array(state->memory, slot *, count > 0 ? count : 1);
  for (int k = 0; k < count; k++)
    arguments[k] = new_slot(state, values[k], function->parameters.items[k].name, values[k]->where);
  int errors = state->report->error_count;
  tensor *value = check_body(state, function, arguments);
  if (state->report->error_count > errors) note_call(state, name, where);
  if (!value) remember_failure(state, key);
  return remember(state, key, value);
}

static tensor *inline_call(checker *state, int number, const ast_expression *call) {
  int count = call->arguments.count;
  bool failed = state->functions[number].failed || wrong_count(state, state->functions[number].syntax, call);
  tensor **values = arena_array(state->memory, tensor *, count > 0 ? count : 1);
  for (int k = 0; k < count; k++) values[k] = check_expression(state, call->arguments.items[k].value);
  for (int k = 0; k < count; k++) failed = failed || !values[k];
  return failed ? NULL : inline_function(state, number, values, call->name.name, call->where);
}

tensor *check_call(checker *state, const ast_expression *from) {
  const symbol *of = symbol_of(state, from->name.name);
  if (of->kind == GLOBAL_FUNCTION) return inline_call(state, of->number, from);
  if (of->kind == GLOBAL_NETWORK) return check_network_call(state, of->number, from);
  if (find_builtin(from->name.name) != BUILTIN_NONE) return check_builtin(state, from);
  unknown_function(state, from->name);
  for (int k = 0; k < from->arguments.count; k++) check_expression(state, from->arguments.items[k].value);
  return NULL;
}
