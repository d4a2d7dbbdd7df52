/* The inputs and definitions of a checked model, by name. */
#include "compiler/tensor/tensor_program.h"

#include <string.h>

int find_input(const tensor_program *model, const char *name) {
  for (int k = 0; k < model->inputs.count; k++)
    if (!strcmp(model->inputs.items[k].name, name)) return k;
  return -1;
}

int find_definition_number(const tensor_program *model, const char *name) {
  for (int k = 0; k < model->definitions.count; k++)
    if (model->definitions.items[k]->name && !strcmp(model->definitions.items[k]->name, name)) return k;
  return -1;
}

const binding *find_definition(const tensor_program *model, const char *name) {
  int number = find_definition_number(model, name);
  return number < 0 ? NULL : model->definitions.items[number];
}
