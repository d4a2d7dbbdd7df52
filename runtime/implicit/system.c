/* What the kinds of systems share. */
#include "runtime/implicit/state.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Beyond, a matrix takes more memory, 8 n^2 bytes twice, than should be taken unasked. */
enum { MEDIUM = 4000 };

static bool create_kind(implicit *in) {
  static const system_kind *const kinds[2][2] = {{&krylov_system, &krylov_root}, {&dense_system, &dense_root}};
  in->system.kind = kinds[in->certificate.dense][in->root];
  return in->system.kind->create(in);
}

bool system_create(implicit *in) {
  implicit_system *of = &in->system;
  in->may_turn = in->options.solver == IMPLICIT_AUTOMATIC && !in->certificate.dense && in->set.count <= MEDIUM;
  if (in->may_turn && !(of->asked = implicit_zeros(in, in->set.count, 1))) return false;
  if (!(of->scale = of->row_scale = implicit_zeros(in, in->set.count, 1))) return false;
  if (in->root && !(of->row_scale = implicit_zeros(in, in->set.count, 1))) return false;
  return create_kind(in);
}

static bool turn_to_matrix(implicit *in) {
  in->may_turn = false;
  in->certificate.dense = true;
  return create_kind(in) && system_form(in);
}

bool system_form(implicit *in) {
  return in->system.kind->form(in);
}

bool system_solve(implicit *in, const double *b, double *y, bool *converged) {
  bool may_turn = in->may_turn;
  if (may_turn) memcpy(in->system.asked, b, in->count * sizeof *b);
  if (!in->system.kind->solve(in, b, y, converged)) return false;
  if (*converged || !may_turn) return true;
  return turn_to_matrix(in) && in->system.kind->solve(in, in->system.asked, y, converged);
}

const double *system_rows(const implicit *in) {
  return in->transposed ? in->system.scale : in->system.row_scale;
}

const double *system_columns(const implicit *in) {
  return in->transposed ? in->system.row_scale : in->system.scale;
}

double system_power(double length) {
  int exponent;
  if (!(length > 0 && length <= DBL_MAX)) return 1;
  frexp(length, &exponent);
  return ldexp(1, exponent < DBL_MIN_EXP ? -DBL_MIN_EXP : -exponent);
}

double system_norm(const implicit *in, const double *v) {
  double sum = 0;
  for (size_t k = 0; k < in->count; k++) sum = hypot(sum, v[k] / in->system.scale[k]);
  return sum;
}

bool system_certify(implicit *in) {
  in->null_directions = NULL;
  in->null_count = 0;
  if (in->system.kind->certify(in)) return true;
  if (in->certificate.status != IMPLICIT_LINEAR_SOLVE_FAILED || !in->may_turn) return false;
  return turn_to_matrix(in) && in->system.kind->certify(in);
}

bool system_find_vanishing(implicit *in) {
  in->null_directions = NULL;
  in->null_count = 0;
  if (in->system.kind->find_vanishing) return in->system.kind->find_vanishing(in);
  /* What x is uncertain by points along the direction that loses its curvature. */
  for (size_t k = 0; k < in->problem->size; k++) in->whole[2][k] = in->around[0][k] - in->x[k];
  implicit_gather(in, in->whole[2], in->brief[0]);
  return system_keep_null(in, in->brief[0], 1);
}

bool system_rounding(implicit *in, const double *x, const double *v, const double *hv, const double *b, double *into) {
  size_t n = in->count;
  if (in->certificate.dense) {
    system_magnitude(in, v, hv, b, into);
    for (size_t i = 0; i < n; i++) into[i] *= DBL_EPSILON * implicit_uniform(in);
    return true;
  }
  double *shift = in->brief[2], *product = in->brief[3];
  if (!implicit_product(in, x, v, into)) return false;
  for (size_t i = 0; i < n; i++) shift[i] = v[i] + implicit_uniform(in) * v[i];
  if (!implicit_product(in, x, shift, product)) return false;
  for (size_t i = 0; i < n; i++) {
    into[i] = product[i] - into[i];
    shift[i] -= v[i];
  }
  if (!implicit_product(in, x, shift, product)) return false;
  for (size_t i = 0; i < n; i++)
    into[i] += DBL_EPSILON * implicit_uniform(in) * fabs(b[i]) + implicit_sign(in) * DBL_TRUE_MIN - product[i];
  return true;
}

void system_magnitude(const implicit *in, const double *v, const double *hv, const double *b, double *into) {
  size_t n = in->count;
  double largest = 0;
  for (size_t i = 0; i < n; i++) into[i] = DBL_MIN + fabs(b[i]) + (in->certificate.dense ? 0 : fabs(hv[i]));
  size_t down = in->transposed ? n : 1, across = in->transposed ? 1 : n; /* from row to row, and column to column */
  for (size_t j = 0; j < n && in->certificate.dense; j++)
    for (size_t i = 0; i < n; i++) into[i] += fabs(in->system.matrix[j * across + i * down] * v[j]);
  for (size_t i = 0; i < n; i++) largest = fmax(largest, system_rows(in)[i] * into[i]);
  for (size_t i = 0; i < n && !in->certificate.dense; i++) into[i] = largest / system_rows(in)[i];
}

void system_estimate_magnitude(const implicit *in, const double *v, double *into) {
  double largest = 0;
  for (size_t k = 0; k < in->count; k++) largest = fmax(largest, fabs(v[k]) / system_columns(in)[k]);
  for (size_t k = 0; k < in->count; k++) into[k] = largest / system_rows(in)[k];
}

bool system_has_pseudo_inverse(const implicit *in) {
  return !in->certificate.dense || in->system.pseudo;
}

bool system_keep_null(implicit *in, const double *v, size_t room) {
  if (!in->null_directions && !(in->null_directions = implicit_zeros(in, room, in->problem->size))) return false;
  double *into = in->null_directions + in->null_count * in->problem->size, length = 0;
  for (size_t k = 0; k < in->count; k++) length = hypot(length, v[k]);
  for (size_t k = 0; k < in->count; k++) into[in->place[k]] = v[k] / length;
  in->null_count++;
  return true;
}
