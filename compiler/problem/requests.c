/* The functions of a problem as requests (see requests.h). */
#include "compiler/problem/requests.h"

void problem_requests(arena *memory, const name_list *vars, bool objective, bool product, const char *residual,
                      problem_request into[KERNEL_FUNCTIONS]) {
  static const name_list nothing;
  name_list residuals = {0};
  list_push(memory, &residuals, residual);
  bool moves = vars->count > 0;
  const struct {
    bool needed;
    request_kind kind;
    const name_list *read, *along;
  } rows[KERNEL_FUNCTIONS] = {
      [KERNEL_VALUE] = {objective, REQUEST_VALUE, &nothing, &nothing},
      [KERNEL_GRADIENT] = {moves && objective, REQUEST_GRADIENT, vars, &nothing},
      [KERNEL_PRODUCT] = {moves && product, REQUEST_PRODUCT, vars, vars},
      [KERNEL_RESIDUAL] = {residual, REQUEST_OUTPUTS, &residuals, &nothing},
      [KERNEL_JVP] = {moves && residual, REQUEST_JVP, &residuals, vars},
      [KERNEL_VJP] = {moves && residual, REQUEST_VJP, vars, &residuals},
  };
  for (int k = 0; k < KERNEL_FUNCTIONS; k++)
    into[k] = (problem_request){rows[k].needed,
                                {.kind = rows[k].kind,
                                 .read = rows[k].read->items,
                                 .read_count = rows[k].read->count,
                                 .along = rows[k].along->items,
                                 .along_count = rows[k].along->count}};
}
