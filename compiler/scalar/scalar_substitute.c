/* Copies of expressions with index variables and arrays replaced. */
#include "compiler/scalar/scalar_graph.h"
#include <string.h>

typedef struct {
  const scalar *replacement;
  int count;
  const int *replaced_array;
  int array_count;
} substitution;

/* Can the node change? If not, its parts are not looked at. */
static bool affected(const scalar_dag *dag, scalar node, const void *context) {
  const substitution *with = context;
  const graph_entry *entry = graph_at(dag, node);
  if (with->replaced_array && entry->loads) return true;
  for (int k = 0; k < entry->indices->count; k++) {
    int32_t index = entry->indices->ids[k];
    if (index < with->count && with->replacement[index] != NO_SCALAR) return true;
  }
  return false;
}

static scalar replaced(const scalar_dag *dag, scalar node) {
  return graph_visited(dag, node) ? (scalar)graph_at(dag, node)->scratch : node;
}

static int array_for(const substitution *with, int array) {
  if (!with->replaced_array || array >= with->array_count || with->replaced_array[array] < 0) return array;
  return with->replaced_array[array];
}

enum { SMALL_ARITY = 16 };

/* The node again, with its parts replaced. */
static scalar rebuild(scalar_dag *dag, const scalar_node *at, const substitution *with) {
  scalar few[SMALL_ARITY];
  scalar *arguments = at->argument_count <= SMALL_ARITY ? few : arena_array(dag->memory, scalar, at->argument_count);
  for (int k = 0; k < at->argument_count; k++) arguments[k] = replaced(dag, at->arguments[k]);
  switch (at->op) {
  case SCALAR_LOAD: return scalar_load(dag, array_for(with, at->id), at->type, at->argument_count, arguments);
  case SCALAR_SELECT: return scalar_select(dag, arguments[0], arguments[1], arguments[2]);
  default: return scalar_apply(dag, at->op, arguments);
  }
}

scalar scalar_substitute(scalar_dag *dag, scalar node, const scalar *replacement, int count, const int *replaced_array,
                         int array_count) {
  substitution with = {replacement, count, replaced_array, array_count};
  if (node == NO_SCALAR || !affected(dag, node, &with)) return node;
  int visited;
  const scalar *order = graph_visit(dag, node, affected, &with, &visited);
  for (int k = 0; k < visited; k++) {
    graph_entry *entry = graph_at(dag, order[k]);
    const scalar_node *at = &entry->node;
    entry->scratch = at->op == SCALAR_INDEX ? replacement[at->id] : rebuild(dag, at, &with);
  }
  return (scalar)graph_at(dag, node)->scratch;
}
