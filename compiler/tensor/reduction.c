/* Index notation: sum[i, j < m if c] e, and let z[i, j < m] = e.
 *
 * An index that has no limit runs over the axes where it stands alone as a subscript; these are found as the body is
 * checked (note_bare_use in subscript.c), through lets, blocks and functions alike. */
#include "compiler/tensor/checker.h"

#include <string.h>

static const char *const reduction_names[] = {
    [REDUCE_SUM] = "sum",   [REDUCE_PROD] = "prod",           [REDUCE_MAX] = "max", [REDUCE_MIN] = "min",
    [REDUCE_MEAN] = "mean", [REDUCE_LOGSUMEXP] = "logsumexp", [REDUCE_ANY] = "any", [REDUCE_ALL] = "all"};

/* -1 when there is none. */
static int reduction_named(const char *name) {
  for (int k = 0; k < (int)(sizeof reduction_names / sizeof *reduction_names); k++)
    if (!strcmp(name, reduction_names[k])) return k;
  return -1;
}

/* Errors reported, and expressions that have no value. */
static int failures(const checker *state) {
  return state->report->error_count + state->missing;
}

/* The indices of a loop while its body is checked. */
typedef struct {
  const ast_binders *syntax;
  int level;
  int failures; /* before the loop */
  bool failed;
  index_fact **indices;
  tensor **limits; /* NULL where none was written */
  LIST(binding_scope *) scopes;
} loop_indices;

/* An index is a new name: it hides nothing. */
static bool is_free(checker *state, ast_name name, const ast_binders *among) {
  symbol *of = symbol_of(state, name.name);
  local *here = visible_local(state, of);
  if (here && here->owner == among) {
    diagnose(state->report, CODE_DUPLICATE_INDEX, name.where, "the index '%s' is bound twice", name.name);
    diagnose_note(state->report, here->where, "the first time");
    return false;
  }
  bool constant = is_constant_name(name.name);
  if (!here && of->kind == GLOBAL_NONE && !constant) return true;
  const char *what = here ? here->index ? "index" : "name" : constant ? "number" : kind_name(of->kind);
  diagnose(state->report, CODE_HIDDEN_NAME, name.where, "the index '%s' hides the %s '%s'", name.name, what, name.name);
  if (here || !constant)
    diagnose_note(state->report, here ? here->where : of->where, "'%s' is defined here", name.name);
  diagnose_hint(state->report, "give the index another name");
  return false;
}

/* A limit is computed outside the body, but inside the loop: it may mention the indices before it. */
static tensor *check_limit(checker *state, const ast_expression *from, bool defines) {
  open_scope(state, true, false);
  state->scope->pins = true;
  tensor *limit = as_whole(state, check_expression(state, from), "a limit");
  limit = close_scope(state, simplify_whole(state, limit));
  if (!limit) return NULL;
  if (limit->rank) {
    diagnose(state->report, CODE_NOT_A_SCALAR, from->where, "a limit must be a single number, and this has shape %s",
             show_shape(state, limit));
    return NULL;
  }
  if (limit->kind == TENSOR_CONSTANT && is_provably_negative(state, limit->value)) {
    diagnose(state->report, CODE_NEGATIVE_EXTENT, from->where, "this limit is negative: it is %s",
             show_scalar(state, limit->value));
    return NULL;
  }
  if (!defines || limit->kind == TENSOR_CONSTANT) return limit;
  diagnose(state->report, CODE_NOT_AN_EXTENT, from->where,
           "the limit of a defined array must be an expression of extents: the array's size can't depend on indices or "
           "data");
  diagnose_hint(state->report, "give the largest limit, and use a condition: if ... then ... else 0");
  return NULL;
}

/* An index whose name is taken means nothing in the body, so that its uses say nothing more. */
static void open_indices(checker *state, const ast_binders *binders, bool defines, loop_indices *in) {
  *in = (loop_indices){.syntax = binders, .level = state->scope->level + 1, .failures = failures(state)};
  in->indices = arena_array(state->memory, index_fact *, binders->count > 0 ? binders->count : 1);
  in->limits = arena_array(state->memory, tensor *, binders->count > 0 ? binders->count : 1);
  for (int k = 0; k < binders->count; k++) {
    const ast_binder *binder = &binders->items[k];
    if (binder->limit) in->limits[k] = check_limit(state, binder->limit, defines);
    if (binder->limit && !in->limits[k]) in->failed = true;
    in->indices[k] = make_index(state, binder->name.name, binder->name.where, in->level);
    in->indices[k]->limited = binder->limit != NULL;
    bool taken = !is_free(state, binder->name, binders);
    if (taken) in->failed = true;
    declare_local(state, binder->name, binders)->index = taken ? NULL : in->indices[k];
  }
}

