/* The one reader for the options of all commands (see options.h). */
#include "compiler/cli/options.h"

#include "compiler/base/diagnostic.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  console *with;
  options *into;
  command_name command;
} parsing;

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
  const struct argp_option *const tables[] = {options_page(in->command)->rows, own};
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
    const struct argp_option *row = options_page(in->command)->rows;
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

/* Where a word stands among those that NULL ends; else where the NULL is. */
static int place_of(const char *const *words, const char *word) {
  int number = 0;
  while (words[number] && strcmp(words[number], word)) number++;
  return number;
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
  const char *const *names = options_values(in->with, in->command, KEY_OF).words;
  int number = place_of(names, name);
  for (const product_row *row = options_products(); row->name; row++) {
    if (strcmp(row->name, name) || (!names[number] && !row->evaluated)) continue;
    if (!names[number])
      mistake(state, "--of: '%s' is not emitted: %s with unit directions gives it, a column at a time", name,
              row->bit == PRODUCT_HESS ? "hvp" : "jvp");
    in->into->products |= row->bit;
    return;
  }
  text known = text_create(in->with->memory);
  for (int k = 0; names[k]; k++) text_format(&known, "%s%s", k ? ", " : "", names[k]);
  mistake(state, "--of: '%s' is none of %s%s", name, known.data, console_suggest(in->with, name, names, number));
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

static void add_assignment(struct argp_state *state, const char *option, const char *argument, assignment_list *to) {
  parsing *in = state->input;
  assignment given;
  if (!split_assignment(in->with, argument, &given)) mistake(state, "--%s: '%s' is not NAME=VALUE", option, argument);
  for (int k = 0; k < to->count; k++)
    if (!strcmp(to->items[k].name, given.name)) mistake(state, "--%s: '%s' is given twice", option, given.name);
  list_push(in->with->memory, to, given);
}

static void set_stage(struct argp_state *state, const char *stage) {
  parsing *in = state->input;
  const char *const *stages = options_values(in->with, in->command, KEY_DUMP).words;
  int number = place_of(stages, stage);
  in->into->dump_after = stages[number];
  if (!stages[number])
    mistake(state, "--dump-after: there is no stage '%s'%s", stage, console_suggest(in->with, stage, stages, number));
}

/* The number of the word that stands behind an option which takes one of a few. */
static int chosen(struct argp_state *state, int key, const char *option, const char *word) {
  parsing *in = state->input;
  const char *const *words = options_values(in->with, in->command, key).words;
  int number = place_of(words, word);
  if (words[number]) return number;
  if (number == 1) mistake(state, "--%s: '%s' is not %s", option, word, words[0]);
  if (number == 2) mistake(state, "--%s: '%s' is neither %s nor %s", option, word, words[0], words[1]);
  text known = text_create(in->with->memory);
  for (int k = 0; words[k]; k++) text_format(&known, "%s%s", k ? ", " : "", words[k]);
  mistake(state, "--%s: '%s' is none of %s", option, word, known.data);
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

static const char *path_given(struct argp_state *state, const char *option, const char *path) {
  if (!*path) mistake(state, "--%s: no file is named", option);
  return path;
}

/* A finite number of at least `least`, or above it, and below `limit`. */
static double real_given(struct argp_state *state, const char *option, const char *value, bool above, double limit) {
  char *end;
  double number = strtod(value, &end);
  bool reads = end != value && !*end && !isspace((unsigned char)*value) && isfinite(number);
  if (reads && (above ? number > 0 : number >= 0) && number < limit) return number;
  const char *least = above ? "above 0" : "from 0 on";
  if (isfinite(limit)) mistake(state, "--%s: '%s' is not a number %s and below %g", option, value, least, limit);
  mistake(state, "--%s: '%s' is not a number %s", option, value, least);
}

static uint64_t whole_given(struct argp_state *state, const char *option, const char *value, uint64_t least) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(value, &end, 10);
  bool reads = isdigit((unsigned char)*value) && !*end && !errno;
  if (!reads || number < least || number > SIZE_MAX)
    mistake(state, "--%s: '%s' is not a whole number from %d on", option, value, (int)least);
  return number;
}

static error_t take_solver_option(int key, const char *value, struct argp_state *state) {
  parsing *in = state->input;
  options *into = in->into;
  minimise_options *solver = &into->solver;
  switch (key) {
  case KEY_METHOD:
    solver->method = options_values(in->with, in->command, key).words[chosen(state, key, "method", value)];
    return 0;
  case KEY_STEP_RULE: solver->step_rule = (minimise_step_rule)chosen(state, key, "step-rule", value); return 0;
  case KEY_STEP: solver->step = real_given(state, "step", value, true, INFINITY); return 0;
  case KEY_MOMENTUM: solver->momentum = real_given(state, "momentum", value, false, 1); return 0;
  case KEY_WEIGHT_DECAY: solver->weight_decay = real_given(state, "weight-decay", value, false, INFINITY); return 0;
  case KEY_TOLERANCE: solver->tolerance = real_given(state, "tol", value, false, INFINITY); return 0;
  case KEY_SECONDS: solver->seconds = real_given(state, "seconds", value, true, INFINITY); return 0;
  case KEY_MEMORY: solver->memory = whole_given(state, "memory", value, 1); return 0;
  case KEY_ITERATIONS: solver->iterations = whole_given(state, "iterations", value, 0); return 0;
  case KEY_STARTS: solver->starts = whole_given(state, "starts", value, 1); return 0;
  case KEY_SEED: solver->seed = whole_given(state, "seed", value, 0); return 0;
  case KEY_MASK: add_assignment(state, "mask", value, &into->masks); return 0;
  case KEY_START: add_assignment(state, "start", value, &into->starts); return 0;
  case KEY_FREEZE: list_push(in->with->memory, &into->freeze, value); return 0;
  case KEY_FREE: list_push(in->with->memory, &into->free, value); return 0;
  case KEY_HISTORY: into->history = path_given(state, "history", value); return 0;
  case KEY_OUT: into->out = path_given(state, "out", value); return 0;
  case KEY_CHECKPOINT: into->checkpoint = path_given(state, "checkpoint", value); return 0;
  case KEY_RESUME: into->resume = path_given(state, "resume", value); return 0;
  case KEY_INIT: into->init = chosen(state, key, "init", value) == 0; return 0;
  case KEY_QUIET: into->quiet = true; return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static error_t take_implicit_option(int key, const char *value, struct argp_state *state) {
  options *into = ((parsing *)state->input)->into;
  switch (key) {
  case KEY_AT: add_assignment(state, "at", value, &into->at); return 0;
  case KEY_POLISH: into->implicit.polish = true; return 0;
  case KEY_NO_POLISH: into->implicit.polish = false; return 0;
  case KEY_FORWARD: add_assignment(state, "forward", value, &into->forward); return 0;
  case KEY_ADJOINT: add_assignment(state, "adjoint", value, &into->adjoint); return 0;
  case KEY_DAMPING: into->implicit.damping = real_given(state, "damping", value, true, INFINITY); return 0;
  case KEY_LEAST_NORM: into->implicit.least_norm = true; return 0;
  case KEY_ROOT: into->root = value; return 0;
  case KEY_VERIFY: into->verify = true; return 0;
  case KEY_SOLVER: into->implicit.solver = (implicit_solver)chosen(state, key, "solver", value); return 0;
  default: return take_solver_option(key, value, state);
  }
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
  case KEY_ALONG: add_assignment(state, "along", value, &into->along); return 0;
  case KEY_STRICT: into->strict = true; return 0;
  case KEY_JSON: into->json = true; return 0;
  case KEY_DUMP: set_stage(state, value); return 0;
  case KEY_REAL: into->real_float = chosen(state, key, "real", value); return 0;
  case KEY_BATCH: set_batch(state, value); return 0;
  case KEY_PREFIX: set_prefix(state, value); return 0;
  case KEY_TARGET: into->target = (emit_target)chosen(state, key, "target", value); return 0;
  case KEY_LINES: into->lines = true; return 0;
  case KEY_SELF_TEST: into->self_test = true; return 0;
  case KEY_WITH_SOLVERS: into->with_solvers = true; return 0;
  case KEY_DEPFILE: set_depfile(state, "--depfile", value); return 0;
  case 'M': take_gcc_option(state, value); return 0;
  case KEY_DIAGNOSTICS: console_use_json(chosen(state, key, "diagnostics", value)); return 0;
  case KEY_MAN: into->manual = true; return 0;
  case KEY_COMPLETION: chosen(state, key, "completion", into->shell = value); return 0;
  case 'o': into->output = strcmp(value, "-") ? path_given(state, "output", value) : NULL; return 0;
  case ARGP_KEY_INIT: check_words(state); return 0;
  case ARGP_KEY_ARG: add_argument(state, value); return 0;
  case ARGP_KEY_NO_ARGS:
    if (((parsing *)state->input)->command != COMMAND_HELP) mistake(state, "no model is given");
    return 0;
  default: return take_implicit_option(key, value, state);
  }
}

/* Leaves out argp's note on the arguments of short options: it takes two lines to say what the list shows. */
static char *filter_help(int key, const char *written, void *unused) {
  (void)unused;
  return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)written;
}

static struct argp description(command_name command) {
  const command_page *page = options_page(command);
  return (struct argp){.options = page->rows,
                       .parser = take_option,
                       .args_doc = page->arguments,
                       .doc = page->text,
                       .help_filter = filter_help};
}

options options_parse(console *with, command_name command, int count, char **arguments) {
  options made = {.solver = minimise_defaults(), .implicit = implicit_defaults()};
  parsing in = {with, &made, command};
  struct argp with_rows = description(command);
  arguments[0] = arena_format(with->memory, "adjoin %s", options_page(command)->word);
  argp_err_exit_status = EXIT_USAGE;
  argp_parse(&with_rows, count, arguments, 0, NULL, &in);
  return made;
}

void options_help(command_name command) {
  struct argp with_rows = description(command);
  char name[32] = "adjoin ";
  strcat(name, options_page(command)->word);
  argp_help(&with_rows, stdout, ARGP_HELP_STD_HELP, name);
}
