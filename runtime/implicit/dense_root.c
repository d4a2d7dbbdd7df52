/* J of a root as a matrix: L U; where that shows that J is singular, singular values and the pseudo-inverse. */
#include "runtime/dense.h"
#include "runtime/implicit/state.h"

#include <math.h>
#include <string.h>

/* Rows of S whose largest entries are about 1, in the units that vars have, so that those of equations do not count;
 * then columns (as LAPACK's dgeequb has it). */
static void find_scale(implicit *in) {
  implicit_system *of = &in->system;
  size_t n = in->count;
  double *largest = of->work;
  memset(largest, 0, n * sizeof *largest);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) largest[i] = fmax(largest[i], fabs(of->matrix[j * n + i]));
  for (size_t i = 0; i < n; i++) of->row_scale[i] = system_power(largest[i]);
  for (size_t j = 0; j < n; j++) {
    double size = 0;
    for (size_t i = 0; i < n; i++) size = fmax(size, of->row_scale[i] * fabs(of->matrix[j * n + i]));
    of->scale[j] = system_power(size);
  }
}

/* A = U diag(values) V', U in A's place. */
static bool decompose_into(implicit *in, double *a, double *values, double *v) {
  if (dense_singular(in->count, a, values, v, in->system.work)) return true;
  return implicit_fail(in, IMPLICIT_LINEAR_SOLVE_FAILED);
}

static size_t count_zero(size_t n, const double *values) {
  size_t zero = 0;
  for (size_t k = 0; k < n; k++) zero += !(values[k] > dense_system_zero(n, values[0]));
  return zero;
}

/* The pseudo-inverse of J: as many of its singular values count as zero as S has that do. */
static bool decompose(implicit *in) {
  implicit_system *of = &in->system;
  size_t n = in->count;
  if (!of->right && !(of->right = implicit_zeros(in, in->set.count, in->set.count))) return false;
  dense_system_copy(in, of->factors);
  if (!decompose_into(in, of->factors, of->values, of->right)) return false;
  in->certificate.zero = count_zero(n, of->values);
  memcpy(of->factors, of->matrix, n * n * sizeof *of->factors);
  if (!decompose_into(in, of->factors, of->values, of->right)) return false;
  dense_system_drop(in, in->certificate.zero);
  return true;
}

static bool form(implicit *in) {
  implicit_system *of = &in->system;
  size_t n = in->count;
  if (!dense_system_begin(in, find_scale)) return false;
  double norm = dense_norm(n, of->factors);
  bool regular = dense_lu(n, of->factors, of->pivots);
  of->reciprocal = regular ? dense_lu_reciprocal(n, of->factors, norm, of->work, of->whole_work) : 0;
  return !dense_system_is_singular(in) || decompose(in);
}

/* y := C S^-1 R y, or R S'^-1 C y */
static void solve_regular(const implicit *in, double *y) {
  const double *rows = system_rows(in), *columns = system_columns(in);
  for (size_t k = 0; k < in->count; k++) y[k] *= rows[k];
  dense_lu_solve(in->count, in->system.factors, in->system.pivots, in->transposed, y);
  for (size_t k = 0; k < in->count; k++) y[k] *= columns[k];
}

/* y = V values^-1 U' b on what was kept, or U values^-1 V' b. */
static void solve_pseudo(const implicit *in, const double *b, double *y) {
  const implicit_system *of = &in->system;
  size_t n = in->count;
  const double *from = in->transposed ? of->right : of->factors, *to = in->transposed ? of->factors : of->right;
  double *parts = of->work;
  for (size_t k = 0; k < n; k++) {
    parts[k] = 0;
    for (size_t i = 0; i < n && !of->dropped[k]; i++) parts[k] += from[k * n + i] * b[i] / of->values[k];
  }
  memset(y, 0, n * sizeof *y);
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < n && !of->dropped[k]; i++) y[i] += to[k * n + i] * parts[k];
}

static bool solve(implicit *in, const double *b, double *y, bool *converged) {
  *converged = true;
  if (in->system.pseudo)
    solve_pseudo(in, b, y);
  else
    dense_system_refine(in, b, y, solve_regular);
  return true;
}

static bool certify(implicit *in) {
  implicit_system *of = &in->system;
  implicit_certificate *into = &in->certificate;
  size_t n = in->count;
  into->condition = dense_system_condition(in);
  if (!of->pseudo) into->zero = 0;
  for (size_t k = 0; k < n && of->pseudo; k++)
    if (of->dropped[k] && !system_keep_null(in, of->right + k * n, into->zero)) return false;
  return true;
}

/* Singular values of S that are zero, or change by themselves where x* may be as well: u' (R J C)(other) v for the
 * singular vectors u and v of one. */
static bool find_vanishing(implicit *in) {
  implicit_system *of = &in->system;
  size_t n = in->count;
  double *left = implicit_zeros(in, n, n), *right = implicit_zeros(in, n, n), *values = implicit_zeros(in, n, 1);
  double *other = implicit_zeros(in, n, n);
  if (!left || !right || !values || !other) return false;
  dense_system_copy(in, left);
  if (!decompose_into(in, left, values, right) || !dense_system_matrix(in, in->around[0], other)) return false;
  in->certificate.zero = 0;
  for (size_t k = 0; k < n; k++) {
    double *v = right + k * n, there = 0;
    for (size_t j = 0; j < n; j++) v[j] *= of->scale[j];
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i < n; i++) there += left[k * n + i] * of->row_scale[i] * other[j * n + i] * v[j];
    bool zero = values[k] <= dense_system_zero(n, values[0]) || fabs(there - values[k]) >= 0.1 * values[k];
    if (zero && !system_keep_null(in, v, n)) return false;
    in->certificate.zero += zero;
  }
  return true;
}

const system_kind dense_root = {dense_system_create, form, solve, certify, find_vanishing};
