/* H as a matrix: Cholesky; where that fails L D L', which tells the inertia; where that shows that H is singular, the
 * eigenvalues and the pseudo-inverse. First what is the same of a root's J (dense_root.c). */
#include "runtime/dense.h"
#include "runtime/implicit/state.h"

#include <float.h>
#include <math.h>
#include <string.h>

bool dense_system_create(implicit *in) {
  implicit_system *of = &in->system;
  size_t n = in->set.count, size = in->problem->size;
  if (n > DENSE_LARGEST) return implicit_fail(in, IMPLICIT_NO_MEMORY);
  of->work_size = dense_ldl_work(n);
  size_t least[] = {4 * n + 1, dense_eigen_work(n), dense_singular_work(n)};
  for (int k = 0; k < 3; k++)
    if (of->work_size < least[k]) of->work_size = least[k];
  double **rooms[] = {&of->matrix, &of->factors, &of->values, &of->work, &of->block, &of->product};
  size_t rows[] = {n, n, n, of->work_size, size, size};
  size_t columns[] = {n, n, 1, 1, IMPLICIT_BLOCK, IMPLICIT_BLOCK};
  for (int k = 0; k < 6; k++)
    if (!(*rooms[k] = implicit_zeros(in, rows[k], columns[k]))) return false;
  of->pivots = (int *)implicit_zeros(in, n, 1);
  of->whole_work = of->pivots ? (int *)implicit_zeros(in, 5 * n + 3, 1) : NULL;
  of->dropped = of->whole_work ? (unsigned char *)implicit_zeros(in, n, 1) : NULL;
  return of->dropped != NULL;
}

bool dense_system_matrix(implicit *in, const double *x, double *matrix) {
  implicit_system *of = &in->system;
  size_t n = in->count, size = in->problem->size;
  for (size_t first = 0; first < n; first += IMPLICIT_BLOCK) {
    size_t width = n - first < IMPLICIT_BLOCK ? n - first : IMPLICIT_BLOCK;
    memset(of->block, 0, size * width * sizeof *of->block);
    for (size_t k = 0; k < width; k++) of->block[in->place[first + k] * width + k] = 1;
    if (!implicit_products(in, false, x, width, of->block, of->product)) return false;
    for (size_t k = 0; k < width; k++)
      for (size_t i = 0; i < n; i++) matrix[(first + k) * n + i] = of->product[in->place[i] * width + k];
  }
  for (size_t j = 0; j < n; j++) {
    for (size_t i = 0; i < j && !in->root; i++)
      matrix[j * n + i] = matrix[i * n + j] = (matrix[j * n + i] + matrix[i * n + j]) / 2;
    matrix[j * n + j] += in->damping;
  }
  return true;
}

bool dense_system_begin(implicit *in, void (*find_scale)(implicit *in)) {
  implicit_system *of = &in->system;
  of->pseudo = false;
  of->reciprocal = 1;
  if (!dense_system_matrix(in, in->x, of->matrix)) return false;
  if (!isfinite(implicit_largest(in->count * in->count, of->matrix))) return implicit_fail(in, IMPLICIT_NOT_FINITE);
  find_scale(in);
  dense_system_copy(in, of->factors);
  return true;
}

void dense_system_copy(const implicit *in, double *into) {
  size_t n = in->count;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++)
      into[j * n + i] = in->system.row_scale[i] * in->system.matrix[j * n + i] * in->system.scale[j];
}

double dense_system_zero(size_t n, double largest) {
  return 8 * (double)n * DBL_EPSILON * largest;
}

bool dense_system_is_singular(const implicit *in) {
  return !(in->system.reciprocal > 4 * (double)in->count * DBL_EPSILON);
}

