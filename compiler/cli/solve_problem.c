/* The model as functions of one vector, and where the vector starts (see solve.h). */
#include "compiler/cli/solve.h"

#include <math.h>
#include <string.h>

/* ---- what is called ---- */

/* The vars are read where the minimiser has them. */
static void move_to(solving *in, const double *x) {
  for (int k = 0; k < in->vars.count; k++) in->inputs.pointers[in->vars.items[k].input] = x + in->vars.items[k].offset;
}

/* The active vars' parts of a whole vector, as seeds or results. */
static double **parts_of(const solving *in, double *whole, double **into) {
  for (int k = 0; k < in->vars.count; k++)
    if (in->vars.items[k].active) *into++ = whole + in->vars.items[k].offset;
  return into;
}

/* Writes no seed, although its type would let it. */
static const double *const *seeds_of(const solving *in, const double *whole) {
  parts_of(in, (double *)whole, in->parts);
  return (const double *const *)in->parts;
}

static void turn(const solving *in, double *whole) {
  for (int64_t k = 0; k < in->size && in->sign < 0; k++)
    if (in->mask[k]) whole[k] = -whole[k];
}

static void remember(solving *in, const double *x) {
  if (in->size) memcpy(in->odd, x, (size_t)in->size * sizeof *x);
  in->odd_is_set = true;
}

static int value(void *user, const double *x, double *f) {
  solving *in = user;
  move_to(in, x);
  exit_code code = machine_run(&in->on, in->functions.value, 0, NULL, (double *[]){f});
  if (code == EXIT_DONE && !isfinite(*f)) remember(in, x);
  *f *= in->sign;
  return (int)code;
}

static int gradient(void *user, const double *x, double *f, double *gradient_at) {
  solving *in = user;
  if (in->functions.gradient < 0) return value(user, x, f);
  move_to(in, x);
  in->parts[0] = f;
  parts_of(in, gradient_at, in->parts + 1);
  exit_code code = machine_run(&in->on, in->functions.gradient, 0, NULL, in->parts);
  if (code != EXIT_DONE) return (int)code;
  bool finite = isfinite(*f);
  for (int64_t k = 0; k < in->size && finite; k++) finite = !in->mask[k] || isfinite(gradient_at[k]);
  if (!finite) remember(in, x);
  *f *= in->sign;
  turn(in, gradient_at);
  return (int)EXIT_DONE;
}

static int hessian_product(void *user, const double *x, const double *v, double *hv) {
  solving *in = user;
  move_to(in, x);
  parts_of(in, hv, in->results);
  exit_code code = machine_run(&in->on, in->functions.product, 0, seeds_of(in, v), in->results);
  turn(in, hv);
  return (int)code;
}

static int residual(void *user, const double *x, double *into) {
  solving *in = user;
  move_to(in, x);
  return (int)machine_run(&in->on, in->functions.residual, 0, NULL, (double *[]){into});
}

static int jvp(void *user, const double *x, const double *v, double *jv) {
  solving *in = user;
  move_to(in, x);
  return (int)machine_run(&in->on, in->functions.jvp, 0, seeds_of(in, v), (double *[]){jv});
}

static int vjp(void *user, const double *x, const double *u, double *ju) {
  solving *in = user;
  move_to(in, x);
  parts_of(in, ju, in->results);
  return (int)machine_run(&in->on, in->functions.vjp, 0, (const double *[]){u}, in->results);
}

/* ---- what is requested ---- */

static exit_code request_one(solving *in, request_kind kind, name_list read, name_list along, int *into) {
  request wanted = {
      .kind = kind, .read = read.items, .read_count = read.count, .along = along.items, .along_count = along.count};
  *into = session_request(in->from, &wanted);
  if (*into >= 0) return EXIT_DONE;
  exit_code code = session_report(in->from);
  return code == EXIT_DONE ? EXIT_INTERNAL : code;
}

static exit_code request_squares(solving *in) {
  name_list none = {0}, residuals = one_name(in->with, in->squares.output);
  exit_code code = request_one(in, REQUEST_OUTPUTS, residuals, none, &in->functions.residual);
  if (code == EXIT_DONE) code = request_one(in, REQUEST_JVP, residuals, in->active, &in->functions.jvp);
  if (code == EXIT_DONE) code = request_one(in, REQUEST_VJP, in->active, residuals, &in->functions.vjp);
  return code;
}

/* Everything that the model has; the method takes what it needs of it. */
static bool describe(solving *in, minimise_problem *into) {
  quantity residuals;
  *into = (minimise_problem){
      .user = in, .size = (size_t)in->size, .value = value, .gradient = gradient, .product = hessian_product};
  in->squares = solve_find_squares(in);
  in->squares.factor *= in->sign;
  if (!in->squares.output || !(in->squares.factor > 0)) return true;
  if (!bind_quantity(&in->inputs, in->squares.output, &residuals)) return false;
  into->residual_count = (size_t)residuals.count;
  into->residual_factor = in->squares.factor;
  into->residual = residual;
  into->jvp = jvp;
  into->vjp = vjp;
  return true;
}

