/* .npy files: NumPy's arrays (see array_npy_header.h for the header). */
#include "runtime/array_formats.h"
#include "runtime/array_npy_header.h"

#include <stdlib.h>

bool array_npy_read(const char *path, array_file *into, array_error *error) {
  int64_t size, begin;
  FILE *stream = file_open(path, &size, error);
  if (!stream) return false;
  byte_source from = byte_source_of(stream, path, size);
  array_layout layout;
  into->has_whole = npy_header_read(&from, &layout, &begin, error) &&
                    layout_read_at(&layout, stream, path, begin, &into->whole, error);
  fclose(stream);
  return into->has_whole;
}

bool array_npy_write_as(const char *path, const host_array *from, array_precision precision, array_error *error) {
  array_layout layout = layout_for(from, precision);
  char header[NPY_HEADER_SIZE];
  size_t header_size = npy_header_write(&layout, header);
  unsigned char *bytes = layout_encode(&layout, from->entries);
  if (!bytes) return array_fail(error, "%s: not enough memory to write it", path);
  file_piece pieces[] = {{header, header_size}, {bytes, (size_t)layout_bytes(&layout)}};
  bool good = file_write(path, pieces, 2, error);
  free(bytes);
  return good;
}

bool array_npy_write(const char *path, const host_array *from, array_error *error) {
  host_array real = *from;
  real.whole = false;
  return array_npy_write_as(path, &real, ARRAY_FLOAT64, error);
}
