/* Entries -> bytes in a layout: which one an array is written in, and its bytes. */
#include "runtime/array_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool all_are_int64(const host_array *of) {
  int64_t count = host_array_count(of);
  for (int64_t k = 0; k < count; k++) {
    double value = of->entries[k];
    if (!(value >= -0x1p63 && value < 0x1p63) || floor(value) != value || (value == 0 && signbit(value))) return false;
  }
  return true;
}

array_layout layout_for(const host_array *from, array_precision precision) {
  array_layout made = {.kind = 'f', .size = precision == ARRAY_FLOAT32 ? 4 : 8, .rank = from->rank};
  if (from->whole && all_are_int64(from)) {
    made.kind = 'i';
    made.size = 8;
  }
  memcpy(made.extents, from->extents, sizeof made.extents);
  return made;
}

static uint64_t bits_of(double value, const array_layout *as) {
  uint64_t bits;
  if (as->kind == 'i') return (uint64_t)(int64_t)value;
  if (as->size == 4) {
    float single = (float)value;
    uint32_t half;
    memcpy(&half, &single, sizeof half);
    return half;
  }
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

unsigned char *layout_encode(const array_layout *as, const double *entries) {
  int64_t size = layout_bytes(as), width = as->size;
  unsigned char *bytes = size < 0 ? NULL : malloc(size ? (size_t)size : 1);
  for (int64_t k = 0; bytes && k < size / width; k++) {
    uint64_t bits = bits_of(entries[k], as);
    for (int b = 0; b < width; b++) bytes[width * k + b] = (unsigned char)(bits >> (8 * b));
  }
  return bytes;
}
