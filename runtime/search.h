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
  int blind;    /* how many steps were taken although rounding hid what they do */
  int quiet;    /* at how many points in a row the residual was rounding */
  int shifted;  /* was the Hessian made definite? */
  int factored; /* linear: is the matrix factored? */
  int jumped;
  double second, largest_second; /* of a probe: see there */
  adjoin_search_krylov krylov;
} adjoin_search;

/* The size of the work array. */
ADJOIN_SEARCH_FUNCTION ptrdiff_t adjoin_search_work(ptrdiff_t n, int symmetric) {
  ptrdiff_t size = 8 * n;
  if (n <= ADJOIN_SEARCH_MEDIUM) size += n * n;
  return n > ADJOIN_SEARCH_FEW && !symmetric ? size + adjoin_search_basis_room(n) : size;
}

enum { ADJOIN_SEARCH_STEPS = 1000, ADJOIN_SEARCH_REFINEMENTS = 4, ADJOIN_SEARCH_BLIND = 8, ADJOIN_SEARCH_SLOW = 100 };
enum {
  ADJOIN_SEARCH_FIRST,
  ADJOIN_SEARCH_COLUMN, /* a column of the matrix */
  ADJOIN_SEARCH_STEP,   /* a product on the way to the step */
  ADJOIN_SEARCH_TRIAL,
  ADJOIN_SEARCH_CERTIFY, /* a product on the way to knowing J */
  ADJOIN_SEARCH_PROBE    /* and the eight after it: the stages of a probe */
};

/* Far away after many steps, there is no minimum that was missed: f flattens out, and its derivatives vanish. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_ran_away(const adjoin_search *s) {
  return s->kind == ADJOIN_SEARCH_LEAST && s->steps > 20 &&
         adjoin_search_norm(s->n, s->point) > 20 * (1 + s->start_size);
}

/* So far away that only a minimum that is reached there counts. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_is_far(const adjoin_search *s) {
  return s->kind == ADJOIN_SEARCH_LEAST && adjoin_search_norm(s->n, s->point) > 100000000 * (1 + s->start_size);
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

/* ---- the end ---- */

ADJOIN_SEARCH_FUNCTION int adjoin_search_ask_column(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) s->direction[k] = k == s->column;
  s->phase = ADJOIN_SEARCH_COLUMN;
  return ADJOIN_SEARCH_PRODUCT;
}

/* Products alone lead nowhere: from here on with a matrix, if that is not too large. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_make_dense(adjoin_search *s, int failure) {
  if (s->n > ADJOIN_SEARCH_MEDIUM) return adjoin_search_end(s, failure);
  s->dense = 1;
  s->column = 0;
  return adjoin_search_ask_column(s);
}

/* Points around the solution, for what may have kinks: y + t d and y - t d with a wide t and a narrow one. What is
 * smooth changes less across the narrow pair; a jump does not. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_reach(int wide) {
  double narrow = DBL_MANT_DIG > 30 ? 1 / (double)(1 << 30) : 1 / (double)(1 << 12);
  return wide ? 64 * narrow : narrow;
}

/* The stages, four a pair: the residual and the product above, then below; at last the product at y itself. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_look(adjoin_search *s, int stage) {
  double side = stage % 4 < 2 ? 1 : -1, t = stage < 8 ? side * adjoin_search_reach(stage < 4) : 0;
  for (ptrdiff_t k = 0; k < s->n; k++) s->y[k] = s->point[k] + t * s->direction[k];
  s->phase = ADJOIN_SEARCH_PROBE + stage;
  return stage < 8 && stage % 2 == 0 ? ADJOIN_SEARCH_RESIDUAL : ADJOIN_SEARCH_PRODUCT;
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_found(adjoin_search *s) {
  if (!s->kinked) return adjoin_search_end(s, ADJOIN_SEARCH_FOUND);
  double size = adjoin_search_norm(s->n, s->point), least = size > 0            ? size / 1000
                                                            : s->start_size > 0 ? s->start_size
                                                                                : 1;
  unsigned chance = 1;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double own = adjoin_search_size(s->point[k]), share = (double)(3 + k % 5) / 4;
    s->direction[k] = adjoin_search_sign(&chance) * share * (own > least ? own : least);
  }
  return adjoin_search_look(s, 0);
}

/* Entry by entry: does the residual change across a pair by more than the products at both ends tell of it, and beyond
 * rounding? `step` and `last` have residual and product above. */
