/* libtcc behind its interface: every library function is there, refusals are reported, code pages are given back,
 * threads do not meet, locales do not matter. */
#include "compiler/jit/jit.h"
#include "compiler/jit/libtcc_host.h"
#include "compiler/scalar/scalar_dag.h"
#include "compiler/session.h"
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
                                       ENTRY " { return absent_function(); }\n" WORKSPACE,
                                       "int getpid(void);\n" ENTRY " { return getpid(); }\n" WORKSPACE}; /* of libc */
  for (size_t k = 0; k < sizeof broken / sizeof *broken; k++) {
    text errors = text_create(memory);
    CU_ASSERT_PTR_NULL(jit_compile(broken[k], &errors));
    CU_ASSERT(errors.length > 0);
  }
  arena_release(memory);
}

/* ---- code pages ---- */

typedef struct {
  size_t executable; /* bytes, outside of any file */
  int count;         /* of all mappings */
} mappings;

/* /proc/self/maps, a mapping a line: from-to access offset device inode path. */
static mappings mapped_now(void) {
  mappings sum = {0, 0};
  FILE *maps = fopen("/proc/self/maps", "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(maps);
  char line[4352];
  while (fgets(line, sizeof line, maps)) {
    unsigned long long from, to, inode;
    char access[5], path[2] = "";
    int read = sscanf(line, "%llx-%llx %4s %*s %*s %llu %1s", &from, &to, access, &inode, path);
    if (read >= 4 && access[2] == 'x' && inode == 0 && path[0] == '\0') sum.executable += (size_t)(to - from);
    sum.count++;
  }
  fclose(maps);
  return sum;
}

static jit_code *compile_constant(arena *memory) {
  text errors = text_create(memory);
  return jit_compile(ENTRY " { results[0][0] = 1; return 0; }\n" WORKSPACE, &errors);
}

static void code_pages_are_given_back(void) {
  enum { HELD = 16, CYCLES = 500 };
  arena *memory = begin();
  jit_code *held[HELD];
  jit_release(compile_constant(memory));
  const mappings before = mapped_now();
  for (int k = 0; k < HELD; k++) held[k] = compile_constant(memory);
  CU_ASSERT(mapped_now().executable >= before.executable + HELD * 4096u); /* they would be seen */
  for (int k = 0; k < HELD; k++) {
    CU_ASSERT_EQUAL(value_of(held[k]), 1.0);
    jit_release(held[k]);
  }
  CU_ASSERT_EQUAL(mapped_now().executable, before.executable);
  for (int k = 0; k < CYCLES; k++) jit_release(compile_constant(memory));
  CU_ASSERT_EQUAL(mapped_now().executable, before.executable);
  CU_ASSERT(mapped_now().count < before.count + HELD); /* the heap may grow by a few */
  arena_release(memory);
}

/* What libtcc refuses leaves nothing behind either, at whichever step. */
static void refused_code_leaves_no_pages(void) {
  arena *memory = begin();
  static const char *const broken[] = {"int adjoin_entry_0( {", ENTRY " { return absent_function(); }\n" WORKSPACE};
  jit_release(compile_constant(memory));
  const mappings before = mapped_now();
  for (int k = 0; k < 200; k++) {
    text errors = text_create(memory);
    CU_ASSERT_PTR_NULL(jit_compile(broken[k % 2], &errors));
  }
  CU_ASSERT_EQUAL(mapped_now().executable, before.executable);
  CU_ASSERT(mapped_now().count < before.count + 16);
  arena_release(memory);
}

/* From text to code: it outlives its session, and goes with jit_release. */
static void models_give_their_pages_back(void) {
  static const char model[] = "dim n\nvar x[n]\nminimize sum(x^2)\n";
  static const char *const x[] = {"x"};
  const mappings before = mapped_now();
  for (int k = 0; k < 100; k++) {
    session *with = session_open("model.adj", "model", model, strlen(model), NULL, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(with);
    CU_ASSERT_EQUAL(session_request(with, &(request){REQUEST_GRADIENT, "grad", x, 1, NULL, 0, false}), 0);
    jit_code *code = session_compile(with, 0);
    session_close(with);
    CU_ASSERT_PTR_NOT_NULL_FATAL(code);
    const double at[2] = {1, 2};
    const void *inputs[1] = {at};
    double value = 0, gradient[2] = {0, 0}, work[64], *results[2] = {&value, gradient};
    const ptrdiff_t extents[1] = {2};
    CU_ASSERT_FATAL(jit_workspace(code, 0)(extents) <= 64);
    CU_ASSERT_EQUAL(jit_entry(code, 0)(extents, inputs, NULL, results, work), 0);
    CU_ASSERT(value == 5 && gradient[0] == 2 && gradient[1] == 4);
    CU_ASSERT(mapped_now().executable > before.executable);
    jit_release(code);
    CU_ASSERT_EQUAL(mapped_now().executable, before.executable);
  }
}

static void call_library_function(const char *type, const char *name, const char *arguments) {
  arena *memory = begin();
  text errors = text_create(memory), code = text_create(memory);
  text_format(&code, "%s %s();\n" ENTRY " { results[0][0] = %s(%s); return 0; }\n" WORKSPACE, type, name, name,
              arguments);
  jit_code *made = jit_compile(code.data, &errors);
  if (!made) printf("\n%s: %s", name, errors.data);
  CU_ASSERT_PTR_NOT_NULL(made);
  jit_release(made);
  arena_release(memory);
}

/* A row of the op table that is spelled as a library function can be called, for double and for float. */
static void every_library_function_is_there(void) {
  static const char *const arguments[] = {"", "0.5", "0.5, 0.5", "0.5, 0.5, 0.5"};
  for (int op = 0; op < SCALAR_OP_COUNT; op++) {
    const scalar_op_row *row = scalar_row((scalar_op)op);
    if (!row || row->flags & (OP_INFIX | OP_PREFIX | OP_HELPER)) continue;
    call_library_function("double", row->spelling_double, arguments[row->arity]);
    call_library_function("float", row->spelling_float, arguments[row->arity]);
  }
  call_library_function("double", "fmod", arguments[2]); /* of the helpers alone */
  call_library_function("float", "fmodf", arguments[2]);
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
  CU_ADD_TEST(suite, code_pages_are_given_back);
  CU_ADD_TEST(suite, refused_code_leaves_no_pages);
  CU_ADD_TEST(suite, models_give_their_pages_back);
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
