/* Implicit gradients of an instance: the model as functions of its listed vars and of params, and what
 * runtime/implicit.h makes of it. Between calls the instance has its own arrays; while one runs, the inputs' pointers
 * lead to the vectors here. */
#include "compiler/library/variables.h"

#include "compiler/problem/implicit_model.h"
#include "compiler/problem/requests.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct adjoin_implicit {
  listed_vars vars;
  const adjoin_parameter *parameters; /* of the caller, while it is made */
  int parameter_count;
  const char *root; /* of the caller, too */
  implicit_options how;
  implicit_model of; /* its user is this */
  LIST(request) wanted;
  const adjoin_function **functions; /* by number: of `wanted` */
  problem_request kernel_wanted[KERNEL_FUNCTIONS];
  kernel_problem kernel;
  minimise_problem inner;
  implicit *made;
  unsigned changes;      /* of the instance, when this was made */
  adjoin_status failure; /* of a call, which has been told */
  int no_value;          /* the last check of a search inside that failed, or 0 */
  adjoin_certificate certificate;
};

/* ---- what ../problem/implicit_model.h asks of its user ---- */

/* Noted, under the lock; made after it. */
static int note_request(void *user, const request *wanted) {
  adjoin_implicit *in = user;
  list_push(in->vars.memory, &in->wanted, *wanted);
  return in->wanted.count - 1;
}

static int run(void *user, int number, int64_t directions, const double *const *seeds, double *const *into) {
  adjoin_implicit *in = user;
  adjoin_instance *of = in->vars.of;
  const adjoin_function *function = in->functions[number];
  in->failure = prepare_call(of, function, directions > 0 ? directions : 1);
  in->kernel.work = of->work;
  if (in->failure != ADJOIN_OK) return -1;
  int check = function->entry(of->bound.arguments, of->bound.pointers, seeds, into, of->work);
  if (check && listed_search_failed(of->model->from, check)) {
    in->no_value = check;
    return IMPLICIT_NO_VALUE;
  }
  if (check) in->failure = tell_check(of->model, check, function, of->work);
  return check;
}

static int gradient(void *user, const double *x, double *f, double *gradient_at) {
  adjoin_implicit *in = user;
  int check = in->inner.gradient(in->inner.user, x, f, gradient_at);
  if (check) in->failure = tell_check(in->vars.of->model, check, NULL, NULL);
  return check;
}

static int equations(void *user, const double *x, double *r) {
  adjoin_implicit *in = user;
  int check = in->inner.residual(in->inner.user, x, r);
  if (check) in->failure = tell_check(in->vars.of->model, check, NULL, NULL);
  return check;
}

/* ---- the plan, under the model's lock ---- */

static bool is_listed(const name_list *names, const char *name) {
  for (int k = 0; k < names->count; k++)
    if (!strcmp(names->items[k], name)) return true;
  return false;
}

/* The params that the caller names, or all that no `freeze` names whole. */
static adjoin_status choose_parameters(adjoin_implicit *in, mistakes *found) {
  const tensor_program *model = in->vars.bound.model;
  arena *memory = in->vars.memory;
  for (int k = 0; k < in->parameter_count; k++) {
    const char *name = in->parameters[k].name;
    int number = name ? find_input(model, name) : -1;
    if (number < 0 || model->inputs.items[number].role != ROLE_PARAM)
      return listed_mistake(found, ADJOIN_BINDING, CODE_UNKNOWN_NAME,
                            arena_format(memory, "the model has no param '%s'", name ? name : ""));
    if (is_listed(&in->of.wrt, name))
      return listed_mistake(found, ADJOIN_USE, CODE_WRONG_CALL, arena_format(memory, "'%s' is listed twice", name));
    list_push(memory, &in->of.wrt, model->inputs.items[number].name);
  }
  for (int k = 0; k < model->inputs.count && !in->parameter_count; k++)
    if (model->inputs.items[k].role == ROLE_PARAM && !model->inputs.items[k].frozen_whole)
      list_push(memory, &in->of.wrt, model->inputs.items[k].name);
  if (in->of.wrt.count) return ADJOIN_OK;
  return listed_mistake(found, ADJOIN_MODEL, CODE_NO_DERIVATIVE,
                        "the model has no param: there is nothing that derivatives could be taken of");
}

