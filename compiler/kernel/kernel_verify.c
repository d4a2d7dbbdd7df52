/* Checks the invariants of kernel.h.
 *
 * Requires: nothing; the program may be wrong in any way that its types allow. Ensures: NULL exactly when no violation
 * was found; otherwise the message of the first one, with the text of its statement. */
#include "compiler/kernel/kernel_verify.h"
#include "compiler/kernel/implicit.h"
#include <stdarg.h>
#include <string.h>

enum { MAXIMUM_TEXT = 400 };

void verify_fail(verifier *with, const statement *at, const char *format, ...) {
  if (with->message != NULL) return;
  va_list arguments;
  va_start(arguments, format);
  const char *what = arena_format_list(with->memory, format, arguments);
  va_end(arguments);
  text place = text_create(with->memory);
  if (at != NULL) kernel_write_statement(with->module, at, &place);
  if (place.length > MAXIMUM_TEXT) memcpy(place.data + MAXIMUM_TEXT, "...", 4);
  with->message = arena_format(with->memory, "program %s: %s%s%s", with->program->name, what,
                               at != NULL ? ", in\n" : "", place.data);
}

static char index_state(const verifier *with, int index) {
  return index < with->indices.count ? with->indices.items[index] : INDEX_UNSEEN;
}

static void set_index_state(verifier *with, int index, char to) {
  while (with->indices.count <= index) list_push(with->memory, &with->indices, INDEX_UNSEEN);
  with->indices.items[index] = to;
}

static bool is_array(const verifier *with, int number) {
  return number >= 0 && number < with->module->arrays.count;
}

/* ---- expressions ------------------------------------------------------------------------------------------------ */

static void verify_subscripts(verifier *with, const statement *at, int number, const scalar *subscripts) {
  const array *of = &with->module->arrays.items[number];
  for (int k = 0; k < of->rank; k++)
    if (subscripts[k] == NO_SCALAR || scalar_at(with->module->dag, subscripts[k])->type != SCALAR_WHOLE)
      verify_fail(with, at, "subscript %d of %s is not a whole number", k + 1, of->name);
}

static void verify_load(verifier *with, const statement *at, const scalar_node *node) {
  if (!is_array(with, node->id)) {
    verify_fail(with, at, "load of array %d, which does not exist", (int)node->id);
    return;
  }
  const array *of = &with->module->arrays.items[node->id];
  if (node->argument_count != of->rank)
    verify_fail(with, at, "%s has %d axes and %d subscripts", of->name, of->rank, node->argument_count);
  else if (node->type != of->type)
    verify_fail(with, at, "a load of %s has another type than its entries", of->name);
  else
    verify_subscripts(with, at, node->id, node->arguments);
}

/* Scopes and types below one expression. False when something is wrong. */
static bool verify_nodes(verifier *with, const statement *at, const reach *nodes) {
  for (int k = 0; k < nodes->nodes.count && with->message == NULL; k++) {
    const scalar_node *node = scalar_at(with->module->dag, nodes->nodes.items[k]);
    if (node->op == SCALAR_LOAD)
      verify_load(with, at, node);
    else if (node->op == SCALAR_INDEX && index_state(with, node->id) != INDEX_OPEN)
      verify_fail(with, at, "index %s is used outside its loop", scalar_index_name(with->module->dag, node->id));
  }
  return with->message == NULL;
}

/* An expression that a statement evaluates by itself: a bound or a guard. */
static void verify_expression(verifier *with, const statement *at, scalar root, scalar_type type, const char *what) {
  static const char *const types[] = {"real", "a whole number", "a truth value"};
  if (with->message != NULL) return;
  if (root == NO_SCALAR || scalar_at(with->module->dag, root)->type != type) {
    verify_fail(with, at, "%s is not %s", what, types[type]);
    return;
  }
  reach nodes = reach_create(with->memory, with->module->dag);
  reach_from(&nodes, root);
  if (!verify_nodes(with, at, &nodes)) return;
  verify_loads(with, at, &nodes);
  verify_expression_range(with, at, root);
}

/* ---- stores ----------------------------------------------------------------------------------------------------- */

static bool has_type(const verifier *with, scalar node, scalar_type type) {
  return node != NO_SCALAR && scalar_at(with->module->dag, node)->type == type;
}

static bool is_check(const verifier *with, int check) {
  return check >= 1 && check <= with->module->checks.count;
}

