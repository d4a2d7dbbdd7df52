/* What is asked where a search has arrived, for search.h: how far rounding may have moved the solution, whether the
 * residual does there what J says, and whether anything jumps. All of it is judged in units of the unknowns, as
 * J^-1 times something against a step d of chance, so that neither units nor couplings hide it. */
#ifndef ADJOIN_SEARCH_VERDICT_H
#define ADJOIN_SEARCH_VERDICT_H

/* The stages. Those that look at a point beside are asked for the residual or a product there, those that solve have
 * their right-hand side ready. */
enum {
  ADJOIN_SEARCH_BLUR,     /* solve: J^-1 e for an e of the size of rounding; some times */
  ADJOIN_SEARCH_BENT,     /* look: the product with such a J^-1 e where that leads; if it is not tiny */
  ADJOIN_SEARCH_STRAIGHT, /* look, solve: J^-1 (that - the same product at y) */
  ADJOIN_SEARCH_AGREE,    /* look, solve: J^-1 (r(y + t d) - r(y)) against t d; for some t, until one agrees; twice */
  ADJOIN_SEARCH_ABOVE,    /* look: r(y + t d), and the product with d there; for a wide t and a narrow one */
  ADJOIN_SEARCH_ABOVE_PRODUCT,
  ADJOIN_SEARCH_BELOW, /* look: the same at y - t d */
  ADJOIN_SEARCH_BELOW_PRODUCT,
  ADJOIN_SEARCH_JUMP,   /* solve: J^-1 (r above - r below - t (products above + below)), of the order of t^3 */
  ADJOIN_SEARCH_SECOND, /* solve: J^-1 (product above - below), of the order of t */
  ADJOIN_SEARCH_CENTRE  /* look, solve: J^-1 (the products' mean - product at y), of the order of t^2 */
};
enum { ADJOIN_SEARCH_SAMPLED = 3, ADJOIN_SEARCH_DISTANCES = 6, ADJOIN_SEARCH_WRONG = 3, ADJOIN_SEARCH_AGREEMENTS = 2 };

/* The distances t, relative to the entries' sizes: from 6e-8 to 1e-3, then shorter ones than the first; these only
 * where the residual has vanished, or two points where it nearly does would pass for one where it does. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_distance(const adjoin_search *s) {
  int at = s->distance < ADJOIN_SEARCH_WRONG ? -s->distance : s->distance + 1 - ADJOIN_SEARCH_WRONG;
  int bits = DBL_MANT_DIG > 30 ? 24 + 7 * at : 9 + 3 * at;
  double t = s->wide ? 8 : 1;
  while (bits-- > 0) t /= 2;
  return t;
}

/* Of the digits of the solution, so many must be left. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_sharp(void) {
  return DBL_MANT_DIG > 30 ? (double)1e-5 : (double)1e-2;
}

/* The size of entry k; near 0, a part of what it was on the way. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_own(const adjoin_search *s, ptrdiff_t k) {
  double own = adjoin_search_size(s->point[k]), least = s->peak[k] / 100;
  return own > least ? own : least;
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_is_residual(int stage) {
  return stage == ADJOIN_SEARCH_AGREE || stage == ADJOIN_SEARCH_ABOVE || stage == ADJOIN_SEARCH_BELOW;
}

/* Looks at y + t d, d being in `last`. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_look(adjoin_search *s, int stage, double t) {
  for (ptrdiff_t k = 0; k < s->n; k++) {
    s->direction[k] = s->last[k];
    s->y[k] = s->point[k] + t * s->last[k];
  }
  s->stage = stage;
  s->phase = ADJOIN_SEARCH_LOOK;
  return adjoin_search_is_residual(stage) ? ADJOIN_SEARCH_RESIDUAL : ADJOIN_SEARCH_PRODUCT;
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_look_above(adjoin_search *s) {
  return adjoin_search_look(s, ADJOIN_SEARCH_ABOVE, adjoin_search_distance(s));
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_solved(adjoin_search *s);

/* step = J^-1 of the right-hand side, which is in `step` where there is a matrix, else in the iteration's `rest`. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_solve_for(adjoin_search *s, int stage) {
  s->stage = stage;
  for (ptrdiff_t k = 0; k < s->n; k++) s->y[k] = s->point[k];
  if (!s->dense) {
    s->phase = ADJOIN_SEARCH_SOLVE;
    double tolerance = stage == ADJOIN_SEARCH_BLUR ? (double)1e-5 : 1000 * DBL_EPSILON;
    return adjoin_search_krylov_begin(&s->krylov, tolerance) ? ADJOIN_SEARCH_PRODUCT : adjoin_search_solved(s);
  }
  if (s->kind == ADJOIN_SEARCH_LEAST)
    adjoin_search_solve_definite(s->n, s->matrix, s->step);
  else
    adjoin_search_solve(s->n, s->matrix, s->rows, s->pivots, s->step);
  return adjoin_search_solved(s);
}

ADJOIN_SEARCH_FUNCTION double *adjoin_search_right(adjoin_search *s) {
  return s->dense ? s->step : s->krylov.rest;
}

/* ---- what was looked at ---- */

