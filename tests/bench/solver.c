/* L-BFGS on a million entries of which half are frozen: what the solver itself takes, beside the model. Time: that of
 * an iteration outside of the model's functions, beside plain loops that move the memory of the two-loop recursion, and
 * no more. Memory: what malloc has handed out while the model is evaluated. */
#include "compiler/adjoin.h"
#include "runtime/minimise.h"
#include "tests/bench/bench.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIZE = 1000000, FREE = SIZE / 2, PAIRS = 10, ITERATIONS = 45 };

static const double time_target = 1.3; /* of the plain loops' time, the median */
static const char *const path = "tests/problems/extended_rosenbrock.adj";

typedef struct {
  adjoin_context *context;
  adjoin_model *model;
  adjoin_instance *instance;
  const adjoin_function *gradient;
  double in_model;     /* seconds in the model's functions since the last iteration */
  size_t before, most; /* bytes that malloc had handed out before the run, and most of them during it */
  double began;        /* the iteration */
  double *vectors, shares[PAIRS];
  int count; /* of the times */
  double solver[ITERATIONS], plain[ITERATIONS];
} measured;

/* Seconds of this thread, so that what else runs here counts less. */
static double spent(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* ---- the model ---- */

static void show(void *user, const adjoin_diagnostic *what) {
  (void)user;
  fputs(what->text, stderr);
}

static size_t handed_out(void) {
  struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

static int gradient(void *user, const double *x, double *f, double *g) {
  measured *in = user;
  double began = spent();
  double *results[] = {f, g};
  size_t now = handed_out();
  if (now > in->most) in->most = now;
  int failed = adjoin_rebind(in->instance, 0, x) || adjoin_call(in->instance, in->gradient, NULL, results);
  in->in_model += spent() - began;
  return failed;
}

static bool open(measured *in, double *x) {
  in->context = adjoin_context_create();
  if (!in->context) return false;
  adjoin_context_receive(in->context, show, NULL);
  return !adjoin_context_fix(in->context, "n", SIZE) && !adjoin_model_from_file(in->context, path, &in->model) &&
         !adjoin_function_get(in->model, "grad", "x", NULL, 0, &in->gradient) &&
         !adjoin_instance_create(in->model, &in->instance) &&
         !adjoin_bind(in->instance, "x", x, 1, (int64_t[]){SIZE}, NULL) &&
         !gradient(in, x, &(double){0}, in->vectors); /* the model's own memory is there from now on */
}

/* ---- the plain loops ---- */

static double dot(const double *a, const double *b) {
  double sum = 0;
  for (size_t k = 0; k < FREE; k++) sum += a[k] * b[k];
  return sum;
}

static void add(double *to, double factor, const double *v) {
  for (size_t k = 0; k < FREE; k++) to[k] += factor * v[k];
}

/* For each pair a dot product and a sum, twice: d first, then s and y of each pair. */
static void move_memory(measured *in) {
  double *d = in->vectors;
  for (int k = 0; k < PAIRS; k++) {
    const double *s = d + (1 + 2 * (size_t)k) * FREE, *y = s + FREE;
    in->shares[k] = 1e-9 * dot(s, d);
    add(d, -in->shares[k], y);
  }
  for (int k = PAIRS; k-- > 0;) {
    const double *s = d + (1 + 2 * (size_t)k) * FREE, *y = s + FREE;
    add(d, in->shares[k] - 1e-9 * dot(y, d), s);
  }
}

/* ---- the run ---- */

/* After each iteration with all pairs, the plain loops run once: so both are timed under the same load. */
static int after_iteration(void *user, const minimise_progress *at) {
  measured *in = user;
  double now = spent();
  if (at->iteration > PAIRS + 1) {
    in->solver[in->count] = now - in->began - in->in_model;
    move_memory(in);
    in->plain[in->count++] = spent() - now;
  }
  in->in_model = 0;
  in->began = spent();
  return 0;
}

static int judge(measured *in, const minimise_result *result) {
  double own = 2. * SIZE * sizeof(double), vectors = (double)(in->most - in->before) - own;
  double solver = 1e3 * bench_median(in->solver, in->count), plain = 1e3 * bench_median(in->plain, in->count);
  vectors /= FREE * sizeof(double);
  printf("  %zu iterations, %zu gradients; f %g\n", result->iterations, result->evaluations.gradient, result->f);
  printf("  memory: %.3f vectors of free entries beside the model's own (at most %d)\n", vectors, 2 * PAIRS + 6);
  printf("  an iteration: %.2f ms in the solver; plain loops %.2f ms; ratio %.2f (at most %.1f)\n", solver, plain,
         solver / plain, time_target);
  int missed = 0;
  if (vectors > 2 * PAIRS + 6.01)
    missed += fprintf(stderr, "missed: lbfgs holds %.2f vectors of free entries; the target is at most %d\n", vectors,
                      2 * PAIRS + 6) > 0;
  if (solver > time_target * plain)
    missed += fprintf(stderr, "missed: an iteration of lbfgs takes %.2f times the plain loops; the target is %.1f\n",
                      solver / plain, time_target) > 0;
  return missed > 0;
}

static int run(measured *in, double *x, unsigned char *mask) {
  minimise_options options = minimise_defaults();
  minimise_problem problem = {.user = in, .size = SIZE, .gradient = gradient};
  minimise_result result;
  for (size_t k = 0; k < SIZE; k++) {
    x[k] = k % 2 ? 1 : -1.2;
    mask[k] = k / 2 % 2 == 0; /* every other of the pairs that the function consists of */
  }
  if (!open(in, x)) return 1;
  for (size_t k = 0; k < (2 * PAIRS + 1) * (size_t)FREE; k++) in->vectors[k] = 1;
  options.method = "lbfgs";
  options.memory = PAIRS;
  options.mask = mask;
  options.tolerance = 0;
  options.iterations = ITERATIONS;
  options.progress = after_iteration;
  options.progress_user = in;
  in->before = in->most = handed_out();
  minimise(&problem, &options, x, &result);
  if (in->count < ITERATIONS / 2) {
    fprintf(stderr, "missed: lbfgs ended after %zu iterations: %s\n", result.iterations, result.test);
    return 1;
  }
  return judge(in, &result);
}

int bench_solver(void) {
  static measured in;
  double *x = malloc(SIZE * sizeof *x);
  unsigned char *mask = malloc(SIZE);
  in.vectors = malloc((2 * PAIRS + 1) * (size_t)FREE * sizeof *in.vectors);
  int status = x && mask && in.vectors ? run(&in, x, mask) : 4;
  adjoin_instance_release(in.instance);
  adjoin_model_release(in.model);
  adjoin_context_release(in.context);
  free(x);
  free(mask);
  free(in.vectors);
  return status;
}
