/* Searches inside generated code: the least value of a function, a root, or the solution of a linear system, by
 * Newton's method: with dense factorisations for some hundred unknowns, with products alone for more. This file needs
 * nothing but the C library's mathematics, allocates nothing and keeps no state of its own: emitted headers of models
 * with searches hold its text, and libadjoin's JIT calls it.
 *
 * The functions do not call the model; they are asked again and again what they want to know next:
 *
 *   adjoin_search search;
 *   adjoin_search_begin(&search, kind, n, y, residual, value, direction, product, work);
 *   for (int wanted; (wanted = adjoin_search_next(&search)) >= 0;) {
 *     wanted is ADJOIN_SEARCH_RESIDUAL: compute residual[] (and *value) at y;
 *     wanted is ADJOIN_SEARCH_PRODUCT:  compute product[] = J(y) direction[], J being the residual's Jacobian
 *   }
 *   adjoin_search_failure(&search) says how it ended; y is the solution where that is ADJOIN_SEARCH_FOUND.
 *
 * For a least value, the residual is the gradient and J the Hessian: the point that is found is stationary to rounding,
 * and its Hessian is positive definite, so that the implicit function theorem holds there. */
#if defined(ADJOIN_SEARCH_H) && ADJOIN_SEARCH_H != 2
#error "headers of several versions of Adjoin: make all of them again"
#endif
#ifndef ADJOIN_SEARCH_H
#define ADJOIN_SEARCH_H 2

#include <float.h>
#include <stddef.h>

#ifndef ADJOIN_SEARCH_FUNCTION
#if defined(__CUDACC__)
#define ADJOIN_SEARCH_FUNCTION static __host__ __device__
#elif defined(__GNUC__)
#define ADJOIN_SEARCH_FUNCTION static __attribute__((unused))
#else
#define ADJOIN_SEARCH_FUNCTION static
#endif
#endif

#include "runtime/search_dense.h"
#include "runtime/search_krylov.h"

/* Kinds, with what is known of the residual: is its Jacobian symmetric, may it have kinks? */
enum { ADJOIN_SEARCH_LEAST, ADJOIN_SEARCH_ROOT, ADJOIN_SEARCH_LINEAR, ADJOIN_SEARCH_KINDS = 4 };
enum { ADJOIN_SEARCH_SYMMETRIC = 4, ADJOIN_SEARCH_KINKED = 8 };
/* What is wanted next; how it ended. */
enum { ADJOIN_SEARCH_DONE = -1, ADJOIN_SEARCH_RESIDUAL, ADJOIN_SEARCH_PRODUCT };
enum {
  ADJOIN_SEARCH_FOUND,
  ADJOIN_SEARCH_NOT_CONVERGED, /* no step leads on, or the steps are spent */
  ADJOIN_SEARCH_UNBOUNDED,     /* y runs away */
  ADJOIN_SEARCH_NOT_FINITE,    /* a value, residual or product is nan or infinite */
  ADJOIN_SEARCH_NOT_LEAST,     /* stationary, and the Hessian has a negative eigenvalue */
  ADJOIN_SEARCH_SINGULAR,      /* the Jacobian is singular to rounding, or products can't tell it from that */
  ADJOIN_SEARCH_NONSMOOTH,     /* the residual or its Jacobian jumps */
  ADJOIN_SEARCH_FAILURES = ADJOIN_SEARCH_NONSMOOTH
};

/* Up to so many unknowns J is made as a matrix; up to so many, where products alone don't lead to a solution. */
enum { ADJOIN_SEARCH_FEW = 64, ADJOIN_SEARCH_MEDIUM = 1000 };

typedef struct {
  int kind, symmetric, kinked, dense, phase, failure, steps;
  ptrdiff_t n, column;
  double *y, *direction;                    /* n: written here */
  const double *residual, *value, *product; /* n, 1, n: written by the model; value for ADJOIN_SEARCH_LEAST alone */
  double *matrix;                           /* dense: J, then its factors */
  double *step, *point, *held;              /* the step; its beginning, and the residual there */
  double *peak;                             /* |y| where it was largest, entry by entry */
  double *last;                             /* the step before; 0 where an entry has settled */
  double *noise;                            /* |J| |y| at `point`: what the residual's rounding is relative to */
  double *rows, *pivots;                    /* dense: of a factorisation */
  double f, merit, length, start_size, start_merit; /* at `point`; the part of the step that is tried */
  double full;                                      /* the size of the last full step */
  int slow;     /* how many full steps in a row were smaller than the one before, but not much */
  int crawling; /* how many steps in a row were small parts of what was asked for */
  int blind;    /* how many steps were taken although rounding hid what they do */
  int quiet;    /* at how many points in a row the residual was rounding */
  int jammed;   /* has it come to where no step leads on, though the residual is not rounding? */
  int shifted;  /* was the Hessian made definite? */
  int factored; /* linear: is the matrix factored? */
  /* of the verdict: see search_verdict.h */
  int stage, sampled, agreed, distance, wide, unit;
  unsigned chance;
  double blur, jump, jump_wide, second_wide, wrong[3];
  adjoin_search_krylov krylov;
} adjoin_search;

