/* The value and slope of a network of one hidden unit, W2 tanh(W1 x + b1), at W1 x = 0. */
#include <models/net.h>
#include <stdio.h>

int main(void) {
  double x = 0, W1 = 2, b1 = 0, W2 = 3, c = 0, f = 1, slope = 0, work[64];
  net_dims dims = {1, 1};
  net_inputs inputs = {.x = &x, .W1 = &W1, .b1 = &b1, .W2 = &W2, .c = &c};
  net_gradient gradient = {.x = &slope};
  if (net_workspace(&dims) > 64 || net_grad(&dims, &inputs, &f, &gradient, work)) return 1;
  printf("network %g %g\n", f, slope);
  return 0;
}
