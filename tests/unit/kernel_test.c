/* Kernel programs built by hand: construction, uses, text, axis tags, and what the interpreter makes of them. */
#include "tests/oracle/interpret.h"
#include "tests/unit/kernel_build.h"
#include <CUnit/Basic.h>
#include <math.h>

static void expect_text(fixture *in, const char *expected) {
  const char *written = text_of(in);
  if (strcmp(written, expected) != 0) printf("\n  expected:\n%s  written:\n%s", expected, written);
  CU_ASSERT_STRING_EQUAL(written, expected);
}

static void expect_valid(const fixture *in) {
  const char *message = kernel_verify(in->program);
  if (message != NULL) printf("\n  %s\n", message);
  CU_ASSERT_PTR_NULL(message);
}

/* The status; with `undefined`, the run must fail with a message that holds it. */
static int run(fixture *in, int64_t n, const void *const *inputs, double *const *results, const char *undefined) {
  char message[200];
  int status = interpret(in->program, &n, inputs, NULL, results, message, sizeof message);
  if (undefined != NULL && strstr(message, undefined) == NULL) printf("\n  \"%s\" lacks \"%s\"\n", message, undefined);
  if (undefined == NULL && status < 0) printf("\n  %s\n", message);
  CU_ASSERT((status == INTERPRET_UNDEFINED) == (undefined != NULL));
  if (undefined != NULL) CU_ASSERT_PTR_NOT_NULL(strstr(message, undefined));
  return status;
}

/* map i: { s = 0; for j: s += X[i, j]*w[j]; t[i] = tanh(s) }, then r = sum of t. */
static void build_network(fixture *f) {
  begin(f);
  int id = scalar_new_extent(f->dag, "d");
  scalar d = scalar_extent(f->dag, id);
  int X = input(f, "X", f->n, d), w = input(f, "w", d, NO_SCALAR);
  int r = result(f, "r", NO_SCALAR), t = local(f, "t", f->n, NULL);
  statement *map = statement_in(f, NULL, STATEMENT_MAP);
  scalar i = axis_of(f, map, "i", f->zero, f->n);
  int s = local(f, "s", NO_SCALAR, map);
  single(f, map, STORE_ASSIGN, s, NO_SCALAR, scalar_real(f->dag, 0));
  statement *inner = statement_in(f, map, STATEMENT_KERNEL);
  scalar j = axis_of(f, inner, "j", f->zero, d);
  scalar feature = entry(f, X, i, j), weight = entry(f, w, j, NO_SCALAR);
  store_in(f, inner, STORE_ADD, s, NO_SCALAR, NO_SCALAR, scalar_binary(f->dag, OP_mul, feature, weight));
  scalar unit = scalar_unary(f->dag, OP_tanh, entry(f, s, NO_SCALAR, NO_SCALAR));
  single(f, map, STORE_ASSIGN, t, i, unit);
  single(f, NULL, STORE_ASSIGN, r, NO_SCALAR, scalar_real(f->dag, 0));
  statement *sum = statement_in(f, NULL, STATEMENT_KERNEL);
  scalar k = axis_of(f, sum, "k", f->zero, f->n);
  store_in(f, sum, STORE_ADD, r, NO_SCALAR, NO_SCALAR, entry(f, t, k, NO_SCALAR));
}

static const char network_text[] = "program test\n"
                                   "  result r\n"
                                   "  local t[n]\n"
                                   "  map i < n parallel {\n"
                                   "    local s\n"
                                   "    s = 0\n"
                                   "    for j < d reduction: s += X[i, j]*w[j]\n"
                                   "    t[i] = tanh(s)\n"
                                   "  }\n"
                                   "  r = 0\n"
                                   "  for k < n reduction: r += t[k]\n";

