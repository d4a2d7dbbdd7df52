/* Levenberg and Marquardt's method for f = c |r|^2: steps that minimise |r + J p|^2 + lambda |D p|^2, D being the
 * largest norms of J's columns so far (More 1978). J is factorised by Householder reflections, once a point; for each
 * lambda, the triangle with sqrt(lambda) D below is. No product J'J is ever formed, which would square the condition
 * number. Lambda follows the ratio of actual to promised decrease (Nielsen 1999). Under bounds, over the entries that
 * move. */
#include "runtime/minimise/methods.h"
#include "runtime/minimise/trust.h"

#include "runtime/dense.h"
#include <float.h>
#include <math.h>
#include <string.h>

typedef struct {
  trust_points points;
  size_t rows, count, rank; /* of J; of J's columns, the entries that move; min of both: the rows of R */
  double *jacobian;         /* column after column; R after its factorisation */
  double *triangle;         /* R, then that of R over sqrt(lambda) D; count x count */
  double *damping;          /* sqrt(lambda) D, as a matrix */
  double *residual, *right; /* residual: Q'r after the factorisation; right: that of the triangle, and that below it */
  double *work;
  double *norms, *unit, *p; /* D; a direction; the step */
  double *cotangent;        /* like `residual` */
  size_t *place;            /* the entries that move */
  double lambda, growth;
} marquardt;

/* ---- linear algebra ---- */

static bool form_by_columns(minimiser *m, marquardt *by) {
  for (size_t i = 0; i < by->count; i++) {
    by->unit[by->place[i]] = 1;
    if (!minimiser_jvp(m, by->points.at.x, by->unit, by->jacobian + i * by->rows)) return false;
    by->unit[by->place[i]] = 0;
  }
  return true;
}

static bool form_by_rows(minimiser *m, marquardt *by) {
  for (size_t j = 0; j < by->rows; j++) {
    by->cotangent[j] = 1;
    if (!minimiser_vjp(m, by->points.at.x, by->cotangent, by->unit)) return false;
    by->cotangent[j] = 0;
    for (size_t i = 0; i < by->count; i++) by->jacobian[i * by->rows + j] = by->unit[by->place[i]];
  }
  memset(by->unit, 0, m->set.count * sizeof *by->unit);
  return true;
}

/* How far f may be off where residuals are small differences: the rounding of x alone changes them by eps |J| |x|, and
 * f by up to 2 c eps |r| sum |J_i| |x_i|. */
static double find_noise(const minimiser *m, const marquardt *by, double change) {
  double size = 0;
  for (size_t j = 0; j < by->rows; j++) size = hypot(size, by->residual[j]);
  double noise = 2 * m->problem->residual_factor * DBL_EPSILON * size * change;
  return isfinite(noise) ? noise : 0;
}

/* J = Q R at the point, and Q'r. */
static bool factorise(minimiser *m, marquardt *by) {
  by->count = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    if (minimiser_moves(m, k)) by->place[by->count++] = k;
  }
  by->rank = by->rows < by->count ? by->rows : by->count;
  bool by_columns = m->problem->jvp && (!m->problem->vjp || by->count <= by->rows);
  if (!minimiser_residual(m, by->points.at.x, by->residual)) return false;
  if (!(by_columns ? form_by_columns : form_by_rows)(m, by)) return false;
  double change = 0;
  for (size_t i = 0; i < by->count; i++) {
    double norm = 0;
    for (size_t j = 0; j < by->rows; j++) norm = hypot(norm, by->jacobian[i * by->rows + j]);
    if (!isfinite(norm)) return minimiser_end(m, END_JACOBIAN_NOT_FINITE);
    by->norms[by->place[i]] = fmax(by->norms[by->place[i]], norm);
    change += norm * fabs(by->points.at.x[by->place[i]]);
  }
  by->points.noise = find_noise(m, by, change);
  dense_triangularise(by->rows, by->count, by->jacobian, by->residual, by->work);
  return true;
}

