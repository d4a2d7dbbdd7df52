/* The step p that minimises |r + J p| within |D p| <= radius: p(lambda) that minimises |r + J p|^2 + lambda |D p|^2,
 * with lambda = 0 or such that |D p| is about the radius (J. J. More, The Levenberg-Marquardt algorithm: implementation
 * and theory, 1978). */
#ifndef ADJOIN_RUNTIME_MINIMISE_DAMPED_H
#define ADJOIN_RUNTIME_MINIMISE_DAMPED_H

#include "runtime/dense.h"

/* Matrices are count x count, column after column. All arrays are the caller's. */
typedef struct {
  size_t count;
  double *r, *right;               /* of J = Q R, and -Q'r; square: zero from J's rank on */
  double *scale;                   /* D: positive */
  double *step;                    /* p; as many entries again serve as work */
  double *triangle;                /* S'S = R'R + lambda D^2 */
  double *damping, *turned, *work; /* work: of dense_append_work entries */
  double lambda;                   /* of the last step */
} damped_system;

/* Takes R and Q'r of a factorisation of J, which has `rows` rows. */
void damped_prepare(damped_system *system, size_t rows, const double *triangularised, const double *residual);

/* Finds p and lambda, from the last lambda on, to a twentieth of the radius. Returns |D p|. */
double damped_step(damped_system *system, double radius);

#endif