static adjoin_status check_parameters(const adjoin_implicit *in, mistakes *found) {
  for (int k = 0; k < in->of.parameters.count; k++) {
    const implicit_parameter *each = &in->of.parameters.items[k];
    if (!each->count || in->vars.bound.pointers[each->input]) continue;
    return listed_mistake(found, ADJOIN_BINDING, CODE_INPUT,
                          arena_format(in->vars.memory, "the input '%s' has no array", in->of.wrt.items[k]));
  }
  return ADJOIN_OK;
}

/* Bounds that the caller gives are numbers: no param moves them. */
static void note_fixed_bounds(adjoin_implicit *in) {
  int count = in->vars.vector.vars.count;
  bool *lower = arena_array(in->vars.memory, bool, count + 1), *upper = arena_array(in->vars.memory, bool, count + 1);
  for (int k = 0; k < count; k++) {
    const adjoin_variable *from = in->vars.of_var[k];
    lower[k] = from && from->lower;
    upper[k] = from && from->upper;
  }
  in->of.fixed[0] = lower;
  in->of.fixed[1] = upper;
}

static adjoin_status plan(adjoin_model *model, void *with, mistakes *found) {
  adjoin_implicit *in = with;
  (void)model;
  listed_report_to(&in->vars, found);
  adjoin_status status = listed_choose_free(&in->vars, found);
  if (status != ADJOIN_OK) return status;
  in->of = (implicit_model){.memory = in->vars.memory,
                            .model = in->vars.bound.model,
                            .inputs = &in->vars.bound,
                            .vector = &in->vars.vector,
                            .user = in,
                            .request = note_request,
                            .run = run,
                            .gradient = gradient,
                            .equations = equations};
  if (in->root) in->of.root = arena_copy(in->vars.memory, in->root, strlen(in->root));
  if (in->root && !implicit_check_root(&in->of)) return ADJOIN_BINDING;
  status = choose_parameters(in, found);
  if (status != ADJOIN_OK) return status;
  if (!implicit_lay_out(&in->of))
    return listed_mistake(found, ADJOIN_BINDING, CODE_INPUT, "the params are too large together");
  note_fixed_bounds(in);
  status = check_parameters(in, found);
  if (status == ADJOIN_OK) status = listed_lay_out(&in->vars, found);
  if (status != ADJOIN_OK || !implicit_request(&in->of)) return status;
  problem_requests(in->vars.memory, &in->vars.vector.active, !in->root, false, in->of.root, in->kernel_wanted);
  int vars = in->vars.vector.vars.count;
  in->kernel.seeds = arena_array(in->vars.memory, double *, vars + 1);
  in->kernel.results = arena_array(in->vars.memory, double *, vars + 1);
  in->functions = arena_array(in->vars.memory, const adjoin_function *, in->wanted.count + 1);
  return ADJOIN_OK;
}

static adjoin_status describe(adjoin_model *model, void *with, mistakes *found) {
  adjoin_implicit *in = with;
  (void)model;
  listed_report_to(&in->vars, found);
  if (in->of.functions.kinks >= 0) in->of.kinks = in->functions[in->of.functions.kinks]->kinks;
  in->of.lower = in->how.lower = in->vars.lower;
  in->of.upper = in->how.upper = in->vars.upper;
  in->how.mask = in->vars.vector.mask;
  implicit_describe(&in->of);
  return ADJOIN_OK;
}

/* ---- functions ---- */

