// A membrane on a frame, pushed up by a ball below it: heights are bounded by the ball, and what the model freezes stays.
// How much of it touches the ball, and how high is it half way between?
#include <adjoin_runtime.h>

#define MEMBRANE_IMPLEMENTATION
#include "membrane.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

static double ball(double x, double y) { // of radius 1, its top at height 0.3; the frame is the square |x|, |y| <= 1
  const double r2 = x * x + y * y;
  return r2 < 1 ? std::sqrt(1 - r2) - 0.7 : -std::numeric_limits<double>::infinity();
}

int main(int count, char **arguments) {
  const int n = count > 1 ? std::max(3, std::atoi(arguments[1])) : 41;
  membrane_problem model{};
  model.dims.n = n;
  const std::size_t size = membrane_problem_size(&model.dims);
  std::vector<double> work(membrane_workspace(&model.dims)), u(size), lower(size), upper(size);
  std::vector<unsigned char> mask(size);
  model.work = work.data();
  model.mask = mask.data();
  model.lower = lower.data();
  model.upper = upper.data();
  if (membrane_problem_start(&model, u.data()) || membrane_problem_mask(&model, mask.data()) ||
      membrane_problem_bounds(&model, lower.data(), upper.data()))
    return 1;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) lower[std::size_t(i * n + j)] = ball(2.0 * i / (n - 1) - 1, 2.0 * j / (n - 1) - 1);

  const adjoin_problem problem = membrane_problem_create(&model);
  adjoin_minimise_options options = adjoin_minimise_defaults();
  options.method = "lbfgs";
  adjoin_minimise_result result;
  if (adjoin_problem_minimise(&problem, &options, u.data(), &result) != ADJOIN_MINIMISE_CONVERGED) {
    std::fprintf(stderr, "%s: %s\n", result.name, result.test);
    return 1;
  }
  int touching = 0;
  for (std::size_t k = 0; k < size; k++) touching += mask[k] && u[k] == lower[k];
  std::printf("free %zu, frozen %zu, touching the ball %d\n", result.free_count, result.frozen_count, touching);
  std::printf("energy %.6f, height at the centre %.4f, half way %.4f\n", result.f, u[std::size_t(n / 2 * n + n / 2)],
              u[std::size_t(n / 2 * n + n / 4)]);
  return 0;
}
