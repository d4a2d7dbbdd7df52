/* The objective as a sum of squares (see squares.h): c * sum r^2, sum[i, j] r[i, j]^2 / c, mean(r*r), -r @ r and the
 * like, of an output r. */
#include "compiler/problem/squares.h"

typedef struct {
  const tensor_program *model;
  const int64_t *extents; /* NULL: they have no values */
  sum_of_squares found;   /* its factor so far */
  int axis_count;         /* of the sum that the walk is in */
  const tensor_axis *axes;
  const binding *residual; /* whose squares they are */
} walk;

static const tensor *argument(const tensor *of, int number) {
  return of->arguments[number];
}

static bool applies(const tensor *of, scalar_op op) {
  return of->kind == TENSOR_APPLY && of->op == op;
}

/* A number that no input moves: a constant, or an extent. */
typedef struct {
  double value;
  scalar whole; /* NO_SCALAR; or what it is, where it has no value yet */
} number;

static bool is_number(const walk *at, const tensor *of, number *into) {
  const tensor *inner = applies(of, OP_real_of_whole) ? argument(of, 0) : of;
  int64_t whole;
  if (inner->kind != TENSOR_CONSTANT || inner->rank) return false;
  *into = (number){.whole = NO_SCALAR};
  const scalar_node *node = scalar_at(at->model->dag, inner->value);
  if (node->type == SCALAR_REAL && node->op == SCALAR_CONSTANT) {
    into->value = node->real;
    return true;
  }
  if (node->type != SCALAR_WHOLE) return false;
  if (!at->extents && !scalar_is_whole(at->model->dag, inner->value, &whole)) {
    into->whole = inner->value;
    return true;
  }
  if (at->extents && !whole_evaluate(at->model->dag, inner->value, at->extents, &whole)) return false;
  into->value = (double)whole;
  return true;
}

static void take_factor(walk *at, const number *of, bool divides) {
  sum_of_squares *into = &at->found;
  if (of->whole == NO_SCALAR) {
    into->factor = divides ? into->factor / of->value : into->factor * of->value;
  } else if (divides) {
    list_push(scalar_memory(at->model->dag), &into->over, of->whole);
  } else {
    list_push(scalar_memory(at->model->dag), &into->times, of->whole);
  }
}

/* A factor of a product or quotient, or a sign, is taken into the factor; the other part, or NULL. */
static const tensor *without_factor(walk *at, const tensor *of) {
  number factor;
  if (applies(of, OP_neg)) {
    at->found.factor = -at->found.factor;
    return argument(of, 0);
  }
  if (!applies(of, OP_mul) && !applies(of, OP_div)) return NULL;
  bool quotient = of->op == OP_div;
  for (int k = quotient; k < 2; k++)
    if (is_number(at, argument(of, k), &factor)) {
      take_factor(at, &factor, quotient);
      return argument(of, 1 - k);
    }
  return NULL;
}

/* Entry by entry along the axes of the sum: x[i, j] in sum[i, j]; what is seen so, or NULL. */
static const tensor *seen_whole(const walk *at, const tensor *of) {
  if (of->kind != TENSOR_SUBSCRIPT || argument(of, 0)->rank != at->axis_count) return NULL;
  for (int k = 0; k < at->axis_count; k++) {
    const selector *each = &of->selectors[k];
    const tensor *limit = at->axes[k].limit;
    if (each->kind != SELECT_AT || each->index->kind != TENSOR_INDEX || each->index->index != at->axes[k].index)
      return NULL;
    if (limit->kind != TENSOR_CONSTANT || limit->value != argument(of, 0)->extents[k]) return NULL;
  }
  return argument(of, 0);
}

/* The name of a whole array, or of its entry at the axes. */
static const binding *named(const walk *at, const tensor *of, bool whole) {
  const tensor *seen = whole ? of : seen_whole(at, of);
  return seen && seen->kind == TENSOR_NAME ? seen->name : NULL;
}

/* Is this, an entry of the sum (or, `whole`, the array of all of them), the square of an output's? */
static bool is_square(walk *at, const tensor *of, bool whole) {
  number power;
  for (const tensor *inner; (inner = without_factor(at, of));) of = inner;
  if (!whole && seen_whole(at, of)) return is_square(at, seen_whole(at, of), true);
  if (applies(of, OP_pow) && is_number(at, argument(of, 1), &power) && power.value == 2)
    at->residual = named(at, argument(of, 0), whole);
  else if (applies(of, OP_mul) && named(at, argument(of, 0), whole) == named(at, argument(of, 1), whole))
    at->residual = named(at, argument(of, 0), whole);
  return at->residual != NULL;
}

static bool is_sum_of_squares(walk *at, const tensor *of) {
  for (const tensor *inner; (inner = of->kind == TENSOR_NAME ? of->name->value : without_factor(at, of));) of = inner;
  if (of->kind != TENSOR_REDUCE) return of->rank == 0 && is_square(at, of, true);
  if ((of->reduction != REDUCE_SUM && of->reduction != REDUCE_MEAN) || of->condition || of->rank) return false;
  at->axis_count = of->axis_count;
  at->axes = of->axes;
  for (int k = 0; k < of->axis_count; k++) {
    number extent;
    if (!is_number(at, of->axes[k].limit, &extent)) return false;
    if (of->reduction == REDUCE_MEAN) take_factor(at, &extent, true);
  }
  return is_square(at, argument(of, 0), false);
}

sum_of_squares find_squares(const tensor_program *model, const int64_t *extents) {
  walk at = {.model = model, .extents = extents, .found = {.factor = 1}};
  if (!is_sum_of_squares(&at, model->objective.value->value)) return (sum_of_squares){0};
  for (int k = 0; k < model->outputs.count; k++)
    if (model->outputs.items[k].value == at.residual) at.found.output = model->outputs.items[k].name;
  return at.found;
}
