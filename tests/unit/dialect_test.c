/* Identifiers, numbers, comments and strings of emitted C. */
#include "compiler/emit/c_dialect.h"
#include <CUnit/Basic.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf memory_exhausted;
static arena *memory;

static int begin(void) {
  memory = arena_create();
  if (!memory) return 1;
  arena_set_escape(memory, &memory_exhausted);
  return 0;
}

static int end(void) {
  arena_release(memory);
  return 0;
}

static void reserved_words_are_found(void) {
  static const char *const words[] = {"int",     "restrict",  "_Bool",    "__device__", "class",     "exp",
                                      "expf",    "expl",      "fmaf",     "y1",         "gamma",     "INFINITY",
                                      "size_t",  "main",      "",         "threadIdx",  "co_return", "M_PI",
                                      "signgam", "ptrdiff_t", "nextafter"};
  static const char *const free_words[] = {"x", "w", "lambda", "theta", "cam", "shelf", "f", "l", "expo", "X", "N"};
  for (size_t k = 0; k < sizeof words / sizeof *words; k++) CU_ASSERT(c_reserved(words[k]));
  for (size_t k = 0; k < sizeof free_words / sizeof *free_words; k++) CU_ASSERT_FALSE(c_reserved(free_words[k]));
}

/* The table is searched by halves. */
static void reserved_words_are_sorted(void) {
  static const char *const words[] = {
#include "compiler/emit/reserved_words.def"
  };
  for (size_t k = 1; k < sizeof words / sizeof *words; k++) CU_ASSERT(strcmp(words[k - 1], words[k]) < 0);
}

static void identifiers(void) {
  static const char *const cases[][2] = {
      {"w", "w"},      {"f.0.bias", "f_0_bias"}, {"double", "double_"}, {"_x", "x_x"},
      {"a__b", "a_b"}, {"t12", "t12"},           {"t1x", "t1x"},        {"", "x"},
      {"3d", "x3d"},   {"\xce\xb1", "x_"},       {"a-b c", "a_b_c"},    {"sinf", "sinf_"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
    CU_ASSERT_STRING_EQUAL(c_identifier(memory, cases[k][0]), cases[k][1]);
}

static void temporaries_are_recognised(void) {
  CU_ASSERT(c_like_temporary("t1") && c_like_temporary("t0123"));
  CU_ASSERT_FALSE(c_like_temporary("t") || c_like_temporary("t1x") || c_like_temporary("T1") || c_like_temporary(""));
}

static void names_in_force_differ(void) {
  c_names names = c_names_create(memory);
  CU_ASSERT_STRING_EQUAL(c_names_claim(&names, "f.0"), "f_0");
  CU_ASSERT_STRING_EQUAL(c_names_claim(&names, "f_0"), "f_0_2");
  CU_ASSERT_STRING_EQUAL(c_names_claim(&names, "f_0_2"), "f_0_2_2");
  CU_ASSERT(c_names_has(&names, "f_0_2") && !c_names_has(&names, "f_0_3"));
  int opened = c_names_open(&names);
  CU_ASSERT_STRING_EQUAL(c_names_claim(&names, "i"), "i");
  CU_ASSERT_STRING_EQUAL(c_names_claim(&names, "i"), "i_2");
  c_names_close(&names, opened);
  CU_ASSERT_STRING_EQUAL(c_names_claim(&names, "i"), "i");
  CU_ASSERT_STRING_EQUAL(c_names_claim(&names, "i"), "i_2");
}

/* Linear: a quadratic search would take minutes. */
static void many_claims_of_one_name(void) {
  c_names names = c_names_create(memory);
  const char *last = "";
  for (int k = 0; k < 200000; k++) last = c_names_claim(&names, "z");
  CU_ASSERT_STRING_EQUAL(last, "z_200000");
}

static const char *real_text(double value, bool single) {
  text out = text_create(memory);
  c_real(&out, value, single);
  return out.data;
}

static void numbers_read_back(void) {
  static const double values[] = {0.1, 1.0 / 3, 5e-324, DBL_MAX, DBL_MIN, 1e22, 123456789.0, -2.5, 0, -0.0};
  for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
    double back = strtod(real_text(values[k], false), NULL);
    CU_ASSERT(memcmp(&back, &values[k], sizeof back) == 0);
    float narrow = (float)values[k], again = strtof(real_text(values[k], true), NULL);
    CU_ASSERT(memcmp(&narrow, &again, sizeof again) == 0 || isinf(narrow));
  }
  CU_ASSERT_STRING_EQUAL(real_text(1, false), "1.0");
  CU_ASSERT_STRING_EQUAL(real_text(-INFINITY, false), "-(double)INFINITY");
  CU_ASSERT_STRING_EQUAL(real_text(1e300, true), "INFINITY");
  CU_ASSERT_STRING_EQUAL(real_text(NAN, false), "(double)NAN");
  CU_ASSERT(strchr(real_text(1, true), 'f') != NULL);
}

static void whole_numbers(void) {
  text out = text_create(memory);
  c_whole(&out, INT64_MIN);
  CU_ASSERT_STRING_EQUAL(out.data, "(-9223372036854775807 - 1)");
}

static const char *comment_text(const char *words) {
  text out = text_create(memory);
  c_comment(&out, words, " * ");
  return out.data;
}

static void comments_stay_closed(void) {
  CU_ASSERT_STRING_EQUAL(comment_text("a */ b /* c"), "a * / b / * c");
  CU_ASSERT_STRING_EQUAL(comment_text("*"), "* ");
  CU_ASSERT_STRING_EQUAL(comment_text("a?"
                                      "?/"),
                         "a? ?/ ");
  CU_ASSERT_STRING_EQUAL(comment_text("a\\\nb"), "a\\ \n * b");
  CU_ASSERT_STRING_EQUAL(comment_text("*\r/"), "* / ");
  CU_ASSERT_STRING_EQUAL(comment_text("*\n/"), "*\n * / ");
}

static void strings_are_closed(void) {
  text out = text_create(memory);
  c_string(&out, "a\"b\\?\n\xce");
  CU_ASSERT_STRING_EQUAL(out.data, "\"a\\\"b\\\\\\?\\012\\316\"");
}

int main(void) {
  if (setjmp(memory_exhausted) != 0 || CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("dialect", begin, end);
  CU_ADD_TEST(suite, reserved_words_are_found);
  CU_ADD_TEST(suite, reserved_words_are_sorted);
  CU_ADD_TEST(suite, identifiers);
  CU_ADD_TEST(suite, temporaries_are_recognised);
  CU_ADD_TEST(suite, names_in_force_differ);
  CU_ADD_TEST(suite, many_claims_of_one_name);
  CU_ADD_TEST(suite, numbers_read_back);
  CU_ADD_TEST(suite, whole_numbers);
  CU_ADD_TEST(suite, comments_stay_closed);
  CU_ADD_TEST(suite, strings_are_closed);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
