/* The model as functions of one vector, and where the vector starts (see solve.h). */
#include "compiler/cli/solve.h"

#include <math.h>
#include <string.h>

/* ---- what is requested ---- */

/* Is the objective a sum of squares that has a minimum? */
static bool has_squares(const solving *in) {
  return in->squares.output && in->squares.factor > 0;
}

static bool find_residuals(solving *in) {
  quantity residuals;
  in->squares = in->given->root ? (sum_of_squares){.output = in->given->root, .factor = 1}
                                : find_squares(in->model, in->inputs.values);
  in->squares.factor *= in->sign;
  if (!has_squares(in)) return true;
  if (!bind_quantity(&in->inputs, in->squares.output, &residuals)) return false;
  in->kernel.residual_factor = in->squares.factor;
  in->kernel.residual_count = (size_t)residuals.count;
  if (in->given->root) in->kernel.residuals = residuals.entries;
  return true;
}

static exit_code refuse_method(const solving *in) {
  if (in->given->root) {
    complain("--method %s needs an objective's second derivatives, which a root has not; levenberg-marquardt, bfgs and "
             "lbfgs look for it",
             in->method->name);
    return EXIT_USAGE;
  }
  complain("--method %s needs an objective that is a sum of squares of an output: output r = ...; minimize sum(r^2)%s",
           in->method->name, in->squares.output ? " (this one has a negative factor)" : "");
  return EXIT_INPUT;
}

/* What the method needs. */
static exit_code request_all(solving *in) {
  in->method = kernel_problem_method(in->given->solver.method, (size_t)in->vector.free_count, has_squares(in),
                                     in->kernel.residual_count);
  bool residuals = in->given->root || in->method->needs & MINIMISE_NEEDS_RESIDUAL;
  bool second = in->method->needs & MINIMISE_NEEDS_PRODUCT;
  if (residuals && (!has_squares(in) || (in->given->root && second))) return refuse_method(in);
  problem_request all[KERNEL_FUNCTIONS];
  problem_requests(in->with->memory, &in->vector.active, !in->given->root, second,
                   residuals ? in->squares.output : NULL, all);
  for (int k = 0; k < KERNEL_FUNCTIONS; k++) {
    in->functions[k] = all[k].needed ? session_request(in->from, &all[k].wanted) : -1;
    if (!all[k].needed || in->functions[k] >= 0) continue;
    exit_code code = session_report(in->from);
    return code == EXIT_DONE ? EXIT_INTERNAL : code;
  }
  return EXIT_DONE;
}

static bool search_failed(const void *from, int status) {
  return session_is_search(from, status);
}

/* The functions, compiled, with room for their workspace and arguments. */
static bool fill_kernel(solving *in) {
  kernel_problem *into = &in->kernel;
  into->extents = in->inputs.arguments;
  into->inputs = in->inputs.pointers;
  into->vars = in->vector.vars.items;
  into->var_count = (size_t)in->vector.vars.count;
  into->size = (size_t)in->vector.size;
  into->mask = in->vector.mask;
  into->maximise = in->sign < 0;
  into->has_no_value = search_failed;
  into->judge = in->from;
  into->seeds = arena_array(in->with->memory, double *, in->vector.vars.count + 1);
  into->results = arena_array(in->with->memory, double *, in->vector.vars.count + 1);
  into->odd = arena_array(in->with->memory, double, in->vector.size + 1);
  for (int k = 0; k < KERNEL_FUNCTIONS; k++) {
    if (in->functions[k] < 0) continue;
    if (!machine_reserve(&in->on, in->functions[k])) return false;
    into->functions[k] = jit_entry(in->on.code, in->functions[k]);
  }
  into->work = in->on.work;
  return true;
}

/* ---- where it starts ---- */

static exit_code fill_bound(solving *in, const declared_value *of, const kernel_var *var, double none, double *into) {
  for (int64_t k = 0; k < var->count; k++) into[var->offset + k] = none;
  if (of->function < 0) return EXIT_DONE;
  exit_code code;
  const double *entries = start_evaluate(&in->on, of, var->input, &code);
  if (entries && var->count) memcpy(into + var->offset, entries, (size_t)var->count * sizeof *entries);
  return code;
}

static exit_code fill_vectors(solving *in) {
  double **vectors[] = {&in->x, &in->lower, &in->upper};
  for (int k = 0; k < 3; k++) *vectors[k] = arena_array(in->with->memory, double, in->vector.size + 1);
  exit_code code = start_fill(&in->on, &in->inputs, &in->starts, in->given->strict);
  for (int k = 0; k < in->vector.vars.count && code == EXIT_DONE; k++) {
    const kernel_var *var = &in->vector.vars.items[k];
    quantity *bound = &in->inputs.inputs[var->input].value;
    code = fill_bound(in, &in->starts.lower[var->input], var, -INFINITY, in->lower);
    if (code == EXIT_DONE) code = fill_bound(in, &in->starts.upper[var->input], var, INFINITY, in->upper);
    if (var->count) memcpy(in->x + var->offset, bound->entries, (size_t)var->count * sizeof *in->x);
  }
  return code;
}

exit_code solve_prepare(solving *in, minimise_problem *problem) {
  in->sign = in->model->maximize && !in->given->root ? -1 : 1;
  if (!find_residuals(in)) return EXIT_INPUT;
  exit_code code = start_request(in->with, in->from, &in->inputs, BOUNDS_OF_ALL, &in->starts);
  if (code == EXIT_DONE) code = request_all(in);
  if (code == EXIT_DONE) code = machine_compile(&in->on, in->with, in->from, &in->inputs);
  if (code == EXIT_DONE) code = fill_vectors(in);
  if (code == EXIT_DONE && !fill_kernel(in)) code = EXIT_INPUT;
  *problem = kernel_problem_describe(&in->kernel);
  return code;
}

exit_code solve_gradient_at(solving *in, double *x, results *into) {
  kernel_problem_move(&in->kernel, x);
  for (int k = 0; k < in->vector.vars.count; k++)
    in->inputs.inputs[in->vector.vars.items[k].input].value.entries = x + in->vector.vars.items[k].offset;
  *into = (results){.inputs = &in->inputs};
  result made = {.in = SECTION_VALUE};
  double **parts = in->kernel.results;
  if (!in->given->root) {
    if (!quantity_create(&in->with->reports, in->model->objective.name, 0, NULL, &made.what)) return EXIT_INPUT;
    list_push(in->with->memory, &into->list, made);
    *parts++ = made.what.entries;
  }
  for (int k = 0; k < in->vector.active.count; k++) {
    made.in = SECTION_GRAD;
    if (!bind_quantity(&in->inputs, in->vector.active.items[k], &made.what)) return EXIT_INPUT;
    list_push(in->with->memory, &into->list, made);
    *parts++ = made.what.entries;
  }
  int function = in->vector.active.count ? in->functions[KERNEL_GRADIENT] : in->functions[KERNEL_VALUE];
  const double *ones[] = {in->kernel.residuals};
  for (size_t k = 0; k < in->kernel.residual_count && in->given->root; k++) in->kernel.residuals[k] = 1;
  if (in->given->root) function = in->functions[KERNEL_VJP];
  return function < 0 ? EXIT_DONE
                      : machine_run(&in->on, function, 0, in->given->root ? ones : NULL, in->kernel.results);
}
