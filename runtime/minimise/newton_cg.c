/* Newton's method in a trust region: the quadratic model is minimised by conjugate gradients on products H v, up to the
 * region's border or a direction of negative curvature (Steihaug 1983). Under bounds, over the entries that move, and
 * the step is projected. */
#include "runtime/minimise/methods.h"
#include "runtime/minimise/trust.h"

#include <math.h>

typedef struct {
  trust_points points;
  double *p, *r, *d, *hd; /* the step; the model's gradient there; the direction, and H times it */
  double radius;
  bool knows_r; /* is r what it says? */
} region;

/* The t > 0 for which |p + t d| is the radius; by d / |d|, so that squares of large numbers do not meet. */
static double to_border(const minimiser *m, const region *in) {
  double length = sqrt(minimiser_dot(m, in->d, in->d)), along = minimiser_dot(m, in->p, in->d) / length;
  double room = fmax(0, in->radius * in->radius - minimiser_dot(m, in->p, in->p)), root = sqrt(along * along + room);
  return (along > 0 ? room / (along + root) : root - along) / length;
}

static void add(const minimiser *m, double *to, double factor, const double *v) {
  for (size_t k = 0; k < m->set.count; k++) {
    if (minimiser_moves(m, k)) to[k] += factor * v[k];
  }
}

/* p := -g, as long as the radius: where g'Hg may overflow. */
static void go_steepest(const minimiser *m, region *in) {
  double length = 0;
  in->knows_r = false;
  for (size_t k = 0; k < m->set.count; k++) length = hypot(length, in->r[k]);
  for (size_t k = 0; k < m->set.count; k++) in->p[k] = -(in->r[k] / length) * in->radius;
}

/* p := about the minimum of g'p + p'Hp/2 for |p| <= radius. False: the run has ended. */
static bool find_step(minimiser *m, region *in) {
  for (size_t k = 0; k < m->set.count; k++) {
    in->p[k] = 0;
    in->r[k] = minimiser_moves(m, k) ? in->points.at.g[k] : 0;
    in->d[k] = -in->r[k];
  }
  double rr = minimiser_dot(m, in->r, in->r), start = sqrt(rr), goal = fmin(0.5, sqrt(start)) * start;
  in->knows_r = true;
  if (!(start < 1e90)) {
    go_steepest(m, in);
    return true;
  }
  for (size_t k = 0; k < 2 * m->set.count + 10 && sqrt(rr) > goal; k++) {
    if (!minimiser_product(m, in->points.at.x, in->d, in->hd)) return false;
    double curvature = minimiser_dot(m, in->d, in->hd), border = to_border(m, in), t = rr / curvature;
    if (!(curvature > 0) || !(t < border)) {
      add(m, in->p, border, in->d);
      add(m, in->r, border, in->hd);
      return true;
    }
    add(m, in->p, t, in->d);
    add(m, in->r, t, in->hd);
    double before = rr;
    rr = minimiser_dot(m, in->r, in->r);
    for (size_t i = 0; i < m->set.count; i++) in->d[i] = rr / before * in->d[i] - in->r[i];
  }
  return true;
}

/* What the model promises of s = x+ - x, which the bounds may have cut: -(g's + s'Hs/2). Without bounds that is
 * -(g + r)'p/2. */
static bool find_promise(minimiser *m, region *in, double *promised) {
  double linear = 0, quadratic = 0;
  if (!m->set.bounded && in->knows_r) {
    *promised = -(minimiser_dot(m, in->points.at.g, in->p) + minimiser_dot(m, in->r, in->p)) / 2;
    return true;
  }
  for (size_t k = 0; k < m->set.count; k++) in->d[k] = in->points.next.x[k] - in->points.at.x[k];
  if (!minimiser_product(m, in->points.at.x, in->d, in->hd)) return false;
  for (size_t k = 0; k < m->set.count; k++) {
    linear += in->points.at.g[k] * in->d[k];
    quadratic += in->d[k] * in->hd[k];
  }
  *promised = -linear - quadratic / 2;
  return true;
}

static bool advance(minimiser *m, void *memory) {
  region *in = memory;
  double first = INFINITY, promised = 0, ratio = -1;
  while (!trust_accepts(ratio)) {
    if (!find_step(m, in)) return false;
    double length = sqrt(minimiser_dot(m, in->p, in->p));
    if (!isfinite(length)) return minimiser_end(m, END_PRODUCT_NOT_FINITE);
    if (!trust_place(m, &in->points, in->p)) return minimiser_no_progress(m, &in->points.at, first);
    if (!find_promise(m, in, &promised)) return false;
    if (first == INFINITY) first = promised;
    if (!trust_ratio(m, &in->points, promised, &ratio)) return false;
    if (trust_accepts(ratio)) {
      if (!minimiser_gradient(m, &in->points.next)) return false;
      if (!isfinite(in->points.next.grad_inf)) ratio = -1;
    }
    if (ratio < 0.25)
      in->radius = 0.25 * fmin(length, in->radius);
    else if (ratio > 0.75 && length > 0.99 * in->radius)
      in->radius *= 3;
  }
  return true;
}

void minimise_newton_cg(minimiser *m) {
  size_t n = m->set.count;
  region in = {.p = minimiser_zeros(m, 4, n)};
  if (!in.p || !trust_start(m, &in.points)) return;
  minimiser_keep_amount(m, &in.radius);
  /* The first steps may be as long as x is. */
  double length = 0;
  for (size_t k = 0; k < n; k++) length = hypot(length, in.points.at.x[k]);
  in.radius = minimiser_step(m, fmax(1, length));
  in.r = in.p + n;
  in.d = in.r + n;
  in.hd = in.d + n;
  trust_run(m, &in.points, advance, &in);
}
