/* What the two kinds of systems share. */
#include "runtime/implicit/state.h"

#include <float.h>
#include <math.h>
#include <string.h>

bool system_create(implicit *in) {
  if (!(in->system.scale = implicit_zeros(in, in->set.count, 1))) return false;
  return in->certificate.dense ? dense_system_create(in) : krylov_create(in);
}

bool system_form(implicit *in) {
  return in->certificate.dense ? dense_system_form(in) : krylov_form(in);
}

bool system_solve(implicit *in, const double *b, double *y, bool *converged) {
  *converged = true;
  if (!in->certificate.dense) return krylov_solve(in, b, y, converged);
  dense_system_solve(in, b, y);
  return true;
}

double system_scale(double size) {
  int exponent;
  if (!(size > DBL_MIN && size < DBL_MAX)) return 1;
  frexp(sqrt(size), &exponent);
  return ldexp(1, -exponent);
}

double system_norm(const implicit *in, const double *v) {
  double sum = 0;
  for (size_t k = 0; k < in->count; k++) sum = hypot(sum, v[k] / in->system.scale[k]);
  return sum;
}

bool system_certify(implicit *in) {
  return in->certificate.dense ? dense_system_certify(in) : krylov_certify(in);
}

bool system_find_vanishing(implicit *in) {
  in->null_directions = NULL;
  in->null_count = 0;
  if (in->certificate.dense) return dense_system_find_vanishing(in);
  /* What x is uncertain by points along the direction that loses its curvature. */
  for (size_t k = 0; k < in->problem->size; k++) in->whole[2][k] = in->around[0][k] - in->x[k];
  implicit_gather(in, in->whole[2], in->brief[0]);
  return system_keep_null(in, in->brief[0], 1);
}

bool system_rounding(implicit *in, const double *x, const double *v, const double *hv, const double *b, double *into) {
  size_t n = in->count;
  if (in->certificate.dense) {
    system_magnitude(in, v, hv, b, into);
    for (size_t i = 0; i < n; i++) into[i] *= DBL_EPSILON * implicit_sign(in);
    return true;
  }
  double *shift = in->brief[2], *product = in->brief[3];
  if (!implicit_product(in, x, v, into)) return false;
  for (size_t i = 0; i < n; i++) shift[i] = v[i] + DBL_EPSILON * implicit_sign(in) * v[i];
  if (!implicit_product(in, x, shift, product)) return false;
  for (size_t i = 0; i < n; i++) {
    into[i] = product[i] - into[i];
    shift[i] -= v[i];
  }
  if (!implicit_product(in, x, shift, product)) return false;
  for (size_t i = 0; i < n; i++) into[i] += DBL_EPSILON * implicit_sign(in) * fabs(b[i]) - product[i];
  return true;
}

void system_magnitude(const implicit *in, const double *v, const double *hv, const double *b, double *into) {
  size_t n = in->count;
  double largest = 0;
  for (size_t i = 0; i < n; i++) into[i] = fabs(b[i]) + (in->certificate.dense ? 0 : fabs(hv[i]));
  for (size_t j = 0; j < n && in->certificate.dense; j++)
    for (size_t i = 0; i < n; i++) into[i] += fabs(in->system.matrix[j * n + i] * v[j]);
  for (size_t i = 0; i < n; i++) largest = fmax(largest, in->system.scale[i] * into[i]);
  for (size_t i = 0; i < n && !in->certificate.dense; i++) into[i] = largest / in->system.scale[i];
}

void system_estimate_magnitude(const implicit *in, const double *v, double *into) {
  double largest = 0;
  for (size_t k = 0; k < in->count; k++) largest = fmax(largest, fabs(v[k]) / in->system.scale[k]);
  for (size_t k = 0; k < in->count; k++) into[k] = largest / in->system.scale[k];
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
