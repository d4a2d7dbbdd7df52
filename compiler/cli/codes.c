/* What the codes of diagnostics mean, and the words of the language. */
#include "compiler/cli/help.h"

#include <stdlib.h>
#include <string.h>

static const struct {
  const char *title, *explanation, *wrong, *right, *arguments;
} explanations[] = {
#define CODE(constant, name, title, explanation, wrong, right, arguments)                                              \
  [CODE_##constant] = {title, explanation, wrong, right, arguments},
#include "compiler/base/diagnostic_codes.def"
#undef CODE
};

enum { INDENT = 4, WIDTH = 100 };

const char *code_title(diagnostic_code code) {
  return explanations[code].title;
}

static void append_model(text *out, const char *heading, const char *model) {
  text_format(out, "\n%s:\n\n", heading);
  while (*model) {
    int length = (int)strcspn(model, "\n");
    text_format(out, "%*s%.*s\n", INDENT, "", length, model);
    model += length + (model[length] != '\0');
  }
}

void code_explain(diagnostic_code code, text *out) {
  const char *wrong = explanations[code].wrong;
  text_format(out, "%s: %s\n\n", diagnostic_code_name(code), explanations[code].title);
  append_wrapped(out, explanations[code].explanation, 0, WIDTH);
  if (!*wrong) return;
  append_model(out, "Wrong", wrong);
  append_model(out, "Right", explanations[code].right);
  if (strncmp(explanations[code].arguments, "emit model.adj", strlen(explanations[code].arguments)))
    text_format(out, "\nSeen with:\n\n%*sadjoin %s\n", INDENT, "", explanations[code].arguments);
}

/* ---- words ---- */

static int compare_words(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void append_kind(console *with, const char *kind, const char **words, int count) {
  qsort(words, (size_t)count, sizeof *words, compare_words);
  text_append(&with->out, kind);
  for (int k = 0; k < count; k++)
    if (k == 0 || strcmp(words[k], words[k - 1])) text_format(&with->out, " %s", words[k]);
  text_append(&with->out, "\n");
}

void append_language_words(console *with) {
  static const char *const kinds[] = {[WORDS_STATEMENTS] = "statements",
                                      [WORDS_EXPRESSIONS] = "expressions",
                                      [WORDS_REDUCTIONS] = "reductions",
                                      [WORDS_SEARCHES] = "searches"};
  for (int kind = WORDS_STATEMENTS; kind <= WORDS_SEARCHES; kind++) {
    const char **words = arena_array(with->memory, const char *, language_words((language_word_kind)kind, NULL));
    append_kind(with, kinds[kind], words, language_words((language_word_kind)kind, words));
  }
  const char **functions = arena_array(with->memory, const char *, builtin_names(NULL));
  append_kind(with, "functions", functions, builtin_names(functions));
  const char **numbers = arena_array(with->memory, const char *, constant_names(NULL));
  append_kind(with, "constants", numbers, constant_names(numbers));
}
