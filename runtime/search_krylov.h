/* A x = b by products with A alone, for search.h: conjugate gradients where A is symmetric (Hestenes and Stiefel 1952),
 * else GMRES with restarts (Saad and Schultz 1986). Both see A through a diagonal S, which gives rows about the same
 * length: S A S, or S A; it is estimated by products with vectors of chance.
 *
 * Like searches, a solve asks for what it needs: begin and next return whether `product`, A times `direction`, is to be
 * computed; if not, `outcome` tells how it ended. */
#ifndef ADJOIN_SEARCH_KRYLOV_H
#define ADJOIN_SEARCH_KRYLOV_H

#include <math.h>

enum {
  ADJOIN_SEARCH_SOLVED,
  ADJOIN_SEARCH_CURVED, /* symmetric: `direction` has no positive curvature; x is what was found before */
  ADJOIN_SEARCH_UNSOLVED
};
enum { ADJOIN_SEARCH_SCALE, ADJOIN_SEARCH_CONJUGATE, ADJOIN_SEARCH_ARNOLDI, ADJOIN_SEARCH_CORRECT };
enum { ADJOIN_SEARCH_SAMPLES = 4, ADJOIN_SEARCH_PASSES = 3, ADJOIN_SEARCH_BASIS = 40 };

typedef struct {
  int symmetric, stage, outcome, scaled, sample, column;
  unsigned chance;
  ptrdiff_t n, iterations, most; /* so many at most */
  double *direction;
  const double *product;
  double *x, *rest, *scale;       /* n; `rest` is b - A x, before begin b */
  double *basis, *upper, *turned; /* GMRES, m being BASIS: n (m + 1), m (m + 1) / 2, 3 m + 1 */
  double tolerance, first, size;  /* |rest| <= tolerance |b|, in the norm of S */
  double curvature, largest;      /* of the last direction, of all of them */
} adjoin_search_krylov;

/* How much room GMRES takes besides: a basis, a triangle, rotations and a right-hand side. */
ADJOIN_SEARCH_FUNCTION ptrdiff_t adjoin_search_basis_room(ptrdiff_t n) {
  return n * (ADJOIN_SEARCH_BASIS + 1) + ADJOIN_SEARCH_BASIS * (ADJOIN_SEARCH_BASIS + 1) / 2 + 3 * ADJOIN_SEARCH_BASIS +
         1;
}

/* -1 or 1. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_sign(unsigned *chance) {
  *chance = *chance * 1664525u + 1013904223u;
  return *chance >> 31 & 1 ? 1 : -1;
}

/* In (-1, 1). */
ADJOIN_SEARCH_FUNCTION double adjoin_search_uniform(unsigned *chance) {
  *chance = *chance * 1664525u + 1013904223u;
  return ((double)(*chance >> 9) + 1 / (double)2) / 4194304 - 1;
}

ADJOIN_SEARCH_FUNCTION double adjoin_search_dot(ptrdiff_t n, const double *a, const double *b) {
  double sum = 0;
  for (ptrdiff_t k = 0; k < n; k++) sum += a[k] * b[k];
  return sum;
}

/* |S v|, squared. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_square(const adjoin_search_krylov *s, const double *v) {
  double sum = 0;
  for (ptrdiff_t k = 0; k < s->n; k++) sum += s->scale[k] * v[k] * (s->scale[k] * v[k]);
  return sum;
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_krylov_end(adjoin_search_krylov *s, int outcome) {
  s->outcome = outcome;
  return 0;
}

/* ---- conjugate gradients on S A S ---- */

