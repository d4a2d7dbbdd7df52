/* Newton's method with the whole Hessian of the entries that move, made positive definite by the modified Cholesky
 * factorisation of Gill, Murray and Wright (Practical optimization, 1981, 4.4.2.2), and a line search. */
#include "runtime/minimise/descend.h"
#include "runtime/minimise/methods.h"

#include <float.h>
#include <math.h>

typedef struct {
  double *matrix;        /* the Hessian, then L below its diagonal and D on it; rows of `count` */
  double *unit, *column; /* a direction, and what comes of it */
  size_t *place;         /* the entries that move */
  size_t count;
} factors;

/* Row by row, for H is symmetric; its upper triangle is not looked at. */
static bool form(minimiser *m, factors *of, const minimise_point *at) {
  of->count = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    if (minimiser_moves(m, k)) of->place[of->count++] = k;
  }
  for (size_t i = 0; i < of->count; i++) {
    of->unit[of->place[i]] = 1;
    if (!minimiser_product(m, at->x, of->unit, of->column)) return false;
    of->unit[of->place[i]] = 0;
    for (size_t j = 0; j <= i; j++) of->matrix[i * of->count + j] = of->column[of->place[j]];
  }
  return true;
}

/* Bounds what elimination may do: `beta2` for the size of L^2 D, `delta` for D from below. */
static void find_bounds(const factors *of, double smallest, double *beta2, double *delta) {
  double diagonal = 0, beside = 0, n = (double)of->count;
  for (size_t i = 0; i < of->count; i++) {
    diagonal = fmax(diagonal, fabs(of->matrix[i * of->count + i]));
    for (size_t j = 0; j < i; j++) beside = fmax(beside, fabs(of->matrix[i * of->count + j]));
  }
  *beta2 = fmax(fmax(diagonal, n > 1 ? beside / sqrt(n * n - 1) : 0), DBL_EPSILON);
  *delta = fmax(fmax(1e-11 * (diagonal + beside), smallest), DBL_MIN / DBL_EPSILON);
}

/* H + E = L D L' with the smallest diagonal E >= 0 that the bounds allow; no E where H is well positive definite. */
static void factorise(factors *of, double smallest) {
  size_t n = of->count;
  double *a = of->matrix, beta2, delta;
  find_bounds(of, smallest, &beta2, &delta);
  for (size_t j = 0; j < n; j++) {
    double theta = 0, *row = a + j * n;
    /* What stands left of the diagonal is l d until here, l from here on. */
    for (size_t s = 0; s < j; s++) {
      double l = row[s] / a[s * n + s];
      row[j] -= l * row[s];
      row[s] = l;
    }
    for (size_t i = j + 1; i < n; i++) {
      double *c = &a[i * n + j];
      for (size_t s = 0; s < j; s++) *c -= row[s] * a[i * n + s];
      theta = fmax(theta, fabs(*c));
    }
    row[j] = fmax(fmax(fabs(row[j]), theta * theta / beta2), delta);
  }
}

static void solve(const factors *of, double *b) {
  size_t n = of->count;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < i; j++) b[i] -= of->matrix[i * n + j] * b[j];
  }
  for (size_t i = 0; i < n; i++) b[i] /= of->matrix[i * n + i];
  for (size_t i = n; i-- > 0;) {
    for (size_t j = i + 1; j < n; j++) b[i] -= of->matrix[j * n + i] * b[j];
  }
}

static bool direction(minimiser *m, void *memory, const minimise_point *at, double *d) {
  factors *of = memory;
  if (!form(m, of, at)) return false;
  /* Without curvature, a step of a thousand times x is long enough to begin with. */
  double steepest = 0, largest = 1;
  for (size_t i = 0; i < of->count; i++) {
    steepest = fmax(steepest, fabs(at->g[of->place[i]]));
    largest = fmax(largest, fabs(at->x[of->place[i]]));
    of->column[i] = -at->g[of->place[i]];
  }
  factorise(of, 1e-3 * steepest / largest);
  solve(of, of->column);
  for (size_t i = 0; i < of->count; i++) d[of->place[i]] = of->column[i];
  return true;
}

static bool is_scaled(const void *memory) {
  (void)memory;
  return true;
}

void minimise_newton(minimiser *m) {
  size_t n = m->set.count;
  factors of = {.matrix = minimiser_zeros(m, n, n)};
  of.unit = of.matrix ? minimiser_zeros(m, 2, n) : NULL;
  of.place = of.unit ? (size_t *)minimiser_zeros(m, n, 1) : NULL;
  if (!of.place) return;
  of.column = of.unit + n;
  descend(m, &(descent){.memory = &of, .direction = direction, .is_scaled = is_scaled});
}
