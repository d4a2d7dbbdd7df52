/* adjoin emit: a model and its derivatives as C, or as a Python module. */
#include "compiler/cli/calls.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/emit_files.h"
#include "compiler/cli/emit_problem.h"
#include "compiler/cli/names.h"

#include <string.h>

typedef struct {
  console *with;
  const options *given;
  const tensor_program *model;
  call_list calls;
  const bool *batched; /* by input, or NULL */
  problem_plan problem;
} emitting;

static void add(emitting *in, request_kind kind, const char *name, name_list read, name_list along) {
  call_add(in->with, &in->calls, SECTION_VALUE, kind, name, read, along);
}

static name_list wanted_inputs(const emitting *in, unsigned roles) {
  return names_wrt(in->with, in->model, &in->given->wrt, roles, roles);
}

static void add_value(emitting *in) {
  add(in, REQUEST_VALUE, "value", names_of_outputs(in->with->memory, in->model), (name_list){0});
}

static void add_gradient(emitting *in) {
  name_list read = in->given->wrt.count ? in->given->wrt : names_of_roles(in->with->memory, in->model, ACTIVE);
  add(in, REQUEST_GRADIENT, "grad", read, (name_list){0});
}

/* For a direction on V, read on every var: with several vars the products add up to the whole Hessian's. */
static void add_hvp(emitting *in) {
  name_list vars = wanted_inputs(in, VARS);
  for (int k = 0; k < vars.count; k++) {
    const char *name = arena_format(in->with->memory, "hvp_%s", vars.items[k]);
    add(in, REQUEST_PRODUCT, name, vars, one_name(in->with, vars.items[k]));
  }
}

static void add_mixed_pair(emitting *in, const char *read, const char *along) {
  const char *name = arena_format(in->with->memory, "mixed_%s_%s", read, along);
  add(in, REQUEST_PRODUCT, name, one_name(in->with, read), one_name(in->with, along));
}

static void add_mixed(emitting *in) {
  name_list params = wanted_inputs(in, PARAMS), vars = wanted_inputs(in, VARS);
  for (int p = 0; p < params.count; p++)
    for (int v = 0; v < vars.count; v++) {
      add_mixed_pair(in, params.items[p], vars.items[v]);
      add_mixed_pair(in, vars.items[v], params.items[p]);
    }
}

static void add_jvp(emitting *in) {
  name_list outputs = names_of_outputs(in->with->memory, in->model), along = wanted_inputs(in, ACTIVE);
  for (int k = 0; k < outputs.count && along.count; k++)
    add(in, REQUEST_JVP, arena_format(in->with->memory, "jvp_%s", outputs.items[k]),
        one_name(in->with, outputs.items[k]), along);
}

static void add_vjp(emitting *in) {
  name_list outputs = names_of_outputs(in->with->memory, in->model), read = wanted_inputs(in, ACTIVE);
  for (int k = 0; k < outputs.count && read.count; k++)
    add(in, REQUEST_VJP, arena_format(in->with->memory, "vjp_%s", outputs.items[k]), read,
        one_name(in->with, outputs.items[k]));
}

static void add_problem(emitting *in) {
  name_list vars = wanted_inputs(in, VARS);
  if (vars.count) problem_plan_add(&in->problem, in->with, in->model, &vars, &in->calls);
}

static const struct {
  product bit;
  void (*add)(emitting *in);
  const char *name;
  bool objective, output; /* what it is taken of */
  const char *lacks;      /* what the model has none of when it makes nothing */
} makers[] = {{PRODUCT_VALUE, add_value, "value", false, false, ""},
              {PRODUCT_GRAD, add_gradient, "grad", true, false, "no var or param"},
              {PRODUCT_HVP, add_hvp, "hvp", true, false, "no var"},
              {PRODUCT_MIXED, add_mixed, "mixed", true, false, "no pair of a var and a param"},
              {PRODUCT_JVP, add_jvp, "jvp", false, true, "no var or param"},
              {PRODUCT_VJP, add_vjp, "vjp", false, true, "no var or param"},
              {PRODUCT_PROBLEM, add_problem, "problem", true, false, "no var"}};

enum { MAKER_COUNT = sizeof makers / sizeof makers[0] };

