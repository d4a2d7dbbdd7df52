/* The syntax tree as text, in the language itself: what is written reads back to the same tree. Operators appear fully
 * parenthesised. Recursion is bounded by AST_MAXIMUM_DEPTH. */
#include "compiler/syntax/ast.h"

static void write_expression(const ast_expression *of, text *out);

/* Operators with their operands' number; what is written between or before the operands. */
static const struct {
  int operands;
  const char *sign;
} operators[] = {
    [AST_NEGATE] = {1, "-"},        [AST_NOT] = {1, "not "},         [AST_ADD] = {2, "+"},
    [AST_SUBTRACT] = {2, "-"},      [AST_MULTIPLY] = {2, "*"},       [AST_DIVIDE] = {2, "/"},
    [AST_FLOOR_DIVIDE] = {2, "//"}, [AST_REMAINDER] = {2, "%"},      [AST_POWER] = {2, "^"},
    [AST_MATMUL] = {2, "@"},        [AST_LESS] = {2, "<"},           [AST_LESS_EQUAL] = {2, "<="},
    [AST_GREATER] = {2, ">"},       [AST_GREATER_EQUAL] = {2, ">="}, [AST_EQUAL] = {2, "=="},
    [AST_NOT_EQUAL] = {2, "!="},    [AST_AND] = {2, "and"},          [AST_OR] = {2, "or"},
};

static void separate(text *out, int index) {
  if (index > 0) text_append(out, ", ");
}

static void write_operator(const ast_expression *of, text *out) {
  const char *sign = operators[of->kind].sign;
  text_append(out, "(");
  if (operators[of->kind].operands == 1) {
    text_append(out, sign);
    write_expression(of->operands[0], out);
  } else {
    write_expression(of->operands[0], out);
    text_format(out, " %s ", sign);
    write_expression(of->operands[1], out);
  }
  text_append(out, ")");
}

static void write_number(const ast_expression *of, text *out) {
  if (of->whole)
    text_format(out, "%.0f", of->number);
  else
    text_append_number(out, of->number, 1);
}

/* Every subscript as written: `i`, `:`, `a:`, `:b`, `a:b`. */
static void write_subscripts(const ast_subscript *subscripts, int count, text *out) {
  text_append(out, "[");
  for (int i = 0; i < count; i++) {
    const ast_subscript *each = &subscripts[i];
    separate(out, i);
    if (each->index) write_expression(each->index, out);
    if (each->start) write_expression(each->start, out);
    if (each->slice) text_append(out, ":");
    if (each->stop) write_expression(each->stop, out);
  }
  text_append(out, "]");
}

static void write_call(const ast_expression *of, text *out) {
  text_format(out, "%s(", of->name.name);
  for (int i = 0; i < of->arguments.count; i++) {
    const ast_argument *each = &of->arguments.items[i];
    separate(out, i);
    if (each->keyword.name) text_format(out, "%s=", each->keyword.name);
    write_expression(each->value, out);
  }
  text_append(out, ")");
}

static void write_binders(const ast_binders *binders, text *out) {
  for (int i = 0; i < binders->count; i++) {
    separate(out, i);
    text_append(out, binders->items[i].name.name);
    if (!binders->items[i].limit) continue;
    text_append(out, " < ");
    write_expression(binders->items[i].limit, out);
  }
}

static void write_reduction(const ast_expression *of, text *out) {
  text_format(out, "(%s[", of->name.name);
  write_binders(&of->binders, out);
  if (of->operands[1]) {
    text_append(out, " if ");
    write_expression(of->operands[1], out);
  }
  text_append(out, "] ");
  write_expression(of->operands[0], out);
  text_append(out, ")");
}

static void write_search(const ast_expression *of, text *out) {
  text_format(out, "(%s[%s", of->name.name, of->unknown.name);
  for (int i = 2; i < of->operand_count; i++) {
    text_append(out, i == 2 ? "[" : ", ");
    write_expression(of->operands[i], out);
  }
  text_append(out, of->operand_count > 2 ? "] = " : " = ");
  write_expression(of->operands[1], out);
  text_append(out, "] ");
  write_expression(of->operands[0], out);
  text_append(out, ")");
}

static void write_array(const ast_expression *of, text *out) {
  text_append(out, "[");
  for (int i = 0; i < of->operand_count; i++) {
    if (i > 0) text_append(out, i % of->columns == 0 ? "; " : ", ");
    write_expression(of->operands[i], out);
  }
  text_append(out, "]");
}

static void write_definition(const ast_definition *of, text *out) {
  if (of->name.name) text_append(out, of->name.name);
  if (of->binders.count > 0) {
    text_append(out, "[");
    write_binders(&of->binders, out);
    text_append(out, "]");
  }
  if (of->name.name && of->value) text_append(out, " = ");
  if (of->value) write_expression(of->value, out);
}

