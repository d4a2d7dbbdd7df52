/* Every statement that makes a choice is preceded by a kernel over the same axes that takes the maximum of minus the
 * distance to the kink, where the choice is evaluated at all:
 *
 *   y[i] = if x[i] > 0 then abs(x[i]) else 0      k1 max= -abs(x[i] - 0);  k2 max= if x[i] > 0 then -abs(x[i]) else
 * -inf
 *
 * A node is evaluated under the conditions of the selects, `and`s and `or`s above it: any of the ways to it. */
#include "compiler/derivative/kinks.h"
#include "compiler/derivative/derivative.h"
#include "compiler/kernel/reach.h"
#include "compiler/kernel/rename.h"

#include <math.h>
#include <string.h>

/* How far an operation is from where it, or a derivative of it, jumps or is infinite, in the notation of
 * scalar_ops.def. Powers have their own rule. */
static const struct {
  scalar_op op;
  const char *distance;
} distances[] = {
    {OP_abs, "abs(a)"},
    {OP_sign, "abs(a)"},
    {OP_min, "abs(a - b)"},
    {OP_max, "abs(a - b)"},
    {OP_clamp, "min(abs(a - b), abs(a - c))"},
    {OP_floor, "abs(a - round(a))"},
    {OP_ceil, "abs(a - round(a))"},
    {OP_trunc, "abs(a - round(a))"},
    {OP_round, "abs(abs(a - floor(a)) - 0.5)"},
    {OP_mod, "abs(a/b - round(a/b))"},
    {OP_lt, "abs(a - b)"},
    {OP_le, "abs(a - b)"},
    {OP_gt, "abs(a - b)"},
    {OP_ge, "abs(a - b)"},
    {OP_eq, "abs(a - b)"},
    {OP_ne, "abs(a - b)"},
    {OP_sqrt, "abs(a)"},
    {OP_cbrt, "abs(a)"},
    {OP_hypot, "max(abs(a), abs(b))"},
    {OP_atan2, "max(abs(a), abs(b))"},
    {OP_asin, "abs(1 - abs(a))"},
    {OP_acos, "abs(1 - abs(a))"},
    {OP_acosh, "abs(a - 1)"},
};

typedef struct {
  kernel_module *module;
  scalar_dag *dag;
  kernel_program *program;
  const lowered_places *places;
  const bool *active; /* by array */
  statement *first;   /* assigns -inf to the locals */
  kink_list *found;
  LIST(int) locals;  /* one per kink */
  bool through_stop; /* what moves the argument of stop_gradient moves its choices too */
} kink_state;

/* A node with what is known of it; in the order of a reach. */
typedef struct {
  reach nodes;
  bool *moves;        /* do the sources move its value? */
  scalar *conditions; /* under which it is evaluated; NO_SCALAR: not at all */
} walk;

static bool is_comparison(scalar_op op) {
  return op >= OP_lt && op <= OP_ne;
}

/* Truths move where what they compare does: a choice that was stored counts where it was made. */
static bool node_moves(const kink_state *state, const walk *in, const scalar_node *at) {
  if (at->op == SCALAR_LOAD) return at->type == SCALAR_REAL && state->active[at->id];
  if (at->op == OP_stop && !state->through_stop) return false;
  for (int k = 0; k < at->argument_count; k++) {
    int place = reach_position(&in->nodes, at->arguments[k]);
    if (place >= 0 && in->moves[place] && scalar_at(state->dag, at->arguments[k])->type == SCALAR_REAL) return true;
  }
  return false;
}

static scalar both(scalar_dag *dag, scalar a, scalar b) {
  if (scalar_is_truth(dag, a, true)) return b;
  return scalar_is_truth(dag, b, true) ? a : scalar_binary(dag, OP_and, a, b);
}

/* The node is evaluated under this condition as well. */
static void reach_under(kink_state *state, walk *in, scalar node, scalar condition) {
  int place = reach_position(&in->nodes, node);
  scalar *known = &in->conditions[place];
  if (*known == NO_SCALAR || scalar_is_truth(state->dag, condition, true))
    *known = condition;
  else if (!scalar_is_truth(state->dag, *known, true) && *known != condition)
    *known = scalar_binary(state->dag, OP_or, *known, condition);
}

/* Hands the condition of a node down to its arguments: of and, or and select, some are skipped. */
static void hand_down(kink_state *state, walk *in, const scalar_node *at, scalar condition) {
  scalar_dag *dag = state->dag;
  for (int k = 0; k < at->argument_count; k++) {
    scalar when = scalar_truth(dag, true);
    scalar first = at->arguments[0];
    if (k == 1 && (at->op == OP_and || at->op == SCALAR_SELECT)) when = first;
    if ((k == 1 && at->op == OP_or) || (k == 2 && at->op == SCALAR_SELECT)) when = scalar_unary(dag, OP_not, first);
    reach_under(state, in, at->arguments[k], both(dag, condition, when));
  }
}

