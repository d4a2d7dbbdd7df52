/* adjoin_minimise: every method over several vars with masks, bounds and what the model freezes; every wrong call. */
#include "tests/unit/library_fixture.h"

#include "runtime/minimise.h"
#include <math.h>
#include <stdbool.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* Smallest where a = t and b = 1.5, if nothing holds them. */
static const char model_text[] = "dim n\n"
                                 "var a[n] = 1\n"
                                 "var b[2] = 0 in [-4, 1]\n"
                                 "data t[n]\n"
                                 "freeze a[0]\n"
                                 "output r = concat(a - t, 2*b - 3)\n"
                                 "minimize sum(r^2)\n";
static const double t[] = {7, -2, 9, 0.5};

static adjoin_minimise_result minimised(fixture *on, const adjoin_variable *list, int count,
                                        const adjoin_minimise_options *options) {
  adjoin_minimise_result result;
  adjoin_status status = adjoin_minimise(on->instance, list, count, options, &result);
  if (status != ADJOIN_OK) fputs(on->told.text, stderr);
  CU_ASSERT_EQUAL_FATAL(status, ADJOIN_OK);
  return result;
}

/* ---- every method ---- */

static const struct {
  const char *method;
  double step;
} settings[] = {{"gd", 0},
                {"momentum", 0.02},
                {"nesterov", 0.05},
                {"adam", 0.05},
                {"adamw", 0.05},
                {"coordinate", 0},
                {"bfgs", 0},
                {"lbfgs", 0},
                {"newton", 0},
                {"newton-cg", 0},
                {"levenberg-marquardt", 0},
                {NULL, 0}};

static void by_method(int which) {
  fixture on;
  open_text(&on, model_text);
  bind_array(&on, "t", t, 1, 4, 0);
  double a[4] = {-0.0, 1, 0.1, 1}, b[2] = {-3, 0.3};
  const double frozen[3] = {a[0], a[2], b[1]};
  const unsigned char a_mask[] = {1, 1, 0, 1}, b_mask[] = {1, 0};
  const adjoin_variable list[] = {{.name = "b", .x = b, .mask = b_mask}, {.name = "a", .x = a, .mask = a_mask}};
  adjoin_minimise_options options = adjoin_minimise_defaults();
  options.method = settings[which].method;
  options.step = settings[which].step;
  options.tolerance = 1e-7;
  options.iterations = 20000;
  adjoin_minimise_result result = minimised(&on, list, 2, &options);
  bool right = result.status == ADJOIN_MINIMISE_CONVERGED && result.free_count == 3 && result.frozen_count == 3 &&
               fabs(a[1] + 2) < 1e-6 && fabs(a[3] - 0.5) < 1e-6 && b[0] == 1 && !memcmp(&a[0], &frozen[0], 8) &&
               !memcmp(&a[2], &frozen[1], 8) && !memcmp(&b[1], &frozen[2], 8);
  if (!right)
    printf("\n%s: %s (%s), a = %.17g %.17g %.17g %.17g, b = %.17g %.17g", result.method, result.name, result.test, a[0],
           a[1], a[2], a[3], b[0], b[1]);
  CU_ASSERT(right);
  CU_ASSERT_STRING_EQUAL(result.method, settings[which].method ? settings[which].method : "levenberg-marquardt");
  CU_ASSERT_STRING_EQUAL(result.name, "converged");
  /* (-0 - 7)^2 + (0.1 - 9)^2 + (2 - 3)^2 + (0.6 - 3)^2 */
  CU_ASSERT_DOUBLE_EQUAL(result.f, 49 + 8.9 * 8.9 + 1 + 2.4 * 2.4, 1e-9);
  CU_ASSERT(result.values + result.gradients > 0);
  close_all(&on);
}

static void every_method(void) {
  for (int k = 0; k < COUNT(settings); k++) by_method(k);
  int tried = 0;
  while (minimise_methods[tried].name) tried++;
  CU_ASSERT_EQUAL(tried, COUNT(settings) - 1); /* auto is the last */
}

/* ---- what moves, and between which bounds ---- */

