/* The functions of a problem (see emit_problem.h). */
#include "compiler/cli/emit_problem.h"

#include "compiler/cli/start.h"
#include "compiler/problem/requests.h"
#include "compiler/problem/squares.h"

static void add(problem_plan *in, console *with, const request *wanted, const char *name, int *slot, call_list *calls) {
  call made = {.wanted = *wanted, .in = SECTION_VALUE, .function = -1};
  made.wanted.name = name;
  *slot = -1;
  list_push(with->memory, calls, made);
  list_push(with->memory, &in->slots, slot);
}

/* A function for each var that declares such a value; by var, -1 where there is none. */
static const int *add_declared(problem_plan *in, console *with, const tensor_program *model, request_kind kind,
                               call_list *calls) {
  int *functions = arena_array(with->memory, int, in->made.var_count + 1);
  for (int k = 0; k < in->made.var_count; k++) {
    const input *of = &model->inputs.items[in->made.vars[k]];
    const tensor *value = kind == REQUEST_START ? of->start : kind == REQUEST_LOWER ? of->lower : of->upper;
    const char *word = kind == REQUEST_START ? "start" : kind == REQUEST_LOWER ? "lower" : "upper";
    functions[k] = -1;
    if (!value) continue;
    name_list read = one_name(with, of->name);
    request wanted = {.kind = kind, .read = read.items, .read_count = 1};
    add(in, with, &wanted, arena_format(with->memory, "%s_%s", word, of->name), &functions[k], calls);
  }
  return functions;
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
  problem_requests(with->memory, vars, true, in->made.residual, all);
  for (int k = 0; k < KERNEL_FUNCTIONS; k++) {
    in->made.functions[k] = -1;
    if (all[k].needed) add(in, with, &all[k].wanted, names[k], &in->made.functions[k], calls);
  }
  in->made.start = add_declared(in, with, model, REQUEST_START, calls);
  in->made.lower = add_declared(in, with, model, REQUEST_LOWER, calls);
  in->made.upper = add_declared(in, with, model, REQUEST_UPPER, calls);
}

/* Does a start value read that of a var whose place in the order is not settled? */
static bool waits(const emitted_problem *of, const bool *loads, const bool *placed) {
  for (int k = 0; loads && k < of->var_count; k++)
    if (!placed[k] && loads[of->vars[k]]) return true;
  return false;
}

/* Vars without a start value come first: they stand as they are given. */
static bool order_starts(problem_plan *in, console *with, session *from) {
  emitted_problem *of = &in->made;
  int *order = arena_array(with->memory, int, of->var_count + 1), count = 0;
  bool *placed = arena_array(with->memory, bool, of->var_count + 1);
  const bool **loads = arena_array(with->memory, const bool *, of->var_count + 1);
  of->start_order = order;
  for (int k = 0; k < of->var_count; k++) {
    if (of->start[k] >= 0) loads[k] = inputs_read(with, from, of->start[k]);
    placed[k] = of->start[k] < 0;
    if (placed[k]) order[count++] = k;
  }
  while (count < of->var_count) {
    int before = count, last = 0;
    for (int k = 0; k < of->var_count; k++) {
      if (placed[k] || waits(of, loads[k], placed)) continue;
      placed[k] = true;
      order[count++] = k;
    }
    while (placed[last] && last + 1 < of->var_count) last++;
    if (count > before) continue;
    complain("--of problem: the start value of '%s' needs start values that need it",
             session_model(from)->inputs.items[of->vars[last]].name);
    return false;
  }
  return true;
}

bool problem_plan_finish(problem_plan *in, console *with, session *from, const call_list *calls) {
  for (int k = 0; k < in->slots.count; k++) *in->slots.items[k] = calls->items[in->first + k].function;
  return order_starts(in, with, from);
}