/* Where an expression's nodes are evaluated, those that use a node before it. */
static walk walk_from(kink_state *state, scalar root, scalar condition) {
  arena *memory = state->module->memory;
  walk made = {.nodes = reach_create(memory, state->dag)};
  reach_from(&made.nodes, root);
  reach_sort(&made.nodes);
  int count = made.nodes.nodes.count;
  made.moves = arena_array(memory, bool, count + 1);
  made.conditions = arena_array(memory, scalar, count + 1);
  for (int k = 0; k < count; k++)
    made.moves[k] = node_moves(state, &made, scalar_at(state->dag, made.nodes.nodes.items[k]));
  reach_under(state, &made, root, condition);
  for (int k = count - 1; k >= 0; k--)
    hand_down(state, &made, scalar_at(state->dag, made.nodes.nodes.items[k]), made.conditions[k]);
  return made;
}

/* A base at 0 spoils powers that are not whole. */
static scalar distance_of_power(kink_state *state, const scalar_node *at) {
  const scalar_node *exponent = scalar_at(state->dag, at->arguments[1]);
  bool constant = exponent->op == SCALAR_CONSTANT && exponent->type == SCALAR_REAL;
  if (constant && exponent->real == floor(exponent->real)) return NO_SCALAR;
  return scalar_unary(state->dag, OP_abs, at->arguments[0]);
}

/* NO_SCALAR where the node is smooth, or nothing moves it. */
static scalar distance_of(kink_state *state, const walk *in, scalar node) {
  const scalar_node *at = scalar_at(state->dag, node);
  bool moves = false;
  for (int k = 0; k < at->argument_count; k++) {
    const scalar_node *argument = scalar_at(state->dag, at->arguments[k]);
    if (is_comparison(at->op) && argument->type != SCALAR_REAL) return NO_SCALAR;
    moves = moves || (argument->type == SCALAR_REAL && in->moves[reach_position(&in->nodes, at->arguments[k])]);
  }
  if (!moves) return NO_SCALAR;
  if (at->op == OP_pow) return distance_of_power(state, at);
  for (size_t k = 0; k < sizeof distances / sizeof distances[0]; k++)
    if (distances[k].op == at->op) return scalar_read(state->dag, node, distances[k].distance);
  return NO_SCALAR;
}

static int new_local(kink_state *state, span where, statement *assigned_in) {
  array made = {.name = "kink", .role = ARRAY_LOCAL, .type = SCALAR_REAL, .bound = NO_SCALAR, .where = where};
  int number = kernel_array(state->module, made);
  scalar least = scalar_real(state->dag, -INFINITY);
  list_push(state->module->memory, &assigned_in->stores,
            kernel_store(state->module, STORE_ASSIGN, number, NULL, least));
  return number;
}

/* The name at a place of the text that is called there, or `if`: what became of it has names of its own. */
static const char *called_at(arena *memory, const source *from, span where) {
  const char *begin = from->text + where.begin;
  size_t length = strspn(begin, "abcdefghijklmnopqrstuvwxyz0123456789_");
  bool is_if = length == 2 && !strncmp(begin, "if", 2);
  if (where.end <= where.begin || !length || (begin[length] != '(' && !is_if)) return NULL;
  return arena_format(memory, "%.*s", (int)length, begin);
}

/* A choice, at its place in the text where that is known, else at that of its statement. */
static kinked kink_at(const kink_state *state, scalar node, span otherwise) {
  scalar_op op = scalar_at(state->dag, node)->op;
  const scalar_op_row *row = scalar_row(op);
  kinked made = {op, otherwise, is_comparison(op) ? row->spelling_double : row->name};
  for (int k = 0; k < state->places->count; k++) {
    if (state->places->items[k].node != node) continue;
    made.where = state->places->items[k].where;
    const char *called = called_at(state->module->memory, state->module->from, made.where);
    if (called) made.word = called;
    break;
  }
  return made;
}

static kinked extreme_kink(bool largest, span where) {
  return (kinked){largest ? OP_max : OP_min, where, largest ? "max" : "min"};
}

/* A place for one more kink. */
static int new_kink(kink_state *state, kinked of) {
  int local = new_local(state, of.where, state->first);
  list_push(state->module->memory, state->found, of);
  list_push(state->module->memory, &state->locals, local);
  list_push(state->module->memory, &state->program->locals, local);
  return local;
}

