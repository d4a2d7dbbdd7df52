/* What the commands can be told: their options, their help, and what can stand behind an option (see options_table.h).
 */
#include "compiler/cli/options_table.h"

#include "compiler/session.h"
#include "runtime/implicit.h"
#include "runtime/minimise.h"

#define ROW_DIM                                                                                                        \
  { .name = "dim", .key = KEY_DIM, .arg = "NAME=NUMBER", .doc = "Fix an extent of the model (may be repeated)" }
#define ROW_JSON                                                                                                       \
  { .name = "json", .key = KEY_JSON, .doc = "Print one JSON object; its numbers read back to the same bits" }
#define ROW_DUMP                                                                                                       \
  {                                                                                                                    \
    .name = "dump-after", .key = KEY_DUMP, .arg = "STAGE",                                                             \
    .doc = "Print what the compiler holds after a stage, and stop: parse, check, lower, hoist, share, "                \
           "first-store, propagate, fuse, adjoint, tangent, dead, rename-results, emit"                                \
  }
#define ROW_STRICT                                                                                                     \
  { .name = "strict", .key = KEY_STRICT, .doc = "Refuse inputs that hold nan" }

#define ROW_DIAGNOSTICS                                                                                                \
  {                                                                                                                    \
    .name = "diagnostics", .key = KEY_DIAGNOSTICS, .arg = "FORM",                                                      \
    .doc = "How errors and warnings are written: text (the default), or json, an object a line"                        \
  }

#define ROW_INIT                                                                                                       \
  {                                                                                                                    \
    .name = "init", .key = KEY_INIT, .arg = "RULE",                                                                    \
    .doc = "Draw the weights of networks that nothing gives: kaiming (uniform between -1/sqrt(n) and 1/sqrt(n) for a " \
           "layer of n inputs, as PyTorch's Linear does)"                                                              \
  }

static const struct argp_option eval_options[] = {
    {.name = "of",
     .key = KEY_OF,
     .arg = "LIST",
     .doc = "What to compute, from: value, grad, hvp, mixed, hess, jac, jvp, vjp (default: value,grad)"},
    {.name = "wrt",
     .key = KEY_WRT,
     .arg = "NAMES",
     .doc = "Derivatives with respect to these; for grad also definitions (default for grad and vjp: every var and "
            "param, for the others every var; what is frozen whole only when named)"},
    {.name = "along",
     .key = KEY_ALONG,
     .arg = "NAME=VALUE",
     .doc = "A direction on an input, for hvp, mixed and jvp, or a cotangent on an output, for vjp (may be repeated)"},
    {.name = "show", .key = KEY_SHOW, .arg = "NAMES", .doc = "Also print these definitions"},
    ROW_INIT,
    {.name = "seed", .key = KEY_SEED, .arg = "NUMBER", .doc = "What --init draws from (default: 0)"},
    ROW_STRICT,
    ROW_DIM,
    ROW_JSON,
    ROW_DIAGNOSTICS,
    ROW_DUMP,
    {0}};

#define ROW_REAL                                                                                                       \
  { .name = "real", .key = KEY_REAL, .arg = "TYPE", .doc = "double (the default) or float" }

static const struct argp_option check_options[] = {
    {.name = "wrt",
     .key = KEY_WRT,
     .arg = "NAMES",
     .doc = "Check derivatives with respect to these inputs (default: every var and param that is not frozen whole; of "
            "many, second order and tangents for some)"},
    ROW_STRICT,
    ROW_DIM,
    ROW_REAL,
    ROW_JSON,
    ROW_DIAGNOSTICS,
    {0}};

