#include "runtime/implicit/state.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below it, factorising the Hessian costs less than a few iterative solves (tests/bench). */
enum { DENSE_LIMIT = 500 };

implicit_options implicit_defaults(void) {
  return (implicit_options){.dense_limit = DENSE_LIMIT, .polish = true, .tolerance = 1e-13};
}

double implicit_stride(double value, double distance) {
  int exponent;
  frexp(value, &exponent);
  double grain = ldexp(DBL_EPSILON, exponent); /* two units in the last place */
  return value == 0 || !isfinite(value) || grain == 0 ? 0 : round(distance * value / grain) * grain;
}

/* ---- begin and end ---- */

static bool refuse(implicit *in, const char *why) {
  in->certificate.found = why;
  return implicit_fail(in, IMPLICIT_REFUSED);
}

bool implicit_solver_fits(implicit_solver solver, bool root) {
  switch (solver) {
  case IMPLICIT_CG:
  case IMPLICIT_MINRES: return !root;
  case IMPLICIT_GMRES:
  case IMPLICIT_LSQR: return root;
  default: return true;
  }
}

static bool prepare(implicit *in, double *x) {
  const implicit_options *options = &in->options;
  size_t size = in->problem->size;
  in->x = x;
  if (!(options->damping >= 0 && options->damping < INFINITY)) return refuse(in, "the damping must be 0 or above");
  if (!(options->tolerance > 0)) return refuse(in, "the tolerance must be above 0");
  if (!implicit_solver_fits(options->solver, in->root))
    return refuse(in, "cg and minres are solvers for minimisers, gmres and lsqr for roots");
  switch (free_set_build(&in->set, size, options->mask, options->lower, options->upper, &in->certificate.entry)) {
  case FREE_SET_BUILT: break;
  case FREE_SET_NO_MEMORY: return implicit_fail(in, IMPLICIT_NO_MEMORY);
  case FREE_SET_EMPTY_INTERVAL: return refuse(in, "the bounds of an entry have no finite value between them");
  }
  in->certificate.free = in->set.count;
  in->certificate.frozen = size - in->set.count;
  in->certificate.dense = options->solver == IMPLICIT_DENSE ||
                          (options->solver == IMPLICIT_AUTOMATIC && in->set.count <= options->dense_limit);
  double **wholes[] = {&in->g, &in->whole[0], &in->whole[1], &in->whole[2]};
  for (int k = 0; k < 4; k++)
    if (!(*wholes[k] = implicit_zeros(in, size, 1))) return false;
  double **briefs[] = {&in->step, &in->noise, &in->brief[0], &in->brief[1], &in->brief[2], &in->brief[3]};
  for (int k = 0; k < 6; k++)
    if (!(*briefs[k] = implicit_zeros(in, in->set.count, 1))) return false;
  in->side = (signed char *)implicit_zeros(in, size, 1);
  in->place = in->side ? (size_t *)implicit_zeros(in, in->set.count, 1) : NULL;
  return in->place && system_create(in);
}

static implicit *create_for(const implicit_problem *problem, const implicit_options *options) {
  implicit *in = calloc(1, sizeof *in);
  if (!in) return NULL;
  in->problem = problem;
  in->options = *options;
  in->root = problem->transposed != NULL;
  in->runs_away = options->runs_away;
  in->random = 1;
  implicit_certificate *into = &in->certificate;
  into->f = into->grad_inf = into->scaled_grad = into->least_curvature = NAN;
  into->condition = into->residual = into->error_estimate = NAN;
  return in;
}

implicit *implicit_begin(const implicit_problem *problem, const implicit_options *options, double *x) {
  implicit *in = create_for(problem, options);
  if (!in) return NULL;
  const implicit_certificate *into = &in->certificate;
  if (prepare(in, x)) {
    if (point_find(in))
      implicit_certify(in);
    else if (into->status == IMPLICIT_NOT_FINITE && isfinite(into->f))
      implicit_find_kink_where_infinite(in);
  }
  in->certified = into->status;
  return in;
}

bool implicit_polish(const implicit_problem *problem, const implicit_options *options, double *x) {
  implicit *in = create_for(problem, options);
  if (!in) return false;
  bool stationary = false;
  in->options.polish = true;
  bool good = prepare(in, x) && point_find(in) && implicit_is_stationary(in, &stationary);
  bool runs_away = in->runs_away;
  implicit_release(in);
  return good && stationary && !runs_away;
}

void implicit_end(implicit *of) {
  if (of) implicit_release(of);
}

