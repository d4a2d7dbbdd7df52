/* The graph's storage: nodes in chunks, so that they never move, interned through a hash table; leaves; traversal. */
#include "compiler/scalar/scalar_graph.h"
#include <math.h>
#include <string.h>

scalar_dag *scalar_dag_create(arena *memory) {
  scalar_dag *dag = arena_new(memory, scalar_dag);
  dag->memory = memory;
  dag->table_size = 1024;
  dag->table = arena_array(memory, scalar, dag->table_size);
  dag->walk = arena_new(memory, graph_walk);
  list_push(memory, &dag->chunks, arena_array(memory, graph_entry, CHUNK_SIZE));
  dag->count = 1; /* number 0 is NO_SCALAR */
  return dag;
}

arena *scalar_memory(const scalar_dag *dag) {
  return dag->memory;
}

const scalar_node *scalar_at(const scalar_dag *dag, scalar node) {
  return &graph_at(dag, node)->node;
}

int scalar_count(const scalar_dag *dag) {
  return dag->count;
}

/* Interning. */

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

/* The payload as bits: reals by their representation, so that 0 and -0 differ. */
static uint64_t payload_bits(const scalar_node *node) {
  uint64_t bits = 0;
  switch (node->op) {
  case SCALAR_CONSTANT:
    if (node->type == SCALAR_REAL)
      memcpy(&bits, &node->real, sizeof bits);
    else
      bits = (uint64_t)node->whole;
    return bits;
  case SCALAR_EXTENT:
  case SCALAR_INDEX:
  case SCALAR_LOAD: return (uint32_t)node->id;
  default: return 0;
  }
}

static uint64_t hash_of(const scalar_node *node) {
  uint64_t hash = mix((uint64_t)node->op * 8 + (uint64_t)node->type, payload_bits(node));
  for (int k = 0; k < node->argument_count; k++) hash = mix(hash, (uint32_t)node->arguments[k]);
  return mix(hash, (uint64_t)node->argument_count);
}

static bool same(const scalar_node *left, const scalar_node *right) {
  if (left->op != right->op || left->type != right->type || left->argument_count != right->argument_count) return false;
  if (payload_bits(left) != payload_bits(right)) return false;
  for (int k = 0; k < left->argument_count; k++)
    if (left->arguments[k] != right->arguments[k]) return false;
  return true;
}

static void enter(scalar *table, uint32_t size, uint64_t hash, scalar node) {
  uint32_t slot = (uint32_t)hash & (size - 1);
  while (table[slot] != NO_SCALAR) slot = (slot + 1) & (size - 1);
  table[slot] = node;
}

static void grow_table(scalar_dag *dag) {
  uint32_t size = dag->table_size * 4;
  scalar *table = arena_array(dag->memory, scalar, size);
  for (scalar node = 1; node < dag->count; node++) enter(table, size, graph_at(dag, node)->hash, node);
  dag->table = table;
  dag->table_size = size;
}

static scalar append(scalar_dag *dag, const scalar_node *description, uint64_t hash) {
  if (dag->count == dag->chunks.count * CHUNK_SIZE)
    list_push(dag->memory, &dag->chunks, arena_array(dag->memory, graph_entry, CHUNK_SIZE));
  scalar number = dag->count++;
  graph_entry *entry = graph_at(dag, number);
  entry->node = *description;
  entry->hash = hash;
  if (description->argument_count > 0) {
    scalar *arguments = arena_array(dag->memory, scalar, description->argument_count);
    memcpy(arguments, description->arguments, (size_t)description->argument_count * sizeof *arguments);
    entry->node.arguments = arguments;
  }
  graph_describe(dag, entry);
  enter(dag->table, dag->table_size, hash, number);
  if ((uint32_t)dag->count > dag->table_size / 2) grow_table(dag);
  return number;
}

scalar graph_intern(scalar_dag *dag, const scalar_node *description) {
  uint64_t hash = hash_of(description);
  uint32_t slot = (uint32_t)hash & (dag->table_size - 1);
  for (; dag->table[slot] != NO_SCALAR; slot = (slot + 1) & (dag->table_size - 1)) {
    const graph_entry *known = graph_at(dag, dag->table[slot]);
    if (known->hash == hash && same(&known->node, description)) return dag->table[slot];
  }
  return append(dag, description, hash);
}

scalar graph_operation(scalar_dag *dag, scalar_op op, scalar_type result, const scalar *arguments, int count) {
  return graph_intern(dag, &(scalar_node){.op = op, .type = result, .argument_count = count, .arguments = arguments});
}

/* Leaves. */

static const char *kept_name(arena *memory, const char *name) {
  return name ? arena_copy(memory, name, strlen(name)) : "?";
}

