/* Nodes of the tensor program, with their shapes, types and facts. */
#include "compiler/tensor/builtin.h"

#include <string.h>

/* Operands must not be NULL here. */
static tensor *new_node(checker *state, tensor shape, int count, tensor *const *operands) {
  count_inlined(state, shape.where);
  checked *made = arena_new(state->memory, checked);
  made->node = shape;
  made->node.argument_count = count;
  tensor **copy = arena_array(state->memory, tensor *, count > 0 ? count : 1);
  for (int k = 0; k < count; k++) {
    copy[k] = operands[k];
    made->loops |= facts(operands[k])->loops;
    made->costly |= facts(operands[k])->costly;
    made->fallible |= facts(operands[k])->fallible;
    made->hollow |= facts(operands[k])->hollow;
    made->needs = join_needs(state, made->needs, facts(operands[k])->needs);
    if (facts(operands[k])->depth >= made->depth) made->depth = facts(operands[k])->depth + 1;
  }
  made->node.arguments = copy;
  made->number = -1;
  return &made->node;
}

/* Equal keys are equal values: the kind, what is special to the node, and the numbers of its operands. */
enum { KEY_WORDS = 8 };

static void give_number(checker *state, tensor *node, int special) {
  int32_t words[KEY_WORDS] = {(int32_t)node->kind, special, (int32_t)node->type, node->argument_count};
  int count = 4;
  if (node->argument_count > KEY_WORDS - count) {
    facts(node)->number = number_fresh(&state->numbers);
    return;
  }
  for (int k = 0; k < node->argument_count; k++) words[count++] = facts(node->arguments[k])->number;
  facts(node)->number = number_of(&state->numbers, words, count);
}

static void give_fresh_number(checker *state, tensor *node) {
  facts(node)->number = number_fresh(&state->numbers);
}

static bool any_missing(int count, tensor *const *operands) {
  for (int k = 0; k < count; k++)
    if (!operands[k]) return true;
  return false;
}

static bool too_many_axes(checker *state, int rank, span where) {
  if (rank <= MAXIMUM_RANK) return false;
  diagnose(state->report, CODE_TOO_MANY_AXES, where, "this array has %d axes; at most %d are supported", rank,
           MAXIMUM_RANK);
  return true;
}

/* Joined arrays and running sums exist only as whole arrays: whatever reads single entries of one reads a binding. */
static bool is_whole_array(const tensor *of) {
  return of->rank > 0 && (of->kind == TENSOR_CONCAT || of->kind == TENSOR_STACK || of->kind == TENSOR_CUMULATIVE ||
                          of->kind == TENSOR_SEARCH || of->kind == TENSOR_LET);
}

static tensor *settle(checker *state, tensor *operand) {
  return operand && is_whole_array(operand) ? share(state, operand) : operand;
}

/* ---- leaves ---- */

tensor *make_constant(checker *state, scalar_type type, scalar value, span where) {
  tensor shape = {.kind = TENSOR_CONSTANT, .type = type, .where = where, .value = value};
  tensor *made = new_node(state, shape, 0, NULL);
  give_number(state, made, value);
  return made;
}

tensor *make_real(checker *state, double value, span where) {
  return make_constant(state, SCALAR_REAL, scalar_real(state->dag, value), where);
}

tensor *make_whole(checker *state, int64_t value, span where) {
  return make_constant(state, SCALAR_WHOLE, scalar_whole(state->dag, value), where);
}

tensor *make_input(checker *state, int number) {
  const input *of = &state->program->inputs.items[number];
  scalar_type type = of->role == ROLE_INDEX ? SCALAR_WHOLE : SCALAR_REAL;
  tensor shape = {.kind = TENSOR_INPUT, .type = type, .rank = of->rank, .extents = of->extents, .where = of->where};
  shape.input = number;
  tensor *made = new_node(state, shape, 0, NULL);
  give_number(state, made, number);
  return made;
}

tensor *make_name(checker *state, binding *name) {
  tensor shape = *name->value;
  shape.kind = TENSOR_NAME;
  shape.where = name->where;
  shape.name = name;
  tensor *made = new_node(state, shape, 0, NULL);
  give_number(state, made, name->number);
  facts(made)->loops = facts(name->value)->loops;
  return made;
}

