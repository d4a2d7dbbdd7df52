#include "runtime/minimise/minimiser.h"
#include "runtime/minimise/checkpoint.h"
#include "runtime/minimise/starts.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static const double BOTTOM = -1e300; /* below this, f has no minimum that could be found */
/* Iterations without a smaller f or gradient, before they count as no progress; and for each direction of each of them
 * the evaluations that a search usually takes at most: at kinks it takes many more. */
enum { PATIENCE = 30, USUAL = 4 };

/* ---- memory ---- */

typedef union block {
  union block *next;
  max_align_t alignment;
} block;

double *minimiser_zeros(minimiser *m, size_t rows, size_t columns) {
  block *made = NULL;
  if (!columns || rows <= (SIZE_MAX - sizeof *made) / sizeof(double) / columns)
    made = calloc(1, sizeof *made + rows * columns * sizeof(double));
  if (!made) {
    minimiser_end(m, END_NO_MEMORY);
    return NULL;
  }
  made->next = m->blocks;
  m->blocks = made;
  return (double *)(made + 1);
}

void minimiser_release(minimiser *m, void *until) {
  for (block *at = m->blocks, *next; at != until; at = next) {
    next = at->next;
    free(at);
  }
  m->blocks = until;
}

bool minimiser_point(minimiser *m, minimise_point *point) {
  point->f = NAN;
  point->x = minimiser_zeros(m, m->set.count, 1);
  point->g = point->x ? minimiser_zeros(m, m->set.count, 1) : NULL;
  return point->g != NULL;
}

static void keep(minimiser *m, kept_numbers what) {
  if (m->kept_count == KEPT_AT_MOST)
    minimiser_end(m, END_NO_MEMORY);
  else
    m->kept[m->kept_count++] = what;
}

void minimiser_keep(minimiser *m, double **vector, size_t count) {
  keep(m, (kept_numbers){.vector = vector, .count = count});
}

void minimiser_keep_real(minimiser *m, double *number) {
  keep(m, (kept_numbers){.numbers = number, .count = 1});
}

void minimiser_keep_amount(minimiser *m, double *number) {
  keep(m, (kept_numbers){.numbers = number, .count = 1, .amount = true});
}

void minimiser_keep_wholes(minimiser *m, size_t *numbers, size_t count, size_t limit) {
  keep(m, (kept_numbers){.numbers = numbers, .count = count, .limit = limit});
}

/* ---- the end ---- */

const minimiser_ending_row minimiser_endings[END_COUNT] = {
    [END_SMALL_GRADIENT] = {MINIMISE_CONVERGED,
                            "|projected gradient| <= tolerance max(1, min(|f|, |gradient at the start|))"},
    [END_NOTHING_FREE] = {MINIMISE_CONVERGED, "no entry is free"},
    [END_ROUNDING] = {MINIMISE_CONVERGED, "the decrease that the gradient promises is below the rounding error of f"},
    [END_NO_DECREASE] = {MINIMISE_STALLED, "no step makes f smaller, though its gradient is not small"},
    [END_ITERATIONS] = {MINIMISE_BUDGET, "the iterations are spent"},
    [END_EVALUATIONS] = {MINIMISE_BUDGET, "the evaluations are spent"},
    [END_TIME] = {MINIMISE_BUDGET, "the time is spent"},
    [END_FAR_BELOW] = {MINIMISE_UNBOUNDED, "f fell below -1e300"},
    [END_MINUS_INFINITY] = {MINIMISE_UNBOUNDED,
                            "f fell to -inf; the point that is given is the best one where it still was finite"},
    [END_FAR_AWAY] = {MINIMISE_UNBOUNDED, "f still falls where an entry of x is beyond 1e150"},
    [END_START_NOT_FINITE] = {MINIMISE_NOT_FINITE, "a free entry of x starts as nan or infinite"},
    [END_F_NOT_FINITE_AT_START] = {MINIMISE_NOT_FINITE, "f is nan or infinite at the start"},
    [END_F_NOT_FINITE] = {MINIMISE_NOT_FINITE, "f became nan or infinite: a smaller step may help"},
    [END_GRADIENT_NOT_FINITE] = {MINIMISE_NOT_FINITE, "the gradient is nan or infinite"},
    [END_PRODUCT_NOT_FINITE] = {MINIMISE_NOT_FINITE, "products with the Hessian are nan or infinite"},
    [END_JACOBIAN_NOT_FINITE] = {MINIMISE_NOT_FINITE, "the Jacobian is nan or infinite"},
    [END_INTERRUPTED] = {MINIMISE_INTERRUPTED, "the run was interrupted"},
    [END_NO_MEMORY] = {MINIMISE_NO_MEMORY, "there is not enough memory"},
    [END_MODEL_FAILED] = {MINIMISE_CALLBACK_FAILED, "the model could not be evaluated"},
    [END_SAVE_FAILED] = {MINIMISE_CALLBACK_FAILED, "the checkpoint could not be saved"},
};

