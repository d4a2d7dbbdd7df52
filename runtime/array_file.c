/* Array files: the reader or writer that an ending stands for, and the one array that is meant (see array.h). */
#include "runtime/array_formats.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* A reader of an archive finds arrays by name, and never the file as one array. */
static const struct {
  const char *ending;
  bool archive;
  bool (*read)(const char *path, array_file *into, array_error *error);
  bool (*write)(const char *path, const host_array *from, array_error *error);     /* NULL: not one alone */
  bool (*write_all)(const char *path, const array_list *from, array_error *error); /* NULL: not several */
} formats[] = {{".npy", false, array_npy_read, array_npy_write, NULL},
               {".npz", true, array_npz_read, NULL, array_npz_write_all},
               {".safetensors", true, array_safetensors_read, NULL, array_safetensors_write_all},
               {".csv", false, array_csv_read, NULL, NULL},
               {".json", false, array_json_read, array_json_write, array_json_write_all}};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0], MOST_SHOWN = 8 }; /* endings fit ARRAY_ENDINGS_SIZE */

const char *array_file_ending(int k) {
  return k < FORMAT_COUNT ? formats[k].ending : NULL;
}

static int format_of(const char *path) {
  for (int k = 0; k < FORMAT_COUNT; k++)
    if (!strcasecmp(file_ending(path), formats[k].ending)) return k;
  return -1;
}

bool array_file_is_archive(const char *path) {
  int format = format_of(path);
  return format >= 0 && formats[format].archive;
}

/* ---- reading ---- */

