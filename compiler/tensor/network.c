/* Networks: param net f = linear(1, 3) -> tanh -> linear(3, 1).
 *
 * A network declares the weights of its layers as inputs, in its own role, under the names that PyTorch's Sequential
 * gives them, and is applied like a function: layer by layer to all rows at once, x @ W' + b where a layer is linear.
 * So it needs no derivative rule, and costs what the same written by hand does. */
#include "compiler/tensor/builtin.h"

#include <ctype.h>
#include <string.h>

static const char linear[] = "linear";

bool is_layer(const char *name) {
  return !strcmp(name, linear);
}

/* ---- declaring weights ---- */

/* bias=true or bias=false, the only argument that has a name; false after an error. */
static bool read_bias(checker *state, const ast_argument *from, bool *bias) {
  const ast_expression *value = from->value;
  if (strcmp(from->keyword.name, "bias")) {
    diagnose(state->report, CODE_UNKNOWN_ARGUMENT, from->keyword.where, "'linear' has no argument '%s'",
             from->keyword.name);
    diagnose_hint(state->report, "it takes linear(in, out) or linear(in, out, bias=false)");
    return false;
  }
  bool named = value->kind == AST_NAME;
  *bias = named && !strcmp(value->name.name, "true");
  if (*bias || (named && !strcmp(value->name.name, "false"))) return true;
  diagnose(state->report, CODE_NOT_A_CONDITION, value->where, "bias is true or false");
  return false;
}

/* The extents in and out of a linear layer, and whether it has a bias; false after an error. */
static bool read_linear(checker *state, const ast_expression *from, ast_expression *extents[2], bool *bias) {
  int given = 0, named = 0;
  *bias = true;
  for (int k = 0; k < from->arguments.count; k++) {
    const ast_argument *each = &from->arguments.items[k];
    if (each->keyword.name) {
      if (!read_bias(state, each, bias)) return false;
      named++;
    } else {
      if (given < 2) extents[given] = each->value;
      given++;
    }
  }
  if (named > 1) {
    diagnose(state->report, CODE_DUPLICATE_ARGUMENT, from->where, "bias is given twice");
    return false;
  }
  if (given == 2) return true;
  diagnose(state->report, CODE_WRONG_ARGUMENT_COUNT, from->where, "'linear' takes 2 extents, and %d %s given", given,
           given == 1 ? "is" : "are");
  diagnose_hint(state->report, "write linear(in, out) or linear(in, out, bias=false)");
  return false;
}

static int declare_weight(checker *state, const ast_network *of, int layer, const char *what, int rank,
                          ast_expression *const *extents) {
  span where = of->layers.items[layer]->where;
  ast_input made = {.role = of->role, .where = where, .comment = of->comment};
  made.name = (ast_name){arena_format(state->memory, "%s.%d.%s", of->name.name, layer, what), where};
  for (int k = 0; k < rank; k++) list_push(state->memory, &made.extents, extents[k]);
  list_push(state->memory, &state->declared, made);
  return state->declared.count - 1;
}

void declare_weights(checker *state, int number) {
  network_state *into = &state->networks[number];
  const ast_network *syntax = into->syntax = &state->model->networks.items[number];
  into->layers = arena_array(state->memory, network_layer, syntax->layers.count);
  for (int k = 0; k < syntax->layers.count; k++) {
    network_layer *made = &into->layers[k];
    *made = (network_layer){.weight = -1, .bias = -1, .function = -1};
    if (!is_layer(syntax->layers.items[k]->name.name)) continue;
    ast_expression *extents[2];
    bool bias;
    if (!read_linear(state, syntax->layers.items[k], extents, &bias)) {
      into->failed = true;
      continue;
    }
    ast_expression *const transposed[2] = {extents[1], extents[0]};
    made->weight = declare_weight(state, syntax, k, "weight", 2, transposed);
    if (bias) made->bias = declare_weight(state, syntax, k, "bias", 1, transposed);
  }
}

/* ---- layers that are functions ---- */

/* The language's own functions that keep the last axis as it is, beside those of the op table with one argument. */
static const char *const activations[] = {"gelu", "log_softmax", "relu", "silu", "softmax"};
enum { ACTIVATIONS = sizeof activations / sizeof *activations };