/* The scope of a condition or body in the loop. */
static void open_body(checker *state, loop_indices *in, bool barrier) {
  open_scope(state, true, barrier);
  for (int k = 0; k < in->syntax->count; k++)
    if (in->limits[k] && in->limits[k]->kind != TENSOR_CONSTANT) state->scope->pins = true;
  list_push(state->memory, &in->scopes, state->scope);
}

static void note_limits(checker *state, const loop_indices *in, const tensor_axis *axes) {
  for (int k = 0; axes && k < in->scopes.count; k++)
    if (!in->scopes.items[k]->pins) note_axes(state, in->scopes.items[k], in->syntax->count, axes);
}

static void close_indices(checker *state, const loop_indices *in) {
  for (int k = in->syntax->count; k-- > 0;) forget_local(state, in->syntax->items[k].name.name);
}

/* The axes of the loop; NULL when the range of an index is not known. That nothing says it is certain only when nothing
 * in the loop failed, so that all bare uses have been seen. */
static tensor_axis *axes_of(checker *state, const loop_indices *in) {
  int count = in->syntax->count;
  tensor_axis *made = arena_array(state->memory, tensor_axis, count > 0 ? count : 1);
  bool known = !in->failed;
  bool complete = known && failures(state) == in->failures;
  for (int k = 0; k < count; k++) {
    const index_fact *index = in->indices[k];
    tensor *limit = in->limits[k];
    if (index->conflicted) known = false;
    if (!index->limited && index->extent != NO_SCALAR)
      limit = make_constant(state, SCALAR_WHOLE, index->extent, index->where);
    if (!limit) known = false;
    if (!index->limited && !limit && complete) {
      diagnose(state->report, CODE_UNBOUND_INDEX, index->where, "nothing says how far '%s' runs", index->name);
      diagnose_hint(state->report, "give it a limit, as in %s < n, or use it alone as a subscript, as in x[%s]",
                    index->name, index->name);
    }
    made[k] = (tensor_axis){.index = index->node->index, .limit = limit, .where = index->where};
  }
  return known ? made : NULL;
}

tensor *check_reduction(checker *state, const ast_expression *from) {
  int kind = reduction_named(from->name.name);
  bool truths = kind == REDUCE_ANY || kind == REDUCE_ALL;
  loop_indices in;
  open_indices(state, &from->binders, false, &in);
  tensor *condition = NULL;
  const ast_expression *test = from->operand_count > 1 ? from->operands[1] : NULL;
  if (test) {
    open_body(state, &in, false);
    condition = close_scope(state, as_truth(state, check_expression(state, test)));
    if (condition && condition->rank) {
      diagnose(state->report, CODE_NOT_A_SCALAR, test->where, "a condition on indices must be a single truth value");
      condition = NULL;
    }
  }
  open_body(state, &in, test != NULL);
  state->guards += test != NULL;
  tensor *body = check_expression(state, from->operands[0]);
  body = truths ? as_truth(state, body) : as_real(state, body);
  state->guards -= test != NULL;
  body = close_scope(state, body);
  close_indices(state, &in);
  tensor_axis *axes = axes_of(state, &in);
  note_limits(state, &in, axes);
  if (!axes || !body || (test && !condition)) return NULL;
  return make_reduction(state, (reduction_kind)kind, in.syntax->count, axes, condition, body, in.level, from->where);
}

tensor *check_comprehension(checker *state, const ast_binders *binders, const ast_expression *body, span where) {
  if (!binders->count) return check_expression(state, body);
  loop_indices in;
  open_indices(state, binders, true, &in);
  open_body(state, &in, false);
  tensor *value = close_scope(state, check_expression(state, body));
  close_indices(state, &in);
  tensor_axis *axes = axes_of(state, &in);
  note_limits(state, &in, axes);
  if (!axes || !value) return NULL;
  return make_comprehension(state, in.syntax->count, axes, value, in.level, where);
}
