/* Fusion: maps that are kernels, elementwise producers, adjacent kernels; each rule applied, and each refusal. */
#include "tests/unit/program_fixture.h"

static void fuse_all(kernel_program *program) {
  fuse(program, NULL);
}

/* x, y and W are inputs, z a result through a copy that fusion may take for a reader. */
typedef struct {
  fixture with;
  int x, y, W, a, b, z, r;
  axis i, j;
  scalar at_i, at_j;
} model;

static model begin_model(void) {
  model of = {.with = begin()};
  fixture *with = &of.with;
  of.x = input(with, "x", SHAPE(with->n));
  of.y = input(with, "y", SHAPE(with->n));
  of.W = input(with, "W", SHAPE(with->n, with->n));
  of.a = local(with, "a", SHAPE(with->n));
  of.b = local(with, "b", SHAPE(with->n));
  of.z = new_array(with, ARRAY_RESULT, "z", SHAPE(with->n));
  of.r = new_array(with, ARRAY_RESULT, "r", SCALAR_SHAPE);
  list_push(with->memory, &with->program->results, of.z);
  list_push(with->memory, &with->program->results, of.r);
  of.i = new_axis(with, "i", with->n);
  of.j = new_axis(with, "j", with->n);
  of.at_i = index_at(with, of.i);
  of.at_j = index_at(with, of.j);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, of.r, NULL, real(with, 0));
  return of;
}

/* into[k] = value(k), as a kernel over a fresh index; `value` combines the two loads at k with an operation. */
static statement *combine(model *of, int into, scalar_op op, int left, int right) {
  fixture *with = &of->with;
  axis k = new_axis(with, "k", with->n);
  scalar at_k = index_at(with, k);
  scalar first = load(with, left, &at_k), second = load(with, right, &at_k);
  return kernel(with, NULL, OVER(k), STORE_ASSIGN, into, &at_k, binary(with, op, first, second));
}

/* ---- maps -------------------------------------------------------------------------------------------------------- */

static void maps_of_one_kernel_become_it(void) {
  model of = begin_model();
  statement *outer = loop(&of.with, NULL, STATEMENT_MAP, OVER(of.i));
  scalar product = binary(&of.with, OP_mul, load(&of.with, of.W, AT(of.at_i, of.at_j)), load(&of.with, of.x, &of.at_j));
  combine(&of, of.a, OP_add, of.x, of.y);
  statement *inner = loop(&of.with, outer, STATEMENT_MAP, OVER(of.j));
  kernel(&of.with, inner, NO_AXES, STORE_ADD, of.r, NULL, product);
  combine(&of, of.z, OP_add, of.a, of.a);
  expect(&of.with, fuse_all,
         "program test\n"
         "  result z[n]\n"
         "  result r\n"
         "  local b[n]\n"
         "  r = 0\n"
         "  for i < n, j < n: r += x[j]*W[i, j]\n"
         "  for k < n: z[k] = y[k] + x[k] + (y[k] + x[k])\n");
}

static void guards_of_maps_go_along(void) {
  model of = begin_model();
  fixture *with = &of.with;
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  map->guard = binary(with, OP_gt, load(with, of.x, &of.at_i), real(with, 0));
  kernel(with, map, NO_AXES, STORE_ADD, of.r, NULL, load(with, of.x, &of.at_i));
  combine(&of, of.z, OP_add, of.x, of.x);
  expect(with, fuse_all,
         "program test\n"
         "  result z[n]\n"
         "  result r\n"
         "  local a[n]\n"
         "  local b[n]\n"
         "  r = 0\n"
         "  for i < n where x[i] > 0: r += x[i]\n"
         "  for k < n: z[k] = x[k] + x[k]\n");
}

/* Merged, the loop over j would run for every i, only to find that the guard does not hold. */
static void guarded_maps_of_loops_stay(void) {
  model of = begin_model();
  fixture *with = &of.with;
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  map->guard = binary(with, OP_gt, load(with, of.x, &of.at_i), real(with, 0));
  kernel(with, map, OVER(of.j), STORE_ADD, of.r, NULL, load(with, of.W, AT(of.at_i, of.at_j)));
  combine(&of, of.z, OP_add, of.x, of.x);
  expect_unchanged(with, fuse_all);
}