int scalar_new_extent(scalar_dag *dag, const char *name) {
  list_push(dag->memory, &dag->extents, kept_name(dag->memory, name));
  return dag->extents.count - 1;
}

int scalar_new_index(scalar_dag *dag, const char *name) {
  list_push(dag->memory, &dag->indices, kept_name(dag->memory, name));
  return dag->indices.count - 1;
}

const char *scalar_extent_name(const scalar_dag *dag, int id) {
  return dag->extents.items[id];
}

const char *scalar_index_name(const scalar_dag *dag, int id) {
  return dag->indices.items[id];
}

scalar scalar_real(scalar_dag *dag, double value) {
  if (value != value) value = (double)NAN; /* one nan, whatever its bits */
  return graph_intern(dag, &(scalar_node){.op = SCALAR_CONSTANT, .type = SCALAR_REAL, .real = value});
}

scalar scalar_whole(scalar_dag *dag, int64_t value) {
  return graph_intern(dag, &(scalar_node){.op = SCALAR_CONSTANT, .type = SCALAR_WHOLE, .whole = value});
}

scalar scalar_truth(scalar_dag *dag, bool value) {
  return graph_intern(dag, &(scalar_node){.op = SCALAR_CONSTANT, .type = SCALAR_TRUTH, .whole = value});
}

scalar scalar_extent(scalar_dag *dag, int id) {
  return graph_intern(dag, &(scalar_node){.op = SCALAR_EXTENT, .type = SCALAR_WHOLE, .id = id});
}

scalar scalar_index(scalar_dag *dag, int id) {
  return graph_intern(dag, &(scalar_node){.op = SCALAR_INDEX, .type = SCALAR_WHOLE, .id = id});
}

scalar scalar_load(scalar_dag *dag, int array, scalar_type type, int subscript_count, const scalar *subscripts) {
  for (int k = 0; k < subscript_count; k++)
    if (subscripts[k] == NO_SCALAR) return NO_SCALAR;
  return graph_intern(
      dag,
      &(scalar_node){
          .op = SCALAR_LOAD, .type = type, .argument_count = subscript_count, .arguments = subscripts, .id = array});
}

/* Constants. */

static bool is_constant(const scalar_dag *dag, scalar node, scalar_type type) {
  if (node == NO_SCALAR) return false;
  const scalar_node *at = scalar_at(dag, node);
  return at->op == SCALAR_CONSTANT && at->type == type;
}

bool scalar_is_real(const scalar_dag *dag, scalar node, double value) {
  return is_constant(dag, node, SCALAR_REAL) && scalar_at(dag, node)->real == value;
}

bool scalar_is_whole(const scalar_dag *dag, scalar node, int64_t *value) {
  if (!is_constant(dag, node, SCALAR_WHOLE)) return false;
  if (value) *value = scalar_at(dag, node)->whole;
  return true;
}

bool scalar_is_truth(const scalar_dag *dag, scalar node, bool value) {
  return is_constant(dag, node, SCALAR_TRUTH) && (scalar_at(dag, node)->whole != 0) == value;
}

/* Traversal: depth first with a list of its own, since a chain of definitions can be far deeper than the C stack. A
 * node is pushed by its users, opened when it is first on top, and finished when it is on top again. */

static void begin_walk(const scalar_dag *dag) {
  graph_walk *walk = dag->walk;
  walk->order.count = walk->pending.count = 0;
  if (walk->mark >= UINT32_MAX - 2) {
    for (scalar node = 1; node < dag->count; node++) graph_at(dag, node)->mark = 0;
    walk->mark = 0;
  }
  walk->mark += 2; /* mark - 1: opened; mark: finished */
}

const scalar *graph_visit(const scalar_dag *dag, scalar root, graph_filter *enters, const void *context, int *count) {
  begin_walk(dag);
  graph_walk *walk = dag->walk;
  list_push(dag->memory, &walk->pending, root);
  while (walk->pending.count > 0) {
    scalar top = walk->pending.items[walk->pending.count - 1];
    graph_entry *entry = graph_at(dag, top);
    if (entry->mark == walk->mark - 1 || entry->mark == walk->mark || (enters && !enters(dag, top, context))) {
      walk->pending.count--;
      if (entry->mark == walk->mark - 1) {
        entry->mark = walk->mark;
        list_push(dag->memory, &walk->order, top);
      }
      continue;
    }
    entry->mark = walk->mark - 1;
    for (int k = entry->node.argument_count - 1; k >= 0; k--)
      list_push(dag->memory, &walk->pending, entry->node.arguments[k]);
  }
  *count = walk->order.count;
  return walk->order.items;
}
