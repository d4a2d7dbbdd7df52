/* What the commands can be told: the tables from which the command line is read, and help, manual pages and completion
 * are made. */
#ifndef ADJOIN_CLI_OPTIONS_TABLE_H
#define ADJOIN_CLI_OPTIONS_TABLE_H

#include "compiler/cli/console.h"
#include <argp.h>

typedef enum {
  COMMAND_EVAL,
  COMMAND_CHECK,
  COMMAND_EMIT,
  COMMAND_SOLVE,
  COMMAND_IMPLICIT,
  COMMAND_HELP,
  COMMAND_COUNT
} command_name;

/* The options that have no letter, and 'o' and 'M' besides: struct argp_option.key. */
enum {
  KEY_OF = 256,
  KEY_WRT,
  KEY_ALONG,
  KEY_SHOW,
  KEY_STRICT,
  KEY_DIM,
  KEY_JSON,
  KEY_DUMP,
  KEY_PREFIX,
  KEY_BATCH,
  KEY_REAL,
  KEY_TARGET,
  KEY_LINES,
  KEY_SELF_TEST,
  KEY_WITH_SOLVERS,
  KEY_DEPFILE,
  KEY_DIAGNOSTICS,
  KEY_MAN,
  KEY_COMPLETION,
  KEY_METHOD,
  KEY_MASK,
  KEY_FREEZE,
  KEY_FREE,
  KEY_START,
  KEY_STEP,
  KEY_STEP_RULE,
  KEY_MOMENTUM,
  KEY_WEIGHT_DECAY,
  KEY_MEMORY,
  KEY_TOLERANCE,
  KEY_ITERATIONS,
  KEY_SECONDS,
  KEY_SEED,
  KEY_HISTORY,
  KEY_OUT,
  KEY_QUIET,
  KEY_INIT,
  KEY_STARTS,
  KEY_CHECKPOINT,
  KEY_RESUME,
  KEY_AT,
  KEY_POLISH,
  KEY_NO_POLISH,
  KEY_FORWARD,
  KEY_ADJOINT,
  KEY_DAMPING,
  KEY_LEAST_NORM,
  KEY_ROOT,
  KEY_VERIFY,
  KEY_SOLVER
};

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

/* ---- what options choose from ---- */

/* What can be computed; bits of options.products. */
typedef enum {
  PRODUCT_VALUE = 1,
  PRODUCT_GRAD = 2,
  PRODUCT_HVP = 4,
  PRODUCT_MIXED = 8,
  PRODUCT_HESS = 16,
  PRODUCT_JAC = 32,
  PRODUCT_JVP = 64,
  PRODUCT_VJP = 128,
  PRODUCT_PROBLEM = 256
} product;

typedef struct {
  const char *name; /* NULL ends the table */
  product bit;
  bool evaluated, emitted; /* what eval and emit know */
} product_row;

const product_row *options_products(void);

/* What emit writes. */
typedef enum { TARGET_HEADER, TARGET_C, TARGET_PYTHON } emit_target;

#endif
