/* The minimum of a small network over its input, and how it moves with the weights: by a header that Adjoin wrote. */
#define NET_IMPLEMENTATION
#include "net.h"

#include <stdio.h>
#include <stdlib.h>

enum { INPUTS = 1, HIDDEN = 3 };

/* `count` numbers from the end of a .npy file of doubles. */
static int read_numbers(const char *folder, const char *name, double *into, long count) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s.npy", folder, name);
  FILE *file = fopen(path, "rb");
  int good = file && fseek(file, -count * (long)sizeof *into, SEEK_END) == 0 &&
             fread(into, sizeof *into, (size_t)count, file) == (size_t)count;
  if (file) fclose(file);
  if (!good) fprintf(stderr, "can't read %s\n", path);
  return good;
}

static void print_numbers(const char *name, const double *numbers, int count, double factor) {
  printf("%-9s", name);
  for (int k = 0; k < count; k++) printf(" %22.16g", factor * numbers[k]);
  printf("\n");
}

/* Newton's method; the Hessian is a number here, since x is. */
static double minimise(const net_dims *dims, const net_inputs *inputs, double *x, double *work) {
  double value, slope, curvature = 1, unit = 1;
  net_gradient gradient = {0};
  gradient.x = &slope;
  for (int step = 0; step < 8; step++) {
    net_grad(dims, inputs, &value, &gradient, work);
    net_hvp_x(dims, inputs, &unit, &curvature, work);
    *x -= slope / curvature;
  }
  net_grad(dims, inputs, &value, &gradient, work);
  net_hvp_x(dims, inputs, &unit, &curvature, work);
  print_numbers("x*", x, 1, 1);
  print_numbers("value", &value, 1, 1);
  print_numbers("gradient", &slope, 1, 1);
  print_numbers("H", &curvature, 1, 1);
  return curvature;
}

int main(int count, char **arguments) {
  const char *folder = count > 1 ? arguments[1] : "examples/net";
  double W1[HIDDEN * INPUTS], b1[HIDDEN], W2[HIDDEN], x[INPUTS] = {4.4}, c = 0, unit = 1;
  if (!read_numbers(folder, "W1", W1, HIDDEN * INPUTS) || !read_numbers(folder, "b1", b1, HIDDEN) ||
      !read_numbers(folder, "W2", W2, HIDDEN))
    return 1;

  net_dims dims = {INPUTS, HIDDEN};
  net_inputs inputs = {x, W1, b1, W2, &c};
  double *work = malloc((net_workspace(&dims) + 1) * sizeof *work), mixed[HIDDEN];
  if (!work) return 1;

  double curvature = minimise(&dims, &inputs, x, work);
  net_mixed_W1_x(&dims, &inputs, &unit, mixed, work);
  print_numbers("dx*/dW1", mixed, HIDDEN, -1 / curvature);
  net_mixed_b1_x(&dims, &inputs, &unit, mixed, work);
  print_numbers("dx*/db1", mixed, HIDDEN, -1 / curvature);
  net_mixed_W2_x(&dims, &inputs, &unit, mixed, work);
  print_numbers("dx*/dW2", mixed, HIDDEN, -1 / curvature);
  free(work);
  return 0;
}
