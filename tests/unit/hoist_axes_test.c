/* Hoisting out of some of a map's axes: each rule applied, and each refusal. */
#include "tests/unit/program_fixture.h"

/* map (i < n, k < m) { .. a[i, k] = value }, x[n], y[m] */
typedef struct {
  vectors v;
  int a, y;
  axis k;
  scalar at_k, yk;
  statement *map;
} grid;

static grid begin_grid(void) {
  grid of = {.v = begin_vectors()};
  fixture *with = &of.v.with;
  of.y = input(with, "y", SHAPE(with->m));
  of.a = local(with, "a", SHAPE(with->n, with->m));
  of.k = new_axis(with, "k", with->m);
  of.at_k = index_at(with, of.k);
  of.yk = load(with, of.y, &of.at_k);
  of.map = loop(with, NULL, STATEMENT_MAP, OVER(of.v.i, of.k));
  return of;
}

static int sum_in_map(grid *of, const char *name, scalar term) {
  int s = local_of(&of->v.with, of->map, name, SCALAR_SHAPE);
  sum_over_j(&of->v, of->map, s, term);
  return s;
}

static void end_grid(grid *of, scalar value) {
  fixture *with = &of->v.with;
  kernel(with, of->map, NO_AXES, STORE_ASSIGN, of->a, AT(of->v.at_i, of->at_k), value);
  show(with, of->a);
}

/* The sum depends on i: it stands in a loop over i, around one over k. */
static void of_the_outer_axis(void) {
  grid of = begin_grid();
  fixture *with = &of.v.with;
  int s = sum_in_map(&of, "s", binary(with, OP_mul, of.v.xi, of.v.xj));
  end_grid(&of, binary(with, OP_mul, load(with, s, NULL), of.yk));
  expect(with, hoist,
         "program test\n"
         "  result a_out[n, m]\n"
         "  local z[n]\n"
         "  local a[n, m]\n"
         "  map i < n {\n"
         "    local s\n"
         "    s = 0\n"
         "    for j < n: s += x[i]*x[j]\n"
         "    map k < m {\n"
         "      a[i, k] = y[k]*s\n"
         "    }\n"
         "  }\n"
         "  for e1 < n, e2 < m: a_out[e1, e2] = a[e1, e2]\n");
}

/* The sum depends on k: it becomes an array, computed before. */
static void of_the_inner_axis(void) {
  grid of = begin_grid();
  fixture *with = &of.v.with;
  int s = sum_in_map(&of, "s", binary(with, OP_mul, of.yk, of.v.xj));
  end_grid(&of, binary(with, OP_mul, load(with, s, NULL), of.v.xi));
  expect(with, hoist,
         "program test\n"
         "  result a_out[n, m]\n"
         "  local z[n]\n"
         "  local a[n, m]\n"
         "  local s#6[m]\n"
         "  map k < m {\n"
         "    s#6[k] = 0\n"
         "    for j < n: s#6[k] += x[j]*y[k]\n"
         "  }\n"
         "  map i < n, k < m {\n"
         "    a[i, k] = x[i]*s#6[k]\n"
         "  }\n"
         "  for e1 < n, e2 < m: a_out[e1, e2] = a[e1, e2]\n");
}

/* What the sum alone needs stays a variable of its loop; what is cheap, and not needed by it, stays where it was. */
static void what_a_sum_needs_goes_along(void) {
  grid of = begin_grid();
  fixture *with = &of.v.with;
  int t = local_of(with, of.map, "t", SCALAR_SHAPE), u = local_of(with, of.map, "u", SCALAR_SHAPE);
  kernel(with, of.map, NO_AXES, STORE_ASSIGN, t, NULL, unary(with, OP_exp, of.yk));
  kernel(with, of.map, NO_AXES, STORE_ASSIGN, u, NULL, unary(with, OP_sin, of.yk));
  int s = sum_in_map(&of, "s", binary(with, OP_mul, load(with, t, NULL), of.v.xj));
  scalar value = binary(with, OP_mul, load(with, s, NULL), of.v.xi);
  end_grid(&of, binary(with, OP_mul, value, load(with, u, NULL)));
  expect(with, hoist,
         "program test\n"
         "  result a_out[n, m]\n"
         "  local z[n]\n"
         "  local a[n, m]\n"
         "  local s#8[m]\n"
         "  map k < m {\n"
         "    local t\n"
         "    t = exp(y[k])\n"
         "    s#8[k] = 0\n"
         "    for j < n: s#8[k] += t*x[j]\n"
         "  }\n"
         "  map i < n, k < m {\n"
         "    local u\n"
         "    u = sin(y[k])\n"
         "    a[i, k] = u*(x[i]*s#8[k])\n"
         "  }\n"
         "  for e1 < n, e2 < m: a_out[e1, e2] = a[e1, e2]\n");
}

/* An array of the entries of a map would take room for every k, and save no more than it costs. */
static void what_only_assigns_stays(void) {
  grid of = begin_grid();
  fixture *with = &of.v.with;
  int t = local_of(with, of.map, "t", SHAPE(with->n));
  kernel(with, of.map, OVER(of.v.j), STORE_ASSIGN, t, &of.v.at_j, binary(with, OP_mul, of.yk, of.v.xj));
  end_grid(&of, load(with, t, &of.v.at_i));
  expect_unchanged(with, hoist);
}