ADJOIN_SEARCH_FUNCTION void adjoin_search_compare(adjoin_search *s, double t) {
  s->jumped = 0;
  s->second = s->largest_second = 0;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double above = adjoin_search_size(s->step[k]), below = adjoin_search_size(s->residual[k]);
    double change = adjoin_search_size(s->step[k] - s->residual[k] - t * (s->last[k] + s->product[k]));
    double noise = 64 * (DBL_EPSILON * s->noise[k] + adjoin_search_size(s->held[k]));
    if (change > (above > below ? above : below) / 4 && change > noise) s->jumped = 1;
    double second = adjoin_search_size(s->last[k] - s->product[k]);
    if (second > s->second) s->second = second;
    double mean = (s->last[k] + s->product[k]) / 2;
    if (adjoin_search_size(mean) > s->largest_second) s->largest_second = adjoin_search_size(mean);
    if (second / 2 > s->largest_second) s->largest_second = second / 2;
    s->last[k] = mean;
  }
}

/* The answer to what the last stage asked. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_probe(adjoin_search *s) {
  int stage = s->phase - ADJOIN_SEARCH_PROBE, of_residual = stage < 8 && stage % 2 == 0;
  if (!adjoin_search_finite(s->n, of_residual ? s->residual : s->product))
    return adjoin_search_end(s, ADJOIN_SEARCH_NONSMOOTH);
  if (stage == 8) {
    double apart = 0;
    for (ptrdiff_t k = 0; k < s->n; k++) {
      double difference = adjoin_search_size(s->last[k] - s->product[k]);
      if (difference > apart) apart = difference;
    }
    return adjoin_search_end(s, apart > s->largest_second / 1000 ? ADJOIN_SEARCH_NONSMOOTH : ADJOIN_SEARCH_FOUND);
  }
  for (ptrdiff_t k = 0; k < s->n && stage % 4 == 0; k++) s->step[k] = s->residual[k];
  for (ptrdiff_t k = 0; k < s->n && stage % 4 == 1; k++) s->last[k] = s->product[k];
  if (stage % 4 == 3) {
    int jumped = s->jumped;
    double second = s->second, smallest = DBL_MANT_DIG > 30 ? 1 / (double)(1 << 26) : 1 / (double)(1 << 9);
    adjoin_search_compare(s, adjoin_search_reach(stage == 3));
    int jumps = (jumped && s->jumped) || (s->second > second / 10 && s->second > smallest * s->largest_second);
    if (stage == 7 && jumps) return adjoin_search_end(s, ADJOIN_SEARCH_NONSMOOTH);
  }
  return adjoin_search_look(s, stage + 1);
}

/* `step` is J^-1 e, e being as large as the residual's rounding, with signs of chance: how far rounding may have moved
 * the solution, relative to it. Too far, and nothing is left of the digits that derivatives need. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_is_sharp(const adjoin_search *s) {
  double most = DBL_MANT_DIG > 30 ? (double)1e-5 : (double)1e-2;
  return adjoin_search_norm(s->n, s->step) <= most * adjoin_search_scale(s);
}

/* Without a matrix, that system also tells whether J is definite, or for a root invertible: the right-hand sides of the
 * steps may lie where J is. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_certified(adjoin_search *s) {
  int outcome = s->krylov.outcome, negative = s->krylov.curvature < -64 * DBL_EPSILON * s->krylov.largest;
  double unit = DBL_EPSILON * s->noise[0] * s->krylov.scale[0];
  if (outcome == ADJOIN_SEARCH_CURVED && negative) return adjoin_search_end(s, ADJOIN_SEARCH_NOT_LEAST);
  if (outcome == ADJOIN_SEARCH_CURVED) return adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
  if (outcome == ADJOIN_SEARCH_UNSOLVED) return adjoin_search_make_dense(s, ADJOIN_SEARCH_NOT_CONVERGED);
  for (ptrdiff_t k = 0; k < s->n; k++) s->step[k] *= unit;
  return adjoin_search_is_sharp(s) ? adjoin_search_found(s) : adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_certify(adjoin_search *s) {
  unsigned chance = 1;
  if (s->kind == ADJOIN_SEARCH_LINEAR) return adjoin_search_end(s, ADJOIN_SEARCH_FOUND);
  if (!s->dense) {
    for (ptrdiff_t k = 0; k < s->n; k++) s->krylov.rest[k] = adjoin_search_sign(&chance) / s->krylov.scale[k];
    s->phase = ADJOIN_SEARCH_CERTIFY;
    return adjoin_search_krylov_begin(&s->krylov, (double)1e-5) ? ADJOIN_SEARCH_PRODUCT : adjoin_search_certified(s);
  }
  for (ptrdiff_t k = 0; k < s->n; k++) s->step[k] = adjoin_search_sign(&chance) * DBL_EPSILON * s->noise[k];
  if (s->kind == ADJOIN_SEARCH_LEAST)
    adjoin_search_solve_definite(s->n, s->matrix, s->step);
  else
    adjoin_search_solve(s->n, s->matrix, s->rows, s->pivots, s->step);
  return adjoin_search_is_sharp(s) ? adjoin_search_found(s) : adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
}

/* Newton's method gets there by ever smaller parts of a step; by a constant part where J is singular at the solution,
 * as at the minimum of y^4. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_arrive(adjoin_search *s) {
  return s->slow < 8 ? adjoin_search_certify(s) : adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
}

/* ---- steps ---- */

