/* The model as functions of its vars and params (see implicit.h). */
#include "compiler/cli/implicit.h"
#include "compiler/cli/names.h"

/* ---- what ../problem/implicit_model.h asks of its user ---- */

static int request_function(void *user, const request *wanted) {
  differentiating *in = user;
  int number = session_request(in->solve.from, wanted);
  if (number < 0)
    in->code = session_report(in->solve.from);
  else if (wanted->kind == REQUEST_KINKS)
    in->of.kinks = *session_kinks(in->solve.from);
  if (number < 0 && in->code == EXIT_DONE) in->code = EXIT_INTERNAL;
  return number;
}

static int run(void *user, int function, int64_t directions, const double *const *seeds, double *const *into) {
  differentiating *in = user;
  int status = machine_try(&in->solve.on, function, directions, seeds, into);
  in->solve.kernel.work = in->solve.on.work; /* which may be elsewhere now */
  if (!status) return EXIT_DONE;
  if (!session_is_search(in->solve.from, status)) return (int)machine_explain(&in->solve.on, function, status);
  in->no_value = status;
  return IMPLICIT_NO_VALUE;
}

static int gradient(void *user, const double *x, double *f, double *gradient_at) {
  differentiating *in = user;
  in->solve.kernel.work = in->solve.on.work;
  int status = in->inner.gradient(in->inner.user, x, f, gradient_at);
  return status ? (int)machine_explain(&in->solve.on, -1, status) : EXIT_DONE;
}

static int equations(void *user, const double *x, double *r) {
  differentiating *in = user;
  in->solve.kernel.work = in->solve.on.work;
  int status = in->inner.residual(in->inner.user, x, r);
  return status ? (int)machine_explain(&in->solve.on, -1, status) : EXIT_DONE;
}

/* ---- the params ---- */

/* --wrt: params, by default all that are not frozen whole. */
static exit_code choose_parameters(differentiating *in) {
  solving *solve = &in->solve;
  const options *given = solve->given;
  name_list named = names_below(solve->with, solve->model, &given->wrt, PARAMS);
  if (!names_check(solve->with, solve->model, "--wrt", &named, NAMES_INPUTS)) return EXIT_INPUT;
  name_list wrt = in->of.wrt = names_wrt(solve->with, solve->model, &named, PARAMS, PARAMS | VARS);
  for (int k = 0; k < wrt.count; k++) {
    if (!has_role(solve->model, wrt.items[k], VARS)) continue;
    complain("--wrt: '%s' is a var: it is what is solved for; name params", wrt.items[k]);
    return EXIT_INPUT;
  }
  if (!implicit_lay_out(&in->of)) {
    complain("the params are too large together");
    return EXIT_INPUT;
  }
  if (wrt.count) return EXIT_DONE;
  bool has = false;
  for (int k = 0; k < solve->model->inputs.count; k++) has = has || solve->model->inputs.items[k].role == ROLE_PARAM;
  complain(has ? "%s: all params of the model are frozen: name those that derivatives are wanted of by --wrt"
               : "%s: the model has no param: there is nothing that derivatives could be taken of; declare it with "
                 "`param`",
           given->model_path);
  return EXIT_INPUT;
}

/* --root: is there such an output, with as many entries as move? */
static bool check_root(differentiating *in) {
  solving *solve = &in->solve;
  name_list named = {0};
  if (!in->of.root) return true;
  list_push(solve->with->memory, &named, in->of.root);
  return names_check(solve->with, solve->model, "--root", &named, NAMES_DEFINITIONS) && implicit_check_root(&in->of);
}

exit_code implicit_prepare(differentiating *in) {
  solving *solve = &in->solve;
  in->of = (implicit_model){.memory = solve->with->memory,
                            .model = solve->model,
                            .inputs = &solve->inputs,
                            .vector = &solve->vector,
                            .root = solve->given->root,
                            .user = in,
                            .request = request_function,
                            .run = run,
                            .gradient = gradient,
                            .equations = equations};
  exit_code code = check_root(in) ? choose_parameters(in) : EXIT_INPUT;
  if (code != EXIT_DONE || implicit_request(&in->of)) return code;
  return in->code;
}

void implicit_complete(differentiating *in) {
  in->of.lower = in->solve.lower;
  in->of.upper = in->solve.upper;
  implicit_describe(&in->of);
  in->how = in->solve.given->implicit;
  in->how.mask = in->solve.vector.mask;
  in->how.lower = in->solve.lower;
  in->how.upper = in->solve.upper;
}
