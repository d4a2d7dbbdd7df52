/* Bounds that params move (see implicit_model.h). */
#include "compiler/problem/implicit_model.h"

#include <string.h>

/* Which vars have a bound that reads inputs; whether params are among these shows in derivatives that are not zero. */
static void find_vars(implicit_model *in, int which) {
  implicit_bounds *into = &in->bounds[which];
  for (int k = 0; k < in->vector->vars.count; k++) {
    const input *of = &in->model->inputs.items[in->vector->vars.items[k].input];
    const tensor *bound = which ? of->upper : of->lower;
    if (!bound || !in->vector->vars.items[k].active || !reads_input(bound)) continue;
    if (in->fixed[which] && in->fixed[which][k]) continue;
    list_push(in->memory, &into->vars, of->name);
    list_push(in->memory, &into->places, k);
  }
}

bool implicit_request_bounds(implicit_model *in) {
  static const request_kind forward[] = {REQUEST_LOWER_JVP, REQUEST_UPPER_JVP};
  static const request_kind adjoint[] = {REQUEST_LOWER_VJP, REQUEST_UPPER_VJP};
  for (int which = 0; which < 2; which++) {
    implicit_bounds *into = &in->bounds[which];
    find_vars(in, which);
    if (!into->vars.count) continue;
    if (!implicit_request_one(in, forward[which], into->vars, in->wrt, false, &into->forward)) return false;
    if (!implicit_request_one(in, adjoint[which], in->wrt, into->vars, false, &into->adjoint)) return false;
  }
  return true;
}

bool implicit_bounds_move(const implicit_model *in) {
  return in->bounds[0].vars.count || in->bounds[1].vars.count;
}

/* The parts of a whole vector that belong to the vars with such bounds. */
static double **split(const implicit_model *in, const implicit_bounds *of, double *whole, double **into) {
  for (int k = 0; k < of->places.count; k++) into[k] = whole + in->vector->vars.items[of->places.items[k]].offset;
  return into;
}

static double **split_theta(const implicit_model *in, double *theta, double **into) {
  for (int k = 0; k < in->parameters.count; k++) into[k] = theta + in->parameters.items[k].offset;
  return into;
}

int implicit_bound_forward(void *user, const signed char *side, const double *dtheta, double *dx) {
  implicit_model *in = user;
  for (int which = 0; which < 2; which++) {
    const implicit_bounds *of = &in->bounds[which];
    if (!of->vars.count) continue;
    memset(in->x_room, 0, (size_t)in->vector->size * sizeof *in->x_room);
    split_theta(in, (double *)dtheta, in->seeds); /* which are not written */
    int status =
        in->run(in->user, of->forward, 0, (const double *const *)in->seeds, split(in, of, in->x_room, in->results));
    status = implicit_settle(status, in->vector->size, in->x_room);
    if (status) return status;
    for (int64_t k = 0; k < in->vector->size; k++)
      if (side[k] == (which ? 1 : -1)) dx[k] = in->x_room[k];
  }
  return 0;
}

int implicit_bound_adjoint(void *user, const signed char *side, const double *w, double *bar) {
  implicit_model *in = user;
  double *made = in->theta_room;
  for (int which = 0; which < 2; which++) {
    const implicit_bounds *of = &in->bounds[which];
    if (!of->vars.count) continue;
    for (int64_t k = 0; k < in->vector->size; k++) in->x_room[k] = side[k] == (which ? 1 : -1) ? w[k] : 0;
    int status = in->run(in->user, of->adjoint, 0, (const double *const *)split(in, of, in->x_room, in->seeds),
                         split_theta(in, made, in->results));
    status = implicit_settle(status, in->parameter_count, made);
    if (status) return status;
    for (int64_t k = 0; k < in->parameter_count; k++) bar[k] += made[k];
  }
  return 0;
}
