/* H by products alone: conjugate gradients and MINRES on S = D H D. Both make a tridiagonal matrix of S (Lanczos),
 * whose extreme eigenvalues tell the condition and whether there is negative curvature. */
#include "runtime/dense.h"
#include "runtime/implicit/state.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum {
  PROBES = 16,   /* products for the diagonal of S */
  PASSES = 4,    /* of estimates, */
  EVEN = 16,     /* until no entry is so many times larger or smaller than their mean */
  LONGEST = 4000 /* eigenvalues of longer matrices take too long */
};

bool krylov_create(implicit *in) {
  implicit_system *of = &in->system;
  size_t n = in->set.count;
  size_t room = in->options.iterations ? in->options.iterations : 10 * n + 100;
  of->room = room < LONGEST ? room : LONGEST;
  for (int k = 0; k < 9; k++)
    if (!(of->krylov[k] = implicit_zeros(in, n, 1))) return false;
  of->diagonal = implicit_zeros(in, of->room + 1, 1);
  of->subdiagonal = of->diagonal ? implicit_zeros(in, of->room + 1, 1) : NULL;
  return of->subdiagonal != NULL;
}

double krylov_dot(size_t n, const double *a, const double *b) {
  double sum = 0;
  for (size_t k = 0; k < n; k++) sum += a[k] * b[k];
  return sum;
}

/* sv = S v; and the curvature v'Hv / v'v of what D makes of v. */
static bool scaled_product(implicit *in, const double *v, double *sv) {
  size_t n = in->count;
  const double *scale = in->system.scale;
  double *direction = in->brief[0];
  for (size_t k = 0; k < n; k++) direction[k] = scale[k] * v[k];
  if (!implicit_product(in, in->x, direction, sv)) return false;
  double curvature = krylov_dot(n, direction, sv) / krylov_dot(n, direction, direction);
  if (!(curvature >= in->certificate.least_curvature)) in->certificate.least_curvature = curvature;
  for (size_t k = 0; k < n; k++) sv[k] *= scale[k];
  return true;
}

/* The size of the diagonal of S, estimated by products with signs z: the mean of z S z, entry by entry (Bekas,
 * Kokiopoulou and Saad 2007), but no less than what it may be wrong by: the length of the row over the root of the
 * number of signs. */
static bool estimate_diagonal(implicit *in, double *size) {
  size_t n = in->count;
  double *z = in->system.krylov[0], *sz = in->system.krylov[1], *length = in->system.krylov[3];
  memset(size, 0, n * sizeof *size);
  memset(length, 0, n * sizeof *length);
  for (int probe = 0; probe < PROBES; probe++) {
    for (size_t k = 0; k < n; k++) z[k] = implicit_sign(in);
    if (!scaled_product(in, z, sz)) return false;
    for (size_t k = 0; k < n; k++) {
      size[k] += z[k] * sz[k] / PROBES;
      length[k] = hypot(length[k], sz[k] / PROBES);
    }
  }
  for (size_t k = 0; k < n; k++) size[k] = fmax(fabs(size[k]), length[k]);
  return isfinite(implicit_largest(n, size)) || implicit_fail(in, IMPLICIT_NOT_FINITE);
}

/* D, so that S has a diagonal of about ones: where units differ, small entries are lost in what large ones make of the
 * estimate, until these are scaled, so that it is made again. A poor one costs iterations, and in the end digits. */
static bool form(implicit *in) {
  size_t n = in->count;
  double *scale = in->system.scale, *size = in->system.krylov[2];
  bool even = false;
  for (size_t k = 0; k < n; k++) scale[k] = 1;
  for (int pass = 0; pass < PASSES && !even; pass++) {
    double mean = 0;
    if (!estimate_diagonal(in, size)) return false;
    for (size_t k = 0; k < n; k++) mean += size[k] / (double)n;
    even = true;
    /* The shortest solution is one in the vars' own units. */
    for (size_t k = 0; k < n && !in->options.least_norm; k++) {
      bool is_even = size[k] > mean / EVEN && size[k] < mean * EVEN;
      if (pass && is_even) continue; /* estimates are no better than that */
      even = even && is_even;
      scale[k] *= system_power(sqrt(fmax(size[k], 1e-8 * mean)));
    }
  }
  in->certificate.least_curvature = NAN;
  in->system.smallest = INFINITY;
  in->system.largest = 0;
  return true;
}

