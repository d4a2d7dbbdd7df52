/* Array files and typed values: a corpus of good and lying files, made here byte by byte in a folder of its own. */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "runtime/array.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/adjoin-array-XXXXXX";

static const char *path_of(const char *name, char *into, size_t size) {
  snprintf(into, size, "%s/%s", folder, name);
  return into;
}

static void put(const char *name, const void *bytes, size_t size) {
  char path[200];
  FILE *file = fopen(path_of(name, path, sizeof path), "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(fwrite(bytes, 1, size, file), size);
  fclose(file);
}

static bool get(const char *name, host_array *into, array_error *error) {
  char path[200];
  return array_read(path_of(name, path, sizeof path), into, error);
}

/* A .npy file of the version with the dictionary, then the data. */
static void put_npy(const char *name, int version, const char *dictionary, const void *data, size_t size) {
  unsigned char bytes[4096] = "\x93NUMPY";
  size_t length = strlen(dictionary);
  size_t begin = version == 1 ? 10 : 12;
  bytes[6] = (unsigned char)version;
  bytes[8] = (unsigned char)(length & 255);
  bytes[9] = (unsigned char)(length >> 8);
  memcpy(bytes + begin, dictionary, length);
  memcpy(bytes + begin + length, data, size);
  put(name, bytes, begin + length + size);
}

/* Shape ends at -1. */
static void expect(const host_array *got, const int64_t *shape, const double *entries) {
  int rank = 0;
  while (shape[rank] >= 0) rank++;
  CU_ASSERT_EQUAL_FATAL(got->rank, rank);
  for (int k = 0; k < rank; k++) CU_ASSERT_EQUAL_FATAL(got->extents[k], shape[k]);
  for (int64_t k = 0; k < host_array_count(got); k++)
    CU_ASSERT(got->entries[k] == entries[k] || (isnan(got->entries[k]) && isnan(entries[k])));
}

static const double counting[] = {1, 2, 3, 4, 5, 6};

/* ---- .npy ---- */

static void npy_types_are_read(void) {
  static const struct {
    const char *type;
    const void *data;
    size_t size;
    bool whole;
    double entries[3];
  } cases[] = {
      {"<f8", "\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\0\xC0\0\0\0\0\0\0\xF8\x7F", 24, false, {1, -2, NAN}},
      {">f8", "\x3F\xF0\0\0\0\0\0\0\xC0\0\0\0\0\0\0\0\x7F\xF0\0\0\0\0\0\0", 24, false, {1, -2, INFINITY}},
      {"<f4", "\0\0\x80\x3F\0\0\0\xC0\0\0\x20\x3F", 12, false, {1, -2, 0.625}},
      {"<i8", "\1\0\0\0\0\0\0\0\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\x80", 24, true, {1, -2, -0x1p63}},
      {">i4", "\0\0\0\1\xFF\xFF\xFF\xFE\x80\0\0\0", 12, true, {1, -2, -2147483648.0}},
      {"<i2", "\1\0\xFE\xFF\0\x80", 6, true, {1, -2, -32768}},
      {"|i1", "\1\xFE\x80", 3, true, {1, -2, -128}},
      {"|u1", "\1\xFE\x80", 3, true, {1, 254, 128}},
      {"<u8", "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\0\0\0\0\1\0\0\0", 24, true, {1, 0x1p63, 0x1p32}},
      {"|b1", "\1\0\1", 3, true, {1, 0, 1}},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char dictionary[200];
    snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (3,), }\n",
             cases[k].type);
    put_npy("a.npy", 1 + (int)(k % 3), dictionary, cases[k].data, cases[k].size);
    host_array got;
    array_error error;
    CU_ASSERT_FATAL(get("a.npy", &got, &error));
    expect(&got, (int64_t[]){3, -1}, cases[k].entries);
    CU_ASSERT_EQUAL(got.whole, cases[k].whole);
    host_array_release(&got);
  }
}

