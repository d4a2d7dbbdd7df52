/* Searches of runtime/search.h, driven as generated code drives them: solutions, and every way to end without one. */
#include "runtime/search.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 40 };

/* A problem: the residual (and the value of what is to be least) at y, and the Jacobian's product with v there. */
typedef struct {
  int kind;
  ptrdiff_t n;
  double (*residual)(ptrdiff_t n, const double *y, double *r);
  void (*product)(ptrdiff_t n, const double *y, const double *v, double *p);
} problem;

static int search_from(const problem *of, double *y, int *asked) {
  double residual[LARGEST], direction[LARGEST], product[LARGEST], work[LARGEST * LARGEST + 3 * LARGEST], value = NAN;
  adjoin_search search;
  CU_ASSERT_FATAL((size_t)adjoin_search_work(of->n) <= sizeof work / sizeof *work);
  adjoin_search_begin(&search, of->kind, of->n, y, residual, &value, direction, product, work);
  *asked = 0;
  for (int wanted; (wanted = adjoin_search_next(&search)) >= 0; ++*asked) {
    if (wanted == ADJOIN_SEARCH_PRODUCT)
      of->product(of->n, y, direction, product);
    else
      value = of->residual(of->n, y, residual);
  }
  return adjoin_search_failure(&search);
}

/* ---- what is found ---- */

static double rosenbrock(ptrdiff_t n, const double *y, double *r) {
  double a = y[1] - y[0] * y[0], b = 1 - y[0];
  r[0] = -400 * a * y[0] - 2 * b;
  r[1] = 200 * a;
  return (void)n, 100 * a * a + b * b;
}

static void rosenbrock_product(ptrdiff_t n, const double *y, const double *v, double *p) {
  p[0] = (1200 * y[0] * y[0] - 400 * y[1] + 2) * v[0] - 400 * y[0] * v[1];
  p[1] = -400 * y[0] * v[0] + 200 * v[1];
  (void)n;
}

