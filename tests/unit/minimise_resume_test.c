/* Checkpoints and many starts: a run that was stopped anywhere goes on to the same bits; what is no checkpoint of the
 * run is refused. */
#include "runtime/hash.h"
#include "runtime/minimise.h"
#include "tests/unit/minimise_problems.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 6, ITERATIONS = 12, STARTS = 4 };

/* Every method, with every option that gives it something to remember. */
static const struct {
  const char *method;
  minimise_step_rule rule;
  double step, momentum, weight_decay;
  size_t memory;
  uint64_t seed;
} settings[] = {
    {"gd", MINIMISE_STEP_CONSTANT, 1e-3, -1, 0, 10, 0},
    {"gd", MINIMISE_STEP_CONSTANT, 1e-300, -1, 0, 10, 0}, /* at rest */
    {"gd", MINIMISE_STEP_DECREASING, 1e-3, -1, 0, 10, 0},
    {"gd", MINIMISE_STEP_BACKTRACKING, 0, -1, 0, 10, 0},
    {"gd", MINIMISE_STEP_WOLFE, 0, -1, 0, 10, 0},
    {"momentum", MINIMISE_STEP_DECREASING, 1e-3, 0.5, 0, 10, 0},
    {"nesterov", MINIMISE_STEP_AUTOMATIC, 1e-3, -1, 0, 10, 0},
    {"nesterov", MINIMISE_STEP_AUTOMATIC, 1e-3, 0.9, 0, 10, 0},
    {"adam", MINIMISE_STEP_AUTOMATIC, 0.05, -1, 0.1, 10, 0},
    {"adamw", MINIMISE_STEP_DECREASING, 0.05, -1, 0.1, 10, 0},
    {"coordinate", MINIMISE_STEP_AUTOMATIC, 0, -1, 0, 10, 0},
    {"coordinate", MINIMISE_STEP_AUTOMATIC, 0, -1, 0, 10, 7},
    {"bfgs", MINIMISE_STEP_AUTOMATIC, 0, -1, 0, 10, 0},
    {"lbfgs", MINIMISE_STEP_AUTOMATIC, 0, -1, 0, 3, 0},
    {"newton", MINIMISE_STEP_AUTOMATIC, 0, -1, 0, 10, 0},
    {"newton-cg", MINIMISE_STEP_AUTOMATIC, 0, -1, 0, 10, 0},
    {"levenberg-marquardt", MINIMISE_STEP_AUTOMATIC, 0, -1, 0, 10, 0},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static const unsigned char mask[SIZE] = {1, 1, 0, 1, 1, 1};
static const double lower[SIZE] = {-2, -INFINITY, -2, -2, -2, -2}, upper[SIZE] = {2, 2, 2, INFINITY, 0.25, 2};

/* ---- a run that saves ---- */

typedef struct {
  test_model model;
  minimise_problem problem;
  minimise_options options;
  minimise_result result, all[STARTS];
  double x[SIZE];
  unsigned char *state;           /* the last that was saved */
  size_t size, saves, told, stop; /* calls; the call of progress that interrupts, from 1 */
} trial;

static int save(void *user, const void *state, size_t size) {
  trial *of = user;
  free(of->state);
  of->state = malloc(size); /* of just this size, so that reading behind it shows */
  CU_ASSERT_FATAL(of->state != NULL);
  memcpy(of->state, state, size);
  of->size = size;
  of->saves++;
  return 0;
}

static int stop(void *user, const minimise_progress *at) {
  trial *of = user;
  (void)at;
  return ++of->told == of->stop;
}

static void begin(trial *of, int setting, bool bounded) {
  *of = (trial){.model = {.function = rosenbrock, .residual = rosenbrock_residual, .n = SIZE}};
  of->problem = model_problem(&of->model);
  of->options = minimise_defaults();
  of->options.method = settings[setting].method;
  of->options.step_rule = settings[setting].rule;
  of->options.step = settings[setting].step;
  of->options.momentum = settings[setting].momentum;
  of->options.weight_decay = settings[setting].weight_decay;
  of->options.memory = settings[setting].memory;
  of->options.seed = settings[setting].seed;
  of->options.iterations = ITERATIONS;
  of->options.mask = mask;
  of->options.lower = bounded ? lower : NULL;
  of->options.upper = bounded ? upper : NULL;
  of->options.save = save;
  of->options.save_user = of;
  of->options.progress = stop;
  of->options.progress_user = of;
  of->options.start_results = of->all;
  for (int i = 0; i < SIZE; i++) of->x[i] = i % 2 ? 1 : -1.2;
}

static void run(trial *of) {
  minimise(&of->problem, &of->options, of->x, &of->result);
}

/* Another run, from the state that the first one saved last, without what stopped that. */
static void go_on(trial *of, const trial *from, int setting, bool bounded) {
  begin(of, setting, bounded);
  of->options.starts = from->options.starts;
  of->options.resume = from->state;
  of->options.resume_size = from->size;
  for (int i = 0; i < SIZE; i++)
    if (mask[i]) of->x[i] = 99; /* where it started is in the state */
  run(of);
}

static bool is_same_result(const minimise_result *one, const minimise_result *other) {
  return one->status == other->status && one->test == other->test && !memcmp(&one->f, &other->f, sizeof one->f) &&
         !memcmp(&one->grad_inf, &other->grad_inf, sizeof one->f) && one->iterations == other->iterations &&
         !memcmp(&one->evaluations, &other->evaluations, sizeof one->evaluations) && one->start == other->start &&
         one->starts == other->starts;
}

/* Where the iterations were spent, the states are those of the last, too. */
static bool is_same(const trial *one, const trial *other) {
  for (size_t k = 0; k < one->options.starts; k++) {
    if (!is_same_result(&one->all[k], &other->all[k])) return false;
  }
  return is_same_result(&one->result, &other->result) && !memcmp(one->x, other->x, sizeof one->x) &&
         (one->result.status != MINIMISE_BUDGET || !memcmp(one->state, other->state, one->size));
}

static void expect_same(const trial *got, const trial *want, const trial *stopped, int setting) {
  if (!is_same(got, want))
    printf("  %s (%d), stopped after %zu iterations and %zu + %zu evaluations: %s (%s), %zu iterations, f %.17g; not "
           "%s, %zu, f %.17g\n",
           settings[setting].method, setting, stopped->result.iterations, stopped->result.evaluations.value,
           stopped->result.evaluations.gradient, minimise_status_name(got->result.status), got->result.test,
           got->result.iterations, got->result.f, minimise_status_name(want->result.status), want->result.iterations,
           want->result.f);
  CU_ASSERT(is_same(got, want));
}

/* ---- the same bits ---- */

static void spend_iterations(trial *of, size_t k) {
  of->options.iterations = k;
}
static void spend_evaluations(trial *of, size_t k) {
  of->options.evaluations = k;
}
static void fail(trial *of, size_t k) {
  of->model.failing = k;
}
static void interrupt(trial *of, size_t k) {
  of->stop = k;
}
static void converge(trial *of, size_t k) {
  of->options.tolerance = pow(10, 3 - (double)k);
}

/* Stopped in each of these ways at each possible place, and then resumed. */
static const struct {
  void (*stop)(trial *of, size_t k);
  size_t from, to;
} ways[] = {{spend_iterations, 0, ITERATIONS},
            {spend_evaluations, 2, 40},
            {fail, 2, 40},
            {interrupt, 1, ITERATIONS},
            {converge, 0, 8}};

static void resume_each(int setting, bool bounded) {
  trial whole;
  begin(&whole, setting, bounded);
  run(&whole);
  CU_ASSERT_EQUAL(whole.x[2], -1.2);
  for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
    for (size_t k = ways[way].from; k <= ways[way].to; k++) {
      trial stopped, resumed;
      begin(&stopped, setting, bounded);
      ways[way].stop(&stopped, k);
      run(&stopped);
      CU_ASSERT_FATAL(stopped.state != NULL);
      go_on(&resumed, &stopped, setting, bounded);
      expect_same(&resumed, &whole, &stopped, setting);
      free(stopped.state);
      free(resumed.state);
    }
  }
  free(whole.state);
}

