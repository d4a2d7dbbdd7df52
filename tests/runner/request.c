/* What is requested of every model, whatever its case says: the functions of the property checks. */
#include "tests/runner/subject.h"
#include <string.h>

int subject_request(subject *of, request wanted) {
  int number = session_request(of->with, &wanted);
  if (number < 0) return -1;
  function made = {wanted, session_program(of->with, number)};
  list_push(of->memory, &of->functions, made);
  return number;
}

static void find_names(subject *of) {
  const tensor_program *model = of->model;
  for (int k = 0; k < model->inputs.count; k++) {
    const input *in = &model->inputs.items[k];
    if (in->role == ROLE_VAR || in->role == ROLE_PARAM) list_push(of->memory, &of->active, in->name);
  }
  for (int k = 0; k < model->outputs.count; k++) list_push(of->memory, &of->outputs, model->outputs.items[k].name);
}

static bool real_outputs(const tensor_program *model) {
  for (int k = 0; k < model->outputs.count; k++)
    if (model->outputs.items[k].value->value->type != SCALAR_REAL) return false;
  return model->outputs.count > 0;
}

static int request_of(subject *of, request wanted) {
  if (of->failures || session_failed(of->with)) return -1;
  int number = subject_request(of, wanted);
  bool good_reason = of->may_be_refused && !session_internal(of->with) && !session_exhausted(of->with);
  if (number < 0 && !good_reason) subject_fails(of, "a function was refused:\n%s", session_diagnostics(of->with));
  return number;
}

void subject_request_properties(subject *of) {
  find_names(of);
  const char *const *active = of->active.items, *const *outputs = of->outputs.items;
  int actives = of->active.count, output_count = of->outputs.count;
  of->gradient = of->product = of->cut_product = of->jvp = of->vjp = of->kinks = -1;
  of->value = request_of(of, (request){REQUEST_VALUE, "value", outputs, output_count, NULL, 0, false});
  if (!actives) return;
  if (of->model->objective.value) {
    const char *const *last = active + actives - 1;
    of->gradient = request_of(of, (request){REQUEST_GRADIENT, "every_gradient", active, actives, NULL, 0, false});
    of->product = request_of(of, (request){REQUEST_PRODUCT, "every_product", active, actives, active, actives, false});
    of->cut_product = request_of(of, (request){REQUEST_PRODUCT, "cut_product", last, 1, active, 1, false});
    of->kinks = request_of(of, (request){REQUEST_KINKS, "kinks", NULL, 0, active, actives, false});
  }
  if (!real_outputs(of->model)) return;
  of->jvp = request_of(of, (request){REQUEST_JVP, "every_jvp", outputs, output_count, active, actives, false});
  of->vjp = request_of(of, (request){REQUEST_VJP, "every_vjp", active, actives, outputs, output_count, false});
}
