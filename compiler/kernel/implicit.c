/* The construction of implicit statements (see implicit.h). */
#include "compiler/kernel/implicit.h"

#include "runtime/search.h"

_Static_assert((int)SEARCH_LEAST == ADJOIN_SEARCH_LEAST && (int)SEARCH_ROOT == ADJOIN_SEARCH_ROOT &&
                   (int)SEARCH_LINEAR == ADJOIN_SEARCH_LINEAR && (int)SEARCH_SYMMETRIC == ADJOIN_SEARCH_SYMMETRIC &&
                   (int)SEARCH_KINKED == ADJOIN_SEARCH_KINKED && (int)SEARCH_FAILURES == ADJOIN_SEARCH_FAILURES &&
                   (int)WANTS_RESIDUAL == ADJOIN_SEARCH_RESIDUAL && (int)WANTS_PRODUCT == ADJOIN_SEARCH_PRODUCT,
               "the numbers are those of runtime/search.h");

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

/* slope n + level */
static scalar affine(scalar_dag *dag, ptrdiff_t slope, scalar n, ptrdiff_t level) {
  return whole_add(dag, whole_multiply(dag, scalar_whole(dag, slope), n), scalar_whole(dag, level));
}

/* 1 where 0 <= n <= most, else 0: 1 // (1 + n // (most + 1)). */
static scalar is_at_most(scalar_dag *dag, scalar n, int most) {
  scalar one = scalar_whole(dag, 1), parts = whole_quotient(dag, n, scalar_whole(dag, most + 1));
  return whole_quotient(dag, one, whole_add(dag, one, parts));
}

/* adjoin_search_work of runtime/search.h. */
static scalar work_size(scalar_dag *dag, scalar n, bool symmetric) {
  scalar size = affine(dag, adjoin_search_work(1, true) - 1, n, 0), square = whole_multiply(dag, n, n);
  size = whole_add(dag, size, whole_multiply(dag, is_at_most(dag, n, ADJOIN_SEARCH_MEDIUM), square));
  if (symmetric) return size;
  ptrdiff_t level = adjoin_search_basis_room(0), slope = adjoin_search_basis_room(1) - level;
  scalar many = whole_subtract(dag, scalar_whole(dag, 1), is_at_most(dag, n, ADJOIN_SEARCH_FEW));
  return whole_add(dag, size, whole_multiply(dag, many, affine(dag, slope, n, level)));
}

static int work_array(kernel_module *module, int unknown, bool symmetric) {
  scalar_dag *dag = module->dag;
  const array *of = &module->arrays.items[unknown];
  scalar n = scalar_whole(dag, 1);
  for (int k = 0; k < of->rank; k++) n = whole_multiply(dag, n, of->extents[k]);
  scalar *extent = arena_new(module->memory, scalar);
  *extent = work_size(dag, n, symmetric);
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
  int work = work_array(module, of->unknown, of->symmetric),
      direction = implicit_like(module, of->unknown, "direction");
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

/* What was looked for takes the place of @, and the sign of an eigenvalue that does not belong there that of #. */
static const char *const failures[SEARCH_FAILURES] = {
    "the search for a @ did not converge: no @ was found near the start",
    "the search for a @ is unbounded: the unknowns run away",
    "the search for a @ met nan or infinity",
    "the search ended at a stationary point that is no @: the Hessian has a # eigenvalue",
    "the search ended where the Hessian is singular to rounding: along some direction f is flat, and the @ has no "
    "derivative",
    "the search ended at a kink: the @ has no derivative there"};
static const char *const singular_root =
    "the search for a root ended where the Jacobian is singular to rounding: the root has no derivative";

int implicit_checks(kernel_module *module, sought what, span where) {
  static const char *const words[] = {"minimum", "maximum", "root"};
  int first = 0;
  for (int k = 0; k < SEARCH_FAILURES; k++) {
    const char *from = failures[k];
    if (what == SOUGHT_ROOT && k + 1 == ADJOIN_SEARCH_SINGULAR) from = singular_root;
    text message = text_create(module->memory);
    for (; *from; from++) {
      if (*from == '@')
        text_append(&message, words[what]);
      else if (*from == '#')
        text_append(&message, what == SOUGHT_MAXIMUM ? "positive" : "negative");
      else
        text_append_bytes(&message, from, 1);
    }
    int made = kernel_check(module, CODE_SEARCH_FAILED, where, "%s", message.data);
    if (k == 0) first = made;
  }
  return first;
}

int implicit_kind(const statement *of) {
  return (int)of->search | (of->symmetric ? SEARCH_SYMMETRIC : 0) | (of->kinked ? SEARCH_KINKED : 0);
}

statement *implicit_copy(kernel_module *module, int from, int to, store_kind kind, span where) {
  statement *made = kernel_fill(module, to, scalar_real(module->dag, 0), where);
  store *item = &made->stores.items[0];
  item->kind = kind;
  item->value = kernel_load(module, from, item->subscripts);
  return made;
}
