/* A number by which to tell byte sequences apart: against accidents, not against forgers. */
#ifndef ADJOIN_RUNTIME_HASH_H
#define ADJOIN_RUNTIME_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a with steps of eight bytes, then of one; `from` is HASH_START, or the hash of what comes before. Each step is
 * one-to-one in the hash, so that sequences of one length which differ within eight bytes alone never agree. */
static const uint64_t HASH_START = 14695981039346656037u;
uint64_t hash_bytes(uint64_t from, const void *bytes, size_t size);

#endif
