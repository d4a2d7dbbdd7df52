/* From a request to an optimised kernel program: which transformations, in which order. */
#include "compiler/session_inside.h"
#include <string.h>

typedef LIST(int) numbers;

static const char *joined(arena *memory, const char *const *names, int count) {
  text out = text_create(memory);
  for (int k = 0; k < count; k++) text_format(&out, "%s%s", k ? "_" : "", names[k]);
  return out.data;
}

static int position_of(const tensor_program *model, const binding *definition) {
  for (int k = model->definitions.count - 1; k >= 0; k--)
    if (model->definitions.items[k] == definition) return k;
  return -1;
}

static void report_unknown(session *with, const char *name, const char *what) {
  const tensor_program *model = with->model;
  LIST(const char *) known = {0};
  for (int k = 0; k < model->inputs.count; k++) list_push(with->memory, &known, model->inputs.items[k].name);
  for (int k = 0; k < model->definitions.count; k++) list_push(with->memory, &known, model->definitions.items[k]->name);
  diagnose(with->report, CODE_UNKNOWN_NAME, (span){0, 0}, "the model has no %s named '%s'", what, name);
  const char *near = nearest_name(name, known.items, known.count);
  if (near) diagnose_hint(with->report, "did you mean '%s'?", near);
}

/* The inputs of these names, real ones: derivatives with respect to index data do not exist. */
static bool find_inputs(session *with, const char *const *names, int count, numbers *into) {
  for (int k = 0; k < count; k++) {
    int found = find_input(with->model, names[k]);
    if (found < 0) {
      report_unknown(with, names[k], "input");
      return false;
    }
    if (with->model->inputs.items[found].role == ROLE_INDEX) {
      diagnose(with->report, CODE_NO_DERIVATIVE, with->model->inputs.items[found].where,
               "'%s' is index data: nothing has a derivative with respect to it", names[k]);
      return false;
    }
    list_push(with->memory, into, found);
  }
  return true;
}

static bool find_definitions(session *with, const char *const *names, int count, bool real, numbers *into) {
  for (int k = 0; k < count; k++) {
    int found = find_definition_number(with->model, names[k]);
    if (found < 0) {
      report_unknown(with, names[k], "output or definition");
      return false;
    }
    const binding *definition = with->model->definitions.items[found];
    if (real && definition->value->type != SCALAR_REAL) {
      diagnose(with->report, CODE_NO_DERIVATIVE, definition->where, "'%s' holds %s: it has no derivative", names[k],
               definition->value->type == SCALAR_WHOLE ? "whole numbers" : "truth values");
      return false;
    }
    list_push(with->memory, into, found);
  }
  return true;
}

static bool need_objective(session *with) {
  if (with->model->objective.value) return true;
  diagnose(with->report, CODE_NO_OBJECTIVE, (span){0, 0}, "the model has no objective to differentiate");
  diagnose_hint(with->report, "write `minimize ...`, or ask for jvp, vjp or jac of an output");
  return false;
}

/* The arrays that passes must leave as they are: those of definitions that results are made of. */
static bool *kept_arrays(session *with, const numbers *definitions) {
  bool *kept = arena_array(with->memory, bool, with->lowered->module->arrays.count);
  for (int k = 0; k < definitions->count; k++) kept[with->lowered->definition_array[definitions->items[k]]] = true;
  return kept;
}

/* A pass of compiler/optimise; `kept` are arrays that must stay, or NULL. */
typedef struct {
  const char *stage;
  void (*run)(kernel_program *program, const bool *kept);
} optimisation;

static void run_remove_dead(kernel_program *program, const bool *kept) {
  (void)kept;
  remove_dead(program);
}

static void run_first_store(kernel_program *program, const bool *kept) {
  (void)kept;
  first_store(program);
}

static void run_hoist(kernel_program *program, const bool *kept) {
  (void)kept;
  hoist(program);
}

static void run_rename_results(kernel_program *program, const bool *kept) {
  (void)kept;
  rename_results(program);
}

/* Before differentiation: the derivative is then taken of few statements with large bodies. */
static const optimisation before_derivatives[] = {
    {"hoist", run_hoist}, {"share", share_reductions}, {"first-store", run_first_store}, {"fuse", fuse}, {NULL, NULL}};

