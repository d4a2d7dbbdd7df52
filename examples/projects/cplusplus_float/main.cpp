// The circle that lies closest to six points, by the method of Gauss and Newton, in single precision: residuals and
// their Jacobian come from the model's header. The points and the answer, centre (4.7398, 2.9835) and radius 4.7142,
// are those of Gander, Golub and Strebel, "Least-squares fitting of circles and ellipses" (1994).
#define CIRCLE_IMPLEMENTATION
#include "circle.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using vector3 = std::array<float, 3>; // center, radius
using matrix3 = std::array<vector3, 3>;

class circle_fit {
public:
  explicit circle_fit(std::vector<float> points)
      : points_(std::move(points)), dims_{static_cast<std::ptrdiff_t>(points_.size() / 2)},
        work_(circle_workspace(&dims_) + 1) {
  }

  std::vector<float> residuals(const vector3 &at) {
    std::vector<float> result(points_.size() / 2);
    const circle_inputs inputs = bind(at);
    require(circle_value(&dims_, &inputs, result.data(), work_.data()));
    return result;
  }

  // The derivative of the residuals by one of center[0], center[1], radius.
  std::vector<float> column(const vector3 &at, std::size_t which) {
    std::vector<float> result(points_.size() / 2);
    vector3 direction{};
    direction[which] = 1;
    const circle_inputs inputs = bind(at);
    require(circle_jvp_residual(&dims_, &inputs, &direction[0], &direction[2], result.data(), work_.data()));
    return result;
  }

private:
  circle_inputs bind(const vector3 &at) const {
    return {&at[0], &at[2], points_.data()};
  }
  static void require(int status) {
    if (status != 0) throw std::runtime_error(circle_status(status));
  }

  std::vector<float> points_;
  circle_dims dims_;
  std::vector<float> work_;
};

float dot(const std::vector<float> &a, const std::vector<float> &b) {
  float sum = 0;
  for (std::size_t k = 0; k < a.size(); k++) sum += a[k] * b[k];
  return sum;
}

// Gaussian elimination; the matrix is positive definite, so that no pivot is needed.
vector3 solve(matrix3 a, vector3 b) {
  for (std::size_t k = 0; k < 3; k++)
    for (std::size_t i = k + 1; i < 3; i++) {
      const float factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j < 3; j++) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  for (std::size_t i = 3; i-- > 0;) {
    for (std::size_t j = i + 1; j < 3; j++) b[i] -= a[i][j] * b[j];
    b[i] /= a[i][i];
  }
  return b;
}

// J'J step = -J'r
vector3 gauss_newton_step(circle_fit &fit, const vector3 &at) {
  const std::vector<float> r = fit.residuals(at);
  const std::array<std::vector<float>, 3> J = {fit.column(at, 0), fit.column(at, 1), fit.column(at, 2)};
  matrix3 normal{};
  vector3 right{};
  for (std::size_t i = 0; i < 3; i++) {
    for (std::size_t j = 0; j < 3; j++) normal[i][j] = dot(J[i], J[j]);
    right[i] = -dot(J[i], r);
  }
  return solve(normal, right);
}

} // namespace

int main() {
  circle_fit fit({1, 7, 2, 6, 5, 8, 7, 7, 9, 5, 3, 7});
  vector3 at = {5, 4, 3};
  for (int count = 0; count < 60; count++) {
    const vector3 step = gauss_newton_step(fit, at);
    for (std::size_t k = 0; k < 3; k++) at[k] += step[k];
  }
  const std::vector<float> r = fit.residuals(at);
  std::printf("center          %.3f %.3f\n", static_cast<double>(at[0]), static_cast<double>(at[1]));
  std::printf("radius          %.3f\n", static_cast<double>(at[2]));
  std::printf("norm            %.3f\n", static_cast<double>(std::sqrt(dot(r, r))));
  return 0;
}