/* Where there is no k, nothing is checked; what depends on i leaves the loop over k under that condition. */
static void what_can_fail_leaves_under_a_condition(void) {
  grid of = begin_grid();
  fixture *with = &of.v.with;
  int s = sum_in_map(&of, "s", binary(with, OP_mul, of.v.xi, of.v.xj));
  kernel(with, of.map, NO_AXES, STORE_CHECK, -1, NULL, binary(with, OP_lt, load(with, s, NULL), real(with, 1)));
  end_grid(&of, binary(with, OP_mul, load(with, s, NULL), of.yk));
  expect(with, hoist,
         "program test\n"
         "  result a_out[n, m]\n"
         "  local z[n]\n"
         "  local a[n, m]\n"
         "  map i < n {\n"
         "    local s\n"
         "    s = 0\n"
         "    for j < n: s += x[i]*x[j]\n"
         "    if 0 < m {\n"
         "      check s < 1 else \"it holds\"\n"
         "    }\n"
         "    map k < m {\n"
         "      a[i, k] = y[k]*s\n"
         "    }\n"
         "  }\n"
         "  for e1 < n, e2 < m: a_out[e1, e2] = a[e1, e2]\n");
}

/* A check for every k before all i would fail before the one for the first i does. */
static void what_can_fail_stays_behind_other_checks(void) {
  grid of = begin_grid();
  fixture *with = &of.v.with;
  scalar sum_of_both = binary(with, OP_add, of.v.xi, of.yk);
  kernel(with, of.map, NO_AXES, STORE_CHECK, -1, NULL, binary(with, OP_lt, sum_of_both, real(with, 1)));
  int s = sum_in_map(&of, "s", binary(with, OP_mul, of.yk, of.v.xj));
  kernel(with, of.map, NO_AXES, STORE_CHECK, -1, NULL, binary(with, OP_lt, load(with, s, NULL), real(with, 1)));
  end_grid(&of, load(with, s, NULL));
  expect(with, hoist,
         "program test\n"
         "  result a_out[n, m]\n"
         "  local z[n]\n"
         "  local a[n, m]\n"
         "  local s#6[m]\n"
         "  map k < m {\n"
         "    s#6[k] = 0\n"
         "    for j < n: s#6[k] += x[j]*y[k]\n"
         "  }\n"
         "  map i < n, k < m {\n"
         "    check x[i] + y[k] < 1 else \"it holds\"\n"
         "    check s#6[k] < 1 else \"it holds\"\n"
         "    a[i, k] = s#6[k]\n"
         "  }\n"
         "  for e1 < n, e2 < m: a_out[e1, e2] = a[e1, e2]\n");
}

/* In a triangle the range of k depends on i: there is no loop over k alone. */
static void triangles_keep_what_depends_on_the_inner_axis(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  axis k = new_axis(with, "k", of.at_i);
  scalar at_k = index_at(with, k), xk = load(with, of.x, &at_k);
  int total = local(with, "total", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, total, NULL, real(with, 0));
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i, k));
  int s = local_of(with, map, "s", SCALAR_SHAPE);
  sum_over_j(&of, map, s, binary(with, OP_mul, xk, of.xj));
  kernel(with, map, NO_AXES, STORE_ADD, total, NULL, load(with, s, NULL));
  show(with, total);
  expect_unchanged(with, hoist);
}

/* Of three axes the sum depends on two that are not the outermost ones. */
static void of_two_of_three_axes(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar two = scalar_whole(with->dag, 2);
  axis k = new_axis(with, "k", with->m), l = new_axis(with, "l", two);
  scalar at_k = index_at(with, k), at_l = index_at(with, l);
  int w = input(with, "w", SHAPE(with->m, two)), a = local(with, "a", SHAPE(two, with->n, with->m));
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(l, of.i, k));
  int s = local_of(with, map, "s", SCALAR_SHAPE);
  sum_over_j(&of, map, s, binary(with, OP_mul, load(with, w, AT(at_k, at_l)), of.xj));
  scalar value = binary(with, OP_mul, load(with, s, NULL), of.xi);
  kernel(with, map, NO_AXES, STORE_ASSIGN, a, AT(at_l, of.at_i, at_k), value);
  show(with, a);
  expect(with, hoist,
         "program test\n"
         "  result a_out[2, n, m]\n"
         "  local z[n]\n"
         "  local a[2, n, m]\n"
         "  local s#6[2, m]\n"
         "  map l < 2, k < m {\n"
         "    s#6[l, k] = 0\n"
         "    for j < n: s#6[l, k] += x[j]*w[k, l]\n"
         "  }\n"
         "  map l < 2, i < n, k < m {\n"
         "    a[l, i, k] = x[i]*s#6[l, k]\n"
         "  }\n"
         "  for e1 < 2, e2 < n, e3 < m: a_out[e1, e2, e3] = a[e1, e2, e3]\n");
}

static const CU_TestInfo tests[] = {
    {"of the outer axis", of_the_outer_axis},
    {"of the inner axis", of_the_inner_axis},
    {"what a sum needs goes along", what_a_sum_needs_goes_along},
    {"what only assigns stays", what_only_assigns_stays},
    {"what can fail leaves under a condition", what_can_fail_leaves_under_a_condition},
    {"what can fail stays behind other checks", what_can_fail_stays_behind_other_checks},
    {"triangles keep what depends on the inner axis", triangles_keep_what_depends_on_the_inner_axis},
    {"of two of three axes", of_two_of_three_axes},
};

int main(void) {
  return run_tests("hoisting out of some axes", tests, sizeof tests / sizeof tests[0]);
}
