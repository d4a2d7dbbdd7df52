/* Whole-number expressions: the normal form, division, and proofs, of which the true ones that models need are found
 * and no false one ever is. */
#include "compiler/scalar/whole.h"
#include "tests/unit/scalar_fixture.h"
#include <CUnit/Basic.h>

/* A graph with extents n, m, k, indices i, j and their loops over n and m, and index data p with entries below n. */
typedef struct {
  fixture in;
  scalar_dag *dag;
  int index_i, index_j;
  scalar n, m, k, i, j, p;
  whole_range ranges[2];
  scalar bounds[1];
  whole_facts facts;
} scene;

static scalar number(const scene *with, int64_t value) {
  return scalar_whole(with->dag, value);
}

static void open_scene(scene *with) {
  with->in = fixture_open();
  scalar_dag *dag = with->dag = with->in.dag;
  with->n = scalar_extent(dag, scalar_new_extent(dag, "n"));
  with->m = scalar_extent(dag, scalar_new_extent(dag, "m"));
  with->k = scalar_extent(dag, scalar_new_extent(dag, "k"));
  with->index_i = scalar_new_index(dag, "i");
  with->index_j = scalar_new_index(dag, "j");
  with->i = scalar_index(dag, with->index_i);
  with->j = scalar_index(dag, with->index_j);
  with->p = scalar_load(dag, 0, SCALAR_WHOLE, 1, &with->i);
  scalar zero = number(with, 0);
  with->ranges[0] = (whole_range){with->index_i, zero, with->n};
  with->ranges[1] = (whole_range){with->index_j, zero, with->m};
  with->bounds[0] = with->n;
  with->facts = (whole_facts){with->ranges, 2, with->bounds, 1, NO_SCALAR};
}

static void close_scene(scene *with) {
  fixture_close(&with->in);
}

static scalar add(const scene *with, scalar a, scalar b) {
  return whole_add(with->dag, a, b);
}

static scalar subtract(const scene *with, scalar a, scalar b) {
  return whole_subtract(with->dag, a, b);
}

static scalar times(const scene *with, scalar a, scalar b) {
  return whole_multiply(with->dag, a, b);
}

static scalar over(const scene *with, scalar a, scalar b) {
  return whole_quotient(with->dag, a, b);
}

static scalar modulo(const scene *with, scalar a, scalar b) {
  return whole_remainder(with->dag, a, b);
}

/* ---- the normal form ---- */

static void equal_polynomials_are_one_node(void) {
  scene with;
  open_scene(&with);
  scalar one = number(&with, 1);
  CU_ASSERT_EQUAL(add(&with, subtract(&with, with.n, one), one), with.n);
  CU_ASSERT_EQUAL(subtract(&with, with.n, with.n), number(&with, 0));
  CU_ASSERT_EQUAL(times(&with, with.n, with.m), times(&with, with.m, with.n));
  scalar sum = add(&with, with.n, with.m), difference = subtract(&with, with.n, with.m);
  scalar squares = subtract(&with, times(&with, with.n, with.n), times(&with, with.m, with.m));
  CU_ASSERT_EQUAL(times(&with, sum, difference), squares);
  CU_ASSERT_EQUAL(add(&with, add(&with, with.i, with.p), with.n), add(&with, with.p, add(&with, with.n, with.i)));
  CU_ASSERT_EQUAL(times(&with, number(&with, 0), sum), number(&with, 0));
  CU_ASSERT_EQUAL(scalar_binary(with.dag, OP_whole_add, with.n, with.m), sum);
  CU_ASSERT_EQUAL(scalar_unary(with.dag, OP_whole_negate, scalar_unary(with.dag, OP_whole_negate, sum)), sum);
  close_scene(&with);
}

static void expect_text(const scene *with, scalar node, const char *wanted) {
  CU_ASSERT_STRING_EQUAL(written(&with->in, node), wanted);
}

