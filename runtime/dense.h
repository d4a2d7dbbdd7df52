/* Dense factorisations by LAPACK: n x n matrices column after column, their lower triangles where they are symmetric.
 * Work arrays are the caller's, so that nothing here allocates, prints or fails but by its result; the sizes of all
 * must be at most DENSE_LARGEST. Entries that are nan or infinite make results that are. */
#ifndef ADJOIN_RUNTIME_DENSE_H
#define ADJOIN_RUNTIME_DENSE_H

#include <stdbool.h>
#include <stddef.h>

/* LAPACK counts in int. */
#define DENSE_LARGEST ((size_t)1 << 30)

/* A = L L', L in the place of A's lower triangle; what stands above the diagonal stays. False: A is not positive
 * definite to working precision, and its lower triangle is spoilt. */
bool dense_cholesky(size_t n, double *a);

/* b := A^-1 b, of a Cholesky factorisation. */
void dense_cholesky_solve(size_t n, const double *a, double *b);

/* P A P' = L D L' with blocks of one or two rows in D (Bunch and Kaufman 1977), in the place of A's lower triangle.
 * `pivots` has n entries, `work` dense_ldl_work(n). False: D has a zero block. */
bool dense_ldl(size_t n, double *a, int *pivots, double *work);
size_t dense_ldl_work(size_t n);

/* b := A^-1 b, of that factorisation. */
void dense_ldl_solve(size_t n, const double *a, const int *pivots, double *b);

/* How many eigenvalues of A are negative: those of D, by Sylvester's law of inertia. */
size_t dense_ldl_negative(size_t n, const double *a, const int *pivots);

/* 1 / (|A|_1 |A^-1|_1) of either factorisation, estimated (Higham 1988); `norm` is |A|_1. `work` has 3 n entries,
 * `whole` n. */
double dense_cholesky_reciprocal(size_t n, const double *a, double norm, double *work, int *whole);
double dense_ldl_reciprocal(size_t n, const double *a, const int *pivots, double norm, double *work, int *whole);

/* P A = L U with row pivoting, in A's place. `pivots` has n entries. False: U has a zero on its diagonal. */
bool dense_lu(size_t n, double *a, int *pivots);

/* b := A^-1 b, or A'^-1 b, of that factorisation. */
void dense_lu_solve(size_t n, const double *a, const int *pivots, bool transposed, double *b);

/* The same 1 / (|A|_1 |A^-1|_1). `work` has 4 n entries, `whole` n. */
double dense_lu_reciprocal(size_t n, const double *a, double norm, double *work, int *whole);

/* A = U diag(values) V': U takes A's place, V (not V') goes into `v`, both orthogonal, column after column; values
 * descend. `work` has dense_singular_work(n) entries. False: it did not converge. */
bool dense_singular(size_t n, double *a, double *values, double *v, double *work);
size_t dense_singular_work(size_t n);

/* |A|_1 of a matrix. */
double dense_norm(size_t n, const double *a);

/* |A|_1 of a symmetric matrix. `work` has n entries. */
double dense_symmetric_norm(size_t n, const double *a, double *work);

/* The eigenvalues of a symmetric matrix, ascending; with `vectors`, its orthonormal eigenvectors take A's place, column
 * after column; else A is spoilt. `work` has dense_eigen_work(n) entries. False: it did not converge. */
bool dense_eigen(size_t n, double *a, bool vectors, double *values, double *work);
size_t dense_eigen_work(size_t n);

/* The eigenvalues of a symmetric tridiagonal matrix take the place of its diagonal, ascending; the other one, n - 1
 * long, is spoilt. */
bool dense_tridiagonal_values(size_t n, double *diagonal, double *beside);

/* Replaces D's eigenvalues d by max(|d|, smallest): then L D L' is positive definite, and A + E with a small E where A
 * was nearly so (Cheng and Higham, A modified Cholesky algorithm based on a symmetric indefinite factorization, SIAM
 * J. Matrix Anal. Appl. 19, 1998; they lift negative eigenvalues to `smallest`, which makes longer steps). */
void dense_ldl_lift(size_t n, double *a, const int *pivots, double smallest);

/* A = Q R for a matrix of rows x columns: R in A's upper triangle, and b := Q' b. `work` has
 * dense_triangularise_work(columns) entries. */
void dense_triangularise(size_t rows, size_t columns, double *a, double *b, double *work);
size_t dense_triangularise_work(size_t columns);

/* (R; D) = Q S for an upper triangle R and a diagonal matrix D, both n x n: S takes R's place, (b; c) := Q' (b; c), and
 * D is lost: it is given as a full matrix, zero off its diagonal. `work` has dense_append_work(n) entries. */
void dense_append_diagonal(size_t n, double *r, double *d, double *b, double *c, double *work);
size_t dense_append_work(size_t n);

/* b := R^-1 b, R'^-1 b, of the upper triangle R, no entry of whose diagonal is zero. */
void dense_upper_solve(size_t n, const double *r, double *b);
void dense_upper_transposed_solve(size_t n, const double *r, double *b);

#endif
