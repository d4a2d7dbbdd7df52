/* The command line program: one console, one command, one exit code. */
#include "compiler/cli/commands.h"

#include <signal.h>

/* A closed pipe or a file that grows too large is a failed write, which is reported, and not the end of the process. */
static void ignore_write_signals(void) {
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGPIPE, &ignore, NULL);
  sigaction(SIGXFSZ, &ignore, NULL);
}

static exit_code run(arena *memory, int count, char **arguments) {
  jmp_buf escape;
  arena_set_escape(memory, &escape);
  if (setjmp(escape)) {
    complain("not enough memory");
    return EXIT_INPUT;
  }
  console with = console_create(memory, &escape);
  exit_code code = run_command(&with, count, arguments);
  exit_code written = console_flush(&with);
  return code == EXIT_DONE ? written : code;
}

int main(int count, char **arguments) {
  ignore_write_signals();
  arena *memory = arena_create();
  exit_code code = EXIT_INPUT;
  if (memory)
    code = run(memory, count, arguments);
  else
    complain("not enough memory");
  console_finish(code);
  arena_release(memory);
  return (int)code;
}
