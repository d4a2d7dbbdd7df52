/* Models that are long: time, code and memory must grow no faster than they do. */
#ifndef ADJOIN_TESTS_LONG_MODEL_H
#define ADJOIN_TESTS_LONG_MODEL_H

#include "compiler/base/arena.h"

/* `count` definitions, each from the one before: let a2[i < n-2] = a1[i]*a1[i+1]. */
const char *chained_model(arena *memory, int count);

/* A function that doubles its argument, nested `depth` deep: its value is 2^(depth+1) x^2. */
const char *doubling_model(arena *memory, int depth);

#endif
