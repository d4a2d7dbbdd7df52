/* The grammar: tokens, as filter.c gives them, to the syntax tree. It has no conflicts and says precedence in its
 * rules, one nonterminal per level. The nodes are made in build.c, the model's lists are filled in statements.c.
 * Canonical LR knows at every error exactly which tokens could have stood there: the messages say so. */

%require "3.8"
%define api.pure full
%define api.prefix {program_}
%define api.token.prefix {TOKEN_}
%define api.token.raw
%define api.value.type union
%define api.location.type {span}
%define parse.error custom
%define lr.type canonical-lr
%locations
%expect 0
%param {parser *with}
%initial-action { @$ = (span){0, 0}; }

%code requires {
#include "grammar/parser.h"
}

%code {
/* The deepest tree that is allowed needs a few symbols for each of its levels. The stack lives in the arena, where it
 * survives the arena's jump out of the parser. */
#define YYMAXDEPTH (16 * AST_MAXIMUM_DEPTH)
#define YYSTACK_ALLOC(size) arena_allocate(with->memory, (size_t)(size), 1)

#define YYLLOC_DEFAULT(whole, parts, count)                                                                            \
  ((whole) = (count) ? span_join(YYRHSLOC(parts, 1), YYRHSLOC(parts, count))                                           \
                     : (span){YYRHSLOC(parts, 0).end, YYRHSLOC(parts, 0).end})

int program_lex(PROGRAM_STYPE *value, span *where, parser *with);
static void program_error(span *where, parser *with, const char *message);
}

%token FILE_END 0 "the end of the file"
%token END "the end of the statement"
%token LINE_END "the end of the line" /* of a block */
%token <const char *> NAME "a name"
%token <const char *> REDUCTION "a reduction" SEARCH "a search"
%token NUMBER "a number"

%token MODEL "'model'" DIM "'dim'" VAR "'var'" PARAM "'param'" DATA "'data'" INDEX "'index'" FREEZE "'freeze'"
%token LET "'let'" DEF "'def'" MINIMIZE "'minimize'" MAXIMIZE "'maximize'" OUTPUT "'output'" IN "'in'" NET "'net'"
%token IF "'if'" THEN "'then'" ELSE "'else'" AND "'and'" OR "'or'" NOT "'not'"
%token PLUS "'+'" MINUS "'-'" STAR "'*'" SLASH "'/'" SLASH_SLASH "'//'" PERCENT "'%'" CARET "'^'" AT "'@'"
%token APOSTROPHE "'''" LESS "'<'" LESS_EQUAL "'<='" GREATER "'>'" GREATER_EQUAL "'>='" EQUAL "'=='" NOT_EQUAL "'!='"
%token ARROW "'->'" IS "'='" COMMA "','" COLON "':'" SEMICOLON "';'"
%token LEFT_PARENTHESIS "'('" RIGHT_PARENTHESIS "')'" LEFT_BRACKET "'['" RIGHT_BRACKET "']'"
%token LEFT_BRACE "'{'" RIGHT_BRACE "'}'"

%type <ast_name> name
%type <ast_network> network
%type <network_list> networks
%type <ast_layers> layers
%type <ast_expression *> layer
%type <dimension_list> dimensions
%type <ast_dimension> dimension
%type <ast_role> role
%type <input_list> inputs index_inputs
%type <ast_input> input index_input declared
%type <expression_list> extents
%type <range_limits> limits
%type <freeze_list> freezes
%type <ast_freeze> freeze
%type <name_list> parameters parameter_names
%type <ast_definition> definition output objective
%type <ast_binders> binders
%type <ast_binder> binder
%type <ast_kind> relation multiplication
%type <ast_expression *> expression disjunction conjunction negation comparison comparisons arithmetic term product
%type <ast_expression *> prefix power postfix primary reduced condition call arguments subscripted subscripts array
%type <ast_expression *> block block_lets
%type <ast_subscript> subscript

%%

program:
  %empty
| program statement                   { with->statement_count++; }
;

statement:
  sentence END
| error END                           { yyerrok; }
;

/* ---- statements ---- */

sentence:
  MODEL name                          { add_model_name(with, $2); }
| DIM dimensions                      { add_dimensions(with, @$, &$2); }
| role inputs                         { add_inputs(with, @$, $1, &$2); }
| INDEX index_inputs                  { add_inputs(with, @$, AST_INDEX, &$2); }
| role NET networks                   { add_networks(with, @$, $1, &$3); }
| INDEX NET networks                  { report_network_role(with, @1, false); }
| NET networks                        { report_network_role(with, @1, true); }
| FREEZE freezes                      { add_freezes(with, &$2); }
| DEF name LEFT_PARENTHESIS parameters RIGHT_PARENTHESIS IS expression
                                      { add_function(with, @$, $2, &$4, $7); }
