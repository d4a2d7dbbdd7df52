/* Shared reductions, first stores, dead code and results: each rule applied, and each refusal. */
#include "tests/unit/program_fixture.h"

/* ---- share ------------------------------------------------------------------------------------------------------- */

static int kept_array = -1;

static void share_all(kernel_program *program) {
  bool *kept = arena_array(program->module->memory, bool, program->module->arrays.count);
  if (kept_array >= 0) kept[kept_array] = true;
  share_reductions(program, kept);
}

/* s += x[k]^2 over an index of its own. */
static void add_squares(vectors *of, statement *loop, int s, scalar upper) {
  fixture *with = &of->with;
  axis k = new_axis(with, "k", upper);
  scalar at_k = index_at(with, k), xk = load(with, of->x, &at_k);
  kernel(with, loop, OVER(k), STORE_ADD, s, NULL, binary(with, OP_mul, xk, xk));
}

/* z[k] = s/t + u, where s and t are sum(x^2), t's perhaps without its first term, and u = sum[j] x[j]*t. */
static vectors two_sums(bool guarded) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int s = local(with, "s", SCALAR_SHAPE), t = local(with, "t", SCALAR_SHAPE), u = local(with, "u", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 0));
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, t, NULL, real(with, 0));
  add_squares(&of, NULL, s, with->n);
  add_squares(&of, NULL, t, with->n);
  statement *second = with->program->body.items[with->program->body.count - 1];
  if (guarded) second->guard = binary(with, OP_gt, index_at(with, second->axes.items[0]), scalar_whole(with->dag, 0));
  sum_over_j(&of, NULL, u, binary(with, OP_mul, of.xj, load(with, t, NULL)));
  axis k = new_axis(with, "k", with->n);
  scalar at_k = index_at(with, k), both = binary(with, OP_div, load(with, s, NULL), load(with, t, NULL));
  both = binary(with, OP_add, both, load(with, u, NULL));
  kernel(with, NULL, OVER(k), STORE_ASSIGN, of.z, &at_k, both);
  show(with, of.z);
  kept_array = -1;
  return of;
}

