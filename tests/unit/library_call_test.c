/* libadjoin: arrays of every layout bound to a model, the functions of every kind called on them, and every wrong call
 * refused. Expected numbers are derived by hand. */
#include "tests/unit/library_fixture.h"

#include <stdbool.h>
#include <stdlib.h>

/* f = sum_i s_i (A x)_i^2 and r = A x. With the numbers below, A x = r = (-1, 4): df/dx = 2 A' (s r), H = 2 A' diag(s)
 * A.
 */
static const char quadratic[] = "dim m, n\nvar x[n]\nparam s[m]\ndata A[m, n]\n"
                                "minimize sum(s*(A @ x)^2)\noutput r = A @ x\n";
static const double A[] = {1, 0, 2, -1, 3, 1}, x[] = {1, 2, -1}, s[] = {2, 3};

static void open_quadratic(fixture *into) {
  open_text(into, quadratic);
  bind_array(into, "x", x, 1, 3, 0);
  bind_array(into, "s", s, 1, 2, 0);
  bind_array(into, "A", A, 2, 2, 3);
}

#define CHECK_ARRAY(found, ...)                                                                                        \
  do {                                                                                                                 \
    const double expected_[] = {__VA_ARGS__};                                                                          \
    for (size_t k_ = 0; k_ < sizeof expected_ / sizeof *expected_; k_++) CU_ASSERT_EQUAL((found)[k_], expected_[k_]);  \
  } while (0)

/* ---- every kind ---- */

static void values_and_gradients(void) {
  fixture on;
  open_quadratic(&on);
  double f = 0, r[2] = {0}, by_x[3] = {0}, by_s[2] = {0};
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "value", NULL, NULL, 0), NULL, RESULTS(&f, r)), ADJOIN_OK);
  CU_ASSERT_EQUAL(f, 2 * 1 + 3 * 16);
  CHECK_ARRAY(r, -1, 4);
  r[0] = 0;
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "outputs", NULL, NULL, 0), NULL, RESULTS(r)), ADJOIN_OK);
  CHECK_ARRAY(r, -1, 4);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "grad", NULL, NULL, 0), NULL, RESULTS(&f, by_x, by_s)), ADJOIN_OK);
  CHECK_ARRAY(by_x, 2 * (-2 - 12), 2 * 36, 2 * (-4 + 12));
  CHECK_ARRAY(by_s, 1, 16);
  const adjoin_function *by_r = get(&on, "grad", "r", NULL, 0);
  CU_ASSERT_EQUAL(adjoin_result_count(by_r), 2);
  CU_ASSERT_STRING_EQUAL(adjoin_result_name(by_r, 1), "r");
  close_all(&on);
}

static void products(void) {
  fixture on;
  open_quadratic(&on);
  const double v[] = {1, 0, 1}, u[] = {1, -1};
  double h[3] = {0}, t[2] = {0};
  /* A v = (3, 0) */
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "hvp", NULL, NULL, 0), SEEDS(v), RESULTS(h)), ADJOIN_OK);
  CHECK_ARRAY(h, 12, 0, 24);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "mixed", NULL, NULL, 0), SEEDS(v), RESULTS(t)), ADJOIN_OK);
  CHECK_ARRAY(t, -6, 0);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "mixed", "x", "s", 0), SEEDS(u), RESULTS(h)), ADJOIN_OK);
  CHECK_ARRAY(h, 2 * (-1 + 4), 2 * -12, 2 * (-2 - 4));
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "jvp", NULL, NULL, 0), SEEDS(v), RESULTS(t)), ADJOIN_OK);
  CHECK_ARRAY(t, 3, 0);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "vjp", "x", "r", 0), SEEDS(u), RESULTS(h)), ADJOIN_OK);
  CHECK_ARRAY(h, 2, -3, 1);
  close_all(&on);
}

