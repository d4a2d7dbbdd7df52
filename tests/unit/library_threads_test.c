/* libadjoin by many threads at once: models from one context, functions of one model, instances of one model. What each
 * thread gets is, to the bit, what one thread alone gets. `make test` runs this program under the thread sanitizer too.
 */
#include "tests/unit/library_fixture.h"

#include <pthread.h>
#include <stdbool.h>

enum { THREADS = 6, ROUNDS = 5, ENTRIES = 6, MOST = 48 };

/* All models have the inputs x[n], p[n] and an index pick[n], and the output r[n]. */
#define DECLARATIONS "dim n\nvar x[n] = 1/n\nparam p[n]\nindex pick[n] < n\n"
static const char *const models[] = {
    DECLARATIONS
    "minimize sum[i < n-1] (p[i]*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2) + sum[i] x[pick[i]]^2\noutput r = p * sin(x)\n",
    DECLARATIONS "minimize logsumexp(p * x) + sum[i] x[pick[i]]^2\noutput r[i] = x[pick[i]] * p[i]\n",
    DECLARATIONS
    "let K[i, j] = exp(-(x[i] - x[j])^2)\nminimize p @ (K @ p) + sum[i] p[i]*x[pick[i]]^2\noutput r = p * (K @ x)\n",
    DECLARATIONS "minimize sum(cumsum(tanh(x))^2) * norm(p[pick])\noutput r = tanh(p / (2 + x^2))\n",
};
enum { MODELS = sizeof models / sizeof *models };

static const struct {
  const char *kind, *read, *along;
  bool block;
} requests[] = {{"value", NULL, NULL, false}, {"grad", "x", NULL, false}, {"grad", "x,p", NULL, false},
                {"hvp", "x", "x", false},     {"hvp", "x", "x", true},    {"mixed", NULL, NULL, false},
                {"jvp", NULL, NULL, false},   {"vjp", NULL, NULL, false}, {"grad", "r", NULL, false},
                {"jvp", "r", "p", true},      {"mixed", "p", "x", true}};
enum { REQUESTS = sizeof requests / sizeof *requests };

/* Everything that one thread finds out of a model. */
typedef struct {
  double results[REQUESTS][MOST];
  double start[ENTRIES], minimum[2][ENTRIES];
  adjoin_status statuses[REQUESTS], unknown, range;
} findings;

typedef struct {
  pthread_t thread;
  adjoin_context *context;
  adjoin_model *model;
  int number;
  bool good;
  findings found;
  const adjoin_function *functions[REQUESTS];
} worker;

/* Many threads call it: it keeps nothing of what it hears. */
static void ignore(void *user, const adjoin_diagnostic *told) {
  (void)user;
  (void)strlen(told->text);
}

static void bind_inputs(adjoin_instance *to, double *x, double *p, int64_t *pick) {
  const int64_t n[] = {ENTRIES};
  for (int k = 0; k < ENTRIES; k++) {
    x[k] = 0.3 * k - 0.7;
    p[k] = 1.0 / (1 + k);
    pick[k] = (k * 5 + 1) % ENTRIES;
  }
  adjoin_bind(to, "x", x, 1, n, NULL);
  adjoin_bind(to, "p", p, 1, n, NULL);
  adjoin_bind(to, "pick", pick, 1, n, NULL);
}

static adjoin_status call(adjoin_instance *of, const adjoin_function *function, bool block, double *into) {
  double directions[2 * ENTRIES], *results[3];
  const double *seeds[2] = {directions, directions};
  for (int k = 0; k < 2 * ENTRIES; k++) directions[k] = 1 - 0.2 * k;
  for (int k = 0; k < adjoin_result_count(function); k++) results[k] = into + 2 * ENTRIES * k;
  return block ? adjoin_call_block(of, function, 2, seeds, results) : adjoin_call(of, function, seeds, results);
}