static adjoin_status make_functions(adjoin_implicit *in) {
  adjoin_model *model = in->vars.of->model;
  adjoin_status status = ADJOIN_OK;
  for (int k = 0; k < in->wanted.count && status == ADJOIN_OK; k++)
    status = requested_function(model, &in->wanted.items[k], &in->functions[k]);
  for (int k = 0; k < KERNEL_FUNCTIONS && status == ADJOIN_OK; k++) {
    const adjoin_function *function;
    if (!in->kernel_wanted[k].needed) continue;
    status = requested_function(model, &in->kernel_wanted[k].wanted, &function);
    if (status == ADJOIN_OK) status = prepare_call(in->vars.of, function, 1);
    if (status == ADJOIN_OK) in->kernel.functions[k] = function->entry;
  }
  in->inner = kernel_problem_describe(&in->kernel);
  return status;
}

static void fill_kernel(adjoin_implicit *in) {
  kernel_problem *kernel = &in->kernel;
  adjoin_instance *of = in->vars.of;
  kernel->extents = of->bound.arguments;
  kernel->inputs = of->bound.pointers;
  kernel->vars = in->vars.vector.vars.items;
  kernel->var_count = (size_t)in->vars.vector.vars.count;
  kernel->size = (size_t)in->vars.vector.size;
  kernel->mask = in->vars.vector.mask;
  kernel->maximise = of->model->program->maximize && !in->of.root;
  if (in->of.root) kernel->residual_count = (size_t)in->vars.vector.free_count;
  kernel->has_no_value = listed_search_failed;
  kernel->judge = of->model->from;
}

/* ---- calls ---- */

static void enter(adjoin_implicit *in) {
  in->failure = ADJOIN_OK;
  gather_inputs(in->vars.of);
  memcpy(in->vars.kept, in->vars.of->bound.pointers,
         (size_t)in->vars.bound.model->inputs.count * sizeof *in->vars.kept);
  for (int k = 0; in->of.theta && k < in->of.parameters.count; k++) {
    const implicit_parameter *each = &in->of.parameters.items[k];
    in->vars.of->bound.pointers[each->input] = in->of.theta + each->offset;
  }
  kernel_problem_move(&in->kernel, in->vars.x);
}

static void note_certificate(adjoin_implicit *in) {
  const implicit_certificate *of = implicit_certificate_of(in->made);
  in->certificate = (adjoin_certificate){.status = (adjoin_implicit_status)of->status,
                                         .name = implicit_status_name(of->status),
                                         .hypothesis = implicit_hypothesis(of->status, in->of.root != NULL),
                                         .advice = implicit_advice(of->status, in->of.root != NULL),
                                         .found = of->found ? of->found : "",
                                         .f = in->kernel.maximise ? -of->f : of->f,
                                         .grad_inf = of->grad_inf,
                                         .scaled_grad = of->scaled_grad,
                                         .has_inertia = of->has_inertia,
                                         .positive = of->positive,
                                         .negative = of->negative,
                                         .zero = of->zero,
                                         .least_curvature = of->least_curvature,
                                         .condition = of->condition,
                                         .residual = of->residual,
                                         .error_estimate = of->error_estimate,
                                         .free_count = of->free,
                                         .frozen_count = of->frozen,
                                         .at_bound = of->at_bound,
                                         .moving_count = of->moving,
                                         .entry = of->entry,
                                         .dense = of->dense,
                                         .polish_steps = of->polish_steps,
                                         .products = of->products,
                                         .iterations = of->iterations};
}

/* What a call came to: what failed has been told, but for memory. */
static adjoin_status leave(adjoin_implicit *in) {
  listed_leave(&in->vars);
  if (!in->made) return tell_exhausted(&in->vars.of->model->told);
  note_certificate(in);
  if (in->failure != ADJOIN_OK) return in->failure;
  return in->certificate.status == ADJOIN_IMPLICIT_NO_MEMORY ? tell_exhausted(&in->vars.of->model->told) : ADJOIN_OK;
}

