/* The header of a .npy file: what it says of the bytes that follow. */
#ifndef ADJOIN_RUNTIME_ARRAY_NPY_HEADER_H
#define ADJOIN_RUNTIME_ARRAY_NPY_HEADER_H

#include "runtime/array.h"
#include <stdio.h>

typedef struct {
  char kind; /* NumPy's letter: 'f' real, 'i' whole, 'u' whole without sign, 'b' truth */
  int size;  /* bytes of one entry */
  bool big_endian, fortran_order;
  int rank;
  int64_t extents[ARRAY_MAXIMUM_RANK];
} npy_header;

/* Reads the header of the stream of `file_size` bytes and leaves the stream at the first entry. Ensures: the product
 * of the extents with `size` does not overflow and is exactly what the file still holds. */
bool npy_header_read(FILE *stream, const char *path, int64_t file_size, npy_header *into, array_error *error);

#endif
