/* libadjoin: contexts, models and what they declare, and what is told of a text that is wrong. */
#include "tests/unit/library_fixture.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* ---- contexts ---- */

static void versions_and_words(void) {
  CU_ASSERT_STRING_EQUAL(adjoin_version(), ADJOIN_VERSION);
  for (int k = ADJOIN_OK; k <= ADJOIN_NUMERICS; k++)
    for (int other = ADJOIN_OK; other < k; other++)
      CU_ASSERT_STRING_NOT_EQUAL(adjoin_status_text((adjoin_status)k), adjoin_status_text((adjoin_status)other));
  CU_ASSERT_STRING_EQUAL(adjoin_status_text(ADJOIN_BINDING), "the arrays do not fit the model");
  CU_ASSERT_STRING_EQUAL(adjoin_status_text((adjoin_status)99), "unknown status");
}

static adjoin_status open_in(adjoin_context *context, const char *text, adjoin_model **model) {
  return adjoin_model_from_text(context, "model.adj", text, strlen(text), model);
}

/* Settings hold for models made afterwards, and a model outlives its context. */
static void settings_hold_afterwards(void) {
  heard first, second;
  adjoin_context *context = context_with(&first);
  adjoin_model *early, *late;
  const adjoin_function *none;
  CU_ASSERT_EQUAL(open_in(context, "dim n\nvar x[n]\nminimize sum(x)\n", &early), ADJOIN_OK);
  memset(&second, 0, sizeof second);
  adjoin_context_receive(context, hear, &second);
  CU_ASSERT_EQUAL(adjoin_context_fix(context, "n", 4), ADJOIN_OK);
  CU_ASSERT_EQUAL(open_in(context, "dim n\nvar x[n]\nminimize sum(x)\n", &late), ADJOIN_OK);
  adjoin_context_receive(context, NULL, NULL);
  CU_ASSERT_EQUAL(open_in(context, "nonsense", &(adjoin_model *){NULL}), ADJOIN_MODEL);
  adjoin_context_release(context);
  CU_ASSERT_STRING_EQUAL(adjoin_input(early, 0)->extents[0], "n");
  CU_ASSERT_STRING_EQUAL(adjoin_input(late, 0)->extents[0], "4");
  CU_ASSERT_EQUAL(adjoin_extent_count(early), 1);
  CU_ASSERT_EQUAL(adjoin_extent_count(late), 0);
  adjoin_function_get(early, "grad", "y", NULL, 0, &none);
  CU_ASSERT(first.count == 1 && second.count == 0);
  adjoin_function_get(late, "grad", "y", NULL, 0, &none);
  CU_ASSERT(first.count == 1 && second.count == 1);
  adjoin_model_release(early);
  adjoin_model_release(late);
}

static void extents_are_fixed(void) {
  heard told;
  adjoin_context *context = context_with(&told);
  adjoin_model *model;
  CU_ASSERT_EQUAL(adjoin_context_fix(context, "n", -1), ADJOIN_USE);
  CU_ASSERT_STRING_EQUAL(told.message, "the extent 'n' can't be -1");
  CU_ASSERT_EQUAL(adjoin_context_fix(context, "n", INT64_MAX), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_context_fix(context, "n", 7), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_context_fix(context, "n", 3), ADJOIN_OK); /* the newest value holds */
  CU_ASSERT_EQUAL(open_in(context, "dim n, m = 2*n\nvar x[m]\nminimize sum(x)\n", &model), ADJOIN_OK);
  CU_ASSERT_STRING_EQUAL(adjoin_input(model, 0)->extents[0], "6");
  adjoin_model_release(model);
  CU_ASSERT_EQUAL(open_in(context, "dim k\nvar x[k]\nminimize sum(x)\n", &model), ADJOIN_MODEL);
  CU_ASSERT_PTR_NULL(model);
  CU_ASSERT_STRING_EQUAL(told.message, "the model has no extent 'n' to fix");
  CU_ASSERT_EQUAL(open_in(context, "dim k, n = k\nvar x[k]\nminimize sum(x)\n", &model), ADJOIN_MODEL);
  CU_ASSERT_STRING_EQUAL(told.code, "derived-extent");
  adjoin_context_release(context);
}

