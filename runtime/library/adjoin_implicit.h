/* What libadjoin says of implicit gradients: options, and the certificate that every answer has. The derivative of a
 * minimiser x*(theta) exists where the implicit function theorem holds: at a stationary point, where the Hessian of
 * what may move is invertible, no bound is held without force, and the objective is smooth. The same of a root of
 * equations, where their Jacobian is invertible. */
#ifndef ADJOIN_IMPLICIT_H
#define ADJOIN_IMPLICIT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which edition of the structs below a program was compiled with: the options carry it. */
#define ADJOIN_IMPLICIT_VERSION 2

typedef enum adjoin_implicit_solver {
  ADJOIN_IMPLICIT_AUTOMATIC, /* dense up to dense_limit entries that move, else conjugate gradients, or GMRES */
  ADJOIN_IMPLICIT_DENSE,     /* the Hessian or Jacobian as a matrix, by LAPACK */
  ADJOIN_IMPLICIT_CG,        /* conjugate gradients on products; MINRES where the curvature is not positive */
  ADJOIN_IMPLICIT_MINRES,
  ADJOIN_IMPLICIT_GMRES, /* of roots: GMRES on products; LSQR where it stalls */
  ADJOIN_IMPLICIT_LSQR
} adjoin_implicit_solver;

/* To be had from adjoin_implicit_defaults, and changed member by member. */
typedef struct adjoin_implicit_options {
  int version;
  adjoin_implicit_solver solver;
  size_t dense_limit;
  int polish;        /* 1: Newton steps to rounding level first; 0: x is taken as it is */
  double damping;    /* above 0: H + damping I takes the place of the Hessian H, or J + damping I that of J */
  int least_norm;    /* 1: the pseudo-inverse takes the place of the inverse */
  double tolerance;  /* of iterative solves */
  size_t iterations; /* of one iterative solve, at most; 0: by the number of entries */
  const char *root;  /* NULL: of the objective's minimiser; else of the root of this output, which has as many entries
                        as may move: x solves output = 0, and the Jacobian J takes the Hessian's place. Read during the
                        call that it is given to */
} adjoin_implicit_options;

/* Those up to ADJOIN_IMPLICIT_LEAST_NORM come with derivatives, the others without. */
typedef enum adjoin_implicit_status {
  ADJOIN_IMPLICIT_OK,
  ADJOIN_IMPLICIT_ILL_CONDITIONED, /* a warning: from condition 1e8 on */
  ADJOIN_IMPLICIT_DAMPED,          /* derivatives, but of H + damping I */
  ADJOIN_IMPLICIT_LEAST_NORMED,    /* derivatives, but by the pseudo-inverse */
  ADJOIN_IMPLICIT_NOT_STATIONARY,
  ADJOIN_IMPLICIT_INDEFINITE,       /* a saddle or a maximum */
  ADJOIN_IMPLICIT_SINGULAR,         /* rank below the number of entries that move */
  ADJOIN_IMPLICIT_UNBOUNDED,        /* x runs away while f flattens or falls */
  ADJOIN_IMPLICIT_DEGENERATE_BOUND, /* at a bound with a zero multiplier */
  ADJOIN_IMPLICIT_NONSMOOTH,        /* at a kink */
  ADJOIN_IMPLICIT_NOT_FINITE,
  ADJOIN_IMPLICIT_LINEAR_SOLVE_FAILED,
  ADJOIN_IMPLICIT_NO_MEMORY,
  ADJOIN_IMPLICIT_FAILED, /* a function of the model returned another number than 0 */
  ADJOIN_IMPLICIT_REFUSED /* options or bounds are wrong */
} adjoin_implicit_status;

/* Strings live as long as what they are about. */
typedef struct adjoin_certificate {
  adjoin_implicit_status status;
  const char *name;       /* of the status: "ok", "not_stationary", .. */
  const char *hypothesis; /* which hypothesis of the theorem fails; "" where none does */
  const char *advice;     /* what can be done; "" where nothing need be */
  const char *found;      /* more about the status in words; or "" */
  double f;               /* of a root, the sum of the squares of the equations */
  double grad_inf;        /* largest entry of the gradient among the entries that move; of a root, of the equations */
  double scaled_grad;     /* the Newton step that it calls for, relative to max(1, |x|) */
  int has_inertia;        /* dense: how many eigenvalues are */
  size_t positive, negative, zero;
  double least_curvature; /* the smallest eigenvalue, or iteratively the smallest curvature seen; nan: none, or root */
  double condition;       /* an estimate, from below */
  double residual;        /* of the linear solves, entry by entry */
  double error_estimate;  /* of all derivatives given so far, relative to the largest entry; nan: none was. From
                            0.1 on, all of them are zero to rounding */
  size_t free_count, frozen_count, at_bound, moving_count; /* entries; moving: free and at no bound */
  size_t entry;                                            /* of x, that a degenerate bound or a refusal is about */
  int dense;
  size_t polish_steps, products, iterations;
} adjoin_certificate;

static inline adjoin_implicit_options adjoin_implicit_defaults(void) {
  adjoin_implicit_options made;
  made.version = ADJOIN_IMPLICIT_VERSION;
  made.solver = ADJOIN_IMPLICIT_AUTOMATIC;
  made.dense_limit = 500;
  made.polish = 1;
  made.damping = 0;
  made.least_norm = 0;
  made.tolerance = 1e-13;
  made.iterations = 0;
  made.root = NULL;
  return made;
}

#ifdef __cplusplus
}
#endif
#endif