static void equal_reductions_are_shared(void) {
  vectors of = two_sums(false);
  expect(&of.with, share_all,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  local s\n"
         "  local u\n"
         "  s = 0\n"
         "  for k < n: s += x[k]*x[k]\n"
         "  u = 0\n"
         "  for j < n: u += x[j]*s\n"
         "  for k < n: z[k] = u + s/s\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

static void reductions_under_other_guards_are_not(void) {
  vectors of = two_sums(true);
  expect_unchanged(&of.with, share_all);
}

static void kept_reductions_are_not(void) {
  vectors of = two_sums(false);
  kept_array = of.with.program->locals.items[2];
  expect_unchanged(&of.with, share_all);
}

/* Inside a map, a reduction of what was shared is shared in its turn. */
static void sharing_goes_on(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  kept_array = -1;
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  scalar sums[2];
  for (int k = 0; k < 2; k++) {
    int s = local_of(with, map, "s", SCALAR_SHAPE), t = local_of(with, map, "t", SCALAR_SHAPE);
    axis p = new_axis(with, "p", of.at_i), q = new_axis(with, "q", with->n);
    scalar at_p = index_at(with, p), at_q = index_at(with, q);
    kernel(with, map, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 0));
    kernel(with, map, OVER(p), STORE_ADD, s, NULL, load(with, of.x, &at_p));
    kernel(with, map, NO_AXES, STORE_ASSIGN, t, NULL, real(with, 1));
    scalar product = binary(with, OP_mul, load(with, s, NULL), load(with, of.x, &at_q));
    kernel(with, map, OVER(q), STORE_ADD, t, NULL, product);
    sums[k] = load(with, t, NULL);
  }
  assign_z(&of, map, binary(with, OP_mul, sums[0], sums[1]));
  expect(with, share_all,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  map i < n {\n"
         "    local s\n"
         "    local t\n"
         "    s = 0\n"
         "    for p < i: s += x[p]\n"
         "    t = 1\n"
         "    for q < n: t += x[q]*s\n"
         "    z[i] = t*t\n"
         "  }\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

/* The same statements in another list may run where these do not. */
static void reductions_in_other_lists_are_not(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  kept_array = -1;
  int s = local(with, "s", SCALAR_SHAPE), t = local(with, "t", SCALAR_SHAPE);
  scalar some = binary(with, OP_gt, with->m, scalar_whole(with->dag, 0));
  statement *where = condition(with, NULL, some);
  kernel(with, where, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 0));
  add_squares(&of, where, s, with->n);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, t, NULL, real(with, 0));
  add_squares(&of, NULL, t, with->n);
  scalar first = scalar_select(with->dag, some, load(with, s, NULL), real(with, 0));
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, binary(with, OP_sub, first, load(with, t, NULL)));
  show(with, of.z);
  expect_unchanged(with, share_all);
}

/* ---- first_store ------------------------------------------------------------------------------------------------- */

/* z[e] = 0 over the whole box; e is a fresh index. */
static void zero(fixture *with, int number) {
  statement *fill = kernel_fill(with->module, number, real(with, 0), (span){0, 0});
  list_push(with->memory, &with->program->body, fill);
}

static void first_additions_become_assignments(void) {
  vectors of = begin_vectors();
  zero(&of.with, of.z);
  kernel(&of.with, NULL, OVER(of.i), STORE_ADD, of.z, &of.at_i, of.xi);
  kernel(&of.with, NULL, OVER(of.j), STORE_ADD, of.z, &of.at_j, binary(&of.with, OP_mul, of.xj, of.xj));
  show(&of.with, of.z);
  expect(&of.with, first_store,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  for i < n: z[i] = x[i]\n"
         "  for j < n: z[j] += x[j]*x[j]\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

/* a[i, k] += .. with i from a map around the kernel, and the axes exchanged. */
static void maps_around_the_addition_count(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int a = local(with, "a", SHAPE(with->m, with->n));
  axis k = new_axis(with, "k", with->m);
  zero(with, a);
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  kernel(with, map, OVER(k), STORE_ADD, a, AT(index_at(with, k), of.at_i), of.xi);
  show(with, a);
  expect(with, first_store,
         "program test\n"
         "  result a_out[m, n]\n"
         "  local z[n]\n"
         "  local a[m, n]\n"
         "  map i < n {\n"
         "    for k < m: a[k, i] = x[i]\n"
         "  }\n"
         "  for e1 < m, e2 < n: a_out[e1, e2] = a[e1, e2]\n");
}

/* Another store inside the map could reach an entry of a later iteration first. */
static void maps_with_two_additions_do_not(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  zero(with, of.z);
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  kernel(with, map, NO_AXES, STORE_ADD, of.z, &of.at_i, of.xi);
  kernel(with, map, NO_AXES, STORE_ADD, of.z, AT(scalar_whole(with->dag, 0)), of.xi);
  show(with, of.z);
  expect_unchanged(with, first_store);
}

/* In one kernel, z[i] += and z[0] += take turns. */
static void kernels_with_two_additions_do_not(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar first = scalar_whole(with->dag, 0);
  zero(with, of.z);
  statement *both = kernel(with, NULL, OVER(of.i), STORE_ADD, of.z, &of.at_i, of.xi);
  list_push(with->memory, &both->stores, kernel_store(with->module, STORE_ADD, of.z, &first, of.xi));
  show(with, of.z);
  expect_unchanged(with, first_store);
}

static void reductions_stay_additions(void) {
  vectors of = begin_vectors();
  zero(&of.with, of.z);
  kernel(&of.with, NULL, OVER(of.i, of.j), STORE_ADD, of.z, &of.at_i, of.xj);
  show(&of.with, of.z);
  expect_unchanged(&of.with, first_store);
}

static void guarded_additions_stay_additions(void) {
  vectors of = begin_vectors();
  zero(&of.with, of.z);
  statement *some = kernel(&of.with, NULL, OVER(of.i), STORE_ADD, of.z, &of.at_i, of.xi);
  some->guard = binary(&of.with, OP_gt, of.xi, real(&of.with, 0));
  show(&of.with, of.z);
  expect_unchanged(&of.with, first_store);
}

static void later_additions_stay_additions(void) {
  vectors of = begin_vectors();
  zero(&of.with, of.z);
  kernel(&of.with, NULL, OVER(of.i, of.j), STORE_ADD, of.z, &of.at_j, of.xi);
  axis k = new_axis(&of.with, "k", of.with.n);
  scalar at_k = index_at(&of.with, k);
  kernel(&of.with, NULL, OVER(k), STORE_ADD, of.z, &at_k, load(&of.with, of.x, &at_k));
  show(&of.with, of.z);
  expect_unchanged(&of.with, first_store);
}

/* ---- remove_dead ------------------------------------------------------------------------------------------------- */

/* a feeds b alone, and b nothing; half of a kernel goes. */
static void what_nothing_needs_goes(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int a = local(with, "a", SHAPE(with->n)), b = local(with, "b", SCALAR_SHAPE);
  statement *both = kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, of.xi);
  list_push(with->memory, &both->stores, kernel_store(with->module, STORE_ASSIGN, a, &of.at_i, of.xi));
  sum_over_j(&of, NULL, b, load(with, a, &of.at_j));
  show(with, of.z);
  expect(with, remove_dead,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  for i < n: z[i] = x[i]\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

/* p[t+1] = p[t]*x[t] is loaded by itself alone. */
static void circles_go(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar one = scalar_whole(with->dag, 1);
  int p = local(with, "p", SHAPE(whole_add(with->dag, with->n, one)));
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, p, AT(scalar_whole(with->dag, 0)), real(with, 1));
  statement *steps = loop(with, NULL, STATEMENT_RECURRENCE, OVER(of.j));
  scalar next = binary(with, OP_mul, load(with, p, &of.at_j), of.xj);
  kernel(with, steps, NO_AXES, STORE_ASSIGN, p, AT(whole_add(with->dag, of.at_j, one)), next);
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, of.xi);
  show(with, of.z);
  expect(with, remove_dead,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  for i < n: z[i] = x[i]\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

/* The check needs s; the condition on the loop around it needs t. */
static void checks_stay_with_what_they_need(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int s = local(with, "s", SCALAR_SHAPE), t = local(with, "t", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 2));
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, t, NULL, real(with, 3));
  scalar guard = binary(with, OP_gt, load(with, t, NULL), real(with, 0));
  scalar holds = binary(with, OP_lt, load(with, s, NULL), real(with, 1));
  kernel(with, condition(with, NULL, guard), NO_AXES, STORE_CHECK, -1, NULL, holds);
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, of.xi);
  show(with, of.z);
  expect_unchanged(with, remove_dead);
}

static void unneeded_locals_of_loops_go(void) {
  vectors of = begin_vectors();
  statement *map = loop(&of.with, NULL, STATEMENT_MAP, OVER(of.i));
  int s = local_of(&of.with, map, "s", SCALAR_SHAPE);
  sum_over_j(&of, map, s, of.xj);
  statement *empty = loop(&of.with, map, STATEMENT_MAP, OVER(new_axis(&of.with, "k", of.with.m)));
  kernel(&of.with, empty, NO_AXES, STORE_ADD, s, NULL, of.xi);
  assign_z(&of, map, of.xi);
  expect(&of.with, remove_dead,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  map i < n {\n"
         "    z[i] = x[i]\n"
         "  }\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

/* ---- propagate ----------------------------------------------------------------------------------------------------
 */

static void propagate_all(kernel_program *program) {
  propagate(program, NULL);
}

/* s is the constant 2 and t names s: both vanish. */
static void names_of_constants_vanish(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int s = local(with, "s", SCALAR_SHAPE), t = local(with, "t", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 2));
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, t, NULL, load(with, s, NULL));
  scalar product = binary(with, OP_mul, of.xi, load(with, t, NULL));
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, product);
  show(with, of.z);
  expect(with, propagate_all,
         "program test\n"
         "  result z_out[n]\n"
         "  local z[n]\n"
         "  for i < n: z[i] = 2*x[i]\n"
         "  for e1 < n: z_out[e1] = z[e1]\n");
}

/* A value that costs something is computed once; a sum is no name; and what is assigned under a condition is not
 * always its value. */
static void what_costs_or_changes_stays(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int s = local(with, "s", SCALAR_SHAPE), t = local(with, "t", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 0));
  kernel(with, NULL, OVER(of.j), STORE_ADD, s, NULL, of.xj);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, t, NULL, unary(with, OP_exp, load(with, s, NULL)));
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, binary(with, OP_mul, of.xi, load(with, t, NULL)));
  show(with, of.z);
  expect_unchanged(with, propagate_all);
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

