/* Where nan and infinities begin: in an input, in a definition, in a direction, or only in a derivative (see eval.h).
 */
#include "compiler/cli/eval.h"

#include <math.h>
#include <string.h>

/* The first entry that is not finite, or -1. */
static int64_t first_nonfinite(const quantity *of) {
  for (int64_t k = 0; k < of->count; k++)
    if (!isfinite(of->entries[k])) return k;
  return -1;
}

static const char *word(double value) {
  return isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

static void warn(diagnostics *to, const quantity *of, int64_t entry, span where, const char *format) {
  const char *name =
      arena_format(to->memory, "%s%s", of->name, entry_place(&(reporting){.memory = to->memory}, of, entry));
  diagnose_warning(to, CODE_NOT_FINITE, where, format, name, word(of->entries[entry]));
}

static void warn_inputs(diagnostics *to, const bound_model *inputs) {
  for (int k = 0; k < inputs->model->inputs.count; k++) {
    const quantity *value = &inputs->inputs[k].value;
    int64_t entry = value->entries ? first_nonfinite(value) : -1;
    if (entry >= 0) warn(to, value, entry, inputs->model->inputs.items[k].where, "the input %s is %s");
  }
}

/* The values of all definitions, in order; NULL when they can't be had. */
static quantity *evaluate_definitions(console *with, session *fresh, const bound_model *inputs) {
  const tensor_program *model = inputs->model;
  int count = model->definitions.count;
  const char **names = arena_array(with->memory, const char *, count + 1);
  quantity *values = arena_array(with->memory, quantity, count + 1);
  double **into = arena_array(with->memory, double *, count + 2);
  int first = model->objective.value != NULL, read = 0;
  for (int k = 0; k < count; k++) {
    const binding *each = model->definitions.items[k];
    if (!bind_shaped(inputs, each->name, each->value->rank, each->value->extents, &values[k])) return NULL;
    if (first && each == model->objective.value) {
      into[0] = values[k].entries;
      continue;
    }
    into[first + read] = values[k].entries;
    names[read++] = each->name;
  }
  request wanted = {.kind = REQUEST_VALUE, .read = names, .read_count = read};
  machine on = {0};
  int function = session_request(fresh, &wanted);
  bool good = function >= 0 && machine_compile(&on, with, fresh, inputs) == EXIT_DONE &&
              machine_try(&on, function, 0, NULL, into) == 0;
  machine_release(&on);
  return good ? values : NULL;
}

static bool warn_definition(diagnostics *to, const bound_model *inputs, const quantity *values) {
  for (int k = 0; k < inputs->model->definitions.count; k++) {
    int64_t entry = first_nonfinite(&values[k]);
    if (entry < 0) continue;
    warn(to, &values[k], entry, inputs->model->definitions.items[k]->where,
         "%s is %s: the first definition that is not finite");
    return true;
  }
  return false;
}

static bool warn_directions(diagnostics *to, const bound_model *inputs, const quantity_list *along) {
  bool found = false;
  for (int k = 0; k < along->count; k++) {
    const quantity *each = &along->items[k];
    int64_t entry = first_nonfinite(each);
    if (entry < 0) continue;
    int number = find_input(inputs->model, each->name);
    span where =
        number < 0 ? find_definition(inputs->model, each->name)->where : inputs->model->inputs.items[number].where;
    warn(to, each, entry, where, "the direction given for %s is %s");
    found = true;
  }
  return found;
}

static void warn_derivative(diagnostics *to, const results *of) {
  for (int k = 0; k < of->list.count; k++) {
    const result *each = &of->list.items[k];
    int64_t entry = first_nonfinite(&each->what);
    if (entry < 0) continue;
    int number = find_input(of->inputs->model, each->what.name);
    span where = number < 0 ? (span){0, 0} : of->inputs->model->inputs.items[number].where;
    warn(to, &each->what, entry, where,
         "the derivative for %s is %s, although every definition is finite: a function is not smooth here, or the "
         "derivative too large");
    return;
  }
}

exit_code explain_nonfinite(console *with, session *fresh, const bound_model *inputs, const quantity_list *along,
                            const results *of) {
  diagnostics *found = diagnostics_create(with->memory, inputs->model->from);
  warn_inputs(found, inputs);
  const quantity *values = evaluate_definitions(with, fresh, inputs);
  bool explained = values && warn_definition(found, inputs, values);
  explained = warn_directions(found, inputs, along) || explained;
  if (values && !explained) warn_derivative(found, of);
  console_show(found);
  return EXIT_DONE;
}