/* The size of the work array. */
ADJOIN_SEARCH_FUNCTION ptrdiff_t adjoin_search_work(ptrdiff_t n, int symmetric) {
  ptrdiff_t size = 8 * n;
  if (n <= ADJOIN_SEARCH_MEDIUM) size += n * n;
  return n > ADJOIN_SEARCH_FEW && !symmetric ? size + adjoin_search_basis_room(n) : size;
}

enum {
  ADJOIN_SEARCH_STEPS = 1000,
  ADJOIN_SEARCH_REFINEMENTS = 4,
  ADJOIN_SEARCH_BLIND = 8,
  ADJOIN_SEARCH_SLOW = 100,
  ADJOIN_SEARCH_CRAWLING = 20
};
enum {
  ADJOIN_SEARCH_FIRST,
  ADJOIN_SEARCH_COLUMN, /* a column of the matrix */
  ADJOIN_SEARCH_STEP,   /* a product on the way to the step */
  ADJOIN_SEARCH_TRIAL,
  ADJOIN_SEARCH_SOLVE, /* a product on the way to a part of the verdict */
  ADJOIN_SEARCH_LOOK   /* a point beside the solution */
};

/* Far away after many steps that do not get small, there is no minimum that was missed: f flattens out, and its
 * derivatives vanish. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_ran_away(const adjoin_search *s) {
  double size = adjoin_search_norm(s->n, s->point);
  return s->kind == ADJOIN_SEARCH_LEAST && s->steps > 20 && size > 20 * (1 + s->start_size) && s->full > size / 10000;
}

/* So far away that only a minimum that is reached there counts. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_is_far(const adjoin_search *s) {
  return s->kind == ADJOIN_SEARCH_LEAST && adjoin_search_norm(s->n, s->point) > (double)1e10 * (1 + s->start_size);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_end(adjoin_search *s, int failure) {
  if ((failure == ADJOIN_SEARCH_NOT_CONVERGED || failure == ADJOIN_SEARCH_SINGULAR) && adjoin_search_ran_away(s))
    failure = ADJOIN_SEARCH_UNBOUNDED;
  for (ptrdiff_t k = 0; k < s->n; k++) s->y[k] = s->point[k];
  s->failure = failure;
  return ADJOIN_SEARCH_DONE;
}

/* What steps are compared with: the size of y, or where that is next to nothing, a size that rounding may leave. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_scale(const adjoin_search *s) {
  double size = adjoin_search_norm(s->n, s->point);
  return size > (double)1e-8 ? size : (double)1e-8;
}

/* A step that is next to nothing, relative to what it is a step of. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_tiny(void) {
  return DBL_MANT_DIG > 30 ? (double)1e-8 : (double)1e-4;
}

/* What is known at y becomes what is known at `point`. */
ADJOIN_SEARCH_FUNCTION void adjoin_search_accept(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) {
    s->point[k] = s->y[k];
    s->held[k] = s->residual[k];
    if (adjoin_search_size(s->y[k]) > s->peak[k]) s->peak[k] = adjoin_search_size(s->y[k]);
  }
  s->f = s->kind == ADJOIN_SEARCH_LEAST ? *s->value : 0;
  s->merit = adjoin_search_norm(s->n, s->residual);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_ask_column(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) s->direction[k] = k == s->column;
  s->phase = ADJOIN_SEARCH_COLUMN;
  return ADJOIN_SEARCH_PRODUCT;
}

/* Nothing is known of the way here. */
ADJOIN_SEARCH_FUNCTION void adjoin_search_forget(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double size = adjoin_search_size(s->point[k]);
    s->last[k] = DBL_MAX;
    s->peak[k] = size > (double)1e-4 ? size : (double)1e-4;
  }
}

/* Products alone lead nowhere: from here on with a matrix, if that is not too large. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_make_dense(adjoin_search *s, int failure) {
  if (s->n > ADJOIN_SEARCH_MEDIUM) return adjoin_search_end(s, failure);
  s->dense = 1;
  adjoin_search_forget(s);
  s->column = 0;
  return adjoin_search_ask_column(s);
}

#include "runtime/search_verdict.h"
/* which is needed by */
#include "runtime/search_steps.h"

/* ---- the loop ---- */

