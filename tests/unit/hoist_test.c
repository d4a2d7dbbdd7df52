/* Hoisting: each rule applied, and each refusal. */
#include "tests/unit/program_fixture.h"

/* z[i] = x[i]/sqrt(sum[j] x[j]^2): the sum is taken once. */
static void invariant_reductions_leave(void) {
  vectors of = begin_vectors();
  statement *map = loop(&of.with, NULL, STATEMENT_MAP, OVER(of.i));
  int s = local_of(&of.with, map, "s", SCALAR_SHAPE);
  sum_over_j(&of, map, s, binary(&of.with, OP_mul, of.xj, of.xj));
  scalar norm = unary(&of.with, OP_sqrt, load(&of.with, s, NULL));
  assign_z(&of, map, binary(&of.with, OP_div, of.xi, norm));
  expect(&of.with, hoist,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  local s\n"
         "  s = 0\n"
         "  for j < n: s += x[j]*x[j]\n"
         "  map i < n {\n"
         "    z[i] = x[i]/sqrt(s)\n"
         "  }\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

/* The same inside a second loop; the sum depends on neither, its product with x[i] on the outer one. */
static void statements_rise_as_far_as_they_can(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int a = local(with, "a", SHAPE(with->n, with->m));
  axis k = new_axis(with, "k", with->m);
  statement *outer = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  statement *inner = loop(with, outer, STATEMENT_MAP, OVER(k));
  int s = local_of(with, inner, "s", SCALAR_SHAPE), t = local_of(with, inner, "t", SCALAR_SHAPE);
  sum_over_j(&of, inner, s, of.xj);
  kernel(with, inner, NO_AXES, STORE_ASSIGN, t, NULL, binary(with, OP_mul, load(with, s, NULL), of.xi));
  kernel(with, inner, NO_AXES, STORE_ASSIGN, a, AT(of.at_i, index_at(with, k)), load(with, t, NULL));
  show(with, a);
  expect(with, hoist,
         "program test\n"
         "  result a_out[n, m]\n"
         "  local z[n]\n"
         "  local a[n, m]\n"
         "  local s\n"
         "  s = 0\n"
         "  for j < n: s += x[j]\n"
         "  map i < n {\n"
         "    local t\n"
         "    t = x[i]*s\n"
         "    map k < m {\n"
         "      a[i, k] = t\n"
         "    }\n"
         "  }\n"
         "  for e1 < n, e2 < m: a_out[e1, e2] = a[e1, e2]\n");
}

static void what_mentions_the_index_stays(void) {
  vectors of = begin_vectors();
  statement *map = loop(&of.with, NULL, STATEMENT_MAP, OVER(of.i));
  int s = local_of(&of.with, map, "s", SCALAR_SHAPE);
  sum_over_j(&of, map, s, binary(&of.with, OP_mul, of.xi, of.xj));
  assign_z(&of, map, load(&of.with, s, NULL));
  expect_unchanged(&of.with, hoist);
}

static void what_loads_what_stays_stays(void) {
  vectors of = begin_vectors();
  statement *map = loop(&of.with, NULL, STATEMENT_MAP, OVER(of.i));
  int t = local_of(&of.with, map, "t", SCALAR_SHAPE), s = local_of(&of.with, map, "s", SCALAR_SHAPE);
  kernel(&of.with, map, NO_AXES, STORE_ASSIGN, t, NULL, of.xi);
  sum_over_j(&of, map, s, binary(&of.with, OP_mul, load(&of.with, t, NULL), of.xj));
  assign_z(&of, map, load(&of.with, s, NULL));
  expect_unchanged(&of.with, hoist);
}

/* s is added to where i > 0 only: its first value must be stored again for each i. */
static void stores_under_different_conditions_stay(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  int s = local_of(with, map, "s", SCALAR_SHAPE);
  kernel(with, map, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 0));
  statement *positive = condition(with, map, binary(with, OP_gt, of.at_i, scalar_whole(with->dag, 0)));
  kernel(with, positive, OVER(of.j), STORE_ADD, s, NULL, of.xj);
  assign_z(&of, map, load(with, s, NULL));
  expect_unchanged(with, hoist);
}

/* x[0] exists where i < n holds for some i. */
static void loads_safe_only_inside_leave_into_a_condition(void) {
  vectors of = begin_vectors();
  statement *map = loop(&of.with, NULL, STATEMENT_MAP, OVER(of.i));
  int s = local_of(&of.with, map, "s", SCALAR_SHAPE);
  kernel(&of.with, map, NO_AXES, STORE_ASSIGN, s, NULL, load(&of.with, of.x, AT(scalar_whole(of.with.dag, 0))));
  assign_z(&of, map, load(&of.with, s, NULL));
  expect(&of.with, hoist,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  local s\n"
         "  if 0 < n {\n"
         "    s = x[0]\n"
         "  }\n"
         "  map i < n {\n"
         "    z[i] = s\n"
         "  }\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

static void divisions_safe_only_inside_leave_into_a_condition(void) {
  vectors of = begin_vectors();
  statement *map = loop(&of.with, NULL, STATEMENT_MAP, OVER(of.i));
  int s = local_of(&of.with, map, "s", SCALAR_SHAPE);
  scalar rest = whole_remainder(of.with.dag, of.with.m, of.with.n);
  kernel(&of.with, map, NO_AXES, STORE_ASSIGN, s, NULL, unary(&of.with, OP_real_of_whole, rest));
  assign_z(&of, map, load(&of.with, s, NULL));
  expect(&of.with, hoist,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  local s\n"
         "  if 0 < n {\n"
         "    s = m % n\n"
         "  }\n"
         "  map i < n {\n"
         "    z[i] = s\n"
         "  }\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

static void loads_with_a_range_test_leave(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar zero = scalar_whole(with->dag, 0);
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  int s = local_of(with, map, "s", SCALAR_SHAPE);
  scalar test = binary(with, OP_lt, zero, with->n);
  scalar safe = scalar_select(with->dag, test, load(with, of.x, &zero), real(with, 0));
  kernel(with, map, NO_AXES, STORE_ASSIGN, s, NULL, safe);
  assign_z(&of, map, load(with, s, NULL));
  expect(with, hoist,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  local s\n"
         "  s = if 0 < n then x[0] else 0\n"
         "  map i < n {\n"
         "    z[i] = s\n"
         "  }\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

/* Where there is no i, nothing is checked. */
static void checks_leave_into_a_condition_where_the_loop_may_be_empty(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  int s = local_of(with, map, "s", SCALAR_SHAPE);
  sum_over_j(&of, map, s, of.xj);
  kernel(with, map, NO_AXES, STORE_CHECK, -1, NULL, binary(with, OP_lt, load(with, s, NULL), real(with, 1)));
  assign_z(&of, map, load(with, s, NULL));
  expect(with, hoist,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  local s\n"
         "  s = 0\n"
         "  for j < n: s += x[j]\n"
         "  if 0 < n {\n"
         "    check s < 1 else \"it holds\"\n"
         "  }\n"
         "  map i < n {\n"
         "    z[i] = s\n"
         "  }\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

static void checks_leave_a_loop_that_surely_runs(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar three = scalar_whole(with->dag, 3);
  int y = local(with, "y", SHAPE(three));
  axis k = new_axis(with, "k", three);
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(k));
  int s = local_of(with, map, "s", SCALAR_SHAPE);
  sum_over_j(&of, map, s, of.xj);
  kernel(with, map, NO_AXES, STORE_CHECK, -1, NULL, binary(with, OP_lt, load(with, s, NULL), real(with, 1)));
  kernel(with, map, NO_AXES, STORE_ASSIGN, y, AT(index_at(with, k)), load(with, s, NULL));
  show(with, y);
  expect(with, hoist,
         "program test\n"
         "  result y_out[3]\n"
         "  local z[n]\n"
         "  local y[3]\n"
         "  local s\n"
         "  s = 0\n"
         "  for j < n: s += x[j]\n"
         "  check s < 1 else \"it holds\"\n"
         "  map k < 3 {\n"
         "    y[k] = s\n"
         "  }\n"
         "  for e1 < 3: y_out[e1] = y[e1]\n");
}

/* A check that stays keeps the others: the first that fails must stay the first. */
static void checks_keep_their_order(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar three = scalar_whole(with->dag, 3);
  axis k = new_axis(with, "k", three);
  scalar at_k = unary(with, OP_real_of_whole, index_at(with, k));
  int s = local(with, "s", SCALAR_SHAPE);
  sum_over_j(&of, NULL, s, of.xj);
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(k));
  kernel(with, map, NO_AXES, STORE_CHECK, -1, NULL, binary(with, OP_lt, at_k, load(with, s, NULL)));
  kernel(with, map, NO_AXES, STORE_CHECK, -1, NULL, binary(with, OP_lt, load(with, s, NULL), real(with, 1)));
  show(with, s);
  expect_unchanged(with, hoist);
}

/* One that stands before those that stay fails first inside and outside. */
static void checks_before_those_that_stay_leave(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar three = scalar_whole(with->dag, 3);
  axis k = new_axis(with, "k", three);
  scalar at_k = unary(with, OP_real_of_whole, index_at(with, k));
  int s = local(with, "s", SCALAR_SHAPE);
  sum_over_j(&of, NULL, s, of.xj);
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(k));
  kernel(with, map, NO_AXES, STORE_CHECK, -1, NULL, binary(with, OP_lt, load(with, s, NULL), real(with, 1)));
  kernel(with, map, NO_AXES, STORE_CHECK, -1, NULL, binary(with, OP_lt, at_k, load(with, s, NULL)));
  show(with, s);
  expect(with, hoist,
         "program test\n"
         "  result s_out\n"
         "  local z[n]\n"
         "  local s\n"
         "  s = 0\n"
         "  for j < n: s += x[j]\n"
         "  check s < 1 else \"it holds\"\n"
         "  map k < 3 {\n"
         "    check k < s else \"it holds\"\n"
         "  }\n"
         "  s_out = s\n");
}

/* z[i] = if i > 0 then sum(x) else 0 */
static void reductions_leave_a_condition_on_the_index(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  int s = local_of(with, map, "s", SCALAR_SHAPE);
  scalar later = binary(with, OP_gt, of.at_i, scalar_whole(with->dag, 0));
  sum_over_j(&of, condition(with, map, later), s, of.xj);
  assign_z(&of, map, scalar_select(with->dag, later, load(with, s, NULL), real(with, 0)));
  expect(with, hoist,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  local s\n"
         "  s = 0\n"
         "  for j < n: s += x[j]\n"
         "  map i < n {\n"
         "    z[i] = if i > 0 then s else 0\n"
         "  }\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

/* z[i] = if m > 0 then sum(x) else 0: the condition goes along, so that nothing is done in vain. */
static void conditions_leave_whole(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  int s = local_of(with, map, "s", SCALAR_SHAPE);
  scalar some = binary(with, OP_gt, with->m, scalar_whole(with->dag, 0));
  sum_over_j(&of, condition(with, map, some), s, of.xj);
  assign_z(&of, map, scalar_select(with->dag, some, load(with, s, NULL), real(with, 0)));
  expect(with, hoist,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  local s\n"
         "  if m > 0 {\n"
         "    s = 0\n"
         "    for j < n: s += x[j]\n"
         "  }\n"
         "  map i < n {\n"
         "    z[i] = if m > 0 then s else 0\n"
         "  }\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

/* p[0] = 1, p[t+1] = p[t]*sum(x) */
static void recurrences_lose_what_does_not_change(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar one = scalar_whole(with->dag, 1);
  int p = local(with, "p", SHAPE(whole_add(with->dag, with->m, one)));
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, p, AT(scalar_whole(with->dag, 0)), real(with, 1));
  axis t = new_axis(with, "t", with->m);
  scalar at_t = index_at(with, t);
  statement *steps = loop(with, NULL, STATEMENT_RECURRENCE, OVER(t));
  int s = local_of(with, steps, "s", SCALAR_SHAPE);
  sum_over_j(&of, steps, s, of.xj);
  scalar next = binary(with, OP_mul, load(with, p, &at_t), load(with, s, NULL));
  kernel(with, steps, NO_AXES, STORE_ASSIGN, p, AT(whole_add(with->dag, at_t, one)), next);
  show(with, p);
  expect(with, hoist,
         "program test\n"
         "  result p_out[m + 1]\n"
         "  local z[n]\n"
         "  local p[m + 1]\n"
         "  local s\n"
         "  p[0] = 1\n"
         "  s = 0\n"
         "  for j < n: s += x[j]\n"
         "  recurrence t < m {\n"
         "    p[t + 1] = s*p[t]\n"
         "  }\n"
         "  for e1 < m + 1: p_out[e1] = p[e1]\n");
}

static const CU_TestInfo tests[] = {
    {"invariant reductions leave", invariant_reductions_leave},
    {"statements rise as far as they can", statements_rise_as_far_as_they_can},
    {"what mentions the index stays", what_mentions_the_index_stays},
    {"what loads what stays stays", what_loads_what_stays_stays},
    {"stores under different conditions stay", stores_under_different_conditions_stay},
    {"loads safe only inside leave into a condition", loads_safe_only_inside_leave_into_a_condition},
    {"divisions safe only inside leave into a condition", divisions_safe_only_inside_leave_into_a_condition},
    {"loads with a range test leave", loads_with_a_range_test_leave},
    {"checks leave into a condition where the loop may be empty",
     checks_leave_into_a_condition_where_the_loop_may_be_empty},
    {"checks leave a loop that surely runs", checks_leave_a_loop_that_surely_runs},
    {"checks keep their order", checks_keep_their_order},
    {"checks before those that stay leave", checks_before_those_that_stay_leave},
    {"reductions leave a condition on the index", reductions_leave_a_condition_on_the_index},
    {"conditions leave whole", conditions_leave_whole},
    {"recurrences lose what does not change", recurrences_lose_what_does_not_change},
};

int main(void) {
  return run_tests("hoisting", tests, sizeof tests / sizeof tests[0]);
}
