/* The console (see console.h). */
#include "compiler/cli/console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LISTED_NAMES = 8 };

/* What the process says on standard error. It is one for all commands, as standard error is. */
static struct {
  bool json;
  FILE *waiting; /* in memory: messages, each ended by a zero */
  char *data;
  size_t length;
} messages;

void console_use_json(bool json) {
  messages.json = json;
}

bool console_uses_json(void) {
  return messages.json;
}

void complain(const char *format, ...) {
  if (messages.json && !messages.waiting) messages.waiting = open_memstream(&messages.data, &messages.length);
  FILE *to = messages.json && messages.waiting ? messages.waiting : stderr;
  va_list arguments;
  va_start(arguments, format);
  if (to == stderr) fputs("adjoin: ", to);
  vfprintf(to, format, arguments);
  fputc(to == stderr ? '\n' : '\0', to);
  va_end(arguments);
}

static void receive(void *unused, const char *message) {
  (void)unused;
  complain("%s", message);
}

console console_create(arena *memory, jmp_buf *escape) {
  return (console){.memory = memory,
                   .escape = escape,
                   .reports = {.memory = memory, .receive = receive},
                   .out = text_create(memory)};
}

/* Messages of a command that succeeds are warnings. */
static void write_waiting(exit_code code, text *out) {
  static const diagnostic_code codes[] = {[EXIT_DONE] = CODE_INPUT,
                                          [EXIT_INPUT] = CODE_INPUT,
                                          [EXIT_USAGE] = CODE_USAGE,
                                          [EXIT_NUMERICS] = CODE_NUMERICS,
                                          [EXIT_INTERNAL] = CODE_INTERNAL};
  severity level = code == EXIT_DONE ? SEVERITY_WARNING : SEVERITY_ERROR;
  for (const char *at = messages.data; at < messages.data + messages.length; at += strlen(at) + 1)
    diagnostic_write_bare_json(level, codes[code], at, out);
}

/* Memory may be what the messages are about: they have an arena of their own. */
void console_finish(exit_code code) {
  if (!messages.waiting) return;
  bool kept = fclose(messages.waiting) == 0;
  arena *memory = arena_create();
  jmp_buf escape;
  if (memory && kept && !setjmp(escape)) {
    arena_set_escape(memory, &escape);
    text out = text_create(memory);
    write_waiting(code, &out);
    fputs(out.data, stderr);
  }
  arena_release(memory);
  free(messages.data);
  messages.waiting = NULL;
}

void console_show(const diagnostics *found) {
  text out = text_create(found->memory);
  if (messages.json)
    diagnostics_write_json(found, &out);
  else
    diagnostics_write(found, &out);
  fputs(out.data, stderr);
}

exit_code console_flush(console *with) {
  errno = 0;
  bool good = fwrite(with->out.data, 1, with->out.length, stdout) == with->out.length;
  if (fflush(stdout) || !good || ferror(stdout)) {
    complain("can't write to standard output: %s", errno ? strerror(errno) : "an earlier write failed");
    return EXIT_INPUT;
  }
  return EXIT_DONE;
}

const char *console_suggest(console *with, const char *name, const char *const *candidates, int count) {
  const char *nearest = nearest_name(name, candidates, count);
  return nearest ? arena_format(with->memory, "; did you mean '%s'?", nearest) : "";
}

const char *console_suggest_or_list(console *with, const char *name, const char *const *candidates, int count) {
  const char *suggestion = console_suggest(with, name, candidates, count);
  if (*suggestion || !count || count > LISTED_NAMES) return suggestion;
  text made = text_create(with->memory);
  for (int k = 0; k < count; k++) text_format(&made, "%s%s", k ? ", " : "; it has ", candidates[k]);
  return made.data;
}

void append_wrapped(text *out, const char *content, int indent, int width) {
  int column = 0;
  for (;;) {
    int length = (int)strcspn(content, " \n");
    if (column && column + 1 + length > width) column = 0, text_append(out, "\n");
    text_format(out, "%*s%.*s", column ? 1 : indent, "", length, content);
    column = (column ? column + 1 : indent) + length;
    content += length;
    if (*content == '\n') column = 0, text_append(out, "\n");
    if (!*content++) break;
  }
  text_append(out, "\n");
}
