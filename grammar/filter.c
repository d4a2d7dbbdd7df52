/* Between the scanner and the grammar: what depends on more than a token's own letters.
 *
 * Line ends. A statement ends with its line or with `;`. It goes on inside ( and [, after an operator, before a line
 * that begins with then or else, and, outside { }, before one that begins with an operator. Inside { } lines count
 * again: there a line may be a value that begins with a minus.
 *
 * Words. `var`, `data`, `let`, .. are keywords where a statement begins, `let` also where a line of a block begins,
 * `in` after a declaration's operand, `sum`, `max`, .. before `[`; elsewhere they are names.
 *
 * Brackets. Each closing one must fit the newest open one. Errors are reported here, with the place of the opening
 * bracket, and the rest of the statement is left out: the grammar sees its end alone. A line that can only be the
 * beginning of a statement ends one whose bracket was forgotten. */
#include "grammar/parser.h"
#include "grammar/program.h"

#include <string.h>

enum { LONGEST_NAME = 255 };

int program_lex(PROGRAM_STYPE *value, span *where, parser *with);

void filter_start(parser *with) {
  token_filter *in = &with->filter;
  in->current = scanner_next(in->scanner);
  in->next = scanner_next(in->scanner);
  in->at_start = true;
}

/* How many brackets are open when those inside the innermost block are closed; 0 outside blocks. */
static int block_level(const token_filter *in) {
  int level = in->open.count;
  while (level > 0 && in->open.items[level - 1].kind != TOKEN_LEFT_BRACE) level--;
  return level;
}

void filter_skip(parser *with) {
  token_filter *in = &with->filter;
  in->silent = true;
  in->skipping = !in->at_start;
  in->skip_level = block_level(in);
}

static const char *bytes_of(const parser *with, token of) {
  return with->from->text + of.where.begin;
}

static size_t length_of(token of) {
  return of.where.end - of.where.begin;
}

static int innermost(const token_filter *in) {
  return in->open.count ? in->open.items[in->open.count - 1].kind : 0;
}

static void advance(token_filter *in) {
  in->current = in->next;
  in->next = scanner_next(in->scanner);
}

/* Whether the next token, on the same line, is a name: this word, or any where `word` is NULL. */
static bool name_follows(const parser *with, const char *word) {
  const token_filter *in = &with->filter;
  if (in->next.kind != TOKEN_NAME || in->next.starts_line) return false;
  return !word || is_word(bytes_of(with, in->next), length_of(in->next), word);
}

/* Every token that leaves the filter passes here, the skipped ones too. */
static void give(token_filter *in, int kind, span where) {
  in->given_before = in->given;
  in->given = (token){.kind = kind, .where = where};
  in->at_start = kind == TOKEN_END;
  in->at_block_start = kind == TOKEN_LINE_END || kind == TOKEN_LEFT_BRACE;
}

/* An end is placed right behind what it ends, or on the `;`. */
static void give_end(token_filter *in, int kind, span where) {
  if (where.begin == where.end) where = (span){in->given.where.end, in->given.where.end};
  give(in, kind, where);
}

static void give_statement_end(token_filter *in, span where) {
  in->open.count = 0;
  in->uncounted = 0;
  give_end(in, TOKEN_END, where);
}

/* ---- line ends ---- */

/* Whether the current line begins with the word of a statement in a place where nothing else can be meant: the word
 * follows an operand, or another name follows it. */
static bool surely_begins_statement(const parser *with) {
  const token_filter *in = &with->filter;
  if (!in->current.starts_line || in->current.kind != TOKEN_NAME) return false;
  int keyword = statement_keyword(bytes_of(with, in->current), length_of(in->current));
  if (!keyword || (keyword == TOKEN_LET && innermost(in) == TOKEN_LEFT_BRACE)) return false;
  return name_follows(with, NULL) || (token_traits(in->given.kind) & ENDS_OPERAND && innermost(in) != TOKEN_LEFT_BRACE);
}

static bool line_goes_on(const token_filter *in) {
  int before = innermost(in) == TOKEN_LEFT_BRACE ? CONTINUES_BLOCK : CONTINUES_BEFORE;
  return token_traits(in->given.kind) & CONTINUES_AFTER || token_traits(in->current.kind) & before;
}

/* Brackets are open where no bracket can be: at the end of the file, or before a line that can only begin a statement.
 * A `let` is taken for one of the block around it, if there is one. */