ADJOIN_SEARCH_FUNCTION int adjoin_search_conjugate(adjoin_search_krylov *s) {
  double length = 0, curvature = 0, before = s->size;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double p = s->direction[k] / s->scale[k];
    length += p * p;
    curvature += s->direction[k] * s->product[k];
  }
  s->curvature = curvature / length;
  if (s->curvature > s->largest) s->largest = s->curvature;
  if (!(s->curvature > 64 * DBL_EPSILON * s->largest)) return adjoin_search_krylov_end(s, ADJOIN_SEARCH_CURVED);
  double step = before / curvature;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    s->x[k] += step * s->direction[k];
    s->rest[k] -= step * s->product[k];
  }
  s->size = adjoin_search_square(s, s->rest);
  if (s->size <= s->tolerance * s->tolerance * s->first) return adjoin_search_krylov_end(s, ADJOIN_SEARCH_SOLVED);
  if (++s->iterations > s->most) return adjoin_search_krylov_end(s, ADJOIN_SEARCH_UNSOLVED);
  for (ptrdiff_t k = 0; k < s->n; k++)
    s->direction[k] = s->scale[k] * s->scale[k] * s->rest[k] + s->size / before * s->direction[k];
  return 1;
}

/* ---- GMRES on S A ---- */

/* The triangle's column j. */
ADJOIN_SEARCH_FUNCTION double *adjoin_search_column(const adjoin_search_krylov *s, int j) {
  return s->upper + j * (j + 1) / 2;
}

/* From the residual, if that is not small yet: again while it shrinks. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_cycle(adjoin_search_krylov *s) {
  double before = s->size;
  s->size = (double)sqrt(adjoin_search_square(s, s->rest));
  if (s->iterations == 0) s->first = s->size;
  if (s->size <= s->tolerance * s->first) return adjoin_search_krylov_end(s, ADJOIN_SEARCH_SOLVED);
  int goes_on = s->iterations == 0 || s->size < (double)0.9 * before;
  if (!goes_on || s->iterations > s->most) return adjoin_search_krylov_end(s, ADJOIN_SEARCH_UNSOLVED);
  for (ptrdiff_t k = 0; k < s->n; k++) s->direction[k] = s->basis[k] = s->scale[k] * s->rest[k] / s->size;
  s->turned[0] = s->size;
  s->column = 0;
  s->stage = ADJOIN_SEARCH_ARNOLDI;
  return 1;
}

/* x += V R^-1 g; then the residual is computed anew, for which the product with that is wanted. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_correct(adjoin_search_krylov *s) {
  double *g = s->turned;
  for (int j = s->column; j-- > 0;) {
    const double *r = adjoin_search_column(s, j);
    if (!(adjoin_search_size(r[j]) > 0)) return adjoin_search_krylov_end(s, ADJOIN_SEARCH_UNSOLVED);
    g[j] /= r[j];
    for (int i = 0; i < j; i++) g[i] -= r[i] * g[j];
  }
  for (ptrdiff_t k = 0; k < s->n; k++) {
    s->direction[k] = 0;
    for (int j = 0; j < s->column; j++) s->direction[k] += g[j] * s->basis[j * s->n + k];
    s->x[k] += s->direction[k];
  }
  s->stage = ADJOIN_SEARCH_CORRECT;
  return 1;
}

/* Makes w orthogonal to the basis, twice, since rounding spoils once. */
ADJOIN_SEARCH_FUNCTION void adjoin_search_orthogonal(const adjoin_search_krylov *s, double *w, double *h) {
  for (int i = 0; i <= s->column; i++) h[i] = 0;
  for (int time = 0; time < 2; time++)
    for (int i = 0; i <= s->column; i++) {
      const double *v = s->basis + i * s->n;
      double along = adjoin_search_dot(s->n, w, v);
      h[i] += along;
      for (ptrdiff_t k = 0; k < s->n; k++) w[k] -= along * v[k];
    }
}

