/* `adjoin check --real float`: what code for float computes, against the same functions in double.
 *
 * Both see the same numbers. How far rounding may lead them apart depends on the model: as far, at least, as changes of
 * the inputs in their last digits do, which the functions in double tell. */
#include "compiler/cli/check.h"

#include "compiler/cli/names.h"
#include <float.h>
#include <math.h>

/* Rounding errors accumulate over the operations of a function: this many are common, and this many times what the last
 * digits of the inputs change. */
static const double common_roundings = 100, common_changes = 10;
static const double useless_tolerance = 0.1; /* above it a comparison says nothing */

/* Rounding is relative to this part, at least, of the size that numbers naturally have: what cancels leaves nothing
 * else. */
static const double natural_part = 0.1;

/* A function's results: in float, in double, and in double after the inputs changed in their last digits. */
typedef struct {
  quantity *found, *exact, *changed;
} compared;

static void exchange(checking *in) {
  machine single = in->on;
  in->on = in->reference;
  in->reference = single;
}

/* Inputs one epsilon up or down, entry by entry, and back. */
static void change_inputs(checking *in, bool changed) {
  uint64_t bits = 1;
  for (int k = 0; k < in->active.count; k++) {
    double *entries = in->inputs.inputs[find_input(in->model, in->active.items[k])].value.entries;
    for (int64_t e = 0; e < in->point[k].count; e++) {
      bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
      double factor = !changed ? 1 : bits >> 63 ? 1 + (double)FLT_EPSILON : 1 - (double)FLT_EPSILON;
      entries[e] = in->point[k].entries[e] * factor;
    }
  }
}

static bool compute(checking *in, int function, const double *seed, const quantity *like, int count, compared *into) {
  quantity **sets[] = {&into->found, &into->exact, &into->changed};
  bool good = true;
  for (int k = 0; k < 3; k++) {
    *sets[k] = checking_quantities_like(in, like, count);
    if (k > 0) exchange(in);
    if (k == 2) change_inputs(in, true);
    good = checking_call(in, function, seed, *sets[k], count) && good;
    if (k == 2) change_inputs(in, false);
    if (k > 0) exchange(in);
  }
  return good;
}

/* One result; `natural` is the size that its entries are expected to have. */
static void compare(checking *in, const char *test, const char *of, const compared *three, int which, double natural) {
  const double *found = three->found[which].entries, *exact = three->exact[which].entries;
  const double *changed = three->changed[which].entries;
  double error = 0, change = 0, scale = fmax(natural_part * natural, DBL_MIN);
  for (int64_t k = 0; k < three->found[which].count; k++) {
    if (!isfinite(exact[k]) || !isfinite(changed[k])) {
      checking_skip(in, test, of, "not finite here");
      return;
    }
    error = isfinite(found[k]) ? fmax(error, fabs(found[k] - exact[k])) : (double)INFINITY;
    change = fmax(change, fabs(changed[k] - exact[k]));
    scale = fmax(scale, fabs(exact[k]));
  }
  double tolerance = common_roundings * (double)FLT_EPSILON + common_changes * change / scale;
  test_row made = {test, of, error / scale, tolerance, TEST_PASSED, NULL};
  if (tolerance > useless_tolerance || scale > (double)FLT_MAX) {
    made.result = TEST_SKIPPED;
    made.reason = scale > (double)FLT_MAX ? "too large for float" : "the last digits of the inputs decide here";
  } else if (!(made.error <= tolerance)) {
    made.result = TEST_FAILED;
    made.reason = "float and double differ by more than rounding";
  }
  checking_add(in, made);
}

static const char *against(checking *in, const char *what) {
  return arena_format(in->with->memory, "%s against double", what);
}

/* The objective, then the outputs. */
static void compare_values(checking *in) {
  int first = in->model->objective.value != NULL, count = first + in->outputs.count;
  quantity *like = arena_array(in->with->memory, quantity, count + 1);
  if (first) like[0] = (quantity){.name = in->model->objective.name, .count = 1};
  for (int k = 0; k < in->outputs.count; k++) like[first + k] = in->output[k];
  compared three;
  if (!compute(in, in->functions.value, NULL, like, count, &three)) return;
  for (int k = 0; k < count; k++) compare(in, against(in, "value"), like[k].name, &three, k, 0);
}

/* The function gives the objective before the gradient. */
static void compare_gradients(checking *in) {
  int count = 1 + in->active.count;
  quantity *like = arena_array(in->with->memory, quantity, count + 1);
  like[0] = (quantity){.name = in->model->objective.name, .count = 1};
  for (int k = 0; k < in->active.count; k++) like[1 + k] = in->gradient[k];
  compared three;
  if (!compute(in, in->functions.gradient, NULL, like, count, &three)) return;
  for (int k = 0; k < in->active.count; k++)
    compare(in, against(in, "gradient"), in->active.items[k], &three, 1 + k, checking_gradient_size(in, k));
}

static void compare_products(checking *in) {
  for (int b = 0; b < in->directions; b++) {
    compared three;
    if (!compute(in, in->functions.product[b], in->first[b].entries, in->gradient, in->directions, &three)) continue;
    for (int a = 0; a < in->directions; a++)
      compare(in, against(in, checking_product_name(in, a, b)), checking_pair(in, a, b), &three, a,
              checking_gradient_size(in, a));
  }
}

static double largest(const quantity *of) {
  double found = 0;
  for (int64_t k = 0; k < of->count; k++) found = fmax(found, fabs(of->entries[k]));
  return found;
}

static void compare_tangents(checking *in) {
  for (int a = 0; a < in->directions && in->outputs.count; a++) {
    compared three;
    if (!compute(in, in->functions.tangent[a], in->first[a].entries, in->output, in->outputs.count, &three)) continue;
    for (int k = 0; k < in->outputs.count; k++)
      compare(in, against(in, "jvp"), checking_output_pair(in, k, a), &three, k, largest(&in->output[k]));
  }
}

void checking_single(checking *in) {
  if (!in->active.count) return;
  compare_values(in);
  if (in->functions.gradient >= 0) {
    compare_gradients(in);
    compare_products(in);
  }
  compare_tangents(in);
}
