/* How the entries of an array lie in a file: their type, their order, the shape. */
#ifndef ADJOIN_RUNTIME_ARRAY_LAYOUT_H
#define ADJOIN_RUNTIME_ARRAY_LAYOUT_H

#include "runtime/byte_source.h"

typedef struct {
  char kind; /* NumPy's letter: 'f' real, 'i' whole, 'u' whole without sign, 'b' truth; and 't', a truncated float */
  int size;  /* bytes of one entry */
  bool big_endian, fortran_order;
  int rank;
  int64_t extents[ARRAY_MAXIMUM_RANK];
} array_layout;

/* Sets kind and size; false when there is no such type. In .npy a type is a letter and a size ('f', 8), in .safetensors
 * a name ("F64"). bfloat16, 't' here, has no letter there. */
bool layout_set_type(array_layout *of, char kind, int size);
bool layout_set_type_name(array_layout *of, const char *name);
const char *layout_type_name(const array_layout *of);

/* The bytes that all entries take, or -1 when that is more than any file has. Extents are multiplied with the zero ones
 * left out, so that the answer does not depend on where a zero stands. */
int64_t layout_bytes(const array_layout *of);

/* Takes the entries from the source, where they come next. layout_bytes must have been found good. */
bool layout_read(const array_layout *of, byte_source *from, host_array *into, array_error *error);

/* The same from a file that has them at `offset`. Many doubles in this machine's own form are mapped, not read. */
bool layout_read_at(const array_layout *of, FILE *stream, const char *path, int64_t offset, host_array *into,
                    array_error *error);

/* How an array is written: little endian, in C order; as int64 where `whole` is set and all its entries are whole
 * numbers that int64 has (-0 is none), else as `precision` says. */
array_layout layout_for(const host_array *from, array_precision precision);

/* The entries as they stand in a file of that layout, layout_bytes of them; from malloc, NULL when there is no memory.
 */
unsigned char *layout_encode(const array_layout *as, const double *entries);

#endif