static void they_print_as_one_writes_them(void) {
  scene with;
  open_scene(&with);
  scalar one = number(&with, 1), two = number(&with, 2), i2 = times(&with, two, with.i);
  expect_text(&with, subtract(&with, with.n, one), "n - 1");
  expect_text(&with, add(&with, one, i2), "2*i + 1");
  expect_text(&with, subtract(&with, one, with.n), "1 - n");
  expect_text(&with, subtract(&with, subtract(&with, number(&with, 0), with.n), one), "-n - 1");
  expect_text(&with, subtract(&with, subtract(&with, with.m, i2), one), "m - 2*i - 1");
  expect_text(&with, add(&with, times(&with, with.i, with.m), with.j), "m*i + j");
  expect_text(&with, over(&with, add(&with, with.n, one), two), "(n + 1) // 2");
  expect_text(&with, modulo(&with, add(&with, with.i, one), with.n), "(i + 1) % n");
  expect_text(&with, number(&with, -7), "-7");
  close_scene(&with);
}

static void overflow_is_told(void) {
  scene with;
  open_scene(&with);
  scalar large = number(&with, INT64_MAX), two = number(&with, 2);
  CU_ASSERT_EQUAL(add(&with, large, two), NO_SCALAR);
  CU_ASSERT_EQUAL(times(&with, large, two), NO_SCALAR);
  CU_ASSERT_EQUAL(times(&with, times(&with, large, with.n), two), NO_SCALAR);
  CU_ASSERT_EQUAL(add(&with, NO_SCALAR, two), NO_SCALAR);
  CU_ASSERT_EQUAL(over(&with, two, NO_SCALAR), NO_SCALAR);
  CU_ASSERT_EQUAL(subtract(&with, number(&with, INT64_MIN), two), NO_SCALAR);
  CU_ASSERT_EQUAL(scalar_binary(with.dag, OP_whole_multiply, large, large), NO_SCALAR);
  close_scene(&with);
}

static void division_splits_what_divides(void) {
  scene with;
  open_scene(&with);
  scalar one = number(&with, 1), two = number(&with, 2), three = number(&with, 3);
  scalar n2 = times(&with, two, with.n), row = add(&with, times(&with, with.i, with.m), with.j);
  CU_ASSERT_EQUAL(over(&with, n2, two), with.n);
  CU_ASSERT_EQUAL(over(&with, add(&with, n2, three), two), add(&with, with.n, one));
  CU_ASSERT_EQUAL(modulo(&with, add(&with, n2, three), two), one);
  CU_ASSERT_EQUAL(over(&with, times(&with, with.n, with.m), with.n), with.m);
  CU_ASSERT_EQUAL(modulo(&with, times(&with, with.n, with.m), with.n), number(&with, 0));
  CU_ASSERT_EQUAL(over(&with, row, with.m), add(&with, with.i, over(&with, with.j, with.m)));
  CU_ASSERT_EQUAL(modulo(&with, row, with.m), modulo(&with, with.j, with.m));
  CU_ASSERT_EQUAL(over(&with, number(&with, -7), two), number(&with, -4));
  CU_ASSERT_EQUAL(modulo(&with, number(&with, -7), two), one);
  CU_ASSERT_EQUAL(modulo(&with, number(&with, 7), number(&with, -2)), number(&with, -1));
  CU_ASSERT_EQUAL(over(&with, number(&with, -INT64_MAX), number(&with, 2)), number(&with, -INT64_MAX / 2 - 1));
  scalar below = over(&with, subtract(&with, with.n, one), two), above = over(&with, add(&with, with.n, one), two);
  CU_ASSERT_EQUAL(add(&with, below, one), above);
  scalar wrapped = modulo(&with, with.i, with.n);
  CU_ASSERT_EQUAL(modulo(&with, wrapped, with.n), wrapped);
  CU_ASSERT_NOT_EQUAL(over(&with, with.n, number(&with, 0)), number(&with, 0)); /* an error to be met, not a number */
  close_scene(&with);
}

