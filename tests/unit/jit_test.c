/* libtcc behind its interface: every library function is there, refusals are reported, threads do not meet, locales do
 * not matter. */
#include "compiler/jit/jit.h"
#include "compiler/jit/libtcc_host.h"
#include "compiler/scalar/scalar_dag.h"
#include <CUnit/Basic.h>
#include <libtcc.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

static jmp_buf memory_exhausted;

static arena *begin(void) {
  arena *memory = arena_create();
  arena_set_escape(memory, &memory_exhausted);
  return memory;
}

#define ENTRY                                                                                                          \
  "int adjoin_entry_0(const long *extents, const void *const *inputs, const double *const *seeds,"                     \
  " double *const *results, double *work)"
#define WORKSPACE "unsigned long adjoin_workspace_0(const long *extents) { return extents[0]; }\n"

static double value_of(const jit_code *code) {
  double value = NAN;
  double *results[1] = {&value};
  CU_ASSERT_EQUAL(jit_entry(code, 0)(NULL, NULL, NULL, results, NULL), 0);
  return value;
}

static void code_runs_and_is_released(void) {
  arena *memory = begin();
  text errors = text_create(memory);
  jit_code *code = jit_compile(ENTRY " { results[0][0] = 0.1; return 0; }\n" WORKSPACE, &errors);
  CU_ASSERT_PTR_NOT_NULL_FATAL(code);
  const ptrdiff_t extents[1] = {42};
  CU_ASSERT_EQUAL(value_of(code), 0.1);
  CU_ASSERT_EQUAL(jit_workspace(code, 0)(extents), 42);
  CU_ASSERT_PTR_NULL(jit_entry(code, 1));
  CU_ASSERT_PTR_NULL(jit_workspace(code, -1));
  jit_release(code);
  jit_release(NULL);
  arena_release(memory);
}

static void refusals_say_why(void) {
  arena *memory = begin();
  static const char *const broken[] = {"int adjoin_entry_0( {", "#include <math.h>\n",
                                       ENTRY " { return absent_function(); }\n" WORKSPACE};
  for (size_t k = 0; k < sizeof broken / sizeof *broken; k++) {
    text errors = text_create(memory);
    CU_ASSERT_PTR_NULL(jit_compile(broken[k], &errors));
    CU_ASSERT(errors.length > 0);
  }
  arena_release(memory);
}

/* A row of the op table that is spelled as a library function can be called. */
static void every_library_function_is_there(void) {
  arena *memory = begin();
  for (int op = 0; op < SCALAR_OP_COUNT; op++) {
    const scalar_op_row *row = scalar_row((scalar_op)op);
    if (!row || row->flags & (OP_INFIX | OP_PREFIX | OP_HELPER)) continue;
    static const char *const arguments[] = {"", "0.5", "0.5, 0.5", "0.5, 0.5, 0.5"};
    text errors = text_create(memory), code = text_create(memory);
    text_format(&code, "double %s();\n" ENTRY " { results[0][0] = %s(%s); return 0; }\n" WORKSPACE,
                row->spelling_double, row->spelling_double, arguments[row->arity]);
    jit_code *made = jit_compile(code.data, &errors);
    if (!made) printf("\n%s: %s", row->name, errors.data);
    CU_ASSERT_PTR_NOT_NULL(made);
    jit_release(made);
  }
  arena_release(memory);
}

static void aggregates_are_copied_and_cleared(void) {
  arena *memory = begin();
  text errors = text_create(memory);
  jit_code *code = jit_compile(
      "struct pair { double a[9], b; };\n" ENTRY
      " { struct pair x = {{1}, 2}, y; y = x; results[0][0] = y.a[0] + y.a[8] + y.b; return 0; }\n" WORKSPACE,
      &errors);
  CU_ASSERT_PTR_NOT_NULL_FATAL(code);
  CU_ASSERT_EQUAL(value_of(code), 3.0);
  jit_release(code);
  arena_release(memory);
}

/* Where the machine has no locale with a decimal comma, nothing is tested. */
static void the_locale_does_not_matter(void) {
  arena *memory = begin();
  static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
  for (size_t k = 0; k < sizeof commas / sizeof *commas && !setlocale(LC_ALL, commas[k]);) k++;
  text errors = text_create(memory);
  jit_code *code = jit_compile(ENTRY " { results[0][0] = 2.75e-1; return 0; }\n" WORKSPACE, &errors);
  setlocale(LC_ALL, "C");
  CU_ASSERT_PTR_NOT_NULL_FATAL(code);
  CU_ASSERT_EQUAL(value_of(code), 0.275);
  jit_release(code);
  arena_release(memory);
}

/* What libtcc calls when an assertion of its own fails. */
_Noreturn void libtcc_host_assert_fail(const char *assertion, const char *file, unsigned line, const char *function);

/* libtcc is left in the middle of its work, and works all the same the next time. */
static void an_assertion_is_survived(void) {
  jmp_buf escape;
  if (!setjmp(escape)) {
    libtcc_host_begin(&escape);
    tcc_new();
    libtcc_host_assert_fail("0", "libtcc.c", 1, "tcc_new");
  }
  CU_ASSERT(libtcc_host_end()); /* it was not for memory */
  code_runs_and_is_released();
}

static void *compile_often(void *good) {
  arena *memory = arena_create();
  jmp_buf exhausted;
  arena_set_escape(memory, &exhausted);
  if (setjmp(exhausted)) return NULL;
  *(int *)good = 0;
  for (int k = 0; k < 50; k++) {
    text errors = text_create(memory);
    text code = text_create(memory);
    text_format(&code, "double sin(double);\n" ENTRY " { results[0][0] = sin(%d.0); return 0; }\n" WORKSPACE, k);
    jit_code *made = jit_compile(code.data, &errors);
    if (made && value_of(made) == sin((double)k)) ++*(int *)good;
    jit_release(made);
  }
  arena_release(memory);
  return NULL;
}

static void threads_compile_side_by_side(void) {
  pthread_t threads[4];
  int good[4];
  for (int k = 0; k < 4; k++) CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[k], NULL, compile_often, &good[k]), 0);
  for (int k = 0; k < 4; k++) {
    pthread_join(threads[k], NULL);
    CU_ASSERT_EQUAL(good[k], 50);
  }
}

int main(void) {
  if (setjmp(memory_exhausted) != 0 || CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("jit", NULL, NULL);
  CU_ADD_TEST(suite, code_runs_and_is_released);
  CU_ADD_TEST(suite, refusals_say_why);
  CU_ADD_TEST(suite, every_library_function_is_there);
  CU_ADD_TEST(suite, aggregates_are_copied_and_cleared);
  CU_ADD_TEST(suite, the_locale_does_not_matter);
  CU_ADD_TEST(suite, an_assertion_is_survived);
  CU_ADD_TEST(suite, threads_compile_side_by_side);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
