/* Minimisers over the free entries of a vector: minimise f(x) over the entries that a mask leaves free, between bounds.
 * README.md tells the methods and when each stops. A model is three or four functions over the whole vector. */
#ifndef ADJOIN_RUNTIME_MINIMISE_H
#define ADJOIN_RUNTIME_MINIMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is minimised. All vectors are whole ones (`size` long) unless said; no function may write to x. A function
 * returns 0, or another number to end the run (MINIMISE_CALLBACK_FAILED). Results that are nan or infinite are no
 * failure: line searches back off from them. */
typedef struct {
  void *user; /* handed to each function */
  size_t size;
  int (*value)(void *user, const double *x, double *f); /* NULL: gradient does it */
  /* The value and the gradient; f must be what `value` gives, to the bit. Entries of the gradient that the mask freezes
   * are not read. Required. */
  int (*gradient)(void *user, const double *x, double *f, double *gradient);
  int (*product)(void *user, const double *x, const double *v, double *hv); /* H(x) v; NULL: there is none */

  /* For sums of squares, f(x) = residual_factor * sum r_j(x)^2: the residuals (residual_count long), and J v or J' u.
   * residual is NULL where f is no such sum; one of jvp and vjp is enough, the cheaper one is used. */
  size_t residual_count;
  double residual_factor;
  int (*residual)(void *user, const double *x, double *residual);
  int (*jvp)(void *user, const double *x, const double *v, double *jv);
  int (*vjp)(void *user, const double *x, const double *u, double *ju);
} minimise_problem;

/* How long the steps of gd are; momentum, nesterov, adam and adamw take the first three. */
typedef enum {
  MINIMISE_STEP_AUTOMATIC,    /* constant where `step` is given; else gd backtracks, the others have a step each */
  MINIMISE_STEP_CONSTANT,     /* step */
  MINIMISE_STEP_DECREASING,   /* step / t in iteration t = 1, 2, .. */
  MINIMISE_STEP_BACKTRACKING, /* halved until f falls enough (Armijo); `step` is the first trial */
  MINIMISE_STEP_WOLFE         /* strong Wolfe conditions; `step` is the first trial */
} minimise_step_rule;

/* Handed to the progress function after each iteration, and before the first with iteration 0. */
typedef struct {
  size_t iteration;
  double f, grad_inf; /* at the current point; grad_inf as in minimise_result */
  double step;        /* the largest change of an entry by the iteration */
  size_t evaluations; /* values and gradients so far */
  double seconds;
  size_t start; /* which of the starts this is, from 0 */
} minimise_progress;

typedef struct {
  const char *method;          /* a name in minimise_methods; NULL or "auto": minimise_choose's */
  const unsigned char *mask;   /* `size` bytes, 0: frozen; NULL: all are free */
  const double *lower, *upper; /* `size` bounds, infinite for none; NULL: none */
  minimise_step_rule step_rule;
  double step;         /* 0: the method's own; where steps are searched, the first trial of the first iteration, as a
                          multiple of the gradient; newton-cg: the first radius; coordinate: the first change of an entry;
                          levenberg-marquardt has no use for it */
  double momentum;     /* in [0, 1); negative: 0.9 for momentum, Nesterov's own sequence for nesterov */
  double beta1, beta2; /* adam, adamw: decay of the means of g and g^2, in [0, 1) */
  double epsilon;      /* adam, adamw: added to the root of the latter */
  double weight_decay; /* adam: adds weight_decay x to the gradient; adamw: shrinks x by step weight_decay a step */
  size_t memory;       /* lbfgs: how many pairs */
  double tolerance;    /* converged: |projected gradient|_inf <= tolerance max(1, min(|f|, what it was at the start)) */
  size_t iterations;   /* at most; likewise: */
  size_t evaluations;  /* of values and gradients together; 0: no limit */
  double seconds;      /* 0: no limit; looked at between evaluations */
  uint64_t seed;       /* coordinate: 0 goes through the entries in order, else in random orders from this seed */
  int (*progress)(void *user, const minimise_progress *at); /* NULL: none; not 0: MINIMISE_INTERRUPTED */
  void *progress_user;

  /* Many starts: the first is x, the others are drawn by the seed, uniformly between both bounds of an entry where it
   * has two, else from within 2 max(1, |x|) of x and inside the bound that it has. iterations and evaluations are for
   * each start, seconds for all. `draw`, where it is not NULL, may change what was drawn (whole; frozen entries are not
   * read). */
  size_t starts; /* 0: one */
  void (*draw)(void *user, size_t start, double *x);
  void *draw_user;
  struct minimise_result *start_results; /* `starts` long: how each ended; NULL: nobody asks */

  /* Checkpoints: the state at the end of an iteration, as bytes, from which `resume` goes on to the same bits. `save`
   * is called as the first iteration begins, then when `save_every` seconds have passed since the last time (later
   * where that would take more than a twentieth of the time), and as the run ends, whatever ends it, if something is
   * new. It returns 0; another number ends the run (MINIMISE_CALLBACK_FAILED). A run that ends within an iteration
   * saves the end of the last one, or of one shortly before: no more than a tenth of the time goes into copies. They
   * take room for the method's memory once more. */
  int (*save)(void *user, const void *state, size_t size);
  void *save_user;
  double save_every;
  /* A saved state; NULL: from x. The problem, x's frozen entries, the bounds and all options must be what they were,
   * but for iterations and evaluations (which count from the very start), tolerance, seconds (from now on) and
   * functions. The state is believed in nothing: what does not fit is MINIMISE_NOT_RESUMED. */
  const void *resume;
  size_t resume_size;
  uint64_t identity; /* a number of the caller's that tells this problem from others, saved with the state */
} minimise_options;

