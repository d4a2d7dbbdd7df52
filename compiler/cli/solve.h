/* The inside of `adjoin solve`: a model's vars as one vector, which of its entries may move, and how it ends.
 *
 *   options + bound inputs --solve_free.c, ../problem/--> mask --solve_problem.c--> functions, start, bounds
 *   these --runtime/minimise.h--> result --solve_report.c--> standard output and files
 *                        <--solve_checkpoint.c--> --checkpoint, --resume */
#ifndef ADJOIN_CLI_SOLVE_H
#define ADJOIN_CLI_SOLVE_H

#include "compiler/cli/start.h"
#include "compiler/problem/requests.h"
#include "compiler/problem/squares.h"
#include "compiler/problem/var_vector.h"

typedef struct {
  double shown; /* seconds when the line was last written; negative: never */
  bool terminal;
  text history; /* lines of --history */
} solve_progress;

typedef struct {
  char *state; /* of --resume; from malloc */
  size_t size;
  bool written; /* was it ever? */
  bool failed;  /* the last time */
} solve_checkpoint;

typedef struct {
  console *with;
  const options *given;
  session *from;
  const tensor_program *model;
  bound_model inputs;
  start_functions starts;
  machine on;
  var_vector vector;
  double *x, *lower, *upper; /* as long as the vector */
  sum_of_squares squares;
  int functions[KERNEL_FUNCTIONS]; /* -1 where there is none */
  kernel_problem kernel;           /* the functions, compiled */
  const minimise_method *method;
  double sign; /* -1 where the model says maximize */
  solve_progress progress;
  solve_checkpoint checkpoint;
  minimise_result result;
  minimise_result *all; /* how each start ended; NULL: there is one */
} solving;

/* ---- solve.c: what implicit does too ---- */

/* Can the model be solved at all? */
exit_code solve_check_model(const options *given, const tensor_program *model);

/* The inputs with --start and --at among them, which are given like any other. */
name_list solve_inputs(console *with, const options *given);

/* False after a message. */
bool solve_check_bounds(const solving *in);

/* Moves x, and fills the result. Not EXIT_DONE, after a message, where it gave no point. */
exit_code solve_minimise(solving *in, const minimise_problem *problem);

/* "x[2]" */
const char *solve_entry_name(const solving *in, int64_t entry);

/* Says which definition became nan or infinite first, at the last point where that was so, if not at x. */
void solve_explain(solving *in);

/* ---- solve_free.c: what may move ---- */

/* Lays the vars out and says which entries move: `freeze` of the model, --mask, --freeze and --free together; false
 * after messages. */
bool solve_choose_free(solving *in);

/* ---- solve_select.c: entries by name and subscripts ---- */

/* The text of --freeze or --free: names, with subscripts or without, a network's or a layer's for all below it. */
bool selection_read(solving *in, const char *option, const char *list, selection_list *into);

/* ---- solve_problem.c ---- */

/* Requests what the method needs, compiles, and fills start values and bounds. On EXIT_DONE `problem` is ready. */
exit_code solve_prepare(solving *in, minimise_problem *problem);

/* Binds the vars to the entries of a whole vector; the objective and the gradient there, as the model has them; of a
 * root, the derivatives of the sum of the equations. */
exit_code solve_gradient_at(solving *in, double *x, results *into);

/* ---- solve_progress.c ---- */

/* For minimise_options.progress, the user being the `solving`: the line at the terminal, --history, and interrupts,
 * which are noticed between solve_watch and solve_unwatch. */
int solve_tell(void *user, const minimise_progress *at);
void solve_watch(solving *in);
void solve_unwatch(solving *in);

/* ---- solve_checkpoint.c ---- */

/* Reads --resume and says what --checkpoint needs; false after a message. */
bool solve_prepare_checkpoint(solving *in, minimise_options *how);

/* Why the run could not go on from --resume. */
void solve_explain_resume(const solving *in);

/* ---- solve_report.c ---- */

/* Is --out a place that vars can be written to? Asked before a long run. */
bool solve_can_write(const options *given);

/* Writes --out and --history; false after messages. */
bool solve_write(solving *in);

/* The result as one JSON object or as a table; how it ended, where it did not converge, is said on standard error. */
void solve_report(solving *in);

#endif
