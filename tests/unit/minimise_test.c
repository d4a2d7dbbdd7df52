/* Minimisers: problems times methods; what masks and bounds keep; how runs end. */
#include "runtime/minimise.h"
#include "tests/unit/minimise_problems.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- every method on every problem that it should solve ---- */

/* What options let a method solve the problems that are not hard for it. */
static const struct {
  const char *name;
  bool first_order;
  double step;
  size_t iterations;
} settings[] = {
    {"gd", true, 0, 5000},
    {"momentum", true, 0.02, 5000},
    {"nesterov", true, 0.05, 5000},
    {"adam", true, 0.05, 20000},
    {"adamw", true, 0.05, 20000},
    {"coordinate", true, 0, 2000},
    {"bfgs", false, 0, 2000},
    {"lbfgs", false, 0, 2000},
    {"newton", false, 0, 2000},
    {"newton-cg", false, 0, 2000},
    {"levenberg-marquardt", false, 0, 2000},
};
enum { METHODS = sizeof settings / sizeof *settings };

typedef struct {
  const char *name;
  test_function function;
  test_residual residual;
  size_t n;
  double start, solution, within; /* in every entry, where the arrays are NULL */
  const double *starts, *solutions, *lower, *upper;
  const unsigned char *mask;
  bool hard; /* for first-order methods */
} problem_row;

static const double one_to_five[] = {1, 2, 4, 5}, masked_solution[] = {3, 2, 3, 5};
static const unsigned char first_and_third[] = {1, 0, 1, 0}, none[4], second_only[] = {0, 1, 0, 0},
                           all[] = {1, 1, 1, 1};
static const double second_solution[] = {1, 3, 4, 5};
static const double from_minus[] = {-1.2, 1};
static const double zeros[] = {0, 0, 0, 0}, twos[] = {2, 2, 2, 2};
static const double box_lower[] = {-INFINITY, 3.5, -1, 0}, box_upper[] = {2, INFINITY, 10, 3}, boxed[] = {2, 3.5, 3, 3};
/* The coupled function's in [-1, 1]^4: x_i = c_i, and total 0, so that g = -2 c_i. */
static const double minus_ones[] = {-1, -1, -1, -1}, ones[] = {1, 1, 1, 1}, alternating[] = {1, -1, 1, -1};
/* Where x >= 0: x_0 = x_2 = t with 2t + 2(2t) - 4 = 0. */
static const double third[] = {2. / 3, 0, 2. / 3, 0};
static const double infinite[] = {INFINITY, INFINITY, INFINITY, INFINITY};
static const double fixed_lower[] = {-9, 1, -9, -9}, fixed_upper[] = {9, 1, 9, 9}, fixed_solution[] = {3, 1, 3, 3};
static const double far[] = {1e4, -2e4, 3e4, 5e4}; /* where f is 2e19; at the minimum it is 2e-5 */
static const double valley_lower[] = {-2, -2}, valley_upper[] = {0.5, 2}, valley[] = {0.5, 0.25};

