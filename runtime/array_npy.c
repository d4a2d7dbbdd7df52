/* .npy files: NumPy's arrays, as its format description has them (versions 1 to 3 are read, version 1 is written). */
#include "runtime/array_formats.h"
#include "runtime/array_npy_header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_ENTRIES = 4096, HEADER_ALIGNMENT = 64 };

/* The bits of an entry as a number, lowest byte first, whatever this machine's order. */
static uint64_t entry_bits(const unsigned char *bytes, const npy_header *of) {
  uint64_t bits = 0;
  for (int k = 0; k < of->size; k++) bits |= (uint64_t)bytes[of->big_endian ? of->size - 1 - k : k] << (8 * k);
  return bits;
}

static double entry_value(const unsigned char *bytes, const npy_header *of) {
  uint64_t bits = entry_bits(bytes, of);
  if (of->kind == 'f' && of->size == 4) {
    uint32_t half = (uint32_t)bits;
    float value;
    memcpy(&value, &half, sizeof value);
    return value;
  }
  if (of->kind == 'f') {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
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

static walk walk_begin(const npy_header *over) {
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

static bool read_entries(FILE *stream, const char *path, const npy_header *header, int64_t count, double *entries,
                         array_error *error) {
  unsigned char block[BLOCK_ENTRIES * 8];
  walk place = walk_begin(header);
  size_t size = (size_t)header->size;
  for (int64_t done = 0; done < count;) {
    size_t wanted = count - done < BLOCK_ENTRIES ? (size_t)(count - done) : BLOCK_ENTRIES;
    if (fread(block, size, wanted, stream) < wanted)
      return array_fail(error, "%s: %s", path, ferror(stream) ? strerror(errno) : "the file ended while it was read");
    for (size_t k = 0; k < wanted; k++) {
      double value = entry_value(block + k * size, header);
      entries[header->fortran_order ? place.offset : done + (int64_t)k] = value;
      if (header->fortran_order) walk_next(&place);
    }
    done += (int64_t)wanted;
  }
  return true;
}

static bool read_stream(FILE *stream, const char *path, int64_t size, host_array *into, array_error *error) {
  npy_header header;
  if (!npy_header_read(stream, path, size, &header, error)) return false;
  into->rank = header.rank;
  memcpy(into->extents, header.extents, sizeof header.extents);
  into->whole = header.kind != 'f';
  int64_t count = 1;
  for (int k = 0; k < header.rank; k++) count = header.extents[k] ? count : 0;
  if (count) count = host_array_count(into); /* the header's reader has checked that this does not overflow */
  into->entries = array_entries(count, path, error);
  return into->entries && (!count || read_entries(stream, path, &header, count, into->entries, error));
}

bool array_npy_read(const char *path, array_file *into, array_error *error) {
  int64_t size;
  FILE *stream = file_open(path, &size, error);
  if (!stream) return false;
  into->has_whole = read_stream(stream, path, size, &into->whole, error);
  fclose(stream);
  return into->has_whole;
}

/* The dictionary, padded with blanks so that the entries begin at a multiple of 64 bytes. */
static size_t write_header(const host_array *from, char *into, size_t size) {
  size_t used = 10;
  used += (size_t)snprintf(into + used, size - used, "{'descr': '<f8', 'fortran_order': False, 'shape': (");
  for (int k = 0; k < from->rank; k++)
    used += (size_t)snprintf(into + used, size - used, "%lld,%s", (long long)from->extents[k],
                             k + 1 < from->rank ? " " : "");
  used += (size_t)snprintf(into + used, size - used, "), }");
  while ((used + 1) % HEADER_ALIGNMENT) into[used++] = ' ';
  into[used++] = '\n';
  size_t length = used - 10;
  memcpy(into, "\x93NUMPY\x01\x00", 8);
  into[8] = (char)(length & 255);
  into[9] = (char)(length >> 8);
  return used;
}

/* Entries as little-endian bytes. */
static unsigned char *entry_bytes(const double *entries, size_t count) {
  unsigned char *bytes = malloc(count ? 8 * count : 1);
  for (size_t k = 0; bytes && k < count; k++) {
    uint64_t bits;
    memcpy(&bits, &entries[k], sizeof bits);
    for (int b = 0; b < 8; b++) bytes[8 * k + (size_t)b] = (unsigned char)(bits >> (8 * b));
  }
  return bytes;
}

bool array_npy_write(const char *path, const host_array *from, array_error *error) {
  char header[1024]; /* 16 extents of at most 21 characters, and less than 200 besides */
  size_t header_size = write_header(from, header, sizeof header);
  size_t count = (size_t)host_array_count(from);
  unsigned char *bytes = entry_bytes(from->entries, count);
  if (!bytes) return array_fail(error, "%s: not enough memory to write it", path);
  file_piece pieces[] = {{header, header_size}, {bytes, 8 * count}};
  bool good = file_write(path, pieces, 2, error);
  free(bytes);
  return good;
}
