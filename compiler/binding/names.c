/* Sets of a model's names (see names.h). */
#include "compiler/binding/names.h"

#include <string.h>

bool has_role(const tensor_program *model, const char *name, unsigned roles) {
  int number = find_input(model, name);
  return number >= 0 && (roles >> model->inputs.items[number].role & 1);
}

bool is_output(const tensor_program *model, const char *name) {
  for (int k = 0; k < model->outputs.count; k++)
    if (!strcmp(model->outputs.items[k].name, name)) return true;
  return false;
}

name_list names_of_roles(arena *memory, const tensor_program *model, unsigned roles) {
  name_list made = {0};
  for (int k = 0; k < model->inputs.count; k++) {
    const input *each = &model->inputs.items[k];
    if ((roles >> each->role & 1) && !each->frozen_whole) list_push(memory, &made, each->name);
  }
  return made;
}

name_list names_of_outputs(arena *memory, const tensor_program *model) {
  name_list made = {0};
  for (int k = 0; k < model->outputs.count; k++) list_push(memory, &made, model->outputs.items[k].name);
  return made;
}