static void test_map_with_locals(void) {
  fixture f;
  build_network(&f);
  expect_valid(&f);
  kernel_tag_axes(f.program);
  expect_text(&f, network_text);
  const double X[] = {1, 2, 3, 4, 5, 6}, w[] = {0.5, -0.25};
  const void *inputs[] = {X, w};
  const int64_t extents[] = {3, 2};
  double r = 7, *results[] = {&r};
  CU_ASSERT_EQUAL(interpret(f.program, extents, inputs, NULL, results, NULL, 0), 0);
  CU_ASSERT_EQUAL(r, tanh(0) + tanh(0.5) + tanh(1));
  CU_ASSERT_EQUAL(interpret(f.program, extents, inputs, NULL, NULL, NULL, 0), 0);
  finish(&f);
}

/* A copy prints the same and shares no list with the original. */
static void test_copy(void) {
  fixture f;
  build_network(&f);
  kernel_tag_axes(f.program);
  statement_list body = {0};
  for (int k = 0; k < f.program->body.count; k++) {
    statement *made = kernel_copy_statement(f.module, f.program->body.items[k]);
    list_push(f.memory, &body, made);
  }
  f.program->body.items[0]->body.count = 0;
  f.program->body = body;
  expect_text(&f, network_text);
  finish(&f);
}

static void test_uses(void) {
  fixture f;
  build_network(&f);
  bool loaded[4] = {false}, stored[4] = {false}; /* X, w, r, t; then s */
  bool all_loaded[5] = {false}, all_stored[5] = {false};
  kernel_uses(f.module, f.program->body.items[0], all_loaded, all_stored);
  CU_ASSERT(all_loaded[0] && all_loaded[1] && !all_loaded[2] && !all_loaded[3] && all_loaded[4]);
  CU_ASSERT(!all_stored[0] && !all_stored[1] && !all_stored[2] && all_stored[3] && all_stored[4]);
  kernel_uses(f.module, f.program->body.items[2], loaded, NULL);
  kernel_uses(f.module, f.program->body.items[1], NULL, stored);
  CU_ASSERT(!loaded[0] && loaded[3] && stored[2] && !stored[3]);
  finish(&f);
}

