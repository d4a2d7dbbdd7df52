/* Minimisation over the vars of an instance: they are copied into one vector, the functions that the method needs are
 * derived along those of them that move, and the inputs' pointers lead into the vector while the minimiser runs. */
#include "compiler/library/library.h"

#include "compiler/problem/requests.h"
#include "compiler/problem/squares.h"
#include "compiler/problem/var_vector.h"
#include "runtime/library/run.h"
#include <math.h>
#include <string.h>

/* One minimisation. What the plan makes is in `memory`. */
typedef struct {
  adjoin_instance *of;
  const adjoin_variable *variables;
  int count;
  const adjoin_minimise_options *options;
  adjoin_minimise_result *result;
  arena *memory;
  reporting reports; /* of the work that is done just now */
  bound_model bound; /* the instance's, which reports there */
  var_vector vector;
  const adjoin_variable **of_var; /* by var of the vector; NULL: it is not listed */
  const void **kept;              /* by var: what the instance has */
  sum_of_squares squares;
  problem_request wanted[KERNEL_FUNCTIONS];
  kernel_problem kernel;
  double *x, *lower, *upper;
} run;

static const char *var_name(const run *in, int var) {
  return in->of->model->inputs.items[in->vector.vars.items[var].input].name;
}

/* ---- the plan, under the model's lock ---- */

static adjoin_status mistake(mistakes *found, adjoin_status status, diagnostic_code code, const char *message) {
  add_mistake(found, status, code, message);
  return status;
}

/* From here on, for one piece of work, messages go to `found`, and memory that runs out leads there. */
static void report_to(run *in, mistakes *found) {
  arena_set_escape(in->memory, found->escape);
  in->reports = (reporting){.memory = in->memory, .receive = add_binding_mistake, .receiver = found};
  in->bound = in->of->bound;
  in->bound.with = &in->reports;
}

/* Finds the var that each of the list names. */
static adjoin_status find_variables(run *in, mistakes *found) {
  in->of_var = arena_array(in->memory, const adjoin_variable *, in->vector.vars.count + 1);
  for (int k = 0; k < in->count; k++) {
    const adjoin_variable *each = &in->variables[k];
    if (!each->name) return mistake(found, ADJOIN_USE, CODE_WRONG_CALL, "adjoin_minimise: a variable without a name");
    int number = find_input(in->bound.model, each->name), var = number < 0 ? -1 : var_of_input(&in->vector, number);
    if (var < 0)
      return mistake(found, ADJOIN_BINDING, CODE_UNKNOWN_NAME,
                     arena_format(in->memory, "the model has no var '%s'", each->name));
    if (in->of_var[var])
      return mistake(found, ADJOIN_USE, CODE_WRONG_CALL, arena_format(in->memory, "'%s' is listed twice", each->name));
    if (!each->x && in->vector.vars.items[var].count)
      return mistake(found, ADJOIN_USE, CODE_WRONG_CALL,
                     arena_format(in->memory, "the x of '%s' is NULL: it is where it starts and ends", each->name));
    in->of_var[var] = each;
  }
  return ADJOIN_OK;
}

/* What of one var moves, by the list alone. */
static adjoin_status apply_mask(run *in, int var, mistakes *found) {
  const kernel_var *place = &in->vector.vars.items[var];
  const adjoin_variable *from = in->of_var[var];
  for (int64_t k = 0; k < place->count; k++) {
    unsigned char free_entry = !from ? 0 : from->mask ? from->mask[k] : 1;
    if (free_entry > 1)
      return mistake(found, ADJOIN_USE, CODE_WRONG_CALL,
                     arena_format(in->memory, "the mask of %s is %d: 1 is for what may move, 0 for what may not",
                                  var_entry_name(&in->vector, place->offset + k), free_entry));
    in->vector.mask[place->offset + k] &= free_entry;
  }
  return ADJOIN_OK;
}