/* A subscript out of range, and a name that is unknown: both are explained under the model's lock. */
static void make_mistakes(worker *by, adjoin_instance *of, int64_t *pick) {
  const adjoin_function *none;
  int64_t right = pick[0];
  by->found.unknown = adjoin_function_get(by->model, "grad", "y", NULL, 0, &none);
  pick[0] = ENTRIES;
  by->found.range = call(of, by->functions[1], false, (double[MOST]){0});
  pick[0] = right;
}

/* From x, with the second entry frozen. */
static void minimise_x(adjoin_instance *of, const double *x, const char *method, double *into) {
  static const unsigned char mask[ENTRIES] = {1, 0, 1, 1, 1, 1};
  adjoin_minimise_options options = adjoin_minimise_defaults();
  adjoin_minimise_result result;
  options.method = method;
  options.iterations = 10;
  memcpy(into, x, ENTRIES * sizeof *x);
  adjoin_minimise(of, &(adjoin_variable){.name = "x", .x = into, .mask = mask}, 1, &options, &result);
}

/* The requests in an order of the thread's own. */
static void find_out(worker *by) {
  adjoin_instance *instance;
  double x[ENTRIES], p[ENTRIES];
  int64_t pick[ENTRIES];
  by->found = (findings){.range = ADJOIN_INTERNAL};
  if (adjoin_instance_create(by->model, &instance) != ADJOIN_OK) return;
  bind_inputs(instance, x, p, pick);
  for (int k = 0; k < REQUESTS; k++) {
    int which = (k + 3 * by->number) % REQUESTS;
    adjoin_status status =
        adjoin_function_get(by->model, requests[which].kind, requests[which].read, requests[which].along,
                            requests[which].block ? ADJOIN_BLOCK : 0, &by->functions[which]);
    if (status == ADJOIN_OK)
      status = call(instance, by->functions[which], requests[which].block, by->found.results[which]);
    by->found.statuses[which] = status;
  }
  adjoin_declared_values(instance, "x", ADJOIN_START, by->found.start);
  minimise_x(instance, x, "newton", by->found.minimum[0]);
  minimise_x(instance, x, "lbfgs", by->found.minimum[1]);
  make_mistakes(by, instance, pick);
  adjoin_instance_release(instance);
}

static bool same_findings(const findings *a, const findings *b) {
  return !memcmp(a->results, b->results, sizeof a->results) && !memcmp(a->start, b->start, sizeof a->start) &&
         !memcmp(a->minimum, b->minimum, sizeof a->minimum) && !memcmp(a->statuses, b->statuses, sizeof a->statuses) &&
         a->unknown == b->unknown && a->range == b->range;
}

/* ---- by one thread ---- */

static findings alone[MODELS];

static adjoin_context *new_context(void) {
  adjoin_context *made = adjoin_context_create();
  CU_ASSERT_PTR_NOT_NULL_FATAL(made);
  adjoin_context_receive(made, ignore, NULL);
  return made;
}

static adjoin_model *new_model(adjoin_context *from, int number) {
  adjoin_model *made;
  adjoin_model_from_text(from, "model", models[number], strlen(models[number]), &made);
  return made;
}