bool minimiser_end(minimiser *m, minimiser_ending ending) {
  if (m->over) return false;
  if (m->between_iterations) checkpoint_take(m);
  if (m->over) return false; /* there was no memory for that */
  m->ending = ending;
  return minimiser_refuse(m, minimiser_endings[ending].status, minimiser_endings[ending].test);
}

bool minimiser_refuse(minimiser *m, minimise_status status, const char *why) {
  if (m->over) return false;
  m->over = true;
  m->result->status = status;
  m->result->test = why;
  return false;
}

/* Ends the run at this point, whether or not another had a smaller f. */
static bool converge(minimiser *m, const minimise_point *at, minimiser_ending ending) {
  minimiser_end(m, ending);
  free_set_scatter(&m->set, at->x, m->best);
  m->result->f = at->f;
  m->result->grad_inf = at->grad_inf;
  return false;
}

bool minimiser_no_progress(minimiser *m, const minimise_point *at, double promised) {
  double scale = fmax(1, fmin(fabs(at->f), m->first_gradient));
  if (promised <= 16 * DBL_EPSILON * fabs(at->f) && at->grad_inf <= cbrt(DBL_EPSILON) * scale)
    return converge(m, at, END_ROUNDING);
  return minimiser_end(m, END_NO_DECREASE);
}

double minimiser_seconds(const minimiser *m) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - m->began.tv_sec) + 1e-9 * (double)(now.tv_nsec - m->began.tv_nsec);
}

static bool within_budget(minimiser *m) {
  if (m->over) return false;
  const minimise_options *options = m->options;
  if (options->evaluations && m->result->evaluations.value + m->result->evaluations.gradient >= options->evaluations)
    return minimiser_end(m, END_EVALUATIONS);
  if (options->seconds > 0 && minimiser_seconds(m) >= options->seconds) return minimiser_end(m, END_TIME);
  return true;
}

/* ---- what the model computes ---- */

static bool answered(minimiser *m, int status) {
  if (!status) return true;
  if (!m->over) m->result->callback = status;
  return minimiser_end(m, END_MODEL_FAILED);
}

/* Puts x where the model reads it. */
static void show(minimiser *m, const double *x) {
  m->largest = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    m->whole[free_set_place(&m->set, k)] = x[k];
    if (fabs(x[k]) > m->largest) m->largest = fabs(x[k]);
  }
}

bool minimiser_value(minimiser *m, const double *x, double *f) {
  const minimise_problem *problem = m->problem;
  if (!within_budget(m)) return false;
  show(m, x);
  if (!problem->value) {
    m->result->evaluations.gradient++;
    return answered(m, problem->gradient(problem->user, m->whole, f, m->whole_gradient));
  }
  m->result->evaluations.value++;
  return answered(m, problem->value(problem->user, m->whole, f));
}

static double projected_gradient(const minimiser *m, const minimise_point *at) {
  double largest = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    double here = m->set.bounded ? free_set_projected_gradient(&m->set, k, at->x[k], at->g[k]) : at->g[k];
    if (!(fabs(here) <= largest)) largest = fabs(here);
    if (isnan(largest)) break;
  }
  return largest;
}

/* Of the points met, the best is kept: where the model read it, and it will read the next elsewhere. */
static void keep_best(minimiser *m, const minimise_point *at) {
  double *other = m->best;
  m->best = m->whole;
  m->whole = other;
  m->result->f = at->f;
  m->result->grad_inf = at->grad_inf;
  m->met = 1;
}

bool minimiser_meet(minimiser *m, minimise_point *at) {
  bool falls = !m->met || at->f < m->result->f;
  at->grad_inf = projected_gradient(m, at);
  if (isfinite(at->f) && (falls || at->f == m->result->f)) keep_best(m, at);
  if (at->f < BOTTOM) return minimiser_end(m, isinf(at->f) ? END_MINUS_INFINITY : END_FAR_BELOW);
  if (falls && m->far > 0 && m->largest > m->far && isfinite(at->f) && at->grad_inf > 0)
    return minimiser_end(m, END_FAR_AWAY);
  return true;
}

