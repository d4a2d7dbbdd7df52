/* The option tables of the commands, and the one reader for all of them (see options.h). */
#include "compiler/cli/options.h"

#include "compiler/base/diagnostic.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
  KEY_DEPFILE,
  KEY_DIAGNOSTICS,
  KEY_MAN,
  KEY_COMPLETION
};

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
    ROW_STRICT,
    ROW_DIM,
    ROW_JSON,
    ROW_DIAGNOSTICS,
    ROW_DUMP,
    {0}};

#define ROW_REAL                                                                                                       \
  { .name = "real", .key = KEY_REAL, .arg = "TYPE", .doc = "double (the default) or float" }

static const struct argp_option check_options[] = {ROW_STRICT, ROW_DIM, ROW_REAL, ROW_JSON, ROW_DIAGNOSTICS, {0}};

static const struct argp_option emit_options[] = {
    {.name = "output",
     .key = 'o',
     .arg = "FILE",
     .doc = "Write to FILE (default: standard output); it is left untouched when it would not change"},
    {.name = "target",
     .key = KEY_TARGET,
     .arg = "KIND",
     .doc =
         "header: all in one (the default); c: declarations in NAME.h and definitions in NAME.c, named by -o NAME; or "
         "python: a module for NumPy, which needs libadjoin"},
    {.name = "of",
     .key = KEY_OF,
     .arg = "LIST",
     .doc = "Which functions, from: value, grad, hvp, mixed, jvp, vjp (default: value,grad,hvp,mixed)"},
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
  "one of them. Extents follow from the arrays' shapes. "

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
         "NAME_hvp_V for "
         "each var V, NAME_mixed_A_B (read "
         "on A for a direction in B, one a param and the other a var), NAME_jvp_R and NAME_vjp_R for each "
         "output R.\n\n"
         "--target python writes a module with value, grad, hvp, mixed, hess, outputs, jvp, vjp, jac and a "
         "class Model, all on NumPy arrays; libadjoin compiles the model when the module is imported "
         "(ADJOIN_LIBRARY names the library where it is not installed).\n\n"
         "  adjoin emit rosenbrock.adj -o rosenbrock.h -MD\n"
         "  adjoin emit net.adj --of value,grad --prefix net10 --dim n=10 --target c -o n10\n"
         "  adjoin emit logistic.adj --target python -o logistic.py" EXIT_TEXT,
         emit_options},
    [COMMAND_HELP] = {
        "help", "[COMMAND | CODE | commands | codes | words]",
        "Tells about a command, or what a diagnostic's code means and how to put it right.\v"
        "Without an argument it gives an overview. `commands`, `codes` and `words` list the commands, the "
        "codes, and the words of the language by kind.\n\n"
        "  adjoin help eval\n"
        "  adjoin help unknown-name" EXIT_TEXT,
        help_options}};

typedef struct {
  console *with;
  options *into;
  command_name command;
} parsing;

static const struct {
  const char *name;
  product bit;
  bool emitted;
} products[] = {{"value", PRODUCT_VALUE, true}, {"grad", PRODUCT_GRAD, true},  {"hvp", PRODUCT_HVP, true},
                {"mixed", PRODUCT_MIXED, true}, {"hess", PRODUCT_HESS, false}, {"jac", PRODUCT_JAC, false},
                {"jvp", PRODUCT_JVP, true},     {"vjp", PRODUCT_VJP, true}};

enum { PRODUCT_COUNT = sizeof products / sizeof products[0] };

static const char *const *product_names(console *with, command_name command) {
  const char **names = arena_array(with->memory, const char *, PRODUCT_COUNT + 1);
  int count = 0;
  for (int k = 0; k < PRODUCT_COUNT; k++)
    if (command != COMMAND_EMIT || products[k].emitted) names[count++] = products[k].name;
  return names;
}

/* ---- the tables as others see them ---- */

static const char *const real_words[] = {"double", "float", NULL};
static const char *const target_words[] = {
    [TARGET_HEADER] = "header", [TARGET_C] = "c", [TARGET_PYTHON] = "python", NULL};
