/* Bytes that are read in order and whose number is known before: a file, or a member of an archive. */
#ifndef ADJOIN_RUNTIME_BYTE_SOURCE_H
#define ADJOIN_RUNTIME_BYTE_SOURCE_H

#include "runtime/array.h"
#include <stdio.h>

typedef struct byte_source byte_source;
struct byte_source {
  const char *name; /* what messages call it */
  int64_t size;     /* what it says that it holds, from its beginning; it may lie */
  void *state;
  /* The next `size` bytes, all of them; false with a message when they can't be had. */
  bool (*read)(byte_source *from, void *into, size_t size, array_error *error);
};

/* The stream from where it stands, of which `size` counts all. */
byte_source byte_source_of(FILE *stream, const char *path, int64_t size);

#endif