static const problem_row problems[] = {
    {"squares", squares, squares_residual, 4, 0, 3, 1e-6, .starts = one_to_five},
    {"squares of 100", squares, squares_residual, 100, -5, 3, .within = 1e-6},
    {"squares, masked", squares, squares_residual, 4, 0, 0, 1e-6, one_to_five, masked_solution,
     .mask = first_and_third},
    {"squares, none free", squares, squares_residual, 4, 0, 0, 0, one_to_five, one_to_five, .mask = none},
    {"squares, one free", squares, squares_residual, 4, 0, 0, 1e-6, one_to_five, second_solution, .mask = second_only},
    {"squares, all free", squares, squares_residual, 4, 0, 3, 1e-6, .starts = one_to_five, .mask = all},
    {"squares in a box", squares, squares_residual, 4, 0, 0, 1e-6, one_to_five, boxed, box_lower, .upper = box_upper},
    {"squares, masked, in a box", squares, squares_residual, 4, 0, 0, 1e-6, one_to_five, (const double[]){2, 2, 3, 5},
     box_lower, box_upper, .mask = first_and_third},
    {"squares, one entry fixed by bounds", squares, squares_residual, 4, 0, 0, 1e-6, one_to_five, fixed_solution,
     fixed_lower, .upper = fixed_upper},
    {"squares, from a corner", squares, squares_residual, 4, 0, 2, 1e-6, .starts = zeros, .lower = zeros,
     .upper = twos},
    {"coupled", coupled, NULL, 4, 0.5, 0, 1e-6, .solutions = (const double[]){2, -2, 2, -2}},
    {"coupled in a cube", coupled, NULL, 4, 0.5, 0, 1e-6, .solutions = alternating, .lower = minus_ones, .upper = ones},
    {"coupled, not negative", coupled, NULL, 4, 0.5, 0, 1e-6, .solutions = third, .lower = zeros, .upper = infinite},
    {"coupled, not negative, from the corner", coupled, NULL, 4, 0, 0, 1e-6, .solutions = third, .lower = zeros},
    {"barrier", barrier, NULL, 3, 0.5, 1, .within = 1e-6},
    {"kink beside the minimum", kinked, NULL, 1, 10, 4.5, .within = 1e-6},
    {"Rosenbrock of 2", rosenbrock, rosenbrock_residual, 2, 0, 1, 1e-6, .starts = from_minus, .hard = true},
    {"Rosenbrock of 100", rosenbrock, rosenbrock_residual, 100, -1, 1, 1e-5, .hard = true},
    {"a penalty, from far away", penalty, penalty_residual, 4, 0, 0.2500075, 1e-3, .starts = far, .hard = true},
    {"Rosenbrock in a box", rosenbrock, rosenbrock_residual, 2, 0, 0, 1e-6, from_minus, valley, valley_lower,
     valley_upper, .hard = true},
};
enum { PROBLEMS = sizeof problems / sizeof *problems };

static void fill(double *to, size_t n, const double *entries, double each) {
  for (size_t i = 0; i < n; i++) to[i] = entries ? entries[i] : each;
}

static minimise_options row_options(const problem_row *row, int setting) {
  minimise_options options = minimise_defaults();
  options.method = settings[setting].name;
  options.step = settings[setting].step;
  options.iterations = settings[setting].iterations;
  options.mask = row->mask;
  options.lower = row->lower;
  options.upper = row->upper;
  return options;
}

static void check_row(const problem_row *row, int setting) {
  test_model model = {.function = row->function, .residual = row->residual, .n = row->n};
  minimise_problem problem = model_problem(&model);
  minimise_options options = row_options(row, setting);
  const minimise_method *method = minimise_find(options.method);
  CU_ASSERT_FATAL(method != NULL);
  if ((method->needs & MINIMISE_NEEDS_RESIDUAL && !row->residual) || (row->hard && settings[setting].first_order))
    return;
  double x[PROBLEM_LARGEST], start[PROBLEM_LARGEST], solution[PROBLEM_LARGEST], error = 0, f;
  fill(start, row->n, row->starts, row->start);
  fill(solution, row->n, row->solutions, row->solution);
  memcpy(x, start, sizeof x);
  minimise_result result;
  minimise(&problem, &options, x, &result);
  for (size_t i = 0; i < row->n; i++) {
    error = fmax(error, fabs(x[i] - solution[i]));
    if (row->mask && !row->mask[i]) CU_ASSERT(!memcmp(&x[i], &start[i], sizeof *x));
    if (row->lower && (!row->mask || row->mask[i])) CU_ASSERT(x[i] >= row->lower[i]);
    if (row->upper && (!row->mask || row->mask[i])) CU_ASSERT(x[i] <= row->upper[i]);
  }
  f = row->function(row->n, x, NULL, NULL, NULL);
  bool right = result.status == MINIMISE_CONVERGED && error <= row->within && f == result.f &&
               result.evaluations.value == model.values && result.evaluations.product == model.products &&
               result.evaluations.gradient == model.gradients && result.free + result.frozen == row->n;
  if (getenv("VERBOSE") || !right)
    printf("  %s by %s: %s (%s), error %g, |g| %g, %zu iterations, %zu + %zu + %zu evaluations\n", row->name,
           options.method, minimise_status_name(result.status), result.test, error, result.grad_inf, result.iterations,
           result.evaluations.value, result.evaluations.gradient, result.evaluations.product);
  CU_ASSERT(right);
}

