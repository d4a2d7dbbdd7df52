/* The commands: each reads its arguments (arguments[0] is its own word) and gives the exit code; what goes to standard
 * output is left in the console. */
#ifndef ADJOIN_CLI_COMMANDS_H
#define ADJOIN_CLI_COMMANDS_H

#include "compiler/cli/console.h"

exit_code command_eval(console *with, int count, char **arguments);
exit_code command_check(console *with, int count, char **arguments);
exit_code command_emit(console *with, int count, char **arguments);
exit_code command_solve(console *with, int count, char **arguments);
exit_code command_implicit(console *with, int count, char **arguments);
exit_code command_help(console *with, int count, char **arguments);

/* The table of commands, in the order of command_name. */
typedef struct {
  const char *word, *summary;
  exit_code (*run)(console *with, int count, char **arguments);
} command_row;

const command_row *command_list(int *count);

/* The program itself: a line on what it is, and after a '\v' the rest, in the form of command_page.text. */
extern const char program_summary[], program_text[];

/* Runs the command that arguments[1] names. */
exit_code run_command(console *with, int count, char **arguments);

#endif
