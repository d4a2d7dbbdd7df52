/* The model as functions of its vars and params (see implicit_model.h). */
#include "compiler/problem/implicit_model.h"

#include <math.h>
#include <string.h>

/* ---- what is called ---- */

int implicit_settle(int status, int64_t count, double *entries) {
  if (status != IMPLICIT_NO_VALUE) return status;
  for (int64_t k = 0; k < count; k++) entries[k] = NAN;
  return 0;
}

void implicit_move_to(implicit_model *in, const double *x) {
  for (int k = 0; k < in->vector->vars.count; k++)
    in->inputs->pointers[in->vector->vars.items[k].input] = x + in->vector->vars.items[k].offset;
}

void implicit_split_vars(const implicit_model *in, double *block, size_t count, double **into) {
  for (int k = 0; k < in->vector->vars.count; k++)
    if (in->vector->vars.items[k].active) *into++ = block + in->vector->vars.items[k].offset * (int64_t)count;
}

void implicit_split_parameters(const implicit_model *in, double *block, size_t count, double **into) {
  for (int k = 0; k < in->parameters.count; k++) *into++ = block + in->parameters.items[k].offset * (int64_t)count;
}

/* Second derivatives along a block of directions, of the objective that is minimised. Seeds are not written, although
 * their type would let that. */
static int second(implicit_model *in, const implicit_function *of, const double *x, size_t count, const double *along,
                  implicit_splitter *split_along, double *read, implicit_splitter *split_read, int64_t read_size) {
  int64_t entries = read_size * (int64_t)count;
  memset(read, 0, (size_t)entries * sizeof *read);
  if (of->one < 0) return 0;
  implicit_move_to(in, x);
  split_along(in, (double *)along, count, in->seeds);
  split_read(in, read, count, in->results);
  int function = count == 1 ? of->one : of->block;
  int status =
      in->run(in->user, function, count == 1 ? 0 : (int64_t)count, (const double *const *)in->seeds, in->results);
  for (int64_t k = 0; k < entries && in->model->maximize; k++) read[k] = -read[k];
  return implicit_settle(status, entries, read);
}

static int hessian_product(void *user, const double *x, size_t count, const double *v, double *hv) {
  implicit_model *in = user;
  return second(in, &in->functions.product, x, count, v, implicit_split_vars, hv, implicit_split_vars,
                in->vector->size);
}

static int mixed_forward(void *user, const double *x, size_t count, const double *u, double *read) {
  implicit_model *in = user;
  return second(in, &in->functions.forward, x, count, u, implicit_split_parameters, read, implicit_split_vars,
                in->vector->size);
}

static int mixed_adjoint(void *user, const double *x, size_t count, const double *v, double *read) {
  implicit_model *in = user;
  return second(in, &in->functions.adjoint, x, count, v, implicit_split_vars, read, implicit_split_parameters,
                in->parameter_count);
}

static int gradient(void *user, const double *x, double *f, double *gradient_at) {
  implicit_model *in = user;
  return in->gradient(in->user, x, f, gradient_at);
}

/* Signs by Knuth's multiplicative hashing. */
static void nudge(void *user, double distance, int steps) {
  implicit_model *in = user;
  for (int64_t k = 0; k < in->parameter_count; k++) {
    double sign = ((uint64_t)k * UINT64_C(11400714819323198485)) >> 63 ? -1 : 1;
    in->theta[k] = in->exact_theta[k] + steps * sign * implicit_stride(in->exact_theta[k], distance);
  }
}

/* ---- what is requested ---- */

bool implicit_request_one(implicit_model *in, request_kind kind, name_list read, name_list along, bool block,
                          int *into) {
  request wanted = {.kind = kind,
                    .read = read.items,
                    .read_count = read.count,
                    .along = along.items,
                    .along_count = along.count,
                    .block = block};
  *into = in->request(in->user, &wanted);
  return *into >= 0;
}

bool implicit_request_both(implicit_model *in, request_kind kind, name_list read, name_list along,
                           implicit_function *into) {
  *into = (implicit_function){-1, -1};
  if (!read.count || !along.count) return true;
  return implicit_request_one(in, kind, read, along, false, &into->one) &&
         implicit_request_one(in, kind, read, along, true, &into->block);
}

static bool request_second(implicit_model *in) {
  name_list vars = in->vector->active;
  return implicit_request_both(in, REQUEST_PRODUCT, vars, vars, &in->functions.product) &&
         implicit_request_both(in, REQUEST_PRODUCT, vars, in->wrt, &in->functions.forward) &&
         implicit_request_both(in, REQUEST_PRODUCT, in->wrt, vars, &in->functions.adjoint);
}

/* What the vars that move and the params move of the choices that are made. */
static bool request_kinks(implicit_model *in) {
  name_list read = {0}, along = {0};
  const name_list *lists[] = {&in->vector->active, &in->wrt};
  in->functions.kinks = -1;
  if (!in->vector->active.count) return true;
  if (in->root) list_push(in->memory, &read, in->root);
  for (int number = 0; number < 2; number++)
    for (int k = 0; k < lists[number]->count; k++) list_push(in->memory, &along, lists[number]->items[k]);
  return implicit_request_one(in, REQUEST_KINKS, read, along, false, &in->functions.kinks);
}

bool implicit_request(implicit_model *in) {
  int room = in->vector->vars.count + in->parameters.count + 1;
  in->x_room = arena_array(in->memory, double, in->vector->size + 1);
  in->theta_room = arena_array(in->memory, double, in->parameter_count + 1);
  in->seeds = arena_array(in->memory, double *, room);
  in->results = arena_array(in->memory, double *, room);
  if (in->root) return implicit_request_root(in) && request_kinks(in);
  return request_second(in) && request_kinks(in) && implicit_request_bounds(in);
}

/* ---- theta ---- */

bool implicit_lay_out(implicit_model *in) {
  for (int k = 0; k < in->wrt.count; k++) {
    int number = find_input(in->model, in->wrt.items[k]);
    implicit_parameter made = {number, in->parameter_count, in->inputs->inputs[number].value.count};
    list_push(in->memory, &in->parameters, made);
    if (__builtin_add_overflow(in->parameter_count, made.count, &in->parameter_count)) return false;
  }
  return true;
}

void implicit_describe(implicit_model *in) {
  in->theta = arena_array(in->memory, double, in->parameter_count + 1);
  in->exact_theta = arena_array(in->memory, double, in->parameter_count + 1);
  for (int k = 0; k < in->parameters.count; k++) {
    const implicit_parameter *each = &in->parameters.items[k];
    const void *entries = in->inputs->pointers[each->input];
    if (each->count) memcpy(in->theta + each->offset, entries, (size_t)each->count * sizeof *in->theta);
    if (each->count) memcpy(in->exact_theta + each->offset, entries, (size_t)each->count * sizeof *in->theta);
    in->inputs->pointers[each->input] = in->theta + each->offset;
  }
  in->problem = (implicit_problem){.user = in,
                                   .size = (size_t)in->vector->size,
                                   .parameter_count = (size_t)in->parameter_count,
                                   .gradient = gradient,
                                   .product = hessian_product,
                                   .mixed_forward = mixed_forward,
                                   .mixed_adjoint = mixed_adjoint,
                                   .theta = in->exact_theta,
                                   .nudge = nudge,
                                   .kink = implicit_find_kink};
  implicit_reserve_kinks(in);
  if (in->root) implicit_describe_root(in);
  if (!implicit_bounds_move(in)) return;
  in->problem.bound_forward = implicit_bound_forward;
  in->problem.bound_adjoint = implicit_bound_adjoint;
}
