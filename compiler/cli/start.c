/* Start values (see start.h). */
#include "compiler/cli/start.h"

#include <stdio.h>

static exit_code request_one(session *from, request_kind kind, const char *const *name, int *into) {
  request wanted = {.kind = kind, .read = name, .read_count = 1};
  *into = session_request(from, &wanted);
  if (*into >= 0) return EXIT_DONE;
  exit_code code = session_report(from);
  return code == EXIT_DONE ? EXIT_INTERNAL : code;
}

exit_code start_request(console *with, session *from, const bound_model *inputs, bool bounds, start_functions *into) {
  int count = inputs->model->inputs.count;
  int **tables[] = {&into->start, &into->lower, &into->upper};
  static const request_kind kinds[] = {REQUEST_START, REQUEST_LOWER, REQUEST_UPPER};
  for (int which = 0; which < 3; which++) {
    *tables[which] = arena_array(with->memory, int, count + 1);
    for (int k = 0; k < count; k++) {
      const input *of = &inputs->model->inputs.items[k];
      const tensor *expression = which == 0 ? of->start : which == 1 ? of->lower : of->upper;
      (*tables[which])[k] = -1;
      if (!expression || inputs->inputs[k].value.entries || (which && !bounds)) continue;
      exit_code code = request_one(from, kinds[which], &of->name, &(*tables[which])[k]);
      if (code != EXIT_DONE) return code;
    }
  }
  return EXIT_DONE;
}

bool start_ready(const machine *on, int function, const bound_model *inputs) {
  const kernel_program *program = session_program(on->from, function);
  arena_set_escape(program->module->memory, on->with->escape);
  bool *loaded = arena_array(on->with->memory, bool, program->module->arrays.count + 1);
  for (int k = 0; k < program->body.count; k++) kernel_uses(program->module, program->body.items[k], loaded, NULL);
  for (int k = 0; k < inputs->model->inputs.count; k++)
    if (loaded[k] && !inputs->pointers[k]) return false;
  return true;
}

double *start_evaluate(machine *on, int function, int input_number, exit_code *code) {
  quantity made;
  if (!bind_quantity(on->inputs, on->inputs->model->inputs.items[input_number].name, &made)) {
    *code = EXIT_INPUT;
    return NULL;
  }
  *code = machine_run(on, function, 0, NULL, (double *const[]){made.entries});
  return *code == EXIT_DONE ? made.entries : NULL;
}

static exit_code fill_ready(machine *on, bound_model *inputs, const start_functions *functions, bool strict,
                            int *filled, int *waiting) {
  *filled = 0;
  *waiting = -1;
  for (int k = 0; k < inputs->model->inputs.count; k++) {
    exit_code code;
    if (inputs->inputs[k].value.entries || functions->start[k] < 0) continue;
    *waiting = k;
    if (!start_ready(on, functions->start[k], inputs)) continue;
    double *entries = start_evaluate(on, functions->start[k], k, &code);
    if (!entries) return code;
    if (!bind_fill(inputs, k, entries, strict)) return EXIT_INPUT;
    ++*filled;
  }
  return EXIT_DONE;
}

exit_code start_fill(machine *on, bound_model *inputs, const start_functions *functions, bool strict) {
  for (;;) {
    int filled, waiting;
    exit_code code = fill_ready(on, inputs, functions, strict, &filled, &waiting);
    if (code != EXIT_DONE || waiting < 0) return code;
    if (filled) continue;
    complain("the start value of '%s' needs inputs that are not given; give them, or '%s' itself",
             inputs->model->inputs.items[waiting].name, inputs->model->inputs.items[waiting].name);
    return EXIT_INPUT;
  }
}