static bool is_unary_operation(scalar_op op) {
  const scalar_op_row *row = scalar_row(op);
  return row && !(row->flags & OP_INTERNAL) && !strcmp(row->signature, "R>R");
}

static bool is_activation(const char *name) {
  for (int k = 0; k < ACTIVATIONS; k++)
    if (!strcmp(name, activations[k])) return true;
  scalar_op op = scalar_op_named(name);
  return op != SCALAR_NOTHING && is_unary_operation(op);
}

/* What could have been meant: PyTorch's own spelling of an activation, or the nearest name. */
static const char *nearest_layer(checker *state, const char *name) {
  char *small = arena_copy(state->memory, name, strlen(name));
  for (char *at = small; *at; at++) *at = (char)tolower((unsigned char)*at);
  int functions = state->model->functions.count, count = 0;
  const char **known = arena_array(state->memory, const char *, 1 + ACTIVATIONS + SCALAR_OP_COUNT + functions);
  known[count++] = linear;
  for (int k = 0; k < ACTIVATIONS; k++) known[count++] = activations[k];
  for (int op = SCALAR_NOTHING + 1; op < SCALAR_OP_COUNT; op++)
    if (is_unary_operation((scalar_op)op)) known[count++] = scalar_row((scalar_op)op)->name;
  for (int k = 0; k < functions; k++)
    if (state->model->functions.items[k].parameters.count == 1)
      known[count++] = state->model->functions.items[k].name.name;
  for (int k = 0; k < count; k++)
    if (!strcmp(small, known[k])) return known[k];
  return nearest_name(name, known, count);
}

static bool unknown_layer(checker *state, ast_name name) {
  symbol *of = symbol_of(state, name.name);
  if (find_builtin(name.name) != BUILTIN_NONE) {
    diagnose(state->report, CODE_WRONG_LAYER, name.where, "'%s' is no layer: it does not keep the shape", name.name);
  } else if (of->kind != GLOBAL_NONE) {
    diagnose(state->report, CODE_WRONG_LAYER, name.where, "'%s' is no layer, and no function", name.name);
    diagnose_note(state->report, of->where, "'%s' is defined here", name.name);
  } else {
    const char *nearest = nearest_layer(state, name.name);
    diagnose(state->report, CODE_UNKNOWN_LAYER, name.where, "unknown layer '%s'", name.name);
    if (!nearest) return false;
    diagnose_hint(state->report, "did you mean '%s'?", nearest);
    diagnose_fix(state->report, name.where, "%s", nearest);
    return false;
  }
  diagnose_hint(state->report, "a layer is linear(in, out), an activation such as tanh or relu, or a function of one "
                               "argument");
  return false;
}

/* False after an error. */
static bool resolve_function(checker *state, const ast_expression *layer, network_layer *into) {
  ast_name name = layer->name;
  const symbol *of = symbol_of(state, name.name);
  if (of->kind == GLOBAL_FUNCTION)
    into->function = of->number;
  else if (!is_activation(name.name))
    return unknown_layer(state, name);
  if (layer->arguments.count > 0) {
    diagnose(state->report, CODE_WRONG_ARGUMENT_COUNT, layer->where, "the layer '%s' takes no arguments", name.name);
    diagnose_hint(state->report, "it is applied to what the layer before it gives: write %s", name.name);
    diagnose_fix(state->report, layer->where, "%s", name.name);
    return false;
  }
  if (into->function < 0) return true;
  const ast_function *function = state->functions[into->function].syntax;
  int count = function->parameters.count;
  if (count == 1) return true;
  diagnose(state->report, CODE_WRONG_LAYER, name.where, "a layer is a function of one argument, and '%s' takes %d",
           name.name, count);
  diagnose_note(state->report, function->name.where, "'%s' is defined here", name.name);
  diagnose_hint(state->report, "give it a function of its own: def layer(z) = %s(z, ...)", name.name);
  return false;
}

/* ---- checking ---- */

static const char *show_entries(checker *state, scalar count) {
  return arena_format(state->memory, "%s %s", show_scalar(state, count), is_one(state, count) ? "entry" : "entries");
}

