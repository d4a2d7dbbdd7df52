/* Every invariant of kernel programs, broken once: kernel_verify must say so. */
#include "compiler/kernel/implicit.h"
#include "tests/unit/kernel_build.h"
#include <CUnit/Basic.h>

static void expect(fixture *in, const char *part) {
  const char *message = kernel_verify(in->program);
  bool found = message != NULL && strstr(message, part) != NULL;
  if (!found)
    printf("\n  expected \"%s\", got \"%s\"\n%s", part, message == NULL ? "no violation" : message, text_of(in));
  CU_ASSERT(found);
  finish(in);
}

static void expect_valid(fixture *in) {
  const char *message = kernel_verify(in->program);
  if (message != NULL) printf("\n  unexpected: %s\n", message);
  CU_ASSERT_PTR_NULL(message);
  finish(in);
}

/* for i < n: r[i] = x[i], with what a test wants to break. */
typedef struct {
  fixture f;
  int x, r;
  statement *kernel;
  scalar i;
  store *what;
} copy;

static copy *begin_copy(void) {
  static copy made;
  begin(&made.f);
  made.x = input(&made.f, "x", made.f.n, NO_SCALAR);
  made.r = result(&made.f, "r", made.f.n);
  made.kernel = statement_in(&made.f, NULL, STATEMENT_KERNEL);
  made.i = axis_of(&made.f, made.kernel, "i", made.f.zero, made.f.n);
  scalar value = entry(&made.f, made.x, made.i, NO_SCALAR);
  made.what = store_in(&made.f, made.kernel, STORE_ASSIGN, made.r, made.i, NO_SCALAR, value);
  return &made;
}

static void test_valid(void) {
  expect_valid(&begin_copy()->f);
}

/* ---- shape and types -------------------------------------------------------------------------------------------- */

static void test_shapes(void) {
  copy *c = begin_copy();
  statement_in(&c->f, c->kernel, STATEMENT_KERNEL);
  expect(&c->f, "a kernel holds statements");
  c = begin_copy();
  c->kernel->kind = STATEMENT_MAP;
  expect(&c->f, "stores of its own");
  c = begin_copy();
  statement_in(&c->f, NULL, STATEMENT_RECURRENCE);
  expect(&c->f, "a recurrence has 0 axes");
  c = begin_copy();
  statement *order = statement_in(&c->f, NULL, STATEMENT_RECURRENCE);
  axis_of(&c->f, order, "t", c->f.zero, c->f.n);
  order->guard = scalar_truth(c->f.dag, true);
  expect(&c->f, "a recurrence has a guard");
  c = begin_copy();
  c->kernel->descending = true;
  expect(&c->f, "only a recurrence can be descending");
  c = begin_copy();
  local(&c->f, "t", NO_SCALAR, statement_in(&c->f, NULL, STATEMENT_MAP));
  expect(&c->f, "a map without axes has locals");
}

static void test_types(void) {
  copy *c = begin_copy();
  c->what->value = scalar_truth(c->f.dag, true);
  expect(&c->f, "another type than the entries of r");
  c = begin_copy();
  c->kernel->guard = scalar_real(c->f.dag, 1);
  expect(&c->f, "a guard is not a truth value");
  c = begin_copy();
  c->what->guard = scalar_real(c->f.dag, 1);
  expect(&c->f, "a store's guard is not a truth value");
  c = begin_copy();
  c->kernel->axes.items[0].upper = scalar_real(c->f.dag, 3);
  expect(&c->f, "a loop's bound is not a whole number");
  c = begin_copy();
  scalar wrong = scalar_real(c->f.dag, 3);
  c->what->subscripts = &wrong;
  expect(&c->f, "subscript 1 of r is not a whole number");
  c = begin_copy();
  scalar two[2] = {c->i, c->i};
  c->what->value = scalar_load(c->f.dag, c->x, SCALAR_REAL, 2, two);
  expect(&c->f, "x has 1 axes and 2 subscripts");
  c = begin_copy();
  c->what->value = scalar_load(c->f.dag, c->x, SCALAR_TRUTH, 1, &c->i);
  c->f.module->arrays.items[c->r].type = SCALAR_TRUTH;
  expect(&c->f, "a load of x has another type");
  c = begin_copy();
  c->what->value = scalar_load(c->f.dag, 99, SCALAR_REAL, 1, &c->i);
  expect(&c->f, "load of array 99, which does not exist");
  c = begin_copy();
  c->what->array = 99;
  expect(&c->f, "store to array 99, which does not exist");
  c = begin_copy();
  c->what->value = NO_SCALAR;
  expect(&c->f, "another type than the entries of r");
}