size_t krylov_iterations(const implicit *in) {
  if (in->options.iterations) return in->options.iterations;
  return in->may_turn ? in->count : 10 * in->count + 100; /* a matrix takes as many products */
}

/* The Lanczos matrix of an iteration: its extreme eigenvalues widen what is known of S. */
static void note_values(implicit *in, size_t count) {
  implicit_system *of = &in->system;
  if (!count || !dense_tridiagonal_values(count, of->diagonal, of->subdiagonal)) return;
  of->smallest = fmin(of->smallest, of->diagonal[0]);
  of->largest = fmax(of->largest, fmax(fabs(of->diagonal[0]), fabs(of->diagonal[count - 1])));
}

/* S y = b by conjugate gradients from y = 0, to |r| <= goal |b|. False: a function failed. *definite is false where a
 * direction without positive curvature came up: then y is what was reached before. */
static bool conjugate_gradients(implicit *in, const double *b, double *y, double goal, bool *converged,
                                bool *definite) {
  implicit_system *of = &in->system;
  size_t n = in->count, kept = 0;
  double *r = of->krylov[0], *p = of->krylov[1], *sp = of->krylov[2], before = 0, step = 1;
  memset(y, 0, n * sizeof *y);
  memcpy(r, b, n * sizeof *r);
  double rr = krylov_dot(n, r, r), least = goal * goal * rr;
  *definite = true;
  for (size_t k = 0; rr > least && k < krylov_iterations(in); k++) {
    double beta = k ? rr / before : 0;
    for (size_t i = 0; i < n; i++) p[i] = r[i] + beta * p[i];
    if (!scaled_product(in, p, sp)) return false;
    in->certificate.iterations++;
    double curvature = krylov_dot(n, p, sp), relative = curvature / krylov_dot(n, p, p), old = step;
    of->largest = fmax(of->largest, relative);
    if (!(relative > 8 * DBL_EPSILON * of->largest)) {
      *definite = false;
      of->smallest = fmin(of->smallest, relative);
      break;
    }
    step = rr / curvature;
    if (kept < of->room) {
      of->diagonal[kept] = 1 / step + (k ? beta / old : 0);
      if (k) of->subdiagonal[kept - 1] = sqrt(beta) / old;
      kept++;
    }
    for (size_t i = 0; i < n; i++) {
      y[i] += step * p[i];
      r[i] -= step * sp[i];
    }
    before = rr;
    rr = krylov_dot(n, r, r);
  }
  note_values(in, kept);
  *converged = *definite && rr <= least;
  return true;
}

/* Numbers of MINRES that go from one iteration to the next. */
typedef struct {
  double beta, beta_before, cosine, sine, delta_bar, epsilon, phi_bar;
} rotation_state;

/* Takes the new column (alpha, beta) of the Lanczos matrix into its QR factorisation. Gives the step along w, whose
 * recurrence needs delta, epsilon and gamma. */
static double rotate(rotation_state *at, double alpha, double *delta, double *epsilon, double *gamma) {
  *epsilon = at->epsilon;
  *delta = at->cosine * at->delta_bar + at->sine * alpha;
  double gamma_bar = at->sine * at->delta_bar - at->cosine * alpha;
  at->epsilon = at->sine * at->beta;
  at->delta_bar = -at->cosine * at->beta;
  *gamma = fmax(hypot(gamma_bar, at->beta), DBL_MIN);
  at->cosine = gamma_bar / *gamma;
  at->sine = at->beta / *gamma;
  double phi = at->cosine * at->phi_bar;
  at->phi_bar *= at->sine;
  return phi;
}

