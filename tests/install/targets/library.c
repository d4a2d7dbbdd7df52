#include <adjoin.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  static const char text[] = "var x\nminimize x^3\n";
  adjoin_context *context = adjoin_context_create();
  adjoin_model *model;
  adjoin_instance *instance = NULL;
  const adjoin_function *gradient;
  double x = 2, f = 0, slope = 0, *results[] = {&f, &slope};
  if (adjoin_model_from_text(context, "cube", text, strlen(text), &model)) return 1;
  if (adjoin_function_get(model, "grad", NULL, NULL, 0, &gradient) || adjoin_instance_create(model, &instance))
    return 1;
  if (adjoin_bind(instance, "x", &x, 0, NULL, NULL) || adjoin_call(instance, gradient, NULL, results)) return 1;
  printf("library %s %g %g\n", strcmp(adjoin_version(), ADJOIN_VERSION) ? "differs" : "fits", f, slope);
  adjoin_instance_release(instance);
  adjoin_model_release(model);
  adjoin_context_release(context);
  return 0;
}
