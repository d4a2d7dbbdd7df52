/* What a call through libadjoin costs beyond the compiled function itself, called by its bare pointer with the same
 * arguments. Both must give the same bits before anything is timed. */
#include "compiler/adjoin.h"
#include "tests/bench/bench.h"
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 31, PAIRS = 301, TIMES = ROUNDS * PAIRS, CALLS = 200, INPUTS_MOST = 8, ROOM = 16, RESULTS_MOST = 4 };

/* In nanoseconds, the median. */
static const double call_target = 20;

/* Small arrays, so that the function is short and the call is a large part of what is measured. */
typedef struct {
  const char *path, *kind;
  struct {
    const char *name;
    int rank;
    int64_t extents[2];
  } inputs[INPUTS_MOST];
} called;

static const called calls[] = {
    {"examples/rosenbrock.adj", "grad", {{"x", 1, {2, 0}}}},
    {"examples/rosenbrock.adj", "hvp", {{"x", 1, {2, 0}}}},
    {"examples/robust.adj",
     "grad",
     {{"slope", 0, {0, 0}}, {"height", 0, {0, 0}}, {"k", 0, {0, 0}}, {"x", 1, {2, 0}}, {"y", 1, {2, 0}}}},
    {"examples/logistic.adj",
     "grad",
     {{"w", 1, {2, 0}}, {"b", 0, {0, 0}}, {"lambda", 0, {0, 0}}, {"X", 2, {2, 2}}, {"y", 1, {2, 0}}}},
};

enum { WORKLOADS = sizeof calls / sizeof *calls };

/* Arguments of both ways to call, and nanoseconds for each pair of batches. */
typedef struct {
  const called *of;
  adjoin_model *model;
  adjoin_instance *instance;
  const adjoin_function *function;
  adjoin_arguments bare;
  const double *seeds[RESULTS_MOST];
  double *results[RESULTS_MOST], entries[INPUTS_MOST][ROOM], seed_entries[ROOM], found[RESULTS_MOST * ROOM];
  double through[TIMES], bare_times[TIMES], beyond[TIMES];
} prepared_call;

static int call_library(prepared_call *with) {
  return (int)adjoin_call(with->instance, with->function, with->seeds, with->results);
}

static int call_bare(prepared_call *with) {
  return with->bare.entry(with->bare.extents, with->bare.inputs, with->seeds, with->results, with->bare.work);
}

static void show(void *user, const adjoin_diagnostic *what) {
  (void)user;
  fputs(what->text, stderr);
}

static bool prepare(const called *of, adjoin_model *model, prepared_call *into) {
  if (adjoin_function_get(model, of->kind, NULL, NULL, 0, &into->function) ||
      adjoin_instance_create(model, &into->instance))
    return false;
  for (int k = 0; k < INPUTS_MOST && of->inputs[k].name; k++) {
    for (int e = 0; e < ROOM; e++) into->entries[k][e] = 0.5 + 0.25 * ((k + e) % 3);
    if (adjoin_bind(into->instance, of->inputs[k].name, into->entries[k], of->inputs[k].rank, of->inputs[k].extents,
                    NULL))
      return false;
  }
  for (int e = 0; e < ROOM; e++) into->seed_entries[e] = 1 - 0.25 * e;
  for (int k = 0; k < RESULTS_MOST; k++) {
    into->results[k] = into->found + k * ROOM;
    into->seeds[k] = into->seed_entries;
  }
  return adjoin_prepare(into->instance, into->function, &into->bare) == ADJOIN_OK;
}

static bool same_bits(prepared_call *with) {
  double first[RESULTS_MOST * ROOM];
  memset(with->found, 0, sizeof with->found);
  if (call_library(with)) return false;
  memcpy(first, with->found, sizeof first);
  memset(with->found, 0, sizeof with->found);
  static const double nothing[RESULTS_MOST * ROOM];
  return !call_bare(with) && !memcmp(first, with->found, sizeof first) && memcmp(first, nothing, sizeof first);
}

static double nanoseconds_a_call(int (*call)(prepared_call *), prepared_call *with) {
  int failed = 0;
  double began = bench_now();
  for (int k = 0; k < CALLS; k++) failed |= call(with);
  double time = 1e9 * (bench_now() - began) / CALLS;
  return failed ? 1e9 : time;
}

/* Pairs of short batches, the one first or the other in turn: what else the machine does meets both alike. */
static void measure_round(prepared_call *with, int round) {
  for (int k = round * PAIRS; k < (round + 1) * PAIRS; k++) {
    if (k % 2) with->through[k] = nanoseconds_a_call(call_library, with);
    with->bare_times[k] = nanoseconds_a_call(call_bare, with);
    if (k % 2 == 0) with->through[k] = nanoseconds_a_call(call_library, with);
    with->beyond[k] = with->through[k] - with->bare_times[k];
  }
}

static bool print_medians(prepared_call *of) {
  double median = bench_median(of->beyond, TIMES);
  char what[64];
  snprintf(what, sizeof what, "%s, %s", of->of->path, of->of->kind);
  printf("%-34s %8.1f %8.1f %8.1f\n", what, bench_median(of->bare_times, TIMES), bench_median(of->through, TIMES),
         median);
  if (median < call_target) return true;
  fprintf(stderr, "missed: %s: a call through libadjoin takes %.1f nanoseconds more; the target is less than %.0f\n",
          what, median, call_target);
  return false;
}

static bool open_one(adjoin_context *context, const called *of, prepared_call *into) {
  into->of = of;
  bool ready = adjoin_model_from_file(context, of->path, &into->model) == ADJOIN_OK && prepare(of, into->model, into);
  bool good = ready && same_bits(into);
  if (!good) fprintf(stderr, "%s: %s\n", of->path, ready ? "the two calls do not agree" : "nothing to call");
  return good;
}

/* What is called takes turns, so that a short disturbance meets a small part of each. */
static int measure_all(adjoin_context *context, prepared_call *all) {
  int missed = 0;
  for (int k = 0; k < WORKLOADS; k++) missed += !open_one(context, &calls[k], &all[k]);
  if (missed) return missed;
  for (int round = 0; round < ROUNDS; round++)
    for (int k = 0; k < WORKLOADS; k++) measure_round(&all[k], round);
  printf("%-34s %8s %8s %8s\n", "nanoseconds, median", "bare", "library", "more");
  for (int k = 0; k < WORKLOADS; k++) missed += !print_medians(&all[k]);
  return missed;
}

int bench_calls(void) {
  static prepared_call all[WORKLOADS];
  adjoin_context *context = adjoin_context_create();
  if (!context) return 1;
  adjoin_context_receive(context, show, NULL);
  int missed = measure_all(context, all);
  for (int k = 0; k < WORKLOADS; k++) {
    adjoin_instance_release(all[k].instance);
    adjoin_model_release(all[k].model);
  }
  adjoin_context_release(context);
  return missed > 0;
}
