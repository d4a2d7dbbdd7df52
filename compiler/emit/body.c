/* Where each part of a statement is computed. See body.h.
 *
 * Requires: a statement that kernel_verify accepts. Ensures: a part is computed before its uses and in a region around
 * them; no entry is read out of range and no whole number divided by zero, wherever parts were moved to. */
#include "compiler/emit/body.h"

enum {
  MAXIMUM_ARM_DEPTH = 24, /* C99 promises 127 nested blocks; loops and maps need some of them */
  MAXIMUM_INLINE_WEIGHT = 6
};

static int add_region(body *in, region added) {
  if (added.parent >= 0) {
    const region *up = &in->regions.items[added.parent];
    const region *far = &in->regions.items[up->jump];
    added.depth = up->depth + 1;
    /* As in a skew-binary number: two jumps of one length make one of twice the length. */
    bool doubles = up->depth - far->depth == far->depth - in->regions.items[far->jump].depth;
    added.jump = doubles ? far->jump : added.parent;
  }
  added.first = added.last = -1;
  list_push(in->memory, &in->regions, added);
  return in->regions.count - 1;
}

/* The innermost region around both. */
static int common_region(const body *in, int a, int b) {
  const region *all = in->regions.items;
  if (all[a].depth < all[b].depth) {
    int swapped = a;
    a = b;
    b = swapped;
  }
  while (all[a].depth > all[b].depth) a = all[all[a].jump].depth >= all[b].depth ? all[a].jump : all[a].parent;
  while (a != b) {
    bool far = all[a].jump != all[b].jump;
    a = far ? all[a].jump : all[a].parent;
    b = far ? all[b].jump : all[b].parent;
  }
  return a;
}

static int add_trunk(body *in, region_kind kind, int parent, int level) {
  return add_region(in, (region){.kind = kind, .parent = parent, .level = level});
}

static bool is_result(const body *in, int number) {
  return number >= 0 && in->around->module->arrays.items[number].role == ARRAY_RESULT;
}

/* Whether results are there is tested around the statement when it stores to one result alone, else at each store. */
static void find_absent(body *in) {
  const statement *of = in->of;
  in->absent_result = of->stores.count > 0 && is_result(in, of->stores.items[0].array) ? of->stores.items[0].array : -1;
  for (int k = 0; k < of->stores.count; k++)
    if (of->stores.items[k].array != in->absent_result) in->absent_result = -1;
  for (int k = 0; k < of->stores.count; k++)
    in->stores[k].tested = in->absent_result < 0 && is_result(in, of->stores.items[k].array);
}

/* The guard is tested as far outside as its condition allows. */
static void build_trunk(body *in) {
  int at = add_trunk(in, REGION_BLOCK, -1, 0);
  in->loop_region[0] = at;
  in->guard_region = -1;
  for (int level = 0;; level++) {
    if (in->guard >= 0 && in->parts.items[in->guard].level == level)
      at = in->guard_region = add_trunk(in, REGION_GUARD, at, level);
    if (level == in->of->axes.count) break;
    at = in->loop_region[level + 1] = add_trunk(in, REGION_LOOP, at, level + 1);
  }
  for (int k = 0; k < in->of->stores.count; k++) {
    planned_store *item = &in->stores[k];
    item->region = at;
    if (item->guard >= 0 || item->tested) item->region = add_trunk(in, REGION_STORE, at, in->of->axes.count);
  }
}

static bool is_leaf(const body *in, const part *of) {
  switch (of->op) {
  case SCALAR_CONSTANT:
  case SCALAR_EXTENT:
  case SCALAR_INDEX: return true;
  case SCALAR_LOAD:
    return is_variable(&in->around->module->arrays.items[scalar_at(in->around->module->dag, of->node)->id]);
  default: return false;
  }
}

static void use(body *in, int number, int where) {
  part *used = &in->parts.items[number];
  int before = used->use_region;
  int after = used->uses++ ? common_region(in, before, where) : where;
  used->at_use = where == after || (used->at_use && before == after);
  used->use_region = after;
}

/* What is known where a part at `level` is computed: the loops around it. Guards are left out, since a part may have
 * been moved out of them, and so are bounds of index data: an entry read behind a failing test is 0, within bounds or
 * not. */
