/* Eigenvalues and singular values. LAPACK's functions that divide and conquer would need Fortran's runtime library in a
 * static program. */
#include "runtime/dense.h"

#include <lapacke.h>

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
  return n < 3 ? 6 : 2 * n;
}

bool dense_singular(size_t n, double *a, double *values, double *v, double *work) {
  int order = (int)n;
  if (!n) return true;
  int status = LAPACKE_dgesvj_work(LAPACK_COL_MAJOR, 'G', 'U', 'V', order, order, a, order, values, order, v, order,
                                   work, (int)dense_singular_work(n));
  for (size_t k = 0; k < n; k++) values[k] *= work[0]; /* which is not 1 where they nearly overflow */
  return status == 0;
}