static adjoin_status choose_free(run *in, mistakes *found) {
  const tensor_program *model = in->bound.model;
  if (!var_vector_create(&in->bound, &in->vector)) return ADJOIN_BINDING;
  adjoin_status status = find_variables(in, found);
  for (int k = 0; k < in->vector.vars.count && status == ADJOIN_OK; k++) status = apply_mask(in, k, found);
  if (status != ADJOIN_OK) return status;
  diagnostics *wrong = diagnostics_create(in->memory, model->from);
  if (!var_vector_freeze(&in->vector, wrong)) {
    add_mistakes(found, ADJOIN_BINDING, wrong);
    return ADJOIN_BINDING;
  }
  var_vector_count(&in->vector);
  return ADJOIN_OK;
}

static adjoin_status refuse_method(const run *in, mistakes *found, const char *why) {
  const char *message = arena_format(found->memory, "the method '%s': %s", in->options->method, why);
  run_refuse(in->result, why);
  return mistake(found, ADJOIN_USE, CODE_WRONG_CALL, message);
}

/* The method, and the functions that it needs. */
static adjoin_status choose_functions(run *in, mistakes *found) {
  const tensor_program *model = in->bound.model;
  in->squares = find_squares(model, in->bound.values);
  if (model->maximize) in->squares.factor = -in->squares.factor;
  bool squares = in->squares.output && in->squares.factor > 0;
  quantity residuals = {.count = 0};
  if (squares && !bind_quantity(&in->bound, in->squares.output, &residuals)) return ADJOIN_BINDING;
  const minimise_method *method =
      kernel_problem_method(in->options->method, (size_t)in->vector.free_count, squares, (size_t)residuals.count);
  if (!method) return refuse_method(in, found, "there is no method of this name");
  bool needs = method->needs & MINIMISE_NEEDS_RESIDUAL;
  if (needs && !squares) return refuse_method(in, found, "it needs an objective that is a sum of squares of an output");
  in->kernel.residual_count = (size_t)residuals.count;
  in->kernel.residual_factor = in->squares.factor;
  problem_requests(in->memory, &in->vector.active, method->needs & MINIMISE_NEEDS_PRODUCT,
                   needs ? in->squares.output : NULL, in->wanted);
  return ADJOIN_OK;
}

/* Everything that memory is needed for, and the start. */
static adjoin_status lay_out(run *in, mistakes *found) {
  int vars = in->vector.vars.count;
  double **vectors[] = {&in->x, &in->lower, &in->upper};
  for (int k = 0; k < 3; k++) *vectors[k] = arena_array(in->memory, double, in->vector.size + 1);
  in->kept = arena_array(in->memory, const void *, vars + 1);
  in->kernel.seeds = arena_array(in->memory, double *, vars + 1);
  in->kernel.results = arena_array(in->memory, double *, vars + 1);
  for (int k = 0; k < vars; k++) {
    const kernel_var *var = &in->vector.vars.items[k];
    in->kept[k] = in->bound.pointers[var->input];
    const void *from = in->of_var[k] ? in->of_var[k]->x : in->kept[k];
    if (var->count && !from)
      return mistake(found, ADJOIN_BINDING, CODE_INPUT,
                     arena_format(in->memory, "the var '%s' is not listed and has no array", var_name(in, k)));
    if (var->count) memcpy(in->x + var->offset, from, (size_t)var->count * sizeof *in->x);
  }
  return ADJOIN_OK;
}

static adjoin_status plan(adjoin_model *model, void *with, mistakes *found) {
  run *in = with;
  (void)model;
  report_to(in, found);
  adjoin_status status = choose_free(in, found);
  if (status == ADJOIN_OK) status = choose_functions(in, found);
  return status == ADJOIN_OK ? lay_out(in, found) : status;
}

/* ---- functions and bounds ---- */

static adjoin_status make_functions(run *in) {
  for (int k = 0; k < KERNEL_FUNCTIONS; k++) {
    const adjoin_function *function;
    if (!in->wanted[k].needed) continue;
    adjoin_status status = requested_function(in->of->model, &in->wanted[k].wanted, &function);
    if (status == ADJOIN_OK) status = prepare_call(in->of, function, 1);
    if (status != ADJOIN_OK) return status;
    in->kernel.functions[k] = function->entry;
  }
  return ADJOIN_OK;
}