static void vars_that_are_not_listed_stay(void) {
  fixture on;
  open_text(&on, model_text);
  const double reversed[] = {0.5, 9, -2, 7}, b[2] = {0.25, 0.5};
  double a[4] = {1, 1, 1, 1};
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "t", reversed + 3, 1, (int64_t[]){4}, (int64_t[]){-1}), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_bind(on.instance, "b", b + 1, 1, (int64_t[]){2}, (int64_t[]){-1}), ADJOIN_OK);
  adjoin_minimise_options options = adjoin_minimise_defaults();
  adjoin_minimise_result result = minimised(&on, &(adjoin_variable){.name = "a", .x = a}, 1, &options);
  CU_ASSERT_EQUAL(result.free_count, 3);
  CU_ASSERT_EQUAL(result.frozen_count, 3);
  CU_ASSERT_DOUBLE_EQUAL(a[2], 9, 1e-7);
  CU_ASSERT_DOUBLE_EQUAL(result.f, 36 + 2.5 * 2.5 + 2 * 2, 1e-9);
  /* The instance is as it was: b is still there, a is not. */
  double r[6], g[4], f;
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "outputs", "r", NULL, 0), NULL, RESULTS(r)), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "grad", "a", NULL, 0), NULL, RESULTS(&f, g)), ADJOIN_BINDING);
  bind_array(&on, "a", a, 1, 4, 0);
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "outputs", "r", NULL, 0), NULL, RESULTS(r)), ADJOIN_OK);
  CU_ASSERT_EQUAL(r[4], 2 * 0.5 - 3);
  close_all(&on);
}

static void bounds_of_the_caller_come_first(void) {
  fixture on;
  open_text(&on, model_text);
  bind_array(&on, "t", t, 1, 4, 0);
  double a[4] = {1, 1, 1, 1}, b[2] = {0, 0};
  const double a_upper[] = {INFINITY, INFINITY, 3, -1}, b_upper[] = {INFINITY, 0.25};
  const adjoin_variable list[] = {{.name = "a", .x = a, .upper = a_upper}, {.name = "b", .x = b, .upper = b_upper}};
  adjoin_minimise_options options = adjoin_minimise_defaults();
  adjoin_minimise_result result = minimised(&on, list, 2, &options);
  CU_ASSERT_EQUAL(result.status, ADJOIN_MINIMISE_CONVERGED);
  CU_ASSERT(a[0] == 1 && a[2] == 3 && a[3] == -1 && b[1] == 0.25);
  CU_ASSERT_DOUBLE_EQUAL(a[1], -2, 1e-7);
  CU_ASSERT_DOUBLE_EQUAL(b[0], 1.5, 1e-7);
  close_all(&on);
}

static void nothing_moves(void) {
  fixture on;
  open_text(&on, model_text);
  bind_array(&on, "t", t, 1, 4, 0);
  double a[4] = {1, 1, 1, 1}, b[2] = {0, 0};
  bind_array(&on, "b", b, 1, 2, 0);
  const unsigned char none[4] = {0};
  adjoin_minimise_options options = adjoin_minimise_defaults();
  for (const minimise_method *each = minimise_methods; each->name; each++) {
    options.method = each->name;
    adjoin_minimise_result result = minimised(&on, &(adjoin_variable){.name = "a", .x = a, .mask = none}, 1, &options);
    CU_ASSERT_EQUAL(result.status, ADJOIN_MINIMISE_CONVERGED);
    CU_ASSERT_STRING_EQUAL(result.test, "no entry is free");
    CU_ASSERT_EQUAL(result.f, 36 + 9 + 64 + 0.25 + 9 + 9);
  }
  close_all(&on);
}

/* ---- how runs end ---- */

static int stop_at_third(void *user, const adjoin_minimise_progress *at) {
  *(double *)user = at->f;
  return at->iteration == 3;
}

static void a_maximum(void) {
  fixture on;
  open_text(&on, "dim n\nvar x[n]\nparam c\nmaximize c - sum((x - 2)^4)\n");
  double x[2] = {0, 1}, c = 5, seen = 0;
  const adjoin_variable list = {.name = "x", .x = x};
  bind_array(&on, "c", &c, 0, 0, 0);
  CU_ASSERT_EQUAL(adjoin_bind_extent(on.instance, "n", 2), ADJOIN_OK);
  adjoin_minimise_options options = adjoin_minimise_defaults();
  options.progress = stop_at_third;
  options.user = &seen;
  adjoin_minimise_result result = minimised(&on, &list, 1, &options);
  CU_ASSERT_EQUAL(result.status, ADJOIN_MINIMISE_INTERRUPTED);
  CU_ASSERT_EQUAL(result.iterations, 3);
  CU_ASSERT(seen > -12 && seen < 5 && seen == result.f);
  options.progress = NULL;
  result = minimised(&on, &list, 1, &options);
  CU_ASSERT_EQUAL(result.status, ADJOIN_MINIMISE_CONVERGED);
  CU_ASSERT_DOUBLE_EQUAL(result.f, 5, 1e-8);
  x[0] = NAN;
  result = minimised(&on, &list, 1, &options);
  CU_ASSERT_EQUAL(result.status, ADJOIN_MINIMISE_NOT_FINITE);
  CU_ASSERT(isnan(x[0]));
  close_all(&on);
}