static void write_block(const ast_expression *of, text *out) {
  text_append(out, "{ ");
  for (int i = 0; i < of->lets.count; i++) {
    text_append(out, "let ");
    write_definition(&of->lets.items[i], out);
    text_append(out, "; ");
  }
  write_expression(of->operands[0], out);
  text_append(out, " }");
}

static void write_if(const ast_expression *of, text *out) {
  static const char *const words[] = {"(if ", " then ", " else "};
  for (int i = 0; i < 3; i++) {
    text_append(out, words[i]);
    write_expression(of->operands[i], out);
  }
  text_append(out, ")");
}

static void write_expression(const ast_expression *of, text *out) {
  switch (of->kind) {
  case AST_NUMBER: write_number(of, out); break;
  case AST_NAME: text_append(out, of->name.name); break;
  case AST_SUBSCRIPT:
    write_expression(of->operands[0], out);
    write_subscripts(of->subscripts.items, of->subscripts.count, out);
    break;
  case AST_CALL: write_call(of, out); break;
  case AST_TRANSPOSE:
    write_expression(of->operands[0], out);
    text_append(out, "'");
    break;
  case AST_IF: write_if(of, out); break;
  case AST_REDUCTION: write_reduction(of, out); break;
  case AST_SEARCH: write_search(of, out); break;
  case AST_ARRAY: write_array(of, out); break;
  case AST_BLOCK: write_block(of, out); break;
  default: write_operator(of, out); break;
  }
}

/* ---- statements ---- */

static void write_dimensions(const ast_model *model, text *out) {
  for (int i = 0; i < model->dimensions.count; i++) {
    const ast_dimension *each = &model->dimensions.items[i];
    text_format(out, "dim %s", each->name.name);
    if (each->value) text_append(out, " = ");
    if (each->value) write_expression(each->value, out);
    text_append(out, "\n");
  }
}

static const char *const roles[] = {"var", "param", "data", "index"};

static void write_network(const ast_network *of, text *out) {
  text_format(out, "%s net %s = ", roles[of->role], of->name.name);
  for (int i = 0; i < of->layers.count; i++) {
    if (i > 0) text_append(out, " -> ");
    write_expression(of->layers.items[i], out);
  }
  text_append(out, "\n");
}

static void write_input(const ast_input *of, text *out) {
  text_format(out, "%s %s", roles[of->role], of->name.name);
  for (int i = 0; i < of->extents.count; i++) {
    text_append(out, i == 0 ? "[" : ", ");
    write_expression(of->extents.items[i], out);
  }
  if (of->extents.count > 0) text_append(out, "]");
  if (of->start) text_append(out, " = ");
  if (of->start) write_expression(of->start, out);
  if (of->bound) text_append(out, " < ");
  if (of->bound) write_expression(of->bound, out);
  if (of->lower) {
    text_append(out, " in [");
    write_expression(of->lower, out);
    text_append(out, ", ");
    write_expression(of->upper, out);
    text_append(out, "]");
  }
  text_append(out, "\n");
}

static void write_function(const ast_function *of, text *out) {
  text_format(out, "def %s(", of->name.name);
  for (int i = 0; i < of->parameters.count; i++) {
    separate(out, i);
    text_append(out, of->parameters.items[i].name);
  }
  text_append(out, ") = ");
  write_expression(of->body, out);
  text_append(out, "\n");
}

static void write_statement(const char *word, const ast_definition *of, text *out) {
  text_format(out, "%s ", word);
  write_definition(of, out);
  text_append(out, "\n");
}

static void write_freeze(const ast_freeze *of, text *out) {
  text_format(out, "freeze %s", of->name.name);
  if (of->subscripts.count > 0) write_subscripts(of->subscripts.items, of->subscripts.count, out);
  text_append(out, "\n");
}

void ast_write(const ast_model *model, text *out) {
  if (model->name) text_format(out, "model %s\n", model->name);
  write_dimensions(model, out);
  for (int i = 0; i < model->inputs.count; i++) write_input(&model->inputs.items[i], out);
  for (int i = 0; i < model->networks.count; i++) write_network(&model->networks.items[i], out);
  for (int i = 0; i < model->functions.count; i++) write_function(&model->functions.items[i], out);
  for (int i = 0; i < model->definitions.count; i++) write_statement("let", &model->definitions.items[i], out);
  for (int i = 0; i < model->outputs.count; i++) write_statement("output", &model->outputs.items[i], out);
  for (int i = 0; i < model->objectives.count; i++)
    write_statement(model->maximize.items[i] ? "maximize" : "minimize", &model->objectives.items[i], out);
  for (int i = 0; i < model->freezes.count; i++) write_freeze(&model->freezes.items[i], out);
}
