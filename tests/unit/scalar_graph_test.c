/* The scalar graph: interning, folding that keeps IEEE arithmetic to the bit, substitution, printing, the text of
 * helpers; and that long chains and heavy sharing cost linear time and no stack. */
#include "compiler/scalar/scalar_helpers.h"
#include "compiler/scalar/whole.h"
#include "tests/unit/scalar_fixture.h"
#include <CUnit/Basic.h>
#include <string.h>

static void equal_expressions_are_one_node(void) {
  fixture with = fixture_open();
  scalar_dag *dag = with.dag;
  scalar x = variable(&with, 0), y = variable(&with, 1);
  CU_ASSERT_EQUAL(x, variable(&with, 0));
  CU_ASSERT_NOT_EQUAL(x, y);
  CU_ASSERT_EQUAL(scalar_binary(dag, OP_add, x, y), scalar_binary(dag, OP_add, y, x));
  CU_ASSERT_EQUAL(scalar_binary(dag, OP_mul, x, y), scalar_binary(dag, OP_mul, y, x));
  CU_ASSERT_NOT_EQUAL(scalar_binary(dag, OP_sub, x, y), scalar_binary(dag, OP_sub, y, x));
  CU_ASSERT_NOT_EQUAL(scalar_binary(dag, OP_max, x, y), scalar_binary(dag, OP_max, y, x));
  CU_ASSERT_NOT_EQUAL(scalar_real(dag, 0.0), scalar_real(dag, -0.0));
  CU_ASSERT_EQUAL(scalar_real(dag, (double)NAN), scalar_real(dag, -(double)NAN));
  CU_ASSERT_NOT_EQUAL(scalar_real(dag, 1), scalar_whole(dag, 1));
  CU_ASSERT_NOT_EQUAL(scalar_whole(dag, 1), scalar_truth(dag, true));
  const scalar_node *early = scalar_at(dag, x);
  for (int k = 0; k < 50000; k++) scalar_real(dag, k);
  CU_ASSERT_PTR_EQUAL(early, scalar_at(dag, x));
  CU_ASSERT_EQUAL(scalar_real(dag, 7), scalar_real(dag, 7));
  fixture_close(&with);
}

static void algebra_is_exact(void) {
  fixture with = fixture_open();
  scalar_dag *dag = with.dag;
  scalar x = variable(&with, 0), y = variable(&with, 1), one = scalar_real(dag, 1), zero = scalar_real(dag, 0);
  scalar minus_zero = scalar_real(dag, -0.0), minus_one = scalar_real(dag, -1);
  scalar minus_x = scalar_unary(dag, OP_neg, x), minus_y = scalar_unary(dag, OP_neg, y);
#define BINARY(op, a, b) scalar_binary(dag, op, a, b)
  CU_ASSERT_EQUAL(BINARY(OP_mul, x, one), x);
  CU_ASSERT_EQUAL(BINARY(OP_mul, one, x), x);
  CU_ASSERT_EQUAL(BINARY(OP_div, x, one), x);
  CU_ASSERT_EQUAL(BINARY(OP_mul, x, minus_one), minus_x);
  CU_ASSERT_EQUAL(BINARY(OP_sub, x, zero), x);
  CU_ASSERT_EQUAL(BINARY(OP_add, x, minus_zero), x);
  CU_ASSERT_EQUAL(scalar_unary(dag, OP_neg, minus_x), x);
  CU_ASSERT_EQUAL(BINARY(OP_sub, x, minus_y), BINARY(OP_add, x, y));
  CU_ASSERT_EQUAL(BINARY(OP_add, minus_x, y), BINARY(OP_sub, y, x));
  CU_ASSERT_EQUAL(BINARY(OP_mul, minus_x, minus_y), BINARY(OP_mul, x, y));
  CU_ASSERT_EQUAL(BINARY(OP_max, x, x), x);
  /* These would not be: x + 0 turns -0 into 0, 0*x and x - x can be nan. */
  CU_ASSERT_NOT_EQUAL(BINARY(OP_add, x, zero), x);
  CU_ASSERT_NOT_EQUAL(BINARY(OP_sub, x, minus_zero), x);
  CU_ASSERT_NOT_EQUAL(BINARY(OP_mul, zero, x), zero);
  CU_ASSERT_NOT_EQUAL(BINARY(OP_sub, x, x), zero);
  CU_ASSERT_NOT_EQUAL(BINARY(OP_div, x, x), one);
  CU_ASSERT_EQUAL(BINARY(OP_mul0, zero, x), zero);
  CU_ASSERT_EQUAL(BINARY(OP_mul0, one, x), x);
  CU_ASSERT_EQUAL(BINARY(OP_mul0, x, one), x);
  CU_ASSERT_NOT_EQUAL(BINARY(OP_mul0, x, zero), BINARY(OP_mul0, x, scalar_real(dag, (double)INFINITY)));
#undef BINARY
  fixture_close(&with);
}

