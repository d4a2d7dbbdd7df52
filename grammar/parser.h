/* What the scanner, the token filter, the grammar and its actions share. Nothing outside grammar/ includes this. */
#ifndef ADJOIN_GRAMMAR_PARSER_H
#define ADJOIN_GRAMMAR_PARSER_H

#include "compiler/syntax/ast.h"

/* ---- tokens ---- */

/* A token as it stands in the text. `kind` is one of the grammar's (TOKEN_NAME, ...) or one of those below. */
typedef struct {
  int kind;
  span where;
  bool starts_line; /* a line ended before it */
} token;

/* Kinds that the scanner gives and the filter keeps from the grammar. */
enum { TOKEN_UNREADABLE = -1, TOKEN_BAD_NUMBER = -2, TOKEN_NOT_ASCII = -3 };

typedef struct {
  int line;
  bool alone; /* nothing but blanks before it on its line */
  span where; /* without the sign and the blanks around the text */
} comment;

/* The scanner's own state; flex passes it around as "extra". */
typedef struct {
  arena *memory;
  uint32_t offset; /* of the next byte */
  uint32_t begin;  /* of the newest token */
  int line;
  bool line_has_token, line_ended;
  LIST(comment) comments; /* in the order of the text */
} scanner_state;

typedef struct {
  int kind; /* TOKEN_LEFT_PARENTHESIS, TOKEN_LEFT_BRACKET, TOKEN_LEFT_BRACE */
  span where;
} open_bracket;

/* Between scanner and grammar: applies the rules for line ends, turns words into keywords where they are ones, and
 * watches the brackets. */
typedef struct {
  void *scanner;
  scanner_state state;
  token current, next;       /* read from the scanner, not yet given to the grammar */
  token given, given_before; /* the newest token given to the grammar, and the one before it */
  int statement;             /* the kind of the keyword that began this statement, or 0 */
  span statement_where;      /* that keyword */
  bool at_start;             /* the next token begins a statement */
  bool at_block_start;       /* the next token begins a line of a block */
  bool skipping;             /* an error was reported: nothing but the statement's end is given any more */
  bool silent;               /* the grammar's errors from here on follow from one already reported */
  bool resume;               /* an end was given: with the next token both of these are over */
  int skip_level;            /* a line of a block ends the skipping where so many brackets are open; 0 for none */
  int search_depth;          /* how many brackets are open inside those of the newest search */
  LIST(open_bracket) open;   /* at most AST_MAXIMUM_DEPTH; deeper ones are only counted */
  long uncounted;            /* how many brackets are open beyond these */
  int braces_given;          /* blocks that the grammar has entered and not left */
  bool holding;              /* `given` waits until the grammar has left the blocks that ended with it */
} token_filter;

/* ---- one parse ---- */

typedef LIST(ast_expression *) expression_list;
typedef LIST(ast_input) input_list;
typedef LIST(ast_network) network_list;
typedef LIST(ast_dimension) dimension_list;
typedef LIST(ast_freeze) freeze_list;
typedef LIST(ast_name) name_list;

typedef struct {
  ast_expression *lower, *upper;
} range_limits;

typedef struct {
  arena *memory;
  const source *from;
  diagnostics *report;
  ast_model *model;
  token_filter filter;
  int statement_count;
  int too_deep_statement; /* the number of the statement last reported as nested too deeply, -1 before */
} parser;

/* ---- tokens.l ---- */

/* `bytes` holds length bytes, none of them zero, then two zeros, as flex wants them; it may be written to. */
void *scanner_create(scanner_state *state, char *bytes, size_t length);
token scanner_next(void *scanner);

/* ---- filter.c (and program_lex, which the grammar declares) ---- */

void filter_start(parser *with);

/* From here on the statement, or the line of a block, gives nothing but its end, and the grammar's errors in it go
 * unreported. */
void filter_skip(parser *with);

/* ---- words.c: which words are keywords where, and what tokens do to line ends ---- */

