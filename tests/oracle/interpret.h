/* Runs a kernel program entry by entry: the oracle against which compiled code is tested. Slow, but strict: what would
 * be undefined in emitted code is an error here. */
#ifndef ADJOIN_TESTS_INTERPRET_H
#define ADJOIN_TESTS_INTERPRET_H

#include "compiler/kernel/kernel.h"

enum { INTERPRET_UNDEFINED = -1 };

/* extents: by id of the scalar graph's free extents. inputs: by array number; double, or int64_t for arrays of whole
 * entries. seeds, results: by position in the program's lists; a result may be NULL, and so may `results` itself.
 *
 * Returns 0, the number of the check that failed, or INTERPRET_UNDEFINED with the reason in `message`: a subscript out
 * of range, an entry that is read before it is written, assigned twice or added to before it is assigned, a result
 * with an entry that was never written, an overflow of whole numbers, a division of whole numbers by zero, a size that
 * is negative or too large. Results are then as far as the program came. */
int interpret(const kernel_program *program, const int64_t *extents, const void *const *inputs,
              const double *const *seeds, double *const *results, char *message, size_t message_size);

#endif