/* Without derivatives there are no numbers, and the certificate says why. */
static adjoin_status answer(adjoin_implicit *in, bool good) {
  adjoin_status status = leave(in);
  if (status != ADJOIN_OK || good) return status;
  const adjoin_certificate *of = &in->certificate;
  if (of->status == ADJOIN_IMPLICIT_NOT_FINITE && in->no_value)
    tell_check(in->vars.of->model, in->no_value, NULL, NULL);
  return tell(&in->vars.of->model->told, ADJOIN_NUMERICS, CODE_NUMERICS, "%s: %s%s%s%s%s", of->name, of->hypothesis,
              *of->found ? ": " : "", of->found, *of->advice ? "; " : "", of->advice);
}

static implicit_options options_of(const adjoin_implicit_options *from) {
  implicit_options made = implicit_defaults();
  made.solver = (implicit_solver)from->solver;
  made.dense_limit = from->dense_limit;
  made.polish = from->polish != 0;
  made.damping = from->damping;
  made.least_norm = from->least_norm != 0;
  made.tolerance = from->tolerance;
  made.iterations = from->iterations;
  return made;
}

static adjoin_status begin(adjoin_implicit *in) {
  adjoin_instance *of = in->vars.of;
  adjoin_status status = guarded(of->model, plan, in);
  if (status != ADJOIN_OK) return status;
  fill_kernel(in);
  kernel_problem_move(&in->kernel, in->vars.x); /* so that they have arrays when functions are made ready */
  status = make_functions(in);
  if (status == ADJOIN_OK) status = listed_fill_bounds(&in->vars);
  if (status == ADJOIN_OK) status = guarded(of->model, describe, in);
  listed_leave(&in->vars);
  if (status != ADJOIN_OK) return status;
  enter(in);
  in->kernel.work = of->work;
  in->made = implicit_begin(&in->of.problem, &in->how, in->vars.x);
  listed_give_back(&in->vars);
  return leave(in);
}

adjoin_status adjoin_implicit_create(adjoin_instance *instance, const adjoin_variable *variables, int variable_count,
                                     const adjoin_parameter *parameters, int parameter_count,
                                     const adjoin_implicit_options *options, adjoin_implicit **made) {
  const audience *told = instance ? &instance->model->told : NULL;
  if (made) *made = NULL;
  if (!instance || variable_count < 0 || (variable_count && !variables) || parameter_count < 0 ||
      (parameter_count && !parameters) || !options || !made)
    return tell_misuse(told, "adjoin_implicit_create: NULL for an argument, or a negative count");
  if (options->version < 1 || options->version > ADJOIN_IMPLICIT_VERSION)
    return tell_misuse(told, "adjoin_implicit_create: options that did not begin with adjoin_implicit_defaults()");
  if ((int)options->solver < 0 || options->solver > ADJOIN_IMPLICIT_LSQR)
    return tell_misuse(told, "adjoin_implicit_create: there is no such solver");
  adjoin_status status = adjoin_settle(instance);
  if (status != ADJOIN_OK) return status;
  const char *root = options->version > 1 ? options->root : NULL; /* which the first edition lacks */
  if (!root && !instance->model->program->objective.value)
    return tell(told, ADJOIN_MODEL, CODE_NO_OBJECTIVE, "the model has no objective");
  adjoin_implicit *in = calloc(1, sizeof *in);
  if (in) in->vars.memory = arena_create();
  if (!in || !in->vars.memory) {
    free(in);
    return tell_exhausted(told);
  }
  in->root = root;
  in->vars.caller = "adjoin_implicit_create";
  in->vars.of = instance;
  in->vars.variables = variables;
  in->vars.count = variable_count;
  in->parameters = parameters;
  in->parameter_count = parameter_count;
  in->how = options_of(options);
  gather_inputs(instance);
  status = begin(in);
  in->changes = instance->changes;
  if (status == ADJOIN_OK)
    *made = in;
  else
    adjoin_implicit_release(in);
  return status;
}

void adjoin_implicit_release(adjoin_implicit *of) {
  if (!of) return;
  implicit_end(of->made);
  arena_release(of->vars.memory);
  free(of);
}

