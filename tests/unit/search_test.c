/* Searches of runtime/search.h, driven as generated code drives them: solutions, and every way to end without one. */
#include "runtime/search.h"

#include "compiler/kernel/implicit.h"
#include "tests/unit/program_fixture.h"

enum { LARGEST = 40 };
enum {
  LEAST = ADJOIN_SEARCH_LEAST | ADJOIN_SEARCH_SYMMETRIC,
  ROOT = ADJOIN_SEARCH_ROOT,
  LINEAR = ADJOIN_SEARCH_LINEAR,
  KINKED = ADJOIN_SEARCH_KINKED
};

/* A problem: the residual (and the value of what is to be least) at y, and the Jacobian's product with v there. */
typedef struct {
  int kind;
  ptrdiff_t n;
  double (*residual)(ptrdiff_t n, const double *y, double *r);
  void (*product)(ptrdiff_t n, const double *y, const double *v, double *p);
} problem;

static int search_from(const problem *of, double *y, int *asked) {
  size_t n = (size_t)of->n, room = (size_t)adjoin_search_work(of->n, (of->kind & ADJOIN_SEARCH_SYMMETRIC) != 0);
  double *residual = calloc(3 * n + room + 1, sizeof *residual), *direction = residual + n, value = NAN;
  double *product = direction + n, *work = product + n;
  adjoin_search search;
  CU_ASSERT_PTR_NOT_NULL_FATAL(residual);
  adjoin_search_begin(&search, of->kind, of->n, y, residual, &value, direction, product, work);
  *asked = 0;
  for (int wanted; (wanted = adjoin_search_next(&search)) >= 0; ++*asked) {
    if (wanted == ADJOIN_SEARCH_PRODUCT)
      of->product(of->n, y, direction, product);
    else
      value = of->residual(of->n, y, residual);
  }
  free(residual);
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
  const problem of = {LEAST, 2, rosenbrock, rosenbrock_product};
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
    const problem of = {ROOT, n, chain, chain_product};
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
    const problem of = {LINEAR, n, system_residual, system_product};
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
  static const int kinds[] = {LEAST, ROOT, LINEAR};
  for (int k = 0; k < 3; k++) {
    const problem of = {kinds[k], 3, in_units, in_units_product};
    double y[3] = {0};
    int asked;
    CU_ASSERT_EQUAL(search_from(&of, y, &asked), ADJOIN_SEARCH_FOUND);
    for (int i = 0; i < 3; i++) CU_ASSERT_DOUBLE_EQUAL(y[i] * unit[i], 1, 1e-14);
  }
}

/* Small unknowns beside large ones get to their last digits too: 1e6 y0 + (1e6 y0)^3 = 2, y1 + 1e-12 y1^3 = 2000. */
static double small_beside_large(ptrdiff_t n, const double *y, double *r) {
  double small = 1e6 * y[0];
  r[0] = small + small * small * small - 2;
  r[1] = y[1] + 1e-12 * y[1] * y[1] * y[1] - 2000;
  return (void)n, 0;
}

static void small_beside_large_product(ptrdiff_t n, const double *y, const double *v, double *p) {
  p[0] = (1e6 + 3e18 * y[0] * y[0]) * v[0];
  p[1] = (1 + 3e-12 * y[1] * y[1]) * v[1];
  (void)n;
}

static void small_unknowns(void) {
  const problem of = {ROOT, 2, small_beside_large, small_beside_large_product};
  double y[2] = {1, 1};
  int asked;
  CU_ASSERT_EQUAL(search_from(&of, y, &asked), ADJOIN_SEARCH_FOUND);
  CU_ASSERT_DOUBLE_EQUAL(1e6 * y[0], 1, 1e-15);
}

/* ---- many unknowns, by products alone ---- */

enum { MANY = 2000 };

/* sum u_k (cosh(u_k y_k) - k/n y_k) + couplings of neighbours: units from 1e-3 to 1e3. */
static double unit_of(ptrdiff_t n, ptrdiff_t k) {
  return pow(10, 6 * (double)(k * 7 % n) / (double)n - 3);
}

static double many_least(ptrdiff_t n, const double *y, double *r) {
  double value = 0;
  for (ptrdiff_t k = 0; k < n; k++) r[k] = 0;
  for (ptrdiff_t k = 0; k < n; k++) {
    ptrdiff_t next = (k + 1) % n;
    double u = unit_of(n, k), v = unit_of(n, next), b = (double)k / (double)n, d = u * y[k] - v * y[next];
    value += cosh(u * y[k]) - b * u * y[k] + d * d;
    r[k] += u * sinh(u * y[k]) - b * u + 2 * u * d;
    r[next] -= 2 * v * d;
  }
  return value;
}

static void many_least_product(ptrdiff_t n, const double *y, const double *w, double *p) {
  for (ptrdiff_t k = 0; k < n; k++) p[k] = 0;
  for (ptrdiff_t k = 0; k < n; k++) {
    ptrdiff_t next = (k + 1) % n;
    double u = unit_of(n, k), v = unit_of(n, next), d = u * w[k] - v * w[next];
    p[k] += u * u * cosh(u * y[k]) * w[k] + 2 * u * d;
    p[next] -= 2 * v * d;
  }
}

