/* Sets of a model's names. */
#ifndef ADJOIN_BINDING_NAMES_H
#define ADJOIN_BINDING_NAMES_H

#include "compiler/tensor/tensor_program.h"

typedef LIST(const char *) name_list;

/* Sets of input roles. */
enum { VARS = 1 << ROLE_VAR, PARAMS = 1 << ROLE_PARAM, ACTIVE = VARS | PARAMS };

/* Is the name that of an input whose role is in the set? */
bool has_role(const tensor_program *model, const char *name, unsigned roles);
bool is_output(const tensor_program *model, const char *name);

/* The inputs of these roles, but for those frozen whole. */
name_list names_of_roles(arena *memory, const tensor_program *model, unsigned roles);
name_list names_of_outputs(arena *memory, const tensor_program *model);

#endif
