/* The point at which derivatives are checked: what was given, and for the rest numbers drawn the same on every run. */
#include "compiler/cli/check.h"

#include <math.h>
#include <string.h>

/* splitmix64 (Steele, Lea and Flood, 2014): small, and the same everywhere. */
typedef struct {
  uint64_t state;
} draws;

static uint64_t draw_bits(draws *from) {
  uint64_t mixed = from->state += UINT64_C(0x9E3779B97F4A7C15);
  mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
  return mixed ^ (mixed >> 31);
}

static double draw_within(draws *from, double low, double high) {
  return low + (high - low) * ((double)(draw_bits(from) >> 11) + 0.5) * 0x1p-53;
}

/* Tried one after another until value and gradient are finite: functions have domains (log, acosh, atanh). At last the
 * start values, where inputs have some. */
static const struct {
  double low, high;
  bool start;
} ranges[] = {{-1.5, 1.5, false}, {0.25, 1.75, false}, {0.05, 0.95, false}, {1.1, 2.9, false}, {-1.5, 1.5, true}};
enum { RANGE_COUNT = sizeof ranges / sizeof ranges[0] };

/* Extents that nothing tells count up from these: a model may subscript further than the first allow. */
static const int extent_starts[] = {3, 6, 12, 24};
enum { EXTENT_START_COUNT = sizeof extent_starts / sizeof extent_starts[0] };

/* A bound's values, or NULL where there is none or it waits for other inputs. */
static const double *bound_of(checking *in, const declared_value *value, int number, exit_code *code) {
  *code = EXIT_DONE;
  if (value->function < 0 || !start_ready(value, &in->inputs)) return NULL;
  return start_evaluate(&in->on, value, number, code);
}

/* Inside finite bounds with a margin; beside a single bound, at some distance from it. */
static double draw_between(draws *from, double lower, double upper, double low, double high) {
  double width = high - low;
  if (isfinite(lower) && isfinite(upper))
    return draw_within(from, lower + 0.1 * (upper - lower), upper - 0.1 * (upper - lower));
  if (isfinite(lower) && low <= lower) return draw_within(from, lower + 0.1 * width, lower + width);
  if (isfinite(upper) && high >= upper) return draw_within(from, upper - width, upper - 0.1 * width);
  return draw_within(from, low, high);
}

static exit_code draw_reals(checking *in, draws *from, int number, int range, double *entries) {
  exit_code code;
  if (ranges[range].start && in->starts.start[number].function >= 0 &&
      start_ready(&in->starts.start[number], &in->inputs)) {
    const double *start = start_evaluate(&in->on, &in->starts.start[number], number, &code);
    if (start) memcpy(entries, start, (size_t)in->inputs.inputs[number].value.count * sizeof(double));
    return code;
  }
  const double *lower = bound_of(in, &in->starts.lower[number], number, &code);
  if (code != EXIT_DONE) return code;
  const double *upper = bound_of(in, &in->starts.upper[number], number, &code);
  if (code != EXIT_DONE) return code;
  for (int64_t k = 0; k < in->inputs.inputs[number].value.count; k++)
    entries[k] = draw_between(from, lower ? lower[k] : -(double)INFINITY, upper ? upper[k] : (double)INFINITY,
                              ranges[range].low, ranges[range].high);
  return EXIT_DONE;
}

static exit_code draw_wholes(checking *in, draws *from, int number, double *entries) {
  const input *declared = &in->model->inputs.items[number];
  int64_t bound;
  if (!bind_extent(&in->inputs, declared->bound, declared->name, &bound)) return EXIT_INPUT;
  for (int64_t k = 0; k < in->inputs.inputs[number].value.count; k++)
    entries[k] = bound > 0 ? (double)(draw_bits(from) % (uint64_t)bound) : 0;
  return EXIT_DONE;
}

/* Index data first: bounds and start values may read it. */
static exit_code draw_inputs(checking *in, const given_arrays *given, int range) {
  draws from = {.state = 2718281828};
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0; k < in->model->inputs.count; k++) {
      bool whole = in->model->inputs.items[k].role == ROLE_INDEX;
      if (given->of_input[k] || whole != (pass == 0)) continue;
      quantity made;
      if (!bind_quantity(&in->inputs, in->model->inputs.items[k].name, &made)) return EXIT_INPUT;
      exit_code code = whole ? draw_wholes(in, &from, k, made.entries) : draw_reals(in, &from, k, range, made.entries);
      if (code != EXIT_DONE) return code;
      if (!bind_fill(&in->inputs, k, made.entries, false)) return EXIT_INPUT;
    }
  return EXIT_DONE;
}

/* Numbers as float has them, so that code for float and for double computes with the same. */
static void round_to_single(const checking *in, const quantity *of) {
  for (int64_t k = 0; k < of->count && in->given->real_float; k++) of->entries[k] = (double)(float)of->entries[k];
}

