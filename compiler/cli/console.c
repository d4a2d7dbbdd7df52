/* The console (see console.h). */
#include "compiler/cli/console.h"

#include "compiler/base/diagnostic.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

void complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("adjoin: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
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