/* What an expression of a statement chooses, added to a kernel over the statement's axes. */
static void add_choices(kink_state *state, scalar root, scalar condition, span where, statement *to) {
  if (root == NO_SCALAR) return;
  walk in = walk_from(state, root, condition);
  for (int k = 0; k < in.nodes.nodes.count; k++) {
    scalar node = in.nodes.nodes.items[k], distance = distance_of(state, &in, node);
    if (distance == NO_SCALAR) continue;
    int local = new_kink(state, kink_at(state, node, where));
    scalar value = scalar_select(state->dag, in.conditions[k], scalar_unary(state->dag, OP_neg, distance),
                                 scalar_real(state->dag, -INFINITY));
    list_push(state->module->memory, &to->stores, kernel_store(state->module, STORE_MAXIMUM, local, NULL, value));
  }
}

/* A kernel over a statement's axes, without its guard. */
static statement *kernel_over(kink_state *state, const statement *of) {
  statement *made = kernel_statement(state->module, STATEMENT_KERNEL, of->where);
  for (int k = 0; k < of->axes.count; k++) list_push(state->module->memory, &made->axes, of->axes.items[k]);
  return made;
}

/* The axes get indices of their own. */
static void place_kernel(kink_state *state, const statement *kernel, statement_list *into) {
  if (!kernel->stores.count) return;
  statement *renamed = kernel_rename(state->module, kernel, 0);
  list_push(state->module->memory, into, renamed);
}

/* Does anything that moves come into an expression? */
static bool expression_moves(kink_state *state, scalar root) {
  walk in = walk_from(state, root, scalar_truth(state->dag, true));
  return in.moves[reach_position(&in.nodes, root)];
}

/* The largest of several, after the statement that found its position: how far the next one is. */
static void add_extreme(kink_state *state, const statement *from, statement_list *into, int largest) {
  kernel_module *module = state->module;
  scalar_dag *dag = state->dag;
  const store *item = &from->stores.items[0];
  scalar value = item->kind == STORE_ARGMIN ? scalar_unary(dag, OP_neg, item->value) : item->value;
  statement *assign = kernel_statement(module, STATEMENT_KERNEL, from->where);
  list_push(module->memory, &assign->stores,
            kernel_store(module, STORE_ASSIGN, largest, NULL, scalar_real(dag, -INFINITY)));
  list_push(module->memory, into, assign);
  statement *find = kernel_over(state, from);
  find->guard = from->guard;
  list_push(module->memory, &find->stores, kernel_store(module, STORE_MAXIMUM, largest, NULL, value));
  place_kernel(state, find, into);
  statement *compare = kernel_over(state, from);
  compare->guard = from->guard;
  scalar other = scalar_binary(dag, OP_ne, item->position, kernel_load(module, item->array, item->subscripts));
  scalar behind = scalar_binary(dag, OP_sub, value, kernel_load(module, largest, NULL));
  scalar shown = scalar_select(dag, other, behind, scalar_real(dag, -INFINITY));
  int local = new_kink(state, extreme_kink(item->kind == STORE_ARGMAX, from->where));
  list_push(module->memory, &compare->stores, kernel_store(module, STORE_MAXIMUM, local, NULL, shown));
  place_kernel(state, compare, into);
}

/* The locals of the loop around: a map without axes has none of its own. */
typedef struct {
  kernel_program *program;
  statement *loop; /* NULL: the program */
} owner;

static int largest_of(kink_state *state, const owner *in, span where) {
  array made = {.name = "largest", .role = ARRAY_LOCAL, .type = SCALAR_REAL, .bound = NO_SCALAR, .where = where};
  int number = kernel_array(state->module, made);
  if (in->loop)
    list_push(state->module->memory, &in->loop->locals, number);
  else
    list_push(state->module->memory, &in->program->locals, number);
  return number;
}

