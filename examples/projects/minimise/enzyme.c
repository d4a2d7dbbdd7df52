/* Fits a law of two curves twice, with and without one of its unknowns: a mask freezes that. The measurements are those
 * of M. A. Treloar (1974), as R's data set Puromycin has them; R's nls finds sums of squares of 2240.891 and 2055.053.
 */
#include <adjoin_runtime.h>

#define ENZYME_IMPLEMENTATION
#include "enzyme.h"

#include <stdio.h>

enum { COUNT = 23, UNKNOWNS = 4 }; /* V, K, change[2], in the order of the model */

static const double c[COUNT] = {0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10, 1.10,
                                0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10};
static const double rate[COUNT] = {76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200,
                                   67, 51, 84, 86,  98,  115, 131, 124, 144, 158, 160};
static const double treated[COUNT] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};

static int fit(const unsigned char mask[UNKNOWNS]) {
  double x[UNKNOWNS], lower[UNKNOWNS], upper[UNKNOWNS], work[ENZYME_WORKSPACE + 1];
  enzyme_problem model = {.dims = {0},
                          .inputs = {.c = c, .treated = treated, .rate = rate},
                          .work = work,
                          .mask = mask,
                          .lower = lower,
                          .upper = upper};
  int status = enzyme_problem_start(&model, x);
  if (!status) status = enzyme_problem_bounds(&model, lower, upper);
  if (status) {
    fprintf(stderr, "%s\n", enzyme_status(status));
    return 1;
  }
  adjoin_problem problem = enzyme_problem_create(&model);
  adjoin_minimise_options options = adjoin_minimise_defaults();
  adjoin_minimise_result result;
  if (adjoin_problem_minimise(&problem, &options, x, &result) != ADJOIN_MINIMISE_CONVERGED) {
    fprintf(stderr, "%s: %s\n", result.name, result.test);
    return 1;
  }
  enzyme_inputs at = enzyme_problem_at(&model, x);
  printf("%d unknowns: V = %.2f%+.2f, K = %.5f%+.5f, sum of squares %.2f (%s)\n", (int)result.free_count, *at.V,
         at.change[0], *at.K, at.change[1], result.f, result.method);
  return 0;
}

int main(void) {
  static const unsigned char same_K[UNKNOWNS] = {1, 1, 1, 0}, all[UNKNOWNS] = {1, 1, 1, 1};
  return fit(same_K) || fit(all);
}
