/* Newton's method with the whole Hessian of the entries that move and a line search. Where the Hessian H is not well
 * positive definite, H + a little I takes its place; where that is not definite either, the eigenvalues of D in
 * P H P' = L D L' take their absolute values, or more (runtime/dense.h). */
#include "runtime/minimise/descend.h"
#include "runtime/minimise/methods.h"

#include "runtime/dense.h"
#include <float.h>
#include <math.h>

typedef struct {
  double *matrix;                 /* the Hessian, then its factors below the diagonal; columns of `count` */
  double *diagonal;               /* the Hessian's */
  double *unit, *product, *right; /* a direction, and what comes of it; -g and then the step, of entries that move */
  double *work;
  int *pivots;
  size_t *place; /* the entries that move */
  size_t count;
} factors;

static bool form(minimiser *m, factors *of, const minimise_point *at) {
  of->count = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    if (minimiser_moves(m, k)) of->place[of->count++] = k;
  }
  for (size_t j = 0; j < of->count; j++) {
    of->unit[of->place[j]] = 1;
    if (!minimiser_product(m, at->x, of->unit, of->product)) return false;
    of->unit[of->place[j]] = 0;
    for (size_t i = 0; i < of->count; i++) of->matrix[j * of->count + i] = of->product[of->place[i]];
    of->diagonal[j] = of->matrix[j * of->count + j];
  }
  return true;
}

/* The lower triangle, from the upper one. */
static void restore(factors *of) {
  size_t n = of->count;
  for (size_t j = 0; j < n; j++) {
    of->matrix[j * n + j] = of->diagonal[j];
    for (size_t i = j + 1; i < n; i++) of->matrix[j * n + i] = of->matrix[i * n + j];
  }
}

/* Solves with H, or with H + E where H has eigenvalues that are negative or about below `smallest`. False: H is nan or
 * infinite. */
static bool solve(factors *of, double smallest, double *b) {
  size_t n = of->count;
  double largest = 0, pivot = INFINITY;
  for (size_t k = 0; k < n * n; k++) {
    if (!(fabs(of->matrix[k]) <= DBL_MAX)) return false;
    largest = fmax(largest, fabs(of->matrix[k]));
  }
  smallest = fmax(fmax(smallest, DBL_EPSILON * (double)n * largest), DBL_MIN / DBL_EPSILON);
  bool definite = dense_cholesky(n, of->matrix);
  for (size_t k = 0; definite && k < n; k++) pivot = fmin(pivot, of->matrix[k * n + k]);
  if (definite && (n == 0 || pivot * pivot >= smallest)) {
    dense_cholesky_solve(n, of->matrix, b);
    return true;
  }
  /* H + smallest I, where H is positive semidefinite but for rounding: orthogonal directions without curvature take
   * steps of at most |g| / smallest each, which factors of H itself would not keep to. */
  restore(of);
  for (size_t k = 0; k < n; k++) of->matrix[k * n + k] += smallest;
  if (dense_cholesky(n, of->matrix)) {
    dense_cholesky_solve(n, of->matrix, b);
    return true;
  }
  restore(of);
  dense_ldl(n, of->matrix, of->pivots, of->work);
  dense_ldl_lift(n, of->matrix, of->pivots, smallest);
  dense_ldl_solve(n, of->matrix, of->pivots, b);
  return true;
}

static bool direction(minimiser *m, void *memory, const minimise_point *at, double *d) {
  factors *of = memory;
  if (!form(m, of, at)) return false;
  /* Without curvature, a step of a thousand times x is long enough to begin with. */
  double steepest = 0, largest = 1;
  for (size_t i = 0; i < of->count; i++) {
    steepest = fmax(steepest, fabs(at->g[of->place[i]]));
    largest = fmax(largest, fabs(at->x[of->place[i]]));
    of->right[i] = -at->g[of->place[i]];
  }
  bool finite = solve(of, 1e-3 * steepest / largest, of->right);
  for (size_t i = 0; i < of->count; i++) d[of->place[i]] = finite ? of->right[i] : NAN;
  return true;
}

static bool is_scaled(const void *memory) {
  (void)memory;
  return true;
}

void minimise_newton(minimiser *m) {
  size_t n = m->set.count;
  if (n > DENSE_LARGEST) {
    minimiser_end(m, END_NO_MEMORY);
    return;
  }
  factors of = {.matrix = minimiser_zeros(m, n, n)};
  of.diagonal = of.matrix ? minimiser_zeros(m, 4, n) : NULL;
  of.work = of.diagonal ? minimiser_zeros(m, dense_ldl_work(n), 1) : NULL;
  of.pivots = of.work ? (int *)minimiser_zeros(m, n, 1) : NULL;
  of.place = of.pivots ? (size_t *)minimiser_zeros(m, n, 1) : NULL;
  if (!of.place) return;
  of.unit = of.diagonal + n;
  of.product = of.unit + n;
  of.right = of.product + n;
  descend(m, &(descent){.memory = &of, .direction = direction, .is_scaled = is_scaled});
}
