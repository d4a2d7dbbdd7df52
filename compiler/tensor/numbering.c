/* Numbers for keys, by hashing with open addressing. Numbers depend on the order of asking alone. */
#include "compiler/tensor/numbering.h"

#include <string.h>

/* FNV-1a over words, with a final mix for the low bits. */
static uint32_t hash_of(const int32_t *words, int count) {
  uint32_t hash = 2166136261u;
  for (int k = 0; k < count; k++) hash = (hash ^ (uint32_t)words[k]) * 16777619u;
  return hash ^ hash >> 15;
}

static void place(numbering *in, int number) {
  uint32_t mask = (uint32_t)in->slot_count - 1;
  uint32_t at = in->keys.items[number].hash & mask;
  while (in->slots[at]) at = (at + 1) & mask;
  in->slots[at] = number + 1;
}

static void grow(numbering *in) {
  in->slot_count = in->slot_count ? 2 * in->slot_count : 64;
  in->slots = arena_array(in->memory, int32_t, in->slot_count);
  for (int k = 0; k < in->keys.count; k++)
    if (in->keys.items[k].count) place(in, k);
}

int number_of(numbering *in, const int32_t *words, int count) {
  if (2 * in->used >= in->slot_count) grow(in);
  uint32_t hash = hash_of(words, count), mask = (uint32_t)in->slot_count - 1;
  for (uint32_t at = hash & mask; in->slots[at]; at = (at + 1) & mask) {
    const numbered_key *key = &in->keys.items[in->slots[at] - 1];
    if (key->hash != hash || key->count != count) continue;
    if (!memcmp(in->words.items + key->first, words, (size_t)count * sizeof *words)) return in->slots[at] - 1;
  }
  numbered_key made = {in->words.count, count, hash};
  for (int k = 0; k < count; k++) list_push(in->memory, &in->words, words[k]);
  list_push(in->memory, &in->keys, made);
  in->used++;
  place(in, in->keys.count - 1);
  return in->keys.count - 1;
}

int number_fresh(numbering *in) {
  numbered_key none = {0, 0, 0};
  list_push(in->memory, &in->keys, none);
  return in->keys.count - 1;
}
