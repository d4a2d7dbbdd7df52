/* The inside of implicit.h: a point, the linear system there, and what is known of both. "Short" vectors have an entry
 * per entry of x that moves (in->count), whole ones per entry of x. Functions that return false have set the
 * certificate's status, unless they say otherwise. */
#ifndef ADJOIN_RUNTIME_IMPLICIT_STATE_H
#define ADJOIN_RUNTIME_IMPLICIT_STATE_H

#include "runtime/free_set.h"
#include "runtime/implicit.h"
#include <stdint.h>

typedef struct system_kind system_kind;
typedef struct sampling sampling; /* graininess.c */

/* H at x on the entries that move, seen through S = D H D, which has a diagonal of about ones: units of entries do not
 * count then. D is diagonal. Of a root, J in the place of H, and S = R J C with rows and columns of about that length,
 * where units of equations do not count either. */
typedef struct {
  const system_kind *kind;
  double *scale;     /* short: the diagonal of D, or C */
  double *row_scale; /* the same, or that of R */
  /* dense; matrices column after column */
  double *matrix;  /* H, with the damping */
  double *factors; /* of S; where `pseudo`, the eigenvectors of H, or the left singular vectors of J */
  double *right;   /* NULL before the first use: the right ones */
  double *values;  /* where `pseudo`, the eigenvalues of H, or the singular values of J */
  double *work;
  size_t work_size;
  double *eigen_work; /* NULL before the first use */
  int *pivots, *whole_work;
  double *block, *product; /* directions, and H times them */
  bool cholesky, pseudo;
  unsigned char *dropped; /* where `pseudo`: values that count as zero */
  double reciprocal;      /* of the condition of S, an estimate */
  /* iterative */
  double *krylov[9];              /* short vectors */
  double *asked;                  /* short, where the system may turn to a matrix: b */
  double *diagonal, *subdiagonal; /* of the tridiagonal matrix that an iteration makes of S */
  size_t room;                    /* for so many iterations */
  double smallest, largest;       /* eigenvalues of it that were seen, or singular values */
  double *basis;                  /* of GMRES, vector after vector */
} implicit_system;

enum {
  IMPLICIT_SAMPLES = 2, /* points around x* at which derivatives are tried again */
  IMPLICIT_BLOCK = 32   /* directions at a time */
};

struct implicit {
  const implicit_problem *problem;
  implicit_options options;
  bool root;     /* and no minimiser */
  bool may_turn; /* to a matrix, where products don't lead to the solution */
  bool unsolved; /* the last Newton step is not what it should be */
  implicit_certificate certificate;
  implicit_status certified; /* before derivatives */
  free_set set;
  double *x, *g; /* whole; x is the caller's */
  signed char *side;
  size_t *place; /* of the entries that move */
  size_t count;
  double damping;  /* of the system at hand: 0 while x is polished */
  bool roughly;    /* iterations stop after some digits */
  bool transposed; /* the system is that of J' */
  implicit_system system;
  double *step;                     /* short: the Newton step from x */
  double *whole[3], *brief[4];      /* room */
  double *around[IMPLICIT_SAMPLES]; /* whole: points that x* may be as well, by rounding and by what is left of g */
  double uncertainty;               /* how far these are from x, in units of implicit_unit */
  double change;                    /* how much the system changes over that distance, relative to itself */
  double *noise;                    /* short: the Newton steps that rounding of the gradient makes */
  bool runs_away;
  double *null_directions;
  size_t null_count;
  double largest_error, largest_entry; /* of the derivatives so far */
  double largest_seed;                 /* of the directions and weights that they were asked for */
  double graininess;                   /* relative errors by rounding that no ulp of x and theta shows */
  bool knows_graininess;
  sampling *sampling; /* NULL before the first use */
  uint64_t random;
  void *blocks;
};

/* ---- state.c: memory, chance, calls of the model ---- */

/* rows * columns zeros, given back in the end; NULL: the status is set. */
double *implicit_zeros(implicit *in, size_t rows, size_t columns);
void implicit_release(implicit *in);

bool implicit_fail(implicit *in, implicit_status status); /* always false */
bool implicit_answered(implicit *in, int callback);

/* -1 or 1; in [-1, 1). The same on every run. */
double implicit_sign(implicit *in);
double implicit_uniform(implicit *in);

/* max |v|; nan where one is. */
double implicit_largest(size_t n, const double *v);

/* max |x|; 1 where that is 0. */
double implicit_size_of_x(const implicit *in);

/* What steps of an entry are compared with: max(1, |x|), but no more than there is between two bounds. */
double implicit_unit(const implicit *in, size_t place);

/* The largest entry of a short vector, in these units. */
double implicit_length(const implicit *in, const double *brief);

void implicit_gather(const implicit *in, const double *whole, double *brief);
/* Zero at entries that do not move. */
void implicit_scatter(const implicit *in, const double *brief, double *whole);

/* (H + damping I) v at a whole x, of short vectors; of a root, by J or J', as the system is. */
bool implicit_product(implicit *in, const double *x, const double *v, double *hv);

/* H V, J V or J' V of whole vectors, without damping. */
bool implicit_products(implicit *in, bool transposed, const double *x, size_t count, const double *v, double *hv);
bool implicit_gradient(implicit *in, const double *x, double *f, double *g);

/* Theta, so many steps of a relative distance from where it is. */
void implicit_nudge(implicit *in, double distance, int steps);

/* ---- system.c ---- */

/* Room for systems of as many entries as are free. */
bool system_create(implicit *in);