bool minimiser_gradient(minimiser *m, minimise_point *at) {
  const minimise_problem *problem = m->problem;
  if (!within_budget(m)) return false;
  show(m, at->x);
  m->result->evaluations.gradient++;
  if (!answered(m, problem->gradient(problem->user, m->whole, &at->f, m->whole_gradient))) return false;
  free_set_gather(&m->set, m->whole_gradient, at->g);
  return minimiser_meet(m, at);
}

/* Puts x and a free vector v where the model reads them. */
static bool prepare_product(minimiser *m, const double *x, const double *v) {
  if (m->over || (m->options->seconds > 0 && !within_budget(m))) return false;
  if (!m->whole_direction && !(m->whole_direction = minimiser_zeros(m, m->set.size, 1))) return false;
  if (!m->whole_product && !(m->whole_product = minimiser_zeros(m, m->set.size, 1))) return false;
  show(m, x);
  if (v) free_set_scatter(&m->set, v, m->whole_direction);
  m->result->evaluations.product++;
  return true;
}

bool minimiser_product(minimiser *m, const double *x, const double *v, double *hv) {
  const minimise_problem *problem = m->problem;
  if (!prepare_product(m, x, v)) return false;
  if (!answered(m, problem->product(problem->user, m->whole, m->whole_direction, m->whole_product))) return false;
  free_set_gather(&m->set, m->whole_product, hv);
  return true;
}

bool minimiser_residual(minimiser *m, const double *x, double *residual) {
  const minimise_problem *problem = m->problem;
  if (!within_budget(m)) return false;
  show(m, x);
  m->result->evaluations.gradient++;
  return answered(m, problem->residual(problem->user, m->whole, residual));
}

bool minimiser_jvp(minimiser *m, const double *x, const double *v, double *jv) {
  const minimise_problem *problem = m->problem;
  return prepare_product(m, x, v) && answered(m, problem->jvp(problem->user, m->whole, m->whole_direction, jv));
}

bool minimiser_vjp(minimiser *m, const double *x, const double *u, double *ju) {
  const minimise_problem *problem = m->problem;
  if (!prepare_product(m, x, NULL)) return false;
  if (!answered(m, problem->vjp(problem->user, m->whole, u, m->whole_product))) return false;
  free_set_gather(&m->set, m->whole_product, ju);
  return true;
}

/* ---- iterations ---- */

bool minimiser_start(minimiser *m, minimise_point *at) {
  if (!minimiser_point(m, at)) return false;
  if (m->set.bounded && !(m->moving = (unsigned char *)minimiser_zeros(m, m->set.count / sizeof(double) + 1, 1)))
    return false;
  keep(m, (kept_numbers){.vector = &at->x, .count = m->set.count, .between = true});
  minimiser_keep(m, &at->g, m->set.count);
  minimiser_keep_real(m, &at->f);
  minimiser_keep_real(m, &at->grad_inf);
  if (m->resuming) return true;
  free_set_gather(&m->set, m->best, at->x);
  free_set_project(&m->set, at->x);
  double largest = 1;
  for (size_t k = 0; k < m->set.count; k++) {
    if (!isfinite(at->x[k])) return minimiser_end(m, END_START_NOT_FINITE);
    largest = fmax(largest, fabs(at->x[k]));
  }
  if (!minimiser_gradient(m, at)) return false;
  m->far = 1e150 * largest;
  m->first_gradient = at->grad_inf;
  m->first_size = fabs(at->f);
  m->least_f = m->least_gradient = INFINITY;
  return true;
}

static bool passes_tests(minimiser *m, const minimise_point *at) {
  if (!isfinite(at->f)) return minimiser_end(m, m->begun ? END_F_NOT_FINITE : END_F_NOT_FINITE_AT_START);
  if (!isfinite(at->grad_inf)) return minimiser_end(m, END_GRADIENT_NOT_FINITE);
  if (at->grad_inf <= m->options->tolerance * fmax(1, fmin(fabs(at->f), m->first_gradient)))
    return converge(m, at, m->set.count ? END_SMALL_GRADIENT : END_NOTHING_FREE);
  return true;
}

/* What is told of the point at the end of an iteration. */
static bool tell(minimiser *m, const minimise_point *at) {
  const minimise_options *options = m->options;
  const minimise_result *result = m->result;
  if (!options->progress) return true;
  minimise_progress progress = {.iteration = result->iterations,
                                .f = at->f,
                                .grad_inf = at->grad_inf,
                                .step = m->change,
                                .evaluations = result->evaluations.value + result->evaluations.gradient,
                                .seconds = minimiser_seconds(m),
                                .start = starts_number(m)};
  return !options->progress(options->progress_user, &progress) || minimiser_end(m, END_INTERRUPTED);
}