/* The columns of a block are what its directions give one by one. */
static void blocks(void) {
  fixture on;
  open_quadratic(&on);
  const adjoin_function *block = get(&on, "hvp", "x", "x", ADJOIN_BLOCK);
  const double v[] = {1, 0, 0, 1, 1, 0}; /* the directions are the last axis */
  double h[6] = {0};
  CU_ASSERT_EQUAL(adjoin_call_block(on.instance, block, 2, SEEDS(v), RESULTS(h)), ADJOIN_OK);
  CHECK_ARRAY(h, 12, -18, 0, 54, 24, 18);
  double whole[9] = {0};
  const double unit[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  CU_ASSERT_EQUAL(adjoin_call_block(on.instance, block, 3, SEEDS(unit), RESULTS(whole)), ADJOIN_OK);
  CHECK_ARRAY(whole, 10, -18, 2, -18, 54, 18, 2, 18, 22);
  CU_ASSERT_EQUAL(adjoin_call_block(on.instance, block, 0, SEEDS(NULL), RESULTS(h)), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_call_block(on.instance, block, -1, SEEDS(v), RESULTS(h)), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, block, SEEDS(v), RESULTS(h)), ADJOIN_USE);
  CU_ASSERT_PTR_NOT_NULL(strstr(on.told.message, "adjoin_call_block"));
  CU_ASSERT_EQUAL(adjoin_call_block(on.instance, get(&on, "hvp", NULL, NULL, 0), 1, SEEDS(v), RESULTS(h)), ADJOIN_USE);
  const adjoin_function *none;
  CU_ASSERT_EQUAL(adjoin_function_get(on.model, "vjp", NULL, NULL, ADJOIN_BLOCK, &none), ADJOIN_USE);
  CU_ASSERT_PTR_NOT_NULL(strstr(on.told.message, "hvp, mixed, jvp"));
  CU_ASSERT_PTR_NULL(none);
  close_all(&on);
}

static void what_is_not_wanted_is_left_out(void) {
  fixture on;
  open_quadratic(&on);
  double by_s[2] = {0};
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "grad", NULL, NULL, 0), NULL, RESULTS(NULL, NULL, by_s)),
                  ADJOIN_OK);
  CHECK_ARRAY(by_s, 1, 16);
  close_all(&on);
}

/* ---- layouts ---- */

/* The gradient with respect to x under what is bound now. */
static void check_gradient(fixture *on) {
  double f = 0, by_x[3] = {0};
  for (int again = 0; again < 2; again++) {
    CU_ASSERT_EQUAL(adjoin_call(on->instance, get(on, "grad", "x", NULL, 0), NULL, RESULTS(&f, by_x)), ADJOIN_OK);
    CU_ASSERT_EQUAL(f, 50);
    CHECK_ARRAY(by_x, -28, 72, 16);
  }
}

/* Stores an array of rank at most 3 by strides, `first` being the place of its first entry; the rest of the room is
 * what must not be read. */
static void store(double *room, int size, const double *from, int rank, const int64_t *extents, const int64_t *strides,
                  int64_t first) {
  int64_t e[3] = {1, 1, 1}, by[3] = {0};
  for (int k = 0; k < rank; k++) e[3 - rank + k] = extents[k], by[3 - rank + k] = strides[k];
  for (int k = 0; k < size; k++) room[k] = 1e300;
  for (int64_t i = 0; i < e[0]; i++)
    for (int64_t j = 0; j < e[1]; j++)
      for (int64_t k = 0; k < e[2]; k++) room[first + i * by[0] + j * by[1] + k * by[2]] = *from++;
}

static void matrices_of_any_layout(void) {
  static const struct {
    int64_t strides[2], first;
  } layouts[] = {{{3, 1}, 0}, {{1, 2}, 0}, {{8, 2}, 3}, {{-3, 1}, 3}, {{3, -1}, 2}, {{-3, -1}, 5}, {{-1, -2}, 5}};
  fixture on;
  open_quadratic(&on);
  double room[20];
  for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++) {
    const int64_t extents[] = {2, 3};
    store(room, 20, A, 2, extents, layouts[k].strides, layouts[k].first);
    CU_ASSERT_EQUAL(adjoin_bind(on.instance, "A", room + layouts[k].first, 2, extents, layouts[k].strides), ADJOIN_OK);
    check_gradient(&on);
  }
  close_all(&on);
}

