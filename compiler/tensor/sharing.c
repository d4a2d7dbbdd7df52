/* Sharing: what is used more than once is bound once.
 *
 * A scope is a place where a value can be bound: a definition, the body of a loop, the arm of an `if`. A slot is a
 * value that may come to be bound. Slots are listed in the order of their making, so that each depends on earlier ones
 * alone; when a scope closes, those that were bound become the bindings of a TENSOR_LET around its value.
 *
 * A value is bound in the outermost scope where it means the same: outside the loops on whose indices it does not
 * depend, but never outside a scope that may not run; what may fail does not leave a loop either. Binding turns the
 * node itself into a name, so that the uses that were made of it before see the binding too. */
#include "compiler/tensor/checker.h"

void open_scope(checker *state, bool loop, bool barrier) {
  binding_scope *made = arena_new(state->memory, binding_scope);
  made->outer = state->scope;
  made->level = (state->scope ? state->scope->level : 0) + (loop ? 1 : 0);
  made->barrier = barrier || !state->scope;
  state->scope = made;
}

tensor *close_scope(checker *state, tensor *value) {
  binding_scope *closing = state->scope;
  closing->closed = true;
  state->scope = closing->outer;
  LIST(binding *) bound = {0};
  for (int k = 0; k < closing->slots.count; k++)
    if (closing->slots.items[k]->bound) list_push(state->memory, &bound, closing->slots.items[k]->bound);
  if (!value || !bound.count) return value;
  if (bound.count == 1 && value->kind == TENSOR_NAME && value->name == bound.items[0]) return bound.items[0]->value;
  return make_let(state, bound.count, bound.items, value);
}

/* The innermost loop whose index the node depends on. What may fail stays in its loop, which may run over nothing. */
static int level_of(const checker *state, const tensor *node) {
  uint64_t loops = facts(node)->loops;
  if (loops >> DEEPEST_LOOP || may_fail(node)) return state->scope->level;
  int level = 0;
  while (loops >>= 1) level++;
  return level;
}

static binding_scope *place_of(const checker *state, const tensor *node) {
  int level = level_of(state, node);
  binding_scope *place = state->scope;
  while (!place->barrier && place->outer && place->outer->level >= level) place = place->outer;
  return place;
}

bool is_loop_invariant(const checker *state, const tensor *node) {
  return place_of(state, node)->level < state->scope->level;
}

slot *new_slot(checker *state, tensor *node, const char *name, span where) {
  slot *made = arena_new(state->memory, slot);
  *made = (slot){.node = node, .name = name, .where = where};
  if (!node) return made;
  made->home = state->scope;
  made->place = place_of(state, node);
  list_push(state->memory, &made->place->slots, made);
  return made;
}

static tensor *fill(checker *state, slot *from) {
  if (!is_trivial(from->node)) from->bound = bind_node(state, from->node, from->name, from->where);
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
  scalar nothing = node->type == SCALAR_REAL    ? scalar_real(state->dag, 0)
                   : node->type == SCALAR_WHOLE ? scalar_whole(state->dag, 0)
                                                : scalar_truth(state->dag, false);
  tensor *zero = make_constant(state, node->type, nothing, node->where);
  return share(state, make_guarded(state, condition, node, zero));
}

tensor *share_repeated(checker *state, tensor *node, int count, const scalar *extents) {
  if (!node || !may_fail(node)) return share(state, node);
  tensor *asked = make_constant(state, SCALAR_TRUTH, scalar_truth(state->dag, true), node->where);
  tensor *zero = make_whole(state, 0, node->where);
  for (int k = 0; k < count; k++) {
    tensor *extent = make_constant(state, SCALAR_WHOLE, extents[k], node->where);
    asked = make_binary(state, OP_and, asked, make_binary(state, OP_lt, zero, extent, node->where), node->where);
  }
  return share_under(state, asked, node);
}

tensor *recall(checker *state, int key) {
  if (key >= state->remembered.count) return NULL;
  slot *found = state->remembered.items[key];
  return found && !found->place->closed ? fill(state, found) : NULL;
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