index_fact *make_index(checker *state, const char *name, span where, int level) {
  int id = scalar_new_index(state->dag, name);
  tensor shape = {.kind = TENSOR_INDEX, .type = SCALAR_WHOLE, .where = where, .index = id};
  index_fact *made = arena_new(state->memory, index_fact);
  *made = (index_fact){.name = name, .where = where, .node = new_node(state, shape, 0, NULL), .extent = NO_SCALAR};
  give_number(state, made->node, id);
  facts(made->node)->loops = loop_bit(level);
  while (state->indices.count <= id) list_push(state->memory, &state->indices, NULL);
  state->indices.items[id] = made;
  return made;
}

/* ---- entry by entry ---- */

/* The extents of the result along which the operand is repeated; how many. */
static int stretched_extents(const checker *state, const tensor *operand, const tensor *result, scalar *found) {
  int missing = result->rank - operand->rank, count = 0;
  for (int k = 0; k < result->rank; k++) {
    bool repeated = k < missing || is_one(state, operand->extents[k - missing]);
    if (repeated && !is_one(state, result->extents[k])) found[count++] = result->extents[k];
  }
  return count;
}

/* What is repeated is computed once. */
static tensor *share_stretched(checker *state, tensor *operand, const tensor *result) {
  scalar extents[MAXIMUM_RANK];
  int count = stretched_extents(state, operand, result, extents);
  return facts(operand)->costly && count ? share_repeated(state, operand, count, extents) : operand;
}

static tensor *convert_operand(checker *state, char wanted, bool whole, tensor *operand) {
  switch (wanted) {
  case 'R': return as_real(state, operand);
  case 'W': return as_whole(state, operand, "this");
  case 'T': return as_truth(state, operand);
  default: return whole ? operand : as_real(state, operand);
  }
}

static scalar_type result_type(const char *signature) {
  switch (strchr(signature, '>')[1]) {
  case 'W': return SCALAR_WHOLE;
  case 'T': return SCALAR_TRUTH;
  default: return SCALAR_REAL;
  }
}

tensor *make_apply(checker *state, scalar_op op, int count, tensor *const *operands, span where) {
  if (any_missing(count, operands)) return NULL;
  const scalar_op_row *row = scalar_row(op);
  tensor *converted[3];
  bool whole = true;
  for (int k = 0; k < count; k++) whole = whole && operands[k]->type == SCALAR_WHOLE;
  for (int k = 0; k < count; k++)
    converted[k] = settle(state, convert_operand(state, row->signature[k], whole, operands[k]));
  if (any_missing(count, converted)) return NULL;
  tensor shape = {.kind = TENSOR_APPLY, .type = result_type(row->signature), .where = where};
  if (!broadcast(state, where, count, converted, &shape.rank, &shape.extents)) return NULL;
  for (int k = 0; k < count; k++) converted[k] = share_stretched(state, converted[k], &shape);
  shape.op = op;
  tensor *made = new_node(state, shape, count, converted);
  facts(made)->costly |= (row->flags & OP_COSTLY) != 0 && shape.type == SCALAR_REAL;
  facts(made)->fallible |= op == OP_whole_quotient || op == OP_whole_remainder;
  give_number(state, made, (int)op);
  return made;
}

tensor *make_unary(checker *state, scalar_op op, tensor *a, span where) {
  return make_apply(state, op, 1, &a, where);
}

tensor *make_binary(checker *state, scalar_op op, tensor *a, tensor *b, span where) {
  tensor *operands[2] = {a, b};
  return make_apply(state, op, 2, operands, where);
}

/* One failure among the entries of the arms need not be another's: each has its own condition. */
static tensor *new_choice(checker *state, tensor shape, tensor *const *operands) {
  tensor *made = new_node(state, shape, 3, operands);
  facts(made)->fallible |= facts(made)->hollow;
  give_number(state, made, 0);
  return made;
}

