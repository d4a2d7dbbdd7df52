/* What must hold of every model at every point, whatever its case expects:
 *
 *   the gradient's value is the value, to the bit          <u, H v> = <H u, v>
 *   <ubar, J v> = <J' ubar, v>                              a product cut to one input is its part of the whole product
 *   nothing is nan or inf, unless the case says so          all derivatives against differences of what they derive
 *   distances to kinks are not negative */
#include "tests/runner/subject.h"
#include <math.h>
#include <string.h>

typedef struct {
  subject *of;
  const binding_point *at;
  uint64_t state;
  bool nonfinite;
} examination;

/* Uniform in [-1, 1): splitmix64. */
static double draw(examination *in) {
  uint64_t z = in->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return ldexp((double)((z ^ (z >> 31)) >> 11), -52) - 1;
}

static array_set drawn_seeds(examination *in, int number) {
  array_set made = seeds_of(in->of, number, in->at);
  for (int k = 0; k < made.count; k++)
    for (int64_t e = 0; e < made.sizes[k]; e++) made.entries[k][e] = draw(in);
  return made;
}

/* sum a*b over sets from their entry `first` on; the sum of the absolute terms too. */
static double inner(const array_set *a, const array_set *b, int b_first, double *magnitude) {
  double sum = 0;
  *magnitude = 0;
  for (int k = 0; k < a->count; k++)
    for (int64_t e = 0; e < a->sizes[k]; e++) {
      double term = a->entries[k][e] * b->entries[k + b_first][e];
      sum += term;
      *magnitude += fabs(term);
    }
  return sum;
}

static bool close_to(double a, double b, double magnitude, double tolerance) {
  return fabs(a - b) <= tolerance * fmax(1, magnitude);
}

/* Runs in every tier; false when there is nothing to look at. */
static bool results_of(examination *in, int number, const array_set *seeds, array_set *results) {
  int status = run_everywhere(in->of, number, in->at, seeds, results);
  if (status > 0) subject_fails(in->of, "unexpected status:\n%s", session_status(in->of->with, status, NULL));
  if (status) return false;
  for (int k = 0; k < results->count && !in->nonfinite; k++)
    for (int64_t e = 0; e < results->sizes[k]; e++)
      if (!isfinite(results->entries[k][e])) {
        subject_fails(in->of, "%s: result %d, entry %lld is %g", in->of->functions.items[number].program->name, k,
                      (long long)e, results->entries[k][e]);
        return false;
      }
  return true;
}

/* ---- differences ---- */

/* t -> sum of weights * results at the point moved by t along a direction of every active input. */
typedef struct {
  subject *of;
  const binding_point *at;
  int function;
  const array_set *direction, *weights;
  int first; /* weights belong to the results from this one on */
} probe;

static double probed(const probe *with, double step, double *magnitude) {
  subject *of = with->of;
  binding_point *moved =
      bind_moved(of->memory, of->model, with->at, of->active.items, with->direction->entries, of->active.count, step);
  array_set none = seeds_of(of, with->function, moved), results;
  tier where = of->code ? TIER_TCC : TIER_INTERPRETER;
  if (run_function(of, where, with->function, moved, &none, &results)) return NAN;
  return inner(with->weights, &results, with->first, magnitude);
}

/* The fourth-order central difference, for several steps: a smooth function agrees for one of them. */
static void compare_with_differences(const probe *with, double exact, const char *what) {
  double nearest = INFINITY, at_nearest = NAN, size = 1;
  for (double step = 1e-2; step > 1e-6; step /= 4) {
    double size_one, size_two;
    double one = probed(with, step, &size_one) - probed(with, -step, &size_one);
    double two = probed(with, 2 * step, &size_two) - probed(with, -2 * step, &size_two);
    double difference = (8 * one - two) / (12 * step);
    if (fabs(difference - exact) >= nearest) continue;
    nearest = fabs(difference - exact);
    at_nearest = difference;
    size = fmax(size_one, size_two);
  }
  if (!(nearest <= 1e-7 * fmax(1, fmax(fabs(exact), size))))
    subject_fails(with->of, "%s: derivative %.15g, by differences %.15g", what, exact, at_nearest);
}

/* ---- the checks ---- */

static array_set results_from(const array_set *from, int first) {
  return (array_set){from->count - first, from->sizes + first, from->entries + first};
}