static const struct argp_option emit_options[] = {
    {.name = "output",
     .key = 'o',
     .arg = "FILE",
     .doc = "Write to FILE (- and the default: standard output); it is left untouched when it would not change"},
    {.name = "target",
     .key = KEY_TARGET,
     .arg = "KIND",
     .doc =
         "header: all in one (the default); c: declarations in NAME.h and definitions in NAME.c, named by -o NAME; or "
         "python: a module for NumPy, which needs libadjoin"},
    {.name = "of",
     .key = KEY_OF,
     .arg = "LIST",
     .doc = "Which functions, from: value, grad, hvp, mixed, jvp, vjp (default: value,grad,hvp,mixed); problem: all "
            "that a minimiser needs, as functions of one vector, for libadjoin_runtime"},
    {.name = "wrt",
     .key = KEY_WRT,
     .arg = "NAMES",
     .doc = "Derivatives with respect to these (default: every var and param that is not frozen whole)"},
    ROW_DIM,
    {.name = "batch",
     .key = KEY_BATCH,
     .arg = "NAMES",
     .doc =
         "For many evaluations side by side, one per GPU thread: entry k of these inputs (or none: --batch=), and of "
         "directions, results and workspace, stands at [k*dims->batch]"},
    {.name = "prefix", .key = KEY_PREFIX, .arg = "NAME", .doc = "Begin every name with this (default: the model's)"},
    ROW_REAL,
    {.name = "lines", .key = KEY_LINES, .doc = "With #line directives that lead debuggers to the model's lines"},
    {.name = "self-test",
     .key = KEY_SELF_TEST,
     .doc = "With a main(), where NAME_SELF_TEST is defined, that checks the functions against each other"},
    {.name = "with-solvers",
     .key = KEY_WITH_SOLVERS,
     .doc = "Searches of the model (argmin, argmax, root): their functions go to adjoin_search.h beside the output, "
            "which includes it, instead of into the output; the file is the same for all models"},
    {.name = "depfile",
     .key = KEY_DEPFILE,
     .arg = "FILE",
     .doc = "Write to FILE, for make or ninja, what the output was made of"},
    {.name = "-MD, -MF FILE, -MT TARGET",
     .flags = OPTION_DOC,
     .doc = "The same as gcc spells it: -MD names the file after "
            "the output, -MT its target (-MQ quotes it first); -MMD is -MD, and -MP is always on"},
    {.key = 'M', .arg = "KIND", .flags = OPTION_HIDDEN},
    ROW_DIAGNOSTICS,
    ROW_DUMP,
    {0}};

/* clang-format off */
static const struct argp_option solve_options[] = {
#include "compiler/cli/solve_rows.def"
    ROW_STRICT,
    ROW_DIM,
    ROW_JSON,
    ROW_DIAGNOSTICS,
    {0}};

static const struct argp_option implicit_options_rows[] = {
    {.name = "at",
     .key = KEY_AT,
     .arg = "NAME=VALUE",
     .doc = "Where the minimiser is: nothing is solved, and derivatives are taken there (may be repeated)"},
    {.name = "polish", .key = KEY_POLISH, .doc = "Newton steps from there to rounding level (the default)"},
    {.name = "no-polish", .key = KEY_NO_POLISH, .doc = "Take the point as it is"},
    {.name = "wrt",
     .key = KEY_WRT,
     .arg = "NAMES",
     .doc = "Derivatives with respect to these params (default: every param that is not frozen whole)"},
    {.name = "forward",
     .key = KEY_FORWARD,
     .arg = "NAME=VALUE",
     .doc = "The derivative along this direction of a param alone, the others being still (may be repeated)"},
    {.name = "adjoint",
     .key = KEY_ADJOINT,
     .arg = "NAME=VALUE",
     .doc = "The derivative of a weighted sum of the vars alone, with these weights on a var (may be repeated)"},
    {.name = "root",
     .key = KEY_ROOT,
     .arg = "OUTPUT",
     .doc = "Of the root of an output, instead of a minimiser: the vars solve OUTPUT = 0, as many equations as entries "
            "that may move. J, the derivative of OUTPUT, takes the place of H"},
    {.name = "damping", .key = KEY_DAMPING, .arg = "MU", .doc = "Solve with H + MU I in place of the Hessian H, or J + MU I"},
    {.name = "least-norm", .key = KEY_LEAST_NORM, .doc = "Where H, or J, is singular, take its pseudo-inverse"},
    {.name = "verify",
     .key = KEY_VERIFY,
     .doc = "Solve again beside the params, and compare with differences along a random direction"},
    {.name = "solver",
     .key = KEY_SOLVER,
     .arg = "NAME",
     .doc = "Of linear systems: dense (LAPACK), cg or minres, on products with H, or of a root gmres or lsqr, on "
            "products with J and J' (default: auto: dense up to 500 free entries, else cg or gmres, or where these fail, up "
            "to 4000, dense)"},
#include "compiler/cli/solve_rows.def"
    ROW_STRICT,
    ROW_DIM,
    ROW_JSON,
    ROW_DIAGNOSTICS,
    {0}};
/* clang-format on */

static const struct argp_option help_options[] = {
    {.name = "man", .key = KEY_MAN, .doc = "Write the manual page of COMMAND, or of adjoin itself, as roff"},
    {.name = "completion",
     .key = KEY_COMPLETION,
     .arg = "SHELL",
     .doc = "Write the completion for a shell: bash or zsh"},
    ROW_DIAGNOSTICS,
    {0}};

#define INPUTS_TEXT                                                                                                    \
  "An input is given as NAME=VALUE, where VALUE is a number, a list (1,2,4,5), nested lists ([[1,2],[3,4]]) or "       \
  "@FILE; "                                                                                                            \
  "as a FILE (.npy, .csv, .json) that is named after it; or by a FOLDER, which supplies every input that a file in "   \
  "it is named after, unless it is given otherwise. The members of a .npz, a .safetensors or a .json object, and the " \
  "columns of a .csv with a header line, are inputs by name, in a folder's .npz and .safetensors too; @FILE:NAME is "  \
  "one of them. f=FILE gives a network f its weights from a state dict, whose names may lack the `f.`. "               \
  "Extents follow from the arrays' shapes. "

