/* Contexts, and the words for a status. */
#include "compiler/library/library.h"

#include <stdlib.h>
#include <string.h>

const char *adjoin_version(void) {
  return ADJOIN_VERSION;
}

const char *adjoin_status_text(adjoin_status status) {
  switch (status) {
  case ADJOIN_OK: return "done";
  case ADJOIN_MODEL: return "the model has errors, or not what was asked for";
  case ADJOIN_FILE: return "a file can't be read";
  case ADJOIN_BINDING: return "the arrays do not fit the model";
  case ADJOIN_RANGE: return "a check of the model fails at these inputs";
  case ADJOIN_MEMORY: return "out of memory";
  case ADJOIN_USE: return "the library is called wrongly";
  case ADJOIN_INTERNAL: return "an error of Adjoin";
  case ADJOIN_NUMERICS: return "a search inside the model has no solution at these inputs";
  }
  return "unknown status";
}

adjoin_context *adjoin_context_create(void) {
  adjoin_context *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  made->memory = arena_create();
  if (made->memory) return made;
  free(made);
  return NULL;
}

void adjoin_context_release(adjoin_context *context) {
  if (!context) return;
  arena_release(context->memory);
  free(context);
}

void adjoin_context_receive(adjoin_context *context, adjoin_receiver *receiver, void *user) {
  if (context) context->told = (audience){receiver, user};
}

static adjoin_status add_fixed(adjoin_context *to, const char *extent, int64_t value) {
  jmp_buf escape;
  arena_set_escape(to->memory, &escape);
  if (setjmp(escape)) return tell_exhausted(&to->told);
  fixed_extent made = {arena_copy(to->memory, extent, strlen(extent)), value};
  list_push(to->memory, &to->fixed, made);
  return ADJOIN_OK;
}

adjoin_status adjoin_context_fix(adjoin_context *context, const char *extent, int64_t value) {
  if (!context || !extent) return tell_misuse(context ? &context->told : NULL, "adjoin_context_fix: NULL for a name");
  if (value < 0 || value == INT64_MAX)
    return tell(&context->told, ADJOIN_USE, CODE_WRONG_CALL, "the extent '%s' can't be %lld", extent, (long long)value);
  for (int k = 0; k < context->fixed.count; k++)
    if (!strcmp(context->fixed.items[k].name, extent)) {
      context->fixed.items[k].value = value;
      return ADJOIN_OK;
    }
  return add_fixed(context, extent, value);
}
