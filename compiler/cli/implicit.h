/* The inside of `adjoin implicit`: the vars and the params as two vectors, the functions of both, and what comes out.
 *
 *   solving (solve.h) + --wrt --implicit_problem.c--> functions --runtime/implicit.h--> certificate, derivatives
 *   these --implicit_report.c--> standard output; --implicit_verify.c--> agreement with differences */
#ifndef ADJOIN_CLI_IMPLICIT_H
#define ADJOIN_CLI_IMPLICIT_H

#include "compiler/cli/solve.h"
#include "runtime/implicit.h"

/* A param as a stretch of theta. */
typedef struct {
  int input;
  int64_t offset, count;
} implicit_parameter;

/* A function for one direction, and one for blocks of them; -1 where nothing moves. */
typedef struct {
  int one, block;
} implicit_function;

/* Lower (0) or upper (1) bounds that params move: of which vars, and the functions of their derivatives. */
typedef struct {
  name_list vars;
  LIST(int) places; /* in solving.vars */
  int forward, adjoint;
} implicit_bounds;

/* What --verify found. */
typedef struct {
  bool done, agrees;
  double difference; /* between the derivative and differences, relative to the largest entry */
  double accuracy;   /* of the differences, as they estimate it, relatively too */
} implicit_agreement;

typedef struct {
  solving solve;
  minimise_problem inner;
  name_list wrt;
  LIST(implicit_parameter) parameters; /* in the order of wrt */
  int64_t parameter_count;
  double *theta;
  struct {
    implicit_function product, forward, adjoint;
    int kinks; /* -1 where nothing moves */
  } functions;
  implicit_bounds bounds[2];
  double *bound_room, *theta_room; /* as long as x, and as theta */
  int kink_count;
  diagnostics *kink_shown;   /* the kink that x is at, with its line; or NULL */
  double **seeds, **results; /* room for the arguments of a call */
  implicit_problem problem;
  implicit_options how;
  implicit *made; /* NULL before it is */
  results shown;  /* the derivatives */
  implicit_agreement agreement;
} differentiating;

/* ---- implicit_problem.c ---- */

/* Lays theta out, and requests what derivatives need. To be called before solve_prepare, which compiles. */
exit_code implicit_prepare(differentiating *in);

/* After it: theta's values, and the model as functions for runtime/implicit.h. */
exit_code implicit_describe(differentiating *in);

/* machine_run, beside which the minimiser's functions share the workspace. */
exit_code implicit_run(differentiating *in, int function, int64_t directions, const double *const *seeds,
                       double *const *into);

/* The vars are read at x from here on. */
void implicit_move_to(differentiating *in, const double *x);

/* ---- implicit_bounds.c ---- */

/* Requests the derivatives of the bounds that a param may move. */
exit_code implicit_request_bounds(differentiating *in);

/* For implicit_problem, the user being the `differentiating`; `implicit_bounds_move` tells whether any do. */
bool implicit_bounds_move(const differentiating *in);
int implicit_bound_forward(void *user, const signed char *side, const double *dtheta, double *dx);
int implicit_bound_adjoint(void *user, const signed char *side, const double *w, double *bar);

/* ---- implicit_kink.c ---- */

/* For implicit_problem.kink, the user being the `differentiating`. */
int implicit_find_kink(void *user, const double *x, double reach, const char **found);

/* ---- implicit_derive.c ---- */

/* What --forward and --adjoint ask for, or the Jacobian, as sections of in->shown. EXIT_NUMERICS where the certificate
 * has no derivatives. */
exit_code implicit_derive(differentiating *in);

/* ---- implicit_verify.c ---- */

/* --verify: solves again at theta + t u for a direction u of chance, and compares. */
exit_code implicit_verify(differentiating *in);

/* ---- implicit_report.c ---- */

/* The result as one JSON object or as a table; a status without derivatives is explained on standard error. */
void implicit_report(differentiating *in);

#endif
