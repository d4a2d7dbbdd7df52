/* Statements with other names: what a second copy in one program needs, and what moves an array out of a loop. */
#ifndef ADJOIN_KERNEL_RENAME_H
#define ADJOIN_KERNEL_RENAME_H

#include "compiler/kernel/kernel.h"

/* A deep copy of `from` in which every index variable bound inside is fresh, and so is every local declared inside
 * whose number is below `array_count` (those from there on are known to occur nowhere else). */
statement *kernel_rename(kernel_module *module, const statement *from, int array_count);

/* Arrays and the larger ones that take their places: array[s] becomes instead[leading, s]. */
typedef struct {
  const int *arrays, *instead;
  int count;
  const int *leading; /* index variables */
  int leading_count;
} array_growth;

/* A deep copy of `from` with the larger arrays, in which every index variable bound inside is fresh, also where it is a
 * leading subscript. Requires: none of the arrays is declared inside. */
statement *kernel_enlarge(kernel_module *module, const statement *from, const array_growth *growth);

#endif
