/* Functions that reduce: sum(A), max(A, axis=0), norm(x), softmax(x), ... Built from reductions over fresh indices. */
#include "compiler/tensor/builtin.h"

/* Requires: of the reduction's type. */
tensor *reduce_axis(checker *state, reduction_kind kind, tensor *of, int axis, bool keep, span where) {
  if (!of) return NULL;
  tensor *index;
  tensor_axis *over = arena_new(state->memory, tensor_axis);
  *over = fresh_axis(state, "k", of->extents[axis], &index, where);
  selector *selectors = arena_array(state->memory, selector, of->rank);
  for (int k = 0; k < of->rank; k++) selectors[k] = select_all(state, of->extents[k], where);
  selectors[axis] = select_at(index, where);
  tensor *body = make_subscript(state, of, selectors, where);
  tensor *made = make_reduction(state, kind, 1, over, NULL, body, 0, where);
  if (!keep || !made) return made;
  scalar *extents = arena_array(state->memory, scalar, of->rank);
  for (int k = 0; k < of->rank; k++) extents[k] = k == axis ? scalar_whole(state->dag, 1) : of->extents[k];
  return make_reshape(state, made, of->rank, extents, where);
}

/* A reduction of a single number is the number. */
tensor *reduce_all(checker *state, reduction_kind kind, tensor *of, span where) {
  if (!of || of->rank == 0) return of;
  tensor_axis *axes = arena_array(state->memory, tensor_axis, of->rank);
  tensor **indices = arena_array(state->memory, tensor *, of->rank);
  for (int k = 0; k < of->rank; k++)
    axes[k] = fresh_axis(state, arena_format(state->memory, "k%d", k), of->extents[k], &indices[k], where);
  selector *selectors = arena_array(state->memory, selector, of->rank);
  for (int k = 0; k < of->rank; k++) selectors[k] = select_at(indices[k], where);
  tensor *body = make_subscript(state, of, selectors, where);
  return make_reduction(state, kind, of->rank, axes, NULL, body, 0, where);
}

static tensor *reduce_as_called(checker *state, const builtin_call *call, reduction_kind kind, tensor *of) {
  if (!of) return NULL;
  if (!call->has_axis) return reduce_all(state, kind, of, call->where);
  int axis = axis_of_call(state, call, of->rank, 0);
  return axis < 0 ? NULL : reduce_axis(state, kind, of, axis, false, call->where);
}

tensor *build_reduction(checker *state, const builtin_call *call) {
  reduction_kind kind = (reduction_kind)call->option;
  bool truths = kind == REDUCE_ANY || kind == REDUCE_ALL;
  tensor *of = truths ? as_truth(state, call->arguments[0]) : real_argument(state, call, 0);
  return reduce_as_called(state, call, kind, of);
}

/* One argument: over its entries; several: entry by entry, the first deciding where they tie. */
tensor *build_extreme(checker *state, const builtin_call *call) {
  if (call->count == 1) return build_reduction(state, call);
  if (call->has_axis) {
    diagnose(state->report, CODE_WRONG_AXIS, call->axis_where, "'%s' takes axis= with a single array only", call->name);
    return NULL;
  }
  scalar_op op = call->option == REDUCE_MAX ? OP_max : OP_min;
  tensor *made = call->arguments[0];
  for (int k = 1; k < call->count; k++) made = make_binary(state, op, made, call->arguments[k], call->where);
  return made;
}

static tensor *square(checker *state, tensor *of, span where) {
  return make_binary(state, OP_pow, of, make_real(state, 2, where), where);
}

/* The root of the sum of squares; where that is 0 a constant, so that the derivative there is 0, as it is for hypot. */
tensor *build_norm(checker *state, const builtin_call *call) {
  tensor *squares = square(state, real_argument(state, call, 0), call->where);
  tensor *sum = share(state, reduce_as_called(state, call, REDUCE_SUM, squares));
  tensor *zero = make_real(state, 0, call->where);
  tensor *vanishes = make_binary(state, OP_eq, sum, zero, call->where);
  return make_select(state, vanishes, zero, make_unary(state, OP_sqrt, sum, call->where), call->where);
}

