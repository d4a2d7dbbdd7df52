/* Which measures of a flower tell its kind? The same logistic model is fitted with each choice of features: masks hold
 * the others at 0. The model is read when the program runs; the irises are R. A. Fisher's (1936). */
#include <adjoin.h>

#include <stdio.h>

enum { SAMPLES = 20, FEATURES = 2 };

static const double petals[SAMPLES][FEATURES] = {{4.7, 1.4}, {4.5, 1.5}, {4.9, 1.5}, {4.0, 1.3}, {4.6, 1.5},
                                                 {4.5, 1.3}, {4.7, 1.6}, {3.3, 1.0}, {4.6, 1.3}, {3.9, 1.4},
                                                 {6.0, 2.5}, {5.1, 1.9}, {5.9, 2.1}, {5.6, 1.8}, {5.8, 2.2},
                                                 {6.6, 2.1}, {4.5, 1.7}, {6.3, 1.8}, {5.8, 1.8}, {6.1, 2.5}};
static const double kind[SAMPLES] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static void show(void *user, const adjoin_diagnostic *what) {
  (void)user;
  fputs(what->text, stderr);
}

static int fit(adjoin_instance *instance, const char *name, const unsigned char features[FEATURES]) {
  double w[FEATURES] = {0}, b = 0;
  const adjoin_variable variables[] = {{.name = "w", .x = w, .mask = features}, {.name = "b", .x = &b}};
  adjoin_minimise_options options = adjoin_minimise_defaults();
  adjoin_minimise_result result;
  if (adjoin_minimise(instance, variables, 2, &options, &result)) return 1;
  printf("%-12s  w = %9.6f %9.6f, b = %10.6f, loss %.8f: %s by %s\n", name, w[0], w[1], b, result.f, result.name,
         result.method);
  return result.status != ADJOIN_MINIMISE_CONVERGED;
}

static int fit_all(adjoin_instance *instance) {
  static const struct {
    const char *name;
    unsigned char features[FEATURES];
  } supports[] = {{"neither", {0, 0}}, {"length alone", {1, 0}}, {"width alone", {0, 1}}, {"both", {1, 1}}};
  const double lambda = -6; /* of the ridge */
  adjoin_status status = adjoin_bind(instance, "X", petals, 2, (int64_t[]){SAMPLES, FEATURES}, NULL);
  if (!status) status = adjoin_bind(instance, "y", kind, 1, (int64_t[]){SAMPLES}, NULL);
  if (!status) status = adjoin_bind(instance, "lambda", &lambda, 0, NULL, NULL);
  int failed = status != ADJOIN_OK;
  for (size_t k = 0; k < sizeof supports / sizeof *supports && !failed; k++)
    failed = fit(instance, supports[k].name, supports[k].features);
  return failed;
}

int main(int count, char **arguments) {
  adjoin_context *context = adjoin_context_create();
  if (!context) return 1;
  adjoin_context_receive(context, show, NULL);
  adjoin_model *model;
  adjoin_instance *instance = NULL;
  int failed = adjoin_model_from_file(context, count > 1 ? arguments[1] : "logistic.adj", &model) ||
               adjoin_instance_create(model, &instance) || fit_all(instance);
  adjoin_instance_release(instance);
  adjoin_model_release(model);
  adjoin_context_release(context);
  return failed;
}
