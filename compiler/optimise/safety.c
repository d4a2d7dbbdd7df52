/* Proofs that a statement's loads, stores and whole-number divisions are safe at a place. */
#include "compiler/optimise/safety.h"
#include "compiler/optimise/statements.h"

place_facts place_facts_create(kernel_module *module) {
  place_facts made = {.module = module};
  place_note_arrays(&made);
  return made;
}

void place_note_arrays(place_facts *place) {
  const kernel_module *module = place->module;
  for (int k = place->array_bound.count; k < module->arrays.count; k++)
    list_push(module->memory, &place->array_bound, module->arrays.items[k].bound);
}

static scalar condition_of(const place_facts *place) {
  return place->conditions.count == 0 ? NO_SCALAR : place->conditions.items[place->conditions.count - 1];
}

static whole_facts facts_of(const place_facts *place) {
  return (whole_facts){.ranges = place->ranges.items,
                       .range_count = place->ranges.count,
                       .array_bound = place->array_bound.items,
                       .array_count = place->array_bound.count,
                       .condition = condition_of(place)};
}

static scalar both(const place_facts *place, scalar a, scalar b) {
  if (a == NO_SCALAR || a == b) return b;
  return scalar_binary(place->module->dag, OP_and, a, b);
}

void place_enter_guard(place_facts *place, scalar guard) {
  if (guard == NO_SCALAR) return;
  scalar joined = both(place, condition_of(place), guard);
  list_push(place->module->memory, &place->conditions, joined);
}

static void enter_axis(place_facts *place, const axis *of) {
  list_push(place->module->memory, &place->ranges, (whole_range){of->index, of->lower, of->upper});
}

place_mark place_enter(place_facts *place, const statement *of) {
  place_mark mark = {place->ranges.count, place->conditions.count};
  for (int k = 0; k < of->axes.count; k++) enter_axis(place, &of->axes.items[k]);
  place_enter_guard(place, of->guard);
  return mark;
}

void place_leave(place_facts *place, place_mark mark) {
  place->ranges.count = mark.range_count;
  place->conditions.count = mark.condition_count;
}

/* upper - lower - 1 >= 0 for each axis, inside the axes around it. */
bool runs_at_least_once(place_facts *place, const statement *of) {
  scalar_dag *dag = place->module->dag;
  place_mark mark = {place->ranges.count, place->conditions.count};
  bool proved = of->guard == NO_SCALAR;
  for (int k = 0; proved && k < of->axes.count; k++) {
    const axis *over = &of->axes.items[k];
    whole_facts facts = facts_of(place);
    scalar one = scalar_whole(dag, 1);
    scalar last = whole_subtract(dag, whole_subtract(dag, over->upper, over->lower), one);
    proved = last != NO_SCALAR && whole_proves_nonnegative(dag, last, &facts);
    enter_axis(place, over);
  }
  place_leave(place, mark);
  return proved;
}

static bool subscripts_in_range(const place_facts *place, int number, const scalar *subscripts, scalar condition) {
  const array *of = &place->module->arrays.items[number];
  whole_facts facts = facts_of(place);
  if (condition != NO_SCALAR) facts.condition = both(place, facts.condition, condition);
  for (int k = 0; k < of->rank; k++)
    if (!whole_proves_within(place->module->dag, subscripts[k], of->extents[k], &facts)) return false;
  return true;
}

static bool divisor_is_positive(const place_facts *place, scalar divisor) {
  scalar_dag *dag = place->module->dag;
  whole_facts facts = facts_of(place);
  scalar one = scalar_whole(dag, 1);
  scalar less_one = whole_subtract(dag, divisor, one);
  return less_one != NO_SCALAR && whole_proves_nonnegative(dag, less_one, &facts);
}

/* Is this one node safe where `condition` holds? */
static bool node_is_safe(const place_facts *place, scalar node, scalar condition) {
  const scalar_node *at = scalar_at(place->module->dag, node);
  if (at->op == SCALAR_LOAD) return subscripts_in_range(place, at->id, at->arguments, condition);
  if (at->op == OP_whole_quotient || at->op == OP_whole_remainder) return divisor_is_positive(place, at->arguments[1]);
  return true;
}

/* A range test stands directly around the load that it protects: select(test, load, otherwise). So a node is judged
 * once per place where it is used: under the test where it is what a select takes, without a condition elsewhere. */
static bool arguments_are_safe(const place_facts *place, scalar node) {
  const scalar_node *at = scalar_at(place->module->dag, node);
  for (int k = 0; k < at->argument_count; k++) {
    scalar condition = at->op == SCALAR_SELECT && k == 1 ? at->arguments[0] : NO_SCALAR;
    if (!node_is_safe(place, at->arguments[k], condition)) return false;
  }
  return true;
}

static bool scalars_are_safe(const place_facts *place, const scalar *roots, int count) {
  reach below = reach_create(place->module->memory, place->module->dag);
  for (int k = 0; k < count; k++) {
    if (roots[k] == NO_SCALAR) continue;
    if (!node_is_safe(place, roots[k], NO_SCALAR)) return false;
    reach_from(&below, roots[k]);
  }
  for (int k = 0; k < below.nodes.count; k++)
    if (!arguments_are_safe(place, below.nodes.items[k])) return false;
  return true;
}

static bool store_is_safe(place_facts *place, const store *of) {
  if (!scalars_are_safe(place, &of->guard, 1)) return false;
  place_mark mark = {place->ranges.count, place->conditions.count};
  place_enter_guard(place, of->guard);
  scalar values[2] = {of->value, of->position};
  bool safe = scalars_are_safe(place, values, 2);
  if (safe && of->array >= 0) {
    safe = scalars_are_safe(place, of->subscripts, place->module->arrays.items[of->array].rank) &&
           subscripts_in_range(place, of->array, of->subscripts, NO_SCALAR);
  }
  place_leave(place, mark);
  return safe;
}

/* The bounds of each axis are evaluated inside the axes before it, the guard inside all of them. */
bool statement_is_safe(place_facts *place, const statement *of) {
  place_mark mark = {place->ranges.count, place->conditions.count};
  bool safe = true;
  for (int k = 0; safe && k < of->axes.count; k++) {
    scalar bounds[2] = {of->axes.items[k].lower, of->axes.items[k].upper};
    safe = scalars_are_safe(place, bounds, 2);
    enter_axis(place, &of->axes.items[k]);
  }
  safe = safe && scalars_are_safe(place, &of->guard, 1);
  place_enter_guard(place, of->guard);
  for (int k = 0; safe && k < of->stores.count; k++) safe = store_is_safe(place, &of->stores.items[k]);
  for (int k = 0; safe && k < of->body.count; k++) safe = statement_is_safe(place, of->body.items[k]);
  place_leave(place, mark);
  return safe;
}
