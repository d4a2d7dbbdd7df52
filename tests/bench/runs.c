/* Run times of the examples: value, gradient and Hessian-vector product with respect to every var, by libtcc, by gcc
 * -O2 and by hand. Before anything is timed, the three must agree. */
#include "tests/bench/bench.h"
#include "tests/fuzz/fuzz.h"
#include "tests/runner/ahead.h"
#include "tests/runner/prepare.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { REPEATS = 51, INPUTS_MOST = 6, FUNCTIONS = 3 };

/* An input: its shape, and the range that its entries are drawn from. Index data are drawn below `high`. */
typedef struct {
  int rank;
  int64_t extents[2];
  double low, high;
} drawn_input;

typedef struct {
  const char *path, *name;
  const hand_written *hand;
  int64_t work; /* doubles that the one by hand needs */
  drawn_input inputs[INPUTS_MOST];
} workload;

#define SCALAR(low, high)                                                                                              \
  { 0, {0, 0}, low, high }
#define VECTOR(n, low, high)                                                                                           \
  { 1, {n, 0}, low, high }
#define MATRIX(n, m, low, high)                                                                                        \
  { 2, {n, m}, low, high }

static const workload workloads[] = {
    /* Small rotations of points that lie before the cameras. */
    {"examples/bundle.adj",
     "bundle, 5000 observations",
     &bundle_by_hand,
     0,
     {MATRIX(20, 7, -0.2, 0.2), MATRIX(500, 3, 2, 3), MATRIX(5000, 2, -1, 1), VECTOR(5000, 0, 20),
      VECTOR(5000, 0, 500)}},
    {"examples/kernel.adj",
     "kernel, n = 200",
     &kernel_by_hand,
     200 * 200 + 200,
     {VECTOR(200, -1, 1), SCALAR(-1, 1), SCALAR(-1, 1), VECTOR(200, -1, 1), VECTOR(200, -1, 1)}},
    {"examples/logistic.adj",
     "logistic, 2000 x 10",
     &logistic_by_hand,
     0,
     {VECTOR(10, -1, 1), SCALAR(-1, 1), SCALAR(-1, 1), MATRIX(2000, 10, -1, 1), VECTOR(2000, 0, 1)}},
    {"examples/masked.adj", "masked, n = 10000", &masked_by_hand, 0, {VECTOR(10000, -1, 1)}},
    {"examples/misra.adj",
     "misra, N = 10000",
     &misra_by_hand,
     0,
     {VECTOR(2, 0, 0.01), VECTOR(10000, 50, 800), VECTOR(10000, 0, 100)}},
    {"examples/net.adj",
     "net, 128 inputs, 128 hidden",
     &net_by_hand,
     0,
     {VECTOR(128, -1, 1), MATRIX(128, 128, -0.1, 0.1), VECTOR(128, -1, 1), MATRIX(1, 128, -1, 1), SCALAR(-1, 1)}},
    /* What network.adj declares by its layers is the model of net.adj. */
    {"examples/network.adj",
     "network, 128 and 128",
     &net_by_hand,
     0,
     {VECTOR(128, -1, 1), MATRIX(128, 128, -0.1, 0.1), VECTOR(128, -1, 1), MATRIX(1, 128, -1, 1), SCALAR(-1, 1)}},
    {"examples/precision.adj",
     "precision, 2000 x 8",
     &precision_by_hand,
     2 * 8,
     {VECTOR(8, -1, 1), MATRIX(8, 8, -1, 1), MATRIX(2000, 8, -1, 1)}},
    {"examples/robust.adj",
     "robust, n = 10000",
     &robust_by_hand,
     0,
     {SCALAR(0, 1), SCALAR(-0.1, 0.1), SCALAR(0.4, 0.6), VECTOR(10000, -1, 1), VECTOR(10000, -1, 1)}},
    {"examples/rosenbrock.adj", "rosenbrock, n = 10000", &rosenbrock_by_hand, 0, {VECTOR(10000, -1, 1)}},
};
enum { WORKLOADS = sizeof workloads / sizeof *workloads };
static const char *const function_names[FUNCTIONS] = {"value", "gradient", "product"};

