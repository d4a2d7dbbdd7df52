/* Dense factorisations: that they solve what they claim to, on matrices whose eigenvalues are known. */
#include "runtime/dense.h"
#include "runtime/initial_weights.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t SIZES[] = {0, 1, 2, 3, 17, 64, 130};
enum { SIZE_COUNT = sizeof SIZES / sizeof *SIZES };

static double *numbers(size_t count, uint64_t seed) {
  double *made = calloc(count + 1, sizeof *made);
  CU_ASSERT_FATAL(made != NULL);
  fill_kaiming_uniform(made, count, seed, "numbers", 1);
  return made;
}

/* A = H diag(d) H with the reflection H = I - 2 v v'/v'v: its eigenvalues are d. */
static double *with_eigenvalues(size_t n, const double *d, uint64_t seed) {
  double *a = calloc(n * n + 1, sizeof *a), *v = numbers(n, seed), vv = 0;
  CU_ASSERT_FATAL(a != NULL);
  for (size_t k = 0; k < n; k++) vv += v[k] * v[k];
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      for (size_t k = 0; k < n; k++) {
        double left = (double)(i == k) - 2 * v[i] * v[k] / vv, right = (double)(j == k) - 2 * v[j] * v[k] / vv;
        a[j * n + i] += left * d[k] * right;
      }
    }
  }
  free(v);
  return a;
}

static void multiply(size_t n, const double *a, const double *x, double *ax) {
  for (size_t i = 0; i < n; i++) {
    ax[i] = 0;
    for (size_t j = 0; j < n; j++) ax[i] += a[j * n + i] * x[j];
  }
}

/* |A x - b| against |A| |x|, both largest entries. */
static bool solves(size_t n, const double *a, const double *x, const double *b) {
  double *ax = calloc(n + 1, sizeof *ax), scale = 1, error = 0;
  CU_ASSERT_FATAL(ax != NULL);
  multiply(n, a, x, ax);
  for (size_t k = 0; k < n; k++) {
    scale = fmax(scale, fabs(x[k]));
    error = fmax(error, fabs(ax[k] - b[k]));
  }
  free(ax);
  return error <= 1e-13 * (double)(n + 1) * scale;
}

/* Eigenvalues between 1 and 2, every `negative`-th of them with the other sign; 0: none. */
static double *eigenvalues(size_t n, size_t negative) {
  double *d = calloc(n + 1, sizeof *d);
  CU_ASSERT_FATAL(d != NULL);
  for (size_t k = 0; k < n; k++) d[k] = (negative && k % negative == 0 ? -1 : 1) * (1 + (double)k / (double)n);
  return d;
}

static void cholesky_solves(void) {
  for (size_t s = 0; s < SIZE_COUNT; s++) {
    size_t n = SIZES[s];
    double *d = eigenvalues(n, 0), *a = with_eigenvalues(n, d, s), *whole = with_eigenvalues(n, d, s);
    double *b = numbers(n, 90 + s), *x = numbers(n, 90 + s);
    CU_ASSERT(dense_cholesky(n, a));
    for (size_t j = 1; j < n; j++) CU_ASSERT(a[j * n] == whole[j * n]); /* above the diagonal */
    dense_cholesky_solve(n, a, x);
    CU_ASSERT(solves(n, whole, x, b));
    free(d), free(a), free(whole), free(b), free(x);
  }
}

static void cholesky_refuses(void) {
  for (size_t s = 1; s < SIZE_COUNT; s++) {
    size_t n = SIZES[s];
    double *d = eigenvalues(n, n), *a = with_eigenvalues(n, d, s);
    CU_ASSERT(!dense_cholesky(n, a));
    free(d), free(a);
  }
}