ADJOIN_SEARCH_FUNCTION int adjoin_search_try(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) s->y[k] = s->point[k] + s->length * s->step[k];
  s->phase = ADJOIN_SEARCH_TRIAL;
  return ADJOIN_SEARCH_RESIDUAL;
}

/* Units of unknown k in H + shift D: a small part of its curvature, or what has to stand for it where it has none:
 * there, a step of ten times y is far enough to begin with. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_unit(const adjoin_search *s, ptrdiff_t k) {
  const double *row = s->matrix + k * s->n;
  double own = adjoin_search_size(row[k]) / 1000, coupled = adjoin_search_norm(s->n, row) / 1000000;
  double flat = adjoin_search_size(s->held[k]) / (10 + 10 * adjoin_search_size(s->point[k]));
  double most = own > coupled ? own : coupled;
  most = most > flat ? most : flat;
  return most > 0 ? most : 1;
}

/* H + shift D, with the smallest shift of a growing sequence that makes it definite: the diagonals are kept in `step`
 * and `rows` until the step takes that place, and the upper triangle keeps H. Returns a failure, or
 * ADJOIN_SEARCH_FOUND. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_find_descent(adjoin_search *s) {
  ptrdiff_t n = s->n;
  double *a = s->matrix, shift = 0;
  int negative, ever_negative = 0;
  for (ptrdiff_t k = 0; k < n; k++) {
    s->step[k] = a[k * n + k];
    s->rows[k] = adjoin_search_unit(s, k);
  }
  while (!adjoin_search_definite(n, a, &negative)) {
    ever_negative |= negative;
    shift = shift > 0 ? 4 * shift : 1;
    if (!(shift <= DBL_MAX)) return ADJOIN_SEARCH_NOT_FINITE;
    for (ptrdiff_t i = 0; i < n; i++) {
      a[i * n + i] = s->step[i] + shift * s->rows[i];
      for (ptrdiff_t j = 0; j < i; j++) a[i * n + j] = a[j * n + i];
    }
  }
  s->shifted = shift > 0;
  for (ptrdiff_t k = 0; k < n; k++) s->step[k] = -s->held[k];
  adjoin_search_solve_definite(n, a, s->step);
  if (!s->shifted) return ADJOIN_SEARCH_FOUND;
  /* No descent is left where the gradient is at rounding level: then this is no minimum. */
  double move = adjoin_search_norm(n, s->step), size = adjoin_search_norm(n, s->point);
  if (s->merit == 0 || move <= (double)1e-9 * size)
    return ever_negative ? ADJOIN_SEARCH_NOT_LEAST : ADJOIN_SEARCH_SINGULAR;
  return ADJOIN_SEARCH_FOUND;
}

