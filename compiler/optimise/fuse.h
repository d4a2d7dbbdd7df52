/* The parts of fusion. Each returns whether it changed anything, and is linear in the size of the program. */
#ifndef ADJOIN_OPTIMISE_FUSE_H
#define ADJOIN_OPTIMISE_FUSE_H

#include "compiler/kernel/kernel.h"

/* Maps that hold one kernel and nothing else become that kernel, over the axes of both. */
bool fuse_maps(kernel_program *program);

/* Kernels that compute an array entry by entry go into the only kernel that reads it, entry by entry. */
bool fuse_elementwise(kernel_program *program, const bool *kept);

/* Independent kernels over the same box, one directly after the other, become one kernel with the stores of both. */
bool fuse_adjacent(kernel_program *program);

#endif