static void add_kinks(kink_state *state, const statement_list *from, const owner *around, statement_list *into) {
  scalar always = scalar_truth(state->dag, true);
  for (int k = 0; k < from->count; k++) {
    statement *of = from->items[k];
    if (of->kind == STATEMENT_IMPLICIT) { /* at its solution, and on the way there */
      list_push(state->module->memory, into, of);
      owner inside = {state->program, of};
      statement_list body = {0};
      add_kinks(state, &of->body, &inside, &body);
      of->body = body;
      continue;
    }
    statement *kernel = kernel_over(state, of);
    scalar guard = of->guard == NO_SCALAR ? always : of->guard;
    if (of->kind != STATEMENT_RECURRENCE) add_choices(state, of->guard, always, of->where, kernel);
    bool extreme = false;
    for (int s = 0; s < of->stores.count; s++) {
      const store *item = &of->stores.items[s];
      if (item->kind == STORE_CHECK) continue;
      extreme = item->kind == STORE_ARGMAX || item->kind == STORE_ARGMIN;
      add_choices(state, item->guard, guard, of->where, kernel);
      scalar stored = item->guard == NO_SCALAR ? guard : both(state->dag, guard, item->guard);
      add_choices(state, item->value, stored, of->where, kernel);
    }
    place_kernel(state, kernel, into);
    list_push(state->module->memory, into, of);
    if (extreme && expression_moves(state, of->stores.items[0].value))
      add_extreme(state, of, into, largest_of(state, around, of->where));
    if (of->kind == STATEMENT_KERNEL) continue;
    owner inside = of->axes.count ? (owner){state->program, of} : *around;
    statement_list body = {0};
    add_kinks(state, &of->body, &inside, &body);
    of->body = body;
  }
}

/* The choices of an expression, whatever the conditions. */
static void list_expression(kink_state *state, scalar root, span where) {
  if (root == NO_SCALAR) return;
  walk in = walk_from(state, root, scalar_truth(state->dag, true));
  for (int k = 0; k < in.nodes.nodes.count; k++) {
    scalar node = in.nodes.nodes.items[k];
    if (distance_of(state, &in, node) == NO_SCALAR) continue;
    list_push(state->module->memory, state->found, kink_at(state, node, where));
  }
}

static void list_statements(kink_state *state, const statement_list *from) {
  for (int k = 0; k < from->count; k++) {
    const statement *of = from->items[k];
    list_expression(state, of->guard, of->where);
    for (int s = 0; s < of->stores.count && of->kind != STATEMENT_IMPLICIT; s++) {
      const store *item = &of->stores.items[s];
      bool largest = item->kind == STORE_ARGMAX, extreme = largest || item->kind == STORE_ARGMIN;
      list_expression(state, item->guard, of->where);
      if (item->kind != STORE_CHECK) list_expression(state, item->value, of->where);
      if (!extreme || !expression_moves(state, item->value)) continue;
      list_push(state->module->memory, state->found, extreme_kink(largest, of->where));
    }
    list_statements(state, &of->body);
  }
}

void find_kinks(const kernel_program *program, const lowered_places *places, const int *sources, int source_count,
                kink_list *found) {
  kernel_module *module = program->module;
  kink_state state = {.module = module, .dag = module->dag, .places = places, .found = found, .through_stop = true};
  state.active = activity_forward(program, sources, source_count);
  list_statements(&state, &program->body);
}

/* The locals as one array. */
static int gather(kink_state *state) {
  scalar_dag *dag = state->dag;
  scalar *extent = arena_array(state->module->memory, scalar, 1);
  *extent = scalar_whole(dag, state->locals.count);
  array made = {
      .name = "kinks", .role = ARRAY_LOCAL, .type = SCALAR_REAL, .rank = 1, .extents = extent, .bound = NO_SCALAR};
  int number = kernel_array(state->module, made);
  list_push(state->module->memory, &state->program->locals, number);
  statement *kernel = kernel_statement(state->module, STATEMENT_KERNEL, (span){0, 0});
  for (int k = 0; k < state->locals.count; k++) {
    scalar at = scalar_whole(dag, k), value = kernel_load(state->module, state->locals.items[k], NULL);
    list_push(state->module->memory, &kernel->stores, kernel_store(state->module, STORE_ASSIGN, number, &at, value));
  }
  if (!state->locals.count) kernel = kernel_fill(state->module, number, scalar_real(dag, 0), made.where);
  list_push(state->module->memory, &state->program->body, kernel);
  return number;
}

int derive_kinks(kernel_program *program, const lowered_places *places, const int *sources, int source_count,
                 kink_list *found) {
  kernel_module *module = program->module;
  kink_state state = {.module = module, .dag = module->dag, .program = program, .places = places, .found = found};
  state.active = activity_forward(program, sources, source_count);
  state.first = kernel_statement(module, STATEMENT_KERNEL, (span){0, 0});
  statement_list body = {0};
  list_push(module->memory, &body, state.first);
  add_kinks(&state, &program->body, &(owner){program, NULL}, &body);
  if (!state.locals.count) { /* nothing to assign */
    for (int k = 1; k < body.count; k++) body.items[k - 1] = body.items[k];
    body.count--;
  }
  program->body = body;
  return gather(&state);
}
