#include "runtime/minimise.h"
#include "runtime/minimise/checkpoint.h"
#include "runtime/minimise/methods.h"
#include "runtime/minimise/starts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const minimise_method minimise_methods[] = {
    {"gd", "gradient descent: constant, decreasing or searched steps", 0,
     MINIMISE_TAKES_FIXED_STEP | MINIMISE_TAKES_SEARCHED_STEP, minimise_gradient_descent},
    {"momentum", "gradient descent with a heavy ball's momentum", 0,
     MINIMISE_TAKES_FIXED_STEP | MINIMISE_TAKES_MOMENTUM, minimise_momentum},
    {"nesterov", "Nesterov's accelerated gradient, with restarts", 0,
     MINIMISE_TAKES_FIXED_STEP | MINIMISE_TAKES_MOMENTUM, minimise_nesterov},
    {"adam", "steps scaled by running means of the gradient and its square", 0,
     MINIMISE_TAKES_FIXED_STEP | MINIMISE_TAKES_WEIGHT_DECAY, minimise_adam},
    {"adamw", "adam with weight decay apart from the gradient", 0,
     MINIMISE_TAKES_FIXED_STEP | MINIMISE_TAKES_WEIGHT_DECAY, minimise_adamw},
    {"coordinate", "one entry after another, in order or at random", 0, 0, minimise_coordinate},
    {"bfgs", "BFGS with a dense matrix, for up to some hundred entries", 0, 0, minimise_bfgs},
    {"lbfgs", "limited-memory BFGS, for many entries", 0, 0, minimise_lbfgs},
    {"newton", "Newton's method with a dense Hessian, for few entries", MINIMISE_NEEDS_PRODUCT, 0, minimise_newton},
    {"newton-cg", "Newton's method in a trust region by conjugate gradients, for many entries", MINIMISE_NEEDS_PRODUCT,
     0, minimise_newton_cg},
    {"levenberg-marquardt", "for sums of squares, with a dense Jacobian", MINIMISE_NEEDS_RESIDUAL, 0,
     minimise_levenberg_marquardt},
    {NULL, NULL, 0, 0, NULL},
};

minimise_options minimise_defaults(void) {
  return (minimise_options){.momentum = -1,
                            .beta1 = 0.9,
                            .beta2 = 0.999,
                            .epsilon = 1e-8,
                            .memory = 10,
                            .tolerance = 1e-8,
                            .iterations = 1000};
}

const char *minimise_status_name(minimise_status status) {
  static const char *const names[] = {
      [MINIMISE_CONVERGED] = "converged",   [MINIMISE_STALLED] = "stalled",
      [MINIMISE_BUDGET] = "budget",         [MINIMISE_UNBOUNDED] = "unbounded",
      [MINIMISE_NOT_FINITE] = "not finite", [MINIMISE_INTERRUPTED] = "interrupted",
      [MINIMISE_NO_MEMORY] = "no memory",   [MINIMISE_CALLBACK_FAILED] = "callback failed",
      [MINIMISE_REFUSED] = "refused",       [MINIMISE_NOT_RESUMED] = "not resumed",
  };
  return (size_t)status < sizeof names / sizeof *names ? names[status] : "unknown";
}

const minimise_method *minimise_find(const char *name) {
  for (const minimise_method *method = minimise_methods; method->name; method++) {
    if (!strcmp(method->name, name)) return method;
  }
  return NULL;
}

static bool has_residual(const minimise_problem *problem) {
  return problem->residual && (problem->jvp || problem->vjp);
}

const minimise_method *minimise_choose(const minimise_problem *problem, size_t free_entries) {
  static const struct {
    const char *method;
    size_t largest; /* number of free entries */
  } choices[] = {{"levenberg-marquardt", 500}, {"newton", 32}, {"bfgs", 500}, {"lbfgs", SIZE_MAX}};
  static const size_t LARGEST_JACOBIAN = (size_t)1 << 22; /* 32 MiB */
  bool fits = !free_entries || problem->residual_count <= LARGEST_JACOBIAN / free_entries;
  for (size_t k = 0;; k++) {
    const minimise_method *method = minimise_find(choices[k].method);
    bool has_all = (!(method->needs & MINIMISE_NEEDS_PRODUCT) || problem->product) &&
                   (!(method->needs & MINIMISE_NEEDS_RESIDUAL) || (fits && has_residual(problem)));
    if (free_entries <= choices[k].largest && has_all) return method;
  }
}

/* ---- what is refused ---- */

static bool is_share(double value) {
  return value >= 0 && value < 1;
}

static bool is_amount(double value) {
  return value >= 0 && isfinite(value);
}

