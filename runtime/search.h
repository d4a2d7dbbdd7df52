/* Searches inside generated code: the least value of a function, a root, or the solution of a linear system, for a few
 * unknowns, by Newton's method with dense factorisations. This file needs nothing, allocates nothing and keeps no state
 * of its own: emitted headers of models with searches hold its text, and libadjoin's JIT calls it.
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
#if defined(ADJOIN_SEARCH_H) && ADJOIN_SEARCH_H != 1
#error "headers of several versions of Adjoin: make all of them again"
#endif
#ifndef ADJOIN_SEARCH_H
#define ADJOIN_SEARCH_H 1

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

/* Kinds; what is wanted next; how it ended. */
enum { ADJOIN_SEARCH_LEAST, ADJOIN_SEARCH_ROOT, ADJOIN_SEARCH_LINEAR };
enum { ADJOIN_SEARCH_DONE = -1, ADJOIN_SEARCH_RESIDUAL, ADJOIN_SEARCH_PRODUCT };
enum {
  ADJOIN_SEARCH_FOUND,
  ADJOIN_SEARCH_NOT_CONVERGED, /* no step leads on, or the steps are spent */
  ADJOIN_SEARCH_UNBOUNDED,     /* y runs away */
  ADJOIN_SEARCH_NOT_FINITE,    /* a value, residual or product is nan or infinite */
  ADJOIN_SEARCH_NOT_LEAST,     /* stationary, and the Hessian has a negative eigenvalue */
  ADJOIN_SEARCH_SINGULAR,      /* the Jacobian is singular to rounding */
  ADJOIN_SEARCH_FAILURES = ADJOIN_SEARCH_SINGULAR
};

typedef struct {
  int kind, phase, failure, steps;
  ptrdiff_t n, column;
  double *y, *direction;                    /* n: written here */
  const double *residual, *value, *product; /* n, 1, n: written by the model; value for ADJOIN_SEARCH_LEAST alone */
  double *matrix, *step, *point, *held;     /* n n, n, n, n, in the work array: J; the step, its beginning, J there */
  double f, merit, length, start_size;      /* at `point`; the part of the step that is tried */
  double last;                              /* the size of the last full step */
  int slow;    /* how many full steps in a row were smaller than the one before, but not much */
  int shifted; /* was the Hessian made definite? */
} adjoin_search;

/* The size of the work array. */
ADJOIN_SEARCH_FUNCTION ptrdiff_t adjoin_search_work(ptrdiff_t n) {
  return n * n + 3 * n;
}

ADJOIN_SEARCH_FUNCTION double adjoin_search_size(double x) {
  return x < 0 ? -x : x;
}

/* The largest magnitude; nan where there is one. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_norm(ptrdiff_t n, const double *x) {
  double largest = 0;
  for (ptrdiff_t k = 0; k < n; k++) {
    double size = adjoin_search_size(x[k]);
    if (!(size <= largest)) largest = size;
    if (largest != largest) return largest;
  }
  return largest;
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_finite(ptrdiff_t n, const double *x) {
  return adjoin_search_norm(n, x) <= DBL_MAX;
}

/* ---- factorisations ---- */