/* Values agree with plain arithmetic whatever the normal form did. */
static void values_are_those_of_arithmetic(void) {
  scene with;
  open_scene(&with);
  scalar three = number(&with, -3);
  scalar mixed = add(&with, times(&with, three, with.n), times(&with, with.m, with.k));
  scalar quotient = over(&with, mixed, number(&with, 4)), remainder = modulo(&with, mixed, number(&with, -4));
  for (int64_t a = 0; a < 5; a++)
    for (int64_t b = 0; b < 4; b++) {
      int64_t extents[3] = {a, b, 7}, got, exact = -3 * a + 7 * b;
      CU_ASSERT(whole_evaluate(with.dag, mixed, extents, &got) && got == exact);
      int64_t floored = (exact - ((exact % 4 + 4) % 4)) / 4;
      CU_ASSERT(whole_evaluate(with.dag, quotient, extents, &got) && got == floored);
      int64_t rest = (exact % 4 + 4) % 4;
      CU_ASSERT(whole_evaluate(with.dag, remainder, extents, &got) && got == (rest == 0 ? 0 : rest - 4));
    }
  int64_t huge[3] = {INT64_MAX, 1, 1}, zero[3] = {0, 0, 0}, value;
  CU_ASSERT_FALSE(whole_evaluate(with.dag, mixed, huge, &value));
  CU_ASSERT_FALSE(whole_evaluate(with.dag, over(&with, with.n, with.m), zero, &value));
  CU_ASSERT_FALSE(whole_evaluate(with.dag, with.i, zero, &value));
  CU_ASSERT_FALSE(whole_evaluate(with.dag, with.p, zero, &value));
  close_scene(&with);
}

/* (n + m + k + i + j + p + 1)^20, a thousand different data and deep divisions: bounded, and still right. */
static void large_expressions_stay_bounded(void) {
  scene with;
  open_scene(&with);
  scalar sum = add(&with, add(&with, with.n, with.m), add(&with, with.k, number(&with, 1))), power = sum;
  for (int e = 1; e < 20; e++) power = times(&with, power, sum);
  int64_t extents[3] = {1, 1, 0}, value, wanted = 1;
  for (int e = 0; e < 20; e++) wanted *= 3;
  CU_ASSERT(whole_evaluate(with.dag, power, extents, &value) && value == wanted);
  scalar total = with.n;
  for (int a = 1; a <= 2000; a++) {
    scalar entry = scalar_load(with.dag, a, SCALAR_WHOLE, 0, NULL);
    total = add(&with, total, entry);
  }
  CU_ASSERT(total != NO_SCALAR);
  CU_ASSERT_FALSE(whole_proves_nonnegative(with.dag, subtract(&with, number(&with, 0), total), &with.facts));
  scalar deep = with.n;
  for (int level = 0; level < 20000; level++) {
    scalar half = over(&with, deep, number(&with, 2)), third = over(&with, deep, number(&with, 3));
    deep = add(&with, add(&with, half, third), number(&with, 1));
  }
  CU_ASSERT(whole_evaluate(with.dag, deep, extents, &value));
  CU_ASSERT_FALSE(whole_proves_nonnegative(with.dag, subtract(&with, with.n, deep), &with.facts));
  CU_ASSERT(scalar_count(with.dag) < 400000);
  close_scene(&with);
}

/* ---- proofs ---- */

static bool within(scene *with, scalar node, scalar extent) {
  return whole_proves_within(with->dag, node, extent, &with->facts);
}

static bool nonnegative(scene *with, scalar node) {
  return whole_proves_nonnegative(with->dag, node, &with->facts);
}

