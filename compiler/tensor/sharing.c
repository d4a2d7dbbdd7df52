/* Sharing: what is used more than once is bound once.
 *
 * A scope is a place where a value can be bound: a definition, the body of a loop, the arm of an `if`. A slot is a
 * value that may come to be bound. Slots are listed in the order of their making, so that each depends on earlier ones
 * alone; when a scope closes, those that were bound become the bindings of a TENSOR_LET around its value.
 *
 * A value is bound in the outermost scope where it means the same: outside the loops on whose indices it does not
 * depend, but never outside a scope that may not run. Binding turns the node itself into a name, so that the uses that
 * were made of it before see the binding too.
 *
 * What may fail is evaluated only where it is asked for: where the loops run that it left, or those around a call that
 * recalled it, or recalled what needs it. It does not leave a loop of which that can't be told outside, and is not
 * recalled into a branch or such a loop, unless it is evaluated anyway. */
#include "compiler/tensor/checker.h"

void open_scope(checker *state, bool loop, bool barrier) {
  binding_scope *made = arena_new(state->memory, binding_scope);
  made->outer = state->scope;
  made->level = (state->scope ? state->scope->level : 0) + (loop ? 1 : 0);
  made->barrier = barrier || !state->scope;
  made->runs = scalar_truth(state->dag, true);
  state->scope = made;
}

/* 0 < extent */
static scalar is_some(const checker *state, scalar extent) {
  return scalar_binary(state->dag, OP_lt, scalar_whole(state->dag, 0), extent);
}

void note_axes(checker *state, binding_scope *of, int axis_count, const tensor_axis *axes) {
  for (int k = 0; k < axis_count; k++)
    of->runs = scalar_binary(state->dag, OP_and, of->runs, is_some(state, axes[k].limit->value));
}

/* Does one of those that asked for the value run, where its scope does? */
static scalar asked_for(const checker *state, const slot *of) {
  scalar some = scalar_truth(state->dag, false);
  for (int k = 0; k < of->asked_from.count; k++) {
    scalar all = scalar_truth(state->dag, true);
    for (const binding_scope *at = of->asked_from.items[k]; at != of->place; at = at->outer)
      all = scalar_binary(state->dag, OP_and, all, at->runs);
    some = scalar_binary(state->dag, OP_or, some, all);
  }
  return some;
}

static void guard_bound(checker *state, const slot *of) {
  if (!of->fails) return;
  scalar asked = asked_for(state, of);
  if (scalar_is_truth(state->dag, asked, true)) return;
  tensor *condition = make_constant(state, SCALAR_TRUTH, asked, of->where);
  of->bound->value = make_guarded(state, condition, of->bound->value);
}

tensor *close_scope(checker *state, tensor *value) {
  binding_scope *closing = state->scope;
  closing->closed = true;
  state->scope = closing->outer;
  for (int k = 0; k < closing->slots.count; k++)
    if (closing->slots.items[k]->bound) guard_bound(state, closing->slots.items[k]);
  LIST(binding *) bound = {0};
  for (int k = 0; k < closing->slots.count; k++)
    if (closing->slots.items[k]->bound) list_push(state->memory, &bound, closing->slots.items[k]->bound);
  if (!value || !bound.count) return value;
  if (bound.count == 1 && value->kind == TENSOR_NAME && value->name == bound.items[0]) return bound.items[0]->value;
  return make_let(state, bound.count, bound.items, value);
}

/* The innermost loop whose index the node depends on. */
static int level_of(const checker *state, const tensor *node) {
  uint64_t loops = facts(node)->loops;
  if (loops >> DEEPEST_LOOP) return state->scope->level;
  int level = 0;
  while (loops >>= 1) level++;
  return level;
}

static binding_scope *place_of(const checker *state, const tensor *node) {
  int level = level_of(state, node);
  binding_scope *place = state->scope;
  bool pinned = may_fail(node);
  while (!place->barrier && place->outer && place->outer->level >= level && !(pinned && place->pins))
    place = place->outer;
  return place;
}

bool is_loop_invariant(const checker *state, const tensor *node) {
  return place_of(state, node)->level < state->scope->level;
}

slot *new_slot(checker *state, tensor *node, const char *name, span where) {
  slot *made = arena_new(state->memory, slot);
  *made = (slot){.node = node, .name = name, .where = where};
  if (!node) return made;
  made->fails = may_fail(node);
  made->needs = facts(node)->needs;
  made->home = state->scope;
  list_push(state->memory, &made->asked_from, state->scope);
  made->place = place_of(state, node);
  made->always = made->place == made->home;
  list_push(state->memory, &made->place->slots, made);
  return made;
}

