/* Places in a source text: offsets to lines and columns. */
#include "compiler/base/source.h"

#include <string.h>

static int begins_character(char byte) {
  return ((unsigned char)byte & 0xC0u) != 0x80u;
}

static void count_characters(arena *memory, source *of) {
  size_t blocks = (of->length < UINT32_MAX ? of->length : UINT32_MAX) / SOURCE_BLOCK + 1;
  of->characters = arena_array(memory, uint32_t, blocks);
  for (size_t block = 0; block + 1 < blocks; block++) {
    uint32_t count = of->characters[block];
    const char *bytes = of->text + block * SOURCE_BLOCK;
    for (int i = 0; i < SOURCE_BLOCK; i++) count += (uint32_t)begins_character(bytes[i]);
    of->characters[block + 1] = count;
  }
}

/* How many characters begin before this byte. */
static uint32_t characters_before(const source *of, uint32_t offset) {
  uint32_t count = of->characters[offset / SOURCE_BLOCK];
  for (uint32_t i = offset - offset % SOURCE_BLOCK; i < offset; i++) count += (uint32_t)begins_character(of->text[i]);
  return count;
}

source *source_create(arena *memory, const char *name, const char *text, size_t length) {
  source *made = arena_new(memory, source);
  made->name = arena_copy(memory, name, strlen(name));
  made->text = arena_copy(memory, text, length);
  made->length = length;
  list_push(memory, &made->lines, 0);
  for (size_t i = 0; i < length && i < UINT32_MAX; i++)
    if (text[i] == '\n') list_push(memory, &made->lines, (uint32_t)i + 1);
  count_characters(memory, made);
  return made;
}

/* The number, from 0, of the last line that begins at or before the offset. */
static int line_of(const source *from, uint32_t offset) {
  int low = 0, high = from->lines.count;
  while (high - low > 1) {
    int middle = low + (high - low) / 2;
    if (from->lines.items[middle] <= offset)
      low = middle;
    else
      high = middle;
  }
  return low;
}

int source_line_number(const source *from, uint32_t offset) {
  return line_of(from, offset) + 1;
}

position source_position(const source *from, uint32_t offset) {
  if (offset > from->length) offset = (uint32_t)from->length;
  int line = line_of(from, offset);
  uint32_t before = characters_before(from, offset) - characters_before(from, from->lines.items[line]);
  return (position){line + 1, (int)before + 1};
}

const char *source_line(const source *from, int line, int *length) {
  size_t begin = from->lines.items[line - 1];
  size_t end = line < from->lines.count ? from->lines.items[line] - 1u : from->length;
  if (end > begin && from->text[end - 1] == '\r') end--;
  *length = end - begin > INT32_MAX ? INT32_MAX : (int)(end - begin);
  return from->text + begin;
}

span span_join(span a, span b) {
  if (a.begin == 0 && a.end == 0) return b;
  if (b.begin == 0 && b.end == 0) return a;
  return (span){a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}