/* |S r| <= 1e-12 |S| |r| before the new column is taken in: no y makes the residual smaller. */
static bool is_least(const rotation_state *at, double alpha, double largest) {
  double gamma_bar = at->sine * at->delta_bar - at->cosine * alpha;
  return hypot(gamma_bar, at->cosine * at->beta) <= 1e-12 * largest;
}

/* The same by MINRES, for any symmetric S: minimises |b - S y|, and where b is in the range of S, so is y, the shortest
 * solution (Paige and Saunders, Solution of sparse indefinite systems of linear equations, SIAM J. Numer. Anal. 12,
 * 1975). */
static bool minres(implicit *in, const double *b, double *y, double goal, bool *converged) {
  implicit_system *of = &in->system;
  size_t n = in->count, kept = 0;
  double *v = of->krylov[0], *sv = of->krylov[1], *older = of->krylov[2], *old = of->krylov[3];
  double *w = of->krylov[4], *w_old = of->krylov[5], start = sqrt(krylov_dot(n, b, b)), largest = 0;
  rotation_state at = {.beta = start, .cosine = -1, .phi_bar = start};
  memset(y, 0, n * sizeof *y);
  memset(w, 0, n * sizeof *w);
  memset(w_old, 0, n * sizeof *w_old);
  memcpy(old, b, n * sizeof *old);
  for (size_t k = 0; at.phi_bar > goal * start && k < krylov_iterations(in) && at.beta > 8 * DBL_EPSILON * largest;
       k++) {
    for (size_t i = 0; i < n; i++) v[i] = old[i] / at.beta;
    if (!scaled_product(in, v, sv)) return false;
    in->certificate.iterations++;
    for (size_t i = 0; i < n && k; i++) sv[i] -= at.beta / at.beta_before * older[i];
    double alpha = krylov_dot(n, v, sv);
    for (size_t i = 0; i < n; i++) {
      sv[i] -= alpha / at.beta * old[i];
      older[i] = old[i];
      old[i] = sv[i];
    }
    at.beta_before = at.beta;
    at.beta = sqrt(krylov_dot(n, old, old));
    largest = fmax(largest, fabs(alpha) + at.beta);
    if (kept < of->room) {
      of->diagonal[kept] = alpha;
      of->subdiagonal[kept++] = at.beta;
    }
    if (is_least(&at, alpha, largest)) break;
    double delta, epsilon, gamma, phi = rotate(&at, alpha, &delta, &epsilon, &gamma);
    for (size_t i = 0; i < n; i++) {
      double next = (v[i] - epsilon * w_old[i] - delta * w[i]) / gamma;
      w_old[i] = w[i];
      w[i] = next;
      y[i] += phi * next;
    }
  }
  note_values(in, kept);
  *converged = at.phi_bar <= goal * start;
  return true;
}

/* S y = b, by what the options say and the curvature allows. */
static bool solve_scaled(implicit *in, const double *b, double *y, double goal, bool *converged) {
  bool definite = false;
  *converged = false;
  if (in->options.solver != IMPLICIT_MINRES && !in->options.least_norm && in->system.smallest > 0 &&
      !conjugate_gradients(in, b, y, goal, converged, &definite))
    return false;
  return *converged || definite || minres(in, b, y, goal, converged);
}

/* What only sizes are wanted of. */
static const double ROUGH = 1e-5;

/* Iterations update residuals, which drift away from b - S y: of MINRES by as much as the square of the condition
 * (Sleijpen, van der Vorst and Modersitzki 2000). */
enum { REFINEMENTS = 4 };
static const double DRIFTED = 16;

bool krylov_is_good(const implicit *in, double left, double size_of_b, const double *y) {
  double backward = in->system.largest * sqrt(krylov_dot(in->count, y, y));
  return left <= 1e-9 * size_of_b || (left <= 1e-2 * size_of_b && left <= 1e-13 * backward);
}

