/* Invariant 4: subscripts are in range whenever they are used.
 *
 * Most loads are proved from the loops and guards alone. For the others, the paths from the expression's root are
 * followed, with the conditions of the selects (and of `and`, `or`) on the way; only parts that hold such a load are
 * entered. A part that is reached under very many different conditions is judged by the first of them. */
#include "compiler/kernel/kernel_verify.h"
#include <string.h>

enum { MAXIMUM_CONDITIONS = 16, MAXIMUM_JUNCTIONS = 256 };

typedef LIST(scalar) condition_list;

typedef struct {
  verifier *with;
  reach nodes;             /* ascending */
  bool *risky;             /* by position: holds a load that the loops and guards alone do not prove */
  condition_list *reached; /* by position: the conditions under which it was looked at */
} range_search;

typedef struct {
  int place;
  scalar condition;
} visit;

typedef LIST(visit) visit_list;

static bool is_within(const verifier *with, int number, const scalar *subscripts, scalar condition) {
  const array *of = &with->module->arrays.items[number];
  if (condition != NO_SCALAR && scalar_is_truth(with->module->dag, condition, false)) return true; /* never reached */
  whole_facts facts = {with->touches.loops.items, with->touches.loops.count, with->touches.array_bound,
                       with->module->arrays.count, condition};
  for (int k = 0; k < of->rank; k++)
    if (!whole_proves_within(with->module->dag, subscripts[k], of->extents[k], &facts)) return false;
  return true;
}

static scalar both(const verifier *with, scalar a, scalar b) {
  if (a == NO_SCALAR || a == b) return b;
  return b == NO_SCALAR ? a : scalar_binary(with->module->dag, OP_and, a, b);
}

/* Does a truth compare whole numbers, so that it could prove a range? */
static bool compares_wholes(const scalar_dag *dag, scalar condition) {
  scalar waiting[MAXIMUM_JUNCTIONS];
  int count = 0;
  waiting[count++] = condition;
  while (count > 0) {
    const scalar_node *node = scalar_at(dag, waiting[--count]);
    bool junction = node->op == OP_and || node->op == OP_or || node->op == OP_not;
    if (!junction && node->argument_count > 0 && scalar_at(dag, node->arguments[0])->type == SCALAR_WHOLE) return true;
    for (int k = 0; junction && k < node->argument_count; k++) {
      if (count == MAXIMUM_JUNCTIONS) return true;
      waiting[count++] = node->arguments[k];
    }
  }
  return false;
}

/* Marks what holds a load that is not proved here; false when there is none. */
static bool find_risky(range_search *in) {
  const scalar_dag *dag = in->nodes.dag;
  bool any = false;
  reach_sort(&in->nodes);
  in->risky = arena_array(in->with->memory, bool, in->nodes.nodes.count);
  for (int k = 0; k < in->nodes.nodes.count; k++) {
    const scalar_node *node = scalar_at(dag, in->nodes.nodes.items[k]);
    bool risky = node->op == SCALAR_LOAD && !is_within(in->with, node->id, node->arguments, in->with->condition);
    node = scalar_at(dag, in->nodes.nodes.items[k]);
    for (int a = 0; a < node->argument_count && !risky; a++)
      risky = in->risky[reach_position(&in->nodes, node->arguments[a])];
    in->risky[k] = risky;
    any = any || risky;
  }
  if (any) in->reached = arena_array(in->with->memory, condition_list, in->nodes.nodes.count);
  return any;
}

static void push_visit(range_search *in, visit_list *waiting, scalar node, scalar condition) {
  int place = reach_position(&in->nodes, node);
  if (!in->risky[place]) return;
  condition_list *reached = &in->reached[place];
  if (reached->count == MAXIMUM_CONDITIONS) return;
  for (int k = 0; k < reached->count; k++)
    if (reached->items[k] == condition) return;
  list_push(in->with->memory, reached, condition);
  list_push(in->with->memory, waiting, (visit){place, condition});
}

/* `and`, `or` and select evaluate what follows their first argument only where that allows it. */
static void visit_arguments(range_search *in, visit_list *waiting, const scalar_node *node, scalar condition) {
  scalar_dag *dag = in->with->module->dag;
  if (node->op != SCALAR_SELECT && node->op != OP_and && node->op != OP_or) {
    for (int k = 0; k < node->argument_count; k++) push_visit(in, waiting, node->arguments[k], condition);
    return;
  }
  scalar test = node->arguments[0], holds = condition, fails = condition;
  if (compares_wholes(dag, test)) {
    holds = both(in->with, condition, test);
    fails = both(in->with, condition, scalar_unary(dag, OP_not, test));
  }
  push_visit(in, waiting, test, condition);
  push_visit(in, waiting, node->arguments[1], node->op == OP_or ? fails : holds);
  if (node->op == SCALAR_SELECT) push_visit(in, waiting, node->arguments[2], fails);
}

static void search_from(range_search *in, const statement *at, scalar root, scalar condition) {
  verifier *with = in->with;
  const scalar_dag *dag = with->module->dag;
  visit_list waiting = {0};
  if (root == NO_SCALAR) return;
  push_visit(in, &waiting, root, condition);
  while (waiting.count > 0 && with->message == NULL) {
    visit next = waiting.items[--waiting.count];
    const scalar_node *node = scalar_at(dag, in->nodes.nodes.items[next.place]);
    if (node->op == SCALAR_LOAD && !is_within(with, node->id, node->arguments, next.condition))
      verify_fail(with, at, "a load of %s is not proved to be in range", with->module->arrays.items[node->id].name);
    visit_arguments(in, &waiting, node, next.condition);
  }
}

void verify_expression_range(verifier *with, const statement *at, scalar root) {
  range_search in = {.with = with, .nodes = reach_create(with->memory, with->module->dag)};
  reach_from(&in.nodes, root);
  if (find_risky(&in)) search_from(&in, at, root, with->condition);
}

static int rank_of(const verifier *with, const store *item) {
  return item->array < 0 ? 0 : with->module->arrays.items[item->array].rank;
}

void verify_store_ranges(verifier *with, const statement *kernel) {
  range_search in = {.with = with, .nodes = reach_create(with->memory, with->module->dag)};
  for (int k = 0; k < kernel->stores.count; k++) reach_from_store(&in.nodes, with->module, &kernel->stores.items[k]);
  bool risky = find_risky(&in);
  for (int k = 0; k < kernel->stores.count && with->message == NULL; k++) {
    const store *item = &kernel->stores.items[k];
    scalar condition = both(with, with->condition, item->guard);
    if (risky) {
      search_from(&in, kernel, item->guard, with->condition);
      search_from(&in, kernel, item->value, condition);
      search_from(&in, kernel, item->position, condition);
      for (int s = 0; s < rank_of(with, item); s++) search_from(&in, kernel, item->subscripts[s], condition);
    }
    if (item->array >= 0 && !is_within(with, item->array, item->subscripts, condition))
      verify_fail(with, kernel, "a store to %s is not proved to be in range",
                  with->module->arrays.items[item->array].name);
  }
}
