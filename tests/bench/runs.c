/* Run times: value, gradient and product of the first input, by libtcc, by gcc -O2 and by hand. The three must agree.
 */
#include "tests/bench/bench.h"
#include "tests/fuzz/fuzz.h"
#include "tests/runner/ahead.h"
#include "tests/runner/prepare.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { REPEATS = 51, INPUTS_MOST = 8 };

typedef struct {
  const char *path, *name;
  int ranks[INPUTS_MOST];
  int64_t extents[INPUTS_MOST][2]; /* of the inputs, in order */
  by_hand *hand[3];
} workload;

static const workload workloads[] = {
    {"examples/rosenbrock.adj",
     "rosenbrock, n = 1000",
     {1},
     {{1000, 0}},
     {rosenbrock_value, rosenbrock_gradient, rosenbrock_product}},
    {"examples/logistic.adj",
     "logistic, 1000 x 10",
     {1, 0, 0, 2, 1},
     {{10, 0}, {0, 0}, {0, 0}, {1000, 10}, {1000, 0}},
     {logistic_value, logistic_gradient, logistic_product}},
    {"examples/net.adj",
     "net, 64 inputs, 64 hidden",
     {1, 2, 1, 2, 0},
     {{64, 0}, {64, 64}, {64, 0}, {1, 64}, {0, 0}},
     {net_value, net_gradient, net_product}},
};
static const char *const products[] = {"value", "gradient", "product"};

typedef struct {
  const workload *load;
  subject *of;
  binding_point *at;
  array_set seeds[3], results[3];
  double *work;
} prepared_run;

static bool prepare(arena *memory, const workload *load, prepared_run *into) {
  size_t length;
  const char *model = read_file(memory, load->path, &length);
  if (!model) return false;
  subject *of = subject_open(memory, load->path, model, NULL);
  *into = (prepared_run){.load = load, .of = of};
  if (!of->model) {
    fputs(session_diagnostics(of->with), stderr);
    return false;
  }
  const char **first = arena_array(memory, const char *, 1);
  first[0] = of->model->inputs.items[0].name;
  bool good = subject_request(of, (request){REQUEST_VALUE, "value", NULL, 0, NULL, 0, false}) == 0 &&
              subject_request(of, (request){REQUEST_GRADIENT, "grad", first, 1, NULL, 0, false}) == 1 &&
              subject_request(of, (request){REQUEST_PRODUCT, "product", first, 1, first, 1, false}) == 2;
  return good && subject_compile(of);
}

static bool bind(arena *memory, prepared_run *run) {
  random_stream stream = {1};
  const tensor_program *model = run->of->model;
  case_input *arrays = arena_array(memory, case_input, model->inputs.count + 1);
  for (int k = 0; k < model->inputs.count; k++) {
    arrays[k].name = model->inputs.items[k].name;
    arrays[k].value.rank = run->load->ranks[k];
    memcpy(arrays[k].value.extents, run->load->extents[k], sizeof run->load->extents[k]);
    int64_t count = host_array_count(&arrays[k].value);
    arrays[k].value.entries = arena_array(memory, double, count + 1);
    for (int64_t e = 0; e < count; e++) arrays[k].value.entries[e] = random_real(&stream);
  }
  const char *why;
  run->at = bind_inputs(memory, model, arrays, model->inputs.count, &why);
  if (!run->at) fprintf(stderr, "%s: %s\n", run->load->path, why);
  return run->at != NULL;
}

static double *room(arena *memory, int64_t count) {
  return arena_array(memory, double, count + 1);
}

static void make_room(arena *memory, prepared_run *run) {
  size_t most = 0;
  for (int f = 0; f < 3; f++) {
    run->seeds[f] = seeds_of(run->of, f, run->at);
    for (int64_t e = 0; f == 2 && e < run->seeds[f].sizes[0]; e++) run->seeds[f].entries[0][e] = 1.0 / (double)(e + 1);
    run_function(run->of, TIER_INTERPRETER, f, run->at, &run->seeds[f], &run->results[f]);
    size_t need = jit_workspace(run->of->code, f)(run->at->arguments);
    if (need > most) most = need;
  }
  run->work = room(memory, (int64_t)most);
}

/* Calls per second are measured over a loop that takes a millisecond or so. */
static double time_entry(const prepared_run *run, entry_function *entry, int f) {
  double times[REPEATS];
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    double began = bench_now();
    int calls = 0;
    do
      entry(run->at->arguments, run->at->inputs, (const double *const *)run->seeds[f].entries, run->results[f].entries,
            run->work);
    while (++calls < 1000 && bench_now() - began < 1e-3);
    times[repeat] = (bench_now() - began) / calls;
  }
  return bench_median(times, REPEATS);
}

static double time_hand(const prepared_run *run, int f, double *result, double *value) {
  double times[REPEATS];
  const double *direction = f == 2 ? run->seeds[f].entries[0] : NULL;
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    double began = bench_now();
    int calls = 0;
    do
      *value =
          run->load->hand[f](run->at->arguments, (const double *const *)run->at->inputs, direction, result, run->work);
    while (++calls < 1000 && bench_now() - began < 1e-3);
    times[repeat] = (bench_now() - began) / calls;
  }
  return bench_median(times, REPEATS);
}

/* What was written by hand must be the same function. */
static bool agrees(const prepared_run *run, int f, const double *result, double value) {
  const array_set *got = &run->results[f];
  if (f < 2 && fabs(got->entries[0][0] - value) > 1e-9 * fmax(1, fabs(value))) return false;
  int place = f == 2 ? 0 : 1;
  for (int64_t e = 0; f > 0 && e < got->sizes[place]; e++)
    if (fabs(got->entries[place][e] - result[e]) > 1e-9 * fmax(1, fabs(result[e]))) return false;
  return true;
}

static bool print_run(arena *memory, prepared_run *run) {
  int64_t first = host_array_count(run->at->values[0]);
  double *result = room(memory, first), value = 0;
  for (int f = 0; f < 3; f++) {
    double tcc = time_entry(run, jit_entry(run->of->code, f), f);
    double gcc = time_entry(run, run->of->native[TIER_GCC].entries[f], f);
    double hand = time_hand(run, f, result, &value);
    printf("%-28s %-9s %10.2f %10.2f %10.2f %9.2f %9.2f\n", run->load->name, products[f], 1e6 * tcc, 1e6 * gcc,
           1e6 * hand, tcc / hand, gcc / hand);
    if (agrees(run, f, result, value)) continue;
    fprintf(stderr, "%s: %s differs from what was written by hand\n", run->load->name, products[f]);
    return false;
  }
  return true;
}

int bench_runs(arena *memory) {
  enum { COUNT = sizeof workloads / sizeof *workloads };
  static prepared_run runs[COUNT];
  subject *subjects[COUNT];
  for (int k = 0; k < COUNT; k++) {
    if (!prepare(memory, &workloads[k], &runs[k]) || !bind(memory, &runs[k])) return 1;
    subjects[k] = runs[k].of;
    make_room(memory, &runs[k]);
  }
  if (!compile_ahead(memory, subjects, COUNT, "build/tests/bench/ahead", false)) return 1;
  printf("%-28s %-9s %10s %10s %10s %9s %9s\n", "microseconds, median", "", "libtcc", "gcc -O2", "by hand", "tcc/hand",
         "gcc/hand");
  bool good = true;
  for (int k = 0; k < COUNT; k++) good = print_run(memory, &runs[k]) && good;
  for (int k = 0; k < COUNT; k++) subject_close(runs[k].of);
  return !good;
}
