/* Implicit gradients: how a minimiser x* of f(x, theta), or a root of equations r(x, theta) = 0, moves with theta, and
 * a certificate that says whether it does.
 *
 * On the entries F that are free and at no bound, grad_F f(x*, theta) = 0 holds along the path of minimisers, so that
 *
 *   H_FF dx_F = -(H_F,theta dtheta + H_FA dx_A)                                  (the implicit function theorem)
 *
 * where frozen entries have dx = 0 and entries A at a bound have that bound's. This needs a stationary point, an
 * invertible H_FF (positive definite at a minimum), multipliers of the bounds that are not zero, and a function that is
 * smooth there; the certificate has what was found of each. README.md tells how.
 *
 * Of a root, J dx_F = -r_theta dtheta, with the Jacobian J = dr/dx_F in the place of H: as many equations as free
 * entries. Equation k belongs to the k-th free entry: vectors as long as x have it there, and nothing at frozen
 * entries. Bounds say where roots are looked for, and hold none.
 *
 * Vectors: x is `size` long, theta `parameter_count`; blocks of directions are matrices with a row per entry and a
 * column per direction, row after row (entry i of direction k is at [i*count + k]). */
#ifndef ADJOIN_RUNTIME_IMPLICIT_H
#define ADJOIN_RUNTIME_IMPLICIT_H

#include <stdbool.h>
#include <stddef.h>

/* What is differentiated. No function may write to x. A function returns 0, or another number to end with
 * IMPLICIT_CALLBACK_FAILED; results that are nan or infinite are no failure. theta is the user's. */
typedef struct {
  void *user; /* handed to each function */
  size_t size, parameter_count;
  int (*gradient)(void *user, const double *x, double *f, double *gradient);
  int (*product)(void *user, const double *x, size_t count, const double *v, double *hv); /* H V; of a root, J V */

  /* J' V of a root: then `gradient` gives r, and any f; mixed_forward is r_theta U, and mixed_adjoint r_theta' V. NULL:
   * what is differentiated is a minimiser. */
  int (*transposed)(void *user, const double *x, size_t count, const double *v, double *jv);
  /* H_x,theta U for directions U of theta, read on x; and H_theta,x V for directions of x, read on theta. */
  int (*mixed_forward)(void *user, const double *x, size_t count, const double *u, double *read);
  int (*mixed_adjoint)(void *user, const double *x, size_t count, const double *v, double *read);

  const double
      *theta; /* NULL: of about 1. What derivatives that are zero to rounding may be wrong by is relative to it */

  /* Takes theta + steps s e in theta's place, entry by entry, with strides s = implicit_stride(theta, distance) and
   * signs e of chance that stay the same: what rounding of theta, and inside of functions of it, does is part of the
   * error estimate. NULL: theta is exact. */
  void (*nudge)(void *user, double distance, int steps);

  /* Where bounds move with theta: the derivative of the bounds that entries are at, side[i] being -1 for the lower, 1
   * for the upper one and 0 for entries at none; forward writes dx[i] of those at a bound, adjoint adds to bar what
   * weights w on these make of theta. NULL: bounds are fixed. */
  int (*bound_forward)(void *user, const signed char *side, const double *dtheta, double *dx);
  int (*bound_adjoint)(void *user, const signed char *side, const double *w, double *bar);

  /* Is f not smooth within about `reach` of x and theta, relative to the sizes of their entries, or a bound that an
   * entry is at? *found then has a sentence that lasts. NULL: nothing is known of kinks. */
  int (*kink)(void *user, const double *x, double reach, const char **found);
} implicit_problem;

/* About distance * value, but a few of it can be added to the value without rounding. Above rounding: distance is at
 * least DBL_EPSILON, or 0. */
double implicit_stride(double value, double distance);

typedef enum {
  IMPLICIT_AUTOMATIC, /* dense up to dense_limit entries, else conjugate gradients, or GMRES for roots; up to some
                         thousand entries dense where these don't lead to the solution */
  IMPLICIT_DENSE,     /* H or J as a matrix, by LAPACK */
  IMPLICIT_CG,        /* conjugate gradients on products; MINRES where the curvature is not positive */
  IMPLICIT_MINRES,    /* MINRES on products (Paige and Saunders 1975) */
  IMPLICIT_GMRES,     /* of roots: GMRES on products with J or J' (Saad and Schultz 1986); LSQR where it stalls */
  IMPLICIT_LSQR       /* of roots: LSQR on products with both (Paige and Saunders 1982) */
} implicit_solver;

/* Symmetric systems and those of roots have solvers of their own. */
bool implicit_solver_fits(implicit_solver solver, bool root);

typedef struct {
  const unsigned char *mask;   /* `size` bytes, 0: frozen; NULL: all are free */
  const double *lower, *upper; /* `size` bounds, infinite for none; NULL: none */
  implicit_solver solver;
  size_t dense_limit; /* of IMPLICIT_AUTOMATIC */
  bool polish;        /* Newton steps to rounding level before anything else */
  bool runs_away;     /* what found x saw f fall without end */
  bool stalled;       /* what found x could not make f smaller, though the gradient was not small */
  double damping;     /* above 0: H + damping I takes the place of H, J + damping I that of J */
  bool least_norm;    /* the pseudo-inverse takes the place of the inverse */
  double tolerance;   /* of iterative solves: |b - H y| <= tolerance |b| */
  size_t iterations;  /* of one iterative solve, at most, and of the one that follows where it fails; 0: by the number
                         of entries */
} implicit_options;

