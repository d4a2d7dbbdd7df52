/* Entries of inputs, as `freeze w[0], W[:, 2:4]` names them. */
#ifndef ADJOIN_PROBLEM_SELECTION_H
#define ADJOIN_PROBLEM_SELECTION_H

#include "compiler/base/diagnostic.h"
#include "compiler/binding/bind.h"

/* first <= subscript < end on each axis of an input. */
typedef struct {
  int input;
  const int64_t *first, *end;
} selection;
typedef LIST(selection) selection_list;

/* mark for each entry of a selection, in an array with a byte for each entry of the input. */
void selection_mark(const bound_model *of, const selection *chosen, unsigned char mark, unsigned char *marks);

/* What one `freeze` of the model names; false where a subscript is out of range, which `found` is told. */
bool selection_of_freeze(const bound_model *of, const freeze *from, selection *into, diagnostics *found);

#endif
