/* The types of entries that files may have, and the room that a layout takes (see array_layout.h). */
#include "runtime/array_layout.h"

#include <string.h>

/* One row per type. */
static const struct {
  char kind;
  int size;
  const char *name; /* in .safetensors */
} types[] = {{'f', 8, "F64"}, {'f', 4, "F32"}, {'f', 2, "F16"}, {'t', 2, "BF16"}, {'i', 8, "I64"},
             {'i', 4, "I32"}, {'i', 2, "I16"}, {'i', 1, "I8"},  {'u', 8, "U64"},  {'u', 4, "U32"},
             {'u', 2, "U16"}, {'u', 1, "U8"},  {'b', 1, "BOOL"}};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

bool layout_set_type(array_layout *of, char kind, int size) {
  of->kind = kind;
  of->size = size;
  return layout_type_name(of) != NULL;
}

bool layout_set_type_name(array_layout *of, const char *name) {
  for (int k = 0; k < TYPE_COUNT; k++)
    if (!strcmp(types[k].name, name)) return layout_set_type(of, types[k].kind, types[k].size);
  return false;
}

const char *layout_type_name(const array_layout *of) {
  for (int k = 0; k < TYPE_COUNT; k++)
    if (types[k].kind == of->kind && types[k].size == of->size) return types[k].name;
  return NULL;
}

int64_t layout_bytes(const array_layout *of) {
  int64_t bytes = of->size;
  bool none = false;
  for (int k = 0; k < of->rank; k++) {
    int64_t extent = of->extents[k];
    none = none || !extent;
    if (extent && __builtin_mul_overflow(bytes, extent, &bytes)) return -1;
  }
  return none ? 0 : bytes;
}
