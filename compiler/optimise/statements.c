/* Questions about statements, and their removal. Recursion is over the nesting of statements alone. */
#include "compiler/optimise/statements.h"
#include <string.h>

int index_of(const scalar_dag *dag, scalar node) {
  const scalar_node *at = scalar_at(dag, node);
  return at->op == SCALAR_INDEX ? at->id : -1;
}

/* Ranks are small: comparing every subscript with every axis is cheaper than any table. Each axis is named once when
 * there are as many subscripts as axes and no two subscripts are the same. */
bool covers_box(const kernel_module *module, int number, const scalar *subscripts, const axis *axes, int axis_count) {
  const array *into = &module->arrays.items[number];
  if (into->rank != axis_count) return false;
  for (int k = 0; k < into->rank; k++) {
    int index = index_of(module->dag, subscripts[k]), place = 0;
    while (place < axis_count && axes[place].index != index) place++;
    int64_t lower;
    if (place == axis_count || axes[place].upper != into->extents[k]) return false;
    if (!scalar_is_whole(module->dag, axes[place].lower, &lower) || lower != 0) return false;
    for (int earlier = 0; earlier < k; earlier++)
      if (subscripts[earlier] == subscripts[k]) return false;
  }
  return true;
}

scalar *copy_subscripts(const kernel_module *module, const store *of) {
  int rank = of->array < 0 ? 0 : module->arrays.items[of->array].rank;
  scalar *copy = arena_array(module->memory, scalar, rank);
  if (rank > 0) memcpy(copy, of->subscripts, (size_t)rank * sizeof *copy);
  return copy;
}

void remove_empty(statement_list *list) {
  int kept = 0;
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    remove_empty(&of->body);
    if (of->stores.count > 0 || of->body.count > 0) list->items[kept++] = of;
  }
  list->count = kept;
}

static int without(int *locals, int count, const bool *gone) {
  int kept = 0;
  for (int k = 0; k < count; k++)
    if (!gone[locals[k]]) locals[kept++] = locals[k];
  return kept;
}

static void remove_inner_locals(statement_list *list, const bool *gone) {
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    of->locals.count = without(of->locals.items, of->locals.count, gone);
    remove_inner_locals(&of->body, gone);
  }
}

void remove_locals(kernel_program *program, const bool *gone) {
  program->locals.count = without(program->locals.items, program->locals.count, gone);
  remove_inner_locals(&program->body, gone);
}