/* The residual against what its terms are made of, entry by entry. */
static void residual_vanishes(const problem *of, const double *y, double size) {
  double *r = calloc((size_t)of->n, sizeof *r), largest = 0;
  CU_ASSERT_PTR_NOT_NULL_FATAL(r);
  of->residual(of->n, y, r);
  for (ptrdiff_t k = 0; k < of->n; k++) largest = fmax(largest, fabs(r[k]));
  CU_ASSERT(largest <= size);
  free(r);
}

/* The chain with a heavier diagonal, where products alone lead to the root. */
static double loose_chain(ptrdiff_t n, const double *y, double *r) {
  chain(n, y, r);
  for (ptrdiff_t k = 0; k < n; k++) r[k] += 5 * y[k];
  return 0;
}

static void loose_chain_product(ptrdiff_t n, const double *y, const double *v, double *p) {
  chain_product(n, y, v, p);
  for (ptrdiff_t k = 0; k < n; k++) p[k] += 5 * v[k];
}

/* The last is a rotation, nearly: GMRES needs as many steps as there are unknowns, and a matrix helps. */
static void many_unknowns(void) {
  static const problem rows[] = {{LEAST, MANY, many_least, many_least_product},
                                 {ROOT, MANY, loose_chain, loose_chain_product},
                                 {ROOT, 300, chain, chain_product}};
  double *y = calloc(MANY, sizeof *y);
  CU_ASSERT_PTR_NOT_NULL_FATAL(y);
  for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
    int asked;
    memset(y, 0, MANY * sizeof *y);
    CU_ASSERT_EQUAL(search_from(&rows[row], y, &asked), ADJOIN_SEARCH_FOUND);
    CU_ASSERT(row == 2 || asked < MANY / 2);
    residual_vanishes(&rows[row], y, row ? 1e-14 : 1e-11);
  }
  free(y);
}

/* (y_k - 1)^2 with weights, among which is a 0, or a -1, or (y_k - 1)^4; and these as equations. */
static double odd_weight;
static double weight_of(ptrdiff_t n, ptrdiff_t k) {
  return k == n / 3 ? odd_weight : 1 + (double)(k % 5);
}

static double many_weights(ptrdiff_t n, const double *y, double *r) {
  double value = 0;
  for (ptrdiff_t k = 0; k < n; k++) {
    value += weight_of(n, k) * (y[k] - 1) * (y[k] - 1) / 2;
    r[k] = weight_of(n, k) * (y[k] - 1);
  }
  return value;
}

static void many_weights_product(ptrdiff_t n, const double *y, const double *v, double *p) {
  for (ptrdiff_t k = 0; k < n; k++) p[k] = weight_of(n, k) * v[k];
  (void)y;
}

static void many_unknowns_fail(void) {
  static const struct {
    int kind;
    double weight, start;
    int failure;
  } rows[] = {{LEAST, 0, 3, ADJOIN_SEARCH_SINGULAR},
              {LEAST, -1, 1, ADJOIN_SEARCH_NOT_LEAST},
              {LEAST, -1, 3, ADJOIN_SEARCH_UNBOUNDED},
              {LEAST, 2, 3, ADJOIN_SEARCH_FOUND},
              {LEAST, NAN, 3, ADJOIN_SEARCH_NOT_FINITE},
              {ROOT, 0, 3, ADJOIN_SEARCH_NOT_CONVERGED},
              {ROOT, -1, 3, ADJOIN_SEARCH_FOUND},
              {LINEAR, 0, 3, ADJOIN_SEARCH_FOUND},
              {LINEAR | ADJOIN_SEARCH_SYMMETRIC, -1, 3, ADJOIN_SEARCH_SINGULAR}};
  double *y = calloc(MANY, sizeof *y);
  CU_ASSERT_PTR_NOT_NULL_FATAL(y);
  for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
    const problem of = {rows[row].kind, MANY, many_weights, many_weights_product};
    int asked;
    odd_weight = rows[row].weight;
    for (int k = 0; k < MANY; k++) y[k] = rows[row].start;
    int failure = search_from(&of, y, &asked);
    if (failure != rows[row].failure) fprintf(stderr, "row %zu ends with %d\n", row, failure);
    CU_ASSERT_EQUAL(failure, rows[row].failure);
  }
  free(y);
}

