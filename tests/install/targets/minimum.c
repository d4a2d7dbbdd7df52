#include <adjoin.h>
#include <adjoin_runtime.h>
#define MASKED_IMPLEMENTATION
#include "masked.h"
#include <stdio.h>
#include <string.h>

int main(void) {
  double x[4] = {1, 2, 4, 5}, work[64];
  unsigned char mask[4];
  masked_problem model;
  memset(&model, 0, sizeof model);
  model.work = work;
  model.mask = mask;
  if (masked_workspace(&model.dims) > 64 || masked_problem_mask(&model, mask)) return 1;
  adjoin_problem problem = masked_problem_create(&model);
  adjoin_minimise_options options = adjoin_minimise_defaults();
  adjoin_minimise_result result;
  adjoin_problem_minimise(&problem, &options, x, &result);
  printf("%s %g %g %g %g, versions %s\n", result.name, x[0], x[1], x[2], x[3],
         strcmp(adjoin_version(), adjoin_runtime_version()) ? "differ" : "agree");
  return 0;
}
