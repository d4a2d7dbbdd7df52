/* The state of an interpreted program, and the evaluation of scalar expressions by an explicit worklist. */
#include "tests/oracle/machine.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { MAXIMUM_SUBSCRIPTS = 64 };

void machine_fail(machine *in, const char *format, ...) {
  if (in->failed) return;
  in->failed = true;
  if (in->message_size == 0) return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(in->message, in->message_size, format, arguments);
  va_end(arguments);
}

void expressions_prepare(machine *in, expressions *of) {
  int count = of->nodes.nodes.count, arguments = 0;
  reach_sort(&of->nodes);
  of->first_argument = arena_array(in->memory, int, count);
  of->values = arena_array(in->memory, number, count);
  of->computed = arena_array(in->memory, int64_t, count);
  for (int k = 0; k < count; k++) {
    of->first_argument[k] = arguments;
    arguments += scalar_at(of->nodes.dag, of->nodes.nodes.items[k])->argument_count;
  }
  of->arguments = arena_array(in->memory, int, arguments);
  for (int k = 0; k < count; k++) {
    const scalar_node *node = scalar_at(of->nodes.dag, of->nodes.nodes.items[k]);
    for (int a = 0; a < node->argument_count; a++)
      of->arguments[of->first_argument[k] + a] = reach_position(&of->nodes, node->arguments[a]);
  }
  of->now = 1;
}

void expressions_forget(expressions *of) {
  of->now++;
}

int64_t machine_place(machine *in, int array_number, const int64_t *subscripts) {
  const array *of = &in->program->module->arrays.items[array_number];
  int64_t place = 0;
  for (int k = 0; k < of->rank; k++) {
    int64_t extent = in->blocks[array_number].extents[k];
    if (subscripts[k] < 0 || subscripts[k] >= extent) {
      machine_fail(in, "subscript %d of %s is %lld, its extent is %lld", k + 1, of->name, (long long)subscripts[k],
                   (long long)extent);
      return -1;
    }
    place = place * extent + subscripts[k];
  }
  return place;
}

static number load(machine *in, const expressions *of, const scalar_node *node, int position_in_nodes) {
  const array *from = &in->program->module->arrays.items[node->id];
  const block *at = &in->blocks[node->id];
  number value = {0};
  int64_t subscripts[MAXIMUM_SUBSCRIPTS];
  if (node->argument_count > MAXIMUM_SUBSCRIPTS) {
    machine_fail(in, "%s has too many axes", from->name);
    return value;
  }
  for (int k = 0; k < node->argument_count; k++)
    subscripts[k] = of->values[of->arguments[of->first_argument[position_in_nodes] + k]].whole;
  int64_t place = machine_place(in, node->id, subscripts);
  if (place < 0) return value;
  if (at->states != NULL && at->states[place] == ENTRY_UNWRITTEN)
    machine_fail(in, "entry %lld of %s is read before it is written", (long long)place, from->name);
  else if (at->local != NULL)
    value = at->local[place];
  else if (at->given_wholes != NULL)
    value.whole = at->given_wholes[place];
  else if (at->given_reals != NULL)
    value.real = at->given_reals[place];
  else
    machine_fail(in, "%s cannot be loaded", from->name);
  return value;
}

/* Doubles hold whole numbers exactly up to here. */
static const int64_t largest_exact = (int64_t)1 << 53;