ADJOIN_SEARCH_FUNCTION int adjoin_search_sample_blur(adjoin_search *s) {
  double *right = adjoin_search_right(s);
  for (ptrdiff_t k = 0; k < s->n; k++) right[k] = adjoin_search_uniform(&s->chance) * s->noise[k];
  return adjoin_search_solve_for(s, ADJOIN_SEARCH_BLUR);
}

/* The products on both sides are in `peak` and `product`, the residuals' difference in `noise`, which gets that of the
 * products; `peak` gets their mean. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_compare(adjoin_search *s) {
  double *right = adjoin_search_right(s), t = adjoin_search_distance(s);
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double above = s->peak[k], below = s->product[k];
    right[k] = s->noise[k] - t * (above + below);
    s->noise[k] = above - below;
    s->peak[k] = (above + below) / 2;
  }
  return adjoin_search_solve_for(s, ADJOIN_SEARCH_JUMP);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_looked(adjoin_search *s) {
  double *right = adjoin_search_right(s), t = adjoin_search_distance(s);
  ptrdiff_t n = s->n;
  int finite = adjoin_search_finite(n, adjoin_search_is_residual(s->stage) ? s->residual : s->product);
  if (!finite && s->stage <= ADJOIN_SEARCH_STRAIGHT) return adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
  if (!finite && s->stage != ADJOIN_SEARCH_AGREE) return adjoin_search_end(s, ADJOIN_SEARCH_NONSMOOTH);
  switch (s->stage) {
  case ADJOIN_SEARCH_BENT:
    for (ptrdiff_t k = 0; k < n; k++) s->noise[k] = s->product[k];
    return adjoin_search_look(s, ADJOIN_SEARCH_STRAIGHT, 0);
  case ADJOIN_SEARCH_STRAIGHT:
    for (ptrdiff_t k = 0; k < n; k++) right[k] = s->noise[k] - s->product[k];
    return adjoin_search_solve_for(s, ADJOIN_SEARCH_STRAIGHT);
  case ADJOIN_SEARCH_AGREE:
    for (ptrdiff_t k = 0; k < n; k++) right[k] = finite ? s->residual[k] - s->held[k] : 0;
    return adjoin_search_solve_for(s, ADJOIN_SEARCH_AGREE);
  case ADJOIN_SEARCH_ABOVE:
    for (ptrdiff_t k = 0; k < n; k++) s->noise[k] = s->residual[k];
    return adjoin_search_look(s, ADJOIN_SEARCH_ABOVE_PRODUCT, t);
  case ADJOIN_SEARCH_ABOVE_PRODUCT:
    for (ptrdiff_t k = 0; k < n; k++) s->peak[k] = s->product[k];
    return adjoin_search_look(s, ADJOIN_SEARCH_BELOW, -t);
  case ADJOIN_SEARCH_BELOW:
    for (ptrdiff_t k = 0; k < n; k++) s->noise[k] -= s->residual[k];
    return adjoin_search_look(s, ADJOIN_SEARCH_BELOW_PRODUCT, -t);
  case ADJOIN_SEARCH_BELOW_PRODUCT: return adjoin_search_compare(s);
  default:
    for (ptrdiff_t k = 0; k < n; k++) right[k] = s->peak[k] - s->product[k];
    return adjoin_search_solve_for(s, ADJOIN_SEARCH_CENTRE);
  }
}

/* ---- what was solved ---- */