static bool refine(implicit *in, krylov_solver *solver, krylov_product *product, const double *b, double *y,
                   double goal, bool *converged) {
  size_t n = in->count;
  double *left = in->system.krylov[7], *more = in->system.krylov[8];
  double start = sqrt(krylov_dot(n, b, b)), before = INFINITY;
  for (int round = 0;; round++) {
    if (!product(in, y, left)) return false;
    for (size_t k = 0; k < n; k++) left[k] = b[k] - left[k];
    double size = sqrt(krylov_dot(n, left, left));
    for (size_t k = 0; k < n && round && !(size < before); k++) y[k] -= more[k];
    if (!(size < before)) return true;
    *converged = size <= goal * start || krylov_is_good(in, size, start, y);
    bool last = round == REFINEMENTS || in->options.least_norm, again;
    if (last || size <= DRIFTED * goal * start || size > before / 2) return true;
    before = size;
    if (!solver(in, left, more, fmax(goal, goal * start / size), &again)) return false;
    for (size_t k = 0; k < n; k++) y[k] += more[k];
  }
}

bool krylov_solve(implicit *in, krylov_solver *solver, krylov_product *product, const double *b, double *y,
                  bool *converged) {
  size_t n = in->count;
  double *scaled = in->system.krylov[6], goal = in->roughly ? ROUGH : in->options.tolerance;
  for (size_t k = 0; k < n; k++) scaled[k] = system_rows(in)[k] * b[k];
  if (!solver(in, scaled, y, goal, converged)) return false;
  if (!in->roughly && !refine(in, solver, product, scaled, y, goal, converged)) return false;
  for (size_t k = 0; k < n; k++) y[k] *= system_columns(in)[k];
  return true;
}

static bool solve(implicit *in, const double *b, double *y, bool *converged) {
  return krylov_solve(in, solve_scaled, scaled_product, b, y, converged);
}

bool krylov_keep_null(implicit *in, const double *b, const double *left, double *room) {
  for (size_t k = 0; k < in->count; k++) room[k] = in->system.scale[k] * (b[k] - left[k]);
  double size = implicit_largest(in->count, room);
  return !(size > 0 && isfinite(size)) || system_keep_null(in, room, 1);
}

/* What the least-squares solution of S y = b leaves of a b of chance lies where S is zero. */
static bool find_null(implicit *in, const double *b, double *y) {
  double *left = in->system.krylov[0];
  bool converged;
  if (!minres(in, b, y, in->options.tolerance, &converged) || !scaled_product(in, y, left)) return false;
  return krylov_keep_null(in, b, left, y);
}

/* Right-hand sides of a model may lie in the range of a singular H, and never show it. One of chance has a part of
 * about |b| / sqrt(n) along every direction: no y makes the residual smaller than that along one without curvature. */
static bool certify(implicit *in) {
  implicit_system *of = &in->system;
  implicit_certificate *into = &in->certificate;
  size_t n = in->count;
  double *b = of->krylov[6], *y = in->brief[1];
  bool converged = true;
  for (size_t k = 0; k < n; k++) b[k] = implicit_uniform(in);
  if (n && !solve_scaled(in, b, y, 1e-2 / sqrt((double)n), &converged)) return false;
  double limit = 8 * (double)(n + 16) * DBL_EPSILON * of->largest; /* rounding of iterations too */
  into->has_inertia = false;
  into->negative = of->smallest < -limit;
  into->zero = !into->negative && n && (of->smallest <= limit || (!converged && of->smallest < 1e-12 * of->largest));
  into->condition = n == 0 ? 1 : of->smallest > 0 ? of->largest / of->smallest : INFINITY;
  if (!converged && !into->negative && !into->zero) return implicit_fail(in, IMPLICIT_LINEAR_SOLVE_FAILED);
  return !into->zero || find_null(in, b, y);
}

const system_kind krylov_system = {krylov_create, form, solve, certify, NULL};
