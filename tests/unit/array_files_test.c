/* Array files: those that NumPy and safetensors made (tests/data/files), what the writers make, lying files
 * (tests/data/lying), and files so large that they are mapped. Runs in the folder above tests/. */
#define _DEFAULT_SOURCE /* mkdtemp */
#include "runtime/array.h"

#include <CUnit/Basic.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/adjoin-files-XXXXXX";

static const char *path_of(const char *name, char *into, size_t size) {
  snprintf(into, size, "%s/%s", folder, name);
  return into;
}

static char *content(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  char *bytes = malloc(1 << 20);
  CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
  *size = fread(bytes, 1, 1 << 20, file);
  fclose(file);
  return bytes;
}

/* Rank and extents agree; entries to the bit, where any nan is as good as another. */
static bool same_arrays(const host_array *one, const host_array *other) {
  if (one->rank != other->rank || memcmp(one->extents, other->extents, (size_t)one->rank * sizeof *one->extents))
    return false;
  for (int64_t k = 0; k < host_array_count(one); k++)
    if (memcmp(&one->entries[k], &other->entries[k], sizeof(double)) &&
        !(isnan(one->entries[k]) && isnan(other->entries[k])))
      return false;
  return true;
}

/* Whether a number is written with a point shows up to 2^53 only. */
static bool is_small(const host_array *of) {
  for (int64_t k = 0; k < host_array_count(of); k++)
    if (fabs(of->entries[k]) >= 0x1p53) return false;
  return true;
}

static void real_files_are_read(void) {
  array_file expected;
  array_error error = {""};
  CU_ASSERT_FATAL(array_file_read("tests/data/files/expected.json", &expected, &error));
  CU_ASSERT(expected.part_count > 60);
  for (int k = 0; k < expected.part_count; k++) {
    char path[200];
    host_array got;
    snprintf(path, sizeof path, "tests/data/files/%s", expected.parts[k].name);
    bool good = array_read(path, &got, &error);
    if (!good) printf("%s\n", error.message);
    CU_ASSERT_FATAL(good);
    good = same_arrays(&got, &expected.parts[k].array);
    if (is_small(&got)) good = good && got.whole == expected.parts[k].array.whole;
    if (!good) printf("%s differs\n", path);
    CU_ASSERT(good);
    host_array_release(&got);
  }
  array_file_release(&expected);
}

static void one_array_is_chosen(void) {
  static const char *const refused[][2] = {
      {"savez.npz", "it holds 4 arrays (f.0.weight, f.0.bias, count, order), where one is needed"},
      {"savez.npz", "choose one, as in tests/data/files/savez.npz:f.0.weight"},
      {"state.safetensors", "it holds 4 arrays"},
      {"object.json", "it holds 3 arrays (W, b, s)"},
      {"savez.npz:f.0", "not one array in it is named 'f.0'; there are f.0.weight, f.0.bias, count, order"},
      {"state.safetensors:", "not one array in it is named ''"},
      {"table.csv:z", "not one array in it is named 'z'; there are t, y"},
      {"nested.json:a", "there are no named arrays in it"},
      {"f8.npy:x", "there are no named arrays in it"},
      {"savez.npx:x", "the name ends in none of .npy, .npz, .safetensors, .csv, .json"},
  };
  for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++) {
    char path[200];
    host_array got;
    array_error error = {""};
    snprintf(path, sizeof path, "tests/data/files/%s", refused[k][0]);
    CU_ASSERT_FALSE(array_read(path, &got, &error));
    CU_ASSERT_PTR_NULL(got.entries);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, refused[k][1]));
  }
}

/* A file whose own name has the ending and the colon of a selector is that file. */
static void colons_in_names_are_no_selectors(void) {
  char path[200];
  array_error error = {""};
  host_array wrote = {.rank = 1, .extents = {1}, .entries = (double[]){3}}, got;
  CU_ASSERT_FATAL(array_write(path_of("a.npy:b.npy", path, sizeof path), &wrote, &error));
  CU_ASSERT_FATAL(array_read(path, &got, &error));
  CU_ASSERT(same_arrays(&wrote, &got));
  host_array_release(&got);
  unlink(path);
}

/* ---- writing ---- */