static void maps_of_argmax_stay(void) {
  model of = begin_model();
  fixture *with = &of.with;
  int which = local(with, "which", SHAPE(with->n));
  with->module->arrays.items[which].type = SCALAR_WHOLE;
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  statement *best =
      kernel(with, map, OVER(of.j), STORE_ARGMAX, which, &of.at_i, load(with, of.W, AT(of.at_i, of.at_j)));
  best->stores.items[0].position = of.at_j;
  best->stores.items[0].check = kernel_check(with->module, CODE_EMPTY_RANGE, best->where, "it has entries");
  axis k = new_axis(with, "k", with->n);
  scalar at_k = index_at(with, k);
  kernel(with, NULL, OVER(k), STORE_ASSIGN, of.z, &at_k, unary(with, OP_real_of_whole, load(with, which, &at_k)));
  expect_unchanged(with, fuse_all);
}

/* ---- elementwise ------------------------------------------------------------------------------------------------- */

static void chains_become_one_kernel(void) {
  model of = begin_model();
  combine(&of, of.a, OP_add, of.x, of.y);
  combine(&of, of.b, OP_mul, of.a, of.x);
  combine(&of, of.z, OP_sub, of.b, of.y);
  expect(&of.with, fuse_all,
         "program test\n"
         "  result z[n]\n"
         "  result r\n"
         "  r = 0\n"
         "  for k < n: z[k] = x[k]*(y[k] + x[k]) - y[k]\n");
}

/* a is read by b and by z; b joins z first, and then both read a at the same entry. */
static void all_readers_may_be_in_one_group(void) {
  model of = begin_model();
  combine(&of, of.a, OP_add, of.x, of.y);
  combine(&of, of.b, OP_mul, of.a, of.a);
  combine(&of, of.z, OP_sub, of.b, of.a);
  expect(&of.with, fuse_all,
         "program test\n"
         "  result z[n]\n"
         "  result r\n"
         "  r = 0\n"
         "  for k < n: z[k] = (y[k] + x[k])*(y[k] + x[k]) - (y[k] + x[k])\n");
}

/* r += t[j, i]*x[i] over i, j, with t[i, j] = exp(W[i, j]) */
static void readers_may_exchange_axes(void) {
  model of = begin_model();
  fixture *with = &of.with;
  int t = local(with, "t", SHAPE(with->n, with->n));
  axis p = new_axis(with, "p", with->n), q = new_axis(with, "q", with->n);
  scalar at_p = index_at(with, p), at_q = index_at(with, q);
  kernel(with, NULL, OVER(p, q), STORE_ASSIGN, t, AT(at_p, at_q),
         unary(with, OP_exp, load(with, of.W, AT(at_p, at_q))));
  scalar product = binary(with, OP_mul, load(with, t, AT(of.at_j, of.at_i)), load(with, of.x, &of.at_i));
  kernel(with, NULL, OVER(of.i, of.j), STORE_ADD, of.r, NULL, product);
  combine(&of, of.z, OP_add, of.x, of.x);
  expect(with, fuse_all,
         "program test\n"
         "  result z[n]\n"
         "  result r\n"
         "  local a[n]\n"
         "  local b[n]\n"
         "  r = 0\n"
         "  for i < n, j < n: r += x[i]*exp(W[j, i])\n"
         "  for k < n: z[k] = x[k] + x[k]\n");
}

static void scalars_fuse_outside_loops(void) {
  model of = begin_model();
  fixture *with = &of.with;
  int s = local(with, "s", SCALAR_SHAPE), t = local(with, "t", SCALAR_SHAPE), u = local(with, "u", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 0));
  kernel(with, NULL, OVER(of.j), STORE_ADD, s, NULL, load(with, of.x, &of.at_j));
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, t, NULL, unary(with, OP_exp, load(with, s, NULL)));
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, u, NULL, unary(with, OP_sin, load(with, t, NULL)));
  scalar scaled = binary(with, OP_mul, load(with, u, NULL), load(with, of.x, &of.at_i));
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, scaled);
  expect(with, fuse_all,
         "program test\n"
         "  result z[n]\n"
         "  result r\n"
         "  local a[n]\n"
         "  local b[n]\n"
         "  local s\n"
         "  local u\n"
         "  r = 0\n"
         "  s = 0\n"
         "  for j < n: s += x[j]\n"
         "  u = sin(exp(s))\n"
         "  for i < n: z[i] = x[i]*u\n");
}