typedef struct {
  const workload *load;
  subject *of;
  binding_point *at;
  array_set seeds[FUNCTIONS], results[FUNCTIONS], hand[FUNCTIONS];
  double values[FUNCTIONS]; /* by hand */
  double *work;
} prepared_run;

/* The value, a gradient's value, then what is by var: the place of the first of these among the results. */
static const int first_by_var[FUNCTIONS] = {1, 1, 0};

static bool prepare(arena *memory, const workload *load, prepared_run *into) {
  size_t length;
  const char *model = read_file(memory, load->path, &length);
  if (!model) {
    fprintf(stderr, "%s can't be read\n", load->path);
    return false;
  }
  subject *of = subject_open(memory, load->path, model, NULL);
  *into = (prepared_run){.load = load, .of = of};
  int count = of->model ? of->model->inputs.count : 0, vars = 0;
  const char **names = arena_array(memory, const char *, count + 1);
  for (int k = 0; k < count; k++)
    if (of->model->inputs.items[k].role == ROLE_VAR) names[vars++] = of->model->inputs.items[k].name;
  const request wanted[FUNCTIONS] = {{REQUEST_VALUE, "value", NULL, 0, NULL, 0, false},
                                     {REQUEST_GRADIENT, "grad", names, vars, NULL, 0, false},
                                     {REQUEST_PRODUCT, "product", names, vars, names, vars, false}};
  bool good = of->model != NULL;
  for (int f = 0; f < FUNCTIONS && good; f++) good = subject_request(of, wanted[f]) == f;
  if (good) return subject_compile(of);
  fputs(session_diagnostics(of->with), stderr);
  return false;
}

static bool bind(arena *memory, prepared_run *run) {
  random_stream stream = {1};
  const tensor_program *model = run->of->model;
  case_input *arrays = arena_array(memory, case_input, model->inputs.count + 1);
  for (int k = 0; k < model->inputs.count && k < INPUTS_MOST; k++) {
    const drawn_input *from = &run->load->inputs[k];
    arrays[k].name = model->inputs.items[k].name;
    arrays[k].value.rank = from->rank;
    memcpy(arrays[k].value.extents, from->extents, sizeof from->extents);
    int64_t count = host_array_count(&arrays[k].value);
    arrays[k].value.entries = arena_array(memory, double, count + 1);
    for (int64_t e = 0; e < count; e++)
      arrays[k].value.entries[e] = model->inputs.items[k].role == ROLE_INDEX
                                       ? random_below(&stream, (int)from->high)
                                       : from->low + (from->high - from->low) * (random_real(&stream) + 1) / 2;
  }
  const char *why;
  run->at = bind_inputs(memory, model, arrays, model->inputs.count, &why);
  if (!run->at) fprintf(stderr, "%s: %s\n", run->load->path, why);
  return run->at != NULL;
}

static array_set like(arena *memory, const array_set *from) {
  array_set made = {from->count, from->sizes, arena_array(memory, double *, from->count + 1)};
  for (int k = 0; k < made.count; k++) made.entries[k] = arena_array(memory, double, made.sizes[k] + 1);
  return made;
}

/* ---- the same numbers ---- */

/* To rounding: sums of thousands of terms, in another order. */
static bool same(const double *a, const double *b, int64_t count) {
  double largest = DBL_MIN, apart = 0;
  for (int64_t e = 0; e < count; e++) {
    largest = fmax(largest, fmax(fabs(a[e]), fabs(b[e])));
    if (!(fabs(a[e] - b[e]) <= apart)) apart = fabs(a[e] - b[e]);
  }
  return apart <= 1e-12 * largest;
}

static void run_by_hand(prepared_run *run, int f) {
  run->values[f] =
      run->load->hand->functions[f](run->at->arguments, run->at->inputs, (const double *const *)run->seeds[f].entries,
                                    run->hand[f].entries + first_by_var[f], run->work);
  if (first_by_var[f]) run->hand[f].entries[0][0] = run->values[f];
}