/* After it. The lane schedule will take its place before `rename-results`. */
static const optimisation after_derivatives[] = {{"dead", run_remove_dead},
                                                 {"first-store", run_first_store},
                                                 {"propagate", propagate},
                                                 {"hoist", run_hoist},
                                                 {"share", share_reductions},
                                                 {"fuse", fuse},
                                                 {"rename-results", run_rename_results},
                                                 {"dead", run_remove_dead},
                                                 {NULL, NULL}};

static void run_all(session *with, const optimisation *table, kernel_program *program, const bool *kept) {
  for (; table->stage; table++) {
    table->run(program, kept);
    session_pass(with, table->stage, program);
  }
}

/* The primal program of some definitions: the same forward code for every function. */
static kernel_program *primal(session *with, const char *name, const numbers *definitions) {
  kernel_program *program = lower(with->lowered, name, definitions->items, definitions->count);
  session_pass(with, "lower", program);
  derive_searches(program, &with->lowered->places);
  session_pass(with, "searches", program);
  run_all(with, before_derivatives, program, kept_arrays(with, definitions));
  return program;
}

static kernel_program *finish(session *with, kernel_program *program) {
  complete_searches(program);
  session_pass(with, "products", program);
  run_all(with, after_derivatives, program, NULL);
  kernel_tag_axes(program);
  return program;
}

static int definition_array(const session *with, int definition) {
  return with->lowered->definition_array[definition];
}

/* A definition of truths or whole numbers as a real array, which results are. */
static int as_real(session *with, kernel_program *program, int number) {
  kernel_module *module = program->module;
  array made = module->arrays.items[number];
  if (made.type == SCALAR_REAL) return number;
  scalar_op convert = made.type == SCALAR_TRUTH ? OP_real_of_truth : OP_real_of_whole;
  made.type = SCALAR_REAL;
  int real = kernel_array(module, made);
  list_push(with->memory, &program->locals, real);
  statement *copy = kernel_fill(module, real, scalar_real(with->dag, 0), made.where);
  store *item = &copy->stores.items[0];
  item->value = scalar_unary(with->dag, convert, kernel_load(module, number, item->subscripts));
  list_push(with->memory, &program->body, copy);
  return real;
}

static int seed_array(session *with, int like, const char *name, bool block) {
  kernel_module *module = with->lowered->module;
  array made = module->arrays.items[like];
  made.role = ARRAY_SEED;
  made.name = name;
  if (block) {
    scalar *extents = arena_array(with->memory, scalar, made.rank + 1);
    for (int k = 0; k < made.rank; k++) extents[k] = made.extents[k];
    extents[made.rank++] = with->directions;
    made.extents = extents;
  }
  return kernel_array(module, made);
}

/* A derivative that nothing computes, because it is zero: an array of zeros like the seed of `like` would be. */
static int zeros(session *with, kernel_program *program, int like, bool block) {
  int made = seed_array(with, like, "zero", block);
  array *of = &program->module->arrays.items[made];
  of->role = ARRAY_LOCAL;
  list_push(with->memory, &program->locals, made);
  list_push(with->memory, &program->body, kernel_fill(program->module, made, scalar_real(with->dag, 0), of->where));
  return made;
}

/* The extent of blocks is one more free extent of the model, after its own. */
static scalar directions_of(session *with, bool block) {
  if (!block) return NO_SCALAR;
  if (with->directions != NO_SCALAR) return with->directions;
  int id = scalar_new_extent(with->dag, "directions");
  with->directions = scalar_extent(with->dag, id);
  dimension made = {.name = "directions", .value = with->directions};
  list_push(with->memory, &with->model->dimensions, made);
  return with->directions;
}

static void objective_first(const session *with, numbers *definitions) {
  list_push(with->memory, definitions, position_of(with->model, with->model->objective.value));
}

static bool derive_value(session *with, const request *wanted, emitted_function *into) {
  numbers definitions = {0};
  bool objective = wanted->kind == REQUEST_VALUE && with->model->objective.value;
  if (objective) objective_first(with, &definitions);
  if (!find_definitions(with, wanted->read, wanted->read_count, false, &definitions)) return false;
  kernel_program *program = primal(with, "value", &definitions);
  for (int k = 0; k < definitions.count; k++) {
    int real = as_real(with, program, definition_array(with, definitions.items[k]));
    add_result(program, real, with->model->definitions.items[definitions.items[k]]->name, NULL);
  }
  into->program = finish(with, program);
  into->name = wanted->name ? wanted->name : wanted->kind == REQUEST_VALUE ? "value" : "outputs";
  into->what = objective ? "The objective." : "Outputs and definitions.";
  return true;
}

