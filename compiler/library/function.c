/* Functions: asked for in words, derived, compiled, and kept for the next time. */
#include "compiler/library/library.h"

#include <ctype.h>
#include <stdio.h>
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
    {"vjp", REQUEST_VJP, ACTIVE, ALL_OUTPUTS, false}};

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

static name_list names_for(const adjoin_model *of, arena *memory, const char *given, int otherwise) {
  if (given && *given) return split(memory, given);
  if (otherwise == ALL_OUTPUTS) return names_of_outputs(memory, of->program);
  return names_of_roles(memory, of->program, (unsigned)otherwise);
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

static const char *const *kept_names(const adjoin_model *of, const char *const *names, int count) {
  const char **made = arena_array(of->memory, const char *, count + 1);
  for (int k = 0; k < count; k++) made[k] = arena_copy(of->memory, names[k], strlen(names[k]));
  return made;
}

/* Everything is there before the code is: nothing that can fail stands between making code and keeping it. */
static adjoin_function *prepare_function(adjoin_model *of, const request *wanted, const kernel_program *program) {
  adjoin_function *made = arena_new(of->memory, adjoin_function);
  *made = (adjoin_function){.model = of, .number = of->functions.count, .wanted = *wanted};
  made->wanted.read = kept_names(of, wanted->read, wanted->read_count);
  made->wanted.along = kept_names(of, wanted->along, wanted->along_count);
  made->result_count = program->results.count;
  made->loads = loaded_inputs(of, program);
  list_push(of->memory, &of->functions, made);
  return made;
}

static adjoin_status why_not(const adjoin_model *of, mistakes *found) {
  if (session_exhausted(of->from)) return ADJOIN_MEMORY;
  adjoin_status status = session_internal(of->from) ? ADJOIN_INTERNAL : ADJOIN_MODEL;
  add_mistakes(found, status, session_reported(of->from));
  return status;
}

/* ADJOIN_MODEL: what was asked for can't be had, and the model is as it was. */
static adjoin_status make_function(adjoin_model *of, const request *wanted, mistakes *found, adjoin_function **into) {
  int number = session_request(of->from, wanted);
  if (number < 0) {
    adjoin_status status = why_not(of, found);
    if (status == ADJOIN_MODEL) session_forget_reported(of->from);
    return status;
  }
  arena_set_escape(scalar_memory(of->program->dag), found->escape); /* the session set its own */
  adjoin_function *made = prepare_function(of, wanted, session_program(of->from, number));
  made->session_number = number;
  if (wanted->kind == REQUEST_KINKS) made->kinks = *session_kinks(of->from);
  made->code = session_compile(of->from, number);
  if (!made->code) {
    of->functions.count--;
    return why_not(of, found);
  }
  made->entry = jit_entry(made->code, 0);
  made->workspace = jit_workspace(made->code, 0);
  *into = made;
  return ADJOIN_OK;
}

/* What is asked for, and what comes of it. */
typedef struct {
  const request *wanted;
  adjoin_function *made;
} demand;

static adjoin_status meet(adjoin_model *of, void *with, mistakes *found) {
  demand *asked = with;
  asked->made = find_made(of, asked->wanted);
  if (asked->made) return ADJOIN_OK;
  if (of->broken == ADJOIN_INTERNAL) add_mistakes(found, of->broken, session_reported(of->from));
  if (of->broken) return of->broken;
  of->broken = ADJOIN_MEMORY; /* as long as the work may leave by a jump */
  adjoin_status status = make_function(of, asked->wanted, found, &asked->made);
  of->broken = status == ADJOIN_MODEL ? ADJOIN_OK : status;
  return status;
}

adjoin_status requested_function(adjoin_model *of, const request *wanted, const adjoin_function **function) {
  demand asked = {.wanted = wanted};
  adjoin_status status = guarded(of, meet, &asked);
  *function = asked.made;
  return status;
}

/* A request in words. */
typedef struct {
  request_kind kind;
  const char *read, *along;
  int read_otherwise, along_otherwise;
  bool block;
  adjoin_function *made;
} inquiry;

/* Two seeds for one input would have to be added. */
static const char *repeated(const name_list *names) {
  for (int k = 1; k < names->count; k++)
    for (int m = 0; m < k; m++)
      if (!strcmp(names->items[k], names->items[m])) return names->items[k];
  return NULL;
}

static adjoin_status answer(adjoin_model *of, void *with, mistakes *found) {
  inquiry *asked = with;
  name_list read = names_for(of, found->memory, asked->read, asked->read_otherwise);
  name_list along = names_for(of, found->memory, asked->along, asked->along_otherwise);
  const char *twice = repeated(&along);
  if (twice) {
    add_mistake(found, ADJOIN_USE, CODE_WRONG_CALL,
                arena_format(found->memory, "two seeds along '%s' are asked for", twice));
    return ADJOIN_USE;
  }
  request wanted = {.kind = asked->kind,
                    .read = read.items,
                    .read_count = read.count,
                    .along = along.items,
                    .along_count = along.count,
                    .block = asked->block};
  demand plain = {.wanted = &wanted};
  adjoin_status status = meet(of, &plain, found);
  asked->made = plain.made;
  return status;
}

/* The message of a kind that is not in the table lists those that are. */
static adjoin_status tell_kinds(const adjoin_model *of, const char *kind, bool block) {
  char list[128] = "";
  size_t length = 0;
  for (int k = 0; k < KIND_COUNT; k++)
    if (kinds[k].block || !block)
      length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", length ? ", " : "", kinds[k].word);
  return tell(&of->told, ADJOIN_USE, CODE_WRONG_CALL, "there is no %s of kind '%s', only of: %s",
              block ? "block" : "function", kind, list);
}

adjoin_status adjoin_function_get(adjoin_model *model, const char *kind, const char *read, const char *along, int flags,
                                  const adjoin_function **function) {
  if (function) *function = NULL;
  if (!model || !kind || !function)
    return tell_misuse(model ? &model->told : NULL, "adjoin_function_get: NULL for a kind or a function");
  if (flags & ~ADJOIN_BLOCK)
    return tell(&model->told, ADJOIN_USE, CODE_WRONG_CALL, "adjoin_function_get: unknown flags: %d", flags);
  int which = 0;
  while (which < KIND_COUNT && strcmp(kinds[which].word, kind)) which++;
  bool block = flags & ADJOIN_BLOCK;
  if (which == KIND_COUNT || (block && !kinds[which].block)) return tell_kinds(model, kind, block);
  if (along && *along && kinds[which].along == NOTHING)
    return tell(&model->told, ADJOIN_USE, CODE_WRONG_CALL, "a function of kind '%s' is not along anything", kind);
  inquiry asked = {.kind = kinds[which].kind,
                   .read = read,
                   .along = along,
                   .read_otherwise = kinds[which].read,
                   .along_otherwise = kinds[which].along,
                   .block = block};
  adjoin_status status = guarded(model, answer, &asked);
  *function = asked.made;
  return status;
}

adjoin_status declared_function(adjoin_model *of, const char *name, adjoin_declared which,
                                const adjoin_function **function) {
  static const request_kind wanted[] = {REQUEST_START, REQUEST_LOWER, REQUEST_UPPER};
  return requested_function(of, &(request){.kind = wanted[which], .read = &name, .read_count = 1}, function);
}

int adjoin_seed_count(const adjoin_function *function) {
  return function ? function->wanted.along_count : 0;
}

const char *adjoin_seed_name(const adjoin_function *function, int number) {
  return number >= 0 && number < adjoin_seed_count(function) ? function->wanted.along[number] : NULL;
}

int adjoin_result_count(const adjoin_function *function) {
  return function ? function->result_count : 0;
}

const char *adjoin_result_name(const adjoin_function *function, int number) {
  if (number < 0 || number >= adjoin_result_count(function)) return NULL;
  int first = function->result_count - function->wanted.read_count; /* the objective stands before what is read */
  return number < first ? function->model->program->objective.name : function->wanted.read[number - first];
}
