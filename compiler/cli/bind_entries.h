/* The entries of bound inputs: what the command line's arrays hold, put where generated code reads it. */
#ifndef ADJOIN_CLI_BIND_ENTRIES_H
#define ADJOIN_CLI_BIND_ENTRIES_H

#include "compiler/binding/bind.h"
#include "compiler/cli/given.h"

/* Draws a network's weight as PyTorch's Linear does: by the seed and its name, others for each `start`. */
bool bind_draw_weight(const bound_model *of, int input, uint64_t seed, size_t start, double *entries);

/* Binds the extents, the shapes of all inputs, and the entries of those that were given or are drawn. `defaults` as in
 * extent_sources. Reports every mistake; false on any. `given` keeps the entries alive. */
bool bind_inputs(bound_model *into, const given_arrays *given, int defaults, bool strict);

/* Gives an input its entries, checks those of index inputs against their bound, and with `strict` refuses nan. */
bool bind_fill(bound_model *of, int input, double *entries, bool strict);

/* False with a message when an entry is nan, which --strict refuses; `what` stands before the name ("", "--along "). */
bool bind_without_nan(const bound_model *of, const char *what, const quantity *value);

/* What an option gives to a name, `--along x=1,0`, in the shape of that name, which must be an input or a definition of
 * the model; false with a message that begins with the option. */
bool bind_assignment(const bound_model *inputs, const char *option, const assignment *given, quantity *into);

/* The shape of an array from the command line. */
given_shape shape_given(const host_array *of, const char *origin);

#endif
