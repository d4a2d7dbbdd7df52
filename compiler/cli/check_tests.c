/* The tests of `adjoin check` (see check.h). */
#include "compiler/cli/check.h"

#include "compiler/cli/names.h"
#include <math.h>
#include <string.h>

/* Exact derivatives of what cancels (p/p) are rounding and nothing else. Directions are about as long as what they
 * move, so that a derivative along one is naturally of the size of the function; below this part of that size, numbers
 * count as zero. */
static const double natural_part = 1e-3;

enum {
  DENSE_LIMIT = 1 << 22,    /* entries of a dense derivative that is still formed */
  MOST_SINGLE_ENTRIES = 200 /* of an input that is moved entry by entry */
};

/* ---- evaluation ---- */

bool checking_evaluate(checking *in) {
  double **into = arena_array(in->with->memory, double *, in->outputs.count + 2);
  int first = in->model->objective.value != NULL;
  if (first) into[0] = &in->objective;
  for (int k = 0; k < in->outputs.count; k++) into[first + k] = in->output[k].entries;
  return machine_try(&in->on, in->functions.value, 0, NULL, into) == 0;
}

static bool gradient_at(checking *in, double *objective, const quantity *into) {
  double **results_array = arena_array(in->with->memory, double *, in->active.count + 2);
  results_array[0] = objective;
  for (int k = 0; k < in->active.count; k++) results_array[1 + k] = into[k].entries;
  return machine_try(&in->on, in->functions.gradient, 0, NULL, results_array) == 0;
}

bool checking_differentiate(checking *in) {
  return in->functions.gradient < 0 || gradient_at(in, NULL, in->gradient);
}

void checking_move(checking *in, int number, double t) {
  double *entries = in->inputs.inputs[find_input(in->model, in->active.items[number])].value.entries;
  for (int64_t k = 0; k < in->point[number].count; k++)
    entries[k] =
        t == 0 ? in->point[number].entries[k] : in->point[number].entries[k] + t * in->first[number].entries[k];
}

/* A function called with one seed, its results in quantities of their own. */
bool checking_call(checking *in, int function, const double *seed, const quantity *results_of, int count) {
  double **into = arena_array(in->with->memory, double *, count + 1);
  for (int k = 0; k < count; k++) into[k] = results_of[k].entries;
  return machine_try(&in->on, function, 0, (const double *const[]){seed}, into) == 0;
}

quantity *checking_quantities_like(checking *in, const quantity *like, int count) {
  quantity *made = arena_array(in->with->memory, quantity, count + 1);
  for (int k = 0; k < count; k++) {
    made[k] = like[k];
    made[k].entries = arena_array(in->with->memory, double, like[k].count + 1);
  }
  return made;
}

/* sum a b, and the sum of the terms' absolute values: what rounding is relative to. */
typedef struct {
  double value, scale;
} inner;

static inner inner_product(const double *a, const double *b, int64_t count) {
  inner made = {0, 0};
  for (int64_t k = 0; k < count; k++) {
    made.value += a[k] * b[k];
    made.scale += fabs(a[k] * b[k]);
  }
  return made;
}

static double largest(const quantity *of) {
  double found = 0;
  for (int64_t k = 0; k < of->count; k++) found = fmax(found, fabs(of->entries[k]));
  return found;
}

/* The size that entries of a gradient on an active input are expected to have. */
double checking_gradient_size(const checking *in, int number) {
  double size = largest(&in->point[number]);
  return fmax(largest(&in->gradient[number]), size > 0 ? fabs(in->objective) / size : 0);
}

/* ---- first order ---- */

/* The objective, then all outputs, along an input's first direction. */
typedef struct {
  checking *in;
  int number;
} motion;

static bool values_along(void *context, double t, double *values) {
  motion *along = context;
  checking *in = along->in;
  checking_move(in, along->number, t);
  bool good = checking_evaluate(in);
  checking_move(in, along->number, 0);
  int64_t at = 0;
  values[at++] = in->objective;
  for (int k = 0; k < in->outputs.count; k++)
    for (int64_t e = 0; e < in->output[k].count; e++) values[at++] = in->output[k].entries[e];
  return good;
}

static int64_t output_count(const checking *in) {
  int64_t count = 0;
  for (int k = 0; k < in->outputs.count; k++) count += in->output[k].count;
  return count;
}

static void compare_value(checking *in) {
  quantity *scratch = checking_quantities_like(in, in->gradient, in->active.count);
  double with_gradient = 0;
  if (!checking_evaluate(in) || !gradient_at(in, &with_gradient, scratch)) return;
  bool same = !memcmp(&with_gradient, &in->objective, sizeof with_gradient);
  checking_compare(in, "value, to the bit", in->model->objective.name, same ? 0 : fabs(with_gradient - in->objective),
                   fabs(in->objective), 0);
  if (!same) in->rows.items[in->rows.count - 1].result = TEST_FAILED;
}

static test_row judge_gradient(checking *in, int number) {
  motion along = {in, number};
  curve of = {.count = 1 + output_count(in), .at = values_along, .context = &along};
  difference found = differentiate(in->room, &of);
  inner exact = inner_product(in->gradient[number].entries, in->first[number].entries, in->point[number].count);
  return checking_judge(in, &of, &found, 0, 1, &exact.value);
}

