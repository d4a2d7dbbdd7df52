/* Host arrays: their life, and the choice of a reader or writer by a file's ending (see array.h). */
#include "runtime/array.h"

#include "runtime/array_formats.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int64_t host_array_count(const host_array *from) {
  int64_t count = 1;
  for (int k = 0; k < from->rank; k++) count *= from->extents[k];
  return count;
}

void host_array_release(host_array *from) {
  free(from->entries);
  *from = (host_array){0};
}

void array_file_release(array_file *from) {
  for (int k = 0; k < from->part_count; k++) {
    free(from->parts[k].name);
    host_array_release(&from->parts[k].array);
  }
  free(from->parts);
  host_array_release(&from->whole);
  *from = (array_file){0};
}

double *array_entries(int64_t count, const char *path, array_error *error) {
  uint64_t wanted = count > 0 ? (uint64_t)count : 1;
  double *entries = wanted > PTRDIFF_MAX / sizeof(double) ? NULL : malloc((size_t)wanted * sizeof(double));
  if (!entries) array_fail(error, "%s: not enough memory for %lld entries", path, (long long)count);
  return entries;
}

static const struct {
  const char *ending;
  bool (*read)(const char *path, array_file *into, array_error *error);
  bool (*write)(const char *path, const host_array *from, array_error *error); /* NULL: only read */
} formats[] = {{".npy", array_npy_read, array_npy_write},
               {".csv", array_csv_read, NULL},
               {".json", array_json_read, array_json_write}};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

static int format_of(const char *path) {
  for (int k = 0; k < FORMAT_COUNT; k++)
    if (!strcasecmp(file_ending(path), formats[k].ending)) return k;
  return -1;
}

bool array_file_read(const char *path, array_file *into, array_error *error) {
  *into = (array_file){0};
  int format = format_of(path);
  if (format >= 0 && formats[format].read(path, into, error)) return true;
  if (format < 0 && file_is_folder(path))
    array_fail(error, "%s: this is a folder, where a file is needed", path);
  else if (format < 0)
    array_fail(error, "%s: the name ends in none of .npy, .csv, .json", path);
  array_file_release(into);
  return false;
}

bool array_read(const char *path, host_array *into, array_error *error) {
  array_file file;
  *into = (host_array){0};
  if (!array_file_read(path, &file, error)) return false;
  bool has_whole = file.has_whole;
  if (has_whole) {
    *into = file.whole;
    file.whole.entries = NULL;
  }
  array_file_release(&file);
  return has_whole || array_fail(error, "%s: this is an object of several arrays, where one is needed", path);
}

bool array_write(const char *path, const host_array *from, array_error *error) {
  int format = format_of(path);
  if (format >= 0 && formats[format].write) return formats[format].write(path, from, error);
  return array_fail(error, "%s: the name ends in neither .npy nor .json", path);
}

void array_number_text(double value, char into[ARRAY_NUMBER_SIZE]) {
  if (isnan(value)) {
    strcpy(into, "nan");
    return;
  }
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(into, ARRAY_NUMBER_SIZE, "%.*g", digits, value);
    if (isinf(value) || strtod(into, NULL) == value) return;
  }
}
