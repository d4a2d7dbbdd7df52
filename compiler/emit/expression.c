/* A part of a statement as a C expression.
 *
 * Requires: every declared part that it mentions has been written. Ensures: the operations are carried out in the order
 * of the graph; the nesting of the text is bounded by the weight that body.c allows. */
#include "compiler/emit/writer.h"

#include <math.h>
#include <string.h>

typedef struct {
  const char *spelling;
  int precedence, left, right; /* of the operation; what its arguments must have */
} infix;

/* Compilers warn of `a && b || c` and of comparisons of comparisons: those get parentheses too. */
static const infix infixes[] = {
    {"+", PRECEDENCE_SUM, PRECEDENCE_SUM, PRECEDENCE_PRODUCT},
    {"-", PRECEDENCE_SUM, PRECEDENCE_SUM, PRECEDENCE_PRODUCT},
    {"*", PRECEDENCE_PRODUCT, PRECEDENCE_PRODUCT, PRECEDENCE_PREFIX},
    {"/", PRECEDENCE_PRODUCT, PRECEDENCE_PRODUCT, PRECEDENCE_PREFIX},
    {"<", PRECEDENCE_ORDER, PRECEDENCE_SUM, PRECEDENCE_SUM},
    {"<=", PRECEDENCE_ORDER, PRECEDENCE_SUM, PRECEDENCE_SUM},
    {">", PRECEDENCE_ORDER, PRECEDENCE_SUM, PRECEDENCE_SUM},
    {">=", PRECEDENCE_ORDER, PRECEDENCE_SUM, PRECEDENCE_SUM},
    {"==", PRECEDENCE_EQUAL, PRECEDENCE_SUM, PRECEDENCE_SUM},
    {"!=", PRECEDENCE_EQUAL, PRECEDENCE_SUM, PRECEDENCE_SUM},
    {"&&", PRECEDENCE_AND, PRECEDENCE_AND, PRECEDENCE_EQUAL},
    {"||", PRECEDENCE_OR, PRECEDENCE_OR, PRECEDENCE_EQUAL},
};
static const infix choice = {"?", PRECEDENCE_CHOICE, PRECEDENCE_OR, PRECEDENCE_OR};

static const infix *infix_of(const char *spelling) {
  for (size_t k = 0; k < sizeof infixes / sizeof *infixes; k++)
    if (!strcmp(infixes[k].spelling, spelling)) return &infixes[k];
  return NULL;
}

const char *c_type(const emitter *of, scalar_type type) {
  return type == SCALAR_REAL ? of->real : type == SCALAR_WHOLE ? "ptrdiff_t" : "int";
}

const char *array_name(writer *to, int number, bool stored) {
  to->array_used[number] = true;
  note_use(to, USE_ARRAY, number, stored);
  return to->array_names[number];
}

/* Inputs that all evaluations share are as without a batch. */
static bool is_batched(const writer *to, int number) {
  const emission *what = to->for_all->what;
  return what->batched && (to->module->arrays.items[number].role != ARRAY_INPUT || what->batched[number]);
}

void write_entry(writer *to, const body *in, int number, int place, bool stored) {
  const array *of = &to->module->arrays.items[number];
  text_append(to->out, array_name(to, number, stored));
  if (is_variable(of)) return;
  bool batched = place >= 0 && is_batched(to, number);
  text_append(to->out, "[");
  if (place < 0)
    text_append(to->out, "0");
  else
    write_expression(to, in, place, batched ? PRECEDENCE_PRODUCT : PRECEDENCE_ANY);
  if (batched) write_all(to, " * ", extent_name(to, BATCH_EXTENT), NULL);
  text_append(to->out, "]");
}

static void open_parenthesis(writer *to, bool needed) {
  if (needed) text_append(to->out, "(");
}

static void close_parenthesis(writer *to, bool needed) {
  if (needed) text_append(to->out, ")");
}

static void write_constant(writer *to, const scalar_node *node, int precedence) {
  emitter *shared = to->for_all;
  bool real = node->type == SCALAR_REAL;
  bool negative = real ? signbit(node->real) : node->whole < 0;
  if (real && isinf(node->real)) shared->used_infinity = true;
  if (real && isnan(node->real)) shared->used_nan = true;
  open_parenthesis(to, negative && precedence > PRECEDENCE_PREFIX);
  if (real)
    c_real(to->out, node->real, shared->single);
  else
    c_whole(to->out, node->whole);
  close_parenthesis(to, negative && precedence > PRECEDENCE_PREFIX);
}

const char *extent_name(writer *to, int id) {
  int k = 0;
  while (to->for_all->extents.items[k].id != id) k++;
  to->extent_used[k] = true;
  note_use(to, USE_EXTENT, k, false);
  return to->extent_names[k];
}

static const char *index_name(writer *to, int id) {
  note_use(to, USE_INDEX, id, false);
  return to->index_names.items[id];
}