/* The name of what was kept in a loop because it may fail is known in that loop alone. */
static tensor *fill(checker *state, slot *from) {
  if (is_trivial(from->node)) return from->node;
  from->bound = bind_node(state, from->node, from->name, from->where);
  if (from->fails) facts(from->node)->loops |= loop_bit(from->place->level);
  facts(from->node)->needs = NULL;
  if ((from->fails && !from->always) || from->needs) {
    need *made = arena_new(state->memory, need);
    made->of = from;
    facts(from->node)->needs = made;
  }
  return from->node;
}

/* The first use from the same scope takes the value itself; any other one binds it, and so does the first where the
 * value is deep: inlining would nest it in another one as deep, and so on. */
tensor *use_slot(checker *state, slot *from) {
  if (!from->node || is_trivial(from->node)) return from->node;
  bool moves_out = from->place->level < from->home->level && facts(from->node)->costly;
  bool deep = facts(from->node)->depth > DEEPEST_VALUE;
  if (!from->used && state->scope == from->home && !moves_out && !deep) {
    from->used = true;
    return from->node;
  }
  return fill(state, from);
}

tensor *share(checker *state, tensor *node) {
  if (!node || is_trivial(node)) return node;
  return fill(state, new_slot(state, node, NULL, node->where));
}

tensor *share_costly(checker *state, tensor *node) {
  return node && facts(node)->costly ? share(state, node) : node;
}

tensor *share_under(checker *state, tensor *condition, tensor *node) {
  if (!node || !may_fail(node)) return share(state, node);
  return share(state, make_guarded(state, condition, node));
}

tensor *share_repeated(checker *state, tensor *node, int count, const scalar *extents) {
  if (!node || !may_fail(node)) return share(state, node);
  scalar asked = scalar_truth(state->dag, true);
  for (int k = 0; k < count; k++) asked = scalar_binary(state->dag, OP_and, asked, is_some(state, extents[k]));
  return share_under(state, make_constant(state, SCALAR_TRUTH, asked, node->where), node);
}

const need *join_needs(checker *state, const need *a, const need *b) {
  if (!a || a == b) return b;
  if (!b) return a;
  need *made = arena_new(state->memory, need);
  *made = (need){.left = a, .right = b};
  return made;
}

/* Is a branch or a loop around this place, inside the other one, of which only this place can tell whether it runs? */
static bool is_protected(const checker *state, const binding_scope *inside) {
  for (const binding_scope *at = state->scope; at != inside; at = at->outer)
    if (at->barrier || at->pins) return true;
  return false;
}

/* The value, and all that it needs, is asked for from here. */
static void ask(checker *state, slot *first) {
  LIST(slot *) pending = {0};
  LIST(const need *) needs = {0};
  state->recalls++;
  list_push(state->memory, &pending, first);
  while (pending.count > 0) {
    slot *of = pending.items[--pending.count];
    if (of->always || of->place->closed || of->asked_last == state->recalls) continue;
    of->asked_last = state->recalls;
    of->always = of->place == state->scope;
    if (of->fails) list_push(state->memory, &of->asked_from, state->scope);
    if (of->needs) list_push(state->memory, &needs, of->needs);
    while (needs.count > 0) {
      const need *each = needs.items[--needs.count];
      if (each->of) list_push(state->memory, &pending, each->of);
      if (each->left) list_push(state->memory, &needs, each->left);
      if (each->right) list_push(state->memory, &needs, each->right);
    }
  }
}

tensor *recall(checker *state, int key) {
  if (key >= state->remembered.count) return NULL;
  slot *found = state->remembered.items[key];
  if (!found || found->place->closed) return NULL;
  if (!found->always && (found->fails || found->needs)) {
    if (is_protected(state, found->place)) return NULL;
    ask(state, found);
  }
  return fill(state, found);
}

tensor *remember(checker *state, int key, tensor *value) {
  if (!value) return NULL;
  while (state->remembered.count <= key) list_push(state->memory, &state->remembered, NULL);
  slot *made = new_slot(state, value, NULL, value->where);
  state->remembered.items[key] = made;
  return use_slot(state, made);
}

binding *new_binding(checker *state, const char *name, tensor *value, span where) {
  binding *made = arena_new(state->memory, binding);
  *made = (binding){.number = state->program->binding_count++, .name = name, .value = value, .where = where};
  bool whole = value->type == SCALAR_WHOLE && value->rank == 0;
  scalar known = whole ? whole_value(state, value) : NO_SCALAR;
  list_push(state->memory, &state->binding_values, known);
  return made;
}