| LET definition                      { add_definition(with, @$, $2); }
| OUTPUT output                       { add_output(with, @$, $2); }
| MINIMIZE objective                  { add_objective(with, @$, false, $2); }
| MAXIMIZE objective                  { add_objective(with, @$, true, $2); }
;

role:
  VAR                                 { $$ = AST_VAR; }
| PARAM                               { $$ = AST_PARAM; }
| DATA                                { $$ = AST_DATA; }
;

name:
  NAME                                { $$ = (ast_name){$1, @1}; }
;

/* ---- networks ---- */

networks:
  network                             { $$ = (network_list){0}; list_push(with->memory, &$$, $1); }
| networks COMMA network              { $$ = $1; list_push(with->memory, &$$, $3); }
;

network:
  name IS layers                      { $$ = (ast_network){.name = $1, .layers = $3, .where = @$}; }
;

layers:
  layer                               { $$ = (ast_layers){0}; list_push(with->memory, &$$, $1); }
| layers ARROW layer                  { $$ = $1; list_push(with->memory, &$$, $3); }
;

layer:
  name                                { $$ = build_name(with, $1); }
| call RIGHT_PARENTHESIS              { $$ = build_finish(with, $1, @$); }
;

dimensions:
  dimension                           { $$ = (dimension_list){0}; list_push(with->memory, &$$, $1); }
| dimensions COMMA dimension          { $$ = $1; list_push(with->memory, &$$, $3); }
;

dimension:
  name                                { $$ = (ast_dimension){.name = $1}; }
| name IS arithmetic                  { $$ = (ast_dimension){.name = $1, .value = $3}; }
;

inputs:
  input                               { $$ = (input_list){0}; list_push(with->memory, &$$, $1); }
| inputs COMMA input                  { $$ = $1; list_push(with->memory, &$$, $3); }
;

/* Start values and bounds stop below comparisons, so that `in` and `<` after them are the declaration's. */
input:
  declared
| declared IS arithmetic              { $$ = $1; $$.start = $3; $$.where = @$; }
| declared limits                     { $$ = $1; $$.lower = $2.lower; $$.upper = $2.upper; $$.where = @$; }
| declared IS arithmetic limits       { $$ = $1; $$.start = $3; $$.where = @$;
                                        $$.lower = $4.lower; $$.upper = $4.upper; }
;

limits:
  IN LEFT_BRACKET arithmetic COMMA arithmetic RIGHT_BRACKET
                                      { $$.lower = $3; $$.upper = $5; }
;

index_inputs:
  index_input                         { $$ = (input_list){0}; list_push(with->memory, &$$, $1); }
| index_inputs COMMA index_input      { $$ = $1; list_push(with->memory, &$$, $3); }
;

index_input:
  declared LESS arithmetic            { $$ = $1; $$.bound = $3; $$.where = @$; }
;

declared:
  name                                { $$ = (ast_input){.name = $1, .where = @$}; }
| name LEFT_BRACKET extents RIGHT_BRACKET
                                      { $$ = build_declared($1, &$3, @$); }
;

extents:
  arithmetic                          { $$ = (expression_list){0}; list_push(with->memory, &$$, $1); }
| extents COMMA arithmetic            { $$ = $1; list_push(with->memory, &$$, $3); }
;

freezes:
  freeze                              { $$ = (freeze_list){0}; list_push(with->memory, &$$, $1); }
| freezes COMMA freeze                { $$ = $1; list_push(with->memory, &$$, $3); }
;

freeze:
  name                                { $$ = (ast_freeze){.name = $1, .where = @$}; }
| name LEFT_BRACKET subscripts RIGHT_BRACKET
                                      { $$ = build_freeze($1, $3, @$); }
;

parameters:
  %empty                              { $$ = (name_list){0}; }
| parameter_names
;

parameter_names:
  name                                { $$ = (name_list){0}; list_push(with->memory, &$$, $1); }
| parameter_names COMMA name          { $$ = $1; list_push(with->memory, &$$, $3); }
;

definition:
  name IS expression                  { $$ = build_definition($1, NULL, $3, @$); }
| name LEFT_BRACKET binders RIGHT_BRACKET IS expression
                                      { $$ = build_definition($1, &$3, $6, @$); }
;

output:
  definition