#define EXIT_TEXT                                                                                                      \
  "\n\nExit codes: 0 done, 1 the input is wrong, 2 the command line is wrong, 3 the numerics failed, 4 an internal "   \
  "error."

static const command_page commands[COMMAND_COUNT] = {
    [COMMAND_EVAL] = {"eval", "MODEL [NAME=VALUE | FILE | FOLDER/]...",
                      "Evaluates a model and its derivatives at the given inputs.\v" INPUTS_TEXT
                      "A var that is not given takes its start value.\n\n"
                      "hvp is read on vars for directions on vars; mixed is read on params for a direction on a var, "
                      "and on vars for a direction on a param; hess and jac are dense.\n\n"
                      "  adjoin eval rosenbrock.adj x=1,2,4,5\n"
                      "  adjoin eval net.adj weights/ x=4.38 --of hvp,mixed --along x=1 --json" EXIT_TEXT,
                      eval_options},
    [COMMAND_CHECK] = {"check", "MODEL [NAME=VALUE | FILE | FOLDER/]...",
                       "Checks a model's derivatives against each other and against differences.\v" INPUTS_TEXT
                       "What is not given is drawn, the same on every run.\n\n"
                       "  adjoin check rosenbrock.adj\n"
                       "  adjoin check net.adj weights/ --json" EXIT_TEXT,
                       check_options},
    [COMMAND_EMIT] =
        {"emit", "MODEL",
         "Writes a model and its derivatives as C without dependencies, valid C99, C++17 and CUDA: one "
         "header, or a header and a source file; or as a Python module.\vThe functions are NAME_value, NAME_grad, "
         "NAME_hvp_V for each var V, NAME_mixed_A_B (read on A for a direction in B, one a param and the other a var), "
         "NAME_jvp_R and NAME_vjp_R for each output R.\n\n"
         "--target python writes a module with value, grad, hvp, mixed, hess, outputs, jvp, vjp, jac and a "
         "class Model, all on NumPy arrays; they derive what they are asked for, in double precision, and take shapes "
         "from the arrays. libadjoin compiles the model when the module is imported: it is looked for beside the "
         "module, where the loader looks, and beside the program `adjoin`, unless ADJOIN_LIBRARY names it. Only "
         "--dim, -o and the options on dependencies have a meaning here.\n\n"
         "  adjoin emit rosenbrock.adj -o rosenbrock.h -MD\n"
         "  adjoin emit net.adj --of value,grad --prefix net10 --dim n=10 --target c -o n10\n"
         "  adjoin emit logistic.adj --target python -o logistic.py" EXIT_TEXT,
         emit_options},
    [COMMAND_SOLVE] =
        {"solve", "MODEL [NAME=VALUE | FILE | FOLDER/]...",
         "Moves a model's vars to where its objective is smallest (for `maximize`, largest).\v" INPUTS_TEXT
         "A var starts where it is given, else at its start value, and keeps the bounds of its declaration. Entries "
         "that `freeze` in the model, --mask, --freeze or --free hold fixed keep their bits.\n\n"
         "What was found is printed and written with --out however the run ends; the exit code is 0 only where it "
         "converged, else 3. An interrupt (Ctrl-C, or SIGTERM) ends the run after the iteration.\n\n"
         "  adjoin solve masked.adj x=1,2,4,5\n"
         "  adjoin solve net.adj weights/ --start x=4 --method newton --json\n"
         "  adjoin solve fit.adj data/ --freeze 'W[:, 2:4], b' --out fitted.npz" EXIT_TEXT,
         solve_options},
    [COMMAND_IMPLICIT] =
        {"implicit", "MODEL [NAME=VALUE | FILE | FOLDER/]...",
         "Derivatives of a model's minimiser, or of a root, with respect to its params, by the implicit function "
         "theorem, with a certificate.\v" INPUTS_TEXT
         "The minimiser is found as by `adjoin solve`, or given with --at, and polished. So is the root of an output r "
         "(--root r), by Newton's method, and where that fails, or --method says so, as the minimum of its squares. "
         "The derivative is given whole unless "
         "--forward or --adjoint ask for something else. What does not move has derivative 0; an entry at a bound has "
         "its bound's.\n\n"
         "Where a hypothesis of the theorem fails there are no derivatives but a message that says which, and the exit "
         "code is 3. The statuses: ok, ill_conditioned (a warning), damped and least_norm (as asked for); "
         "not_stationary, indefinite, singular, unbounded, degenerate_bound, nonsmooth, not_finite, "
         "linear_solve_failed.\n\n"
         "  adjoin implicit net.adj weights/ x=4 --json\n"
         "  adjoin implicit fit.adj data/ --wrt volume --adjoint b=1,0 --verify\n"
         "  adjoin implicit game.adj data/ --root slopes --wrt lambda\n"
         "  adjoin implicit net.adj weights/ --at x=@x.npy --no-polish --forward b1=1,0,0" EXIT_TEXT,
         implicit_options_rows},
    [COMMAND_HELP] = {
        "help", "[COMMAND | CODE | commands | codes | words]",
        "Tells about a command, or what a diagnostic's code means and how to put it right.\v"
        "Without an argument it gives an overview. `commands`, `codes` and `words` list the commands, the "
        "codes, and the words of the language by kind.\n\n"
        "  adjoin help eval\n"
        "  adjoin help unknown-name" EXIT_TEXT,
        help_options}};

