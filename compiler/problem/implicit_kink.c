/* Is the objective smooth at x? (See implicit_model.h.) What it chooses (abs, max, if, ..) is looked at near x: a
 * choice whose distance to its kink is no larger than what a tiny step changes it by is doubtful. Doubtful ones matter
 * where the objective, its gradient or its second derivatives jump across x: `if x > 0 then x^3 else 0` has nothing of
 * that kind at 0. */
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
  double size; /* of x, but so large that the params are not changed by much where x is nearly 0 */
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
  return in->in->vector->mask[k] && in->x[k] != in->in->lower[k] && in->x[k] != in->in->upper[k];
}

static void draw_direction(probing *in, chance *from) {
  for (int64_t k = 0; k < in->in->vector->size; k++) in->direction[k] = moves(in, k) ? draw(from) : 0;
  for (int k = 0; k < in->in->parameters.count; k++) {
    const implicit_parameter *each = &in->in->parameters.items[k];
    double longest = largest_of(each->count, in->theta + each->offset);
    for (int64_t i = 0; i < each->count; i++)
      in->theta_direction[each->offset + i] = (longest > 0 ? longest : 1) / in->size * draw(from);
  }
}

/* Goes to (x, theta) + t direction. */
static void step(probing *in, double t, double *x) {
  for (int64_t k = 0; k < in->in->vector->size; k++) x[k] = in->x[k] + t * in->direction[k];
  for (int64_t k = 0; k < in->in->parameter_count; k++) in->in->theta[k] = in->theta[k] + t * in->theta_direction[k];
}

/* ---- doubtful choices ---- */

static bool measure(probing *in, double t, double *distances) {
  step(in, t, in->above.x);
  implicit_move_to(in->in, in->above.x);
  in->code = in->in->run(in->in->user, in->in->functions.kinks, 0, NULL, (double *[]){distances});
  return !in->code;
}

/* The first choice that may be at its kink; -1 where none is. */
static int find_doubtful(probing *in, double reach) {
  implicit_model *of = in->in;
  double *here = in->distances[0], *above = in->distances[1], *below = in->distances[2];
  if (!measure(in, 0, here) || !measure(in, reach, above) || !measure(in, -reach, below)) return -1;
  for (int k = 0; k < of->kinks.count; k++) {
    double change = fabs(above[k] - here[k]) + fabs(below[k] - here[k]);
    if (change > 0 && -here[k] <= change && isfinite(here[k])) return k;
  }
  return -1;
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
 * gradient too; of second derivatives, all that changes: of the order of t. */
typedef struct {
  double f, g, second, size_f, size_g, size_second;
} change;

static bool measure_change(probing *in, double t, change *into) {
  const probe *above = &in->above, *below = &in->below;
  if (!look(in, t, &in->above) || !look(in, -t, &in->below)) return false;
  *into = (change){.f = above->f - below->f};
  for (int64_t k = 0; k < in->in->vector->size; k++) {
    if (!moves(in, k)) continue;
    double slope = above->second[k] + below->second[k];
    into->f -= t * (above->g[k] + below->g[k]) * in->direction[k];
    into->g = fmax(into->g, fabs(above->g[k] - below->g[k] - t * slope));
    into->second = fmax(into->second, fabs(above->second[k] - below->second[k]));
  }
  into->f = fabs(into->f);
  into->size_f = fmax(fabs(above->f), fabs(below->f));
  into->size_g = fmax(size_of(in, above->g), size_of(in, below->g));
  into->size_second = fmax(size_of(in, above->second), size_of(in, below->second));
  return true;
}

/* What is smooth changes at most a tenth as much over the narrower step; a jump stays. */
static bool jumps(double wide, double narrow, double noise) {
  return !(narrow <= 0.1 * wide) && !(narrow <= noise);
}

/* At x itself too, second derivatives must be what they are on both sides. */
static bool is_apart(probing *in, double size) {
  if (!look(in, 0, &in->centre)) return false;
  double largest = 0;
  for (int64_t k = 0; k < in->in->vector->size; k++) {
    double mean = (in->above.second[k] + in->below.second[k]) / 2;
    if (moves(in, k)) largest = fmax(largest, fabs(mean - in->centre.second[k]));
  }
  return largest > 1e-3 * size;
}

static bool matters(probing *in, double t) {
  change widest, wide, narrow;
  if (!measure_change(in, 100 * t, &widest) || !measure_change(in, 10 * t, &wide) || !measure_change(in, t, &narrow))
    return false;
  return jumps(widest.f, narrow.f, 1e4 * DBL_EPSILON * wide.size_f + 1e-3 * t * wide.size_g) ||
         jumps(wide.g, narrow.g, 1e-6 * wide.size_g) || jumps(widest.second, narrow.second, 1e-5 * wide.size_second) ||
         is_apart(in, narrow.size_second);
}

/* ---- the answer ---- */

void implicit_reserve_kinks(implicit_model *in) {
  if (!in->kinks.count) return;
  in->kink_room =
      arena_array(in->memory, double, 11 * in->vector->size + 2 * in->parameter_count + 3 * in->kinks.count);
}

static double *take(double **room, int64_t count) {
  double *taken = *room;
  *room += count;
  return taken;
}

static probing create(implicit_model *of, const double *x, double reach) {
  int64_t size = of->vector->size;
  double *room = of->kink_room;
  probing made = {.in = of, .x = x, .size = fmax(largest_of(size, x), 1e7 * reach)};
  probe *probes[] = {&made.above, &made.below, &made.centre};
  for (int k = 0; k < 3; k++)
    *probes[k] = (probe){.x = take(&room, size), .g = take(&room, size), .second = take(&room, size)};
  made.direction = take(&room, size);
  made.mixed = take(&room, size);
  made.theta = take(&room, of->parameter_count);
  made.theta_direction = take(&room, of->parameter_count);
  for (int k = 0; k < 3; k++) made.distances[k] = take(&room, of->kinks.count);
  memcpy(made.theta, of->theta, (size_t)of->parameter_count * sizeof *made.theta);
  return made;
}

int implicit_find_kink(void *user, const double *x, double reach, const char **found) {
  implicit_model *of = user;
  enum { TRIALS = 3 };
  if (!of->kinks.count) return 0;
  probing in = create(of, x, reach);
  chance from = {1};
  bool matter = false;
  int doubtful = -1;
  for (int trial = 0; trial < TRIALS && !matter && !in.code; trial++) {
    draw_direction(&in, &from);
    doubtful = find_doubtful(&in, reach);
    matter = doubtful >= 0 && matters(&in, fmax(1e-7 * in.size, 4 * reach));
  }
  memcpy(of->theta, in.theta, (size_t)of->parameter_count * sizeof *in.theta);
  if (matter && !in.code) {
    of->kink = &of->kinks.items[doubtful];
    snprintf(of->found, sizeof of->found, "'%s' is at its kink", kink_word(of->kink));
    *found = of->found;
  }
  return in.code;
}
