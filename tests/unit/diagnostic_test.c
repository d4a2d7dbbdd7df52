/* Diagnostics as JSON: every line is an object with the same members, whatever bytes the text holds. */
#include "compiler/base/diagnostic.h"
#include <CUnit/Basic.h>
#include <jansson.h>
#include <string.h>

static arena *memory;
static jmp_buf escape;

static diagnostics *about(const char *content) {
  return diagnostics_create(memory, source_create(memory, "model.adj", content, strlen(content)));
}

static const char *written(const diagnostics *from) {
  text out = text_create(memory);
  diagnostics_write_json(from, &out);
  return out.data;
}

/* Line number `line`, from 0, as an object; NULL when there is none or it is none. */
static json_t *object_at(const char *lines, int line) {
  for (; line > 0 && *lines; line--) lines += strcspn(lines, "\n") + 1;
  return *lines ? json_loadb(lines, strcspn(lines, "\n"), JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static int count_lines(const char *lines) {
  int count = 0;
  for (; *lines; lines++) count += *lines == '\n';
  return count;
}

static json_int_t whole(const json_t *from, const char *member) {
  const json_t *value = json_object_get(from, member);
  return json_is_integer(value) ? json_integer_value(value) : -1;
}

static int is_text(const json_t *from, const char *member, const char *expected) {
  const char *value = json_string_value(json_object_get(from, member));
  return value && !strcmp(value, expected);
}

static void members(void) {
  diagnostics *from = about("var x\nminimize é+lamda\n");
  diagnose(from, CODE_UNKNOWN_NAME, (span){18, 23}, "unknown name '%s'", "lamda");
  diagnose_hint(from, "did you mean 'lambda'?");
  diagnose_fix(from, (span){18, 23}, "%s", "lambda");
  diagnose_note(from, (span){4, 5}, "x is here");
  json_t *read = object_at(written(from), 0);
  CU_ASSERT_PTR_NOT_NULL_FATAL(read);
  CU_ASSERT_EQUAL(json_object_size(read), 13);
  CU_ASSERT(is_text(read, "file", "model.adj"));
  CU_ASSERT_EQUAL(whole(read, "begin"), 18);
  CU_ASSERT_EQUAL(whole(read, "end"), 23);
  CU_ASSERT_EQUAL(whole(read, "line"), 2);
  CU_ASSERT_EQUAL(whole(read, "column"), 12); /* the é is one column and two bytes */
  CU_ASSERT_EQUAL(whole(read, "endLine"), 2);
  CU_ASSERT_EQUAL(whole(read, "endColumn"), 17);
  CU_ASSERT(is_text(read, "severity", "error"));
  CU_ASSERT(is_text(read, "code", "unknown-name"));
  CU_ASSERT(is_text(read, "message", "unknown name 'lamda'"));
  CU_ASSERT(is_text(read, "hint", "did you mean 'lambda'?"));
  const json_t *note = json_array_get(json_object_get(read, "notes"), 0), *fix = json_object_get(read, "fix");
  CU_ASSERT(is_text(note, "message", "x is here"));
  CU_ASSERT_EQUAL(whole(note, "begin"), 4);
  CU_ASSERT_EQUAL(whole(note, "column"), 5);
  CU_ASSERT_EQUAL(whole(fix, "begin"), 18);
  CU_ASSERT_EQUAL(whole(fix, "end"), 23);
  CU_ASSERT(is_text(fix, "replacement", "lambda"));
  json_decref(read);
}

/* Without a place, a hint, notes or an edit. */
static void nothing_known(void) {
  diagnostics *from = about("");
  diagnose_warning(from, CODE_EMPTY_MODEL, (span){0, 0}, "the model is empty");
  text bare = text_create(memory);
  diagnostic_write_bare_json(SEVERITY_WARNING, CODE_EMPTY_MODEL, "the model is empty", &bare);
  json_t *read = object_at(written(from), 0), *placeless = object_at(bare.data, 0);
  CU_ASSERT_PTR_NOT_NULL_FATAL(read);
  CU_ASSERT_PTR_NOT_NULL_FATAL(placeless);
  static const char *const absent[] = {"begin", "end", "line", "column", "endLine", "endColumn", "hint", "fix"};
  for (size_t k = 0; k < sizeof absent / sizeof *absent; k++) {
    CU_ASSERT(json_is_null(json_object_get(read, absent[k])));
    CU_ASSERT(json_is_null(json_object_get(placeless, absent[k])));
  }
  CU_ASSERT_EQUAL(json_array_size(json_object_get(read, "notes")), 0);
  CU_ASSERT(json_is_array(json_object_get(read, "notes")));
  CU_ASSERT(is_text(read, "file", "model.adj"));
  CU_ASSERT(json_is_null(json_object_get(placeless, "file")));
  CU_ASSERT(is_text(placeless, "severity", "warning"));
  json_decref(read);
  json_decref(placeless);
}

/* All that are kept are written, in the order of the text; then how many were only counted. */
static void more_than_are_kept(void) {
  enum { LENGTH = 1500 };
  char content[LENGTH + 1];
  memset(content, 'x', LENGTH);
  content[LENGTH] = '\0';
  diagnostics *from = about(content);
  for (uint32_t k = LENGTH; k-- > 0;) diagnose(from, CODE_UNKNOWN_NAME, (span){k, k + 1}, "number %d", (int)k);
  const char *lines = written(from);
  int count = count_lines(lines);
  CU_ASSERT_EQUAL(count, 1001);
  json_t *first = object_at(lines, 0), *last = object_at(lines, count - 1);
  CU_ASSERT_EQUAL(whole(first, "begin"), 500);
  CU_ASSERT(is_text(last, "code", "not-listed"));
  CU_ASSERT(is_text(last, "message", "and 500 more"));
  CU_ASSERT_EQUAL(whole(last, "dropped"), 500);
  json_decref(first);
  json_decref(last);
}

/* Quotes, control characters, halves of characters, surrogates: what is written is UTF-8 and JSON. */
static void any_bytes(void) {
  for (int first = 1; first < 256; first++)
    for (int second = 1; second < 256; second += first < 0xC0 ? 254 : 1) {
      char message[] = {(char)first, (char)second, 'a', '\0'};
      text out = text_create(memory);
      diagnostic_write_bare_json(SEVERITY_ERROR, CODE_INPUT, message, &out);
      json_t *read = object_at(out.data, 0);
      if (!read || count_lines(out.data) != 1) CU_FAIL("not JSON");
      json_decref(read);
    }
  text out = text_create(memory);
  diagnostic_write_bare_json(SEVERITY_ERROR, CODE_INPUT, "\xed\xa0\x80 \xf4\x90\x80\x80 \xf0\x9f\x98\x80 \\\"\n", &out);
  json_t *read = object_at(out.data, 0);
  CU_ASSERT(is_text(read, "message",
                    "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD "
                    "\xf0\x9f\x98\x80 \\\"\n"));
  json_decref(read);
}

/* Columns are counted from the last block of the text, not from its line's start; they agree with plain counting. */
static void columns_of_long_lines(void) {
  enum { LENGTH = 5 * SOURCE_BLOCK };
  char *content = arena_array(memory, char, LENGTH + 1);
  for (int k = 0; k < LENGTH; k++) content[k] = "a\xC3\xA9"[k % 3];
  content[SOURCE_BLOCK + 7] = '\n';
  const source *from = source_create(memory, "model.adj", content, LENGTH);
  int line = 1, column = 1, right = 1;
  for (uint32_t k = 0; k < LENGTH; k++) {
    position at = source_position(from, k);
    if ((content[k] & 0xC0) != 0x80) right = right && at.line == line && at.column == column;
    if ((content[k] & 0xC0) != 0x80) column++;
    if (content[k] == '\n') line++, column = 1;
  }
  CU_ASSERT(right);
}

/* What editors read is JSON. */
static void editor_files(void) {
  static const char *const paths[] = {"grammar/editors/vscode/package.json",
                                      "grammar/editors/vscode/language-configuration.json",
                                      "grammar/editors/vscode/syntaxes/adjoin.tmLanguage.json"};
  for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
    json_t *read = json_load_file(paths[k], JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT(json_is_object(read));
    json_decref(read);
  }
}

int main(void) {
  memory = arena_create();
  if (!memory || setjmp(escape)) return 2;
  arena_set_escape(memory, &escape);
  if (CU_initialize_registry()) return 2;
  CU_pSuite suite = CU_add_suite("diagnostic", NULL, NULL);
  CU_add_test(suite, "every member", members);
  CU_add_test(suite, "nothing known", nothing_known);
  CU_add_test(suite, "more than are kept", more_than_are_kept);
  CU_add_test(suite, "any bytes", any_bytes);
  CU_add_test(suite, "columns of long lines", columns_of_long_lines);
  CU_add_test(suite, "the editors' files", editor_files);
  CU_basic_run_tests();
  int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  arena_release(memory);
  return failures > 0;
}
