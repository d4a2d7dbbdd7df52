/* Hoisting: statements leave the loops (maps and recurrences) on which they do not depend.
 *
 * Requires: the invariants of kernel.h; the program owns its statements, which are changed in place.
 * Ensures: the same invariants and results. A statement S directly inside a loop M, or inside `if`s (maps without axes)
 * directly inside M, stands just before M afterwards, in its old order among those that left, when
 *
 *   - nothing in S mentions M's indices;
 *   - what S stores to are locals of M, all of whose stores leave M from the same list as S; they become locals of the
 *     loop around M (or of the program);
 *   - what M stores and S loads are such locals;
 *   - S can be evaluated where M runs no iteration, or where the `if` does not hold: its loads are in range by the
 *     loops that remain, and nothing in it can fail. Where M surely runs, what can fail (a check, an argmax over what
 *     may be nothing) may leave too, when all in M that can fail does: then the status stays the same.
 *
 * Where M may run no iteration, as `for i < n` does when n = 0, what has to stay for that reason alone leaves into an
 * `if 0 < n` just before M. So a max in an index's body costs one pass over its range, not one for every index.
 *
 * Loops are treated from the innermost outwards, so a statement rises as far as it can. The cost is linear in the size
 * of the program times the depth of its nesting. */
#include "compiler/optimise/optimise.h"
#include "compiler/optimise/safety.h"
#include "compiler/optimise/statements.h"

/* A statement that may leave the loop being examined. */
typedef struct {
  statement *it;
  const statement_list *home;
  bool under_if; /* it stands inside an `if` that stays */
  bool can_fail;
  bool stays;
  LIST(int) into; /* entries of `stored`: the arrays that it stores to */
} unit;

/* An array that the loop being examined stores to. */
typedef struct {
  int array;
  const statement_list *home; /* where its stores are; NULL before the first is seen */
  bool stays;
  LIST(int) users; /* the units that store to it or load it */
} stored_array;

typedef struct {
  kernel_program *program;
  arena *memory;
  place_facts place;                /* the loops and guards around the loop being examined */
  statement *owner;                 /* the loop that those arrays belong to which leave; NULL: the program */
  int round;                        /* numbers the loops and units examined: marks from earlier rounds do not count */
  int *stored_round, *stored_entry; /* by array: the round of the loop that stores to it, its entry in `stored` */
  int *local_round;                 /* by array: the round of the loop or unit whose local it is */
  LIST(stored_array) stored;
  LIST(unit) units;
  LIST(int) settled; /* entries of `stored` that stay, whose units do not know yet */
} hoister;

static bool is_if(const statement *of) {
  return of->kind == STATEMENT_MAP && of->axes.count == 0;
}

static bool mentions_axis(const statement *loop, int index) {
  for (int k = 0; k < loop->axes.count; k++)
    if (loop->axes.items[k].index == index) return true;
  return false;
}

/* Enters every array that the loop stores to. */
static void find_stored(hoister *with, const statement *in, int round) {
  for (int k = 0; k < in->stores.count; k++) {
    int number = in->stores.items[k].array;
    if (number < 0 || with->stored_round[number] == round) continue;
    with->stored_round[number] = round;
    with->stored_entry[number] = with->stored.count;
    list_push(with->memory, &with->stored,
              (stored_array){.array = number, .stays = with->local_round[number] != round});
    if (with->local_round[number] != round) list_push(with->memory, &with->settled, with->stored.count - 1);
  }
  for (int k = 0; k < in->body.count; k++) find_stored(with, in->body.items[k], round);
}

/* An `if` whose condition changes within the loop stays; what is inside may leave on its own. */
static bool must_open(const hoister *with, const statement *loop, const statement *of, int round) {
  if (!is_if(of)) return false;
  reach below = reach_create(with->memory, with->program->module->dag);
  reach_from(&below, of->guard);
  for (int k = 0; k < below.nodes.count; k++) {
    const scalar_node *at = scalar_at(below.dag, below.nodes.items[k]);
    if (at->op == SCALAR_INDEX && mentions_axis(loop, at->id)) return true;
    if (at->op == SCALAR_LOAD && with->stored_round[at->id] == round) return true;
  }
  return false;
}

static void find_units(hoister *with, const statement *loop, statement_list *list, bool under_if, int round) {
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    if (must_open(with, loop, of, round))
      find_units(with, loop, &of->body, true, round);
    else
      list_push(with->memory, &with->units, (unit){.it = of, .home = list, .under_if = under_if});
  }
}

