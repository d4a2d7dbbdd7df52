#include "runtime/implicit/state.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

typedef union block {
  union block *next;
  max_align_t alignment;
} block;

double *implicit_zeros(implicit *in, size_t rows, size_t columns) {
  block *made = NULL;
  if (!columns || rows <= (SIZE_MAX - sizeof *made) / sizeof(double) / columns)
    made = calloc(1, sizeof *made + rows * columns * sizeof(double));
  if (!made) {
    implicit_fail(in, IMPLICIT_NO_MEMORY);
    return NULL;
  }
  made->next = in->blocks;
  in->blocks = made;
  return (double *)(made + 1);
}

void implicit_release(implicit *in) {
  for (block *at = in->blocks, *next; at; at = next) {
    next = at->next;
    free(at);
  }
  free_set_release(&in->set);
  free(in);
}

bool implicit_fail(implicit *in, implicit_status status) {
  in->certificate.status = status;
  return false;
}

bool implicit_answered(implicit *in, int callback) {
  if (!callback) return true;
  in->certificate.callback = callback;
  return implicit_fail(in, IMPLICIT_CALLBACK_FAILED);
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(implicit *in) {
  uint64_t z = in->random += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double implicit_sign(implicit *in) {
  return next_random(in) >> 63 ? 1 : -1;
}

double implicit_uniform(implicit *in) {
  return (double)(next_random(in) >> 11) * 0x1p-52 - 1;
}

double implicit_largest(size_t n, const double *v) {
  double largest = 0;
  for (size_t k = 0; k < n; k++) {
    if (!(fabs(v[k]) <= largest)) largest = fabs(v[k]);
    if (isnan(largest)) break;
  }
  return largest;
}

double implicit_size_of_x(const implicit *in) {
  double largest = implicit_largest(in->problem->size, in->x);
  return largest > 0 ? largest : 1;
}

double implicit_unit(const implicit *in, size_t place) {
  double width = in->set.lower && in->set.upper ? in->set.upper[place] - in->set.lower[place] : INFINITY;
  double size = fmax(1, fabs(in->x[place]));
  return width > 0 && width < size ? width : size;
}

double implicit_length(const implicit *in, const double *brief) {
  double largest = 0;
  for (size_t k = 0; k < in->count; k++) {
    double size = fabs(brief[k]) / implicit_unit(in, in->place[k]);
    if (!(size <= largest)) largest = size;
    if (isnan(largest)) break;
  }
  return largest;
}

void implicit_gather(const implicit *in, const double *whole, double *brief) {
  for (size_t k = 0; k < in->count; k++) brief[k] = whole[in->place[k]];
}

void implicit_scatter(const implicit *in, const double *brief, double *whole) {
  for (size_t place = 0; place < in->problem->size; place++) whole[place] = 0;
  for (size_t k = 0; k < in->count; k++) whole[in->place[k]] = brief[k];
}

bool implicit_products(implicit *in, bool transposed, const double *x, size_t count, const double *v, double *hv) {
  const implicit_problem *problem = in->problem;
  in->certificate.products += count;
  return implicit_answered(in, transposed ? problem->transposed(problem->user, x, count, v, hv)
                                          : problem->product(problem->user, x, count, v, hv));
}

bool implicit_product(implicit *in, const double *x, const double *v, double *hv) {
  double *direction = in->whole[0], *product = in->whole[1];
  implicit_scatter(in, v, direction);
  if (!implicit_products(in, in->transposed, x, 1, direction, product)) return false;
  for (size_t k = 0; k < in->count; k++) hv[k] = product[in->place[k]] + in->damping * v[k];
  return true;
}

bool implicit_gradient(implicit *in, const double *x, double *f, double *g) {
  return implicit_answered(in, in->problem->gradient(in->problem->user, x, f, g));
}

void implicit_nudge(implicit *in, double distance, int steps) {
  if (in->problem->nudge) in->problem->nudge(in->problem->user, distance, steps);
}