/* `read` may name inputs and definitions; the arrays of both. */
static bool find_sources(session *with, const request *wanted, numbers *arrays, numbers *definitions) {
  for (int k = 0; k < wanted->read_count; k++) {
    numbers one = {0};
    if (find_input(with->model, wanted->read[k]) < 0 && find_definition_number(with->model, wanted->read[k]) < 0) {
      report_unknown(with, wanted->read[k], "input or definition");
      return false;
    }
    if (find_input(with->model, wanted->read[k]) >= 0) {
      if (!find_inputs(with, &wanted->read[k], 1, arrays)) return false;
      continue;
    }
    if (!find_definitions(with, &wanted->read[k], 1, true, &one)) return false;
    list_push(with->memory, definitions, one.items[0]);
    list_push(with->memory, arrays, definition_array(with, one.items[0]));
  }
  return true;
}

static bool derive_gradient(session *with, const request *wanted, emitted_function *into) {
  if (!need_objective(with)) return false;
  numbers definitions = {0}, arrays = {0};
  objective_first(with, &definitions);
  if (!find_sources(with, wanted, &arrays, &definitions)) return false;
  kernel_program *program = primal(with, "gradient", &definitions);
  int objective = definition_array(with, definitions.items[0]), unit = -1;
  derivative_map adjoint;
  program = derive_adjoint(program, &objective, &unit, 1, arrays.items, arrays.count, &adjoint);
  session_pass(with, "adjoint", program);
  const char *name = with->model->definitions.items[definitions.items[0]]->name;
  add_result(program, objective, name, NULL);
  for (int k = 0; k < arrays.count; k++)
    add_result(program, adjoint.of[arrays.items[k]], wanted->read[k],
               arena_format(with->memory, "d %s / d %s", name, wanted->read[k]));
  into->program = finish(with, program);
  into->name = wanted->name ? wanted->name : "grad";
  into->what = "The objective and its gradient.";
  into->gradient = true;
  return true;
}

/* tangent(adjoint(P)): the derivative of the gradient along the directions. One program serves the Hessian's and the
 * mixed products; what is read decides. */
static bool derive_product(session *with, const request *wanted, emitted_function *into) {
  if (!need_objective(with)) return false;
  numbers definitions = {0}, read = {0}, along = {0}, seeds = {0};
  objective_first(with, &definitions);
  if (!find_inputs(with, wanted->read, wanted->read_count, &read)) return false;
  if (!find_inputs(with, wanted->along, wanted->along_count, &along)) return false;
  scalar directions = directions_of(with, wanted->block);
  kernel_program *program = primal(with, "product", &definitions);
  int objective = definition_array(with, definitions.items[0]), unit = -1;
  derivative_map adjoint, tangent;
  program = derive_adjoint(program, &objective, &unit, 1, read.items, read.count, &adjoint);
  session_pass(with, "adjoint", program);
  for (int k = 0; k < along.count; k++) {
    const char *name = arena_format(with->memory, "%s_dot", wanted->along[k]);
    list_push(with->memory, &seeds, seed_array(with, along.items[k], name, wanted->block));
  }
  program = derive_tangent(program, along.items, seeds.items, along.count, directions, &tangent);
  session_pass(with, "tangent", program);
  for (int k = 0; k < read.count; k++) {
    int found = tangent.of[adjoint.of[read.items[k]]];
    if (found < 0) found = zeros(with, program, read.items[k], wanted->block);
    add_result(program, found, arena_format(with->memory, "H%s_dot", wanted->read[k]),
               arena_format(with->memory, "the derivative of d f / d %s along the direction", wanted->read[k]));
  }
  into->program = finish(with, program);
  into->name = wanted->name
                   ? wanted->name
                   : arena_format(with->memory, "product_%s_%s", joined(with->memory, wanted->read, wanted->read_count),
                                  joined(with->memory, wanted->along, wanted->along_count));
  into->what = "The derivative of the gradient along a direction.";
  return true;
}

