/* Which of the model's names a derivative is taken of, with respect to, or along. */
#ifndef ADJOIN_CLI_NAMES_H
#define ADJOIN_CLI_NAMES_H

#include "compiler/cli/options.h"

/* What --wrt asks for: of the names in `wrt` the inputs with a role in `allowed`; or, when --wrt is not given, all
 * inputs of the roles in `usual`. */
name_list names_wrt(console *with, const tensor_program *model, const name_list *wrt, unsigned usual, unsigned allowed);

/* The names, where one that is nothing itself stands for the inputs of these roles below it: f for f.0.weight,
 * f.0.bias,
 * ..., in the order of the model, each once. */
name_list names_below(console *with, const tensor_program *model, const name_list *names, unsigned roles);

/* Checks names that the command line gave: each must be an input with derivatives, or, where these are allowed, a
 * definition or an output. Reports every one that is not; false on any. */
typedef enum { NAMES_INPUTS = 1, NAMES_DEFINITIONS = 2, NAMES_OUTPUTS = 4 } name_kinds;
bool names_check(console *with, const tensor_program *model, const char *option, const name_list *names,
                 unsigned kinds);

#endif
