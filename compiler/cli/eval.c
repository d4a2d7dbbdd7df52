/* adjoin eval: values and derivatives at given inputs. */
#include "compiler/cli/eval.h"

#include "compiler/cli/commands.h"
#include "compiler/cli/names.h"
#include "compiler/cli/start.h"

static bool read_directions(const bound_model *inputs, const options *given, quantity_list *into) {
  bool good = true;
  for (int k = 0; k < given->along.count; k++) {
    quantity one;
    bool taken = bind_assignment(inputs, "--along", &given->along.items[k], &one);
    if (taken && given->strict) taken = bind_without_nan(inputs, "--along ", &one);
    if (taken) list_push(inputs->with->memory, into, one);
    good = good && taken;
  }
  return good;
}

static void mark_sections(const options *given, unsigned products, const tensor_program *model, results *into) {
  static const struct {
    product bit;
    section in;
  } table[] = {{PRODUCT_VALUE, SECTION_OUTPUTS}, {PRODUCT_GRAD, SECTION_GRAD}, {PRODUCT_HVP, SECTION_HVP},
               {PRODUCT_MIXED, SECTION_MIXED},   {PRODUCT_HESS, SECTION_HESS}, {PRODUCT_JAC, SECTION_JAC},
               {PRODUCT_JVP, SECTION_JVP},       {PRODUCT_VJP, SECTION_VJP}};
  for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
    into->wanted[table[k].in] = (products & table[k].bit) != 0;
  into->wanted[SECTION_VALUE] = (products & PRODUCT_VALUE) && model->objective.value;
  into->wanted[SECTION_OUTPUTS] = into->wanted[SECTION_OUTPUTS] && model->outputs.count;
  into->wanted[SECTION_SHOW] = given->show.count > 0;
}

/* The session of a second compilation, in which every definition is a result. */
static void explain(console *with, const options *given, const bound_model *inputs, const quantity_list *along,
                    const results *of) {
  session *fresh;
  options again = *given;
  again.dump_after = NULL;
  if (model_open(with, &again, &fresh) == EXIT_DONE) explain_nonfinite(with, fresh, inputs, along, of);
  session_close(fresh);
}

static exit_code run_and_write(machine *on, bound_model *inputs, const options *given, const call_list *calls,
                               const start_functions *starts, const quantity_list *along, results *into) {
  exit_code code = start_fill(on, inputs, starts, given->strict);
  if (code == EXIT_DONE) code = eval_run(on, calls, along, &given->show, into);
  if (code != EXIT_DONE) return code;
  if (has_nonfinite(into)) explain(on->with, given, inputs, along, into);
  if (given->json)
    results_write_json(into, &on->with->out);
  else
    results_write_table(into, &on->with->out);
  return EXIT_DONE;
}

static exit_code evaluate(console *with, const options *given, session *from, const given_arrays *arrays) {
  bound_model inputs;
  call_list calls = {0};
  quantity_list along = {0};
  start_functions starts;
  unsigned products;
  results found = {.inputs = &inputs};
  exit_code code = eval_plan(with, given, arrays->model, &products, &calls);
  if (code != EXIT_DONE) return code;
  if (arrays->failed || !bind_inputs(&inputs, arrays, 0, given->strict)) return EXIT_INPUT;
  if (!read_directions(&inputs, given, &along)) return EXIT_INPUT;
  mark_sections(given, products, arrays->model, &found);
  code = start_request(with, from, &inputs, BOUNDS_OF_NONE, &starts);
  if (code == EXIT_DONE) code = calls_request(from, &calls);
  if (code != EXIT_DONE) return code;
  machine on;
  code = machine_compile(&on, with, from, &inputs);
  if (code == EXIT_DONE) code = run_and_write(&on, &inputs, given, &calls, &starts, &along, &found);
  machine_release(&on);
  return code;
}

/* Requests what was asked for, so that every stage runs, and prints the one that is wanted. */
static exit_code dump(console *with, const options *given, session *from) {
  call_list calls = {0};
  unsigned products;
  exit_code code = eval_plan(with, given, session_model(from), &products, &calls);
  if (code == EXIT_DONE) code = calls_request(from, &calls);
  if (code == EXIT_DONE && !session_jit_text(from, 0)) code = session_report(from);
  text_append(&with->out, session_dump(from));
  return code;
}

exit_code command_eval(console *with, int count, char **arguments) {
  options given = options_parse(with, COMMAND_EVAL, count, arguments);
  session *from;
  exit_code code = model_open(with, &given, &from);
  if (code == EXIT_DONE && given.dump_after) {
    code = dump(with, &given, from);
  } else if (code == EXIT_DONE) {
    given_arrays arrays = given_read(with, session_model(from), &given.inputs);
    arrays.draw_weights = given.init;
    arrays.seed = given.solver.seed;
    code = evaluate(with, &given, from, &arrays);
    given_release(&arrays);
  }
  session_close(from);
  return code;
}
