/* Partial derivatives, read from the strings of the op table, and the products of the chain rule.
 *
 *   sum     = product (("+" | "-") product)*
 *   product = factor (("*" | "/") factor)*
 *   factor  = "-" factor | number | name | name "(" sum ("," sum)* ")" | "(" sum ")"
 *
 * A name is an argument (a, b, c), the result (r), a constant (ln_2, ln_10, root_pi), or, before a parenthesis, select
 * or a row of the table. Nodes are made from left to right, so that the graph does not depend on the C compiler. The
 * strings are the table's own: a mistake in one is a mistake in this program, found by the unit test of every row. */
#include "compiler/scalar/scalar_dag.h"
#include <string.h>

typedef struct {
  scalar_dag *dag;
  const scalar_node *node;
  scalar result; /* the node itself */
  const char *at;
} reader;

static scalar read_sum(reader *from);

static void skip_spaces(reader *from) {
  while (*from->at == ' ') from->at++;
}

static bool accept(reader *from, char symbol) {
  skip_spaces(from);
  if (*from->at != symbol) return false;
  from->at++;
  return true;
}

static bool is_digit(char symbol) {
  return symbol >= '0' && symbol <= '9';
}

/* Digits and a point; few enough of them to be exact before the one division. */
static scalar read_number(reader *from) {
  double value = 0, unit = 1;
  for (; is_digit(*from->at); from->at++) value = 10 * value + (*from->at - '0');
  if (*from->at == '.')
    for (from->at++; is_digit(*from->at); from->at++, unit *= 10) value = 10 * value + (*from->at - '0');
  return scalar_real(from->dag, value / unit);
}

static scalar constant_named(reader *from, const char *name) {
  static const struct {
    const char *name;
    double value;
  } constants[] = {
      {"ln_2", 0.69314718055994530942}, {"ln_10", 2.30258509299404568402}, {"root_pi", 1.77245385090551602730}};
  for (size_t k = 0; k < sizeof constants / sizeof constants[0]; k++)
    if (strcmp(constants[k].name, name) == 0) return scalar_real(from->dag, constants[k].value);
  return NO_SCALAR;
}

static scalar value_named(reader *from, const char *name) {
  if (strcmp(name, "r") == 0) return from->result;
  int which = name[0] - 'a';
  if (name[1] == '\0' && which >= 0 && which < from->node->argument_count) return from->node->arguments[which];
  return constant_named(from, name);
}

static scalar read_call(reader *from, const char *name) {
  scalar arguments[3] = {NO_SCALAR, NO_SCALAR, NO_SCALAR};
  int count = 0;
  do arguments[count++] = read_sum(from);
  while (count < 3 && accept(from, ','));
  if (!accept(from, ')')) return NO_SCALAR;
  if (strcmp(name, "select") == 0) return scalar_select(from->dag, arguments[0], arguments[1], arguments[2]);
  const scalar_op_row *row = scalar_row(scalar_op_named(name));
  return row && row->arity == count ? scalar_apply(from->dag, scalar_op_named(name), arguments) : NO_SCALAR;
}

static scalar read_name(reader *from) {
  char name[32];
  size_t length = strspn(from->at, "abcdefghijklmnopqrstuvwxyz0123456789_");
  if (length == 0 || length >= sizeof name) return NO_SCALAR;
  memcpy(name, from->at, length);
  name[length] = '\0';
  from->at += length;
  return accept(from, '(') ? read_call(from, name) : value_named(from, name);
}

static scalar read_factor(reader *from) {
  if (accept(from, '-')) {
    scalar factor = read_factor(from);
    return scalar_unary(from->dag, OP_neg, factor);
  }
  if (accept(from, '(')) {
    scalar inside = read_sum(from);
    return accept(from, ')') ? inside : NO_SCALAR;
  }
  return is_digit(*from->at) ? read_number(from) : read_name(from);
}

static scalar read_product(reader *from) {
  scalar product = read_factor(from);
  for (;;) {
    scalar_op op = accept(from, '*') ? OP_mul : accept(from, '/') ? OP_div : SCALAR_NOTHING;
    if (op == SCALAR_NOTHING) return product;
    scalar factor = read_factor(from);
    product = scalar_binary(from->dag, op, product, factor);
  }
}

static scalar read_sum(reader *from) {
  scalar sum = read_product(from);
  for (;;) {
    scalar_op op = accept(from, '+') ? OP_add : accept(from, '-') ? OP_sub : SCALAR_NOTHING;
    if (op == SCALAR_NOTHING) return sum;
    scalar product = read_product(from);
    sum = scalar_binary(from->dag, op, sum, product);
  }
}

scalar scalar_read(scalar_dag *dag, scalar node, const char *written) {
  reader from = {dag, scalar_at(dag, node), node, written};
  return read_sum(&from);
}

scalar scalar_partial(scalar_dag *dag, scalar node, int which) {
  const char *written = scalar_row(scalar_at(dag, node)->op)->partial[which];
  if (!*written) return scalar_real(dag, 0); /* a whole number or a truth: nothing real to move */
  return scalar_read(dag, node, written);
}

/* Is the expression the node itself or an argument, rather than something that the table's string made? */
static bool is_part_of(const scalar_dag *dag, scalar node, scalar expression) {
  const scalar_node *at = scalar_at(dag, node);
  for (int k = 0; k < at->argument_count; k++)
    if (at->arguments[k] == expression) return true;
  return node == expression;
}

typedef struct {
  scalar_dag *dag;
  scalar node;
  const chain_factor *factor;
} chain;

/* differential * partial. A select of the table is turned inside out, so that what it does not take is not multiplied
 * either; two branches without contribution are none. A select of the model's stays whole: it can be of any size. */
static scalar product(const chain *with, scalar partial) {
  scalar_dag *dag = with->dag;
  if (scalar_is_real(dag, partial, 0)) return NO_SCALAR;
  const scalar_node *at = scalar_at(dag, partial);
  if (at->op == SCALAR_SELECT && !is_part_of(dag, with->node, partial)) {
    scalar taken = product(with, at->arguments[1]);
    scalar otherwise = product(with, at->arguments[2]);
    if (taken == NO_SCALAR && otherwise == NO_SCALAR) return NO_SCALAR;
    scalar zero = scalar_real(dag, 0);
    return scalar_select(dag, at->arguments[0], taken == NO_SCALAR ? zero : taken,
                         otherwise == NO_SCALAR ? zero : otherwise);
  }
  const chain_factor *factor = with->factor;
  bool guarded = factor->singular || scalar_may_be_nonfinite(dag, partial, factor->tainted, factor->array_count);
  return scalar_binary(dag, guarded ? OP_mul0 : OP_mul, factor->differential, partial);
}

scalar scalar_chain(scalar_dag *dag, scalar node, int which, const chain_factor *factor) {
  const scalar_node *at = scalar_at(dag, node);
  const scalar_op_row *row = scalar_row(at->op);
  scalar differential = factor->differential;
  if (!row || row->signature[which] != 'R' || differential == NO_SCALAR) return NO_SCALAR;
  if (at->op == OP_mul0) {
    if (which == 0) return scalar_binary(dag, OP_mul0, differential, at->arguments[1]);
    return scalar_binary(dag, OP_mul0, at->arguments[0], differential);
  }
  scalar partial = scalar_partial(dag, node, which);
  chain with = {dag, node, factor};
  return product(&with, partial);
}