/* The caller's bounds of a var, or the model's, or none. */
static adjoin_status fill_bound(run *in, int var, adjoin_declared which) {
  bool is_lower = which == ADJOIN_LOWER;
  const kernel_var *place = &in->vector.vars.items[var];
  const adjoin_array *declared = &in->of->model->inputs.items[place->input];
  double *into = (is_lower ? in->lower : in->upper) + place->offset;
  const double *given = in->of_var[var] ? (is_lower ? in->of_var[var]->lower : in->of_var[var]->upper) : NULL;
  for (int64_t k = 0; k < place->count; k++) into[k] = given ? given[k] : is_lower ? -INFINITY : INFINITY;
  if (given || !in->of_var[var] || !place->count || !(is_lower ? declared->has_lower : declared->has_upper))
    return ADJOIN_OK;
  return adjoin_declared_values(in->of, declared->name, which, into);
}

static adjoin_status fill_bounds(run *in) {
  adjoin_status status = ADJOIN_OK;
  for (int k = 0; k < in->vector.vars.count && status == ADJOIN_OK; k++) {
    status = fill_bound(in, k, ADJOIN_LOWER);
    if (status == ADJOIN_OK) status = fill_bound(in, k, ADJOIN_UPPER);
  }
  return status;
}

/* ---- the run ---- */

/* A refusal that is about bounds is one about arrays; else the options are wrong. */
static adjoin_status explain_refusal(adjoin_model *model, void *with, mistakes *found) {
  run *in = with;
  (void)model;
  report_to(in, found);
  size_t entry = in->result->entry;
  bool crossed = entry < (size_t)in->vector.size && in->vector.mask[entry] &&
                 !(in->lower[entry] <= in->upper[entry] && in->lower[entry] < INFINITY && in->upper[entry] > -INFINITY);
  if (!crossed) return mistake(found, ADJOIN_USE, CODE_WRONG_CALL, in->result->test);
  return mistake(found, ADJOIN_BINDING, CODE_INPUT,
                 arena_format(in->memory, "the bounds of %s leave no value: from %.17g to %.17g",
                              var_entry_name(&in->vector, (int64_t)entry), in->lower[entry], in->upper[entry]));
}

static adjoin_status minimise_vector(run *in) {
  minimise_problem problem = kernel_problem_describe(&in->kernel);
  run_limits limits = {
      .mask = in->vector.mask, .lower = in->lower, .upper = in->upper, .maximised = in->of->model->program->maximize};
  run_minimiser(&problem, in->options, &limits, in->x, in->result);
  for (int k = 0; k < in->vector.vars.count; k++) {
    const kernel_var *var = &in->vector.vars.items[k];
    if (in->of_var[k] && var->count) memcpy(in->of_var[k]->x, in->x + var->offset, (size_t)var->count * sizeof *in->x);
  }
  switch (in->result->status) {
  case ADJOIN_MINIMISE_NO_MEMORY: return tell_exhausted(&in->of->model->told);
  case ADJOIN_MINIMISE_FAILED: return tell_check(in->of->model, in->result->failure, NULL, NULL);
  case ADJOIN_MINIMISE_REFUSED: return guarded(in->of->model, explain_refusal, in);
  default: return ADJOIN_OK;
  }
}

static bool search_failed(const void *from, int status) {
  return session_is_search(from, status);
}

