/* A file as a source of bytes (see byte_source.h). */
#include "runtime/byte_source.h"

#include <errno.h>
#include <string.h>

static bool read_stream(byte_source *from, void *into, size_t size, array_error *error) {
  FILE *stream = from->state;
  if (fread(into, 1, size, stream) == size) return true;
  return array_fail(error, "%s: %s", from->name, ferror(stream) ? strerror(errno) : "the file ended while it was read");
}

byte_source byte_source_of(FILE *stream, const char *path, int64_t size) {
  return (byte_source){path, size, stream, read_stream};
}