/* One more direction, and Givens rotations that keep the triangle. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_arnoldi(adjoin_search_krylov *s) {
  int j = s->column;
  double *w = s->basis + (j + 1) * s->n, *h = adjoin_search_column(s, j), *g = s->turned;
  double *cosine = g + ADJOIN_SEARCH_BASIS + 1, *sine = cosine + ADJOIN_SEARCH_BASIS;
  for (ptrdiff_t k = 0; k < s->n; k++) w[k] = s->scale[k] * s->product[k];
  double before = (double)sqrt(adjoin_search_dot(s->n, w, w));
  adjoin_search_orthogonal(s, w, h);
  double left = (double)sqrt(adjoin_search_dot(s->n, w, w));
  for (int i = 0; i < j; i++) {
    double turned = cosine[i] * h[i] + sine[i] * h[i + 1];
    h[i + 1] = cosine[i] * h[i + 1] - sine[i] * h[i];
    h[i] = turned;
  }
  double radius = (double)sqrt(h[j] * h[j] + left * left);
  int spent = !(left > 8 * DBL_EPSILON * before); /* all that A makes of the basis lies in it */
  if (spent) left = 0;
  cosine[j] = radius > 0 ? h[j] / radius : 1;
  sine[j] = radius > 0 ? left / radius : 0;
  h[j] = radius;
  g[j + 1] = -sine[j] * g[j];
  g[j] *= cosine[j];
  s->column++;
  s->iterations++;
  int small = adjoin_search_size(g[j + 1]) <= s->tolerance / 2 * s->first;
  if (small || spent || s->column == ADJOIN_SEARCH_BASIS) return adjoin_search_correct(s);
  for (ptrdiff_t k = 0; k < s->n; k++) s->direction[k] = w[k] /= left;
  return 1;
}

/* ---- the scale ---- */

ADJOIN_SEARCH_FUNCTION int adjoin_search_sample(adjoin_search_krylov *s) {
  for (ptrdiff_t k = 0; k < s->n; k++)
    s->direction[k] = adjoin_search_sign(&s->chance) * (s->symmetric ? s->scale[k] : 1);
  return 1;
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_krylov_start(adjoin_search_krylov *s) {
  s->scaled = 1;
  if (!s->symmetric) return adjoin_search_cycle(s);
  s->first = s->size = adjoin_search_square(s, s->rest);
  if (s->size == 0) return adjoin_search_krylov_end(s, ADJOIN_SEARCH_SOLVED);
  for (ptrdiff_t k = 0; k < s->n; k++) s->direction[k] = s->scale[k] * s->scale[k] * s->rest[k];
  s->stage = ADJOIN_SEARCH_CONJUGATE;
  return 1;
}

/* The rows of S A S have about the length that products with vectors of signs show: S / sqrt(that) evens them out,
 * half of the difference at a time; of S A, all of it at once. x collects the squares. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_rescale(adjoin_search_krylov *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) s->x[k] += s->scale[k] * s->product[k] * (s->scale[k] * s->product[k]);
  if (++s->sample % ADJOIN_SEARCH_SAMPLES) return adjoin_search_sample(s);
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double length = (double)sqrt(s->x[k] / (double)ADJOIN_SEARCH_SAMPLES);
    if (s->symmetric) length = (double)sqrt(length);
    if (length > 0 && length <= DBL_MAX) s->scale[k] /= length;
    s->x[k] = 0;
  }
  int passes = s->symmetric ? ADJOIN_SEARCH_PASSES : 1;
  return s->sample < passes * ADJOIN_SEARCH_SAMPLES ? adjoin_search_sample(s) : adjoin_search_krylov_start(s);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_krylov_begin(adjoin_search_krylov *s, double tolerance) {
  for (ptrdiff_t k = 0; k < s->n; k++) s->x[k] = 0;
  s->tolerance = tolerance;
  s->iterations = 0;
  s->largest = s->curvature = 0;
  if (s->scaled) return adjoin_search_krylov_start(s);
  for (ptrdiff_t k = 0; k < s->n; k++) s->scale[k] = 1;
  s->sample = 0;
  s->stage = ADJOIN_SEARCH_SCALE;
  return adjoin_search_sample(s);
}

/* The product is there, and finite. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_krylov_next(adjoin_search_krylov *s) {
  if (s->stage == ADJOIN_SEARCH_SCALE) return adjoin_search_rescale(s);
  if (s->stage == ADJOIN_SEARCH_CONJUGATE) return adjoin_search_conjugate(s);
  if (s->stage == ADJOIN_SEARCH_ARNOLDI) return adjoin_search_arnoldi(s);
  for (ptrdiff_t k = 0; k < s->n; k++) s->rest[k] -= s->product[k];
  return adjoin_search_cycle(s);
}

#endif
