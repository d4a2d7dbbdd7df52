/* What every command has: memory for its run, its standard output, and the exit code. */
#ifndef ADJOIN_CLI_CONSOLE_H
#define ADJOIN_CLI_CONSOLE_H

#include "compiler/base/diagnostic.h"
#include "compiler/binding/report.h"
#include <stdbool.h>

typedef enum {
  EXIT_DONE = 0,
  EXIT_INPUT = 1,    /* the input is wrong */
  EXIT_USAGE = 2,    /* the command line is wrong */
  EXIT_NUMERICS = 3, /* the numerics failed */
  EXIT_INTERNAL = 4  /* a bug of ours */
} exit_code;

typedef struct {
  arena *memory;
  jmp_buf *escape;   /* where running out of memory leads */
  reporting reports; /* what binding has to say becomes a complaint */
  text out;          /* standard output, written when the command is done: a failed command prints nothing there */
} console;

/* ---- standard error ---- */

/* One message on standard error, as a line "adjoin: ...". Where diagnostics are JSON it waits for console_finish, since
 * its code is the exit code's name. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From here on standard error gets JSON, or text again. */
void console_use_json(bool json);
bool console_uses_json(void);

/* Writes diagnostics to standard error, in the form in use. */
void console_show(const diagnostics *found);

/* Writes the messages that wait; to be called before the process ends with this code. */
void console_finish(exit_code code);

/* ---- standard output, and words ---- */

/* A console for one run of a command. */
console console_create(arena *memory, jmp_buf *escape);

/* Writes console.out to standard output; EXIT_INPUT with a message when that fails (a full disk, a closed pipe). */
exit_code console_flush(console *with);

/* "; did you mean 'x'?", or "" when no candidate is near. */
const char *console_suggest(console *with, const char *name, const char *const *candidates, int count);

/* Breaks a text into lines of at most `width` columns, each after `indent` blanks; line ends in it are kept. */
void append_wrapped(text *out, const char *content, int indent, int width);

/* Where nothing is near and the candidates are few, the list of them instead: "; it has x, y". */
const char *console_suggest_or_list(console *with, const char *name, const char *const *candidates, int count);

#endif
