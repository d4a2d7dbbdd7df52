/* Expressions in the language's own spelling, with as few parentheses as it needs. */
#include "compiler/scalar/scalar_dag.h"
#include <math.h>

/* How tightly operators bind, loosest first. */
enum {
  BINDS_SELECT,
  BINDS_OR,
  BINDS_AND,
  BINDS_NOT,
  BINDS_COMPARISON,
  BINDS_SUM,
  BINDS_PRODUCT,
  BINDS_SIGN,
  BINDS_POWER,
  BINDS_ATOM
};

/* What binds as itself on its left need no parentheses there; `right` is what its right side must bind more than. */
typedef struct {
  scalar_op op;
  const char *symbol;
  int binding, left, right;
} operator_spelling;

static const operator_spelling infix[] = {
    {OP_or, " or ", BINDS_OR, BINDS_OR, BINDS_AND},
    {OP_and, " and ", BINDS_AND, BINDS_AND, BINDS_NOT},
    {OP_lt, " < ", BINDS_COMPARISON, BINDS_SUM, BINDS_SUM},
    {OP_le, " <= ", BINDS_COMPARISON, BINDS_SUM, BINDS_SUM},
    {OP_gt, " > ", BINDS_COMPARISON, BINDS_SUM, BINDS_SUM},
    {OP_ge, " >= ", BINDS_COMPARISON, BINDS_SUM, BINDS_SUM},
    {OP_eq, " == ", BINDS_COMPARISON, BINDS_SUM, BINDS_SUM},
    {OP_ne, " != ", BINDS_COMPARISON, BINDS_SUM, BINDS_SUM},
    {OP_add, " + ", BINDS_SUM, BINDS_SUM, BINDS_PRODUCT},
    {OP_sub, " - ", BINDS_SUM, BINDS_SUM, BINDS_PRODUCT},
    {OP_whole_add, " + ", BINDS_SUM, BINDS_SUM, BINDS_PRODUCT},
    {OP_whole_subtract, " - ", BINDS_SUM, BINDS_SUM, BINDS_PRODUCT},
    {OP_mul, "*", BINDS_PRODUCT, BINDS_PRODUCT, BINDS_SIGN},
    {OP_div, "/", BINDS_PRODUCT, BINDS_PRODUCT, BINDS_SIGN},
    {OP_whole_multiply, "*", BINDS_PRODUCT, BINDS_PRODUCT, BINDS_SIGN},
    {OP_whole_quotient, " // ", BINDS_PRODUCT, BINDS_PRODUCT, BINDS_SIGN},
    {OP_whole_remainder, " % ", BINDS_PRODUCT, BINDS_PRODUCT, BINDS_SIGN},
    {OP_pow, "^", BINDS_POWER, BINDS_ATOM, BINDS_POWER},
};

static const operator_spelling prefix[] = {
    {OP_neg, "-", BINDS_SIGN, 0, BINDS_POWER},
    {OP_whole_negate, "-", BINDS_SIGN, 0, BINDS_POWER},
    {OP_not, "not ", BINDS_NOT, 0, BINDS_NOT},
};

/* Operations whose name in the language differs from the row's. */
static const struct {
  scalar_op op;
  const char *name;
} renamed[] = {{OP_stop, "stop_gradient"}, {OP_real_of_truth, "real"}};

/* A shared graph can be exponentially larger as a tree, and deeper than the C stack: what exceeds these is "...". */
enum { WRITE_MAXIMUM_NODES = 2000, WRITE_MAXIMUM_DEPTH = 200 };

typedef struct {
  const scalar_dag *dag;
  scalar_array_name *name;
  const void *context;
  text *out;
  int nodes_left, depth;
} writer;

static void write_node(writer *to, scalar node, int needed);

static const operator_spelling *find(const operator_spelling *table, size_t count, scalar_op op) {
  for (size_t k = 0; k < count; k++)
    if (table[k].op == op) return &table[k];
  return NULL;
}

static void write_list(writer *to, const scalar_node *at, const char *open, const char *close) {
  text_append(to->out, open);
  for (int k = 0; k < at->argument_count; k++) {
    if (k > 0) text_append(to->out, ", ");
    write_node(to, at->arguments[k], BINDS_SELECT);
  }
  text_append(to->out, close);
}