static void nothing_to_look_for(void) {
  const problem of = {LEAST, 0, system_residual, system_product};
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
OF_ONE_NUMBER(spike, fabs(y) + y * y, (y > 0) - (y < 0) + 2 * y, 2)
OF_ONE_NUMBER(edge, y > 0 ? 3 * y * y : y * y, y > 0 ? 6 * y : 2 * y, y > 0 ? 6 : 2)
OF_ONE_NUMBER(smooth, y > 0 ? y * y + pow(y, 5) : y * y, y > 0 ? 2 * y + 5 * pow(y, 4) : 2 * y,
              y > 0 ? 2 + 20 * pow(y, 3) : 2)
OF_ONE_NUMBER(half, y < 0 ? NAN : y * y, y < 0 ? NAN : 2 * y, 2)
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
      {LEAST, parabola, parabola_product, 3, ADJOIN_SEARCH_FOUND, 0},
      {LEAST, parabola, parabola_product, 0, ADJOIN_SEARCH_FOUND, 0},
      {LEAST, wall, wall_product, 1e-3, ADJOIN_SEARCH_FOUND, 1},
      {LEAST, wall, wall_product, 40, ADJOIN_SEARCH_FOUND, 1},
      {LEAST, hill, hill_product, 0, ADJOIN_SEARCH_NOT_LEAST, 0},
      {LEAST, hill, hill_product, 1, ADJOIN_SEARCH_UNBOUNDED, NAN},
      {LEAST, slope, slope_product, 1, ADJOIN_SEARCH_UNBOUNDED, NAN},
      {LEAST, level, level_product, 1, ADJOIN_SEARCH_SINGULAR, 1},
      {LEAST, decay, decay_product, 0, ADJOIN_SEARCH_UNBOUNDED, NAN},
      {LEAST, logarithm, logarithm_product, -1, ADJOIN_SEARCH_NOT_FINITE, -1},
      {LEAST, broken, broken_product, 1, ADJOIN_SEARCH_NOT_FINITE, 1},
      {LEAST, parabola, parabola_product, NAN, ADJOIN_SEARCH_NOT_FINITE, NAN},
      {ROOT, above, above_product, 1, ADJOIN_SEARCH_SINGULAR, 0},
      {ROOT, above, above_product, 0, ADJOIN_SEARCH_SINGULAR, 0},
      {ROOT, parabola, parabola_product, 7, ADJOIN_SEARCH_FOUND, 0},
      {LINEAR, level, level_product, 0, ADJOIN_SEARCH_SINGULAR, 0},
      {LEAST | KINKED, spike, spike_product, 0, ADJOIN_SEARCH_NONSMOOTH, 0},
      {LEAST | KINKED, edge, edge_product, 1, ADJOIN_SEARCH_NONSMOOTH, 0},
      {LEAST | KINKED, edge, edge_product, -1, ADJOIN_SEARCH_NONSMOOTH, 0},
      {LEAST | KINKED, smooth, smooth_product, 1, ADJOIN_SEARCH_FOUND, 0},
      {LEAST | KINKED, wall, wall_product, 4, ADJOIN_SEARCH_FOUND, 1},
      {LEAST | KINKED, half, half_product, 1, ADJOIN_SEARCH_NONSMOOTH, 0},
      {ROOT | KINKED, spike, spike_product, 0, ADJOIN_SEARCH_NONSMOOTH, 0},
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
  const problem least = {LEAST, 1, fourth, fourth_product};
  const problem root = {ROOT, 1, touching, touching_product};
  double y = 1, z = 1;
  int asked;
  CU_ASSERT_EQUAL(search_from(&least, &y, &asked), ADJOIN_SEARCH_SINGULAR);
  CU_ASSERT_EQUAL(search_from(&root, &z, &asked), ADJOIN_SEARCH_SINGULAR);
}

/* The compiler's formula for the size of the work array is that of the runtime. */
static void work_arrays(void) {
  for (int kind = SEARCH_LEAST; kind <= SEARCH_ROOT; kind++) {
    fixture with = begin();
    bool symmetric = kind == SEARCH_LEAST;
    implicit_parts parts = {.kind = (search_kind)kind, .symmetric = symmetric, .objective = -1};
    parts.unknown = local(&with, "y", SHAPE(with.n));
    parts.residual = implicit_like(with.module, parts.unknown, "residual");
    parts.check = implicit_checks(with.module, symmetric ? SOUGHT_MINIMUM : SOUGHT_ROOT, parts.where);
    statement_list before = {0};
    const statement *made = implicit_statement(with.module, &parts, &before);
    scalar extent = with.module->arrays.items[implicit_array(made, SEARCH_WORK)].extents[0];
    for (int64_t n = 0; n < 2500; n++) {
      int64_t extents[] = {n, 0}, size;
      CU_ASSERT_FATAL(whole_evaluate(with.dag, extent, extents, &size));
      if (size != adjoin_search_work((ptrdiff_t)n, symmetric)) CU_FAIL("another size");
    }
    arena_release(with.memory);
  }
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("search", NULL, NULL);
  CU_add_test(suite, "least values", least_values);
  CU_add_test(suite, "roots", roots);
  CU_add_test(suite, "linear systems", linear_systems);
  CU_add_test(suite, "units", units);
  CU_add_test(suite, "small unknowns", small_unknowns);
  CU_add_test(suite, "many unknowns", many_unknowns);
  CU_add_test(suite, "many unknowns without a solution", many_unknowns_fail);
  CU_add_test(suite, "work arrays", work_arrays);
  CU_add_test(suite, "nothing to look for", nothing_to_look_for);
  CU_add_test(suite, "how searches end", endings);
  CU_add_test(suite, "degenerate points", degenerate);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
