/* adjoin check: derivatives against each other and against differences. */
#include "compiler/cli/check.h"

#include "compiler/cli/commands.h"
#include "compiler/cli/names.h"

static exit_code request_one(checking *in, request_kind kind, bool block, name_list read, name_list along, int *into) {
  request wanted = {.kind = kind,
                    .read = read.items,
                    .read_count = read.count,
                    .along = along.items,
                    .along_count = along.count,
                    .block = block};
  *into = session_request(in->from, &wanted);
  if (*into >= 0) return EXIT_DONE;
  exit_code code = session_report(in->from);
  return code == EXIT_DONE ? EXIT_INTERNAL : code;
}

/* The active inputs that are also directions. */
static name_list directions_of(const checking *in) {
  return (name_list){.items = in->active.items, .count = in->directions};
}

static exit_code request_objective(checking *in) {
  check_functions *into = &in->functions;
  name_list read = directions_of(in);
  exit_code code = request_one(in, REQUEST_GRADIENT, false, in->active, (name_list){0}, &into->gradient);
  for (int k = 0; k < in->directions && code == EXIT_DONE; k++) {
    name_list along = one_name(in->with, in->active.items[k]);
    code = request_one(in, REQUEST_PRODUCT, false, read, along, &into->product[k]);
    if (code == EXIT_DONE) code = request_one(in, REQUEST_PRODUCT, true, read, along, &into->dense_product[k]);
  }
  return code;
}

static exit_code request_outputs(checking *in) {
  check_functions *into = &in->functions;
  exit_code code = EXIT_DONE;
  for (int k = 0; k < in->directions && code == EXIT_DONE; k++) {
    name_list along = one_name(in->with, in->active.items[k]);
    code = request_one(in, REQUEST_JVP, false, in->outputs, along, &into->tangent[k]);
    if (code == EXIT_DONE) code = request_one(in, REQUEST_JVP, true, in->outputs, along, &into->dense_tangent[k]);
  }
  for (int k = 0; k < in->outputs.count && code == EXIT_DONE; k++) {
    name_list along = one_name(in->with, in->outputs.items[k]);
    code = request_one(in, REQUEST_VJP, false, directions_of(in), along, &into->adjoint[k]);
  }
  return code;
}

enum { MOST_DIRECTIONS = 16 };

/* Brings those that become directions to the front; the others keep their order behind them. */
static void choose_directions(checking *in) {
  arena *memory = in->with->memory;
  int count = in->active.count;
  in->directions = count < MOST_DIRECTIONS ? count : MOST_DIRECTIONS;
  if (in->directions == count) return;
  name_list ordered = {0};
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0, chosen = 0; k < count; k++) {
      bool choose = chosen < in->directions && k == (int)((int64_t)chosen * count / in->directions);
      chosen += choose;
      if (choose == (pass == 0)) list_push(memory, &ordered, in->active.items[k]);
    }
  in->active = ordered;
  const char *of = arena_format(memory, "%d other inputs", count - in->directions);
  checking_skip(in, "second order, jvp, vjp", of, "every pair of inputs is a test; --wrt names others");
}

exit_code checking_request(checking *in) {
  name_list given = in->given->wrt;
  if (!names_check(in->with, in->model, "--wrt", &given, NAMES_INPUTS)) return EXIT_INPUT;
  in->active = given.count ? given : names_of_roles(in->with->memory, in->model, ACTIVE);
  choose_directions(in);
  for (int k = 0; k < in->model->outputs.count; k++)
    if (in->model->outputs.items[k].value->value->type == SCALAR_REAL)
      list_push(in->with->memory, &in->outputs, in->model->outputs.items[k].name);
  int **tables[] = {&in->functions.product, &in->functions.dense_product, &in->functions.tangent,
                    &in->functions.dense_tangent};
  for (int k = 0; k < 4; k++) *tables[k] = arena_array(in->with->memory, int, in->active.count + 1);
  in->functions.adjoint = arena_array(in->with->memory, int, in->outputs.count + 1);
  in->functions.gradient = -1;
  exit_code code = request_one(in, REQUEST_VALUE, false, in->outputs, (name_list){0}, &in->functions.value);
  if (code != EXIT_DONE || !in->active.count) return code;
  if (in->model->objective.value) code = request_objective(in);
  if (code == EXIT_DONE && in->outputs.count) code = request_outputs(in);
  return code;
}

static const double double_rounding = 1e-9, single_rounding = 5e-4;

/* The functions to be checked; with --real float also the same in double, which those are compared with. */
static exit_code compile(checking *in) {
  in->rounding = in->given->real_float ? single_rounding : double_rounding;
  session_choose_real(in->from, in->given->real_float);
  exit_code code = machine_compile(&in->on, in->with, in->from, &in->inputs);
  if (code != EXIT_DONE || !in->given->real_float) return code;
  session_choose_real(in->from, false);
  return machine_compile(&in->reference, in->with, in->from, &in->inputs);
}

/* The session's functions do not depend on the inputs; only which start values and bounds are needed does. */
static exit_code prepare(checking *in, const given_arrays *given) {
  if (given->failed || !bind_inputs(&in->inputs, given, 3, in->given->strict)) return EXIT_INPUT;
  exit_code code = start_request(in->with, in->from, &in->inputs, BOUNDS_OF_MISSING, &in->starts);
  if (code == EXIT_DONE) code = checking_request(in);
  if (code == EXIT_DONE) code = compile(in);
  return code == EXIT_DONE ? checking_draw(in, given) : code;
}

static exit_code conclude(checking *in) {
  bool failed = false;
  for (int k = 0; k < in->rows.count; k++) failed = failed || in->rows.items[k].result == TEST_FAILED;
  if (in->given->json)
    checking_write_json(in, &in->with->out);
  else
    checking_write_table(in, &in->with->out);
  return failed ? EXIT_NUMERICS : EXIT_DONE;
}

exit_code command_check(console *with, int count, char **arguments) {
  options given = options_parse(with, COMMAND_CHECK, count, arguments);
  session *from;
  exit_code code = model_open(with, &given, &from);
  if (code == EXIT_DONE) {
    checking in = {.with = with, .given = &given, .from = from, .model = session_model(from)};
    given_arrays arrays = given_read(with, in.model, &given.inputs);
    code = prepare(&in, &arrays);
    if (code == EXIT_DONE) {
      if (given.real_float) checking_single(&in);
      checking_first_order(&in);
      checking_second_order(&in);
      checking_outputs(&in);
      code = conclude(&in);
    }
    machine_release(&in.on);
    machine_release(&in.reference);
    given_release(&arrays);
  }
  session_close(from);
  return code;
}
