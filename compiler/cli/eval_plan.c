/* Options -> calls (see eval.h). */
#include "compiler/cli/eval.h"
#include "compiler/cli/names.h"

#include <string.h>

typedef struct {
  console *with;
  const options *given;
  const tensor_program *model;
  unsigned products;
  name_list along; /* all names that --along gives */
  unsigned used;   /* NAMES_INPUTS, NAMES_OUTPUTS: which kinds of them some call uses */
  call_list *into;
} plan;

static exit_code without_output(const char *of) {
  complain("--of %s: the model has no output; write `output r = ...` in it", of);
  return EXIT_INPUT;
}

/* The names after --along that are inputs of these roles. */
static name_list along_roles(const plan *in, unsigned roles) {
  name_list made = {0};
  for (int k = 0; k < in->along.count; k++)
    if (has_role(in->model, in->along.items[k], roles)) list_push(in->with->memory, &made, in->along.items[k]);
  return made;
}

static name_list along_outputs(const plan *in) {
  name_list made = {0};
  for (int k = 0; k < in->along.count; k++)
    if (is_output(in->model, in->along.items[k])) list_push(in->with->memory, &made, in->along.items[k]);
  return made;
}

static exit_code without_direction(const plan *in, const char *of, unsigned roles) {
  name_list usable =
      roles ? names_of_roles(in->with->memory, in->model, roles) : names_of_outputs(in->with->memory, in->model);
  complain("--of %s needs a %s: add --along %s=...", of, roles ? "direction" : "cotangent on an output",
           usable.count ? usable.items[0] : "NAME");
  return EXIT_USAGE;
}

static exit_code without_names(const plan *in, const char *of, const char *what) {
  complain("--of %s: %s no %s to differentiate with respect to", of,
           in->given->wrt.count ? "--wrt names" : "the model has", what);
  return EXIT_USAGE;
}

static exit_code plan_value(plan *in) {
  name_list read = {0};
  if (in->products & PRODUCT_VALUE) read = names_of_outputs(in->with->memory, in->model);
  for (int k = 0; k < in->given->show.count; k++) {
    const char *name = in->given->show.items[k];
    bool requested = (in->products & PRODUCT_VALUE) && is_output(in->model, name);
    bool objective = in->model->objective.value && !strcmp(in->model->objective.name, name);
    if (!requested && !objective) list_push(in->with->memory, &read, name);
  }
  call_add(in->with, in->into, SECTION_VALUE, REQUEST_VALUE, NULL, read, (name_list){0});
  return EXIT_DONE;
}

static exit_code plan_grad(plan *in) {
  name_list read = in->given->wrt;
  if (!read.count) read = names_of_roles(in->with->memory, in->model, ACTIVE);
  call_add(in->with, in->into, SECTION_GRAD, REQUEST_GRADIENT, NULL, read, (name_list){0});
  return EXIT_DONE;
}

/* One direction, made of the directions on all vars. */
static exit_code plan_hvp(plan *in) {
  name_list along = along_roles(in, VARS), read = names_wrt(in->with, in->model, &in->given->wrt, VARS, VARS);
  if (!along.count) return without_direction(in, "hvp", VARS);
  if (!read.count) return without_names(in, "hvp", "var");
  call_add(in->with, in->into, SECTION_HVP, REQUEST_PRODUCT, NULL, read, along);
  return EXIT_DONE;
}

/* For each direction by itself: one on a var is read on params, one on a param is read on vars. */
static exit_code plan_mixed(plan *in) {
  name_list along = along_roles(in, ACTIVE);
  if (!along.count) return without_direction(in, "mixed", VARS);
  bool any = false;
  for (int k = 0; k < along.count; k++) {
    unsigned opposite = has_role(in->model, along.items[k], VARS) ? PARAMS : VARS;
    name_list read = names_wrt(in->with, in->model, &in->given->wrt, opposite, opposite);
    if (!read.count) continue;
    call_add(in->with, in->into, SECTION_MIXED, REQUEST_PRODUCT, NULL, read, one_name(in->with, along.items[k]));
    any = true;
  }
  return any ? EXIT_DONE : without_names(in, "mixed", has_role(in->model, along.items[0], VARS) ? "param" : "var");
}

/* Every block, so that they tile the whole Hessian. */
static exit_code plan_hess(plan *in) {
  name_list read = names_wrt(in->with, in->model, &in->given->wrt, VARS, ACTIVE);
  if (!read.count) return without_names(in, "hess", "var");
  for (int k = 0; k < read.count; k++)
    call_add_block(in->with, in->into, SECTION_HESS, REQUEST_PRODUCT, read, one_name(in->with, read.items[k]));
  return EXIT_DONE;
}