/* All of IEEE's odd values through every folded form, against the same operation unfolded. */
static void folding_changes_no_bit(void) {
  static const scalar_op ops[] = {OP_add, OP_sub, OP_mul, OP_div, OP_max, OP_min};
  const double odd[] = {0.0, -0.0, 1, -1, 2.5, (double)INFINITY, -(double)INFINITY, (double)NAN, 5e-324};
  enum { ODD = sizeof odd / sizeof odd[0] };
  fixture with = fixture_open();
  for (size_t o = 0; o < sizeof ops / sizeof ops[0]; o++)
    for (int form = 0; form < 16; form++)
      for (int constant = 0; constant < ODD; constant++)
        for (int value = 0; value < ODD; value++) {
          scalar x = variable(&with, 0), c = scalar_real(with.dag, odd[constant]);
          scalar left = form & 1 ? c : x, right = form & 2 ? c : x;
          double a = form & 1 ? odd[constant] : odd[value], b = form & 2 ? odd[constant] : odd[value];
          if (form & 4) left = scalar_unary(with.dag, OP_neg, left), a = -a;
          if (form & 8) right = scalar_unary(with.dag, OP_neg, right), b = -b;
          scalar folded = scalar_binary(with.dag, ops[o], left, right);
          double got = value_of(&with, folded, &odd[value]);
          double wanted = scalar_evaluate(ops[o], (double[]){a, b, 0});
          CU_ASSERT(got == wanted ? !signbit(got) == !signbit(wanted) : isnan(got) && isnan(wanted));
        }
  fixture_close(&with);
}

static void powers_become_products(void) {
  fixture with = fixture_open();
  scalar_dag *dag = with.dag;
  scalar x = variable(&with, 0);
  for (int exponent = -17; exponent <= 17; exponent++) {
    scalar power = scalar_binary(dag, OP_pow, x, scalar_real(dag, exponent));
    bool product = exponent >= -16 && exponent <= 16;
    CU_ASSERT_EQUAL(scalar_at(dag, power)->op != OP_pow, product);
    double value = 1.3, wanted = pow(value, exponent);
    CU_ASSERT(fabs(value_of(&with, power, &value) - wanted) <= 4e-15 * wanted);
  }
  CU_ASSERT_EQUAL(scalar_binary(dag, OP_pow, x, scalar_real(dag, 2)), scalar_binary(dag, OP_mul, x, x));
  scalar half = scalar_binary(dag, OP_pow, x, scalar_real(dag, 0.5));
  CU_ASSERT_EQUAL(scalar_at(dag, half)->op, OP_pow); /* not sqrt: -0 and -inf differ */
  fixture_close(&with);
}

