/* Shapes: broadcasting, and what is said of extents that do not agree. Extents are equal when they are the same node.
 */
#include "compiler/tensor/checker.h"

#include <string.h>

bool is_one(const checker *state, scalar extent) {
  int64_t value;
  return scalar_is_whole(state->dag, extent, &value) && value == 1;
}

bool is_provably_negative(const checker *state, scalar node) {
  whole_facts none = {.condition = NO_SCALAR};
  scalar opposite = whole_subtract(state->dag, scalar_whole(state->dag, -1), node);
  return opposite != NO_SCALAR && whole_proves_nonnegative(state->dag, opposite, &none);
}

bool is_negative_number(const checker *state, scalar node) {
  int64_t value;
  return scalar_is_whole(state->dag, node, &value) && value < 0;
}

bool is_provably_different(const checker *state, scalar a, scalar b) {
  return is_provably_negative(state, whole_subtract(state->dag, a, b)) ||
         is_provably_negative(state, whole_subtract(state->dag, b, a));
}

/* ---- words ---- */

const char *show_scalar(const checker *state, scalar node) {
  text out = text_create(state->memory);
  scalar_write(state->dag, node, NULL, NULL, &out);
  return out.data;
}

const char *show_shape(const checker *state, const tensor *of) {
  text out = text_create(state->memory);
  text_append(&out, "[");
  for (int k = 0; k < of->rank; k++) text_format(&out, "%s%s", k ? ", " : "", show_scalar(state, of->extents[k]));
  text_append(&out, "]");
  return out.data;
}

const char *show_form(const checker *state, const tensor *of) {
  if (of->rank == 0) return "is a single number";
  return arena_format(state->memory, "has shape %s", show_shape(state, of));
}

enum { SHOWN_SOURCE = 30 }; /* bytes of an expression that are quoted in a message */

const char *show_node(const checker *state, const tensor *of) {
  if (of->kind == TENSOR_INPUT) return state->program->inputs.items[of->input].name;
  if (of->kind == TENSOR_NAME && of->name->name) return of->name->name;
  const source *from = state->program->from;
  size_t begin = of->where.begin, end = of->where.end;
  if (begin >= end || end > from->length || end - begin > SHOWN_SOURCE) return "this";
  if (memchr(from->text + begin, '\n', end - begin)) return "this";
  return arena_copy(state->memory, from->text + begin, end - begin);
}

const char *show_extent(const checker *state, const tensor *of, int axis) {
  const char *name = show_node(state, of), *extent = show_scalar(state, of->extents[axis]);
  bool one = is_one(state, of->extents[axis]);
  if (of->rank == 1) return arena_format(state->memory, "%s has %s %s", name, extent, one ? "entry" : "entries");
  if (of->rank > 2) return arena_format(state->memory, "axis %d of %s has extent %s", axis, name, extent);
  const char *noun = axis == 0 ? "row" : "column";
  return arena_format(state->memory, "%s has %s %s%s", name, extent, noun, one ? "" : "s");
}

/* "; nothing says N = M", or that they differ. */
static const char *show_disagreement(const checker *state, scalar a, scalar b) {
  int64_t value;
  if (scalar_is_whole(state->dag, a, &value) && scalar_is_whole(state->dag, b, &value)) return "";
  const char *shown_a = show_scalar(state, a), *shown_b = show_scalar(state, b);
  if (is_provably_different(state, a, b)) return arena_format(state->memory, "; %s is never %s", shown_a, shown_b);
  return arena_format(state->memory, "; nothing says %s = %s", shown_a, shown_b);
}

void extents_disagree(checker *state, span where, const tensor *a, int axis_a, const tensor *b, int axis_b) {
  scalar extent_a = a->extents[axis_a], extent_b = b->extents[axis_b];
  diagnose(state->report, CODE_EXTENT_MISMATCH, where, "%s, %s%s", show_extent(state, a, axis_a),
           show_extent(state, b, axis_b), show_disagreement(state, extent_a, extent_b));
  if (is_provably_different(state, extent_a, extent_b)) return;
  diagnose_hint(state->report, "declare both with the same extent, if they always agree");
}

/* ---- broadcasting ---- */

/* The extent of `of` at `axis` of a result of rank `rank`, axes being matched from the last; NO_SCALAR where it has
 * none. */
static scalar extent_at(const tensor *of, int rank, int axis) {
  int own = axis - (rank - of->rank);
  return own < 0 ? NO_SCALAR : of->extents[own];
}

/* The operand that decides the extent of an axis: the first whose extent is not written 1. -1 when all are. */
static int deciding(const checker *state, int count, tensor *const *operands, int rank, int axis) {
  for (int k = 0; k < count; k++) {
    scalar extent = extent_at(operands[k], rank, axis);
    if (extent != NO_SCALAR && !is_one(state, extent)) return k;
  }
  return -1;
}

static bool disagree(checker *state, span where, tensor *a, tensor *b, int rank, int axis) {
  extents_disagree(state, where, a, axis - (rank - a->rank), b, axis - (rank - b->rank));
  if (a->rank != b->rank)
    diagnose_hint(state->report,
                  "shapes %s and %s are matched from their last axes; write the operation by index, as in "
                  "let z[i, j] = ..., to match others",
                  show_shape(state, a), show_shape(state, b));
  return false;
}

bool broadcast(checker *state, span where, int count, tensor *const *operands, int *rank, const scalar **extents) {
  *rank = 0;
  int widest = 0;
  for (int k = 0; k < count; k++)
    if (operands[k]->rank > *rank) *rank = operands[k]->rank, widest = k;
  *extents = operands[widest]->extents;
  bool same = true;
  for (int k = 0; k < count; k++) same = same && (operands[k]->rank == 0 || operands[k]->extents == *extents);
  if (same) return true;
  scalar *made = arena_array(state->memory, scalar, *rank);
  for (int axis = 0; axis < *rank; axis++) {
    int first = deciding(state, count, operands, *rank, axis);
    made[axis] = first < 0 ? scalar_whole(state->dag, 1) : extent_at(operands[first], *rank, axis);
    for (int k = 0; k < count; k++) {
      scalar extent = extent_at(operands[k], *rank, axis);
      if (extent == NO_SCALAR || extent == made[axis] || is_one(state, extent)) continue;
      return disagree(state, where, operands[first], operands[k], *rank, axis);
    }
  }
  *extents = made;
  return true;
}