| name                                { $$ = build_definition($1, NULL, NULL, @$); }
;

objective:
  expression                          { $$ = build_definition((ast_name){0}, NULL, $1, @$); }
| name IS expression                  { $$ = build_definition($1, NULL, $3, @$); }
;

binders:
  binder                              { $$ = (ast_binders){0}; list_push(with->memory, &$$, $1); }
| binders COMMA binder                { $$ = $1; list_push(with->memory, &$$, $3); }
;

binder:
  name                                { $$ = (ast_binder){$1, NULL}; }
| name LESS arithmetic                { $$ = (ast_binder){$1, $3}; }
;

/* ---- expressions, from the loosest level to the tightest ---- */

expression:
  disjunction
| IF expression THEN expression ELSE expression
                                      { $$ = build_operation(with, AST_IF, @$, $2, $4, $6); }
;

disjunction:
  conjunction
| disjunction OR conjunction          { $$ = build_operation(with, AST_OR, @$, $1, $3, NULL); }
;

conjunction:
  negation
| conjunction AND negation            { $$ = build_operation(with, AST_AND, @$, $1, $3, NULL); }
;

negation:
  comparison
| NOT negation                        { $$ = build_operation(with, AST_NOT, @$, $2, NULL, NULL); }
;

comparison:
  arithmetic
| comparisons
;

/* A chain is read in full only to say what to write in its place. */
comparisons:
  arithmetic relation arithmetic      { $$ = build_operation(with, $2, @$, $1, $3, NULL); }
| comparisons relation arithmetic     { $$ = $1; report_chained_comparison(with, @2, $1, $3); }
;

relation:
  LESS                                { $$ = AST_LESS; }
| LESS_EQUAL                          { $$ = AST_LESS_EQUAL; }
| GREATER                             { $$ = AST_GREATER; }
| GREATER_EQUAL                       { $$ = AST_GREATER_EQUAL; }
| EQUAL                               { $$ = AST_EQUAL; }
| NOT_EQUAL                           { $$ = AST_NOT_EQUAL; }
;

arithmetic:
  term
| arithmetic PLUS term                { $$ = build_operation(with, AST_ADD, @$, $1, $3, NULL); }
| arithmetic MINUS term               { $$ = build_operation(with, AST_SUBTRACT, @$, $1, $3, NULL); }
;

/* What ends in a reduction ends the term: the body has taken all factors that follow. */
term:
  product
| reduced
| product multiplication reduced      { $$ = build_operation(with, $2, @$, $1, $3, NULL); }
;

product:
  prefix
| product multiplication prefix       { $$ = build_operation(with, $2, @$, $1, $3, NULL); }
;

multiplication:
  STAR                                { $$ = AST_MULTIPLY; }
| SLASH                               { $$ = AST_DIVIDE; }
| SLASH_SLASH                         { $$ = AST_FLOOR_DIVIDE; }
| PERCENT                             { $$ = AST_REMAINDER; }
| AT                                  { $$ = AST_MATMUL; }
;

reduced:
  REDUCTION LEFT_BRACKET binders condition RIGHT_BRACKET term
                                      { $$ = build_reduction_node(with, @$, (ast_name){$1, @1}, &$3, $4, $6); }
| SEARCH LEFT_BRACKET declared IS expression RIGHT_BRACKET term
                                      { $$ = build_search(with, @$, (ast_name){$1, @1}, &$3, $5, $7); }
| MINUS reduced                       { $$ = build_operation(with, AST_NEGATE, @$, $2, NULL, NULL); }
| postfix CARET reduced               { $$ = build_operation(with, AST_POWER, @$, $1, $3, NULL); }
;

condition:
  %empty                              { $$ = NULL; }
| IF expression                       { $$ = $2; }
;

prefix:
  power
| MINUS prefix                        { $$ = build_operation(with, AST_NEGATE, @$, $2, NULL, NULL); }
;

power:
  postfix
| postfix CARET prefix                { $$ = build_operation(with, AST_POWER, @$, $1, $3, NULL); }
;

postfix:
  primary
| postfix APOSTROPHE                  { $$ = build_operation(with, AST_TRANSPOSE, @$, $1, NULL, NULL); }
| subscripted RIGHT_BRACKET           { $$ = build_finish(with, $1, @$); }
;

primary:
  NUMBER                              { $$ = build_number(with, @$); }
| name                                { $$ = build_name(with, $1); }
| call RIGHT_PARENTHESIS              { $$ = build_finish(with, $1, @$); }
| LEFT_PARENTHESIS expression RIGHT_PARENTHESIS
                                      { $$ = $2; $$->parenthesised = true; $$->where = @$; }
