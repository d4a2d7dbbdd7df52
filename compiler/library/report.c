/* Mistakes, told to the context's receiver. */
#include "compiler/library/library.h"

#include <stdio.h>
#include <string.h>

/* Without memory of its own: it may be memory that ran out. */
adjoin_status tell(const audience *to, adjoin_status status, diagnostic_code code, const char *format, ...) {
  if (!to || !to->receiver) return status;
  char message[1024], line[1100];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  snprintf(line, sizeof line, "adjoin: %s\n", message);
  adjoin_diagnostic made = {.status = status, .code = diagnostic_code_name(code), .message = message, .text = line};
  to->receiver(to->user, &made);
  return status;
}

adjoin_status tell_exhausted(const audience *to) {
  return tell(to, ADJOIN_MEMORY, CODE_MEMORY, "out of memory");
}

adjoin_status tell_misuse(const audience *to, const char *what) {
  return tell(to, ADJOIN_USE, CODE_WRONG_CALL, "%s", what);
}

static adjoin_diagnostic described(const mistakes *in, adjoin_status status, const source *from,
                                   const diagnostic *each) {
  text shown = text_create(in->memory);
  diagnostic_write(from, each, &shown);
  bool placed = each->where.begin || each->where.end;
  position at = placed ? source_position(from, each->where.begin) : (position){0};
  return (adjoin_diagnostic){.status = status,
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
}

void add_mistakes(mistakes *to, adjoin_status status, const diagnostics *from) {
  for (int k = 0; k < from->list.count; k++)
    list_push(to->memory, &to->list, described(to, status, from->from, &from->list.items[k]));
}

void add_mistake(mistakes *to, adjoin_status status, diagnostic_code code, const char *message) {
  adjoin_diagnostic made = {.status = status, .code = diagnostic_code_name(code)};
  made.message = arena_copy(to->memory, message, strlen(message));
  made.text = arena_format(to->memory, "adjoin: %s\n", message);
  list_push(to->memory, &to->list, made);
}

void add_binding_mistake(void *to, const char *message) {
  add_mistake(to, ADJOIN_BINDING, CODE_INPUT, message);
}

void tell_mistakes(const audience *to, const mistakes *from) {
  for (int k = 0; to->receiver && k < from->list.count; k++) to->receiver(to->user, &from->list.items[k]);
}