static bool take_lost_end(parser *with) {
  token_filter *in = &with->filter;
  if (in->current.kind != TOKEN_FILE_END && !surely_begins_statement(with)) return false;
  if (!in->silent) report_unclosed(with, in->open.items[in->open.count - 1]);
  in->silent = true;
  bool let = in->current.kind == TOKEN_NAME && is_word(bytes_of(with, in->current), length_of(in->current), "let");
  int level = let ? block_level(in) : 0;
  if (level == 0) {
    give_statement_end(in, (span){0, 0});
  } else {
    in->open.count = level;
    in->uncounted = 0;
    give_end(in, TOKEN_LINE_END, (span){0, 0});
  }
  return true;
}

/* The end of a statement, where the current token shows one. */
static bool take_statement_end(parser *with) {
  token_filter *in = &with->filter;
  token now = in->current;
  if (in->at_start) return false;
  if (in->open.count) return take_lost_end(with);
  if (now.kind == TOKEN_SEMICOLON) {
    advance(in);
    give_statement_end(in, now.where);
    return true;
  }
  bool next_line = now.starts_line && (!line_goes_on(in) || surely_begins_statement(with));
  if (now.kind != TOKEN_FILE_END && !next_line) return false;
  give_statement_end(in, (span){0, 0});
  return true;
}

/* The same for a line of a block. The last line, before `}`, needs no end. */
static bool take_block_line_end(token_filter *in) {
  if (innermost(in) != TOKEN_LEFT_BRACE) return false;
  bool ended = in->current.starts_line && !line_goes_on(in);
  span where = {0, 0};
  while (in->current.kind == TOKEN_SEMICOLON) {
    if (!ended) where = in->current.where;
    ended = true;
    advance(in);
  }
  if (!ended || in->at_block_start || in->current.kind == TOKEN_RIGHT_BRACE) return false;
  give_end(in, TOKEN_LINE_END, where);
  return true;
}

/* ---- brackets ---- */

static void note_open(parser *with, token opening) {
  token_filter *in = &with->filter;
  if (in->open.count < AST_MAXIMUM_DEPTH) {
    open_bracket made = {opening.kind, opening.where};
    list_push(with->memory, &in->open, made);
    return;
  }
  in->uncounted++;
  if (in->silent) return;
  report_too_deep(with, opening.where);
  filter_skip(with);
}

static bool fits(int opening, int closing) {
  return (opening == TOKEN_LEFT_PARENTHESIS && closing == TOKEN_RIGHT_PARENTHESIS) ||
         (opening == TOKEN_LEFT_BRACKET && closing == TOKEN_RIGHT_BRACKET) ||
         (opening == TOKEN_LEFT_BRACE && closing == TOKEN_RIGHT_BRACE);
}

/* A closing bracket that fits none, or not the newest: it closes the newest that it fits, else the newest. */
static void misfit(parser *with, token closing) {
  token_filter *in = &with->filter;
  int at = in->open.count - 1;
  while (at >= 0 && !fits(in->open.items[at].kind, closing.kind)) at--;
  if (!in->silent) report_misfit(with, closing, at >= 0);
  in->open.count = at >= 0 ? at : in->open.count ? in->open.count - 1 : 0;
  filter_skip(with);
}

static void watch_brackets(parser *with, token now) {
  token_filter *in = &with->filter;
  switch (now.kind) {
  case TOKEN_LEFT_PARENTHESIS:
  case TOKEN_LEFT_BRACKET:
  case TOKEN_LEFT_BRACE: note_open(with, now); break;
  case TOKEN_RIGHT_PARENTHESIS:
  case TOKEN_RIGHT_BRACKET:
  case TOKEN_RIGHT_BRACE:
    if (in->uncounted > 0)
      in->uncounted--;
    else if (fits(innermost(in), now.kind))
      in->open.count--;
    else
      misfit(with, now);
    break;
  default: break;
  }
}

/* ---- words ---- */

/* Whether the next token is a `[` that belongs to the current one. */
static bool bracket_follows(const token_filter *in) {
  bool lines_count = innermost(in) == 0 || innermost(in) == TOKEN_LEFT_BRACE;
  return in->next.kind == TOKEN_LEFT_BRACKET && !(in->next.starts_line && lines_count);
}

static bool is_role(int kind) {
  return kind == TOKEN_VAR || kind == TOKEN_PARAM || kind == TOKEN_DATA;
}

/* What the current word begins that this version of the language does not have, or NULL. */
static const char *later_begins(const parser *with) {
  const token_filter *in = &with->filter;
  const char *bytes = bytes_of(with, in->current);
  size_t length = length_of(in->current);
  if (in->at_start && is_word(bytes, length, "subject") && name_follows(with, "to"))
    return "constraints ('subject to')";
  return bracket_follows(in) ? later_construct(bytes, length) : NULL;
}

