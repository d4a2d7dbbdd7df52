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
  diagnose(with->report, CODE_UNKNOWN_STATEMENT, found.where, "a statement can't begin with %s", describe(with, found));
  const char *nearest = found.kind == TOKEN_NAME ? nearest_statement_keyword(word) : NULL;
  if (nearest) {
    diagnose_hint(with->report, "did you mean '%s'?", nearest);
    diagnose_fix(with->report, found.where, "%s", nearest);
  } else if (with->filter.current.kind == TOKEN_IS) {
    diagnose_hint(with->report, "a definition begins with 'let'");
    diagnose_fix(with->report, (span){found.where.begin, found.where.begin}, "let ");
  } else {
    diagnose_hint(with->report, "statements begin with dim, var, param, data, index, freeze, let, def, minimize, "
                                "maximize, output or model");
  }
}

/* ---- hints for likely slips ---- */

typedef struct {
  const char *hint; /* or NULL */
  span where;       /* what an edit replaces */
  const char *replacement;
} advice;

/* Slips that one edit puts right. */
static advice edit_for(const parser *with, token found, token before, const expectation *expected) {
  if (found.kind == TOKEN_IS && expected->comparison) return (advice){"equality is written '=='", found.where, "=="};
  if (before.kind == TOKEN_NUMBER && (found.kind == TOKEN_NAME || found.kind == TOKEN_LEFT_PARENTHESIS))
    return (advice){"a product needs its '*'", {before.where.end, found.where.begin}, "*"};
  bool function = with->filter.statement == TOKEN_LET && found.kind == TOKEN_LEFT_PARENTHESIS;
  if (function && !expected->operation && !expected->name)
    return (advice){"a function is defined with 'def'", with->filter.statement_where, "def"};
  return (advice){0};
}

static const char *hint_for(const parser *with, token found, const expectation *expected) {
  int statement = with->filter.statement;
  if (found.kind == TOKEN_LINE_END && expected->operation)
    return "a block ends with its value; inside { } a line goes on only behind an operator, or inside ( ) or [ ]";
  if (found.kind == TOKEN_RIGHT_BRACE) return "a block ends with its value: { let m = 1; m + 2 }";
  if (found.kind == TOKEN_ARROW) return "'->' joins the layers of a network: param net f = linear(1, 3) -> tanh";
  if (found.kind == TOKEN_IF && expected->expression) return "an 'if' inside an expression needs parentheses around it";
  if (found.kind == TOKEN_REDUCTION && expected->name)
    return "before '[' this word is a reduction: choose another name";
  if (found.kind == TOKEN_SEARCH && expected->name)
    return "before '[' this word looks for a minimum or a root: choose another name";
  int depth = with->filter.open.count + (found.kind == TOKEN_RIGHT_BRACKET); /* which is closed already */
  bool in_search = with->filter.search_depth > 0 && depth == with->filter.search_depth;
  if (found.kind == TOKEN_COMMA && in_search)
    return "a search has one unknown, which may be an array: argmin[w[3] = 0] (...)";
  if (found.kind == TOKEN_RIGHT_BRACKET && in_search && with->filter.given_before.kind == TOKEN_NAME)
    return "a search names its unknown and where it starts: argmin[w = 0] (...)";
  if (found.kind >= TOKEN_LESS && found.kind <= TOKEN_NOT_EQUAL && expected->operation && !expected->comparison)
    return "a comparison is no number: start values, bounds, extents and limits can't be one";
  if (statement == TOKEN_INDEX && expected->bound && !expected->operation)
    return "an index says what it counts: index cam[P] < C";
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
  diagnose(with->report, CODE_SYNTAX, found.where, "expected %s after %s, found %s", describe_expected(with, expected),
           describe(with, before), describe(with, found));
  advice given = edit_for(with, found, before, expected);
  if (given.replacement)
    diagnose_fix(with->report, given.where, "%s", given.replacement);
  else
    given.hint = hint_for(with, found, expected);
  if (given.hint) diagnose_hint(with->report, "%s", given.hint);
  if (in->open.count > 0 && (found.kind == TOKEN_LINE_END || found.kind == TOKEN_SEMICOLON))
    diagnose_note(with->report, in->open.items[in->open.count - 1].where, "inside what is opened here");
}

/* ---- what the filter finds ---- */

/* What other languages write, and what this one writes in its place, or NULL. */
static const struct {
  const char *written, *hint, *ours;
} foreign[] = {
    {"**", "a power is written '^'", "^"},
    {"&&", "the word 'and' joins conditions", " and "},
    {"||", "the word 'or' joins conditions", " or "},
    {"&", "the word 'and' joins conditions", " and "},
    {"|", "the word 'or' joins conditions", " or "},
    {"!", "the word 'not' denies a condition", "not "},
    {"\"", "the language has no text values", NULL},
    {"\\", "a statement goes on after an operator and inside ( ) and [ ]", NULL},
};

static bool report_foreign(parser *with, token found) {
  const char *bytes = with->from->text + found.where.begin;
  size_t length = found.where.end - found.where.begin;
  for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
    if (!is_word(bytes, length, foreign[i].written)) continue;
    diagnose(with->report, CODE_FOREIGN_SPELLING, found.where, "%s has no meaning here", describe(with, found));
    diagnose_hint(with->report, "%s", foreign[i].hint);
    const char *ours = foreign[i].ours;
    if (!ours) return true;
    /* Words keep one blank on each side. */
    bool blank = *ours == ' ' && found.where.begin > 0 && bytes[-1] == ' ';
    size_t kept = strlen(ours) - (strlen(ours) > 1 && bytes[length] == ' ') - blank;
    diagnose_fix(with->report, found.where, "%.*s", (int)kept, ours + blank);
    return true;
  }
  return false;
}

