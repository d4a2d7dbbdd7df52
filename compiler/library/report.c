/* Mistakes, told to the context's receiver. */
#include "compiler/library/library.h"

#include <stdio.h>
#include <string.h>

/* Without memory of its own: it may be memory that ran out. */
adjoin_status tell(const audience *to, adjoin_status status, const char *code, const char *format, ...) {
  if (!to->receiver) return status;
  char message[1024], line[1100];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  snprintf(line, sizeof line, "adjoin: %s\n", message);
  adjoin_diagnostic made = {.status = status, .code = code, .message = message, .text = line};
  to->receiver(to->user, &made);
  return status;
}

static void tell_one(const audience *to, adjoin_status status, const source *from, const diagnostic *each,
                     arena *memory) {
  text shown = text_create(memory);
  diagnostic_write(from, each, &shown);
  bool placed = each->where.begin || each->where.end;
  position at = placed ? source_position(from, each->where.begin) : (position){0};
  adjoin_diagnostic made = {.status = status,
                            .severity = each->level == SEVERITY_ERROR ? ADJOIN_ERROR : ADJOIN_WARNING,
                            .code = diagnostic_code_name(each->code),
                            .message = each->message,
                            .hint = each->hint,
                            .file = from->name,
                            .line = at.line,
                            .column = at.column,
                            .begin = each->where.begin,
                            .end = each->where.end,
                            .text = shown.data};
  to->receiver(to->user, &made);
}

/* False when memory runs out. */
static bool tell_each(const audience *to, adjoin_status status, const diagnostics *list, arena *memory) {
  jmp_buf escape;
  arena_set_escape(memory, &escape);
  if (setjmp(escape)) return false;
  for (int k = 0; k < list->list.count; k++) tell_one(to, status, list->from, &list->list.items[k], memory);
  return true;
}

static adjoin_status tell_all(const audience *to, adjoin_status status, const diagnostics *list) {
  arena *memory = arena_create();
  bool told = memory && tell_each(to, status, list, memory);
  arena_release(memory);
  return told ? status : tell(to, ADJOIN_MEMORY, "memory", "out of memory");
}

adjoin_status tell_session(const audience *to, adjoin_status status, session *from) {
  if (session_exhausted(from)) return tell(to, ADJOIN_MEMORY, "memory", "out of memory");
  if (session_internal(from)) status = ADJOIN_INTERNAL;
  if (!to->receiver) return status;
  return tell_all(to, status, session_reported(from));
}

adjoin_status tell_check(adjoin_model *of, int check) {
  if (!of->told.receiver) return ADJOIN_RANGE;
  pthread_mutex_lock(&of->lock);
  const diagnostics *one = session_check(of->from, check);
  pthread_mutex_unlock(&of->lock);
  return one ? tell_all(&of->told, ADJOIN_RANGE, one) : tell(&of->told, ADJOIN_MEMORY, "memory", "out of memory");
}