void dense_system_drop(implicit *in, size_t zero) {
  implicit_system *of = &in->system;
  size_t n = in->count;
  memset(of->dropped, 0, n);
  for (size_t left = zero; left; left--) {
    size_t least = n;
    for (size_t k = 0; k < n; k++)
      if (!of->dropped[k] && (least == n || fabs(of->values[k]) < fabs(of->values[least]))) least = k;
    of->dropped[least] = 1;
  }
  of->pseudo = true;
}

static double ratio(double largest, double smallest) {
  return smallest > 0 ? largest / smallest : INFINITY;
}

/* On the range of H where the pseudo-inverse stands for the inverse. */
double dense_system_condition(const implicit *in) {
  double largest = 0, smallest = INFINITY;
  if (!in->system.pseudo) return ratio(1, in->system.reciprocal);
  if (!in->options.least_norm) return INFINITY;
  for (size_t k = 0; k < in->count; k++) {
    if (in->system.dropped[k]) continue;
    largest = fmax(largest, fabs(in->system.values[k]));
    smallest = fmin(smallest, fabs(in->system.values[k]));
  }
  return smallest < INFINITY ? ratio(largest, smallest) : 1;
}

void dense_system_refine(const implicit *in, const double *b, double *y, void (*solve)(const implicit *in, double *y)) {
  size_t n = in->count, down = in->transposed ? n : 1, across = in->transposed ? 1 : n;
  double *left = in->system.values; /* of b: what H y leaves */
  memcpy(left, b, n * sizeof *left);
  memmove(y, b, n * sizeof *y);
  solve(in, y);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) left[i] -= in->system.matrix[j * across + i * down] * y[j];
  solve(in, left);
  for (size_t k = 0; k < n; k++) y[k] += left[k];
}

/* ---- symmetric ---- */

static void find_scale(implicit *in) {
  size_t n = in->count;
  for (size_t j = 0; j < n; j++) {
    double diagonal = fabs(in->system.matrix[j * n + j]);
    double beside = implicit_largest(n, in->system.matrix + j * n);
    double size = diagonal > DBL_EPSILON * beside ? diagonal : beside;
    in->system.scale[j] = system_power(sqrt(size));
  }
}

/* Eigenvalues and, in the matrix's place, eigenvectors. */
static bool decompose_into(implicit *in, double *matrix, double *values) {
  implicit_system *of = &in->system;
  size_t room = dense_eigen_work(in->set.count);
  if (!of->eigen_work && !(of->eigen_work = implicit_zeros(in, room, 1))) return false;
  if (dense_eigen(in->count, matrix, true, values, of->eigen_work)) return true;
  return implicit_fail(in, IMPLICIT_LINEAR_SOLVE_FAILED);
}

/* The pseudo-inverse of H: as many eigenvalues count as zero as S has that do. */
static bool decompose(implicit *in) {
  implicit_system *of = &in->system;
  size_t n = in->count, zero = 0;
  dense_system_copy(in, of->factors);
  if (!dense_eigen(n, of->factors, false, of->values, of->work)) return implicit_fail(in, IMPLICIT_LINEAR_SOLVE_FAILED);
  double limit = dense_system_zero(n, implicit_largest(n, of->values));
  in->certificate.negative = 0;
  for (size_t k = 0; k < n; k++) {
    zero += fabs(of->values[k]) <= limit;
    in->certificate.negative += of->values[k] < -limit;
  }
  in->certificate.zero = zero;
  memcpy(of->factors, of->matrix, n * n * sizeof *of->factors);
  if (!decompose_into(in, of->factors, of->values)) return false;
  dense_system_drop(in, zero);
  return true;
}

static bool form(implicit *in) {
  implicit_system *of = &in->system;
  size_t n = in->count;
  if (!dense_system_begin(in, find_scale)) return false;
  double norm = dense_symmetric_norm(n, of->factors, of->work);
  of->cholesky = dense_cholesky(n, of->factors);
  if (of->cholesky) {
    of->reciprocal = dense_cholesky_reciprocal(n, of->factors, norm, of->work, of->whole_work);
  } else {
    dense_system_copy(in, of->factors);
    bool regular = dense_ldl(n, of->factors, of->pivots, of->work);
    of->reciprocal = regular ? dense_ldl_reciprocal(n, of->factors, of->pivots, norm, of->work, of->whole_work) : 0;
  }
  return !dense_system_is_singular(in) || decompose(in);
}