const adjoin_certificate *adjoin_implicit_certificate(const adjoin_implicit *of) {
  return of ? &of->certificate : NULL;
}

size_t adjoin_implicit_size(const adjoin_implicit *of) {
  return of ? (size_t)of->vars.vector.size : 0;
}

size_t adjoin_implicit_parameter_count(const adjoin_implicit *of) {
  return of ? (size_t)of->of.parameter_count : 0;
}

static int place_at(int64_t from, int64_t entries, size_t *offset, size_t *count) {
  if (offset) *offset = (size_t)from;
  if (count) *count = (size_t)entries;
  return 1;
}

int adjoin_implicit_place(const adjoin_implicit *of, const char *name, size_t *offset, size_t *count) {
  int number = of && name ? find_input(of->of.model, name) : -1;
  for (int k = 0; number >= 0 && k < of->vars.vector.vars.count; k++) {
    const kernel_var *each = &of->vars.vector.vars.items[k];
    if (each->input != number) continue;
    return place_at(each->offset, each->count, offset, count);
  }
  for (int k = 0; number >= 0 && k < of->of.parameters.count; k++) {
    const implicit_parameter *each = &of->of.parameters.items[k];
    if (each->input != number) continue;
    return place_at(each->offset, each->count, offset, count);
  }
  return 0;
}

/* Is the call one that can be answered? What was bound to other arrays since has none of what this rests on. */
static adjoin_status check_call(const adjoin_implicit *of, bool complete) {
  const audience *told = of ? &of->vars.of->model->told : NULL;
  if (!of || !complete) return tell_misuse(told, "adjoin_implicit: NULL for an argument");
  if (of->vars.of->changes == of->changes) return ADJOIN_OK;
  return tell_misuse(told, "adjoin_implicit: the instance was bound to other arrays since this was made: make another");
}

/* Blocks that no memory could hold. */
static adjoin_status check_size(const adjoin_implicit *of, size_t count) {
  size_t rows = (size_t)(of->of.parameter_count > of->vars.vector.size ? of->of.parameter_count : of->vars.vector.size);
  size_t entries;
  bool fits = !__builtin_mul_overflow(rows, count, &entries) && entries <= SIZE_MAX / sizeof(double);
  return fits ? ADJOIN_OK : tell_exhausted(&of->vars.of->model->told);
}

/* So many rows, a column for each direction. */
static adjoin_status check_directions(const adjoin_implicit *of, size_t rows, size_t count, const double *directions) {
  for (size_t k = 0; count && k < rows * count; k++)
    if (!isfinite(directions[k]))
      return tell_misuse(&of->vars.of->model->told,
                         "adjoin_implicit: a direction has an entry that is nan or infinite");
  return ADJOIN_OK;
}

adjoin_status adjoin_implicit_forward(adjoin_implicit *of, size_t count, const double *dtheta, double *dx) {
  adjoin_status status = check_call(of, dtheta && dx);
  if (status == ADJOIN_OK) status = check_size(of, count);
  if (status == ADJOIN_OK) status = check_directions(of, (size_t)of->of.parameter_count, count, dtheta);
  if (status != ADJOIN_OK) return status;
  enter(of);
  return answer(of, implicit_forward(of->made, count, dtheta, dx));
}

adjoin_status adjoin_implicit_adjoint(adjoin_implicit *of, size_t count, const double *weights, double *bar) {
  adjoin_status status = check_call(of, weights && bar);
  if (status == ADJOIN_OK) status = check_size(of, count);
  if (status == ADJOIN_OK) status = check_directions(of, (size_t)of->vars.vector.size, count, weights);
  if (status != ADJOIN_OK) return status;
  enter(of);
  return answer(of, implicit_adjoint(of->made, count, weights, bar));
}

adjoin_status adjoin_implicit_jacobian(adjoin_implicit *of, double *jacobian) {
  adjoin_status status = check_call(of, jacobian != NULL);
  if (status != ADJOIN_OK) return status;
  enter(of);
  return answer(of, implicit_jacobian(of->made, jacobian));
}