static void npy_orders_and_shapes_are_read(void) {
  host_array got;
  array_error error;
  put_npy("a.npy", 1, "{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3)}", "\1\4\2\5\3\6", 6);
  CU_ASSERT_FATAL(get("a.npy", &got, &error));
  expect(&got, (int64_t[]){2, 3, -1}, counting);
  host_array_release(&got);
  put_npy("a.npy", 2, "{\"shape\": (3L, 2L), 'fortran_order':False,'descr':'|u1',}", "\1\2\3\4\5\6", 6);
  CU_ASSERT_FATAL(get("a.npy", &got, &error));
  expect(&got, (int64_t[]){3, 2, -1}, counting);
  host_array_release(&got);
  put_npy("a.npy", 1, "{'descr': '|i1', 'fortran_order': True, 'shape': ()}", "\1", 1);
  CU_ASSERT_FATAL(get("a.npy", &got, &error));
  expect(&got, (int64_t[]){-1}, counting);
  host_array_release(&got);
  put_npy("a.npy", 1, "{'descr': '<f8', 'fortran_order': True, 'shape': (0, 9)}", "", 0);
  CU_ASSERT_FATAL(get("a.npy", &got, &error));
  expect(&got, (int64_t[]){0, 9, -1}, counting);
  host_array_release(&got);
}

/* Dictionaries that lie about 16 bytes of data, or are none. */
static void npy_lies_are_refused(void) {
  static const char *const lies[][2] = {
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}", "promises 24 bytes of data, the file has 16"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "promises 8 bytes of data, the file has 16"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}", "negative"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "more bytes of data than can be"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693954,)}", "more bytes of data than can be"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", "too large"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4611686018427387904, 0)}",
       "more bytes"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (0,)}", "promises 0 bytes"},
      {"{'descr': '<f8', 'fortran_order': True, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2)}", "16 axes"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "type '|O'"},
      {"{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", "type '<c16'"},
      {"{'descr': '<f9', 'fortran_order': False, 'shape': (2,)}", "type '<f9'"},
      {"{'descr': '<f-8', 'fortran_order': False, 'shape': (2,)}", "type '<f-8'"},
      {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,)}", "records"},
      {"{'descr': '<f8', 'fortran_order': Maybe, 'shape': (2,)}", "True nor False"},
      {"{'descr': '<f8', 'fortran_order': False}", "missing"},
      {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", "twice"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': 1}", "unknown key"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': 2}", "tuple"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2", "not closed"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} x", "follows"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)", "does not end"},
      {"{'descr", "key"},
      {"", "dictionary"},
  };
  for (size_t k = 0; k < sizeof lies / sizeof lies[0]; k++) {
    host_array got;
    array_error error = {""};
    put_npy("lie.npy", 1, lies[k][0], "0123456789ABCDEF", 16);
    CU_ASSERT_FALSE(get("lie.npy", &got, &error));
    CU_ASSERT_PTR_NULL(got.entries);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, lies[k][1]));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "lie.npy"));
  }
}

static void npy_cut_anywhere_is_refused(void) {
  unsigned char bytes[200] = "\x93NUMPY\1";
  const char *dictionary = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";
  size_t length = strlen(dictionary);
  bytes[8] = (unsigned char)length;
  memcpy(bytes + 10, dictionary, length);
  for (size_t size = 0; size < 10 + length + 16; size++) {
    host_array got;
    array_error error;
    put("cut.npy", bytes, size);
    CU_ASSERT_FALSE(get("cut.npy", &got, &error));
  }
  host_array got;
  array_error error;
  bytes[6] = 4;
  put("cut.npy", bytes, 10 + length + 16);
  CU_ASSERT_FALSE(get("cut.npy", &got, &error));
  put("cut.npy", "\x93NUMPY\2\0\xFF\xFF\xFF\xFF{}", 14); /* a text of four gigabytes */
  CU_ASSERT_FALSE(get("cut.npy", &got, &error));
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "4294967295"));
}

/* ---- .csv ---- */