static bool agrees(prepared_run *run, tier where, int f) {
  array_set got;
  int status = run_function(run->of, where, f, run->at, &run->seeds[f], &got);
  bool good = status == 0 && got.count == run->hand[f].count;
  for (int k = 0; good && k < got.count; k++) good = same(got.entries[k], run->hand[f].entries[k], got.sizes[k]);
  if (!good)
    fprintf(stderr, "%s: %s by %s differs from what was written by hand\n", run->load->path, function_names[f],
            tier_names[where]);
  return good;
}

static bool all_agree(arena *memory, prepared_run *run) {
  size_t most = (size_t)run->load->work;
  bool good = true;
  for (int f = 0; f < FUNCTIONS; f++) {
    run->seeds[f] = seeds_of(run->of, f, run->at);
    for (int k = 0; k < run->seeds[f].count; k++)
      for (int64_t e = 0; e < run->seeds[f].sizes[k]; e++) run->seeds[f].entries[k][e] = cos((double)(e + k));
    if (run_function(run->of, TIER_TCC, f, run->at, &run->seeds[f], &run->results[f])) return false;
    run->hand[f] = like(memory, &run->results[f]);
    size_t need = jit_workspace(run->of->code, f)(run->at->arguments);
    if (need > most) most = need;
  }
  run->work = arena_array(memory, double, most + 1);
  for (int f = 0; f < FUNCTIONS; f++) {
    run_by_hand(run, f);
    good = agrees(run, TIER_TCC, f) && agrees(run, TIER_GCC, f) && good;
  }
  return good;
}

/* ---- times ---- */

/* By one of the tiers, or by hand where there is no entry. A time is the mean of calls that take a millisecond or so.
 */
static double time_of(prepared_run *run, entry_function *entry, int f) {
  double times[REPEATS];
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    double began = bench_now();
    int calls = 0;
    do
      if (entry)
        entry(run->at->arguments, run->at->inputs, (const double *const *)run->seeds[f].entries,
              run->results[f].entries, run->work);
      else
        run_by_hand(run, f);
    while (++calls < 1000 && bench_now() - began < 1e-3);
    times[repeat] = (bench_now() - began) / calls;
  }
  return bench_median(times, REPEATS);
}

static void print_times(prepared_run *run) {
  for (int f = 0; f < FUNCTIONS; f++) {
    double tcc = time_of(run, jit_entry(run->of->code, f), f);
    double gcc = time_of(run, run->of->native[TIER_GCC].entries[f], f);
    double hand = time_of(run, NULL, f);
    printf("%-28s %-9s %10.2f %10.2f %10.2f %9.2f %9.2f\n", run->load->name, function_names[f], 1e6 * tcc, 1e6 * gcc,
           1e6 * hand, tcc / hand, gcc / hand);
  }
}

int bench_runs(arena *memory) {
  static prepared_run runs[WORKLOADS];
  subject *subjects[WORKLOADS];
  bool good = true;
  for (int k = 0; k < WORKLOADS; k++) {
    if (!prepare(memory, &workloads[k], &runs[k]) || !bind(memory, &runs[k])) return 1;
    subjects[k] = runs[k].of;
  }
  if (!compile_ahead(memory, subjects, WORKLOADS, "build/tests/bench/ahead", false)) return 1;
  for (int k = 0; k < WORKLOADS; k++) good = all_agree(memory, &runs[k]) && good;
  if (good) {
    printf("%-28s %-9s %10s %10s %10s %9s %9s\n", "microseconds, median", "", "libtcc", "gcc -O2", "by hand",
           "tcc/hand", "gcc/hand");
    for (int k = 0; k < WORKLOADS; k++) print_times(&runs[k]);
  }
  for (int k = 0; k < WORKLOADS; k++) subject_close(runs[k].of);
  return !good;
}
