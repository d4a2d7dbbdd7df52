/* The order of definitions: by what they name, not by where they stand.
 *
 * A depth-first search over extents, functions and definitions, with a stack of its own: a chain of definitions may be
 * as long as the text. What a vertex uses is found by walking its expressions with the names that are hidden there. */
#include "compiler/tensor/checker.h"

typedef struct {
  int to; /* a vertex */
  span where;
} mention;

typedef LIST(mention) mentions;

/* A vertex being visited. */
typedef struct {
  int vertex, next;
  mentions uses;
} visit;

typedef enum { UNVISITED, OPEN, DONE } vertex_stage;

typedef struct {
  checker *checker;
  int dimension_count, function_count, network_count, vertex_count;
  vertex_stage *stage;
  int *mentioned_by; /* the last vertex that mentioned it, plus 1: an edge is listed once */
  int *height;       /* of an open vertex on the stack */
  LIST(visit) stack;
  visit *now;
  const ast_expression *root;
} ordering;

/* ---- what an expression names ---- */

static void walk(ordering *in, const ast_expression *from);

static void mention_vertex(ordering *in, int to, span where) {
  if (in->mentioned_by[to] == in->now->vertex + 1) return;
  in->mentioned_by[to] = in->now->vertex + 1;
  mention made = {to, where};
  list_push(in->checker->memory, &in->now->uses, made);
}

static void walk_name(ordering *in, ast_name name) {
  symbol *of = symbol_of(in->checker, name.name);
  if (of->hidden > 0 || is_constant_name(name.name)) return;
  switch (of->kind) {
  case GLOBAL_NONE: unknown_name(in->checker, name, in->root); return;
  case GLOBAL_DIMENSION: mention_vertex(in, of->number, name.where); return;
  case GLOBAL_DEFINITION:
    mention_vertex(in, in->dimension_count + in->function_count + in->network_count + of->number, name.where);
    return;
  case GLOBAL_NETWORK:
  case GLOBAL_INPUT:
  case GLOBAL_FUNCTION: return;
  }
}

static void walk_function_name(ordering *in, ast_name name) {
  symbol *of = symbol_of(in->checker, name.name);
  if (of->kind == GLOBAL_FUNCTION)
    mention_vertex(in, in->dimension_count + of->number, name.where);
  else if (of->kind == GLOBAL_NETWORK)
    mention_vertex(in, in->dimension_count + in->function_count + of->number, name.where);
  else if (!find_builtin(name.name))
    unknown_function(in->checker, name);
}

static void hide(ordering *in, ast_name name) {
  symbol_of(in->checker, name.name)->hidden++;
}

static void reveal(ordering *in, ast_name name) {
  symbol_of(in->checker, name.name)->hidden--;
}

/* A limit sees the indices that stand before it. */
static void enter_binders(ordering *in, const ast_binders *binders) {
  for (int k = 0; k < binders->count; k++) {
    walk(in, binders->items[k].limit);
    hide(in, binders->items[k].name);
  }
}

static void leave_binders(ordering *in, const ast_binders *binders) {
  for (int k = 0; k < binders->count; k++) reveal(in, binders->items[k].name);
}

static void walk_definition(ordering *in, const ast_definition *from) {
  enter_binders(in, &from->binders);
  walk(in, from->value);
  leave_binders(in, &from->binders);
}

/* Start and extents do not see the unknown. */
static void walk_search(ordering *in, const ast_expression *from) {
  for (int k = 1; k < from->operand_count; k++) walk(in, from->operands[k]);
  hide(in, from->unknown);
  walk(in, from->operands[0]);
  reveal(in, from->unknown);
}

static void walk(ordering *in, const ast_expression *from) {
  if (!from) return;
  if (from->kind == AST_NAME) walk_name(in, from->name);
  if (from->kind == AST_CALL) walk_function_name(in, from->name);
  if (from->kind == AST_SEARCH) {
    walk_search(in, from);
    return;
  }
  for (int k = 0; k < from->lets.count; k++) {
    walk_definition(in, &from->lets.items[k]);
    hide(in, from->lets.items[k].name);
  }
  enter_binders(in, &from->binders);
  for (int k = 0; k < from->operand_count; k++) walk(in, from->operands[k]);
  leave_binders(in, &from->binders);
  for (int k = 0; k < from->lets.count; k++) reveal(in, from->lets.items[k].name);
  for (int k = 0; k < from->subscripts.count; k++) {
    const ast_subscript *subscript = &from->subscripts.items[k];
    walk(in, subscript->index);
    walk(in, subscript->start);
    walk(in, subscript->stop);
  }
  for (int k = 0; k < from->arguments.count; k++) walk(in, from->arguments.items[k].value);
}

/* ---- vertices ---- */

static vertex vertex_at(const ordering *in, int number) {
  if (number < in->dimension_count) return (vertex){VERTEX_DIMENSION, number};
  number -= in->dimension_count;
  if (number < in->function_count) return (vertex){VERTEX_FUNCTION, number};
  number -= in->function_count;
  if (number < in->network_count) return (vertex){VERTEX_NETWORK, number};
  return (vertex){VERTEX_DEFINITION, number - in->network_count};
}

static void walk_function(ordering *in, const ast_function *of) {
  for (int k = 0; k < of->parameters.count; k++) hide(in, of->parameters.items[k]);
  in->root = of->body;
  walk(in, of->body);
  for (int k = 0; k < of->parameters.count; k++) reveal(in, of->parameters.items[k]);
}