static const product_row products[] = {{"value", PRODUCT_VALUE, true, true},      {"grad", PRODUCT_GRAD, true, true},
                                       {"hvp", PRODUCT_HVP, true, true},          {"mixed", PRODUCT_MIXED, true, true},
                                       {"hess", PRODUCT_HESS, true, false},       {"jac", PRODUCT_JAC, true, false},
                                       {"jvp", PRODUCT_JVP, true, true},          {"vjp", PRODUCT_VJP, true, true},
                                       {"problem", PRODUCT_PROBLEM, false, true}, {0}};

enum { PRODUCT_ROWS = sizeof products / sizeof products[0] };

const product_row *options_products(void) {
  return products;
}

static const char *const *product_names(console *with, command_name command) {
  const char **names = arena_array(with->memory, const char *, PRODUCT_ROWS);
  int count = 0;
  for (const product_row *row = products; row->name; row++)
    if (command == COMMAND_EMIT ? row->emitted : row->evaluated) names[count++] = row->name;
  return names;
}

static const char *const real_words[] = {"double", "float", NULL};
static const char *const target_words[] = {
    [TARGET_HEADER] = "header", [TARGET_C] = "c", [TARGET_PYTHON] = "python", NULL};
static const char *const init_words[] = {"kaiming", NULL};
static const char *const form_words[] = {"text", "json", NULL};
static const char *const linear_solver_words[] = {[IMPLICIT_AUTOMATIC] = "auto",
                                                  [IMPLICIT_DENSE] = "dense",
                                                  [IMPLICIT_CG] = "cg",
                                                  [IMPLICIT_MINRES] = "minres",
                                                  [IMPLICIT_GMRES] = "gmres",
                                                  [IMPLICIT_LSQR] = "lsqr",
                                                  NULL};
static const char *const shell_words[] = {"bash", "zsh", NULL};
static const char *const step_rule_words[] = {
    [MINIMISE_STEP_AUTOMATIC] = "automatic",   [MINIMISE_STEP_CONSTANT] = "constant",
    [MINIMISE_STEP_DECREASING] = "decreasing", [MINIMISE_STEP_BACKTRACKING] = "backtracking",
    [MINIMISE_STEP_WOLFE] = "wolfe",           NULL};

static const char *const *method_names(console *with) {
  int count = 0;
  while (minimise_methods[count].name) count++;
  const char **names = arena_array(with->memory, const char *, count + 2);
  names[0] = "auto";
  for (int k = 0; k < count; k++) names[k + 1] = minimise_methods[k].name;
  return names;
}

option_values options_values(console *with, command_name command, int key) {
  switch (key) {
  case KEY_OF: return (option_values){.words = product_names(with, command), .list = true};
  case KEY_REAL: return (option_values){.words = real_words};
  case KEY_TARGET: return (option_values){.words = target_words};
  case KEY_DIAGNOSTICS: return (option_values){.words = form_words};
  case KEY_COMPLETION: return (option_values){.words = shell_words};
  case KEY_DUMP: return (option_values){.words = session_stages()};
  case KEY_METHOD: return (option_values){.words = method_names(with)};
  case KEY_SOLVER: return (option_values){.words = linear_solver_words};
  case KEY_STEP_RULE: return (option_values){.words = step_rule_words};
  case KEY_INIT: return (option_values){.words = init_words};
  case KEY_CHECKPOINT:
  case KEY_RESUME:
  case KEY_DEPFILE:
  case KEY_HISTORY:
  case KEY_OUT:
  case 'o': return (option_values){.file = true};
  default: return (option_values){0};
  }
}

const command_page *options_page(command_name command) {
  return &commands[command];
}

bool option_is_end(const struct argp_option *row) {
  return !row->name && !row->key;
}

bool option_is_remark(const struct argp_option *row) {
  return row->flags & OPTION_DOC;
}

bool option_is_shown(const struct argp_option *row) {
  return row->name && !(row->flags & OPTION_HIDDEN) && !option_is_remark(row);
}
