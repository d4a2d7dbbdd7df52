/* Syntax tree -> tensor program. */
#ifndef ADJOIN_TENSOR_CHECK_H
#define ADJOIN_TENSOR_CHECK_H

#include "compiler/syntax/ast.h"
#include "compiler/tensor/tensor_program.h"

/* An extent fixed from outside: --dim n=10. */
typedef struct {
  const char *name;
  int64_t value;
} fixed_extent;

/* Resolves names, inlines functions, infers types and shapes, and proves extents equal. Requires: a tree without
 * syntax errors. Ensures: NULL exactly when an error was reported; all errors of the model are reported, each once and
 * without follow-up errors from what already failed. `name` is the model's unless it says `model NAME`. */
tensor_program *check(arena *memory, scalar_dag *dag, const source *from, const ast_model *model, const char *name,
                      const fixed_extent *fixed, int fixed_count, diagnostics *report);

/* The functions of the language, and the numbers that have names: how many, and where `names` is not NULL, which. */
int builtin_names(const char **names);
int constant_names(const char **names);

#endif