enum {
  CONTINUES_AFTER = 1,  /* a line that ends with it goes on */
  CONTINUES_BEFORE = 2, /* a line that begins with it goes on from the one before, outside { } */
  CONTINUES_BLOCK = 4,  /* the same inside { } */
  ENDS_OPERAND = 8      /* an operand can end with it: another operand can't follow */
};
int token_traits(int kind);

/* The keyword's kind, or 0 when the bytes are not such a word. */
int statement_keyword(const char *bytes, size_t length);
bool is_reduction(const char *bytes, size_t length);
bool is_search(const char *bytes, size_t length); /* argmin, argmax, root */
bool is_word(const char *bytes, size_t length, const char *word);

/* What `word[` begins in a later version of the language, or NULL. */
const char *later_construct(const char *bytes, size_t length);

const char *nearest_statement_keyword(const char *word);

/* ---- syntax_error.c ---- */

/* What the grammar could have taken at an error. */
typedef struct {
  bool expression, name, statement, operation, comparison;
  bool bound;             /* `<` */
  const char *others[16]; /* spelled for messages */
  int other_count;
} expectation;

void report_syntax_error(parser *with, const expectation *expected);
void report_unreadable(parser *with, token found);
void report_later_version(parser *with, span where, const char *what);
void report_unclosed(parser *with, open_bracket opened);
void report_misfit(parser *with, token closing, bool fits_an_outer_one);
void report_chained_comparison(parser *with, span where, ast_expression *before, ast_expression *after);
void report_network_role(parser *with, span word, bool missing); /* `word`: `net`, or the role that does not fit */
void report_too_deep(parser *with, span where);

/* ---- build.c: nodes; each checks the depth of nesting ---- */

const char *build_text(parser *with, span where);
ast_expression *build_number(parser *with, span where);
ast_expression *build_name(parser *with, ast_name name);
ast_expression *build_operation(parser *with, ast_kind kind, span where, ast_expression *first, ast_expression *second,
                                ast_expression *third);
ast_expression *build_reduction_node(parser *with, span where, ast_name name, const ast_binders *over,
                                     ast_expression *condition, ast_expression *body);

/* A node that is filled piece by piece, then finished with the place that it covers. */
ast_expression *build_search(parser *with, span where, ast_name name, const ast_input *unknown, ast_expression *start,
                             ast_expression *body);
ast_expression *build_node(parser *with, ast_kind kind, span where);
void build_operand(parser *with, ast_expression *node, ast_expression *operand);
void build_subscript(parser *with, ast_expression *node, ast_subscript subscript);
void build_argument(parser *with, ast_expression *node, ast_name keyword, ast_expression *value);
void build_entry(parser *with, ast_expression *array, ast_expression *entry, bool new_row);
void build_let(parser *with, ast_expression *block, ast_definition let);
ast_expression *build_finish(parser *with, ast_expression *node, span where);
ast_expression *build_array(parser *with, ast_expression *node, span where);

/* Parts of statements. */
ast_definition build_definition(ast_name name, const ast_binders *binders, ast_expression *value, span where);
ast_input build_declared(ast_name name, const expression_list *extents, span where);
ast_freeze build_freeze(ast_name name, const ast_expression *subscripted, span where);

/* ---- statements.c: what a whole statement adds to the model ---- */

void add_dimensions(parser *with, span statement, const dimension_list *list);
void add_inputs(parser *with, span statement, ast_role role, const input_list *list);
void add_networks(parser *with, span statement, ast_role role, const network_list *list);
void add_freezes(parser *with, const freeze_list *list);
void add_function(parser *with, span statement, ast_name name, const name_list *parameters, ast_expression *body);
void add_definition(parser *with, span statement, ast_definition made);
void add_output(parser *with, span statement, ast_definition made);
void add_objective(parser *with, span statement, bool maximize, ast_definition made);
void add_model_name(parser *with, ast_name name);
void add_heading(parser *with); /* at the end of the text: the comment that begins it */

#endif