static void subscripts_of_loops_are_proved(void) {
  scene with;
  open_scene(&with);
  scalar one = number(&with, 1), two = number(&with, 2), zero = number(&with, 0);
  CU_ASSERT_TRUE(within(&with, with.i, with.n));
  CU_ASSERT_TRUE(within(&with, subtract(&with, subtract(&with, with.n, one), with.i), with.n));
  CU_ASSERT_TRUE(within(&with, zero, with.n)); /* the loop over n runs */
  CU_ASSERT_TRUE(within(&with, add(&with, with.i, one), add(&with, with.n, one)));
  CU_ASSERT_TRUE(within(&with, add(&with, with.i, with.k), add(&with, with.n, with.k)));
  CU_ASSERT_TRUE(within(&with, add(&with, times(&with, with.i, with.m), with.j), times(&with, with.n, with.m)));
  CU_ASSERT_TRUE(within(&with, modulo(&with, add(&with, with.i, one), with.n), with.n));
  CU_ASSERT_TRUE(within(&with, modulo(&with, subtract(&with, with.i, one), with.n), with.n));
  CU_ASSERT_TRUE(within(&with, over(&with, with.i, two), over(&with, add(&with, with.n, one), two)));
  CU_ASSERT_TRUE(within(&with, with.p, with.n));
  CU_ASSERT_TRUE(nonnegative(&with, times(&with, with.n, with.m)));
  CU_ASSERT_FALSE(within(&with, with.i, with.m));
  CU_ASSERT_FALSE(within(&with, zero, with.k)); /* k may be 0 */
  CU_ASSERT_FALSE(within(&with, add(&with, with.i, one), with.n));
  CU_ASSERT_FALSE(within(&with, subtract(&with, with.i, one), with.n));
  CU_ASSERT_FALSE(within(&with, one, with.n));
  CU_ASSERT_FALSE(within(&with, times(&with, two, with.i), with.n));
  CU_ASSERT_FALSE(within(&with, modulo(&with, with.i, with.k), with.k)); /* k may be 0 */
  CU_ASSERT_FALSE(within(&with, with.p, with.m));
  CU_ASSERT_FALSE(nonnegative(&with, subtract(&with, with.n, with.m)));
  CU_ASSERT_FALSE(within(&with, NO_SCALAR, with.n));
  close_scene(&with);
}

static void triangles_and_strides_are_proved(void) {
  scene with;
  open_scene(&with);
  scalar two = number(&with, 2), one = number(&with, 1), half = over(&with, with.n, two);
  with.ranges[1].upper = with.i; /* j < i */
  CU_ASSERT_TRUE(within(&with, with.j, with.n));
  CU_ASSERT_TRUE(within(&with, subtract(&with, subtract(&with, with.i, with.j), one), with.n));
  CU_ASSERT_TRUE(nonnegative(&with, subtract(&with, subtract(&with, with.i, with.j), one)));
  CU_ASSERT_FALSE(nonnegative(&with, subtract(&with, subtract(&with, with.i, with.j), two)));
  with.ranges[1] = (whole_range){with.index_j, with.i, with.n}; /* i <= j < n */
  CU_ASSERT_TRUE(within(&with, subtract(&with, with.j, with.i), with.n));
  CU_ASSERT_FALSE(within(&with, subtract(&with, with.i, with.j), with.n));
  with.ranges[0].upper = half; /* i < n // 2 */
  with.facts.range_count = 1;
  scalar odd = add(&with, times(&with, two, with.i), one);
  CU_ASSERT_TRUE(within(&with, odd, with.n));
  CU_ASSERT_FALSE(within(&with, add(&with, odd, one), with.n));
  with.ranges[0] = (whole_range){with.index_i, number(&with, -1), with.n};
  CU_ASSERT_TRUE(within(&with, add(&with, with.i, one), add(&with, with.n, one)));
  CU_ASSERT_FALSE(within(&with, with.i, with.n));
  close_scene(&with);
}

