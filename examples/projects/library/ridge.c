/* One model, two threads: each fits the same irises (R. A. Fisher, 1936) with a ridge of its own, by Newton's method.
 * The model is read from its file and compiled when the program runs; the threads share it and have an instance each.
 */
#include <adjoin.h>

#include <math.h>
#include <pthread.h>
#include <stdio.h>

enum { SAMPLES = 20, FEATURES = 2, UNKNOWNS = FEATURES + 1, STEPS = 30 };

static const double petals[SAMPLES][FEATURES] = {{4.7, 1.4}, {4.5, 1.5}, {4.9, 1.5}, {4.0, 1.3}, {4.6, 1.5},
                                                 {4.5, 1.3}, {4.7, 1.6}, {3.3, 1.0}, {4.6, 1.3}, {3.9, 1.4},
                                                 {6.0, 2.5}, {5.1, 1.9}, {5.9, 2.1}, {5.6, 1.8}, {5.8, 2.2},
                                                 {6.6, 2.1}, {4.5, 1.7}, {6.3, 1.8}, {5.8, 1.8}, {6.1, 2.5}};
static const double kind[SAMPLES] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

typedef struct {
  adjoin_model *model;
  const adjoin_function *gradient, *curvature;
  double lambda, f;
  double at[UNKNOWNS]; /* w, b */
  adjoin_status status;
} fit;

static void show(void *user, const adjoin_diagnostic *what) {
  (void)user;
  fputs(what->text, stderr);
}

/* a x = b by elimination; a is positive definite. The answer is in b. */
static void solve(double a[UNKNOWNS][UNKNOWNS], double b[UNKNOWNS]) {
  for (int k = 0; k < UNKNOWNS; k++)
    for (int i = k + 1; i < UNKNOWNS; i++) {
      double factor = a[i][k] / a[k][k];
      for (int j = k; j < UNKNOWNS; j++) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  for (int i = UNKNOWNS; i-- > 0;) {
    for (int j = i + 1; j < UNKNOWNS; j++) b[i] -= a[i][j] * b[j];
    b[i] /= a[i][i];
  }
}

/* The Hessian's columns are products with the unit directions, all in one call. */
static adjoin_status newton_step(fit *of, adjoin_instance *instance) {
  static const double unit[UNKNOWNS][UNKNOWNS] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  double slope[UNKNOWNS], hessian[UNKNOWNS][UNKNOWNS];
  double *first[] = {&of->f, slope, slope + FEATURES}, *second[] = {hessian[0], hessian[FEATURES]};
  const double *seeds[] = {unit[0], unit[FEATURES]};
  adjoin_status status = adjoin_call(instance, of->gradient, NULL, first);
  if (!status) status = adjoin_call_block(instance, of->curvature, UNKNOWNS, seeds, second);
  if (status) return status;
  solve(hessian, slope);
  for (int k = 0; k < UNKNOWNS; k++) of->at[k] -= slope[k];
  return ADJOIN_OK;
}

static adjoin_status bind(fit *of, adjoin_instance *instance) {
  adjoin_status status = adjoin_bind(instance, "X", petals, 2, (int64_t[]){SAMPLES, FEATURES}, NULL);
  if (!status) status = adjoin_bind(instance, "y", kind, 1, (int64_t[]){SAMPLES}, NULL);
  if (!status) status = adjoin_bind(instance, "w", of->at, 1, (int64_t[]){FEATURES}, NULL);
  if (!status) status = adjoin_bind(instance, "b", of->at + FEATURES, 0, NULL, NULL);
  if (!status) status = adjoin_bind(instance, "lambda", &of->lambda, 0, NULL, NULL);
  return status;
}

static void *run(void *argument) {
  fit *of = argument;
  adjoin_instance *instance;
  of->status = adjoin_instance_create(of->model, &instance);
  if (!of->status) of->status = bind(of, instance);
  for (int step = 0; step < STEPS && !of->status; step++) of->status = newton_step(of, instance);
  adjoin_instance_release(instance);
  return NULL;
}

static int run_both(adjoin_model *model, const adjoin_function *gradient, const adjoin_function *curvature) {
  fit fits[2] = {{model, gradient, curvature, .lambda = -3}, {model, gradient, curvature, .lambda = -6}};
  pthread_t threads[2];
  int started = 0;
  while (started < 2 && !pthread_create(&threads[started], NULL, run, &fits[started])) started++;
  for (int k = 0; k < started; k++) pthread_join(threads[k], NULL);
  for (int k = 0; k < started; k++) {
    const fit *of = &fits[k];
    if (of->status) return 1;
    printf("lambda %g: w = %.6f %.6f, b = %.6f, f = %.8f\n", of->lambda, of->at[0], of->at[1], of->at[2], of->f);
  }
  return started < 2;
}

int main(int count, char **arguments) {
  const char *file = count > 1 ? arguments[1] : "logistic.adj";
  adjoin_context *context = adjoin_context_create();
  if (!context) return 1;
  adjoin_context_receive(context, show, NULL);
  adjoin_model *model;
  const adjoin_function *gradient, *curvature;
  int code = 1;
  if (!adjoin_model_from_file(context, file, &model) &&
      !adjoin_function_get(model, "grad", "w,b", NULL, 0, &gradient) &&
      !adjoin_function_get(model, "hvp", "w,b", "w,b", ADJOIN_BLOCK, &curvature))
    code = run_both(model, gradient, curvature);
  adjoin_model_release(model);
  adjoin_context_release(context);
  return code;
}
