/* The steps of Newton's method, for search.h: from what is known at a point to the next one, or to the end. */
#ifndef ADJOIN_SEARCH_STEPS_H
#define ADJOIN_SEARCH_STEPS_H

ADJOIN_SEARCH_FUNCTION int adjoin_search_try(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) s->y[k] = s->point[k] + s->length * s->step[k];
  s->phase = ADJOIN_SEARCH_TRIAL;
  return ADJOIN_SEARCH_RESIDUAL;
}

/* Units of unknown k in H + shift D: a small part of its curvature, or what has to stand for it where it has none:
 * there, a step of ten times y is far enough to begin with. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_unit(const adjoin_search *s, ptrdiff_t k) {
  const double *row = s->matrix + k * s->n;
  double own = adjoin_search_size(row[k]) / 1000, coupled = adjoin_search_norm(s->n, row) / 1000000;
  double flat = adjoin_search_size(s->held[k]) / (10 + 10 * adjoin_search_size(s->point[k]));
  double most = own > coupled ? own : coupled;
  most = most > flat ? most : flat;
  return most > 0 ? most : 1;
}

/* H + shift D, with the smallest shift of a growing sequence that makes it definite: the diagonals are kept in `step`
 * and `rows` until the step takes that place, and the upper triangle keeps H. Returns a failure, or
 * ADJOIN_SEARCH_FOUND. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_find_descent(adjoin_search *s) {
  ptrdiff_t n = s->n;
  double *a = s->matrix, shift = 0;
  int negative, ever_negative = 0;
  for (ptrdiff_t k = 0; k < n; k++) {
    s->step[k] = a[k * n + k];
    s->rows[k] = adjoin_search_unit(s, k);
  }
  while (!adjoin_search_definite(n, a, &negative)) {
    ever_negative |= negative;
    shift = shift > 0 ? 4 * shift : 1;
    if (!(shift <= DBL_MAX)) return ADJOIN_SEARCH_NOT_FINITE;
    for (ptrdiff_t i = 0; i < n; i++) {
      a[i * n + i] = s->step[i] + shift * s->rows[i];
      for (ptrdiff_t j = 0; j < i; j++) a[i * n + j] = a[j * n + i];
    }
  }
  s->shifted = shift > 0;
  for (ptrdiff_t k = 0; k < n; k++) s->step[k] = -s->held[k];
  adjoin_search_solve_definite(n, a, s->step);
  if (!s->shifted) return ADJOIN_SEARCH_FOUND;
  /* No descent is left where the gradient is at rounding level: then this is no minimum. */
  double move = adjoin_search_norm(n, s->step), size = adjoin_search_norm(n, s->point);
  if (s->merit == 0 || move <= adjoin_search_tiny() / 10 * size)
    return ever_negative ? ADJOIN_SEARCH_NOT_LEAST : ADJOIN_SEARCH_SINGULAR;
  return ADJOIN_SEARCH_FOUND;
}

/* The step from J and the residual at `point`. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_find_step(adjoin_search *s) {
  ptrdiff_t n = s->n;
  if (!s->factored && !adjoin_search_finite(n * n, s->matrix)) return ADJOIN_SEARCH_NOT_FINITE;
  for (ptrdiff_t i = 0; i < n && !s->factored; i++) {
    s->noise[i] = 0;
    for (ptrdiff_t j = 0; j < n; j++) s->noise[i] += adjoin_search_size(s->matrix[i * n + j] * s->point[j]);
  }
  if (s->kind == ADJOIN_SEARCH_LEAST) return adjoin_search_find_descent(s);
  if (!s->factored && !adjoin_search_factor(n, s->matrix, s->rows, s->pivots)) return ADJOIN_SEARCH_SINGULAR;
  s->factored = s->kind == ADJOIN_SEARCH_LINEAR;
  for (ptrdiff_t k = 0; k < n; k++) s->step[k] = -s->held[k];
  adjoin_search_solve(n, s->matrix, s->rows, s->pivots, s->step);
  return ADJOIN_SEARCH_FOUND;
}

/* |J| |y|, as far as the scale knows J: S J S, or S J, has rows of about length 1. */
ADJOIN_SEARCH_FUNCTION void adjoin_search_estimate_noise(adjoin_search *s) {
  double sum = 0;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double own = s->symmetric ? s->point[k] / s->krylov.scale[k] : s->point[k];
    sum += own * own;
  }
  for (ptrdiff_t k = 0; k < s->n; k++) s->noise[k] = (double)sqrt(sum) / s->krylov.scale[k];
}

