/* The construction of kernel programs, and which arrays their statements use. */
#include "compiler/kernel/kernel.h"
#include "compiler/kernel/reach.h"
#include <stdarg.h>
#include <string.h>

kernel_module *kernel_module_create(arena *memory, scalar_dag *dag, const source *from) {
  kernel_module *module = arena_new(memory, kernel_module);
  module->memory = memory;
  module->dag = dag;
  module->from = from;
  return module;
}

int kernel_array(kernel_module *module, array description) {
  list_push(module->memory, &module->arrays, description);
  return module->arrays.count - 1;
}

int kernel_check(kernel_module *module, diagnostic_code code, span where, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const char *message = arena_format_list(module->memory, format, arguments);
  va_end(arguments);
  list_push(module->memory, &module->checks, (check_message){code, where, message});
  return module->checks.count;
}

kernel_program *kernel_program_create(kernel_module *module, const char *name) {
  kernel_program *program = arena_new(module->memory, kernel_program);
  program->module = module;
  program->name = name;
  return program;
}

statement *kernel_statement(kernel_module *module, statement_kind kind, span where) {
  statement *made = arena_new(module->memory, statement);
  made->kind = kind;
  made->where = where;
  made->guard = NO_SCALAR;
  return made;
}

scalar kernel_load(kernel_module *module, int number, const scalar *subscripts) {
  const array *from = &module->arrays.items[number];
  return scalar_load(module->dag, number, from->type, from->rank, subscripts);
}

static const scalar *copy_scalars(arena *memory, const scalar *from, int count) {
  scalar *copy = arena_array(memory, scalar, count);
  if (count > 0) memcpy(copy, from, (size_t)count * sizeof *copy);
  return copy;
}

store kernel_store(kernel_module *module, store_kind kind, int number, const scalar *subscripts, scalar value) {
  int rank = number < 0 ? 0 : module->arrays.items[number].rank;
  return (store){.kind = kind,
                 .array = number,
                 .subscripts = copy_scalars(module->memory, subscripts, rank),
                 .value = value,
                 .position = NO_SCALAR,
                 .guard = NO_SCALAR};
}

statement *kernel_fill(kernel_module *module, int number, scalar value, span where) {
  int rank = module->arrays.items[number].rank;
  const scalar *extents = module->arrays.items[number].extents;
  statement *made = kernel_statement(module, STATEMENT_KERNEL, where);
  scalar *subscripts = arena_array(module->memory, scalar, rank);
  scalar zero = scalar_whole(module->dag, 0);
  for (int k = 0; k < rank; k++) {
    int index = scalar_new_index(module->dag, arena_format(module->memory, "e%d", k + 1));
    subscripts[k] = scalar_index(module->dag, index);
    list_push(module->memory, &made->axes, (axis){index, zero, extents[k], AXIS_UNTAGGED});
  }
  list_push(module->memory, &made->stores, kernel_store(module, STORE_ASSIGN, number, subscripts, value));
  return made;
}

/* Recursion here and below is over the nesting of statements, which the parser limits. */
statement *kernel_copy_statement(kernel_module *module, const statement *from) {
  arena *memory = module->memory;
  statement *copy = kernel_statement(module, from->kind, from->where);
  copy->guard = from->guard;
  copy->descending = from->descending;
  copy->search = from->search;
  copy->symmetric = from->symmetric;
  copy->kinked = from->kinked;
  for (int k = 0; k < from->axes.count; k++) list_push(memory, &copy->axes, from->axes.items[k]);
  for (int k = 0; k < from->locals.count; k++) list_push(memory, &copy->locals, from->locals.items[k]);
  for (int k = 0; k < from->stores.count; k++) {
    store item = from->stores.items[k];
    int rank = item.array < 0 ? 0 : module->arrays.items[item.array].rank;
    item.subscripts = copy_scalars(memory, item.subscripts, rank);
    list_push(memory, &copy->stores, item);
  }
  for (int k = 0; k < from->body.count; k++) {
    statement *inner = kernel_copy_statement(module, from->body.items[k]);
    list_push(memory, &copy->body, inner);
  }
  return copy;
}

/* All scalars that the statement itself evaluates, and the arrays that it and its body store to. */
static void collect_uses(const kernel_module *module, const statement *in, reach *used, bool *stored) {
  reach_from_statement(used, module, in);
  for (int k = 0; k < in->stores.count && stored != NULL; k++)
    if (in->stores.items[k].array >= 0) stored[in->stores.items[k].array] = true;
  for (int k = 0; k < in->body.count; k++) collect_uses(module, in->body.items[k], used, stored);
}

void kernel_uses(const kernel_module *module, const statement *in, bool *loaded, bool *stored) {
  reach used = reach_create(module->memory, module->dag);
  collect_uses(module, in, &used, stored);
  if (loaded == NULL) return;
  for (int k = 0; k < used.nodes.count; k++) {
    const scalar_node *node = scalar_at(module->dag, used.nodes.items[k]);
    if (node->op == SCALAR_LOAD) loaded[node->id] = true;
  }
}