static void truths_fold(void) {
  fixture with = fixture_open();
  scalar_dag *dag = with.dag;
  scalar x = variable(&with, 0), y = variable(&with, 1), yes = scalar_truth(dag, true), no = scalar_truth(dag, false);
  scalar less = scalar_binary(dag, OP_lt, x, y), more = scalar_binary(dag, OP_gt, x, y);
  scalar not_less = scalar_unary(dag, OP_not, less);
  CU_ASSERT_EQUAL(scalar_at(dag, not_less)->op, OP_not); /* not x >= y, because of nan */
  CU_ASSERT_EQUAL(scalar_unary(dag, OP_not, not_less), less);
  CU_ASSERT_EQUAL(scalar_binary(dag, OP_and, yes, less), less);
  CU_ASSERT_EQUAL(scalar_binary(dag, OP_and, less, no), no);
  CU_ASSERT_EQUAL(scalar_binary(dag, OP_or, less, no), less);
  CU_ASSERT_EQUAL(scalar_binary(dag, OP_or, yes, less), yes);
  CU_ASSERT_NOT_EQUAL(scalar_binary(dag, OP_and, less, more), scalar_binary(dag, OP_and, more, less));
  CU_ASSERT_EQUAL(scalar_select(dag, yes, x, y), x);
  CU_ASSERT_EQUAL(scalar_select(dag, no, x, y), y);
  CU_ASSERT_EQUAL(scalar_select(dag, less, x, x), x);
  CU_ASSERT_EQUAL(scalar_select(dag, not_less, x, y), scalar_select(dag, less, y, x));
  scalar inner = scalar_select(dag, less, x, y);
  CU_ASSERT_EQUAL(scalar_select(dag, less, inner, x), x);
  scalar n = scalar_extent(dag, scalar_new_extent(dag, "n")), one = scalar_whole(dag, 1);
  scalar below = whole_subtract(dag, n, one);
  CU_ASSERT_EQUAL(scalar_binary(dag, OP_lt, below, n), yes);
  CU_ASSERT_EQUAL(scalar_binary(dag, OP_eq, below, n), no);
  scalar zero = scalar_whole(dag, 0);
  CU_ASSERT_EQUAL(scalar_unary(dag, OP_not, scalar_binary(dag, OP_gt, n, zero)), scalar_binary(dag, OP_le, n, zero));
  CU_ASSERT_EQUAL(scalar_unary(dag, OP_real_of_truth, yes), scalar_real(dag, 1));
  CU_ASSERT_EQUAL(scalar_unary(dag, OP_real_of_whole, one), scalar_real(dag, 1));
  fixture_close(&with);
}

static void substitution_replaces_everywhere(void) {
  fixture with = fixture_open();
  scalar_dag *dag = with.dag;
  int index_i = scalar_new_index(dag, "i"), index_j = scalar_new_index(dag, "j");
  scalar i = scalar_index(dag, index_i), j = scalar_index(dag, index_j), one = scalar_whole(dag, 1);
  scalar next = whole_add(dag, i, one);
  scalar subscripts[2] = {i, next};
  scalar entry = scalar_load(dag, 3, SCALAR_REAL, 2, subscripts), other = scalar_load(dag, 4, SCALAR_REAL, 1, &j);
  scalar condition = scalar_binary(dag, OP_gt, i, one);
  scalar chosen = scalar_select(dag, condition, entry, other);
  CU_ASSERT_TRUE(scalar_mentions_index(dag, chosen, index_i));
  CU_ASSERT_TRUE(scalar_mentions_index(dag, chosen, index_j));
  CU_ASSERT_FALSE(scalar_mentions_index(dag, other, index_i));
  scalar before = whole_subtract(dag, i, one);
  scalar replacement[2] = {before, NO_SCALAR}; /* i - 1 for i: not replaced again inside */
  scalar shifted = scalar_substitute(dag, chosen, replacement, 2, NULL, 0);
  scalar moved[2] = {before, i};
  scalar two = scalar_whole(dag, 2);
  scalar wanted =
      scalar_select(dag, scalar_binary(dag, OP_gt, before, one), scalar_load(dag, 3, SCALAR_REAL, 2, moved), other);
  CU_ASSERT_EQUAL(shifted, wanted);
  int arrays[4] = {-1, -1, -1, 9};
  scalar renamed = scalar_substitute(dag, entry, NULL, 0, arrays, 4);
  CU_ASSERT_EQUAL(renamed, scalar_load(dag, 9, SCALAR_REAL, 2, subscripts));
  CU_ASSERT_EQUAL(scalar_substitute(dag, other, replacement, 2, arrays, 4), other);
  replacement[0] = two; /* constants fold on the way: the condition is known */
  scalar fixed = scalar_substitute(dag, chosen, replacement, 2, NULL, 0);
  CU_ASSERT_EQUAL(scalar_at(dag, fixed)->op, SCALAR_LOAD);
  CU_ASSERT_EQUAL(scalar_substitute(dag, NO_SCALAR, replacement, 2, NULL, 0), NO_SCALAR);
  fixture_close(&with);
}