static void problems_by_methods(void) {
  for (int setting = 0; setting < METHODS; setting++) {
    for (int row = 0; row < PROBLEMS; row++) check_row(&problems[row], setting);
  }
}

/* No method of the library may be missing from what is tested here. */
static void all_methods_are_tested(void) {
  for (const minimise_method *method = minimise_methods; method->name; method++) {
    int found = 0;
    for (int k = 0; k < METHODS; k++) found += !strcmp(settings[k].name, method->name);
    CU_ASSERT_EQUAL(found, 1);
  }
  CU_ASSERT(minimise_find("simplex") == NULL);
}

/* ---- frozen entries ---- */

static void frozen_bits(void) {
  static const uint64_t bits[] = {0x8000000000000000u, 0x7ff8000000c0ffeeu, 0x0000000000000001u, 0xfff80000deadbeefu};
  static const unsigned char mask[] = {0, 1, 0, 1, 0, 0, 1};
  for (int setting = 0; setting < METHODS; setting++) {
    double x[7], start[7];
    for (int i = 0, k = 0; i < 7; i++) {
      if (mask[i])
        start[i] = i;
      else
        memcpy(&start[i], &bits[k++], sizeof *start);
    }
    memcpy(x, start, sizeof x);
    test_model model = {.function = squares, .residual = squares_residual, .n = 7};
    minimise_problem problem = model_problem(&model);
    minimise_options options = row_options(&(problem_row){.mask = mask}, setting);
    minimise_result result;
    CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_CONVERGED);
    CU_ASSERT_EQUAL(result.free, 3);
    CU_ASSERT_EQUAL(result.frozen, 4);
    for (int i = 0; i < 7; i++) {
      if (mask[i]) CU_ASSERT_DOUBLE_EQUAL(x[i], 3, 1e-6);
      if (!mask[i]) CU_ASSERT(!memcmp(&x[i], &start[i], sizeof *x));
    }
  }
}

static void nothing_at_all(void) {
  for (int setting = 0; setting < METHODS; setting++) {
    test_model model = {.function = squares, .residual = squares_residual, .n = 0};
    minimise_problem problem = model_problem(&model);
    minimise_options options = row_options(&(problem_row){0}, setting);
    minimise_result result;
    CU_ASSERT_EQUAL(minimise(&problem, &options, NULL, &result), MINIMISE_CONVERGED);
    CU_ASSERT_EQUAL(result.f, 0);
    CU_ASSERT_EQUAL(result.grad_inf, 0);
  }
}

/* ---- gradient descent by the book ---- */

static minimise_result descend_from(test_function function, double *x, double step, size_t steps) {
  test_model model = {.function = function, .n = 1};
  minimise_problem problem = model_problem(&model);
  minimise_options options = minimise_defaults();
  minimise_result result;
  options.method = "gd";
  options.step = step;
  options.iterations = steps;
  minimise(&problem, &options, x, &result);
  return result;
}

