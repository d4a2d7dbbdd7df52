/* Long models: code and memory grow linearly with their length, for value, gradient and product. */
#include "compiler/session.h"
#include "tests/fuzz/long_model.h"

#include <CUnit/Basic.h>
#include <string.h>
#include <time.h>

static jmp_buf escape;

/* The length of the code of value, gradient and hvp; 0 when one can't be had. */
static size_t code_length(const char *model) {
  static const char *const x[] = {"x"};
  static const request wanted[] = {{REQUEST_VALUE, "value", NULL, 0, NULL, 0, false},
                                   {REQUEST_GRADIENT, "grad", x, 1, NULL, 0, false},
                                   {REQUEST_PRODUCT, "hvp", x, 1, x, 1, false}};
  session *with = session_open("model.adj", "model", model, strlen(model), NULL, 0, NULL);
  bool good = with && !session_failed(with);
  for (int k = 0; good && k < 3; k++) good = session_request(with, &wanted[k]) == k;
  const char *code = good ? session_jit_text(with) : NULL;
  size_t length = code ? strlen(code) : 0;
  if (!good && with) fputs(session_diagnostics(with), stderr);
  session_close(with);
  return length;
}

static arena *memory_for_models(void) {
  arena *memory = arena_create();
  CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
  arena_set_escape(memory, &escape);
  return memory;
}

static double seconds_since(clock_t began) {
  return (double)(clock() - began) / CLOCKS_PER_SEC;
}

static void chained_definitions_stay_linear(void) {
  arena *memory = memory_for_models();
  size_t hundred = code_length(chained_model(memory, 100));
  clock_t began = clock();
  size_t thousand = code_length(chained_model(memory, 1000));
  CU_ASSERT(hundred > 0 && thousand > 0);
  CU_ASSERT(thousand < 12 * hundred);
  CU_ASSERT(seconds_since(began) < 20); /* sanitized, on a slow machine; it takes well under a second */
  arena_release(memory);
}

/* The most loops that one function of the header has. */
static int loops_of_longest_function(const char *header) {
  int most = 0, loops = 0;
  for (const char *line = header; *line; line++) {
    const char *end = strchr(line, '\n');
    if (*line == '}') loops = 0; /* in the first column: a function ends */
    const char *loop = strstr(line, "for (ptrdiff_t ");
    if (loop && loop < end) loops++;
    if (loops > most) most = loops;
    line = end;
  }
  return most;
}

/* C compilers are slow with long functions. */
static void functions_stay_short(void) {
  static const char *const x[] = {"x"};
  arena *memory = memory_for_models();
  const char *model = chained_model(memory, 300);
  session *with = session_open("model.adj", "model", model, strlen(model), NULL, 0, NULL);
  CU_ASSERT_EQUAL(session_request(with, &(request){REQUEST_GRADIENT, "grad", x, 1, NULL, 0, false}), 0);
  const char *header = session_emit_header(with, &(emission_form){0});
  CU_ASSERT_PTR_NOT_NULL(header);
  if (header) CU_ASSERT(loops_of_longest_function(header) < 100);
  session_close(with);
  arena_release(memory);
}

static void doublings_stay_linear(void) {
  arena *memory = memory_for_models();
  size_t ten = code_length(doubling_model(memory, 10));
  size_t forty = code_length(doubling_model(memory, 40));
  CU_ASSERT(ten > 0 && forty > 0);
  CU_ASSERT(forty < 5 * ten);
  arena_release(memory);
}

static void doublings_are_right(void) {
  static const char *const x[] = {"x"};
  arena *memory = memory_for_models();
  const char *model = doubling_model(memory, 40);
  session *with = session_open("model.adj", "model", model, strlen(model), NULL, 0, NULL);
  int function = session_request(with, &(request){REQUEST_GRADIENT, "grad", x, 1, NULL, 0, false});
  jit_code *code = function == 0 ? session_compile(with) : NULL;
  CU_ASSERT_PTR_NOT_NULL(code);
  if (code) {
    double at = 3, value = 0, gradient = 0, work[4096];
    const void *inputs[] = {&at};
    double *results[] = {&value, &gradient};
    ptrdiff_t extents[1] = {0};
    CU_ASSERT(jit_workspace(code, 0)(extents) <= 4096);
    CU_ASSERT_EQUAL(jit_entry(code, 0)(extents, inputs, NULL, results, work), 0);
    CU_ASSERT_EQUAL(value, 9 * 0x1p41);
    CU_ASSERT_EQUAL(gradient, 6 * 0x1p41);
  }
  jit_release(code);
  session_close(with);
  arena_release(memory);
}

int main(void) {
  if (setjmp(escape) || CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("long models", NULL, NULL);
  CU_add_test(suite, "chained definitions", chained_definitions_stay_linear);
  CU_add_test(suite, "functions in pieces", functions_stay_short);
  CU_add_test(suite, "doublings: size", doublings_stay_linear);
  CU_add_test(suite, "doublings: values", doublings_are_right);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
