/* Models: a session, and what it declares, listed once so that readers need no lock. */
#include "compiler/library/library.h"

#include "runtime/file.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More text than anyone writes; places in a text are 32-bit numbers. */
enum { LARGEST_MODEL = 1 << 28 };

static const char *const *extent_texts(const adjoin_model *of, int rank, const scalar *extents) {
  const char **made = arena_array(of->memory, const char *, rank + 1);
  for (int k = 0; k < rank; k++) {
    text written = text_create(of->memory);
    scalar_write(of->program->dag, extents[k], NULL, NULL, &written);
    made[k] = written.data;
  }
  return made;
}

static const char *kept(const adjoin_model *of, const char *words) {
  return words ? arena_copy(of->memory, words, strlen(words)) : "";
}

static bool has_freeze(const tensor_program *of, int number) {
  for (int k = 0; k < of->freezes.count; k++)
    if (of->freezes.items[k].input == number) return true;
  return false;
}

static void list_inputs(adjoin_model *into) {
  static const adjoin_role roles[] = {
      [ROLE_VAR] = ADJOIN_VAR, [ROLE_PARAM] = ADJOIN_PARAM, [ROLE_DATA] = ADJOIN_DATA, [ROLE_INDEX] = ADJOIN_INDEX};
  for (int k = 0; k < into->program->inputs.count; k++) {
    const input *each = &into->program->inputs.items[k];
    adjoin_array made = {.name = kept(into, each->name),
                         .role = roles[each->role],
                         .rank = each->rank,
                         .extents = extent_texts(into, each->rank, each->extents),
                         .comment = kept(into, each->comment),
                         .has_start = each->start != NULL,
                         .has_lower = each->lower != NULL,
                         .has_upper = each->upper != NULL,
                         .frozen = each->frozen_whole,
                         .partly_frozen = !each->frozen_whole && has_freeze(into->program, k)};
    list_push(into->memory, &into->inputs, made);
  }
}

static adjoin_array describe(adjoin_model *of, const char *name, adjoin_role role, const tensor *value) {
  return (adjoin_array){.name = kept(of, name),
                        .role = role,
                        .rank = value->rank,
                        .extents = extent_texts(of, value->rank, value->extents),
                        .comment = ""};
}

static void list_definitions(adjoin_model *into) {
  const tensor_program *from = into->program;
  if (from->objective.value)
    list_push(into->memory, &into->outputs,
              describe(into, from->objective.name, ADJOIN_OBJECTIVE, from->objective.value->value));
  for (int k = 0; k < from->outputs.count; k++)
    list_push(into->memory, &into->outputs,
              describe(into, from->outputs.items[k].name, ADJOIN_OUTPUT, from->outputs.items[k].value->value));
  for (int k = 0; k < from->definitions.count; k++) {
    const binding *each = from->definitions.items[k];
    bool listed = !each->name;
    for (int m = 0; m < into->outputs.count && !listed; m++) listed = !strcmp(into->outputs.items[m].name, each->name);
    if (!listed)
      list_push(into->memory, &into->definitions, describe(into, each->name, ADJOIN_DEFINITION, each->value));
  }
}

static void list_extents(adjoin_model *into) {
  for (int k = 0; k < into->program->dimensions.count; k++) {
    const dimension *each = &into->program->dimensions.items[k];
    if (scalar_at(into->program->dag, each->value)->op == SCALAR_EXTENT)
      list_push(into->memory, &into->extents, kept(into, each->name));
  }
}

static adjoin_status status_of(const session *of) {
  if (session_exhausted(of)) return ADJOIN_MEMORY;
  if (session_internal(of)) return ADJOIN_INTERNAL;
  return session_failed(of) ? ADJOIN_MODEL : ADJOIN_OK;
}

/* What was reported of a good model are warnings. */
static adjoin_status describe_all(adjoin_model *into, void *unused, mistakes *found) {
  (void)unused;
  adjoin_status status = status_of(into->from);
  if (status == ADJOIN_MEMORY) return status;
  add_mistakes(found, status, session_reported(into->from));
  if (status != ADJOIN_OK) return status;
  session_forget_reported(into->from);
  into->dimension_count = into->program->dimensions.count;
  list_inputs(into);
  list_definitions(into);
  list_extents(into);
  return ADJOIN_OK;
}

