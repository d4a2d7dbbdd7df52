/* Subscripts: x[i], A[cam, :], A[1:n-1], x[-1]. */
#include "compiler/tensor/checker.h"

/* ---- bare uses: what an index runs over ---- */

/* An index that stands alone as a subscript runs over that axis, unless its limit was written. */
static void note_bare_use(checker *state, const tensor *index, const tensor *base, int axis, span where) {
  index_fact *fact = state->indices.items[index->index];
  if (fact->limited || fact->conflicted) return;
  scalar extent = base->extents[axis];
  if (fact->extent == NO_SCALAR) {
    fact->extent = extent;
    fact->says = show_extent(state, base, axis);
    fact->use = where;
    return;
  }
  if (fact->extent == extent) return;
  fact->conflicted = true;
  bool different = is_provably_different(state, fact->extent, extent);
  const char *first = show_scalar(state, fact->extent), *second = show_scalar(state, extent);
  diagnose(state->report, CODE_EXTENT_MISMATCH, where, "%s, %s; %s %s %s %s", fact->says,
           show_extent(state, base, axis), different ? first : "nothing says", different ? "is not" : first,
           different ? second : "=", different ? "" : second);
  diagnose_note(state->report, fact->use, "the index '%s' runs over the whole axis here too", fact->name);
  diagnose_hint(state->report, "declare both with the same extent, or say how far '%s' runs: %s < ...", fact->name,
                fact->name);
}

/* ---- ranges that are known at compile time ---- */

/* Under a condition nothing is said, nor in a loop of an axis without entries: the entry may never be asked for, and
 * lowering knows. `written` is the subscript in the user's words. */
static bool surely_outside(checker *state, const tensor *base, int axis, scalar at, const char *written, span where) {
  scalar extent = base->extents[axis];
  int64_t entries;
  bool known = scalar_is_whole(state->dag, extent, &entries);
  if (state->guards || (known && entries == 0 && state->scope->level > 0)) return false;
  bool below = is_provably_negative(state, at);
  scalar room = whole_subtract(state->dag, whole_subtract(state->dag, extent, at), scalar_whole(state->dag, 1));
  if (!below && !is_provably_negative(state, room)) return false;
  diagnose(state->report, CODE_OUT_OF_RANGE, where, "the subscript %s is out of range: %s", written,
           show_extent(state, base, axis));
  if (known && entries > 0)
    diagnose_hint(state->report, "subscripts run from 0 to %lld", (long long)entries - 1);
  else
    diagnose_hint(state->report, "subscripts run from 0 to %s - 1", show_scalar(state, extent));
  return true;
}

/* A literal with a minus sign counts from the end. */
static bool counts_from_end(const ast_expression *from, int64_t *count) {
  if (from->kind != AST_NEGATE || from->operands[0]->kind != AST_NUMBER || !from->operands[0]->whole) return false;
  *count = (int64_t)from->operands[0]->number;
  return *count > 0;
}

static scalar from_end(checker *state, scalar extent, int64_t count, span where) {
  scalar place = whole_subtract(state->dag, extent, scalar_whole(state->dag, count));
  return overflows(state, place, where) ? NO_SCALAR : place;
}

/* ---- one subscript ---- */

/* A place between entries; `otherwise` where it was left out. NO_SCALAR after an error. */
static scalar check_bound(checker *state, const ast_expression *from, scalar extent, scalar otherwise) {
  int64_t count;
  if (!from) return otherwise;
  if (counts_from_end(from, &count)) return from_end(state, extent, count, from->where);
  return check_extent(state, from, "the bound of a slice");
}

static bool slice_is_wrong(checker *state, const tensor *base, int axis, const selector *by) {
  scalar stop = whole_add(state->dag, by->start, by->extent);
  scalar room = whole_subtract(state->dag, base->extents[axis], stop);
  const char *wrong = NULL;
  if (is_provably_negative(state, by->start))
    wrong = "starts before the first entry";
  else if (is_provably_negative(state, by->extent))
    wrong = "ends before it starts";
  else if (is_provably_negative(state, room))
    wrong = "ends after the last entry";
  if (!wrong) return false;
  diagnose(state->report, CODE_OUT_OF_RANGE, by->where, "this slice %s: it runs from %s to %s, and %s", wrong,
           show_scalar(state, by->start), show_scalar(state, stop), show_extent(state, base, axis));
  return true;
}

