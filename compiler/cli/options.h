/* What the commands are told: one structure for all, read by the tables of options_table.h. */
#ifndef ADJOIN_CLI_OPTIONS_H
#define ADJOIN_CLI_OPTIONS_H

#include "compiler/binding/names.h"
#include "compiler/cli/console.h"
#include "compiler/cli/depfile.h"
#include "compiler/cli/options_table.h"
#include "compiler/session.h"
#include "runtime/implicit.h"
#include "runtime/minimise.h"

typedef struct {
  const char *name, *value;
} assignment;

typedef LIST(assignment) assignment_list;

typedef struct {
  const char *model_path;
  name_list inputs;  /* NAME=VALUE, a file, or a folder: as they stand on the command line */
  unsigned products; /* 0: the command's default */
  name_list wrt, show;
  assignment_list along;
  LIST(fixed_extent) dims;
  bool strict, json, real_float;
  const char *dump_after, *output, *prefix; /* or NULL */
  emit_target target;
  bool lines, self_test; /* emit: #line; a main() that tests */
  bool with_solvers;     /* emit: searches' functions in a file of their own */
  name_list batch;       /* emit: these inputs differ between evaluations side by side */
  bool wants_batch, wants_depfile;
  const char *depfile;                  /* or NULL: named after the output */
  LIST(depfile_target) depfile_targets; /* none: the outputs */
  minimise_options solver;              /* solve: what the command line sets of them */
  assignment_list masks, starts;
  name_list freeze, free;                          /* as written: 'W[:, 2:4], b' */
  const char *out, *history, *checkpoint, *resume; /* or NULL */
  bool quiet;
  bool init;                 /* draw the weights of networks that nothing gives */
  implicit_options implicit; /* implicit: what the command line sets of them */
  assignment_list at, forward, adjoint;
  const char *root; /* implicit: an output; NULL: a minimiser is meant */
  bool verify;
  const char *topic, *shell; /* of help; or NULL */
  bool manual;
} options;

/* Whether these words ask for diagnostics as JSON, wherever they stand: known before anything can be wrong. */
bool options_ask_for_json(int count, char **arguments);

/* Reads a command's arguments; arguments[0] is the command's word. On a mistake it says what is wrong and ends the
 * process with EXIT_USAGE; --help ends it with EXIT_DONE. */
options options_parse(console *with, command_name command, int count, char **arguments);

/* The command's help, as `adjoin COMMAND --help` prints it, on standard output. */
void options_help(command_name command);

/* A name as the language writes one: letters, digits, underscores, with single points inside. */
bool is_name(const char *name, size_t length);

/* Splits NAME=VALUE at the first '='; false when there is none or no name stands before it. */
bool split_assignment(console *with, const char *argument, assignment *into);

#endif