static void write_constant(writer *to, const scalar_node *at) {
  if (at->type == SCALAR_WHOLE)
    text_format(to->out, "%lld", (long long)at->whole);
  else if (at->type == SCALAR_TRUTH)
    text_append(to->out, at->whole ? "true" : "false");
  else
    text_append_number(to->out, at->real, 0);
}

static void write_load(writer *to, const scalar_node *at) {
  const char *name = to->name ? to->name(to->context, at->id) : NULL;
  if (name)
    text_append(to->out, name);
  else
    text_format(to->out, "array%d", (int)at->id);
  if (at->argument_count > 0) write_list(to, at, "[", "]");
}

static void write_select(writer *to, const scalar_node *at) {
  text_append(to->out, "if ");
  write_node(to, at->arguments[0], BINDS_OR);
  text_append(to->out, " then ");
  write_node(to, at->arguments[1], BINDS_OR);
  text_append(to->out, " else ");
  write_node(to, at->arguments[2], BINDS_SELECT);
}

static void write_call(writer *to, const scalar_node *at) {
  const char *name = scalar_row(at->op)->name;
  for (size_t k = 0; k < sizeof renamed / sizeof renamed[0]; k++)
    if (renamed[k].op == at->op) name = renamed[k].name;
  text_append(to->out, name);
  write_list(to, at, "(", ")");
}

static void write_operation(writer *to, const scalar_node *at) {
  const operator_spelling *spelling = find(infix, sizeof infix / sizeof infix[0], at->op);
  if (spelling) {
    write_node(to, at->arguments[0], spelling->left);
    text_append(to->out, spelling->symbol);
    write_node(to, at->arguments[1], spelling->right);
    return;
  }
  spelling = find(prefix, sizeof prefix / sizeof prefix[0], at->op);
  if (!spelling) {
    write_call(to, at);
    return;
  }
  text_append(to->out, spelling->symbol);
  write_node(to, at->arguments[0], spelling->right);
}

static int binding_of(const scalar_node *at) {
  if (at->op == SCALAR_SELECT) return BINDS_SELECT;
  if (at->op == SCALAR_CONSTANT) {
    bool negative = at->type == SCALAR_REAL ? signbit(at->real) != 0 : at->whole < 0;
    return negative ? BINDS_SIGN : BINDS_ATOM;
  }
  const operator_spelling *spelling = find(infix, sizeof infix / sizeof infix[0], at->op);
  if (!spelling) spelling = find(prefix, sizeof prefix / sizeof prefix[0], at->op);
  return spelling ? spelling->binding : BINDS_ATOM;
}

static void write_bare(writer *to, const scalar_node *at) {
  switch (at->op) {
  case SCALAR_CONSTANT: write_constant(to, at); break;
  case SCALAR_EXTENT: text_append(to->out, scalar_extent_name(to->dag, at->id)); break;
  case SCALAR_INDEX: text_append(to->out, scalar_index_name(to->dag, at->id)); break;
  case SCALAR_LOAD: write_load(to, at); break;
  case SCALAR_SELECT: write_select(to, at); break;
  default: write_operation(to, at);
  }
}

/* Writes the node, in parentheses unless it binds at least as tightly as `needed`. */
static void write_node(writer *to, scalar node, int needed) {
  if (node == NO_SCALAR || to->nodes_left <= 0 || to->depth >= WRITE_MAXIMUM_DEPTH) {
    text_append(to->out, "...");
    return;
  }
  const scalar_node *at = scalar_at(to->dag, node);
  if (at->op == OP_real_of_whole) { /* whole numbers become real without a word */
    write_node(to, at->arguments[0], needed);
    return;
  }
  to->nodes_left--;
  to->depth++;
  bool parentheses = binding_of(at) < needed;
  if (parentheses) text_append(to->out, "(");
  write_bare(to, at);
  if (parentheses) text_append(to->out, ")");
  to->depth--;
}

void scalar_write(const scalar_dag *dag, scalar node, scalar_array_name *name, const void *context, text *out) {
  writer to = {dag, name, context, out, WRITE_MAXIMUM_NODES, 0};
  write_node(&to, node, BINDS_SELECT);
}
