/* What the commands are told: one structure for all, filled from option tables, one table per command. */
#ifndef ADJOIN_CLI_OPTIONS_H
#define ADJOIN_CLI_OPTIONS_H

#include "compiler/binding/names.h"
#include "compiler/cli/console.h"
#include "compiler/cli/depfile.h"
#include "compiler/session.h"
#include <argp.h>

/* What can be computed; bits of options.products. */
typedef enum {
  PRODUCT_VALUE = 1,
  PRODUCT_GRAD = 2,
  PRODUCT_HVP = 4,
  PRODUCT_MIXED = 8,
  PRODUCT_HESS = 16,
  PRODUCT_JAC = 32,
  PRODUCT_JVP = 64,
  PRODUCT_VJP = 128
} product;

typedef struct {
  const char *name, *value;
} assignment;

/* What emit writes. */
typedef enum { TARGET_HEADER, TARGET_C, TARGET_PYTHON } emit_target;

typedef struct {
  const char *model_path;
  name_list inputs;  /* NAME=VALUE, a file, or a folder: as they stand on the command line */
  unsigned products; /* 0: the command's default */
  name_list wrt, show;
  LIST(assignment) along;
  LIST(fixed_extent) dims;
  bool strict, json, real_float;
  const char *dump_after, *output, *prefix; /* or NULL */
  emit_target target;
  bool lines, self_test; /* emit: #line; a main() that tests */
  name_list batch;       /* emit: these inputs differ between evaluations side by side */
  bool wants_batch, wants_depfile;
  const char *depfile;                  /* or NULL: named after the output */
  LIST(depfile_target) depfile_targets; /* none: the outputs */
  const char *topic, *shell;            /* of help; or NULL */
  bool manual;
} options;

typedef enum { COMMAND_EVAL, COMMAND_CHECK, COMMAND_EMIT, COMMAND_HELP, COMMAND_COUNT } command_name;

/* ---- the tables, from which help, manual pages and completion are made ---- */

typedef struct {
  const char *word;
  const char *arguments; /* as argp shows them: "MODEL [FILE]..." */
  const char *text;      /* what it does; after a '\v' what stands behind the options; lines that begin with blanks are
                            examples */
  const struct argp_option *rows; /* ended by {0} */
} command_page;

const command_page *options_page(command_name command);

/* What can stand behind an option: words (ended by NULL), one of them or several between commas; a file; or, with
 * neither, what only the user knows. */
typedef struct {
  const char *const *words;
  bool list, file;
} option_values;

option_values options_values(console *with, command_name command, int key);

/* The row that ends a table; rows that name an option by a long word; rows that only tell of some. */
bool option_is_end(const struct argp_option *row);
bool option_is_shown(const struct argp_option *row);
bool option_is_remark(const struct argp_option *row);

/* ---- reading ---- */

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