static void verify_argmax(verifier *with, const statement *at, const store *item) {
  const array *into = &with->module->arrays.items[item->array];
  if (into->type != SCALAR_WHOLE) verify_fail(with, at, "argmax into %s, which is not whole", into->name);
  if (!has_type(with, item->value, SCALAR_REAL)) verify_fail(with, at, "argmax of what is not real");
  if (!has_type(with, item->position, SCALAR_WHOLE)) verify_fail(with, at, "argmax at what is not a whole number");
  if (!is_check(with, item->check)) verify_fail(with, at, "argmax without a check for an empty range");
  if (at->stores.count != 1) verify_fail(with, at, "argmax is not the only store of its kernel");
  for (int k = 0; k < into->rank && with->message == NULL; k++)
    for (int a = 0; a < at->axes.count; a++)
      if (scalar_mentions_index(with->module->dag, item->subscripts[k], at->axes.items[a].index))
        verify_fail(with, at, "argmax is stored at subscripts that mention its kernel's axes");
}

static void verify_store_types(verifier *with, const statement *at, const store *item) {
  if (item->guard != NO_SCALAR && !has_type(with, item->guard, SCALAR_TRUTH))
    verify_fail(with, at, "a store's guard is not a truth value");
  if (item->kind == STORE_CHECK) {
    if (item->array != -1) verify_fail(with, at, "a check stores to an array");
    if (!has_type(with, item->value, SCALAR_TRUTH)) verify_fail(with, at, "a check's value is not a truth value");
    if (!is_check(with, item->check)) verify_fail(with, at, "check number %d does not exist", item->check);
    return;
  }
  if (!is_array(with, item->array)) {
    verify_fail(with, at, "store to array %d, which does not exist", item->array);
    return;
  }
  const array *into = &with->module->arrays.items[item->array];
  verify_subscripts(with, at, item->array, item->subscripts);
  if (item->kind == STORE_ARGMAX || item->kind == STORE_ARGMIN) {
    verify_argmax(with, at, item);
    return;
  }
  if (item->position != NO_SCALAR) verify_fail(with, at, "a store other than argmax has a position");
  if (!has_type(with, item->value, into->type))
    verify_fail(with, at, "what is stored has another type than the entries of %s", into->name);
  if (item->kind != STORE_ASSIGN && into->type == SCALAR_TRUTH)
    verify_fail(with, at, "truth values are accumulated into %s", into->name);
}

static void verify_stores(verifier *with, const statement *at) {
  reach nodes = reach_create(with->memory, with->module->dag);
  for (int k = 0; k < at->stores.count; k++) {
    const store *item = &at->stores.items[k];
    verify_store_types(with, at, item);
    if (with->message != NULL) return;
    reach_from_store(&nodes, with->module, item);
  }
  if (!verify_nodes(with, at, &nodes)) return;
  verify_loads(with, at, &nodes);
  for (int k = 0; k < at->stores.count && with->message == NULL; k++)
    if (at->stores.items[k].kind != STORE_CHECK) verify_store_order(with, at, &at->stores.items[k], &nodes);
  if (with->message == NULL) verify_store_ranges(with, at);
}

/* ---- statements ------------------------------------------------------------------------------------------------- */

static void verify_shape(verifier *with, const statement *at) {
  bool kernel = at->kind == STATEMENT_KERNEL, recurrence = runs_in_order(at);
  bool implicit = at->kind == STATEMENT_IMPLICIT;
  if (kernel && (at->body.count > 0 || at->locals.count > 0)) verify_fail(with, at, "a kernel holds statements");
  if (implicit && at->stores.count != SEARCH_STORES) verify_fail(with, at, "a search has %d stores", at->stores.count);
  if (!kernel && !implicit && at->stores.count > 0) verify_fail(with, at, "a map or recurrence has stores of its own");
  if (recurrence && at->axes.count != 1) verify_fail(with, at, "a recurrence has %d axes", at->axes.count);
  if (recurrence && at->guard != NO_SCALAR) verify_fail(with, at, "a recurrence has a guard");
  if (!recurrence && at->descending) verify_fail(with, at, "only a recurrence can be descending");
  if (at->axes.count == 0 && at->locals.count > 0) verify_fail(with, at, "a map without axes has locals");
}

