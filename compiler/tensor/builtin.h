/* The functions of the language that are more than one operation of the op table. Adding one is adding a row to
 * builtin.def and its builder. */
#ifndef ADJOIN_TENSOR_BUILTIN_H
#define ADJOIN_TENSOR_BUILTIN_H

#include "compiler/tensor/checker.h"

/* A call: its arguments, checked. */
typedef struct {
  const char *name;
  span where;
  int count;
  tensor **arguments;
  int option; /* of the row */
  bool has_axis;
  int64_t axis; /* as written: negative counts from the end */
  span axis_where;
} builtin_call;

/* NULL exactly when an error was reported. */
typedef tensor *builtin_builder(checker *state, const builtin_call *call);

#define BUILTIN(name, least, most, axis, option, build) builtin_builder build;
#include "compiler/tensor/builtin.def"
#undef BUILTIN

/* The axis that the call names, among `rank`; `otherwise` when it names none. -1 after an error. */
int axis_of_call(checker *state, const builtin_call *call, int rank, int otherwise);

/* The argument as a vector (rank 1) or a matrix (rank 2) of real numbers; NULL after an error. */
tensor *real_argument(checker *state, const builtin_call *call, int number);
tensor *ranked_argument(checker *state, const builtin_call *call, int number, int rank);

/* The reduction of `of` along one axis (`keep`: with the extent 1 in its place), or over all of them. */
tensor *reduce_axis(checker *state, reduction_kind kind, tensor *of, int axis, bool keep, span where);
tensor *reduce_all(checker *state, reduction_kind kind, tensor *of, span where);

/* Logits less their largest, and the logs of the sums of their exps along the axis, whose extent is 1 there: the
 * difference of the two is log_softmax. False after an error. */
bool normalise_logits(checker *state, tensor *logits, int axis, span where, tensor **shifted, tensor **total);

#endif