/* What is no function of the model is looked at in network.c. */
static void walk_network(ordering *in, const ast_network *of) {
  for (int k = 0; k < of->layers.count; k++) {
    ast_name name = of->layers.items[k]->name;
    if (symbol_of(in->checker, name.name)->kind == GLOBAL_FUNCTION) walk_function_name(in, name);
  }
}

static void walk_vertex(ordering *in, vertex of) {
  checker *state = in->checker;
  switch (of.kind) {
  case VERTEX_DIMENSION:
    in->root = state->dimensions[of.number].syntax->value;
    if (!state->dimensions[of.number].override) walk(in, in->root);
    return;
  case VERTEX_FUNCTION: walk_function(in, state->functions[of.number].syntax); return;
  case VERTEX_NETWORK: walk_network(in, state->networks[of.number].syntax); return;
  case VERTEX_DEFINITION:
    in->root = state->definitions.items[of.number].syntax->value;
    walk_definition(in, state->definitions.items[of.number].syntax);
    return;
  }
}

static const char *vertex_name(const ordering *in, int number) {
  vertex of = vertex_at(in, number);
  if (of.kind == VERTEX_DIMENSION) return in->checker->dimensions[of.number].syntax->name.name;
  if (of.kind == VERTEX_FUNCTION) return in->checker->functions[of.number].syntax->name.name;
  if (of.kind == VERTEX_NETWORK) return in->checker->networks[of.number].syntax->name.name;
  return in->checker->definitions.items[of.number].name;
}

static void fail_vertex(const ordering *in, int number) {
  vertex of = vertex_at(in, number);
  if (of.kind == VERTEX_DIMENSION)
    in->checker->dimensions[of.number].failed = true;
  else if (of.kind == VERTEX_FUNCTION)
    in->checker->functions[of.number].failed = true;
  else if (of.kind == VERTEX_NETWORK)
    in->checker->networks[of.number].failed = true;
  else
    in->checker->definitions.items[of.number].failed = true;
}

/* ---- the search ---- */

enum { SHOWN_CYCLE = 8 }; /* steps of a cycle that get a note */

/* The open vertices from `to` to the top of the stack, and the edge back to `to`. */
static void report_cycle(ordering *in, int to, span where) {
  diagnostics *report = in->checker->report;
  int from = in->height[to], length = in->stack.count - from;
  bool functions = true;
  for (int k = from; k < in->stack.count; k++) {
    vertex_kind kind = vertex_at(in, in->stack.items[k].vertex).kind;
    functions = functions && (kind == VERTEX_FUNCTION || kind == VERTEX_NETWORK);
    fail_vertex(in, in->stack.items[k].vertex);
  }
  const char *name = vertex_name(in, to);
  if (functions && length == 1) {
    diagnose(report, CODE_RECURSION, where, "the function '%s' calls itself", name);
  } else if (functions) {
    diagnose(report, CODE_RECURSION, where, "the %s '%s' calls itself, by way of '%s'",
             vertex_at(in, to).kind == VERTEX_NETWORK ? "network" : "function", name,
             vertex_name(in, in->stack.items[from + 1].vertex));
  } else if (length == 1) {
    diagnose(report, CODE_CYCLE, where, "'%s' is defined by itself", name);
  } else {
    diagnose(report, CODE_CYCLE, where, "'%s' is defined by itself, by way of '%s'", name,
             vertex_name(in, in->stack.items[from + 1].vertex));
  }
  for (int k = from; k + 1 < in->stack.count && k < from + SHOWN_CYCLE; k++) {
    const visit *step = &in->stack.items[k];
    diagnose_note(report, step->uses.items[step->next - 1].where, "'%s' uses '%s' here", vertex_name(in, step->vertex),
                  vertex_name(in, in->stack.items[k + 1].vertex));
  }
  if (functions) diagnose_hint(report, "functions are inlined, so that they can't call themselves");
}

static void open_vertex(ordering *in, int number) {
  visit made = {.vertex = number};
  in->stage[number] = OPEN;
  in->height[number] = in->stack.count;
  list_push(in->checker->memory, &in->stack, made);
  in->now = &in->stack.items[in->stack.count - 1];
  walk_vertex(in, vertex_at(in, number));
}

static void search_from(ordering *in, int first) {
  open_vertex(in, first);
  while (in->stack.count) {
    visit *top = &in->stack.items[in->stack.count - 1];
    if (top->next == top->uses.count) {
      in->stage[top->vertex] = DONE;
      list_push(in->checker->memory, &in->checker->order, vertex_at(in, top->vertex));
      in->stack.count--;
      continue;
    }
    mention use = top->uses.items[top->next++];
    if (in->stage[use.to] == OPEN)
      report_cycle(in, use.to, use.where);
    else if (in->stage[use.to] == UNVISITED)
      open_vertex(in, use.to);
  }
}

void order_definitions(checker *state) {
  ordering in = {.checker = state};
  in.dimension_count = state->model->dimensions.count;
  in.function_count = state->model->functions.count;
  in.network_count = state->model->networks.count;
  in.vertex_count = in.dimension_count + in.function_count + in.network_count + state->definitions.count;
  in.stage = arena_array(state->memory, vertex_stage, in.vertex_count + 1);
  in.mentioned_by = arena_array(state->memory, int, in.vertex_count + 1);
  in.height = arena_array(state->memory, int, in.vertex_count + 1);
  for (int k = 0; k < in.vertex_count; k++)
    if (in.stage[k] == UNVISITED) search_from(&in, k);
}
