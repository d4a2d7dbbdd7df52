/* The memory of a function's local arrays: one pointer for each slot of the memory plan, all within the caller's
 * workspace; and the function that tells how large that must be. */
#include "compiler/emit/writer.h"

const memory_plan *memory_of(emitter *in, int function) {
  if (!in->plans[function]) in->plans[function] = plan_memory(in->what->functions[function].program);
  return in->plans[function];
}

body *plan_sizes(writer *to, const scalar *sizes, int count) {
  const kernel_module *module = to->module;
  statement *of = arena_new(to->memory, statement);
  of->kind = STATEMENT_KERNEL;
  for (int k = 0; k < count; k++)
    list_push(to->memory, &of->stores, (store){.kind = STORE_CHECK, .array = -1, .value = sizes[k]});
  surroundings none = surroundings_create(module);
  surroundings *around = arena_new(to->memory, surroundings);
  *around = none;
  return body_plan(around, of);
}

/* The arrays that live in each slot: how many, and one of them. */
static int *count_users(const writer *to, const memory_plan *plan, int *user) {
  int *count = arena_array(to->memory, int, plan->slot_count);
  for (int k = 0; k < to->module->arrays.count; k++) {
    int slot = plan->slot_of[k];
    if (slot < 0) continue;
    count[slot]++;
    user[slot] = k;
  }
  return count;
}

static const scalar *known_sizes(const writer *to, const memory_plan *plan) {
  scalar *sizes = arena_array(to->memory, scalar, plan->slot_count);
  for (int k = 0; k < plan->slot_count; k++)
    sizes[k] = plan->slot_size[k] != NO_SCALAR ? plan->slot_size[k] : scalar_whole(to->module->dag, 0);
  return sizes;
}

static void write_slots(writer *to, const memory_plan *plan, const char *const *names) {
  body *sizes = plan_sizes(to, known_sizes(to, plan), plan->slot_count);
  write_region(to, sizes, 0);
  for (int k = 0; k < plan->slot_count; k++) {
    write_indent(to);
    text_format(to->out, "%s *const %s = %s", to->for_all->real, names[k], k ? names[k - 1] : to->work);
    if (k > 0) {
      text_append(to->out, " + ");
      write_expression(to, sizes, sizes->stores[k - 1].value, PRECEDENCE_PRODUCT);
      if (to->for_all->what->batched) write_all(to, " * ", extent_name(to, BATCH_EXTENT), NULL);
    }
    text_append(to->out, ";\n");
  }
}

void write_memory(writer *to) {
  const memory_plan *plan = memory_of(to->for_all, to->number);
  int *user = arena_array(to->memory, int, plan->slot_count);
  int *users = count_users(to, plan, user);
  const char **names = arena_array(to->memory, const char *, plan->slot_count);
  for (int k = 0; k < plan->slot_count; k++)
    names[k] = c_names_claim(&to->names, users[k] == 1 ? to->module->arrays.items[user[k]].name : "space");
  write_slots(to, plan, names);
  for (int k = 0; k < to->module->arrays.count; k++) {
    int slot = plan->slot_of[k];
    if (slot < 0) continue;
    to->array_names[k] = users[slot] == 1 ? names[slot] : c_names_claim(&to->names, to->module->arrays.items[k].name);
    if (users[slot] > 1) write_line(to, "%s *const %s = %s;", to->for_all->real, to->array_names[k], names[slot]);
  }
}

/* A real expression that is at least the magnitude of a whole one and of every part of it, whatever the extents: where
 * it is small enough, no step of the whole one overflows. */
static scalar magnitude(const writer *to, scalar whole) {
  scalar_dag *dag = to->module->dag;
  reach below = reach_create(to->memory, dag);
  reach_from(&below, whole);
  reach_sort(&below);
  scalar *real = arena_array(to->memory, scalar, below.nodes.count);
  for (int k = 0; k < below.nodes.count; k++) {
    const scalar_node *node = scalar_at(dag, below.nodes.items[k]);
    scalar a = node->argument_count > 0 ? real[reach_position(&below, node->arguments[0])] : NO_SCALAR;
    scalar b = node->argument_count > 1 ? real[reach_position(&below, node->arguments[1])] : NO_SCALAR;
    if (node->op == SCALAR_CONSTANT)
      real[k] = scalar_real(dag, node->whole < 0 ? -(double)node->whole : (double)node->whole);
    else if (node->op == OP_whole_multiply)
      real[k] = scalar_binary(dag, OP_mul, a, b);
    else if (b != NO_SCALAR)
      real[k] = scalar_binary(dag, OP_add, a, b); /* a quotient and a remainder are no larger than that */
    else
      real[k] = a != NO_SCALAR ? a : scalar_unary(dag, OP_real_of_whole, below.nodes.items[k]);
  }
  return real[reach_position(&below, whole)];
}

/* 8 bytes an entry, and room for a sign: what is larger than this can't be addressed. */
static const double largest_workspace = 1e18;

void write_total(writer *to, const scalar *sizes, int count) {
  scalar_dag *dag = to->module->dag;
  scalar total = scalar_whole(dag, 0), size = scalar_real(dag, 0);
  for (int k = 0; k < count; k++) {
    total = whole_add(dag, total, sizes[k]);
    if (total == NO_SCALAR) break;
    size = scalar_binary(dag, OP_add, size, magnitude(to, sizes[k]));
  }
  if (total == NO_SCALAR) {
    write_line(to, "return (size_t)-1;");
    return;
  }
  scalar fits = scalar_binary(dag, OP_le, size, scalar_real(dag, largest_workspace));
  if (!scalar_is_truth(dag, fits, true)) {
    body *test = plan_sizes(to, &fits, 1);
    write_region(to, test, 0);
    write_indent(to);
    text_append(to->out, "if (!");
    write_expression(to, test, test->stores[0].value, PRECEDENCE_PRIMARY);
    text_append(to->out, ") return (size_t)-1;\n");
  }
  body *need = plan_sizes(to, &total, 1);
  write_region(to, need, 0);
  write_indent(to);
  text_append(to->out, "return (size_t)");
  write_expression(to, need, need->stores[0].value, PRECEDENCE_PRIMARY);
  text_append(to->out, ";\n");
}

void write_need(writer *to, const scalar *others, int other_count) {
  const memory_plan *plan = memory_of(to->for_all, to->number);
  scalar *sizes = arena_array(to->memory, scalar, plan->slot_count + other_count + 1);
  for (int k = 0; k < plan->slot_count; k++) sizes[k] = plan->slot_size[k];
  for (int k = 0; k < other_count; k++) sizes[plan->slot_count + k] = others[k];
  write_total(to, sizes, plan->slot_count + other_count);
}