static void report_characters(parser *with, token found) {
  if (found.kind == TOKEN_NOT_ASCII) {
    diagnose(with->report, CODE_BAD_CHARACTER, found.where, "this character can stand only in a comment");
    diagnose_hint(with->report, "names are made of the letters a-z and A-Z, digits, '_' and '.'");
    return;
  }
  const char *bytes = with->from->text + found.where.begin;
  if (*bytes > ' ' && *bytes < 0x7F)
    diagnose(with->report, CODE_BAD_CHARACTER, found.where, "%s has no meaning here", describe(with, found));
  else
    diagnose(with->report, CODE_BAD_CHARACTER, found.where, "the control character %d can't be part of a model",
             *bytes);
}

/* The digits, with a point and an exponent where they have one. */
static size_t number_length(const char *bytes) {
  static const char digits[] = "0123456789";
  size_t length = strspn(bytes, digits);
  if (bytes[length] == '.') length += 1 + strspn(bytes + length + 1, digits);
  size_t sign = bytes[length] == 'e' || bytes[length] == 'E' ? 1 : 0;
  if (sign && (bytes[length + 1] == '+' || bytes[length + 1] == '-')) sign++;
  size_t exponent = sign ? strspn(bytes + length + sign, digits) : 0;
  return exponent ? length + sign + exponent : length;
}

static bool begins_name(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

void report_unreadable(parser *with, token found) {
  const char *bytes = with->from->text + found.where.begin;
  size_t length = found.where.end - found.where.begin;
  if (found.kind != TOKEN_BAD_NUMBER) {
    if (!report_foreign(with, found)) report_characters(with, found);
    return;
  }
  size_t digits = number_length(bytes);
  diagnose(with->report, CODE_BAD_NUMBER, found.where, "%s is neither a number nor a name", describe(with, found));
  bool hexadecimal = digits == 1 && *bytes == '0' && (bytes[1] == 'x' || bytes[1] == 'X');
  if (length > QUOTED || hexadecimal || !begins_name(bytes[digits])) return;
  diagnose_hint(with->report, "a product needs its '*': %.*s*%.*s", (int)digits, bytes, (int)(length - digits),
                bytes + digits);
  diagnose_fix(with->report, (span){found.where.begin + (uint32_t)digits, found.where.begin + (uint32_t)digits}, "*");
}

void report_later_version(parser *with, span where, const char *what) {
  diagnose(with->report, CODE_LATER_VERSION, where, "%s are not part of this version of the language", what);
}

void report_unclosed(parser *with, open_bracket opened) {
  diagnose(with->report, CODE_UNCLOSED_BRACKET, opened.where, "'%c' is never closed",
           with->from->text[opened.where.begin]);
}

/* A closing bracket that does not close the newest open one. */
void report_misfit(parser *with, token closing, bool fits_an_outer_one) {
  const token_filter *in = &with->filter;
  char bracket = with->from->text[closing.where.begin];
  if (in->open.count == 0) {
    diagnose(with->report, CODE_UNMATCHED_BRACKET, closing.where, "'%c' closes nothing", bracket);
    return;
  }
  open_bracket newest = in->open.items[in->open.count - 1];
  char opened = with->from->text[newest.where.begin];
  if (fits_an_outer_one) {
    report_unclosed(with, newest);
    diagnose_note(with->report, closing.where, "'%c' closes what was opened before it", bracket);
  } else {
    diagnose(with->report, CODE_UNMATCHED_BRACKET, closing.where, "'%c' can't close '%c'", bracket, opened);
    diagnose_fix(with->report, closing.where, "%c", opened == '(' ? ')' : opened == '[' ? ']' : '}');
    diagnose_note(with->report, newest.where, "'%c' is opened here", opened);
  }
}

/* `before` is the comparison so far; `after` becomes its second operand, for the next sign of the chain. */
void report_chained_comparison(parser *with, span where, ast_expression *before, ast_expression *after) {
  diagnose(with->report, CODE_CHAINED_COMPARISON, where, "comparisons can't be chained");
  diagnose_hint(with->report, "join them: a < b and b < c");
  if (before->operand_count < 2) return; /* too deep to be kept */
  const char *middle = build_text(with, before->operands[1]->where);
  diagnose_fix(with->report, (span){where.begin, where.begin}, "and %s ", middle);
  before->operands[1] = after;
}

/* A network's weights are real numbers, and somebody must say who moves them. */
void report_network_role(parser *with, span word, bool missing) {
  diagnose(with->report, CODE_NETWORK_ROLE, word,
           missing ? "a network says what its weights are" : "a network's weights are real numbers, no index data");
  diagnose_hint(with->report, "write 'param net', or 'var net' when a solver trains it, or 'data net' when they are "
                              "constants");
  if (missing)
    diagnose_fix(with->report, (span){word.begin, word.begin}, "param ");
  else
    diagnose_fix(with->report, word, "param");
}

/* Once for each statement: what encloses a nested part is nested as deeply. */
void report_too_deep(parser *with, span where) {
  if (with->too_deep_statement == with->statement_count) return;
  with->too_deep_statement = with->statement_count;
  diagnose(with->report, CODE_TOO_DEEP, where, "this is nested more than %d levels deep", AST_MAXIMUM_DEPTH);
  diagnose_hint(with->report, "a long chain of operators counts too: use a reduction such as sum[i], or let "
                              "definitions for its parts");
}
