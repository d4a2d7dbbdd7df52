/* Good array files with bytes changed at random: reading one may fail, with a message, and must do no harm: no crash,
 * no leak, no more memory than the file's size justifies, no long time. Run under the sanitizers above all. The same
 * numbers are drawn on every run. Runs in the folder above tests/. */
#define _DEFAULT_SOURCE /* mkdtemp, scandir */
#include "runtime/array.h"
#include "runtime/file.h"

#include <CUnit/Basic.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zip.h>

enum { MUTATIONS = 200, ROOM = 16384, MOST_FILE = ROOM / 2, LARGEST_RATIO = 1032 };

static char folder[] = "/tmp/adjoin-mutation-XXXXXX";

typedef struct {
  unsigned char bytes[ROOM];
  size_t size;
} content;

static uint64_t draw(uint64_t *state) { /* splitmix64 */
  uint64_t bits = (*state += UINT64_C(0x9E3779B97F4A7C15));
  bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
  return bits ^ bits >> 31;
}

static size_t below(uint64_t *state, size_t limit) {
  return limit ? (size_t)(draw(state) % limit) : 0;
}

/* ---- changes ---- */

/* `removed` bytes at a place give way to `size` others. */
static void splice(content *in, size_t at, size_t removed, const void *bytes, size_t size) {
  if (in->size - removed + size > ROOM) return;
  memmove(in->bytes + at + size, in->bytes + at + removed, in->size - at - removed);
  memcpy(in->bytes + at, bytes, size);
  in->size = in->size - removed + size;
}

static void change_byte(content *in, uint64_t *from) {
  if (in->size) in->bytes[below(from, in->size)] = (unsigned char)draw(from);
}

static void flip_bit(content *in, uint64_t *from) {
  if (in->size) in->bytes[below(from, in->size)] ^= (unsigned char)(1 << below(from, 8));
}

static void cut_end(content *in, uint64_t *from) {
  in->size = below(from, in->size);
}

static void remove_some(content *in, uint64_t *from) {
  size_t at = below(from, in->size), size = below(from, 16);
  if (at + size <= in->size) splice(in, at, size, "", 0);
}

static void double_some(content *in, uint64_t *from) {
  unsigned char copy[64];
  size_t at = below(from, in->size), size = below(from, sizeof copy);
  if (at + size > in->size) return;
  memcpy(copy, in->bytes + at, size);
  splice(in, at, 0, copy, size);
}

/* A number that is at the edge of something, in place of 2, 4 or 8 bytes. */
static void change_number(content *in, uint64_t *from) {
  static const uint64_t edges[] = {0,          1,         0x7FFF,     0xFFFF,           0x7FFFFFFF,
                                   0xFFFFFFFF, INT64_MAX, UINT64_MAX, UINT64_C(1) << 60};
  uint64_t number = edges[below(from, sizeof edges / sizeof edges[0])];
  size_t width = (size_t)2 << below(from, 3), at = below(from, in->size);
  for (size_t k = 0; k < width && at + k < in->size; k++) in->bytes[at + k] = (unsigned char)(number >> (8 * k));
}

/* A digit of a shape or an offset becomes a number; or a piece of syntax appears. */
static void change_text(content *in, uint64_t *from) {
  static const char *const pieces[] = {"9",
                                       "-1",
                                       "99999999999999999999",
                                       "4294967296",
                                       "0",
                                       ",",
                                       "(",
                                       ")",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       "\"",
                                       "'",
                                       ":",
                                       "[[[[[[[[[[[[[[[[[",
                                       "\n",
                                       "\\u0000",
                                       "1e999",
                                       "nan",
                                       "<f4",
                                       "|O",
                                       "True",
                                       "F16",
                                       "../",
                                       "\xFF",
                                       "PK\1\2",
                                       "PK\5\6",
                                       "PK\6\6"};
  const char *piece = pieces[below(from, sizeof pieces / sizeof pieces[0])];
  size_t at = below(from, in->size), start = at;
  while (at < in->size && !(in->bytes[at] >= '0' && in->bytes[at] <= '9')) at++;
  if (at < in->size && draw(from) & 1)
    splice(in, at, 1, piece, strlen(piece));
  else
    splice(in, start, 0, piece, strlen(piece));
}

