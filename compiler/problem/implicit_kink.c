/* Is the objective, or are the equations, smooth at x? (See implicit_model.h.) What it chooses (abs, max, if, ..) is
 * looked at near x: a choice whose distance to its kink is no larger than what a tiny step changes it by is doubtful.
 * Doubtful ones matter where the objective, its gradient or its second derivatives jump across x: `if x > 0 then x^3
 * else 0` has nothing of that kind at 0. */
#include "compiler/problem/implicit_model.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Directions for steps, the same on every run. */
typedef struct {
  uint64_t state;
} chance;

static double draw(chance *from) {
  from->state = from->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's */
  return (double)(from->state >> 11) * 0x1p-52 - 1;
}

/* A point beside (x, theta), and what the model is there. */
typedef struct {
  double *x, *g, *second;
  double f;
} probe;

typedef struct {
  implicit_model *in;
  const double *x;
  double *theta;                       /* as it is */
  double *direction, *theta_direction; /* of steps, as long as x and theta are */
  double *mixed;
  signed char *side; /* of the bounds that entries are at */
  probe above, below, centre;
  double *distances[3]; /* of the choices: here, above and below */
  int code;
} probing;

static double largest_of(int64_t count, const double *v) {
  double largest = 0;
  for (int64_t k = 0; k < count; k++)
    if (!(fabs(v[k]) <= largest)) largest = fabs(v[k]);
  return largest;
}

static bool moves(const probing *in, int64_t k) {
  return in->in->vector->mask[k] && !in->side[k];
}

/* Steps are relative to an entry's size, unless it is next to nothing. */
static double unit_of(double own) {
  return fmax(fabs(own), 1e-3);
}

/* Entries at bounds that params move go with them. */
static void draw_direction(probing *in, chance *from) {
  implicit_model *of = in->in;
  for (int k = 0; k < of->parameters.count; k++) {
    const implicit_parameter *each = &of->parameters.items[k];
    double longest = largest_of(each->count, in->theta + each->offset);
    for (int64_t i = 0; i < each->count; i++)
      in->theta_direction[each->offset + i] = (longest > 0 ? longest : 1) * draw(from);
  }
  memset(in->direction, 0, (size_t)of->vector->size * sizeof *in->direction);
  if (implicit_bounds_move(of)) in->code = implicit_bound_forward(of, in->side, in->theta_direction, in->direction);
  for (int64_t k = 0; k < of->vector->size; k++)
    if (moves(in, k)) in->direction[k] = unit_of(in->x[k]) * draw(from);
}

/* Goes to (x, theta) + t direction. */
static void step(probing *in, double t, double *x) {
  for (int64_t k = 0; k < in->in->vector->size; k++) x[k] = in->x[k] + t * in->direction[k];
  for (int64_t k = 0; k < in->in->parameter_count; k++) in->in->theta[k] = in->theta[k] + t * in->theta_direction[k];
}

/* ---- doubtful choices ---- */

/* False too where a search inside fails: nothing is known of choices there. */
static bool measure(probing *in, double t, double *distances) {
  step(in, t, in->above.x);
  implicit_move_to(in->in, in->above.x);
  int status = in->in->run(in->in->user, in->in->functions.kinks, 0, NULL, (double *[]){distances});
  if (status != IMPLICIT_NO_VALUE) in->code = status;
  return !status;
}

/* Notes the choices that may be at their kinks. */
static bool find_doubtful(probing *in, double reach) {
  implicit_model *of = in->in;
  double *here = in->distances[0], *above = in->distances[1], *below = in->distances[2];
  of->doubtful_count = 0;
  if (!measure(in, 0, here) || !measure(in, reach, above) || !measure(in, -reach, below)) return false;
  for (int k = 0; k < of->kinks.count; k++) {
    double change = fabs(above[k] - here[k]) + fabs(below[k] - here[k]);
    if (change > 0 && -here[k] <= change && isfinite(here[k])) of->doubtful[of->doubtful_count++] = &of->kinks.items[k];
  }
  return of->doubtful_count > 0;
}

/* ---- jumps ---- */

static bool look(probing *in, double t, probe *at) {
  implicit_model *of = in->in;
  step(in, t, at->x);
  in->code = of->problem.gradient(of, at->x, &at->f, at->g);
  if (!in->code) in->code = of->problem.product(of, at->x, 1, in->direction, at->second);
  if (!in->code) in->code = of->problem.mixed_forward(of, at->x, 1, in->theta_direction, in->mixed);
  for (int64_t k = 0; k < of->vector->size; k++) at->second[k] += in->mixed[k];
  return !in->code;
}