/* What is taken by default is left out where the model has none of it; what was asked for by name is then an error. */
static exit_code plan(emitting *in) {
  unsigned wanted = in->given->products;
  bool asked = wanted != 0, has_objective = in->model->objective.value != NULL;
  if (!asked) wanted = PRODUCT_VALUE | PRODUCT_GRAD | PRODUCT_HVP | PRODUCT_MIXED;
  for (int k = 0; k < MAKER_COUNT; k++) {
    if (!(wanted & makers[k].bit)) continue;
    const char *lacks = makers[k].objective && !has_objective           ? "no objective"
                        : makers[k].output && !in->model->outputs.count ? "no output"
                                                                        : NULL;
    int before = in->calls.count;
    if (!lacks) makers[k].add(in);
    bool nothing = !lacks && in->calls.count == before;
    if ((!lacks && !nothing) || !asked) continue;
    complain("--of %s: %s %s%s", makers[k].name, nothing && in->given->wrt.count ? "--wrt names" : "the model has",
             nothing ? makers[k].lacks : lacks, nothing ? " to differentiate with respect to" : "");
    return EXIT_INPUT;
  }
  return EXIT_DONE;
}

/* Which inputs --batch names. Reports every name that is none. */
static bool find_batched(emitting *in) {
  if (!in->given->wants_batch) return true;
  bool *batched = arena_array(in->with->memory, bool, in->model->inputs.count + 1);
  const char **names = arena_array(in->with->memory, const char *, in->model->inputs.count + 1);
  bool known = true;
  for (int k = 0; k < in->model->inputs.count; k++) names[k] = in->model->inputs.items[k].name;
  for (int k = 0; k < in->given->batch.count; k++) {
    const char *name = in->given->batch.items[k];
    int number = find_input(in->model, name);
    if (number >= 0)
      batched[number] = true;
    else
      complain("--batch: the model has no input '%s'%s", name,
               console_suggest_or_list(in->with, name, names, in->model->inputs.count));
    known = known && number >= 0;
  }
  in->batched = batched;
  return known;
}

/* A Python module derives what it is asked for when it is asked: what chooses functions or tells how C is written has
 * no meaning for it. */
static bool suits_python(console *with, const options *given) {
  static const char *const kept[] = {"parse", "check", "emit"};
  bool dumps_nothing = given->dump_after != NULL;
  for (size_t k = 0; k < sizeof kept / sizeof *kept && dumps_nothing; k++)
    dumps_nothing = strcmp(given->dump_after, kept[k]) != 0;
  const struct {
    const char *option;
    bool is_given;
  } rows[] = {{"--of", given->products != 0},
              {"--wrt", given->wrt.count > 0},
              {"--prefix", given->prefix != NULL},
              {"--batch", given->wants_batch},
              {"--real", given->real_float},
              {"--lines", given->lines},
              {"--self-test", given->self_test},
              {"--with-solvers", given->with_solvers},
              {dumps_nothing ? arena_format(with->memory, "--dump-after %s", given->dump_after) : "", dumps_nothing}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    if (!rows[k].is_given) continue;
    complain("%s has no meaning for --target python: its functions are derived, in double precision, when they are "
             "called",
             rows[k].option);
    return false;
  }
  return true;
}

static exit_code request_functions(emitting *in, session *from) {
  bool known = names_check(in->with, in->model, "--wrt", &in->given->wrt, NAMES_INPUTS | NAMES_DEFINITIONS);
  known = find_batched(in) && known;
  exit_code code = known ? plan(in) : EXIT_INPUT;
  if (code == EXIT_DONE) code = calls_request(from, &in->calls);
  problem_plan_finish(&in->problem, &in->calls);
  return code;
}

exit_code command_emit(console *with, int count, char **arguments) {
  options given = options_parse(with, COMMAND_EMIT, count, arguments);
  emit_files files;
  bool python = given.target == TARGET_PYTHON;
  if (!emit_name_files(with, &given, &files) || (python && !suits_python(with, &given))) return EXIT_USAGE;
  if ((given.products & PRODUCT_PROBLEM) && (given.real_float || given.wants_batch)) {
    complain("--of problem makes functions of one vector of doubles, without %s",
             given.real_float ? "--real float" : "--batch");
    return EXIT_USAGE;
  }
  session *from;
  exit_code code = model_open(with, &given, &from);
  if (code == EXIT_DONE) {
    given.wrt = names_below(with, session_model(from), &given.wrt, ACTIVE);
    given.batch = names_below(with, session_model(from), &given.batch, ~0u);
    emitting in = {.with = with, .given = &given, .model = session_model(from)};
    if (!python) code = request_functions(&in, from);
    if (code == EXIT_DONE)
      code = emit_write_files(with, &given, from, &files, in.batched, in.problem.wanted ? &in.problem.made : NULL);
  }
  session_close(from);
  return code;
}