/* A = L D L' without pivoting, of the lower triangle; rows at a distance of n. 0: a pivot is not positive, beyond what
 * rounding makes of its diagonal entry: so the unknowns' units don't matter. *negative says whether one was below 0. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_definite(ptrdiff_t n, double *a, int *negative) {
  *negative = 0;
  for (ptrdiff_t j = 0; j < n; j++) {
    double pivot = a[j * n + j], smallest = (double)n * DBL_EPSILON * adjoin_search_size(pivot);
    for (ptrdiff_t k = 0; k < j; k++) pivot -= a[j * n + k] * a[j * n + k] * a[k * n + k];
    if (!(pivot > smallest)) {
      *negative = pivot < -smallest;
      return 0;
    }
    a[j * n + j] = pivot;
    for (ptrdiff_t i = j + 1; i < n; i++) {
      double sum = a[i * n + j];
      for (ptrdiff_t k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k] * a[k * n + k];
      a[i * n + j] = sum / pivot;
    }
  }
  return 1;
}

ADJOIN_SEARCH_FUNCTION void adjoin_search_solve_definite(ptrdiff_t n, const double *a, double *b) {
  for (ptrdiff_t i = 0; i < n; i++)
    for (ptrdiff_t k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k];
  for (ptrdiff_t i = n; i-- > 0;) {
    b[i] /= a[i * n + i];
    for (ptrdiff_t k = i + 1; k < n; k++) b[i] -= a[k * n + i] * b[k];
  }
}

/* Divides each row of A and b by the row's largest entry, and keeps the largest entry of each column then. 0: a row of
 * zeros. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_balance(ptrdiff_t n, double *a, double *b, double *largest) {
  for (ptrdiff_t j = 0; j < n; j++) largest[j] = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    double size = adjoin_search_norm(n, a + i * n);
    if (size == 0) return 0;
    b[i] /= size;
    for (ptrdiff_t j = 0; j < n; j++) {
      a[i * n + j] /= size;
      if (adjoin_search_size(a[i * n + j]) > largest[j]) largest[j] = adjoin_search_size(a[i * n + j]);
    }
  }
  return 1;
}

/* b := A^-1 b by elimination with the largest pivots of each column; A is lost, and room for n numbers is used. 0: A is
 * singular to rounding, whatever the units of its rows and columns. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_eliminate(ptrdiff_t n, double *a, double *b, double *room) {
  if (!adjoin_search_balance(n, a, b, room)) return 0;
  for (ptrdiff_t j = 0; j < n; j++) {
    double smallest = (double)n * DBL_EPSILON * room[j];
    ptrdiff_t best = j;
    for (ptrdiff_t i = j + 1; i < n; i++)
      if (adjoin_search_size(a[i * n + j]) > adjoin_search_size(a[best * n + j])) best = i;
    if (!(adjoin_search_size(a[best * n + j]) > smallest)) return 0;
    for (ptrdiff_t k = 0; k < n && best != j; k++) {
      double kept = a[j * n + k];
      a[j * n + k] = a[best * n + k];
      a[best * n + k] = kept;
    }
    double kept = b[j];
    b[j] = b[best];
    b[best] = kept;
    for (ptrdiff_t i = j + 1; i < n; i++) {
      double factor = a[i * n + j] / a[j * n + j];
      for (ptrdiff_t k = j + 1; k < n; k++) a[i * n + k] -= factor * a[j * n + k];
      b[i] -= factor * b[j];
    }
  }
  for (ptrdiff_t i = n; i-- > 0;) {
    for (ptrdiff_t k = i + 1; k < n; k++) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  return 1;
}

/* ---- steps ---- */

enum { ADJOIN_SEARCH_STEPS = 1000, ADJOIN_SEARCH_REFINEMENTS = 4 };
enum { ADJOIN_SEARCH_FIRST, ADJOIN_SEARCH_COLUMN, ADJOIN_SEARCH_TRIAL };

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
  if (failure != ADJOIN_SEARCH_FOUND || s->phase == ADJOIN_SEARCH_TRIAL)
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
  }
  s->f = s->kind == ADJOIN_SEARCH_LEAST ? *s->value : 0;
  s->merit = adjoin_search_norm(s->n, s->residual);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_ask_column(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) s->direction[k] = k == s->column;
  s->phase = ADJOIN_SEARCH_COLUMN;
  return ADJOIN_SEARCH_PRODUCT;
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_try(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) s->y[k] = s->point[k] + s->length * s->step[k];
  s->phase = ADJOIN_SEARCH_TRIAL;
  return ADJOIN_SEARCH_RESIDUAL;
}

/* H + shift I, with the smallest shift of a doubling sequence that makes it definite: its diagonal is kept in `step`
 * until the step takes that place, and the upper triangle keeps H. Returns a failure, or ADJOIN_SEARCH_FOUND. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_find_descent(adjoin_search *s) {
  ptrdiff_t n = s->n;
  double *a = s->matrix, largest = adjoin_search_norm(n * n, a), shift = 0;
  int negative, ever_negative = 0;
  for (ptrdiff_t k = 0; k < n; k++) s->step[k] = a[k * n + k];
  while (!adjoin_search_definite(n, a, &negative)) {
    ever_negative |= negative;
    /* Without curvature, a step of ten times y is far enough to begin with. */
    double flat = s->merit / (10 + 10 * adjoin_search_norm(n, s->point));
    shift = shift > 0 ? 4 * shift : largest / 1000 > flat ? largest / 1000 : flat;
    if (shift == 0) shift = DBL_MIN / DBL_EPSILON;
    if (!(shift <= DBL_MAX)) return ADJOIN_SEARCH_NOT_FINITE;
    for (ptrdiff_t i = 0; i < n; i++) {
      a[i * n + i] = s->step[i] + shift;
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
  if (!adjoin_search_finite(n * n, s->matrix)) return ADJOIN_SEARCH_NOT_FINITE;
  if (s->kind == ADJOIN_SEARCH_LEAST) return adjoin_search_find_descent(s);
  for (ptrdiff_t k = 0; k < n; k++) s->step[k] = -s->held[k];
  return adjoin_search_eliminate(n, s->matrix, s->step, s->direction) ? ADJOIN_SEARCH_FOUND : ADJOIN_SEARCH_SINGULAR;
}

/* Is the step below the rounding of y, or no longer shrinking although it is small? */
ADJOIN_SEARCH_FUNCTION int adjoin_search_is_there(const adjoin_search *s) {
  double step = adjoin_search_norm(s->n, s->step), size = adjoin_search_scale(s);
  if (s->shifted) return 0;
  if (s->merit == 0 || step <= 2 * DBL_EPSILON * size) return 1;
  return step >= s->last / 2 && step <= 10000 * DBL_EPSILON * size;
}

