/* adjoin implicit: how a model's minimiser, or a root, moves with its params. */
#include "compiler/cli/implicit.h"

#include "compiler/cli/commands.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Newton's method from the start, in which units of equations do not count; x is what it was where that leads nowhere.
 */
static bool find_root(differentiating *in) {
  size_t size = (size_t)in->solve.vector.size * sizeof *in->solve.x;
  double *x = arena_array(in->solve.with->memory, double, in->solve.vector.size + 1);
  const options *given = in->solve.given;
  bool minimise =
      given->solver.method || given->solver.starts > 1 || given->history || given->checkpoint || given->resume;
  if (!in->of.root || minimise) return false;
  memcpy(x, in->solve.x, size);
  if (!implicit_polish(&in->of.problem, &in->how, x)) return false;
  memcpy(in->solve.x, x, size);
  return true;
}

/* Where the minimiser or root is: given, or looked for. */
static exit_code find_point(differentiating *in) {
  if (in->solve.given->at.count || find_root(in)) return EXIT_DONE;
  exit_code code = solve_minimise(&in->solve, &in->inner);
  in->how.runs_away = in->solve.result.status == MINIMISE_UNBOUNDED;
  in->how.stalled = in->solve.result.status == MINIMISE_STALLED;
  if (code == EXIT_DONE && in->solve.result.status == MINIMISE_INTERRUPTED) {
    complain("interrupted: no minimiser was found");
    return EXIT_NUMERICS;
  }
  return code;
}

/* Newton's method may leave the point that was given for another minimum. */
static void note_way(const differentiating *in, const double *from) {
  double way = 0;
  for (int64_t k = 0; k < in->solve.vector.size; k++)
    way = fmax(way, fabs(in->solve.x[k] - from[k]) / fmax(1, fabs(from[k])));
  if (in->solve.given->at.count && way > 0.1)
    complain("--at: polishing moved x by %.2g max(1, |x|): what is told is of where it ended; --no-polish keeps it",
             way);
}

static exit_code certify(differentiating *in) {
  double *from = arena_array(in->solve.with->memory, double, in->solve.vector.size + 1);
  memcpy(from, in->solve.x, (size_t)in->solve.vector.size * sizeof *from);
  in->made = implicit_begin(&in->of.problem, &in->how, in->solve.x);
  if (in->made) note_way(in, from);
  if (in->made && implicit_certificate_of(in->made)->status == IMPLICIT_CALLBACK_FAILED)
    return (exit_code)implicit_certificate_of(in->made)->callback;
  if (in->made && implicit_certificate_of(in->made)->status != IMPLICIT_NO_MEMORY) return EXIT_DONE;
  complain("not enough memory");
  return EXIT_INPUT;
}

static exit_code differentiate_and_write(differentiating *in) {
  exit_code code = find_point(in);
  if (code == EXIT_DONE) code = certify(in);
  if (code != EXIT_DONE) return code;
  code = implicit_derive(in);
  if (code == EXIT_DONE && in->solve.given->verify) code = implicit_verify(in);
  if (code != EXIT_DONE && code != EXIT_NUMERICS) return code;
  bool written = solve_write(&in->solve);
  implicit_report(in);
  return written || code != EXIT_DONE ? code : EXIT_INPUT;
}

static exit_code run(differentiating *in, const given_arrays *arrays) {
  solving *solve = &in->solve;
  if (arrays->failed || !bind_inputs(&solve->inputs, arrays, 0, solve->given->strict)) return EXIT_INPUT;
  if (!solve_choose_free(solve)) return EXIT_INPUT;
  exit_code code = implicit_prepare(in);
  if (code == EXIT_DONE) code = solve_prepare(solve, &in->inner);
  if (code == EXIT_DONE && !solve_check_bounds(solve)) code = EXIT_INPUT;
  if (code == EXIT_DONE) implicit_complete(in);
  if (code == EXIT_DONE) code = differentiate_and_write(in);
  implicit_end(in->made);
  machine_release(&solve->on);
  free(solve->checkpoint.state);
  return code;
}

/* Each kind of system has its own solvers. */
static bool check_solver(const options *given) {
  if (implicit_solver_fits(given->implicit.solver, given->root)) return true;
  complain(given->root
               ? "--solver: cg and minres are for minimisers; of a root, gmres and lsqr are to be had"
               : "--solver: gmres and lsqr are for roots (--root); of a minimiser, cg and minres are to be had");
  return false;
}

exit_code command_implicit(console *with, int count, char **arguments) {
  options given = options_parse(with, COMMAND_IMPLICIT, count, arguments);
  if (!solve_can_write(&given)) return EXIT_USAGE;
  if (given.history && given.at.count) {
    complain("--history: nothing is solved where --at gives the point");
    return EXIT_USAGE;
  }
  if (given.verify && given.implicit.damping > 0) {
    complain("--verify compares with minimisers or roots, which --damping does not describe");
    return EXIT_USAGE;
  }
  if (!check_solver(&given)) return EXIT_USAGE;
  session *from;
  exit_code code = model_open(with, &given, &from);
  if (code == EXIT_DONE) code = solve_check_model(&given, session_model(from));
  if (code == EXIT_DONE) {
    name_list inputs = solve_inputs(with, &given);
    given_arrays arrays = given_read(with, session_model(from), &inputs);
    arrays.start = given.at.count ? "--at" : "--start";
    arrays.draw_weights = given.init;
    arrays.seed = given.solver.seed;
    differentiating in = {.solve = {.with = with, .given = &given, .from = from, .model = arrays.model}};
    code = run(&in, &arrays);
    given_release(&arrays);
  }
  session_close(from);
  return code;
}
