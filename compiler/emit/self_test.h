/* The self-test of emitted code: a main() that checks the functions against each other at a point that it draws.
 *
 * What is the same for every model stands in two templates, which the build turns into strings: `$` is the prefix of
 * the test's own names, `@` that of the functions under test, REAL the real type. self_test_declarations.c.in comes
 * first, then the tables and functions of one model, then self_test_program.c.in. */
#ifndef ADJOIN_EMIT_SELF_TEST_H
#define ADJOIN_EMIT_SELF_TEST_H

#include "compiler/emit/writer.h"

/* Writes it, between #ifdef MODEL_SELF_TEST and #endif. Names and writers are by function of the emission; `macro` is
 * the prefix of its macros. The functions are called on arrays of fixed size: extents are small numbers, or what they
 * are fixed at. */
void write_self_test(const emitter *shared, const char *macro, const char *const *function_names, const writer *writers,
                     text *out);

#endif