static void test_checks(void) {
  fixture f;
  begin(&f);
  store check = {.kind = STORE_CHECK, .array = -1, .value = scalar_truth(f.dag, true), .check = 1};
  statement *kernel = statement_in(&f, NULL, STATEMENT_KERNEL);
  list_push(f.memory, &kernel->stores, check);
  expect(&f, "check number 1 does not exist");
  begin(&f);
  check.check = kernel_check(f.module, CODE_EMPTY_RANGE, (span){0, 0}, "%s", "never");
  check.value = f.one;
  kernel = statement_in(&f, NULL, STATEMENT_KERNEL);
  list_push(f.memory, &kernel->stores, check);
  expect(&f, "a check's value is not a truth value");
}

/* ---- scopes ----------------------------------------------------------------------------------------------------- */

static void test_indices(void) {
  copy *c = begin_copy();
  statement *second = single(&c->f, NULL, STORE_ASSIGN, local(&c->f, "t", c->f.n, NULL), c->i, c->what->value);
  (void)second;
  expect(&c->f, "index i is used outside its loop");
  c = begin_copy();
  list_push(c->f.memory, &c->kernel->axes, c->kernel->axes.items[0]);
  expect(&c->f, "index i is bound by two loops");
  c = begin_copy();
  scalar j = axis_of(&c->f, c->kernel, "j", c->f.zero, c->f.n);
  c->kernel->axes.items[0].upper = j;
  expect(&c->f, "index j is used outside its loop");
}

/* map i < n { local s }, with s used before, after, or declared again. */
static void test_locals(void) {
  for (int which = 0; which < 4; which++) {
    fixture f;
    begin(&f);
    scalar value = scalar_real(f.dag, 1);
    statement *map = statement_in(&f, NULL, STATEMENT_MAP);
    axis_of(&f, map, "i", f.zero, f.n);
    int s = local(&f, "s", NO_SCALAR, map);
    single(&f, map, STORE_ASSIGN, s, NO_SCALAR, value);
    if (which == 0) {
      int r = result(&f, "r", NO_SCALAR);
      single(&f, NULL, STORE_ASSIGN, r, NO_SCALAR, entry(&f, s, NO_SCALAR, NO_SCALAR));
      expect(&f, "s is used outside its scope");
    } else if (which == 1) {
      list_push(f.memory, &f.program->locals, s);
      expect(&f, "s is declared twice");
    } else if (which == 2) {
      map->locals.count = 0;
      expect(&f, "s is used but not declared");
    } else {
      scalar extents[1] = {scalar_index(f.dag, map->axes.items[0].index)};
      f.module->arrays.items[s].rank = 1;
      f.module->arrays.items[s].extents = extents;
      expect(&f, "extent 1 of s mentions an index");
    }
  }
}

static void test_roles(void) {
  copy *c = begin_copy();
  c->what->array = c->x;
  expect(&c->f, "x is stored to, which the caller owns");
  c = begin_copy();
  int again = result(&c->f, "again", NO_SCALAR);
  single(&c->f, NULL, STORE_ASSIGN, again, NO_SCALAR, entry(&c->f, c->r, c->f.zero, NO_SCALAR));
  expect(&c->f, "result r is loaded");
  c = begin_copy();
  result(&c->f, "s", NO_SCALAR);
  expect(&c->f, "result s is never written");
  c = begin_copy();
  c->f.program->results.count = 0;
  list_push(c->f.memory, &c->f.program->locals, c->r);
  expect(&c->f, "r is declared in another role");
}

/* ---- order ------------------------------------------------------------------------------------------------------ */

static void test_read_before_write(void) {
  fixture f;
  begin(&f);
  int t = local(&f, "t", NO_SCALAR, NULL), r = result(&f, "r", NO_SCALAR);
  single(&f, NULL, STORE_ASSIGN, r, NO_SCALAR, entry(&f, t, NO_SCALAR, NO_SCALAR));
  expect(&f, "t is read before it is written");
  begin(&f);
  scalar one = scalar_real(f.dag, 1);
  t = local(&f, "t", NO_SCALAR, NULL), r = result(&f, "r", NO_SCALAR);
  single(&f, NULL, STORE_ASSIGN, t, NO_SCALAR, one);
  single(&f, NULL, STORE_ASSIGN, r, NO_SCALAR, entry(&f, t, NO_SCALAR, NO_SCALAR));
  single(&f, NULL, STORE_ADD, t, NO_SCALAR, one);
  expect(&f, "t is stored to after it was loaded");
  begin(&f);
  t = local(&f, "t", NO_SCALAR, NULL);
  single(&f, NULL, STORE_ASSIGN, t, NO_SCALAR, scalar_real(f.dag, 1));
  single(&f, NULL, STORE_ADD, t, NO_SCALAR, entry(&f, t, NO_SCALAR, NO_SCALAR));
  expect(&f, "t is loaded by the kernel that stores to it");
  begin(&f);
  statement *order = statement_in(&f, NULL, STATEMENT_RECURRENCE);
  axis_of(&f, order, "k", f.zero, f.n);
  t = local(&f, "t", NO_SCALAR, NULL), r = local(&f, "r", NO_SCALAR, order);
  single(&f, order, STORE_ASSIGN, r, NO_SCALAR, entry(&f, t, NO_SCALAR, NO_SCALAR));
  expect(&f, "t is read but never written");
}

