/* Numbers for keys: equal keys have equal numbers, dense from 0. A key is a short list of 32-bit words. */
#ifndef ADJOIN_TENSOR_NUMBERING_H
#define ADJOIN_TENSOR_NUMBERING_H

#include "compiler/base/arena.h"
#include <stdint.h>

typedef struct {
  int first, count; /* among `words` */
  uint32_t hash;
} numbered_key;

typedef struct {
  arena *memory;
  LIST(int32_t) words;
  LIST(numbered_key) keys; /* by number */
  int32_t *slots;          /* open addressing: 0, or 1 + a number */
  int slot_count, used;
} numbering;

int number_of(numbering *in, const int32_t *words, int count);

/* A number that no key has or will have. */
int number_fresh(numbering *in);

#endif