static exit_code refuse_method(const solving *in, const minimise_method *method) {
  complain("--method %s needs an objective that is a sum of squares of an output: output r = ...; minimize sum(r^2)%s",
           method->name, in->squares.output ? " (this one has a negative factor)" : "");
  return EXIT_INPUT;
}

static exit_code request_all(solving *in, minimise_problem *of) {
  const char *name = in->given->solver.method;
  const minimise_method *method = name && strcmp(name, "auto") ? minimise_find(name) : NULL;
  if (!method) method = minimise_choose(of, (size_t)in->free_count);
  in->method = method;
  if ((method->needs & MINIMISE_NEEDS_RESIDUAL) && !of->residual) return refuse_method(in, method);
  name_list none = {0};
  exit_code code = request_one(in, REQUEST_VALUE, none, none, &in->functions.value);
  if (!in->active.count) return code;
  if (code == EXIT_DONE) code = request_one(in, REQUEST_GRADIENT, in->active, none, &in->functions.gradient);
  if (!(method->needs & MINIMISE_NEEDS_PRODUCT)) of->product = NULL;
  if (code == EXIT_DONE && of->product)
    code = request_one(in, REQUEST_PRODUCT, in->active, in->active, &in->functions.product);
  if (!(method->needs & MINIMISE_NEEDS_RESIDUAL)) of->residual = NULL;
  if (code == EXIT_DONE && of->residual) code = request_squares(in);
  return code;
}

/* ---- where it starts ---- */

static exit_code fill_bound(solving *in, const declared_value *of, const solve_var *var, double none, double *into) {
  for (int64_t k = 0; k < var->count; k++) into[var->offset + k] = none;
  if (of->function < 0) return EXIT_DONE;
  exit_code code;
  const double *entries = start_evaluate(&in->on, of, var->input, &code);
  if (entries && var->count) memcpy(into + var->offset, entries, (size_t)var->count * sizeof *entries);
  return code;
}

static exit_code fill_vectors(solving *in) {
  double **vectors[] = {&in->x, &in->lower, &in->upper, &in->odd};
  for (int k = 0; k < 4; k++) *vectors[k] = arena_array(in->with->memory, double, in->size + 1);
  exit_code code = start_fill(&in->on, &in->inputs, &in->starts, in->given->strict);
  for (int k = 0; k < in->vars.count && code == EXIT_DONE; k++) {
    const solve_var *var = &in->vars.items[k];
    quantity *bound = &in->inputs.inputs[var->input].value;
    code = fill_bound(in, &in->starts.lower[var->input], var, -INFINITY, in->lower);
    if (code == EXIT_DONE) code = fill_bound(in, &in->starts.upper[var->input], var, INFINITY, in->upper);
    if (var->count) memcpy(in->x + var->offset, bound->entries, (size_t)var->count * sizeof *in->x);
  }
  return code;
}

exit_code solve_prepare(solving *in, minimise_problem *problem) {
  in->functions.gradient = -1;
  in->sign = in->model->maximize ? -1 : 1;
  in->parts = arena_array(in->with->memory, double *, in->vars.count + 2);
  in->results = arena_array(in->with->memory, double *, in->vars.count + 2);
  if (!describe(in, problem)) return EXIT_INPUT;
  exit_code code = start_request(in->with, in->from, &in->inputs, BOUNDS_OF_ALL, &in->starts);
  if (code == EXIT_DONE) code = request_all(in, problem);
  if (code == EXIT_DONE) code = machine_compile(&in->on, in->with, in->from, &in->inputs);
  return code == EXIT_DONE ? fill_vectors(in) : code;
}

exit_code solve_gradient_at(solving *in, double *x, results *into) {
  move_to(in, x);
  for (int k = 0; k < in->vars.count; k++)
    in->inputs.inputs[in->vars.items[k].input].value.entries = x + in->vars.items[k].offset;
  quantity objective;
  if (!quantity_create(&in->with->reports, in->model->objective.name, 0, NULL, &objective)) return EXIT_INPUT;
  *into = (results){.inputs = &in->inputs};
  result made = {SECTION_VALUE, objective};
  list_push(in->with->memory, &into->list, made);
  double **parts = in->parts;
  *parts++ = objective.entries;
  for (int k = 0; k < in->active.count; k++) {
    made.in = SECTION_GRAD;
    if (!bind_quantity(&in->inputs, in->active.items[k], &made.what)) return EXIT_INPUT;
    list_push(in->with->memory, &into->list, made);
    *parts++ = made.what.entries;
  }
  int function = in->active.count ? in->functions.gradient : in->functions.value;
  return machine_run(&in->on, function, 0, NULL, in->parts);
}