/* y = ((x[0] + x[0])*2 squared ...) with 100,000 nodes in a chain, each used twice: linear in every part. */
static void test_deep_chain(void) {
  fixture f;
  begin(&f);
  int x = input(&f, "x", NO_SCALAR, NO_SCALAR), r = result(&f, "r", NO_SCALAR);
  scalar value = entry(&f, x, NO_SCALAR, NO_SCALAR);
  for (int k = 0; k < 50000; k++) {
    scalar sine = scalar_unary(f.dag, OP_sin, value);
    value = scalar_binary(f.dag, OP_add, sine, value);
  }
  single(&f, NULL, STORE_ASSIGN, r, NO_SCALAR, value);
  expect_valid(&f);
  bool loaded[2] = {false};
  kernel_uses(f.module, f.program->body.items[0], loaded, NULL);
  CU_ASSERT(loaded[0]);
  CU_ASSERT(strlen(text_of(&f)) < 100000000);
  const double at = 0.25;
  const void *inputs[] = {&at};
  double y = 0, expected = at, *results[] = {&y};
  for (int k = 0; k < 50000; k++) expected = sin(expected) + expected;
  run(&f, 0, inputs, results, NULL);
  CU_ASSERT_EQUAL(y, expected);
  finish(&f);
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

static void test_text_of_all_kinds(void) {
  fixture f;
  begin(&f);
  int x = input(&f, "x", f.n, NO_SCALAR);
  int twin = local(&f, "t", f.n, NULL), t = local(&f, "t", f.n, NULL), m = local(&f, "m", NO_SCALAR, NULL);
  int best = declare(&f, "best", ARRAY_LOCAL, SCALAR_WHOLE, NO_SCALAR, NO_SCALAR, NULL);
  declare(&f, "v", ARRAY_SEED, SCALAR_REAL, f.n, NO_SCALAR, NULL);
  scalar some = scalar_real(f.dag, 0.5), flag = scalar_binary(f.dag, OP_lt, f.one, f.n);
  statement *two = statement_in(&f, NULL, STATEMENT_KERNEL);
  scalar i = axis_of(&f, two, "i", f.one, f.n);
  two->guard = scalar_binary(f.dag, OP_lt, entry(&f, x, i, NO_SCALAR), some);
  store_in(&f, two, STORE_ASSIGN, t, i, NO_SCALAR, some)->guard = flag;
  store_in(&f, two, STORE_ASSIGN, twin, i, NO_SCALAR, some);
  statement *branch = statement_in(&f, NULL, STATEMENT_MAP);
  branch->guard = flag;
  single(&f, branch, STORE_MAXIMUM, m, NO_SCALAR, some);
  statement *order = statement_in(&f, NULL, STATEMENT_RECURRENCE);
  scalar k = axis_of(&f, order, "k", f.zero, f.n);
  order->descending = true;
  single(&f, order, STORE_ADD, m, NO_SCALAR, entry(&f, x, k, NO_SCALAR));
  statement *search = statement_in(&f, NULL, STATEMENT_KERNEL);
  scalar l = axis_of(&f, search, "l", f.zero, f.n);
  store *largest = store_in(&f, search, STORE_ARGMAX, best, NO_SCALAR, NO_SCALAR, entry(&f, x, l, NO_SCALAR));
  largest->position = l;
  largest->check = kernel_check(f.module, CODE_EMPTY_RANGE, (span){0, 0}, "%s is empty", "x");
  single(&f, NULL, STORE_CHECK, -1, NO_SCALAR, flag)->stores.items[0].check = 1;
  expect_text(&f, "program test\n"
                  "  seed v[n]\n"
                  "  local t[n]\n"
                  "  local t#2[n]\n"
                  "  local m\n"
                  "  local best whole\n"
                  "  for 1 <= i < n where x[i] < 0.5 {\n"
                  "    t#2[i] = 0.5 where 1 < n\n"
                  "    t[i] = 0.5\n"
                  "  }\n"
                  "  if 1 < n {\n"
                  "    m max= 0.5\n"
                  "  }\n"
                  "  recurrence k < n descending {\n"
                  "    m += x[k]\n"
                  "  }\n"
                  "  for l < n: best = argmax(x[l] at l) else \"x is empty\"\n"
                  "  check 1 < n else \"x is empty\"\n");
  finish(&f);
}

/* x doubled 40 times by `a + a*a`: the tree has 2^40 nodes, the text few lines. */
static void test_text_of_shared_parts(void) {
  fixture f;
  begin(&f);
  int x = input(&f, "x", NO_SCALAR, NO_SCALAR), r = result(&f, "r", NO_SCALAR);
  scalar value = entry(&f, x, NO_SCALAR, NO_SCALAR);
  for (int k = 0; k < 40; k++) value = scalar_unary(f.dag, OP_sin, scalar_binary(f.dag, OP_mul, value, value));
  single(&f, NULL, STORE_ASSIGN, r, NO_SCALAR, value);
  const char *written = text_of(&f);
  CU_ASSERT(strlen(written) < 10000);
  CU_ASSERT_PTR_NOT_NULL(strstr(written, " = mul(%2, %2)\n"));
  CU_ASSERT_PTR_NOT_NULL(strstr(written, "  r = %"));
  finish(&f);
}

/* ---- tags ------------------------------------------------------------------------------------------------------- */

typedef struct {
  const char *what;
  axis_tag outer, inner; /* of i and j */
} tag_case;

/* for i < n, j < m: store to a place of i and j. */
static void test_tags(void) {
  enum { PLAIN, ROW, COLUMN, FLAT, DIAGONAL, OVERLAP, GATHERED, TWICE, TWICE_APART, BOTH, SQUARE, CASES };
  static const tag_case expected[CASES] = {
      [PLAIN] = {"t[0] +=", AXIS_REDUCTION, AXIS_REDUCTION},
      [ROW] = {"t[i] +=", AXIS_PARALLEL, AXIS_REDUCTION},
      [COLUMN] = {"t[2*j + 1] +=", AXIS_REDUCTION, AXIS_PARALLEL},
      [FLAT] = {"t[i*m + j] +=", AXIS_PARALLEL, AXIS_PARALLEL},
      [DIAGONAL] = {"t[i + j] +=", AXIS_CONFLICTING, AXIS_CONFLICTING},
      [OVERLAP] = {"t[2*i + j] +=, j < m", AXIS_CONFLICTING, AXIS_CONFLICTING},
      [GATHERED] = {"t[at[i]] +=", AXIS_CONFLICTING, AXIS_REDUCTION},
      [TWICE] = {"t[i] += twice", AXIS_PARALLEL, AXIS_REDUCTION},
      [TWICE_APART] = {"t[i] +=, t[i + 1] +=", AXIS_CONFLICTING, AXIS_REDUCTION},
      [BOTH] = {"t[0] +=, u[i] +=", AXIS_CONFLICTING, AXIS_REDUCTION},
      [SQUARE] = {"t[i*i] +=", AXIS_CONFLICTING, AXIS_REDUCTION},
  };
  for (int which = 0; which < CASES; which++) {
    fixture f;
    begin(&f);
    int id = scalar_new_extent(f.dag, "m");
    scalar m = scalar_extent(f.dag, id), size = whole_multiply(f.dag, f.n, m);
    int at = declare(&f, "at", ARRAY_INPUT, SCALAR_WHOLE, f.n, NO_SCALAR, NULL);
    f.module->arrays.items[at].bound = f.n;
    int t = local(&f, "t", size, NULL), u = local(&f, "u", f.n, NULL);
    statement *kernel = statement_in(&f, NULL, STATEMENT_KERNEL);
    scalar i = axis_of(&f, kernel, "i", f.zero, f.n), j = axis_of(&f, kernel, "j", f.zero, m);
    scalar one = scalar_real(f.dag, 1);
    scalar places[CASES] = {[PLAIN] = f.zero, [ROW] = i, [TWICE] = i, [TWICE_APART] = i, [BOTH] = f.zero};
    places[COLUMN] = plus(&f, whole_add(f.dag, j, j), 1);
    places[FLAT] = whole_add(f.dag, whole_multiply(f.dag, i, m), j);
    places[DIAGONAL] = whole_add(f.dag, i, j);
    places[OVERLAP] = whole_add(f.dag, whole_add(f.dag, i, i), j);
    places[GATHERED] = entry(&f, at, i, NO_SCALAR);
    places[SQUARE] = whole_multiply(f.dag, i, i);
    store_in(&f, kernel, STORE_ADD, t, places[which], NO_SCALAR, one);
    if (which == TWICE) store_in(&f, kernel, STORE_ADD, t, i, NO_SCALAR, one);
    if (which == TWICE_APART) store_in(&f, kernel, STORE_ADD, t, plus(&f, i, 1), NO_SCALAR, one);
    if (which == BOTH) store_in(&f, kernel, STORE_ADD, u, i, NO_SCALAR, one);
    kernel_tag_axes(f.program);
    axis_tag outer = kernel->axes.items[0].tag, inner = kernel->axes.items[1].tag;
    bool right = outer == expected[which].outer && inner == expected[which].inner;
    if (!right) printf("\n  %s: tags %d, %d", expected[which].what, (int)outer, (int)inner);
    CU_ASSERT(right);
    finish(&f);
  }
}

/* map i: { k = argmax ..; t[k] += 1 }: k is no index, yet it differs between iterations. */
static void test_tag_of_computed_place(void) {
  fixture f;
  begin(&f);
  int x = input(&f, "x", f.n, f.n), t = local(&f, "t", f.n, NULL);
  fill(&f, NULL, t, 0);
  statement *map = statement_in(&f, NULL, STATEMENT_MAP);
  scalar i = axis_of(&f, map, "i", f.zero, f.n);
  int k = declare(&f, "k", ARRAY_LOCAL, SCALAR_WHOLE, NO_SCALAR, NO_SCALAR, map);
  f.module->arrays.items[k].bound = f.n;
  statement *search = statement_in(&f, map, STATEMENT_KERNEL);
  scalar j = axis_of(&f, search, "j", f.zero, f.n);
  store *largest = store_in(&f, search, STORE_ARGMAX, k, NO_SCALAR, NO_SCALAR, entry(&f, x, i, j));
  largest->position = j;
  largest->check = kernel_check(f.module, CODE_EMPTY_RANGE, (span){0, 0}, "%s", "empty");
  single(&f, map, STORE_ADD, t, entry(&f, k, NO_SCALAR, NO_SCALAR), scalar_real(f.dag, 1));
  expect_valid(&f);
  kernel_tag_axes(f.program);
  CU_ASSERT_EQUAL(map->axes.items[0].tag, AXIS_CONFLICTING);
  CU_ASSERT_EQUAL(search->axes.items[0].tag, AXIS_REDUCTION);
  finish(&f);
}

/* ---- the interpreter -------------------------------------------------------------------------------------------- */

/* Up: p[0] = 1, p[k+1] = p[k]*x[k]. Down: p[n] = 1, p[k] = p[k+1]*x[k] + 1. */
static void test_recurrences(void) {
  for (int down = 0; down < 2; down++) {
    fixture f;
    begin(&f);
    int x = input(&f, "x", f.n, NO_SCALAR), r = result(&f, "r", NO_SCALAR), p = local(&f, "p", plus(&f, f.n, 1), NULL);
    single(&f, NULL, STORE_ASSIGN, p, down ? f.n : f.zero, scalar_real(f.dag, 1));
    statement *order = statement_in(&f, NULL, STATEMENT_RECURRENCE);
    order->descending = down;
    scalar k = axis_of(&f, order, "k", f.zero, f.n), next = plus(&f, k, 1);
    scalar before = entry(&f, p, down ? next : k, NO_SCALAR), factor = entry(&f, x, k, NO_SCALAR);
    scalar value = scalar_binary(f.dag, OP_mul, before, factor);
    if (down) value = scalar_binary(f.dag, OP_add, value, scalar_real(f.dag, 1));
    single(&f, order, STORE_ASSIGN, p, down ? k : next, value);
    single(&f, NULL, STORE_ASSIGN, r, NO_SCALAR, entry(&f, p, down ? f.zero : f.n, NO_SCALAR));
    expect_valid(&f);
    const double factors[] = {2, 3, 5};
    const void *inputs[] = {factors};
    double y = 0, *results[] = {&y};
    CU_ASSERT_EQUAL(run(&f, 3, inputs, results, NULL), 0);
    CU_ASSERT_EQUAL(y, down ? ((5 + 1) * 3 + 1) * 2 + 1 : 30);
    CU_ASSERT_EQUAL(run(&f, 0, inputs, results, NULL), 0);
    CU_ASSERT_EQUAL(y, 1);
    order->descending = !down;
    run(&f, 3, inputs, results, "is read before it is written");
    finish(&f);
  }
}

static void test_argmax(void) {
  static const double ties[] = {1, 3, 3, -3, -3}, nans[] = {1, NAN, 9, NAN, -9};
  for (int least = 0; least < 2; least++) {
    fixture f;
    begin(&f);
    int x = input(&f, "x", f.n, NO_SCALAR), r = result(&f, "r", NO_SCALAR);
    int best = declare(&f, "best", ARRAY_LOCAL, SCALAR_WHOLE, NO_SCALAR, NO_SCALAR, NULL);
    statement *search = statement_in(&f, NULL, STATEMENT_KERNEL);
    scalar i = axis_of(&f, search, "i", f.zero, f.n);
    store_kind kind = least ? STORE_ARGMIN : STORE_ARGMAX;
    store *what = store_in(&f, search, kind, best, NO_SCALAR, NO_SCALAR, entry(&f, x, i, NO_SCALAR));
    what->position = i;
    kernel_check(f.module, CODE_EMPTY_RANGE, (span){0, 0}, "%s", "another check");
    what->check = kernel_check(f.module, CODE_EMPTY_RANGE, (span){0, 0}, "%s", "max over an empty range has no value");
    scalar where = scalar_unary(f.dag, OP_real_of_whole, entry(&f, best, NO_SCALAR, NO_SCALAR));
    single(&f, NULL, STORE_ASSIGN, r, NO_SCALAR, where);
    expect_valid(&f);
    const void *of_ties[] = {ties}, *of_nans[] = {nans};
    double y = -1, *results[] = {&y};
    CU_ASSERT_EQUAL(run(&f, 5, of_ties, results, NULL), 0);
    CU_ASSERT_EQUAL(y, least ? 3 : 1);
    CU_ASSERT_EQUAL(run(&f, 5, of_nans, results, NULL), 0);
    CU_ASSERT_EQUAL(y, 1);
    CU_ASSERT_EQUAL(run(&f, 0, of_ties, results, NULL), 2);
    finish(&f);
  }
}

/* r[i] = 1 everywhere; r[i+1] += x[i] where i + 1 < n; m = max of x over those. */
static void test_guarded_stores(void) {
  fixture f;
  begin(&f);
  int x = input(&f, "x", f.n, NO_SCALAR), r = result(&f, "r", f.n), m = result(&f, "m", NO_SCALAR);
  fill(&f, NULL, r, 1);
  fill(&f, NULL, m, -INFINITY);
  statement *kernel = statement_in(&f, NULL, STATEMENT_KERNEL);
  scalar i = axis_of(&f, kernel, "i", f.zero, f.n), after = plus(&f, i, 1), value = entry(&f, x, i, NO_SCALAR);
  scalar inside = scalar_binary(f.dag, OP_lt, after, f.n);
  store_in(&f, kernel, STORE_ADD, r, after, NO_SCALAR, value)->guard = inside;
  store_in(&f, kernel, STORE_MAXIMUM, m, NO_SCALAR, NO_SCALAR, value)->guard = inside;
  expect_valid(&f);
  const double values[] = {5, 7, 100};
  const void *inputs[] = {values};
  double sums[3] = {0}, largest = 0, *results[] = {sums, &largest};
  CU_ASSERT_EQUAL(run(&f, 3, inputs, results, NULL), 0);
  CU_ASSERT(sums[0] == 1 && sums[1] == 6 && sums[2] == 8 && largest == 7);
  kernel->stores.items[0].guard = NO_SCALAR;
  run(&f, 3, inputs, results, "subscript 1 of r is 3, its extent is 3");
  finish(&f);
}

/* check x[0] > 0, then n < 3. */
static void test_checks(void) {
  fixture f;
  begin(&f);
  int x = input(&f, "x", f.n, NO_SCALAR);
  scalar none = scalar_real(f.dag, 0), three = scalar_whole(f.dag, 3);
  scalar positive = scalar_binary(f.dag, OP_gt, entry(&f, x, f.zero, NO_SCALAR), none);
  single(&f, NULL, STORE_CHECK, -1, NO_SCALAR, positive)->stores.items[0].check = 2;
  single(&f, NULL, STORE_CHECK, -1, NO_SCALAR, scalar_binary(f.dag, OP_lt, f.n, three))->stores.items[0].check = 1;
  const double values[] = {1, -1, 0, 0};
  const void *inputs[] = {values}, *negative[] = {values + 1};
  CU_ASSERT_EQUAL(run(&f, 2, inputs, NULL, NULL), 0);
  CU_ASSERT_EQUAL(run(&f, 3, inputs, NULL, NULL), 1);
  CU_ASSERT_EQUAL(run(&f, 3, negative, NULL, NULL), 2);
  finish(&f);
}

/* r = if n > 1 and x[1] > 0 then x[1] else n // (n - 1): what is not taken is not evaluated. */
static void test_lazy(void) {
  fixture f;
  begin(&f);
  int x = input(&f, "x", f.n, NO_SCALAR), r = result(&f, "r", NO_SCALAR);
  scalar none = scalar_real(f.dag, 0), second = entry(&f, x, f.one, NO_SCALAR);
  scalar several = scalar_binary(f.dag, OP_gt, f.n, f.one), positive = scalar_binary(f.dag, OP_gt, second, none);
  scalar condition = scalar_binary(f.dag, OP_and, several, positive);
  scalar otherwise = scalar_unary(f.dag, OP_real_of_whole, whole_quotient(f.dag, f.n, plus(&f, f.n, -1)));
  single(&f, NULL, STORE_ASSIGN, r, NO_SCALAR, scalar_select(f.dag, condition, second, otherwise));
  const double values[] = {4, 6};
  const void *inputs[] = {values};
  double y = 0, *results[] = {&y};
  CU_ASSERT_EQUAL(run(&f, 2, inputs, results, NULL), 0);
  CU_ASSERT_EQUAL(y, 6);
  CU_ASSERT_EQUAL(run(&f, 0, inputs, results, NULL), 0);
  CU_ASSERT_EQUAL(y, 0);
  run(&f, 1, inputs, results, "divides by zero");
  finish(&f);
}

/* r = sum of v[at[i]], with v a seed and at index data; then an entry of at that is out of range. */
static void test_seeds_and_index_data(void) {
  fixture f;
  begin(&f);
  int at = declare(&f, "at", ARRAY_INPUT, SCALAR_WHOLE, f.n, NO_SCALAR, NULL);
  f.module->arrays.items[at].bound = f.n;
  int v = declare(&f, "v", ARRAY_SEED, SCALAR_REAL, f.n, NO_SCALAR, NULL), r = result(&f, "r", NO_SCALAR);
  fill(&f, NULL, r, 0);
  statement *sum = statement_in(&f, NULL, STATEMENT_KERNEL);
  scalar i = axis_of(&f, sum, "i", f.zero, f.n), place = entry(&f, at, i, NO_SCALAR);
  store_in(&f, sum, STORE_ADD, r, NO_SCALAR, NO_SCALAR, entry(&f, v, place, NO_SCALAR));
  expect_valid(&f);
  const int64_t n = 3, places[] = {2, 0, 2}, wrong[] = {0, 3, 0};
  const double direction[] = {1, 10, 100};
  const void *inputs[] = {places}, *bad_inputs[] = {wrong};
  const double *seeds[] = {direction};
  char message[200];
  double y = 0, *results[] = {&y};
  CU_ASSERT_EQUAL(interpret(f.program, &n, inputs, seeds, results, message, sizeof message), 0);
  CU_ASSERT_EQUAL(y, 201);
  CU_ASSERT_EQUAL(interpret(f.program, &n, bad_inputs, seeds, results, message, sizeof message), INTERPRET_UNDEFINED);
  CU_ASSERT_STRING_EQUAL(message, "subscript 1 of v is 3, its extent is 3");
  finish(&f);
}

/* What would be undefined in emitted code is an error. */
static void test_undefined(void) {
  fixture f;
  const double values[] = {1, 2};
  const void *inputs[] = {values};
  double y[2] = {0}, *results[] = {y};
  begin(&f);
  int x = input(&f, "x", f.n, NO_SCALAR), r = result(&f, "r", f.n);
  statement *kernel = statement_in(&f, NULL, STATEMENT_KERNEL);
  scalar i = axis_of(&f, kernel, "i", f.one, f.n), value = entry(&f, x, i, NO_SCALAR);
  store *what = store_in(&f, kernel, STORE_ASSIGN, r, i, NO_SCALAR, value);
  run(&f, 2, inputs, results, "entry 0 of result r is never written");
  what->subscripts = &f.zero;
  run(&f, 2, inputs, results, "is never written");
  kernel->axes.items[0].lower = f.zero;
  run(&f, 2, inputs, results, "entry 0 of r is assigned twice");
  what->kind = STORE_ADD;
  run(&f, 2, inputs, results, "accumulated into before it is assigned");
  what->subscripts = &i;
  what->kind = STORE_ASSIGN;
  CU_ASSERT_EQUAL(run(&f, 2, inputs, results, NULL), 0);
  what->value = entry(&f, x, plus(&f, i, 1), NO_SCALAR);
  run(&f, 2, inputs, results, "subscript 1 of x is 2, its extent is 2");
  run(&f, -1, inputs, results, "extent 1 of x overflows or is negative");
  scalar square = whole_multiply(f.dag, f.n, f.n);
  what->value = entry(&f, x, whole_multiply(f.dag, square, square), NO_SCALAR);
  run(&f, 65536, inputs, NULL, NULL);
  results[0] = arena_array(f.memory, double, 65536);
  inputs[0] = results[0];
  run(&f, 65536, inputs, results, "overflows");
  finish(&f);
}

/* A local of a map is fresh in each iteration: what the first wrote, the second can't read. */
static void test_fresh_locals(void) {
  fixture f;
  begin(&f);
  int r = result(&f, "r", f.n);
  statement *map = statement_in(&f, NULL, STATEMENT_MAP);
  scalar i = axis_of(&f, map, "i", f.zero, f.n);
  int s = local(&f, "s", NO_SCALAR, map);
  single(&f, map, STORE_ASSIGN, s, NO_SCALAR, scalar_real(f.dag, 1))->guard = scalar_binary(f.dag, OP_lt, i, f.one);
  single(&f, map, STORE_ASSIGN, r, i, entry(&f, s, NO_SCALAR, NO_SCALAR));
  expect_valid(&f);
  double y[2] = {0}, *results[] = {y};
  CU_ASSERT_EQUAL(run(&f, 1, NULL, results, NULL), 0);
  run(&f, 2, NULL, results, "entry 0 of s is read before it is written");
  finish(&f);
}

int main(void) {
  static const struct {
    const char *name;
    CU_TestFunc run;
  } tests[] = {
      {"a map with inner arrays", test_map_with_locals},
      {"copies", test_copy},
      {"uses", test_uses},
      {"a chain of 100,000 nodes", test_deep_chain},
      {"text of all kinds", test_text_of_all_kinds},
      {"text of shared parts", test_text_of_shared_parts},
      {"tags", test_tags},
      {"the tag where a place is computed", test_tag_of_computed_place},
      {"recurrences in both directions", test_recurrences},
      {"argmax: ties, nan, empty ranges", test_argmax},
      {"guarded stores", test_guarded_stores},
      {"checks", test_checks},
      {"what is not taken is not evaluated", test_lazy},
      {"seeds and index data", test_seeds_and_index_data},
      {"what is undefined is an error", test_undefined},
      {"locals are fresh in each iteration", test_fresh_locals},
  };
  if (setjmp(no_memory) != 0 || CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("kernel", NULL, NULL);
  for (size_t k = 0; k < sizeof tests / sizeof *tests; k++) CU_add_test(suite, tests[k].name, tests[k].run);
  CU_basic_set_mode(CU_BRM_NORMAL);
  CU_basic_run_tests();
  bool failed = CU_get_number_of_failures() > 0;
  CU_cleanup_registry();
  return failed;
}
