/* The list of commands, and help on them. */
#include "compiler/cli/commands.h"
#include "compiler/cli/options.h"

#include <stdio.h>
#include <string.h>

typedef struct {
  const char *word, *summary;
  exit_code (*run)(console *with, int count, char **arguments);
  int topic; /* a command_name, or -1 */
} command;

static const command commands[] = {
    {"eval", "values and derivatives of a model at given inputs", command_eval, COMMAND_EVAL},
    {"check", "a model's derivatives against each other and against differences", command_check, COMMAND_CHECK},
    {"emit", "a model and its derivatives as C, or as a Python module", command_emit, COMMAND_EMIT},
    {"help", "this list, or the help of a command", command_help, -1},
};

enum { COUNT = sizeof commands / sizeof commands[0] };

static const command *find(console *with, const char *word) {
  const char *words[COUNT];
  for (int k = 0; k < COUNT; k++) {
    words[k] = commands[k].word;
    if (!strcmp(words[k], word)) return &commands[k];
  }
  complain("there is no command '%s'%s (see adjoin --help)", word, console_suggest(with, word, words, COUNT));
  return NULL;
}

static void append_overview(text *out) {
  text_append(out, "Usage: adjoin COMMAND [ARGUMENT...]\n\n"
                   "A compiler for derivatives: reads models in a small maths language, evaluates and checks their\n"
                   "gradients, Hessian-vector products and mixed derivatives, and writes them as plain C.\n\n");
  for (int k = 0; k < COUNT; k++) text_format(out, "  adjoin %-6s  %s\n", commands[k].word, commands[k].summary);
  text_append(out, "\n  adjoin eval rosenbrock.adj x=1,2,4,5         value and gradient\n"
                   "  adjoin check rosenbrock.adj                  are its derivatives right?\n"
                   "  adjoin emit rosenbrock.adj -o rosenbrock.h   the same as C\n\n"
                   "`adjoin help COMMAND` tells more. Exit codes: 0 done, 1 the input is wrong, 2 the command line is\n"
                   "wrong, 3 the numerics failed, 4 an internal error.\n");
}

exit_code command_help(console *with, int count, char **arguments) {
  if (count < 2 || !strcmp(arguments[1], "help")) {
    append_overview(&with->out);
    return EXIT_DONE;
  }
  const command *about = find(with, arguments[1]);
  if (!about) return EXIT_USAGE;
  options_help((command_name)about->topic);
  return EXIT_DONE;
}

/* argp would print the help of `COMMAND --help` too, but would not notice when that can't be written. */
static bool asks_for_help(int count, char **arguments) {
  for (int k = 1; k < count && strcmp(arguments[k], "--"); k++)
    if (!strcmp(arguments[k], "--help") || !strcmp(arguments[k], "-h") || !strcmp(arguments[k], "-?")) return true;
  return false;
}

exit_code run_command(console *with, int count, char **arguments) {
  const char *word = count > 1 ? arguments[1] : "";
  if (count < 2) {
    text usage = text_create(with->memory);
    append_overview(&usage);
    fputs(usage.data, stderr);
    return EXIT_USAGE;
  }
  if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
    text_append(&with->out, "adjoin " ADJOIN_VERSION "\n");
    return EXIT_DONE;
  }
  if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
    append_overview(&with->out);
    return EXIT_DONE;
  }
  if (*word == '-') {
    complain("there is no option '%s' before a command (see adjoin --help)", word);
    return EXIT_USAGE;
  }
  const command *found = find(with, word);
  if (!found) return EXIT_USAGE;
  if (found->topic >= 0 && asks_for_help(count - 1, arguments + 1)) {
    options_help((command_name)found->topic);
    return EXIT_DONE;
  }
  return found->run(with, count - 1, arguments + 1);
}