static const char *const names[] = {"b", "a.0", "n"};
static const host_array arrays[] = {
    {.rank = 2, .extents = {2, 2}, .entries = (double[]){0.1, -0.0, INFINITY, 5e-324}},
    {.rank = 1, .extents = {3}, .entries = (double[]){1.5, -2.5, 3.5}},
    {.rank = 1, .extents = {2}, .entries = (double[]){3, -4}, .whole = true},
};

static void expect_bytes(const char *path, const char *expected) {
  size_t size, expected_size;
  char *bytes = content(path, &size), *expected_bytes = content(expected, &expected_size);
  CU_ASSERT(size == expected_size && !memcmp(bytes, expected_bytes, size));
  free(bytes);
  free(expected_bytes);
}

/* The bytes of the file `part` stand in the file at `path`: a stored member of an archive. */
static void expect_within(const char *path, const char *part) {
  size_t size, part_size, at = 0;
  char *bytes = content(path, &size), *part_bytes = content(part, &part_size);
  while (at + part_size <= size && memcmp(bytes + at, part_bytes, part_size)) at++;
  CU_ASSERT(at + part_size <= size);
  free(bytes);
  free(part_bytes);
}

static void writers_agree_with_the_libraries(void) {
  char path[200];
  array_error error = {""};
  path_of("w.safetensors", path, sizeof path);
  CU_ASSERT_FATAL(array_file_write(path, 3, names, arrays, ARRAY_FLOAT64, &error));
  expect_bytes(path, "tests/data/files/writer.safetensors");
  CU_ASSERT_FATAL(array_file_write(path, 3, names, arrays, ARRAY_FLOAT32, &error));
  expect_bytes(path, "tests/data/files/writer_float32.safetensors");
  unlink(path);
  path_of("w.npz", path, sizeof path);
  CU_ASSERT_FATAL(array_file_write(path, 3, names, arrays, ARRAY_FLOAT64, &error));
  expect_within(path, "tests/data/files/writer_b.npy");
  expect_within(path, "tests/data/files/writer_n.npy");
  CU_ASSERT_FATAL(array_file_write(path, 3, names, arrays, ARRAY_FLOAT32, &error));
  expect_within(path, "tests/data/files/writer_float32_b.npy");
  expect_within(path, "tests/data/files/writer_n.npy");
  unlink(path);
  CU_ASSERT_FATAL(array_file_write(path_of("w/", path, sizeof path), 3, names, arrays, ARRAY_FLOAT64, &error));
  expect_bytes(path_of("w/b.npy", path, sizeof path), "tests/data/files/writer_b.npy");
  expect_bytes(path_of("w/n.npy", path, sizeof path), "tests/data/files/writer_n.npy");
  for (int k = 0; k < 3; k++) {
    char name[50];
    snprintf(name, sizeof name, "w/%s.npy", names[k]);
    unlink(path_of(name, path, sizeof path));
  }
  rmdir(path_of("w", path, sizeof path));
}

static void expect_back(const char *path, int count, const char *const *wanted, const host_array *wrote) {
  array_file file;
  array_error error = {""};
  CU_ASSERT_FATAL(array_file_read(path, &file, &error));
  CU_ASSERT_EQUAL_FATAL(file.part_count, count);
  for (int k = 0; k < count; k++) {
    int found = 0;
    while (found < count - 1 && strcmp(file.parts[found].name, wanted[k])) found++;
    CU_ASSERT_STRING_EQUAL(file.parts[found].name, wanted[k]);
    CU_ASSERT(same_arrays(&file.parts[found].array, &wrote[k]));
  }
  array_file_release(&file);
}