static void constant_steps(void) {
  /* The distance from 4.5 shrinks by 0.9 a step. From 0, where the slope is that of (x - 5)^2, the first leads to 0.5.
   */
  double from_0 = 0, from_10 = 10;
  CU_ASSERT_EQUAL(descend_from(kinked, &from_0, 0.05, 150).iterations, 150);
  CU_ASSERT_EQUAL(descend_from(kinked, &from_10, 0.05, 150).iterations, 150);
  CU_ASSERT_DOUBLE_EQUAL(from_0, 4.5 - 4 * pow(0.9, 149), 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(from_10, 4.5 + 5.5 * pow(0.9, 150), 1e-12);
  double x = -3.5;
  minimise_result result = descend_from(wavy, &x, 0.05, 100);
  CU_ASSERT_EQUAL(result.status, MINIMISE_BUDGET);
  CU_ASSERT_EQUAL(result.iterations, 100);
  CU_ASSERT_EQUAL(result.evaluations.gradient, 101);
  /* With small steps each start has its own minimum nearby. */
  static const double starts[] = {-3.5, -2.5, -2, -1, -0.5};
  double before = -INFINITY;
  for (int k = 0; k < 5; k++) {
    x = starts[k];
    descend_from(wavy, &x, 0.001, 100);
    CU_ASSERT(wavy(1, &x, NULL, NULL, NULL) < wavy(1, &starts[k], NULL, NULL, NULL));
    CU_ASSERT(x > before);
    before = x;
  }
}

/* After t steps of constant length s, each distance from 3 has shrunk by (1 - 2s)^t. */
static void steps_by_hand(void) {
  double x = 1;
  descend_from(squares, &x, 0.1, 7);
  CU_ASSERT_DOUBLE_EQUAL(x, 3 - 2 * pow(0.8, 7), 1e-14);
  test_model model = {.function = squares, .n = 1};
  minimise_problem problem = model_problem(&model);
  minimise_options options = minimise_defaults();
  minimise_result result;
  options.method = "gd";
  options.step = 0.1;
  options.iterations = 3;
  options.step_rule = MINIMISE_STEP_DECREASING;
  x = 1;
  CU_ASSERT_EQUAL(minimise(&problem, &options, &x, &result), MINIMISE_BUDGET);
  CU_ASSERT_DOUBLE_EQUAL(x, 3 - 2 * (1 - 0.2) * (1 - 0.1) * (1 - 0.2 / 3), 1e-14);
  for (int rule = MINIMISE_STEP_BACKTRACKING; rule <= MINIMISE_STEP_WOLFE; rule++) {
    options = minimise_defaults();
    options.method = "gd";
    options.step_rule = (minimise_step_rule)rule;
    options.step = 100;
    x = 1;
    CU_ASSERT_EQUAL(minimise(&problem, &options, &x, &result), MINIMISE_CONVERGED);
    CU_ASSERT_DOUBLE_EQUAL(x, 3, 1e-8);
  }
}

/* The first two steps of momentum and Adam on (x - 3)^2 and what weight decay adds. */
static double two_steps(const char *method, double momentum, double weight_decay) {
  test_model model = {.function = squares, .n = 1};
  minimise_problem problem = model_problem(&model);
  minimise_options options = minimise_defaults();
  minimise_result result;
  double x = 1;
  options.method = method;
  options.step = 0.1;
  options.momentum = momentum;
  options.weight_decay = weight_decay;
  options.iterations = 2;
  CU_ASSERT_EQUAL(minimise(&problem, &options, &x, &result), MINIMISE_BUDGET);
  return x;
}

static double adam_by_hand(double decay, double added) {
  double x = 1, mean = 0, square = 0;
  for (int t = 1; t <= 2; t++) {
    double g = 2 * (x - 3) + added * x;
    mean = 0.9 * mean + 0.1 * g;
    square = 0.999 * square + 0.001 * g * g;
    x -= 0.1 * (decay * x + mean / (1 - pow(0.9, t)) / (sqrt(square / (1 - pow(0.999, t))) + 1e-8));
  }
  return x;
}

static void memory_by_hand(void) {
  double first = 1 + 0.1 * 4, second = first + 0.1 * 2 * (3 - first);
  CU_ASSERT_DOUBLE_EQUAL(two_steps("momentum", 0.5, 0), second + 0.5 * 0.4, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(two_steps("momentum", -1, 0), second + 0.9 * 0.4, 1e-14);
  /* From y1 = x1 + beta (x1 - x0), x2 = y1 - t g(y1), y2 = x2 + beta (x2 - x1). */
  double y1 = first + 0.5 * 0.4, x2 = y1 + 0.1 * 2 * (3 - y1);
  CU_ASSERT_DOUBLE_EQUAL(two_steps("nesterov", 0.5, 0), x2 + 0.5 * (x2 - first), 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(two_steps("nesterov", -1, 0), second + 0.25 * (second - first), 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(two_steps("adam", -1, 0), adam_by_hand(0, 0), 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(two_steps("adam", -1, 0.25), adam_by_hand(0, 0.25), 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(two_steps("adamw", -1, 0.25), adam_by_hand(0.25, 0), 1e-14);
}

/* Orders from a seed: the same every time, others from another seed; all of them lead to the solution. */
static void random_orders(void) {
  double ends[4][8];
  static const uint64_t seeds[] = {0, 7, 7, 8};
  for (int k = 0; k < 4; k++) {
    test_model model = {.function = rosenbrock, .n = 8};
    minimise_problem problem = model_problem(&model);
    minimise_options options = minimise_defaults();
    minimise_result result;
    fill(ends[k], 8, NULL, -0.5);
    options.method = "coordinate";
    options.seed = seeds[k];
    options.iterations = 3;
    CU_ASSERT_EQUAL(minimise(&problem, &options, ends[k], &result), MINIMISE_BUDGET);
  }
  CU_ASSERT(!memcmp(ends[1], ends[2], sizeof ends[1]));
  CU_ASSERT(memcmp(ends[0], ends[1], sizeof ends[0]));
  CU_ASSERT(memcmp(ends[1], ends[3], sizeof ends[1]));
}

/* One of J v and J'u is enough. */
static void half_jacobians(void) {
  for (int which = 0; which < 2; which++) {
    double x[] = {0.5, 0.5, 0.3, 2};
    test_model model = {.function = rosenbrock, .residual = rosenbrock_residual, .n = 4};
    minimise_problem problem = model_problem(&model);
    if (which)
      problem.jvp = NULL;
    else
      problem.vjp = NULL;
    minimise_options options = minimise_defaults();
    minimise_result result;
    options.method = "levenberg-marquardt";
    CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_CONVERGED);
    for (int i = 0; i < 4; i++) CU_ASSERT_DOUBLE_EQUAL(x[i], 1, 1e-7);
    CU_ASSERT_EQUAL(result.evaluations.product % (which ? 6 : 4), 0);
    problem.residual_factor = 0;
    CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_REFUSED);
  }
}

/* ---- how runs end ---- */

static const struct {
  const char *name;
  test_function function;
  double start, step;
  minimise_status status;
  const char *only; /* this method; NULL: all that are not of first order */
} endings[] = {
    {"a line", straight, 1, 0, MINIMISE_UNBOUNDED, NULL},
    {"a hill", hill, 1, 0, MINIMISE_UNBOUNDED, NULL},
    {"a hill by constant steps", hill, 1, 0.5, MINIMISE_UNBOUNDED, "gd"},
    {"a minimum at infinity", exponential, 1, 0, MINIMISE_CONVERGED, NULL},
    {"nan at the start", barrier, -1, 0, MINIMISE_NOT_FINITE, NULL},
    {"nan as start", squares, NAN, 0, MINIMISE_NOT_FINITE, NULL},
    {"infinite at the start", exponential, 1000, 0, MINIMISE_NOT_FINITE, NULL},
    {"inf on the way", exponential, 700, 0, MINIMISE_CONVERGED, NULL},
    {"steps that are too long", squares, 1, 2, MINIMISE_NOT_FINITE, "gd"},
    {"a kink", absolute, 0.3, 0, MINIMISE_STALLED, "gd"},
    {"a kink", absolute, 0.3, 0, MINIMISE_STALLED, "lbfgs"},
};

static void check_ending(int row, int setting) {
  const char *method = settings[setting].name;
  test_model model = {.function = endings[row].function, .n = 1};
  minimise_problem problem = model_problem(&model);
  if (minimise_find(method)->needs & MINIMISE_NEEDS_RESIDUAL) return;
  minimise_options options = row_options(&(problem_row){0}, setting);
  options.step = endings[row].step;
  double x = endings[row].start;
  minimise_result result;
  minimise(&problem, &options, &x, &result);
  bool right = result.status == endings[row].status && !isnan(result.seconds) && *result.test;
  if (getenv("VERBOSE") || !right)
    printf("  %s by %s: %s (%s), x %g, f %g, %zu iterations, %zu + %zu\n", endings[row].name, method,
           minimise_status_name(result.status), result.test, x, result.f, result.iterations, result.evaluations.value,
           result.evaluations.gradient);
  CU_ASSERT(right);
}

static void endings_by_methods(void) {
  for (size_t row = 0; row < sizeof endings / sizeof *endings; row++) {
    for (int setting = 0; setting < METHODS; setting++) {
      const char *only = endings[row].only;
      if (only ? !strcmp(only, settings[setting].name) : !settings[setting].first_order)
        check_ending((int)row, setting);
    }
  }
}

/* At a kink no line search can end well: that is noticed before they have cost much. */
static void cheap_kinks(void) {
  static const char *const methods[] = {"bfgs", "lbfgs", "coordinate", "newton"};
  for (size_t k = 0; k < sizeof methods / sizeof *methods; k++) {
    double x = 0.3;
    test_model model = {.function = absolute, .n = 1};
    minimise_problem problem = model_problem(&model);
    minimise_options options = minimise_defaults();
    minimise_result result;
    options.method = methods[k];
    CU_ASSERT_EQUAL(minimise(&problem, &options, &x, &result), MINIMISE_STALLED);
    CU_ASSERT(result.evaluations.gradient <= 350);
    CU_ASSERT(result.f < 1e-16);
  }
}

/* Each evaluation fails in turn: x is the best point until then. */
static void failing_model(void) {
  for (int setting = 0; setting < METHODS; setting++) {
    for (size_t failing = 1; failing <= 12; failing++) {
      double x[] = {-1.2, 1}; /* where f = 24.2 */
      test_model model = {.function = rosenbrock, .residual = rosenbrock_residual, .n = 2, .failing = failing};
      minimise_problem problem = model_problem(&model);
      minimise_options options = row_options(&(problem_row){0}, setting);
      if (options.step > 0) options.step = 1e-4;
      minimise_result result;
      CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_CALLBACK_FAILED);
      CU_ASSERT_EQUAL(result.callback, 7);
      CU_ASSERT_EQUAL(model.values + model.gradients + model.products, failing);
      CU_ASSERT(rosenbrock(2, x, NULL, NULL, NULL) <= 24.2 + 1e-14);
      if (failing > 1) CU_ASSERT_EQUAL(result.f, rosenbrock(2, x, NULL, NULL, NULL));
    }
  }
}

typedef struct {
  size_t calls, until;
  double f;
} watcher;

static int watch(void *user, const minimise_progress *at) {
  watcher *watching = user;
  CU_ASSERT_EQUAL(at->iteration, watching->calls);
  watching->f = at->f;
  return watching->calls++ == watching->until;
}

static void budgets(void) {
  for (int setting = 0; setting < METHODS; setting++) {
    double x[] = {-1.2, 1};
    test_model model = {.function = rosenbrock, .residual = rosenbrock_residual, .n = 2};
    minimise_problem problem = model_problem(&model);
    minimise_options options = row_options(&(problem_row){0}, setting);
    if (options.step > 0) options.step = 1e-4;
    minimise_result result;
    watcher watching = {.until = 3};
    options.progress = watch;
    options.progress_user = &watching;
    CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_INTERRUPTED);
    CU_ASSERT_EQUAL(result.iterations, 3);
    CU_ASSERT_EQUAL(watching.calls, 4);
    options.progress = NULL;
    for (size_t most = 1; most < 8; most++) {
      options.evaluations = most;
      CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_BUDGET);
      CU_ASSERT_EQUAL(result.evaluations.value + result.evaluations.gradient, most);
      x[0] = -1.2, x[1] = 1;
    }
    options.evaluations = 0;
    options.iterations = 2;
    CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_BUDGET);
    CU_ASSERT_EQUAL(result.iterations, 2);
    options.seconds = 1e-9;
    CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_BUDGET);
  }
}