static int word_kind(parser *with) {
  token_filter *in = &with->filter;
  const char *bytes = bytes_of(with, in->current);
  size_t length = length_of(in->current);
  bool after_role = in->given.kind == in->statement && (is_role(in->statement) || in->statement == TOKEN_INDEX);
  if ((in->at_start || after_role) && is_word(bytes, length, "net") && name_follows(with, NULL)) return TOKEN_NET;
  if (in->at_start) {
    int keyword = statement_keyword(bytes, length);
    return keyword ? keyword : TOKEN_NAME;
  }
  if (in->at_block_start && is_word(bytes, length, "let")) return TOKEN_LET;
  if (bracket_follows(in) && is_reduction(bytes, length)) return TOKEN_REDUCTION;
  if (bracket_follows(in) && is_search(bytes, length)) {
    in->search_depth = in->open.count + 1;
    return TOKEN_SEARCH;
  }
  bool bounds_can_follow = is_role(in->statement) && in->open.count == 0 && token_traits(in->given.kind) & ENDS_OPERAND;
  return bounds_can_follow && is_word(bytes, length, "in") ? TOKEN_IN : TOKEN_NAME;
}

static int take_word(parser *with) {
  token_filter *in = &with->filter;
  const char *construct = later_begins(with);
  if (!in->silent && construct) {
    report_later_version(with, in->current.where, construct);
    filter_skip(with);
    in->skipping = true;
  } else if (!in->silent && length_of(in->current) > LONGEST_NAME) {
    diagnose(with->report, CODE_LONG_NAME, in->current.where, "a name can have at most %d characters", LONGEST_NAME);
    filter_skip(with);
    in->skipping = true;
  }
  return word_kind(with);
}

/* ---- one step ---- */

/* A token of the text, as the grammar will know it. */
static void take_token(parser *with) {
  token_filter *in = &with->filter;
  token now = in->current;
  bool tuple = now.kind == TOKEN_LEFT_PARENTHESIS && in->given.kind == TOKEN_LET;
  if (tuple && !in->silent) {
    report_later_version(with, now.where, "definitions of several names at once, which recurrences need,");
    filter_skip(with);
  }
  int kind = now.kind == TOKEN_NAME ? take_word(with) : now.kind;
  if (in->at_start) {
    in->statement = kind;
    in->statement_where = now.where;
  }
  advance(in);
  give(in, kind, now.where);
  if (kind < 0) {
    if (!in->silent) report_unreadable(with, now);
    filter_skip(with);
  }
  watch_brackets(with, now);
}

/* One token more, in in->given. */
static void step(parser *with) {
  token_filter *in = &with->filter;
  if (in->resume) in->silent = in->skipping = in->resume = false;
  while (in->at_start && in->current.kind == TOKEN_SEMICOLON) advance(in);
  if (take_statement_end(with) || take_block_line_end(in)) return;
  if (take_statement_end(with)) return; /* the file can end where a line of a block was expected */
  if (in->current.kind == TOKEN_FILE_END)
    give(in, TOKEN_FILE_END, in->current.where);
  else
    take_token(with);
}

/* While a statement is skipped its end passes, and the end of the block's line in which the skipping began. */
static bool passes(const token_filter *in, token of) {
  if (!in->skipping || of.kind == TOKEN_END || of.kind == TOKEN_FILE_END) return true;
  return of.kind == TOKEN_LINE_END && in->open.count <= in->skip_level;
}

static bool in_lost_block(const token_filter *in) {
  if (!in->silent) return false;
  int open_braces = 0;
  for (int i = 0; i < in->open.count; i++) open_braces += in->open.items[i].kind == TOKEN_LEFT_BRACE;
  return in->braces_given > open_braces;
}

/* What the grammar gets. Where the ends of blocks were missing or skipped, the grammar is led out of them before it
 * gets the end of the line or statement that it waits for. */
static token next_for_grammar(parser *with) {
  token_filter *in = &with->filter;
  if (!in->holding) {
    do step(with);
    while (!passes(in, in->given));
  }
  token out = in->given;
  in->holding = (out.kind == TOKEN_END || out.kind == TOKEN_LINE_END) && in_lost_block(in);
  if (in->holding) out.kind = TOKEN_RIGHT_BRACE;
  in->resume = out.kind == TOKEN_END || out.kind == TOKEN_LINE_END;
  in->braces_given += (out.kind == TOKEN_LEFT_BRACE) - (out.kind == TOKEN_RIGHT_BRACE);
  return out;
}

int program_lex(PROGRAM_STYPE *value, span *where, parser *with) {
  token out = next_for_grammar(with);
  *where = out.where;
  if (out.kind == TOKEN_NAME) value->TOKEN_NAME = build_text(with, out.where);
  if (out.kind == TOKEN_REDUCTION) value->TOKEN_REDUCTION = build_text(with, out.where);
  if (out.kind == TOKEN_SEARCH) value->TOKEN_SEARCH = build_text(with, out.where);
  return out.kind;
}
