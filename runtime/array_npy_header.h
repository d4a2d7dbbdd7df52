/* The header of a .npy file: what it says of the bytes that follow. */
#ifndef ADJOIN_RUNTIME_ARRAY_NPY_HEADER_H
#define ADJOIN_RUNTIME_ARRAY_NPY_HEADER_H

#include "runtime/array_layout.h"

/* Reads the header at the source's beginning and leaves the source at the first entry, whose place is `begin`. Ensures:
 * layout_bytes of what was read is exactly what the source says that it still holds. */
bool npy_header_read(byte_source *from, array_layout *into, int64_t *begin, array_error *error);

/* Writes the header of version 1 for a layout, padded so that the entries begin at a multiple of 64 bytes; its size. */
enum { NPY_HEADER_SIZE = 1024 }; /* 16 extents of at most 21 characters, and less than 200 besides */
size_t npy_header_write(const array_layout *of, char into[NPY_HEADER_SIZE]);

#endif