static void the_same_bits(void) {
  for (int setting = 0; setting < SETTINGS; setting++) {
    resume_each(setting, false);
    resume_each(setting, true);
  }
}

static void all_methods_are_tested(void) {
  for (const minimise_method *method = minimise_methods; method->name; method++) {
    int found = 0;
    for (int k = 0; k < SETTINGS; k++) found += !strcmp(settings[k].method, method->name);
    CU_ASSERT(found > 0);
  }
}

/* One iteration at a time, each from the file of the last: kinks end by the patience that is counted on the way. */
static void one_at_a_time(void) {
  for (int setting = 0; setting < SETTINGS; setting++) {
    trial whole, last;
    begin(&whole, setting, false);
    run(&whole);
    begin(&last, setting, false);
    last.options.iterations = 0;
    run(&last);
    for (size_t k = 1; k <= ITERATIONS; k++) {
      trial next;
      begin(&next, setting, false);
      next.options.iterations = k;
      next.options.resume = last.state;
      next.options.resume_size = last.size;
      run(&next);
      free(last.state);
      last = next;
    }
    expect_same(&last, &whole, &last, setting);
    free(last.state);
    free(whole.state);
  }
}

/* ---- many starts ---- */

static void many_starts(void) {
  for (int setting = 0; setting < SETTINGS; setting++) {
    trial whole;
    begin(&whole, setting, true);
    whole.options.starts = STARTS;
    run(&whole);
    CU_ASSERT_EQUAL(whole.result.starts, STARTS);
    CU_ASSERT_EQUAL(whole.x[2], -1.2);
    CU_ASSERT(is_same_result(&whole.result, &whole.all[whole.result.start]));
    CU_ASSERT_EQUAL(whole.result.f, rosenbrock(SIZE, whole.x, NULL, NULL, NULL));
    for (int k = 0; k < STARTS; k++) {
      bool better = whole.all[k].status == MINIMISE_CONVERGED || whole.result.status != MINIMISE_CONVERGED;
      if (better) CU_ASSERT(whole.result.f <= whole.all[k].f);
    }
    for (size_t told = 1; told < whole.told; told += 3) {
      trial stopped, resumed;
      begin(&stopped, setting, true);
      stopped.options.starts = STARTS;
      stopped.stop = told;
      run(&stopped);
      CU_ASSERT(stopped.result.starts == STARTS || stopped.result.starts < STARTS);
      CU_ASSERT_EQUAL(stopped.all[stopped.result.starts - 1].status, MINIMISE_INTERRUPTED);
      go_on(&resumed, &stopped, setting, true);
      expect_same(&resumed, &whole, &stopped, setting);
      free(stopped.state);
      free(resumed.state);
    }
    free(whole.state);
  }
}