const implicit_certificate *implicit_certificate_of(const implicit *of) {
  return &of->certificate;
}

const double *implicit_null_directions(const implicit *of, size_t *count) {
  *count = of->null_count;
  return of->null_directions;
}

const signed char *implicit_sides(const implicit *of) {
  return of->side;
}

/* ---- derivatives ---- */

/* Room for one call. */
typedef struct {
  double *matrix[5]; /* size x count; the last two, of an adjoint, parameter_count x count */
  double *column;    /* whole */
  double *brief[4];
  double *theta; /* parameter_count */
} derivation;

static void derivation_release(derivation *of) {
  for (int k = 0; k < 5; k++) free(of->matrix[k]);
  for (int k = 0; k < 4; k++) free(of->brief[k]);
  free(of->column);
  free(of->theta);
}

static bool create(implicit *in, size_t rows, size_t columns, double **into) {
  if (columns && rows > SIZE_MAX / sizeof(double) / columns) return implicit_fail(in, IMPLICIT_NO_MEMORY);
  *into = calloc(rows * columns + 1, sizeof **into);
  return *into || implicit_fail(in, IMPLICIT_NO_MEMORY);
}

static bool derivation_create(implicit *in, size_t count, bool adjoint, derivation *into) {
  size_t size = in->problem->size, parameters = in->problem->parameter_count;
  *into = (derivation){0};
  bool good = create(in, size, 1, &into->column) && create(in, parameters, 1, &into->theta);
  for (int k = 0; k < (adjoint ? 5 : 2) && good; k++)
    good = create(in, k < 3 ? size : parameters, count, &into->matrix[k]);
  for (int k = 0; k < 4 && good; k++) good = create(in, in->count, 1, &into->brief[k]);
  return good;
}

static void take_column(size_t rows, size_t count, const double *matrix, size_t k, double *column) {
  for (size_t i = 0; i < rows; i++) column[i] = matrix[i * count + k];
}

static void put_column(size_t rows, size_t count, double *matrix, size_t k, const double *column) {
  for (size_t i = 0; i < rows; i++) matrix[i * count + k] = column[i];
}

static void note_error(implicit *in, size_t n, const double *error, const double *values) {
  double largest = implicit_largest(n, error);
  if (!(largest <= in->largest_error)) in->largest_error = largest;
  in->largest_entry = fmax(in->largest_entry, implicit_largest(n, values));
}

/* The points around x are two of many: the estimate is some times the largest error that they show. */
static const double CAUTION = 8;

/* Derivatives that are wrong by so little for their directions or weights may have no digit: beside max(1, |theta|),
 * they move x by no more than its rounding, and are zero to that. */
static const double NEGLIGIBLE = 1e-13;

static bool is_negligible(const implicit *in) {
  const double *theta = in->problem->theta;
  double size = theta ? fmax(1, implicit_largest(in->problem->parameter_count, theta)) : 1;
  return in->largest_error + in->graininess * in->largest_entry <= NEGLIGIBLE * in->largest_seed / size;
}

/* After derivatives were made: is there a digit in them? */
static bool conclude(implicit *in) {
  implicit_certificate *into = &in->certificate;
  /* Beside zeros, what the smallest numbers round to is nothing. */
  double relative = in->largest_entry > 0 ? in->largest_error / in->largest_entry : in->largest_error > sqrt(DBL_MIN);
  relative += in->graininess;
  into->error_estimate = isnan(relative) ? INFINITY : fmax(DBL_EPSILON, CAUTION * relative);
  bool exact = into->status == IMPLICIT_OK || into->status == IMPLICIT_ILL_CONDITIONED;
  if (into->error_estimate < 0.1 || is_negligible(in) || !exact) return true;
  if (into->condition > 1e6) return implicit_fail(in, IMPLICIT_SINGULAR);
  into->found = "rounding errors are as large as the derivative, which may be 0";
  return implicit_fail(in, IMPLICIT_LINEAR_SOLVE_FAILED);
}

/* e = H^-1 (r + rounding of it), where r = b + H v is 0 for the exact v; at a whole x nearby. */
static bool error_of(implicit *in, const double *x, const double *v, const double *hv, const double *b,
                     derivation *with, double *error) {
  bool converged;
  if (!system_rounding(in, x, v, hv, b, with->brief[3])) return false;
  for (size_t k = 0; k < in->count; k++) error[k] = hv[k] + b[k] + with->brief[3][k];
  return system_solve(in, error, error, &converged);
}

