/* What `adjoin help` writes besides the help of commands. */
#ifndef ADJOIN_CLI_HELP_H
#define ADJOIN_CLI_HELP_H

#include "compiler/cli/options.h"

/* What a diagnostic's code means: in a line, and at length with a wrong and a right model (codes.c). */
const char *code_title(diagnostic_code code);
void code_explain(diagnostic_code code, text *out);

/* The words of the language, a line for each kind: "functions abs acos ..." (codes.c). */
void append_language_words(console *with);

/* Manual pages, as roff for man(1) (manual.c). */
void manual_of_program(text *out);
void manual_of_command(command_name command, text *out);

/* The script that completes commands, options and their values; `topics` are the words that help tells about. `shell`
 * is "bash" or "zsh" (completion.c). */
void completion_write(console *with, const char *shell, const char *const *topics, int topic_count);

#endif