static bool derive_jvp(session *with, const request *wanted, emitted_function *into) {
  numbers definitions = {0}, along = {0}, seeds = {0};
  if (!find_definitions(with, wanted->read, wanted->read_count, true, &definitions)) return false;
  if (!find_inputs(with, wanted->along, wanted->along_count, &along)) return false;
  scalar directions = directions_of(with, wanted->block);
  kernel_program *program = primal(with, "jvp", &definitions);
  for (int k = 0; k < along.count; k++) {
    const char *name = arena_format(with->memory, "%s_dot", wanted->along[k]);
    list_push(with->memory, &seeds, seed_array(with, along.items[k], name, wanted->block));
  }
  derivative_map tangent;
  program = derive_tangent(program, along.items, seeds.items, along.count, directions, &tangent);
  session_pass(with, "tangent", program);
  for (int k = 0; k < definitions.count; k++) {
    int primal_array = definition_array(with, definitions.items[k]);
    int found = tangent.of[primal_array];
    if (found < 0) found = zeros(with, program, primal_array, wanted->block);
    add_result(program, found, arena_format(with->memory, "%s_dot", wanted->read[k]), NULL);
  }
  into->program = finish(with, program);
  into->name = wanted->name
                   ? wanted->name
                   : arena_format(with->memory, "jvp_%s", joined(with->memory, wanted->read, wanted->read_count));
  into->what = "The tangent of outputs along a direction in the inputs.";
  return true;
}

static bool derive_vjp(session *with, const request *wanted, emitted_function *into) {
  numbers definitions = {0}, read = {0}, outputs = {0}, cotangents = {0};
  if (!find_definitions(with, wanted->along, wanted->along_count, true, &definitions)) return false;
  if (!find_inputs(with, wanted->read, wanted->read_count, &read)) return false;
  kernel_program *program = primal(with, "vjp", &definitions);
  for (int k = 0; k < definitions.count; k++) {
    int primal_array = definition_array(with, definitions.items[k]);
    const char *name = arena_format(with->memory, "%s_bar", wanted->along[k]);
    list_push(with->memory, &outputs, primal_array);
    list_push(with->memory, &cotangents, seed_array(with, primal_array, name, false));
  }
  derivative_map adjoint;
  program = derive_adjoint(program, outputs.items, cotangents.items, outputs.count, read.items, read.count, &adjoint);
  session_pass(with, "adjoint", program);
  for (int k = 0; k < read.count; k++)
    add_result(program, adjoint.of[read.items[k]], arena_format(with->memory, "%s_bar", wanted->read[k]), NULL);
  into->program = finish(with, program);
  into->name = wanted->name
                   ? wanted->name
                   : arena_format(with->memory, "vjp_%s", joined(with->memory, wanted->along, wanted->along_count));
  into->what = "The adjoint of inputs for cotangents of outputs.";
  return true;
}

static bool derive_kink_distances(session *with, const request *wanted, emitted_function *into) {
  numbers definitions = {0}, along = {0};
  if (!wanted->read_count && !need_objective(with)) return false;
  if (!wanted->read_count) objective_first(with, &definitions);
  if (!find_definitions(with, wanted->read, wanted->read_count, true, &definitions)) return false;
  if (!find_inputs(with, wanted->along, wanted->along_count, &along)) return false;
  kernel_program *program = lower(with->lowered, "kinks", definitions.items, definitions.count);
  derive_searches(program, &with->lowered->places);
  with->kinks = (kink_list){0};
  int distances = derive_kinks(program, &with->lowered->places, along.items, along.count, &with->kinks);
  session_pass(with, "lower", program);
  add_result(program, distances, "kinks", NULL);
  complete_searches(program);
  remove_dead(program);
  session_pass(with, "dead", program);
  kernel_tag_axes(program);
  into->program = program;
  into->name = wanted->name ? wanted->name : "kinks";
  into->what = "Distances to kinks.";
  return true;
}

/* The inputs of these names that have a start value (0), lower (1) or upper bound (2). */
static bool find_declared(session *with, const char *const *names, int count, int which, numbers *into) {
  static const char *const words[] = {"start", "lower", "upper"};
  if (!find_inputs(with, names, count, into)) return false;
  for (int k = 0; k < into->count; k++) {
    const input *of = &with->model->inputs.items[into->items[k]];
    if (which == 0 ? of->start : which == 1 ? of->lower : of->upper) continue;
    diagnose(with->report, CODE_NO_SUCH_VALUE, of->where, "'%s' has no %s value", of->name, words[which]);
    return false;
  }
  return true;
}

static bool derive_start(session *with, const request *wanted, emitted_function *into) {
  static const char *const names[] = {"start", "lower", "upper"};
  int which = (int)(wanted->kind - REQUEST_START);
  numbers inputs = {0};
  if (!find_declared(with, wanted->read, wanted->read_count, which, &inputs)) return false;
  kernel_program *program = lower_start(with->lowered, names[which], inputs.items, inputs.count, which);
  session_pass(with, "lower", program);
  derive_searches(program, &with->lowered->places);
  complete_searches(program);
  into->program = program;
  into->name = wanted->name ? wanted->name : names[which];
  into->what = "Start values or bounds.";
  return true;
}

