/* The first store: an array that is filled with zeros and then added to becomes one that is assigned.
 *
 * Requires: the invariants of kernel.h; the program owns its statements, which are changed in place.
 * Ensures: the same invariants and results, but for the sign of zeros: 0 + v is v, except that 0 + -0 is 0. The
 * decision for an array depends only on the statements up to its first addition, so that the value and everything
 * derived from it are treated alike.
 *
 * The fill of A goes, and the addition becomes an assignment, when the addition is the first to touch A after the fill,
 * without guard, and reaches each entry of A exactly once: its subscripts name each axis of its kernel once, each
 * running over A's extent; and no other store of the kernel is to A. The kernel stands in the fill's list; or inside
 * maps there, without guards, whose axes count with the kernel's own, when it is the only other store to A in the
 * program (another one in the map could reach an entry before this one does). */
#include "compiler/optimise/optimise.h"
#include "compiler/optimise/statements.h"

/* A fill with zeros that nothing has been added to yet. */
typedef struct {
  statement *kernel; /* NULL: there is none */
  int depth;         /* of its list */
  const statement_list *list;
} open_fill;

/* A list on the way from the program's to the one being visited, and the loop whose body it is. */
typedef struct {
  const statement *loop; /* NULL for the program's */
  const statement_list *list;
} frame;

typedef struct {
  const kernel_module *module;
  open_fill *fill;  /* by array */
  int *store_count; /* by array */
  int kernel;       /* numbers the kernels visited */
  int *last_kernel; /* by array: the last kernel that stores to it */
  int *last_twice;  /* by array: the last kernel that has several stores to it */
  LIST(frame) frames;
  LIST(axis) axes;
} finder;

static void count_stores(finder *with, const statement_list *list) {
  for (int k = 0; k < list->count; k++) {
    const statement *of = list->items[k];
    for (int s = 0; s < of->stores.count; s++)
      if (of->stores.items[s].array >= 0) with->store_count[of->stores.items[s].array]++;
    count_stores(with, &of->body);
  }
}

static bool is_fill(const finder *with, const statement *kernel, const store *item) {
  return item->kind == STORE_ASSIGN && kernel->guard == NO_SCALAR && item->guard == NO_SCALAR &&
         scalar_is_real(with->module->dag, item->value, 0) &&
         covers_box(with->module, item->array, item->subscripts, kernel->axes.items, kernel->axes.count);
}

/* The axes that the kernel's store runs over once per run of the fill's list: false when guards or recurrences stand
 * between, or the fill is no longer in sight. */
static bool find_axes(finder *with, const open_fill *fill, const statement *kernel) {
  arena *memory = with->module->memory;
  with->axes.count = 0;
  if (fill->depth >= with->frames.count || with->frames.items[fill->depth].list != fill->list) return false;
  for (int k = fill->depth + 1; k < with->frames.count; k++) {
    const statement *loop = with->frames.items[k].loop;
    if (loop->kind != STATEMENT_MAP || loop->guard != NO_SCALAR) return false;
    for (int a = 0; a < loop->axes.count; a++) list_push(memory, &with->axes, loop->axes.items[a]);
  }
  for (int a = 0; a < kernel->axes.count; a++) list_push(memory, &with->axes, kernel->axes.items[a]);
  return true;
}

static bool can_assign(finder *with, const open_fill *fill, const statement *kernel, const store *item) {
  if (item->kind != STORE_ADD || kernel->guard != NO_SCALAR || item->guard != NO_SCALAR) return false;
  if (!find_axes(with, fill, kernel)) return false;
  bool in_same_list = with->frames.count == fill->depth + 1;
  if (with->last_twice[item->array] == with->kernel) return false;
  if (!in_same_list && with->store_count[item->array] != 2) return false;
  return covers_box(with->module, item->array, item->subscripts, with->axes.items, with->axes.count);
}

static void remove_fill(statement *kernel, int number) {
  int kept = 0;
  for (int k = 0; k < kernel->stores.count; k++)
    if (kernel->stores.items[k].array != number) kernel->stores.items[kept++] = kernel->stores.items[k];
  kernel->stores.count = kept;
}

static void visit_store(finder *with, statement *kernel, store *item) {
  if (item->array < 0) return;
  open_fill *fill = &with->fill[item->array];
  if (fill->kernel == NULL && is_fill(with, kernel, item)) {
    int depth = with->frames.count - 1;
    *fill = (open_fill){kernel, depth, with->frames.items[depth].list};
    return;
  }
  if (fill->kernel && fill->kernel != kernel && can_assign(with, fill, kernel, item)) {
    item->kind = STORE_ASSIGN;
    remove_fill(fill->kernel, item->array);
  }
  fill->kernel = NULL;
}

static void visit_kernel(finder *with, statement *kernel) {
  with->kernel++;
  for (int s = 0; s < kernel->stores.count; s++) {
    int number = kernel->stores.items[s].array;
    if (number < 0) continue;
    if (with->last_kernel[number] == with->kernel) with->last_twice[number] = with->kernel;
    with->last_kernel[number] = with->kernel;
  }
  for (int s = 0; s < kernel->stores.count; s++) visit_store(with, kernel, &kernel->stores.items[s]);
}

static void visit_list(finder *with, const statement *loop, const statement_list *list) {
  list_push(with->module->memory, &with->frames, (frame){loop, list});
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    visit_kernel(with, of);
    visit_list(with, of, &of->body);
  }
  with->frames.count--;
}

void first_store(kernel_program *program) {
  kernel_module *module = program->module;
  finder with = {.module = module};
  with.fill = arena_array(module->memory, open_fill, module->arrays.count);
  with.store_count = arena_array(module->memory, int, module->arrays.count);
  with.last_kernel = arena_array(module->memory, int, module->arrays.count);
  with.last_twice = arena_array(module->memory, int, module->arrays.count);
  count_stores(&with, &program->body);
  visit_list(&with, NULL, &program->body);
  remove_empty(&program->body);
}