/* The instance is as it was when this returns; what became ready with vars that it has not must not stay so. */
static adjoin_status run_on_vector(run *in) {
  kernel_problem *kernel = &in->kernel;
  kernel->extents = in->of->bound.arguments;
  kernel->inputs = in->of->bound.pointers;
  kernel->vars = in->vector.vars.items;
  kernel->var_count = (size_t)in->vector.vars.count;
  kernel->size = (size_t)in->vector.size;
  kernel->mask = in->vector.mask;
  kernel->maximise = in->of->model->program->maximize;
  kernel->has_no_value = search_failed;
  kernel->judge = in->of->model->from;
  kernel_problem_move(kernel, in->x);
  adjoin_status status = make_functions(in);
  if (status == ADJOIN_OK) status = fill_bounds(in);
  kernel->work = in->of->work; /* large enough for all that was made ready */
  if (status == ADJOIN_OK) status = minimise_vector(in);
  for (int k = 0; k < in->vector.vars.count; k++) kernel->inputs[kernel->vars[k].input] = in->kept[k];
  if (in->of->ready) memset(in->of->ready, 0, (size_t)in->of->ready_count * sizeof *in->of->ready);
  return status;
}

adjoin_status adjoin_minimise(adjoin_instance *instance, const adjoin_variable *variables, int count,
                              const adjoin_minimise_options *options, adjoin_minimise_result *result) {
  if (result) run_refuse(result, "");
  if (!instance || count < 0 || (count && !variables) || !options || !result)
    return tell_misuse(instance ? &instance->model->told : NULL,
                       "adjoin_minimise: NULL for variables, options or a result, or a negative count");
  if (options->version != ADJOIN_MINIMISE_VERSION)
    return tell_misuse(&instance->model->told,
                       "adjoin_minimise: options that did not begin with adjoin_minimise_defaults()");
  adjoin_status status = adjoin_settle(instance);
  if (status != ADJOIN_OK) return status;
  gather_inputs(instance);
  run in = {.of = instance, .variables = variables, .count = count, .options = options, .result = result};
  in.memory = arena_create();
  if (!in.memory) return tell_exhausted(&instance->model->told);
  status = instance->model->program->objective.value
               ? guarded(instance->model, plan, &in)
               : tell(&instance->model->told, ADJOIN_MODEL, CODE_NO_OBJECTIVE, "the model has no objective");
  if (status == ADJOIN_OK) status = run_on_vector(&in);
  arena_release(in.memory);
  return status;
}

/* ---- what the model freezes ---- */

typedef struct {
  adjoin_instance *of;
  int input;
  unsigned char *mask;
} wanted_mask;

static adjoin_status fill_mask(adjoin_model *model, void *with, mistakes *found) {
  const wanted_mask *wanted = with;
  reporting to = {.memory = found->memory, .receive = add_binding_mistake, .receiver = found};
  bound_model bound = wanted->of->bound;
  bound.with = &to;
  diagnostics *wrong = diagnostics_create(found->memory, model->program->from);
  memset(wanted->mask, 1, (size_t)bound.inputs[wanted->input].value.count);
  for (int k = 0; k < model->program->freezes.count; k++) {
    const freeze *each = &model->program->freezes.items[k];
    selection frozen;
    if (each->input != wanted->input) continue;
    if (selection_of_freeze(&bound, each, &frozen, wrong)) {
      selection_mark(&bound, &frozen, 0, wanted->mask);
    } else {
      add_mistakes(found, ADJOIN_BINDING, wrong);
      return ADJOIN_BINDING;
    }
  }
  return ADJOIN_OK;
}

adjoin_status adjoin_mask(adjoin_instance *instance, const char *name, unsigned char *mask) {
  const audience *told = instance ? &instance->model->told : NULL;
  if (!instance || !name || !mask) return tell_misuse(told, "adjoin_mask: NULL for a name or a mask");
  int number;
  const adjoin_array *found = adjoin_find(instance->model, name, &number);
  if (number < 0 || (found->role != ADJOIN_VAR && found->role != ADJOIN_PARAM))
    return tell(told, ADJOIN_BINDING, CODE_UNKNOWN_NAME, "the model has no var or param '%s'", name);
  adjoin_status status = adjoin_settle(instance);
  return status == ADJOIN_OK ? guarded(instance->model, fill_mask, &(wanted_mask){instance, number, mask}) : status;
}
