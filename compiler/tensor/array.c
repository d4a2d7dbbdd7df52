/* Matrix products and transposes, from loops over fresh indices. */
#include "compiler/tensor/checker.h"

#include <string.h>

/* A product under construction: the operands' last two axes multiply, those before them are matched as in
 * broadcasting. A vector has no row axis on the left, no column axis on the right. */
typedef struct {
  tensor *a, *b;
  int leading;               /* matched axes of the result */
  tensor_axis *axes;         /* of the result */
  tensor **indices;          /* theirs */
  tensor *row, *column, *at; /* indices; NULL where there is no such axis */
  int axis_count;
} product;

static tensor *add_axis(checker *state, product *into, const char *name, scalar extent, span where) {
  tensor *index;
  into->axes[into->axis_count] = fresh_axis(state, name, extent, &index, where);
  into->indices[into->axis_count++] = index;
  return index;
}

/* Leading axes: extents written 1 stretch, others must be equal. */
static bool match_leading(checker *state, product *into, span where) {
  int of_a = into->a->rank > 2 ? into->a->rank - 2 : 0, of_b = into->b->rank > 2 ? into->b->rank - 2 : 0;
  into->leading = of_a > of_b ? of_a : of_b;
  for (int k = 0; k < into->leading; k++) {
    int own_a = k - (into->leading - of_a), own_b = k - (into->leading - of_b);
    scalar one = scalar_whole(state->dag, 1);
    scalar a = own_a < 0 ? one : into->a->extents[own_a], b = own_b < 0 ? one : into->b->extents[own_b];
    if (a != b && a != one && b != one) {
      extents_disagree(state, where, into->a, own_a, into->b, own_b);
      return false;
    }
    add_axis(state, into, arena_format(state->memory, "k%d", k), a == one ? b : a, where);
  }
  return true;
}

/* The operand at the leading indices and at the two last ones, those that are NULL left out. */
static tensor *factor(checker *state, const product *of, tensor *operand, tensor *first, tensor *second, span where) {
  tensor **at = arena_array(state->memory, tensor *, operand->rank + 2);
  int last = (first != NULL) + (second != NULL), own = operand->rank - last;
  for (int k = 0; k < own; k++) at[k] = of->indices[of->leading - own + k];
  if (first) at[own++] = first;
  if (second) at[own++] = second;
  /* Only leading axes stretch here: the others run over the operand's own extents. */
  return entry_at(state, operand, at, where);
}

/* The edit that makes a * of the @ between two operands; comments may stand there too. */
static void fix_sign(checker *state, uint32_t begin, uint32_t end) {
  const char *bytes = state->program->from->text;
  for (uint32_t at = begin; at < end; at++) {
    while (bytes[at] == '#' && at < end) at += (uint32_t)strcspn(bytes + at, "\n");
    if (at < end && bytes[at] == '@') {
      diagnose_fix(state->report, (span){at, at + 1}, "*");
      return;
    }
  }
}

static bool can_multiply(checker *state, const tensor *a, const tensor *b, span where) {
  if (a->rank && b->rank) {
    int inner_a = a->rank - 1, inner_b = b->rank > 1 ? b->rank - 2 : 0;
    if (a->extents[inner_a] == b->extents[inner_b]) return true;
    extents_disagree(state, where, a, inner_a, b, inner_b);
    diagnose_hint(state->report, "the last axis of the left side meets the %s of the right side; shapes are %s and %s",
                  b->rank > 1 ? "second last" : "axis", show_shape(state, a), show_shape(state, b));
    return false;
  }
  diagnose(state->report, CODE_WRONG_RANK, where, "@ multiplies vectors and matrices, and %s is a single number",
           show_node(state, a->rank ? b : a));
  diagnose_hint(state->report, "a product with a number is written with *");
  fix_sign(state, a->where.end, b->where.begin);
  return false;
}

/* A factor is asked for once per entry of the other one's own axis, if it has that. */
static tensor *share_factor(checker *state, tensor *factor, const tensor *other, int own_axis) {
  if (!facts(factor)->costly) return factor;
  int count = other->rank > 1 ? 1 : 0;
  return share_repeated(state, factor, count, count ? &other->extents[own_axis] : NULL);
}

/* (A @ B)[.., i, j] = sum over k of A[.., i, k]*B[.., k, j]. */
tensor *make_matmul(checker *state, tensor *a, tensor *b, span where) {
  a = as_real(state, a);
  b = as_real(state, b);
  if (!a || !b || !can_multiply(state, a, b, where)) return NULL;
  product made = {.a = share_factor(state, a, b, b->rank - 1), .b = share_factor(state, b, a, a->rank - 2)};
  made.axes = arena_array(state->memory, tensor_axis, a->rank + b->rank);
  made.indices = arena_array(state->memory, tensor *, a->rank + b->rank);
  if (!match_leading(state, &made, where)) return NULL;
  if (a->rank > 1) made.row = add_axis(state, &made, "i", a->extents[a->rank - 2], where);
  if (b->rank > 1) made.column = add_axis(state, &made, "j", b->extents[b->rank - 1], where);
  tensor_axis *over = arena_new(state->memory, tensor_axis);
  *over = fresh_axis(state, "k", a->extents[a->rank - 1], &made.at, where);
  tensor *left = factor(state, &made, made.a, made.row, made.at, where);
  tensor *right = factor(state, &made, made.b, made.at, made.column, where);
  tensor *body = make_binary(state, OP_mul, left, right, where);
  tensor *sum = make_reduction(state, REDUCE_SUM, 1, over, NULL, body, 0, where);
  return make_comprehension(state, made.axis_count, made.axes, sum, 0, where);
}

tensor *make_transpose(checker *state, tensor *of, span where) {
  if (!of || of->rank < 2) return of;
  int *permutation = arena_array(state->memory, int, of->rank);
  for (int k = 0; k < of->rank; k++) permutation[k] = k;
  permutation[of->rank - 2] = of->rank - 1;
  permutation[of->rank - 1] = of->rank - 2;
  return make_permute(state, of, permutation, where);
}
