/* The words of the language and the tokens' part in the rules for line ends, as tables. */
#include "grammar/parser.h"
#include "grammar/program.h"

#include <string.h>

static const struct {
  const char *word;
  int kind;
} statement_words[] = {
    {"model", TOKEN_MODEL}, {"dim", TOKEN_DIM},       {"var", TOKEN_VAR},           {"param", TOKEN_PARAM},
    {"data", TOKEN_DATA},   {"index", TOKEN_INDEX},   {"freeze", TOKEN_FREEZE},     {"let", TOKEN_LET},
    {"def", TOKEN_DEF},     {"output", TOKEN_OUTPUT}, {"minimize", TOKEN_MINIMIZE}, {"maximize", TOKEN_MAXIMIZE},
};

/* Inside statements; the scanner and the filter know them one by one. */
static const char *const expression_words[] = {"if", "then", "else", "and", "or", "not", "in", "net"};

static const char *const reductions[] = {"sum", "mean", "prod", "max", "min", "logsumexp", "any", "all"};

static const char *const searches[] = {"argmin", "argmax", "root"};

static const struct {
  const char *word, *construct;
} later[] = {
    {"scan", "recurrences (scan[..])"},
    {"grad", "derivatives as expressions (grad[..])"},
    {"jac", "derivatives as expressions (jac[..])"},
    {"hess", "derivatives as expressions (hess[..])"},
    {"hvp", "derivatives as expressions (hvp[..])"},
};

enum {
  STATEMENT_WORDS = sizeof statement_words / sizeof *statement_words,
  EXPRESSION_WORDS = sizeof expression_words / sizeof *expression_words,
  REDUCTIONS = sizeof reductions / sizeof *reductions,
  SEARCHES = sizeof searches / sizeof *searches,
  LATER = sizeof later / sizeof *later,
  OPERATOR = CONTINUES_AFTER | CONTINUES_BEFORE,
  BRANCH = CONTINUES_AFTER | CONTINUES_BEFORE | CONTINUES_BLOCK
};

static const unsigned char traits[] = {
    [TOKEN_PLUS] = OPERATOR,
    [TOKEN_MINUS] = OPERATOR,
    [TOKEN_STAR] = OPERATOR,
    [TOKEN_SLASH] = OPERATOR,
    [TOKEN_SLASH_SLASH] = OPERATOR,
    [TOKEN_PERCENT] = OPERATOR,
    [TOKEN_CARET] = OPERATOR,
    [TOKEN_AT] = OPERATOR,
    [TOKEN_LESS] = OPERATOR,
    [TOKEN_LESS_EQUAL] = OPERATOR,
    [TOKEN_GREATER] = OPERATOR,
    [TOKEN_GREATER_EQUAL] = OPERATOR,
    [TOKEN_EQUAL] = OPERATOR,
    [TOKEN_NOT_EQUAL] = OPERATOR,
    [TOKEN_AND] = OPERATOR,
    [TOKEN_OR] = OPERATOR,
    [TOKEN_IS] = OPERATOR,
    [TOKEN_ARROW] = OPERATOR,
    [TOKEN_COMMA] = OPERATOR,
    [TOKEN_NOT] = CONTINUES_AFTER,
    [TOKEN_IF] = CONTINUES_AFTER,
    [TOKEN_THEN] = BRANCH,
    [TOKEN_ELSE] = BRANCH,
    [TOKEN_NAME] = ENDS_OPERAND,
    [TOKEN_NUMBER] = ENDS_OPERAND,
    [TOKEN_APOSTROPHE] = ENDS_OPERAND,
    [TOKEN_RIGHT_PARENTHESIS] = ENDS_OPERAND,
    [TOKEN_RIGHT_BRACKET] = ENDS_OPERAND,
    [TOKEN_RIGHT_BRACE] = ENDS_OPERAND,
};

int token_traits(int kind) {
  return kind >= 0 && kind < (int)sizeof traits ? traits[kind] : 0;
}

bool is_word(const char *bytes, size_t length, const char *word) {
  return strlen(word) == length && !memcmp(bytes, word, length);
}

int statement_keyword(const char *bytes, size_t length) {
  for (int i = 0; i < STATEMENT_WORDS; i++)
    if (is_word(bytes, length, statement_words[i].word)) return statement_words[i].kind;
  return 0;
}

bool is_reduction(const char *bytes, size_t length) {
  for (int i = 0; i < REDUCTIONS; i++)
    if (is_word(bytes, length, reductions[i])) return true;
  return false;
}

bool is_search(const char *bytes, size_t length) {
  for (int i = 0; i < SEARCHES; i++)
    if (is_word(bytes, length, searches[i])) return true;
  return false;
}

const char *later_construct(const char *bytes, size_t length) {
  for (int i = 0; i < LATER; i++)
    if (is_word(bytes, length, later[i].word)) return later[i].construct;
  return NULL;
}

const char *nearest_statement_keyword(const char *word) {
  const char *candidates[STATEMENT_WORDS];
  for (int i = 0; i < STATEMENT_WORDS; i++) candidates[i] = statement_words[i].word;
  return nearest_name(word, candidates, STATEMENT_WORDS);
}

int language_words(language_word_kind kind, const char **words) {
  static const int counts[] = {[WORDS_STATEMENTS] = STATEMENT_WORDS,
                               [WORDS_EXPRESSIONS] = EXPRESSION_WORDS,
                               [WORDS_REDUCTIONS] = REDUCTIONS,
                               [WORDS_SEARCHES] = SEARCHES};
  for (int k = 0; words && k < counts[kind]; k++)
    words[k] = kind == WORDS_STATEMENTS    ? statement_words[k].word
               : kind == WORDS_EXPRESSIONS ? expression_words[k]
               : kind == WORDS_REDUCTIONS  ? reductions[k]
                                           : searches[k];
  return counts[kind];
}
