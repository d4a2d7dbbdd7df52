/* Eigenvalues and singular values. LAPACK's functions that divide and conquer would need Fortran's runtime library in a
 * static program. */
#include "runtime/dense.h"

#include <lapacke.h>
#include <string.h>

/* Columns that LAPACK's blocked algorithms treat together. */
enum { BLOCK = 32 };

size_t dense_eigen_work(size_t n) {
  return (BLOCK + 2) * n + 1;
}

bool dense_eigen(size_t n, double *a, bool vectors, double *values, double *work) {
  return n == 0 || LAPACKE_dsyev_work(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'L', (int)n, a, (int)n, values, work,
                                      (int)dense_eigen_work(n)) == 0;
}

bool dense_tridiagonal_values(size_t n, double *diagonal, double *beside) {
  return n == 0 || LAPACKE_dsterf_work((int)n, diagonal, beside) == 0;
}

size_t dense_singular_work(size_t n) {
  return (BLOCK + 8) * n + 1;
}

static void transpose(size_t n, double *a) {
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < j; i++) {
      double held = a[j * n + i];
      a[j * n + i] = a[i * n + j];
      a[i * n + j] = held;
    }
}

/* A = Q B P' with an upper bidiagonal B, whose singular vectors turn Q and P. */
bool dense_singular(size_t n, double *a, double *values, double *v, double *work) {
  int order = (int)n, room = (int)(BLOCK * n + 4 * n);
  double *beside = work, *left = work + n, *right = work + 2 * n, *rest = work + 3 * n;
  if (!n) return true;
  LAPACKE_dgebrd_work(LAPACK_COL_MAJOR, order, order, a, order, values, beside, left, right, rest, room);
  memcpy(v, a, n * n * sizeof *v);
  LAPACKE_dorgbr_work(LAPACK_COL_MAJOR, 'P', order, order, order, v, order, right, rest, room);
  LAPACKE_dorgbr_work(LAPACK_COL_MAJOR, 'Q', order, order, order, a, order, left, rest, room);
  int status = LAPACKE_dbdsqr_work(LAPACK_COL_MAJOR, 'U', order, order, order, 0, values, beside, v, order, a, order,
                                   NULL, 1, rest);
  transpose(n, v);
  return status == 0;
}
