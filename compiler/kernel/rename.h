/* A statement with fresh index variables and fresh locals: what a second copy of it in one program needs. */
#ifndef ADJOIN_KERNEL_RENAME_H
#define ADJOIN_KERNEL_RENAME_H

#include "compiler/kernel/kernel.h"

/* A deep copy of `from` in which every index variable bound inside is fresh, and so is every local declared inside
 * whose number is below `array_count` (those from there on are known to occur nowhere else). */
statement *kernel_rename(kernel_module *module, const statement *from, int array_count);

#endif