/* map i { t = x[i]*x[i]; a[i] = exp(t) }; z[i] = a[i] + y[i]: inside, then outside. */
static void what_maps_become_fuses_too(void) {
  model of = begin_model();
  fixture *with = &of.with;
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  int t = local_of(with, map, "t", SCALAR_SHAPE);
  scalar xi = load(with, of.x, &of.at_i);
  kernel(with, map, NO_AXES, STORE_ASSIGN, t, NULL, binary(with, OP_mul, xi, xi));
  kernel(with, map, NO_AXES, STORE_ASSIGN, of.a, &of.at_i, unary(with, OP_exp, load(with, t, NULL)));
  combine(&of, of.z, OP_add, of.a, of.y);
  expect(with, fuse_all,
         "program test\n"
         "  result z[n]\n"
         "  result r\n"
         "  local b[n]\n"
         "  r = 0\n"
         "  for k < n: z[k] = y[k] + exp(x[k]*x[k])\n");
}

/* Each a[j] is needed for every i. */
static void nothing_is_computed_more_often(void) {
  model of = begin_model();
  fixture *with = &of.with;
  combine(&of, of.a, OP_add, of.x, of.y);
  scalar product = binary(with, OP_mul, load(with, of.W, AT(of.at_i, of.at_j)), load(with, of.a, &of.at_j));
  kernel(with, NULL, OVER(of.i, of.j), STORE_ADD, of.r, NULL, product);
  combine(&of, of.z, OP_add, of.x, of.x);
  expect_unchanged(with, fuse_all);
}

static void readers_of_two_entries_stay(void) {
  model of = begin_model();
  fixture *with = &of.with;
  combine(&of, of.a, OP_add, of.x, of.y);
  scalar first = load(with, of.a, &of.at_i), zero = scalar_whole(with->dag, 0);
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, binary(with, OP_add, first, load(with, of.a, &zero)));
  expect_unchanged(with, fuse_all);
}

static void two_separate_readers_stay(void) {
  model of = begin_model();
  fixture *with = &of.with;
  combine(&of, of.a, OP_add, of.x, of.y);
  kernel(with, NULL, OVER(of.i, of.j), STORE_ADD, of.r, NULL, load(with, of.a, &of.at_i));
  combine(&of, of.z, OP_add, of.a, of.x);
  expect_unchanged(with, fuse_all);
}

static void guarded_producers_stay(void) {
  model of = begin_model();
  fixture *with = &of.with;
  statement *some = combine(&of, of.a, OP_add, of.x, of.y);
  some->guard = binary(with, OP_ge, index_at(with, some->axes.items[0]), scalar_whole(with->dag, 0));
  combine(&of, of.z, OP_add, of.a, of.x);
  expect_unchanged(with, fuse_all);
}

/* The reader runs over the first m of a's n+m entries: it needs less than the producer computes, and proves less. */
static void readers_of_a_part_stay(void) {
  model of = begin_model();
  fixture *with = &of.with;
  scalar both = whole_add(with->dag, with->n, with->m);
  int c = local(with, "c", SHAPE(both));
  axis k = new_axis(with, "k", both);
  scalar at_k = index_at(with, k);
  kernel(with, NULL, OVER(k), STORE_ASSIGN, c, &at_k, unary(with, OP_real_of_whole, at_k));
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, load(with, c, &of.at_i));
  expect_unchanged(with, fuse_all);
}

static int kept_array;

static void fuse_but_one(kernel_program *program) {
  bool *kept = arena_array(program->module->memory, bool, program->module->arrays.count);
  kept[kept_array] = true;
  fuse(program, kept);
}

