/* Bytes in a layout -> entries: converted block by block, or mapped where they are doubles as they stand. */
#include "runtime/array_formats.h"
#include "runtime/array_layout.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Files below this many bytes of entries are read: a copy costs nothing there, and what has been copied can't change
 * or vanish any more. */
enum { BLOCK_ENTRIES = 4096, MAPPED_FROM = 1 << 20 };

/* The bits of an entry as a number, lowest byte first, whatever this machine's order. */
static uint64_t entry_bits(const unsigned char *bytes, const array_layout *of) {
  uint64_t bits = 0;
  for (int k = 0; k < of->size; k++) bits |= (uint64_t)bytes[of->big_endian ? of->size - 1 - k : k] << (8 * k);
  return bits;
}

static double single_value(uint64_t bits) {
  uint32_t single = (uint32_t)bits;
  float value;
  memcpy(&value, &single, sizeof value);
  return value;
}

/* IEEE half precision: one sign bit, five of the exponent, ten of the significand. */
static double half_value(uint64_t bits) {
  int exponent = (int)(bits >> 10 & 31);
  double significand = (double)(bits & 1023);
  double size = exponent == 31 ? (significand > 0 ? (double)NAN : (double)INFINITY)
                : exponent     ? ldexp(1024 + significand, exponent - 25)
                               : ldexp(significand, -24);
  return bits >> 15 ? -size : size;
}

static double real_value(uint64_t bits, const array_layout *of) {
  if (of->kind == 't') return single_value(bits << 16);
  if (of->size == 2) return half_value(bits);
  if (of->size == 4) return single_value(bits);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static bool is_real(const array_layout *of) {
  return of->kind == 'f' || of->kind == 't';
}

static double entry_value(const unsigned char *bytes, const array_layout *of) {
  uint64_t bits = entry_bits(bytes, of);
  if (is_real(of)) return real_value(bits, of);
  if (of->kind == 'b') return bits != 0;
  uint64_t sign = UINT64_C(1) << (8 * of->size - 1);
  if (of->kind == 'u' || !(bits & sign)) return (double)bits;
  return -(double)((sign << 1) - bits); /* two's complement; for 8 bytes, sign << 1 is 2^64 = 0, which wraps rightly */
}

/* Where the entries go: in C order one after another; in Fortran order the first index runs fastest. */
typedef struct {
  int rank;
  int64_t extents[ARRAY_MAXIMUM_RANK], strides[ARRAY_MAXIMUM_RANK], index[ARRAY_MAXIMUM_RANK];
  int64_t offset;
} walk;

static walk walk_begin(const array_layout *over) {
  walk made = {.rank = over->rank};
  int64_t stride = 1;
  for (int k = over->rank - 1; k >= 0; k--) {
    made.strides[k] = stride;
    made.extents[k] = over->extents[k];
    stride *= over->extents[k];
  }
  return made;
}

static void walk_next(walk *at) {
  for (int k = 0; k < at->rank; k++) {
    at->offset += at->strides[k];
    if (++at->index[k] < at->extents[k]) return;
    at->offset -= at->strides[k] * at->extents[k];
    at->index[k] = 0;
  }
}

static bool read_entries(const array_layout *of, byte_source *from, int64_t count, double *entries,
                         array_error *error) {
  unsigned char block[BLOCK_ENTRIES * 8];
  walk place = walk_begin(of);
  size_t size = (size_t)of->size;
  for (int64_t done = 0; done < count;) {
    size_t wanted = count - done < BLOCK_ENTRIES ? (size_t)(count - done) : BLOCK_ENTRIES;
    if (!from->read(from, block, size * wanted, error)) return false;
    for (size_t k = 0; k < wanted; k++) {
      double value = entry_value(block + k * size, of);
      entries[of->fortran_order ? place.offset : done + (int64_t)k] = value;
      if (of->fortran_order) walk_next(&place);
    }
    done += (int64_t)wanted;
  }
  return true;
}

static void set_shape(const array_layout *of, host_array *into) {
  into->rank = of->rank;
  memcpy(into->extents, of->extents, sizeof into->extents);
  into->whole = !is_real(of);
}

bool layout_read(const array_layout *of, byte_source *from, host_array *into, array_error *error) {
  set_shape(of, into);
  int64_t count = layout_bytes(of) / of->size;
  into->entries = array_entries(count, from->name, error);
  return into->entries && (!count || read_entries(of, from, count, into->entries, error));
}

static bool machine_is_big_endian(void) {
  uint16_t probe = 1;
  unsigned char first;
  memcpy(&first, &probe, 1);
  return !first;
}

/* In both orders a vector is the same. */
static bool stands_as_it_is(const array_layout *of, int64_t offset) {
  return of->kind == 'f' && of->size == sizeof(double) && of->big_endian == machine_is_big_endian() &&
         (!of->fortran_order || of->rank <= 1) && offset % (int64_t) _Alignof(double) == 0;
}

bool layout_read_at(const array_layout *of, FILE *stream, const char *path, int64_t offset, host_array *into,
                    array_error *error) {
  int64_t bytes = layout_bytes(of);
  if (bytes >= MAPPED_FROM && stands_as_it_is(of, offset)) {
    into->entries = file_map(stream, offset, bytes, &into->mapping, &into->mapping_size);
    set_shape(of, into);
    if (into->entries) return true;
  }
  if (fseeko(stream, offset, SEEK_SET)) return array_fail(error, "%s: %s", path, strerror(errno));
  byte_source rest = byte_source_of(stream, path, offset + bytes);
  return layout_read(of, &rest, into, error);
}
