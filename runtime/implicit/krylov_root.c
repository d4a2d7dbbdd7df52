/* J of a root by products alone, with J and with J': GMRES on S = R J C, and where that stalls LSQR, which always
 * converges, if slowly: as the condition of S says, where GMRES lives on how its eigenvalues lie together. */
#include "runtime/dense.h"
#include "runtime/implicit/state.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum {
  RESTART = 40, /* vectors that GMRES keeps */
  PROBES = 16,  /* products for the lengths of rows, and of columns */
  ROUNDS = 10   /* of power iteration for the largest singular value */
};

/* A cycle of GMRES that leaves more than this of the residual is one too many. */
static const double STALLED = 0.7;

static bool create(implicit *in) {
  if (!krylov_create(in)) return false;
  return (in->system.basis = implicit_zeros(in, RESTART + 1, in->set.count)) != NULL;
}

static double norm(size_t n, const double *v) {
  return sqrt(krylov_dot(n, v, v));
}

/* sv = S v, or S' v */
static bool apply(implicit *in, bool transposed, const double *v, double *sv) {
  bool before = in->transposed;
  double *direction = in->brief[0];
  in->transposed = transposed;
  const double *rows = system_rows(in), *columns = system_columns(in);
  for (size_t k = 0; k < in->count; k++) direction[k] = columns[k] * v[k];
  bool good = implicit_product(in, in->x, direction, sv);
  in->transposed = before;
  for (size_t k = 0; k < in->count && good; k++) sv[k] *= rows[k];
  return good;
}

/* ---- the scale ---- */

/* The lengths of the rows of S, or of its columns: the root of the mean of (S z)^2 for signs z, entry by entry. */
static bool measure_lengths(implicit *in, bool transposed, double *lengths) {
  size_t n = in->count;
  double *z = in->system.krylov[0], *sz = in->system.krylov[1];
  memset(lengths, 0, n * sizeof *lengths);
  for (int probe = 0; probe < PROBES; probe++) {
    for (size_t k = 0; k < n; k++) z[k] = implicit_sign(in);
    if (!apply(in, transposed, z, sz)) return false;
    for (size_t k = 0; k < n; k++) lengths[k] = hypot(lengths[k], sz[k] / sqrt(PROBES));
  }
  return isfinite(implicit_largest(n, lengths)) || implicit_fail(in, IMPLICIT_NOT_FINITE);
}

/* The largest singular value of S, from below. */
static bool measure_largest(implicit *in) {
  size_t n = in->count;
  double *v = in->system.krylov[4], *sv = in->system.krylov[5];
  for (size_t k = 0; k < n; k++) v[k] = implicit_uniform(in);
  for (int round = 0; round < ROUNDS; round++) {
    double length = norm(n, v);
    for (size_t k = 0; k < n && length > 0; k++) v[k] /= length;
    if (!apply(in, round % 2, v, sv)) return false;
    in->system.largest = fmax(in->system.largest, norm(n, sv));
    memcpy(v, sv, n * sizeof *v);
  }
  return true;
}

/* Rows first, in the units that vars have: then those of equations do not count in |b - S y|, of which so much is left
 * as the tolerance says. Columns take what remains. */
static bool form(implicit *in) {
  implicit_system *of = &in->system;
  size_t n = in->count;
  double *lengths = of->krylov[2];
  for (size_t k = 0; k < n; k++) of->scale[k] = of->row_scale[k] = 1;
  for (int columns = 0; columns < 2; columns++) {
    if (!measure_lengths(in, columns, lengths)) return false;
    if (in->options.least_norm) break; /* the shortest solution is one in the vars' own units */
    for (size_t k = 0; k < n; k++) (columns ? of->scale : of->row_scale)[k] = system_power(lengths[k]);
  }
  of->smallest = INFINITY;
  of->largest = 0;
  return measure_largest(in);
}

/* ---- GMRES ---- */

/* H = Q R of the Hessenberg matrix so far, and Q' |r| e_1. */
typedef struct {
  double r[RESTART][RESTART], cosine[RESTART], sine[RESTART], right[RESTART + 1];
  size_t count;
} hessenberg;

/* Takes a column in, whose last entry is `below`. */
static void rotate(hessenberg *of, double *column, double below) {
  size_t k = of->count++;
  for (size_t i = 0; i < k; i++) {
    double upper = of->cosine[i] * column[i] + of->sine[i] * column[i + 1];
    column[i + 1] = of->cosine[i] * column[i + 1] - of->sine[i] * column[i];
    column[i] = upper;
  }
  double length = hypot(column[k], below);
  of->cosine[k] = length > 0 ? column[k] / length : 1;
  of->sine[k] = length > 0 ? below / length : 0;
  column[k] = length;
  of->right[k + 1] = -of->sine[k] * of->right[k];
  of->right[k] *= of->cosine[k];
  memcpy(of->r[k], column, (k + 1) * sizeof *column);
}

