/* Quantities (see quantity.h). */
#include "compiler/binding/quantity.h"

bool quantity_create(const reporting *with, const char *name, int rank, const int64_t *extents, quantity *into) {
  int64_t *copy = arena_array(with->memory, int64_t, rank + 1);
  int64_t count = 1;
  bool empty = false;
  for (int k = 0; k < rank; k++) {
    copy[k] = extents[k];
    empty = empty || !extents[k];
  }
  for (int k = 0; k < rank && !empty; k++) {
    if (count > PTRDIFF_MAX / 16 / extents[k]) {
      report(with, "'%s' would have more entries than memory can hold", name);
      return false;
    }
    count *= extents[k];
  }
  if (empty) count = 0;
  *into = (quantity){name, rank, copy, count, NULL};
  into->entries = arena_allocate(with->memory, (size_t)count + 1, sizeof(double));
  return true;
}

bool quantity_product(const reporting *with, const char *name, const quantity *a, const quantity *b, quantity *into) {
  int64_t *extents = arena_array(with->memory, int64_t, a->rank + b->rank + 1);
  for (int k = 0; k < a->rank; k++) extents[k] = a->extents[k];
  for (int k = 0; k < b->rank; k++) extents[a->rank + k] = b->extents[k];
  return quantity_create(with, name, a->rank + b->rank, extents, into);
}

const char *entry_place(const reporting *with, const quantity *of, int64_t entry) {
  if (!of->rank) return "";
  int64_t *index = arena_array(with->memory, int64_t, of->rank);
  for (int k = of->rank - 1; k >= 0; k--) {
    index[k] = entry % of->extents[k];
    entry /= of->extents[k];
  }
  text made = text_create(with->memory);
  for (int k = 0; k < of->rank; k++) text_format(&made, "%s%lld", k ? ", " : "[", (long long)index[k]);
  text_append(&made, "]");
  return made.data;
}