/* ---- what a model declares ---- */

static const char declaring[] = "# A model that has everything\n"
                                "model everything\n"
                                "dim N, d, h = 3, m = N - 1  # extents\n"
                                "var w[d] = 1 in [0, inf]  # weights\n"
                                "var b in [-inf, 2]\n"
                                "param W[h, d]\n"
                                "data X[N, d]  # samples\n"
                                "index pick[N] < d\n"
                                "param still = 1\n"
                                "freeze still\n"
                                "let z = X @ w + b\n"
                                "minimize loss = sum(z^2) + still*sum(W)\n"
                                "output r[i < m] = z[i]\n"
                                "output picked = w[pick]\n";

static void check_array(const adjoin_array *of, const char *name, adjoin_role role, const char *extents) {
  CU_ASSERT_PTR_NOT_NULL_FATAL(of);
  CU_ASSERT_STRING_EQUAL(of->name, name);
  CU_ASSERT_EQUAL(of->role, role);
  char all[64] = "";
  for (int k = 0; k < of->rank; k++) {
    strncat(all, k ? "," : "", 2);
    strncat(all, of->extents[k], 20);
  }
  CU_ASSERT_STRING_EQUAL(all, extents);
}

static void declarations_are_listed(void) {
  fixture on;
  open_text(&on, declaring);
  CU_ASSERT_STRING_EQUAL(adjoin_model_name(on.model), "everything");
  CU_ASSERT_EQUAL(adjoin_input_count(on.model), 6);
  check_array(adjoin_input(on.model, 0), "w", ADJOIN_VAR, "d");
  check_array(adjoin_input(on.model, 1), "b", ADJOIN_VAR, "");
  check_array(adjoin_input(on.model, 2), "W", ADJOIN_PARAM, "3,d");
  check_array(adjoin_input(on.model, 3), "X", ADJOIN_DATA, "N,d");
  check_array(adjoin_input(on.model, 4), "pick", ADJOIN_INDEX, "N");
  check_array(adjoin_input(on.model, 5), "still", ADJOIN_PARAM, "");
  CU_ASSERT_STRING_EQUAL(adjoin_input(on.model, 0)->comment, "weights");
  CU_ASSERT_STRING_EQUAL(adjoin_input(on.model, 3)->comment, "samples");
  CU_ASSERT_STRING_EQUAL(adjoin_input(on.model, 2)->comment, "");
  const adjoin_array *w = adjoin_input(on.model, 0), *b = adjoin_input(on.model, 1), *W = adjoin_input(on.model, 2);
  CU_ASSERT(w->has_start && w->has_lower && w->has_upper);
  CU_ASSERT(!b->has_start && b->has_lower && b->has_upper);
  CU_ASSERT(!W->has_start && !W->has_lower && !W->has_upper);
  CU_ASSERT(!w->frozen && adjoin_input(on.model, 5)->frozen && adjoin_input(on.model, 5)->has_start);
  CU_ASSERT_EQUAL(adjoin_output_count(on.model), 3);
  check_array(adjoin_output(on.model, 0), "loss", ADJOIN_OBJECTIVE, "");
  check_array(adjoin_output(on.model, 1), "r", ADJOIN_OUTPUT, "N - 1");
  check_array(adjoin_output(on.model, 2), "picked", ADJOIN_OUTPUT, "N");
  CU_ASSERT_PTR_NULL(adjoin_input(on.model, -1));
  CU_ASSERT_PTR_NULL(adjoin_input(on.model, 6));
  CU_ASSERT_PTR_NULL(adjoin_output(on.model, 3));
  CU_ASSERT_PTR_NULL(adjoin_output(on.model, -1));
  close_all(&on);
}