/* Where starts are drawn from: inside the bounds, near x where there is none; others for another seed. */
static double starts_seen[2][STARTS][SIZE];

static void see(void *user, size_t start, double *x) {
  memcpy(starts_seen[*(int *)user][start], x, SIZE * sizeof *x);
}

static void drawn_starts(void) {
  for (int k = 0; k < 2; k++) {
    trial of;
    begin(&of, 3, true);
    of.options.starts = STARTS;
    of.options.seed = (uint64_t)k;
    of.options.draw = see;
    of.options.draw_user = &k;
    run(&of);
    free(of.state);
    for (int start = 1; start < STARTS; start++) {
      const double *x = starts_seen[k][start];
      CU_ASSERT_EQUAL(x[2], -1.2);
      for (int i = 0; i < SIZE; i++) CU_ASSERT(x[i] >= lower[i] && x[i] <= upper[i] && (i == 2 || x[i] != of.x[i]));
      CU_ASSERT(x[1] >= 1 - 2 && x[3] <= 1 + 2); /* 2 max(1, |x|) */
      CU_ASSERT(x[0] != starts_seen[k][start - 1][0]);
      if (k) CU_ASSERT(x[0] != starts_seen[0][start][0]);
    }
  }
}

/* A valley with two minima: the lower one is found from another start than the given one. */
static void best_of_starts(void) {
  double x = 2.2;
  test_model model = {.function = wavy, .n = 1};
  minimise_problem problem = model_problem(&model);
  minimise_options options = minimise_defaults();
  minimise_result one, many, all[20];
  options.method = "lbfgs";
  minimise(&problem, &options, &x, &one);
  x = 2.2;
  options.starts = 20;
  options.start_results = all;
  CU_ASSERT_EQUAL(minimise(&problem, &options, &x, &many), MINIMISE_CONVERGED);
  CU_ASSERT(many.f < one.f - 0.1);
  CU_ASSERT(many.start > 0);
  CU_ASSERT_EQUAL(many.f, wavy(1, &x, NULL, NULL, NULL));
  CU_ASSERT_EQUAL(all[0].f, one.f);
  /* Nothing converges: the smallest f. */
  options.iterations = 0;
  x = 2.2;
  CU_ASSERT_EQUAL(minimise(&problem, &options, &x, &many), MINIMISE_BUDGET);
  for (int k = 0; k < 20; k++) CU_ASSERT(many.f <= all[k].f);
  CU_ASSERT_EQUAL(many.f, wavy(1, &x, NULL, NULL, NULL));
  /* Nothing finite is met: x stays. */
  options.iterations = 1000;
  options.starts = 3;
  model.failing = 1;
  x = 2.2;
  CU_ASSERT_EQUAL(minimise(&problem, &options, &x, &many), MINIMISE_CALLBACK_FAILED);
  CU_ASSERT_EQUAL(many.callback, 7);
  CU_ASSERT_EQUAL(x, 2.2);
}