static bool check_slice(checker *state, const tensor *base, int axis, const ast_subscript *from, selector *into) {
  scalar extent = base->extents[axis];
  scalar start = check_bound(state, from->start, extent, scalar_whole(state->dag, 0));
  scalar stop = check_bound(state, from->stop, extent, extent);
  if (start == NO_SCALAR || stop == NO_SCALAR) return false;
  scalar length = whole_subtract(state->dag, stop, start);
  if (overflows(state, length, from->where)) return false;
  *into = (selector){.kind = SELECT_SLICE, .start = start, .extent = length, .where = from->where};
  return !slice_is_wrong(state, base, axis, into);
}

static tensor *check_place(checker *state, scalar extent, const ast_subscript *from) {
  int64_t count;
  if (!counts_from_end(from->index, &count))
    return simplify_whole(state, as_whole(state, check_expression(state, from->index), "a subscript"));
  scalar place = from_end(state, extent, count, from->where);
  return place == NO_SCALAR ? NULL : make_constant(state, SCALAR_WHOLE, place, from->where);
}

static bool check_index(checker *state, const tensor *base, int axis, const ast_subscript *from, selector *into) {
  tensor *index = check_place(state, base->extents[axis], from);
  if (!index) return false;
  if (index->kind == TENSOR_INDEX) note_bare_use(state, index, base, axis, from->where);
  if (index->kind == TENSOR_CONSTANT) {
    int64_t count;
    const char *written = counts_from_end(from->index, &count) ? arena_format(state->memory, "-%lld", (long long)count)
                                                               : show_scalar(state, index->value);
    if (surely_outside(state, base, axis, index->value, written, from->where)) return false;
  }
  if (index->rank > 0 && !is_trivial(index)) index = share(state, index);
  *into = (selector){.kind = index->rank ? SELECT_GATHER : SELECT_AT, .index = index, .where = from->where};
  return true;
}

/* ---- all of them ---- */

/* Expressions in the subscripts of something that failed are still checked for errors of their own. */
static void check_alone(checker *state, const ast_subscript *subscripts, int count) {
  for (int k = 0; k < count; k++)
    if (!subscripts[k].slice) check_expression(state, subscripts[k].index);
}

static bool too_many_subscripts(checker *state, const tensor *base, int count, span where) {
  if (count <= base->rank) return false;
  const char *name = show_node(state, base);
  if (base->rank == 0)
    diagnose(state->report, CODE_SUBSCRIPT_COUNT, where, "%s is a single number: it has no subscripts", name);
  else
    diagnose(state->report, CODE_SUBSCRIPT_COUNT, where, "%s has %d %s, and there are %d subscripts", name, base->rank,
             base->rank == 1 ? "axis" : "axes", count);
  return true;
}

selector *check_selectors(checker *state, tensor *base, const ast_subscript *subscripts, int count, span where) {
  if (!base || too_many_subscripts(state, base, count, where)) {
    check_alone(state, subscripts, count);
    return NULL;
  }
  selector *made = arena_array(state->memory, selector, base->rank > 0 ? base->rank : 1);
  bool right = true;
  for (int k = 0; k < base->rank; k++) {
    if (k >= count)
      made[k] = select_all(state, base->extents[k], where);
    else if (subscripts[k].slice)
      right = check_slice(state, base, k, &subscripts[k], &made[k]) && right;
    else
      right = check_index(state, base, k, &subscripts[k], &made[k]) && right;
  }
  return right ? made : NULL;
}

static bool gathers(const tensor *base, const selector *selectors) {
  for (int k = 0; k < base->rank; k++)
    if (selectors[k].kind == SELECT_GATHER) return true;
  return false;
}

/* A costly operand is computed before the subscript when entries may be asked for again and again: by a gather, or in
 * loops that it does not depend on. */
tensor *check_subscript(checker *state, const ast_expression *from) {
  tensor *base = check_expression(state, from->operands[0]);
  selector *selectors = check_selectors(state, base, from->subscripts.items, from->subscripts.count, from->where);
  if (!selectors) return NULL;
  if (facts(base)->costly && (is_loop_invariant(state, base) || gathers(base, selectors))) base = share(state, base);
  return make_subscript(state, base, selectors, from->where);
}