tensor *make_guarded(checker *state, tensor *condition, tensor *guarded) {
  scalar nothing = guarded->type == SCALAR_REAL    ? scalar_real(state->dag, 0)
                   : guarded->type == SCALAR_WHOLE ? scalar_whole(state->dag, 0)
                                                   : scalar_truth(state->dag, false);
  tensor *zero = make_constant(state, guarded->type, nothing, guarded->where);
  tensor shape = {.kind = TENSOR_SELECT, .type = guarded->type, .rank = guarded->rank, .extents = guarded->extents};
  shape.where = guarded->where;
  tensor *operands[3] = {condition, guarded, zero};
  return new_choice(state, shape, operands);
}

/* A whole array, or what is repeated, is computed before the entries ask for it: where it may fail, under the condition
 * that one of them does. What may fail entry by entry is left to each, unless all of them ask for it. */
static tensor *settle_arm(checker *state, tensor **condition, bool taken, tensor *arm, const tensor *result) {
  scalar extents[MAXIMUM_RANK];
  bool whole = is_whole_array(arm);
  bool repeated = facts(arm)->costly && stretched_extents(state, arm, result, extents);
  if (!whole && (!repeated || (facts(arm)->fallible && (*condition)->rank))) return arm;
  if (!may_fail(arm)) return share(state, arm);
  *condition = share(state, *condition);
  tensor *asked = taken ? *condition : make_unary(state, OP_not, *condition, arm->where);
  if (asked->rank) asked = reduce_all(state, REDUCE_ANY, asked, arm->where);
  return share_under(state, asked, arm);
}

/* Both arms truths: a truth; else real numbers. */
tensor *make_select(checker *state, tensor *condition, tensor *taken, tensor *otherwise, span where) {
  if (!condition || !taken || !otherwise) return NULL;
  bool truths = taken->type == SCALAR_TRUTH && otherwise->type == SCALAR_TRUTH;
  tensor *operands[3] = {settle(state, as_truth(state, condition)), taken, otherwise};
  if (!truths) operands[1] = as_real(state, taken), operands[2] = as_real(state, otherwise);
  if (any_missing(3, operands)) return NULL;
  tensor shape = {.kind = TENSOR_SELECT, .type = operands[1]->type, .where = where};
  if (!broadcast(state, where, 3, operands, &shape.rank, &shape.extents)) return NULL;
  operands[0] = share_stretched(state, operands[0], &shape);
  operands[1] = settle_arm(state, &operands[0], true, operands[1], &shape);
  operands[2] = settle_arm(state, &operands[0], false, operands[2], &shape);
  return new_choice(state, shape, operands);
}

/* ---- views ---- */

/* Takes over what the node depends on from a part of it that is no operand. */
static void depend_on(checker *state, tensor *node, const tensor *part) {
  facts(node)->loops |= facts(part)->loops;
  facts(node)->needs = join_needs(state, facts(node)->needs, facts(part)->needs);
}

selector select_all(const checker *state, scalar extent, span where) {
  return (selector){.kind = SELECT_SLICE, .start = scalar_whole(state->dag, 0), .extent = extent, .where = where};
}

selector select_at(tensor *index, span where) {
  return (selector){.kind = SELECT_AT, .index = index, .where = where};
}

static bool selects_all(const checker *state, const tensor *base, const selector *selectors) {
  scalar zero = scalar_whole(state->dag, 0);
  for (int k = 0; k < base->rank; k++) {
    if (selectors[k].kind != SELECT_SLICE || selectors[k].start != zero) return false;
    if (selectors[k].extent != base->extents[k]) return false;
  }
  return true;
}

static int selected_rank(const tensor *base, const selector *selectors) {
  int rank = 0;
  for (int k = 0; k < base->rank; k++) {
    if (selectors[k].kind == SELECT_SLICE) rank++;
    if (selectors[k].kind == SELECT_GATHER) rank += selectors[k].index->rank;
  }
  return rank;
}

static const scalar *selected_extents(checker *state, const tensor *base, const selector *selectors, int rank) {
  scalar *made = arena_array(state->memory, scalar, rank > 0 ? rank : 1);
  for (int k = 0, next = 0; k < base->rank; k++) {
    if (selectors[k].kind == SELECT_SLICE) made[next++] = selectors[k].extent;
    if (selectors[k].kind != SELECT_GATHER) continue;
    for (int j = 0; j < selectors[k].index->rank; j++) made[next++] = selectors[k].index->extents[j];
  }
  return made;
}

