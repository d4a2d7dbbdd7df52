/* The syntax tree's nodes, as the grammar's actions make them.
 *
 * A node deeper than AST_MAXIMUM_DEPTH is reported, once for each statement, and stands in the tree as a leaf: so every
 * later pass may recurse along the tree. */
#include "grammar/parser.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

ast_expression *build_node(parser *with, ast_kind kind, span where) {
  ast_expression *made = arena_new(with->memory, ast_expression);
  made->kind = kind;
  made->where = where;
  made->depth = 1;
  return made;
}

/* A child raises its parent's depth as it is added, so that the depth is known without a second look at the children.
 * NULL, for what was left out, is allowed. */
static void count_child(ast_expression *node, const ast_expression *child) {
  if (child && child->depth >= node->depth) node->depth = child->depth + 1;
}

static void count_binders(ast_expression *node, const ast_binders *binders) {
  for (int i = 0; i < binders->count; i++) count_child(node, binders->items[i].limit);
}

static ast_expression *limit_depth(parser *with, ast_expression *node) {
  if (node->depth <= AST_MAXIMUM_DEPTH) return node;
  report_too_deep(with, node->where);
  return build_node(with, AST_NUMBER, node->where);
}

const char *build_text(parser *with, span where) {
  return arena_copy(with->memory, with->from->text + where.begin, where.end - where.begin);
}

/* strtod reads the decimal point of the host program's locale, which may be any text. */
static double read_number(parser *with, const char *written) {
  const char *point = localeconv()->decimal_point;
  const char *dot = strchr(written, '.');
  if (!dot || !strcmp(point, ".")) return strtod(written, NULL);
  return strtod(arena_format(with->memory, "%.*s%s%s", (int)(dot - written), written, point, dot + 1), NULL);
}

ast_expression *build_number(parser *with, span where) {
  ast_expression *made = build_node(with, AST_NUMBER, where);
  const char *written = build_text(with, where);
  made->number = read_number(with, written);
  made->whole = !strpbrk(written, ".eE") && made->number < 9007199254740992.0;
  if (isinf(made->number)) {
    diagnose(with->report, CODE_NUMBER_TOO_LARGE, where, "this number is too large: reals end near 1.8e308");
    diagnose_hint(with->report, "infinity is written inf");
    diagnose_fix(with->report, where, "inf");
  }
  return made;
}

ast_expression *build_name(parser *with, ast_name name) {
  ast_expression *made = build_node(with, AST_NAME, name.where);
  made->name = name;
  return made;
}

ast_expression *build_operation(parser *with, ast_kind kind, span where, ast_expression *first, ast_expression *second,
                                ast_expression *third) {
  ast_expression *made = build_node(with, kind, where);
  ast_expression *operands[] = {first, second, third};
  made->operand_count = third ? 3 : second ? 2 : 1;
  made->operands = arena_array(with->memory, ast_expression *, made->operand_count);
  for (int i = 0; i < made->operand_count; i++) {
    made->operands[i] = operands[i];
    count_child(made, operands[i]);
  }
  return limit_depth(with, made);
}

ast_expression *build_reduction_node(parser *with, span where, ast_name name, const ast_binders *over,
                                     ast_expression *condition, ast_expression *body) {
  ast_expression *made = build_node(with, AST_REDUCTION, where);
  made->name = name;
  made->binders = *over;
  made->operand_count = 2;
  made->operands = arena_array(with->memory, ast_expression *, 2);
  made->operands[0] = body;
  made->operands[1] = condition;
  count_binders(made, over);
  count_child(made, body);
  count_child(made, condition);
  return limit_depth(with, made);
}

ast_expression *build_search(parser *with, span where, ast_name name, const ast_input *unknown, ast_expression *start,
                             ast_expression *body) {
  ast_expression *made = build_node(with, AST_SEARCH, where);
  made->name = name;
  made->unknown = unknown->name;
  build_operand(with, made, body);
  build_operand(with, made, start);
  for (int i = 0; i < unknown->extents.count; i++) build_operand(with, made, unknown->extents.items[i]);
  return limit_depth(with, made);
}

/* ---- nodes that are filled ---- */

/* Operands grow as a list does: their room doubles whenever the count is a power of two. */
void build_operand(parser *with, ast_expression *node, ast_expression *operand) {
  int count = node->operand_count;
  if ((count & (count - 1)) == 0) {
    int capacity = count;
    node->operands = arena_reserve(with->memory, node->operands, count, &capacity, sizeof *node->operands);
  }
  node->operands[node->operand_count++] = operand;
  count_child(node, operand);
}

void build_subscript(parser *with, ast_expression *node, ast_subscript subscript) {
  list_push(with->memory, &node->subscripts, subscript);
  count_child(node, subscript.index);
  count_child(node, subscript.start);
  count_child(node, subscript.stop);
}

void build_argument(parser *with, ast_expression *node, ast_name keyword, ast_expression *value) {
  ast_argument made = {keyword, value};
  list_push(with->memory, &node->arguments, made);
  count_child(node, value);
}

void build_let(parser *with, ast_expression *block, ast_definition let) {
  list_push(with->memory, &block->lets, let);
  count_binders(block, &let.binders);
  count_child(block, let.value);
}

ast_expression *build_finish(parser *with, ast_expression *node, span where) {
  node->where = where;
  return limit_depth(with, node);
}

/* All rows must be as long as the first. The row that just ended is the last one. */
static void end_row(parser *with, ast_expression *array) {
  if (array->rows == 0) return;
  if (array->rows == 1) array->columns = array->operand_count;
  int length = array->operand_count - (array->rows - 1) * array->columns;
  if (length == array->columns || array->columns < 0) return;
  span last = array->operands[array->operand_count - 1]->where;
  diagnose(with->report, CODE_RAGGED_ARRAY, last, "row %d of this array has %d %s where row 1 has %d", array->rows,
           length, length == 1 ? "entry" : "entries", array->columns);
  array->columns = -1;
}

void build_entry(parser *with, ast_expression *array, ast_expression *entry, bool new_row) {
  if (new_row && array->columns >= 0) {
    end_row(with, array);
    array->rows++;
  }
  build_operand(with, array, entry);
}

ast_expression *build_array(parser *with, ast_expression *node, span where) {
  if (node->columns >= 0) end_row(with, node);
  return build_finish(with, node, where);
}

/* ---- parts of statements ---- */

ast_definition build_definition(ast_name name, const ast_binders *binders, ast_expression *value, span where) {
  ast_definition made = {.name = name, .value = value, .where = where};
  if (binders) made.binders = *binders;
  return made;
}

ast_input build_declared(ast_name name, const expression_list *extents, span where) {
  ast_input made = {.name = name, .where = where};
  made.extents.items = extents->items;
  made.extents.count = extents->count;
  made.extents.capacity = extents->capacity;
  return made;
}

ast_freeze build_freeze(ast_name name, const ast_expression *subscripted, span where) {
  ast_freeze made = {.name = name, .where = where};
  made.subscripts.items = subscripted->subscripts.items;
  made.subscripts.count = subscripted->subscripts.count;
  made.subscripts.capacity = subscripted->subscripts.capacity;
  return made;
}