/* An array whose stores stand in two lists stays: in one of them they happen under a condition. */
static void note_store(hoister *with, int number, int entry) {
  stored_array *into = &with->stored.items[entry];
  const statement_list *home = with->units.items[number].home;
  list_push(with->memory, &with->units.items[number].into, entry);
  list_push(with->memory, &into->users, number);
  if (into->home == NULL) into->home = home;
  if (into->home == home || into->stays) return;
  into->stays = true;
  list_push(with->memory, &with->settled, entry);
}

/* An argmax fails where nothing takes part. */
static bool may_fail(hoister *with, const statement *in, const store *item) {
  if (item->kind == STORE_CHECK) return true;
  if (item->kind != STORE_ARGMAX && item->kind != STORE_ARGMIN) return false;
  return item->guard != NO_SCALAR || !runs_at_least_once(&with->place, in);
}

/* Links a unit with the arrays that it, or a statement inside it, stores to; its own locals do not count. */
static void note_stores(hoister *with, int number, const statement *in, int unit_round) {
  for (int k = 0; k < in->locals.count; k++) with->local_round[in->locals.items[k]] = unit_round;
  for (int k = 0; k < in->stores.count; k++) {
    const store *item = &in->stores.items[k];
    if (may_fail(with, in, item)) with->units.items[number].can_fail = true;
    if (item->array >= 0 && with->local_round[item->array] != unit_round)
      note_store(with, number, with->stored_entry[item->array]);
  }
  for (int k = 0; k < in->body.count; k++) note_stores(with, number, in->body.items[k], unit_round);
}

static void keep_unit(hoister *with, int number) {
  unit *of = &with->units.items[number];
  if (of->stays) return;
  of->stays = true;
  for (int k = 0; k < of->into.count; k++) {
    stored_array *entry = &with->stored.items[of->into.items[k]];
    if (!entry->stays) list_push(with->memory, &with->settled, of->into.items[k]);
    entry->stays = true;
  }
}

/* Links a unit with what it loads; it stays when it mentions an index of the loop. */
static void note_loads(hoister *with, int number, const statement *loop, int round, int unit_round) {
  const kernel_module *module = with->program->module;
  reach below = reach_create(with->memory, module->dag);
  reach_from_all(&below, module, with->units.items[number].it);
  for (int k = 0; k < below.nodes.count; k++) {
    const scalar_node *at = scalar_at(module->dag, below.nodes.items[k]);
    if (at->op == SCALAR_INDEX && mentions_axis(loop, at->id)) keep_unit(with, number);
    if (at->op != SCALAR_LOAD || with->stored_round[at->id] != round) continue;
    if (with->local_round[at->id] == unit_round) continue;
    list_push(with->memory, &with->stored.items[with->stored_entry[at->id]].users, number);
  }
}

/* Whoever stores to an array that stays, or loads it, stays; what it stores to then stays as well. */
static void keep_users(hoister *with) {
  while (with->settled.count > 0) {
    const stored_array *entry = &with->stored.items[with->settled.items[--with->settled.count]];
    for (int k = 0; k < entry->users.count; k++) keep_unit(with, entry->users.items[k]);
  }
}

/* Keeps what could do harm where it would stand: see the head of this file. */
static void keep_unsafe(hoister *with, const statement *loop) {
  bool surely = runs_at_least_once(&with->place, loop);
  bool failing_stays = false;
  for (int k = 0; k < with->units.count; k++) {
    const unit *of = &with->units.items[k];
    bool runs = surely && !of->under_if;
    if (!of->stays && !runs && (of->can_fail || !statement_is_safe(&with->place, of->it))) keep_unit(with, k);
    keep_users(with);
  }
  for (int k = 0; k < with->units.count; k++)
    failing_stays |= with->units.items[k].stays && with->units.items[k].can_fail;
  for (int k = 0; failing_stays && k < with->units.count; k++)
    if (with->units.items[k].can_fail) keep_unit(with, k);
  keep_users(with);
}