static void mutate(content *in, uint64_t *from) {
  static void (*const changes[])(content *, uint64_t *) = {change_byte, flip_bit,      cut_end,     remove_some,
                                                           double_some, change_number, change_text, change_text};
  for (size_t round = 1 + below(from, 4); round > 0; round--)
    changes[below(from, sizeof changes / sizeof changes[0])](in, from);
}

/* ---- what is read ---- */

static bool load(const char *path, content *into) {
  array_error error;
  size_t size;
  char *bytes = file_read(path, MOST_FILE, &size, &error);
  if (!bytes) return false;
  memcpy(into->bytes, bytes, size);
  into->size = size;
  free(bytes);
  return true;
}

static void store(const char *path, const content *from) {
  FILE *file = fopen(path, "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(fwrite(from->bytes, 1, from->size, file), from->size);
  fclose(file);
}

/* The bytes as the one member of an archive, whose checksum is right. */
static void store_in_archive(const char *path, content *member, bool deflated) {
  zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(archive);
  zip_int64_t index = zip_file_add(archive, "x.npy", zip_source_buffer(archive, member->bytes, member->size, 0), 0);
  CU_ASSERT_FATAL(index >= 0);
  zip_set_file_compression(archive, (zip_uint64_t)index, deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  CU_ASSERT_EQUAL_FATAL(zip_close(archive), 0);
}

/* Every entry is touched, so that the sanitizers see what is not there. */
static void touch(const host_array *of, int64_t *count) {
  volatile double entry = 0;
  int64_t present = of->entries ? host_array_count(of) : 0;
  for (int64_t k = 0; k < present; k++) entry = of->entries[k];
  (void)entry;
  *count += present;
}

static bool survives(const char *path, size_t size) {
  array_file file;
  array_error error = {""};
  if (!array_file_read(path, &file, &error)) return error.message[0] && !file.parts && !file.whole.entries;
  int64_t count = 0;
  touch(&file.whole, &count);
  for (int k = 0; k < file.part_count; k++) touch(&file.parts[k].array, &count);
  array_file_release(&file);
  return count <= (int64_t)size * LARGEST_RATIO;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void expect_survival(const char *name, int number, const char *path, size_t size) {
  double began = seconds();
  bool good = survives(path, size) && seconds() - began < 2;
  if (!good) printf("mutation %d of %s is not handled well\n", number, name);
  CU_ASSERT(good);
}

static void mutate_file(const char *name) {
  static content original, changed;
  char path[600], copy[100], archive[100];
  snprintf(path, sizeof path, "tests/data/files/%s", name);
  snprintf(copy, sizeof copy, "%s/mutated%s", folder, file_ending(name));
  snprintf(archive, sizeof archive, "%s/packed.npz", folder);
  CU_ASSERT_FATAL(load(path, &original));
  uint64_t state = original.size;
  for (int k = 0; k < MUTATIONS; k++) {
    changed = original;
    mutate(&changed, &state);
    store(copy, &changed);
    expect_survival(name, k, copy, changed.size);
    if (strcmp(file_ending(name), ".npy")) continue;
    store_in_archive(archive, &changed, k & 1);
    expect_survival(name, k, archive, changed.size + 200);
  }
  unlink(copy);
  unlink(archive);
}

static int has_arrays(const struct dirent *entry) {
  for (int k = 0; array_file_ending(k); k++)
    if (!strcmp(file_ending(entry->d_name), array_file_ending(k))) return 1;
  return 0;
}

static void mutated_files_do_no_harm(void) {
  struct dirent **entries;
  int count = scandir("tests/data/files", &entries, has_arrays, alphasort);
  CU_ASSERT_FATAL(count > 40);
  for (int k = 0; k < count; k++) {
    mutate_file(entries[k]->d_name);
    free(entries[k]);
  }
  free(entries);
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  printf("(at most %ld MB) ", used.ru_maxrss / 1024);
  CU_ASSERT(used.ru_maxrss < 600 * 1024); /* under the sanitizers freed memory is kept for a while */
}

int main(void) {
  if (!mkdtemp(folder) || CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("mutated array files", NULL, NULL);
  CU_add_test(suite, "mutated files do no harm", mutated_files_do_no_harm);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures || rmdir(folder);
}