static void ldl_solves_and_lifts(void) {
  for (size_t s = 0; s < SIZE_COUNT; s++) {
    size_t n = SIZES[s];
    double *d = eigenvalues(n, 2), *a = with_eigenvalues(n, d, s), *whole = with_eigenvalues(n, d, s);
    double *b = numbers(n, 90 + s), *x = numbers(n, 90 + s), *work = numbers(dense_ldl_work(n), 1), xb = 0;
    int *pivots = calloc(n + 1, sizeof *pivots);
    CU_ASSERT_FATAL(pivots != NULL);
    CU_ASSERT(dense_ldl(n, a, pivots, work));
    dense_ldl_solve(n, a, pivots, x);
    CU_ASSERT(solves(n, whole, x, b));
    dense_ldl_lift(n, a, pivots, 0.1);
    memcpy(x, b, n * sizeof *x);
    dense_ldl_solve(n, a, pivots, x);
    for (size_t k = 0; k < n; k++) xb += x[k] * b[k];
    CU_ASSERT(n == 0 || xb > 0);
    free(d), free(a), free(whole), free(b), free(x), free(work), free(pivots);
  }
}

/* A = a matrix of chance with a heavier diagonal in some columns; A x = b and A' x = b. */
static void lu_solves(void) {
  for (size_t s = 0; s < SIZE_COUNT; s++) {
    size_t n = SIZES[s];
    double *whole = numbers(n * n, 30 + s), *a = numbers(n * n, 30 + s), *turned = numbers(n * n, 1);
    double *b = numbers(n, 90 + s), *x = numbers(n, 90 + s), *work = numbers(4 * n, 1);
    int *pivots = calloc(2 * n + 1, sizeof *pivots);
    CU_ASSERT_FATAL(pivots != NULL);
    for (size_t k = 0; k < n; k++) whole[k * n + (k + 1) % n] = a[k * n + (k + 1) % n] += 2 + (double)n;
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) turned[i * n + j] = whole[j * n + i];
    CU_ASSERT(dense_lu(n, a, pivots));
    dense_lu_solve(n, a, pivots, false, x);
    CU_ASSERT(solves(n, whole, x, b));
    memcpy(x, b, n * sizeof *x);
    dense_lu_solve(n, a, pivots, true, x);
    CU_ASSERT(solves(n, turned, x, b));
    double reciprocal = dense_lu_reciprocal(n, a, dense_norm(n, whole), work, pivots + n);
    CU_ASSERT(reciprocal <= 1 && reciprocal > 0.01);
    free(whole), free(a), free(turned), free(b), free(x), free(work), free(pivots);
  }
}

/* (1 2; 0 3) has |A|_1 = 5 and |A^-1|_1 = 1. A matrix of zeros has no factorisation. */
static void lu_of_two_rows(void) {
  double a[] = {1, 0, 2, 3}, zeros[4] = {0}, work[8];
  int pivots[4];
  CU_ASSERT_EQUAL(dense_norm(2, a), 5);
  CU_ASSERT(dense_lu(2, a, pivots));
  CU_ASSERT_DOUBLE_EQUAL(dense_lu_reciprocal(2, a, 5, work, pivots + 2), 0.2, 1e-14);
  CU_ASSERT(!dense_lu(2, zeros, pivots));
}

/* A = U diag(values) V', with orthogonal U and V. */
static void check_singular(size_t n, const double *whole, const double *known) {
  double *u = numbers(n * n, 1), *v = numbers(n * n, 1), *values = numbers(n, 1);
  double *work = numbers(dense_singular_work(n), 1);
  memcpy(u, whole, n * n * sizeof *u);
  CU_ASSERT(dense_singular(n, u, values, v, work));
  for (size_t k = 1; k < n; k++) CU_ASSERT(values[k - 1] >= values[k] && values[k] >= 0);
  for (size_t k = 0; k < n && known; k++) CU_ASSERT_DOUBLE_EQUAL(values[k], known[k], 1e-13 * (double)n);
  double off = 0;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) {
      double made = 0, uu = 0, vv = 0;
      for (size_t k = 0; k < n; k++) {
        made += u[k * n + i] * values[k] * v[k * n + j];
        uu += u[i * n + k] * u[j * n + k];
        vv += v[i * n + k] * v[j * n + k];
      }
      off = fmax(off, fmax(fabs(made - whole[j * n + i]), fmax(fabs(uu - (i == j)), fabs(vv - (i == j)))));
    }
  CU_ASSERT(off <= 1e-13 * (double)n);
  free(u), free(v), free(values), free(work);
}