/* The point is one that an iteration led to, or where a checkpoint was taken. */
static bool begin(minimiser *m, double change) {
  if (m->over) return false;
  if (m->resuming) return checkpoint_resume(m);
  if (m->begun) m->result->iterations++;
  m->change = change;
  return true;
}

bool minimiser_goes_on(minimiser *m, const minimise_point *at, double change) {
  if (!begin(m, change)) return false;
  m->between_iterations = true;
  if (tell(m, at) && passes_tests(m, at)) {
    if (m->result->iterations >= m->options->iterations)
      minimiser_end(m, END_ITERATIONS);
    else if (within_budget(m))
      checkpoint_between_iterations(m);
  }
  m->begun = true;
  m->between_iterations = false;
  return !m->over;
}

bool minimiser_is_idle(minimiser *m, const minimise_point *at, size_t directions) {
  size_t evaluations = m->result->evaluations.value + m->result->evaluations.gradient;
  /* How far f is uncertain: by rounding at the size that it had, which shrinks as the gradient does. */
  double share = m->first_gradient > 0 ? fmin(1, m->least_gradient / m->first_gradient) : 1;
  bool falls = at->f < m->least_f - DBL_EPSILON * share * m->first_size;
  bool is_idle = !falls && !(at->grad_inf < m->least_gradient);
  m->idle = is_idle ? m->idle + 1 : 0;
  if (!is_idle) m->idle_since = evaluations;
  m->least_f = fmin(m->least_f, at->f);
  m->least_gradient = fmin(m->least_gradient, at->grad_inf);
  return m->idle > PATIENCE || (evaluations - m->idle_since) / USUAL / PATIENCE >= directions;
}

double minimiser_step(const minimiser *m, double otherwise) {
  return m->options->step > 0 ? m->options->step : otherwise;
}

/* ---- vectors and bounds ---- */

/* An entry near its bound counts as being there (Bertsekas 1982): otherwise a direction that mixes entries can be one
 * of ascent once such an entry has stopped there, and steps become arbitrarily small. */
void minimiser_find_moving(minimiser *m, const minimise_point *at) {
  if (!m->moving) return;
  double slack = fmin(1e-6, at->grad_inf), bound;
  for (size_t k = 0; k < m->set.count; k++)
    m->moving[k] = !free_set_is_active(&m->set, k, at->x[k], at->g[k], slack, &bound);
}

/* Four sums at once: one addition need not wait for the one before. */
double minimiser_dot(const minimiser *m, const double *a, const double *b) {
  double sums[4] = {0};
  size_t k = 0;
  for (; !m->moving && k + 4 <= m->set.count; k += 4) {
    for (size_t i = 0; i < 4; i++) sums[i] += a[k + i] * b[k + i];
  }
  for (; k < m->set.count; k++) {
    if (minimiser_moves(m, k)) sums[k % 4] += a[k] * b[k];
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double minimiser_combine(const minimiser *m, double *d, const combination *of) {
  const double *u = of->u, *v = of->v, *w = of->w;
  double c = of->c, a = of->a, sums[4] = {0};
  size_t k = 0;
  for (; !m->moving && k + 4 <= m->set.count; k += 4) {
    for (size_t i = 0; i < 4; i++) {
      double entry = c * u[k + i] + a * v[k + i];
      d[k + i] = entry;
      sums[i] += w[k + i] * entry;
    }
  }
  for (; k < m->set.count; k++) {
    d[k] = minimiser_moves(m, k) ? c * u[k] + a * v[k] : 0;
    sums[k % 4] += w[k] * d[k];
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double minimiser_direct(const minimiser *m, const minimise_point *at, double *d) {
  double slope = 0, bound;
  if (!m->set.bounded) return minimiser_dot(m, at->g, d);
  for (size_t k = 0; k < m->set.count; k++) {
    if (!minimiser_moves(m, k)) {
      free_set_is_active(&m->set, k, at->x[k], at->g[k], INFINITY, &bound);
      d[k] = bound - at->x[k];
    } else if (free_set_is_active(&m->set, k, at->x[k], -d[k], 0, &bound)) {
      d[k] = 0;
    }
    slope += at->g[k] * d[k];
  }
  return slope;
}

double minimiser_distance(const minimiser *m, const double *a, const double *b) {
  double largest = 0;
  for (size_t k = 0; k < m->set.count; k++) {
    if (fabs(a[k] - b[k]) > largest) largest = fabs(a[k] - b[k]);
  }
  return largest;
}