static void test_assigned_once(void) {
  fixture f;
  begin(&f);
  int t = local(&f, "t", f.n, NULL);
  fill(&f, NULL, t, 1);
  fill(&f, NULL, t, 2);
  expect(&f, "an entry of t is assigned twice");
  begin(&f);
  t = local(&f, "t", NO_SCALAR, NULL);
  statement *kernel = single(&f, NULL, STORE_ASSIGN, t, NO_SCALAR, scalar_real(f.dag, 1));
  axis_of(&f, kernel, "i", f.zero, f.n);
  expect(&f, "every iteration of i assigns the same entry of t");
  begin(&f);
  t = local(&f, "t", NO_SCALAR, NULL);
  single(&f, NULL, STORE_ADD, t, NO_SCALAR, scalar_real(f.dag, 1));
  expect(&f, "accumulated into before it is assigned");
  begin(&f);
  t = local(&f, "t", plus(&f, f.n, 2), NULL);
  scalar value = scalar_real(f.dag, 1);
  single(&f, NULL, STORE_ASSIGN, t, f.zero, value);
  single(&f, NULL, STORE_ADD, t, f.zero, value);
  single(&f, NULL, STORE_ASSIGN, t, f.one, value);
  expect(&f, "t is assigned after it was accumulated into");
}

/* map i: { t[i] = 1; r[i] = t[i] } is right; loading t[i-1] there is not. */
static void test_independence(void) {
  for (int apart = 0; apart < 2; apart++) {
    fixture f;
    begin(&f);
    int t = local(&f, "t", plus(&f, f.n, 1), NULL), r = result(&f, "r", f.n);
    statement *map = statement_in(&f, NULL, STATEMENT_MAP);
    scalar i = axis_of(&f, map, "i", f.zero, f.n);
    single(&f, map, STORE_ASSIGN, t, i, scalar_real(f.dag, 1));
    single(&f, map, STORE_ASSIGN, r, i, entry(&f, t, plus(&f, i, apart), NO_SCALAR));
    if (apart)
      expect(&f, "iterations of i may load entries of t that others store");
    else
      expect_valid(&f);
  }
}

/* p[0] = 1; recurrence k: p[k+1] = p[k + shift]*2 */
static void test_recurrence(void) {
  for (int shift = 0; shift < 2; shift++) {
    fixture f;
    begin(&f);
    int p = local(&f, "p", plus(&f, f.n, 1), NULL), r = result(&f, "r", NO_SCALAR);
    single(&f, NULL, STORE_ASSIGN, p, f.zero, scalar_real(f.dag, 1));
    statement *order = statement_in(&f, NULL, STATEMENT_RECURRENCE);
    scalar k = axis_of(&f, order, "k", f.zero, f.n);
    scalar value = scalar_binary(f.dag, OP_mul, entry(&f, p, plus(&f, k, shift), NO_SCALAR), scalar_real(f.dag, 2));
    single(&f, order, STORE_ASSIGN, p, plus(&f, k, 1), value);
    single(&f, NULL, STORE_ASSIGN, r, NO_SCALAR, entry(&f, p, f.n, NO_SCALAR));
    if (shift)
      expect(&f, "p is loaded by the kernel that stores to it");
    else
      expect_valid(&f);
  }
}

/* ---- ranges ----------------------------------------------------------------------------------------------------- */

enum { UNGUARDED, SELECTED, SELECTED_OTHERWISE, GUARDED, AND, NESTED, WRONG_BRANCH, RANGE_CASES };