/* With a new d: a part of each entry's size, in units of what it was on the way, or of what it is. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_look_along(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double chance = adjoin_search_uniform(&s->chance), own = adjoin_search_own(s, k);
    if (s->unit && s->point[k] != 0) own = adjoin_search_size(s->point[k]);
    s->last[k] = (chance < 0 ? chance - 1 : chance + 1) / 2 * own;
  }
  s->distance = s->wide = 0;
  return adjoin_search_look(s, ADJOIN_SEARCH_AGREE, adjoin_search_distance(s));
}

/* Blurred too much, nothing is left of the digits that derivatives need. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_judge_blur(adjoin_search *s) {
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double blur = DBL_EPSILON * adjoin_search_size(s->step[k]) / adjoin_search_own(s, k);
    if (!(blur <= s->blur)) s->blur = blur;
  }
  if (!(s->blur <= adjoin_search_sharp())) return adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
  if (++s->sampled < ADJOIN_SEARCH_SAMPLED) return adjoin_search_sample_blur(s);
  s->unit = 0;
  if (s->blur <= 1000000 * DBL_EPSILON) return adjoin_search_look_along(s);
  for (ptrdiff_t k = 0; k < s->n; k++) s->last[k] = DBL_EPSILON * s->step[k];
  return adjoin_search_look(s, ADJOIN_SEARCH_BENT, 1);
}

/* Nor may J be another one where rounding may have left the solution: the derivatives there are others. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_judge_bend(adjoin_search *s) {
  double way = 0, bend = 0;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double own = adjoin_search_own(s, k), by = adjoin_search_size(s->last[k]) / own;
    if (by > way) way = by;
    by = adjoin_search_size(s->step[k]) / own;
    if (!(by <= bend)) bend = by;
  }
  return bend <= way / 10 ? adjoin_search_look_along(s) : adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
}

/* Where distances disagree by as much however short they are, or by a part of them that stays, it is by a kink. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_is_kink(const adjoin_search *s) {
  double apart = DBL_MANT_DIG > 30 ? 128 : 8;
  double one = s->wrong[1] / s->wrong[0], two = s->wrong[2] / s->wrong[1];
  int jump = one > 1 / (double)4 && one < 4 && two > 1 / (double)4 && two < 4;
  int bend = one > apart / 2 && one < apart * 2 && two > apart / 2 && two < apart * 2;
  return s->kinked && (jump || bend);
}

/* Where rounding has left nothing of the residual, or J is nearly 0 while the residual bends, no distance agrees.
 * Entries may be small beside what they were, and honestly so; not where the search has crept towards 0. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_judge_agreement(adjoin_search *s) {
  double t = adjoin_search_distance(s), wrong = 0;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double by = adjoin_search_size((s->step[k] - t * s->last[k]) / s->last[k]);
    if (!(by <= wrong)) wrong = by;
  }
  if (s->unit == 0 && s->distance < ADJOIN_SEARCH_WRONG) s->wrong[s->distance] = wrong;
  if (!(wrong <= t / 10)) {
    if (++s->distance < (s->jammed ? ADJOIN_SEARCH_WRONG : ADJOIN_SEARCH_DISTANCES))
      return adjoin_search_look(s, ADJOIN_SEARCH_AGREE, adjoin_search_distance(s));
    if (adjoin_search_is_kink(s)) return adjoin_search_end(s, ADJOIN_SEARCH_NONSMOOTH);
    if (s->unit++ || s->slow >= 8) return adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
    return adjoin_search_look_along(s);
  }
  if (++s->agreed < ADJOIN_SEARCH_AGREEMENTS) return adjoin_search_look_along(s);
  if (!s->kinked) return adjoin_search_end(s, ADJOIN_SEARCH_FOUND);
  s->wide = 1;
  return adjoin_search_look_above(s);
}

/* The largest entry of the step, against d. */
ADJOIN_SEARCH_FUNCTION double adjoin_search_against(const adjoin_search *s) {
  double largest = 0;
  for (ptrdiff_t k = 0; k < s->n; k++) {
    double ratio = adjoin_search_size(s->step[k] / s->last[k]);
    if (!(ratio <= largest)) largest = ratio;
  }
  return largest;
}