/* x*(1, 1, 1) through a stride of 0: one entry stands for all. */
static void one_entry_for_all(void) {
  fixture on;
  open_quadratic(&on);
  const double two = 2;
  double f;
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "x", &two, 1, (int64_t[]){3}, (int64_t[]){0}), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "value", "", NULL, 0), NULL, RESULTS(&f, NULL)), ADJOIN_OK);
  CU_ASSERT_EQUAL(f, 2 * 36 + 3 * 36);
  close_all(&on);
}

/* Every order of three axes, forward and back, and every entry counts: sum of T[i,j,k] (100 i + 10 j + k). */
static void three_axes_in_any_order(void) {
  enum { COUNT = 2 * 3 * 4 };
  static const int64_t extents[] = {2, 3, 4};
  fixture on;
  open_text(&on, "dim a, b, c\nvar T[a, b, c]\nminimize sum[i, j, k] (100*i + 10*j + k)*T[i, j, k]\n");
  double in_order[COUNT], room[COUNT], expected = 0, f;
  for (int k = 0; k < COUNT; k++) {
    in_order[k] = k * k;
    expected += (100 * (k / 12) + 10 * (k / 4 % 3) + k % 4) * in_order[k];
  }
  const adjoin_function *value = get(&on, "value", NULL, NULL, 0);
  static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (int which = 0; which < 6 * 8; which++) {
    int64_t strides[3], step = 1, first = 0;
    for (int k = 2; k >= 0; k--) {
      int axis = orders[which / 8][k];
      bool back = which >> axis & 1;
      strides[axis] = back ? -step : step;
      if (back) first += step * (extents[axis] - 1);
      step *= extents[axis];
    }
    store(room, COUNT, in_order, 3, extents, strides, first);
    CU_ASSERT_EQUAL(adjoin_bind(on.instance, "T", room + first, 3, extents, strides), ADJOIN_OK);
    CU_ASSERT_EQUAL(adjoin_call(on.instance, value, NULL, RESULTS(&f)), ADJOIN_OK);
    CU_ASSERT_EQUAL(f, expected);
  }
  close_all(&on);
}

static void index_data_of_any_layout(void) {
  fixture on;
  open_text(&on, "dim n, k\nvar x[n]\nindex pick[k] < n\nminimize sum[i] (i+1)*x[pick[i]]\n");
  const int64_t column[] = {2, 77, 0, 77, 1, 77};
  double f, g[3];
  bind_array(&on, "x", x, 1, 3, 0);
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "pick", column + 4, 1, (int64_t[]){3}, (int64_t[]){-2}), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "grad", NULL, NULL, 0), NULL, RESULTS(&f, g)), ADJOIN_OK);
  CU_ASSERT_EQUAL(f, 2 * 1 + 1 * 2 + 3 * -1);
  CHECK_ARRAY(g, 2, 1, 3);
  close_all(&on);
}

/* Arrays are read when a function is called, in place or gathered. */
static void arrays_may_change(void) {
  fixture on;
  open_quadratic(&on);
  double own[3] = {1, 1, 1}, by_column[6] = {1, -1, 0, 3, 2, 1}, f;
  const adjoin_function *value = get(&on, "value", NULL, NULL, 0);
  bind_array(&on, "x", own, 1, 3, 0);
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "A", by_column, 2, (int64_t[]){2, 3}, (int64_t[]){1, 2}), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, value, NULL, RESULTS(&f, NULL)), ADJOIN_OK);
  CU_ASSERT_EQUAL(f, 2 * 9 + 3 * 9);
  own[0] = 2;
  by_column[0] = 0;
  CU_ASSERT_EQUAL(adjoin_call(on.instance, value, NULL, RESULTS(&f, NULL)), ADJOIN_OK);
  CU_ASSERT_EQUAL(f, 2 * 4 + 3 * 4);
  close_all(&on);
}

