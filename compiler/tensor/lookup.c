/* The inputs and definitions of a checked model, by name; what values depend on. */
#include "compiler/tensor/tensor_program.h"

#include <string.h>

int find_input(const tensor_program *model, const char *name) {
  for (int k = 0; k < model->inputs.count; k++)
    if (!strcmp(model->inputs.items[k].name, name)) return k;
  return -1;
}

bool is_below(const char *name, const char *prefix) {
  size_t length = strlen(prefix);
  return !strncmp(name, prefix, length) && name[length] == '.';
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

static bool any_selector_reads(const tensor *of) {
  for (int k = 0; k < of->arguments[0]->rank; k++)
    if (of->selectors[k].kind != SELECT_SLICE && reads_input(of->selectors[k].index)) return true;
  return false;
}

static bool any_axis_reads(const tensor *of) {
  for (int k = 0; k < of->axis_count; k++)
    if (reads_input(of->axes[k].limit)) return true;
  return of->kind == TENSOR_REDUCE && of->condition && reads_input(of->condition);
}

/* The recursion is over the nesting of the text, which the parser bounds; a name may stand for anything, and what it
 * stands for may stand in many places, so that it is not looked into. */
bool reads_input(const tensor *value) {
  if (value->kind == TENSOR_INPUT || value->kind == TENSOR_NAME || value->kind == TENSOR_LET) return true;
  if (value->kind == TENSOR_SUBSCRIPT && any_selector_reads(value)) return true;
  bool loops = value->kind == TENSOR_COMPREHENSION || value->kind == TENSOR_REDUCE;
  if (loops && any_axis_reads(value)) return true;
  for (int k = 0; k < value->argument_count; k++)
    if (reads_input(value->arguments[k])) return true;
  return false;
}