static whole_facts facts_at(const body *in, int level) {
  int outer = in->around->loops.count;
  whole_range *ranges = arena_array(in->memory, whole_range, outer + level);
  for (int k = 0; k < outer; k++) ranges[k] = in->around->loops.items[k];
  for (int k = 0; k < level; k++) {
    const axis *at = &in->of->axes.items[k];
    ranges[outer + k] = (whole_range){at->index, at->lower, at->upper};
  }
  return (whole_facts){.ranges = ranges, .range_count = outer + level, .condition = NO_SCALAR};
}

/* What must be tested before an exposed load. */
static void add_tests(body *in, int number) {
  const kernel_module *module = in->around->module;
  part *load = &in->parts.items[number];
  const array *from = &module->arrays.items[scalar_at(module->dag, load->node)->id];
  whole_facts facts = facts_at(in, in->regions.items[load->region].level);
  for (int k = 0; k < from->rank; k++) {
    scalar subscript = in->parts.items[load->subscripts[k]].node;
    scalar last = whole_subtract(module->dag, from->extents[k], scalar_whole(module->dag, 1));
    range_test test = {.subscript = load->subscripts[k], .extent = load->extents[k]};
    test.below = !whole_proves_nonnegative(module->dag, subscript, &facts);
    test.above = !whole_proves_nonnegative(module->dag, whole_subtract(module->dag, last, subscript), &facts);
    if (!test.below && !test.above) continue;
    list_push(in->memory, &load->tests, test);
    use(in, test.subscript, load->region);
    use(in, test.extent, load->region);
  }
}

static int add_arm(body *in, int chooser, bool opposite) {
  int parent = in->parts.items[chooser].region;
  const region *around = &in->regions.items[parent];
  region arm = {.kind = REGION_ARM,
                .parent = parent,
                .level = around->level,
                .arm_depth = around->arm_depth + 1,
                .chooser = chooser,
                .opposite = opposite};
  if (arm.arm_depth > MAXIMUM_ARM_DEPTH) in->deep = true;
  return add_region(in, arm);
}

/* Which arguments are computed only where the first one holds (1) or does not hold (-1). */
static const signed char select_arms[3] = {0, 1, -1}, and_arms[3] = {0, 1, 0}, or_arms[3] = {0, -1, 0},
                         no_arms[3] = {0, 0, 0};

static const signed char *arms_of(int op) {
  return op == SCALAR_SELECT ? select_arms : op == OP_and ? and_arms : op == OP_or ? or_arms : no_arms;
}

/* Moves a part, whose uses are all known, out of the loops whose indices it does not mention. Then only the loops that
 * remain around it are sure to run where it is computed; and where all its uses lie in branches, not even their
 * conditions are sure to hold. What it needs is exposed with it. */
static void place_part(body *in, int number) {
  part *placed = &in->parts.items[number];
  if (!placed->uses) return;
  bool moves = placed->level < in->regions.items[placed->use_region].level;
  placed->region = moves ? in->loop_region[placed->level] : placed->use_region;
  placed->exposed |= moves || !placed->at_use;
  if (placed->op == SCALAR_LOAD && placed->exposed) add_tests(in, number);
  const signed char *arms = arms_of(placed->op);
  for (int k = 0; k < placed->argument_count; k++) {
    if (arms[k]) {
      int arm = add_arm(in, number, arms[k] < 0);
      placed->arms[k] = arm;
    }
    use(in, placed->arguments[k], arms[k] ? placed->arms[k] : placed->region);
    in->parts.items[placed->arguments[k]].exposed |= placed->exposed;
  }
}

static void use_root(body *in, int number, int where) {
  if (number >= 0) use(in, number, where);
}

static void pin_root(body *in, int number, int where) {
  use_root(in, number, where);
  if (number >= 0) in->parts.items[number].pinned = true;
}

/* A sum that goes to one entry is kept in a variable while the loops inside `level` run, when that entry is surely in
 * range there, no other store of the kernel may touch it, and every iteration takes part. */
