/* The construction of implicit statements (see implicit.h). */
#include "compiler/kernel/implicit.h"

static const scalar *zeros(kernel_module *module, int number) {
  int rank = module->arrays.items[number].rank;
  scalar *made = arena_array(module->memory, scalar, rank);
  for (int k = 0; k < rank; k++) made[k] = scalar_whole(module->dag, 0);
  return made;
}

int implicit_like(kernel_module *module, int of, const char *name) {
  array made = module->arrays.items[of];
  made.name = name;
  made.role = ARRAY_LOCAL;
  made.what = NULL;
  return kernel_array(module, made);
}

/* n^2 + 3 n for n unknowns: adjoin_search_work of runtime/search.h. */
static int work_array(kernel_module *module, int unknown) {
  scalar_dag *dag = module->dag;
  const array *of = &module->arrays.items[unknown];
  scalar n = scalar_whole(dag, 1), three = scalar_whole(dag, 3);
  for (int k = 0; k < of->rank; k++) n = whole_multiply(dag, n, of->extents[k]);
  scalar *extent = arena_new(module->memory, scalar);
  *extent = whole_add(dag, whole_multiply(dag, n, n), whole_multiply(dag, n, three));
  array made = {.name = "search_work", .role = ARRAY_LOCAL, .type = SCALAR_REAL, .rank = 1, .extents = extent};
  made.bound = NO_SCALAR;
  made.where = of->where;
  return kernel_array(module, made);
}

static store search_store(kernel_module *module, int into, int from) {
  scalar value = kernel_load(module, from, zeros(module, from));
  return kernel_store(module, STORE_SEARCH, into, zeros(module, into), value);
}

statement *implicit_statement(kernel_module *module, const implicit_parts *of, statement_list *before) {
  arena *memory = module->memory;
  scalar_dag *dag = module->dag;
  statement *made = kernel_statement(module, STATEMENT_IMPLICIT, of->where);
  made->search = of->kind;
  made->symmetric = of->symmetric;
  int wanted = scalar_new_index(dag, "wanted");
  axis over = {.index = wanted, .lower = scalar_whole(dag, 0), .upper = scalar_whole(dag, WANTED_KINDS)};
  list_push(memory, &made->axes, over);
  int work = work_array(module, of->unknown), direction = implicit_like(module, of->unknown, "direction");
  int product = implicit_like(module, of->unknown, "product");
  int objective = of->objective < 0 ? of->residual : of->objective;
  store stores[SEARCH_STORES] = {[SEARCH_UNKNOWN] = search_store(module, of->unknown, of->residual),
                                 [SEARCH_WORK] = search_store(module, work, work),
                                 [SEARCH_HOLD] = search_store(module, direction, direction),
                                 [SEARCH_OBJECTIVE] = search_store(module, of->unknown, objective),
                                 [SEARCH_DIRECTION] = search_store(module, direction, product)};
  stores[SEARCH_UNKNOWN].check = of->check;
  for (int k = 0; k < SEARCH_STORES; k++) list_push(memory, &made->stores, stores[k]);
  list_push(memory, &made->locals, of->residual);
  if (of->objective >= 0) list_push(memory, &made->locals, of->objective);
  list_push(memory, &made->locals, product);
  list_push(memory, before, kernel_fill(module, work, scalar_real(dag, 0), of->where));
  list_push(memory, before, kernel_fill(module, direction, scalar_real(dag, 0), of->where));
  return made;
}

int implicit_array(const statement *of, int which) {
  return of->stores.items[which].array;
}

int implicit_source(const kernel_module *module, const statement *of, int which) {
  if (which == SEARCH_OBJECTIVE && of->search != SEARCH_LEAST) return -1;
  return scalar_at(module->dag, of->stores.items[which].value)->id;
}

const statement *find_search(const statement_list *list) {
  for (int k = 0; k < list->count; k++) {
    if (list->items[k]->kind == STATEMENT_IMPLICIT) return list->items[k];
    const statement *inside = find_search(&list->items[k]->body);
    if (inside) return inside;
  }
  return NULL;
}

int implicit_checks(kernel_module *module, search_kind kind, span where) {
  static const char *const least[SEARCH_FAILURES] = {
      "the search for a minimum did not converge: no minimum was found near the start",
      "the search for a minimum is unbounded: the unknowns run away", "the search for a minimum met nan or infinity",
      "the search ended at a stationary point that is no minimum: the Hessian has a negative eigenvalue",
      "the search ended where the Hessian is singular: the minimum is not isolated, and has no derivative"};
  static const char *const root[SEARCH_FAILURES] = {
      "the search for a root did not converge: no root was found near the start", "the search for a root is unbounded",
      "the search for a root met nan or infinity", "the search for a root failed",
      "the search for a root ended where the Jacobian is singular: the root is not isolated"};
  const char *const *messages = kind == SEARCH_LEAST ? least : root;
  int first = 0;
  for (int k = 0; k < SEARCH_FAILURES; k++) {
    int made = kernel_check(module, CODE_SEARCH_FAILED, where, "%s", messages[k]);
    if (k == 0) first = made;
  }
  return first;
}

statement *implicit_copy(kernel_module *module, int from, int to, store_kind kind, span where) {
  statement *made = kernel_fill(module, to, scalar_real(module->dag, 0), where);
  store *item = &made->stores.items[0];
  item->kind = kind;
  item->value = kernel_load(module, from, item->subscripts);
  return made;
}
