/* Text that grows at its end, in an arena: what printers and emitters write to. */
#ifndef ADJOIN_BASE_TEXT_H
#define ADJOIN_BASE_TEXT_H

#include "compiler/base/arena.h"

typedef struct {
  arena *memory;
  char *data; /* always terminated by a zero; never NULL after text_create */
  size_t length, capacity;
} text;

text text_create(arena *memory);
void text_append(text *out, const char *piece);
void text_append_bytes(text *out, const char *bytes, size_t length);
void text_format(text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The shortest decimal form that reads back to the same bits; "nan", "inf", "-inf" otherwise. A finite form always
 * reads as a real number in C and in the language ("1" is written "1.0" when `point` is not 0). */
void text_append_number(text *out, double value, int point);

/* The length of the UTF-8 character at `bytes`, of which `available` > 0 can be read, and its code point; 0 when there
 * is none. */
int utf8_length(const char *bytes, size_t available, unsigned long *point);

/* A JSON string. Bytes that are not UTF-8 become the replacement character, U+FFFD. */
void json_string_append(text *out, const char *content);

#endif