static void results_take_the_place_of_arrays(void) {
  vectors of = begin_vectors();
  zero(&of.with, of.z);
  kernel(&of.with, NULL, OVER(of.i, of.j), STORE_ADD, of.z, &of.at_i, of.xj);
  show(&of.with, of.z);
  expect(&of.with, rename_results,
         "program test\n"
         "  result z_out[n]\n"
         "  for e1 < n: z_out[e1] = 0\n"
         "  for i < n, j < n: z_out[i] += x[j]\n");
}

/* A sum is taken in a variable, then copied. */
static void sums_are_copied(void) {
  vectors of = begin_vectors();
  int s = local(&of.with, "s", SCALAR_SHAPE);
  sum_over_j(&of, NULL, s, of.xj);
  show(&of.with, s);
  expect_unchanged(&of.with, rename_results);
}

static void scalars_of_one_assignment_are_renamed(void) {
  vectors of = begin_vectors();
  int s = local(&of.with, "s", SCALAR_SHAPE), t = local(&of.with, "t", SCALAR_SHAPE);
  sum_over_j(&of, NULL, s, of.xj);
  kernel(&of.with, NULL, NO_AXES, STORE_ASSIGN, t, NULL, unary(&of.with, OP_exp, load(&of.with, s, NULL)));
  show(&of.with, t);
  expect(&of.with, rename_results,
         "program test\n"
         "  result t_out\n"
         "  local z[n]\n"
         "  local s\n"
         "  s = 0\n"
         "  for j < n: s += x[j]\n"
         "  t_out = exp(s)\n");
}

