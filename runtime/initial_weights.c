/* Counters in place of a state: the key is the seed, the counter is the name's hash and the number of the block. */
#include "runtime/initial_weights.h"

#include <math.h>

void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4]) {
  enum { ROUNDS = 10 };
  uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3], first = key[0], second = key[1];
  for (int k = 0; k < ROUNDS; k++) {
    uint64_t left = (uint64_t)0xD2511F53u * a, right = (uint64_t)0xCD9E8D57u * c;
    a = (uint32_t)(right >> 32) ^ b ^ first;
    b = (uint32_t)right;
    c = (uint32_t)(left >> 32) ^ d ^ second;
    d = (uint32_t)left;
    first += 0x9E3779B9u;
    second += 0xBB67AE85u;
  }
  block[0] = a, block[1] = b, block[2] = c, block[3] = d;
}

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *name) {
  uint64_t hash = 14695981039346656037u;
  for (const unsigned char *at = (const unsigned char *)name; *at; at++) hash = (hash ^ *at) * 1099511628211u;
  return hash;
}

/* 52 bits as the midpoint of their interval. */
double philox_uniform(uint32_t high, uint32_t low) {
  uint64_t bits = ((uint64_t)high << 32 | low) >> 12;
  return ((double)bits + 0.5) * 0x1p-51 - 1;
}

void fill_kaiming_uniform(double *entries, size_t count, uint64_t seed, const char *name, int64_t fan_in) {
  uint64_t hash = hash_of(name);
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  double bound = fan_in > 0 ? 1 / sqrt((double)fan_in) : 0;
  for (size_t k = 0; k < count; k++) {
    uint64_t number = k / 2;
    const uint32_t counter[4] = {(uint32_t)number, (uint32_t)(number >> 32), (uint32_t)hash, (uint32_t)(hash >> 32)};
    uint32_t block[4];
    philox(counter, key, block);
    entries[k] = bound * (k % 2 ? philox_uniform(block[2], block[3]) : philox_uniform(block[0], block[1]));
  }
}