static void kept_arrays_stay(void) {
  model of = begin_model();
  combine(&of, of.a, OP_add, of.x, of.y);
  combine(&of, of.b, OP_mul, of.a, of.x);
  combine(&of, of.z, OP_sub, of.b, of.y);
  kept_array = of.a;
  expect(&of.with, fuse_but_one,
         "program test\n"
         "  result z[n]\n"
         "  result r\n"
         "  local a[n]\n"
         "  r = 0\n"
         "  for k < n: a[k] = x[k] + y[k]\n"
         "  for k < n: z[k] = x[k]*a[k] - y[k]\n");
}

/* ---- adjacent ---------------------------------------------------------------------------------------------------- */

/* The adjoint of r = sum W[i,j]*x[j]*y[i], in triangles: both stores run along the innermost axis. */
static void independent_neighbours_become_one(void) {
  model of = begin_model();
  fixture *with = &of.with;
  statement *fill = kernel_fill(with->module, of.a, real(with, 0), (span){0, 0});
  list_push(with->memory, &with->program->body, fill);
  fill = kernel_fill(with->module, of.b, real(with, 0), (span){0, 0});
  list_push(with->memory, &with->program->body, fill);
  axis p = new_axis(with, "p", with->n), q = new_axis(with, "q", index_at(with, p));
  scalar at_p = index_at(with, p), at_q = index_at(with, q);
  of.j.upper = of.at_i;
  kernel(with, NULL, OVER(of.i, of.j), STORE_ADD, of.a, &of.at_j, load(with, of.W, AT(of.at_i, of.at_j)));
  kernel(with, NULL, OVER(p, q), STORE_ADD, of.b, &at_q, load(with, of.W, AT(at_q, at_p)));
  axis k = new_axis(with, "k", with->n);
  scalar at_k = index_at(with, k);
  scalar difference = binary(with, OP_sub, load(with, of.a, &at_k), load(with, of.b, &at_k));
  kernel(with, NULL, OVER(k), STORE_ASSIGN, of.z, &at_k, difference);
  expect(with, fuse_all,
         "program test\n"
         "  result z[n]\n"
         "  result r\n"
         "  local a[n]\n"
         "  local b[n]\n"
         "  r = 0\n"
         "  for e1 < n: a[e1] = 0\n"
         "  for e1 < n: b[e1] = 0\n"
         "  for i < n, j < i {\n"
         "    a[j] += W[i, j]\n"
         "    b[j] += W[j, i]\n"
         "  }\n"
         "  for k < n: z[k] = a[k] - b[k]\n");
}

static void dependent_neighbours_stay(void) {
  model of = begin_model();
  fixture *with = &of.with;
  scalar last = whole_subtract(with->dag, with->n, scalar_whole(with->dag, 1));
  combine(&of, of.a, OP_add, of.x, of.y);
  scalar mirrored = whole_subtract(with->dag, last, of.at_i);
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, load(with, of.a, &mirrored));
  expect_unchanged(with, fuse_all);
}

/* The order in which r's terms are added must stay. */
static void neighbours_that_add_to_one_array_stay(void) {
  model of = begin_model();
  fixture *with = &of.with;
  int s = local(with, "s", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 0));
  kernel(with, NULL, OVER(of.i), STORE_ADD, s, NULL, load(with, of.x, &of.at_i));
  kernel(with, NULL, OVER(of.j), STORE_ADD, s, NULL, load(with, of.y, &of.at_j));
  axis k = new_axis(with, "k", with->n);
  scalar at_k = index_at(with, k);
  kernel(with, NULL, OVER(k), STORE_ASSIGN, of.z, &at_k, load(with, s, NULL));
  expect_unchanged(with, fuse_all);
}

/* Where the caller passes NULL for z, nothing of z's kernel is done. */
static void results_keep_to_themselves(void) {
  model of = begin_model();
  fixture *with = &of.with;
  combine(&of, of.a, OP_add, of.x, of.y);
  combine(&of, of.z, OP_mul, of.x, of.y);
  kernel(with, NULL, OVER(of.i, of.j), STORE_ADD, of.r, NULL, load(with, of.a, &of.at_j));
  expect_unchanged(with, fuse_all);
}

