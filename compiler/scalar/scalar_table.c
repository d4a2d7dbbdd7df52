/* The op table as data, and what the host computes for each row. */
#include "compiler/scalar/scalar_dag.h"
#include "compiler/scalar/scalar_helpers.h"
#include <math.h>
#include <string.h>

#define OP(name, signature, spelling_double, spelling_float, flags, partial_a, partial_b, partial_c, low_a, high_a,    \
           low_b, high_b, low_c, high_c, ...)                                                                          \
  {#name,                                                                                                              \
   (int)(sizeof signature) - 3,                                                                                        \
   signature,                                                                                                          \
   spelling_double,                                                                                                    \
   spelling_float,                                                                                                     \
   {partial_a, partial_b, partial_c},                                                                                  \
   flags,                                                                                                              \
   {low_a, low_b, low_c},                                                                                              \
   {high_a, high_b, high_c}},
static const scalar_op_row rows[] = {
#include "compiler/scalar/scalar_ops.def"
};
#undef OP

enum { FIRST_ROW = SCALAR_SELECT + 1, ROW_COUNT = (int)(sizeof rows / sizeof rows[0]) };
_Static_assert((int)SCALAR_OP_COUNT - FIRST_ROW == ROW_COUNT, "one operation per row");

const scalar_op_row *scalar_row(scalar_op op) {
  int row = (int)op - FIRST_ROW;
  return row >= 0 && row < ROW_COUNT ? &rows[row] : NULL;
}

scalar_op scalar_op_named(const char *name) {
  for (int row = 0; row < ROW_COUNT; row++)
    if (strcmp(rows[row].name, name) == 0) return (scalar_op)(FIRST_ROW + row);
  return SCALAR_NOTHING;
}

double scalar_evaluate(scalar_op op, const double *arguments) {
  const scalar_op_row *row = scalar_row(op);
  if (!row) return (double)NAN;
  double a = arguments[0], b = row->arity > 1 ? arguments[1] : 0, c = row->arity > 2 ? arguments[2] : 0;
  switch (op) {
#define OP(name, signature, spelling_double, spelling_float, flags, partial_a, partial_b, partial_c, low_a, high_a,    \
           low_b, high_b, low_c, high_c, ...)                                                                          \
  case OP_##name:                                                                                                      \
    return (double)(__VA_ARGS__);
#include "compiler/scalar/scalar_ops.def"
#undef OP
  default: return (double)NAN;
  }
}

static bool evaluate_division(scalar_op op, int64_t a, int64_t b, int64_t *value) {
  if (b == 0 || (a == INT64_MIN && b == -1)) return false;
  *value = op == OP_whole_quotient ? host_whole_quotient(a, b) : host_whole_remainder(a, b);
  return true;
}

bool scalar_evaluate_whole(scalar_op op, const int64_t *arguments, int64_t *value) {
  int64_t a = arguments[0];
  switch (op) {
  case OP_whole_negate: return !__builtin_sub_overflow((int64_t)0, a, value);
  case OP_whole_add: return !__builtin_add_overflow(a, arguments[1], value);
  case OP_whole_subtract: return !__builtin_sub_overflow(a, arguments[1], value);
  case OP_whole_multiply: return !__builtin_mul_overflow(a, arguments[1], value);
  case OP_whole_quotient:
  case OP_whole_remainder: return evaluate_division(op, a, arguments[1], value);
  default: return false;
  }
}
