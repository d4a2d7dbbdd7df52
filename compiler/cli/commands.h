/* The commands: each reads its arguments (arguments[0] is its own word) and gives the exit code; what goes to standard
 * output is left in the console. */
#ifndef ADJOIN_CLI_COMMANDS_H
#define ADJOIN_CLI_COMMANDS_H

#include "compiler/cli/console.h"

exit_code command_eval(console *with, int count, char **arguments);
exit_code command_check(console *with, int count, char **arguments);
exit_code command_emit(console *with, int count, char **arguments);
exit_code command_help(console *with, int count, char **arguments);

/* Runs the command that arguments[1] names. */
exit_code run_command(console *with, int count, char **arguments);

#endif