/* Reports unless the width that comes is the one that is taken. */
static bool widths_agree(checker *state, span where, const char *taker, scalar takes, const char *giver, scalar gives) {
  if (takes == gives) return true;
  bool different = is_provably_different(state, takes, gives);
  diagnose(state->report, CODE_EXTENT_MISMATCH, where, "%s takes %s, and %s %s%s", taker, show_entries(state, takes),
           giver, show_entries(state, gives),
           different ? ""
                     : arena_format(state->memory, "; nothing says %s = %s", show_scalar(state, takes),
                                    show_scalar(state, gives)));
  return false;
}

static void note_weight(checker *state, int weight, int number, int layer, scalar fan_in) {
  if (weight < 0) return;
  input *of = &state->program->inputs.items[weight];
  of->network = number;
  of->layer = layer;
  of->fan_in = fan_in;
}

/* Requires: the inputs are checked. */
static bool check_linear(checker *state, int number, int layer, int before) {
  network_state *of = &state->networks[number];
  network_layer *here = &of->layers[layer];
  if (here->weight < 0 || !state->inputs[here->weight]) return false;
  const scalar *extents = state->program->inputs.items[here->weight].extents;
  here->takes = extents[1];
  here->gives = extents[0];
  note_weight(state, here->weight, number, layer, here->takes);
  note_weight(state, here->bias, number, layer, here->takes);
  if (before < 0 || of->layers[before].weight < 0 || !state->inputs[of->layers[before].weight]) return true;
  const char *taker = arena_format(state->memory, "layer %d of '%s'", layer, of->syntax->name.name);
  const char *giver = arena_format(state->memory, "layer %d gives", before);
  if (widths_agree(state, of->syntax->layers.items[layer]->where, taker, here->takes, giver, of->layers[before].gives))
    return true;
  diagnose_note(state->report, of->syntax->layers.items[before]->where, "layer %d", before);
  return false;
}

static void check_network(checker *state, int number) {
  network_state *of = &state->networks[number];
  int last = -1;
  of->first = -1;
  for (int k = 0; k < of->syntax->layers.count; k++) {
    const ast_expression *layer = of->syntax->layers.items[k];
    bool weights = is_layer(layer->name.name);
    bool right = weights ? check_linear(state, number, k, last) : resolve_function(state, layer, &of->layers[k]);
    if (!right) of->failed = true;
    if (weights) last = k;
    if (weights && of->first < 0) of->first = k;
  }
  of->last = last;
  network made = {of->syntax->name.name, of->syntax->where, of->syntax->comment};
  list_push(state->memory, &state->program->networks, made);
  if (last >= 0 || of->failed) return;
  of->failed = true;
  const char *name = of->syntax->name.name;
  diagnose(state->report, CODE_WRONG_LAYER, of->syntax->where, "the network '%s' has no layer with weights", name);
  diagnose_hint(state->report, "without weights it is a function: def %s(x) = ...", name);
}

void check_networks(checker *state) {
  for (int k = 0; k < state->model->networks.count; k++) check_network(state, k);
}

/* ---- applying ---- */

/* x @ W' + b over all leading axes. */
static tensor *apply_linear(checker *state, const network_layer *layer, tensor *x, span where) {
  tensor *weight = make_transpose(state, state->inputs[layer->weight], where);
  tensor *made = make_matmul(state, x, weight, where);
  return layer->bias < 0 ? made : make_binary(state, OP_add, made, state->inputs[layer->bias], where);
}

/* A function of the model may look at the whole of its argument: it gets row by row. */
static tensor *apply_function(checker *state, const network_layer *layer, ast_name name, tensor *x, span where) {
  if (x->rank <= 1) return inline_function(state, layer->function, &x, name.name, where);
  x = share_costly(state, x);
  int count = x->rank - 1;
  tensor_axis *axes = arena_array(state->memory, tensor_axis, count);
  selector *selectors = arena_array(state->memory, selector, x->rank);
  open_scope(state, true, false);
  binding_scope *scope = state->scope;
  for (int k = 0; k < count; k++) {
    index_fact *index = make_index(state, arena_format(state->memory, "k%d", k), where, scope->level);
    index->extent = x->extents[k];
    axes[k] = (tensor_axis){index->node->index, make_constant(state, SCALAR_WHOLE, x->extents[k], where), where};
    selectors[k] = select_at(index->node, where);
  }
  selectors[count] = select_all(state, x->extents[count], where);
  tensor *row = make_subscript(state, x, selectors, where);
  tensor *value = close_scope(state, inline_function(state, layer->function, &row, name.name, where));
  note_axes(state, scope, count, axes);
  return value ? make_comprehension(state, count, axes, value, scope->level, where) : NULL;
}

