/* Start values (see start.h). */
#include "compiler/cli/start.h"

#include <stdio.h>

static const tensor *declared(const input *of, int which) {
  return which == 0 ? of->start : which == 1 ? of->lower : of->upper;
}

static exit_code request_values(session *from, int which, const name_list *names, int *function) {
  static const request_kind kinds[] = {REQUEST_START, REQUEST_LOWER, REQUEST_UPPER};
  request wanted = {.kind = kinds[which], .read = names->items, .read_count = names->count};
  *function = session_request(from, &wanted);
  if (*function >= 0) return EXIT_DONE;
  exit_code code = session_report(from);
  return code == EXIT_DONE ? EXIT_INTERNAL : code;
}

/* Which inputs the code reads: array numbers are input numbers. */
static const bool *loaded_inputs(console *with, session *from, int function) {
  const kernel_program *program = session_program(from, function);
  arena_set_escape(program->module->memory, with->escape);
  bool *loaded = arena_array(with->memory, bool, program->module->arrays.count + 1);
  for (int k = 0; k < program->body.count; k++) kernel_uses(program->module, program->body.items[k], loaded, NULL);
  return loaded;
}

/* One function gives all values that read no input. A value that does has a function of its own: it may have to wait
 * for another's. */
static exit_code request_kind_of(console *with, session *from, const bound_model *inputs, int which, bool missing,
                                 declared_value *into) {
  name_list together = {0};
  int count = inputs->model->inputs.count;
  for (int k = 0; k < count; k++) {
    const input *of = &inputs->model->inputs.items[k];
    into[k] = (declared_value){-1, 0, 1, NULL};
    if (!declared(of, which) || (missing && inputs->inputs[k].value.entries)) continue;
    if (reads_input(declared(of, which))) {
      exit_code code =
          request_values(from, which, &(name_list){.items = (const char *[]){of->name}, .count = 1}, &into[k].function);
      if (code != EXIT_DONE) return code;
      into[k].loads = loaded_inputs(with, from, into[k].function);
    } else {
      into[k].result = together.count + 1;
      list_push(inputs->with->memory, &together, of->name);
    }
  }
  int function = -1;
  exit_code code = together.count ? request_values(from, which, &together, &function) : EXIT_DONE;
  for (int k = 0; k < count; k++)
    if (into[k].result) into[k] = (declared_value){function, into[k].result - 1, together.count, NULL};
  return code;
}

exit_code start_request(console *with, session *from, const bound_model *inputs, bounds_wanted bounds,
                        start_functions *into) {
  declared_value **tables[] = {&into->start, &into->lower, &into->upper};
  int count = inputs->model->inputs.count;
  for (int which = 0; which < 3; which++) {
    *tables[which] = arena_array(with->memory, declared_value, count + 1);
    for (int k = 0; k < count; k++) (*tables[which])[k].function = -1;
    if (which && bounds == BOUNDS_OF_NONE) continue;
    bool missing = !which || bounds == BOUNDS_OF_MISSING;
    exit_code code = request_kind_of(with, from, inputs, which, missing, *tables[which]);
    if (code != EXIT_DONE) return code;
  }
  return EXIT_DONE;
}

bool start_ready(const declared_value *value, const bound_model *inputs) {
  for (int k = 0; value->loads && k < inputs->model->inputs.count; k++)
    if (value->loads[k] && !inputs->pointers[k]) return false;
  return true;
}

double *start_evaluate(machine *on, const declared_value *value, int input_number, exit_code *code) {
  quantity made;
  if (!bind_quantity(on->inputs, on->inputs->model->inputs.items[input_number].name, &made)) {
    *code = EXIT_INPUT;
    return NULL;
  }
  double **into = arena_array(on->with->memory, double *, value->result_count + 1); /* the others are left out */
  into[value->result] = made.entries;
  *code = machine_run(on, value->function, 0, NULL, into);
  return *code == EXIT_DONE ? made.entries : NULL;
}

/* All start values that one function gives, by one call. */
static exit_code fill_together(machine *on, bound_model *inputs, const declared_value *start, int first, bool strict) {
  int count = inputs->model->inputs.count;
  double **into = arena_array(on->with->memory, double *, start[first].result_count + 1);
  for (int k = first; k < count; k++) {
    quantity made;
    if (start[k].function != start[first].function) continue;
    if (!bind_quantity(inputs, inputs->model->inputs.items[k].name, &made)) return EXIT_INPUT;
    into[start[k].result] = made.entries;
  }
  exit_code code = machine_run(on, start[first].function, 0, NULL, into);
  for (int k = first; k < count && code == EXIT_DONE; k++)
    if (start[k].function == start[first].function && !bind_fill(inputs, k, into[start[k].result], strict))
      return EXIT_INPUT;
  return code;
}

static exit_code fill_ready(machine *on, bound_model *inputs, const start_functions *functions, bool strict,
                            bool *filled, int *waiting) {
  *filled = false;
  *waiting = -1;
  for (int k = 0; k < inputs->model->inputs.count; k++) {
    if (inputs->inputs[k].value.entries || functions->start[k].function < 0) continue;
    *waiting = k;
    if (!start_ready(&functions->start[k], inputs)) continue;
    exit_code code = fill_together(on, inputs, functions->start, k, strict);
    if (code != EXIT_DONE) return code;
    *filled = true;
  }
  return EXIT_DONE;
}

exit_code start_fill(machine *on, bound_model *inputs, const start_functions *functions, bool strict) {
  for (;;) {
    bool filled;
    int waiting;
    exit_code code = fill_ready(on, inputs, functions, strict, &filled, &waiting);
    if (code != EXIT_DONE || waiting < 0) return code;
    if (filled) continue;
    complain("the start value of '%s' needs inputs that are not given; give them, or '%s' itself",
             inputs->model->inputs.items[waiting].name, inputs->model->inputs.items[waiting].name);
    return EXIT_INPUT;
  }
}
