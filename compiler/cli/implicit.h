/* The inside of `adjoin implicit`: the vars and the params as two vectors, the functions of both, and what comes out.
 *
 *   solving (solve.h) + --wrt --implicit_problem.c, ../problem/--> functions --runtime/implicit.h--> certificate,
 * derivatives these --implicit_report.c--> standard output; --implicit_verify.c--> agreement with differences */
#ifndef ADJOIN_CLI_IMPLICIT_H
#define ADJOIN_CLI_IMPLICIT_H

#include "compiler/cli/solve.h"
#include "compiler/problem/implicit_model.h"

/* What --verify found: nothing, where the differences are not good enough to tell. */
typedef enum { VERIFY_NOT_DONE, VERIFY_AGREES, VERIFY_DISAGREES, VERIFY_NOTHING } verify_outcome;

typedef struct {
  verify_outcome outcome;
  double difference; /* between the derivative and differences, relative to the largest entry */
  double accuracy;   /* of the differences, as they estimate it, relatively too */
} implicit_agreement;

typedef struct {
  solving solve;
  minimise_problem inner;
  implicit_model of; /* its user is this */
  exit_code code;    /* of a request that failed */
  int no_value;      /* the last status of a function that says that a search inside failed, or 0 */
  implicit_options how;
  implicit *made; /* NULL before it is */
  results shown;  /* the derivatives */
  implicit_agreement agreement;
} differentiating;

/* ---- implicit_problem.c ---- */

/* Lays theta out, and requests what derivatives need. To be called before solve_prepare, which compiles. */
exit_code implicit_prepare(differentiating *in);

/* After it: theta's values, and the model as functions for runtime/implicit.h. */
void implicit_complete(differentiating *in);

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
