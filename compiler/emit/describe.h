/* What a model declares, in its own words: for comments and documentation. All texts live in `memory`. */
#ifndef ADJOIN_EMIT_DESCRIBE_H
#define ADJOIN_EMIT_DESCRIBE_H

#include "compiler/kernel/kernel.h"
#include "compiler/tensor/tensor_program.h"

/* The model's file, without its folder: what is emitted must not depend on where it was made. */
const char *describe_file(const source *from);

/* "n - 1": an extent. */
const char *describe_extent(arena *memory, const kernel_module *module, scalar extent);

/* "[N, d]", or nothing for a scalar. */
const char *describe_shape(arena *memory, const kernel_module *module, int rank, const scalar *extents);

/* "var": the word that declares an input of this role. */
const char *describe_role(input_role role);

/* "index c[O] < C: the camera": an input with the comment of its declaration, and
 * that it is batched. */
const char *describe_input(arena *memory, const kernel_module *module, const input *of, bool batched);

/* "WORDS: COMMENT", or the words alone when there is no comment. */
const char *describe_with_comment(arena *memory, const char *words, const char *comment);

#endif
