/* Files that are written only where they change. */
#define _XOPEN_SOURCE 700 /* symlink, lstat */
#include "runtime/file.h"
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/adjoin-file-test-XXXXXX";

static const char *path_of(const char *name) {
  static char path[4][256];
  static int next;
  char *made = path[next++ % 4];
  snprintf(made, sizeof path[0], "%s/%s", folder, name);
  return made;
}

static bool update(const char *path, const char *first, const char *second) {
  array_error error;
  const file_piece pieces[] = {{first, strlen(first)}, {"", 0}, {second, strlen(second)}};
  return file_update(path, pieces, 3, &error);
}

/* A file that was replaced is another one. */
static ino_t number_of(const char *path) {
  struct stat about;
  CU_ASSERT_EQUAL_FATAL(lstat(path, &about), 0);
  return about.st_ino;
}

static void expect_content(const char *path, const char *wanted) {
  array_error error;
  size_t length;
  char *found = file_read(path, 1 << 20, &length, &error);
  CU_ASSERT_PTR_NOT_NULL_FATAL(found);
  CU_ASSERT_STRING_EQUAL(found, wanted);
  free(found);
}

static void the_same_bytes_are_left_alone(void) {
  const char *path = path_of("same");
  CU_ASSERT(update(path, "one, ", "two"));
  ino_t before = number_of(path);
  CU_ASSERT(update(path, "one", ", two"));
  CU_ASSERT_EQUAL(number_of(path), before);
  expect_content(path, "one, two");
}

static void other_bytes_are_written(void) {
  static const char *const others[] = {"one, tw", "one, two.", "One, two", "", "one, two"};
  const char *path = path_of("other");
  CU_ASSERT(update(path, "one, two", ""));
  CU_ASSERT_EQUAL(chmod(path, 0640), 0);
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
    ino_t before = number_of(path);
    CU_ASSERT(update(path, others[k], ""));
    CU_ASSERT_NOT_EQUAL(number_of(path), before);
    expect_content(path, others[k]);
  }
  struct stat about;
  CU_ASSERT_EQUAL(stat(path, &about), 0);
  CU_ASSERT_EQUAL(about.st_mode & 0777, 0640);
}

/* More than is read at once. */
static void long_files_are_compared_to_their_end(void) {
  enum { LENGTH = 100000 };
  char *content = malloc(LENGTH + 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(content);
  memset(content, 'x', LENGTH);
  content[LENGTH] = '\0';
  const char *path = path_of("long");
  CU_ASSERT(update(path, content, "end"));
  ino_t before = number_of(path);
  CU_ASSERT(update(path, content, "end"));
  CU_ASSERT_EQUAL(number_of(path), before);
  CU_ASSERT(update(path, content, "enD"));
  CU_ASSERT_NOT_EQUAL(number_of(path), before);
  free(content);
}

static void links_stay_links(void) {
  const char *path = path_of("linked"), *link = path_of("link");
  CU_ASSERT(update(path, "a", ""));
  CU_ASSERT_EQUAL_FATAL(symlink("linked", link), 0);
  CU_ASSERT(file_is_same(path, link));
  ino_t before = number_of(link);
  CU_ASSERT(update(link, "b", ""));
  CU_ASSERT_EQUAL(number_of(link), before);
  expect_content(path, "b");
}

static void what_is_no_file_is_refused(void) {
  CU_ASSERT_FALSE(update(folder, "a", ""));
  CU_ASSERT_FALSE(update(path_of("absent/file"), "a", ""));
  CU_ASSERT_FALSE(file_is_same(path_of("absent"), path_of("absent")));
  CU_ASSERT(update("/dev/null", "a", ""));
}

int main(void) {
  static const CU_TestInfo tests[] = {
      {"the same bytes are left alone", the_same_bytes_are_left_alone},
      {"other bytes are written", other_bytes_are_written},
      {"long files are compared to their end", long_files_are_compared_to_their_end},
      {"links stay links", links_stay_links},
      {"what is no file is refused", what_is_no_file_is_refused},
  };
  if (!mkdtemp(folder) || CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("file", NULL, NULL);
  for (size_t k = 0; k < sizeof tests / sizeof tests[0]; k++) CU_add_test(suite, tests[k].pName, tests[k].pTestFunc);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  static const char *const made[] = {"same", "other", "long", "link", "linked"};
  for (size_t k = 0; k < sizeof made / sizeof *made; k++) unlink(path_of(made[k]));
  rmdir(folder);
  return failures > 0;
}
