/* The tensor program as text, for --dump-after=check: declarations, then one definition a line, with types and shapes.
 *
 *     var x[n]
 *     z: real[h] = tanh(sum[k < d] W1[:, k]*x[k] + b1)
 *
 * Nodes may be shared, so that the text is cut off at a number of nodes and a depth. */
#include "compiler/tensor/tensor_program.h"

enum { NODE_LIMIT = 2000, DEPTH_LIMIT = 200 };

typedef struct {
  const tensor_program *program;
  text *out;
  int left; /* nodes that may still be written */
  int depth;
} tensor_writer;

static const char *const type_names[] = {"real", "whole", "truth"};
static const char *const reduction_names[] = {"sum", "prod", "max",  "min",    "logsumexp",
                                              "any", "all",  "mean", "largest"};

static void write_tensor(tensor_writer *with, const tensor *of);

static void write_scalar(const tensor_writer *with, scalar node) {
  scalar_write(with->program->dag, node, NULL, NULL, with->out);
}

static void write_extents(const tensor_writer *with, int rank, const scalar *extents) {
  for (int k = 0; k < rank; k++) {
    text_append(with->out, k == 0 ? "[" : ", ");
    write_scalar(with, extents[k]);
  }
  if (rank > 0) text_append(with->out, "]");
}

static void write_arguments(tensor_writer *with, const tensor *of) {
  text_append(with->out, "(");
  for (int k = 0; k < of->argument_count; k++) {
    if (k > 0) text_append(with->out, ", ");
    write_tensor(with, of->arguments[k]);
  }
  text_append(with->out, ")");
}

static void write_name(const tensor_writer *with, const binding *name) {
  if (name->name)
    text_append(with->out, name->name);
  else
    text_format(with->out, "#%d", name->number);
}

static void write_apply(tensor_writer *with, const tensor *of) {
  const scalar_op_row *row = scalar_row(of->op);
  if (!(row->flags & OP_INFIX)) {
    text_append(with->out, row->name);
    write_arguments(with, of);
    return;
  }
  text_append(with->out, "(");
  write_tensor(with, of->arguments[0]);
  text_format(with->out, " %s ", row->spelling_double);
  write_tensor(with, of->arguments[1]);
  text_append(with->out, ")");
}

static void write_selector(tensor_writer *with, const selector *by) {
  if (by->kind != SELECT_SLICE) {
    write_tensor(with, by->index);
    return;
  }
  write_scalar(with, by->start);
  text_append(with->out, " + :");
  write_scalar(with, by->extent);
}

static void write_subscript(tensor_writer *with, const tensor *of) {
  write_tensor(with, of->arguments[0]);
  for (int k = 0; k < of->arguments[0]->rank; k++) {
    text_append(with->out, k == 0 ? "[" : ", ");
    write_selector(with, &of->selectors[k]);
  }
  text_append(with->out, "]");
}

/* i < n, j < i if c */
static void write_axes(tensor_writer *with, const tensor *of) {
  text_append(with->out, "[");
  for (int k = 0; k < of->axis_count; k++) {
    text_format(with->out, "%s%s < ", k == 0 ? "" : ", ", scalar_index_name(with->program->dag, of->axes[k].index));
    write_tensor(with, of->axes[k].limit);
  }
  if (of->kind == TENSOR_REDUCE && of->condition) {
    text_append(with->out, " if ");
    write_tensor(with, of->condition);
  }
  text_append(with->out, "] ");
  write_tensor(with, of->arguments[0]);
}

static void write_let(tensor_writer *with, const tensor *of) {
  text_append(with->out, "{ ");
  for (int k = 0; k < of->binding_count; k++) {
    write_name(with, of->bindings[k]);
    text_append(with->out, " = ");
    write_tensor(with, of->bindings[k]->value);
    text_append(with->out, "; ");
  }
  write_tensor(with, of->arguments[0]);
  text_append(with->out, " }");
}

/* argmin[w = start] body */
static void write_search(tensor_writer *with, const tensor *of) {
  static const char *const goals[] = {[GOAL_LEAST] = "argmin[", [GOAL_LARGEST] = "argmax[", [GOAL_ROOT] = "root["};
  text_append(with->out, goals[of->goal]);
  write_name(with, of->unknown);
  text_append(with->out, " = ");
  write_tensor(with, of->arguments[0]);
  text_append(with->out, "] ");
  write_tensor(with, of->arguments[1]);
}

/* A function of arrays with what it needs beside its arguments. */
static void write_function(tensor_writer *with, const char *name, const tensor *of) {
  text_append(with->out, name);
  write_arguments(with, of);
}

static void write_kind(tensor_writer *with, const tensor *of) {
  switch (of->kind) {
  case TENSOR_CONSTANT: write_scalar(with, of->value); return;
  case TENSOR_INDEX: text_append(with->out, scalar_index_name(with->program->dag, of->index)); return;
  case TENSOR_INPUT: text_append(with->out, with->program->inputs.items[of->input].name); return;
  case TENSOR_NAME: write_name(with, of->name); return;
  case TENSOR_APPLY: write_apply(with, of); return;
  case TENSOR_SELECT: write_function(with, "select", of); return;
  case TENSOR_SUBSCRIPT: write_subscript(with, of); return;
  case TENSOR_PERMUTE: write_function(with, "permute", of); break;
  case TENSOR_RESHAPE: write_function(with, "reshape", of); break;
  case TENSOR_CONCAT: write_function(with, "concat", of); break;
  case TENSOR_STACK: write_function(with, "stack", of); break;
  case TENSOR_CUMULATIVE: write_function(with, "cumsum", of); break;
  case TENSOR_COMPREHENSION: write_axes(with, of); return;
  case TENSOR_REDUCE:
    text_append(with->out, reduction_names[of->reduction]);
    write_axes(with, of);
    return;
  case TENSOR_SEARCH: write_search(with, of); return;
  case TENSOR_LET: write_let(with, of); return;
  }
  write_extents(with, of->rank, of->extents);
}

static void write_tensor(tensor_writer *with, const tensor *of) {
  if (with->left <= 0 || with->depth >= DEPTH_LIMIT) {
    text_append(with->out, "...");
    return;
  }
  with->left--;
  with->depth++;
  write_kind(with, of);
  with->depth--;
}

static void write_input(const tensor_writer *with, const input *of) {
  static const char *const roles[] = {"var", "param", "data", "index"};
  text_format(with->out, "%s %s", roles[of->role], of->name);
  write_extents(with, of->rank, of->extents);
  if (of->role == ROLE_INDEX) {
    text_append(with->out, " < ");
    write_scalar(with, of->bound);
  }
  if (of->frozen_whole) text_append(with->out, " frozen");
  text_append(with->out, "\n");
}

void tensor_program_write(const tensor_program *program, text *out) {
  tensor_writer with = {.program = program, .out = out};
  text_format(out, "model %s\n", program->name);
  for (int k = 0; k < program->dimensions.count; k++) {
    text_format(out, "dim %s = ", program->dimensions.items[k].name);
    write_scalar(&with, program->dimensions.items[k].value);
    text_append(out, "\n");
  }
  for (int k = 0; k < program->inputs.count; k++) write_input(&with, &program->inputs.items[k]);
  for (int k = 0; k < program->definitions.count; k++) {
    const binding *definition = program->definitions.items[k];
    text_format(out, "%s: %s", definition->name, type_names[definition->value->type]);
    write_extents(&with, definition->value->rank, definition->value->extents);
    text_append(out, " = ");
    with.left = NODE_LIMIT;
    write_tensor(&with, definition->value);
    text_append(out, "\n");
  }
}
