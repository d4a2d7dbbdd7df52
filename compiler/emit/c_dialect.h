/* How things are spelled in emitted C: identifiers that meet no other word, numbers that read back to the same bits,
 * comments that nothing in a model can close. */
#ifndef ADJOIN_EMIT_C_DIALECT_H
#define ADJOIN_EMIT_C_DIALECT_H

#include "compiler/base/text.h"
#include <stdbool.h>
#include <stdint.h>

/* A word of C, C++ or CUDA, or a name that math.h, stddef.h, stdint.h or the preprocessor gives a meaning. */
bool c_reserved(const char *word);

/* Is it `t` and digits, as temporaries of emitted code are called? */
bool c_like_temporary(const char *word);

/* The identifier nearest to a user's name: letters, digits and `_`; what else there is becomes `_`. Never empty, never
 * reserved. */
const char *c_identifier(arena *memory, const char *name);

/* The same in capital letters: what a model's macros begin with. */
const char *c_macro(arena *memory, const char *identifier);

/* The identifiers in force at a place of the emitted text. Names of inner blocks end with their block. */
typedef struct {
  const char *name;
  uint32_t hash;
  int next;        /* in its bucket; -1 at the end */
  int stem;        /* the entry whose name this is with a number added, or -1 */
  int next_number; /* that the next claim of this name tries */
} c_name;

typedef struct {
  arena *memory;
  LIST(c_name) taken;
  int *buckets; /* positions in `taken`, or -1 */
  int bucket_count;
} c_names;

c_names c_names_create(arena *memory);

/* An identifier for `name` that none in force has: its c_identifier, with _2, _3, ... where needed. */
const char *c_names_claim(c_names *in, const char *name);

/* The same for an identifier as it stands, which may be one of another language than C. */
const char *c_names_claim_as_spelled(c_names *in, const char *identifier);

/* Is this very identifier in force? */
bool c_names_has(const c_names *in, const char *identifier);

/* The block that opens here; what c_names_close gives back to end it. */
int c_names_open(const c_names *in);
void c_names_close(c_names *in, int opened);

/* A constant of the emitted real type, which is float when `single`. It reads back to the same bits. */
void c_real(text *out, double value, bool single);
void c_whole(text *out, int64_t value);

/* Text for the inside of a comment: no comment ends or begins in it, no line is continued by it, no trigraph stands in
 * it, and each of its lines begins with `margin`. */
void c_comment(text *out, const char *words, const char *margin);

/* A string literal. */
void c_string(text *out, const char *words);

#endif
