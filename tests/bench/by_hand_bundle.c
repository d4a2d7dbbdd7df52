/* Bundle adjustment by hand: per observation forward, back, and both along a direction.
 *
 *   q = X + a u + b v + t,  u = w x X,  v = w x u,  a = sin(t)/t,  b = (1 - cos t)/t^2,  s = t^2 = w.w
 *   r[k] = F q[k]/q[2] - seen[k];  the objective is the sum of r^2/2
 *
 * With respect to s: a' = (cos t - a)/(2 s), b' = (a/2 - b)/s, a'' = -(a/2 + 3 a')/(2 s), b'' = (a'/2 - 2 b')/s.
 * Inputs camera (w, t, F in a row), point, seen, c, p. */
#include "tests/bench/bench.h"
#include <math.h>
#include <string.h>

typedef struct {
  double x, y, z;
} vector;

static inline vector load(const double *from) {
  return (vector){from[0], from[1], from[2]};
}

static inline void add_to(double *into, vector a) {
  into[0] += a.x;
  into[1] += a.y;
  into[2] += a.z;
}

static inline vector plus(vector a, vector b) {
  return (vector){a.x + b.x, a.y + b.y, a.z + b.z};
}

static inline vector times(double s, vector a) {
  return (vector){s * a.x, s * a.y, s * a.z};
}