static void another_array_of_the_same_shape(void) {
  fixture on;
  open_quadratic(&on);
  const double other[] = {0, 0, 1};
  double f;
  int number = -1;
  const adjoin_function *value = get(&on, "value", NULL, NULL, 0);
  CU_ASSERT_PTR_NOT_NULL(adjoin_find(on.model, "x", &number));
  check_gradient(&on);
  CU_ASSERT_EQUAL(adjoin_rebind(on.instance, number, other), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, value, NULL, RESULTS(&f, NULL)), ADJOIN_OK);
  CU_ASSERT_EQUAL(f, 2 * 4 + 3 * 1);
  CU_ASSERT_EQUAL(adjoin_rebind(on.instance, number, NULL), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, value, NULL, RESULTS(&f, NULL)), ADJOIN_BINDING);
  CU_ASSERT_PTR_NOT_NULL(strstr(on.told.message, "'x'"));
  CU_ASSERT_EQUAL(adjoin_rebind(on.instance, number, x), ADJOIN_OK);
  check_gradient(&on);
  CU_ASSERT_EQUAL(adjoin_rebind(on.instance, -1, x), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_rebind(on.instance, 3, x), ADJOIN_USE);
  bind_array(&on, "x", (double[]){-1, 2, 1}, 1, 3, 0);
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "x", x, 1, (int64_t[]){3}, (int64_t[]){2}), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_rebind(on.instance, number, x), ADJOIN_USE);
  close_all(&on);
}

/* ---- shapes ---- */

static void shapes_that_do_not_fit(void) {
  fixture on;
  open_quadratic(&on);
  const adjoin_function *gradient = get(&on, "grad", "x", NULL, 0);
  double f, g[3], four[4] = {1, 2, -1, 0};
  bind_array(&on, "x", four, 1, 4, 0);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, g)), ADJOIN_BINDING);
  CU_ASSERT(on.told.count > 0 && strchr(on.told.text, 'n') && strchr(on.told.text, '4'));
  CU_ASSERT_EQUAL(adjoin_settle(on.instance), ADJOIN_BINDING);
  bind_array(&on, "x", four, 2, 3, 1);
  CU_ASSERT_EQUAL(adjoin_settle(on.instance), ADJOIN_BINDING);
  bind_array(&on, "x", x, 1, 3, 0);
  check_gradient(&on);
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "x", x, 1, (int64_t[]){-3}, NULL), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "x", x, 17, (int64_t[17]){0}, NULL), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "x", x, -1, NULL, NULL), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "r", x, 1, (int64_t[]){3}, NULL), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "x", x, 1, NULL, NULL), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, NULL, x, 1, (int64_t[]){3}, NULL), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_bind(NULL, "x", x, 1, (int64_t[]){3}, NULL), ADJOIN_USE);
  check_gradient(&on); /* what was bound before them stays */
  close_all(&on);
}

/* A function needs what it reads, and that alone. */
static void what_is_missing(void) {
  fixture on;
  open_text(&on, quadratic);
  bind_array(&on, "x", x, 1, 3, 0);
  bind_array(&on, "A", A, 2, 2, 3);
  double r[2], f;
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "outputs", NULL, NULL, 0), NULL, RESULTS(r)), ADJOIN_OK);
  CHECK_ARRAY(r, -1, 4);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "value", NULL, NULL, 0), NULL, RESULTS(&f, r)), ADJOIN_BINDING);
  CU_ASSERT_PTR_NOT_NULL(strstr(on.told.message, "'s'"));
  CU_ASSERT_PTR_NULL(strstr(on.told.message, "'x'"));
  close_all(&on);
}

