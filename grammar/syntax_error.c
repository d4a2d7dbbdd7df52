/* Syntax errors in the user's terms: what was expected, after what, and what stands there. */
#include "grammar/parser.h"
#include "grammar/program.h"

#include <string.h>

enum { QUOTED = 40 };

/* The source's text of a token, in quotes and shortened; an end by its own name. */
static const char *describe(parser *with, token of) {
  const char *bytes = with->from->text + of.where.begin;
  size_t length = of.where.end - of.where.begin;
  if (of.kind == TOKEN_FILE_END) return "the end of the file";
  if (length == 0) {
    while (*bytes == ' ' || *bytes == '\t' || *bytes == '\r') bytes++;
    bool last = *bytes == '\0' && bytes >= with->from->text + with->from->length;
    return last ? "the end of the file" : "the end of the line";
  }
  if (of.kind == TOKEN_APOSTROPHE) return "the transpose sign";
  bool cut = length > QUOTED;
  return arena_format(with->memory, "'%.*s%s'", (int)(cut ? QUOTED : length), bytes, cut ? "..." : "");
}

/* What could have stood at the error. After an operand every operator can: they go as "an operator". */
static const char *describe_expected(parser *with, const expectation *expected) {
  if (expected->expression) return "an expression";
  if (expected->name) return "a name";
  const char *choices[2 + sizeof expected->others / sizeof *expected->others];
  int count = 0;
  if (expected->operation)
    choices[count++] = "an operator";
  else if (expected->bound)
    choices[count++] = "'<'";
  for (int i = 0; i < expected->other_count; i++) choices[count++] = expected->others[i];
  text out = text_create(with->memory);
  for (int i = 0; i < count; i++) {
    if (i > 0) text_append(&out, i + 1 < count ? ", " : " or ");
    text_append(&out, choices[i]);
  }
  return out.data;
}

static void report_bad_statement(parser *with, token found) {
  const char *word = build_text(with, found.where);
  diagnose(with->report, "syntax", found.where, "a statement can't begin with %s", describe(with, found));
  const char *nearest = found.kind == TOKEN_NAME ? nearest_statement_keyword(word) : NULL;
  if (nearest)
    diagnose_hint(with->report, "did you mean '%s'?", nearest);
  else if (with->filter.current.kind == TOKEN_IS)
    diagnose_hint(with->report, "a definition begins with 'let'");
  else
    diagnose_hint(with->report, "statements begin with dim, var, param, data, index, freeze, let, def, minimize, "
                                "maximize, output or model");
}

/* ---- hints for likely slips ---- */

static const char *hint_for(const parser *with, token found, token before, const expectation *expected) {
  int statement = with->filter.statement;
  if (found.kind == TOKEN_LINE_END && expected->operation)
    return "a block ends with its value; inside { } a line goes on only behind an operator, or inside ( ) or [ ]";
  if (found.kind == TOKEN_RIGHT_BRACE) return "a block ends with its value: { let m = 1; m + 2 }";
  if (found.kind == TOKEN_IF && expected->expression) return "an 'if' inside an expression needs parentheses around it";
  if (found.kind == TOKEN_IS && expected->comparison) return "equality is written '=='";
  if (found.kind == TOKEN_REDUCTION && expected->name)
    return "before '[' this word is a reduction: choose another name";
  if (before.kind == TOKEN_NUMBER && (found.kind == TOKEN_NAME || found.kind == TOKEN_LEFT_PARENTHESIS))
    return "a product needs its '*'";
  if (found.kind >= TOKEN_LESS && found.kind <= TOKEN_NOT_EQUAL && expected->operation && !expected->comparison)
    return "a comparison is no number: start values, bounds, extents and limits can't be one";
  if (statement == TOKEN_INDEX && expected->bound && !expected->operation)
    return "an index says what it counts: index cam[P] < C";
  if (statement == TOKEN_LET && found.kind == TOKEN_LEFT_PARENTHESIS && !expected->operation && !expected->name)
    return "a function is defined with 'def'";
  if (statement == TOKEN_OUTPUT && token_traits(found.kind) & CONTINUES_AFTER)
    return "an expression needs a name to be an output: output r = ...";
  return NULL;
}

