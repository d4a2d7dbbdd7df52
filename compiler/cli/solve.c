/* adjoin solve: where a model's objective is smallest. */
#include "compiler/cli/solve.h"

#include "compiler/cli/commands.h"
#include "compiler/cli/eval.h"
#include <math.h>
#include <stdlib.h>

/* --start and --at are for vars alone. */
static bool check_starts(const char *option, const assignment_list *given, const tensor_program *model) {
  for (int k = 0; k < given->count; k++) {
    const char *name = given->items[k].name;
    int number = find_input(model, name);
    if (number < 0 || model->inputs.items[number].role == ROLE_VAR) continue;
    complain("%s: '%s' is no var; give it as %s=...", option, name, name);
    return false;
  }
  return true;
}

exit_code solve_check_model(const options *given, const tensor_program *model) {
  if (!model->objective.value && !given->root) {
    complain("%s: the model has no objective to solve for; write `minimize ...` or `maximize ...`", given->model_path);
    return EXIT_INPUT;
  }
  if (!check_starts("--start", &given->starts, model) || !check_starts("--at", &given->at, model)) return EXIT_INPUT;
  for (int k = 0; k < model->inputs.count; k++)
    if (model->inputs.items[k].role == ROLE_VAR) return EXIT_DONE;
  complain("%s: the model has no var: nothing can move; declare what is looked for with `var`", given->model_path);
  return EXIT_INPUT;
}

name_list solve_inputs(console *with, const options *given) {
  const assignment_list *lists[] = {&given->starts, &given->at};
  name_list made = {0};
  for (int k = 0; k < given->inputs.count; k++) list_push(with->memory, &made, given->inputs.items[k]);
  for (int number = 0; number < 2; number++)
    for (int k = 0; k < lists[number]->count; k++) {
      const assignment *each = &lists[number]->items[k];
      list_push(with->memory, &made, arena_format(with->memory, "%s=%s", each->name, each->value));
    }
  return made;
}

bool solve_check_bounds(const solving *in) {
  for (int64_t k = 0; k < in->vector.size; k++) {
    if (!in->vector.mask[k] || (in->lower[k] <= in->upper[k] && in->lower[k] < INFINITY && in->upper[k] > -INFINITY))
      continue;
    complain("the bounds of %s leave no value: from %.17g to %.17g", var_entry_name(&in->vector, k), in->lower[k],
             in->upper[k]);
    return false;
  }
  return true;
}

void solve_explain(solving *in) {
  session *fresh;
  quantity_list none = {0};
  results found;
  if (solve_gradient_at(in, in->kernel.odd_is_set ? in->kernel.odd : in->x, &found) != EXIT_DONE) return;
  if (model_open(in->with, in->given, &fresh) == EXIT_DONE)
    explain_nonfinite(in->with, fresh, &in->inputs, &none, &found);
  session_close(fresh);
}

/* The exit code of a run that gave no point. */
static exit_code refused(const solving *in) {
  switch (in->result.status) {
  case MINIMISE_CALLBACK_FAILED: return machine_explain(&in->on, -1, in->result.callback);
  case MINIMISE_NOT_RESUMED: solve_explain_resume(in); return EXIT_INPUT;
  case MINIMISE_NO_MEMORY: complain("not enough memory"); return EXIT_INPUT;
  default: complain("--method %s: %s", in->method->name, in->result.test); return EXIT_USAGE;
  }
}

/* Weights that --init drew for the first start are drawn once more for each other. */
static void draw_again(void *user, size_t start, double *x) {
  solving *in = user;
  for (int k = 0; k < in->vector.vars.count; k++) {
    const kernel_var *each = &in->vector.vars.items[k];
    if (in->inputs.inputs[each->input].drawn)
      bind_draw_weight(&in->inputs, each->input, in->given->solver.seed, start, x + each->offset);
  }
}

static void run(solving *in, const minimise_problem *problem, minimise_options *how) {
  solve_watch(in);
  minimise(problem, how, in->x, &in->result);
  solve_unwatch(in);
}

/* Was a point met that can be shown, though the model, or memory, failed at another? */
static bool has_point(const solving *in) {
  minimise_status status = in->result.status;
  bool failed = status == MINIMISE_CALLBACK_FAILED || status == MINIMISE_NO_MEMORY;
  bool saved = !in->given->checkpoint || in->checkpoint.written;
  return status < MINIMISE_NO_MEMORY || (failed && saved && !isnan(in->result.f));
}

exit_code solve_minimise(solving *in, const minimise_problem *problem) {
  minimise_options how = in->given->solver;
  how.method = in->method->name;
  how.mask = in->vector.mask;
  how.lower = in->lower;
  how.upper = in->upper;
  how.progress = solve_tell;
  how.progress_user = in;
  if (how.starts > 1) in->all = arena_array(in->with->memory, minimise_result, how.starts);
  how.start_results = in->all;
  how.draw = draw_again;
  how.draw_user = in;
  if (!solve_prepare_checkpoint(in, &how)) return EXIT_INPUT;
  run(in, problem, &how);
  return has_point(in) ? EXIT_DONE : refused(in);
}

static exit_code minimise_and_write(solving *in, const minimise_problem *problem) {
  exit_code code = solve_minimise(in, problem);
  if (code != EXIT_DONE) return code;
  minimise_status status = in->result.status;
  bool written = solve_write(in) && !in->checkpoint.failed;
  if (status == MINIMISE_NOT_FINITE) solve_explain(in);
  if (status == MINIMISE_CALLBACK_FAILED) machine_explain(&in->on, -1, in->result.callback);
  solve_report(in);
  if (status != MINIMISE_CONVERGED) return EXIT_NUMERICS;
  return written ? EXIT_DONE : EXIT_INPUT;
}

static exit_code solve(console *with, const options *given, session *from, const given_arrays *arrays) {
  solving in = {.with = with, .given = given, .from = from, .model = arrays->model};
  minimise_problem problem;
  if (arrays->failed || !bind_inputs(&in.inputs, arrays, 0, given->strict)) return EXIT_INPUT;
  if (!solve_choose_free(&in)) return EXIT_INPUT;
  exit_code code = solve_prepare(&in, &problem);
  if (code == EXIT_DONE && !solve_check_bounds(&in)) code = EXIT_INPUT;
  if (code == EXIT_DONE) code = minimise_and_write(&in, &problem);
  machine_release(&in.on);
  free(in.checkpoint.state);
  return code;
}

exit_code command_solve(console *with, int count, char **arguments) {
  options given = options_parse(with, COMMAND_SOLVE, count, arguments);
  if (!solve_can_write(&given)) return EXIT_USAGE;
  session *from;
  exit_code code = model_open(with, &given, &from);
  if (code == EXIT_DONE) code = solve_check_model(&given, session_model(from));
  if (code == EXIT_DONE) {
    name_list inputs = solve_inputs(with, &given);
    given_arrays arrays = given_read(with, session_model(from), &inputs);
    arrays.start = "--start";
    arrays.draw_weights = given.init;
    arrays.seed = given.solver.seed;
    code = solve(with, &given, from, &arrays);
    given_release(&arrays);
  }
  session_close(from);
  return code;
}