/* H y = b was solved; hv is H y as it came out. */
static void note_residual(implicit *in, const double *y, const double *hv, const double *b, derivation *with) {
  system_magnitude(in, y, hv, b, with->brief[3]);
  double largest = 0, scale = implicit_largest(in->count, with->brief[3]);
  for (size_t k = 0; k < in->count; k++) {
    double relative = fabs(hv[k] - b[k]) / fmax(with->brief[3][k], DBL_EPSILON * scale);
    if (!(relative <= largest)) largest = scale > 0 ? relative : 0;
  }
  if (!(largest <= in->certificate.residual)) in->certificate.residual = largest;
}

static bool check_residual(implicit *in, bool converged) {
  double limit = in->certificate.dense ? 1e-6 : 1e-4;
  bool least = in->certificate.status == IMPLICIT_LEAST_NORM;
  if (least || (converged && in->certificate.residual <= limit)) return true;
  return implicit_fail(in, IMPLICIT_LINEAR_SOLVE_FAILED);
}

/* Column k of dx, whose entries at bounds are set: hv is H dx_A, mixed H_x,theta dtheta, both with `count` columns. */
static bool solve_column(implicit *in, size_t count, const double *hv, const double *mixed, size_t k, double *dx,
                         derivation *with) {
  double *right = with->brief[0], *y = with->brief[1];
  bool converged;
  for (size_t i = 0; i < in->count; i++)
    right[i] = 0 - (hv[in->place[i] * count + k] + mixed[in->place[i] * count + k]);
  if (!system_solve(in, right, y, &converged)) return false;
  for (size_t i = 0; i < in->count; i++) dx[in->place[i] * count + k] = y[i] + 0; /* no -0 */
  if (!implicit_product(in, in->x, y, with->brief[2])) return false;
  note_residual(in, y, with->brief[2], right, with);
  return check_residual(in, converged);
}

/* What the derivative dx would be wrong by were x* at `other`. */
static bool judge_forward(implicit *in, const double *other, size_t count, const double *dtheta, const double *dx,
                          derivation *with) {
  double *hv = with->matrix[0], *mixed = with->matrix[1];
  const implicit_problem *problem = in->problem;
  if (!implicit_products(in, false, other, count, dx, hv)) return false;
  if (!implicit_answered(in, problem->mixed_forward(problem->user, other, count, dtheta, mixed))) return false;
  for (size_t k = 0; k < count; k++) {
    for (size_t i = 0; i < in->count; i++) {
      size_t at = in->place[i] * count + k;
      with->brief[0][i] = dx[at];
      with->brief[1][i] = hv[at] + in->damping * dx[at];
      with->brief[2][i] = mixed[at];
    }
    if (!error_of(in, other, with->brief[0], with->brief[1], with->brief[2], with, with->brief[2])) return false;
    note_error(in, in->count, with->brief[2], with->brief[0]);
  }
  return true;
}

static bool forward_block(implicit *in, size_t count, const double *dtheta, double *dx, derivation *with) {
  const implicit_problem *problem = in->problem;
  size_t size = problem->size;
  double *hv = with->matrix[0], *mixed = with->matrix[1];
  memset(dx, 0, size * count * sizeof *dx);
  for (size_t k = 0; k < count && problem->bound_forward && in->certificate.at_bound; k++) {
    take_column(problem->parameter_count, count, dtheta, k, with->theta);
    memset(with->column, 0, size * sizeof *with->column);
    if (!implicit_answered(in, problem->bound_forward(problem->user, in->side, with->theta, with->column)))
      return false;
    put_column(size, count, dx, k, with->column);
  }
  in->largest_entry = fmax(in->largest_entry, implicit_largest(size * count, dx));
  if (problem->bound_forward && in->certificate.at_bound && !implicit_products(in, false, in->x, count, dx, hv))
    return false;
  if (!implicit_answered(in, problem->mixed_forward(problem->user, in->x, count, dtheta, mixed))) return false;
  if (!isfinite(implicit_largest(size * count, mixed))) return implicit_fail(in, IMPLICIT_NOT_FINITE);
  for (size_t k = 0; k < count; k++)
    if (!solve_column(in, count, hv, mixed, k, dx, with)) return false;
  for (int k = 0; k < IMPLICIT_SAMPLES; k++)
    if (!judge_forward(in, in->around[k], count, dtheta, dx, with)) return false;
  return conclude(in);
}

/* What u = H^-1 w, or J'^-1 w, on the entries that move makes of theta, at x or a point nearby; wa is what w leaves for
 * entries at bounds. */
