/* .json files and JSON on the command line: numbers and nested lists; nan and infinities as strings. Also objects whose
 * members are such arrays. */
#include "runtime/array_json.h"

#include "runtime/array_formats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is being turned into an array. The shape is that of the first entries; every other list must agree. */
typedef struct {
  const char *name;
  host_array *into;
  int64_t filled;
  array_error *error;
} filling;

static bool shape_of(const json_t *value, filling *with) {
  host_array *into = with->into;
  for (; json_is_array(value); value = json_array_get(value, 0)) {
    if (into->rank == ARRAY_MAXIMUM_RANK)
      return array_fail(with->error, "%s: lists are nested deeper than %d", with->name, ARRAY_MAXIMUM_RANK);
    into->extents[into->rank++] = (int64_t)json_array_size(value);
    if (!json_array_size(value)) break;
  }
  return true;
}

/* The number of entries, or -1 when it overflows: then the lists can't all be of the promised lengths either. */
static int64_t checked_count(const host_array *of) {
  int64_t count = 1;
  for (int k = 0; k < of->rank; k++) {
    if (of->extents[k] && count > INT64_MAX / 16 / of->extents[k]) return -1;
    count *= of->extents[k];
  }
  return count;
}

static bool number_of(const json_t *value, double *into, bool *whole) {
  if (json_is_integer(value)) {
    *into = (double)json_integer_value(value);
    if (fabs(*into) >= 0x1p53) *whole = false;
    return true;
  }
  *whole = false;
  if (json_is_real(value)) {
    *into = json_real_value(value);
    return true;
  }
  if (!json_is_string(value)) return false;
  bool ignored;
  return array_number_parse(json_string_value(value), json_string_length(value), into, &ignored) && !isfinite(*into);
}

/* The axes outside `axis` have been entered; recursion ends at ARRAY_MAXIMUM_RANK. */
static bool fill(const json_t *value, int axis, filling *with) {
  host_array *into = with->into;
  if (axis == into->rank) {
    if (number_of(value, &into->entries[with->filled], &into->whole)) {
      with->filled++;
      return true;
    }
    return array_fail(
        with->error, json_is_array(value) ? "%s: lists are nested to different depths" : "%s: an entry is not a number",
        with->name);
  }
  if (!json_is_array(value)) return array_fail(with->error, "%s: lists are nested to different depths", with->name);
  size_t count = json_array_size(value);
  if ((int64_t)count != into->extents[axis])
    return array_fail(with->error, "%s: a list of %zu stands beside a list of %lld", with->name, count,
                      (long long)into->extents[axis]);
  for (size_t k = 0; k < count; k++)
    if (!fill(json_array_get(value, k), axis + 1, with)) return false;
  return true;
}

/* No more entries are allocated than the text has values: lists that are longer than the first fail before they are
 * reached, and `most` bounds the product. */
static bool from_json(const json_t *value, const char *name, size_t most, host_array *into, array_error *error) {
  filling with = {name, into, 0, error};
  into->whole = true;
  if (!shape_of(value, &with)) return false;
  int64_t count = checked_count(into);
  if (count < 0 || (size_t)count > most) return array_fail(error, "%s: lists beside each other differ in length", name);
  into->entries = array_entries(count, name, error);
  return into->entries && fill(value, 0, &with);
}

json_t *json_from_text(const char *name, const char *text, size_t length, array_error *error) {
  json_error_t reason;
  json_t *value = json_loadb(text, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &reason);
  if (!value) {
    char quote[ARRAY_QUOTE_SIZE * 4];
    size_t shown = 0;
    for (; reason.text[shown] && shown < sizeof quote - 1; shown++)
      quote[shown] = reason.text[shown] >= ' ' && reason.text[shown] < 127 ? reason.text[shown] : '?';
    quote[shown] = 0;
    array_fail(error, "%s:%d:%d: %s", name, reason.line, reason.column, quote);
  }
  return value;
}

bool array_json_parse(const char *name, const char *text, size_t length, host_array *into, array_error *error) {
  json_t *value = json_from_text(name, text, length, error);
  if (!value) return false;
  bool good = from_json(value, name, length, into, error);
  json_decref(value);
  return good;
}

static bool read_members(json_t *object, const char *path, size_t length, array_file *into, array_error *error) {
  if (!array_file_expect(into, json_object_size(object), path, error)) return false;
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    named_array *part = array_file_add(into, key, strlen(key), path, error);
    if (!part) return false;
    char name[ARRAY_MEMBER_SIZE];
    array_member_name(path, key, name);
    const char *fault = array_name_fault(key);
    if (fault) return array_fail(error, "%s: its name %s", name, fault);
    if (array_file_wants(into, part) && !from_json(value, name, length, &part->array, error)) return false;
  }
  return true;
}

bool array_json_read(const char *path, array_file *into, array_error *error) {
  size_t length;
  char *text = file_read(path, INT64_MAX - 1, &length, error);
  if (!text) return false;
  json_t *value = length ? json_from_text(path, text, length, error) : NULL;
  if (!length) array_fail(error, "%s: the file is empty", path);
  free(text);
  if (!value) return false;
  bool is_object = json_is_object(value);
  bool good =
      is_object ? read_members(value, path, length, into, error) : from_json(value, path, length, &into->whole, error);
  into->has_whole = good && !is_object;
  json_decref(value);
  return good;
}

static json_t *to_json(const host_array *from, int axis, int64_t *next) {
  if (axis == from->rank) {
    double value = from->entries[(*next)++];
    char number[ARRAY_NUMBER_SIZE];
    array_number_text(value, number);
    return isfinite(value) ? json_real(value) : json_string(number);
  }
  json_t *list = json_array();
  for (int64_t k = 0; list && k < from->extents[axis]; k++)
    if (json_array_append_new(list, to_json(from, axis + 1, next))) {
      json_decref(list);
      return NULL;
    }
  return list;
}

/* Takes over `value`, which is NULL where memory ran out. */
static bool write_value(const char *path, json_t *value, array_error *error) {
  char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(value);
  if (!text) return array_fail(error, "%s: not enough memory to write it", path);
  file_piece pieces[] = {{text, strlen(text)}, {"\n", 1}};
  bool good = file_write(path, pieces, 2, error);
  free(text);
  return good;
}

bool array_json_write(const char *path, const host_array *from, array_error *error) {
  int64_t next = 0;
  return write_value(path, to_json(from, 0, &next), error);
}

bool array_json_write_all(const char *path, const array_list *from, array_error *error) {
  json_t *object = json_object();
  for (int k = 0; object && k < from->count; k++) {
    int64_t next = 0;
    if (!json_object_set_new(object, from->names[k], to_json(&from->arrays[k], 0, &next))) continue;
    json_decref(object);
    object = NULL;
  }
  return write_value(path, object, error);
}