static bool keeps_shape(checker *state, const tensor *before, const tensor *after, ast_name name) {
  bool same = before->rank == after->rank;
  for (int k = 0; same && k < before->rank; k++) same = before->extents[k] == after->extents[k];
  if (same) return true;
  diagnose(state->report, CODE_WRONG_LAYER, name.where,
           "a layer that is a function keeps the shape: '%s' makes %s of %s", name.name, show_shape(state, after),
           show_shape(state, before));
  return false;
}

static tensor *apply_layer(checker *state, const network_state *of, int number, tensor *x, span where) {
  const network_layer *layer = &of->layers[number];
  if (layer->weight >= 0) return apply_linear(state, layer, x, where);
  ast_name name = of->syntax->layers.items[number]->name;
  if (layer->function < 0) return apply_builtin(state, name.name, x, where);
  tensor *made = as_real(state, apply_function(state, layer, name, x, where));
  return made && keeps_shape(state, x, made, name) ? made : NULL;
}

/* The argument as rows of what the network takes: a number is a row of one entry. */
static tensor *as_rows(checker *state, const network_state *of, tensor *x) {
  const char *name = of->syntax->name.name;
  scalar takes = of->layers[of->first].takes, one = scalar_whole(state->dag, 1);
  scalar *extents = arena_new(state->memory, scalar);
  *extents = one;
  const char *giver = arena_format(state->memory, "the last axis of %s has", show_node(state, x));
  if (x->rank == 0) giver = arena_format(state->memory, "%s is a single number:", show_node(state, x));
  scalar gives = x->rank ? x->extents[x->rank - 1] : one;
  const char *taker = arena_format(state->memory, "the network '%s'", name);
  if (widths_agree(state, x->where, taker, takes, giver, gives))
    return x->rank ? x : make_reshape(state, x, 1, extents, x->where);
  diagnose_note(state->report, of->syntax->name.where, "'%s' is declared here", name);
  if (x->rank && is_one(state, takes))
    diagnose_hint(state->report, "to apply it to every entry: let y[i] = %s(%s[i])", name, show_node(state, x));
  return NULL;
}

static tensor *apply(checker *state, const network_state *of, tensor *argument, span where) {
  bool number = argument->rank == 0;
  tensor *x = as_rows(state, of, argument);
  for (int k = 0; x && k < of->syntax->layers.count; k++) x = apply_layer(state, of, k, x, where);
  if (!x || !number || !is_one(state, of->layers[of->last].gives)) return x;
  return entry_at(state, x, NULL, where);
}

tensor *check_network_call(checker *state, int number, const ast_expression *call) {
  network_state *of = &state->networks[number];
  int count = call->arguments.count;
  tensor *argument = NULL;
  for (int k = 0; k < count; k++) argument = as_real(state, check_expression(state, call->arguments.items[k].value));
  if (count != 1 || call->arguments.items[0].keyword.name) {
    diagnose(state->report, CODE_WRONG_ARGUMENT_COUNT, call->where, "the network '%s' takes one argument%s",
             call->name.name,
             count == 1 ? ", without a name" : arena_format(state->memory, ", and %d are given", count));
    diagnose_note(state->report, of->syntax->name.where, "'%s' is declared here", call->name.name);
    return NULL;
  }
  if (!may_use(state, call->name, symbol_of(state, call->name.name)) || !argument || of->failed) return NULL;
  const int32_t words[] = {-3, number, facts(argument)->number};
  int key = number_of(&state->numbers, words, 3);
  tensor *known = recall(state, key);
  return known ? known : remember(state, key, apply(state, of, share_costly(state, argument), call->where));
}
