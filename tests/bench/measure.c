/* Measurements: how long compiling takes, stage by stage; how long what was compiled runs, beside C written by hand.
 *
 *   measure stages MODEL...   medians over many runs; fails when a whole compilation takes longer than its target
 *   measure chain COUNT       compiles COUNT chained definitions, once: to be counted from outside
 *   measure calls             a call through libadjoin beside the bare function; fails when it misses its target
 *   measure runs              value, gradient and product of the examples, by libtcc, by gcc and by hand
 *   measure solver            L-BFGS on a million entries: its own time and memory; fails when it misses its targets */
#include "tests/bench/bench.h"
#include "tests/fuzz/long_model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 101, STAGES_MOST = 32 };

/* From a model's text to its callable gradient: microseconds, median, on one core. */
static const double compile_target = 2000;

double bench_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double bench_median(double *times, int count) {
  qsort(times, (size_t)count, sizeof *times, by_size);
  return times[count / 2];
}

/* ---- stages ---- */

typedef struct {
  int stage_count;
  const char *names[STAGES_MOST];
  double stages[STAGES_MOST][REPEATS], whole[REPEATS];
} stage_record;

/* Text to a callable gradient. False when the model was refused. */
static bool compile_once(const char *path, const char *model, size_t length, stage_record *into, int repeat) {
  const char *active[64];
  int count = 0;
  double began = bench_now();
  session *with = session_open(path, "model", model, length, NULL, 0, NULL);
  const tensor_program *checked = with && !session_failed(with) ? session_model(with) : NULL;
  for (int k = 0; checked && k < checked->inputs.count && count < 64; k++) {
    input_role role = checked->inputs.items[k].role;
    if (role == ROLE_VAR || role == ROLE_PARAM) active[count++] = checked->inputs.items[k].name;
  }
  bool good =
      checked && session_request(with, &(request){REQUEST_GRADIENT, "grad", active, count, NULL, 0, false}) == 0;
  jit_code *code = good ? session_compile(with, 0) : NULL;
  into->whole[repeat] = bench_now() - began;
  if (!code && with) fputs(session_diagnostics(with), stderr);
  if (code) {
    const stage_time *times = session_times(with, &into->stage_count);
    for (int s = 0; s < into->stage_count && s < STAGES_MOST; s++) {
      into->names[s] = times[s].stage;
      into->stages[s][repeat] = times[s].seconds;
    }
  }
  jit_release(code);
  session_close(with);
  return code != NULL;
}

static void print_stage_names(const stage_record *of) {
  printf("%-28s", "microseconds, median");
  for (int s = 0; s < of->stage_count; s++)
    if (of->names[s]) printf(" %9.9s", of->names[s]);
  printf(" %9s\n", "in all");
}

static int print_stages(arena *memory, char **paths, int count) {
  static stage_record record;
  int missed = 0;
  for (int k = 0; k < count; k++) {
    size_t length;
    const char *model = read_file(memory, paths[k], &length);
    for (int repeat = 0; repeat < REPEATS; repeat++)
      if (!model || !compile_once(paths[k], model, length, &record, repeat)) {
        fprintf(stderr, "%s: no gradient to measure\n", paths[k]);
        return 1;
      }
    if (k == 0) print_stage_names(&record);
    printf("%-28s", paths[k]);
    for (int s = 0; s < record.stage_count; s++)
      if (record.names[s]) printf(" %9.1f", 1e6 * bench_median(record.stages[s], REPEATS));
    double whole = 1e6 * bench_median(record.whole, REPEATS);
    printf(" %9.1f\n", whole);
    if (whole < compile_target) continue;
    missed++;
    fprintf(stderr, "missed: %s: %.0f microseconds from text to a callable gradient; the target is less than %.0f\n",
            paths[k], whole, compile_target);
  }
  return missed > 0;
}

/* ---- a chain ---- */

static int compile_chain(arena *memory, int count) {
  static const char *const x[] = {"x"};
  const char *model = chained_model(memory, count);
  session *with = session_open("chain.adj", "chain", model, strlen(model), NULL, 0, NULL);
  bool good = with && session_request(with, &(request){REQUEST_GRADIENT, "grad", x, 1, NULL, 0, false}) == 0;
  const char *code = good ? session_jit_text(with, 0) : NULL;
  if (code)
    printf("%d definitions: %zu bytes of C\n", count, strlen(code));
  else if (with)
    fputs(session_diagnostics(with), stderr);
  session_close(with);
  return !code;
}

int main(int count, char **arguments) {
  static jmp_buf escape;
  arena *memory = arena_create();
  if (!memory || setjmp(escape)) return 4;
  arena_set_escape(memory, &escape);
  const char *what = count > 1 ? arguments[1] : "";
  int status = 2;
  if (!strcmp(what, "stages"))
    status = print_stages(memory, arguments + 2, count - 2);
  else if (!strcmp(what, "chain") && count > 2)
    status = compile_chain(memory, atoi(arguments[2]));
  else if (!strcmp(what, "calls"))
    status = bench_calls();
  else if (!strcmp(what, "runs"))
    status = bench_runs(memory);
  else if (!strcmp(what, "solver"))
    status = bench_solver();
  else
    fputs("measure stages MODEL... | chain COUNT | calls | runs | solver\n", stderr);
  arena_release(memory);
  return status;
}
