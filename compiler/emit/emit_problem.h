/* The part of a header that makes the model's functions those of one vector, as minimisers want them. */
#ifndef ADJOIN_EMIT_EMIT_PROBLEM_H
#define ADJOIN_EMIT_EMIT_PROBLEM_H

#include "compiler/emit/writer.h"

/* What is called what. */
typedef struct {
  emitter *shared;
  const char *macro;
  const char *const *function_names; /* by function of the emission */
} problem_names;

/* The type MODEL_problem and its functions; their definitions; and MODEL_problem_create, for where adjoin_runtime.h is
 * included before. */
void write_problem_declarations(const problem_names *of, text *out);
void write_problem_definitions(const problem_names *of, text *out);
void write_problem_creation(const problem_names *of, text *out);

/* What the statuses behind those of the model's own checks mean, as cases of a switch. */
void write_problem_statuses(const problem_names *of, text *out);

#endif