static exit_code plan_jac(plan *in) {
  name_list outputs = names_of_outputs(in->with->memory, in->model);
  name_list along = names_wrt(in->with, in->model, &in->given->wrt, VARS, ACTIVE);
  if (!outputs.count) return without_output("jac");
  if (!along.count) return without_names(in, "jac", "var");
  for (int k = 0; k < along.count; k++)
    call_add_block(in->with, in->into, SECTION_JAC, REQUEST_JVP, outputs, one_name(in->with, along.items[k]));
  return EXIT_DONE;
}

static exit_code plan_jvp(plan *in) {
  name_list outputs = names_of_outputs(in->with->memory, in->model), along = along_roles(in, ACTIVE);
  if (!outputs.count) return without_output("jvp");
  if (!along.count) return without_direction(in, "jvp", ACTIVE);
  call_add(in->with, in->into, SECTION_JVP, REQUEST_JVP, NULL, outputs, along);
  return EXIT_DONE;
}

static exit_code plan_vjp(plan *in) {
  name_list along = along_outputs(in), read = names_wrt(in->with, in->model, &in->given->wrt, ACTIVE, ACTIVE);
  if (!in->model->outputs.count) return without_output("vjp");
  if (!along.count) return without_direction(in, "vjp", 0);
  if (!read.count) return without_names(in, "vjp", "var or param");
  call_add(in->with, in->into, SECTION_VJP, REQUEST_VJP, NULL, read, along);
  return EXIT_DONE;
}

static const struct {
  product bit;
  exit_code (*add)(plan *in);
  bool objective; /* can't be had without one */
  unsigned along; /* the kinds of --along that it uses */
} planners[] = {
    {PRODUCT_VALUE, plan_value, false, 0},        {PRODUCT_GRAD, plan_grad, true, 0},
    {PRODUCT_HVP, plan_hvp, true, NAMES_INPUTS},  {PRODUCT_MIXED, plan_mixed, true, NAMES_INPUTS},
    {PRODUCT_HESS, plan_hess, true, 0},           {PRODUCT_JAC, plan_jac, false, 0},
    {PRODUCT_JVP, plan_jvp, false, NAMES_INPUTS}, {PRODUCT_VJP, plan_vjp, false, NAMES_OUTPUTS},
};

static bool check_names(plan *in) {
  for (int k = 0; k < in->given->along.count; k++)
    list_push(in->with->memory, &in->along, in->given->along.items[k].name);
  bool wrt = names_check(in->with, in->model, "--wrt", &in->given->wrt, NAMES_INPUTS | NAMES_DEFINITIONS);
  bool along = names_check(in->with, in->model, "--along", &in->along, NAMES_INPUTS | NAMES_OUTPUTS);
  bool show = names_check(in->with, in->model, "--show", &in->given->show, NAMES_DEFINITIONS);
  return wrt && along && show;
}

/* A direction that nothing uses is a slip: its author expects numbers that would not come. */
static exit_code check_directions_used(const plan *in) {
  for (int k = 0; k < in->along.count; k++) {
    bool output_name = is_output(in->model, in->along.items[k]);
    if (in->used & (output_name ? NAMES_OUTPUTS : NAMES_INPUTS)) continue;
    complain("--along %s=... is used by nothing that was asked for; add --of %s", in->along.items[k],
             output_name ? "vjp" : "hvp, mixed or jvp");
    return EXIT_USAGE;
  }
  return EXIT_DONE;
}

exit_code eval_plan(console *with, const options *given, const tensor_program *model, unsigned *products,
                    call_list *into) {
  bool has_objective = model->objective.value != NULL;
  *products = given->products;
  if (!*products) *products = PRODUCT_VALUE | (has_objective ? PRODUCT_GRAD : 0);
  options expanded = *given;
  expanded.wrt = names_below(with, model, &given->wrt, ACTIVE);
  plan in = {.with = with, .given = &expanded, .model = model, .products = *products, .into = into};
  if (!check_names(&in)) return EXIT_INPUT;
  if (given->show.count && !(*products & PRODUCT_VALUE)) plan_value(&in);
  for (size_t k = 0; k < sizeof planners / sizeof planners[0]; k++) {
    if (!(*products & planners[k].bit)) continue;
    if (planners[k].objective && !has_objective) {
      complain(
          "%s: the model has no objective to differentiate; write `minimize ...`, or ask for jvp, vjp or jac of an "
          "output",
          given->model_path);
      return EXIT_INPUT;
    }
    exit_code code = planners[k].add(&in);
    if (code != EXIT_DONE) return code;
    in.used |= planners[k].along;
  }
  return check_directions_used(&in);
}
