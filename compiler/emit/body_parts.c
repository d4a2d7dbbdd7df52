/* The scalars of a statement as a list of parts, arguments first, with the places of entries in memory made explicit.
 *
 * Requires: a statement that kernel_verify accepts. Ensures: each distinct scalar is one part, and so is each distinct
 * place; the walk uses no recursion. */
#include "compiler/emit/body.h"

#include <string.h>

typedef struct {
  int op, left, right;
  int part;
} known_place;

/* A node whose arguments, up to `next`, are parts already. */
typedef struct {
  scalar node;
  int next;
} visit;

typedef struct {
  body *into;
  surroundings *around;
  const scalar_dag *dag;
  reach seen;
  LIST(int) part_of; /* by position in `seen`; -1 while its arguments are visited */
  LIST(visit) stack;
  LIST(known_place) places;
  int *buckets; /* 1 + a position in `places`, or 0 */
  int bucket_count;
} collector;

bool is_variable(const array *of) {
  return of->rank == 0 && of->role != ARRAY_RESULT;
}

surroundings surroundings_create(const kernel_module *module) {
  surroundings made = {.module = module};
  made.strides = arena_array(module->memory, const scalar *, module->arrays.count);
  scalar *bounds = arena_array(module->memory, scalar, module->arrays.count);
  for (int k = 0; k < module->arrays.count; k++) bounds[k] = module->arrays.items[k].bound;
  made.array_bound = bounds;
  return made;
}

const scalar *array_strides(surroundings *in, int number) {
  if (in->strides[number]) return in->strides[number];
  const kernel_module *module = in->module;
  const array *of = &module->arrays.items[number];
  scalar *made = arena_array(module->memory, scalar, of->rank + 1);
  scalar stride = scalar_whole(module->dag, 1);
  for (int k = of->rank - 1; k >= 0; k--) {
    made[k] = stride;
    stride = whole_multiply(module->dag, of->extents[k], stride);
    if (stride == NO_SCALAR) stride = scalar_whole(module->dag, 0); /* too large to exist: no entry will be read */
  }
  in->strides[number] = made;
  return made;
}

static int add_part(collector *in, part added) {
  added.region = added.use_region = added.next = -1;
  for (int k = 0; k < added.argument_count; k++) {
    int level = in->into->parts.items[added.arguments[k]].level;
    if (level > added.level) added.level = level;
  }
  list_push(in->into->memory, &in->into->parts, added);
  return in->into->parts.count - 1;
}

static void grow_places(collector *in) {
  in->bucket_count = in->bucket_count ? 2 * in->bucket_count : 16;
  in->buckets = arena_array(in->into->memory, int, in->bucket_count);
  for (int k = 0; k < in->places.count; k++) {
    const known_place *at = &in->places.items[k];
    uint32_t slot = ((uint32_t)at->left * 31u + (uint32_t)at->right) * 2654435769u >> 8;
    while (in->buckets[slot % (uint32_t)in->bucket_count]) slot++;
    in->buckets[slot % (uint32_t)in->bucket_count] = k + 1;
  }
}

/* The part `left op right` of a place, made once. */
static int place_of(collector *in, int op, int left, int right) {
  if (2 * in->places.count >= in->bucket_count) grow_places(in);
  uint32_t slot = ((uint32_t)left * 31u + (uint32_t)right) * 2654435769u >> 8;
  int *bucket;
  for (; *(bucket = &in->buckets[slot % (uint32_t)in->bucket_count]); slot++) {
    const known_place *at = &in->places.items[*bucket - 1];
    if (at->op == op && at->left == left && at->right == right) return at->part;
  }
  *bucket = in->places.count + 1;
  int made = add_part(in, (part){.op = op, .type = SCALAR_WHOLE, .argument_count = 2, .arguments = {left, right}});
  list_push(in->into->memory, &in->places, (known_place){op, left, right, made});
  return made;
}

static int find_part(const collector *in, scalar node) {
  return in->part_of.items[reach_position(&in->seen, node)];
}

static void see(collector *in, scalar node) {
  if (!reach_add(&in->seen, node)) return;
  list_push(in->into->memory, &in->part_of, -1);
  list_push(in->into->memory, &in->stack, (visit){node, 0});
}

static void collect(collector *in, scalar node);