static void conditions_are_used(void) {
  scene with;
  open_scene(&with);
  scalar_dag *dag = with.dag;
  scalar one = number(&with, 1), zero = number(&with, 0), before = subtract(&with, with.i, one);
  scalar after = add(&with, with.i, one), last = subtract(&with, with.n, one);
  with.facts.condition = scalar_binary(dag, OP_gt, with.i, zero);
  CU_ASSERT_TRUE(within(&with, before, with.n));
  CU_ASSERT_FALSE(within(&with, after, with.n));
  scalar not_last = scalar_binary(dag, OP_lt, with.i, last);
  with.facts.condition = scalar_binary(dag, OP_and, with.facts.condition, not_last);
  CU_ASSERT_TRUE(within(&with, before, with.n));
  CU_ASSERT_TRUE(within(&with, after, with.n));
  scalar low = scalar_binary(dag, OP_le, with.i, zero), high = scalar_binary(dag, OP_ge, with.i, last);
  scalar either = scalar_binary(dag, OP_or, low, high);
  with.facts.condition = either;
  CU_ASSERT_FALSE(within(&with, before, with.n));
  with.facts.condition = scalar_unary(dag, OP_not, either);
  CU_ASSERT_TRUE(within(&with, before, with.n));
  CU_ASSERT_TRUE(within(&with, after, with.n));
  with.facts.condition = scalar_binary(dag, OP_eq, with.i, with.j);
  CU_ASSERT_TRUE(within(&with, with.i, with.m));
  CU_ASSERT_TRUE(within(&with, with.j, with.n));
  with.facts.condition = scalar_binary(dag, OP_ne, with.i, zero); /* says nothing that is used */
  CU_ASSERT_FALSE(within(&with, before, with.n));
  with.facts.condition = scalar_binary(dag, OP_gt, with.k, zero);
  CU_ASSERT_TRUE(within(&with, modulo(&with, with.i, with.k), with.k));
  close_scene(&with);
}

static void upper_bounds_are_tight(void) {
  scene with;
  open_scene(&with);
  scalar one = number(&with, 1), two = number(&with, 2);
  scalar last_n = subtract(&with, with.n, one), last_m = subtract(&with, with.m, one);
#define BOUND(node) whole_upper_bound(with.dag, node, &with.facts)
  CU_ASSERT_EQUAL(BOUND(with.i), last_n);
  CU_ASSERT_EQUAL(BOUND(add(&with, with.i, with.j)), add(&with, last_n, last_m));
  CU_ASSERT_EQUAL(BOUND(subtract(&with, with.n, with.i)), with.n);
  CU_ASSERT_EQUAL(BOUND(with.p), last_n);
  CU_ASSERT_EQUAL(BOUND(times(&with, with.i, with.m)), times(&with, last_n, with.m));
  CU_ASSERT_EQUAL(BOUND(over(&with, with.i, two)), over(&with, last_n, two));
  CU_ASSERT_EQUAL(BOUND(modulo(&with, with.i, with.m)), last_m);
  CU_ASSERT_EQUAL(BOUND(with.k), with.k);
  scalar unknown = scalar_load(with.dag, 5, SCALAR_WHOLE, 1, &with.i);
  CU_ASSERT_EQUAL(BOUND(unknown), NO_SCALAR);
  CU_ASSERT_EQUAL(BOUND(times(&with, with.i, subtract(&with, with.n, with.m))), NO_SCALAR);
  with.ranges[1].upper = with.i;
  CU_ASSERT_EQUAL(BOUND(with.j), subtract(&with, with.n, two));
#undef BOUND
  close_scene(&with);
}

/* The soundness of proofs: random expressions, claimed ranges tried out on all small cases. */
enum { CLAIMS = 1500, PIECES = 8 };

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 16;
}

static scalar random_expression(scene *with, uint32_t *state) {
  scalar pieces[PIECES] = {with->n,         with->m,         with->i, with->j,
                           number(with, 1), number(with, 2), with->k, number(with, -1)};
  scalar value = pieces[next_random(state) % PIECES];
  for (uint32_t steps = next_random(state) % 5; steps > 0; steps--) {
    scalar other = pieces[next_random(state) % PIECES];
    switch (next_random(state) % 6) {
    case 0: value = times(with, value, other); break;
    case 1: value = over(with, value, number(with, 1 + (int64_t)(next_random(state) % 3))); break;
    case 2: value = modulo(with, value, other); break;
    case 3: value = subtract(with, other, value); break;
    case 4: value = subtract(with, value, other); break;
    default: value = add(with, value, other); break;
    }
  }
  return value;
}

static int64_t concrete(scene *with, scalar node, const int64_t *extents, int64_t i, int64_t j, bool *defined) {
  scalar replacement[2] = {number(with, i), number(with, j)};
  scalar fixed = scalar_substitute(with->dag, node, replacement, 2, NULL, 0);
  int64_t value = 0;
  *defined = whole_evaluate(with->dag, fixed, extents, &value);
  return value;
}