/* NULL: nothing is. */
static const char *wrong_option(const minimise_options *options) {
  const struct {
    bool right;
    const char *wrong;
  } rules[] = {
      {(unsigned)options->step_rule <= MINIMISE_STEP_WOLFE, "there is no such step rule"},
      {is_amount(options->step), "the step must be a positive number"},
      {options->momentum < 0 || is_share(options->momentum), "the momentum must be below 1"},
      {is_share(options->beta1) && is_share(options->beta2), "beta1 and beta2 must be at least 0 and below 1"},
      {is_amount(options->epsilon), "epsilon must be a number of at least 0"},
      {is_amount(options->weight_decay), "the weight decay must be a number of at least 0"},
      {options->memory > 0, "the memory must have room for a pair"},
      {is_amount(options->tolerance), "the tolerance must be a number of at least 0"},
      {options->seconds >= 0, "the seconds must be at least 0"},
      {options->save_every >= 0, "the seconds between checkpoints must be at least 0"},
  };
  for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
    if (!rules[k].right) return rules[k].wrong;
  }
  return NULL;
}

/* The same, of what the method needs and takes. */
static const char *wrong_for_method(const minimise_method *method, const minimise_problem *problem,
                                    const minimise_options *options) {
  static const unsigned taken_by_rule[] = {
      [MINIMISE_STEP_CONSTANT] = MINIMISE_TAKES_FIXED_STEP,
      [MINIMISE_STEP_DECREASING] = MINIMISE_TAKES_FIXED_STEP,
      [MINIMISE_STEP_BACKTRACKING] = MINIMISE_TAKES_SEARCHED_STEP,
      [MINIMISE_STEP_WOLFE] = MINIMISE_TAKES_SEARCHED_STEP,
  };
  unsigned rule = taken_by_rule[options->step_rule];
  const struct {
    bool right;
    const char *wrong;
  } rules[] = {
      {!(method->needs & MINIMISE_NEEDS_PRODUCT) || problem->product, "the method needs products with the Hessian"},
      {!(method->needs & MINIMISE_NEEDS_RESIDUAL) || has_residual(problem),
       "the method needs a sum of squares: residuals, and products with their Jacobian"},
      {!(method->needs & MINIMISE_NEEDS_RESIDUAL) ||
           (problem->residual_factor > 0 && isfinite(problem->residual_factor)),
       "the factor of the sum of squares must be positive"},
      {!rule || method->takes & rule, "the method does not take this step rule"},
      {options->momentum < 0 || method->takes & MINIMISE_TAKES_MOMENTUM, "the method takes no momentum"},
      {options->weight_decay == 0 || method->takes & MINIMISE_TAKES_WEIGHT_DECAY, "the method takes no weight decay"},
  };
  for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
    if (!rules[k].right) return rules[k].wrong;
  }
  return NULL;
}

/* ---- a run ---- */

/* False: the run has ended. */
static bool build_set(minimiser *m) {
  const minimise_options *options = m->options;
  switch (free_set_build(&m->set, m->problem->size, options->mask, options->lower, options->upper, &m->result->entry)) {
  case FREE_SET_BUILT: break;
  case FREE_SET_NO_MEMORY: return minimiser_end(m, END_NO_MEMORY);
  case FREE_SET_EMPTY_INTERVAL:
    return minimiser_refuse(m, MINIMISE_REFUSED, "the bounds of this entry of x have no number between them");
  }
  m->result->free = m->set.count;
  m->result->frozen = m->set.size - m->set.count;
  return true;
}

static const minimise_method *find_method(minimiser *m) {
  const char *name = m->options->method;
  if (!name || !strcmp(name, "auto")) return minimise_choose(m->problem, m->set.count);
  const minimise_method *method = minimise_find(name);
  if (!method) minimiser_refuse(m, MINIMISE_REFUSED, "there is no method of this name");
  return method;
}

static void run(minimiser *m, checkpoint *saved) {
  const char *wrong = m->problem->gradient ? wrong_option(m->options) : "the problem has no gradient";
  if (wrong) {
    minimiser_refuse(m, MINIMISE_REFUSED, wrong);
    return;
  }
  if (!build_set(m)) return;
  const minimise_method *method = find_method(m);
  if (!method) return;
  m->method = method;
  m->result->method = method->name;
  if ((wrong = wrong_for_method(method, m->problem, m->options))) {
    minimiser_refuse(m, MINIMISE_REFUSED, wrong);
    return;
  }
  m->whole = minimiser_zeros(m, m->set.size, 1);
  m->whole_gradient = m->whole ? minimiser_zeros(m, m->set.size, 1) : NULL;
  if (!m->whole_gradient) return;
  if (m->set.size) memcpy(m->whole, m->best, m->set.size * sizeof *m->whole);
  if (m->options->save || m->options->resume) checkpoint_begin(m, saved);
  starts_run(m);
}

minimise_status minimise(const minimise_problem *problem, const minimise_options *options, double *x,
                         minimise_result *result) {
  *result = (minimise_result){.f = NAN, .grad_inf = NAN, .test = "", .method = ""};
  minimiser m = {
      .problem = problem, .options = options, .result = result, .best = x, .resuming = options->resume != NULL};
  checkpoint saved;
  clock_gettime(CLOCK_MONOTONIC, &m.began);
  run(&m, &saved);
  checkpoint_end(&m);
  for (size_t k = 0; m.best != x && k < m.set.count; k++)
    x[free_set_place(&m.set, k)] = m.best[free_set_place(&m.set, k)];
  result->seconds = minimiser_seconds(&m);
  minimiser_release(&m, NULL);
  free_set_release(&m.set);
  return result->status;
}
