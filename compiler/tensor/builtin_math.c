/* Functions entry by entry that are more than one operation of the op table. */
#include "compiler/tensor/builtin.h"

/* 0 where z <= 0, with derivative 0 there; nan stays nan. */
tensor *build_relu(checker *state, const builtin_call *call) {
  tensor *of = share(state, real_argument(state, call, 0));
  tensor *zero = make_real(state, 0, call->where);
  tensor *negative = make_binary(state, OP_le, of, zero, call->where);
  return make_select(state, negative, zero, of, call->where);
}

/* z*P(Z <= z) for a standard normal Z; by erfc, which keeps its digits where z is far below 0. */
tensor *build_gelu(checker *state, const builtin_call *call) {
  tensor *of = share(state, real_argument(state, call, 0));
  tensor *scaled = make_binary(state, OP_mul, of, make_real(state, -0.70710678118654752440, call->where), call->where);
  tensor *tail = make_unary(state, OP_erfc, scaled, call->where);
  tensor *half = make_binary(state, OP_mul, make_real(state, 0.5, call->where), of, call->where);
  return make_binary(state, OP_mul, half, tail, call->where);
}

tensor *build_silu(checker *state, const builtin_call *call) {
  tensor *of = share(state, real_argument(state, call, 0));
  return make_binary(state, OP_mul, of, make_unary(state, OP_sigmoid, of, call->where), call->where);
}

/* The function form of %. */
tensor *build_mod(checker *state, const builtin_call *call) {
  tensor *a = call->arguments[0], *b = call->arguments[1];
  bool whole = a->type == SCALAR_WHOLE && b->type == SCALAR_WHOLE;
  return make_binary(state, whole ? OP_whole_remainder : OP_mod, a, b, call->where);
}

tensor *build_real(checker *state, const builtin_call *call) {
  tensor *of = call->arguments[0];
  if (of->type != SCALAR_TRUTH) return as_real(state, of);
  return make_unary(state, OP_real_of_truth, of, call->where);
}

tensor *build_stop_gradient(checker *state, const builtin_call *call) {
  return make_unary(state, OP_stop, call->arguments[0], call->where);
}

tensor *build_where(checker *state, const builtin_call *call) {
  return make_select(state, call->arguments[0], call->arguments[1], call->arguments[2], call->where);
}