static void csv_is_read(void) {
  static const struct {
    const char *text;
    int64_t shape[3];
    bool whole;
  } cases[] = {
      {"1,2,3\n4,5,6\n", {2, 3, -1}, true},           {"a,b,c\n1,2,3\n4,5,6", {2, 3, -1}, true},
      {"1\n2\n3\n4\n5\n6\n", {6, -1}, true},          {"1,2,3,4,5,6", {6, -1}, true},
      {"\xEF\xBB\xBFx\r\n1\r\n2\r\n", {2, -1}, true}, {"1;2.0;3\n\n\n4;5;6e0\n\n", {2, 3, -1}, false},
      {"1\t2\n3\t4\n 5 \t 6 ", {3, 2, -1}, false},    {"\"a\",\"b\"\n", {0, 2, -1}, true},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    host_array got;
    array_error error;
    put("a.csv", cases[k].text, strlen(cases[k].text));
    CU_ASSERT_FATAL(get("a.csv", &got, &error));
    expect(&got, cases[k].shape, counting);
    if (k != 6) CU_ASSERT_EQUAL(got.whole, cases[k].whole);
    host_array_release(&got);
  }
}

static void csv_columns_have_names(void) {
  array_file file;
  array_error error;
  char path[200];
  put("table.csv", "t, \"y\"\n1,2.5\n3,nan\n", 20);
  CU_ASSERT_FATAL(array_file_read(path_of("table.csv", path, sizeof path), &file, &error));
  CU_ASSERT_FATAL(file.has_whole && file.part_count == 2);
  CU_ASSERT_STRING_EQUAL(file.parts[0].name, "t");
  CU_ASSERT_STRING_EQUAL(file.parts[1].name, "y");
  expect(&file.parts[0].array, (int64_t[]){2, -1}, (double[]){1, 3});
  expect(&file.parts[1].array, (int64_t[]){2, -1}, (double[]){2.5, NAN});
  CU_ASSERT(file.parts[0].array.whole && !file.parts[1].array.whole);
  array_file_release(&file);
}

static void csv_mistakes_are_refused(void) {
  static const char *const mistakes[][2] = {
      {"", "empty"},
      {"\n\n  \n", "empty"},
      {"1,2\n3\n", ":2: 1 fields, where the lines before have 2"},
      {"1,2\n3,4,5\n", ":2: 3 fields"},
      {"a,b\n1,2\n3\n", ":3: 1 fields"},
      {"1,2\n3,\n", ":2: field 2 is empty"},
      {"1,2\nx,4\n", ":2: field 1, 'x', is not a number"},
      {"1,2\n0x10,4\n", "'0x10', is not a number"},
      {"1,2\n1e999,4\n", "'1e999', is not a number"},
      {"1\n\x1B[31m\n", "'?[31m', is not a number"},
      {"1\n1.2.3\n", "is not a number"},
      {"1\n--1\n", "is not a number"},
  };
  for (size_t k = 0; k < sizeof mistakes / sizeof mistakes[0]; k++) {
    host_array got;
    array_error error = {""};
    put("a.csv", mistakes[k][0], strlen(mistakes[k][0]));
    CU_ASSERT_FALSE(get("a.csv", &got, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, mistakes[k][1]));
  }
  host_array got;
  array_error error;
  put("a.csv", "1\n2\0003\n", 6);
  CU_ASSERT_FALSE(get("a.csv", &got, &error));
}

/* ---- .json and typed values ---- */

static void values_are_parsed(void) {
  static const struct {
    const char *text;
    int64_t shape[4];
    double entries[6];
    bool whole;
  } cases[] = {
      {"3", {-1}, {3}, true},
      {" -2.5e-3 ", {-1}, {-2.5e-3}, false},
      {"nan", {-1}, {NAN}, false},
      {"-inf", {-1}, {-INFINITY}, false},
      {"1,2,3,4", {4, -1}, {1, 2, 3, 4}, true},
      {"1, inf ,3", {3, -1}, {1, INFINITY, 3}, false},
      {"[1]", {1, -1}, {1}, true},
      {"[]", {0, -1}, {0}, true},
      {"[[], []]", {2, 0, -1}, {0}, true},
      {"[[1, 2, 3], [4, 5, 6]]", {2, 3, -1}, {1, 2, 3, 4, 5, 6}, true},
      {"[\"nan\", \"-inf\", 1.5]", {3, -1}, {NAN, -INFINITY, 1.5}, false},
      {"9007199254740993", {-1}, {9007199254740992.0}, false},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    host_array got;
    array_error error;
    CU_ASSERT_FATAL(array_parse(cases[k].text, &got, &error));
    expect(&got, cases[k].shape, cases[k].entries);
    CU_ASSERT_EQUAL(got.whole, cases[k].whole);
    host_array_release(&got);
  }
}