static void a_check_fails(void) {
  fixture on;
  open_text(&on, "dim n\nvar x[n]\nindex pick[n] < n\nminimize sum[i] (x[pick[i]] - 1)^2\n");
  double x[2] = {0, 0};
  const int64_t pick[2] = {0, 2};
  bind_array(&on, "pick", pick, 1, 2, 0);
  adjoin_minimise_options options = adjoin_minimise_defaults();
  adjoin_minimise_result result;
  const adjoin_variable list = {.name = "x", .x = x};
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, &list, 1, &options, &result), ADJOIN_RANGE);
  CU_ASSERT_EQUAL(result.status, ADJOIN_MINIMISE_FAILED);
  CU_ASSERT_EQUAL(on.told.line, 3);
  CU_ASSERT(x[0] == 0 && x[1] == 0);
  close_all(&on);
}

/* ---- wrong calls ---- */

static void wrong_calls(void) {
  fixture on;
  open_text(&on, model_text);
  double a[4] = {1, 1, 1, 1}, b[2] = {0, 0};
  const unsigned char wrong_mask[4] = {1, 1, 1, 2};
  const double nothing[2] = {2, 2};
  const adjoin_variable good = {.name = "a", .x = a}, other = {.name = "b", .x = b};
  const struct {
    adjoin_variable first, second;
    const char *method;
    double tolerance;
    adjoin_status status;
    const char *message;
  } rows[] = {
      {good, {.x = b}, NULL, 0, ADJOIN_USE, "adjoin_minimise: a variable without a name"},
      {good, {.name = "t", .x = b}, NULL, 0, ADJOIN_BINDING, "the model has no var 't'"},
      {good, {.name = "c", .x = b}, NULL, 0, ADJOIN_BINDING, "the model has no var 'c'"},
      {good, good, NULL, 0, ADJOIN_USE, "'a' is listed twice"},
      {good, {.name = "b"}, NULL, 0, ADJOIN_USE, "the x of 'b' is NULL: it is where it starts and ends"},
      {{.name = "a", .x = a, .mask = wrong_mask},
       other,
       NULL,
       0,
       ADJOIN_USE,
       "the mask of a[3] is 2: 1 is for what may move, 0 for what may not"},
      {good,
       {.name = "b", .x = b, .lower = nothing},
       NULL,
       0,
       ADJOIN_BINDING,
       "the bounds of b[0] leave no value: from 2 to 1"},
      {good, other, "simplex", 0, ADJOIN_USE, "the method 'simplex': there is no method of this name"},
      {good, other, "lbfgs", -1, ADJOIN_USE, "the tolerance must be a number of at least 0"},
  };
  bind_array(&on, "t", t, 1, 4, 0);
  for (int k = 0; k < COUNT(rows); k++) {
    adjoin_minimise_options options = adjoin_minimise_defaults();
    adjoin_minimise_result result;
    options.method = rows[k].method;
    if (rows[k].tolerance < 0) options.tolerance = rows[k].tolerance;
    const adjoin_variable list[] = {rows[k].first, rows[k].second};
    CU_ASSERT_EQUAL(adjoin_minimise(on.instance, list, 2, &options, &result), rows[k].status);
    CU_ASSERT_STRING_EQUAL(on.told.message, rows[k].message);
    CU_ASSERT_EQUAL(result.status, ADJOIN_MINIMISE_REFUSED);
    CU_ASSERT(a[1] == 1 && b[0] == 0 && isnan(result.f));
  }
  adjoin_minimise_options options = adjoin_minimise_defaults(), empty = {0};
  adjoin_minimise_result result;
  CU_ASSERT_EQUAL(adjoin_minimise(NULL, &good, 1, &options, &result), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, NULL, 1, &options, &result), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, &good, -1, &options, &result), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, &good, 1, NULL, &result), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, &good, 1, &options, NULL), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, &good, 1, &empty, &result), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, &good, 1, &options, &result), ADJOIN_BINDING);
  CU_ASSERT_STRING_EQUAL(on.told.message, "the var 'b' is not listed and has no array");
  close_all(&on);
}