/* Where conjugate gradients met a direction without positive curvature, the step is what they had found before, or at
 * first that direction. */
ADJOIN_SEARCH_FUNCTION void adjoin_search_bend(adjoin_search *s) {
  double size = adjoin_search_norm(s->n, s->direction), far = 10 + 10 * adjoin_search_norm(s->n, s->point);
  double newton = s->krylov.curvature < 0 ? -1 / s->krylov.curvature : DBL_MAX;
  double share = newton * size < far ? newton : far / size;
  for (ptrdiff_t k = 0; k < s->n && s->krylov.iterations == 0; k++) s->step[k] = share * s->direction[k];
}

/* An entry has settled where its step is below its rounding, or small and no longer leading anywhere, for that is
 * noise: back, or further than the one before, with next to nothing left of the residual. Units of entries differ, and
 * so may when they settle. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_settles(adjoin_search *s) {
  int all = 1;
  double tiny = adjoin_search_tiny();
  s->jammed = 0;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double left = adjoin_search_size(s->held[k]);
    int solves = left <= 10 * tiny * s->start_merit || left <= 10 * tiny * s->noise[k];
    double step = adjoin_search_size(s->step[k]), own = adjoin_search_size(s->point[k]), before = s->last[k];
    int small = step <= 10000 * DBL_EPSILON * s->peak[k] || step <= tiny * own;
    int onwards = step < adjoin_search_size(before) && (s->step[k] > 0) == (before > 0);
    int noise = before == 0 || (step >= adjoin_search_size(before) / 2 && !onwards && solves);
    int exact = step <= 2 * DBL_EPSILON * own;
    s->last[k] = exact || (small && noise) ? 0 : s->step[k];
    all = all && s->last[k] == 0;
    s->jammed = s->jammed || !exact;
  }
  return !s->shifted && (all || s->merit == 0);
}

/* Is the residual no more than what rounding makes of it? Then one step more is worth while. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_is_quiet(adjoin_search *s) {
  int quiet = !s->shifted;
  for (ptrdiff_t k = 0; k < s->n; k++) quiet = quiet && adjoin_search_size(s->held[k]) <= 4 * DBL_EPSILON * s->noise[k];
  s->quiet = quiet ? s->quiet + 1 : 0;
  return s->quiet > 1;
}

/* The step is there, or a failure. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_set_out(adjoin_search *s, int failure) {
  double step = adjoin_search_norm(s->n, s->step);
  int settled = failure == ADJOIN_SEARCH_FOUND && adjoin_search_settles(s);
  int quiet = failure == ADJOIN_SEARCH_FOUND && adjoin_search_is_quiet(s);
  int there = settled || (quiet && s->dense);
  if (s->quiet) s->jammed = 0;
  if (!there && adjoin_search_is_far(s)) return adjoin_search_end(s, ADJOIN_SEARCH_UNBOUNDED);
  if (failure != ADJOIN_SEARCH_FOUND) return adjoin_search_end(s, failure);
  if (!(step <= DBL_MAX)) return adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
  if (step > 0) s->slow = step > s->full / 4 && step < s->full && s->length == 1 ? s->slow + 1 : 0;
  s->full = step;
  if (there || s->slow == ADJOIN_SEARCH_SLOW) return adjoin_search_arrive(s);
  int most = s->kind == ADJOIN_SEARCH_LINEAR ? ADJOIN_SEARCH_REFINEMENTS : ADJOIN_SEARCH_STEPS;
  if (s->steps++ == most) {
    int small = step <= adjoin_search_tiny() * adjoin_search_scale(s);
    int linear = s->kind == ADJOIN_SEARCH_LINEAR;
    return adjoin_search_end(s, !linear ? ADJOIN_SEARCH_NOT_CONVERGED
                                : small ? ADJOIN_SEARCH_FOUND
                                        : ADJOIN_SEARCH_SINGULAR);
  }
  s->length = 1;
  return adjoin_search_try(s);
}

/* The iteration for a step has ended. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_take_step(adjoin_search *s) {
  int outcome = s->krylov.outcome;
  s->shifted = outcome == ADJOIN_SEARCH_CURVED;
  if (outcome == ADJOIN_SEARCH_UNSOLVED) return adjoin_search_make_dense(s, ADJOIN_SEARCH_NOT_CONVERGED);
  if (s->shifted && s->kind != ADJOIN_SEARCH_LEAST) return adjoin_search_make_dense(s, ADJOIN_SEARCH_SINGULAR);
  adjoin_search_estimate_noise(s);
  if (s->shifted) adjoin_search_bend(s);
  return adjoin_search_set_out(s, ADJOIN_SEARCH_FOUND);
}

/* Without a matrix the step is the more exact, the nearer the solution is. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_seek(adjoin_search *s) {
  s->column = 0;
  if (s->factored) return adjoin_search_set_out(s, adjoin_search_find_step(s));
  if (s->dense) return adjoin_search_ask_column(s);
  double nearer = s->start_merit > 0 ? s->merit / s->start_merit : 0;
  double tolerance = nearer < 1 ? nearer / 100 : (double)0.01;
  if (tolerance < 1000 * DBL_EPSILON) tolerance = 1000 * DBL_EPSILON;
  if (s->kind == ADJOIN_SEARCH_LINEAR) tolerance = (double)1e-7 + 1000 * DBL_EPSILON; /* and refinement */
  for (ptrdiff_t k = 0; k < s->n; k++) s->krylov.rest[k] = -s->held[k];
  s->phase = ADJOIN_SEARCH_STEP;
  return adjoin_search_krylov_begin(&s->krylov, tolerance) ? ADJOIN_SEARCH_PRODUCT : adjoin_search_take_step(s);
}

