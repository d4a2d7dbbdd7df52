/* Minimisation over the vars of an instance: they are copied into one vector, the functions that the method needs are
 * derived along those of them that move, and the inputs' pointers lead into the vector while the minimiser runs. */
#include "compiler/library/variables.h"

#include "compiler/problem/requests.h"
#include "compiler/problem/squares.h"
#include "runtime/library/run.h"
#include <math.h>
#include <string.h>

/* One minimisation. What the plan makes is in `memory`. */
typedef struct {
  listed_vars vars;
  const adjoin_minimise_options *options;
  adjoin_minimise_result *result;
  sum_of_squares squares;
  problem_request wanted[KERNEL_FUNCTIONS];
  kernel_problem kernel;
} run;

/* ---- the plan, under the model's lock ---- */

static adjoin_status refuse_method(const run *in, mistakes *found, const char *why) {
  const char *message = arena_format(found->memory, "the method '%s': %s", in->options->method, why);
  run_refuse(in->result, why);
  return listed_mistake(found, ADJOIN_USE, CODE_WRONG_CALL, message);
}

/* The method, and the functions that it needs. */
static adjoin_status choose_functions(run *in, mistakes *found) {
  const tensor_program *model = in->vars.bound.model;
  in->squares = find_squares(model, in->vars.bound.values);
  if (model->maximize) in->squares.factor = -in->squares.factor;
  bool squares = in->squares.output && in->squares.factor > 0;
  quantity residuals = {.count = 0};
  if (squares && !bind_quantity(&in->vars.bound, in->squares.output, &residuals)) return ADJOIN_BINDING;
  const minimise_method *method =
      kernel_problem_method(in->options->method, (size_t)in->vars.vector.free_count, squares, (size_t)residuals.count);
  if (!method) return refuse_method(in, found, "there is no method of this name");
  bool needs = method->needs & MINIMISE_NEEDS_RESIDUAL;
  if (needs && !squares) return refuse_method(in, found, "it needs an objective that is a sum of squares of an output");
  in->kernel.residual_count = (size_t)residuals.count;
  in->kernel.residual_factor = in->squares.factor;
  problem_requests(in->vars.memory, &in->vars.vector.active, true, method->needs & MINIMISE_NEEDS_PRODUCT,
                   needs ? in->squares.output : NULL, in->wanted);
  return ADJOIN_OK;
}

static adjoin_status plan(adjoin_model *model, void *with, mistakes *found) {
  run *in = with;
  (void)model;
  listed_report_to(&in->vars, found);
  adjoin_status status = listed_choose_free(&in->vars, found);
  if (status == ADJOIN_OK) status = choose_functions(in, found);
  int vars = in->vars.vector.vars.count;
  in->kernel.seeds = arena_array(in->vars.memory, double *, vars + 1);
  in->kernel.results = arena_array(in->vars.memory, double *, vars + 1);
  return status == ADJOIN_OK ? listed_lay_out(&in->vars, found) : status;
}

/* ---- functions and bounds ---- */

static adjoin_status make_functions(run *in) {
  for (int k = 0; k < KERNEL_FUNCTIONS; k++) {
    const adjoin_function *function;
    if (!in->wanted[k].needed) continue;
    adjoin_status status = requested_function(in->vars.of->model, &in->wanted[k].wanted, &function);
    if (status == ADJOIN_OK) status = prepare_call(in->vars.of, function, 1);
    if (status != ADJOIN_OK) return status;
    in->kernel.functions[k] = function->entry;
  }
  return ADJOIN_OK;
}

/* ---- the run ---- */

/* A refusal that is about bounds is one about arrays; else the options are wrong. */
static adjoin_status explain_refusal(adjoin_model *model, void *with, mistakes *found) {
  run *in = with;
  (void)model;
  listed_report_to(&in->vars, found);
  size_t entry = in->result->entry;
  bool crossed = entry < (size_t)in->vars.vector.size && in->vars.vector.mask[entry] &&
                 !(in->vars.lower[entry] <= in->vars.upper[entry] && in->vars.lower[entry] < INFINITY &&
                   in->vars.upper[entry] > -INFINITY);
  if (!crossed) return listed_mistake(found, ADJOIN_USE, CODE_WRONG_CALL, in->result->test);
  return listed_mistake(found, ADJOIN_BINDING, CODE_INPUT,
                        arena_format(in->vars.memory, "the bounds of %s leave no value: from %.17g to %.17g",
                                     var_entry_name(&in->vars.vector, (int64_t)entry), in->vars.lower[entry],
                                     in->vars.upper[entry]));
}

static adjoin_status minimise_vector(run *in) {
  minimise_problem problem = kernel_problem_describe(&in->kernel);
  run_limits limits = {.mask = in->vars.vector.mask,
                       .lower = in->vars.lower,
                       .upper = in->vars.upper,
                       .maximised = in->vars.of->model->program->maximize};
  run_minimiser(&problem, in->options, &limits, in->vars.x, in->result);
  listed_give_back(&in->vars);
  switch (in->result->status) {
  case ADJOIN_MINIMISE_NO_MEMORY: return tell_exhausted(&in->vars.of->model->told);
  case ADJOIN_MINIMISE_FAILED: return tell_check(in->vars.of->model, in->result->failure, NULL, NULL);
  case ADJOIN_MINIMISE_REFUSED: return guarded(in->vars.of->model, explain_refusal, in);
  default: return ADJOIN_OK;
  }
}

/* The instance is as it was when this returns; what became ready with vars that it has not must not stay so. */
static adjoin_status run_on_vector(run *in) {
  kernel_problem *kernel = &in->kernel;
  kernel->extents = in->vars.of->bound.arguments;
  kernel->inputs = in->vars.of->bound.pointers;
  kernel->vars = in->vars.vector.vars.items;
  kernel->var_count = (size_t)in->vars.vector.vars.count;
  kernel->size = (size_t)in->vars.vector.size;
  kernel->mask = in->vars.vector.mask;
  kernel->maximise = in->vars.of->model->program->maximize;
  kernel->has_no_value = listed_search_failed;
  kernel->judge = in->vars.of->model->from;
  kernel_problem_move(kernel, in->vars.x);
  adjoin_status status = make_functions(in);
  if (status == ADJOIN_OK) status = listed_fill_bounds(&in->vars);
  kernel->work = in->vars.of->work; /* large enough for all that was made ready */
  if (status == ADJOIN_OK) status = minimise_vector(in);
  listed_leave(&in->vars);
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
  run in = {.vars = {.caller = "adjoin_minimise", .of = instance, .variables = variables, .count = count},
            .options = options,
            .result = result};
  in.vars.memory = arena_create();
  if (!in.vars.memory) return tell_exhausted(&instance->model->told);
  status = instance->model->program->objective.value
               ? guarded(instance->model, plan, &in)
               : tell(&instance->model->told, ADJOIN_MODEL, CODE_NO_OBJECTIVE, "the model has no objective");
  if (status == ADJOIN_OK) status = run_on_vector(&in);
  arena_release(in.vars.memory);
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