static bool read_adjoint(implicit *in, const double *x, size_t count, const double *u, const double *w,
                         const double *hu, derivation *with, double *bar) {
  const implicit_problem *problem = in->problem;
  if (!implicit_answered(in, problem->mixed_adjoint(problem->user, x, count, u, bar))) return false;
  for (size_t k = 0; k < problem->parameter_count * count; k++) bar[k] = 0 - bar[k]; /* no -0 */
  for (size_t k = 0; k < count && problem->bound_adjoint && in->certificate.at_bound; k++) {
    for (size_t i = 0; i < problem->size; i++) with->column[i] = in->side[i] ? w[i * count + k] - hu[i * count + k] : 0;
    take_column(problem->parameter_count, count, bar, k, with->theta);
    if (!implicit_answered(in, problem->bound_adjoint(problem->user, in->side, with->column, with->theta)))
      return false;
    put_column(problem->parameter_count, count, bar, k, with->theta);
  }
  return true;
}

static bool judge_adjoint(implicit *in, const double *other, size_t count, const double *w, const double *u,
                          const double *bar, derivation *with) {
  double *hu = with->matrix[1], *corrected = with->matrix[2], *there = with->matrix[3];
  size_t parameters = in->problem->parameter_count * count;
  if (!implicit_products(in, in->root, other, count, u, hu)) return false;
  memcpy(corrected, u, in->problem->size * count * sizeof *u);
  for (size_t k = 0; k < count; k++) {
    for (size_t i = 0; i < in->count; i++) {
      size_t at = in->place[i] * count + k;
      with->brief[0][i] = u[at];
      with->brief[1][i] = hu[at] + in->damping * u[at];
      with->brief[2][i] = -w[at];
    }
    if (!error_of(in, other, with->brief[0], with->brief[1], with->brief[2], with, with->brief[2])) return false;
    for (size_t i = 0; i < in->count; i++) corrected[in->place[i] * count + k] -= with->brief[2][i];
  }
  if (!read_adjoint(in, other, count, corrected, w, hu, with, there)) return false;
  for (size_t k = 0; k < parameters; k++) there[k] -= bar[k];
  note_error(in, parameters, there, bar);
  return true;
}

/* So many numbers, together, do not all show no rounding where there is some. */
enum { ENOUGH = 16 };

/* What rounding makes of the last step, which is linear: M (u + d) - M d - M u for a d of chance as long as u. */
static bool judge_reading(implicit *in, size_t count, const double *u, const double *bar, derivation *with) {
  const implicit_problem *problem = in->problem;
  size_t entries = problem->size * count, parameters = problem->parameter_count * count;
  double *d = with->matrix[2], *sum = with->matrix[3], *part = with->matrix[4];
  for (size_t k = 0; k < entries; k++) d[k] = u[k] + implicit_uniform(in) * u[k];
  if (!implicit_answered(in, problem->mixed_adjoint(problem->user, in->x, count, d, sum))) return false;
  for (size_t k = 0; k < entries; k++) d[k] -= u[k];
  if (!implicit_answered(in, problem->mixed_adjoint(problem->user, in->x, count, d, part))) return false;
  for (size_t k = 0; k < parameters; k++) sum[k] -= part[k];
  if (!implicit_answered(in, problem->mixed_adjoint(problem->user, in->x, count, u, part))) return false;
  for (size_t k = 0; k < parameters; k++) sum[k] -= part[k];
  note_error(in, parameters, sum, bar);
  return true;
}

static bool adjoint_block(implicit *in, size_t count, const double *w, double *bar, derivation *with) {
  double *u = with->matrix[0], *hu = with->matrix[1];
  for (size_t k = 0; k < count; k++) {
    bool converged;
    for (size_t i = 0; i < in->count; i++) with->brief[0][i] = w[in->place[i] * count + k];
    if (!system_solve(in, with->brief[0], with->brief[1], &converged)) return false;
    for (size_t i = 0; i < in->count; i++) u[in->place[i] * count + k] = with->brief[1][i];
    if (!implicit_product(in, in->x, with->brief[1], with->brief[2])) return false;
    note_residual(in, with->brief[1], with->brief[2], with->brief[0], with);
    if (!check_residual(in, converged)) return false;
  }
  if (in->problem->bound_adjoint && in->certificate.at_bound && !implicit_products(in, false, in->x, count, u, hu))
    return false;
  if (!read_adjoint(in, in->x, count, u, w, hu, with, bar)) return false;
  if (!isfinite(implicit_largest(in->problem->parameter_count * count, bar)))
    return implicit_fail(in, IMPLICIT_NOT_FINITE);
  for (int k = 0; k < IMPLICIT_SAMPLES; k++)
    if (!judge_adjoint(in, in->around[k], count, w, u, bar, with)) return false;
  for (size_t seen = 0; seen < ENOUGH; seen += in->problem->parameter_count * count + 1)
    if (!judge_reading(in, count, u, bar, with)) return false;
  return conclude(in);
}

