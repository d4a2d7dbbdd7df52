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
 *     may be nothing) may leave too, when all before it in M that can fail does: then the status stays the same.
 *
 * Where M may run no iteration, as `for i < n` does when n = 0, what has to stay for that reason alone leaves into an
 * `if 0 < n` just before M. So a max in an index's body costs one pass over its range, not one for every index.
 *
 * Loops are treated from the innermost outwards, so a statement rises as far as it can. The cost is linear in the size
 * of the program times the depth of its nesting.
 *
 * What depends on some of a map's axes leaves the others, when there is a loop in it:
 *
 *   map (i, j) { S(i); T(i, j) }     becomes  map (i) { S(i); map (j) T(i, j) }
 *   map (i, j) { S(j); T(i, j) }     becomes  map (j) { S(j) }; map (i, j) T(i, j)
 *
 * by the same rules, with the axes that are left as the loop. In the second form, for axes that are not the outermost
 * ones, each array that S computes and T loads gets an entry for every j: so only reductions leave, with what they
 * need, and what can fail only if nothing in T can. The order of the iterations stays as it was, and so does every sum.
 */
#include "compiler/kernel/rename.h"
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
  int array_room;                   /* in these tables */
  bool sparing;                     /* what leaves takes room for every turn of a loop: see keep_cheap */
  LIST(stored_array) stored;
  LIST(unit) units;
  LIST(int) settled; /* entries of `stored` that stay, whose units do not know yet */
} hoister;

/* Makes room in the tables for all arrays of the module. What they hold is forgotten: it is of one examination. */
static void note_arrays(hoister *with) {
  int count = with->program->module->arrays.count;
  place_note_arrays(&with->place);
  if (count <= with->array_room) return;
  with->array_room = 2 * count;
  with->stored_round = arena_array(with->memory, int, with->array_room);
  with->stored_entry = arena_array(with->memory, int, with->array_room);
  with->local_round = arena_array(with->memory, int, with->array_room);
}

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
  if (item->kind == STORE_CHECK || item->kind == STORE_SEARCH) return true;
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
  for (int k = 0; k < with->units.count; k++) {
    const unit *of = &with->units.items[k];
    bool runs = surely && !of->under_if;
    if (!of->stays && ((of->can_fail && !runs) || !statement_is_safe(&with->place, of->it))) keep_unit(with, k);
    keep_users(with);
  }
}

/* The first of what can fail in an iteration must stay the first. Keeping a unit may keep earlier ones, by an array
 * that both store to: hence the repetition. */
static void keep_failing(hoister *with) {
  bool kept = false;
  for (int k = 0; k < with->units.count; k++) {
    const unit *of = &with->units.items[k];
    kept |= of->can_fail && of->stays && with->sparing;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (int k = 0; k < with->units.count; k++) {
      if (!with->units.items[k].can_fail) continue;
      if (kept && !with->units.items[k].stays) {
        keep_unit(with, k);
        keep_users(with);
        changed = true;
      }
      kept |= with->units.items[k].stays;
    }
    kept = with->sparing && kept;
  }
}

/* Does the statement go over more than it stores: by adding, by finding the largest, in order? */
static bool reduces(const statement *of) {
  if (runs_in_order(of)) return true;
  for (int k = 0; k < of->stores.count; k++) {
    store_kind kind = of->stores.items[k].kind;
    if (of->axes.count > 0 && kind != STORE_ASSIGN && kind != STORE_CHECK) return true;
  }
  for (int k = 0; k < of->body.count; k++)
    if (reduces(of->body.items[k])) return true;
  return false;
}

/* A search knows its arrays as a whole: they do not become parts of larger ones. */
static bool holds_search(const statement *of) {
  if (of->kind == STATEMENT_IMPLICIT) return true;
  for (int k = 0; k < of->body.count; k++)
    if (holds_search(of->body.items[k])) return true;
  return false;
}

/* Is the unit a reduction that leaves, or does one of `wanted` load or store to an array that it stores to? */
static bool is_wanted(const hoister *with, int number, const bool *wanted) {
  const unit *of = &with->units.items[number];
  if (of->stays || holds_search(of->it)) return false;
  if (reduces(of->it)) return true;
  for (int k = 0; k < of->into.count; k++) {
    const stored_array *entry = &with->stored.items[of->into.items[k]];
    for (int u = 0; u < entry->users.count; u++)
      if (wanted[entry->users.items[u]]) return true;
  }
  return false;
}

/* Keeps all but reductions and what they need. */
static void keep_cheap(hoister *with) {
  bool *wanted = arena_array(with->memory, bool, with->units.count);
  for (bool changed = true; changed;) {
    changed = false;
    for (int k = with->units.count - 1; k >= 0; k--)
      if (!wanted[k] && is_wanted(with, k, wanted)) wanted[k] = changed = true;
  }
  for (int k = 0; k < with->units.count; k++)
    if (!wanted[k]) keep_unit(with, k);
  keep_users(with);
}

