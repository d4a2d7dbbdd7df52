/* What libadjoin_runtime gives to others (see adjoin_runtime.h). */
#include "runtime/library/adjoin_runtime.h"

#include "runtime/library/run.h"

const char *adjoin_runtime_version(void) {
  return ADJOIN_VERSION;
}

adjoin_minimise_status adjoin_problem_minimise(const adjoin_problem *problem, const adjoin_minimise_options *options,
                                               double *x, adjoin_minimise_result *result) {
  if (!result) return ADJOIN_MINIMISE_REFUSED;
  if (!problem || !options || (!x && problem->size))
    return run_refuse(result, "NULL is no problem, no options and no vector");
  minimise_problem whole = {.user = problem->user,
                            .size = problem->size,
                            .value = problem->value,
                            .gradient = problem->gradient,
                            .product = problem->product,
                            .residual_count = problem->residual_count,
                            .residual_factor = problem->residual_factor,
                            .residual = problem->residual,
                            .jvp = problem->jvp,
                            .vjp = problem->vjp};
  run_limits limits = {.mask = problem->mask, .lower = problem->lower, .upper = problem->upper};
  return run_minimiser(&whole, options, &limits, x, result);
}