/* ---- what is refused ---- */

static minimise_status with(void (*change)(minimise_options *), double *x) {
  test_model model = {.function = squares, .n = 1};
  minimise_problem problem = model_problem(&model);
  minimise_options options = minimise_defaults();
  minimise_result result;
  options.method = "gd";
  change(&options);
  return minimise(&problem, &options, x, &result);
}

static const double crossed[] = {4}, below[] = {2}, not_a_number[] = {NAN}, at_infinity[] = {INFINITY};
static void method_of_no_name(minimise_options *options) {
  options->method = "newtn";
}
static void negative_step(minimise_options *options) {
  options->step = -1;
}
static void endless_step(minimise_options *options) {
  options->step = INFINITY;
}
static void unknown_rule(minimise_options *options) {
  options->step_rule = (minimise_step_rule)9;
}
static void rule_of_others(minimise_options *options) {
  options->method = "lbfgs";
  options->step_rule = MINIMISE_STEP_CONSTANT;
}
static void momentum_of_others(minimise_options *options) {
  options->momentum = 0.5;
}
static void decay_of_others(minimise_options *options) {
  options->weight_decay = 0.1;
}
static void large_momentum(minimise_options *options) {
  options->momentum = 1;
}
static void large_beta(minimise_options *options) {
  options->beta2 = 1;
}
static void no_memory(minimise_options *options) {
  options->memory = 0;
}
static void nan_tolerance(minimise_options *options) {
  options->tolerance = NAN;
}
static void crossed_bounds(minimise_options *options) {
  options->lower = crossed, options->upper = below;
}
static void nan_bound(minimise_options *options) {
  options->lower = not_a_number;
}
static void infinite_lower(minimise_options *options) {
  options->lower = at_infinity;
}