/* Memory that ran out may be there again. */
static bool can_derive(implicit *of) {
  if (of->certificate.status == IMPLICIT_NO_MEMORY) of->certificate.status = of->certified;
  return implicit_has_derivatives(of->certificate.status);
}

bool implicit_forward(implicit *of, size_t count, const double *dtheta, double *dx) {
  derivation with;
  if (!can_derive(of)) return false;
  if (!count) return true;
  if (!of->knows_graininess && !graininess_measure(of)) return false;
  of->largest_seed = fmax(of->largest_seed, implicit_largest(of->problem->parameter_count * count, dtheta));
  bool good = derivation_create(of, count, false, &with) && forward_block(of, count, dtheta, dx, &with);
  derivation_release(&with);
  return good;
}

bool implicit_adjoint(implicit *of, size_t count, const double *w, double *bar) {
  derivation with;
  if (!can_derive(of)) return false;
  if (!count) return true;
  if (!of->knows_graininess && !graininess_measure(of)) return false;
  of->largest_seed = fmax(of->largest_seed, implicit_largest(of->problem->size * count, w));
  of->transposed = of->root;
  bool good = derivation_create(of, count, true, &with) && adjoint_block(of, count, w, bar, &with);
  of->transposed = false;
  derivation_release(&with);
  return good;
}

/* Columns `first` .. of the Jacobian, by unit directions of theta. */
static bool jacobian_columns(implicit *of, size_t first, size_t width, double *units, double *made, double *jacobian) {
  size_t parameters = of->problem->parameter_count;
  memset(units, 0, parameters * width * sizeof *units);
  for (size_t k = 0; k < width; k++) units[(first + k) * width + k] = 1;
  if (!implicit_forward(of, width, units, made)) return false;
  for (size_t i = 0; i < of->problem->size; i++)
    memcpy(jacobian + i * parameters + first, made + i * width, width * sizeof *made);
  return true;
}

/* The rows of the entries rows[0 .. width-1], by unit weights. */
static bool jacobian_rows(implicit *of, const size_t *rows, size_t width, double *units, double *made,
                          double *jacobian) {
  size_t parameters = of->problem->parameter_count;
  memset(units, 0, of->problem->size * width * sizeof *units);
  for (size_t k = 0; k < width; k++) units[rows[k] * width + k] = 1;
  if (!implicit_adjoint(of, width, units, made)) return false;
  for (size_t k = 0; k < width; k++) take_column(parameters, width, made, k, jacobian + rows[k] * parameters);
  return true;
}

/* The rows that may not be zero. */
static size_t find_rows(const implicit *of, size_t *rows) {
  size_t count = 0;
  for (size_t k = 0; k < of->set.count; k++) {
    size_t place = free_set_place(&of->set, k);
    if (!of->side[place] || of->problem->bound_forward) rows[count++] = place;
  }
  return count;
}

bool implicit_jacobian(implicit *of, double *jacobian) {
  size_t size = of->problem->size, parameters = of->problem->parameter_count;
  if (!can_derive(of)) return false;
  memset(jacobian, 0, size * parameters * sizeof *jacobian);
  double *rooms[2] = {NULL, NULL}; /* unit directions, and what comes of them */
  size_t *rows = calloc(of->set.count + 1, sizeof *rows);
  bool good = rows || implicit_fail(of, IMPLICIT_NO_MEMORY);
  for (int k = 0; k < 2 && good; k++)
    good = create(of, size > parameters ? size : parameters, IMPLICIT_BLOCK, &rooms[k]);
  size_t row_count = good ? find_rows(of, rows) : 0;
  bool by_rows = row_count < parameters;
  size_t count = by_rows ? row_count : parameters;
  for (size_t first = 0; first < count && good; first += IMPLICIT_BLOCK) {
    size_t width = count - first < IMPLICIT_BLOCK ? count - first : IMPLICIT_BLOCK;
    good = by_rows ? jacobian_rows(of, rows + first, width, rooms[0], rooms[1], jacobian)
                   : jacobian_columns(of, first, width, rooms[0], rooms[1], jacobian);
  }
  free(rows);
  free(rooms[0]);
  free(rooms[1]);
  return good && conclude(of); /* where no row can be other than zero, nothing was concluded yet */
}
