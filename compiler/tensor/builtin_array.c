/* Functions that make arrays or change their shape. */
#include "compiler/tensor/builtin.h"

/* ---- arrays from nothing ---- */

/* The arguments from `first` on as extents; NULL after an error. */
static scalar *extents_of_call(checker *state, const builtin_call *call, int first) {
  int count = call->count - first;
  scalar *made = arena_array(state->memory, scalar, count > 0 ? count : 1);
  bool right = true;
  for (int k = 0; k < count; k++) {
    made[k] = extent_value(state, call->arguments[first + k], "an extent");
    right = right && made[k] != NO_SCALAR;
  }
  return right ? made : NULL;
}

static bool is_negative_extent(checker *state, scalar extent, span where) {
  if (!is_provably_negative(state, extent)) return false;
  diagnose(state->report, CODE_NEGATIVE_EXTENT, where, "this extent is negative: it is %s", show_scalar(state, extent));
  return true;
}

/* One axis for each extent, with its index; NULL after an error. */
static tensor_axis *axes_over(checker *state, int count, const scalar *extents, tensor **indices, span where) {
  static const char *const names[] = {"i", "j"};
  tensor_axis *made = arena_array(state->memory, tensor_axis, count > 0 ? count : 1);
  for (int k = 0; k < count; k++) {
    if (is_negative_extent(state, extents[k], where)) return NULL;
    made[k] =
        fresh_axis(state, k < 2 ? names[k] : arena_format(state->memory, "k%d", k), extents[k], &indices[k], where);
  }
  return made;
}

/* zeros(n, m), ones(n). */
tensor *build_filled(checker *state, const builtin_call *call) {
  scalar *extents = extents_of_call(state, call, 0);
  if (!extents) return NULL;
  tensor **indices = arena_array(state->memory, tensor *, call->count + 1);
  tensor_axis *axes = axes_over(state, call->count, extents, indices, call->where);
  tensor *entry = make_real(state, call->option, call->where);
  return axes ? make_comprehension(state, call->count, axes, entry, 0, call->where) : NULL;
}

/* 1 where both indices are equal, `diagonal` there instead. */
static tensor *diagonal_matrix(checker *state, const scalar *extents, tensor *vector, span where) {
  tensor *indices[2];
  tensor_axis *axes = axes_over(state, 2, extents, indices, where);
  if (!axes) return NULL;
  tensor *on_diagonal = make_binary(state, OP_eq, indices[0], indices[1], where);
  tensor *entry = vector ? entry_at(state, vector, indices, where) : make_real(state, 1, where);
  entry = make_select(state, on_diagonal, entry, make_real(state, 0, where), where);
  return make_comprehension(state, 2, axes, entry, 0, where);
}

tensor *build_eye(checker *state, const builtin_call *call) {
  scalar *given = extents_of_call(state, call, 0);
  if (!given) return NULL;
  scalar extents[2] = {given[0], given[call->count - 1]};
  return diagonal_matrix(state, extents, NULL, call->where);
}

/* Of a vector a matrix, of a matrix its diagonal. */
tensor *build_diag(checker *state, const builtin_call *call) {
  tensor *of = share_costly(state, real_argument(state, call, 0));
  if (!of) return NULL;
  if (of->rank == 1) {
    scalar extents[2] = {of->extents[0], of->extents[0]};
    return diagonal_matrix(state, extents, of, call->where);
  }
  of = ranked_argument(state, call, 0, 2);
  if (!of) return NULL;
  if (of->extents[0] != of->extents[1]) {
    extents_disagree(state, call->where, of, 0, of, 1);
    return NULL;
  }
  tensor *indices[2];
  tensor_axis *axes = axes_over(state, 1, of->extents, indices, call->where);
  indices[1] = indices[0];
  tensor *entry = axes ? entry_at(state, of, indices, call->where) : NULL;
  return make_comprehension(state, 1, axes, entry, 0, call->where);
}

