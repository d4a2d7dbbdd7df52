/* Curvature that is not there. Along an axis, S = D H D shows 1 whatever rounding made of H; where x* has no curvature
 * (x^4, or terms that cancel) that is all there is. Gradients tell: what (g(x + t v) - g(x - t v)) / 2 t makes of an
 * entry is (H v)_k, over some range of distances t, where f is twice differentiable; noise is not. */
#include "runtime/implicit/state.h"

#include <math.h>
#include <string.h>

enum {
  DISTANCES = 28, /* from 1/4 of x on, each a fourth of the one before */
  RUN = 5,        /* as many in a row must agree */
  SWEEPS = 3,     /* all entries at once, with signs of chance, as often as that leaves some open */
  ALONE = 32      /* entries that are then looked at one by one */
};

static const double AGREES = 0.1;

/* Room, and what is open: short vectors. */
typedef struct {
  double *v, *hv, *other, *above, *below; /* other, above, below: whole */
  unsigned char *open, *run;
} sweep;

static double distance_unit(const implicit *in, size_t place) {
  return fmax(fabs(in->x[place]), 1e-3);
}

static bool gradient_beside(implicit *in, sweep *of, double t, double *g) {
  double f;
  memcpy(of->other, in->x, in->problem->size * sizeof *of->other);
  for (size_t k = 0; k < in->count; k++) of->other[in->place[k]] += t * of->v[k];
  return implicit_gradient(in, of->other, &f, g);
}

/* Along v: closes the entries that enough distances in a row agree on. */
static bool compare(implicit *in, sweep *of) {
  size_t n = in->count;
  if (!implicit_product(in, in->x, of->v, of->hv)) return false;
  memset(of->run, 0, n);
  double t = 0.25;
  for (int step = 0; step < DISTANCES; step++, t /= 4) {
    double at = t * (1 + 0.45 * implicit_uniform(in)); /* mantissas of chance, or rounding may agree with itself */
    if (!gradient_beside(in, of, at, of->above) || !gradient_beside(in, of, -at, of->below)) return false;
    for (size_t k = 0; k < n; k++) {
      double expected = 2 * at * of->hv[k], found = of->above[in->place[k]] - of->below[in->place[k]];
      of->run[k] = fabs(found - expected) <= AGREES * fabs(expected) ? (unsigned char)(of->run[k] + 1) : 0;
      if (of->run[k] == RUN) of->open[k] = 0;
    }
  }
  return true;
}

static size_t count_open(const implicit *in, const sweep *of) {
  size_t count = 0;
  for (size_t k = 0; k < in->count; k++) count += of->open[k];
  return count;
}

/* The axis that entry k of the gradient follows most; of a root's equation k, by the row k of J. */
static bool find_axis(implicit *in, sweep *of, size_t k, size_t *axis) {
  *axis = k;
  if (!in->root) return true;
  double largest = -1;
  memset(of->v, 0, in->count * sizeof *of->v);
  of->v[k] = 1;
  in->transposed = true;
  bool good = implicit_product(in, in->x, of->v, of->hv);
  in->transposed = false;
  for (size_t i = 0; i < in->count && good; i++) {
    double size = fabs(of->hv[i]) * distance_unit(in, in->place[i]);
    if (size > largest) *axis = i, largest = size;
  }
  return good;
}

/* Entry k along its axis alone; without any curvature there, it is the matrix's business. */
static bool compare_alone(implicit *in, sweep *of, size_t k) {
  size_t axis;
  if (!find_axis(in, of, k, &axis)) return false;
  memset(of->v, 0, in->count * sizeof *of->v);
  of->v[axis] = distance_unit(in, in->place[axis]);
  if (!compare(in, of)) return false;
  if (of->hv[k] == 0) of->open[k] = 0;
  return true;
}

/* H has nothing along axis k. Of a root, row k is nothing: which direction J makes nothing of is open. */
static bool note_flat(implicit *in, sweep *of, size_t k) {
  implicit_certificate *into = &in->certificate;
  into->zero++;
  if (into->has_inertia) into->positive--;
  into->condition = INFINITY;
  memset(of->v, 0, in->count * sizeof *of->v);
  of->v[k] = 1;
  return in->root || system_keep_null(in, of->v, ALONE);
}

static bool create(implicit *in, sweep *into) {
  double **briefs[] = {&into->v, &into->hv}, **wholes[] = {&into->other, &into->above, &into->below};
  for (int k = 0; k < 2; k++)
    if (!(*briefs[k] = implicit_zeros(in, in->count, 1))) return false;
  for (int k = 0; k < 3; k++)
    if (!(*wholes[k] = implicit_zeros(in, in->problem->size, 1))) return false;
  into->open = (unsigned char *)implicit_zeros(in, in->count, 1);
  into->run = into->open ? (unsigned char *)implicit_zeros(in, in->count, 1) : NULL;
  return into->run != NULL;
}

bool curvature_confirm(implicit *in) {
  sweep of;
  size_t alone = 0;
  if (!create(in, &of)) return false;
  memset(of.open, 1, in->count);
  for (int k = 0; k < SWEEPS && count_open(in, &of); k++) {
    for (size_t i = 0; i < in->count; i++) of.v[i] = implicit_sign(in) * distance_unit(in, in->place[i]);
    if (!compare(in, &of)) return false;
  }
  for (size_t k = 0; k < in->count && alone < ALONE; k++) {
    if (!of.open[k]) continue;
    alone++;
    if (!compare_alone(in, &of, k) || (of.open[k] && !note_flat(in, &of, k))) return false;
  }
  return true;
}