/* Automatic, polished, no mask, no bounds, tolerance 1e-13. */
implicit_options implicit_defaults(void);

/* Those up to IMPLICIT_LEAST_NORM come with derivatives. */
typedef enum {
  IMPLICIT_OK,
  IMPLICIT_ILL_CONDITIONED, /* a warning: condition from 1e8 on */
  IMPLICIT_DAMPED,          /* numbers, but of H + damping I */
  IMPLICIT_LEAST_NORM,      /* numbers, but by the pseudo-inverse */
  IMPLICIT_NOT_STATIONARY,
  IMPLICIT_INDEFINITE,       /* a saddle or a maximum */
  IMPLICIT_SINGULAR,         /* rank below the number of entries that move */
  IMPLICIT_UNBOUNDED,        /* x runs away while f flattens or falls */
  IMPLICIT_DEGENERATE_BOUND, /* at a bound with a zero multiplier */
  IMPLICIT_NONSMOOTH,
  IMPLICIT_NOT_FINITE,
  IMPLICIT_LINEAR_SOLVE_FAILED,
  IMPLICIT_NO_MEMORY,
  IMPLICIT_CALLBACK_FAILED,
  IMPLICIT_REFUSED /* options or bounds are wrong: `found` says how */
} implicit_status;

typedef struct {
  implicit_status status;
  double f;
  double grad_inf;    /* largest entry of the gradient among the entries that move; of a root, of r */
  double scaled_grad; /* the Newton step that it calls for, relative to max(1, |x|): how far x is from x* */
  bool has_inertia;   /* dense: eigenvalues that are positive, negative, and zero to rounding */
  size_t positive, negative, zero;
  double least_curvature; /* dense: the smallest eigenvalue; iterative: the smallest v'Hv / v'v seen; nan: none, or of
                             a root */
  double condition; /* of H scaled to a diagonal of ones, or of J with rows and columns of about that length, where it
                       matters; an estimate, from below */
  double residual;  /* of the linear solves: the largest |b - H y| / (|H| |y| + |b|), entry by entry */
  double error_estimate; /* of all derivatives given so far, relative to the largest entry; nan: none was. From
                            0.1 on, all of them are zero to rounding */
  size_t free, frozen, at_bound;
  size_t moving;     /* free and not at a bound: H has that many rows; its rank is `zero` less */
  size_t entry;      /* of x, that IMPLICIT_DEGENERATE_BOUND or IMPLICIT_REFUSED is about */
  const char *found; /* NULL, or more about the status in words */
  bool dense;        /* or iterative */
  size_t polish_steps, products, iterations; /* spent so far; iterations of iterative solves */
  int callback;                              /* what a function returned that failed */
} implicit_certificate;

typedef struct implicit implicit;

/* Certifies x as a minimiser, or root. `x` is polished in place, its frozen entries untouched. The problem's functions,
 * the mask and the bounds must outlive what is returned: NULL only where memory runs out at once. The certificate tells
 * whether derivatives can be had. */
implicit *implicit_begin(const implicit_problem *problem, const implicit_options *options, double *x);
void implicit_end(implicit *of);

/* The polishing alone, whatever the options say of it. False: it does not end at a stationary point, or something
 * fails; nothing is said of the other hypotheses. */
bool implicit_polish(const implicit_problem *problem, const implicit_options *options, double *x);

const implicit_certificate *implicit_certificate_of(const implicit *of);

/* Are there derivatives? */
bool implicit_has_derivatives(implicit_status status);

/* dx* = (d x / d theta) dtheta for a block of directions. False: the certificate says why, and dx is not to be used. */
bool implicit_forward(implicit *of, size_t count, const double *dtheta, double *dx);

/* bar = (d x / d theta)' w for a block of weights on x: one solve each, whatever the size of theta. */
bool implicit_adjoint(implicit *of, size_t count, const double *w, double *bar);

/* The Jacobian of x with respect to theta, size x parameter_count, row after row; made by rows or by columns, whichever
 * are fewer. */
bool implicit_jacobian(implicit *of, double *jacobian);

/* The directions that H, or J, makes nothing of, a whole vector of length 1 each, one after another; *count 0 where
 * none are known. They live as long as `of`. */
const double *implicit_null_directions(const implicit *of, size_t *count);

/* Which entries are at their lower (-1) or upper (1) bound. */
const signed char *implicit_sides(const implicit *of);

/* "ok", "not_stationary", .. */
const char *implicit_status_name(implicit_status status);

/* Which hypothesis of the theorem fails, of a minimiser or a root, and what can be done; "" for IMPLICIT_OK. */
const char *implicit_hypothesis(implicit_status status, bool root);
const char *implicit_advice(implicit_status status, bool root);

#endif