static void names_are_found(void) {
  fixture on;
  open_text(&on, declaring);
  int number = 7;
  CU_ASSERT_PTR_EQUAL(adjoin_find(on.model, "X", &number), adjoin_input(on.model, 3));
  CU_ASSERT_EQUAL(number, 3);
  CU_ASSERT_PTR_EQUAL(adjoin_find(on.model, "r", &number), adjoin_output(on.model, 1));
  CU_ASSERT_EQUAL(number, -1);
  CU_ASSERT_PTR_EQUAL(adjoin_find(on.model, "loss", NULL), adjoin_output(on.model, 0));
  check_array(adjoin_find(on.model, "z", NULL), "z", ADJOIN_DEFINITION, "N");
  CU_ASSERT_PTR_NULL(adjoin_find(on.model, "y", &number));
  CU_ASSERT_PTR_NULL(adjoin_find(on.model, "N", NULL)); /* an extent is no array */
  CU_ASSERT_EQUAL(adjoin_extent_count(on.model), 2);
  CU_ASSERT_STRING_EQUAL(adjoin_extent_name(on.model, 0), "N");
  CU_ASSERT_STRING_EQUAL(adjoin_extent_name(on.model, 1), "d");
  CU_ASSERT_PTR_NULL(adjoin_extent_name(on.model, 2));
  CU_ASSERT_PTR_NULL(adjoin_extent_name(on.model, -1));
  close_all(&on);
}

static void nothing_has_nothing(void) {
  CU_ASSERT_EQUAL(adjoin_input_count(NULL) + adjoin_output_count(NULL) + adjoin_extent_count(NULL), 0);
  CU_ASSERT_EQUAL(adjoin_seed_count(NULL) + adjoin_result_count(NULL), 0);
  CU_ASSERT_PTR_NULL(adjoin_model_name(NULL));
  CU_ASSERT_PTR_NULL(adjoin_input(NULL, 0));
  CU_ASSERT_PTR_NULL(adjoin_output(NULL, 0));
  CU_ASSERT_PTR_NULL(adjoin_extent_name(NULL, 0));
  CU_ASSERT_PTR_NULL(adjoin_seed_name(NULL, 0));
  CU_ASSERT_PTR_NULL(adjoin_result_name(NULL, 0));
  CU_ASSERT_PTR_NULL(adjoin_find(NULL, "x", NULL));
  adjoin_model_release(NULL);
  adjoin_context_release(NULL);
  adjoin_instance_release(NULL);
  adjoin_context_receive(NULL, hear, NULL);
}

static void a_model_is_called_like_its_file(void) {
  static const char *const names[][2] = {{"dir/rosen-brock.adj", "rosen_brock"},
                                         {"plain", "plain"},
                                         {"2nd.adj", "model_2nd"},
                                         {"", "model_"},
                                         {"/", "model_"},
                                         {".adj", "_adj"}};
  heard told;
  adjoin_context *context = context_with(&told);
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    adjoin_model *model;
    const char text[] = "var x\nminimize x^2\n";
    CU_ASSERT_EQUAL(adjoin_model_from_text(context, names[k][0], text, sizeof text - 1, &model), ADJOIN_OK);
    CU_ASSERT_STRING_EQUAL(adjoin_model_name(model), names[k][1]);
    adjoin_model_release(model);
  }
  adjoin_context_release(context);
}

/* ---- mistakes ---- */