/* The step from J and the residual at `point`. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_find_step(adjoin_search *s) {
  ptrdiff_t n = s->n;
  if (!s->factored && !adjoin_search_finite(n * n, s->matrix)) return ADJOIN_SEARCH_NOT_FINITE;
  for (ptrdiff_t i = 0; i < n && !s->factored; i++) {
    s->noise[i] = 0;
    for (ptrdiff_t j = 0; j < n; j++) s->noise[i] += adjoin_search_size(s->matrix[i * n + j] * s->point[j]);
  }
  if (s->kind == ADJOIN_SEARCH_LEAST) return adjoin_search_find_descent(s);
  if (!s->factored && !adjoin_search_factor(n, s->matrix, s->rows, s->pivots)) return ADJOIN_SEARCH_SINGULAR;
  s->factored = s->kind == ADJOIN_SEARCH_LINEAR;
  for (ptrdiff_t k = 0; k < n; k++) s->step[k] = -s->held[k];
  adjoin_search_solve(n, s->matrix, s->rows, s->pivots, s->step);
  return ADJOIN_SEARCH_FOUND;
}

/* |J| |y|, as far as the scale knows J: S J S, or S J, has rows of about length 1. */
ADJOIN_SEARCH_FUNCTION void adjoin_search_estimate_noise(adjoin_search *s) {
  double sum = 0;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double own = s->symmetric ? s->point[k] / s->krylov.scale[k] : s->point[k];
    sum += own * own;
  }
  for (ptrdiff_t k = 0; k < s->n; k++) s->noise[k] = (double)sqrt(sum) / s->krylov.scale[k];
}

/* Where conjugate gradients met a direction without positive curvature, the step is what they had found before, or at
 * first that direction. */
ADJOIN_SEARCH_FUNCTION void adjoin_search_bend(adjoin_search *s) {
  double size = adjoin_search_norm(s->n, s->direction), far = 10 + 10 * adjoin_search_norm(s->n, s->point);
  double newton = s->krylov.curvature < 0 ? -1 / s->krylov.curvature : DBL_MAX;
  double share = newton * size < far ? newton : far / size;
  for (ptrdiff_t k = 0; k < s->n && s->krylov.iterations == 0; k++) s->step[k] = share * s->direction[k];
}