/* Where a direction meets a kink, the entries one by one: most of them do not. */
static test_row judge_entries(checking *in, int number) {
  int64_t count = in->point[number].count, skipped = 0;
  quantity direction = in->first[number];
  double *unit = arena_array(in->with->memory, double, count + 1);
  test_row worst = {.result = TEST_SKIPPED};
  in->first[number].entries = unit;
  for (int64_t k = 0; k < count && worst.result != TEST_FAILED; k++) {
    unit[k] = direction.entries[k];
    test_row each = judge_gradient(in, number);
    unit[k] = 0;
    skipped += each.result == TEST_SKIPPED;
    if (k == 0 || checking_outweighs(&each, &worst)) worst = each;
  }
  in->first[number] = direction;
  if (skipped && worst.result == TEST_PASSED)
    worst.reason =
        arena_format(in->with->memory, "%lld of %lld entries can't be compared: a kink or pole, or not finite",
                     (long long)skipped, (long long)count);
  return worst;
}

void checking_first_order(checking *in) {
  if (in->functions.gradient < 0) return;
  compare_value(in);
  for (int k = 0; k < in->active.count && !in->given->real_float; k++) {
    test_row made = judge_gradient(in, k);
    if (made.result == TEST_SKIPPED && in->point[k].count > 1 && in->point[k].count <= MOST_SINGLE_ENTRIES)
      made = judge_entries(in, k);
    made.test = "gradient";
    made.of = in->active.items[k];
    checking_add(in, made);
  }
}

/* ---- second order ---- */

static bool gradients_along(void *context, double t, double *values) {
  motion *along = context;
  checking *in = along->in;
  checking_move(in, along->number, t);
  bool good = checking_differentiate(in);
  checking_move(in, along->number, 0);
  for (int k = 0; k < in->active.count; k++) {
    memcpy(values, in->gradient[k].entries, (size_t)in->gradient[k].count * sizeof(double));
    values += in->gradient[k].count;
  }
  return good;
}

static int64_t active_count(const checking *in) {
  int64_t count = 0;
  for (int k = 0; k < in->active.count; k++) count += in->point[k].count;
  return count;
}

static bool is_var(const checking *in, int number) {
  return has_role(in->model, in->active.items[number], VARS);
}

/* "theta,x": read on theta for a direction in x. */
const char *checking_pair(const checking *in, int read, int along) {
  return arena_format(in->with->memory, "%s,%s", in->active.items[read], in->active.items[along]);
}

const char *checking_product_name(const checking *in, int read, int along) {
  if (is_var(in, read) != is_var(in, along)) return "mixed";
  return is_var(in, read) ? "hvp" : "second, on params";
}

/* products[b][a]: the product read on a, along the first direction of b; the same for the second directions. */
typedef struct {
  quantity **along_first, **along_second;
} product_table;

static bool compute_products(checking *in, product_table *into) {
  int count = in->directions;
  into->along_first = arena_array(in->with->memory, quantity *, count + 1);
  into->along_second = arena_array(in->with->memory, quantity *, count + 1);
  for (int b = 0; b < count; b++) {
    into->along_first[b] = checking_quantities_like(in, in->gradient, count);
    into->along_second[b] = checking_quantities_like(in, in->gradient, count);
    int function = in->functions.product[b];
    if (!checking_call(in, function, in->first[b].entries, into->along_first[b], count)) return false;
    if (!checking_call(in, function, in->second[b].entries, into->along_second[b], count)) return false;
  }
  return true;
}

static void compare_products(checking *in, const product_table *products) {
  for (int b = 0; b < in->directions; b++) {
    motion along = {in, b};
    curve of = {.count = active_count(in), .at = gradients_along, .context = &along};
    difference found = differentiate(in->room, &of);
    int64_t at = 0;
    for (int a = 0; a < in->directions; a++) {
      const quantity *exact = &products->along_first[b][a];
      checking_against(in, checking_product_name(in, a, b), checking_pair(in, a, b), &of, &found, at, exact->count,
                       exact->entries);
      at += exact->count;
    }
  }
}

/* u_a' H_ab v_b = v_b' H_ba u_a, where u are the first and v the second directions. */
static void compare_symmetry(checking *in, const product_table *products) {
  for (int a = 0; a < in->directions; a++)
    for (int b = a; b < in->directions; b++) {
      inner one = inner_product(in->first[a].entries, products->along_second[b][a].entries, in->point[a].count);
      inner other = inner_product(in->second[b].entries, products->along_first[a][b].entries, in->point[b].count);
      checking_compare(in, is_var(in, a) != is_var(in, b) ? "mixed both ways" : "symmetry", checking_pair(in, a, b),
                       fabs(one.value - other.value),
                       fmax(fmax(one.scale, other.scale), natural_part * fabs(in->objective)), in->rounding);
    }
}

