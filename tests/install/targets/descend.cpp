#define VALLEY_IMPLEMENTATION
#include "valley.h"
#include <cstdio>

int main() {
  float x[3] = {-1.2F, 1, 0.5F}, f = 0, slope[3], work[VALLEY_WORKSPACE + 1];
  valley_dims dims{};
  valley_inputs inputs{x};
  valley_gradient gradient{slope};
  if (valley_grad(&dims, &inputs, &f, &gradient, work) != 0) return 1;
  std::printf("valley %.4g %.4g %.4g %.4g\n", double(f), double(slope[0]), double(slope[1]), double(slope[2]));
  return 0;
}
