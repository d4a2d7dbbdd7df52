/* The console (see console.h). */
#include "compiler/cli/console.h"

#include "compiler/base/diagnostic.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LISTED_NAMES = 8 };

void complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("adjoin: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
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