static bool derive_bound_jvp(session *with, const request *wanted, emitted_function *into) {
  int which = wanted->kind == REQUEST_LOWER_JVP ? 1 : 2;
  numbers inputs = {0}, along = {0}, seeds = {0};
  if (!find_declared(with, wanted->read, wanted->read_count, which, &inputs)) return false;
  if (!find_inputs(with, wanted->along, wanted->along_count, &along)) return false;
  int *bounds = arena_array(with->memory, int, inputs.count + 1);
  const char *name = which == 1 ? "lower_jvp" : "upper_jvp";
  kernel_program *program = lower_bounds(with->lowered, name, inputs.items, inputs.count, which, bounds);
  session_pass(with, "lower", program);
  derive_searches(program, &with->lowered->places);
  for (int k = 0; k < along.count; k++)
    list_push(with->memory, &seeds,
              seed_array(with, along.items[k], arena_format(with->memory, "%s_dot", wanted->along[k]), false));
  derivative_map tangent;
  program = derive_tangent(program, along.items, seeds.items, along.count, NO_SCALAR, &tangent);
  session_pass(with, "tangent", program);
  for (int k = 0; k < inputs.count; k++) {
    int found = tangent.of[bounds[k]];
    if (found < 0) found = zeros(with, program, bounds[k], false);
    add_result(program, found, arena_format(with->memory, "%s_dot", wanted->read[k]), NULL);
  }
  into->program = finish(with, program);
  into->name = wanted->name ? wanted->name : name;
  into->what = "The tangent of bounds along a direction in the inputs.";
  return true;
}

static bool derive_bound_vjp(session *with, const request *wanted, emitted_function *into) {
  int which = wanted->kind == REQUEST_LOWER_VJP ? 1 : 2;
  numbers inputs = {0}, read = {0}, cotangents = {0};
  if (!find_declared(with, wanted->along, wanted->along_count, which, &inputs)) return false;
  if (!find_inputs(with, wanted->read, wanted->read_count, &read)) return false;
  int *bounds = arena_array(with->memory, int, inputs.count + 1);
  const char *name = which == 1 ? "lower_vjp" : "upper_vjp";
  kernel_program *program = lower_bounds(with->lowered, name, inputs.items, inputs.count, which, bounds);
  session_pass(with, "lower", program);
  derive_searches(program, &with->lowered->places);
  for (int k = 0; k < inputs.count; k++)
    list_push(with->memory, &cotangents,
              seed_array(with, bounds[k], arena_format(with->memory, "%s_bar", wanted->along[k]), false));
  derivative_map adjoint;
  program = derive_adjoint(program, bounds, cotangents.items, inputs.count, read.items, read.count, &adjoint);
  session_pass(with, "adjoint", program);
  for (int k = 0; k < read.count; k++)
    add_result(program, adjoint.of[read.items[k]], arena_format(with->memory, "%s_bar", wanted->read[k]), NULL);
  into->program = finish(with, program);
  into->name = wanted->name ? wanted->name : name;
  into->what = "The adjoint of inputs for cotangents of bounds.";
  return true;
}

bool session_derive(session *with, const request *wanted, emitted_function *into) {
  switch (wanted->kind) {
  case REQUEST_VALUE:
  case REQUEST_OUTPUTS: return derive_value(with, wanted, into);
  case REQUEST_GRADIENT: return derive_gradient(with, wanted, into);
  case REQUEST_PRODUCT: return derive_product(with, wanted, into);
  case REQUEST_JVP: return derive_jvp(with, wanted, into);
  case REQUEST_VJP: return derive_vjp(with, wanted, into);
  case REQUEST_KINKS: return derive_kink_distances(with, wanted, into);
  case REQUEST_START:
  case REQUEST_LOWER:
  case REQUEST_UPPER: return derive_start(with, wanted, into);
  case REQUEST_LOWER_JVP:
  case REQUEST_UPPER_JVP: return derive_bound_jvp(with, wanted, into);
  case REQUEST_LOWER_VJP:
  case REQUEST_UPPER_VJP: return derive_bound_vjp(with, wanted, into);
  }
  return false;
}
