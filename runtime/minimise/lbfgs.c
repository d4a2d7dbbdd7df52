/* Limited-memory BFGS (Nocedal 1980): -H^-1 g from the last few pairs s = x+ - x, y = g+ - g, by the two-loop
 * recursion, from (s'y / y'y) I of the newest. Under bounds, the recursion runs in the space of the entries that move.
 */
#include "runtime/minimise/descend.h"
#include "runtime/minimise/methods.h"

#include <float.h>
#include <math.h>

typedef struct {
  size_t capacity, count, newest; /* pairs; they lie in a ring */
  double *s, *y;                  /* pair after pair */
  double scale;                   /* s'y / y'y of the newest */
  double *sy, *share;             /* s'y of each pair; what the recursion takes off along y */
} pairs;

static double *entries(const minimiser *m, double *of, size_t slot) {
  return of + slot * m->set.count;
}

static size_t slot_of(const pairs *known, size_t age) {
  return (known->newest + known->capacity - age) % known->capacity;
}

/* Pairs without positive curvature say nothing that a positive definite matrix could. */
static bool is_curved(double sy, double ss, double yy) {
  return sy > DBL_EPSILON * sqrt(ss) * sqrt(yy);
}

/* Under bounds, what the pairs say in the space of the entries that move. */
static void restrict_pairs(const minimiser *m, pairs *known) {
  known->scale = 0; /* no pair is of use yet */
  for (size_t age = 0; age < known->count; age++) {
    size_t slot = slot_of(known, age);
    const double *s = entries(m, known->s, slot), *y = entries(m, known->y, slot);
    double sy = minimiser_dot(m, s, y), yy = minimiser_dot(m, y, y);
    bool is_of_use = is_curved(sy, minimiser_dot(m, s, s), yy);
    known->sy[slot] = is_of_use ? sy : INFINITY; /* which divides all that is of this pair to nothing */
    if (is_of_use && known->scale == 0) known->scale = sy / yy;
  }
}

/* Each pass over d does the step of one pair and the product that the next pair needs. */
static bool direction(minimiser *m, void *memory, const minimise_point *at, double *d) {
  pairs *known = memory;
  if (m->moving) restrict_pairs(m, known);
  if (!known->count) {
    for (size_t k = 0; k < m->set.count; k++) d[k] = -at->g[k];
    return true;
  }
  const double *g = at->g, *u = g, *w;
  double product = -minimiser_dot(m, entries(m, known->s, known->newest), g);
  for (size_t age = 0; age < known->count; age++, u = d) {
    size_t slot = slot_of(known, age);
    const double *y = entries(m, known->y, slot);
    double share = known->share[slot] = product / known->sy[slot];
    w = age + 1 < known->count ? entries(m, known->s, slot_of(known, age + 1)) : y;
    product = minimiser_combine(m, d, &(combination){.c = age ? 1 : -1, .u = u, .a = -share, .v = y, .w = w});
  }
  double scale = known->scale > 0 ? known->scale : 1;
  product *= scale;
  for (size_t age = known->count; age-- > 0; scale = 1) {
    size_t slot = slot_of(known, age);
    double share = known->share[slot] - product / known->sy[slot];
    w = age > 0 ? entries(m, known->y, slot_of(known, age - 1)) : g;
    product = minimiser_combine(
        m, d, &(combination){.c = scale, .u = d, .a = share, .v = entries(m, known->s, slot), .w = w});
  }
  return true;
}

static void learn(minimiser *m, void *memory, const minimise_point *from, const minimise_point *to) {
  pairs *known = memory;
  size_t slot = (known->newest + 1) % known->capacity;
  double *s = entries(m, known->s, slot), *y = entries(m, known->y, slot), sy = 0, ss = 0, yy = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    s[k] = to->x[k] - from->x[k];
    y[k] = to->g[k] - from->g[k];
    sy += s[k] * y[k];
    ss += s[k] * s[k];
    yy += y[k] * y[k];
  }
  if (!is_curved(sy, ss, yy)) {
    /* The slot was that of the oldest pair where the ring is full, and is empty now. */
    if (known->count == known->capacity) known->count--;
    return;
  }
  known->newest = slot;
  known->sy[slot] = sy;
  known->scale = sy / yy;
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
  known.sy = known.y ? minimiser_zeros(m, known.capacity, 2) : NULL;
  if (!known.sy) return;
  known.share = known.sy + known.capacity;
  minimiser_keep(m, &known.s, known.capacity * m->set.count);
  minimiser_keep(m, &known.y, known.capacity * m->set.count);
  minimiser_keep(m, &known.sy, known.capacity);
  minimiser_keep_real(m, &known.scale);
  minimiser_keep_wholes(m, &known.count, 1, known.capacity + 1);
  minimiser_keep_wholes(m, &known.newest, 1, known.capacity);
  descend(m, &(descent){
                 .memory = &known, .direction = direction, .learn = learn, .is_scaled = is_scaled, .forget = forget});
}
