/* libadjoin_runtime: the minimisers of Adjoin for programs that include a model's header, made by
 * `adjoin emit model.adj --of problem`, and have no compiler.
 *
 *     #define FIT_IMPLEMENTATION
 *     #include <adjoin_runtime.h>                      before the model's header
 *     #include "fit.h"
 *
 *     fit_problem model = {.dims = {14}, .inputs = {.t = t, .y = y}, .work = work};
 *     adjoin_problem problem = fit_problem_create(&model);
 *     adjoin_minimise_options options = adjoin_minimise_defaults();
 *     adjoin_minimise_result result;
 *     fit_problem_start(&model, x);                    the start values of the model
 *     adjoin_problem_minimise(&problem, &options, x, &result);
 *     fit_inputs at = fit_problem_at(&model, x);       at.b1, at.b2: the vars, by name
 *
 * Functions written by hand do as well. Nothing is printed, nothing exits; running out of memory is a status; nothing
 * is shared between runs, so that any number of threads may minimise at once, each with a problem of its own. Link with
 * -ladjoin_runtime (pkg-config adjoin_runtime, or Adjoin::runtime in CMake). */
#ifndef ADJOIN_RUNTIME_H
#define ADJOIN_RUNTIME_H

#include "adjoin_minimise.h"

#if defined(__GNUC__)
#define ADJOIN_RUNTIME_API __attribute__((visibility("default")))
#else
#define ADJOIN_RUNTIME_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library at run time: ADJOIN_VERSION of its header. */
ADJOIN_RUNTIME_API const char *adjoin_runtime_version(void);

/* What is minimised: f of a vector. A function returns 0, or another number to end the run (ADJOIN_MINIMISE_FAILED). No
 * function may write to x. Results that are nan or infinite are no failure: line searches back off from them. What is
 * not there is NULL or 0. */
typedef struct adjoin_problem {
  void *user;                                           /* handed to each function */
  size_t size;                                          /* of the vector, as of all vectors here unless said */
  int (*value)(void *user, const double *x, double *f); /* NULL: gradient does it */
  /* The value and the gradient; f must be what `value` gives, to the bit. Gradient entries that the mask freezes are
   * not read. Required. */
  int (*gradient)(void *user, const double *x, double *f, double *gradient);
  int (*product)(void *user, const double *x, const double *v, double *hv); /* the Hessian at x times v */

  /* Of sums of squares, f(x) = residual_factor * sum r_j(x)^2: the residuals r, residual_count long, and products of
   * their Jacobian J with v and of its transpose with u; one of jvp and vjp is enough. */
  size_t residual_count;
  double residual_factor;
  int (*residual)(void *user, const double *x, double *residual);
  int (*jvp)(void *user, const double *x, const double *v, double *jv);
  int (*vjp)(void *user, const double *x, const double *u, double *ju);

  const unsigned char *mask;   /* a byte for each entry, 0: frozen; NULL: all may move */
  const double *lower, *upper; /* bounds, infinite where an entry has none; NULL: there are none */
} adjoin_problem;

/* A problem of which nothing is said yet. */
static inline adjoin_problem adjoin_problem_empty(void) {
  adjoin_problem made;
  made.user = NULL;
  made.size = 0;
  made.value = NULL;
  made.gradient = NULL;
  made.product = NULL;
  made.residual_count = 0;
  made.residual_factor = 0;
  made.residual = NULL;
  made.jvp = NULL;
  made.vjp = NULL;
  made.mask = NULL;
  made.lower = NULL;
  made.upper = NULL;
  return made;
}

/* Minimises from x, and leaves the best point that was met there, whatever ended the run: the one that passed the test
 * where it converged, else the one with the smallest f. Free entries that start outside their bounds are moved to them
 * first; frozen ones are not written. x is untouched where the status is ADJOIN_MINIMISE_REFUSED, or nothing finite was
 * met. Returns result->status. NULL for a problem, options, x (unless it is empty) or a result is refused. */
ADJOIN_RUNTIME_API adjoin_minimise_status adjoin_problem_minimise(const adjoin_problem *problem,
                                                                  const adjoin_minimise_options *options, double *x,
                                                                  adjoin_minimise_result *result);

#ifdef __cplusplus
}
#endif
#endif