static double size_of(const probing *in, const double *a) {
  double largest = 0;
  for (int64_t k = 0; k < in->in->vector->size; k++)
    if (moves(in, k)) largest = fmax(largest, fabs(a[k]));
  return largest;
}

/* What changes across x from -t to t, beyond what the derivatives at both ends tell of it: of the order of t^3, of the
 * gradient too; of second derivatives, all that changes: of the order of t. Entry by entry: one may be stiffer than
 * another by many orders of magnitude. */
typedef struct {
  double f, size_f, size_g;
  double *g, *second; /* by entry */
} change;

static bool measure_change(probing *in, double t, change *into) {
  const implicit_model *of = in->in;
  const probe *above = &in->above, *below = &in->below;
  if (!look(in, t, &in->above) || !look(in, -t, &in->below)) return false;
  into->f = of->root ? 0 : above->f - below->f; /* equations have their own jumps, and are no gradient */
  for (int64_t k = 0; k < in->in->vector->size; k++) {
    into->g[k] = into->second[k] = 0;
    if (!moves(in, k)) continue;
    if (!of->root) into->f -= t * (above->g[k] + below->g[k]) * in->direction[k];
    into->g[k] = fabs(above->g[k] - below->g[k] - t * (above->second[k] + below->second[k]));
    into->second[k] = fabs(above->second[k] - below->second[k]);
  }
  into->f = fabs(into->f);
  into->size_f = fmax(fabs(above->f), fabs(below->f));
  into->size_g = fmax(size_of(in, above->g), size_of(in, below->g));
  return true;
}

/* What is smooth changes at most a tenth as much over the narrower step; a jump stays. */
static bool jumps(double wide, double narrow, double noise) {
  return !(narrow <= 0.1 * wide) && !(narrow <= noise);
}

/* Rounding of an entry beside larger ones that it is made of. */
static const double ROUNDING = 1e-12;

/* Does some entry jump? At x itself too, second derivatives must be what they are on both sides. */
static bool entries_jump(probing *in, const change *wide, const change *narrow) {
  const probe *above = &in->above, *below = &in->below;
  double size_g = fmax(size_of(in, above->g), size_of(in, below->g));
  double size_second = fmax(size_of(in, above->second), size_of(in, below->second));
  if (!look(in, 0, &in->centre)) return false;
  for (int64_t k = 0; k < in->in->vector->size; k++) {
    if (!moves(in, k)) continue;
    double own_g = fmax(fabs(above->g[k]), fabs(below->g[k]));
    double own = fmax(fmax(fabs(above->second[k]), fabs(below->second[k])), fabs(in->centre.second[k]));
    double apart = fabs((above->second[k] + below->second[k]) / 2 - in->centre.second[k]);
    if (jumps(wide->g[k], narrow->g[k], fmax(1e-3 * own_g, ROUNDING * size_g)) ||
        jumps(wide->second[k], narrow->second[k], fmax(1e-5 * own, ROUNDING * size_second)) ||
        apart > fmax(1e-3 * own, ROUNDING * size_second))
      return true;
  }
  return false;
}

static bool matters(probing *in, double t) {
  double *room = in->in->change_room;
  int64_t size = in->in->vector->size;
  change widest = {.g = room, .second = room + size}, narrow = {.g = room + 2 * size, .second = room + 3 * size};
  if (!measure_change(in, 100 * t, &widest) || !measure_change(in, t, &narrow)) return false;
  return jumps(widest.f, narrow.f, 1e4 * DBL_EPSILON * widest.size_f + 1e-2 * t * widest.size_g) ||
         entries_jump(in, &widest, &narrow);
}

/* ---- bounds ---- */

/* Do the bounds that entries are at, or their derivatives, jump or run to infinity? And where both bounds of an entry
 * are one number, do they move as one? */
