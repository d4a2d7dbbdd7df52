/* What the files of this folder know of the graph, and nobody else: its storage and what is remembered per node. */
#ifndef ADJOIN_SCALAR_SCALAR_GRAPH_H
#define ADJOIN_SCALAR_SCALAR_GRAPH_H

#include "compiler/scalar/scalar_dag.h"

/* A set of ids in ascending order. Sets are shared: most nodes have the set of one of their arguments. `many` means
 * that the set grew too large to keep; then it may hold anything. */
typedef struct {
  int count;
  bool many;
  const int32_t *ids;
} id_set;

/* What is known of a real value that is not nan. */
enum {
  SIGN_NONNEGATIVE = 1,
  SIGN_NONPOSITIVE = 2,
  SIGN_AWAY = 4, /* its magnitude is at least a positive constant: dividing by it is safe */
  SIGN_POSITIVE = SIGN_NONNEGATIVE | SIGN_AWAY
};

typedef struct polynomial polynomial;

typedef struct {
  scalar_node node;
  uint64_t hash;
  const polynomial *form; /* whole nodes: the normal form, once asked for (see polynomial.h) */
  const id_set *indices;  /* the index variables mentioned; never NULL */
  const id_set *arrays;   /* the arrays whose real entries can reach a real node's value; never NULL */
  unsigned sign;          /* a real node: SIGN_ bits */
  bool nonfinite;         /* a real node: may be infinite or nan although all loads are finite */
  bool loads;             /* a load is among its parts */
  uint32_t mark;          /* the last traversal that met this node */
  int64_t scratch;        /* what that traversal noted */
} graph_entry;

enum { CHUNK_SIZE = 4096 };

/* Where traversals keep their order and pending nodes; reused by the next one. */
typedef struct {
  uint32_t mark;
  LIST(scalar) order;
  LIST(scalar) pending;
} graph_walk;

struct scalar_dag {
  arena *memory;
  int count;
  LIST(graph_entry *) chunks;
  scalar *table; /* open addressing; its size is a power of two */
  uint32_t table_size;
  LIST(const char *) extents;
  LIST(const char *) indices;
  graph_walk *walk;
};

static inline graph_entry *graph_at(const scalar_dag *dag, scalar node) {
  return &dag->chunks.items[node / CHUNK_SIZE][node % CHUNK_SIZE];
}

/* The node with this description (its hash-consed number), made if need be. Arguments are copied. No folding. */
scalar graph_intern(scalar_dag *dag, const scalar_node *description);
scalar graph_operation(scalar_dag *dag, scalar_op op, scalar_type result, const scalar *arguments, int count);

/* Fills in what is remembered of a new node from its arguments (scalar_facts.c). */
void graph_describe(scalar_dag *dag, graph_entry *entry);

/* The nodes that `root` is made of, arguments before users, `root` last. `enters` (or NULL: always) tells whether to
 * look at a node at all. The list is valid, and the entries' marks and scratch unused by others, until the next walk;
 * making nodes is no walk. */
typedef bool graph_filter(const scalar_dag *dag, scalar node, const void *context);
const scalar *graph_visit(const scalar_dag *dag, scalar root, graph_filter *enters, const void *context, int *count);
static inline bool graph_visited(const scalar_dag *dag, scalar node) {
  return graph_at(dag, node)->mark == dag->walk->mark;
}

#endif
