/* A model's functions, requested, compiled in memory and called on bound inputs. */
#ifndef ADJOIN_CLI_MACHINE_H
#define ADJOIN_CLI_MACHINE_H

#include "compiler/cli/bind_entries.h"

/* Opens the model that the options name. EXIT_DONE, or the code to end with; then what is wrong has been said. The
 * session is to be closed by the caller in both cases; it may be NULL. */
exit_code model_open(console *with, const options *given, session **into);

/* Writes what the session has to say (errors or warnings) to standard error; the exit code that errors call for. */
exit_code session_report(session *of);

typedef struct {
  console *with;
  session *from;
  jit_code *code;
  const bound_model *inputs;
  double *work; /* kept between calls; from malloc */
  size_t work_size;
} machine;

/* Compiles all functions requested so far. When libtcc refuses them, the text is saved and EXIT_INTERNAL comes back. */
exit_code machine_compile(machine *into, console *with, session *from, const bound_model *inputs);
void machine_release(machine *from);

/* Calls a function; `directions` is the extent of its block (0 where it has none). EXIT_DONE; or the code to end with,
 * after a message. */
exit_code machine_run(machine *on, int function, int64_t directions, const double *const *seeds,
                      double *const *results);

/* Says what a status other than 0 of the generated code means; the code to end with. */
exit_code machine_explain(const machine *on, int function, int status);

/* Makes room for the workspace of a function that has no block of directions, beside what was asked for before; false
 * after a message. `work` may then be elsewhere. */
bool machine_reserve(machine *on, int function);

/* As machine_run, without a message: the status of the generated code, -1 when there is no memory for it. */
int machine_try(machine *on, int function, int64_t directions, const double *const *seeds, double *const *results);

#endif
