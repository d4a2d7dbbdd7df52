/* The model as functions of its vars and params (see implicit.h). */
#include "compiler/cli/implicit.h"
#include "compiler/cli/names.h"

#include <string.h>

/* ---- what is called ---- */

void implicit_move_to(differentiating *in, const double *x) {
  solving *solve = &in->solve;
  for (int k = 0; k < solve->vector.vars.count; k++)
    solve->inputs.pointers[solve->vector.vars.items[k].input] = x + solve->vector.vars.items[k].offset;
}

exit_code implicit_run(differentiating *in, int function, int64_t directions, const double *const *seeds,
                       double *const *into) {
  exit_code code = machine_run(&in->solve.on, function, directions, seeds, into);
  in->solve.kernel.work = in->solve.on.work; /* which may be elsewhere now */
  return code;
}

/* The parts of blocks of `count` vectors, for the vars that move or for the params. A part has the direction as its
 * last axis, as the whole block has. */
static void split_vars(const differentiating *in, double *block, size_t count, double **into) {
  for (int k = 0; k < in->solve.vector.vars.count; k++)
    if (in->solve.vector.vars.items[k].active) *into++ = block + in->solve.vector.vars.items[k].offset * (int64_t)count;
}

static void split_parameters(const differentiating *in, double *block, size_t count, double **into) {
  for (int k = 0; k < in->parameters.count; k++) *into++ = block + in->parameters.items[k].offset * (int64_t)count;
}

typedef void splitter(const differentiating *in, double *block, size_t count, double **into);

/* Second derivatives along a block of directions, of the objective that is minimised. Seeds are not written, although
 * their type would let that. */
static int second(differentiating *in, const implicit_function *of, const double *x, size_t count, const double *along,
                  splitter *split_along, double *read, splitter *split_read, int64_t read_size) {
  int64_t entries = read_size * (int64_t)count;
  memset(read, 0, (size_t)entries * sizeof *read);
  if (of->one < 0) return EXIT_DONE;
  implicit_move_to(in, x);
  split_along(in, (double *)along, count, in->seeds);
  split_read(in, read, count, in->results);
  int function = count == 1 ? of->one : of->block;
  exit_code code =
      implicit_run(in, function, count == 1 ? 0 : (int64_t)count, (const double *const *)in->seeds, in->results);
  for (int64_t k = 0; k < entries && in->solve.sign < 0; k++) read[k] = -read[k];
  return (int)code;
}

static int hessian_product(void *user, const double *x, size_t count, const double *v, double *hv) {
  differentiating *in = user;
  return second(in, &in->functions.product, x, count, v, split_vars, hv, split_vars, in->solve.vector.size);
}

static int mixed_forward(void *user, const double *x, size_t count, const double *u, double *read) {
  differentiating *in = user;
  return second(in, &in->functions.forward, x, count, u, split_parameters, read, split_vars, in->solve.vector.size);
}

static int mixed_adjoint(void *user, const double *x, size_t count, const double *v, double *read) {
  differentiating *in = user;
  return second(in, &in->functions.adjoint, x, count, v, split_vars, read, split_parameters, in->parameter_count);
}

static int gradient(void *user, const double *x, double *f, double *gradient_at) {
  differentiating *in = user;
  in->solve.kernel.work = in->solve.on.work;
  int status = in->inner.gradient(in->inner.user, x, f, gradient_at);
  return status ? (int)machine_explain(&in->solve.on, -1, status) : EXIT_DONE;
}

/* ---- what is requested ---- */

static exit_code request_one(differentiating *in, name_list read, name_list along, bool block, int *into) {
  request wanted = {.kind = REQUEST_PRODUCT,
                    .read = read.items,
                    .read_count = read.count,
                    .along = along.items,
                    .along_count = along.count,
                    .block = block};
  *into = session_request(in->solve.from, &wanted);
  if (*into >= 0) return EXIT_DONE;
  exit_code code = session_report(in->solve.from);
  return code == EXIT_DONE ? EXIT_INTERNAL : code;
}

static exit_code request_both(differentiating *in, name_list read, name_list along, implicit_function *into) {
  *into = (implicit_function){-1, -1};
  if (!read.count || !along.count) return EXIT_DONE;
  exit_code code = request_one(in, read, along, false, &into->one);
  return code == EXIT_DONE ? request_one(in, read, along, true, &into->block) : code;
}