static void sums_do_not_join_what_runs_along(void) {
  model of = begin_model();
  fixture *with = &of.with;
  int s = local(with, "s", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 0));
  kernel(with, NULL, OVER(of.i), STORE_ADD, s, NULL, load(with, of.x, &of.at_i));
  combine(&of, of.a, OP_add, of.x, of.y);
  axis k = new_axis(with, "k", with->n);
  scalar at_k = index_at(with, k), mirrored = whole_subtract(with->dag, with->n, at_k);
  mirrored = whole_subtract(with->dag, mirrored, scalar_whole(with->dag, 1));
  scalar product = binary(with, OP_mul, load(with, of.a, &mirrored), load(with, s, NULL));
  kernel(with, NULL, OVER(k), STORE_ASSIGN, of.z, &at_k, product);
  expect_unchanged(with, fuse_all);
}

static void checks_keep_to_themselves(void) {
  model of = begin_model();
  fixture *with = &of.with;
  int s = local(with, "s", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 0));
  scalar small = binary(with, OP_lt, load(with, of.x, &of.at_i), real(with, 9));
  kernel(with, NULL, OVER(of.i), STORE_CHECK, -1, NULL, small);
  kernel(with, NULL, OVER(of.j), STORE_ADD, s, NULL, load(with, of.y, &of.at_j));
  axis k = new_axis(with, "k", with->n);
  scalar at_k = index_at(with, k);
  kernel(with, NULL, OVER(k), STORE_ASSIGN, of.z, &at_k, load(with, s, NULL));
  expect_unchanged(with, fuse_all);
}

/* ---- size -------------------------------------------------------------------------------------------------------- */

/* A chain of 30,000 definitions, each read by the next two. */
static void long_chains_fuse(void) {
  model of = begin_model();
  fixture *with = &of.with;
  int before = of.x, last = of.y;
  for (int k = 0; k < 30000; k++) {
    int next = local(with, "t", SHAPE(with->n));
    combine(&of, next, k % 2 ? OP_mul : OP_add, last, before);
    before = last;
    last = next;
  }
  combine(&of, of.z, OP_add, last, before);
  fuse(with->program, NULL);
  CU_ASSERT_EQUAL(with->program->body.count, 2);
  CU_ASSERT_EQUAL(with->program->locals.count, 2);
  arena_release(with->memory);
}

static const CU_TestInfo tests[] = {
    {"maps of one kernel become it", maps_of_one_kernel_become_it},
    {"guards of maps go along", guards_of_maps_go_along},
    {"guarded maps of loops stay", guarded_maps_of_loops_stay},
    {"maps of argmax stay", maps_of_argmax_stay},
    {"chains become one kernel", chains_become_one_kernel},
    {"all readers may be in one group", all_readers_may_be_in_one_group},
    {"readers may exchange axes", readers_may_exchange_axes},
    {"scalars fuse outside loops", scalars_fuse_outside_loops},
    {"what maps become fuses too", what_maps_become_fuses_too},
    {"nothing is computed more often", nothing_is_computed_more_often},
    {"readers of two entries stay", readers_of_two_entries_stay},
    {"two separate readers stay", two_separate_readers_stay},
    {"guarded producers stay", guarded_producers_stay},
    {"readers of a part stay", readers_of_a_part_stay},
    {"kept arrays stay", kept_arrays_stay},
    {"independent neighbours become one", independent_neighbours_become_one},
    {"dependent neighbours stay", dependent_neighbours_stay},
    {"neighbours that add to one array stay", neighbours_that_add_to_one_array_stay},
    {"results keep to themselves", results_keep_to_themselves},
    {"sums do not join what runs along", sums_do_not_join_what_runs_along},
    {"checks keep to themselves", checks_keep_to_themselves},
    {"long chains fuse", long_chains_fuse},
};

int main(void) {
  return run_tests("fusion", tests, sizeof tests / sizeof tests[0]);
}