/* ---- what is no checkpoint of the run ---- */

static void put_checksum(unsigned char *state, size_t size) {
  uint64_t sum = hash_bytes(HASH_START, state, size - sizeof sum);
  memcpy(state + size - sizeof sum, &sum, sizeof sum);
}

static void lying_states(void) {
  static const unsigned char bits[] = {1, 2, 4, 8, 16, 32, 64, 128};
  for (int setting = 0; setting < SETTINGS; setting++) {
    trial saved, resumed;
    begin(&saved, setting, true);
    saved.options.starts = setting % 2 ? 2 : 0;
    saved.options.iterations = 4;
    run(&saved);
    for (size_t cut = 0; cut < saved.size; cut++) {
      trial shorter = saved;
      shorter.size = cut;
      shorter.state = malloc(cut + !cut);
      CU_ASSERT_FATAL(shorter.state != NULL);
      memcpy(shorter.state, saved.state, cut);
      go_on(&resumed, &shorter, setting, true);
      CU_ASSERT_EQUAL(resumed.result.status, MINIMISE_NOT_RESUMED);
      free(shorter.state);
    }
    for (size_t at = 0; at < saved.size; at++) {
      saved.state[at] ^= bits[at % 8];
      go_on(&resumed, &saved, setting, true);
      CU_ASSERT_EQUAL(resumed.result.status, MINIMISE_NOT_RESUMED);
      CU_ASSERT_EQUAL(resumed.x[1], 99);
      CU_ASSERT_EQUAL(resumed.model.gradients, 0);
      saved.state[at] ^= bits[at % 8];
    }
    free(saved.state);
  }
}

/* Every number of the state in turn is a lie, and the checksum is right: it may lead anywhere, but not out of memory
 * that is ours, nor on for ever. */
static void forged_states(void) {
  static const uint64_t lies[] = {
      0, 1, 2, 0x7ff8000000000000u, 0xfff0000000000000u, 0xbff0000000000000u, 1000, 0x7fefffffffffffffu, UINT64_MAX};
  for (int setting = 0; setting < SETTINGS; setting++) {
    trial saved, resumed;
    begin(&saved, setting, setting % 2);
    saved.options.starts = setting % 3 ? 0 : 2;
    saved.options.iterations = 4;
    run(&saved);
    for (size_t at = 0; at + 16 <= saved.size; at += 8) {
      for (size_t lie = 0; lie < sizeof lies / sizeof *lies; lie++) {
        trial forged = saved;
        forged.state = malloc(saved.size);
        CU_ASSERT_FATAL(forged.state != NULL);
        memcpy(forged.state, saved.state, saved.size);
        memcpy(forged.state + at, &lies[lie], sizeof *lies);
        put_checksum(forged.state, forged.size);
        go_on(&resumed, &forged, setting, setting % 2);
        CU_ASSERT_EQUAL(resumed.x[2], -1.2);
        free(forged.state);
        free(resumed.state);
      }
    }
    free(saved.state);
  }
}

static void other_method(trial *of) {
  of->options.method = "bfgs";
  of->options.step_rule = MINIMISE_STEP_AUTOMATIC;
}
static void other_identity(trial *of) {
  of->options.identity = 1;
}
static void other_size(trial *of) {
  of->problem.size = of->model.n = SIZE - 1;
}
static void other_residuals(trial *of) {
  of->problem.residual_count++;
}
static void other_count(trial *of) {
  of->options.mask = NULL;
}
static void other_entries(trial *of) {
  static const unsigned char other[SIZE] = {1, 0, 1, 1, 1, 1};
  of->options.mask = other;
}
static void other_frozen(trial *of) {
  of->x[2] = nextafter(of->x[2], 0);
}
static void other_bounds(trial *of) {
  static const double low[SIZE] = {-9, -9, -9, -9, -9, -9};
  of->options.lower = low;
}
static void other_rule(trial *of) {
  of->options.step_rule = MINIMISE_STEP_DECREASING;
}
static void other_step(trial *of) {
  of->options.step = 2e-3;
}
static void other_momentum(trial *of) {
  of->options.momentum = 0.7;
}
static void other_decay(trial *of) {
  of->options.weight_decay = 0.2;
}
static void other_beta1(trial *of) {
  of->options.beta1 = 0.8;
}
static void other_beta2(trial *of) {
  of->options.beta2 = 0.8;
}
static void other_epsilon(trial *of) {
  of->options.epsilon = 0;
}
static void other_memory(trial *of) {
  of->options.memory = 4;
}
static void other_seed(trial *of) {
  of->options.seed = 1;
}
static void other_starts(trial *of) {
  of->options.starts = 2;
}