void report_syntax_error(parser *with, const expectation *expected) {
  token_filter *in = &with->filter;
  token found = in->given, before = in->given_before;
  if (in->silent) return;
  in->silent = true;
  /* The block's value has ended: what its next line says makes no sense to the grammar either. */
  if (found.kind == TOKEN_LINE_END && expected->operation) in->resume = false;
  if (expected->statement) {
    report_bad_statement(with, found);
    return;
  }
  diagnose(with->report, "syntax", found.where, "expected %s after %s, found %s", describe_expected(with, expected),
           describe(with, before), describe(with, found));
  const char *hint = hint_for(with, found, before, expected);
  if (hint) diagnose_hint(with->report, "%s", hint);
  if (in->open.count > 0 && (found.kind == TOKEN_LINE_END || found.kind == TOKEN_SEMICOLON))
    diagnose_note(with->report, in->open.items[in->open.count - 1].where, "inside what is opened here");
}

/* ---- what the filter finds ---- */

static const struct {
  const char *written, *hint;
} unreadable[] = {
    {"**", "a power is written '^'"},
    {"&&", "the word 'and' joins conditions"},
    {"||", "the word 'or' joins conditions"},
    {"&", "the word 'and' joins conditions"},
    {"|", "the word 'or' joins conditions"},
    {"!", "the word 'not' denies a condition"},
    {"->", "networks are not part of this version of the language"},
    {"\"", "the language has no text values"},
    {"\\", "a statement goes on after an operator and inside ( ) and [ ]"},
};

static void report_characters(parser *with, token found) {
  if (found.kind == TOKEN_NOT_ASCII) {
    diagnose(with->report, "bad-character", found.where, "this character can stand only in a comment");
    diagnose_hint(with->report, "names are made of the letters a-z and A-Z, digits, '_' and '.'");
    return;
  }
  const char *bytes = with->from->text + found.where.begin;
  if (*bytes > ' ' && *bytes < 0x7F)
    diagnose(with->report, "bad-character", found.where, "%s has no meaning here", describe(with, found));
  else
    diagnose(with->report, "bad-character", found.where, "the control character %d can't be part of a model", *bytes);
}

void report_unreadable(parser *with, token found) {
  const char *bytes = with->from->text + found.where.begin;
  size_t length = found.where.end - found.where.begin;
  if (found.kind == TOKEN_BAD_NUMBER) {
    size_t digits = strspn(bytes, "0123456789.");
    diagnose(with->report, "bad-number", found.where, "%s is neither a number nor a name", describe(with, found));
    if (digits < length && length <= QUOTED)
      diagnose_hint(with->report, "a product needs its '*': %.*s*%.*s", (int)digits, bytes, (int)(length - digits),
                    bytes + digits);
    return;
  }
  report_characters(with, found);
  for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++)
    if (is_word(bytes, length, unreadable[i].written)) diagnose_hint(with->report, "%s", unreadable[i].hint);
}

void report_later_version(parser *with, span where, const char *what) {
  diagnose(with->report, "later-version", where, "%s are not part of this version of the language", what);
}

void report_unclosed(parser *with, open_bracket opened) {
  diagnose(with->report, "unclosed-bracket", opened.where, "'%c' is never closed",
           with->from->text[opened.where.begin]);
}

/* A closing bracket that does not close the newest open one. */
void report_misfit(parser *with, token closing, bool fits_an_outer_one) {
  const token_filter *in = &with->filter;
  char bracket = with->from->text[closing.where.begin];
  if (in->open.count == 0) {
    diagnose(with->report, "unmatched-bracket", closing.where, "'%c' closes nothing", bracket);
    return;
  }
  open_bracket newest = in->open.items[in->open.count - 1];
  char opened = with->from->text[newest.where.begin];
  if (fits_an_outer_one) {
    report_unclosed(with, newest);
    diagnose_note(with->report, closing.where, "'%c' closes what was opened before it", bracket);
  } else {
    diagnose(with->report, "unmatched-bracket", closing.where, "'%c' can't close '%c'", bracket, opened);
    diagnose_note(with->report, newest.where, "'%c' is opened here", opened);
  }
}

void report_chained_comparison(parser *with, span where) {
  diagnose(with->report, "chained-comparison", where, "comparisons can't be chained");
  diagnose_hint(with->report, "join them: a < b and b < c");
}

/* Once for each statement: what encloses a nested part is nested as deeply. */
void report_too_deep(parser *with, span where) {
  if (with->too_deep_statement == with->statement_count) return;
  with->too_deep_statement = with->statement_count;
  diagnose(with->report, "too-deep", where, "this is nested more than %d levels deep", AST_MAXIMUM_DEPTH);
  diagnose_hint(with->report, "a long chain of operators counts too: use a reduction such as sum[i], or let "
                              "definitions for its parts");
}