/* An entry has settled where its step is below its rounding, or small and no longer leading anywhere, for that is
 * noise: back, or further than the one before. Units of entries differ, and so may when they settle. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_settles(adjoin_search *s) {
  int all = 1;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double step = adjoin_search_size(s->step[k]), own = adjoin_search_size(s->point[k]), before = s->last[k];
    int small = step <= 10000 * DBL_EPSILON * s->peak[k] || step <= (double)1e-8 * own;
    int onwards = step < adjoin_search_size(before) && (s->step[k] > 0) == (before > 0);
    int noise = before == 0 || (step >= adjoin_search_size(before) / 2 && !onwards);
    s->last[k] = step <= 2 * DBL_EPSILON * own || (small && noise) ? 0 : s->step[k];
    all = all && s->last[k] == 0;
  }
  return !s->shifted && (all || s->merit == 0);
}

/* Is the residual no more than what rounding makes of it? Then one step more is worth while. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_is_quiet(adjoin_search *s) {
  int quiet = !s->shifted;
  for (ptrdiff_t k = 0; k < s->n; k++) quiet = quiet && adjoin_search_size(s->held[k]) <= 4 * DBL_EPSILON * s->noise[k];
  s->quiet = quiet ? s->quiet + 1 : 0;
  return s->quiet > 1;
}

/* The step is there, or a failure. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_set_out(adjoin_search *s, int failure) {
  double step = adjoin_search_norm(s->n, s->step);
  int settled = failure == ADJOIN_SEARCH_FOUND && adjoin_search_settles(s);
  int there = failure == ADJOIN_SEARCH_FOUND && (adjoin_search_is_quiet(s) || settled);
  if (!there && adjoin_search_is_far(s)) return adjoin_search_end(s, ADJOIN_SEARCH_UNBOUNDED);
  if (failure != ADJOIN_SEARCH_FOUND) return adjoin_search_end(s, failure);
  if (!(step <= DBL_MAX)) return adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
  if (step > 0) s->slow = step > s->full / 4 && step < s->full && s->length == 1 ? s->slow + 1 : 0;
  s->full = step;
  if (there || s->slow == ADJOIN_SEARCH_SLOW) return adjoin_search_arrive(s);
  int most = s->kind == ADJOIN_SEARCH_LINEAR ? ADJOIN_SEARCH_REFINEMENTS : ADJOIN_SEARCH_STEPS;
  if (s->steps++ == most) {
    int small = step <= (double)1e-8 * adjoin_search_scale(s);
    int linear = s->kind == ADJOIN_SEARCH_LINEAR;
    return adjoin_search_end(s, !linear ? ADJOIN_SEARCH_NOT_CONVERGED
                                : small ? ADJOIN_SEARCH_FOUND
                                        : ADJOIN_SEARCH_SINGULAR);
  }
  s->length = 1;
  return adjoin_search_try(s);
}

/* The iteration for a step has ended. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_take_step(adjoin_search *s) {
  int outcome = s->krylov.outcome;
  s->shifted = outcome == ADJOIN_SEARCH_CURVED;
  if (outcome == ADJOIN_SEARCH_UNSOLVED) return adjoin_search_make_dense(s, ADJOIN_SEARCH_NOT_CONVERGED);
  if (s->shifted && s->kind != ADJOIN_SEARCH_LEAST) return adjoin_search_make_dense(s, ADJOIN_SEARCH_SINGULAR);
  adjoin_search_estimate_noise(s);
  if (s->shifted) adjoin_search_bend(s);
  return adjoin_search_set_out(s, ADJOIN_SEARCH_FOUND);
}

/* Without a matrix the step is the more exact, the nearer the solution is. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_seek(adjoin_search *s) {
  s->column = 0;
  if (s->factored) return adjoin_search_set_out(s, adjoin_search_find_step(s));
  if (s->dense) return adjoin_search_ask_column(s);
  double nearer = s->start_merit > 0 ? s->merit / s->start_merit : 0;
  double tolerance = nearer < 1 ? nearer / 100 : (double)0.01;
  if (tolerance < 64 * DBL_EPSILON) tolerance = 64 * DBL_EPSILON;
  if (s->kind == ADJOIN_SEARCH_LINEAR) tolerance = (double)1e-7; /* and refinement */
  for (ptrdiff_t k = 0; k < s->n; k++) s->krylov.rest[k] = -s->held[k];
  s->phase = ADJOIN_SEARCH_STEP;
  return adjoin_search_krylov_begin(&s->krylov, tolerance) ? ADJOIN_SEARCH_PRODUCT : adjoin_search_take_step(s);
}

/* Does the trial point lead on? A least value falls (Armijo), or where rounding hides that, its gradient shrinks; the
 * residual of a root shrinks; a linear system takes every step. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_leads_on(adjoin_search *s) {
  double merit = adjoin_search_norm(s->n, s->residual), slope = 0;
  if (!adjoin_search_finite(s->n, s->residual)) return 0;
  if (s->kind == ADJOIN_SEARCH_LINEAR) return 1;
  if (s->kind == ADJOIN_SEARCH_ROOT && merit <= (1 - s->length / 10000) * s->merit) return 1;
  if (s->kind == ADJOIN_SEARCH_LEAST) {
    if (!(adjoin_search_size(*s->value) <= DBL_MAX)) return 0;
    for (ptrdiff_t k = 0; k < s->n; k++) slope += s->held[k] * s->step[k];
    if (*s->value <= s->f + s->length / 10000 * slope) return 1;
    double rounding = 64 * DBL_EPSILON * adjoin_search_size(s->f);
    if (!(*s->value <= s->f + rounding)) return 0;
    if (merit < s->merit) return 1;
    if (-slope > rounding) return 0;
  }
  /* The large entries' rounding may hide what small ones gain. */
  int hidden = s->length == 1 && !s->shifted && s->blind < ADJOIN_SEARCH_BLIND &&
               (s->quiet || s->full <= 10000 * DBL_EPSILON * adjoin_search_scale(s));
  s->blind += hidden;
  return hidden;
}