/* The part subscript * stride, or -1 where that is 0. */
static int term_of(collector *in, scalar stride, int subscript) {
  int64_t value;
  scalar node = in->into->parts.items[subscript].node;
  if (scalar_is_whole(in->dag, node, &value) && value == 0) return -1;
  if (scalar_is_whole(in->dag, stride, &value) && value == 1) return subscript;
  collect(in, stride);
  return place_of(in, PART_PLACE_PRODUCT, subscript, find_part(in, stride));
}

/* The place of an entry, sum of subscript * stride. The terms that change in outer loops are added first, so that those
 * sums leave the inner loops. -1 for place 0. */
static int sum_of_terms(collector *in, int number, const int *subscripts) {
  int rank = in->around->module->arrays.items[number].rank;
  const scalar *strides = array_strides(in->around, number);
  int *terms = arena_array(in->into->memory, int, rank);
  for (int k = 0; k < rank; k++) terms[k] = term_of(in, strides[k], subscripts[k]);
  int sum = -1;
  for (int level = 0; level <= in->into->of->axes.count; level++) {
    for (int k = 0; k < rank; k++) {
      if (terms[k] < 0 || in->into->parts.items[terms[k]].level != level) continue;
      sum = sum < 0 ? terms[k] : place_of(in, PART_PLACE_SUM, sum, terms[k]);
    }
  }
  return sum;
}

static const int *collect_all(collector *in, const scalar *nodes, int count) {
  int *parts = arena_array(in->into->memory, int, count);
  for (int k = 0; k < count; k++) {
    collect(in, nodes[k]);
    parts[k] = find_part(in, nodes[k]);
  }
  return parts;
}

static int axis_level(const statement *of, int index) {
  for (int k = 0; k < of->axes.count; k++)
    if (of->axes.items[k].index == index) return k + 1;
  return 0;
}

/* The part of a node whose arguments have parts. */
static int finish(collector *in, scalar number) {
  const scalar_node *node = scalar_at(in->dag, number);
  part made = {.op = (int)node->op, .node = number, .type = node->type};
  if (node->op == SCALAR_INDEX) made.level = axis_level(in->into->of, node->id);
  if (node->op == SCALAR_LOAD) {
    const array *from = &in->around->module->arrays.items[node->id];
    made.subscripts = collect_all(in, node->arguments, from->rank);
    made.extents = collect_all(in, from->extents, from->rank); /* for a test of the range */
    int place = sum_of_terms(in, node->id, made.subscripts);
    if (place >= 0) made.arguments[made.argument_count++] = place;
  } else {
    for (int k = 0; k < node->argument_count; k++)
      made.arguments[made.argument_count++] = find_part(in, node->arguments[k]);
  }
  return add_part(in, made);
}

/* Makes parts of a node and of all below it. Called again, while a load is being finished, for its array's extents and
 * strides alone: these hold no loads. */
static void collect(collector *in, scalar node) {
  int base = in->stack.count;
  see(in, node);
  while (in->stack.count > base) {
    visit *top = &in->stack.items[in->stack.count - 1];
    const scalar_node *at = scalar_at(in->dag, top->node);
    if (top->next < at->argument_count) {
      see(in, at->arguments[top->next++]);
    } else {
      scalar done = top->node;
      in->stack.count--;
      int made = finish(in, done);
      in->part_of.items[reach_position(&in->seen, done)] = made;
    }
  }
}

static int collect_root(collector *in, scalar node) {
  if (node == NO_SCALAR) return -1;
  collect(in, node);
  return find_part(in, node);
}

static planned_store collect_store(collector *in, const store *from) {
  planned_store made = {.place = -1, .region = -1, .total = -1};
  made.guard = collect_root(in, from->guard);
  made.value = collect_root(in, from->value);
  made.position = collect_root(in, from->position);
  if (from->array < 0) return made;
  int rank = in->around->module->arrays.items[from->array].rank;
  made.place = sum_of_terms(in, from->array, collect_all(in, from->subscripts, rank));
  return made;
}

void body_collect(body *into) {
  const statement *of = into->of;
  scalar_dag *dag = into->around->module->dag;
  collector in = {.into = into, .around = into->around, .dag = dag, .seen = reach_create(into->memory, dag)};
  for (int k = 0; k < of->axes.count; k++) {
    into->lower[k] = collect_root(&in, of->axes.items[k].lower);
    into->upper[k] = collect_root(&in, of->axes.items[k].upper);
  }
  into->guard = collect_root(&in, of->guard);
  for (int k = 0; k < of->stores.count; k++) into->stores[k] = collect_store(&in, &of->stores.items[k]);
}