static void mistakes_have_places(void) {
  static const char text[] = "var x\n# \xc3\xa9\xc3\xa9\nminimize x + lamda*x\n";
  heard told;
  adjoin_context *context = context_with(&told);
  adjoin_model *model = (adjoin_model *)&told;
  CU_ASSERT_EQUAL(adjoin_model_from_text(context, "dir/m.adj", text, sizeof text - 1, &model), ADJOIN_MODEL);
  CU_ASSERT_PTR_NULL(model);
  CU_ASSERT(told.count == 1 && told.errors == 1);
  CU_ASSERT_EQUAL(told.status, ADJOIN_MODEL);
  CU_ASSERT_STRING_EQUAL(told.code, "unknown-name");
  CU_ASSERT_STRING_EQUAL(told.file, "dir/m.adj");
  CU_ASSERT(told.line == 3 && told.column == 14);
  CU_ASSERT(!strncmp(text + told.begin, "lamda*", 6) && told.end == told.begin + 5);
  CU_ASSERT_PTR_NOT_NULL(strstr(told.message, "'lamda'"));
  CU_ASSERT_PTR_NOT_NULL(strstr(told.text, "dir/m.adj:3:14: error: "));
  CU_ASSERT_PTR_NOT_NULL(strstr(told.text, "minimize x + lamda*x\n"));
  CU_ASSERT_PTR_NOT_NULL(strstr(told.text, "^~~~~\n"));
  CU_ASSERT_EQUAL(told.text[strlen(told.text) - 1], '\n');
  adjoin_context_release(context);
}

static void columns_count_characters(void) {
  heard told;
  adjoin_context *context = context_with(&told);
  adjoin_model *model;
  CU_ASSERT_EQUAL(open_in(context, "var x; minimize x # \xc3\xa9\n let y = [1; #\xc3\xa9\n q]\n", &model),
                  ADJOIN_MODEL);
  CU_ASSERT(told.line == 3 && told.column == 2);
  adjoin_context_release(context);
}

static void all_mistakes_are_told(void) {
  heard told;
  adjoin_context *context = context_with(&told);
  adjoin_model *model;
  CU_ASSERT_EQUAL(open_in(context, "var x\nlet a = p\nlet b = q +\nminimize r\n", &model), ADJOIN_MODEL);
  CU_ASSERT(told.errors >= 1);
  CU_ASSERT_EQUAL(open_in(context, "var x\nlet a = p\nlet b = q\nminimize r\n", &model), ADJOIN_MODEL);
  CU_ASSERT_EQUAL(told.errors, 4);
  adjoin_context_release(context);
}

static void hints_come_along(void) {
  heard told;
  adjoin_context *context = context_with(&told);
  adjoin_model *model;
  CU_ASSERT_EQUAL(open_in(context, "var weight\nminimize weigth^2\n", &model), ADJOIN_MODEL);
  CU_ASSERT_STRING_EQUAL(told.hint, "did you mean 'weight'?");
  CU_ASSERT_PTR_NOT_NULL(strstr(told.text, "= did you mean 'weight'?"));
  adjoin_context_release(context);
}

static void files_are_read(void) {
  heard told;
  adjoin_context *context = context_with(&told);
  adjoin_model *model;
  CU_ASSERT_EQUAL(adjoin_model_from_file(context, "examples/rosenbrock.adj", &model), ADJOIN_OK);
  CU_ASSERT_STRING_EQUAL(adjoin_model_name(model), "rosenbrock");
  adjoin_model_release(model);
  CU_ASSERT_EQUAL(told.count, 0);
  CU_ASSERT_EQUAL(adjoin_model_from_file(context, "examples/absent.adj", &model), ADJOIN_FILE);
  CU_ASSERT_PTR_NULL(model);
  CU_ASSERT_STRING_EQUAL(told.message, "examples/absent.adj: No such file or directory");
  CU_ASSERT(told.status == ADJOIN_FILE && told.line == 0 && told.begin == told.end);
  CU_ASSERT_STRING_EQUAL(told.text, "adjoin: examples/absent.adj: No such file or directory\n");
  CU_ASSERT_EQUAL(adjoin_model_from_file(context, "examples", &model), ADJOIN_FILE);
  CU_ASSERT_PTR_NOT_NULL(strstr(told.message, "a folder"));
  CU_ASSERT_EQUAL(adjoin_model_from_file(context, "/dev/zero", &model), ADJOIN_FILE);
  CU_ASSERT_EQUAL(adjoin_model_from_file(context, "", &model), ADJOIN_FILE);
  CU_ASSERT_EQUAL(adjoin_model_from_file(context, "README.md", &model), ADJOIN_MODEL);
  adjoin_context_release(context);
}