static void what_is_loaded_elsewhere_is_copied(void) {
  vectors of = begin_vectors();
  int s = local(&of.with, "s", SCALAR_SHAPE);
  kernel(&of.with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, of.xi);
  sum_over_j(&of, NULL, s, load(&of.with, of.z, &of.at_j));
  show(&of.with, of.z);
  show(&of.with, s);
  expect_unchanged(&of.with, rename_results);
}

/* In one loop with a, each entry of z would need a test whether the caller wants z. */
static void arrays_that_share_a_kernel_are_renamed(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int a = local(with, "a", SHAPE(with->n));
  statement *both = kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, of.xi);
  list_push(with->memory, &both->stores, kernel_store(with->module, STORE_ASSIGN, a, &of.at_i, of.xi));
  show(with, of.z);
  show(with, a);
  expect(with, rename_results,
         "program test\n"
         "  result z_out[n]\n"
         "  result a_out[n]\n"
         "  for i < n {\n"
         "    z_out[i] = x[i]\n"
         "    a_out[i] = x[i]\n"
         "  }\n");
}

static void results_of_one_array_are_copies(void) {
  vectors of = begin_vectors();
  kernel(&of.with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, of.xi);
  show(&of.with, of.z);
  show(&of.with, of.z);
  expect_unchanged(&of.with, rename_results);
}

static const CU_TestInfo tests[] = {
    {"share: equal reductions are shared", equal_reductions_are_shared},
    {"share: reductions under other guards are not", reductions_under_other_guards_are_not},
    {"share: kept reductions are not", kept_reductions_are_not},
    {"share: it goes on", sharing_goes_on},
    {"share: reductions in other lists are not", reductions_in_other_lists_are_not},
    {"first store: additions become assignments", first_additions_become_assignments},
    {"first store: maps around count", maps_around_the_addition_count},
    {"first store: maps with two additions do not", maps_with_two_additions_do_not},
    {"first store: kernels with two additions do not", kernels_with_two_additions_do_not},
    {"first store: reductions stay", reductions_stay_additions},
    {"first store: guarded additions stay", guarded_additions_stay_additions},
    {"first store: later additions stay", later_additions_stay_additions},
    {"dead: what nothing needs goes", what_nothing_needs_goes},
    {"dead: circles go", circles_go},
    {"dead: checks stay with what they need", checks_stay_with_what_they_need},
    {"dead: unneeded locals of loops go", unneeded_locals_of_loops_go},
    {"results: take the place of arrays", results_take_the_place_of_arrays},
    {"results: sums are copied", sums_are_copied},
    {"results: scalars of one assignment are renamed", scalars_of_one_assignment_are_renamed},
    {"results: what is loaded elsewhere is copied", what_is_loaded_elsewhere_is_copied},
    {"propagate: names of constants vanish", names_of_constants_vanish},
    {"propagate: what costs or changes stays", what_costs_or_changes_stays},
    {"results: arrays that share a kernel are renamed", arrays_that_share_a_kernel_are_renamed},
    {"results: two of one array are copies", results_of_one_array_are_copies},
};

int main(void) {
  return run_tests("passes over kernel programs", tests, sizeof tests / sizeof tests[0]);
}
