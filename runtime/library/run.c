/* The structs of the libraries' header are those of programs that were compiled long ago: they stay as they are while
 * those of minimise.h change with the minimisers. Here the ones become the others (see run.h). */
#include "runtime/library/run.h"

#include <math.h>

typedef struct {
  int (*progress)(void *user, const adjoin_minimise_progress *at);
  void *user;
  double sign;
} listener;

static int tell(void *user, const minimise_progress *at) {
  const listener *to = user;
  adjoin_minimise_progress made = {.iteration = at->iteration,
                                   .f = to->sign * at->f,
                                   .grad_inf = at->grad_inf,
                                   .step = at->step,
                                   .evaluations = at->evaluations,
                                   .seconds = at->seconds};
  return to->progress(to->user, &made);
}

static minimise_step_rule step_rule(adjoin_step_rule of) {
  static const minimise_step_rule rules[] = {[ADJOIN_STEP_AUTOMATIC] = MINIMISE_STEP_AUTOMATIC,
                                             [ADJOIN_STEP_CONSTANT] = MINIMISE_STEP_CONSTANT,
                                             [ADJOIN_STEP_DECREASING] = MINIMISE_STEP_DECREASING,
                                             [ADJOIN_STEP_BACKTRACKING] = MINIMISE_STEP_BACKTRACKING,
                                             [ADJOIN_STEP_WOLFE] = MINIMISE_STEP_WOLFE};
  return (unsigned)of < sizeof rules / sizeof *rules ? rules[of] : (minimise_step_rule)-1; /* which is refused */
}

static minimise_options options_of(const adjoin_minimise_options *from, const run_limits *limits, listener *to) {
  minimise_options made = minimise_defaults();
  made.method = from->method;
  made.mask = limits->mask;
  made.lower = limits->lower;
  made.upper = limits->upper;
  made.step_rule = step_rule(from->step_rule);
  made.step = from->step;
  made.momentum = from->momentum;
  made.beta1 = from->beta1;
  made.beta2 = from->beta2;
  made.epsilon = from->epsilon;
  made.weight_decay = from->weight_decay;
  made.memory = from->memory;
  made.tolerance = from->tolerance;
  made.iterations = from->iterations;
  made.evaluations = from->evaluations;
  made.seconds = from->seconds;
  made.seed = from->seed;
  made.progress = from->progress ? tell : NULL;
  made.progress_user = to;
  return made;
}

/* No default: the compiler tells of a status that is missing here. */
static adjoin_minimise_status status_of(minimise_status of) {
  switch (of) {
  case MINIMISE_CONVERGED: return ADJOIN_MINIMISE_CONVERGED;
  case MINIMISE_STALLED: return ADJOIN_MINIMISE_STALLED;
  case MINIMISE_BUDGET: return ADJOIN_MINIMISE_BUDGET;
  case MINIMISE_UNBOUNDED: return ADJOIN_MINIMISE_UNBOUNDED;
  case MINIMISE_NOT_FINITE: return ADJOIN_MINIMISE_NOT_FINITE;
  case MINIMISE_INTERRUPTED: return ADJOIN_MINIMISE_INTERRUPTED;
  case MINIMISE_NO_MEMORY: return ADJOIN_MINIMISE_NO_MEMORY;
  case MINIMISE_CALLBACK_FAILED: return ADJOIN_MINIMISE_FAILED;
  case MINIMISE_NOT_RESUMED: /* nothing here resumes */
  case MINIMISE_REFUSED: return ADJOIN_MINIMISE_REFUSED;
  }
  return ADJOIN_MINIMISE_REFUSED;
}

static adjoin_minimise_result result_of(const minimise_result *from, double sign) {
  return (adjoin_minimise_result){.status = status_of(from->status),
                                  .name = minimise_status_name(from->status),
                                  .test = from->test,
                                  .method = from->method,
                                  .f = sign * from->f,
                                  .grad_inf = from->grad_inf,
                                  .iterations = from->iterations,
                                  .values = from->evaluations.value,
                                  .gradients = from->evaluations.gradient,
                                  .products = from->evaluations.product,
                                  .free_count = from->free,
                                  .frozen_count = from->frozen,
                                  .entry = from->entry,
                                  .failure = from->callback,
                                  .seconds = from->seconds};
}

adjoin_minimise_status run_refuse(adjoin_minimise_result *result, const char *why) {
  minimise_result refused = {.status = MINIMISE_REFUSED, .test = why, .method = "", .f = NAN, .grad_inf = NAN};
  *result = result_of(&refused, 1);
  return result->status;
}

adjoin_minimise_status run_minimiser(const minimise_problem *problem, const adjoin_minimise_options *options,
                                     const run_limits *limits, double *x, adjoin_minimise_result *result) {
  if (options->version != ADJOIN_MINIMISE_VERSION)
    return run_refuse(result, "the options are not of this library's edition: begin with adjoin_minimise_defaults()");
  listener to = {options->progress, options->user, limits->maximised ? -1 : 1};
  minimise_options how = options_of(options, limits, &to);
  minimise_result made;
  minimise(problem, &how, x, &made);
  *result = result_of(&made, to.sign);
  return result->status;
}
