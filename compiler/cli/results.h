/* What a command found out, and its two written forms: a table for people, one JSON object for programs. */
#ifndef ADJOIN_CLI_RESULTS_H
#define ADJOIN_CLI_RESULTS_H

#include "compiler/cli/bind_entries.h"

/* In the order in which they are written. */
typedef enum {
  SECTION_VALUE,
  SECTION_OUTPUTS,
  SECTION_GRAD,
  SECTION_HVP,
  SECTION_MIXED,
  SECTION_HESS,
  SECTION_JAC,
  SECTION_JVP,
  SECTION_VJP,
  SECTION_SHOW,
  SECTION_SOLUTION,
  SECTION_JACOBIAN, /* of the solution */
  SECTION_FORWARD,
  SECTION_ADJOINT,
  SECTION_COUNT
} section;

typedef struct {
  section in;
  quantity what;
} result;

typedef struct {
  const bound_model *inputs;
  bool wanted[SECTION_COUNT]; /* sections to be written even when they are empty */
  LIST(result) list;
} results;

/* {"model": .., "extents": {..}, "value": .., ...}: numbers read back to the same bits; nan and inf are strings. */
void results_write_json(const results *from, text *out);

/* Long arrays are shortened, with their range. */
void results_write_table(const results *from, text *out);

/* Pieces of JSON, for other commands too. */
void json_number_append(text *out, double value);
void json_quantity_append(text *out, const quantity *what); /* nested lists */
void json_extents_append(text *out, const bound_model *of);

/* "n = 4, m = 3", or "" without extents. */
const char *extents_line(const bound_model *of);

#endif
