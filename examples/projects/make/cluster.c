/* Thirteen atoms come to rest: conjugate gradients (Polak and Ribiere) from a blown-up icosahedron with one atom
 * inside. The energy of this arrangement is known: -44.326801. */
#define CLUSTER_IMPLEMENTATION
#include "cluster.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATOMS = 13, NUMBERS = 3 * ATOMS };

typedef struct {
  cluster_dims dims;
  double *work;
} cluster;

static double energy(const cluster *of, const double *x, double *slope) {
  cluster_inputs inputs = {x};
  cluster_gradient gradient = {slope};
  double f = 0;
  int status = cluster_grad(&of->dims, &inputs, &f, &gradient, of->work);
  if (status) {
    fprintf(stderr, "%s\n", cluster_status(status));
    exit(1);
  }
  return f;
}

static double dot(const double *a, const double *b) {
  double sum = 0;
  for (int k = 0; k < NUMBERS; k++) sum += a[k] * b[k];
  return sum;
}

/* The atoms (0, +-1, +-golden), turned through the axes, and one in the middle, with a little disorder. */
static void icosahedron(double *x) {
  const double golden = (1 + sqrt(5)) / 2;
  memset(x, 0, NUMBERS * sizeof *x);
  for (int atom = 1; atom < ATOMS; atom++) {
    int axis = (atom - 1) / 4, signs = (atom - 1) % 4;
    x[3 * atom + (axis + 1) % 3] = signs & 1 ? 0.7 : -0.7;
    x[3 * atom + (axis + 2) % 3] = (signs & 2 ? 0.7 : -0.7) * golden;
  }
  for (int k = 0; k < NUMBERS; k++) x[k] += 0.05 * sin(k + 1.0);
}

/* Halves the step until the energy falls as the slope promises, but for rounding; begins at twice the last step. */
static void walk(const cluster *of, double *x, double before, const double *along, double slope, double *step) {
  double trial[NUMBERS], f;
  *step *= 4;
  do {
    *step /= 2;
    for (int k = 0; k < NUMBERS; k++) trial[k] = x[k] + *step * along[k];
    f = energy(of, trial, NULL);
  } while (*step > 1e-12 && !(f <= before + 1e-4 * *step * slope + 1e-14));
  memcpy(x, trial, sizeof trial);
}

int main(void) {
  cluster of = {.dims = {ATOMS}};
  double x[NUMBERS], slope[NUMBERS], last[NUMBERS], along[NUMBERS], step = 1e-3, f;
  of.work = malloc((cluster_workspace(&of.dims) + 1) * sizeof(double));
  if (!of.work) return 1;

  icosahedron(x);
  f = energy(&of, x, slope);
  printf("start    %.6f\n", f);
  for (int k = 0; k < NUMBERS; k++) along[k] = -slope[k];
  for (int count = 0; count < 1000 && dot(slope, slope) > 1e-14; count++) {
    walk(&of, x, f, along, dot(slope, along), &step);
    memcpy(last, slope, sizeof last);
    f = energy(&of, x, slope);
    double turn = fmax(0, (dot(slope, slope) - dot(slope, last)) / dot(last, last));
    for (int k = 0; k < NUMBERS; k++) along[k] = turn * along[k] - slope[k];
    if (dot(along, slope) >= 0)
      for (int k = 0; k < NUMBERS; k++) along[k] = -slope[k];
  }
  printf("energy   %.6f\n", f);
  printf("at rest  %s\n", sqrt(dot(slope, slope)) < 1e-6 ? "yes" : "no");
  free(of.work);
  return 0;
}