static const char *array_name(const void *context, int array) {
  return ((const char *const *)context)[array];
}

static void expect_text(const fixture *with, scalar node, const char *wanted) {
  static const char *const names[] = {"x", "y", "A"};
  text out = text_create(with->memory);
  scalar_write(with->dag, node, array_name, names, &out);
  CU_ASSERT_STRING_EQUAL(out.data, wanted);
}

static void expressions_print_in_the_language(void) {
  fixture with = fixture_open();
  scalar_dag *dag = with.dag;
  scalar x = variable(&with, 0), y = variable(&with, 1), half = scalar_real(dag, 0.5), two = scalar_real(dag, 2);
#define BINARY(op, a, b) scalar_binary(dag, op, a, b)
  scalar sum = BINARY(OP_add, x, y), difference = BINARY(OP_sub, x, y), minus = scalar_unary(dag, OP_neg, x);
  expect_text(&with, BINARY(OP_mul, sum, y), "y*(x + y)");
  expect_text(&with, BINARY(OP_sub, x, difference), "x - (x - y)");
  expect_text(&with, BINARY(OP_sub, difference, x), "x - y - x");
  expect_text(&with, BINARY(OP_div, x, BINARY(OP_mul, x, y)), "x/(x*y)");
  expect_text(&with, BINARY(OP_pow, minus, half), "(-x)^0.5");
  expect_text(&with, scalar_unary(dag, OP_neg, BINARY(OP_pow, x, half)), "-x^0.5");
  expect_text(&with, scalar_unary(dag, OP_neg, sum), "-(x + y)");
  expect_text(&with, BINARY(OP_mul, x, two), "2*x");
  expect_text(&with, BINARY(OP_pow, x, scalar_real(dag, -0.5)), "x^(-0.5)");
  expect_text(&with, BINARY(OP_pow, x, BINARY(OP_pow, y, half)), "x^y^0.5");
  expect_text(&with, BINARY(OP_pow, BINARY(OP_pow, x, y), half), "(x^y)^0.5");
  expect_text(&with, BINARY(OP_atan2, x, sum), "atan2(x, x + y)");
  scalar less = BINARY(OP_lt, x, y), more = BINARY(OP_gt, x, half);
  scalar either = BINARY(OP_or, less, more);
  expect_text(&with, BINARY(OP_and, either, less), "(x < y or x > 0.5) and x < y");
  expect_text(&with, scalar_unary(dag, OP_not, either), "not (x < y or x > 0.5)");
  scalar chosen = scalar_select(dag, less, x, y);
  expect_text(&with, BINARY(OP_add, chosen, x), "x + (if x < y then x else y)");
  scalar subscripts[2] = {scalar_index(dag, scalar_new_index(dag, "i")), scalar_whole(dag, 3)};
  expect_text(&with, scalar_load(dag, 2, SCALAR_REAL, 2, subscripts), "A[i, 3]");
  expect_text(&with, scalar_unary(dag, OP_stop, x), "stop_gradient(x)");
  expect_text(&with, scalar_unary(dag, OP_real_of_truth, less), "real(x < y)");
#undef BINARY
  fixture_close(&with);
}