/* Does the trial point lead on? A least value falls (Armijo), or where rounding hides that, its gradient shrinks; the
 * residual of a root shrinks; a linear system takes every step. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_leads_on(adjoin_search *s) {
  double merit = adjoin_search_norm(s->n, s->residual), slope = 0;
  if (!adjoin_search_finite(s->n, s->residual)) return 0;
  if (s->kind == ADJOIN_SEARCH_LINEAR) return 1;
  if (s->kind == ADJOIN_SEARCH_ROOT && merit <= (1 - s->length / 10000) * s->merit) return 1;
  if (s->kind == ADJOIN_SEARCH_LEAST) {
    if (!(adjoin_search_size(*s->value) <= DBL_MAX)) return 0;
    for (ptrdiff_t k = 0; k < s->n; k++) slope += s->held[k] * s->step[k];
    if (*s->value <= s->f + s->length / 10000 * slope) return 1;
    double rounding = 64 * DBL_EPSILON * adjoin_search_size(s->f);
    if (!(*s->value <= s->f + rounding)) return 0;
    if (merit < s->merit) return 1;
    if (-slope > rounding) return 0;
  }
  /* The large entries' rounding may hide what small ones gain. */
  int hidden = s->length == 1 && !s->shifted && s->blind < ADJOIN_SEARCH_BLIND &&
               (s->quiet || s->full <= 10000 * DBL_EPSILON * adjoin_search_scale(s));
  s->blind += hidden;
  return hidden;
}

/* No step leads on: that is rounding where the full one is small, entry by entry. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_give_up(adjoin_search *s) {
  int small = !s->shifted;
  for (ptrdiff_t k = 0; k < s->n && small; k++) {
    double step = adjoin_search_size(s->step[k]), own = adjoin_search_size(s->point[k]);
    small = step <= 100 * adjoin_search_tiny() * own || step <= 10000 * DBL_EPSILON * s->peak[k];
  }
  s->jammed = !s->quiet;
  return small || s->quiet ? adjoin_search_arrive(s) : adjoin_search_end(s, ADJOIN_SEARCH_NOT_CONVERGED);
}

/* Steps of which only a small part leads on, one after another, lead nowhere. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_judge(adjoin_search *s) {
  if (!adjoin_search_leads_on(s)) {
    s->length /= 2;
    if (s->length * s->full > 2 * DBL_EPSILON * adjoin_search_scale(s) && s->length > (double)1e-12)
      return adjoin_search_try(s);
    return adjoin_search_give_up(s);
  }
  s->crawling = s->length < 1 / (double)32 ? s->crawling + 1 : 0;
  if (s->crawling == ADJOIN_SEARCH_CRAWLING) return adjoin_search_end(s, ADJOIN_SEARCH_NOT_CONVERGED);
  adjoin_search_accept(s);
  return adjoin_search_seek(s);
}

#endif
