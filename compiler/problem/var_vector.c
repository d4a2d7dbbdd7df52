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

void var_vector_mark(const var_vector *of, const selection *chosen, unsigned char mark, unsigned char *marks) {
  const kernel_var *var = &of->vars.items[var_of_input(of, chosen->input)];
  selection_mark(of->inputs, chosen, mark, marks + var->offset);
}

bool var_vector_freeze(var_vector *of, diagnostics *found) {
  const tensor_program *model = of->inputs->model;
  bool good = true;
  for (int k = 0; k < model->freezes.count; k++) {
    selection frozen;
    if (var_of_input(of, model->freezes.items[k].input) < 0) continue;
    bool inside = selection_of_freeze(of->inputs, &model->freezes.items[k], &frozen, found);
    if (inside) var_vector_mark(of, &frozen, 0, of->mask);
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