/* y := D S^-1 D y */
static void solve_regular(const implicit *in, double *y) {
  const implicit_system *of = &in->system;
  size_t n = in->count;
  for (size_t k = 0; k < n; k++) y[k] *= of->scale[k];
  if (of->cholesky)
    dense_cholesky_solve(n, of->factors, y);
  else
    dense_ldl_solve(n, of->factors, of->pivots, y);
  for (size_t k = 0; k < n; k++) y[k] *= of->scale[k];
}

static bool solve(implicit *in, const double *b, double *y, bool *converged) {
  const implicit_system *of = &in->system;
  size_t n = in->count;
  *converged = true;
  if (!of->pseudo) {
    dense_system_refine(in, b, y, solve_regular);
    return true;
  }
  double *parts = of->work; /* of b along the eigenvectors, over the eigenvalues */
  for (size_t k = 0; k < n; k++) {
    parts[k] = 0;
    for (size_t i = 0; i < n && !of->dropped[k]; i++) parts[k] += of->factors[k * n + i] * b[i] / of->values[k];
  }
  for (size_t i = 0; i < n; i++) {
    y[i] = 0;
    for (size_t k = 0; k < n; k++) y[i] += of->factors[k * n + i] * parts[k];
  }
  return true;
}

static bool certify(implicit *in) {
  implicit_system *of = &in->system;
  implicit_certificate *into = &in->certificate;
  size_t n = in->count;
  into->has_inertia = true;
  into->condition = dense_system_condition(in);
  if (!of->pseudo) {
    into->negative = of->cholesky ? 0 : dense_ldl_negative(n, of->factors, of->pivots);
    into->zero = 0;
  }
  for (size_t k = 0; k < n && of->pseudo; k++)
    if (of->dropped[k] && !system_keep_null(in, of->factors + k * n, into->zero)) return false;
  into->positive = n - into->negative - into->zero;
  double *copy = implicit_zeros(in, n, n), *values = copy ? implicit_zeros(in, n, 1) : NULL;
  if (!values) return false;
  memcpy(copy, of->matrix, n * n * sizeof *copy);
  bool known = dense_eigen(n, copy, false, values, of->work);
  into->least_curvature = n && known ? values[0] : NAN;
  return true;
}

/* Eigenvectors of S whose curvature changes by itself where x* may be as well, or is zero. */
static bool find_vanishing(implicit *in) {
  size_t n = in->count;
  implicit_certificate *into = &in->certificate;
  double *vectors = implicit_zeros(in, n, n), *values = implicit_zeros(in, n, 1), *other = implicit_zeros(in, n, n);
  if (!vectors || !values || !other) return false;
  dense_system_copy(in, vectors);
  if (!decompose_into(in, vectors, values) || !dense_system_matrix(in, in->around[0], other)) return false;
  double limit = dense_system_zero(n, implicit_largest(n, values));
  into->positive = into->negative = into->zero = 0;
  for (size_t k = 0; k < n; k++) {
    double *v = vectors + k * n, there = 0;
    for (size_t i = 0; i < n; i++) v[i] *= in->system.scale[i];
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i < n; i++) there += v[i] * other[j * n + i] * v[j];
    bool zero = fabs(values[k]) <= limit || fabs(there - values[k]) >= 0.1 * fabs(values[k]);
    if (zero && !system_keep_null(in, v, n)) return false;
    into->zero += zero;
    into->positive += !zero && values[k] > 0;
    into->negative += !zero && values[k] < 0;
  }
  return true;
}

const system_kind dense_system = {dense_system_create, form, solve, certify, find_vanishing};
