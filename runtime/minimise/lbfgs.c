/* Limited-memory BFGS (Nocedal 1980): -H^-1 g from the last few pairs s = x+ - x, y = g+ - g, by the two-loop
 * recursion, from (s'y / y'y) I of the newest. Under bounds, the recursion runs in the space of the entries that move.
 */
#include "runtime/minimise/descend.h"
#include "runtime/minimise/methods.h"

#include <float.h>

typedef struct {
  size_t capacity, count, newest; /* pairs; they lie in a ring */
  double *s, *y, *share;          /* pair after pair; `share` has a number each, for the recursion */
} pairs;

static double *entries(const minimiser *m, double *of, size_t slot) {
  return of + slot * m->set.count;
}

/* Pairs without positive curvature say nothing that a positive definite matrix could. */
static bool is_curved(double sy, double yy) {
  return sy > DBL_EPSILON * yy;
}

static bool direction(minimiser *m, void *memory, const minimise_point *at, double *d) {
  pairs *known = memory;
  double scale = 0; /* 0: no pair is of use yet */
  for (size_t k = 0; k < m->set.count; k++) d[k] = minimiser_moves(m, k) ? -at->g[k] : 0;
  for (size_t age = 0; age < known->count; age++) {
    size_t slot = (known->newest + known->capacity - age) % known->capacity;
    const double *s = entries(m, known->s, slot), *y = entries(m, known->y, slot);
    double sy = minimiser_dot(m, s, y), yy = minimiser_dot(m, y, y);
    known->share[slot] = 0;
    if (!is_curved(sy, yy)) continue;
    if (scale == 0) scale = sy / yy;
    double share = known->share[slot] = minimiser_dot(m, s, d) / sy;
    for (size_t k = 0; k < m->set.count; k++) d[k] -= share * y[k];
  }
  for (size_t k = 0; scale > 0 && k < m->set.count; k++) d[k] *= scale;
  for (size_t age = known->count; age-- > 0;) {
    size_t slot = (known->newest + known->capacity - age) % known->capacity;
    const double *s = entries(m, known->s, slot), *y = entries(m, known->y, slot);
    double sy = minimiser_dot(m, s, y);
    if (!is_curved(sy, minimiser_dot(m, y, y))) continue;
    double share = known->share[slot] - minimiser_dot(m, y, d) / sy;
    for (size_t k = 0; k < m->set.count; k++) d[k] += share * s[k];
  }
  return true;
}

static void learn(minimiser *m, void *memory, const minimise_point *from, const minimise_point *to) {
  pairs *known = memory;
  size_t slot = (known->newest + 1) % known->capacity;
  double *s = entries(m, known->s, slot), *y = entries(m, known->y, slot), sy = 0, yy = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    s[k] = to->x[k] - from->x[k];
    y[k] = to->g[k] - from->g[k];
    sy += s[k] * y[k];
    yy += y[k] * y[k];
  }
  if (!is_curved(sy, yy)) {
    /* The slot was that of the oldest pair where the ring is full, and is empty now. */
    if (known->count == known->capacity) known->count--;
    return;
  }
  known->newest = slot;
  if (known->count < known->capacity) known->count++;
}

static bool is_scaled(const void *memory) {
  return ((const pairs *)memory)->count > 0;
}

static void forget(void *memory) {
  ((pairs *)memory)->count = 0;
}

void minimise_lbfgs(minimiser *m) {
  pairs known = {.capacity = m->options->memory};
  known.s = minimiser_zeros(m, known.capacity, m->set.count);
  known.y = known.s ? minimiser_zeros(m, known.capacity, m->set.count) : NULL;
  known.share = known.y ? minimiser_zeros(m, known.capacity, 1) : NULL;
  if (!known.share) return;
  minimiser_keep(m, &known.s, known.capacity * m->set.count);
  minimiser_keep(m, &known.y, known.capacity * m->set.count);
  minimiser_keep_wholes(m, &known.count, 1, known.capacity + 1);
  minimiser_keep_wholes(m, &known.newest, 1, known.capacity);
  descend(m, &(descent){
                 .memory = &known, .direction = direction, .learn = learn, .is_scaled = is_scaled, .forget = forget});
}