static void least_values(void) {
  static const double starts[][2] = {{-1.2, 1}, {1, 1}, {50, -70}, {0, 0}, {-300, 5}};
  const problem of = {ADJOIN_SEARCH_LEAST, 2, rosenbrock, rosenbrock_product};
  for (size_t k = 0; k < sizeof starts / sizeof *starts; k++) {
    double y[2] = {starts[k][0], starts[k][1]};
    int asked;
    CU_ASSERT_EQUAL(search_from(&of, y, &asked), ADJOIN_SEARCH_FOUND);
    CU_ASSERT_DOUBLE_EQUAL(y[0], 1, 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(y[1], 1, 1e-14);
  }
}

/* y_k + tanh of a chain = k/n: a root whose Jacobian is not symmetric. */
static double chain(ptrdiff_t n, const double *y, double *r) {
  for (ptrdiff_t k = 0; k < n; k++)
    r[k] = y[k] + 3 * tanh(y[(k + 1) % n]) - 0.5 * y[(k + 2) % n] - (double)k / (double)n;
  return 0;
}

static void chain_product(ptrdiff_t n, const double *y, const double *v, double *p) {
  for (ptrdiff_t k = 0; k < n; k++) {
    double t = tanh(y[(k + 1) % n]);
    p[k] = v[k] + 3 * (1 - t * t) * v[(k + 1) % n] - 0.5 * v[(k + 2) % n];
  }
}

static void roots(void) {
  for (ptrdiff_t n = 3; n <= LARGEST; n += 7) {
    const problem of = {ADJOIN_SEARCH_ROOT, n, chain, chain_product};
    double y[LARGEST] = {0}, r[LARGEST];
    int asked;
    CU_ASSERT_EQUAL(search_from(&of, y, &asked), ADJOIN_SEARCH_FOUND);
    chain(n, y, r);
    for (ptrdiff_t k = 0; k < n; k++) CU_ASSERT_DOUBLE_EQUAL(r[k], 0, 1e-14);
  }
}

/* A y = (1, .., 1), A being the Hilbert matrix with 1 added to its diagonal, and row 0 doubled. */
static double entry(ptrdiff_t i, ptrdiff_t j) {
  return (1.0 / (double)(i + j + 1) + (double)(i == j)) * (i ? 1 : 2);
}

static void system_product(ptrdiff_t n, const double *y, const double *v, double *p) {
  (void)y;
  for (ptrdiff_t i = 0; i < n; i++) {
    p[i] = 0;
    for (ptrdiff_t j = 0; j < n; j++) p[i] += entry(i, j) * v[j];
  }
}

static double system_residual(ptrdiff_t n, const double *y, double *r) {
  system_product(n, y, y, r);
  for (ptrdiff_t i = 0; i < n; i++) r[i] -= 1;
  return 0;
}

static void linear_systems(void) {
  for (ptrdiff_t n = 1; n <= LARGEST; n += 13) {
    const problem of = {ADJOIN_SEARCH_LINEAR, n, system_residual, system_product};
    double y[LARGEST] = {0}, r[LARGEST];
    int asked;
    CU_ASSERT_EQUAL(search_from(&of, y, &asked), ADJOIN_SEARCH_FOUND);
    CU_ASSERT(asked <= 4 * (n + 1));
    system_residual(n, y, r);
    for (ptrdiff_t k = 0; k < n; k++) CU_ASSERT_DOUBLE_EQUAL(r[k], 0, 1e-14);
  }
}

/* Units do not matter: equations and unknowns that differ by 24 orders of magnitude, and a minimum far from its start.
 */
static const double unit[] = {1e-12, 1, 1e12};

static void in_units_product(ptrdiff_t n, const double *y, const double *v, double *p) {
  (void)y;
  for (ptrdiff_t i = 0; i < n; i++) {
    p[i] = 0;
    for (ptrdiff_t j = 0; j < n; j++) p[i] += unit[i] * (i == j ? 2 : 1) * (unit[j] * v[j]);
  }
}

static double in_units(ptrdiff_t n, const double *y, double *r) {
  double value = 0;
  in_units_product(n, y, y, r);
  for (ptrdiff_t i = 0; i < n; i++) {
    value += y[i] * (r[i] / 2 - 4 * unit[i]);
    r[i] -= 4 * unit[i];
  }
  return value;
}

static void units(void) {
  for (int kind = ADJOIN_SEARCH_LEAST; kind <= ADJOIN_SEARCH_LINEAR; kind++) {
    const problem of = {kind, 3, in_units, in_units_product};
    double y[3] = {0};
    int asked;
    CU_ASSERT_EQUAL(search_from(&of, y, &asked), ADJOIN_SEARCH_FOUND);
    for (int k = 0; k < 3; k++) CU_ASSERT_DOUBLE_EQUAL(y[k] * unit[k], 1, 1e-14);
  }
}

static void nothing_to_look_for(void) {
  const problem of = {ADJOIN_SEARCH_LEAST, 0, system_residual, system_product};
  int asked;
  CU_ASSERT_EQUAL(search_from(&of, NULL, &asked), ADJOIN_SEARCH_FOUND);
  CU_ASSERT_EQUAL(asked, 1);
}

/* ---- what is not ---- */

/* Functions of one number by their first three derivatives. */
#define OF_ONE_NUMBER(name, f, d, dd)                                                                                  \
  static double name(ptrdiff_t n, const double *at, double *r) {                                                       \
    const double y = at[0];                                                                                            \
    r[0] = (d);                                                                                                        \
    return (void)n, (void)y, (f);                                                                                      \
  }                                                                                                                    \
  static void name##_product(ptrdiff_t n, const double *at, const double *v, double *p) {                              \
    const double y = at[0];                                                                                            \
    p[0] = (dd)*v[0];                                                                                                  \
    (void)n, (void)y;                                                                                                  \
  }
OF_ONE_NUMBER(parabola, y *y, 2 * y, 2)
OF_ONE_NUMBER(hill, -y *y, -2 * y, -2)
OF_ONE_NUMBER(slope, y, 1, 0)
OF_ONE_NUMBER(level, 1, 0, 0)
OF_ONE_NUMBER(decay, exp(-y), -exp(-y), exp(-y))
OF_ONE_NUMBER(fourth, y *y *y *y, 4 * y * y * y, 12 * y * y)
OF_ONE_NUMBER(logarithm, log(y), 1 / y, -1 / (y * y))
OF_ONE_NUMBER(wall, y - log(y), 1 - 1 / y, 1 / (y * y))
OF_ONE_NUMBER(above, 0, y *y + 1, 2 * y)
OF_ONE_NUMBER(touching, 0, y *y, 2 * y)
OF_ONE_NUMBER(broken, y *y, 2 * y, NAN)