/* The system at x. False: H is not finite, or a function failed. */
bool system_form(implicit *in);

/* y = H^-1 b, or what stands for it where there is no inverse; short vectors, which may be the same. Where an iteration
 * does not converge, the system turns to a matrix if it may; or *converged is false, and y is the best that it found.
 */
bool system_solve(implicit *in, const double *b, double *y, bool *converged);

/* About 1 / length, but a power of two, so that scaling is exact; 1 where the length is 0 or infinite. */
double system_power(double length);

/* The diagonals around what the system is of: S' = C J' R where it is transposed. */
const double *system_rows(const implicit *in);
const double *system_columns(const implicit *in);

/* The length of a short vector in the norm of D^-1, or C^-1. */
double system_norm(const implicit *in, const double *v);

/* Inertia, condition, least curvature and null directions. */
bool system_certify(implicit *in);

/* Finds directions along which curvature is lost within what x is uncertain by. */
bool system_find_vanishing(implicit *in);

/* |H| |v| + |b|, entry by entry; without a matrix, the largest of |H v| + |b| for all. `hv` is H v. Never below what
 * rounds by the smallest number. */
void system_magnitude(const implicit *in, const double *v, const double *hv, const double *b, double *into);

/* What rounding may have made of H v + b at a whole x: errors of chance as large as those entry by entry; without a
 * matrix, what H (v + d) - H v - H d shows for a d of chance as long as v entry by entry (last digits alone may be
 * rounded all the same way). brief[2] and brief[3] are lost. */
bool system_rounding(implicit *in, const double *x, const double *v, const double *hv, const double *b, double *into);

/* |H| |v| without a matrix, the largest of it for all, from what the scale knows. */
void system_estimate_magnitude(const implicit *in, const double *v, double *into);

/* Does what solves systems leave out the directions without curvature? */
bool system_has_pseudo_inverse(const implicit *in);

/* Keeps a short vector as a null direction, of length 1. */
bool system_keep_null(implicit *in, const double *v, size_t room);

/* ---- the kinds: as a matrix or by products, symmetric or of a root ---- */

/* What the functions above do of each; find_vanishing NULL: as without a matrix. */
struct system_kind {
  bool (*create)(implicit *in);
  bool (*form)(implicit *in);
  bool (*solve)(implicit *in, const double *b, double *y, bool *converged);
  bool (*certify)(implicit *in);
  bool (*find_vanishing)(implicit *in);
};
extern const system_kind dense_system, dense_root, krylov_system, krylov_root;

/* ---- dense_system.c: what dense_root.c has in common with it ---- */

bool dense_system_create(implicit *in);

/* H or J at a whole x, on the entries that move: column k is H e_k. */
bool dense_system_matrix(implicit *in, const double *x, double *matrix);

/* The matrix at hand, at x, and S in the place of its factors; nothing is known of it yet. */
bool dense_system_begin(implicit *in, void (*find_scale)(implicit *in));

/* S, of the matrix at hand. */
void dense_system_copy(const implicit *in, double *into);

/* y := S^-1 y, refined once: then the rounding errors of elimination are small entry by entry (Skeel 1980). */
void dense_system_refine(const implicit *in, const double *b, double *y, void (*solve)(const implicit *in, double *y));

/* Eigenvalues or singular values that rounding can't tell from zero. */
double dense_system_zero(size_t n, double largest);

/* Is the condition that came out of the factorisation at hand one that rounding can't tell from infinite? */
bool dense_system_is_singular(const implicit *in);

/* Drops the `zero` smallest values. */
void dense_system_drop(implicit *in, size_t zero);

/* The largest over the smallest that were kept. */
double dense_system_condition(const implicit *in);

/* ---- krylov.c: what krylov_root.c has in common with it ---- */

bool krylov_create(implicit *in);
double krylov_dot(size_t n, const double *a, const double *b);

/* Keeps what `left` lacks of a b of chance, in the vars' units, as a null direction; `room` is short. */
bool krylov_keep_null(implicit *in, const double *b, const double *left, double *room);
size_t krylov_iterations(const implicit *in); /* at most */

/* Rounding may let an iteration come no further than this: is what it leaves of |b| little beside it, or some of it,
 * and little beside |S| |y|? */
bool krylov_is_good(const implicit *in, double left, double size_of_b, const double *y);

/* sv = S v; and S y = b to |b - S y| <= goal |b|, from y = 0, in room that ends with krylov[5]. */
typedef bool krylov_product(implicit *in, const double *v, double *sv);
typedef bool krylov_solver(implicit *in, const double *b, double *y, double goal, bool *converged);

/* system_solve by these: solved again for what is left, where that is more than was asked for. */
bool krylov_solve(implicit *in, krylov_solver *solver, krylov_product *product, const double *b, double *y,
                  bool *converged);

/* ---- graininess.c, point.c, curvature.c, certify.c ---- */

/* What rounding inside of the model's functions may be worth: relative to derivatives, once; and Newton steps. */
bool graininess_measure(implicit *in);
bool graininess_of_gradient(implicit *in, double *grain);

/* Evaluates at x, finds which entries move, polishes. */
bool point_find(implicit *in);

/* Counts as zero what products say is the curvature along an axis, but gradients do not. */
bool curvature_confirm(implicit *in);

/* Is x a stationary point? */
bool implicit_is_stationary(implicit *in, bool *stationary);

/* Fills the certificate and decides on the status. */
bool implicit_certify(implicit *in);

/* Where f is finite and a derivative is not, that may be a kink. */
void implicit_find_kink_where_infinite(implicit *in);

#endif