static void other_runs(void) {
  static const struct {
    int setting;
    void (*change)(trial *of);
    const char *word;
  } rows[] = {{0, other_method, "method"},
              {0, other_identity, "functions or data"},
              {0, other_size, "number of entries"},
              {0, other_residuals, "residuals"},
              {0, other_count, "number of entries is free"},
              {0, other_entries, "other entries are free"},
              {0, other_frozen, "frozen"},
              {0, other_bounds, "bounds"},
              {0, other_rule, "step rule"},
              {0, other_step, "step"},
              {5, other_momentum, "momentum"},
              {8, other_decay, "weight decay"},
              {8, other_beta1, "beta1"},
              {8, other_beta2, "beta2"},
              {8, other_epsilon, "epsilon"},
              {13, other_memory, "memory"},
              {10, other_seed, "seed"},
              {0, other_starts, "starts"}};
  for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
    trial saved, resumed;
    int setting = rows[row].setting;
    begin(&saved, setting, false);
    run(&saved);
    CU_ASSERT(minimise_saved_method(saved.state, saved.size) == minimise_find(settings[setting].method));
    begin(&resumed, setting, false);
    resumed.options.resume = saved.state;
    resumed.options.resume_size = saved.size;
    rows[row].change(&resumed);
    run(&resumed);
    CU_ASSERT_EQUAL(resumed.result.status, MINIMISE_NOT_RESUMED);
    CU_ASSERT(strstr(resumed.result.test, rows[row].word) != NULL);
    CU_ASSERT_EQUAL(resumed.x[1], 1);
    CU_ASSERT_PTR_NULL(resumed.state);
    free(saved.state);
  }
  CU_ASSERT_PTR_NULL(minimise_saved_method("adjoinCP", 8));
  CU_ASSERT_PTR_NULL(minimise_saved_method("", 0));
}

/* ---- when it is saved ---- */

static int refuse_to_save(void *user, const void *state, size_t size) {
  (void)user, (void)state, (void)size;
  return 5;
}

static void saving(void) {
  trial of;
  begin(&of, 0, false);
  of.options.save_every = 1e9;
  run(&of);
  CU_ASSERT_EQUAL(of.saves, 2); /* as it begins and as it ends */
  free(of.state);
  begin(&of, 0, false);
  of.options.iterations = 20000;
  of.options.save_every = 0;
  run(&of);
  CU_ASSERT(of.saves > 2 && of.saves < 20000);
  free(of.state);
  begin(&of, 0, false);
  of.options.save = refuse_to_save;
  run(&of);
  CU_ASSERT_EQUAL(of.result.status, MINIMISE_CALLBACK_FAILED);
  CU_ASSERT_EQUAL(of.result.callback, 5);
  CU_ASSERT_EQUAL(of.result.f, rosenbrock(SIZE, of.x, NULL, NULL, NULL));
  begin(&of, 0, false);
  of.options.save_every = -1;
  run(&of);
  CU_ASSERT_EQUAL(of.result.status, MINIMISE_REFUSED);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("minimise, resume", NULL, NULL);
  CU_add_test(suite, "the same bits", the_same_bits);
  CU_add_test(suite, "all methods are tested", all_methods_are_tested);
  CU_add_test(suite, "one at a time", one_at_a_time);
  CU_add_test(suite, "many starts", many_starts);
  CU_add_test(suite, "drawn starts", drawn_starts);
  CU_add_test(suite, "best of starts", best_of_starts);
  CU_add_test(suite, "lying states", lying_states);
  CU_add_test(suite, "forged states", forged_states);
  CU_add_test(suite, "other runs", other_runs);
  CU_add_test(suite, "saving", saving);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
