#include "runtime/hash.h"

#include <string.h>

uint64_t hash_bytes(uint64_t from, const void *bytes, size_t size) {
  static const uint64_t PRIME = 1099511628211u;
  const unsigned char *at = bytes;
  uint64_t word;
  for (; size >= sizeof word; at += sizeof word, size -= sizeof word) {
    memcpy(&word, at, sizeof word);
    from = (from ^ word) * PRIME;
  }
  for (; size; at++, size--) from = (from ^ *at) * PRIME;
  return from;
}
