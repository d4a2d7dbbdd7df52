#define MADE_IMPLEMENTATION
#include "inner.h"
#include "made.h"
#include <stdio.h>

int main(void) {
  double x[2] = {1, 5}, slope[2], f = 0, g = 0, work[64];
  made_dims dims = {2};
  made_inputs inputs = {x};
  made_gradient gradient = {slope};
  inner_dims inner_extents = {2};
  inner_inputs inner_in = {x};
  if (made_grad(&dims, &inputs, &f, &gradient, work) || inner_value(&inner_extents, &inner_in, &g, work)) return 1;
  printf("made %g %g %g inner %g\n", f, slope[0], slope[1], g);
  return 0;
}