static void round_inputs(checking *in) {
  for (int k = 0; k < in->model->inputs.count; k++)
    if (in->model->inputs.items[k].role != ROLE_INDEX) round_to_single(in, &in->inputs.inputs[k].value);
}

/* ---- what is computed at the point ---- */

static bool create_quantities(checking *in, const name_list *names, quantity **into) {
  *into = arena_array(in->with->memory, quantity, names->count + 1);
  for (int k = 0; k < names->count; k++)
    if (!bind_quantity(&in->inputs, names->items[k], &(*into)[k])) return false;
  return true;
}

/* Directions have entries of the size of the input's, and of either sign. */
static void draw_direction(const checking *in, draws *from, const quantity *point, quantity *into) {
  double largest = 0;
  for (int64_t k = 0; k < into->count; k++)
    if (point && fabs(point->entries[k]) > largest && isfinite(point->entries[k])) largest = fabs(point->entries[k]);
  if (largest == 0) largest = 1;
  for (int64_t k = 0; k < into->count; k++) {
    double size = draw_within(from, 0.3, 1) * largest;
    into->entries[k] = draw_bits(from) & 1 ? size : -size;
  }
  round_to_single(in, into);
}

static exit_code create_point(checking *in) {
  draws from = {.state = 3141592653};
  int64_t total = 1;
  if (!create_quantities(in, &in->active, &in->point) || !create_quantities(in, &in->active, &in->first) ||
      !create_quantities(in, &in->active, &in->second) || !create_quantities(in, &in->active, &in->gradient) ||
      !create_quantities(in, &in->outputs, &in->output) || !create_quantities(in, &in->outputs, &in->cotangent))
    return EXIT_INPUT;
  for (int k = 0; k < in->active.count; k++) {
    const double *entries = in->inputs.inputs[find_input(in->model, in->active.items[k])].value.entries;
    memcpy(in->point[k].entries, entries, (size_t)in->point[k].count * sizeof(double));
    draw_direction(in, &from, &in->point[k], &in->first[k]);
    draw_direction(in, &from, &in->point[k], &in->second[k]);
    total += in->point[k].count;
  }
  for (int k = 0; k < in->outputs.count; k++) {
    draw_direction(in, &from, NULL, &in->cotangent[k]);
    total += in->output[k].count;
  }
  in->room = differences_create(in->with->memory, total);
  return EXIT_DONE;
}

static bool finite_at_point(const checking *in) {
  bool finite = !in->model->objective.value || isfinite(in->objective);
  for (int k = 0; k < in->active.count; k++)
    for (int64_t e = 0; e < in->gradient[k].count; e++) finite = finite && isfinite(in->gradient[k].entries[e]);
  for (int k = 0; k < in->outputs.count; k++)
    for (int64_t e = 0; e < in->output[k].count; e++) finite = finite && isfinite(in->output[k].entries[e]);
  return finite;
}

/* One point; *usable when the functions can be evaluated there, *finite when their results are finite too. */
static exit_code try_point(checking *in, const given_arrays *given, int extents, int range, bool *usable,
                           bool *finite) {
  *usable = *finite = false;
  if (!bind_inputs(&in->inputs, given, extent_starts[extents], in->given->strict)) return EXIT_INPUT;
  exit_code code = draw_inputs(in, given, range);
  if (code == EXIT_DONE) round_inputs(in);
  if (code == EXIT_DONE) code = create_point(in);
  if (code != EXIT_DONE) return code;
  *usable = checking_evaluate(in) && checking_differentiate(in);
  *finite = *usable && finite_at_point(in);
  return EXIT_DONE;
}

/* The status that keeps the functions from being evaluated, as a message. */
static exit_code report_status(checking *in) {
  double **into = arena_array(in->with->memory, double *, in->outputs.count + in->active.count + 2);
  exit_code code = machine_run(&in->on, in->functions.value, 0, NULL, into);
  if (code == EXIT_DONE) code = machine_run(&in->on, in->functions.gradient, 0, NULL, into);
  return code == EXIT_DONE ? EXIT_INTERNAL : code;
}

exit_code checking_draw(checking *in, const given_arrays *given) {
  int best_extents = -1;
  for (int extents = 0; extents < EXTENT_START_COUNT; extents++)
    for (int range = 0; range < RANGE_COUNT; range++) {
      bool usable, finite;
      exit_code code = try_point(in, given, extents, range, &usable, &finite);
      if (code != EXIT_DONE || finite) return code;
      if (!usable) break;
      if (best_extents < 0) best_extents = extents;
    }
  if (best_extents < 0) return report_status(in);
  bool usable, finite;
  return try_point(in, given, best_extents, 0, &usable, &finite);
}
