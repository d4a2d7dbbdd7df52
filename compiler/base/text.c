/* Growable text, and numbers that read back to the same bits. */
#include "compiler/base/text.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64, NUMBER_SIZE = 40 };

text text_create(arena *memory) {
  return (text){.memory = memory, .data = arena_allocate(memory, FIRST_CAPACITY, 1), .capacity = FIRST_CAPACITY};
}

/* Room for `more` bytes and the final zero. Doubling keeps the total of the abandoned copies below the final size. */
static void reserve(text *out, size_t more) {
  if (more < out->capacity - out->length) return;
  size_t capacity = out->capacity;
  while (more >= capacity - out->length && capacity <= SIZE_MAX / 2) capacity *= 2;
  if (more >= capacity - out->length) capacity = SIZE_MAX; /* the arena takes this for exhaustion */
  char *moved = arena_allocate(out->memory, capacity, 1);
  memcpy(moved, out->data, out->length);
  out->data = moved;
  out->capacity = capacity;
}

void text_append_bytes(text *out, const char *bytes, size_t length) {
  if (!length) return;
  reserve(out, length);
  memcpy(out->data + out->length, bytes, length);
  out->length += length;
  out->data[out->length] = '\0';
}

void text_append(text *out, const char *piece) {
  text_append_bytes(out, piece, strlen(piece));
}

void text_format(text *out, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (length > 0) {
    reserve(out, (size_t)length);
    vsnprintf(out->data + out->length, (size_t)length + 1, format, arguments);
    out->length += (size_t)length;
  }
  va_end(arguments);
}

/* Fifteen digits always survive the way to double and back, and %g drops trailing zeros: with 15, 16, then 17 digits
 * the first form that reads back is the shortest. Below the normal range fewer digits can do. */
static void shortest_form(double value, char form[NUMBER_SIZE]) {
  int digits = fabs(value) < DBL_MIN ? 1 : 15;
  for (; digits <= 17; digits++) {
    snprintf(form, NUMBER_SIZE, "%.*g", digits, value);
    if (strtod(form, NULL) == value) return;
  }
}

/* The host program may have set a locale whose decimal point is not '.', even one of several bytes. */
static void use_decimal_point(char *form) {
  char *to = form;
  int in_point = 0;
  for (const char *from = form; *from; from++) {
    int ours = strchr("+-0123456789e", *from) != NULL;
    if (ours)
      *to++ = *from;
    else if (!in_point)
      *to++ = '.';
    in_point = !ours;
  }
  *to = '\0';
}

void text_append_number(text *out, double value, int point) {
  if (isnan(value)) {
    text_append(out, "nan");
  } else if (isinf(value)) {
    text_append(out, value < 0 ? "-inf" : "inf");
  } else {
    char form[NUMBER_SIZE];
    shortest_form(value, form);
    use_decimal_point(form);
    text_append(out, form);
    if (point && !strpbrk(form, ".e")) text_append(out, ".0");
  }
}

int utf8_length(const char *bytes, size_t available, unsigned long *point) {
  unsigned first = (unsigned char)bytes[0];
  *point = first;
  if (first < 0x80) return 1;
  int length = first >= 0xF5 ? 0 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || (size_t)length > available) return 0;
  *point = first & (0xFFu >> (length + 1));
  for (int i = 1; i < length; i++) {
    unsigned next = (unsigned char)bytes[i];
    if ((next & 0xC0u) != 0x80) return 0;
    *point = *point << 6 | (next & 0x3Fu);
  }
  static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
  int surrogate = *point >= 0xD800 && *point < 0xE000;
  return *point < least[length] || *point > 0x10FFFF || surrogate ? 0 : length;
}

void json_string_append(text *out, const char *content) {
  size_t left = strlen(content);
  text_append(out, "\"");
  while (left) {
    unsigned long point;
    int length = utf8_length(content, left, &point);
    if (!length)
      text_append(out, "\\ufffd");
    else if (point == '"' || point == '\\')
      text_format(out, "\\%c", (int)point);
    else if (point < ' ' || point == 127)
      text_format(out, "\\u%04lx", point);
    else
      text_append_bytes(out, content, (size_t)length);
    content += length ? length : 1;
    left -= (size_t)(length ? length : 1);
  }
  text_append(out, "\"");
}