/* A chain as long as a program, and a doubling whose tree has 2^2000 leaves. */
static void size_and_depth_are_no_matter(void) {
  enum { LONG = 100000, DOUBLINGS = 2000 };
  fixture with = fixture_open();
  scalar_dag *dag = with.dag;
  int index = scalar_new_index(dag, "i");
  scalar i = scalar_index(dag, index), chain = scalar_load(dag, 0, SCALAR_REAL, 1, &i);
  for (int k = 0; k < LONG; k++) chain = scalar_unary(dag, k % 2 ? OP_sin : OP_cos, chain);
  scalar twice = chain;
  for (int k = 0; k < DOUBLINGS; k++) twice = scalar_binary(dag, OP_add, twice, twice);
  int count = scalar_count(dag);
  CU_ASSERT(count < LONG + DOUBLINGS + 10);
  scalar replacement[1] = {scalar_whole(dag, 5)};
  scalar fixed = scalar_substitute(dag, twice, replacement, 1, NULL, 0);
  CU_ASSERT_FALSE(scalar_mentions_index(dag, fixed, index));
  CU_ASSERT(scalar_count(dag) <= 2 * count);
  CU_ASSERT(strlen(written(&with, twice)) < 100000);
  CU_ASSERT_TRUE(strstr(written(&with, chain), "...") != NULL);
  bool tainted[1] = {true};
  CU_ASSERT_TRUE(scalar_may_be_nonfinite(dag, twice, tainted, 1));
  fixture_close(&with);
}

static void helpers_are_written_once_with_what_they_need(void) {
  fixture with = fixture_open();
  bool used[SCALAR_OP_COUNT] = {false};
  used[OP_clamp] = used[OP_max] = used[OP_whole_quotient] = used[OP_erfinv] = true;
  helper_style style = {"static inline", "f_", "ptrdiff_t", "size_t", true};
  text out = text_create(with.memory);
  scalar_helpers_write(used, &style, &out);
  static const char *const present[] = {"static inline float f_maximum(float a, float b) {\n",
                                        "f_minimum(f_maximum(x, low), high);\n",
                                        "static inline ptrdiff_t f_whole_quotient(ptrdiff_t a, ptrdiff_t b) {\n",
                                        "return (ptrdiff_t)(0 - (size_t)a);\n",
                                        "0.88622692545275801365f",
                                        "expf(y * y)"};
  for (size_t k = 0; k < sizeof present / sizeof present[0]; k++) CU_ASSERT_PTR_NOT_NULL(strstr(out.data, present[k]));
  CU_ASSERT_PTR_NULL(strstr(out.data, "softplus"));
  CU_ASSERT_PTR_NULL(strstr(out.data, "REAL"));
  const char *first = strstr(out.data, "float f_maximum(");
  CU_ASSERT_PTR_NOT_NULL_FATAL(first);
  CU_ASSERT_PTR_NULL(strstr(first + 1, "float f_maximum("));
  CU_ASSERT(first < strstr(out.data, "float f_clamp("));
  fixture_close(&with);
}

static CU_TestInfo tests[] = {{"interning", equal_expressions_are_one_node},
                              {"exact algebra", algebra_is_exact},
                              {"folding to the bit", folding_changes_no_bit},
                              {"powers", powers_become_products},
                              {"truths and selects", truths_fold},
                              {"substitution", substitution_replaces_everywhere},
                              {"printing", expressions_print_in_the_language},
                              {"long chains, heavy sharing", size_and_depth_are_no_matter},
                              {"helpers as text", helpers_are_written_once_with_what_they_need},
                              CU_TEST_INFO_NULL};

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_SuiteInfo suites[] = {{"scalar graph", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
  if (CU_register_suites(suites) != CUE_SUCCESS) return 1;
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