tensor *build_dot(checker *state, const builtin_call *call) {
  tensor *a = ranked_argument(state, call, 0, 1), *b = ranked_argument(state, call, 1, 1);
  return a && b ? make_matmul(state, a, b, call->where) : NULL;
}

tensor *build_trace(checker *state, const builtin_call *call) {
  tensor *of = ranked_argument(state, call, 0, 2);
  if (!of) return NULL;
  if (of->extents[0] != of->extents[1]) {
    extents_disagree(state, call->where, of, 0, of, 1);
    return NULL;
  }
  tensor *index;
  tensor_axis *over = arena_new(state->memory, tensor_axis);
  *over = fresh_axis(state, "i", of->extents[0], &index, call->where);
  tensor *indices[2] = {index, index};
  tensor *body = entry_at(state, of, indices, call->where);
  return make_reduction(state, REDUCE_SUM, 1, over, NULL, body, 0, call->where);
}

tensor *build_cumsum(checker *state, const builtin_call *call) {
  tensor *of = real_argument(state, call, 0);
  if (!of || (of->rank == 0 && !call->has_axis)) return of;
  if (of->rank > 1 && !call->has_axis) {
    diagnose(state->report, CODE_WRONG_AXIS, call->where, "%s has %d axes: say which one the sum runs along",
             show_node(state, of), of->rank);
    diagnose_hint(state->report, "write cumsum(%s, axis=0)", show_node(state, of));
    diagnose_fix(state->report, (span){call->where.end - 1, call->where.end - 1}, ", axis=0");
    return NULL;
  }
  int axis = axis_of_call(state, call, of->rank, 0);
  return axis < 0 ? NULL : make_cumulative(state, of, axis, call->where);
}

/* ---- softmax ---- */

/* exp(x - m)/sum exp(x - m), with m the largest entry: no overflow, and m cancels, so that no derivative is taken
 * through it. Over an axis without entries m has none to be taken from. */
tensor *build_softmax(checker *state, const builtin_call *call) {
  span where = call->where;
  tensor *of = share(state, real_argument(state, call, 0));
  if (!of) return NULL;
  int axis = axis_of_call(state, call, of->rank, of->rank - 1);
  if (axis < 0) return of->rank || call->has_axis ? NULL : make_real(state, 1, where);
  tensor *largest = reduce_axis(state, REDUCE_LARGEST, of, axis, true, where);
  tensor *difference = make_binary(state, OP_sub, of, largest, where);
  tensor *powers = share(state, make_unary(state, OP_exp, difference, where));
  tensor *total = reduce_axis(state, REDUCE_SUM, powers, axis, true, where);
  return make_binary(state, OP_div, powers, total, where);
}

/* The largest entry is taken off first, so that what is left of a difference of large logits keeps its digits; no
 * derivative is taken through it, for it cancels. */
bool normalise_logits(checker *state, tensor *logits, int axis, span where, tensor **shifted, tensor **total) {
  logits = share(state, logits);
  tensor *largest = reduce_axis(state, REDUCE_LARGEST, logits, axis, true, where);
  *shifted = share(state, make_binary(state, OP_sub, logits, largest, where));
  tensor *powers = make_unary(state, OP_exp, *shifted, where);
  *total = make_unary(state, OP_log, reduce_axis(state, REDUCE_SUM, powers, axis, true, where), where);
  return *shifted && *total;
}

tensor *build_log_softmax(checker *state, const builtin_call *call) {
  tensor *of = share(state, real_argument(state, call, 0));
  if (!of) return NULL;
  int axis = axis_of_call(state, call, of->rank, of->rank - 1);
  if (axis < 0) return of->rank || call->has_axis ? NULL : make_real(state, 0, call->where);
  tensor *shifted, *total;
  if (!normalise_logits(state, of, axis, call->where, &shifted, &total)) return NULL;
  return make_binary(state, OP_sub, shifted, total, call->where);
}