/* The dense derivative times a direction, row by row, against the product. */
static void compare_rows(checking *in, const char *test, const char *of, const quantity *dense,
                         const quantity *direction, const quantity *product_of, double natural) {
  double error = 0, scale = natural_part * natural;
  for (int64_t row = 0; row < product_of->count; row++) {
    inner sum = inner_product(dense->entries + row * direction->count, direction->entries, direction->count);
    error = fmax(error, fabs(sum.value - product_of->entries[row]));
    scale = fmax(scale, sum.scale);
    if (isnan(sum.value - product_of->entries[row])) error = NAN;
    if (isnan(error)) break;
  }
  checking_compare(in, test, of, error, scale, in->rounding);
}

/* Dense derivatives along one input, read on `count` quantities; NULL when they are too large. */
static quantity *dense_along(checking *in, int function, int along, const quantity *read, int count) {
  int64_t rows = 0;
  for (int k = 0; k < count; k++) rows += read[k].count;
  int64_t columns = in->point[along].count;
  if (rows && columns > DENSE_LIMIT / rows) return NULL;
  quantity *dense = arena_array(in->with->memory, quantity, count + 1);
  for (int k = 0; k < count; k++)
    if (!quantity_product(&in->with->reports, read[k].name, &read[k], &in->point[along], &dense[k])) return NULL;
  return call_dense(&in->on, function, &in->point[along], read, count, dense) == EXIT_DONE ? dense : NULL;
}

static void compare_dense_products(checking *in, const product_table *products) {
  for (int b = 0; b < in->directions; b++) {
    const quantity *dense = dense_along(in, in->functions.dense_product[b], b, in->point, in->directions);
    if (!dense) checking_skip(in, "dense Hessian", in->active.items[b], "too large to form");
    for (int a = 0; a < in->directions && dense; a++)
      compare_rows(in, "dense Hessian", checking_pair(in, a, b), &dense[a], &in->first[b], &products->along_first[b][a],
                   checking_gradient_size(in, a));
  }
}

void checking_second_order(checking *in) {
  product_table products;
  if (in->functions.gradient < 0) return;
  if (!compute_products(in, &products)) {
    checking_skip(in, "hvp", in->model->objective.name, "the products can't be evaluated here");
    return;
  }
  if (!in->given->real_float) compare_products(in, &products);
  compare_symmetry(in, &products);
  compare_dense_products(in, &products);
}

/* ---- outputs ---- */

const char *checking_output_pair(const checking *in, int output_number, int along) {
  return arena_format(in->with->memory, "%s,%s", in->outputs.items[output_number], in->active.items[along]);
}

static void compare_tangents(checking *in, int a, const quantity *tangent) {
  motion along = {in, a};
  curve of = {.count = 1 + output_count(in), .at = values_along, .context = &along};
  difference found = differentiate(in->room, &of);
  int64_t at = 1;
  for (int k = 0; k < in->outputs.count; k++) {
    checking_against(in, "jvp", checking_output_pair(in, k, a), &of, &found, at, tangent[k].count, tangent[k].entries);
    at += tangent[k].count;
  }
}

static void compare_dense_tangents(checking *in, int a, const quantity *tangent) {
  const quantity *dense = dense_along(in, in->functions.dense_tangent[a], a, in->output, in->outputs.count);
  if (!dense) checking_skip(in, "dense Jacobian", in->active.items[a], "too large to form");
  for (int k = 0; k < in->outputs.count && dense; k++)
    compare_rows(in, "dense Jacobian", checking_output_pair(in, k, a), &dense[k], &in->first[a], &tangent[k],
                 largest(&in->output[k]));
}

/* w' (J v) = (J' w)' v */
static void compare_adjoints(checking *in, quantity *const *tangents) {
  for (int k = 0; k < in->outputs.count; k++) {
    quantity *adjoint = checking_quantities_like(in, in->point, in->directions);
    inner natural = inner_product(in->cotangent[k].entries, in->output[k].entries, in->output[k].count);
    if (!checking_call(in, in->functions.adjoint[k], in->cotangent[k].entries, adjoint, in->directions)) continue;
    for (int a = 0; a < in->directions; a++) {
      inner one = inner_product(in->cotangent[k].entries, tangents[a][k].entries, in->output[k].count);
      inner other = inner_product(adjoint[a].entries, in->first[a].entries, in->point[a].count);
      checking_compare(in, "jvp and vjp", checking_output_pair(in, k, a), fabs(one.value - other.value),
                       fmax(fmax(one.scale, other.scale), natural_part * natural.scale), in->rounding);
    }
  }
}

void checking_outputs(checking *in) {
  if (!in->outputs.count || !in->directions) return;
  quantity **tangents = arena_array(in->with->memory, quantity *, in->directions + 1);
  for (int a = 0; a < in->directions; a++) {
    tangents[a] = checking_quantities_like(in, in->output, in->outputs.count);
    if (!checking_call(in, in->functions.tangent[a], in->first[a].entries, tangents[a], in->outputs.count)) {
      checking_skip(in, "jvp", in->active.items[a], "the tangent can't be evaluated here");
      return;
    }
    if (!in->given->real_float) compare_tangents(in, a, tangents[a]);
    compare_dense_tangents(in, a, tangents[a]);
  }
  compare_adjoints(in, tangents);
}
