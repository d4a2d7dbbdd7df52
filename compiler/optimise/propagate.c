/* Variables that only name something else vanish: t = 1, t = x[i], t = -c.
 *
 * Requires: the invariants of kernel.h. A local T of rank 0 vanishes when
 *
 *   - its one store in the program is an assignment without guard, by a kernel without axes or guard that stands in the
 *     list of the scope that owns T, not inside an `if`: it comes before every load of T, and is always executed;
 *   - the value is a constant, a load, or the negative of one: evaluating it again costs no more than reading T.
 *
 * Ensures: every load of T is the value itself, the same bits, since arrays do not change once they are read. */
#include "compiler/optimise/optimise.h"
#include "compiler/optimise/scalar_rewrite.h"
#include "compiler/optimise/statements.h"

typedef struct {
  const kernel_module *module;
  const bool *kept;
  int *store_count; /* by array */
  bool *trivial;    /* by array: it vanishes */
  scalar_rewrite *rewrite;
  bool found;
} propagation;

static void count_stores(propagation *with, const statement_list *list) {
  for (int k = 0; k < list->count; k++) {
    const statement *of = list->items[k];
    for (int s = 0; s < of->stores.count; s++)
      if (of->stores.items[s].array >= 0) with->store_count[of->stores.items[s].array]++;
    count_stores(with, &of->body);
  }
}

static bool is_trivial_value(const scalar_dag *dag, scalar value) {
  const scalar_node *at = scalar_at(dag, value);
  if (at->op == OP_neg) at = scalar_at(dag, at->arguments[0]);
  return at->op == SCALAR_CONSTANT || at->op == SCALAR_LOAD;
}

static bool vanishes(const propagation *with, const store *item) {
  if (item->kind != STORE_ASSIGN || item->guard != NO_SCALAR || with->store_count[item->array] != 1) return false;
  const array *into = &with->module->arrays.items[item->array];
  if (into->role != ARRAY_LOCAL || into->rank != 0 || into->type != SCALAR_REAL) return false;
  if (with->kept && with->kept[item->array]) return false;
  return is_trivial_value(with->module->dag, item->value);
}

/* Finds the variables in program order, so that a value that names another one is final when it is entered. */
static void find_trivial(propagation *with, statement_list *list, bool owns) {
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    bool plain = owns && of->kind == STATEMENT_KERNEL && of->axes.count == 0 && of->guard == NO_SCALAR;
    int left = 0;
    for (int s = 0; s < of->stores.count; s++) {
      const store *item = &of->stores.items[s];
      if (!plain || !vanishes(with, item)) {
        of->stores.items[left++] = *item;
        continue;
      }
      scalar value = scalar_rewritten(with->rewrite, item->value);
      scalar_rewrite_load(with->rewrite, item->array, value);
      with->trivial[item->array] = with->found = true;
    }
    of->stores.count = left;
    find_trivial(with, &of->body, of->axes.count > 0);
  }
}

static void rewrite_all(const propagation *with, statement_list *list) {
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    scalar_rewrite_bounds(with->rewrite, of);
    scalar_rewrite_body(with->rewrite, with->module, of);
    rewrite_all(with, &of->body);
  }
}

void propagate(kernel_program *program, const bool *kept) {
  const kernel_module *module = program->module;
  propagation with = {.module = module, .kept = kept, .rewrite = scalar_rewrite_create(module)};
  with.store_count = arena_array(module->memory, int, module->arrays.count);
  with.trivial = arena_array(module->memory, bool, module->arrays.count);
  count_stores(&with, &program->body);
  find_trivial(&with, &program->body, true);
  if (!with.found) return;
  rewrite_all(&with, &program->body);
  remove_empty(&program->body);
  remove_locals(program, with.trivial);
}