/* Is the entry there for sure: the index of the axis itself, or a constant within? */
static bool surely_within(checker *state, const selector *by, scalar extent) {
  if (by->kind == SELECT_SLICE) return true;
  if (by->index->kind == TENSOR_INDEX) {
    const index_fact *fact = state->indices.items[by->index->index];
    return !fact->limited && fact->extent == extent;
  }
  whole_facts none = {.condition = NO_SCALAR};
  return by->index->kind == TENSOR_CONSTANT && whole_proves_within(state->dag, by->index->value, extent, &none);
}

static void number_subscript(checker *state, tensor *node) {
  LIST(int32_t) words = {0};
  list_push(state->memory, &words, (int32_t)node->kind);
  list_push(state->memory, &words, facts(node->arguments[0])->number);
  for (int k = 0; k < node->arguments[0]->rank; k++) {
    const selector *by = &node->selectors[k];
    bool slice = by->kind == SELECT_SLICE;
    list_push(state->memory, &words, (int32_t)by->kind);
    list_push(state->memory, &words, slice ? by->start : facts(by->index)->number);
    list_push(state->memory, &words, slice ? by->extent : 0);
  }
  facts(node)->number = number_of(&state->numbers, words.items, words.count);
}

tensor *make_subscript(checker *state, tensor *base, const selector *selectors, span where) {
  if (!base) return NULL;
  if (selects_all(state, base, selectors)) return base;
  base = settle(state, base);
  tensor shape = {.kind = TENSOR_SUBSCRIPT, .type = base->type, .rank = selected_rank(base, selectors), .where = where};
  if (too_many_axes(state, shape.rank, where)) return NULL;
  shape.extents = selected_extents(state, base, selectors, shape.rank);
  shape.selectors = selectors;
  tensor *made = new_node(state, shape, 1, &base);
  for (int k = 0; k < base->rank; k++) {
    if (selectors[k].kind != SELECT_SLICE) depend_on(state, made, selectors[k].index);
    facts(made)->fallible |= !surely_within(state, &selectors[k], base->extents[k]);
  }
  number_subscript(state, made);
  return made;
}

tensor *make_permute(checker *state, tensor *base, const int *permutation, span where) {
  if (!base) return NULL;
  base = settle(state, base);
  scalar *extents = arena_array(state->memory, scalar, base->rank);
  for (int k = 0; k < base->rank; k++) extents[k] = base->extents[permutation[k]];
  tensor shape = {.kind = TENSOR_PERMUTE, .type = base->type, .rank = base->rank, .extents = extents, .where = where};
  shape.permutation = permutation;
  tensor *made = new_node(state, shape, 1, &base);
  give_fresh_number(state, made);
  return made;
}

tensor *make_reshape(checker *state, tensor *base, int rank, const scalar *extents, span where) {
  if (!base || too_many_axes(state, rank, where)) return NULL;
  if (rank == base->rank && !memcmp(extents, base->extents, (size_t)rank * sizeof *extents)) return base;
  base = settle(state, base);
  tensor shape = {.kind = TENSOR_RESHAPE, .type = base->type, .rank = rank, .extents = extents, .where = where};
  tensor *made = new_node(state, shape, 1, &base);
  give_fresh_number(state, made);
  return made;
}

/* ---- whole arrays ---- */

static const scalar *joined_extents(checker *state, tensor_kind kind, int axis, int count, tensor *const *parts) {
  int rank = parts[0]->rank + (kind == TENSOR_STACK);
  scalar *extents = arena_array(state->memory, scalar, rank);
  for (int k = 0; k < rank; k++) {
    if (kind == TENSOR_CONCAT)
      extents[k] = parts[0]->extents[k];
    else if (k != axis)
      extents[k] = parts[0]->extents[k < axis ? k : k - 1];
  }
  if (kind == TENSOR_STACK) {
    extents[axis] = scalar_whole(state->dag, count);
    return extents;
  }
  for (int k = 1; k < count; k++) {
    extents[axis] = whole_add(state->dag, extents[axis], parts[k]->extents[axis]);
    if (overflows(state, extents[axis], parts[k]->where)) return NULL;
  }
  return extents;
}