/* What an array in memory holds, as a value of the array's type: truths and wholes of locals are kept as reals. */
static void write_stored_value(writer *to, const body *in, const part *load, int precedence) {
  const scalar_node *node = scalar_at(to->module->dag, load->node);
  const array *from = &to->module->arrays.items[node->id];
  int place = load->argument_count ? load->arguments[0] : -1;
  bool cast = !is_variable(from) && from->type == SCALAR_WHOLE;
  bool compared = !is_variable(from) && from->type == SCALAR_TRUTH;
  open_parenthesis(to, (cast && precedence > PRECEDENCE_PREFIX) || (compared && precedence > PRECEDENCE_EQUAL));
  if (cast) text_append(to->out, "(ptrdiff_t)");
  to->array_loaded[node->id] = true;
  write_entry(to, in, node->id, place, false);
  if (compared) text_append(to->out, " != 0");
  close_parenthesis(to, (cast && precedence > PRECEDENCE_PREFIX) || (compared && precedence > PRECEDENCE_EQUAL));
}

static void write_test(writer *to, const body *in, const range_test *test) {
  if (test->below) {
    write_expression(to, in, test->subscript, PRECEDENCE_SUM);
    text_append(to->out, " >= 0");
  }
  if (test->below && test->above) text_append(to->out, " && ");
  if (test->above) {
    write_expression(to, in, test->subscript, PRECEDENCE_SUM);
    text_append(to->out, " < ");
    write_expression(to, in, test->extent, PRECEDENCE_SUM);
  }
}

static void write_load(writer *to, const body *in, const part *load, int precedence) {
  if (!load->tests.count) {
    write_stored_value(to, in, load, precedence);
    return;
  }
  open_parenthesis(to, precedence > PRECEDENCE_CHOICE);
  for (int k = 0; k < load->tests.count; k++) {
    if (k > 0) text_append(to->out, " && ");
    write_test(to, in, &load->tests.items[k]);
  }
  text_append(to->out, " ? ");
  write_stored_value(to, in, load, PRECEDENCE_OR);
  text_append(to->out, " : 0");
  close_parenthesis(to, precedence > PRECEDENCE_CHOICE);
}

static void write_infix(writer *to, const body *in, const part *of, const infix *how, int precedence) {
  open_parenthesis(to, precedence > how->precedence);
  write_expression(to, in, of->arguments[0], how->left);
  write_all(to, " ", how->spelling, " ", NULL);
  write_expression(to, in, of->arguments[1], how->right);
  close_parenthesis(to, precedence > how->precedence);
}

static void write_choice(writer *to, const body *in, const part *of, int precedence) {
  open_parenthesis(to, precedence > choice.precedence);
  write_expression(to, in, of->arguments[0], choice.left);
  text_append(to->out, " ? ");
  write_expression(to, in, of->arguments[1], choice.right);
  text_append(to->out, " : ");
  write_expression(to, in, of->arguments[2], choice.right);
  close_parenthesis(to, precedence > choice.precedence);
}

static void write_prefix(writer *to, const body *in, const part *of, const char *spelling, int precedence) {
  open_parenthesis(to, precedence > PRECEDENCE_PREFIX);
  text_append(to->out, spelling);
  write_expression(to, in, of->arguments[0], PRECEDENCE_PRIMARY);
  close_parenthesis(to, precedence > PRECEDENCE_PREFIX);
}

static void write_call(writer *to, const body *in, const part *of, const scalar_op_row *row, const char *spelling) {
  if (row->flags & OP_HELPER) write_all(to, to->for_all->prefix, "_", NULL);
  write_all(to, spelling, "(", NULL);
  for (int k = 0; k < of->argument_count; k++) {
    if (k > 0) text_append(to->out, ", ");
    write_expression(to, in, of->arguments[k], PRECEDENCE_ANY);
  }
  text_append(to->out, ")");
}

static void write_operation(writer *to, const body *in, const part *of, int precedence) {
  const scalar_op_row *row = scalar_row((scalar_op)of->op);
  const char *spelling = to->for_all->single ? row->spelling_float : row->spelling_double;
  to->for_all->used_ops[of->op] = true;
  if (row->flags & OP_INFIX)
    write_infix(to, in, of, infix_of(spelling), precedence);
  else if (row->flags & OP_PREFIX)
    write_prefix(to, in, of, spelling, precedence);
  else
    write_call(to, in, of, row, spelling);
}

void write_expression(writer *to, const body *in, int number, int precedence) {
  const part *of = &in->parts.items[number];
  if (of->declared && of->variable) {
    text_append(to->out, of->variable);
    return;
  }
  const scalar_node *node = of->node == NO_SCALAR ? NULL : scalar_at(to->module->dag, of->node);
  switch (of->op) {
  case SCALAR_CONSTANT: write_constant(to, node, precedence); break;
  case SCALAR_EXTENT: text_append(to->out, extent_name(to, node->id)); break;
  case SCALAR_INDEX: text_append(to->out, index_name(to, node->id)); break;
  case SCALAR_LOAD: write_load(to, in, of, precedence); break;
  case SCALAR_SELECT: write_choice(to, in, of, precedence); break;
  case PART_PLACE_SUM: write_infix(to, in, of, infix_of("+"), precedence); break;
  case PART_PLACE_PRODUCT: write_infix(to, in, of, infix_of("*"), precedence); break;
  default: write_operation(to, in, of, precedence);
  }
}
