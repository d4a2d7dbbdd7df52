/* The root of an output r (see implicit_model.h). Equation k stands at the k-th free entry of vectors that are as long
 * as x. */
#include "compiler/problem/implicit_model.h"

#include <string.h>

bool implicit_check_root(const implicit_model *of) {
  quantity r;
  if (!find_definition(of->model, of->root)) {
    report(of->inputs->with, "the model has no output or definition '%s' that a root could be of", of->root);
    return false;
  }
  if (!bind_quantity(of->inputs, of->root, &r)) return false;
  if (r.count == of->vector->free_count) return true;
  report(of->inputs->with,
         "a root needs as many equations as unknowns: entries of '%s': %lld, entries of the vars that may move: %lld; "
         "freeze entries, or leave equations out",
         of->root, (long long)r.count, (long long)of->vector->free_count);
  return false;
}

bool implicit_request_root(implicit_model *in) {
  name_list root = {0}, vars = in->vector->active;
  list_push(in->memory, &root, in->root);
  in->functions.transposed = -1;
  in->functions.adjoint = (implicit_function){-1, -1};
  if (!vars.count) {
    in->functions.product = in->functions.forward = in->functions.adjoint;
    return true;
  }
  return implicit_request_both(in, REQUEST_JVP, root, vars, &in->functions.product) &&
         implicit_request_both(in, REQUEST_JVP, root, in->wrt, &in->functions.forward) &&
         implicit_request_one(in, REQUEST_VJP, vars, root, false, &in->functions.transposed) &&
         implicit_request_one(in, REQUEST_VJP, in->wrt, root, false, &in->functions.adjoint.one);
}

/* Rows of equations, which stand at the begin of a block, to where their entries are. */
static void spread(const implicit_model *in, size_t count, double *block) {
  int64_t from = in->vector->free_count;
  for (int64_t to = in->vector->size; to-- > 0;) {
    double *row = block + to * (int64_t)count;
    if (in->vector->mask[to])
      memmove(row, block + --from * (int64_t)count, count * sizeof *row);
    else
      memset(row, 0, count * sizeof *row);
  }
}

static int equations(void *user, const double *x, double *f, double *r) {
  implicit_model *in = user;
  int status = in->equations(in->user, x, r);
  *f = 0;
  for (int64_t k = 0; k < in->vector->free_count; k++) *f += r[k] * r[k];
  spread(in, 1, r);
  return status;
}

/* What directions, which are not written, make of the equations. */
static int tangent(implicit_model *in, const implicit_function *of, const double *x, size_t count, const double *along,
                   implicit_splitter *split, double *read) {
  memset(read, 0, (size_t)in->vector->size * count * sizeof *read);
  if (of->one < 0) return 0;
  implicit_move_to(in, x);
  split(in, (double *)along, count, in->seeds);
  int function = count == 1 ? of->one : of->block;
  int status = in->run(in->user, function, count == 1 ? 0 : (int64_t)count, (const double *const *)in->seeds,
                       (double *[]){read});
  spread(in, count, read);
  return implicit_settle(status, in->vector->size * (int64_t)count, read);
}

static int product(void *user, const double *x, size_t count, const double *v, double *jv) {
  implicit_model *in = user;
  return tangent(in, &in->functions.product, x, count, v, implicit_split_vars, jv);
}

static int mixed_forward(void *user, const double *x, size_t count, const double *u, double *read) {
  implicit_model *in = user;
  return tangent(in, &in->functions.forward, x, count, u, implicit_split_parameters, read);
}

/* What weights on the equations make of vars or params, column after column. */
static int adjoint(implicit_model *in, int function, const double *x, size_t count, const double *v,
                   implicit_splitter *split, double *column, int64_t size, double *read) {
  const double *seeds[] = {in->equation_room};
  memset(read, 0, (size_t)size * count * sizeof *read);
  if (function < 0) return 0;
  implicit_move_to(in, x);
  memset(column, 0, (size_t)size * sizeof *column);
  split(in, column, 1, in->results);
  for (size_t k = 0; k < count; k++) {
    double *into = in->equation_room;
    for (int64_t place = 0; place < in->vector->size; place++)
      if (in->vector->mask[place]) *into++ = v[place * (int64_t)count + (int64_t)k];
    int status = implicit_settle(in->run(in->user, function, 0, seeds, in->results), size, column);
    if (status) return status;
    for (int64_t place = 0; place < size; place++) read[place * (int64_t)count + (int64_t)k] = column[place];
  }
  return 0;
}

static int transposed(void *user, const double *x, size_t count, const double *v, double *jv) {
  implicit_model *in = user;
  return adjoint(in, in->functions.transposed, x, count, v, implicit_split_vars, in->x_room, in->vector->size, jv);
}

static int mixed_adjoint(void *user, const double *x, size_t count, const double *v, double *read) {
  implicit_model *in = user;
  return adjoint(in, in->functions.adjoint.one, x, count, v, implicit_split_parameters, in->theta_room,
                 in->parameter_count, read);
}

void implicit_describe_root(implicit_model *in) {
  in->equation_room = arena_array(in->memory, double, in->vector->free_count + 1);
  in->problem.gradient = equations;
  in->problem.product = product;
  in->problem.transposed = transposed;
  in->problem.mixed_forward = mixed_forward;
  in->problem.mixed_adjoint = mixed_adjoint;
}
