/* Host arrays: their life, and what is common to all files of them (see array.h, array_formats.h). */
#include "runtime/array.h"

#include "runtime/array_formats.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int64_t host_array_count(const host_array *from) {
  int64_t count = 1;
  for (int k = 0; k < from->rank; k++) count *= from->extents[k];
  return count;
}

void host_array_release(host_array *from) {
  if (from->mapping)
    munmap(from->mapping, from->mapping_size);
  else
    free(from->entries);
  *from = (host_array){0};
}

host_array host_array_take(host_array *from) {
  host_array taken = *from;
  *from = (host_array){0};
  return taken;
}

double *array_entries(int64_t count, const char *path, array_error *error) {
  uint64_t wanted = count > 0 ? (uint64_t)count : 1;
  double *entries = wanted > PTRDIFF_MAX / sizeof(double) ? NULL : malloc((size_t)wanted * sizeof(double));
  if (!entries) array_fail(error, "%s: not enough memory for %lld entries", path, (long long)count);
  return entries;
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

bool array_file_expect(array_file *into, size_t count, const char *path, array_error *error) {
  into->parts = count > INT32_MAX ? NULL : calloc(count + 1, sizeof *into->parts);
  return into->parts || array_fail(error, "%s: not enough memory for its %zu arrays", path, count);
}

named_array *array_file_add(array_file *into, const char *name, size_t length, const char *path, array_error *error) {
  named_array *part = &into->parts[into->part_count];
  part->name = strndup(name, length);
  if (!part->name) {
    array_fail(error, "%s: not enough memory for the names in it", path);
    return NULL;
  }
  into->part_count++;
  return part;
}

bool array_file_wants(const array_file *of, const named_array *part) {
  return !of->only || !strcmp(of->only, part->name);
}

const char *array_member_name(const char *path, const char *member, char into[ARRAY_MEMBER_SIZE]) {
  char quote[ARRAY_QUOTE_SIZE];
  snprintf(into, ARRAY_MEMBER_SIZE, "%.200s, member '%s'", path, array_quote(member, strlen(member), quote));
  return into;
}

/* Nothing is ever written where a name in a file says; but such names are an attack on programs that do. */
const char *array_name_fault(const char *name) {
  if (!*name) return "is empty";
  if (strchr("/\\", *name)) return "begins with a slash";
  if (*name == ' ' || name[strlen(name) - 1] == ' ') return "begins or ends with a blank";
  const char *begin = name;
  for (const char *at = name;; at++) {
    unsigned char byte = (unsigned char)*at;
    if (byte && (byte < ' ' || byte == 127)) return "has a control character in it";
    if (byte && byte != '/' && byte != '\\') continue;
    if (at - begin == 2 && !strncmp(begin, "..", 2)) return "climbs out of its folder";
    if (!byte) return NULL;
    begin = at + 1;
  }
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