/* The next vector of the basis, orthogonal to those before: twice, since once leaves rounding errors. Its length is
 * `*below`, 0 where there is none. */
static bool extend(implicit *in, size_t k, double *column, double *below) {
  size_t n = in->count;
  double *basis = in->system.basis, *next = basis + (k + 1) * n;
  if (!apply(in, in->transposed, basis + k * n, next)) return false;
  in->certificate.iterations++;
  double before = norm(n, next);
  memset(column, 0, (k + 1) * sizeof *column);
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i <= k; i++) {
      double along = krylov_dot(n, basis + i * n, next);
      column[i] += along;
      for (size_t j = 0; j < n; j++) next[j] -= along * basis[i * n + j];
    }
  *below = norm(n, next);
  if (*below <= 8 * DBL_EPSILON * before) *below = 0;
  if (*below == 0) return true;
  for (size_t j = 0; j < n; j++) next[j] /= *below;
  return true;
}

/* y += basis R^-1 right, without the columns that R has nothing of. */
static void step(implicit *in, hessenberg *of, double *y) {
  size_t n = in->count, count = of->count;
  double part[RESTART], largest = 0;
  for (size_t k = 0; k < count; k++) largest = fmax(largest, of->r[k][k]);
  while (count && !(of->r[count - 1][count - 1] > DBL_EPSILON * largest)) count--;
  for (size_t k = count; k-- > 0;) {
    part[k] = of->right[k];
    for (size_t j = k + 1; j < count; j++) part[k] -= of->r[j][k] * part[j];
    part[k] /= of->r[k][k];
  }
  for (size_t k = 0; k < count; k++)
    for (size_t i = 0; i < n; i++) y[i] += part[k] * in->system.basis[k * n + i];
}

/* The first vector of the basis, b - S y over its length. */
static bool begin_cycle(implicit *in, const double *b, const double *y, double *left) {
  size_t n = in->count;
  double *first = in->system.basis;
  if (!apply(in, in->transposed, y, first)) return false;
  for (size_t k = 0; k < n; k++) first[k] = b[k] - first[k];
  *left = norm(n, first);
  if (*left == 0) return true;
  for (size_t k = 0; k < n; k++) first[k] /= *left;
  return true;
}

/* S y = b, or S' y = b, to |r| <= goal |b|; from y = 0, in cycles (Saad and Schultz, GMRES, SIAM J. Sci. Stat. Comput.
 * 7, 1986). What a cycle says of the residual is not believed until the next one begins. */
static bool gmres(implicit *in, const double *b, double *y, double goal, bool *converged) {
  size_t n = in->count, spent = 0, most = krylov_iterations(in);
  double enough = goal * norm(n, b), before = INFINITY, left;
  hessenberg of;
  memset(y, 0, n * sizeof *y);
  for (;;) {
    if (!begin_cycle(in, b, y, &left)) return false;
    *converged = left <= enough;
    if (*converged || !(left <= STALLED * before) || spent >= most) break;
    before = left;
    of.count = 0;
    of.right[0] = left;
    double below = 1;
    for (size_t k = 0; k < RESTART && below > 0 && fabs(of.right[k]) > enough && spent < most; k++, spent++) {
      double column[RESTART];
      if (!extend(in, k, column, &below)) return false;
      rotate(&of, column, below);
    }
    step(in, &of, y);
  }
  *converged = *converged || krylov_is_good(in, left, norm(n, b), y);
  return true;
}

/* ---- LSQR ---- */

/* The bidiagonal matrix of an iteration: its singular values widen what is known of S. They are, besides one zero, the
 * eigenvalues of a tridiagonal matrix with nothing on its diagonal (Golub and Kahan 1965). */
static void note_values(implicit *in, size_t count) {
  implicit_system *of = &in->system;
  memset(of->diagonal, 0, (count + 1) * sizeof *of->diagonal);
  if (count < 2 || !dense_tridiagonal_values(count + 1, of->diagonal, of->subdiagonal)) return;
  of->smallest = fmin(of->smallest, of->diagonal[count / 2 + 1]);
  of->largest = fmax(of->largest, of->diagonal[count]);
}

/* v := S v - factor * old over its length, which is given. */
static bool bidiagonalise(implicit *in, bool transposed, const double *v, double factor, double *old, double *length) {
  size_t n = in->count;
  double *made = in->system.krylov[0];
  if (!apply(in, transposed, v, made)) return false;
  for (size_t k = 0; k < n; k++) made[k] -= factor * old[k];
  *length = norm(n, made);
  for (size_t k = 0; k < n; k++) old[k] = *length > 0 ? made[k] / *length : 0;
  return true;
}

/* Minimises |b - S y|, or |b - S' y|; of all such y, the shortest (Paige and Saunders, LSQR, ACM Trans. Math. Software
 * 8, 1982). */
