/* Dense factorisations of a few rows, for search.h: rows stand at a distance of n. Units of rows and columns do not
 * matter to what counts as singular. */
#ifndef ADJOIN_SEARCH_DENSE_H
#define ADJOIN_SEARCH_DENSE_H

/* Pivots below this part of what they were made of are rounding. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_rounding(ptrdiff_t n) {
  return 16 * (double)n * DBL_EPSILON;
}

ADJOIN_SEARCH_FUNCTION double adjoin_search_size(double x) {
  return x < 0 ? -x : x;
}

/* The largest magnitude; nan where there is one. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_norm(ptrdiff_t n, const double *x) {
  double largest = 0;
  for (ptrdiff_t k = 0; k < n; k++) {
    double size = adjoin_search_size(x[k]);
    if (!(size <= largest)) largest = size;
    if (largest != largest) return largest;
  }
  return largest;
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_finite(ptrdiff_t n, const double *x) {
  return adjoin_search_norm(n, x) <= DBL_MAX;
}

/* A = L D L' without pivoting, of the lower triangle. 0: a pivot is not positive, beyond what rounding makes of its
 * diagonal entry; *negative says whether it was clearly below 0. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_definite(ptrdiff_t n, double *a, int *negative) {
  *negative = 0;
  for (ptrdiff_t j = 0; j < n; j++) {
    double pivot = a[j * n + j], smallest = adjoin_search_rounding(n) * adjoin_search_size(pivot);
    for (ptrdiff_t k = 0; k < j; k++) pivot -= a[j * n + k] * a[j * n + k] * a[k * n + k];
    if (!(pivot > smallest)) {
      *negative = pivot < -65536 * smallest;
      return 0;
    }
    a[j * n + j] = pivot;
    for (ptrdiff_t i = j + 1; i < n; i++) {
      double sum = a[i * n + j];
      for (ptrdiff_t k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k] * a[k * n + k];
      a[i * n + j] = sum / pivot;
    }
  }
  return 1;
}

ADJOIN_SEARCH_FUNCTION void adjoin_search_solve_definite(ptrdiff_t n, const double *a, double *b) {
  for (ptrdiff_t i = 0; i < n; i++)
    for (ptrdiff_t k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k];
  for (ptrdiff_t i = n; i-- > 0;) {
    b[i] /= a[i * n + i];
    for (ptrdiff_t k = i + 1; k < n; k++) b[i] -= a[k * n + i] * b[k];
  }
}

/* Divides each row by its largest entry, which `rows` keeps; `columns` gets the largest entry of each column then. 0: a
 * row of zeros. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_balance(ptrdiff_t n, double *a, double *rows, double *columns) {
  for (ptrdiff_t j = 0; j < n; j++) columns[j] = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    rows[i] = adjoin_search_norm(n, a + i * n);
    if (rows[i] == 0) return 0;
    for (ptrdiff_t j = 0; j < n; j++) {
      a[i * n + j] /= rows[i];
      if (adjoin_search_size(a[i * n + j]) > columns[j]) columns[j] = adjoin_search_size(a[i * n + j]);
    }
  }
  return 1;
}

/* P R A = L U, R being the balance of the rows, with the largest pivot of each column: pivots[j] is the row that took
 * the place of row j. 0: A is singular to rounding. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_factor(ptrdiff_t n, double *a, double *rows, double *pivots) {
  if (!adjoin_search_balance(n, a, rows, pivots)) return 0;
  for (ptrdiff_t j = 0; j < n; j++) {
    double smallest = adjoin_search_rounding(n) * pivots[j];
    ptrdiff_t best = j;
    for (ptrdiff_t i = j + 1; i < n; i++)
      if (adjoin_search_size(a[i * n + j]) > adjoin_search_size(a[best * n + j])) best = i;
    if (!(adjoin_search_size(a[best * n + j]) > smallest)) return 0;
    pivots[j] = (double)best;
    for (ptrdiff_t k = 0; k < n && best != j; k++) {
      double kept = a[j * n + k];
      a[j * n + k] = a[best * n + k];
      a[best * n + k] = kept;
    }
    for (ptrdiff_t i = j + 1; i < n; i++) {
      double factor = a[i * n + j] /= a[j * n + j];
      for (ptrdiff_t k = j + 1; k < n; k++) a[i * n + k] -= factor * a[j * n + k];
    }
  }
  return 1;
}

/* b := A^-1 b */
ADJOIN_SEARCH_FUNCTION void adjoin_search_solve(ptrdiff_t n, const double *a, const double *rows, const double *pivots,
                                                double *b) {
  for (ptrdiff_t i = 0; i < n; i++) b[i] /= rows[i];
  for (ptrdiff_t j = 0; j < n; j++) {
    ptrdiff_t best = (ptrdiff_t)pivots[j];
    double kept = b[best];
    b[best] = b[j];
    b[j] = kept;
  }
  for (ptrdiff_t i = 0; i < n; i++)
    for (ptrdiff_t k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k];
  for (ptrdiff_t i = n; i-- > 0;) {
    for (ptrdiff_t k = i + 1; k < n; k++) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
}

#endif