/* p for this lambda. */
static void find_step(const minimiser *m, marquardt *by) {
  size_t n = by->count;
  memset(by->triangle, 0, n * n * sizeof *by->triangle);
  memset(by->damping, 0, n * n * sizeof *by->damping);
  memset(by->right, 0, 2 * n * sizeof *by->right);
  for (size_t i = 0; i < n; i++) {
    double norm = by->norms[by->place[i]];
    for (size_t j = 0; j <= i && j < by->rank; j++) by->triangle[i * n + j] = by->jacobian[i * by->rows + j];
    by->damping[i * n + i] = sqrt(by->lambda) * (norm > 0 ? norm : 1);
  }
  for (size_t j = 0; j < by->rank; j++) by->right[j] = -by->residual[j];
  dense_append_diagonal(n, by->triangle, by->damping, by->right, by->right + n, by->work);
  dense_upper_solve(n, by->triangle, by->right);
  memset(by->p, 0, m->set.count * sizeof *by->p);
  for (size_t i = 0; i < n; i++) by->p[by->place[i]] = by->right[i];
}

/* What the linear model promises of s = x+ - x: c (|r|^2 - |r + J s|^2), of entries that go to their bound -g's. */
static double find_promise(const minimiser *m, const marquardt *by) {
  double promised = 0;
  for (size_t j = 0; j < by->rank; j++) {
    double js = 0;
    for (size_t i = j; i < by->count; i++) {
      size_t k = by->place[i];
      js += by->jacobian[i * by->rows + j] * (by->points.next.x[k] - by->points.at.x[k]);
    }
    promised -= m->problem->residual_factor * js * (2 * by->residual[j] + js);
  }
  for (size_t k = 0; k < m->set.count; k++) {
    if (!minimiser_moves(m, k)) promised -= by->points.at.g[k] * (by->points.next.x[k] - by->points.at.x[k]);
  }
  return promised;
}

/* ---- iterations ---- */

static bool advance(minimiser *m, void *memory) {
  marquardt *by = memory;
  double first = INFINITY, ratio = -1;
  if (!factorise(m, by)) return false;
  while (!trust_accepts(ratio)) {
    find_step(m, by);
    if (!trust_place(m, &by->points, by->p) || !(by->lambda > 0) || !isfinite(by->lambda))
      return minimiser_no_progress(m, &by->points.at, first);
    double promised = find_promise(m, by);
    if (first == INFINITY) first = promised;
    if (!trust_ratio(m, &by->points, promised, &ratio)) return false;
    if (trust_accepts(ratio)) {
      by->lambda = fmax(DBL_MIN, by->lambda * fmax(1. / 3, 1 - pow(2 * ratio - 1, 3)));
      by->growth = 2;
    } else {
      by->lambda *= by->growth;
      by->growth *= 2;
    }
  }
  return true;
}

static bool prepare(minimiser *m, marquardt *by) {
  size_t n = m->set.count, rows = m->problem->residual_count;
  if (!trust_start(m, &by->points)) return false;
  if (n > DENSE_LARGEST || rows > DENSE_LARGEST) return minimiser_end(m, END_NO_MEMORY);
  size_t work = dense_triangularise_work(n), append = dense_append_work(n);
  const struct {
    double **vector;
    size_t rows, columns;
  } wanted[] = {{&by->jacobian, rows, n},
                {&by->triangle, n, n},
                {&by->damping, n, n},
                {&by->residual, rows, 1},
                {&by->cotangent, rows, 1},
                {&by->right, 2, n},
                {&by->norms, n, 1},
                {&by->unit, n, 1},
                {&by->p, n, 1},
                {&by->work, work > append ? work : append, 1}};
  for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) {
    *wanted[k].vector = minimiser_zeros(m, wanted[k].rows, wanted[k].columns);
    if (!*wanted[k].vector) return false;
  }
  minimiser_keep(m, &by->norms, n);
  minimiser_keep_real(m, &by->lambda);
  by->place = (size_t *)minimiser_zeros(m, n, 1);
  return by->place != NULL;
}

void minimise_levenberg_marquardt(minimiser *m) {
  marquardt by = {.rows = m->problem->residual_count, .lambda = 1e-3, .growth = 2};
  if (prepare(m, &by)) trust_run(m, &by.points, advance, &by);
}