static void open_array(verifier *with, const statement *at, int number, array_role role) {
  if (!is_array(with, number)) {
    verify_fail(with, at, "array %d is declared but does not exist", number);
    return;
  }
  const array *of = &with->module->arrays.items[number];
  array_history *history = &with->arrays[number];
  if (of->role != role) verify_fail(with, at, "%s is declared in another role than its own", of->name);
  if (history->listed) verify_fail(with, at, "%s is declared twice", of->name);
  history->open = history->listed = true;
  history->depth = with->scopes.count;
  for (int k = 0; k < of->rank && with->message == NULL; k++) {
    if (!has_type(with, of->extents[k], SCALAR_WHOLE)) {
      verify_fail(with, at, "extent %d of %s is not a whole number", k + 1, of->name);
      return;
    }
    reach nodes = reach_create(with->memory, with->module->dag);
    reach_from(&nodes, of->extents[k]);
    for (int n = 0; n < nodes.nodes.count; n++)
      if (scalar_at(with->module->dag, nodes.nodes.items[n])->op == SCALAR_INDEX)
        verify_fail(with, at, "extent %d of %s mentions an index", k + 1, of->name);
  }
}

static void enter_axes(verifier *with, const statement *at) {
  for (int k = 0; k < at->axes.count && with->message == NULL; k++) {
    const axis *over = &at->axes.items[k];
    verify_expression(with, at, over->lower, SCALAR_WHOLE, "a loop's bound");
    verify_expression(with, at, over->upper, SCALAR_WHOLE, "a loop's bound");
    if (index_state(with, over->index) != INDEX_UNSEEN)
      verify_fail(with, at, "index %s is bound by two loops", scalar_index_name(with->module->dag, over->index));
    set_index_state(with, over->index, INDEX_OPEN);
    list_push(with->memory, &with->touches.loops, (whole_range){over->index, over->lower, over->upper});
  }
}

static void verify_statement(verifier *with, const statement *at);

static void verify_body(verifier *with, const statement *at, int loops_outside) {
  list_push(with->memory, &with->scopes, (verify_scope){at, with->now, loops_outside});
  for (int k = 0; k < at->locals.count; k++) open_array(with, at, at->locals.items[k], ARRAY_LOCAL);
  for (int k = 0; k < at->body.count && with->message == NULL; k++) verify_statement(with, at->body.items[k]);
  if (with->message == NULL && at->kind == STATEMENT_IMPLICIT) verify_search(with, at);
  if (with->message != NULL) return;
  for (int k = 0; k < at->locals.count; k++) with->arrays[at->locals.items[k]].open = false;
  with->scopes.count--;
}

static void verify_statement(verifier *with, const statement *at) {
  scalar condition_outside = with->condition;
  int loops_outside = with->touches.loops.count;
  with->now++;
  verify_shape(with, at);
  enter_axes(with, at);
  if (at->guard != NO_SCALAR) {
    verify_expression(with, at, at->guard, SCALAR_TRUTH, "a guard");
    if (with->message != NULL) return;
    with->condition =
        with->condition == NO_SCALAR ? at->guard : scalar_binary(with->module->dag, OP_and, with->condition, at->guard);
  }
  if (with->message != NULL) return;
  if (at->kind == STATEMENT_KERNEL)
    verify_stores(with, at);
  else
    verify_body(with, at, loops_outside);
  if (with->message != NULL) return;
  with->condition = condition_outside;
  with->touches.loops.count = loops_outside;
  if (at->kind == STATEMENT_MAP && at->axes.count > 0) verify_independence(with, at);
  for (int k = 0; k < at->axes.count; k++) set_index_state(with, at->axes.items[k].index, INDEX_CLOSED);
}

const char *kernel_verify(const kernel_program *program) {
  const kernel_module *module = program->module;
  verifier with;
  memset(&with, 0, sizeof with);
  with.program = program;
  with.module = module;
  with.memory = module->memory;
  with.touches = touch_collector_create(module, true);
  with.arrays = arena_array(with.memory, array_history, module->arrays.count);
  for (int k = 0; k < module->arrays.count; k++) with.arrays[k].open = module->arrays.items[k].role == ARRAY_INPUT;
  for (int k = 0; k < program->seeds.count; k++) open_array(&with, NULL, program->seeds.items[k], ARRAY_SEED);
  for (int k = 0; k < program->results.count; k++) open_array(&with, NULL, program->results.items[k], ARRAY_RESULT);
  for (int k = 0; k < program->locals.count; k++) open_array(&with, NULL, program->locals.items[k], ARRAY_LOCAL);
  for (int k = 0; k < program->body.count && with.message == NULL; k++) verify_statement(&with, program->body.items[k]);
  if (with.message == NULL) verify_all_written(&with);
  return with.message;
}