static void extents_are_told(void) {
  fixture on;
  open_text(&on, "dim n, m = 2*n\nvar b, x[n]\nlet t[i < n] = b + i\nminimize sum(t)\noutput z[i < m] = x[i // 2]\n");
  double b = 1, f;
  int rank;
  int64_t extents[ADJOIN_MAXIMUM_RANK], value;
  bind_array(&on, "b", &b, 0, 0, 0);
  const adjoin_function *gradient = get(&on, "grad", "b", NULL, 0); /* does not read x */
  CU_ASSERT_EQUAL(adjoin_settle(on.instance), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, &b)), ADJOIN_BINDING);
  CU_ASSERT_PTR_NOT_NULL(strstr(on.told.text, "adjoin_bind_extent"));
  CU_ASSERT_EQUAL(adjoin_bind_extent(on.instance, "n", 4), ADJOIN_OK);
  double slope;
  CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, &slope)), ADJOIN_OK);
  CU_ASSERT(f == 10 && slope == 4);
  CU_ASSERT_EQUAL(adjoin_shape(on.instance, "z", &rank, extents), ADJOIN_OK);
  CU_ASSERT(rank == 1 && extents[0] == 8);
  CU_ASSERT_EQUAL(adjoin_shape(on.instance, "y", &rank, extents), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_extent(on.instance, "m", &value), ADJOIN_OK);
  CU_ASSERT_EQUAL(value, 8);
  CU_ASSERT_EQUAL(adjoin_extent(on.instance, "k", &value), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_bind_extent(on.instance, "m", 8), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_bind_extent(on.instance, "n", -1), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_bind_extent(on.instance, "n", 5), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, &slope)), ADJOIN_OK);
  CU_ASSERT(f == 15 && slope == 5);
  close_all(&on);
}

static void extents_against_shapes(void) {
  fixture on;
  open_quadratic(&on);
  CU_ASSERT_EQUAL(adjoin_bind_extent(on.instance, "n", 4), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_settle(on.instance), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_bind_extent(on.instance, "n", 3), ADJOIN_OK);
  check_gradient(&on);
  close_all(&on);
}

static void axes_of_one_and_of_none(void) {
  fixture on;
  open_text(&on, "dim n\nvar W[1, n], c\nminimize sum(W^2) + c*n\n");
  double f, row[] = {3, 4}, c[] = {2};
  const adjoin_function *gradient = get(&on, "grad", NULL, NULL, 0);
  bind_array(&on, "W", row, 1, 2, 0); /* without its axis of 1 */
  bind_array(&on, "c", c, 1, 1, 0);   /* an array of one entry for a scalar */
  CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, NULL, NULL)), ADJOIN_OK);
  CU_ASSERT_EQUAL(f, 29);
  bind_array(&on, "W", NULL, 2, 1, 0);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, NULL, NULL)), ADJOIN_OK);
  CU_ASSERT_EQUAL(f, 0);
  close_all(&on);
}

/* A search that fails is told with the iteration, and the function can be called again. */
static void searches(void) {
  fixture on;
  open_text(&on, "dim n\nvar x[n]\nlet w[i] = argmin[w = 0] (x[i]*w^2 - w)\nminimize sum(w)\n");
  double entries[] = {1, 2, -4}, f, g[3];
  bind_array(&on, "x", entries, 1, 3, 0);
  const adjoin_function *gradient = get(&on, "grad", NULL, NULL, 0);
  for (int again = 0; again < 2; again++) {
    on.told.count = 0;
    CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, g)), ADJOIN_NUMERICS);
    CU_ASSERT(on.told.count == 1 && on.told.status == ADJOIN_NUMERICS && on.told.line == 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(on.told.text, "at i = 2"));
  }
  entries[2] = 4;
  CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, g)), ADJOIN_OK);
  CU_ASSERT_DOUBLE_EQUAL(f, 0.875, 1e-15);
  CHECK_ARRAY(g, -0.5, -0.125, -0.03125);
  close_all(&on);
}

/* ---- checks of the model, declared values ---- */