static inline double inner(vector a, vector b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline vector cross(vector a, vector b) {
  return (vector){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/* One observation: what the way forward leaves for the way back. */
typedef struct {
  vector w, X, u, v, q;
  double s, cosine, a, b;
  double F, m[2], r[2]; /* m = q[k]/q[2] */
} observation;

static inline observation observe(const double *camera, const double *point, const double *seen) {
  observation o = {.w = load(camera), .X = load(point), .F = camera[6], .cosine = 1};
  o.s = inner(o.w, o.w);
  if (o.s > 1e-8) {
    double angle = sqrt(o.s);
    o.cosine = cos(angle);
    o.a = sin(angle) / angle;
    o.b = (1 - o.cosine) / o.s;
  } else {
    o.a = 1 - o.s / 6;
    o.b = 0.5 - o.s / 24;
  }
  o.u = cross(o.w, o.X);
  o.v = cross(o.w, o.u);
  o.q = plus(plus(o.X, load(camera + 3)), plus(times(o.a, o.u), times(o.b, o.v)));
  o.m[0] = o.q.x / o.q.z;
  o.m[1] = o.q.y / o.q.z;
  for (int k = 0; k < 2; k++) o.r[k] = o.F * o.m[k] - seen[k];
  return o;
}

/* The derivatives of a and b by s. */
typedef struct {
  double a, b, a_again, b_again;
} slopes;

static inline slopes slopes_of(const observation *o) {
  if (!(o->s > 1e-8)) return (slopes){-1.0 / 6, -1.0 / 24, 0, 0};
  slopes made = {(o->cosine - o->a) / (2 * o->s), (o->a / 2 - o->b) / o->s, 0, 0};
  made.a_again = -(o->a / 2 + 3 * made.a) / (2 * o->s);
  made.b_again = (made.a / 2 - 2 * made.b) / o->s;
  return made;
}

/* The adjoints on the way back. */
typedef struct {
  vector q, u, v;
  double m[2], a, b, s;
} adjoints;

static inline adjoints go_back(const observation *o, const slopes *by) {
  adjoints bar = {.m = {o->F * o->r[0], o->F * o->r[1]}};
  double down = 1 / o->q.z;
  bar.q = (vector){bar.m[0] * down, bar.m[1] * down, -(bar.m[0] * o->m[0] + bar.m[1] * o->m[1]) * down};
  bar.a = inner(o->u, bar.q);
  bar.b = inner(o->v, bar.q);
  bar.v = times(o->b, bar.q);
  bar.u = plus(times(o->a, bar.q), cross(bar.v, o->w));
  bar.s = bar.a * by->a + bar.b * by->b;
  return bar;
}

static double bundle_value(const ptrdiff_t *extents, const void *const *inputs, const double *const *directions,
                           double *const *results, double *work) {
  const double *camera = inputs[0], *point = inputs[1], *seen = inputs[2];
  const int64_t *c = inputs[3], *p = inputs[4];
  double sum = 0;
  (void)directions, (void)results, (void)work;
  for (ptrdiff_t k = 0; k < extents[2]; k++) {
    observation o = observe(camera + 7 * c[k], point + 3 * p[k], seen + 2 * k);
    sum += o.r[0] * o.r[0] + o.r[1] * o.r[1];
  }
  return sum / 2;
}

static double bundle_gradient(const ptrdiff_t *extents, const void *const *inputs, const double *const *directions,
                              double *const *results, double *work) {
  const double *camera = inputs[0], *point = inputs[1], *seen = inputs[2];
  const int64_t *c = inputs[3], *p = inputs[4];
  double sum = 0;
  (void)directions, (void)work;
  memset(results[0], 0, (size_t)(7 * extents[0]) * sizeof(double));
  memset(results[1], 0, (size_t)(3 * extents[1]) * sizeof(double));
  for (ptrdiff_t k = 0; k < extents[2]; k++) {
    observation o = observe(camera + 7 * c[k], point + 3 * p[k], seen + 2 * k);
    slopes by = slopes_of(&o);
    adjoints bar = go_back(&o, &by);
    double *g = results[0] + 7 * c[k];
    add_to(g, plus(times(2 * bar.s, o.w), plus(cross(o.u, bar.v), cross(o.X, bar.u))));
    add_to(g + 3, bar.q);
    g[6] += o.r[0] * o.m[0] + o.r[1] * o.m[1];
    add_to(results[1] + 3 * p[k], plus(bar.q, cross(bar.u, o.w)));
    sum += o.r[0] * o.r[0] + o.r[1] * o.r[1];
  }
  return sum / 2;
}

/* The tangent of one observation's way forward and back, added to the camera's and the point's product. */
static inline void add_product(const observation *o, const double *v_camera, const double *v_point, double *h_camera,
                               double *h_point) {
  slopes by = slopes_of(o);
  adjoints bar = go_back(o, &by);
  vector dw = load(v_camera), dX = load(v_point);
  double ds = 2 * inner(o->w, dw), da = by.a * ds, db = by.b * ds, dF = v_camera[6], down = 1 / o->q.z;
  vector du = plus(cross(dw, o->X), cross(o->w, dX)), dv = plus(cross(dw, o->u), cross(o->w, du));
  vector dq = plus(plus(dX, load(v_camera + 3)),
                   plus(plus(times(da, o->u), times(o->a, du)), plus(times(db, o->v), times(o->b, dv))));
  double dm[2] = {(dq.x - o->m[0] * dq.z) * down, (dq.y - o->m[1] * dq.z) * down}, dr[2], dm_bar[2];
  for (int k = 0; k < 2; k++) {
    dr[k] = dF * o->m[k] + o->F * dm[k];
    dm_bar[k] = dF * o->r[k] + o->F * dr[k];
    h_camera[6] += dr[k] * o->m[k] + o->r[k] * dm[k];
  }
  double turned = dm_bar[0] * o->m[0] + bar.m[0] * dm[0] + dm_bar[1] * o->m[1] + bar.m[1] * dm[1];
  vector dq_bar = {(dm_bar[0] - bar.q.x * dq.z) * down, (dm_bar[1] - bar.q.y * dq.z) * down,
                   -(turned + bar.q.z * dq.z) * down};
  double da_bar = inner(du, bar.q) + inner(o->u, dq_bar), db_bar = inner(dv, bar.q) + inner(o->v, dq_bar);
  vector dv_bar = plus(times(db, bar.q), times(o->b, dq_bar));
  vector du_bar = plus(plus(times(da, bar.q), times(o->a, dq_bar)), plus(cross(dv_bar, o->w), cross(bar.v, dw)));
  double ds_bar = da_bar * by.a + db_bar * by.b + (bar.a * by.a_again + bar.b * by.b_again) * ds;
  add_to(h_camera, plus(times(2 * ds_bar, o->w), times(2 * bar.s, dw)));
  add_to(h_camera, plus(cross(du, bar.v), cross(o->u, dv_bar)));
  add_to(h_camera, plus(cross(dX, bar.u), cross(o->X, du_bar)));
  add_to(h_camera + 3, dq_bar);
  add_to(h_point, plus(dq_bar, plus(cross(du_bar, o->w), cross(bar.u, dw))));
}

static double bundle_product(const ptrdiff_t *extents, const void *const *inputs, const double *const *directions,
                             double *const *results, double *work) {
  const double *camera = inputs[0], *point = inputs[1], *seen = inputs[2];
  const int64_t *c = inputs[3], *p = inputs[4];
  (void)work;
  memset(results[0], 0, (size_t)(7 * extents[0]) * sizeof(double));
  memset(results[1], 0, (size_t)(3 * extents[1]) * sizeof(double));
  for (ptrdiff_t k = 0; k < extents[2]; k++) {
    observation o = observe(camera + 7 * c[k], point + 3 * p[k], seen + 2 * k);
    add_product(&o, directions[0] + 7 * c[k], directions[1] + 3 * p[k], results[0] + 7 * c[k], results[1] + 3 * p[k]);
  }
  return 0;
}

const hand_written bundle_by_hand = {{bundle_value, bundle_gradient, bundle_product}};