/* r[i] = x[i-1], under each kind of guard: i >= 1. */
static void test_load_ranges(void) {
  for (int which = 0; which < RANGE_CASES; which++) {
    copy *c = begin_copy();
    scalar_dag *dag = c->f.dag;
    scalar before = entry(&c->f, c->x, plus(&c->f, c->i, -1), NO_SCALAR), none = scalar_real(dag, 0);
    scalar inside = scalar_binary(dag, OP_ge, c->i, c->f.one), first = scalar_binary(dag, OP_lt, c->i, c->f.one);
    scalar positive = scalar_binary(dag, OP_gt, before, none), other = scalar_real(dag, 3);
    scalar unrelated = scalar_binary(dag, OP_gt, entry(&c->f, c->x, c->i, NO_SCALAR), none);
    scalar deep = scalar_select(dag, inside, before, none);
    scalar values[RANGE_CASES] = {
        [UNGUARDED] = before,
        [SELECTED] = scalar_select(dag, inside, before, none),
        [SELECTED_OTHERWISE] = scalar_select(dag, first, none, before),
        [GUARDED] = before,
        [AND] = scalar_select(dag, scalar_binary(dag, OP_and, inside, positive), other, none),
        [NESTED] = scalar_select(dag, unrelated, scalar_binary(dag, OP_mul, deep, other), none),
        [WRONG_BRANCH] = scalar_select(dag, first, before, none),
    };
    c->what->value = values[which];
    if (which == GUARDED) c->kernel->guard = inside;
    if (which == UNGUARDED || which == WRONG_BRANCH)
      expect(&c->f, "a load of x is not proved to be in range");
    else
      expect_valid(&c->f);
  }
}

static void test_store_ranges(void) {
  for (int guarded = 0; guarded < 2; guarded++) {
    copy *c = begin_copy();
    scalar after = plus(&c->f, c->i, 1);
    c->what->subscripts = &after;
    if (guarded) c->what->guard = scalar_binary(c->f.dag, OP_lt, after, c->f.n);
    if (guarded)
      expect_valid(&c->f);
    else
      expect(&c->f, "a store to r is not proved to be in range");
  }
}

/* A load through index data is in range when the data's bound is the extent; a bound of a loop is checked too. */
static void test_index_data(void) {
  for (int bounded = 0; bounded < 2; bounded++) {
    copy *c = begin_copy();
    int at = declare(&c->f, "at", ARRAY_INPUT, SCALAR_WHOLE, c->f.n, NO_SCALAR, NULL);
    c->f.module->arrays.items[at].bound = bounded ? c->f.n : NO_SCALAR;
    c->what->value = entry(&c->f, c->x, entry(&c->f, at, c->i, NO_SCALAR), NO_SCALAR);
    if (bounded)
      expect_valid(&c->f);
    else
      expect(&c->f, "a load of x is not proved to be in range");
  }
  copy *c = begin_copy();
  int size = declare(&c->f, "size", ARRAY_INPUT, SCALAR_WHOLE, c->f.n, NO_SCALAR, NULL);
  statement *second = single(&c->f, NULL, STORE_CHECK, -1, NO_SCALAR, scalar_truth(c->f.dag, true));
  second->stores.items[0].check = kernel_check(c->f.module, CODE_EMPTY_RANGE, (span){0, 0}, "%s", "holds");
  axis_of(&c->f, second, "k", c->f.zero, entry(&c->f, size, c->f.n, NO_SCALAR));
  expect(&c->f, "a load of size is not proved to be in range");
}

/* ---- argmax ----------------------------------------------------------------------------------------------------- */

typedef struct {
  fixture f;
  int best;
  statement *kernel;
  scalar i;
  store *what;
} search;

static search *begin_search(void) {
  static search made;
  begin(&made.f);
  int x = input(&made.f, "x", made.f.n, NO_SCALAR);
  made.best = declare(&made.f, "best", ARRAY_LOCAL, SCALAR_WHOLE, NO_SCALAR, NO_SCALAR, NULL);
  made.kernel = statement_in(&made.f, NULL, STATEMENT_KERNEL);
  made.i = axis_of(&made.f, made.kernel, "i", made.f.zero, made.f.n);
  scalar value = entry(&made.f, x, made.i, NO_SCALAR);
  made.what = store_in(&made.f, made.kernel, STORE_ARGMAX, made.best, NO_SCALAR, NO_SCALAR, value);
  made.what->position = made.i;
  made.what->check =
      kernel_check(made.f.module, CODE_EMPTY_RANGE, (span){0, 0}, "%s", "max over an empty range has no value");
  return &made;
}