static int total_level(const body *in, int number) {
  const statement *of = in->of;
  const store *item = &of->stores.items[number];
  const array *into = item->array >= 0 ? &in->around->module->arrays.items[item->array] : NULL;
  const planned_store *planned = &in->stores[number];
  int level = planned->place >= 0 ? in->parts.items[planned->place].level : 0;
  if (item->kind != STORE_ADD || is_variable(into) || planned->region != in->loop_region[of->axes.count]) return -1;
  if (level == of->axes.count || (in->guard >= 0 && in->parts.items[in->guard].level > level)) return -1;
  for (int k = 0; k < of->stores.count; k++)
    if (k != number && of->stores.items[k].array == item->array) return -1;
  whole_facts facts = facts_at(in, level);
  facts.array_bound = in->around->array_bound;
  facts.array_count = in->around->module->arrays.count;
  for (int k = 0; k < into->rank; k++)
    if (!whole_proves_within(in->around->module->dag, item->subscripts[k], into->extents[k], &facts)) return -1;
  return level;
}

static void use_store(body *in, int number) {
  planned_store *planned = &in->stores[number];
  store_kind kind = in->of->stores.items[number].kind;
  bool extreme = kind == STORE_ARGMAX || kind == STORE_ARGMIN;
  int around = in->loop_region[in->of->axes.count];
  if (in->guard_region > around) around = in->guard_region;
  use_root(in, planned->guard, around);
  if (extreme || kind == STORE_MAXIMUM)
    pin_root(in, planned->value, planned->region);
  else
    use_root(in, planned->value, planned->region);
  use_root(in, planned->position, planned->region);
  planned->total = total_level(in, number);
  if (planned->total >= 0)
    pin_root(in, planned->place, in->loop_region[planned->total]);
  else if (kind == STORE_MAXIMUM)
    pin_root(in, planned->place, planned->region);
  else
    use_root(in, planned->place, extreme ? 0 : planned->region);
}

static void use_roots(body *in) {
  for (int k = 0; k < in->of->axes.count; k++) {
    int around = in->regions.items[in->loop_region[k + 1]].parent;
    pin_root(in, in->lower[k], around);
    pin_root(in, in->upper[k], around);
  }
  if (in->guard >= 0) use_root(in, in->guard, in->regions.items[in->guard_region].parent);
  for (int k = 0; k < in->of->stores.count; k++) use_store(in, k);
}

/* Is it written as one name or constant? */
static bool is_word(const part *of) {
  return of->declared || of->weight == 0;
}

/* Sums of two words are written wherever they are used: i + 1. */
static bool is_small_sum(const body *in, const part *of) {
  bool sum = of->op == PART_PLACE_SUM || of->op == OP_whole_add || of->op == OP_whole_subtract;
  return sum && is_word(&in->parts.items[of->arguments[0]]) && is_word(&in->parts.items[of->arguments[1]]);
}

static bool has_variables(const body *in, int arm) {
  return arm && in->regions.items[arm].first >= 0;
}

static void declare(body *in, int number) {
  part *declared = &in->parts.items[number];
  region *where = &in->regions.items[declared->region];
  declared->declared = true;
  if (where->last >= 0)
    in->parts.items[where->last].next = number;
  else
    where->first = number;
  where->last = number;
}

/* Decides whether a part, whose arguments are decided, gets a variable. */
static void decide(body *in, int number) {
  part *of = &in->parts.items[number];
  if (is_leaf(in, of)) return;
  of->weight = 1;
  for (int k = 0; k < of->argument_count; k++) {
    const part *argument = &in->parts.items[of->arguments[k]];
    of->weight += argument->declared ? 0 : argument->weight;
    of->branches |= has_variables(in, of->arms[k]);
  }
  if (!of->uses || (is_small_sum(in, of) && !of->branches)) return;
  bool once = of->uses == 1 && !of->pinned && of->region == of->use_region;
  if (!once || of->branches || of->tests.count || of->weight > MAXIMUM_INLINE_WEIGHT) declare(in, number);
}

body *body_plan(surroundings *around, const statement *of) {
  arena *memory = around->module->memory;
  body *made = arena_new(memory, body);
  made->memory = memory;
  made->around = around;
  made->of = of;
  made->lower = arena_array(memory, int, of->axes.count);
  made->upper = arena_array(memory, int, of->axes.count);
  made->loop_region = arena_array(memory, int, of->axes.count + 1);
  made->stores = arena_array(memory, planned_store, of->stores.count);
  body_collect(made);
  find_absent(made);
  build_trunk(made);
  use_roots(made);
  for (int k = made->parts.count - 1; k >= 0; k--) place_part(made, k);
  for (int k = 0; k < made->parts.count; k++) decide(made, k);
  return made;
}
