/* Selections (see selection.h). */
#include "compiler/problem/selection.h"

void selection_mark(const bound_model *of, const selection *chosen, unsigned char mark, unsigned char *marks) {
  const quantity *value = &of->inputs[chosen->input].value;
  for (int64_t entry = 0; entry < value->count; entry++) {
    int64_t rest = entry;
    bool inside = true;
    for (int number = value->rank; number-- > 0 && inside; rest /= value->extents[number]) {
      int64_t subscript = rest % value->extents[number];
      inside = chosen->first[number] <= subscript && subscript < chosen->end[number];
    }
    if (inside) marks[entry] = mark;
  }
}

static bool select_axis(const bound_model *in, const freeze *from, int number, int64_t extent, int64_t *first,
                        int64_t *end, diagnostics *found) {
  const selector *each = &from->selectors[number];
  bool slice = each->kind == SELECT_SLICE;
  int64_t length = 1;
  bool known = whole_evaluate(in->model->dag, slice ? each->start : each->index->value, in->values, first);
  if (known && slice) known = whole_evaluate(in->model->dag, each->extent, in->values, &length);
  if (known && *first >= 0 && length >= 0 && *first <= extent - length) {
    *end = *first + length;
    return true;
  }
  diagnose(found, CODE_OUT_OF_RANGE, each->where.end > each->where.begin ? each->where : from->where,
           "what is frozen of '%s' is out of range: axis %d has %lld entries",
           in->model->inputs.items[from->input].name, number, (long long)extent);
  return false;
}

bool selection_of_freeze(const bound_model *of, const freeze *from, selection *into, diagnostics *found) {
  const quantity *value = &of->inputs[from->input].value;
  int64_t *first = arena_array(of->with->memory, int64_t, value->rank + 1);
  int64_t *end = arena_array(of->with->memory, int64_t, value->rank + 1);
  *into = (selection){from->input, first, end};
  for (int number = 0; number < value->rank; number++)
    if (!select_axis(of, from, number, value->extents[number], &first[number], &end[number], found)) return false;
  return true;
}
