/* Functions: asked for in words, derived, compiled, and kept for the next time. */
#include "compiler/library/library.h"

#include <ctype.h>
#include <string.h>

/* What stands for each list when it is not given: roles of inputs, or all outputs. */
enum { ALL_OUTPUTS = -1, NOTHING = 0 };

static const struct {
  const char *word;
  request_kind kind;
  int read, along; /* sets of roles, or one of the above */
  bool block;
} kinds[] = {
    {"value", REQUEST_VALUE, ALL_OUTPUTS, NOTHING, false}, {"outputs", REQUEST_OUTPUTS, ALL_OUTPUTS, NOTHING, false},
    {"grad", REQUEST_GRADIENT, ACTIVE, NOTHING, false},    {"hvp", REQUEST_PRODUCT, VARS, VARS, true},
    {"mixed", REQUEST_PRODUCT, PARAMS, VARS, true},        {"jvp", REQUEST_JVP, ALL_OUTPUTS, VARS, true},
    {"vjp", REQUEST_VJP, ACTIVE, ALL_OUTPUTS, false},      {"start", REQUEST_START, NOTHING, NOTHING, false},
    {"lower", REQUEST_LOWER, NOTHING, NOTHING, false},     {"upper", REQUEST_UPPER, NOTHING, NOTHING, false}};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* The names between commas, without the blanks around them. */
static name_list split(arena *memory, const char *list) {
  name_list made = {0};
  for (;;) {
    size_t length = strcspn(list, ","), end = length;
    const char *begin = list;
    while (begin < list + length && isspace((unsigned char)*begin)) begin++;
    while (list + end > begin && isspace((unsigned char)list[end - 1])) end--;
    list_push(memory, &made, arena_copy(memory, begin, (size_t)(list + end - begin)));
    if (!list[length]) return made;
    list += length + 1;
  }
}

static name_list names_for(const adjoin_model *of, const char *given, int otherwise) {
  if (given && *given) return split(of->memory, given);
  if (otherwise == ALL_OUTPUTS) return names_of_outputs(of->memory, of->program);
  return names_of_roles(of->memory, of->program, (unsigned)otherwise);
}

static bool same_names(const char *const *a, int a_count, const char *const *b, int b_count) {
  bool same = a_count == b_count;
  for (int k = 0; k < a_count && same; k++) same = !strcmp(a[k], b[k]);
  return same;
}

static adjoin_function *find_made(const adjoin_model *of, const request *wanted) {
  for (int k = 0; k < of->functions.count; k++) {
    const request *made = &of->functions.items[k]->wanted;
    if (made->kind == wanted->kind && made->block == wanted->block &&
        same_names(made->read, made->read_count, wanted->read, wanted->read_count) &&
        same_names(made->along, made->along_count, wanted->along, wanted->along_count))
      return of->functions.items[k];
  }
  return NULL;
}

/* Which inputs the code reads: array numbers are input numbers. */
static const bool *loaded_inputs(const adjoin_model *of, const kernel_program *program) {
  bool *loads = arena_array(of->memory, bool, program->module->arrays.count + 1);
  for (int k = 0; k < program->body.count; k++) kernel_uses(program->module, program->body.items[k], loads, NULL);
  return loads;
}

static adjoin_status make_function(adjoin_model *of, const request *wanted, adjoin_function **into) {
  int number = session_request(of->from, wanted);
  if (number < 0) return tell_session(&of->told, ADJOIN_MODEL, of->from);
  const kernel_program *program = session_program(of->from, number);
  adjoin_function *made = arena_new(of->memory, adjoin_function);
  *made = (adjoin_function){.model = of, .number = of->functions.count, .wanted = *wanted};
  made->result_count = program->results.count;
  arena_set_escape(program->module->memory, &of->escape);
  made->loads = loaded_inputs(of, program);
  list_push(of->memory, &of->functions, made);
  made->code = session_compile(of->from, number);
  if (made->code) {
    made->entry = jit_entry(made->code, 0);
    made->workspace = jit_workspace(made->code, 0);
    *into = made;
    return ADJOIN_OK;
  }
  of->functions.count--;
  return tell_session(&of->told, ADJOIN_MEMORY, of->from);
}

static adjoin_status get_locked(adjoin_model *of, int kind, const char *read, const char *along, bool block,
                                adjoin_function **into) {
  if (session_failed(of->from)) return tell(&of->told, ADJOIN_MEMORY, "memory", "out of memory");
  if (setjmp(of->escape)) return tell(&of->told, ADJOIN_MEMORY, "memory", "out of memory");
  name_list reads = names_for(of, read, kinds[kind].read), alongs = names_for(of, along, kinds[kind].along);
  request wanted = {.kind = kinds[kind].kind,
                    .read = reads.items,
                    .read_count = reads.count,
                    .along = alongs.items,
                    .along_count = alongs.count,
                    .block = block};
  *into = find_made(of, &wanted);
  if (*into) return ADJOIN_OK;
  adjoin_status status = make_function(of, &wanted, into);
  if (status == ADJOIN_MODEL) session_forget_reported(of->from);
  return status;
}

adjoin_status adjoin_function_get(adjoin_model *model, const char *kind, const char *read, const char *along, int flags,
                                  const adjoin_function **function) {
  if (function) *function = NULL;
  if (!model || !kind || !function) return ADJOIN_USE;
  int which = 0;
  while (which < KIND_COUNT && strcmp(kinds[which].word, kind)) which++;
  bool block = flags & ADJOIN_BLOCK;
  if (which == KIND_COUNT || (block && !kinds[which].block))
    return tell(&model->told, ADJOIN_USE, "use", "there is no %s of kind '%s'", block ? "block" : "function", kind);
  adjoin_function *found = NULL;
  pthread_mutex_lock(&model->lock);
  adjoin_status status = get_locked(model, which, read, along, block, &found);
  pthread_mutex_unlock(&model->lock);
  *function = found;
  return status;
}

int adjoin_seed_count(const adjoin_function *function) {
  return function->wanted.along_count;
}

const char *adjoin_seed_name(const adjoin_function *function, int number) {
  return number >= 0 && number < function->wanted.along_count ? function->wanted.along[number] : NULL;
}

int adjoin_result_count(const adjoin_function *function) {
  return function->result_count;
}

const char *adjoin_result_name(const adjoin_function *function, int number) {
  if (number < 0 || number >= function->result_count) return NULL;
  int first = function->result_count - function->wanted.read_count; /* the objective stands before what is read */
  return number < first ? function->model->program->objective.name : function->wanted.read[number - first];
}