/* What every option is unless it is set: no mask, no bounds, beta 0.9 and 0.999, epsilon 1e-8, no decay (adamw too),
 * memory 10, tolerance 1e-8, 1000 iterations, one start, no checkpoints. */
minimise_options minimise_defaults(void);

typedef enum {
  MINIMISE_CONVERGED,
  MINIMISE_STALLED,     /* no step makes f smaller, though the gradient is not small: a kink, or wrong derivatives */
  MINIMISE_BUDGET,      /* of iterations, evaluations or seconds is spent */
  MINIMISE_UNBOUNDED,   /* f < -1e300 or -inf; or an entry is beyond 1e150 in size and f was still falling on the way */
  MINIMISE_NOT_FINITE,  /* f or a free gradient entry is nan or infinite, and no step avoids that */
  MINIMISE_INTERRUPTED, /* by progress */
  MINIMISE_NO_MEMORY,
  MINIMISE_CALLBACK_FAILED, /* `callback` has what it returned */
  MINIMISE_REFUSED,         /* options or problem are wrong, or the method needs what the problem lacks: `test` says */
  MINIMISE_NOT_RESUMED      /* the state is damaged, or of another run: `test` says */
} minimise_status;

typedef struct minimise_result {
  minimise_status status;
  const char *test;   /* a sentence: which stopping test ended the run, or what was refused */
  const char *method; /* that ran: never "auto" */
  double f;           /* at the x that is returned; nan where it never was evaluated */
  double grad_inf;    /* there: max |x_i - P(x_i - g_i)| over free entries, P onto the bounds */
  size_t iterations;
  struct {
    size_t value, gradient, product; /* product: of H, J and J' with vectors; gradient: of residuals too */
  } evaluations;
  size_t free, frozen;
  size_t start, starts; /* of many starts: the one that is told of here, the best; how many were begun */
  size_t entry;         /* of x, that MINIMISE_REFUSED is about where `test` speaks of one */
  int callback;
  double seconds;
} minimise_result;

/* Minimises from x, and leaves the best point that was met there, whatever ends the run: the one that passed the test
 * where that is MINIMISE_CONVERGED, else the one with the smallest f. Free entries that start outside their bounds are
 * moved to them first; during the run they may be anything. Frozen entries are not written. x is untouched where the
 * status is MINIMISE_REFUSED or MINIMISE_NOT_RESUMED, or where nothing finite was met. Of many starts, the result is
 * the best converged one's, or where none has converged the one's with the smallest f. All memory is given back.
 * Returns result->status. */
minimise_status minimise(const minimise_problem *problem, const minimise_options *options, double *x,
                         minimise_result *result);

/* "converged", "stalled", .. */
const char *minimise_status_name(minimise_status status);

/* What a method needs beside the gradient. */
enum { MINIMISE_NEEDS_PRODUCT = 1, MINIMISE_NEEDS_RESIDUAL = 2 };

/* What options a method takes beside those that all take; others than these must be left as they are by default. */
enum {
  MINIMISE_TAKES_FIXED_STEP = 1,    /* constant and decreasing steps */
  MINIMISE_TAKES_SEARCHED_STEP = 2, /* backtracking and strong Wolfe */
  MINIMISE_TAKES_MOMENTUM = 4,
  MINIMISE_TAKES_WEIGHT_DECAY = 8
};

struct minimiser;
typedef struct {
  const char *name;
  const char *summary; /* a line for a list of methods */
  unsigned needs, takes;
  void (*run)(struct minimiser *);
} minimise_method;

/* Ends with a row whose name is NULL. */
extern const minimise_method minimise_methods[];

/* NULL where there is none of that name. */
const minimise_method *minimise_find(const char *name);

/* The method whose saved state these bytes are, whole or not; NULL where they are none. */
const minimise_method *minimise_saved_method(const void *state, size_t size);

/* What "auto" stands for: by what derivatives there are and how many entries are free. */
const minimise_method *minimise_choose(const minimise_problem *problem, size_t free_entries);

#endif
