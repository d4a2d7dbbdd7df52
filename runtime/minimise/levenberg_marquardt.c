/* Levenberg and Marquardt's method for f = c |r|^2 in a trust region (More 1978): steps that minimise
 * |r + J p| for |D p| <= radius, D being the largest norms of J's columns so far: the units of x do not matter. J is
 * factorised once a point; no product J'J is ever formed, which would square the condition number. A trial costs a
 * value; J, which also gives the gradient 2 c J'r, is formed where one is taken. Under bounds, over the entries that
 * move. */
#include "runtime/minimise/damped.h"
#include "runtime/minimise/methods.h"
#include "runtime/minimise/trust.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The ratio from which on the next step may be longer, and by how much; how much shorter it becomes at most. */
static const double GOOD_RATIO = 0.8, GROWTH = 3, LEAST_SHARE = 0.15;

typedef struct {
  trust_points points;
  damped_system system;
  size_t rows;
  double *jacobian;         /* column after column, of all free entries; after its factorisation, of those that move */
  double *residual;         /* Q'r after the factorisation */
  double *norms, *unit, *p; /* the largest of J's columns; a direction; the step */
  double *cotangent, *work; /* like `residual` */
  size_t *place;            /* the entries that move */
  double radius;            /* 0: not known yet */
  size_t formed;            /* 0 or 1 */
} marquardt;

/* ---- residuals and their Jacobian ---- */

static bool form_by_columns(minimiser *m, marquardt *by, const double *x) {
  for (size_t i = 0; i < m->set.count; i++) {
    by->unit[i] = 1;
    if (!minimiser_jvp(m, x, by->unit, by->jacobian + i * by->rows)) return false;
    by->unit[i] = 0;
  }
  return true;
}

