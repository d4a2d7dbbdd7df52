/* The damped step of least squares: that it solves its equations, and keeps to its radius. */
#include "runtime/initial_weights.h"
#include "runtime/minimise/damped.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <string.h>

enum { MOST = 8, ROWS = 12, WORK = 2 * MOST * 40 + 1 };

typedef struct {
  double r[MOST * MOST], triangle[MOST * MOST], damping[MOST * MOST], right[MOST], scale[MOST], step[2 * MOST],
      turned[MOST], work[WORK];
} arrays;

static damped_system system_in(arrays *in, size_t count) {
  return (damped_system){.count = count,
                         .r = in->r,
                         .right = in->right,
                         .scale = in->scale,
                         .step = in->step,
                         .triangle = in->triangle,
                         .damping = in->damping,
                         .turned = in->turned,
                         .work = in->work};
}

/* max |(J'J + lambda D^2) p + J'r|, beside the size of its terms. */
static double error_of(const damped_system *of, size_t rows, const double *jacobian, const double *residual) {
  double worst = 0, size = 0;
  for (size_t j = 0; j < of->count; j++) {
    double sum = of->lambda * of->scale[j] * of->scale[j] * of->step[j];
    for (size_t i = 0; i < rows; i++) {
      double entry = residual[i];
      for (size_t k = 0; k < of->count; k++) entry += jacobian[k * rows + i] * of->step[k];
      sum += jacobian[j * rows + i] * entry;
      size = fmax(size, fabs(jacobian[j * rows + i]) * fmax(fabs(entry), fabs(residual[i])));
    }
    worst = fmax(worst, fabs(sum));
  }
  return worst / fmax(size, 1e-300);
}

static double length_of(const damped_system *of) {
  double sum = 0;
  for (size_t k = 0; k < of->count; k++) sum += of->scale[k] * of->step[k] * of->scale[k] * of->step[k];
  return sqrt(sum);
}

static const struct {
  size_t rows, count;
  double column; /* the factor of the last one: 0 for a singular matrix */
} matrices[] = {{12, 5, 1}, {8, 8, 1}, {3, 6, 1}, {1, 1, 1}, {12, 5, 0}, {12, 6, 1e-9}, {12, 4, 1e9}, {5, 0, 1}};

/* From a huge radius to a tiny one and back, each from the last lambda. */
static void steps_within_radii(void) {
  static const double radii[] = {1e12, 10, 1, 0.1, 1e-8, 0.5, 1e12};
  for (size_t k = 0; k < sizeof matrices / sizeof *matrices; k++) {
    size_t rows = matrices[k].rows, count = matrices[k].count;
    double jacobian[ROWS * MOST], residual[ROWS], factors[ROWS * MOST], rotated[ROWS];
    arrays in = {0};
    fill_kaiming_uniform(jacobian, ROWS * MOST, k, "jacobian", 1);
    fill_kaiming_uniform(residual, ROWS, k, "residual", 1);
    for (size_t i = 0; count && i < rows; i++) jacobian[(count - 1) * rows + i] *= matrices[k].column;
    memcpy(factors, jacobian, sizeof factors);
    memcpy(rotated, residual, sizeof rotated);
    dense_triangularise(rows, count, factors, rotated, in.work);
    damped_system system = system_in(&in, count);
    for (size_t j = 0; j < count; j++) in.scale[j] = 0.5 + (double)j;
    damped_prepare(&system, rows, factors, rotated);
    for (size_t s = 0; s < sizeof radii / sizeof *radii; s++) {
      double length = damped_step(&system, radii[s]);
      CU_ASSERT_DOUBLE_EQUAL(length, length_of(&system), 1e-12 * length);
      CU_ASSERT(length <= 1.1 * radii[s]);
      CU_ASSERT(system.lambda == 0 || rows < count || matrices[k].column != 1 || length >= 0.9 * radii[s]);
      CU_ASSERT(error_of(&system, rows, jacobian, residual) <= 1e-10);
    }
  }
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("damped steps", NULL, NULL);
  CU_add_test(suite, "steps within radii", steps_within_radii);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