static void subscripts_out_of_range(void) {
  fixture on;
  open_text(&on, "dim n\nvar x[n]\nindex pick < n\nminimize x[pick]^2\n");
  int64_t pick = 3;
  double f, g[3];
  bind_array(&on, "x", x, 1, 3, 0);
  bind_array(&on, "pick", &pick, 0, 0, 0);
  const adjoin_function *gradient = get(&on, "grad", NULL, NULL, 0);
  for (int again = 0; again < 2; again++) {
    on.told.count = 0;
    CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, g)), ADJOIN_RANGE);
    CU_ASSERT(on.told.count == 1 && on.told.status == ADJOIN_RANGE && on.told.line == 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(on.told.text, "index pick < n"));
  }
  pick = -1;
  CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, g)), ADJOIN_RANGE);
  pick = 1;
  CU_ASSERT_EQUAL(adjoin_call(on.instance, gradient, NULL, RESULTS(&f, g)), ADJOIN_OK);
  CHECK_ARRAY(g, 0, 4, 0);
  close_all(&on);
}

static void declared_values(void) {
  fixture on;
  open_text(&on, "dim n\nvar x[n] = 1/n in [0, inf], y[n]\nparam p\nvar z = p + 1 in [-p, 5]\nminimize sum(x*y)*z*p\n");
  double values[4], p = 3;
  CU_ASSERT_EQUAL(adjoin_bind_extent(on.instance, "n", 4), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_declared_values(on.instance, "x", ADJOIN_START, values), ADJOIN_OK);
  CHECK_ARRAY(values, 0.25, 0.25, 0.25, 0.25);
  CU_ASSERT_EQUAL(adjoin_declared_values(on.instance, "x", ADJOIN_LOWER, values), ADJOIN_OK);
  CHECK_ARRAY(values, 0, 0, 0, 0);
  CU_ASSERT_EQUAL(adjoin_declared_values(on.instance, "z", ADJOIN_START, values), ADJOIN_BINDING);
  bind_array(&on, "p", &p, 0, 0, 0);
  CU_ASSERT_EQUAL(adjoin_declared_values(on.instance, "z", ADJOIN_START, values), ADJOIN_OK);
  CU_ASSERT_EQUAL(values[0], 4);
  CU_ASSERT_EQUAL(adjoin_declared_values(on.instance, "z", ADJOIN_LOWER, values), ADJOIN_OK);
  CU_ASSERT_EQUAL(values[0], -3);
  CU_ASSERT_EQUAL(adjoin_declared_values(on.instance, "z", ADJOIN_UPPER, values), ADJOIN_OK);
  CU_ASSERT_EQUAL(values[0], 5);
  CU_ASSERT(adjoin_declared_values(on.instance, "y", ADJOIN_START, values) != ADJOIN_OK);
  CU_ASSERT(adjoin_declared_values(on.instance, "w", ADJOIN_START, values) != ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_declared_values(on.instance, "x", (adjoin_declared)7, values), ADJOIN_USE);
  close_all(&on);
}

/* ---- the bare function ---- */

static void the_bare_function(void) {
  fixture on;
  open_quadratic(&on);
  const adjoin_function *gradient = get(&on, "grad", "x", NULL, 0);
  double by_column[6] = {1, -1, 0, 3, 2, 1}, f = 0, g[3] = {0};
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "A", by_column, 2, (int64_t[]){2, 3}, (int64_t[]){1, 2}), ADJOIN_OK);
  adjoin_arguments bare;
  CU_ASSERT_EQUAL(adjoin_prepare(on.instance, gradient, &bare), ADJOIN_OK);
  CU_ASSERT_PTR_NOT_NULL_FATAL(bare.entry);
  double *work = malloc((bare.work_size + 1) * sizeof *work); /* as another thread would */
  CU_ASSERT_PTR_NOT_NULL_FATAL(work);
  CU_ASSERT_EQUAL(bare.entry(bare.extents, bare.inputs, NULL, RESULTS(&f, g), work), 0);
  CU_ASSERT_EQUAL(f, 50);
  CHECK_ARRAY(g, -28, 72, 16);
  free(work);
  CU_ASSERT_EQUAL(adjoin_prepare(on.instance, get(&on, "hvp", NULL, NULL, ADJOIN_BLOCK), &bare), ADJOIN_USE);
  CU_ASSERT_PTR_NULL(bare.entry);
  CU_ASSERT_EQUAL(adjoin_prepare(on.instance, gradient, NULL), ADJOIN_USE);
  close_all(&on);
}