static void test_argmax(void) {
  expect_valid(&begin_search()->f);
  search *s = begin_search();
  s->what->position = scalar_real(s->f.dag, 1);
  expect(&s->f, "argmax at what is not a whole number");
  s = begin_search();
  s->what->check = 0;
  expect(&s->f, "argmax without a check");
  s = begin_search();
  s->f.module->arrays.items[s->best].type = SCALAR_REAL;
  expect(&s->f, "argmax into best, which is not whole");
  s = begin_search();
  s->what->value = s->i;
  expect(&s->f, "argmax of what is not real");
  s = begin_search();
  int other = local(&s->f, "other", s->f.n, NULL);
  store_in(&s->f, s->kernel, STORE_ASSIGN, other, s->i, NO_SCALAR, scalar_real(s->f.dag, 1));
  expect(&s->f, "argmax is not the only store");
  s = begin_search();
  int row = declare(&s->f, "row", ARRAY_LOCAL, SCALAR_WHOLE, s->f.n, NO_SCALAR, NULL);
  s->what->array = row;
  s->what->subscripts = &s->i;
  expect(&s->f, "argmax is stored at subscripts that mention");
}

/* y[0] with y[0] - x[0] = 0, where x has an entry. */
typedef struct {
  fixture f;
  int x, y;
  statement *search;
} searched;

static searched *begin_implicit(void) {
  static searched made;
  fixture *f = &made.f;
  begin(f);
  made.x = input(f, "x", f->one, NO_SCALAR);
  made.y = local(f, "y", f->one, NULL);
  scalar at_x = entry(f, made.x, f->zero, NO_SCALAR), at_y = entry(f, made.y, f->zero, NO_SCALAR);
  store_in(f, statement_in(f, NULL, STATEMENT_KERNEL), STORE_ASSIGN, made.y, f->zero, NO_SCALAR, at_x);
  implicit_parts parts = {.kind = SEARCH_ROOT, .unknown = made.y, .objective = -1, .where = {0, 0}};
  parts.residual = implicit_like(f->module, made.y, "residual");
  parts.check = implicit_checks(f->module, SOUGHT_ROOT, parts.where);
  made.search = implicit_statement(f->module, &parts, &f->program->body);
  list_push(f->memory, &f->program->locals, implicit_array(made.search, SEARCH_WORK));
  list_push(f->memory, &f->program->locals, implicit_array(made.search, SEARCH_DIRECTION));
  scalar difference = scalar_binary(f->dag, OP_sub, at_y, at_x);
  statement *body = statement_in(f, made.search, STATEMENT_KERNEL);
  store_in(f, body, STORE_ASSIGN, parts.residual, f->zero, NO_SCALAR, difference);
  list_push(f->memory, &f->program->body, made.search);
  return &made;
}

static void test_searches(void) {
  expect_valid(&begin_implicit()->f);
  searched *s = begin_implicit();
  s->search->stores.count--;
  expect(&s->f, "a search has 4 stores");
  s = begin_implicit();
  s->f.program->body.items[0] = statement_in(&s->f, s->search, STATEMENT_KERNEL);
  expect(&s->f, "y, which a search writes, has no first value");
  s = begin_implicit();
  s->search->stores.items[SEARCH_WORK].array = s->x;
  expect(&s->f, "x, which a search writes, is no local here");
  s = begin_implicit();
  s->search->stores.items[SEARCH_UNKNOWN].value = scalar_real(s->f.dag, 1);
  expect(&s->f, "a search reads what is no array here");
}

/* The message shows the statement. */
static void test_message(void) {
  copy *c = begin_copy();
  c->what->array = c->x;
  expect(&c->f, "for i < n: x[i] = x[i]");
}

int main(void) {
  static const struct {
    const char *name;
    CU_TestFunc run;
  } tests[] = {
      {"a valid program", test_valid},
      {"shapes of statements", test_shapes},
      {"types", test_types},
      {"checks", test_checks},
      {"indices and their loops", test_indices},
      {"locals and their scopes", test_locals},
      {"roles of arrays", test_roles},
      {"read before written", test_read_before_write},
      {"assigned once, accumulated after a first value", test_assigned_once},
      {"independent iterations", test_independence},
      {"recurrences", test_recurrence},
      {"loads in range", test_load_ranges},
      {"stores in range", test_store_ranges},
      {"index data in range", test_index_data},
      {"argmax", test_argmax},
      {"searches", test_searches},
      {"the message's text", test_message},
  };
  if (setjmp(no_memory) != 0 || CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite("kernel_verify", NULL, NULL);
  for (size_t k = 0; k < sizeof tests / sizeof *tests; k++) CU_add_test(suite, tests[k].name, tests[k].run);
  CU_basic_set_mode(CU_BRM_NORMAL);
  CU_basic_run_tests();
  bool failed = CU_get_number_of_failures() > 0;
  CU_cleanup_registry();
  return failed;
}