static void written_lists_read_back(void) {
  static const char *const endings[] = {"back.npz", "back.safetensors", "back.json"};
  static const char *const hard_names[] = {"\xC3\xA9", "none", "scalar", "special", "too large", "minus zero", "empty"};
  const host_array hard[] = {
      {.rank = 1, .extents = {1}, .entries = (double[]){0x1.fffffffffffffp1023}, .whole = true},
      {.rank = 1, .extents = {0}, .entries = (double[]){0}},
      {.rank = 0, .entries = (double[]){-0x1p62}, .whole = true},
      {.rank = 3, .extents = {1, 2, 2}, .entries = (double[]){NAN, -INFINITY, -0.0, 5e-324}},
      {.rank = 1, .extents = {2}, .entries = (double[]){0x1p63, 1}, .whole = true},
      {.rank = 1, .extents = {2}, .entries = (double[]){-0.0, 1}, .whole = true},
      {.rank = 2, .extents = {2, 0}, .entries = (double[]){0}, .whole = true},
  };
  enum { COUNT = sizeof hard / sizeof hard[0] };
  for (int k = 0; k < 3; k++) {
    char path[200];
    array_error error = {""};
    path_of(endings[k], path, sizeof path);
    CU_ASSERT_FATAL(array_file_write(path, COUNT, hard_names, hard, ARRAY_FLOAT64, &error));
    expect_back(path, COUNT, hard_names, hard);
    size_t size, again_size;
    char *bytes = content(path, &size);
    CU_ASSERT_FATAL(array_file_write(path, COUNT, hard_names, hard, ARRAY_FLOAT64, &error));
    char *again = content(path, &again_size);
    CU_ASSERT(size == again_size && !memcmp(bytes, again, size));
    free(bytes);
    free(again);
    CU_ASSERT_FATAL(array_file_write(path, 0, NULL, NULL, ARRAY_FLOAT64, &error));
    expect_back(path, 0, NULL, NULL);
    unlink(path);
  }
}

static void float32_is_rounded(void) {
  char path[200];
  array_error error = {""};
  const host_array wrote = {.rank = 1, .extents = {4}, .entries = (double[]){0.1, -1e300, -0.0, 0x1p-150}};
  const host_array rounded = {.rank = 1, .extents = {4}, .entries = (double[]){0.1f, -INFINITY, -0.0, 0}};
  for (int k = 0; k < 2; k++) {
    path_of(k ? "single.npz" : "single.safetensors", path, sizeof path);
    CU_ASSERT_FATAL(array_file_write(path, 1, names, &wrote, ARRAY_FLOAT32, &error));
    expect_back(path, 1, names, &rounded);
    unlink(path);
  }
}

static void bad_writes_are_refused(void) {
  static const struct {
    const char *path, *names[2], *message;
  } cases[] = {
      {"x.npz", {"a", "a"}, "two arrays are named 'a'"},
      {"x.safetensors", {"a", "../b"}, "the name '../b' climbs out of its folder"},
      {"x.json", {"a", "b/.."}, "climbs out"},
      {"x.npz", {"a", "/b"}, "begins with a slash"},
      {"x.npz", {"a", ""}, "the name '' is empty"},
      {"x.npz", {"a", "b\n"}, "control character"},
      {"x.npz", {"a", "\xFF"}, "not UTF-8"},
      {"x.safetensors", {"a", "\xFF"}, "not UTF-8"},
      {"x.json", {"\xC3", "b"}, "not UTF-8"},
      {"x.safetensors", {"a", "__metadata__"}, "no array can be named __metadata__"},
      {"x/", {"a", "b/c"}, "slash"},
      {"x.csv", {"a", "b"}, "ends in none of .npz, .safetensors, .json, nor is it a folder"},
      {"x.npy", {"a", "b"}, "ends in none of"},
      {"no/such/x.npz", {"a", "b"}, "No such file"},
      {"no/such/folder/", {"a", "b"}, "No such file"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char path[200];
    array_error error = {""};
    path_of(cases[k].path, path, sizeof path);
    CU_ASSERT_FALSE(array_file_write(path, 2, cases[k].names, arrays, ARRAY_FLOAT64, &error));
    bool found = strstr(error.message, cases[k].message) && strstr(error.message, cases[k].path);
    if (!found) printf("case %zu: %s\n", k, error.message);
    CU_ASSERT(found);
  }
  char path[200];
  array_error error = {""};
  unlink(path_of("x/a.npy", path, sizeof path));
  rmdir(path_of("x", path, sizeof path));
  CU_ASSERT_EQUAL(symlink("/dev/full", path_of("full.npz", path, sizeof path)), 0);
  CU_ASSERT_FALSE(array_file_write(path, 3, names, arrays, ARRAY_FLOAT64, &error));
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "No space left"));
  unlink(path);
}

/* ---- lying files ---- */