static void refusals(void) {
  static void (*const changes[])(minimise_options *) = {
      method_of_no_name,  negative_step,   endless_step,   unknown_rule,  rule_of_others,
      momentum_of_others, decay_of_others, large_momentum, large_beta,    no_memory,
      nan_tolerance,      crossed_bounds,  nan_bound,      infinite_lower};
  for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
    double x = 1;
    CU_ASSERT_EQUAL(with(changes[k], &x), MINIMISE_REFUSED);
    CU_ASSERT_EQUAL(x, 1);
  }
  test_model model = {.function = squares, .n = 1};
  minimise_problem problem = model_problem(&model);
  problem.product = NULL;
  for (const minimise_method *method = minimise_methods; method->name; method++) {
    minimise_options options = minimise_defaults();
    minimise_result result;
    double x = 1;
    options.method = method->name;
    options.iterations = 3;
    CU_ASSERT_EQUAL(minimise(&problem, &options, &x, &result) == MINIMISE_REFUSED, method->needs != 0);
  }
}

/* Without a value function, gradients stand for it; "auto" finds its way with whatever there is. */
static void automatic(void) {
  for (int has = 0; has < 8; has++) {
    for (size_t n = 2; n <= 40; n += 38) {
      double x[PROBLEM_LARGEST];
      test_model model = {.function = rosenbrock, .residual = has & 1 ? rosenbrock_residual : NULL, .n = n};
      minimise_problem problem = model_problem(&model);
      if (!(has & 2)) problem.product = NULL;
      if (!(has & 4)) problem.value = NULL;
      minimise_options options = minimise_defaults();
      minimise_result result;
      fill(x, n, NULL, -1);
      CU_ASSERT_EQUAL(minimise(&problem, &options, x, &result), MINIMISE_CONVERGED);
      CU_ASSERT_DOUBLE_EQUAL(x[n - 1], 1, 1e-5);
      CU_ASSERT(minimise_find(result.method) != NULL);
    }
  }
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("minimise", NULL, NULL);
  CU_add_test(suite, "problems by methods", problems_by_methods);
  CU_add_test(suite, "all methods are tested", all_methods_are_tested);
  CU_add_test(suite, "frozen bits", frozen_bits);
  CU_add_test(suite, "no entries", nothing_at_all);
  CU_add_test(suite, "constant steps", constant_steps);
  CU_add_test(suite, "steps by hand", steps_by_hand);
  CU_add_test(suite, "momentum, means and decay by hand", memory_by_hand);
  CU_add_test(suite, "random orders", random_orders);
  CU_add_test(suite, "half Jacobians", half_jacobians);
  CU_add_test(suite, "endings", endings_by_methods);
  CU_add_test(suite, "cheap kinks", cheap_kinks);
  CU_add_test(suite, "failing model", failing_model);
  CU_add_test(suite, "budgets", budgets);
  CU_add_test(suite, "refusals", refusals);
  CU_add_test(suite, "automatic", automatic);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