static bool bounds_jump(probing *in) {
  implicit_model *of = in->in;
  int64_t size = of->vector->size;
  double *above = in->above.x, *below = in->below.x, largest = 0;
  bool jump = false;
  memset(above, 0, (size_t)size * sizeof *above);
  memset(below, 0, (size_t)size * sizeof *below);
  step(in, 1e-9, in->centre.x);
  in->code = implicit_bound_forward(of, in->side, in->theta_direction, above);
  step(in, -1e-9, in->centre.x);
  if (!in->code) in->code = implicit_bound_forward(of, in->side, in->theta_direction, below);
  step(in, 0, in->centre.x);
  for (int64_t k = 0; k < size; k++) largest = fmax(largest, fmax(fabs(above[k]), fabs(below[k])));
  for (int64_t k = 0; k < size; k++)
    if (in->side[k] && !(fabs(above[k] - below[k]) <= 1e-3 * largest)) jump = true;
  for (int64_t k = 0; k < size; k++) in->side[k] = of->lower[k] == of->upper[k] ? 1 : in->side[k];
  if (!in->code) in->code = implicit_bound_forward(of, in->side, in->theta_direction, above);
  for (int64_t k = 0; k < size; k++) in->side[k] = of->lower[k] == of->upper[k] ? -1 : in->side[k];
  if (!in->code) in->code = implicit_bound_forward(of, in->side, in->theta_direction, below);
  for (int64_t k = 0; k < size; k++)
    if (of->lower[k] == of->upper[k] && !(fabs(above[k] - below[k]) <= 1e-9 * fmax(largest, fabs(above[k]))))
      jump = true;
  return jump && !in->code;
}

/* ---- the answer ---- */

void implicit_reserve_kinks(implicit_model *in) {
  in->kink_room =
      arena_array(in->memory, double, 12 * in->vector->size + 2 * in->parameter_count + 3 * in->kinks.count + 1);
  in->doubtful = arena_array(in->memory, const kinked *, in->kinks.count + 1);
  in->change_room = arena_array(in->memory, double, 4 * in->vector->size + 1);
}

static double *take(double **room, int64_t count) {
  double *taken = *room;
  *room += count;
  return taken;
}

static probing create(implicit_model *of, const double *x) {
  int64_t size = of->vector->size;
  double *room = of->kink_room;
  probing made = {.in = of, .x = x};
  probe *probes[] = {&made.above, &made.below, &made.centre};
  for (int k = 0; k < 3; k++)
    *probes[k] = (probe){.x = take(&room, size), .g = take(&room, size), .second = take(&room, size)};
  made.direction = take(&room, size);
  made.mixed = take(&room, size);
  made.side = (signed char *)take(&room, size);
  made.theta = take(&room, of->parameter_count);
  made.theta_direction = take(&room, of->parameter_count);
  for (int k = 0; k < 3; k++) made.distances[k] = take(&room, of->kinks.count);
  memcpy(made.theta, of->theta, (size_t)of->parameter_count * sizeof *made.theta);
  for (int64_t k = 0; k < size; k++)
    made.side[k] = of->root || !of->vector->mask[k] ? 0 : x[k] == of->lower[k] ? -1 : x[k] == of->upper[k] ? 1 : 0;
  return made;
}

/* "'max' is at its kink", or where it may be any of several, "'max' or 'abs' is ..". */
static void tell(implicit_model *of) {
  enum { NAMED = 3 };
  const char *named[NAMED] = {NULL};
  size_t length = 0;
  for (int k = 0, count = 0; k < of->doubtful_count && count < NAMED; k++) {
    const char *word = of->doubtful[k]->word;
    bool known = false;
    for (int before = 0; before < count; before++) known = known || !strcmp(named[before], word);
    if (known) continue;
    named[count++] = word;
    length += (size_t)snprintf(of->found + length, sizeof of->found - length, "%s'%s'", length ? " or " : "", word);
  }
  snprintf(of->found + length, sizeof of->found - length, " is at its kink");
}

int implicit_find_kink(void *user, const double *x, double reach, const char **found) {
  implicit_model *of = user;
  enum { TRIALS = 3 };
  probing in = create(of, x);
  chance from = {1};
  bool matter = false, bound = false;
  of->doubtful_count = 0;
  for (int trial = 0; trial < TRIALS && !matter && !bound && !in.code; trial++) {
    draw_direction(&in, &from);
    bool doubtful = of->kinks.count && !in.code && find_doubtful(&in, reach);
    matter = doubtful && matters(&in, fmax(1e-7, 4 * reach));
    if (!matter && !in.code && implicit_bounds_move(of)) bound = bounds_jump(&in);
  }
  memcpy(of->theta, in.theta, (size_t)of->parameter_count * sizeof *in.theta);
  implicit_move_to(of, x);
  if (!matter) of->doubtful_count = 0;
  if (!in.code && matter) tell(of);
  if (!in.code && bound) snprintf(of->found, sizeof of->found, "a bound of an entry is at a kink");
  if (!in.code && (matter || bound)) *found = of->found;
  return in.code;
}