ADJOIN_SEARCH_FUNCTION void adjoin_search_divide(adjoin_search *s, double *work) {
  double **vectors[] = {&s->step, &s->point, &s->held, &s->peak, &s->last, &s->noise};
  s->matrix = work;
  work += s->n <= ADJOIN_SEARCH_MEDIUM ? s->n * s->n : 0;
  for (int k = 0; k < 6; k++, work += s->n) *vectors[k] = work;
  s->rows = s->krylov.rest = work;
  s->pivots = s->krylov.scale = work + s->n;
  s->krylov.x = s->step;
  s->krylov.basis = work + 2 * s->n;
  s->krylov.upper = s->krylov.basis + s->n * (ADJOIN_SEARCH_BASIS + 1);
  s->krylov.turned = s->krylov.upper + ADJOIN_SEARCH_BASIS * (ADJOIN_SEARCH_BASIS + 1) / 2;
}

/* `kind` is one of the kinds, with ADJOIN_SEARCH_SYMMETRIC and ADJOIN_SEARCH_KINKED added where they apply. */
ADJOIN_SEARCH_FUNCTION void adjoin_search_begin(adjoin_search *s, int kind, ptrdiff_t n, double *y,
                                                const double *residual, const double *value, double *direction,
                                                const double *product, double *work) {
  s->kind = kind % ADJOIN_SEARCH_KINDS;
  s->symmetric = (kind & ADJOIN_SEARCH_SYMMETRIC) != 0;
  s->kinked = (kind & ADJOIN_SEARCH_KINKED) != 0;
  s->dense = n <= ADJOIN_SEARCH_FEW;
  s->krylov.most = n <= ADJOIN_SEARCH_MEDIUM ? n : 10 * n;
  s->phase = ADJOIN_SEARCH_FIRST;
  s->failure = ADJOIN_SEARCH_FOUND;
  s->steps = s->shifted = s->slow = s->quiet = s->crawling = s->blind = s->factored = s->jammed = 0;
  s->stage = s->sampled = s->agreed = s->distance = s->wide = s->unit = 0;
  s->n = s->krylov.n = n;
  s->column = -1;
  s->y = y;
  s->residual = residual;
  s->value = value;
  s->direction = s->krylov.direction = direction;
  s->product = s->krylov.product = product;
  s->krylov.symmetric = s->symmetric;
  s->krylov.scaled = 0;
  s->krylov.chance = s->chance = 1;
  s->f = s->merit = s->length = s->start_size = s->start_merit = 0;
  s->blur = s->jump = s->jump_wide = s->second_wide = s->wrong[0] = s->wrong[1] = s->wrong[2] = 0;
  s->full = DBL_MAX;
  adjoin_search_divide(s, work);
}

/* The first answer, the residual at the start. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_depart(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) s->peak[k] = 0;
  adjoin_search_accept(s);
  adjoin_search_forget(s);
  s->start_size = adjoin_search_norm(s->n, s->point);
  s->start_merit = s->merit;
  int finite = adjoin_search_finite(s->n, s->residual) && adjoin_search_finite(s->n, s->point) &&
               adjoin_search_size(s->f) <= DBL_MAX;
  if (!finite) return adjoin_search_end(s, ADJOIN_SEARCH_NOT_FINITE);
  return s->n ? adjoin_search_seek(s) : ADJOIN_SEARCH_DONE;
}

/* A product for an iteration: what that wants next, or what follows where it has ended. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_iterate(adjoin_search *s) {
  if (!adjoin_search_finite(s->n, s->product)) return adjoin_search_end(s, ADJOIN_SEARCH_NOT_FINITE);
  if (adjoin_search_krylov_next(&s->krylov)) return ADJOIN_SEARCH_PRODUCT;
  return s->phase == ADJOIN_SEARCH_SOLVE ? adjoin_search_solved(s) : adjoin_search_take_step(s);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_next(adjoin_search *s) {
  if (s->phase == ADJOIN_SEARCH_TRIAL) return adjoin_search_judge(s);
  if (s->phase == ADJOIN_SEARCH_COLUMN) {
    for (ptrdiff_t k = 0; k < s->n; k++) s->matrix[k * s->n + s->column] = s->product[k];
    return ++s->column < s->n ? adjoin_search_ask_column(s) : adjoin_search_set_out(s, adjoin_search_find_step(s));
  }
  if (s->phase == ADJOIN_SEARCH_STEP || s->phase == ADJOIN_SEARCH_SOLVE) return adjoin_search_iterate(s);
  if (s->phase == ADJOIN_SEARCH_LOOK) return adjoin_search_looked(s);
  if (s->column < 0) {
    s->column = 0;
    return ADJOIN_SEARCH_RESIDUAL;
  }
  return adjoin_search_depart(s);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_failure(const adjoin_search *s) {
  return s->failure;
}

#endif