typedef struct {
  int kind;
  double (*residual)(ptrdiff_t n, const double *y, double *r);
  void (*product)(ptrdiff_t n, const double *y, const double *v, double *p);
  double start;
  int failure;
  double found;
} ending;

static void endings(void) {
  static const ending rows[] = {
      {ADJOIN_SEARCH_LEAST, parabola, parabola_product, 3, ADJOIN_SEARCH_FOUND, 0},
      {ADJOIN_SEARCH_LEAST, parabola, parabola_product, 0, ADJOIN_SEARCH_FOUND, 0},
      {ADJOIN_SEARCH_LEAST, wall, wall_product, 1e-3, ADJOIN_SEARCH_FOUND, 1},
      {ADJOIN_SEARCH_LEAST, wall, wall_product, 40, ADJOIN_SEARCH_FOUND, 1},
      {ADJOIN_SEARCH_LEAST, hill, hill_product, 0, ADJOIN_SEARCH_NOT_LEAST, 0},
      {ADJOIN_SEARCH_LEAST, hill, hill_product, 1, ADJOIN_SEARCH_UNBOUNDED, NAN},
      {ADJOIN_SEARCH_LEAST, slope, slope_product, 1, ADJOIN_SEARCH_UNBOUNDED, NAN},
      {ADJOIN_SEARCH_LEAST, level, level_product, 1, ADJOIN_SEARCH_SINGULAR, 1},
      {ADJOIN_SEARCH_LEAST, decay, decay_product, 0, ADJOIN_SEARCH_UNBOUNDED, NAN},
      {ADJOIN_SEARCH_LEAST, logarithm, logarithm_product, -1, ADJOIN_SEARCH_NOT_FINITE, -1},
      {ADJOIN_SEARCH_LEAST, broken, broken_product, 1, ADJOIN_SEARCH_NOT_FINITE, 1},
      {ADJOIN_SEARCH_LEAST, parabola, parabola_product, NAN, ADJOIN_SEARCH_NOT_FINITE, NAN},
      {ADJOIN_SEARCH_ROOT, above, above_product, 1, ADJOIN_SEARCH_SINGULAR, 0},
      {ADJOIN_SEARCH_ROOT, above, above_product, 0, ADJOIN_SEARCH_SINGULAR, 0},
      {ADJOIN_SEARCH_ROOT, parabola, parabola_product, 7, ADJOIN_SEARCH_FOUND, 0},
      {ADJOIN_SEARCH_LINEAR, level, level_product, 0, ADJOIN_SEARCH_SINGULAR, 0},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    const problem of = {rows[k].kind, 1, rows[k].residual, rows[k].product};
    double y = rows[k].start;
    int asked, failure = search_from(&of, &y, &asked);
    if (failure != rows[k].failure) fprintf(stderr, "row %zu ends with %d at %g\n", k, failure, y);
    CU_ASSERT_EQUAL(failure, rows[k].failure);
    if (!isnan(rows[k].found)) CU_ASSERT_DOUBLE_EQUAL(y, rows[k].found, 1e-14);
    CU_ASSERT(asked < 100000);
  }
}

/* A strict minimum where the second derivative vanishes, and a root where the first does: the theorem does not hold,
 * and nothing is found. */
static void degenerate(void) {
  const problem least = {ADJOIN_SEARCH_LEAST, 1, fourth, fourth_product};
  const problem root = {ADJOIN_SEARCH_ROOT, 1, touching, touching_product};
  double y = 1, z = 1;
  int asked;
  CU_ASSERT_EQUAL(search_from(&least, &y, &asked), ADJOIN_SEARCH_SINGULAR);
  CU_ASSERT_EQUAL(search_from(&root, &z, &asked), ADJOIN_SEARCH_SINGULAR);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("search", NULL, NULL);
  CU_add_test(suite, "least values", least_values);
  CU_add_test(suite, "roots", roots);
  CU_add_test(suite, "linear systems", linear_systems);
  CU_add_test(suite, "units", units);
  CU_add_test(suite, "nothing to look for", nothing_to_look_for);
  CU_add_test(suite, "how searches end", endings);
  CU_add_test(suite, "degenerate points", degenerate);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