static void bad_values_are_refused(void) {
  static const char *const mistakes[] = {
      "",           "  ",       "x",       "1,",          "1,,2",
      "[",          "[1,]",     "[1, x]",  "{\"a\": 1}",  "[[1], 2]",
      "[1,[2]]",    "[[1],[]]", "1e999",   "[1e999]",     "[\"one\"]",
      "[true]",     "[null]",   "[\"1\"]", "[[1,2],[3]]", "0x1p3",
      "[[[]],[1]]", "1 2",      "1;2",     "[1] 2",       "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"};
  for (size_t k = 0; k < sizeof mistakes / sizeof mistakes[0]; k++) {
    host_array got;
    array_error error = {""};
    CU_ASSERT_FALSE(array_parse(mistakes[k], &got, &error));
    CU_ASSERT_PTR_NULL(got.entries);
    CU_ASSERT(error.message[0] != 0);
  }
}

static void deep_nesting_is_refused(void) {
  enum { DEPTH = 100000 };
  char *text = malloc(DEPTH + 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(text);
  memset(text, '[', DEPTH);
  text[DEPTH] = 0;
  host_array got;
  array_error error;
  CU_ASSERT_FALSE(array_parse(text, &got, &error));
  free(text);
}

static void json_objects_have_members(void) {
  array_file file;
  array_error error;
  char path[200];
  const char *text = "{\"w\": [1, 2], \"b\": 0.5}";
  put("model.json", text, strlen(text));
  path_of("model.json", path, sizeof path);
  CU_ASSERT_FATAL(array_file_read(path, &file, &error));
  CU_ASSERT_FATAL(!file.has_whole && file.part_count == 2);
  CU_ASSERT_STRING_EQUAL(file.parts[0].name, "w");
  expect(&file.parts[1].array, (int64_t[]){-1}, (double[]){0.5});
  array_file_release(&file);
  host_array got;
  CU_ASSERT_FALSE(array_read(path, &got, &error));
  text = "{\"w\": 1, \"b\": {\"c\": 1}}";
  put("model.json", text, strlen(text));
  CU_ASSERT_FALSE(array_file_read(path, &file, &error));
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "member 'b'"));
  text = "{\"w\": 1, \"w\": 2}";
  put("model.json", text, strlen(text));
  CU_ASSERT_FALSE(array_file_read(path, &file, &error));
  put("model.json", "", 0);
  CU_ASSERT_FALSE(array_file_read(path, &file, &error));
}

/* ---- files as such ---- */

static void what_is_no_file_is_refused(void) {
  host_array got;
  array_error error;
  char path[200], link[200];
  mkdir(path_of("folder.npy", path, sizeof path), 0700);
  CU_ASSERT_FALSE(array_read(path, &got, &error));
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "folder"));
  rmdir(path);
  mkfifo(path_of("pipe.csv", path, sizeof path), 0600);
  CU_ASSERT_FALSE(array_read(path, &got, &error));
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "pipe"));
  unlink(path);
  CU_ASSERT_EQUAL(symlink("/dev/zero", path_of("zero.json", link, sizeof link)), 0);
  CU_ASSERT_FALSE(array_read(link, &got, &error));
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "device"));
  unlink(link);
  CU_ASSERT_FALSE(array_read("/nowhere/x.npy", &got, &error));
  CU_ASSERT_FALSE(array_read("x.txt", &got, &error));
  CU_ASSERT_FALSE(array_read(".npy", &got, &error));
}