/* ---- wrong calls ---- */

static void wrong_calls(void) {
  fixture on, other;
  open_quadratic(&on);
  open_quadratic(&other);
  const adjoin_function *value = get(&on, "value", NULL, NULL, 0), *product = get(&on, "hvp", NULL, NULL, 0), *none;
  double f, h[3];
  CU_ASSERT_EQUAL(adjoin_call(other.instance, value, NULL, RESULTS(&f, NULL)), ADJOIN_USE);
  CU_ASSERT_PTR_NOT_NULL(strstr(other.told.message, "another model"));
  CU_ASSERT_EQUAL(adjoin_call(NULL, value, NULL, RESULTS(&f, NULL)), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, NULL, NULL, RESULTS(&f, NULL)), ADJOIN_USE);
  for (int again = 0; again < 2; again++) { /* before and after it is prepared */
    CU_ASSERT_EQUAL(adjoin_call(on.instance, value, NULL, NULL), ADJOIN_USE);
    CU_ASSERT_EQUAL(adjoin_call(on.instance, product, NULL, RESULTS(h)), ADJOIN_USE);
    CU_ASSERT_EQUAL(adjoin_call(on.instance, product, SEEDS(NULL), RESULTS(h)), ADJOIN_USE);
    CU_ASSERT_PTR_NOT_NULL(strstr(on.told.message, "along 'x'"));
    CU_ASSERT_EQUAL(adjoin_call(on.instance, value, NULL, RESULTS(&f, NULL)), ADJOIN_OK);
    CU_ASSERT_EQUAL(adjoin_call(on.instance, product, SEEDS(x), RESULTS(h)), ADJOIN_OK);
  }
  CU_ASSERT_EQUAL(adjoin_function_get(on.model, "gradient", NULL, NULL, 0, &none), ADJOIN_USE);
  CU_ASSERT_PTR_NOT_NULL(strstr(on.told.message, "value, outputs, grad, hvp, mixed, jvp, vjp"));
  CU_ASSERT_EQUAL(adjoin_function_get(on.model, "grad", "x,y", NULL, 0, &none), ADJOIN_MODEL);
  CU_ASSERT_EQUAL(adjoin_function_get(on.model, "hvp", "x", "x,x", 0, &none), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_function_get(on.model, "grad", NULL, NULL, 6, &none), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_function_get(NULL, "grad", NULL, NULL, 0, &none), ADJOIN_USE);
  CU_ASSERT_PTR_EQUAL(get(&on, "hvp", " x ", "x", 0), product); /* asked for again, it is the same */
  close_all(&on);
  close_all(&other);
}

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("libadjoin: calls", NULL, NULL);
  CU_ADD_TEST(suite, values_and_gradients);
  CU_ADD_TEST(suite, products);
  CU_ADD_TEST(suite, blocks);
  CU_ADD_TEST(suite, what_is_not_wanted_is_left_out);
  CU_ADD_TEST(suite, matrices_of_any_layout);
  CU_ADD_TEST(suite, one_entry_for_all);
  CU_ADD_TEST(suite, three_axes_in_any_order);
  CU_ADD_TEST(suite, index_data_of_any_layout);
  CU_ADD_TEST(suite, arrays_may_change);
  CU_ADD_TEST(suite, another_array_of_the_same_shape);
  CU_ADD_TEST(suite, shapes_that_do_not_fit);
  CU_ADD_TEST(suite, what_is_missing);
  CU_ADD_TEST(suite, extents_are_told);
  CU_ADD_TEST(suite, extents_against_shapes);
  CU_ADD_TEST(suite, axes_of_one_and_of_none);
  CU_ADD_TEST(suite, subscripts_out_of_range);
  CU_ADD_TEST(suite, searches);
  CU_ADD_TEST(suite, declared_values);
  CU_ADD_TEST(suite, the_bare_function);
  CU_ADD_TEST(suite, wrong_calls);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
