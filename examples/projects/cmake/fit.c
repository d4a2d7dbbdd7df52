/* The parameters of a saturation curve by Newton's method with Levenberg's damping: gradient and Hessian come from the
 * model's header. NIST's certified answer: 238.94212918, 5.5015643181e-4, sum of squares 0.12455138894. */
#define SATURATION_IMPLEMENTATION
#include "saturation.h"

#include <math.h>
#include <stdio.h>

static const double x[] = {77.6,  114.9, 141.1, 190.8, 239.9, 289.0, 332.8,
                           378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0};
static const double y[] = {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02,
                           44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78};

typedef struct {
  double f, slope[2], curvature[2][2];
} local;

/* Value, gradient and, by a product with each unit direction, the Hessian. */
static int look(const double b[2], local *at) {
  static const double one = 1;
  double work[SATURATION_WORKSPACE + 1];
  saturation_dims dims = {0};
  saturation_inputs inputs = {.b1 = &b[0], .b2 = &b[1], .x = x, .y = y};
  saturation_gradient gradient = {.b1 = &at->slope[0], .b2 = &at->slope[1]};
  int status = saturation_grad(&dims, &inputs, &at->f, &gradient, work);
  if (!status) status = saturation_hvp_b1(&dims, &inputs, &one, &at->curvature[0][0], &at->curvature[0][1], work);
  if (!status) status = saturation_hvp_b2(&dims, &inputs, &one, &at->curvature[1][0], &at->curvature[1][1], work);
  if (status) fprintf(stderr, "%s\n", saturation_status(status));
  return status;
}

int main(void) {
  double b[2] = {500, 1e-4}, damping = 1e-3; /* NIST's first start */
  local here, there;
  if (look(b, &here)) return 1;
  for (int step = 0; step < 200; step++) {
    double a = here.curvature[0][0] * (1 + damping), c = here.curvature[1][1] * (1 + damping), m = here.curvature[0][1];
    double determinant = a * c - m * m, next[2];
    next[0] = b[0] - (c * here.slope[0] - m * here.slope[1]) / determinant;
    next[1] = b[1] - (a * here.slope[1] - m * here.slope[0]) / determinant;
    if (look(next, &there)) return 1;
    int better = determinant > 0 && there.f <= here.f;
    damping *= better ? 0.1 : 10;
    if (!better) continue;
    b[0] = next[0];
    b[1] = next[1];
    here = there;
  }
  printf("b1              %.9e\n", b[0]);
  printf("b2              %.9e\n", b[1]);
  printf("sum of squares  %.9e\n", 2 * here.f);
  return 0;
}
