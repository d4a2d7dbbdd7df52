/* Calls of the language's own functions: finding them, their arguments, and remembering what they made. */
#include "compiler/tensor/builtin.h"

#include <string.h>

typedef struct {
  const char *name;
  int least, most;
  bool takes_axis;
  int option;
  builtin_builder *build;
} builtin_row;

static const builtin_row rows[] = {
#define BUILTIN(name, least, most, axis, option, build) {#name, least, most, axis, option, build},
#include "compiler/tensor/builtin.def"
#undef BUILTIN
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

/* Names that the language keeps for functions that this version does not have. */
static const char *const later[] = {"avg_pool1d", "avg_pool2d", "cholesky", "conv1d",     "conv2d",
                                    "det",        "flatten",    "inv",      "layer_norm", "logdet",
                                    "max_pool1d", "max_pool2d", "solve"};
enum { LATER_COUNT = sizeof later / sizeof *later };

static const builtin_row *find_row(const char *name) {
  int low = 0, high = ROW_COUNT;
  while (low < high) {
    int middle = (low + high) / 2, order = strcmp(name, rows[middle].name);
    if (order == 0) return &rows[middle];
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

static scalar_op find_operation(const char *name) {
  scalar_op op = scalar_op_named(name);
  const scalar_op_row *row = op == SCALAR_NOTHING ? NULL : scalar_row(op);
  return row && !(row->flags & OP_INTERNAL) ? op : SCALAR_NOTHING;
}

builtin_kind find_builtin(const char *name) {
  if (find_row(name)) return BUILTIN_BUILT;
  if (find_operation(name) != SCALAR_NOTHING) return BUILTIN_OPERATION;
  for (int k = 0; k < LATER_COUNT; k++)
    if (!strcmp(name, later[k])) return BUILTIN_LATER;
  return BUILTIN_NONE;
}

int builtin_names(const char **names) {
  int count = 0;
  for (int k = 0; k < ROW_COUNT; k++, count++)
    if (names) names[count] = rows[k].name;
  for (int op = SCALAR_NOTHING + 1; op < SCALAR_OP_COUNT; op++) {
    const scalar_op_row *row = scalar_row((scalar_op)op);
    if (!row || row->flags & OP_INTERNAL) continue;
    if (names) names[count] = row->name;
    count++;
  }
  return count;
}

/* ---- arguments ---- */

static bool wrong_count(checker *state, const builtin_call *call, int least, int most) {
  if (call->count >= least && (most < 0 || call->count <= most)) return false;
  const char *wanted = arena_format(state->memory, "%d", least);
  if (most < 0)
    wanted = arena_format(state->memory, "at least %d", least);
  else if (most > least)
    wanted = arena_format(state->memory, "%d to %d", least, most);
  bool one = least == 1 && (most == 1 || most < 0);
  diagnose(state->report, CODE_WRONG_ARGUMENT_COUNT, call->where, "'%s' takes %s argument%s, and %d %s given",
           call->name, wanted, one ? "" : "s", call->count, call->count == 1 ? "is" : "are");
  return true;
}

/* axis=k; false after an error. */
static bool read_keyword(checker *state, const ast_argument *from, bool takes_axis, builtin_call *into) {
  const char *name = from->keyword.name;
  tensor *value = check_expression(state, from->value);
  if (!takes_axis || strcmp(name, "axis")) {
    diagnose(state->report, CODE_UNKNOWN_ARGUMENT, from->keyword.where, "'%s' has no argument '%s'", into->name, name);
    if (takes_axis) diagnose_hint(state->report, "it takes axis=...");
    return false;
  }
  if (into->has_axis) {
    diagnose(state->report, CODE_DUPLICATE_ARGUMENT, from->keyword.where, "axis is given twice");
    return false;
  }
  scalar axis = value ? extent_value(state, value, "axis") : NO_SCALAR;
  into->has_axis = true;
  into->axis_where = from->value->where;
  if (axis == NO_SCALAR) return false;
  if (scalar_is_whole(state->dag, axis, &into->axis)) return true;
  diagnose(state->report, CODE_WRONG_AXIS, from->value->where, "axis must be a number, and this is %s",
           show_scalar(state, axis));
  return false;
}

static bool read_arguments(checker *state, const ast_expression *from, bool takes_axis, builtin_call *into) {
  bool right = true;
  into->arguments = arena_array(state->memory, tensor *, from->arguments.count + 1);
  for (int k = 0; k < from->arguments.count; k++) {
    const ast_argument *argument = &from->arguments.items[k];
    if (argument->keyword.name) {
      right = read_keyword(state, argument, takes_axis, into) && right;
      continue;
    }
    tensor *value = check_expression(state, argument->value);
    into->arguments[into->count++] = value;
    right = right && value;
  }
  return right;
}

int axis_of_call(checker *state, const builtin_call *call, int rank, int otherwise) {
  if (!call->has_axis) return otherwise;
  if (call->axis >= -rank && call->axis < rank) return (int)(call->axis < 0 ? call->axis + rank : call->axis);
  if (rank == 0)
    diagnose(state->report, CODE_WRONG_AXIS, call->axis_where, "a single number has no axis");
  else
    diagnose(state->report, CODE_WRONG_AXIS, call->axis_where, "there is no axis %lld: the axes are 0 to %d",
             (long long)call->axis, rank - 1);
  return -1;
}

tensor *real_argument(checker *state, const builtin_call *call, int number) {
  return as_real(state, call->arguments[number]);
}

tensor *ranked_argument(checker *state, const builtin_call *call, int number, int rank) {
  tensor *value = real_argument(state, call, number);
  if (!value || value->rank == rank) return value;
  diagnose(state->report, CODE_WRONG_RANK, value->where, "'%s' takes a %s here, and %s has shape %s", call->name,
           rank == 1 ? "vector" : "matrix", show_node(state, value), show_shape(state, value));
  return NULL;
}

/* ---- calls ---- */

/* The same call with the same arguments is made once, where its value is still visible. */
static int key_of_call(checker *state, int function, const builtin_call *call) {
  LIST(int32_t) words = {0};
  list_push(state->memory, &words, -2);
  list_push(state->memory, &words, function);
  list_push(state->memory, &words, call->has_axis ? (int32_t)call->axis : INT32_MIN);
  for (int k = 0; k < call->count; k++) list_push(state->memory, &words, facts(call->arguments[k])->number);
  return number_of(&state->numbers, words.items, words.count);
}

static tensor *make_built(checker *state, const builtin_row *row, const builtin_call *call) {
  int key = key_of_call(state, (int)(row - rows), call);
  tensor *known = recall(state, key);
  if (known) return known;
  tensor *made = row->build(state, call);
  return made && facts(made)->costly ? remember(state, key, made) : made;
}

static tensor *check_built(checker *state, const builtin_row *row, const ast_expression *from) {
  builtin_call call = {.name = row->name, .where = from->where, .option = row->option};
  bool right = read_arguments(state, from, row->takes_axis, &call);
  if (wrong_count(state, &call, row->least, row->most) || !right) return NULL;
  if (call.axis < -MAXIMUM_RANK || call.axis > MAXIMUM_RANK) {
    diagnose(state->report, CODE_WRONG_AXIS, call.axis_where, "there is no axis %lld", (long long)call.axis);
    return NULL;
  }
  return make_built(state, row, &call);
}

/* Requires: a function that can be called with one argument. */
tensor *apply_builtin(checker *state, const char *name, tensor *argument, span where) {
  const builtin_row *row = find_row(name);
  if (!row) return make_unary(state, find_operation(name), argument, where);
  builtin_call call = {.name = name, .where = where, .option = row->option, .count = 1, .arguments = &argument};
  return make_built(state, row, &call);
}

static tensor *check_operation(checker *state, scalar_op op, const ast_expression *from) {
  builtin_call call = {.name = from->name.name, .where = from->where};
  bool right = read_arguments(state, from, false, &call);
  int arity = scalar_row(op)->arity;
  if (wrong_count(state, &call, arity, arity) || !right) return NULL;
  return make_apply(state, op, arity, call.arguments, from->where);
}

tensor *check_builtin(checker *state, const ast_expression *from) {
  const builtin_row *row = find_row(from->name.name);
  if (row) return check_built(state, row, from);
  scalar_op op = find_operation(from->name.name);
  if (op != SCALAR_NOTHING) return check_operation(state, op, from);
  diagnose(state->report, CODE_LATER_VERSION, from->name.where, "'%s' is not part of this version", from->name.name);
  for (int k = 0; k < from->arguments.count; k++) check_expression(state, from->arguments.items[k].value);
  return NULL;
}