/* What a search reads stays with it. */
static void keep_sources(hoister *with, const statement *search, int round) {
  for (int k = 0; k < search->stores.count; k++) {
    int read = scalar_at(with->program->module->dag, search->stores.items[k].value)->id;
    if (with->stored_round[read] != round) continue;
    with->stored.items[with->stored_entry[read]].stays = true;
    list_push(with->memory, &with->settled, with->stored_entry[read]);
  }
}

/* Decides which units of the loop leave it. The round that marks what the loop stores to. */
static int examine(hoister *with, statement *loop) {
  int round = ++with->round;
  with->stored.count = with->units.count = with->settled.count = 0;
  for (int k = 0; k < loop->locals.count; k++) with->local_round[loop->locals.items[k]] = round;
  find_stored(with, loop, round);
  if (loop->kind == STATEMENT_IMPLICIT) keep_sources(with, loop, round);
  find_units(with, loop, &loop->body, false, round);
  for (int k = 0; k < with->units.count; k++) {
    int unit_round = ++with->round;
    note_stores(with, k, with->units.items[k].it, unit_round);
    note_loads(with, k, loop, round, unit_round);
  }
  keep_users(with);
  keep_unsafe(with, loop);
  if (with->sparing) keep_cheap(with);
  keep_failing(with);
  if (with->sparing) keep_cheap(with);
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

/* An `if` for what may leave only where the loop runs; NULL when there can be none, or need not be. */
static statement *if_it_runs(hoister *with, const statement *loop) {
  if (loop->body.count == 0 || loop->guard != NO_SCALAR || runs_at_least_once(&with->place, loop)) return NULL;
  scalar condition = runs_condition(with, loop);
  if (condition == NO_SCALAR) return NULL;
  statement *around = kernel_statement(with->program->module, STATEMENT_MAP, loop->where);
  around->guard = condition;
  return around;
}

/* What may leave only where the loop runs goes to `out` under that condition. */
static void hoist_where_it_runs(hoister *with, statement *loop, statement_list *out) {
  statement *around = if_it_runs(with, loop);
  if (!around) return;
  place_mark mark = place_enter(&with->place, around);
  hoist_from(with, loop, &around->body);
  place_leave(&with->place, mark);
  if (around->body.count > 0) list_push(with->memory, out, around);
}

static void hoist_all(hoister *with, statement *loop, statement_list *out) {
  hoist_from(with, loop, out);
  hoist_where_it_runs(with, loop, out);
}

/* ---- some of a map's axes ---------------------------------------------------------------------------------------- */

enum { MOST_AXES = 6 }; /* of maps whose axes are tried in all combinations */

static bool has_loop(const statement *of) {
  if (of->axes.count > 0) return true;
  for (int k = 0; k < of->body.count; k++)
    if (has_loop(of->body.items[k])) return true;
  return false;
}

static bool loop_leaves(const hoister *with) {
  for (int k = 0; k < with->units.count; k++)
    if (!with->units.items[k].stays && has_loop(with->units.items[k].it)) return true;
  return false;
}

/* Would hoist_all take a loop out of this one? */
static bool frees_loop(hoister *with, statement *loop) {
  examine(with, loop);
  if (loop_leaves(with)) return true;
  statement *around = if_it_runs(with, loop);
  if (!around) return false;
  place_mark mark = place_enter(&with->place, around);
  examine(with, loop);
  place_leave(&with->place, mark);
  return loop_leaves(with);
}

/* The map with those of its axes that are set in `chosen`, and with no body. */
static statement *over_axes(const hoister *with, const statement *map, unsigned chosen) {
  statement *made = kernel_statement(with->program->module, STATEMENT_MAP, map->where);
  for (int k = 0; k < map->axes.count; k++)
    if (chosen >> k & 1) list_push(with->memory, &made->axes, map->axes.items[k]);
  return made;
}

/* What is in the map goes to another one. */
static void give_contents(statement *map, statement *to) {
  to->guard = map->guard;
  to->locals.items = map->locals.items;
  to->locals.count = map->locals.count;
  to->locals.capacity = map->locals.capacity;
  to->body = map->body;
}

/* The map over its first `count` axes around a map over the others, when that takes a loop out of the inner one.
 */
static void split(hoister *with, statement *map, int count) {
  unsigned outer = (1u << count) - 1;
  statement *around = over_axes(with, map, outer), *inner = over_axes(with, map, ~outer), *owner = with->owner;
  give_contents(map, inner);
  place_mark mark = place_enter(&with->place, around);
  if (frees_loop(with, inner)) {
    with->owner = around;
    hoist_all(with, inner, &around->body);
    with->owner = owner;
    if (inner->body.count > 0) list_push(with->memory, &around->body, inner);
    *map = *around;
  }
  place_leave(&with->place, mark);
}

/* Is the box of the axes as large as their extents say, whatever is around? */
static bool is_plain_box(const hoister *with, const statement *of) {
  scalar_dag *dag = with->program->module->dag;
  reach below = reach_create(with->memory, dag);
  for (int k = 0; k < of->axes.count; k++) {
    if (of->axes.items[k].lower != scalar_whole(dag, 0)) return false;
    reach_from(&below, of->axes.items[k].upper);
  }
  for (int k = 0; k < below.nodes.count; k++) {
    scalar_op op = scalar_at(dag, below.nodes.items[k])->op;
    if (op == SCALAR_INDEX || op == SCALAR_LOAD) return false;
  }
  return true;
}

/* An array with an entry of another one for every turn of a loop. */
static int array_over(hoister *with, int number, const statement *loop) {
  kernel_module *module = with->program->module;
  array made = module->arrays.items[number];
  scalar *extents = arena_array(with->memory, scalar, loop->axes.count + made.rank);
  for (int k = 0; k < loop->axes.count; k++) extents[k] = loop->axes.items[k].upper;
  for (int k = 0; k < made.rank; k++) extents[loop->axes.count + k] = made.extents[k];
  made.extents = extents;
  made.rank += loop->axes.count;
  return kernel_array(module, made);
}

/* Those locals of a loop that a statement outside it loads. */
static bool is_loaded(const hoister *with, const reach *outside, int local) {
  for (int k = 0; k < outside->nodes.count; k++) {
    const scalar_node *at = scalar_at(with->program->module->dag, outside->nodes.items[k]);
    if (at->op == SCALAR_LOAD && at->id == local) return true;
  }
  return false;
}

/* Locals of `loop` that the map loads become arrays of the owner of both. */
static void enlarge_locals(hoister *with, statement **loop, statement **map) {
  kernel_module *module = with->program->module;
  LIST(int) from = {0}, to = {0}, indices = {0};
  reach outside = reach_create(with->memory, module->dag);
  reach_from_all(&outside, module, *map);
  int kept = 0;
  for (int k = 0; k < (*loop)->locals.count; k++) {
    int number = (*loop)->locals.items[k];
    if (!is_loaded(with, &outside, number)) {
      (*loop)->locals.items[kept++] = number;
      continue;
    }
    int larger = array_over(with, number, *loop);
    list_push(with->memory, &from, number);
    list_push(with->memory, &to, larger);
    add_local(with, larger);
  }
  (*loop)->locals.count = kept;
  for (int k = 0; k < (*loop)->axes.count; k++) list_push(with->memory, &indices, (*loop)->axes.items[k].index);
  array_growth growth = {from.items, to.items, from.count, indices.items, indices.count};
  *loop = kernel_enlarge(module, *loop, &growth);
  *map = kernel_enlarge(module, *map, &growth);
  note_arrays(with);
}

/* What depends on the chosen axes alone, in a loop over them before the map, when there is a reduction in it. */
static void take_over(hoister *with, statement **map, unsigned chosen, statement_list *out) {
  statement *loop = over_axes(with, *map, chosen), *rest = over_axes(with, *map, ~chosen), *owner = with->owner;
  if (!is_plain_box(with, loop)) return;
  give_contents(*map, rest);
  with->sparing = true;
  place_mark mark = place_enter(&with->place, loop);
  if (frees_loop(with, rest)) {
    with->owner = loop;
    hoist_all(with, rest, &loop->body);
    with->owner = owner;
    give_contents(rest, *map);
  }
  place_leave(&with->place, mark);
  with->sparing = false;
  if (loop->body.count == 0) return;
  enlarge_locals(with, &loop, map);
  list_push(with->memory, out, loop);
}

static int count_bits(unsigned of) {
  int count = 0;
  for (; of; of &= of - 1) count++;
  return count;
}

/* Fewer axes first: what depends on them must not be computed for more. */
static void hoist_by_axes(hoister *with, statement **map, statement_list *out) {
  int count = (*map)->axes.count;
  if ((*map)->kind != STATEMENT_MAP || count < 2 || count > MOST_AXES) return;
  for (int size = 1; size < count; size++)
    for (unsigned chosen = 1; chosen < 1u << count; chosen++) {
      bool outermost = (chosen & (chosen + 1)) == 0;
      if (count_bits(chosen) == size && !outermost) take_over(with, map, chosen, out);
    }
  for (int outer = count - 1; outer > 0; outer--) split(with, *map, outer);
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

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
        hoist_all(with, of, &out);
        hoist_by_axes(with, &of, &out);
      }
      if (of->body.count == 0) continue;
    }
    list_push(with->memory, &out, of);
  }
  *list = out;
}

void hoist(kernel_program *program) {
  hoister with = {.program = program, .memory = program->module->memory, .place = place_facts_create(program->module)};
  note_arrays(&with);
  hoist_list(&with, &program->body);
}