/* Known values; two equal rows; a row of zeros; nothing but zeros. */
static void singular_values(void) {
  for (size_t s = 0; s < SIZE_COUNT; s++) {
    size_t n = SIZES[s];
    double *d = calloc(n + 1, sizeof *d), *a;
    CU_ASSERT_FATAL(d != NULL);
    for (size_t k = 0; k < n; k++) d[k] = 2 - (double)k / (double)n;
    if (n > 1) d[n - 1] = 0;
    a = with_eigenvalues(n, d, s);
    check_singular(n, a, d);
    free(a);
    a = numbers(n * n, s);
    for (size_t j = 0; j < n && n > 1; j++) a[j * n + n - 1] = a[j * n];
    check_singular(n, a, NULL);
    for (size_t j = 0; j < n; j++) a[j * n] = 0;
    check_singular(n, a, NULL);
    memset(a, 0, n * n * sizeof *a);
    check_singular(n, a, NULL);
    free(a), free(d);
  }
}

/* (0 1; 1 0) has eigenvalues 1 and -1: lifted, it is the unit matrix; with 3 as the least, three times that. */
static void lift_of_a_block(void) {
  for (double least = 0; least < 4; least += 3) {
    double a[] = {0, 1, 1, 0}, b[] = {5, 7}, work[100], size = fmax(least, 1);
    int pivots[2];
    CU_ASSERT(dense_ldl(2, a, pivots, work));
    CU_ASSERT(pivots[0] < 0);
    dense_ldl_lift(2, a, pivots, least);
    dense_ldl_solve(2, a, pivots, b);
    CU_ASSERT_DOUBLE_EQUAL(b[0], 5 / size, 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(b[1], 7 / size, 1e-14);
  }
}

/* The damped normal equations (A'A + D^2) x = A'b, which the triangles must solve. */
static void least_squares(void) {
  for (size_t s = 1; s < SIZE_COUNT; s++) {
    size_t n = SIZES[s], rows = n + 5, append = dense_append_work(n), work_size = dense_triangularise_work(n);
    double *a = numbers(rows * n, s), *whole = numbers(rows * n, s), *b = numbers(rows, 90 + s),
           *b0 = numbers(rows, 90 + s);
    double *r = calloc(n * n, sizeof *r), *d = calloc(n * n, sizeof *d), *c = calloc(n, sizeof *c);
    double *work = numbers(append > work_size ? append : work_size, 1);
    CU_ASSERT_FATAL(r && d && c);
    dense_triangularise(rows, n, a, b, work);
    for (size_t j = 0; j < n; j++) {
      memcpy(r + j * n, a + j * rows, (j + 1) * sizeof *r);
      d[j * n + j] = 0.5 + (double)j / (double)n;
    }
    dense_append_diagonal(n, r, d, b, c, work);
    dense_upper_solve(n, r, b);
    for (size_t j = 0; j < n; j++) {
      double damping = 0.5 + (double)j / (double)n, sum = damping * damping * b[j];
      for (size_t i = 0; i < rows; i++) {
        double residual = -b0[i];
        for (size_t k = 0; k < n; k++) residual += whole[k * rows + i] * b[k];
        sum += whole[j * rows + i] * residual;
      }
      CU_ASSERT_DOUBLE_EQUAL(sum, 0, 1e-12 * (double)n);
    }
    free(a), free(whole), free(b), free(b0), free(r), free(d), free(c), free(work);
  }
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("dense", NULL, NULL);
  CU_add_test(suite, "Cholesky solves", cholesky_solves);
  CU_add_test(suite, "Cholesky refuses a negative eigenvalue", cholesky_refuses);
  CU_add_test(suite, "LDL' solves; lifted, it is positive definite", ldl_solves_and_lifts);
  CU_add_test(suite, "a block of two rows, lifted", lift_of_a_block);
  CU_add_test(suite, "LU solves", lu_solves);
  CU_add_test(suite, "LU of two rows", lu_of_two_rows);
  CU_add_test(suite, "singular values", singular_values);
  CU_add_test(suite, "least squares with a diagonal appended", least_squares);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