static void wrong_calls_of_contexts(void) {
  heard told;
  adjoin_context *context = context_with(&told);
  adjoin_model *model = (adjoin_model *)&told;
  CU_ASSERT_EQUAL(adjoin_context_fix(NULL, "n", 1), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_model_from_text(NULL, "m", "var x", 5, &model), ADJOIN_USE);
  CU_ASSERT_PTR_NULL(model);
  CU_ASSERT_EQUAL(adjoin_model_from_file(NULL, "m", &model), ADJOIN_USE);
  CU_ASSERT_EQUAL(told.count, 0);
  CU_ASSERT_EQUAL(adjoin_context_fix(context, NULL, 1), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_model_from_text(context, NULL, "var x", 5, &model), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_model_from_text(context, "m", NULL, 5, &model), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_model_from_text(context, "m", "var x", 5, NULL), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_model_from_file(context, NULL, &model), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_model_from_file(context, "m", NULL), ADJOIN_USE);
  CU_ASSERT(told.count == 6 && told.of_status[ADJOIN_USE] == 6);
  CU_ASSERT_STRING_EQUAL(told.code, "wrong-call");
  adjoin_context_release(context);
}

/* ---- hostile texts ---- */

static adjoin_status open_bytes(const char *text, size_t length, heard *told) {
  adjoin_context *context = context_with(told);
  adjoin_model *model;
  adjoin_status status = adjoin_model_from_text(context, "hostile", text, length, &model);
  CU_ASSERT_EQUAL(status == ADJOIN_OK, model != NULL);
  CU_ASSERT((status == ADJOIN_OK) == (told->errors == 0));
  adjoin_model_release(model);
  adjoin_context_release(context);
  return status;
}

static void empty_texts(void) {
  heard told;
  CU_ASSERT_EQUAL(open_bytes(NULL, 0, &told), ADJOIN_MODEL);
  CU_ASSERT_STRING_EQUAL(told.code, "empty-model");
  CU_ASSERT_EQUAL(told.line, 0);
  CU_ASSERT_EQUAL(open_bytes("", 0, &told), ADJOIN_MODEL);
  CU_ASSERT_EQUAL(open_bytes("# nothing but a comment", 23, &told), ADJOIN_MODEL);
}

static void zeros_in_the_text(void) {
  heard told;
  CU_ASSERT_EQUAL(open_bytes("var x\n\0minimize x^2\n", 20, &told), ADJOIN_MODEL);
  CU_ASSERT_STRING_EQUAL(told.code, "bad-character");
  CU_ASSERT_EQUAL(told.line, 2);
  CU_ASSERT_EQUAL(open_bytes("var x\nminimize x^2\n\0", 19, &told), ADJOIN_OK); /* the length counts */
}

enum { MEGABYTE = 1 << 20 };

static void a_megabyte_of_anything(void) {
  char *text = malloc(MEGABYTE);
  CU_ASSERT_PTR_NOT_NULL_FATAL(text);
  heard told;
  uint32_t state = 1;
  for (size_t k = 0; k < MEGABYTE; k++) text[k] = (char)((state = state * 1664525u + 1013904223u) >> 24);
  CU_ASSERT_EQUAL(open_bytes(text, MEGABYTE, &told), ADJOIN_MODEL);
  static const char *const pieces[] = {"(", "[",    "{ ",      "x",          "-",    "\n",
                                       ";", "let ", "sum[i] ", "if x then ", "\xff", "^"};
  for (size_t piece = 0; piece < sizeof pieces / sizeof *pieces; piece++) {
    size_t length = strlen(pieces[piece]);
    for (size_t k = 0; k < MEGABYTE; k++) text[k] = pieces[piece][k % length];
    CU_ASSERT_EQUAL(open_bytes(text, MEGABYTE, &told), ADJOIN_MODEL);
  }
  free(text);
}

static void too_large_is_refused(void) {
  heard told;
  CU_ASSERT_EQUAL(open_bytes("var x\n", ((size_t)1 << 28) + 1, &told), ADJOIN_MODEL); /* before it is looked at */
  CU_ASSERT_STRING_EQUAL(told.code, "too-long");
}

