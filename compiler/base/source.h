/* A source text and places in it. */
#ifndef ADJOIN_BASE_SOURCE_H
#define ADJOIN_BASE_SOURCE_H

#include "compiler/base/arena.h"
#include <stdint.h>

enum { SOURCE_BLOCK = 4096 };

/* Bytes begin .. end-1 of the source. An all-zero span means "no place known". */
typedef struct {
  uint32_t begin, end;
} span;

typedef struct {
  const char *name; /* as the user gave it: the file's path, or "<text>" */
  const char *text; /* terminated by a zero, which `length` does not count */
  size_t length;
  LIST(uint32_t) lines; /* the offset of each line's first byte */
  uint32_t *characters; /* how many begin before each block of SOURCE_BLOCK bytes, so that a column in a line of
                           megabytes is soon counted */
} source;

/* 1-based; columns count bytes' characters (UTF-8 continuation bytes do not count). */
typedef struct {
  int line, column;
} position;

source *source_create(arena *memory, const char *name, const char *text, size_t length);
position source_position(const source *from, uint32_t offset);

/* The line alone, without the cost of counting columns along it. */
int source_line_number(const source *from, uint32_t offset);

/* The line's text without its end; its length through `length`. */
const char *source_line(const source *from, int line, int *length);

/* The smallest span that covers both; a span without place gives the other. */
span span_join(span a, span b);

#endif