/* --wrt: params, by default all that are not frozen whole. */
static exit_code choose_parameters(differentiating *in) {
  solving *solve = &in->solve;
  const options *given = solve->given;
  name_list named = names_below(solve->with, solve->model, &given->wrt, PARAMS);
  if (!names_check(solve->with, solve->model, "--wrt", &named, NAMES_INPUTS)) return EXIT_INPUT;
  in->wrt = names_wrt(solve->with, solve->model, &named, PARAMS, PARAMS | VARS);
  for (int k = 0; k < in->wrt.count; k++) {
    int number = find_input(solve->model, in->wrt.items[k]);
    if (has_role(solve->model, in->wrt.items[k], VARS)) {
      complain("--wrt: '%s' is a var: it is what is solved for; name params", in->wrt.items[k]);
      return EXIT_INPUT;
    }
    implicit_parameter made = {number, in->parameter_count, solve->inputs.inputs[number].value.count};
    list_push(solve->with->memory, &in->parameters, made);
    if (__builtin_add_overflow(in->parameter_count, made.count, &in->parameter_count)) {
      complain("the params are too large together");
      return EXIT_INPUT;
    }
  }
  if (in->wrt.count) return EXIT_DONE;
  complain("%s: the model has no param: there is nothing that the minimiser could move with; declare it with `param`",
           given->model_path);
  return EXIT_INPUT;
}

/* What the vars that move and the params move of the objective's choices. */
static exit_code request_kinks(differentiating *in) {
  name_list along = {0};
  in->functions.kinks = -1;
  if (!in->solve.vector.active.count) return EXIT_DONE;
  const name_list *lists[] = {&in->solve.vector.active, &in->wrt};
  for (int number = 0; number < 2; number++)
    for (int k = 0; k < lists[number]->count; k++) list_push(in->solve.with->memory, &along, lists[number]->items[k]);
  request wanted = {.kind = REQUEST_KINKS, .along = along.items, .along_count = along.count};
  in->functions.kinks = session_request(in->solve.from, &wanted);
  if (in->functions.kinks < 0) return session_report(in->solve.from);
  in->kink_count = session_kinks(in->solve.from)->count;
  return EXIT_DONE;
}

exit_code implicit_prepare(differentiating *in) {
  solving *solve = &in->solve;
  exit_code code = choose_parameters(in);
  if (code != EXIT_DONE) return code;
  arena *memory = solve->with->memory;
  int room = solve->vector.vars.count + in->parameters.count + 1;
  in->seeds = arena_array(memory, double *, room);
  in->results = arena_array(memory, double *, room);
  code = request_both(in, solve->vector.active, solve->vector.active, &in->functions.product);
  if (code == EXIT_DONE) code = request_both(in, solve->vector.active, in->wrt, &in->functions.forward);
  if (code == EXIT_DONE) code = request_both(in, in->wrt, solve->vector.active, &in->functions.adjoint);
  if (code == EXIT_DONE) code = request_kinks(in);
  if (code == EXIT_DONE) code = implicit_request_bounds(in);
  return code;
}

exit_code implicit_describe(differentiating *in) {
  solving *solve = &in->solve;
  in->theta = arena_array(solve->with->memory, double, in->parameter_count + 1);
  for (int k = 0; k < in->parameters.count; k++) {
    const implicit_parameter *each = &in->parameters.items[k];
    const quantity *value = &solve->inputs.inputs[each->input].value;
    if (each->count) memcpy(in->theta + each->offset, value->entries, (size_t)each->count * sizeof *in->theta);
    solve->inputs.pointers[each->input] = in->theta + each->offset;
  }
  in->problem = (implicit_problem){.user = in,
                                   .size = (size_t)solve->vector.size,
                                   .parameter_count = (size_t)in->parameter_count,
                                   .gradient = gradient,
                                   .product = hessian_product,
                                   .mixed_forward = mixed_forward,
                                   .mixed_adjoint = mixed_adjoint,
                                   .kink = implicit_find_kink};
  if (implicit_bounds_move(in)) {
    in->problem.bound_forward = implicit_bound_forward;
    in->problem.bound_adjoint = implicit_bound_adjoint;
  }
  in->how = solve->given->implicit;
  in->how.mask = solve->vector.mask;
  in->how.lower = solve->lower;
  in->how.upper = solve->upper;
  return EXIT_DONE;
}
