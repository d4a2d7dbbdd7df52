/* The vars of a model as one vector, laid end to end in the order of the model, and which of its entries may move. */
#ifndef ADJOIN_PROBLEM_VAR_VECTOR_H
#define ADJOIN_PROBLEM_VAR_VECTOR_H

#include "compiler/binding/names.h"
#include "compiler/problem/selection.h"
#include "runtime/kernel_problem.h"

typedef struct {
  const bound_model *inputs;
  LIST(kernel_var) vars;
  int64_t size, free_count;
  unsigned char *mask; /* 0: frozen */
  name_list active;    /* the vars of which some entry moves */
} var_vector;

/* All entries may move as yet, and nothing is counted. False with a message where the vars are too large together. */
bool var_vector_create(const bound_model *inputs, var_vector *into);

/* The place in `vars` of the input of a number, or -1; the shape of a var. */
int var_of_input(const var_vector *of, int number);
const quantity *var_value(const var_vector *of, int var);

/* mark for each entry of a selection in a var, in an array with a byte for each entry of the vector. */
void var_vector_mark(const var_vector *of, const selection *chosen, unsigned char mark, unsigned char *marks);

/* Takes what `freeze` of the model names out of the mask; false where a subscript is out of range, which `found` is
 * told. */
bool var_vector_freeze(var_vector *of, diagnostics *found);

/* Once the mask is what it shall be: how many entries are free, and which vars are active. */
void var_vector_count(var_vector *of);

/* "w[2]", the name of an entry of the vector. */
const char *var_entry_name(const var_vector *of, int64_t entry);

#endif
