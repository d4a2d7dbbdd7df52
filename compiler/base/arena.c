/* The arena: a list of chunks from the C library, handed out front to back and released together. */
#include "compiler/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct chunk chunk;

struct chunk {
  chunk *next;
  size_t size, used; /* bytes of the payload behind this header */
};

struct arena {
  chunk *chunks; /* the first one is being filled; the others are full or hold one large item */
  size_t chunk_size;
  jmp_buf *escape;
};

enum {
  ALIGNMENT = _Alignof(max_align_t),
  HEADER_SIZE = (sizeof(chunk) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT,
  SMALLEST_CHUNK = 1 << 14,
  LARGEST_CHUNK = 1 << 20
};

arena *arena_create(void) {
  arena *memory = calloc(1, sizeof *memory);
  if (memory) memory->chunk_size = SMALLEST_CHUNK;
  return memory;
}

void arena_release(arena *memory) {
  if (!memory) return;
  for (chunk *each = memory->chunks; each;) {
    chunk *next = each->next;
    free(each);
    each = next;
  }
  free(memory);
}

void arena_set_escape(arena *memory, jmp_buf *escape) {
  memory->escape = escape;
}

static _Noreturn void exhausted(arena *memory) {
  longjmp(*memory->escape, 1);
}

/* calloc, so that every byte handed out is zero without a second pass over it. */
static chunk *chunk_create(arena *memory, size_t size) {
  chunk *made = size > SIZE_MAX - HEADER_SIZE ? NULL : calloc(1, HEADER_SIZE + size);
  if (!made) exhausted(memory);
  made->size = size;
  return made;
}

static void *chunk_take(chunk *from, size_t size) {
  unsigned char *place = (unsigned char *)from + HEADER_SIZE + from->used;
  from->used += size;
  return place;
}

/* An item of its own chunk goes behind the chunk that is being filled, which stays in use. */
static void *allocate_alone(arena *memory, size_t size) {
  chunk *made = chunk_create(memory, size);
  chunk **after = memory->chunks ? &memory->chunks->next : &memory->chunks;
  made->next = *after;
  *after = made;
  return chunk_take(made, size);
}

/* Chunks double up to a limit: small compilations stay small, large ones ask the C library rarely. */
static chunk *current_chunk(arena *memory, size_t size) {
  chunk *current = memory->chunks;
  if (current && current->size - current->used >= size) return current;
  chunk *made = chunk_create(memory, memory->chunk_size);
  if (memory->chunk_size < LARGEST_CHUNK) memory->chunk_size *= 2;
  made->next = current;
  memory->chunks = made;
  return made;
}

void *arena_allocate(arena *memory, size_t count, size_t size) {
  if (size && count > (SIZE_MAX - ALIGNMENT) / size) exhausted(memory);
  size_t wanted = count * size;
  size_t rounded = wanted ? (wanted + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
  if (rounded > SMALLEST_CHUNK / 4) return allocate_alone(memory, rounded);
  return chunk_take(current_chunk(memory, rounded), rounded);
}

char *arena_copy(arena *memory, const char *text, size_t length) {
  if (length == SIZE_MAX) exhausted(memory);
  char *copy = arena_allocate(memory, length + 1, 1);
  if (length) memcpy(copy, text, length);
  return copy;
}

char *arena_format_list(arena *memory, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (length < 0) exhausted(memory);
  size_t size = (size_t)length + 1;
  char *made = arena_allocate(memory, size, 1);
  vsnprintf(made, size, format, arguments);
  return made;
}

char *arena_format(arena *memory, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *made = arena_format_list(memory, format, arguments);
  va_end(arguments);
  return made;
}

void *arena_reserve(arena *memory, void *items, int count, int *capacity, size_t size) {
  if (count < *capacity) return items;
  if (*capacity > INT32_MAX / 2) exhausted(memory);
  int wider = *capacity ? 2 * *capacity : 4;
  void *moved = arena_allocate(memory, (size_t)wider, size);
  if (count) memcpy(moved, items, (size_t)count * size);
  *capacity = wider;
  return moved;
}