static void one_thread_finds_something(void) {
  adjoin_context *context = new_context();
  for (int k = 0; k < MODELS; k++) {
    worker by = {.context = context, .model = new_model(context, k)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(by.model);
    find_out(&by);
    alone[k] = by.found;
    for (int f = 0; f < REQUESTS; f++) {
      CU_ASSERT_EQUAL(by.found.statuses[f], ADJOIN_OK);
      CU_ASSERT(memcmp(by.found.results[f], (double[MOST]){0}, sizeof by.found.results[f]));
    }
    CU_ASSERT_EQUAL(by.found.unknown, ADJOIN_MODEL);
    CU_ASSERT_EQUAL(by.found.range, ADJOIN_RANGE);
    CU_ASSERT_EQUAL(by.found.start[0], 1.0 / ENTRIES);
    for (int m = 0; m < 2; m++) {
      CU_ASSERT_EQUAL(by.found.minimum[m][1], 0.3 * 1 - 0.7);
      CU_ASSERT_NOT_EQUAL(by.found.minimum[m][0], -0.7);
    }
    adjoin_model_release(by.model);
  }
  adjoin_context_release(context);
}

/* ---- by many ---- */

static void run_all(worker *all, void *(*work)(void *)) {
  for (int k = 0; k < THREADS; k++) CU_ASSERT_EQUAL_FATAL(pthread_create(&all[k].thread, NULL, work, &all[k]), 0);
  for (int k = 0; k < THREADS; k++) {
    pthread_join(all[k].thread, NULL);
    CU_ASSERT(all[k].good);
  }
}

static void *compile_and_find_out(void *with) {
  worker *by = with;
  by->good = true;
  for (int round = 0; round < ROUNDS; round++) {
    int which = (by->number + round) % MODELS;
    by->model = new_model(by->context, which);
    if (by->model) find_out(by);
    by->good = by->good && by->model && same_findings(&by->found, &alone[which]);
    adjoin_model_release(by->model);
  }
  return NULL;
}

static void models_from_one_context(void) {
  adjoin_context *context = new_context();
  worker all[THREADS] = {0};
  for (int k = 0; k < THREADS; k++) all[k] = (worker){.context = context, .number = k};
  run_all(all, compile_and_find_out);
  adjoin_context_release(context);
}

static void *find_out_only(void *with) {
  worker *by = with;
  find_out(by);
  by->good = true;
  return NULL;
}

/* Each is made once, whoever asks. */
static void functions_of_one_model(void) {
  adjoin_context *context = new_context();
  for (int which = 0; which < MODELS; which++) {
    adjoin_model *model = new_model(context, which);
    worker all[THREADS] = {0};
    for (int k = 0; k < THREADS; k++) all[k] = (worker){.model = model, .number = k};
    run_all(all, find_out_only);
    for (int k = 0; k < THREADS; k++) {
      CU_ASSERT(same_findings(&all[k].found, &alone[which]));
      CU_ASSERT(!memcmp(all[k].functions, all[0].functions, sizeof all[0].functions));
    }
    adjoin_model_release(model);
  }
  adjoin_context_release(context);
}

/* An instance for each thread; every so often one binds another shape, whose settling reads the model's graph. */
static void *evaluate_often(void *with) {
  worker *by = with;
  adjoin_instance *instance;
  double x[ENTRIES], p[ENTRIES], results[MOST];
  int64_t pick[ENTRIES];
  by->good = adjoin_instance_create(by->model, &instance) == ADJOIN_OK;
  for (int round = 0; by->good && round < 100 * ROUNDS; round++) {
    int which = (by->number + round) % REQUESTS;
    if (round % 16 == 0) {
      adjoin_bind(instance, "x", x, 1, (int64_t[]){ENTRIES - 1}, NULL);
      by->good = adjoin_settle(instance) == ADJOIN_BINDING || !round;
      bind_inputs(instance, x, p, pick);
    }
    memset(results, 0, sizeof results);
    by->good = by->good && call(instance, by->functions[which], requests[which].block, results) == ADJOIN_OK &&
               !memcmp(results, alone[0].results[which], sizeof results);
  }
  adjoin_instance_release(instance);
  return NULL;
}

static void instances_of_one_model(void) {
  adjoin_context *context = new_context();
  worker first = {.model = new_model(context, 0)}, all[THREADS] = {0};
  find_out(&first);
  for (int k = 0; k < THREADS; k++) {
    all[k] = first;
    all[k].number = k;
  }
  run_all(all, evaluate_often);
  adjoin_model_release(first.model);
  adjoin_context_release(context);
}

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("libadjoin by threads", NULL, NULL);
  CU_ADD_TEST(suite, one_thread_finds_something);
  CU_ADD_TEST(suite, models_from_one_context);
  CU_ADD_TEST(suite, functions_of_one_model);
  CU_ADD_TEST(suite, instances_of_one_model);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
