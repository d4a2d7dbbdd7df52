/* Numbers and values as text: what stands in a .csv field or after NAME= on the command line. */
#include "runtime/array_formats.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *array_quote(const char *text, size_t length, char into[ARRAY_QUOTE_SIZE]) {
  size_t shown = length < ARRAY_QUOTE_SIZE - 4 ? length : ARRAY_QUOTE_SIZE - 4;
  for (size_t k = 0; k < shown; k++) into[k] = text[k] >= ' ' && text[k] < 127 ? text[k] : '?';
  strcpy(into + shown, shown < length ? "..." : "");
  return into;
}

static bool blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_word(const char *text, size_t length, const char *word) {
  for (size_t k = 0; k < length; k++)
    if (!word[k] || tolower((unsigned char)text[k]) != word[k]) return false;
  return !word[length];
}

/* nan and inf by name, with a sign. */
static bool parse_special(const char *text, size_t length, double *value) {
  bool negative = length && *text == '-';
  if (length && (*text == '-' || *text == '+')) {
    text++;
    length--;
  }
  bool infinite = is_word(text, length, "inf") || is_word(text, length, "infinity");
  if (!infinite && !is_word(text, length, "nan")) return false;
  *value = !infinite ? (double)NAN : negative ? -(double)INFINITY : (double)INFINITY;
  return true;
}

/* strtod also reads hexadecimal and more; only the bytes of decimal numbers are let through to it. */
static bool is_decimal(const char *text, size_t length, bool *has_point) {
  *has_point = false;
  for (size_t k = 0; k < length; k++) {
    if (strchr(".eE", text[k])) *has_point = true;
    if (!text[k] || !strchr("0123456789+-.eE", text[k])) return false;
  }
  return length > 0;
}

bool array_number_parse(const char *text, size_t length, double *value, bool *whole) {
  for (; length && blank(*text); length--) text++;
  while (length && blank(text[length - 1])) length--;
  if (parse_special(text, length, value)) {
    *whole = false;
    return true;
  }
  char copy[400]; /* more digits than anyone writes: 17 tell a double */
  bool has_point;
  if (length >= sizeof copy || !is_decimal(text, length, &has_point)) return false;
  memcpy(copy, text, length);
  copy[length] = 0;
  char *end;
  *value = strtod(copy, &end);
  if (has_point || fabs(*value) >= 0x1p53) *whole = false;
  return !*end && isfinite(*value);
}

/* Only a decimal number fails for its size. */
static bool fail_number(const char *text, size_t length, array_error *error) {
  char quote[ARRAY_QUOTE_SIZE], copy[400], *end = copy;
  bool has_point;
  if (length < sizeof copy && is_decimal(text, length, &has_point)) {
    memcpy(copy, text, length);
    copy[length] = 0;
    if (isinf(strtod(copy, &end)) && !*end)
      return array_fail(error, "'%s' is too large: numbers end near 1.8e308; infinity is written inf",
                        array_quote(text, length, quote));
  }
  return array_fail(error, "'%s' is not a number", array_quote(text, length, quote));
}

static bool parse_list(const char *value, host_array *into, array_error *error) {
  size_t length = strlen(value);
  int64_t count = 1;
  for (size_t k = 0; k < length; k++) count += value[k] == ',';
  into->rank = count > 1;
  into->extents[0] = count;
  into->whole = true;
  into->entries = array_entries(count, "the value", error);
  if (!into->entries) return false;
  const char *at = value;
  for (int64_t k = 0; k < count; k++) {
    size_t size = strcspn(at, ",");
    if (!array_number_parse(at, size, &into->entries[k], &into->whole))
      return size ? fail_number(at, size, error) : array_fail(error, "entry %lld of the list is empty", (long long)k);
    at += size + 1;
  }
  return true;
}

bool array_parse(const char *value, host_array *into, array_error *error) {
  *into = (host_array){0};
  while (blank(*value)) value++;
  bool good = *value == '[' || *value == '{' ? array_json_parse("the value", value, strlen(value), into, error)
              : *value                       ? parse_list(value, into, error)
                                             : array_fail(error, "no value is given");
  if (!good) host_array_release(into);
  return good;
}