/* range(n) = 0 .. n-1, range(a, b) = a .. b-1; whole numbers. */
tensor *build_range(checker *state, const builtin_call *call) {
  scalar *given = extents_of_call(state, call, 0);
  if (!given) return NULL;
  scalar extent = call->count == 1 ? given[0] : whole_subtract(state->dag, given[1], given[0]);
  if (overflows(state, extent, call->where)) return NULL;
  tensor *index;
  tensor_axis *axes = axes_over(state, 1, &extent, &index, call->where);
  if (!axes) return NULL;
  if (call->count == 2) index = make_binary(state, OP_whole_add, call->arguments[0], index, call->where);
  return make_comprehension(state, 1, axes, index, 0, call->where);
}

/* a*(1 - t) + b*t with t = i/(n - 1): both ends are exact. A single entry is a. */
tensor *build_linspace(checker *state, const builtin_call *call) {
  span where = call->where;
  tensor *from = real_argument(state, call, 0), *to = real_argument(state, call, 1);
  scalar extent = extent_value(state, call->arguments[2], "an extent");
  if (!from || !to || extent == NO_SCALAR) return NULL;
  if (from->rank || to->rank) {
    diagnose(state->report, CODE_NOT_A_SCALAR, where, "the ends of linspace are single numbers");
    return NULL;
  }
  from = share(state, from);
  to = share_costly(state, to);
  tensor *index, *one = make_real(state, 1, where);
  tensor_axis *axes = axes_over(state, 1, &extent, &index, where);
  if (!axes) return NULL;
  tensor *count = make_constant(state, SCALAR_WHOLE, extent, where);
  tensor *steps = make_binary(state, OP_max, make_binary(state, OP_sub, count, one, where), one, where);
  tensor *t = make_binary(state, OP_div, index, steps, where);
  tensor *left = make_binary(state, OP_mul, from, make_binary(state, OP_sub, one, t, where), where);
  tensor *right = make_binary(state, OP_mul, to, t, where);
  return make_comprehension(state, 1, axes, make_binary(state, OP_add, left, right, where), 0, where);
}

/* ---- joining ---- */

/* All arguments of one type: whole or truth where all are, else real. False after an error. */
static bool unify_types(checker *state, const builtin_call *call) {
  bool same = true, right = true;
  for (int k = 1; k < call->count; k++) same = same && call->arguments[k]->type == call->arguments[0]->type;
  for (int k = 0; k < call->count && !same; k++) {
    call->arguments[k] = as_real(state, call->arguments[k]);
    right = right && call->arguments[k];
  }
  return right;
}

/* `along`: an axis that need not agree, or -1. */
static bool shapes_agree(checker *state, const builtin_call *call, int along) {
  tensor *first = call->arguments[0];
  for (int k = 1; k < call->count; k++) {
    tensor *each = call->arguments[k];
    if (each->rank != first->rank) {
      diagnose(state->report, CODE_WRONG_RANK, each->where, "'%s' joins arrays of one rank: shapes are %s and %s",
               call->name, show_shape(state, first), show_shape(state, each));
      return false;
    }
    for (int axis = 0; axis < first->rank; axis++) {
      if (axis == along || each->extents[axis] == first->extents[axis]) continue;
      extents_disagree(state, call->where, first, axis, each, axis);
      return false;
    }
  }
  return true;
}

tensor *build_concat(checker *state, const builtin_call *call) {
  tensor *first = call->arguments[0];
  if (first->rank == 0) {
    diagnose(state->report, CODE_WRONG_RANK, first->where, "'concat' joins arrays, and %s is a single number",
             show_node(state, first));
    diagnose_hint(state->report, "[a, b] makes an array of numbers");
    return NULL;
  }
  int axis = axis_of_call(state, call, first->rank, 0);
  if (axis < 0 || !unify_types(state, call) || !shapes_agree(state, call, axis)) return NULL;
  return make_join(state, TENSOR_CONCAT, axis, call->count, call->arguments, call->where);
}

