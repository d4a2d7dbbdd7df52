/* Calls -> results (see eval.h). */
#include "compiler/cli/eval.h"
#include "compiler/cli/names.h"

#include <math.h>
#include <string.h>

typedef struct {
  machine *on;
  const quantity_list *along;
  const name_list *show;
  results *into;
} running;

static void keep(running *in, section section_of, const char *name, quantity what) {
  what.name = name;
  result made = {section_of, what};
  list_push(in->on->with->memory, &in->into->list, made);
}

/* Room for what a call reads, shaped as the names are. */
static bool create_all(running *in, const char *const *names, int count, quantity **into) {
  *into = arena_array(in->on->with->memory, quantity, count + 1);
  for (int k = 0; k < count; k++)
    if (!bind_quantity(in->on->inputs, names[k], &(*into)[k])) return false;
  return true;
}

static const double **seeds_of(const running *in, const request *wanted) {
  const double **made = arena_array(in->on->with->memory, const double *, wanted->along_count + 1);
  for (int k = 0; k < wanted->along_count; k++)
    for (int j = 0; j < in->along->count; j++)
      if (!strcmp(in->along->items[j].name, wanted->along[k])) made[k] = in->along->items[j].entries;
  return made;
}

/* Results in the caller's order: the objective first where the function has it, then what was read. */
static double **results_of(const running *in, const quantity *objective, const quantity *read, int count) {
  double **made = arena_array(in->on->with->memory, double *, count + 2);
  int first = objective != NULL;
  if (objective) made[0] = objective->entries;
  for (int k = 0; k < count; k++) made[first + k] = read[k].entries;
  return made;
}

static bool is_shown(const running *in, const char *name) {
  for (int k = 0; k < in->show->count; k++)
    if (!strcmp(in->show->items[k], name)) return true;
  return false;
}

static void keep_value(running *in, const call *made, const quantity *objective, const quantity *read) {
  const tensor_program *model = in->on->inputs->model;
  if (model->objective.value && in->into->wanted[SECTION_VALUE])
    keep(in, SECTION_VALUE, model->objective.name, *objective);
  if (model->objective.value && is_shown(in, model->objective.name))
    keep(in, SECTION_SHOW, model->objective.name, *objective);
  for (int k = 0; k < made->wanted.read_count; k++) {
    const char *name = made->wanted.read[k];
    if (in->into->wanted[SECTION_OUTPUTS] && is_output(model, name)) keep(in, SECTION_OUTPUTS, name, read[k]);
    if (is_shown(in, name)) keep(in, SECTION_SHOW, name, read[k]);
  }
}

static exit_code run_value(running *in, const call *made) {
  const tensor_program *model = in->on->inputs->model;
  quantity objective, *read;
  if (!create_all(in, made->wanted.read, made->wanted.read_count, &read)) return EXIT_INPUT;
  if (!quantity_create(&in->on->with->reports, "", 0, NULL, &objective)) return EXIT_INPUT;
  bool first = model->objective.value != NULL;
  double **into = results_of(in, first ? &objective : NULL, read, made->wanted.read_count);
  exit_code code = machine_run(in->on, made->function, 0, NULL, into);
  if (code == EXIT_DONE) keep_value(in, made, &objective, read);
  return code;
}

static const char *pair(const running *in, const char *read, const char *along) {
  return arena_format(in->on->with->memory, "%s,%s", read, along);
}

/* hvp, jvp and vjp are keyed by what they are read on; mixed also by the direction. */
static exit_code run_product(running *in, const call *made) {
  quantity *read;
  if (!create_all(in, made->wanted.read, made->wanted.read_count, &read)) return EXIT_INPUT;
  bool gradient = made->wanted.kind == REQUEST_GRADIENT;
  quantity nowhere = {0}; /* the gradient's first result, the objective, is not asked for again */
  double **into = results_of(in, gradient ? &nowhere : NULL, read, made->wanted.read_count);
  exit_code code = machine_run(in->on, made->function, 0, seeds_of(in, &made->wanted), into);
  if (code != EXIT_DONE) return code;
  for (int k = 0; k < made->wanted.read_count; k++) {
    const char *name = made->wanted.read[k];
    keep(in, made->in, made->in == SECTION_MIXED ? pair(in, name, made->wanted.along[0]) : name, read[k]);
  }
  return EXIT_DONE;
}

static exit_code run_dense(running *in, const call *made) {
  quantity *read, along;
  int count = made->wanted.read_count;
  quantity *dense = arena_array(in->on->with->memory, quantity, count + 1);
  if (!create_all(in, made->wanted.read, count, &read)) return EXIT_INPUT;
  if (!bind_quantity(in->on->inputs, made->wanted.along[0], &along)) return EXIT_INPUT;
  for (int k = 0; k < count; k++)
    if (!quantity_product(&in->on->with->reports, pair(in, read[k].name, along.name), &read[k], &along, &dense[k]))
      return EXIT_INPUT;
  exit_code code = call_dense(in->on, made->function, &along, read, count, dense);
  for (int k = 0; k < count && code == EXIT_DONE; k++) keep(in, made->in, dense[k].name, dense[k]);
  return code;
}

exit_code eval_run(machine *on, const call_list *calls, const quantity_list *along, const name_list *show,
                   results *into) {
  running in = {on, along, show, into};
  for (int k = 0; k < calls->count; k++) {
    const call *each = &calls->items[k];
    exit_code code = each->wanted.kind == REQUEST_VALUE ? run_value(&in, each)
                     : each->wanted.block               ? run_dense(&in, each)
                                                        : run_product(&in, each);
    if (code != EXIT_DONE) return code;
  }
  return EXIT_DONE;
}

bool has_nonfinite(const results *of) {
  for (int k = 0; k < of->list.count; k++)
    for (int64_t e = 0; e < of->list.items[k].what.count; e++)
      if (!isfinite(of->list.items[k].what.entries[e])) return true;
  return false;
}
