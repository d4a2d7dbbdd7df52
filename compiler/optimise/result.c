/* Results: what a program hands to its caller. */
#include "compiler/optimise/optimise.h"
#include "compiler/optimise/statements.h"

int add_result(kernel_program *program, int local, const char *name, const char *what) {
  kernel_module *module = program->module;
  array made = module->arrays.items[local];
  made.name = name;
  made.role = ARRAY_RESULT;
  made.what = what;
  int result = kernel_array(module, made);
  statement *copy = kernel_fill(module, result, NO_SCALAR, made.where);
  store *item = &copy->stores.items[0];
  item->value = kernel_load(module, local, item->subscripts);
  list_push(module->memory, &program->body, copy);
  list_push(module->memory, &program->results, result);
  return result;
}

/* What is known of an array. */
typedef struct {
  int result;    /* the result it is copied to by a kernel of the program's own list, or -1 */
  bool is_bound; /* it is loaded elsewhere, or stored to in a way that a result can't be */
} copied_array;

typedef struct {
  const kernel_module *module;
  copied_array *copied; /* by array */
} renamer;

/* Is the kernel `result[box] = local[box]`, the same entry on both sides? */
static bool is_copy(const kernel_module *module, const statement *kernel) {
  if (kernel->kind != STATEMENT_KERNEL || kernel->stores.count != 1 || kernel->guard != NO_SCALAR) return false;
  const store *item = &kernel->stores.items[0];
  if (item->kind != STORE_ASSIGN || item->guard != NO_SCALAR) return false;
  const scalar_node *value = scalar_at(module->dag, item->value);
  if (value->op != SCALAR_LOAD || module->arrays.items[value->id].role != ARRAY_LOCAL) return false;
  const array *into = &module->arrays.items[item->array];
  if (into->role != ARRAY_RESULT || into->rank != value->argument_count) return false;
  for (int k = 0; k < into->rank; k++) {
    if (value->arguments[k] != item->subscripts[k]) return false;
    if (into->extents[k] != module->arrays.items[value->id].extents[k]) return false;
  }
  return covers_box(module, item->array, item->subscripts, kernel->axes.items, kernel->axes.count);
}

/* A result is memory of the caller's, reached through a pointer that may be NULL: it takes the place of an array in the
 * workspace, but not of a C variable to which a loop adds; and nothing compares with what it holds. A kernel with
 * several stores tests the pointer in its loop: cheaper than a second array and a copy. */
static void note_store(const renamer *with, const statement *kernel, const store *item, bool at_top) {
  if (item->array < 0) return;
  bool in_loop = !at_top || kernel->axes.count > 0;
  bool variable = with->module->arrays.items[item->array].rank == 0 && in_loop;
  bool plain = item->kind == STORE_ASSIGN || item->kind == STORE_ADD;
  if (variable || !plain) with->copied[item->array].is_bound = true;
}

static void note_statement(const renamer *with, const statement *of, bool at_top) {
  const kernel_module *module = with->module;
  if (at_top && is_copy(module, of)) {
    copied_array *from = &with->copied[scalar_at(module->dag, of->stores.items[0].value)->id];
    if (from->result >= 0) from->is_bound = true;
    from->result = of->stores.items[0].array;
    return;
  }
  reach below = reach_create(module->memory, module->dag);
  reach_from_bounds(&below, of);
  reach_from_body(&below, module, of);
  for (int k = 0; k < below.nodes.count; k++) {
    const scalar_node *at = scalar_at(module->dag, below.nodes.items[k]);
    if (at->op == SCALAR_LOAD) with->copied[at->id].is_bound = true;
  }
  for (int k = 0; k < of->stores.count; k++) note_store(with, of, &of->stores.items[k], at_top);
  for (int k = 0; k < of->body.count; k++) note_statement(with, of->body.items[k], false);
}

static bool is_renamed(const renamer *with, int number) {
  return number >= 0 && with->copied[number].result >= 0 && !with->copied[number].is_bound;
}

static void rename_stores(const renamer *with, statement_list *list, bool at_top) {
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    if (at_top && is_copy(with->module, of)) {
      if (is_renamed(with, scalar_at(with->module->dag, of->stores.items[0].value)->id)) of->stores.count = 0;
      continue;
    }
    for (int s = 0; s < of->stores.count; s++)
      if (is_renamed(with, of->stores.items[s].array))
        of->stores.items[s].array = with->copied[of->stores.items[s].array].result;
    rename_stores(with, &of->body, false);
  }
}

void rename_results(kernel_program *program) {
  const kernel_module *module = program->module;
  int count = module->arrays.count;
  renamer with = {.module = module, .copied = arena_array(module->memory, copied_array, count)};
  for (int k = 0; k < count; k++) with.copied[k].result = -1;
  for (int k = 0; k < program->body.count; k++) note_statement(&with, program->body.items[k], true);
  rename_stores(&with, &program->body, true);
  remove_empty(&program->body);
  bool *gone = arena_array(module->memory, bool, count);
  for (int k = 0; k < count; k++) gone[k] = is_renamed(&with, k);
  remove_locals(program, gone);
}
