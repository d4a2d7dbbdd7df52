/* What libadjoin (adjoin.h) and libadjoin_runtime (adjoin_runtime.h) say of a minimisation: its options and its result.
 *
 *     adjoin_minimise_options options = adjoin_minimise_defaults();
 *     options.method = "lbfgs";
 *     options.tolerance = 1e-10;
 *
 * Frozen entries, those whose byte of a mask is 0, are never written by any method: not a bit of them changes. */
#ifndef ADJOIN_MINIMISE_H
#define ADJOIN_MINIMISE_H

#include <stddef.h>
#include <stdint.h>

#define ADJOIN_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* Which edition of the structs below a program was compiled with: the options carry it. */
#define ADJOIN_MINIMISE_VERSION 1

/* How long steps are: gd takes all of these, momentum, nesterov, adam and adamw the first three. */
typedef enum adjoin_step_rule {
  ADJOIN_STEP_AUTOMATIC,    /* constant where `step` is given; else gd backtracks, the others have a step each */
  ADJOIN_STEP_CONSTANT,     /* step */
  ADJOIN_STEP_DECREASING,   /* step / t in iteration t = 1, 2, .. */
  ADJOIN_STEP_BACKTRACKING, /* halved until f falls enough; `step` is the first trial */
  ADJOIN_STEP_WOLFE         /* strong Wolfe conditions; `step` is the first trial */
} adjoin_step_rule;

/* Where a run is, before the first iteration (number 0) and after each. */
typedef struct adjoin_minimise_progress {
  size_t iteration;
  double f;
  double grad_inf; /* as in adjoin_minimise_result */
  double step;     /* the largest change of an entry by the iteration */
  size_t evaluations;
  double seconds;
} adjoin_minimise_progress;

/* To be had from adjoin_minimise_defaults, and changed member by member. An option that the method does not take must
 * be left as it is. */
typedef struct adjoin_minimise_options {
  int version;
  const char *method; /* gd, momentum, nesterov, adam, adamw, coordinate, bfgs, lbfgs, newton, newton-cg,
                         levenberg-marquardt; NULL or "auto": chosen by size and by what derivatives there are */
  adjoin_step_rule step_rule;
  double step;         /* 0: the method's own; where steps are searched, the first trial of the first iteration, as a
                          multiple of the gradient; newton-cg: the first radius; coordinate: the first change of an entry */
  double momentum;     /* momentum, nesterov: in [0, 1); negative: the method's own */
  double beta1, beta2; /* adam, adamw: decay of the means of g and of g^2, in [0, 1) */
  double epsilon;      /* adam, adamw: added to the root of the latter */
  double weight_decay; /* adam: adds weight_decay x to the gradient; adamw: shrinks x by step weight_decay a step */
  size_t memory;       /* lbfgs: how many pairs of steps and changes of the gradient */
  double tolerance;    /* converged: grad_inf <= tolerance max(1, min(|f|, grad_inf at the start)) */
  size_t iterations;   /* at most; likewise: */
  size_t evaluations;  /* of values and gradients together; 0: no limit */
  double seconds;      /* 0: no limit */
  uint64_t seed;       /* coordinate: 0 goes through the entries in order, else in random orders from this seed */
  int (*progress)(void *user, const adjoin_minimise_progress *at); /* NULL: none; not 0 ends the run: interrupted */
  void *user;                                                      /* of progress */
} adjoin_minimise_options;

typedef enum adjoin_minimise_status {
  ADJOIN_MINIMISE_CONVERGED,
  ADJOIN_MINIMISE_STALLED,     /* no step makes f smaller, though the gradient is not small: a kink */
  ADJOIN_MINIMISE_BUDGET,      /* of iterations, evaluations or seconds is spent */
  ADJOIN_MINIMISE_UNBOUNDED,   /* f < -1e300, or it still falls where an entry is beyond 1e150 in size */
  ADJOIN_MINIMISE_NOT_FINITE,  /* f or its gradient is nan or infinite, and no step avoids that */
  ADJOIN_MINIMISE_INTERRUPTED, /* by progress */
  ADJOIN_MINIMISE_NO_MEMORY,
  ADJOIN_MINIMISE_FAILED, /* a function of the model returned another number than 0 */
  ADJOIN_MINIMISE_REFUSED /* an option or a bound is wrong, or the method needs what the model has not; nothing ran */
} adjoin_minimise_status;

/* Strings live as long as the library. */
typedef struct adjoin_minimise_result {
  adjoin_minimise_status status;
  const char *name;   /* of the status: "converged", "stalled", .. */
  const char *test;   /* a sentence: which stopping test ended the run, or what was refused */
  const char *method; /* that ran: never "auto"; "" where none did */
  double f;           /* at the x that is returned; nan where it was not evaluated */
  double grad_inf;    /* there: max |x - P(x - g)| over the free entries, g the gradient of what is minimised, P the
                         projection onto the bounds */
  size_t iterations;
  size_t values, gradients, products; /* how many were evaluated; gradients: residuals too; products: of the Hessian, or
                                         of the residuals' Jacobian, with vectors */
  size_t free_count, frozen_count;    /* entries */
  size_t entry;                       /* that a refusal is about, where `test` speaks of one */
  int failure;                        /* what the model's function returned; else 0 */
  double seconds;
} adjoin_minimise_result;

/* Every option as it is unless it is changed: method auto, beta 0.9 and 0.999, epsilon 1e-8, memory 10, tolerance 1e-8,
 * 1000 iterations, no other limit, no weight decay. */
static inline adjoin_minimise_options adjoin_minimise_defaults(void) {
  adjoin_minimise_options made;
  made.version = ADJOIN_MINIMISE_VERSION;
  made.method = NULL;
  made.step_rule = ADJOIN_STEP_AUTOMATIC;
  made.step = 0;
  made.momentum = -1;
  made.beta1 = 0.9;
  made.beta2 = 0.999;
  made.epsilon = 1e-8;
  made.weight_decay = 0;
  made.memory = 10;
  made.tolerance = 1e-8;
  made.iterations = 1000;
  made.evaluations = 0;
  made.seconds = 0;
  made.seed = 0;
  made.progress = NULL;
  made.user = NULL;
  return made;
}

#ifdef __cplusplus
}
#endif
#endif
