/* The memory plan: who shares, who must not. */
#include "tests/unit/program_fixture.h"

/* a -> b -> c -> result: each array copied to the next. */
typedef struct {
  fixture with;
  int arrays[4];
} chain;

static void copy(fixture *with, statement *around, int from, int to) {
  axis i = new_axis(with, "i", with->n);
  scalar at = index_at(with, i);
  kernel(with, around, OVER(i), STORE_ASSIGN, to, &at, load(with, from, &at));
}

static chain begin_chain(void) {
  chain made = {.with = begin()};
  int x = input(&made.with, "x", SHAPE(made.with.n));
  for (int k = 0; k < 4; k++) made.arrays[k] = local(&made.with, "a", SHAPE(made.with.n));
  copy(&made.with, NULL, x, made.arrays[0]);
  for (int k = 1; k < 4; k++) copy(&made.with, NULL, made.arrays[k - 1], made.arrays[k]);
  return made;
}

static void lives_that_do_not_overlap_share(void) {
  chain of = begin_chain();
  show(&of.with, of.arrays[3]);
  expect_valid(&of.with);
  memory_plan *plan = plan_memory(of.with.program);
  CU_ASSERT_EQUAL(plan->slot_count, 2);
  CU_ASSERT_EQUAL(plan->slot_of[of.arrays[0]], plan->slot_of[of.arrays[2]]);
  CU_ASSERT_EQUAL(plan->slot_of[of.arrays[1]], plan->slot_of[of.arrays[3]]);
  CU_ASSERT_NOT_EQUAL(plan->slot_of[of.arrays[0]], plan->slot_of[of.arrays[1]]);
  CU_ASSERT_EQUAL(plan->slot_size[0], of.with.n);
  CU_ASSERT_EQUAL(plan->slot_of[0], -1);
  arena_release(of.with.memory);
}

static void a_late_use_keeps_an_array_alive(void) {
  chain of = begin_chain();
  int last = local(&of.with, "last", SHAPE(of.with.n));
  copy(&of.with, NULL, of.arrays[0], last);
  show(&of.with, of.arrays[3]);
  show(&of.with, last);
  memory_plan *plan = plan_memory(of.with.program);
  for (int k = 1; k < 4; k++) CU_ASSERT_NOT_EQUAL(plan->slot_of[of.arrays[0]], plan->slot_of[of.arrays[k]]);
  arena_release(of.with.memory);
}

static void different_sizes_do_not_share(void) {
  fixture with = begin();
  int x = input(&with, "x", SHAPE(with.n)), y = input(&with, "y", SHAPE(with.m));
  int a = local(&with, "a", SHAPE(with.n)), b = local(&with, "b", SHAPE(with.m));
  copy(&with, NULL, x, a);
  axis k = new_axis(&with, "k", with.m);
  scalar at = index_at(&with, k);
  kernel(&with, NULL, OVER(k), STORE_ASSIGN, b, &at, load(&with, y, &at));
  memory_plan *plan = plan_memory(with.program);
  CU_ASSERT_EQUAL(plan->slot_count, 2);
  CU_ASSERT_NOT_EQUAL(plan->slot_of[a], plan->slot_of[b]);
  arena_release(with.memory);
}

/* a is read in a loop that also writes b: the next iteration reads a again, so b must not lie on it. Locals of the loop
 * live within one iteration and may share among themselves. */
static void iterations_repeat(void) {
  fixture with = begin();
  int x = input(&with, "x", SHAPE(with.n));
  int a = local(&with, "a", SHAPE(with.n));
  copy(&with, NULL, x, a);
  statement *map = loop(&with, NULL, STATEMENT_MAP, OVER(new_axis(&with, "k", with.m)));
  int inner[3];
  for (int k = 0; k < 3; k++) inner[k] = local_of(&with, map, "inner", SHAPE(with.n));
  copy(&with, map, a, inner[0]);
  copy(&with, map, inner[0], inner[1]);
  copy(&with, map, inner[1], inner[2]);
  int late = local(&with, "late", SHAPE(with.n));
  copy(&with, NULL, x, late);
  memory_plan *plan = plan_memory(with.program);
  for (int k = 0; k < 3; k++) CU_ASSERT_NOT_EQUAL(plan->slot_of[inner[k]], plan->slot_of[a]);
  CU_ASSERT_EQUAL(plan->slot_of[inner[0]], plan->slot_of[inner[2]]);
  CU_ASSERT_NOT_EQUAL(plan->slot_of[inner[0]], plan->slot_of[inner[1]]);
  CU_ASSERT_EQUAL(plan->slot_count, 3);
  arena_release(with.memory);
}

static void scalars_need_no_slot(void) {
  fixture with = begin();
  int s = local(&with, "s", SCALAR_SHAPE);
  kernel(&with, NULL, NO_AXES, STORE_ASSIGN, s, NULL, real(&with, 1));
  memory_plan *plan = plan_memory(with.program);
  CU_ASSERT_EQUAL(plan->slot_count, 0);
  CU_ASSERT_EQUAL(plan->slot_of[s], -1);
  arena_release(with.memory);
}

/* A thousand arrays in a row live in two slots. */
static void long_chains_take_two_slots(void) {
  fixture with = begin();
  int before = input(&with, "x", SHAPE(with.n));
  for (int k = 0; k < 20000; k++) {
    int next = local(&with, "a", SHAPE(with.n));
    copy(&with, NULL, before, next);
    before = next;
  }
  CU_ASSERT_EQUAL(plan_memory(with.program)->slot_count, 2);
  arena_release(with.memory);
}

int main(void) {
  static const CU_TestInfo tests[] = {
      {"lives that do not overlap share", lives_that_do_not_overlap_share},
      {"a late use keeps an array alive", a_late_use_keeps_an_array_alive},
      {"different sizes do not share", different_sizes_do_not_share},
      {"iterations repeat", iterations_repeat},
      {"scalars need no slot", scalars_need_no_slot},
      {"long chains take two slots", long_chains_take_two_slots},
  };
  return run_tests("memory plan", tests, (int)(sizeof tests / sizeof tests[0]));
}