/* messages.tsv has a line FILE<TAB>PART OF THE MESSAGE for every file beside it. */
static void lying_files_are_refused(void) {
  FILE *table = fopen("tests/data/lying/messages.tsv", "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(table);
  char line[500];
  int count = 0;
  while (fgets(line, sizeof line, table)) {
    line[strcspn(line, "\n")] = 0;
    char *tab = strchr(line, '\t');
    CU_ASSERT_PTR_NOT_NULL_FATAL(tab);
    *tab = 0;
    char path[600];
    array_file file;
    array_error error = {""};
    snprintf(path, sizeof path, "tests/data/lying/%s", line);
    bool read = array_file_read(path, &file, &error), told = strstr(error.message, tab + 1) != NULL;
    if (read) array_file_release(&file);
    if (read || !told || !strstr(error.message, path)) printf("%s: %s\n", path, read ? "was read" : error.message);
    CU_ASSERT(!read && told);
    count++;
  }
  fclose(table);
  CU_ASSERT(count >= 50);
}

/* A file that ends early, at whichever byte, is never taken for a whole one. (A .csv may be whole at every line's end.)
 */
static void truncated_files_are_refused(void) {
  static const char *const whole_files[] = {
      "f8.npy",     "f8_version_3.npy",  "ones.npy",    "savez.npz",         "zip64.npz",          "compressed.npz",
      "single.npz", "state.safetensors", "object.json", "types.safetensors", "writer.safetensors", "nested.json"};
  for (size_t k = 0; k < sizeof whole_files / sizeof *whole_files; k++) {
    char path[100], cut[200];
    size_t size;
    snprintf(path, sizeof path, "tests/data/files/%s", whole_files[k]);
    char *bytes = content(path, &size);
    FILE *into = fopen(path_of(whole_files[k], cut, sizeof cut), "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(into);
    CU_ASSERT(fwrite(bytes, 1, size, into) == size && fclose(into) == 0);
    for (size_t length = size; length-- > 0;) {
      array_file file;
      array_error error = {""};
      CU_ASSERT_EQUAL(truncate(cut, (off_t)length), 0);
      bool read = array_file_read(cut, &file, &error);
      if (read) array_file_release(&file);
      if (read) printf("%s was read without its last %zu bytes\n", whole_files[k], size - length);
      CU_ASSERT(!read && strstr(error.message, cut));
    }
    unlink(cut);
    free(bytes);
  }
}

/* ---- mapped files ---- */

enum { LARGE_COUNT = 1 << 27 }; /* doubles: 1 GiB */

static long resident_kilobytes(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file) return 0;
  if (fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A file of zeros but for what stands in `header` and the last entry; false where the disk has no such files. */
static bool make_sparse(const char *path, const void *header, size_t size, double last) {
  int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  struct stat about;
  CU_ASSERT_FATAL(file >= 0);
  off_t end = (off_t)size + (off_t)LARGE_COUNT * (off_t)sizeof last;
  bool good = write(file, header, size) == (ssize_t)size && !ftruncate(file, end) &&
              pwrite(file, &last, sizeof last, end - (off_t)sizeof last) == (ssize_t)sizeof last &&
              !fstat(file, &about) && about.st_blocks < 10000;
  close(file);
  if (!good) printf("(no sparse files here: not tested) ");
  return good;
}

static void expect_mapped(const char *path, host_array *(*read)(const char *path)) {
  long before = resident_kilobytes();
  double began = seconds();
  host_array *got = read(path);
  double took = seconds() - began;
  CU_ASSERT_PTR_NOT_NULL_FATAL(got);
  long grown = resident_kilobytes() - before;
  CU_ASSERT(host_array_count(got) == LARGE_COUNT && got->mapping);
  CU_ASSERT(got->entries[0] == 0 && got->entries[LARGE_COUNT / 2] == 0 && got->entries[LARGE_COUNT - 1] == 2.5);
  printf("(1 GiB: %.1f ms, %ld kB more resident) ", 1e3 * took, grown);
  CU_ASSERT(took < 0.5);
  CU_ASSERT(grown < 16 * 1024);
  got->entries[1] = 7; /* this array's own */
  host_array_release(got);
  got = read(path);
  CU_ASSERT_PTR_NOT_NULL_FATAL(got);
  CU_ASSERT(got->entries[1] == 0);
  host_array_release(got);
  CU_ASSERT(resident_kilobytes() - before < 16 * 1024);
}

static host_array *read_one(const char *path) {
  static host_array got;
  array_error error;
  return array_read(path, &got, &error) ? &got : NULL;
}

static void large_npy_is_mapped(void) {
  char header[128] = "\x93NUMPY\1\0\x76", path[200];
  memset(header + 10, ' ', sizeof header - 10);
  char *end = header + 10 +
              snprintf(header + 10, 100, "{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }", LARGE_COUNT);
  *end = ' ';
  header[8] = 0x76;
  header[9] = 0;
  header[127] = '\n';
  if (make_sparse(path_of("large.npy", path, sizeof path), header, sizeof header, 2.5)) expect_mapped(path, read_one);
  unlink(path);
}

static void large_safetensors_is_mapped(void) {
  char header[128] = {0}, path[200];
  memset(header + 8, ' ', sizeof header - 8);
  int length = snprintf(header + 8, 120, "{\"x\":{\"dtype\":\"F64\",\"shape\":[%d],\"data_offsets\":[0,%lld]}}",
                        LARGE_COUNT, (long long)LARGE_COUNT * 8);
  header[8 + length] = ' ';
  header[0] = 120;
  if (make_sparse(path_of("large.safetensors", path, sizeof path), header, sizeof header, 2.5))
    expect_mapped(path, read_one);
  unlink(path);
}

/* What is below the bound, or not aligned, is copied; the values are the same. */
static void other_files_are_copied(void) {
  enum { COUNT = 1 << 17 };
  double *entries = malloc(COUNT * sizeof *entries);
  CU_ASSERT_PTR_NOT_NULL_FATAL(entries);
  for (int k = 0; k < COUNT; k++) entries[k] = k + 0.5;
  char path[200];
  array_error error = {""};
  for (int less = 0; less < 2; less++) {
    host_array wrote = {.rank = 1, .extents = {COUNT - less}, .entries = entries}, got;
    CU_ASSERT_FATAL(array_write(path_of("bound.npy", path, sizeof path), &wrote, &error));
    CU_ASSERT_FATAL(array_read(path, &got, &error));
    CU_ASSERT_EQUAL(got.mapping != NULL, !less);
    CU_ASSERT(same_arrays(&got, &wrote));
    CU_ASSERT_FATAL(array_write(path, &(host_array){.entries = entries}, &error)); /* replaced while it is mapped */
    CU_ASSERT(same_arrays(&got, &wrote));
    host_array_release(&got);
  }
  static const char *const both[] = {"odd", "x"};
  host_array wrote[] = {{.rank = 1, .extents = {3}, .entries = entries},
                        {.rank = 1, .extents = {COUNT}, .entries = entries}};
  static const struct {
    const char *file;
    array_precision precision;
  } copied[] = {{"bound.npz", ARRAY_FLOAT64}, {"bound.safetensors", ARRAY_FLOAT32}};
  for (int k = 0; k < 2; k++) {
    unlink(path);
    path_of(copied[k].file, path, sizeof path);
    CU_ASSERT_FATAL(array_file_write(path, 2, both, wrote, copied[k].precision, &error));
    array_file file;
    CU_ASSERT_FATAL(array_file_read(path, &file, &error));
    CU_ASSERT(file.parts[0].array.mapping == NULL && file.parts[1].array.mapping == NULL);
    array_file_release(&file);
    expect_back(path, 2, both, wrote);
  }
  unlink(path);
  free(entries);
}

static const CU_TestInfo tests[] = {
    {"files of NumPy and safetensors", real_files_are_read},
    {"one array of several", one_array_is_chosen},
    {"colons in names", colons_in_names_are_no_selectors},
    {"writers agree with the libraries", writers_agree_with_the_libraries},
    {"written lists read back", written_lists_read_back},
    {"float32 is rounded", float32_is_rounded},
    {"writes that are refused", bad_writes_are_refused},
    {"lying files", lying_files_are_refused},
    {"truncated files", truncated_files_are_refused},
    {"large .npy", large_npy_is_mapped},
    {"large .safetensors", large_safetensors_is_mapped},
    {"what is not mapped", other_files_are_copied},
};

int main(void) {
  if (!mkdtemp(folder) || CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("array files of others", NULL, NULL);
  for (size_t k = 0; k < sizeof tests / sizeof tests[0]; k++) CU_add_test(suite, tests[k].pName, tests[k].pTestFunc);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  bool clean = !rmdir(folder); /* a temporary that a failed write left behind shows here */
  if (!clean) fprintf(stderr, "%s holds files that no test wrote\n", folder);
  return failures || !clean;
}