static const char *const form_words[] = {"text", "json", NULL};
static const char *const shell_words[] = {"bash", "zsh", NULL};

option_values options_values(console *with, command_name command, int key) {
  switch (key) {
  case KEY_OF: return (option_values){.words = product_names(with, command), .list = true};
  case KEY_REAL: return (option_values){.words = real_words};
  case KEY_TARGET: return (option_values){.words = target_words};
  case KEY_DIAGNOSTICS: return (option_values){.words = form_words};
  case KEY_COMPLETION: return (option_values){.words = shell_words};
  case KEY_DUMP: return (option_values){.words = session_stages()};
  case KEY_DEPFILE:
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

bool options_ask_for_json(int count, char **arguments) {
  bool json = false;
  for (int k = 1; k < count && strcmp(arguments[k], "--"); k++) {
    const char *form = NULL;
    if (!strncmp(arguments[k], "--diagnostics=", 14)) form = arguments[k] + 14;
    if (!strcmp(arguments[k], "--diagnostics") && k + 1 < count) form = arguments[k + 1];
    if (form) json = !strcmp(form, "json");
  }
  return json;
}

/* ---- mistakes ---- */

/* Says what is wrong on the command line, and ends the process. */
static void mistake(struct argp_state *state, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
static void mistake(struct argp_state *state, const char *format, ...) {
  parsing *in = state->input;
  va_list arguments;
  va_start(arguments, format);
  const char *message = arena_format_list(in->with->memory, format, arguments);
  va_end(arguments);
  if (!console_uses_json()) argp_error(state, "%s", message);
  complain("%s", message);
  console_finish(EXIT_USAGE);
  exit(EXIT_USAGE);
}
#pragma GCC poison argp_error

/* The option that a long word names: in full, or by a beginning that no other has. */
static struct argp_option named_option(struct argp_state *state, const char *word, size_t length) {
  static const struct argp_option own[] = {{.name = "help"}, {.name = "usage"}, {0}};
  parsing *in = state->input;
  const struct argp_option *const tables[] = {commands[in->command].rows, own};
  LIST(const char *) all = {0}, fitting = {0};
  struct argp_option found = {0};
  for (int t = 0; t < 2; t++)
    for (const struct argp_option *row = tables[t]; !option_is_end(row); row++) {
      if (!option_is_shown(row)) continue;
      list_push(in->with->memory, &all, arena_format(in->with->memory, "--%s", row->name));
      if (strncmp(row->name, word + 2, length - 2)) continue;
      if (strlen(row->name) == length - 2) return *row;
      list_push(in->with->memory, &fitting, all.items[all.count - 1]);
      found = *row;
    }
  const char *name = arena_copy(in->with->memory, word, length);
  if (!fitting.count)
    mistake(state, "unrecognized option '%s'%s", name, console_suggest(in->with, name, all.items, all.count));
  if (fitting.count == 1) return found;
  text possible = text_create(in->with->memory);
  for (int k = 0; k < fitting.count; k++) text_format(&possible, " '%s'", fitting.items[k]);
  mistake(state, "option '%s' is ambiguous; possibilities:%s", name, possible.data);
}

/* Long options: whether the next word is the value. */
static bool check_long(struct argp_state *state, const char *word, bool last) {
  size_t length = strcspn(word, "=");
  struct argp_option found = named_option(state, word, length);
  if (word[length] && !found.arg) mistake(state, "option '--%s' doesn't allow an argument", found.name);
  if (found.arg && !word[length] && last) mistake(state, "option '--%s' requires an argument", found.name);
  return found.arg && !word[length];
}

/* The same for a word of short ones. */
static bool check_short(struct argp_state *state, const char *word, bool last) {
  const parsing *in = state->input;
  for (const char *at = word + 1; *at; at++) {
    const struct argp_option *row = commands[in->command].rows;
    while (!option_is_end(row) && row->key != *at) row++;
    if (option_is_end(row) && *at != '?') mistake(state, "invalid option -- '%c'", *at);
    if (option_is_end(row) || !row->arg) continue;
    if (!at[1] && last) mistake(state, "option requires an argument -- '%c'", *at);
    return !at[1];
  }
  return false;
}

/* What argp would refuse is refused here, so that it is said in the form that was asked for, and with a suggestion. */
static void check_words(struct argp_state *state) {
  state->name = state->argv[0]; /* which argp itself sets a little later */
  for (int k = 1; k < state->argc && strcmp(state->argv[k], "--"); k++) {
    const char *word = state->argv[k];
    if (word[0] != '-' || !word[1]) continue;
    bool last = k + 1 == state->argc;
    if (word[1] == '-' ? check_long(state, word, last) : check_short(state, word, last)) k++;
  }
}

/* ---- reading ---- */

bool is_name(const char *name, size_t length) {
  bool begins = true; /* a part of the name is to begin here */
  for (size_t k = 0; k < length; k++) {
    unsigned char byte = (unsigned char)name[k];
    bool letter = isalpha(byte) || byte == '_', digit = isdigit(byte);
    if (byte == '.' ? begins : !(letter || (digit && k > 0))) return false;
    begins = byte == '.';
  }
  return !begins;
}

bool split_assignment(console *with, const char *argument, assignment *into) {
  const char *equals = strchr(argument, '=');
  if (!equals || !is_name(argument, (size_t)(equals - argument))) return false;
  into->name = arena_copy(with->memory, argument, (size_t)(equals - argument));
  into->value = equals + 1;
  return true;
}

/* Calls `each` for the parts between commas. */
static void split_list(struct argp_state *state, const char *list, void (*each)(struct argp_state *, const char *)) {
  parsing *in = state->input;
  for (;;) {
    size_t length = strcspn(list, ",");
    while (length && isspace((unsigned char)*list)) {
      list++;
      length--;
    }
    size_t kept = length;
    while (kept && isspace((unsigned char)list[kept - 1])) kept--;
    each(state, arena_copy(in->with->memory, list, kept));
    if (!list[length]) return;
    list += length + 1;
  }
}

static void add_product(struct argp_state *state, const char *name) {
  parsing *in = state->input;
  text known = text_create(in->with->memory);
  const char *const *names = product_names(in->with, in->command);
  int count = 0;
  for (; names[count] && strcmp(names[count], name); count++)
    text_format(&known, "%s%s", count ? ", " : "", names[count]);
  for (int k = 0; !names[count] && k < PRODUCT_COUNT; k++)
    if (!strcmp(products[k].name, name))
      mistake(state, "--of: '%s' is not emitted: %s with unit directions gives it, a column at a time", name,
              products[k].bit == PRODUCT_HESS ? "hvp" : "jvp");
  if (!names[count])
    mistake(state, "--of: '%s' is none of %s%s", name, known.data, console_suggest(in->with, name, names, count));
  for (int k = 0; k < PRODUCT_COUNT; k++)
    if (!strcmp(products[k].name, name)) in->into->products |= products[k].bit;
}

static void add_name(struct argp_state *state, const char *option, const char *name, name_list *to) {
  parsing *in = state->input;
  if (!is_name(name, strlen(name))) mistake(state, "%s: '%s' is not a name", option, name);
  for (int k = 0; k < to->count; k++)
    if (!strcmp(to->items[k], name)) return;
  list_push(in->with->memory, to, name);
}

static void add_wrt(struct argp_state *state, const char *name) {
  add_name(state, "--wrt", name, &((parsing *)state->input)->into->wrt);
}

static void add_show(struct argp_state *state, const char *name) {
  add_name(state, "--show", name, &((parsing *)state->input)->into->show);
}

static void add_dim(struct argp_state *state, const char *part) {
  parsing *in = state->input;
  assignment given;
  if (!split_assignment(in->with, part, &given)) mistake(state, "--dim: '%s' is not NAME=NUMBER", part);
  char *end;
  long long value = strtoll(given.value, &end, 10);
  bool whole = isdigit((unsigned char)*given.value) && !*end;
  if (!whole || value == INT64_MAX) mistake(state, "--dim: '%s' is not a whole number from 0 on", given.value);
  for (int k = 0; k < in->into->dims.count; k++)
    if (!strcmp(in->into->dims.items[k].name, given.name)) mistake(state, "--dim: '%s' is given twice", given.name);
  fixed_extent made = {given.name, value};
  list_push(in->with->memory, &in->into->dims, made);
}

static void add_along(struct argp_state *state, const char *argument) {
  parsing *in = state->input;
  assignment given;
  if (!split_assignment(in->with, argument, &given)) mistake(state, "--along: '%s' is not NAME=VALUE", argument);
  for (int k = 0; k < in->into->along.count; k++)
    if (!strcmp(in->into->along.items[k].name, given.name)) mistake(state, "--along: '%s' is given twice", given.name);
  list_push(in->with->memory, &in->into->along, given);
}

static void set_stage(struct argp_state *state, const char *stage) {
  parsing *in = state->input;
  const char *const *stages = session_stages();
  in->into->dump_after = stage;
  int count = 0;
  for (; stages[count]; count++)
    if (!strcmp(stages[count], stage)) return;
  mistake(state, "--dump-after: there is no stage '%s'%s", stage, console_suggest(in->with, stage, stages, count));
}

static void set_real(struct argp_state *state, const char *type) {
  options *into = ((parsing *)state->input)->into;
  into->real_float = !strcmp(type, "float");
  if (!into->real_float && strcmp(type, "double")) mistake(state, "--real: '%s' is neither double nor float", type);
}

static void set_form(struct argp_state *state, const char *form) {
  bool json = !strcmp(form, "json");
  if (!json && strcmp(form, "text")) mistake(state, "--diagnostics: '%s' is neither text nor json", form);
  console_use_json(json);
}

static void set_shell(struct argp_state *state, const char *shell) {
  for (int k = 0; shell_words[k]; k++)
    if (!strcmp(shell_words[k], shell)) ((parsing *)state->input)->into->shell = shell_words[k];
  if (!((parsing *)state->input)->into->shell) mistake(state, "--completion: '%s' is neither bash nor zsh", shell);
}

static void set_target(struct argp_state *state, const char *kind) {
  options *into = ((parsing *)state->input)->into;
  for (into->target = TARGET_HEADER; target_words[into->target]; into->target++)
    if (!strcmp(kind, target_words[into->target])) return;
  mistake(state, "--target: '%s' is none of header, c, python", kind);
}

static void set_depfile(struct argp_state *state, const char *option, const char *path) {
  options *into = ((parsing *)state->input)->into;
  if (!depfile_can_name(path)) mistake(state, "%s: '%s' can't be the name of a dependency file", option, path);
  into->wants_depfile = true;
  into->depfile = path;
}

/* gcc's options for dependency files: -M and a letter, whose argument may stand behind it or come next. */
static void take_gcc_option(struct argp_state *state, const char *kind) {
  parsing *in = state->input;
  options *into = in->into;
  if (!strcmp(kind, "D") || !strcmp(kind, "MD") || !strcmp(kind, "P")) {
    into->wants_depfile |= *kind != 'P';
    return;
  }
  if (!strchr("FTQ", *kind)) mistake(state, "-M%s: there is -MD, -MF FILE, -MT TARGET, -MQ TARGET and -MP", kind);
  const char *value = kind + 1;
  if (!*value && state->next < state->argc) value = state->argv[state->next++];
  if (!*value) mistake(state, "-M%c: nothing is named", *kind);
  if (*kind == 'F') {
    set_depfile(state, "-MF", value);
    return;
  }
  if (*kind == 'Q' && !depfile_can_name(value)) mistake(state, "-MQ: make has no spelling for '%s'", value);
  depfile_target made = {value, *kind == 'T'};
  list_push(in->with->memory, &into->depfile_targets, made);
}

static void add_batched(struct argp_state *state, const char *name) {
  add_name(state, "--batch", name, &((parsing *)state->input)->into->batch);
}

static void set_batch(struct argp_state *state, const char *names) {
  ((parsing *)state->input)->into->wants_batch = true;
  if (*names) split_list(state, names, add_batched);
}

static void set_prefix(struct argp_state *state, const char *prefix) {
  if (!is_name(prefix, strlen(prefix)) || strchr(prefix, '.'))
    mistake(state, "--prefix: '%s' can't begin a name in C", prefix);
  ((parsing *)state->input)->into->prefix = prefix;
}

static void set_output(struct argp_state *state, const char *path) {
  if (!*path) mistake(state, "--output: no file is named");
  ((parsing *)state->input)->into->output = path;
}

static void set_topic(struct argp_state *state, const char *topic) {
  parsing *in = state->input;
  if (in->into->topic) mistake(state, "'%s': help tells about one thing at a time", topic);
  in->into->topic = topic;
}

static void add_argument(struct argp_state *state, const char *argument) {
  parsing *in = state->input;
  if (in->command == COMMAND_HELP) {
    set_topic(state, argument);
    return;
  }
  assignment value;
  bool is_value = split_assignment(in->with, argument, &value) && access(argument, F_OK);
  if (!in->into->model_path) {
    if (is_value) mistake(state, "the model comes first, and '%s' is a value", argument);
    in->into->model_path = argument;
    return;
  }
  if (in->command == COMMAND_EMIT)
    mistake(state, "'%s': the emitted code takes its inputs when it is called; emit takes none", argument);
  list_push(in->with->memory, &in->into->inputs, argument);
}

static error_t take_option(int key, char *value, struct argp_state *state) {
  options *into = ((parsing *)state->input)->into;
  switch (key) {
  case KEY_OF: split_list(state, value, add_product); return 0;
  case KEY_WRT: split_list(state, value, add_wrt); return 0;
  case KEY_SHOW: split_list(state, value, add_show); return 0;
  case KEY_DIM: split_list(state, value, add_dim); return 0;
  case KEY_ALONG: add_along(state, value); return 0;
  case KEY_STRICT: into->strict = true; return 0;
  case KEY_JSON: into->json = true; return 0;
  case KEY_DUMP: set_stage(state, value); return 0;
  case KEY_REAL: set_real(state, value); return 0;
  case KEY_BATCH: set_batch(state, value); return 0;
  case KEY_PREFIX: set_prefix(state, value); return 0;
  case KEY_TARGET: set_target(state, value); return 0;
  case KEY_LINES: into->lines = true; return 0;
  case KEY_SELF_TEST: into->self_test = true; return 0;
  case KEY_DEPFILE: set_depfile(state, "--depfile", value); return 0;
  case 'M': take_gcc_option(state, value); return 0;
  case KEY_DIAGNOSTICS: set_form(state, value); return 0;
  case KEY_MAN: into->manual = true; return 0;
  case KEY_COMPLETION: set_shell(state, value); return 0;
  case 'o': set_output(state, value); return 0;
  case ARGP_KEY_INIT: check_words(state); return 0;
  case ARGP_KEY_ARG: add_argument(state, value); return 0;
  case ARGP_KEY_NO_ARGS:
    if (((parsing *)state->input)->command != COMMAND_HELP) mistake(state, "no model is given");
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

/* Leaves out argp's note on the arguments of short options: it takes two lines to say what the list shows. */
static char *filter_help(int key, const char *written, void *unused) {
  (void)unused;
  return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)written;
}

static struct argp description(command_name command) {
  return (struct argp){.options = commands[command].rows,
                       .parser = take_option,
                       .args_doc = commands[command].arguments,
                       .doc = commands[command].text,
                       .help_filter = filter_help};
}

options options_parse(console *with, command_name command, int count, char **arguments) {
  options made = {0};
  parsing in = {with, &made, command};
  struct argp with_rows = description(command);
  arguments[0] = arena_format(with->memory, "adjoin %s", commands[command].word);
  argp_err_exit_status = EXIT_USAGE;
  argp_parse(&with_rows, count, arguments, 0, NULL, &in);
  return made;
}

void options_help(command_name command) {
  struct argp with_rows = description(command);
  char name[32] = "adjoin ";
  strcat(name, commands[command].word);
  argp_help(&with_rows, stdout, ARGP_HELP_STD_HELP, name);
}