static void what_a_method_needs(void) {
  fixture on;
  double x = 3;
  const adjoin_variable list = {.name = "x", .x = &x};
  adjoin_minimise_options options = adjoin_minimise_defaults();
  adjoin_minimise_result result;
  open_text(&on, "var x\nminimize exp(x) - x\n");
  options.method = "levenberg-marquardt";
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, &list, 1, &options, &result), ADJOIN_USE);
  CU_ASSERT_STRING_EQUAL(result.test, "it needs an objective that is a sum of squares of an output");
  options.method = "lbfgs";
  options.weight_decay = 0.1;
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, &list, 1, &options, &result), ADJOIN_USE);
  CU_ASSERT_STRING_EQUAL(on.told.message, "the method takes no weight decay");
  close_all(&on);
  open_text(&on, "var x\noutput y = x\n");
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, &list, 1, &options, &result), ADJOIN_MODEL);
  CU_ASSERT_STRING_EQUAL(on.told.code, "no-objective");
  CU_ASSERT_EQUAL(x, 3);
  close_all(&on);
}

/* ---- what the model freezes ---- */

static void masks_of_the_model(void) {
  fixture on;
  open_text(&on, "dim n\nvar W[2, n], x[n], y\nparam p[n]\ndata d\nfreeze W[:, 1:n], y, p[0]\n"
                 "minimize sum(W @ x) + sum(p) + y + d\n");
  unsigned char mask[6];
  const double x[3] = {0};
  CU_ASSERT_EQUAL(adjoin_mask(on.instance, "W", mask), ADJOIN_BINDING);
  bind_array(&on, "x", x, 1, 3, 0);
  CU_ASSERT_EQUAL(adjoin_mask(on.instance, "W", mask), ADJOIN_OK);
  CU_ASSERT(!memcmp(mask, (unsigned char[]){1, 0, 0, 1, 0, 0}, 6));
  CU_ASSERT_EQUAL(adjoin_mask(on.instance, "p", mask), ADJOIN_OK);
  CU_ASSERT(!memcmp(mask, (unsigned char[]){0, 1, 1}, 3));
  CU_ASSERT_EQUAL(adjoin_mask(on.instance, "y", mask), ADJOIN_OK);
  CU_ASSERT_EQUAL(mask[0], 0);
  CU_ASSERT(adjoin_find(on.model, "W", NULL)->partly_frozen && !adjoin_find(on.model, "W", NULL)->frozen);
  CU_ASSERT(!adjoin_find(on.model, "y", NULL)->partly_frozen && adjoin_find(on.model, "y", NULL)->frozen);
  CU_ASSERT(!adjoin_find(on.model, "x", NULL)->partly_frozen);
  CU_ASSERT_EQUAL(adjoin_mask(on.instance, "d", mask), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_mask(on.instance, "none", mask), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_mask(on.instance, "W", NULL), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_mask(NULL, "W", mask), ADJOIN_USE);
  close_all(&on);
}

static void frozen_out_of_range(void) {
  fixture on;
  open_text(&on, "dim n\nvar x[n]\nfreeze x[3]\nminimize sum(x^2)\n");
  double x[2] = {1, 1};
  unsigned char mask[2];
  bind_array(&on, "x", x, 1, 2, 0);
  adjoin_minimise_options options = adjoin_minimise_defaults();
  adjoin_minimise_result result;
  const adjoin_variable list = {.name = "x", .x = x};
  CU_ASSERT_EQUAL(adjoin_mask(on.instance, "x", mask), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(on.told.line, 3);
  on.told.line = 0;
  CU_ASSERT_EQUAL(adjoin_minimise(on.instance, &list, 1, &options, &result), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(on.told.line, 3);
  close_all(&on);
}

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("adjoin_minimise", NULL, NULL);
  CU_ADD_TEST(suite, every_method);
  CU_ADD_TEST(suite, vars_that_are_not_listed_stay);
  CU_ADD_TEST(suite, bounds_of_the_caller_come_first);
  CU_ADD_TEST(suite, nothing_moves);
  CU_ADD_TEST(suite, a_maximum);
  CU_ADD_TEST(suite, a_check_fails);
  CU_ADD_TEST(suite, wrong_calls);
  CU_ADD_TEST(suite, what_a_method_needs);
  CU_ADD_TEST(suite, masks_of_the_model);
  CU_ADD_TEST(suite, frozen_out_of_range);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