/* What is smooth is at most an eighth as large across the narrow gap as across the wide one; a jump is not. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_judge_pair(adjoin_search *s) {
  double second = adjoin_search_against(s), least = 100 * s->blur + (DBL_MANT_DIG > 30 ? (double)1e-6 : (double)1e-2);
  int jumps = s->jump > s->jump_wide / 3 && s->jump > 1 / (double)4;
  int bends = second > s->second_wide / 3 && second > least;
  if (!s->wide && (jumps || bends)) return adjoin_search_end(s, ADJOIN_SEARCH_NONSMOOTH);
  if (!s->wide) return adjoin_search_look(s, ADJOIN_SEARCH_CENTRE, 0);
  s->second_wide = second;
  s->jump_wide = s->jump;
  s->wide = 0;
  return adjoin_search_look_above(s);
}

ADJOIN_SEARCH_FUNCTION int adjoin_search_solved(adjoin_search *s) {
  int outcome = s->dense ? ADJOIN_SEARCH_SOLVED : s->krylov.outcome;
  if (outcome == ADJOIN_SEARCH_UNSOLVED) return adjoin_search_make_dense(s, ADJOIN_SEARCH_NOT_CONVERGED);
  if (outcome == ADJOIN_SEARCH_CURVED) {
    int negative = s->krylov.curvature < -adjoin_search_rounding(s->n) * s->krylov.largest;
    return adjoin_search_end(s, negative ? ADJOIN_SEARCH_NOT_LEAST : ADJOIN_SEARCH_SINGULAR);
  }
  switch (s->stage) {
  case ADJOIN_SEARCH_BLUR: return adjoin_search_judge_blur(s);
  case ADJOIN_SEARCH_STRAIGHT: return adjoin_search_judge_bend(s);
  case ADJOIN_SEARCH_AGREE: return adjoin_search_judge_agreement(s);
  case ADJOIN_SEARCH_JUMP: {
    double *right = adjoin_search_right(s);
    s->jump = adjoin_search_against(s) / (2 * adjoin_search_distance(s));
    for (ptrdiff_t k = 0; k < s->n; k++) right[k] = s->noise[k];
    return adjoin_search_solve_for(s, ADJOIN_SEARCH_SECOND);
  }
  case ADJOIN_SEARCH_SECOND: return adjoin_search_judge_pair(s);
  default: {
    double most = 100 * s->blur + (DBL_MANT_DIG > 30 ? (double)1e-3 : (double)3e-2);
    return adjoin_search_end(s, adjoin_search_against(s) > most ? ADJOIN_SEARCH_NONSMOOTH : ADJOIN_SEARCH_FOUND);
  }
  }
}

/* At the solution, or where rounding lets the search come no further. */
ADJOIN_SEARCH_FUNCTION int adjoin_search_arrive(adjoin_search *s) {
  if (s->kind == ADJOIN_SEARCH_LINEAR) return adjoin_search_end(s, ADJOIN_SEARCH_FOUND);
  double most = adjoin_search_sharp();
  for (ptrdiff_t k = 0; k < s->n; k++)
    if (!(adjoin_search_size(s->step[k]) <= most * adjoin_search_own(s, k)))
      return adjoin_search_end(s, ADJOIN_SEARCH_SINGULAR);
  s->blur = 0;
  s->sampled = s->agreed = 0;
  return adjoin_search_sample_blur(s);
}

#endif
