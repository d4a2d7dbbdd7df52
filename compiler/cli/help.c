/* The list of commands, and help on them. */
#include "compiler/cli/help.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/options.h"

#include <stdio.h>
#include <string.h>

static const command_row commands[COMMAND_COUNT] = {
    [COMMAND_EVAL] = {"eval", "values and derivatives of a model at given inputs", command_eval},
    [COMMAND_CHECK] = {"check", "a model's derivatives against each other and against differences", command_check},
    [COMMAND_EMIT] = {"emit", "a model and its derivatives as C, or as a Python module", command_emit},
    [COMMAND_SOLVE] = {"solve", "where a model's objective is smallest, over the entries that may move", command_solve},
    [COMMAND_IMPLICIT] = {"implicit", "how a model's minimiser, or a root, moves with its params, with a certificate",
                          command_implicit},
    [COMMAND_HELP] = {"help", "how a command is used, or what a diagnostic's code means", command_help},
};

const command_row *command_list(int *count) {
  *count = COMMAND_COUNT;
  return commands;
}

const char program_summary[] = "a compiler for derivatives";
const char program_text[] =
    "A compiler for derivatives: reads models in a small maths language, evaluates and checks their\n"
    "gradients, Hessian-vector products and mixed derivatives, and writes them as plain C, or as a module\n"
    "for Python.\n\v"
    "  adjoin eval rosenbrock.adj x=1,2,4,5         value and gradient\n"
    "  adjoin check rosenbrock.adj                  are its derivatives right?\n"
    "  adjoin emit rosenbrock.adj -o rosenbrock.h   the same as C\n"
    "  adjoin solve rosenbrock.adj x=1,2,4,5        where it is smallest\n"
    "  adjoin implicit fit.adj data/                how that moves with the params\n\n"
    "`adjoin help COMMAND` tells more, `adjoin help CODE` what a diagnostic means.\n\n"
    "Exit codes: 0 done, 1 the input is wrong, 2 the command line is wrong, 3 the numerics failed, 4 an\n"
    "internal error.\n";

static const command_row *find(console *with, const char *word) {
  const char *words[COMMAND_COUNT];
  for (int k = 0; k < COMMAND_COUNT; k++) {
    words[k] = commands[k].word;
    if (!strcmp(words[k], word)) return &commands[k];
  }
  complain("there is no command '%s'%s (see adjoin --help)", word, console_suggest(with, word, words, COMMAND_COUNT));
  return NULL;
}

static void append_overview(text *out) {
  const char *rest = strchr(program_text, '\v');
  text_append(out, "Usage: adjoin COMMAND [ARGUMENT...]\n\n");
  text_append_bytes(out, program_text, (size_t)(rest - program_text));
  text_append(out, "\n");
  for (int k = 0; k < COMMAND_COUNT; k++)
    text_format(out, "  adjoin %-8s  %s\n", commands[k].word, commands[k].summary);
  text_format(out, "\n%s", rest + 1);
}

/* ---- adjoin help ---- */

static void append_commands(console *with) {
  for (int k = 0; k < COMMAND_COUNT; k++) text_format(&with->out, "%-8s  %s\n", commands[k].word, commands[k].summary);
}

static void append_codes(console *with) {
  for (int k = 0; k < DIAGNOSTIC_CODES; k++)
    text_format(&with->out, "%-24s  %s\n", diagnostic_code_name((diagnostic_code)k), code_title((diagnostic_code)k));
}

static const struct {
  const char *word;
  void (*append)(console *with);
} lists[] = {{"commands", append_commands}, {"codes", append_codes}, {"words", append_language_words}};

enum { LISTS = sizeof lists / sizeof lists[0], TOPICS = COMMAND_COUNT + DIAGNOSTIC_CODES + LISTS };

/* Every word that help tells about. */
static int topics(const char **into) {
  int count = 0;
  for (int k = 0; k < COMMAND_COUNT; k++) into[count++] = commands[k].word;
  for (int k = 0; k < LISTS; k++) into[count++] = lists[k].word;
  for (int k = 0; k < DIAGNOSTIC_CODES; k++) into[count++] = diagnostic_code_name((diagnostic_code)k);
  return count;
}

static exit_code tell_about(console *with, const char *topic) {
  for (int k = 0; k < COMMAND_COUNT; k++)
    if (!strcmp(topic, commands[k].word)) {
      if (k == COMMAND_HELP)
        append_overview(&with->out);
      else
        options_help((command_name)k);
      return EXIT_DONE;
    }
  for (int k = 0; k < LISTS; k++)
    if (!strcmp(topic, lists[k].word)) {
      lists[k].append(with);
      return EXIT_DONE;
    }
  for (int k = 0; k < DIAGNOSTIC_CODES; k++)
    if (!strcmp(topic, diagnostic_code_name((diagnostic_code)k))) {
      code_explain((diagnostic_code)k, &with->out);
      return EXIT_DONE;
    }
  const char *known[TOPICS];
  int count = topics(known);
  complain("there is no command or code '%s'%s (see adjoin help commands, adjoin help codes)", topic,
           console_suggest(with, topic, known, count));
  return EXIT_USAGE;
}

static exit_code write_manual(console *with, const char *topic) {
  const command_row *about = topic ? find(with, topic) : NULL;
  if (topic && !about) return EXIT_USAGE;
  if (about)
    manual_of_command((command_name)(about - commands), &with->out);
  else
    manual_of_program(&with->out);
  return EXIT_DONE;
}

exit_code command_help(console *with, int count, char **arguments) {
  options given = options_parse(with, COMMAND_HELP, count, arguments);
  if (given.manual) return write_manual(with, given.topic);
  if (given.shell) {
    const char *known[TOPICS];
    completion_write(with, given.shell, known, topics(known));
    return EXIT_DONE;
  }
  if (given.topic) return tell_about(with, given.topic);
  append_overview(&with->out);
  return EXIT_DONE;
}

/* ---- every command ---- */

/* argp would print the help of `COMMAND --help` too, but would not notice when that can't be written. */
static bool asks_for_help(int count, char **arguments) {
  for (int k = 1; k < count && strcmp(arguments[k], "--"); k++)
    if (!strcmp(arguments[k], "--help") || !strcmp(arguments[k], "-h") || !strcmp(arguments[k], "-?")) return true;
  return false;
}

exit_code run_command(console *with, int count, char **arguments) {
  const char *word = count > 1 ? arguments[1] : "";
  console_use_json(options_ask_for_json(count, arguments));
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
  const command_row *found = find(with, word);
  if (!found) return EXIT_USAGE;
  if (asks_for_help(count - 1, arguments + 1)) {
    options_help((command_name)(found - commands));
    return EXIT_DONE;
  }
  return found->run(with, count - 1, arguments + 1);
}
