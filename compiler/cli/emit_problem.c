/* The functions of a problem (see emit_problem.h). */
#include "compiler/cli/emit_problem.h"

#include "compiler/problem/requests.h"
#include "compiler/problem/squares.h"

static void add(problem_plan *in, console *with, const request *wanted, const char *name, int *slot, call_list *calls) {
  call made = {.wanted = *wanted, .in = SECTION_VALUE, .function = -1};
  made.wanted.name = name;
  *slot = -1;
  list_push(with->memory, calls, made);
  list_push(with->memory, &in->slots, slot);
}

/* A function of the values that the vars declare, if any does. */
static void add_declared(problem_plan *in, console *with, const tensor_program *model, int which, call_list *calls) {
  static const struct {
    request_kind kind;
    const char *name;
  } rows[PROBLEM_VALUES] = {[PROBLEM_START] = {REQUEST_START, "start"},
                            [PROBLEM_LOWER] = {REQUEST_LOWER, "lower"},
                            [PROBLEM_UPPER] = {REQUEST_UPPER, "upper"}};
  name_list read = {0};
  in->made.values[which] = -1;
  for (int k = 0; k < in->made.var_count; k++) {
    const input *of = &model->inputs.items[in->made.vars[k]];
    if (problem_value(of, which)) list_push(with->memory, &read, of->name);
  }
  request wanted = {.kind = rows[which].kind, .read = read.items, .read_count = read.count};
  if (read.count) add(in, with, &wanted, rows[which].name, &in->made.values[which], calls);
}

static void find_residual(problem_plan *in, const tensor_program *model) {
  sum_of_squares found = find_squares(model, NULL);
  if (model->maximize) found.factor = -found.factor;
  if (!found.output || !(found.factor > 0)) return;
  in->made.residual = found.output;
  in->made.factor = found.factor;
  in->made.times_count = found.times.count;
  in->made.times = found.times.items;
  in->made.over_count = found.over.count;
  in->made.over = found.over.items;
}

void problem_plan_add(problem_plan *in, console *with, const tensor_program *model, const name_list *vars,
                      call_list *calls) {
  static const char *const names[KERNEL_FUNCTIONS] = {
      [KERNEL_VALUE] = "objective",   [KERNEL_GRADIENT] = "objective_grad", [KERNEL_PRODUCT] = "objective_hvp",
      [KERNEL_RESIDUAL] = "residual", [KERNEL_JVP] = "residual_jvp",        [KERNEL_VJP] = "residual_vjp"};
  problem_request all[KERNEL_FUNCTIONS];
  int *numbers = arena_array(with->memory, int, vars->count + 1);
  for (int k = 0; k < vars->count; k++) numbers[k] = find_input(model, vars->items[k]);
  in->wanted = true;
  in->first = calls->count;
  in->made.var_count = vars->count;
  in->made.vars = numbers;
  find_residual(in, model);
  problem_requests(with->memory, vars, true, true, in->made.residual, all);
  for (int k = 0; k < KERNEL_FUNCTIONS; k++) {
    in->made.functions[k] = -1;
    if (all[k].needed) add(in, with, &all[k].wanted, names[k], &in->made.functions[k], calls);
  }
  for (int which = 0; which < PROBLEM_VALUES; which++) add_declared(in, with, model, which, calls);
}

void problem_plan_finish(problem_plan *in, const call_list *calls) {
  for (int k = 0; k < in->slots.count; k++) *in->slots.items[k] = calls->items[in->first + k].function;
}
