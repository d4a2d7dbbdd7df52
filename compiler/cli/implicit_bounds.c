/* Bounds that params move (see implicit.h). */
#include "compiler/cli/implicit.h"

#include <string.h>

/* Which vars have a bound that reads inputs; whether params are among these shows in derivatives that are not zero. */
static void find_vars(differentiating *in, int which) {
  implicit_bounds *into = &in->bounds[which];
  const solving *solve = &in->solve;
  for (int k = 0; k < solve->vector.vars.count; k++) {
    const input *of = &solve->model->inputs.items[solve->vector.vars.items[k].input];
    const tensor *bound = which ? of->upper : of->lower;
    if (!bound || !solve->vector.vars.items[k].active || !reads_input(bound)) continue;
    list_push(solve->with->memory, &into->vars, of->name);
    list_push(solve->with->memory, &into->places, k);
  }
}

static exit_code request_one(differentiating *in, request_kind kind, name_list read, name_list along, int *into) {
  request wanted = {
      .kind = kind, .read = read.items, .read_count = read.count, .along = along.items, .along_count = along.count};
  *into = session_request(in->solve.from, &wanted);
  if (*into >= 0) return EXIT_DONE;
  exit_code code = session_report(in->solve.from);
  return code == EXIT_DONE ? EXIT_INTERNAL : code;
}

exit_code implicit_request_bounds(differentiating *in) {
  static const request_kind forward[] = {REQUEST_LOWER_JVP, REQUEST_UPPER_JVP};
  static const request_kind adjoint[] = {REQUEST_LOWER_VJP, REQUEST_UPPER_VJP};
  exit_code code = EXIT_DONE;
  in->bound_room = arena_array(in->solve.with->memory, double, in->solve.vector.size + 1);
  in->theta_room = arena_array(in->solve.with->memory, double, in->parameter_count + 1);
  for (int which = 0; which < 2 && code == EXIT_DONE; which++) {
    implicit_bounds *into = &in->bounds[which];
    find_vars(in, which);
    if (!into->vars.count) continue;
    code = request_one(in, forward[which], into->vars, in->wrt, &into->forward);
    if (code == EXIT_DONE) code = request_one(in, adjoint[which], in->wrt, into->vars, &into->adjoint);
  }
  return code;
}

bool implicit_bounds_move(const differentiating *in) {
  return in->bounds[0].vars.count || in->bounds[1].vars.count;
}

/* The parts of a whole vector that belong to the vars with such bounds. */
static double **split(const differentiating *in, const implicit_bounds *of, double *whole, double **into) {
  for (int k = 0; k < of->places.count; k++) into[k] = whole + in->solve.vector.vars.items[of->places.items[k]].offset;
  return into;
}

static double **split_theta(const differentiating *in, double *theta, double **into) {
  for (int k = 0; k < in->parameters.count; k++) into[k] = theta + in->parameters.items[k].offset;
  return into;
}

int implicit_bound_forward(void *user, const signed char *side, const double *dtheta, double *dx) {
  differentiating *in = user;
  for (int which = 0; which < 2; which++) {
    const implicit_bounds *of = &in->bounds[which];
    if (!of->vars.count) continue;
    memset(in->bound_room, 0, (size_t)in->solve.vector.size * sizeof *in->bound_room);
    split_theta(in, (double *)dtheta, in->seeds); /* which are not written */
    exit_code code =
        implicit_run(in, of->forward, 0, (const double *const *)in->seeds, split(in, of, in->bound_room, in->results));
    if (code != EXIT_DONE) return (int)code;
    for (int64_t k = 0; k < in->solve.vector.size; k++)
      if (side[k] == (which ? 1 : -1)) dx[k] = in->bound_room[k];
  }
  return EXIT_DONE;
}

int implicit_bound_adjoint(void *user, const signed char *side, const double *w, double *bar) {
  differentiating *in = user;
  double *made = in->theta_room;
  for (int which = 0; which < 2; which++) {
    const implicit_bounds *of = &in->bounds[which];
    if (!of->vars.count) continue;
    for (int64_t k = 0; k < in->solve.vector.size; k++) in->bound_room[k] = side[k] == (which ? 1 : -1) ? w[k] : 0;
    exit_code code = implicit_run(in, of->adjoint, 0, (const double *const *)split(in, of, in->bound_room, in->seeds),
                                  split_theta(in, made, in->results));
    if (code != EXIT_DONE) return (int)code;
    for (int64_t k = 0; k < in->parameter_count; k++) bar[k] += made[k];
  }
  return EXIT_DONE;
}