static void written_files_read_back(void) {
  static double entries[] = {0.1, -0.0, 5e-324, 1.7976931348623157e308, NAN, -INFINITY};
  static const char *const names[] = {"back.npy", "back.json"};
  for (int k = 0; k < 2; k++) {
    host_array wrote = {.rank = 2, .extents = {2, 3}, .entries = entries}, got;
    array_error error = {""};
    char path[200];
    CU_ASSERT_FATAL(array_write(path_of(names[k], path, sizeof path), &wrote, &error));
    CU_ASSERT_FATAL(array_read(path, &got, &error));
    expect(&got, (int64_t[]){2, 3, -1}, entries);
    CU_ASSERT(signbit(got.entries[1]));
    host_array_release(&got);
    wrote = (host_array){.rank = 0, .entries = entries};
    CU_ASSERT_FATAL(array_write(path, &wrote, &error));
    CU_ASSERT_FATAL(array_read(path, &got, &error));
    expect(&got, (int64_t[]){-1}, entries);
    host_array_release(&got);
    unlink(path);
  }
}

static void failed_writes_leave_nothing(void) {
  host_array wrote = {.rank = 1, .extents = {2}, .entries = (double[]){1, 2}};
  array_error error = {""};
  CU_ASSERT_FALSE(array_write("/dev/full.npy/x.npy", &wrote, &error));
  CU_ASSERT_FALSE(array_write("/nowhere/x.npy", &wrote, &error));
  CU_ASSERT_FALSE(array_write("x.csv", &wrote, &error));
  char path[200], link[200];
  mkdir(path_of("folder.npy", path, sizeof path), 0700);
  CU_ASSERT_FALSE(array_write(path, &wrote, &error));
  rmdir(path);
  CU_ASSERT_EQUAL(symlink("/dev/full", path_of("full.npy", link, sizeof link)), 0);
  CU_ASSERT_FALSE(array_write(link, &wrote, &error));
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "No space left"));
  unlink(link);
}

static void numbers_are_short_and_exact(void) {
  static const struct {
    double value;
    const char *text;
  } cases[] = {{0.1, "0.1"},        {1, "1"},
               {-0.0, "-0"},        {1.0 / 3, "0.3333333333333333"},
               {NAN, "nan"},        {-NAN, "nan"},
               {-INFINITY, "-inf"}, {0.1 + 0.2, "0.30000000000000004"},
               {1e23, "1e+23"},     {0x1p-1074, "4.94065645841247e-324"}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char text[ARRAY_NUMBER_SIZE];
    array_number_text(cases[k].value, text);
    CU_ASSERT_STRING_EQUAL(text, cases[k].text);
  }
}

static const CU_TestInfo tests[] = {
    {".npy: types", npy_types_are_read},
    {".npy: orders and shapes", npy_orders_and_shapes_are_read},
    {".npy: lies", npy_lies_are_refused},
    {".npy: cut anywhere", npy_cut_anywhere_is_refused},
    {".csv: read", csv_is_read},
    {".csv: columns by name", csv_columns_have_names},
    {".csv: mistakes", csv_mistakes_are_refused},
    {"values: parsed", values_are_parsed},
    {"values: refused", bad_values_are_refused},
    {"values: deep nesting", deep_nesting_is_refused},
    {".json: objects", json_objects_have_members},
    {"files: what is none", what_is_no_file_is_refused},
    {"files: read back", written_files_read_back},
    {"files: failed writes", failed_writes_leave_nothing},
    {"numbers as text", numbers_are_short_and_exact},
};

int main(void) {
  if (!mkdtemp(folder) || CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("array files", NULL, NULL);
  for (size_t k = 0; k < sizeof tests / sizeof tests[0]; k++) CU_add_test(suite, tests[k].pName, tests[k].pTestFunc);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  static const char *const left[] = {"a.npy", "lie.npy", "cut.npy", "a.csv", "table.csv", "model.json"};
  char path[200];
  for (size_t k = 0; k < sizeof left / sizeof left[0]; k++) unlink(path_of(left[k], path, sizeof path));
  bool clean = !rmdir(folder); /* a temporary that a failed write left behind shows here */
  if (!clean) fprintf(stderr, "%s holds files that no test wrote\n", folder);
  return failures || !clean;
}
