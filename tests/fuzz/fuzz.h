/* Models that nobody wrote: random ones, which must be right, and mutated ones, which must do no harm. */
#ifndef ADJOIN_TESTS_FUZZ_H
#define ADJOIN_TESTS_FUZZ_H

#include "tests/runner/subject.h"
#include <stdint.h>

/* A stream of random numbers that depends on its seed alone: splitmix64. */
typedef struct {
  uint64_t state;
} random_stream;
uint64_t random_bits(random_stream *from);
int random_below(random_stream *from, int limit);
double random_real(random_stream *from); /* in [-1, 1) */

/* The text of a valid model over dims n, m, with inputs x[n], s, p[m], A[n, m] and index k[n] < m. */
const char *random_model(arena *memory, random_stream *from);

/* Makes and compiles a random model; checks it at random points. The subject tells whether it failed. */
subject *open_random_model(arena *memory, uint64_t seed);
void check_random_model(subject *of, uint64_t seed);

/* Mutates a model's text and compiles what came. If that works, interprets it. False when the compiler or its code
 * misbehaved short of crashing; the text is then told. */
bool survives_mutation(arena *memory, const char *name, const char *model, uint64_t seed);

#endif