/* Decides which units of the loop leave it. The round that marks what the loop stores to. */
static int examine(hoister *with, statement *loop) {
  int round = ++with->round;
  with->stored.count = with->units.count = with->settled.count = 0;
  for (int k = 0; k < loop->locals.count; k++) with->local_round[loop->locals.items[k]] = round;
  find_stored(with, loop, round);
  find_units(with, loop, &loop->body, false, round);
  for (int k = 0; k < with->units.count; k++) {
    int unit_round = ++with->round;
    note_stores(with, k, with->units.items[k].it, unit_round);
    note_loads(with, k, loop, round, unit_round);
  }
  keep_users(with);
  keep_unsafe(with, loop);
  return round;
}

static void add_local(hoister *with, int number) {
  if (with->owner)
    list_push(with->memory, &with->owner->locals, number);
  else
    list_push(with->memory, &with->program->locals, number);
}

/* Arrays that leave go to the loop around. */
static void take_locals(hoister *with, statement *loop, int round) {
  int kept = 0;
  for (int k = 0; k < loop->locals.count; k++) {
    int number = loop->locals.items[k];
    if (with->stored_round[number] == round && !with->stored.items[with->stored_entry[number]].stays)
      add_local(with, number);
    else
      loop->locals.items[kept++] = number;
  }
  loop->locals.count = kept;
}

/* Moves what leaves from a list to `out`, walking the units as find_units listed them. */
static void take_units(hoister *with, statement_list *list, int *next, statement_list *out) {
  int kept = 0;
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    bool is_unit = *next < with->units.count && with->units.items[*next].it == of;
    if (is_unit && !with->units.items[(*next)++].stays) {
      list_push(with->memory, out, of);
      continue;
    }
    if (!is_unit) take_units(with, &of->body, next, out);
    if (is_unit || of->body.count > 0) list->items[kept++] = of;
  }
  list->count = kept;
}

/* What leaves a loop goes to `out`; the loop itself is changed. */
static void hoist_from(hoister *with, statement *loop, statement_list *out) {
  int next = 0, round = examine(with, loop);
  take_locals(with, loop, round);
  take_units(with, &loop->body, &next, out);
}

/* That each of the loop's axes runs over something, when this can be told before the loop; else NO_SCALAR. */
static scalar runs_condition(const hoister *with, const statement *loop) {
  scalar_dag *dag = with->program->module->dag;
  scalar all = NO_SCALAR;
  for (int k = 0; k < loop->axes.count; k++) {
    const axis *over = &loop->axes.items[k];
    for (int outer = 0; outer < k; outer++) {
      int index = loop->axes.items[outer].index;
      if (scalar_mentions_index(dag, over->lower, index) || scalar_mentions_index(dag, over->upper, index))
        return NO_SCALAR;
    }
    scalar some = scalar_binary(dag, OP_lt, over->lower, over->upper);
    all = all == NO_SCALAR ? some : scalar_binary(dag, OP_and, all, some);
  }
  return all;
}

/* What may leave only where the loop runs goes to `out` under that condition. */
static void hoist_where_it_runs(hoister *with, statement *loop, statement_list *out) {
  if (loop->body.count == 0 || loop->guard != NO_SCALAR || runs_at_least_once(&with->place, loop)) return;
  scalar condition = runs_condition(with, loop);
  if (condition == NO_SCALAR) return;
  statement *around = kernel_statement(with->program->module, STATEMENT_MAP, loop->where);
  around->guard = condition;
  place_mark mark = place_enter(&with->place, around);
  hoist_from(with, loop, &around->body);
  place_leave(&with->place, mark);
  if (around->body.count > 0) list_push(with->memory, out, around);
}

static void hoist_list(hoister *with, statement_list *list) {
  statement_list out = {0};
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    if (of->kind != STATEMENT_KERNEL) {
      statement *owner = with->owner;
      place_mark mark = place_enter(&with->place, of);
      if (!is_if(of)) with->owner = of;
      hoist_list(with, &of->body);
      with->owner = owner;
      place_leave(&with->place, mark);
      if (!is_if(of)) {
        hoist_from(with, of, &out);
        hoist_where_it_runs(with, of, &out);
      }
      if (of->body.count == 0) continue;
    }
    list_push(with->memory, &out, of);
  }
  *list = out;
}

void hoist(kernel_program *program) {
  arena *memory = program->module->memory;
  int count = program->module->arrays.count;
  hoister with = {.program = program, .memory = memory, .place = place_facts_create(program->module)};
  with.stored_round = arena_array(memory, int, count);
  with.stored_entry = arena_array(memory, int, count);
  with.local_round = arena_array(memory, int, count);
  hoist_list(&with, &program->body);
}