/* Newton's method gets there by ever smaller parts of a step; by a constant part where J is singular at the solution,
 * as at the minimum of y^4. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_verdict(const adjoin_search *s) {
  return s->slow < 8 ? ADJOIN_SEARCH_FOUND : ADJOIN_SEARCH_SINGULAR;
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_set_out(adjoin_search *s) {
  int failure = adjoin_search_find_step(s);
  double step = adjoin_search_norm(s->n, s->step);
  int there = failure == ADJOIN_SEARCH_FOUND && adjoin_search_is_there(s);
  if (!there && adjoin_search_is_far(s)) return adjoin_search_end(s, ADJOIN_SEARCH_UNBOUNDED);
  if (failure != ADJOIN_SEARCH_FOUND) return adjoin_search_end(s, failure);
  if (!(step <= DBL_MAX)) return adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
  s->slow = step > s->last / 4 && step < s->last && s->length == 1 ? s->slow + 1 : 0;
  s->last = step;
  if (there) return adjoin_search_end(s, adjoin_search_verdict(s));
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

/* Does the trial point lead on? A least value falls (Armijo), or where rounding hides that, its gradient shrinks; the
 * residual of a root shrinks; a linear system takes every step. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_leads_on(const adjoin_search *s) {
  double merit = adjoin_search_norm(s->n, s->residual), slope = 0;
  if (!adjoin_search_finite(s->n, s->residual)) return 0;
  if (s->kind == ADJOIN_SEARCH_LINEAR) return 1;
  if (s->kind == ADJOIN_SEARCH_ROOT) return merit <= (1 - s->length / 10000) * s->merit;
  if (!(adjoin_search_size(*s->value) <= DBL_MAX)) return 0;
  for (ptrdiff_t k = 0; k < s->n; k++) slope += s->held[k] * s->step[k];
  double rounding = 64 * DBL_EPSILON * adjoin_search_size(s->f);
  if (*s->value <= s->f + s->length / 10000 * slope) return 1;
  return *s->value <= s->f + rounding && merit < s->merit;
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_judge(adjoin_search *s) {
  if (!adjoin_search_leads_on(s)) {
    s->length /= 2;
    if (s->length * s->last > 2 * DBL_EPSILON * adjoin_search_scale(s) && s->length > DBL_EPSILON * DBL_EPSILON)
      return adjoin_search_try(s);
    /* No step leads on: rounding, where the full one is small. */
    int small = !s->shifted && s->last <= (double)1e-6 * adjoin_search_scale(s);
    return adjoin_search_end(s, small ? adjoin_search_verdict(s) : ADJOIN_SEARCH_NOT_CONVERGED);
  }
  adjoin_search_accept(s);
  s->column = 0;
  return adjoin_search_ask_column(s);
}

ADJOIN_SEARCH_FUNCTION void adjoin_search_begin(adjoin_search *s, int kind, ptrdiff_t n, double *y,
                                                const double *residual, const double *value, double *direction,
                                                const double *product, double *work) {
  s->kind = kind;
  s->phase = ADJOIN_SEARCH_FIRST;
  s->failure = ADJOIN_SEARCH_FOUND;
  s->steps = s->shifted = s->slow = 0;
  s->n = n;
  s->column = -1;
  s->y = y;
  s->residual = residual;
  s->value = value;
  s->direction = direction;
  s->product = product;
  s->matrix = work;
  s->step = work + n * n;
  s->point = s->step + n;
  s->held = s->point + n;
  s->f = s->merit = s->length = s->start_size = s->last = 0;
}

/* The first answer, the residual at the start. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_depart(adjoin_search *s) {
  adjoin_search_accept(s);
  s->start_size = adjoin_search_norm(s->n, s->point);
  s->last = DBL_MAX;
  int finite = adjoin_search_finite(s->n, s->residual) && adjoin_search_finite(s->n, s->point) &&
               adjoin_search_size(s->f) <= DBL_MAX;
  if (!finite) return adjoin_search_end(s, ADJOIN_SEARCH_NOT_FINITE);
  if (!s->n) return ADJOIN_SEARCH_DONE;
  s->column = 0;
  return adjoin_search_ask_column(s);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_next(adjoin_search *s) {
  if (s->phase == ADJOIN_SEARCH_TRIAL) return adjoin_search_judge(s);
  if (s->phase == ADJOIN_SEARCH_COLUMN) {
    for (ptrdiff_t k = 0; k < s->n; k++) s->matrix[k * s->n + s->column] = s->product[k];
    return ++s->column < s->n ? adjoin_search_ask_column(s) : adjoin_search_set_out(s);
  }
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