/* Requires: parts of one type, whose shapes agree (but along the axis of a concatenation). */
tensor *make_join(checker *state, tensor_kind kind, int axis, int count, tensor *const *parts, span where) {
  if (any_missing(count, parts)) return NULL;
  int rank = parts[0]->rank + (kind == TENSOR_STACK);
  if (too_many_axes(state, rank, where)) return NULL;
  tensor shape = {.kind = kind, .type = parts[0]->type, .rank = rank, .where = where};
  shape.extents = joined_extents(state, kind, axis, count, parts);
  if (!shape.extents) return NULL;
  shape.axis = axis;
  tensor *made = new_node(state, shape, count, parts);
  give_fresh_number(state, made);
  return made;
}

tensor *make_cumulative(checker *state, tensor *base, int axis, span where) {
  if (!base) return NULL;
  base = settle(state, base);
  tensor shape = {.kind = TENSOR_CUMULATIVE, .type = SCALAR_REAL, .rank = base->rank, .extents = base->extents};
  shape.where = where;
  shape.axis = axis;
  tensor *made = new_node(state, shape, 1, &base);
  facts(made)->costly = true;
  give_fresh_number(state, made);
  return made;
}

/* ---- loops ---- */

/* What the closed loop depends on besides its own indices. */
static void close_loop(checker *state, tensor *made, int level, int axis_count, const tensor_axis *axes,
                       const tensor *condition) {
  checked *of = facts(made);
  for (int k = 0; k < axis_count; k++) depend_on(state, made, axes[k].limit);
  for (int k = 0; k < axis_count; k++) of->fallible |= may_fail(axes[k].limit);
  if (condition) depend_on(state, made, condition);
  if (condition) of->fallible |= may_fail(condition);
  if (level && level <= DEEPEST_LOOP) of->loops &= ~((uint64_t)1 << level);
}

tensor *make_comprehension(checker *state, int axis_count, const tensor_axis *axes, tensor *body, int level,
                           span where) {
  if (!body || !axis_count) return body;
  int rank = axis_count + body->rank;
  if (too_many_axes(state, rank, where)) return NULL;
  scalar *extents = arena_array(state->memory, scalar, rank);
  for (int k = 0; k < axis_count; k++) extents[k] = axes[k].limit->value;
  for (int k = 0; k < body->rank; k++) extents[axis_count + k] = body->extents[k];
  tensor shape = {.kind = TENSOR_COMPREHENSION, .type = body->type, .rank = rank, .extents = extents, .where = where};
  shape.axis_count = axis_count;
  shape.axes = axes;
  tensor *made = new_node(state, shape, 1, &body);
  close_loop(state, made, level, axis_count, axes, NULL);
  give_fresh_number(state, made);
  return made;
}

/* Whether anything takes part in a reduction, and so how it fails if nothing may: where only extents decide, alike for
 * all entries. */
static void note_failures(checker *state, tensor *made) {
  bool by_extents = !made->condition, empty = made->condition != NULL;
  scalar one = scalar_whole(state->dag, 1);
  whole_facts none = {.condition = NO_SCALAR};
  for (int k = 0; k < made->axis_count; k++) {
    const tensor *limit = made->axes[k].limit;
    bool is_extent = limit->kind == TENSOR_CONSTANT;
    scalar last = is_extent ? whole_subtract(state->dag, limit->value, one) : NO_SCALAR;
    by_extents = by_extents && is_extent;
    empty = empty || last == NO_SCALAR || !whole_proves_nonnegative(state->dag, last, &none);
  }
  checked *of = facts(made);
  of->hollow |= empty && (made->reduction == REDUCE_MAX || made->reduction == REDUCE_MIN);
  of->fallible |= of->hollow && !by_extents;
}

