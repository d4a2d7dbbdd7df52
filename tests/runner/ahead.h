/* The emitted headers, compiled ahead by other compilers. */
#ifndef ADJOIN_TESTS_AHEAD_H
#define ADJOIN_TESTS_AHEAD_H

#include "tests/runner/subject.h"

/* Writes every subject's header into `folder`, compiles them in a few translation units with gcc and, where `all`, with
 * g++ and (where present) clang and nvcc, and loads the functions into the subjects. False when a compiler failed; its
 * messages were printed. The libraries stay loaded until the program ends. */
bool compile_ahead(arena *memory, subject *const *subjects, int count, const char *folder, bool all);

#endif
