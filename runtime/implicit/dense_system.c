/* H as a matrix: Cholesky; where that fails L D L', which tells the inertia; where that shows that H is singular, the
 * eigenvalues and the pseudo-inverse. */
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
  if (of->work_size < 3 * n + 1) of->work_size = 3 * n + 1;
  if (of->work_size < dense_eigen_work(n)) of->work_size = dense_eigen_work(n);
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

/* H at a whole x, on the entries that move: column k is H e_k. */
static bool form_matrix(implicit *in, const double *x, double *matrix) {
  implicit_system *of = &in->system;
  size_t n = in->count, size = in->problem->size;
  for (size_t first = 0; first < n; first += IMPLICIT_BLOCK) {
    size_t width = n - first < IMPLICIT_BLOCK ? n - first : IMPLICIT_BLOCK;
    memset(of->block, 0, size * width * sizeof *of->block);
    for (size_t k = 0; k < width; k++) of->block[in->place[first + k] * width + k] = 1;
    in->certificate.products += width;
    if (!implicit_answered(in, in->problem->product(in->problem->user, x, width, of->block, of->product))) return false;
    for (size_t k = 0; k < width; k++)
      for (size_t i = 0; i < n; i++) matrix[(first + k) * n + i] = of->product[in->place[i] * width + k];
  }
  for (size_t j = 0; j < n; j++) {
    for (size_t i = 0; i < j; i++) matrix[j * n + i] = matrix[i * n + j] = (matrix[j * n + i] + matrix[i * n + j]) / 2;
    matrix[j * n + j] += in->damping;
  }
  return true;
}

static void find_scale(implicit *in) {
  size_t n = in->count;
  for (size_t j = 0; j < n; j++) {
    double diagonal = fabs(in->system.matrix[j * n + j]);
    double beside = implicit_largest(n, in->system.matrix + j * n);
    double size = diagonal > DBL_EPSILON * beside ? diagonal : beside;
    in->system.scale[j] = system_scale(size);
  }
}

static void copy_scaled(const implicit *in, double *into) {
  size_t n = in->count;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++)
      into[j * n + i] = in->system.scale[i] * in->system.matrix[j * n + i] * in->system.scale[j];
}

/* Eigenvalues that rounding can't tell from zero. */
static double zero_below(size_t n, double largest) {
  return 8 * (double)n * DBL_EPSILON * largest;
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
  copy_scaled(in, of->factors);
  if (!dense_eigen(n, of->factors, false, of->values, of->work)) return implicit_fail(in, IMPLICIT_LINEAR_SOLVE_FAILED);
  double limit = zero_below(n, implicit_largest(n, of->values));
  in->certificate.negative = 0;
  for (size_t k = 0; k < n; k++) {
    zero += fabs(of->values[k]) <= limit;
    in->certificate.negative += of->values[k] < -limit;
  }
  in->certificate.zero = zero;
  memcpy(of->factors, of->matrix, n * n * sizeof *of->factors);
  if (!decompose_into(in, of->factors, of->values)) return false;
  memset(of->dropped, 0, n);
  for (size_t left = zero; left; left--) {
    size_t least = n;
    for (size_t k = 0; k < n; k++)
      if (!of->dropped[k] && (least == n || fabs(of->values[k]) < fabs(of->values[least]))) least = k;
    of->dropped[least] = 1;
  }
  of->pseudo = true;
  return true;
}

static bool is_singular(const implicit *in) {
  return !(in->system.reciprocal > 4 * (double)in->count * DBL_EPSILON);
}

bool dense_system_form(implicit *in) {
  implicit_system *of = &in->system;
  size_t n = in->count;
  of->pseudo = false;
  of->reciprocal = 1;
  if (!form_matrix(in, in->x, of->matrix)) return false;
  if (!isfinite(implicit_largest(n * n, of->matrix))) return implicit_fail(in, IMPLICIT_NOT_FINITE);
  find_scale(in);
  copy_scaled(in, of->factors);
  double norm = dense_symmetric_norm(n, of->factors, of->work);
  of->cholesky = dense_cholesky(n, of->factors);
  if (of->cholesky) {
    of->reciprocal = dense_cholesky_reciprocal(n, of->factors, norm, of->work, of->whole_work);
  } else {
    copy_scaled(in, of->factors);
    bool regular = dense_ldl(n, of->factors, of->pivots, of->work);
    of->reciprocal = regular ? dense_ldl_reciprocal(n, of->factors, of->pivots, norm, of->work, of->whole_work) : 0;
  }
  return !is_singular(in) || decompose(in);
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

/* With one step of refinement, which makes the rounding errors of elimination small entry by entry (Skeel 1980). */
void dense_system_solve(const implicit *in, const double *b, double *y) {
  const implicit_system *of = &in->system;
  size_t n = in->count;
  if (!of->pseudo) {
    double *left = of->values; /* of b: what H y leaves */
    memcpy(left, b, n * sizeof *left);
    memmove(y, b, n * sizeof *y);
    solve_regular(in, y);
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i < n; i++) left[i] -= of->matrix[j * n + i] * y[j];
    solve_regular(in, left);
    for (size_t k = 0; k < n; k++) y[k] += left[k];
    return;
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
}

static double ratio(double largest, double smallest) {
  return smallest > 0 ? largest / smallest : INFINITY;
}

/* On the range of H where the pseudo-inverse stands for the inverse. */
static double condition_of_kept(const implicit *in) {
  double largest = 0, smallest = INFINITY;
  for (size_t k = 0; k < in->count; k++) {
    if (in->system.dropped[k]) continue;
    largest = fmax(largest, fabs(in->system.values[k]));
    smallest = fmin(smallest, fabs(in->system.values[k]));
  }
  return smallest < INFINITY ? ratio(largest, smallest) : 1;
}

bool dense_system_certify(implicit *in) {
  implicit_system *of = &in->system;
  implicit_certificate *into = &in->certificate;
  size_t n = in->count;
  into->has_inertia = true;
  if (!of->pseudo) {
    into->negative = of->cholesky ? 0 : dense_ldl_negative(n, of->factors, of->pivots);
    into->zero = 0;
    into->condition = ratio(1, of->reciprocal);
  } else {
    into->condition = in->options.least_norm ? condition_of_kept(in) : INFINITY;
    for (size_t k = 0; k < n; k++)
      if (of->dropped[k] && !system_keep_null(in, of->factors + k * n, into->zero)) return false;
  }
  into->positive = n - into->negative - into->zero;
  double *copy = implicit_zeros(in, n, n), *values = copy ? implicit_zeros(in, n, 1) : NULL;
  if (!values) return false;
  memcpy(copy, of->matrix, n * n * sizeof *copy);
  bool known = dense_eigen(n, copy, false, values, of->work);
  into->least_curvature = n && known ? values[0] : NAN;
  return true;
}

/* Eigenvectors of S whose curvature changes by itself where x* may be as well, or is zero. */
bool dense_system_find_vanishing(implicit *in) {
  size_t n = in->count;
  implicit_certificate *into = &in->certificate;
  double *vectors = implicit_zeros(in, n, n), *values = implicit_zeros(in, n, 1), *other = implicit_zeros(in, n, n);
  if (!vectors || !values || !other) return false;
  copy_scaled(in, vectors);
  if (!decompose_into(in, vectors, values) || !form_matrix(in, in->around[0], other)) return false;
  double limit = zero_below(n, implicit_largest(n, values));
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
