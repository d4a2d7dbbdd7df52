#include "runtime/dense.h"

#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>

/* Columns that LAPACK's blocked algorithms treat together; larger ones bring nothing for matrices that fit a cache. */
enum { BLOCK = 32 };

bool dense_cholesky(size_t n, double *a) {
  return n == 0 || LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', (int)n, a, (int)n) == 0;
}

void dense_cholesky_solve(size_t n, const double *a, double *b) {
  if (n) LAPACKE_dpotrs_work(LAPACK_COL_MAJOR, 'L', (int)n, 1, a, (int)n, b, (int)n);
}

/* ---- symmetric, indefinite ---- */

size_t dense_ldl_work(size_t n) {
  return n * BLOCK + 1;
}

bool dense_ldl(size_t n, double *a, int *pivots, double *work) {
  return n == 0 ||
         LAPACKE_dsytrf_work(LAPACK_COL_MAJOR, 'L', (int)n, a, (int)n, pivots, work, (int)dense_ldl_work(n)) == 0;
}

void dense_ldl_solve(size_t n, const double *a, const int *pivots, double *b) {
  if (n) LAPACKE_dsytrs_work(LAPACK_COL_MAJOR, 'L', (int)n, 1, a, (int)n, pivots, b, (int)n);
}

size_t dense_ldl_negative(size_t n, const double *a, const int *pivots) {
  size_t negative = 0;
  for (size_t k = 0; k < n; k++) {
    const double *corner = a + k * n + k;
    if (pivots[k] > 0) {
      negative += *corner < 0;
    } else {
      negative++; /* such blocks are indefinite: |d_21| is larger than both entries of the diagonal */
      k++;
    }
  }
  return negative;
}

double dense_cholesky_reciprocal(size_t n, const double *a, double norm, double *work, int *whole) {
  double reciprocal = 1;
  if (n) LAPACKE_dpocon_work(LAPACK_COL_MAJOR, 'L', (int)n, a, (int)n, norm, &reciprocal, work, whole);
  return reciprocal;
}

double dense_ldl_reciprocal(size_t n, const double *a, const int *pivots, double norm, double *work, int *whole) {
  double reciprocal = 1;
  if (n) LAPACKE_dsycon_work(LAPACK_COL_MAJOR, 'L', (int)n, a, (int)n, pivots, norm, &reciprocal, work, whole);
  return reciprocal;
}

double dense_symmetric_norm(size_t n, const double *a, double *work) {
  return n ? LAPACKE_dlansy_work(LAPACK_COL_MAJOR, '1', 'L', (int)n, a, (int)n, work) : 0;
}

/* ---- any square matrix ---- */

bool dense_lu(size_t n, double *a, int *pivots) {
  return n == 0 || LAPACKE_dgetrf_work(LAPACK_COL_MAJOR, (int)n, (int)n, a, (int)n, pivots) == 0;
}

void dense_lu_solve(size_t n, const double *a, const int *pivots, bool transposed, double *b) {
  char which = transposed ? 'T' : 'N';
  if (n) LAPACKE_dgetrs_work(LAPACK_COL_MAJOR, which, (int)n, 1, a, (int)n, pivots, b, (int)n);
}

double dense_lu_reciprocal(size_t n, const double *a, double norm, double *work, int *whole) {
  double reciprocal = 1;
  if (n) LAPACKE_dgecon_work(LAPACK_COL_MAJOR, '1', (int)n, a, (int)n, norm, &reciprocal, work, whole);
  return reciprocal;
}

double dense_norm(size_t n, const double *a) {
  double largest = 0;
  for (size_t j = 0; j < n; j++) largest = fmax(largest, cblas_dasum((int)n, a + j * n, 1));
  return largest;
}

/* ---- lifting ---- */

static double lifted(double eigenvalue, double smallest) {
  return fmax(fabs(eigenvalue), smallest);
}

/* (a b; b c) = G diag G' by a Jacobi rotation; its eigenvalues are lifted. LAPACK divides by b, so that it must not
 * vanish: what is put there is below the rounding of a. */
static void lift_block(double *a, double *b, double *c, double smallest) {
  double tau = (*c - *a) / (2 * *b), t = copysign(1, tau) / (fabs(tau) + hypot(1, tau));
  double cosine = 1 / hypot(1, t), sine = t * cosine;
  double first = lifted(*a - t * *b, smallest), second = lifted(*c + t * *b, smallest);
  *a = cosine * cosine * first + sine * sine * second;
  *b = cosine * sine * (second - first);
  *c = sine * sine * first + cosine * cosine * second;
  if (fabs(*b) < DBL_EPSILON / 4 * *a) *b = DBL_EPSILON / 4 * *a;
}

void dense_ldl_lift(size_t n, double *a, const int *pivots, double smallest) {
  for (size_t k = 0; k < n; k++) {
    double *corner = a + k * n + k;
    if (pivots[k] > 0) {
      *corner = lifted(*corner, smallest);
    } else {
      lift_block(corner, corner + 1, corner + n + 1, smallest);
      k++;
    }
  }
}

/* ---- least squares ---- */

size_t dense_triangularise_work(size_t columns) {
  return 2 * columns * BLOCK;
}

/* By dgeqrt, not dgeqrf: what applies the factors of that needs Fortran's runtime library where programs are static. */
void dense_triangularise(size_t rows, size_t columns, double *a, double *b, double *work) {
  if (!rows || !columns) return;
  int m = (int)rows, n = (int)columns, rank = m < n ? m : n, block = rank < BLOCK ? rank : BLOCK;
  double *factors = work + columns * BLOCK;
  LAPACKE_dgeqrt_work(LAPACK_COL_MAJOR, m, n, block, a, m, factors, block, work);
  LAPACKE_dgemqrt_work(LAPACK_COL_MAJOR, 'L', 'T', m, 1, rank, block, a, m, factors, block, b, m, work);
}

size_t dense_append_work(size_t n) {
  return 2 * n * BLOCK;
}

void dense_append_diagonal(size_t n, double *r, double *d, double *b, double *c, double *work) {
  if (!n) return;
  int order = (int)n, block = order < BLOCK ? order : BLOCK;
  double *factors = work + n * BLOCK;
  LAPACKE_dtpqrt_work(LAPACK_COL_MAJOR, order, order, order, block, r, order, d, order, factors, block, work);
  LAPACKE_dtpmqrt_work(LAPACK_COL_MAJOR, 'L', 'T', order, 1, order, order, block, d, order, factors, block, b, order, c,
                       order, work);
}

void dense_upper_solve(size_t n, const double *r, double *b) {
  if (n) cblas_dtrsv(CblasColMajor, CblasUpper, CblasNoTrans, CblasNonUnit, (int)n, r, (int)n, b, 1);
}

void dense_upper_transposed_solve(size_t n, const double *r, double *b) {
  if (n) cblas_dtrsv(CblasColMajor, CblasUpper, CblasTrans, CblasNonUnit, (int)n, r, (int)n, b, 1);
}
