/* Losses: means over all entries or rows, as PyTorch defines them. A mean over nothing is nan. */
#include "compiler/tensor/builtin.h"

/* Both of one shape, or one a single number: where a column [N, 1] meets a vector [N], broadcasting would make a matrix
 * of their differences, which nobody means. */
static bool same_shape(checker *state, const builtin_call *call, tensor *a, tensor *b) {
  if (!a || !b) return false;
  if (a->rank == 0 || b->rank == 0) return true;
  if (a->rank != b->rank) {
    diagnose(state->report, CODE_WRONG_RANK, call->where, "'%s' compares arrays of one shape: %s %s, %s %s", call->name,
             show_node(state, a), show_form(state, a), show_node(state, b), show_form(state, b));
    const tensor *wide = a->rank > b->rank ? a : b;
    if (is_one(state, wide->extents[wide->rank - 1]))
      diagnose_hint(state->report, "a column's entries are a vector: %s[:, 0]", show_node(state, wide));
    return false;
  }
  for (int k = 0; k < a->rank; k++) {
    if (a->extents[k] == b->extents[k]) continue;
    extents_disagree(state, call->where, a, k, b, k);
    return false;
  }
  return true;
}

/* mean (a - b)^2 */
tensor *build_mse(checker *state, const builtin_call *call) {
  tensor *a = real_argument(state, call, 0), *b = real_argument(state, call, 1);
  if (!same_shape(state, call, a, b)) return NULL;
  tensor *difference = make_binary(state, OP_sub, a, b, call->where);
  tensor *squares = make_binary(state, OP_pow, difference, make_real(state, 2, call->where), call->where);
  return reduce_all(state, REDUCE_MEAN, squares, call->where);
}

/* With d = a - b: mean of d^2/2 where |d| < delta, else delta (|d| - delta/2). */
tensor *build_huber(checker *state, const builtin_call *call) {
  span where = call->where;
  tensor *a = real_argument(state, call, 0), *b = real_argument(state, call, 1);
  tensor *delta = call->count > 2 ? real_argument(state, call, 2) : make_real(state, 1, where);
  if (!delta || !same_shape(state, call, a, b)) return NULL;
  if (delta->rank) {
    diagnose(state->report, CODE_NOT_A_SCALAR, delta->where, "the bound of 'huber' is a single number, and this %s",
             show_form(state, delta));
    return NULL;
  }
  delta = share(state, delta);
  tensor *half = make_real(state, 0.5, where);
  tensor *difference = share(state, make_binary(state, OP_sub, a, b, where));
  tensor *distance = share(state, make_unary(state, OP_abs, difference, where));
  tensor *square = make_binary(state, OP_pow, difference, make_real(state, 2, where), where);
  tensor *beyond = make_binary(state, OP_sub, distance, make_binary(state, OP_mul, half, delta, where), where);
  tensor *loss = make_select(state, make_binary(state, OP_lt, distance, delta, where),
                             make_binary(state, OP_mul, half, square, where),
                             make_binary(state, OP_mul, delta, beyond, where), where);
  return reduce_all(state, REDUCE_MEAN, loss, where);
}

/* mean of (1 - t) z + log(1 + exp(-z)): of the two logs of probabilities none overflows. */
tensor *build_bce_with_logits(checker *state, const builtin_call *call) {
  span where = call->where;
  tensor *logits = real_argument(state, call, 0), *targets = real_argument(state, call, 1);
  if (!same_shape(state, call, logits, targets)) return NULL;
  logits = share(state, logits);
  tensor *against = make_binary(state, OP_sub, make_real(state, 1, where), targets, where);
  tensor *linear = make_binary(state, OP_mul, against, logits, where);
  tensor *tail = make_unary(state, OP_softplus, make_unary(state, OP_neg, logits, where), where);
  return reduce_all(state, REDUCE_MEAN, make_binary(state, OP_add, linear, tail, where), where);
}

static bool labels_fit(checker *state, const builtin_call *call, const tensor *logits, const tensor *labels) {
  if (logits->rank == 0) {
    diagnose(state->report, CODE_WRONG_RANK, logits->where, "'cross_entropy' takes rows of logits, and %s %s",
             show_node(state, logits), show_form(state, logits));
    return false;
  }
  if (labels->rank != logits->rank - 1) {
    diagnose(state->report, CODE_WRONG_RANK, call->where,
             "'cross_entropy' takes one label for each row of logits: %s %s, "
             "%s %s",
             show_node(state, logits), show_form(state, logits), show_node(state, labels), show_form(state, labels));
    return false;
  }
  for (int k = 0; k < labels->rank; k++) {
    if (labels->extents[k] == logits->extents[k]) continue;
    extents_disagree(state, call->where, logits, k, labels, k);
    return false;
  }
  return true;
}

/* The whole number that labels[indices] is; whole arrays subscript as all others do. */
static tensor *label_at(checker *state, tensor *labels, tensor *const *indices, span where) {
  return labels->rank ? entry_at(state, labels, indices, where) : labels;
}

/* Mean over the rows of minus the log of the probability that softmax gives to the row's label. */
tensor *build_cross_entropy(checker *state, const builtin_call *call) {
  span where = call->where;
  tensor *logits = real_argument(state, call, 0), *labels = call->arguments[1];
  if (!logits) return NULL;
  if (labels->type != SCALAR_WHOLE) {
    as_whole(state, labels, "a label");
    diagnose_note(state->report, where, "labels are index data: index y[N] < C");
    return NULL;
  }
  if (!labels_fit(state, call, logits, labels)) return NULL;
  int rows = labels->rank;
  tensor *shifted, *total;
  if (!normalise_logits(state, logits, rows, where, &shifted, &total)) return NULL;
  labels = share_costly(state, labels);
  total = share(state, total);
  tensor_axis *axes = arena_array(state->memory, tensor_axis, rows + 1);
  tensor **indices = arena_array(state->memory, tensor *, rows + 1);
  for (int k = 0; k < rows; k++)
    axes[k] = fresh_axis(state, arena_format(state->memory, "k%d", k), labels->extents[k], &indices[k], where);
  indices[rows] = label_at(state, labels, indices, where);
  tensor *chosen = entry_at(state, shifted, indices, where);
  indices[rows] = make_whole(state, 0, where);
  tensor *loss = make_binary(state, OP_sub, entry_at(state, total, indices, where), chosen, where);
  return rows ? make_reduction(state, REDUCE_MEAN, rows, axes, NULL, loss, 0, where) : loss;
}