static number apply(machine *in, const expressions *of, const scalar_node *node, const int *arguments) {
  int64_t wholes[3];
  double reals[3];
  bool all_whole = true;
  number value = {0};
  for (int k = 0; k < node->argument_count && k < 3; k++) {
    scalar_type type = scalar_at(of->nodes.dag, of->nodes.nodes.items[arguments[k]])->type;
    number argument = of->values[arguments[k]];
    wholes[k] = argument.whole;
    reals[k] = type == SCALAR_REAL ? argument.real : (double)argument.whole;
    all_whole = all_whole && type == SCALAR_WHOLE;
    bool inexact = type == SCALAR_WHOLE && (argument.whole > largest_exact || argument.whole < -largest_exact);
    if (inexact && node->type == SCALAR_TRUTH) machine_fail(in, "a whole number beyond 2^53 is compared");
  }
  if (all_whole && node->type == SCALAR_WHOLE) {
    if (!scalar_evaluate_whole(node->op, wholes, &value.whole))
      machine_fail(in, "%s of whole numbers overflows or divides by zero", scalar_row(node->op)->name);
    return value;
  }
  double result = scalar_evaluate(node->op, reals);
  if (node->type == SCALAR_REAL)
    value.real = result;
  else
    value.whole = node->type == SCALAR_TRUTH ? result != 0 : (int64_t)result;
  return value;
}

static number compute(machine *in, const expressions *of, int at) {
  const scalar_node *node = scalar_at(of->nodes.dag, of->nodes.nodes.items[at]);
  number value = {0};
  switch (node->op) {
  case SCALAR_CONSTANT:
    if (node->type == SCALAR_REAL)
      value.real = node->real;
    else
      value.whole = node->whole;
    return value;
  case SCALAR_EXTENT: value.whole = in->extents[node->id]; return value;
  case SCALAR_INDEX: value.whole = in->indices[node->id]; return value;
  case SCALAR_LOAD: return load(in, of, node, at);
  default: return apply(in, of, node, of->arguments + of->first_argument[at]);
  }
}

/* Of a node that is lazy, with its first argument known: the argument that has its value, or -1 when the first
 * argument decides (`and`, `or`). */
static int chosen(const expressions *of, const scalar_node *node, const int *arguments) {
  bool first = of->values[arguments[0]].whole != 0;
  if (node->op == SCALAR_SELECT) return first ? arguments[1] : arguments[2];
  return first == (node->op == OP_and) ? arguments[1] : -1;
}

static bool is_lazy(const scalar_node *node) {
  return node->op == SCALAR_SELECT || node->op == OP_and || node->op == OP_or;
}

/* Pushes what must be computed before this node can be; false when nothing is missing. */
static bool push_missing(machine *in, expressions *of, int at) {
  const scalar_node *node = scalar_at(of->nodes.dag, of->nodes.nodes.items[at]);
  const int *arguments = of->arguments + of->first_argument[at];
  if (is_lazy(node)) {
    bool tested = of->computed[arguments[0]] == of->now;
    int next = tested ? chosen(of, node, arguments) : arguments[0];
    if (next < 0 || of->computed[next] == of->now) return false;
    list_push(in->memory, &of->waiting, next);
    return true;
  }
  bool missing = false;
  for (int k = 0; k < node->argument_count; k++) {
    if (of->computed[arguments[k]] == of->now) continue;
    list_push(in->memory, &of->waiting, arguments[k]);
    missing = true;
  }
  return missing;
}

static void finish(machine *in, expressions *of, int at) {
  const scalar_node *node = scalar_at(of->nodes.dag, of->nodes.nodes.items[at]);
  const int *arguments = of->arguments + of->first_argument[at];
  if (is_lazy(node)) {
    int from = chosen(of, node, arguments);
    of->values[at] = of->values[from < 0 ? arguments[0] : from];
  } else {
    of->values[at] = compute(in, of, at);
  }
  of->computed[at] = of->now;
}

number expressions_evaluate(machine *in, expressions *of, scalar node) {
  number nothing = {0};
  int root = reach_position(&of->nodes, node);
  of->waiting.count = 0;
  list_push(in->memory, &of->waiting, root);
  while (of->waiting.count > 0 && !in->failed) {
    int at = of->waiting.items[of->waiting.count - 1];
    if (of->computed[at] != of->now) {
      if (push_missing(in, of, at)) continue;
      finish(in, of, at);
    }
    of->waiting.count--;
  }
  return in->failed ? nothing : of->values[root];
}