tensor *build_stack(checker *state, const builtin_call *call) {
  int axis = axis_of_call(state, call, call->arguments[0]->rank + 1, 0);
  if (axis < 0 || !unify_types(state, call) || !shapes_agree(state, call, -1)) return NULL;
  return make_join(state, TENSOR_STACK, axis, call->count, call->arguments, call->where);
}

/* ---- shapes ---- */

static scalar product_of(checker *state, int count, const scalar *extents, int without, span where) {
  scalar product = scalar_whole(state->dag, 1);
  for (int k = 0; k < count; k++)
    if (k != without) product = whole_multiply(state->dag, product, extents[k]);
  return overflows(state, product, where) ? NO_SCALAR : product;
}

/* The extent written -1: what is left over; it must divide. */
static scalar left_over(checker *state, const tensor *of, scalar entries, scalar others, span where) {
  scalar found = NO_SCALAR;
  if (others != scalar_whole(state->dag, 0)) found = whole_quotient(state->dag, entries, others);
  if (found != NO_SCALAR && whole_multiply(state->dag, found, others) == entries) return found;
  diagnose(state->report, CODE_WRONG_RESHAPE, where, "%s has %s entries; nothing says that this is a multiple of %s",
           show_node(state, of), show_scalar(state, entries), show_scalar(state, others));
  return NO_SCALAR;
}

/* The position of -1 among the extents; -1 when there is none, -2 after an error. */
static int open_extent(checker *state, const builtin_call *call, const scalar *extents) {
  int open = -1;
  for (int k = 0; k < call->count - 1; k++) {
    span where = call->arguments[k + 1]->where;
    if (extents[k] != scalar_whole(state->dag, -1)) {
      if (is_negative_extent(state, extents[k], where)) return -2;
    } else if (open >= 0) {
      diagnose(state->report, CODE_WRONG_RESHAPE, where, "only one extent of a reshape can be left open with -1");
      return -2;
    } else {
      open = k;
    }
  }
  return open;
}

tensor *build_reshape(checker *state, const builtin_call *call) {
  tensor *of = call->arguments[0];
  scalar *extents = extents_of_call(state, call, 1);
  if (!extents) return NULL;
  int count = call->count - 1, open = open_extent(state, call, extents);
  if (open == -2) return NULL;
  scalar entries = product_of(state, of->rank, of->extents, -1, call->where);
  scalar others = product_of(state, count, extents, open, call->where);
  if (entries == NO_SCALAR || others == NO_SCALAR) return NULL;
  if (open >= 0) {
    extents[open] = left_over(state, of, entries, others, call->where);
    if (extents[open] == NO_SCALAR) return NULL;
  } else if (entries != others) {
    bool different = is_provably_different(state, entries, others);
    const char *have = show_scalar(state, entries), *want = show_scalar(state, others);
    diagnose(state->report, CODE_WRONG_RESHAPE, call->where, "%s has %s entries, the new shape has %s%s%s%s%s",
             show_node(state, of), have, want, different ? "" : "; nothing says ", different ? "" : have,
             different ? "" : " = ", different ? "" : want);
    return NULL;
  }
  return make_reshape(state, share_costly(state, of), count, extents, call->where);
}

tensor *build_transpose(checker *state, const builtin_call *call) {
  return make_transpose(state, call->arguments[0], call->where);
}

tensor *build_outer(checker *state, const builtin_call *call) {
  tensor *a = share_costly(state, ranked_argument(state, call, 0, 1));
  tensor *b = share_costly(state, ranked_argument(state, call, 1, 1));
  if (!a || !b) return NULL;
  scalar extents[2] = {a->extents[0], b->extents[0]};
  tensor *indices[2];
  tensor_axis *axes = axes_over(state, 2, extents, indices, call->where);
  if (!axes) return NULL;
  tensor *left = entry_at(state, a, &indices[0], call->where), *right = entry_at(state, b, &indices[1], call->where);
  return make_comprehension(state, 2, axes, make_binary(state, OP_mul, left, right, call->where), 0, call->where);
}