/* Requires: the body is real, or a truth value for any and all. */
tensor *make_reduction(checker *state, reduction_kind kind, int axis_count, const tensor_axis *axes, tensor *condition,
                       tensor *body, int level, span where) {
  if (!body) return NULL;
  tensor shape = {.kind = TENSOR_REDUCE, .type = body->type, .rank = body->rank, .extents = body->extents};
  shape.where = where;
  shape.reduction = kind;
  shape.axis_count = axis_count;
  shape.axes = axes;
  shape.condition = condition;
  tensor *made = new_node(state, shape, 1, &body);
  close_loop(state, made, level, axis_count, axes, condition);
  facts(made)->costly = true;
  note_failures(state, made);
  give_fresh_number(state, made);
  return made;
}

tensor *make_let(checker *state, int binding_count, binding *const *bindings, tensor *body) {
  tensor shape = {.kind = TENSOR_LET, .type = body->type, .rank = body->rank, .extents = body->extents};
  shape.where = body->where;
  shape.binding_count = binding_count;
  shape.bindings = bindings;
  tensor *made = new_node(state, shape, 1, &body);
  for (int k = 0; k < binding_count; k++) {
    const checked *of = facts(bindings[k]->value);
    depend_on(state, made, bindings[k]->value);
    facts(made)->costly |= of->costly;
    facts(made)->fallible |= of->fallible;
    facts(made)->hollow |= of->hollow;
  }
  facts(made)->number = facts(body)->number;
  return made;
}

/* ---- searches ---- */

tensor *make_unknown(checker *state, const char *name, int rank, const scalar *extents, int level, span where) {
  tensor shape = {.kind = TENSOR_CONSTANT, .type = SCALAR_REAL, .rank = rank, .extents = extents, .where = where};
  shape.value = scalar_real(state->dag, 0);
  tensor *value = new_node(state, shape, 0, NULL);
  give_fresh_number(state, value);
  tensor *made = make_name(state, new_binding(state, name, value, where));
  facts(made)->loops = loop_bit(level);
  return made;
}

tensor *make_search(checker *state, search_goal goal, tensor *unknown, tensor *start, tensor *body, int level,
                    span where) {
  if (!unknown || !start || !body) return NULL;
  tensor shape = {.kind = TENSOR_SEARCH, .type = SCALAR_REAL, .rank = unknown->rank, .extents = unknown->extents};
  shape.where = where;
  shape.goal = goal;
  shape.unknown = unknown->name;
  tensor *operands[2] = {start, body};
  tensor *made = new_node(state, shape, 2, operands);
  if (level <= DEEPEST_LOOP) facts(made)->loops &= ~((uint64_t)1 << level);
  facts(made)->costly = facts(made)->fallible = true;
  give_fresh_number(state, made);
  return made;
}

/* ---- binding ---- */

bool is_trivial(const tensor *node) {
  return node->kind == TENSOR_INPUT || node->kind == TENSOR_NAME || node->kind == TENSOR_CONSTANT ||
         node->kind == TENSOR_INDEX;
}

/* The node's description moves to the binding's value; what pointed to the node now sees the name. */
binding *bind_node(checker *state, tensor *node, const char *name, span where) {
  checked *value = arena_new(state->memory, checked);
  *value = *facts(node);
  binding *made = new_binding(state, name, &value->node, where);
  tensor shape = {.kind = TENSOR_NAME, .type = node->type, .rank = node->rank, .extents = node->extents};
  shape.where = node->where;
  shape.name = made;
  *node = shape;
  facts(node)->costly = false;
  facts(node)->fallible = facts(node)->hollow = false;
  facts(node)->depth = 0;
  return made;
}

/* ---- helpers ---- */

tensor_axis fresh_axis(checker *state, const char *name, scalar extent, tensor **index, span where) {
  index_fact *made = make_index(state, name, where, 0);
  made->extent = extent;
  *index = made->node;
  tensor *limit = make_constant(state, SCALAR_WHOLE, extent, where);
  return (tensor_axis){.index = made->node->index, .limit = limit, .where = where};
}

tensor *entry_at(checker *state, tensor *base, tensor *const *indices, span where) {
  if (!base || base->rank == 0) return base;
  selector *selectors = arena_array(state->memory, selector, base->rank);
  for (int k = 0; k < base->rank; k++) {
    bool stretched = is_one(state, base->extents[k]);
    selectors[k] = select_at(stretched ? make_whole(state, 0, where) : indices[k], where);
  }
  return make_subscript(state, base, selectors, where);
}