static void check_gradient(examination *in, const array_set *value, bool smooth) {
  subject *of = in->of;
  array_set none = {0}, gradient, one = results_from(value, 0);
  if (!results_of(in, of->gradient, &none, &gradient)) return;
  if (memcmp(gradient.entries[0], value->entries[0], sizeof(double)))
    subject_fails(of, "the gradient's value %.17g is not the value %.17g", gradient.entries[0][0],
                  value->entries[0][0]);
  if (!smooth) return;
  array_set direction = drawn_seeds(in, of->product);
  double magnitude, unit = 1, *unit_entries = &unit;
  double exact = inner(&direction, &gradient, 1, &magnitude);
  one = (array_set){1, value->sizes, &unit_entries};
  probe with = {of, in->at, of->value, &direction, &one, 0};
  compare_with_differences(&with, exact, "gradient");
}

static void check_product(examination *in, bool smooth) {
  subject *of = in->of;
  array_set u = drawn_seeds(in, of->product), v = drawn_seeds(in, of->product), product_u, product_v;
  if (!results_of(in, of->product, &u, &product_u) || !results_of(in, of->product, &v, &product_v) || in->nonfinite)
    return;
  double size_one, size_two;
  double one = inner(&u, &product_v, 0, &size_one), two = inner(&v, &product_u, 0, &size_two);
  if (!close_to(one, two, fmax(size_one, size_two), 1e-11))
    subject_fails(of, "the Hessian is not symmetric: <u, H v> = %.17g, <v, H u> = %.17g", one, two);
  if (!smooth) return;
  probe with = {of, in->at, of->gradient, &v, &u, 1};
  compare_with_differences(&with, one, "Hessian-vector product");
}

static void check_cut_product(examination *in) {
  subject *of = in->of;
  array_set seeds = seeds_of(of, of->product, in->at), cut = drawn_seeds(in, of->cut_product), whole, part;
  memcpy(seeds.entries[0], cut.entries[0], (size_t)cut.sizes[0] * sizeof(double));
  if (!results_of(in, of->product, &seeds, &whole) || !results_of(in, of->cut_product, &cut, &part) || in->nonfinite)
    return;
  int last = of->active.count - 1;
  for (int64_t e = 0; e < part.sizes[0]; e++)
    if (!close_to(part.entries[0][e], whole.entries[last][e], fabs(part.entries[0][e]), 1e-12)) {
      subject_fails(of, "the product cut to '%s' along '%s' is %.17g, as part of the whole %.17g (entry %lld)",
                    of->active.items[last], of->active.items[0], part.entries[0][e], whole.entries[last][e],
                    (long long)e);
      return;
    }
}

static void check_outputs(examination *in, bool smooth) {
  subject *of = in->of;
  array_set v = drawn_seeds(in, of->jvp), u = drawn_seeds(in, of->vjp), tangents, adjoints;
  if (!results_of(in, of->jvp, &v, &tangents) || !results_of(in, of->vjp, &u, &adjoints) || in->nonfinite) return;
  double size_one, size_two;
  double one = inner(&u, &tangents, 0, &size_one), two = inner(&v, &adjoints, 0, &size_two);
  if (!close_to(one, two, fmax(size_one, size_two), 1e-11))
    subject_fails(of, "tangent and adjoint differ: <u, J v> = %.17g, <J' u, v> = %.17g", one, two);
  if (!smooth) return;
  probe with = {of, in->at, of->value, &v, &u, of->model->objective.value ? 1 : 0};
  compare_with_differences(&with, one, "jvp");
}

/* Distances to kinks are the same in both tiers, and none is negative. */
static void check_kinks(examination *in) {
  subject *of = in->of;
  array_set none = {0}, made, again;
  tier other = of->code ? TIER_TCC : TIER_INTERPRETER;
  if (run_function(of, TIER_INTERPRETER, of->kinks, in->at, &none, &made)) return;
  if (run_function(of, other, of->kinks, in->at, &none, &again)) return;
  for (int64_t e = 0; e < made.sizes[0]; e++) {
    double one = made.entries[0][e], two = again.entries[0][e];
    if (one > 0) subject_fails(of, "kink %lld: a distance of %g", (long long)e, -one);
    if (one != two && fabs(one - two) > 1e-12 * fmax(1, fabs(one)) && !isnan(one - two))
      subject_fails(of, "kink %lld: distances %.17g and %.17g", (long long)e, -one, -two);
  }
}

void check_properties(subject *of, const binding_point *at, bool kink, bool nonfinite) {
  examination in = {of, at, 20260101, nonfinite};
  array_set none = {0}, value;
  bool smooth = !kink && !nonfinite;
  if (of->value < 0 || !results_of(&in, of->value, &none, &value)) return;
  if (of->gradient >= 0 && of->product >= 0) check_gradient(&in, &value, smooth);
  if (of->gradient >= 0 && of->product >= 0) check_product(&in, smooth);
  if (of->cut_product >= 0 && of->product >= 0) check_cut_product(&in);
  if (of->jvp >= 0 && of->vjp >= 0) check_outputs(&in, smooth);
  if (of->kinks >= 0) check_kinks(&in);
}