static bool lsqr(implicit *in, const double *b, double *y, double goal, bool *converged) {
  implicit_system *of = &in->system;
  size_t n = in->count, kept = 0;
  double *u = of->krylov[1], *v = of->krylov[2], *w = of->krylov[3], start = norm(n, b), alpha, beta;
  bool turned = in->transposed;
  memset(y, 0, n * sizeof *y);
  memset(v, 0, n * sizeof *v);
  for (size_t k = 0; k < n; k++) u[k] = start > 0 ? b[k] / start : 0;
  if (!bidiagonalise(in, !turned, u, 0, v, &alpha)) return false;
  memcpy(w, v, n * sizeof *w);
  double left = start, rho_bar = alpha, largest = alpha, least = alpha; /* |S' r| / |r| */
  for (size_t k = 0; left > goal * start && alpha > 0 && k < krylov_iterations(in); k++) {
    in->certificate.iterations++;
    double column = alpha;
    if (!bidiagonalise(in, turned, v, alpha, u, &beta)) return false;
    if (!bidiagonalise(in, !turned, u, beta, v, &alpha)) return false;
    if (kept + 2 <= of->room) {
      of->subdiagonal[kept++] = column;
      of->subdiagonal[kept++] = beta;
    }
    double rho = hypot(rho_bar, beta), cosine = rho_bar / rho, sine = beta / rho, theta = sine * alpha;
    for (size_t i = 0; i < n; i++) {
      y[i] += cosine * left / rho * w[i];
      w[i] = v[i] - theta / rho * w[i];
    }
    left *= sine;
    rho_bar = -cosine * alpha;
    largest = fmax(largest, hypot(column, beta));
    least = alpha * fabs(cosine);
    if (least <= 1e-12 * largest) break; /* no y makes the residual smaller */
  }
  note_values(in, kept);
  *converged = left <= goal * start || krylov_is_good(in, left, start, y);
  if (!*converged) of->smallest = fmin(of->smallest, least);
  return true;
}

/* ---- both ---- */

static bool solve_scaled(implicit *in, const double *b, double *y, double goal, bool *converged) {
  *converged = false;
  if (in->options.solver != IMPLICIT_LSQR && !in->options.least_norm && !gmres(in, b, y, goal, converged)) return false;
  return *converged || lsqr(in, b, y, goal, converged);
}

static bool apply_at_hand(implicit *in, const double *v, double *sv) {
  return apply(in, in->transposed, v, sv);
}

static bool solve(implicit *in, const double *b, double *y, bool *converged) {
  return krylov_solve(in, solve_scaled, apply_at_hand, b, y, converged);
}

/* What the least-squares solution of S' y = b leaves of a b of chance lies where S is zero. */
static bool find_null(implicit *in, const double *b, double *y) {
  double *left = in->system.krylov[0];
  bool converged;
  in->transposed = true;
  bool good = lsqr(in, b, y, in->options.tolerance, &converged);
  in->transposed = false;
  return good && apply(in, true, y, left) && krylov_keep_null(in, b, left, y);
}

/* S^-1 b and S'^-1 S^-1 b for a b of chance: right-hand sides of a model may lie in the range of a singular J, and
 * never show it; this b does not, and how much longer vectors become is as much as 1 over the smallest singular value.
 */
static bool measure_smallest(implicit *in, const double *b, bool *converged) {
  size_t n = in->count;
  double *y = in->brief[1], *z = in->brief[2], goal = 1e-2 / sqrt((double)n);
  bool good = solve_scaled(in, b, y, goal, converged);
  if (!good || !*converged) return good;
  in->system.smallest = fmin(in->system.smallest, norm(n, b) / norm(n, y));
  in->transposed = true;
  good = solve_scaled(in, y, z, goal, converged);
  in->transposed = false;
  if (good && *converged) in->system.smallest = fmin(in->system.smallest, norm(n, y) / norm(n, z));
  return good;
}

static bool certify(implicit *in) {
  implicit_system *of = &in->system;
  implicit_certificate *into = &in->certificate;
  size_t n = in->count;
  double *b = of->krylov[6];
  bool converged = true;
  for (size_t k = 0; k < n; k++) b[k] = implicit_uniform(in);
  if (n && !measure_smallest(in, b, &converged)) return false;
  double limit = 8 * (double)(n + 16) * DBL_EPSILON * of->largest; /* rounding of iterations too */
  into->zero = n && (of->smallest <= limit || (!converged && of->smallest <= 1e-12 * of->largest));
  into->condition = n == 0 ? 1 : of->smallest > 0 ? of->largest / of->smallest : INFINITY;
  if (!converged && !into->zero) return implicit_fail(in, IMPLICIT_LINEAR_SOLVE_FAILED);
  return !into->zero || find_null(in, b, in->brief[1]);
}

const system_kind krylov_root = {create, form, solve, certify, NULL};