static int compare_names(const void *one, const void *other) {
  return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Sorted pointers, so that a file of very many names takes no quadratic time. */
static bool names_differ(const char *path, int count, const char *const *names, array_error *error) {
  const char **sorted = malloc((size_t)(count + 1) * sizeof *sorted);
  if (!sorted) return array_fail(error, "%s: not enough memory for its %d names", path, count);
  for (int k = 0; k < count; k++) sorted[k] = names[k];
  qsort(sorted, (size_t)count, sizeof *sorted, compare_names);
  int same = 1;
  while (same < count && strcmp(sorted[same - 1], sorted[same])) same++;
  char quote[ARRAY_QUOTE_SIZE];
  if (same < count)
    array_fail(error, "%s: two arrays are named '%s'", path, array_quote(sorted[same], strlen(sorted[same]), quote));
  free(sorted);
  return same >= count;
}

static bool parts_differ(const char *path, const array_file *of, array_error *error) {
  const char **names = malloc((size_t)(of->part_count + 1) * sizeof *names);
  if (!names) return array_fail(error, "%s: not enough memory for its %d names", path, of->part_count);
  for (int k = 0; k < of->part_count; k++) names[k] = of->parts[k].name;
  bool good = names_differ(path, of->part_count, names, error);
  free(names);
  return good;
}

const char *array_file_endings(char into[ARRAY_ENDINGS_SIZE]) {
  *into = 0;
  for (int k = 0; k < FORMAT_COUNT; k++) {
    strcat(into, k ? ", " : "");
    strcat(into, formats[k].ending);
  }
  return into;
}

static bool read_file(const char *path, const char *only, array_file *into, array_error *error) {
  *into = (array_file){.only = only};
  int format = format_of(path);
  char endings[ARRAY_ENDINGS_SIZE];
  if (format >= 0 && formats[format].read(path, into, error) && (into->has_whole || parts_differ(path, into, error)))
    return true;
  if (format < 0 && file_is_folder(path))
    array_fail(error, "%s: this is a folder, where a file is needed", path);
  else if (format < 0)
    array_fail(error, "%s: the name ends in none of %s", path, array_file_endings(endings));
  array_file_release(into);
  return false;
}

bool array_file_read(const char *path, array_file *into, array_error *error) {
  return read_file(path, NULL, into, error);
}

/* The names of the parts, for a message. */
static void list_names(const array_file *of, char *into, size_t size) {
  size_t used = 0;
  *into = 0;
  for (int k = 0; k < of->part_count && k < MOST_SHOWN && used < size; k++) {
    char quote[ARRAY_QUOTE_SIZE];
    const char *name = of->parts[k].name;
    used += (size_t)snprintf(into + used, size - used, "%s%s", k ? ", " : "", array_quote(name, strlen(name), quote));
  }
  if (used < size && of->part_count > MOST_SHOWN)
    snprintf(into + used, size - used, ", and %d more", of->part_count - MOST_SHOWN);
}

/* The only part that is wanted, or the only one there is; -1 where there is none, or more. */
static int choose(const array_file *of) {
  int found = -1, wanted = 0;
  for (int k = 0; k < of->part_count; k++) {
    if (!array_file_wants(of, &of->parts[k])) continue;
    found = k;
    wanted++;
  }
  return wanted == 1 ? found : -1;
}

static bool fail_choice(const char *path, const array_file *from, array_error *error) {
  char names[300], quote[ARRAY_QUOTE_SIZE];
  list_names(from, names, sizeof names);
  if (!from->part_count) return array_fail(error, "%s: there are no named arrays in it", path);
  if (from->only)
    return array_fail(error, "%s: not one array in it is named '%s'; there are %s", path,
                      array_quote(from->only, strlen(from->only), quote), names);
  const char *first = from->parts[0].name;
  return array_fail(error, "%s: it holds %d arrays (%s), where one is needed; choose one, as in %s:%s", path,
                    from->part_count, names, path, array_quote(first, strlen(first), quote));
}

/* Where the name begins in FILE:NAME, or 0. A file whose own name reads like that comes first. */
static size_t find_selector(const char *path, char *file) {
  if (!access(path, F_OK)) return 0;
  for (size_t k = 0; path[k]; k++) {
    if (path[k] != ':') continue;
    file[k] = 0;
    if (format_of(file) >= 0) return k + 1;
    file[k] = ':';
  }
  return 0;
}

bool array_read(const char *path, host_array *into, array_error *error) {
  array_file from;
  *into = (host_array){0};
  char *file = strdup(path);
  if (!file) return array_fail(error, "%s: not enough memory for its name", path);
  size_t selector = find_selector(path, file);
  const char *only = selector ? path + selector : NULL;
  bool good = read_file(file, only, &from, error);
  if (good) {
    bool whole = from.has_whole && !only;
    int chosen = whole ? -1 : choose(&from);
    good = whole || chosen >= 0 || fail_choice(file, &from, error);
    if (good) *into = host_array_take(whole ? &from.whole : &from.parts[chosen].array);
    array_file_release(&from);
  }
  free(file);
  return good;
}

/* ---- writing ---- */

bool array_write(const char *path, const host_array *from, array_error *error) {
  int format = format_of(path);
  if (format >= 0 && formats[format].write) return formats[format].write(path, from, error);
  return array_fail(error, "%s: the name ends in neither .npy nor .json", path);
}

static bool is_utf8(const char *name) {
  json_t *text = json_string(name);
  json_decref(text);
  return text != NULL;
}

static bool names_are_good(const char *path, const array_list *from, array_error *error) {
  for (int k = 0; k < from->count; k++) {
    const char *name = from->names[k], *fault = is_utf8(name) ? array_name_fault(name) : "is not UTF-8";
    char quote[ARRAY_QUOTE_SIZE];
    if (fault) return array_fail(error, "%s: the name '%s' %s", path, array_quote(name, strlen(name), quote), fault);
  }
  return names_differ(path, from->count, from->names, error);
}

static bool write_in_folder(const char *folder, const char *name, const host_array *from, array_precision precision,
                            array_error *error) {
  char path[PATH_MAX];
  const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
  if (strpbrk(name, "/\\"))
    return array_fail(error, "%s: the name '%s' has a slash in it, and can't be a file's name", folder, name);
  int length = snprintf(path, sizeof path, "%s%s%s.npy", folder, slash, name);
  if (length < 0 || (size_t)length >= sizeof path)
    return array_fail(error, "%s: the name of '%s' in it is too long", folder, name);
  return array_npy_write_as(path, from, precision, error);
}

static bool write_folder(const char *folder, const array_list *from, array_error *error) {
  if (mkdir(folder, 0777) && errno != EEXIST) return array_fail(error, "%s: %s", folder, strerror(errno));
  for (int k = 0; k < from->count; k++)
    if (!write_in_folder(folder, from->names[k], &from->arrays[k], from->precision, error)) return false;
  return true;
}

bool array_file_write(const char *path, int count, const char *const *names, const host_array *arrays,
                      array_precision precision, array_error *error) {
  array_list from = {count, names, arrays, precision};
  size_t length = strlen(path);
  bool folder = file_is_folder(path) || (length && path[length - 1] == '/');
  int format = format_of(path);
  if (!folder && (format < 0 || !formats[format].write_all))
    return array_fail(error, "%s: the name ends in none of .npz, .safetensors, .json, nor is it a folder", path);
  if (!names_are_good(path, &from, error)) return false;
  return folder ? write_folder(path, &from, error) : formats[format].write_all(path, &from, error);
}
