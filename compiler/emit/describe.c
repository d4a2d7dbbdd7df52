/* What a model declares, in its own words (see describe.h). */
#include "compiler/emit/describe.h"

#include <string.h>

const char *describe_file(const source *from) {
  const char *slash = strrchr(from->name, '/');
  return slash ? slash + 1 : from->name;
}

static const char *array_word(const void *module, int number) {
  return ((const kernel_module *)module)->arrays.items[number].name;
}

const char *describe_extent(arena *memory, const kernel_module *module, scalar extent) {
  text written = text_create(memory);
  scalar_write(module->dag, extent, array_word, module, &written);
  return written.data;
}

const char *describe_shape(arena *memory, const kernel_module *module, int rank, const scalar *extents) {
  text shape = text_create(memory);
  for (int k = 0; k < rank; k++)
    text_format(&shape, "%s%s", k ? ", " : "[", describe_extent(memory, module, extents[k]));
  if (rank > 0) text_append(&shape, "]");
  return shape.data;
}

const char *describe_role(input_role role) {
  static const char *const words[] = {
      [ROLE_VAR] = "var", [ROLE_PARAM] = "param", [ROLE_DATA] = "data", [ROLE_INDEX] = "index"};
  return words[role];
}

const char *describe_with_comment(arena *memory, const char *words, const char *comment) {
  return comment && *comment ? arena_format(memory, "%s: %s", words, comment) : words;
}

const char *describe_input(arena *memory, const kernel_module *module, const input *of, bool batched) {
  bool bounded = of->role == ROLE_INDEX && of->bound != NO_SCALAR;
  const char *words = arena_format(
      memory, "%s %s%s%s%s%s", describe_role(of->role), of->name, describe_shape(memory, module, of->rank, of->extents),
      bounded ? " < " : "", bounded ? describe_extent(memory, module, of->bound) : "", batched ? ", batched" : "");
  return describe_with_comment(memory, words, of->comment);
}
