/* The syntax tree: what the parser saw, names unresolved. */
#ifndef ADJOIN_SYNTAX_AST_H
#define ADJOIN_SYNTAX_AST_H

#include "compiler/base/diagnostic.h"
#include <stdbool.h>

typedef struct ast_expression ast_expression;

typedef struct {
  const char *name;
  span where;
} ast_name;

/* `i`, or `i < limit`: in a reduction's brackets, or as a defined name's index. */
typedef struct {
  ast_name name;
  ast_expression *limit; /* or NULL */
} ast_binder;
typedef LIST(ast_binder) ast_binders;

typedef enum {
  AST_NUMBER,    /* number; whole when written without point and exponent and below 2^53 */
  AST_NAME,      /* name; pi, inf and nan are names too */
  AST_SUBSCRIPT, /* operand 0 [ subscripts ] */
  AST_CALL,      /* name ( arguments ) */
  AST_NEGATE,
  AST_NOT,
  AST_TRANSPOSE,
  AST_ADD,
  AST_SUBTRACT,
  AST_MULTIPLY,
  AST_DIVIDE,
  AST_FLOOR_DIVIDE,
  AST_REMAINDER,
  AST_POWER,
  AST_MATMUL,
  AST_LESS,
  AST_LESS_EQUAL,
  AST_GREATER,
  AST_GREATER_EQUAL,
  AST_EQUAL,
  AST_NOT_EQUAL,
  AST_AND,
  AST_OR,
  AST_IF,        /* operands: condition, then, else */
  AST_REDUCTION, /* name [ binders if condition ] operand 0; operand 1 is the condition or NULL */
  AST_SEARCH,    /* name [ unknown [ operands 2.. ] = operand 1 ] operand 0: argmin, argmax, root */
  AST_ARRAY,     /* [a, b; c, d]: operands row by row, `columns` in each row, `rows` rows; rows = 1 is a vector */
  AST_BLOCK      /* { lets; operand 0 } */
} ast_kind;

/* One subscript: an expression, or start:stop with either left out. */
typedef struct {
  bool slice;
  ast_expression *index, *start, *stop;
  span where;
} ast_subscript;

/* One argument of a call; keyword.name is NULL unless written keyword=value. */
typedef struct {
  ast_name keyword;
  ast_expression *value;
} ast_argument;

/* let NAME = e, let NAME[binders] = e; also output r[i] = e and minimize f = e */
typedef struct {
  ast_name name; /* name.name is NULL for `minimize e` */
  ast_binders binders;
  ast_expression *value; /* NULL for `output r`, which names a definition */
  span where;            /* the whole statement */
  const char *comment;
} ast_definition;

struct ast_expression {
  ast_kind kind;
  span where;
  int depth; /* of nesting; the parser refuses more than AST_MAXIMUM_DEPTH */
  bool parenthesised;
  double number;
  bool whole;
  ast_name name;
  ast_name unknown; /* AST_SEARCH */
  int operand_count;
  ast_expression **operands;
  int rows, columns;
  ast_binders binders;
  LIST(ast_subscript) subscripts;
  LIST(ast_argument) arguments;
  LIST(ast_definition) lets;
};

enum { AST_MAXIMUM_DEPTH = 1000 };

typedef enum { AST_VAR, AST_PARAM, AST_DATA, AST_INDEX } ast_role;

/* var s[d] = 0.5 in [0, 1];  index cam[P] < C */
typedef struct {
  ast_role role;
  ast_name name;
  LIST(ast_expression *) extents;
  ast_expression *start, *lower, *upper, *bound; /* or NULL */
  span where;
  const char *comment;
} ast_input;

/* param net f = linear(1, 3) -> tanh: a layer is a name or a call, AST_NAME or AST_CALL. */
typedef LIST(ast_expression *) ast_layers;
typedef struct {
  ast_role role;
  ast_name name;
  ast_layers layers;
  span where;
  const char *comment;
} ast_network;

typedef struct {
  ast_name name;
  ast_expression *value; /* or NULL */
  const char *comment;
} ast_dimension;

typedef struct {
  ast_name name;
  LIST(ast_name) parameters;
  ast_expression *body;
  span where;
} ast_function;

typedef struct {
  ast_name name;
  LIST(ast_subscript) subscripts; /* none: the whole input */
  span where;
} ast_freeze;

/* Each list in the order of the text. */
typedef struct {
  const char *name; /* of `model NAME`, or NULL */
  span name_where;
  const char *comment; /* that begins the file, and that of `model NAME`; or NULL */
  LIST(ast_dimension) dimensions;
  LIST(ast_input) inputs;
  LIST(ast_network) networks;
  LIST(ast_function) functions;
  LIST(ast_definition) definitions;
  LIST(ast_definition) outputs;
  LIST(ast_definition) objectives; /* more than one is an error of check.c */
  LIST(bool) maximize;             /* one per objective */
  LIST(ast_freeze) freezes;
} ast_model;

/* Text to tree. Requires: `from` is zero-terminated text of any bytes. Ensures: NULL exactly when an error was
 * reported; all syntax errors of the file are reported, each at its place. (grammar/) */
ast_model *parse(arena *memory, const source *from, diagnostics *report);

/* The words of the language that are no functions, for editors: how many of a kind there are, and where `words` is not
 * NULL, which. (grammar/) */
typedef enum { WORDS_STATEMENTS, WORDS_EXPRESSIONS, WORDS_REDUCTIONS, WORDS_SEARCHES } language_word_kind;
int language_words(language_word_kind kind, const char **words);

/* For --dump-after=parse: one statement a line, expressions fully parenthesised. */
void ast_write(const ast_model *model, text *out);

#endif