/* "minimize " opening.. x closing.., nested so deeply. */
static char *nested(const char *opening, const char *closing, int depth) {
  static const char head[] = "var x\nminimize ";
  char *made = malloc(sizeof head + (strlen(opening) + strlen(closing)) * (size_t)depth + 3);
  CU_ASSERT_PTR_NOT_NULL_FATAL(made);
  char *at = made + sprintf(made, "%s", head);
  for (int k = 0; k < depth; k++) at += sprintf(at, "%s", opening);
  *at++ = 'x';
  for (int k = 0; k < depth; k++) at += sprintf(at, "%s", closing);
  strcpy(at, "\n");
  return made;
}

static const char *const nests[][2] = {{"(1+", ")"},
                                       {"-(", ")"},
                                       {"sin(", ")"},
                                       {"x^(", ")"},
                                       {"max(x, ", ")"},
                                       {"(x*x + ", ")"},
                                       {"(if x > 1 then 2 else ", ")"},
                                       {"[", "]"},
                                       {"{ let a = x; ", " }"}};

static void deep_nesting_is_refused(void) {
  for (size_t k = 0; k < sizeof nests / sizeof *nests; k++) {
    heard told;
    char *text = nested(nests[k][0], nests[k][1], 20000);
    CU_ASSERT_EQUAL(open_bytes(text, strlen(text), &told), ADJOIN_MODEL);
    free(text);
  }
}

/* As deep as is allowed, on a stack as small as the header says (the sanitizers' frames are larger). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SMALL_STACK = 1 << 23 };
#else
enum { SMALL_STACK = 1 << 19 };
#endif

static void *derive_nested(void *with) {
  const char *const *nest = with;
  static heard told;
  adjoin_context *context = context_with(&told);
  adjoin_model *model;
  const adjoin_function *product;
  char *text = nested(nest[0], nest[1], 480);
  CU_ASSERT_EQUAL(open_in(context, text, &model), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_function_get(model, "hvp", "x", "x", 0, &product), ADJOIN_OK);
  if (told.count) fputs(told.text, stderr);
  adjoin_model_release(model);
  adjoin_context_release(context);
  free(text);
  return NULL;
}

static void a_small_stack_is_enough(void) {
  for (size_t k = 0; k < 7; k++) {
    pthread_t thread;
    pthread_attr_t attributes;
    CU_ASSERT_EQUAL_FATAL(pthread_attr_init(&attributes), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_attr_setstacksize(&attributes, SMALL_STACK), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, &attributes, derive_nested, (void *)(uintptr_t)nests[k]), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
  }
}

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("libadjoin: models", NULL, NULL);
  CU_ADD_TEST(suite, versions_and_words);
  CU_ADD_TEST(suite, settings_hold_afterwards);
  CU_ADD_TEST(suite, extents_are_fixed);
  CU_ADD_TEST(suite, declarations_are_listed);
  CU_ADD_TEST(suite, names_are_found);
  CU_ADD_TEST(suite, nothing_has_nothing);
  CU_ADD_TEST(suite, a_model_is_called_like_its_file);
  CU_ADD_TEST(suite, mistakes_have_places);
  CU_ADD_TEST(suite, columns_count_characters);
  CU_ADD_TEST(suite, all_mistakes_are_told);
  CU_ADD_TEST(suite, hints_come_along);
  CU_ADD_TEST(suite, files_are_read);
  CU_ADD_TEST(suite, wrong_calls_of_contexts);
  CU_ADD_TEST(suite, empty_texts);
  CU_ADD_TEST(suite, zeros_in_the_text);
  CU_ADD_TEST(suite, a_megabyte_of_anything);
  CU_ADD_TEST(suite, too_large_is_refused);
  CU_ADD_TEST(suite, deep_nesting_is_refused);
  CU_ADD_TEST(suite, a_small_stack_is_enough);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
