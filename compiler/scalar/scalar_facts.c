/* What is remembered of every node when it is made: the index variables it mentions, the arrays whose entries reach
 * its value, what is known of its sign, and whether it can be infinite or nan when nothing that it loads is. */
#include "compiler/scalar/polynomial.h"
#include "compiler/scalar/whole.h"
#include <math.h>

/* Sets. */

enum { ARRAY_SET_LIMIT = 64 };

static const id_set no_ids = {0, false, NULL};
static const id_set too_many_ids = {0, true, NULL};

static const id_set *single_id(arena *memory, int32_t id) {
  id_set *set = arena_new(memory, id_set);
  int32_t *ids = arena_array(memory, int32_t, 1);
  ids[0] = id;
  set->ids = ids;
  set->count = 1;
  return set;
}

static bool contains(const id_set *set, int32_t id) {
  int low = 0, high = set->count;
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (set->ids[middle] < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low < set->count && set->ids[low] == id;
}

static bool includes(const id_set *set, const id_set *part) {
  int at = 0;
  for (int k = 0; k < part->count; k++) {
    while (at < set->count && set->ids[at] < part->ids[k]) at++;
    if (at == set->count || set->ids[at] != part->ids[k]) return false;
  }
  return true;
}

/* The union; one of the two themselves where it is equal to it, which is nearly always. */
static const id_set *join(arena *memory, const id_set *left, const id_set *right, int limit) {
  if (left == right || left->many || includes(left, right)) return right->many ? right : left;
  if (right->many || includes(right, left)) return right;
  int32_t *ids = arena_array(memory, int32_t, left->count + right->count);
  int count = 0, a = 0, b = 0;
  while (a < left->count || b < right->count) {
    if (b == right->count || (a < left->count && left->ids[a] < right->ids[b])) {
      ids[count++] = left->ids[a++];
    } else {
      if (a < left->count && left->ids[a] == right->ids[b]) a++;
      ids[count++] = right->ids[b++];
    }
  }
  if (count > limit) return &too_many_ids;
  id_set *set = arena_new(memory, id_set);
  *set = (id_set){count, false, ids};
  return set;
}

static const id_set *indices_of(scalar_dag *dag, const scalar_node *node) {
  if (node->op == SCALAR_INDEX) return single_id(dag->memory, node->id);
  const id_set *set = &no_ids;
  for (int k = 0; k < node->argument_count; k++)
    set = join(dag->memory, set, graph_at(dag, node->arguments[k])->indices, INT32_MAX);
  return set;
}

/* Only real arguments count: a condition or a subscript does not reach the value. */
static const id_set *arrays_of(scalar_dag *dag, const scalar_node *node) {
  if (node->type != SCALAR_REAL) return &no_ids;
  if (node->op == SCALAR_LOAD) return single_id(dag->memory, node->id);
  const id_set *set = &no_ids;
  for (int k = 0; k < node->argument_count; k++)
    set = join(dag->memory, set, graph_at(dag, node->arguments[k])->arrays, ARRAY_SET_LIMIT);
  return set;
}

bool scalar_mentions_index(const scalar_dag *dag, scalar node, int index) {
  return node != NO_SCALAR && contains(graph_at(dag, node)->indices, index);
}

/* Signs. */

static unsigned negated(unsigned sign) {
  unsigned result = sign & SIGN_AWAY;
  if (sign & SIGN_NONNEGATIVE) result |= SIGN_NONPOSITIVE;
  if (sign & SIGN_NONPOSITIVE) result |= SIGN_NONNEGATIVE;
  return result;
}

static unsigned sign_of_sum(unsigned a, unsigned b) {
  unsigned common = a & b & (SIGN_NONNEGATIVE | SIGN_NONPOSITIVE);
  return common ? common | ((a | b) & SIGN_AWAY) : 0;
}

static unsigned sign_of_product(unsigned a, unsigned b) {
  unsigned away = a & b & SIGN_AWAY;
  if (b & SIGN_NONNEGATIVE) return (a & (SIGN_NONNEGATIVE | SIGN_NONPOSITIVE)) | away;
  if (b & SIGN_NONPOSITIVE) return (negated(a) & (SIGN_NONNEGATIVE | SIGN_NONPOSITIVE)) | away;
  return away;
}

static unsigned sign_of_constant(double value) {
  if (value != value) return 0;
  unsigned away = fabs(value) >= 1e-30 ? SIGN_AWAY : 0;
  return away | (value >= 0 ? SIGN_NONNEGATIVE : 0) | (value <= 0 ? SIGN_NONPOSITIVE : 0);
}

/* A product of extents counts as positive: where an extent is 0 there is nothing to divide by it. */
static unsigned sign_of_whole(const scalar_dag *dag, scalar whole) {
  const scalar_node *node = scalar_at(dag, whole);
  while (node->op == OP_whole_multiply && scalar_at(dag, node->arguments[1])->op == SCALAR_EXTENT)
    node = scalar_at(dag, node->arguments[0]);
  if (node->op == SCALAR_CONSTANT) return node->whole > 0 ? SIGN_POSITIVE : 0;
  return node->op == SCALAR_EXTENT ? SIGN_POSITIVE : 0;
}

static unsigned sign_of_operation(const scalar_dag *dag, const scalar_node *node, unsigned a, unsigned b) {
  switch (node->op) {
  case OP_neg: return negated(a);
  case OP_add: return sign_of_sum(a, b);
  case OP_sub: return sign_of_sum(a, negated(b));
  case OP_mul:
    if (node->arguments[0] == node->arguments[1]) return SIGN_NONNEGATIVE | (a & SIGN_AWAY);
    return sign_of_product(a, b);
  case OP_mul0:
  case OP_div: return sign_of_product(a, b) & ~(unsigned)SIGN_AWAY;
  case OP_stop: return a;
  case OP_abs:
  case OP_sqrt: return SIGN_NONNEGATIVE | (a & SIGN_AWAY);
  case OP_hypot: return SIGN_NONNEGATIVE | ((a | b) & SIGN_AWAY);
  case OP_cosh: return SIGN_POSITIVE;
  case OP_exp:
  case OP_exp2:
  case OP_erfc:
  case OP_sigmoid:
  case OP_softplus:
  case OP_acos:
  case OP_acosh: return SIGN_NONNEGATIVE;
  case OP_pow: return a & SIGN_NONNEGATIVE;
  case OP_max:
    if ((a & SIGN_POSITIVE) == SIGN_POSITIVE || (b & SIGN_POSITIVE) == SIGN_POSITIVE) return SIGN_POSITIVE;
    return ((a | b) & SIGN_NONNEGATIVE) | (a & b & SIGN_NONPOSITIVE);
  case OP_min: return (a & b & (SIGN_NONNEGATIVE | SIGN_AWAY)) | ((a | b) & SIGN_NONPOSITIVE);
  case OP_real_of_whole: return sign_of_whole(dag, node->arguments[0]);
  case OP_real_of_truth: return SIGN_NONNEGATIVE;
  default: return 0;
  }
}

static unsigned sign_of(const scalar_dag *dag, const scalar_node *node) {
  if (node->type != SCALAR_REAL) return 0;
  if (node->op == SCALAR_CONSTANT) return sign_of_constant(node->real);
  if (node->op == SCALAR_SELECT)
    return graph_at(dag, node->arguments[1])->sign & graph_at(dag, node->arguments[2])->sign;
  if (!scalar_row(node->op)) return 0;
  unsigned a = graph_at(dag, node->arguments[0])->sign;
  unsigned b = node->argument_count > 1 ? graph_at(dag, node->arguments[1])->sign : 0;
  return sign_of_operation(dag, node, a, b);
}

/* Finiteness. */

/* Is an operation that the table flags finite all the same, by what is known of its arguments' signs? */
static bool known_finite(const scalar_dag *dag, const scalar_node *node) {
  const graph_entry *a = graph_at(dag, node->arguments[0]);
  const graph_entry *b = node->argument_count > 1 ? graph_at(dag, node->arguments[1]) : NULL;
  switch (node->op) {
  case OP_div: return (b->sign & SIGN_AWAY) || (b->node.op == SCALAR_CONSTANT && b->node.real != 0);
  case OP_sqrt:
  case OP_log1p: return a->sign & SIGN_NONNEGATIVE;
  case OP_log:
  case OP_log2:
  case OP_log10: return (a->sign & SIGN_POSITIVE) == SIGN_POSITIVE;
  case OP_exp:
  case OP_exp2:
  case OP_expm1: return a->sign & SIGN_NONPOSITIVE;
  case OP_cbrt: return true;
  case OP_pow: return (a->sign & SIGN_NONNEGATIVE) && b->node.op == SCALAR_CONSTANT && b->node.real > 0;
  default: return false;
  }
}

static bool nonfinite(const scalar_dag *dag, const scalar_node *node) {
  if (node->type != SCALAR_REAL) return false;
  if (node->op == SCALAR_CONSTANT) return !isfinite(node->real);
  for (int k = 0; node->op != SCALAR_LOAD && k < node->argument_count; k++)
    if (graph_at(dag, node->arguments[k])->nonfinite) return true;
  const scalar_op_row *row = scalar_row(node->op);
  return row && (row->flags & OP_NONFINITE) && !known_finite(dag, node);
}

bool scalar_may_be_nonfinite(const scalar_dag *dag, scalar node, const bool *tainted, int array_count) {
  const graph_entry *entry = graph_at(dag, node);
  if (entry->nonfinite) return true;
  if (!tainted) return false;
  if (entry->arrays->many) return true;
  for (int k = 0; k < entry->arrays->count; k++) {
    int array = entry->arrays->ids[k];
    if (array < array_count && tainted[array]) return true;
  }
  return false;
}

/* Of a power, for exponents between 0 and 1. */
singular_place scalar_singular(const scalar_dag *dag, scalar node, int which) {
  const scalar_node *at = scalar_at(dag, node);
  if (which != 0 || !(scalar_row(at->op)->flags & OP_SINGULAR)) return SINGULAR_NOWHERE;
  if (at->op != OP_sqrt && at->op != OP_cbrt && at->op != OP_pow) return SINGULAR_ELSEWHERE;
  const scalar_node *exponent = at->op == OP_pow ? scalar_at(dag, at->arguments[1]) : NULL;
  bool known = exponent && exponent->op == SCALAR_CONSTANT;
  bool smooth = known && !(exponent->real > 0 && exponent->real < 1);
  return smooth || (graph_at(dag, at->arguments[0])->sign & SIGN_AWAY) ? SINGULAR_NOWHERE : SINGULAR_AT_ZERO;
}

static bool loads(const scalar_dag *dag, const scalar_node *node) {
  if (node->op == SCALAR_LOAD) return true;
  for (int k = 0; k < node->argument_count; k++)
    if (graph_at(dag, node->arguments[k])->loads) return true;
  return false;
}

void graph_describe(scalar_dag *dag, graph_entry *entry) {
  entry->loads = loads(dag, &entry->node);
  entry->indices = indices_of(dag, &entry->node);
  entry->arrays = arrays_of(dag, &entry->node);
  entry->sign = sign_of(dag, &entry->node);
  entry->nonfinite = nonfinite(dag, &entry->node);
}