static void expect_claim_holds(scene *with, scalar claim, scalar bound) {
  for (int64_t n = 1; n <= 4; n++)
    for (int64_t m = 1; m <= 4; m++)
      for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < (with->ranges[1].upper == with->m ? m : i); j++) {
          int64_t extents[3] = {n, m, n % 2};
          bool defined, bound_defined;
          int64_t value = concrete(with, claim, extents, i, j, &defined);
          int64_t limit = concrete(with, bound, extents, i, j, &bound_defined);
          if (defined && bound_defined) CU_ASSERT(value <= limit);
        }
}

static void no_false_claim_is_proved(void) {
  uint32_t state = 20;
  int proved = 0, bounded = 0;
  for (int claim = 0; claim < CLAIMS; claim++) {
    scene with;
    open_scene(&with);
    if (claim % 2) with.ranges[1].upper = with.i;
    scalar node = random_expression(&with, &state), zero = number(&with, 0);
    if (whole_proves_nonnegative(with.dag, node, &with.facts)) {
      proved++;
      expect_claim_holds(&with, subtract(&with, zero, node), zero);
    }
    scalar bound = whole_upper_bound(with.dag, node, &with.facts);
    if (bound != NO_SCALAR) {
      bounded++;
      CU_ASSERT_FALSE(scalar_mentions_index(with.dag, bound, with.index_i));
      expect_claim_holds(&with, node, bound);
    }
    close_scene(&with);
  }
  CU_ASSERT(proved > CLAIMS / 10 && bounded > CLAIMS / 10); /* the test is about something */
}

static void coefficients_are_found(void) {
  scene with;
  open_scene(&with);
  scalar row = add(&with, times(&with, with.i, with.m), subtract(&with, with.j, with.n));
  CU_ASSERT_EQUAL(whole_coefficient(with.dag, row, with.index_i), with.m);
  CU_ASSERT_EQUAL(whole_coefficient(with.dag, row, with.index_j), number(&with, 1));
  CU_ASSERT_EQUAL(whole_coefficient(with.dag, with.n, with.index_i), number(&with, 0));
  scalar backwards = subtract(&with, with.n, times(&with, number(&with, 2), with.i));
  CU_ASSERT_EQUAL(whole_coefficient(with.dag, backwards, with.index_i), number(&with, -2));
  CU_ASSERT_EQUAL(whole_coefficient(with.dag, times(&with, with.i, with.i), with.index_i), NO_SCALAR);
  CU_ASSERT_EQUAL(whole_coefficient(with.dag, times(&with, with.i, with.j), with.index_i), NO_SCALAR);
  CU_ASSERT_EQUAL(whole_coefficient(with.dag, with.p, with.index_i), NO_SCALAR);
  CU_ASSERT_EQUAL(whole_coefficient(with.dag, with.p, with.index_j), number(&with, 0));
  CU_ASSERT_EQUAL(whole_coefficient(with.dag, modulo(&with, with.i, with.n), with.index_i), NO_SCALAR);
  close_scene(&with);
}

static CU_TestInfo tests[] = {{"one node per polynomial", equal_polynomials_are_one_node},
                              {"spelling", they_print_as_one_writes_them},
                              {"overflow", overflow_is_told},
                              {"division", division_splits_what_divides},
                              {"values", values_are_those_of_arithmetic},
                              {"large expressions", large_expressions_stay_bounded},
                              {"proofs: loops", subscripts_of_loops_are_proved},
                              {"proofs: triangles, strides", triangles_and_strides_are_proved},
                              {"proofs: conditions", conditions_are_used},
                              {"upper bounds", upper_bounds_are_tight},
                              {"proofs: soundness", no_false_claim_is_proved},
                              {"coefficients", coefficients_are_found},
                              CU_TEST_INFO_NULL};

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_SuiteInfo suites[] = {{"whole numbers", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
  if (CU_register_suites(suites) != CUE_SUCCESS) return 1;
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
