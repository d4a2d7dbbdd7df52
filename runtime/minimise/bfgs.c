/* BFGS with the inverse H of the Hessian's approximation as a matrix. Under bounds, the block of H of the entries that
 * move is used and updated alone. */
#include "runtime/minimise/descend.h"
#include "runtime/minimise/methods.h"

#include <float.h>
#include <math.h>

typedef struct {
  double *inverse; /* count x count, symmetric; nothing before an update */
  double *s, *y, *hy;
  size_t learned; /* 0 or 1 */
} approximation;

static void multiply(const minimiser *m, const double *matrix, const double *v, double sign, double *out) {
  for (size_t i = 0; i < m->set.count; i++)
    out[i] = minimiser_moves(m, i) ? sign * minimiser_dot(m, matrix + i * m->set.count, v) : 0;
}

static bool direction(minimiser *m, void *memory, const minimise_point *at, double *d) {
  const approximation *of = memory;
  if (of->learned) multiply(m, of->inverse, at->g, -1, d);
  for (size_t k = 0; !of->learned && k < m->set.count; k++) d[k] = -at->g[k];
  return true;
}

/* H+ = (I - s y'/s'y) H (I - y s'/s'y) + s s'/s'y, from (s'y / y'y) I at first. */
static void learn(minimiser *m, void *memory, const minimise_point *from, const minimise_point *to) {
  approximation *of = memory;
  size_t n = m->set.count;
  for (size_t k = 0; k < n; k++) {
    of->s[k] = minimiser_moves(m, k) ? to->x[k] - from->x[k] : 0;
    of->y[k] = minimiser_moves(m, k) ? to->g[k] - from->g[k] : 0;
  }
  double sy = minimiser_dot(m, of->s, of->y), yy = minimiser_dot(m, of->y, of->y);
  if (!(sy > DBL_EPSILON * sqrt(minimiser_dot(m, of->s, of->s)) * sqrt(yy))) return;
  for (size_t k = 0; !of->learned && k < n * n; k++) of->inverse[k] = k % (n + 1) ? 0 : sy / yy;
  of->learned = 1;
  multiply(m, of->inverse, of->y, 1, of->hy);
  double both = (1 + minimiser_dot(m, of->y, of->hy) / sy) / sy;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++)
      of->inverse[i * n + j] += both * of->s[i] * of->s[j] - (of->hy[i] * of->s[j] + of->s[i] * of->hy[j]) / sy;
  }
}

static bool is_scaled(const void *memory) {
  return ((const approximation *)memory)->learned != 0;
}

static void forget(void *memory) {
  ((approximation *)memory)->learned = 0;
}

void minimise_bfgs(minimiser *m) {
  size_t n = m->set.count;
  approximation of = {.inverse = minimiser_zeros(m, n, n)};
  of.s = of.inverse ? minimiser_zeros(m, 3, n) : NULL;
  if (!of.s) return;
  minimiser_keep(m, &of.inverse, n * n);
  minimiser_keep_wholes(m, &of.learned, 1, 2);
  of.y = of.s + n;
  of.hy = of.y + n;
  descend(m,
          &(descent){.memory = &of, .direction = direction, .learn = learn, .is_scaled = is_scaled, .forget = forget});
}