| LEFT_BRACKET array RIGHT_BRACKET    { $$ = build_array(with, $2, @$); }
| block
;

subscripted:
  postfix LEFT_BRACKET subscripts     { $$ = $3; $$->kind = AST_SUBSCRIPT; build_operand(with, $$, $1); }
;

/* Subscripts, arguments and entries fill a node that the rule above them names and finishes. */
subscripts:
  subscript                           { $$ = build_node(with, AST_SUBSCRIPT, @$); build_subscript(with, $$, $1); }
| subscripts COMMA subscript          { $$ = $1; build_subscript(with, $$, $3); }
;

subscript:
  expression                          { $$ = (ast_subscript){.index = $1, .where = @$}; }
| COLON                               { $$ = (ast_subscript){.slice = true, .where = @$}; }
| expression COLON                    { $$ = (ast_subscript){.slice = true, .start = $1, .where = @$}; }
| COLON expression                    { $$ = (ast_subscript){.slice = true, .stop = $2, .where = @$}; }
| expression COLON expression         { $$ = (ast_subscript){.slice = true, .start = $1, .stop = $3, .where = @$}; }
;

call:
  name LEFT_PARENTHESIS               { $$ = build_node(with, AST_CALL, @$); $$->name = $1; }
| name LEFT_PARENTHESIS arguments     { $$ = $3; $$->name = $1; }
;

arguments:
  expression                          { $$ = build_node(with, AST_CALL, @$);
                                        build_argument(with, $$, (ast_name){0}, $1); }
| name IS expression                  { $$ = build_node(with, AST_CALL, @$); build_argument(with, $$, $1, $3); }
| arguments COMMA expression          { $$ = $1; build_argument(with, $$, (ast_name){0}, $3); }
| arguments COMMA name IS expression  { $$ = $1; build_argument(with, $$, $3, $5); }
;

array:
  expression                          { $$ = build_node(with, AST_ARRAY, @$); build_entry(with, $$, $1, true); }
| array COMMA expression              { $$ = $1; build_entry(with, $$, $3, false); }
| array SEMICOLON expression          { $$ = $1; build_entry(with, $$, $3, true); }
;

block:
  block_lets expression RIGHT_BRACE   { build_operand(with, $1, $2); $$ = build_finish(with, $1, @$); }
| block_lets error RIGHT_BRACE        { yyerrok; }
;

block_lets:
  LEFT_BRACE                          { $$ = build_node(with, AST_BLOCK, @$); }
| block_lets LET definition LINE_END  { $$ = $1; build_let(with, $$, $3); }
| block_lets error LINE_END           { yyerrok; }
;

%%

/* Out of parser stack: no tree of the allowed depth needs so much. */
static void program_error(span *where, parser *with, const char *message) {
  (void)message;
  report_too_deep(with, *where);
}

/* One kind of token that the grammar could have taken, added to what the message will say. They come in the order of
 * their declaration: whether an operator could stand here is known before the brackets come, which say nothing new
 * then. */
static void add_expected(expectation *to, yysymbol_kind_t kind) {
  switch ((int)kind) {
  case TOKEN_NUMBER: to->expression = true; return;
  case TOKEN_NAME: to->name = true; return;
  case TOKEN_DIM: to->statement = true; return;
  case TOKEN_PLUS: to->operation = true; return;
  case TOKEN_EQUAL: to->comparison = true; return;
  case TOKEN_LESS: to->bound = true; return;
  case TOKEN_THEN:
  case TOKEN_ELSE:
  case TOKEN_ARROW:
  case TOKEN_IS:
  case TOKEN_COMMA:
  case TOKEN_RIGHT_PARENTHESIS:
  case TOKEN_RIGHT_BRACKET:
  case TOKEN_RIGHT_BRACE:
  case TOKEN_END:
  case TOKEN_LINE_END: to->others[to->other_count++] = yysymbol_name(kind); return;
  case TOKEN_LEFT_PARENTHESIS:
  case TOKEN_LEFT_BRACKET:
    if (!to->operation) to->others[to->other_count++] = yysymbol_name(kind);
    return;
  default: return;
  }
}

static int yyreport_syntax_error(const yypcontext_t *context, parser *with) {
  yysymbol_kind_t kinds[YYNTOKENS];
  int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
  expectation expected = {0};
  for (int i = 0; i < count; i++) add_expected(&expected, kinds[i]);
  report_syntax_error(with, &expected);
  return 0;
}