static adjoin_model *create_model(const adjoin_context *context, const char *name, const char *given, size_t length) {
  adjoin_model *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  if (pthread_mutex_init(&made->lock, NULL)) {
    free(made);
    return NULL;
  }
  made->told = context->told;
  made->memory = arena_create();
  made->from = session_open(name, NULL, given, length, context->fixed.items, context->fixed.count, NULL);
  if (made->memory && made->from) {
    made->program = session_model(made->from);
    return made;
  }
  adjoin_model_release(made);
  return NULL;
}

adjoin_status adjoin_model_from_text(adjoin_context *context, const char *name, const char *given, size_t length,
                                     adjoin_model **model) {
  if (model) *model = NULL;
  if (!context || !name || (!given && length) || !model)
    return tell_misuse(context ? &context->told : NULL, "adjoin_model_from_text: NULL for a name, a text or a model");
  if (length > LARGEST_MODEL)
    return tell(&context->told, ADJOIN_MODEL, CODE_TOO_LONG, "%s: a model of %zu bytes is refused", name, length);
  adjoin_model *made = create_model(context, name, given ? given : "", length);
  if (!made) return tell_exhausted(&context->told);
  adjoin_status status = guarded(made, describe_all, NULL);
  if (status == ADJOIN_OK)
    *model = made;
  else
    adjoin_model_release(made);
  return status;
}

adjoin_status adjoin_model_from_file(adjoin_context *context, const char *path, adjoin_model **model) {
  if (model) *model = NULL;
  if (!context || !path || !model)
    return tell_misuse(context ? &context->told : NULL, "adjoin_model_from_file: NULL for a path or a model");
  array_error error;
  size_t length;
  errno = 0;
  char *given = file_read(path, LARGEST_MODEL, &length, &error);
  if (!given && errno == ENOMEM) return tell_exhausted(&context->told);
  if (!given) return tell(&context->told, ADJOIN_FILE, CODE_INPUT, "%s", error.message);
  adjoin_status status = adjoin_model_from_text(context, path, given, length, model);
  free(given);
  return status;
}

void adjoin_model_release(adjoin_model *model) {
  if (!model) return;
  for (int k = 0; k < model->functions.count; k++) jit_release(model->functions.items[k]->code);
  session_close(model->from);
  arena_release(model->memory);
  pthread_mutex_destroy(&model->lock);
  free(model);
}

/* ---- what a model declares ---- */

const char *adjoin_model_name(const adjoin_model *model) {
  return model ? model->program->name : NULL;
}

int adjoin_input_count(const adjoin_model *model) {
  return model ? model->inputs.count : 0;
}

const adjoin_array *adjoin_input(const adjoin_model *model, int number) {
  return number >= 0 && number < adjoin_input_count(model) ? &model->inputs.items[number] : NULL;
}

int adjoin_output_count(const adjoin_model *model) {
  return model ? model->outputs.count : 0;
}

const adjoin_array *adjoin_output(const adjoin_model *model, int number) {
  return number >= 0 && number < adjoin_output_count(model) ? &model->outputs.items[number] : NULL;
}

static const adjoin_array *find_array(const adjoin_array *list, int count, const char *name) {
  for (int k = 0; k < count; k++)
    if (!strcmp(list[k].name, name)) return &list[k];
  return NULL;
}

const adjoin_array *adjoin_find(const adjoin_model *model, const char *name, int *input_number) {
  if (input_number) *input_number = -1;
  if (!model || !name) return NULL;
  const adjoin_array *found = find_array(model->inputs.items, model->inputs.count, name);
  if (found && input_number) *input_number = (int)(found - model->inputs.items);
  if (!found) found = find_array(model->outputs.items, model->outputs.count, name);
  return found ? found : find_array(model->definitions.items, model->definitions.count, name);
}

int adjoin_extent_count(const adjoin_model *model) {
  return model ? model->extents.count : 0;
}

const char *adjoin_extent_name(const adjoin_model *model, int number) {
  return number >= 0 && number < adjoin_extent_count(model) ? model->extents.items[number] : NULL;
}
