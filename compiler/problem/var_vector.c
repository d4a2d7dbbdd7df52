/* Vars as one vector (see var_vector.h). */
#include "compiler/problem/var_vector.h"

#include <string.h>

bool var_vector_create(const bound_model *inputs, var_vector *into) {
  arena *memory = inputs->with->memory;
  *into = (var_vector){.inputs = inputs};
  for (int k = 0; k < inputs->model->inputs.count; k++) {
    if (inputs->model->inputs.items[k].role != ROLE_VAR) continue;
    kernel_var made = {.input = k, .offset = into->size, .count = inputs->inputs[k].value.count};
    list_push(memory, &into->vars, made);
    if (__builtin_add_overflow(into->size, made.count, &into->size)) {
      report(inputs->with, "the vars are too large together");
      return false;
    }
  }
  into->mask = arena_array(memory, unsigned char, into->size + 1);
  memset(into->mask, 1, (size_t)into->size);
  return true;
}

int var_of_input(const var_vector *of, int number) {
  for (int k = 0; k < of->vars.count; k++)
    if (of->vars.items[k].input == number) return k;
  return -1;
}

const quantity *var_value(const var_vector *of, int var) {
  return &of->inputs->inputs[of->vars.items[var].input].value;
}

void selection_mark(const var_vector *of, const selection *chosen, unsigned char mark, unsigned char *marks) {
  const quantity *value = var_value(of, chosen->var);
  for (int64_t entry = 0; entry < value->count; entry++) {
    int64_t rest = entry;
    bool inside = true;
    for (int number = value->rank; number-- > 0 && inside; rest /= value->extents[number]) {
      int64_t subscript = rest % value->extents[number];
      inside = chosen->first[number] <= subscript && subscript < chosen->end[number];
    }
    if (inside) marks[of->vars.items[chosen->var].offset + entry] = mark;
  }
}

static bool select_axis(const var_vector *in, const freeze *of, int number, int64_t extent, int64_t *first,
                        int64_t *end, diagnostics *found) {
  const tensor_program *model = in->inputs->model;
  const selector *each = &of->selectors[number];
  bool slice = each->kind == SELECT_SLICE;
  int64_t length = 1;
  bool known = whole_evaluate(model->dag, slice ? each->start : each->index->value, in->inputs->values, first);
  if (known && slice) known = whole_evaluate(model->dag, each->extent, in->inputs->values, &length);
  if (known && *first >= 0 && length >= 0 && *first <= extent - length) {
    *end = *first + length;
    return true;
  }
  diagnose(found, CODE_OUT_OF_RANGE, each->where.end > each->where.begin ? each->where : of->where,
           "what is frozen of '%s' is out of range: axis %d has %lld entries", model->inputs.items[of->input].name,
           number, (long long)extent);
  return false;
}

bool selection_of_model(const var_vector *of, selection_list *into, diagnostics *found) {
  const tensor_program *model = of->inputs->model;
  arena *memory = of->inputs->with->memory;
  bool good = true;
  for (int k = 0; k < model->freezes.count; k++) {
    const freeze *each = &model->freezes.items[k];
    int var = var_of_input(of, each->input);
    if (var < 0) continue;
    const quantity *value = var_value(of, var);
    int64_t *first = arena_array(memory, int64_t, value->rank + 1);
    int64_t *end = arena_array(memory, int64_t, value->rank + 1);
    bool inside = true;
    for (int number = 0; number < value->rank && inside; number++)
      inside = select_axis(of, each, number, value->extents[number], &first[number], &end[number], found);
    selection made = {var, first, end};
    if (inside) list_push(memory, into, made);
    good = good && inside;
  }
  return good;
}

void var_vector_count(var_vector *of) {
  of->free_count = 0;
  for (int k = 0; k < of->vars.count; k++) {
    kernel_var *each = &of->vars.items[k];
    int64_t before = of->free_count;
    for (int64_t entry = each->offset; entry < each->offset + each->count; entry++) of->free_count += of->mask[entry];
    each->active = of->free_count > before;
    if (each->active)
      list_push(of->inputs->with->memory, &of->active, of->inputs->model->inputs.items[each->input].name);
  }
}

const char *var_entry_name(const var_vector *of, int64_t entry) {
  for (int k = 0; k < of->vars.count; k++) {
    const kernel_var *each = &of->vars.items[k];
    if (entry < each->offset || entry >= each->offset + each->count) continue;
    return arena_format(of->inputs->with->memory, "%s%s", of->inputs->model->inputs.items[each->input].name,
                        entry_place(of->inputs->with, var_value(of, k), entry - each->offset));
  }
  return "";
}