/* No step leads on: that is rounding where the full one is small, entry by entry. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_give_up(adjoin_search *s) {
  int small = !s->shifted;
  for (ptrdiff_t k = 0; k < s->n && small; k++) {
    double step = adjoin_search_size(s->step[k]), own = adjoin_search_size(s->point[k]);
    small = step <= (double)1e-6 * own || step <= 10000 * DBL_EPSILON * s->peak[k];
  }
  return small || s->quiet ? adjoin_search_arrive(s) : adjoin_search_end(s, ADJOIN_SEARCH_NOT_CONVERGED);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_judge(adjoin_search *s) {
  if (!adjoin_search_leads_on(s)) {
    s->length /= 2;
    if (s->length * s->full > 2 * DBL_EPSILON * adjoin_search_scale(s) && s->length > DBL_EPSILON * DBL_EPSILON)
      return adjoin_search_try(s);
    return adjoin_search_give_up(s);
  }
  adjoin_search_accept(s);
  return adjoin_search_seek(s);
}

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
  s->steps = s->shifted = s->slow = s->quiet = s->blind = s->factored = s->jumped = 0;
  s->n = s->krylov.n = n;
  s->column = -1;
  s->y = y;
  s->residual = residual;
  s->value = value;
  s->direction = s->krylov.direction = direction;
  s->product = s->krylov.product = product;
  s->krylov.symmetric = s->symmetric;
  s->krylov.scaled = 0;
  s->krylov.chance = 1;
  s->f = s->merit = s->length = s->start_size = s->start_merit = s->second = s->largest_second = 0;
  s->full = DBL_MAX;
  adjoin_search_divide(s, work);
}

/* The first answer, the residual at the start. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_depart(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) s->peak[k] = (double)1e-4;
  adjoin_search_accept(s);
  s->start_size = adjoin_search_norm(s->n, s->point);
  s->start_merit = s->merit;
  for (ptrdiff_t k = 0; k < s->n; k++) s->last[k] = DBL_MAX;
  int finite = adjoin_search_finite(s->n, s->residual) && adjoin_search_finite(s->n, s->point) &&
               adjoin_search_size(s->f) <= DBL_MAX;
  if (!finite) return adjoin_search_end(s, ADJOIN_SEARCH_NOT_FINITE);
  return s->n ? adjoin_search_seek(s) : ADJOIN_SEARCH_DONE;
}

/* A product for an iteration: what that wants next, or what follows where it has ended. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_iterate(adjoin_search *s) {
  if (!adjoin_search_finite(s->n, s->product)) return adjoin_search_end(s, ADJOIN_SEARCH_NOT_FINITE);
  if (adjoin_search_krylov_next(&s->krylov)) return ADJOIN_SEARCH_PRODUCT;
  return s->phase == ADJOIN_SEARCH_CERTIFY ? adjoin_search_certified(s) : adjoin_search_take_step(s);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_next(adjoin_search *s) {
  if (s->phase == ADJOIN_SEARCH_TRIAL) return adjoin_search_judge(s);
  if (s->phase == ADJOIN_SEARCH_COLUMN) {
    for (ptrdiff_t k = 0; k < s->n; k++) s->matrix[k * s->n + s->column] = s->product[k];
    return ++s->column < s->n ? adjoin_search_ask_column(s) : adjoin_search_set_out(s, adjoin_search_find_step(s));
  }
  if (s->phase == ADJOIN_SEARCH_STEP || s->phase == ADJOIN_SEARCH_CERTIFY) return adjoin_search_iterate(s);
  if (s->phase >= ADJOIN_SEARCH_PROBE) return adjoin_search_probe(s);
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