static bool form_by_rows(minimiser *m, marquardt *by, const double *x) {
  for (size_t j = 0; j < by->rows; j++) {
    by->cotangent[j] = 1;
    if (!minimiser_vjp(m, x, by->cotangent, by->unit)) return false;
    by->cotangent[j] = 0;
    for (size_t i = 0; i < m->set.count; i++) by->jacobian[i * by->rows + j] = by->unit[i];
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

/* r, J and from them g at the point. False: the run has ended. */
static bool form(minimiser *m, marquardt *by, minimise_point *at) {
  bool by_columns = m->problem->jvp && (!m->problem->vjp || m->set.count <= by->rows);
  if (!minimiser_residual(m, at->x, by->residual)) return false;
  if (!(by_columns ? form_by_columns : form_by_rows)(m, by, at->x)) return false;
  for (size_t i = 0; i < m->set.count; i++) {
    double sum = 0;
    for (size_t j = 0; j < by->rows; j++) sum += by->jacobian[i * by->rows + j] * by->residual[j];
    at->g[i] = 2 * m->problem->residual_factor * sum;
  }
  by->formed = 1;
  return true;
}

/* J = Q R of the entries that move, and Q'r. False: the run has ended. */
static bool factorise(minimiser *m, marquardt *by) {
  damped_system *system = &by->system;
  double largest = 0, change = 0;
  system->count = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    if (!minimiser_moves(m, k)) continue;
    double *column = by->jacobian + system->count * by->rows, norm = 0;
    memmove(column, by->jacobian + k * by->rows, by->rows * sizeof *column);
    for (size_t j = 0; j < by->rows; j++) norm = hypot(norm, column[j]);
    if (!isfinite(norm)) return minimiser_end(m, END_JACOBIAN_NOT_FINITE);
    by->norms[k] = fmax(by->norms[k], norm);
    largest = fmax(largest, by->norms[k]);
    change += norm * fabs(by->points.at.x[k]);
    by->place[system->count++] = k;
  }
  by->points.noise = find_noise(m, by, change);
  /* Columns that rounding hides beside the largest have no scale of their own. */
  for (size_t i = 0; i < system->count; i++)
    system->scale[i] = largest > 0 ? fmax(by->norms[by->place[i]], DBL_EPSILON * largest) : 1;
  dense_triangularise(by->rows, system->count, by->jacobian, by->residual, by->work);
  damped_prepare(system, by->rows, by->jacobian, by->residual);
  by->formed = 0;
  return true;
}

/* ---- iterations ---- */

/* What the linear model promises of s = x+ - x: c (|r|^2 - |r + J s|^2), of entries that go to their bound -g's. */
static double find_promise(const minimiser *m, const marquardt *by) {
  const damped_system *system = &by->system;
  double promised = 0;
  for (size_t j = 0; j < by->rows && j < system->count; j++) {
    double js = 0;
    for (size_t i = j; i < system->count; i++) {
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

/* The first radius is the length of x, by D, or that of r, by which J p is measured. */
static double first_radius(const marquardt *by) {
  double length = 0, size = 0;
  for (size_t i = 0; i < by->system.count; i++)
    length = hypot(length, by->system.scale[i] * by->points.at.x[by->place[i]]);
  for (size_t j = 0; j < by->rows; j++) size = hypot(size, by->residual[j]);
  length = fmax(length, size);
  return length > 0 && isfinite(length) ? length : 1;
}

/* Where the step was too long: the minimum of the parabola along it, within limits. */
static double shrink(const minimiser *m, const marquardt *by) {
  const minimise_point *at = &by->points.at, *next = &by->points.next;
  double slope = 0;
  for (size_t k = 0; k < m->set.count; k++) slope += at->g[k] * (next->x[k] - at->x[k]);
  double share = next->f <= at->f ? 0.5 : 0.5 * slope / (slope + at->f - next->f);
  return share >= LEAST_SHARE ? fmin(0.5, share) : LEAST_SHARE;
}

static void adapt(const minimiser *m, marquardt *by, double ratio, double length) {
  if (ratio <= 0.25) {
    double share = shrink(m, by);
    by->radius = share * fmin(by->radius, 10 * length);
    by->system.lambda /= share;
  } else if (by->system.lambda == 0 || ratio >= GOOD_RATIO) {
    by->radius = GROWTH * length;
    by->system.lambda /= GROWTH;
  }
}

/* r and J at the next point. Where they are not finite, it counts as too far away, and those of this point come back.
 */
static bool take(minimiser *m, marquardt *by, double *ratio) {
  if (!form(m, by, &by->points.next)) return false;
  if (!minimiser_meet(m, &by->points.next)) return false;
  if (isfinite(by->points.next.grad_inf)) return true;
  *ratio = -1;
  by->radius /= 10;
  return form(m, by, &by->points.at) && factorise(m, by);
}

static bool advance(minimiser *m, void *memory) {
  marquardt *by = memory;
  double first = INFINITY, ratio = -1;
  if (!by->formed && !form(m, by, &by->points.at)) return false;
  if (!factorise(m, by)) return false;
  bool begins = by->radius == 0;
  if (begins) by->radius = first_radius(by);
  while (!trust_accepts(ratio)) {
    double length = damped_step(&by->system, by->radius);
    if (begins) by->radius = fmin(by->radius, length);
    begins = false;
    memset(by->p, 0, m->set.count * sizeof *by->p);
    for (size_t i = 0; i < by->system.count; i++) by->p[by->place[i]] = by->system.step[i];
    if (!trust_place(m, &by->points, by->p)) return minimiser_no_progress(m, &by->points.at, first);
    double promised = find_promise(m, by);
    if (first == INFINITY) first = promised;
    if (!trust_ratio(m, &by->points, promised, &ratio)) return false;
    adapt(m, by, ratio, length);
    if (trust_accepts(ratio) && !take(m, by, &ratio)) return false;
  }
  return true;
}

static bool prepare(minimiser *m, marquardt *by) {
  size_t n = m->set.count, rows = m->problem->residual_count;
  if (!trust_start(m, &by->points)) return false;
  if (n > DENSE_LARGEST || rows > DENSE_LARGEST) return minimiser_end(m, END_NO_MEMORY);
  size_t work = dense_triangularise_work(n), append = dense_append_work(n);
  damped_system *system = &by->system;
  const struct {
    double **vector;
    size_t rows, columns;
  } wanted[] = {{&by->jacobian, rows, n},
                {&by->residual, rows, 1},
                {&by->cotangent, rows, 1},
                {&by->norms, n, 1},
                {&by->unit, n, 1},
                {&by->p, n, 1},
                {&by->work, work > append ? work : append, 1},
                {&system->r, n, n},
                {&system->triangle, n, n},
                {&system->damping, n, n},
                {&system->right, n, 1},
                {&system->scale, n, 1},
                {&system->step, 2, n},
                {&system->turned, n, 1}};
  for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) {
    *wanted[k].vector = minimiser_zeros(m, wanted[k].rows, wanted[k].columns);
    if (!*wanted[k].vector) return false;
  }
  system->work = by->work;
  minimiser_keep(m, &by->jacobian, n * rows);
  minimiser_keep(m, &by->residual, rows);
  minimiser_keep_wholes(m, &by->formed, 1, 2);
  minimiser_keep(m, &by->norms, n);
  minimiser_keep_amount(m, &by->radius);
  minimiser_keep_amount(m, &system->lambda);
  by->place = (size_t *)minimiser_zeros(m, n, 1);
  return by->place != NULL;
}

void minimise_levenberg_marquardt(minimiser *m) {
  marquardt by = {.rows = m->problem->residual_count};
  if (prepare(m, &by)) trust_run(m, &by.points, advance, &by);
}
