/* Derivatives of implicit statements (kernel/implicit.h): of y with R(y, theta) = 0, by the implicit function theorem.
 *
 *   tangent:  A y_dot = -R_dot    with A = dR/dy, and R_dot the residual's tangent at fixed y
 *   adjoint:  A' lambda = -y_bar, then theta_bar += (dR/dtheta)' lambda
 *
 * The linear systems are implicit statements again, whose residual is A z + r: so the same two rules give every higher
 * order. A z is the residual's tangent along z at fixed theta; A' z its adjoint, which is the same where A is a
 * Hessian. The start plays no part. */
#include "compiler/kernel/implicit.h"

#include "compiler/derivative/derivative.h"
#include "compiler/derivative/kinks.h"
#include "compiler/derivative/searches.h"
#include "compiler/kernel/rename.h"
#include "runtime/search.h"
#include <string.h>

/* The body of a copy of the statement with names of its own, as a program. */
static kernel_program *body_program(kernel_module *module, const statement *of) {
  kernel_program *made = kernel_program_create(module, "search");
  made->body = of->body;
  for (int k = 0; k < of->locals.count; k++) list_push(module->memory, &made->locals, of->locals.items[k]);
  return made;
}

/* The statements that a program came to, with its locals, as those of a statement. */
static void take_program(const kernel_program *from, statement *into) {
  arena *memory = from->module->memory;
  for (int k = 0; k < from->locals.count; k++) list_push(memory, &into->locals, from->locals.items[k]);
  for (int k = 0; k < from->body.count; k++) list_push(memory, &into->body, from->body.items[k]);
}

/* ---- choices of the body ---- */

/* "abs, max or if" */
static const char *words_of(arena *memory, const kink_list *of) {
  LIST(const char *) words = {0};
  for (int k = 0; k < of->count; k++) {
    const char *word = of->items[k].word;
    bool known = false;
    for (int w = 0; w < words.count; w++) known = known || !strcmp(word, words.items[w]);
    if (!known) list_push(memory, &words, word);
  }
  text out = text_create(memory);
  for (int w = 0; w < words.count; w++)
    text_format(&out, "%s'%s'", w == 0 ? "" : w + 1 < words.count ? ", " : " or ", words.items[w]);
  return out.data;
}

/* Adds to a message, behind its first words `after`, once: checks are shared by all programs of a module. */
static void add_words(kernel_module *module, int check, const char *after, const char *words) {
  check_message *of = &module->checks.items[check - 1];
  const char *place = strstr(of->message, after);
  if (!place || strstr(of->message, words)) return;
  int length = (int)(place - of->message) + (int)strlen(after);
  of->message = arena_format(module->memory, "%.*s%s%s", length, of->message, words, of->message + length);
}

/* Whether the unknowns move what the body chooses; the search then looks for kinks, and its messages name them. */
static void find_choices(kernel_module *module, const lowered_places *places, statement *of) {
  kink_list found = {0};
  int unknown = implicit_array(of, SEARCH_UNKNOWN), check = of->stores.items[SEARCH_UNKNOWN].check;
  find_kinks(body_program(module, of), places, &unknown, 1, &found);
  of->kinked = found.count > 0;
  if (!of->kinked) return;
  const char *words = words_of(module->memory, &found);
  add_words(module, check + ADJOIN_SEARCH_NONSMOOTH - 1, "kink", arena_format(module->memory, " of %s", words));
  add_words(module, check + ADJOIN_SEARCH_NOT_CONVERGED - 1, "near the start",
            arena_format(module->memory, "; at a kink of %s none can be found", words));
}

/* ---- the gradient of an objective ---- */

static void derive_list(kernel_module *module, const lowered_places *places, const statement_list *list);

/* The body, followed by its adjoint: the residual is the objective's gradient. */
static void derive_residual(kernel_module *module, statement *of) {
  int unknown = implicit_array(of, SEARCH_UNKNOWN), unit = -1;
  int objective = implicit_source(module, of, SEARCH_OBJECTIVE), residual = implicit_source(module, of, SEARCH_UNKNOWN);
  derivative_map adjoint;
  const kernel_program *made = derive_adjoint(body_program(module, of), &objective, &unit, 1, &unknown, 1, &adjoint);
  of->locals.count = of->body.count = 0;
  take_program(made, of);
  list_push(module->memory, &of->body, implicit_copy(module, adjoint.of[unknown], residual, STORE_ASSIGN, of->where));
}

static bool stores_to(const statement_list *list, int number) {
  for (int k = 0; k < list->count; k++) {
    for (int s = 0; s < list->items[k]->stores.count; s++)
      if (list->items[k]->stores.items[s].array == number) return true;
    if (stores_to(&list->items[k]->body, number)) return true;
  }
  return false;
}

/* From the innermost outwards: the gradient of what holds a search differentiates that. */
static void derive_list(kernel_module *module, const lowered_places *places, const statement_list *list) {
  for (int k = 0; k < list->count; k++) {
    statement *of = list->items[k];
    derive_list(module, places, &of->body);
    if (of->kind == STATEMENT_IMPLICIT && of->search != SEARCH_LINEAR) find_choices(module, places, of);
    if (of->kind == STATEMENT_IMPLICIT && !stores_to(&of->body, implicit_source(module, of, SEARCH_UNKNOWN)))
      derive_residual(module, of);
  }
}

void derive_searches(kernel_program *program, const lowered_places *places) {
  derive_list(program->module, places, &program->body);
}

/* ---- products with the residual's Jacobian ---- */

/* J z, with J the Jacobian of the statement's residual with respect to the unknowns, or J' z: statements that compute
 * it, their locals, and the array that has it; -1 where it is zero. */
static kernel_program *derive_jacobian(kernel_module *module, const statement *of, int z, bool transposed, int *into) {
  const statement *copy = kernel_rename(module, of, module->arrays.count);
  int unknown = implicit_array(copy, SEARCH_UNKNOWN), residual = implicit_source(module, copy, SEARCH_UNKNOWN);
  derivative_map found;
  kernel_program *made;
  if (transposed && !of->symmetric) {
    made = derive_adjoint(body_program(module, copy), &residual, &z, 1, &unknown, 1, &found);
    *into = found.of[unknown];
  } else {
    made = derive_tangent(body_program(module, copy), &unknown, &z, 1, NO_SCALAR, &found);
    *into = found.of[residual];
  }
  return made;
}

/* `if wanted == what { ... }` */
static statement *part_for(kernel_module *module, const statement *of, int what) {
  scalar_dag *dag = module->dag;
  statement *made = kernel_statement(module, STATEMENT_MAP, of->where);
  scalar wanted = scalar_index(dag, of->axes.items[0].index), which = scalar_whole(dag, what);
  made->guard = scalar_binary(dag, OP_eq, wanted, which);
  return made;
}

static void complete(kernel_module *module, statement *of) {
  arena *memory = module->memory;
  int product = implicit_source(module, of, SEARCH_DIRECTION), found;
  statement *residual_part = part_for(module, of, WANTS_RESIDUAL), *product_part = part_for(module, of, WANTS_PRODUCT);
  const kernel_program *made = derive_jacobian(module, of, implicit_array(of, SEARCH_DIRECTION), false, &found);
  residual_part->body = of->body;
  take_program(made, product_part);
  list_push(memory, &product_part->body,
            found < 0 ? kernel_fill(module, product, scalar_real(module->dag, 0), of->where)
                      : implicit_copy(module, found, product, STORE_ASSIGN, of->where));
  for (int k = 0; k < product_part->locals.count; k++) list_push(memory, &of->locals, product_part->locals.items[k]);
  product_part->locals.count = 0;
  of->body = (statement_list){0};
  list_push(memory, &of->body, residual_part);
  list_push(memory, &of->body, product_part);
}

static void complete_list(kernel_module *module, const statement_list *list) {
  for (int k = 0; k < list->count; k++) {
    if (list->items[k]->kind == STATEMENT_IMPLICIT) complete(module, list->items[k]);
    complete_list(module, &list->items[k]->body);
  }
}

void complete_searches(kernel_program *program) {
  complete_list(program->module, &program->body);
}

/* ---- linear systems ---- */

static void own(const kernel_module *module, statement *scope, int number) {
  list_push(module->memory, &scope->locals, number);
}

int derive_linear(kernel_module *module, const statement *of, bool transposed, int right, statement *scope) {
  int z = implicit_like(module, right, "z"), found;
  statement *fill = kernel_fill(module, z, scalar_real(module->dag, 0), of->where);
  own(module, scope, z);
  list_push(module->memory, &scope->body, fill);
  implicit_parts parts = {.kind = SEARCH_LINEAR, .symmetric = of->symmetric, .unknown = z, .objective = -1};
  parts.residual = implicit_like(module, z, "residual");
  parts.check = of->stores.items[SEARCH_UNKNOWN].check;
  parts.where = of->where;
  statement *made = implicit_statement(module, &parts, &scope->body);
  own(module, scope, implicit_array(made, SEARCH_WORK));
  own(module, scope, implicit_array(made, SEARCH_DIRECTION));
  take_program(derive_jacobian(module, of, z, transposed, &found), made);
  statement *sum = implicit_copy(module, right, parts.residual, STORE_ASSIGN, of->where);
  store *item = &sum->stores.items[0];
  if (found >= 0)
    item->value = scalar_binary(module->dag, OP_add, kernel_load(module, found, item->subscripts), item->value);
  list_push(module->memory, &made->body, sum);
  list_push(module->memory, &scope->body, made);
  return z;
}

statement *derive_scope(kernel_module *module, scalar upper, span where) {
  statement *made = kernel_statement(module, STATEMENT_MAP, where);
  axis over = {.index = scalar_new_index(module->dag, "v"), .lower = scalar_whole(module->dag, 0), .upper = upper};
  list_push(module->memory, &made->axes, over);
  return made;
}

/* ---- the tangent ---- */

/* The residual's tangent at fixed unknowns, into `scope`: its array, or -1 where it is zero. */
static int residual_tangent(kernel_module *module, const statement *of, const derivative_map *known, scalar directions,
                            statement *scope) {
  const statement *copy = kernel_rename(module, of, module->arrays.count);
  int unknown = implicit_array(copy, SEARCH_UNKNOWN);
  bool *loaded = arena_array(module->memory, bool, module->arrays.count);
  int *from = arena_array(module->memory, int, known->count), *seed_of = arena_array(module->memory, int, known->count);
  int count = 0;
  kernel_uses(module, copy, loaded, NULL);
  for (int k = 0; k < known->count; k++) {
    if (!loaded[k] || k == unknown || known->of[k] < 0) continue;
    from[count] = k;
    seed_of[count++] = known->of[k];
  }
  derivative_map tangent;
  const kernel_program *made = derive_tangent(body_program(module, copy), from, seed_of, count, directions, &tangent);
  take_program(made, scope);
  return tangent.of[implicit_source(module, copy, SEARCH_UNKNOWN)];
}

/* to[box] = from[box, v] where `v` is not NO_SCALAR; or to[box, v] += from[box]. */
static statement *copy_direction(kernel_module *module, int from, int to, bool adds, scalar v, span where) {
  statement *made = kernel_fill(module, adds ? from : to, scalar_real(module->dag, 0), where);
  store *item = &made->stores.items[0];
  int rank = module->arrays.items[adds ? from : to].rank;
  scalar *extended = arena_array(module->memory, scalar, rank + 1);
  for (int k = 0; k < rank; k++) extended[k] = item->subscripts[k];
  extended[rank] = v;
  if (adds)
    *item = kernel_store(module, STORE_ADD, to, extended, kernel_load(module, from, item->subscripts));
  else
    item->value = kernel_load(module, from, extended);
  return made;
}

statement *derive_search_tangent(kernel_module *module, const statement *of, const derivative_map *known,
                                 scalar directions) {
  arena *memory = module->memory;
  int unknown = implicit_array(of, SEARCH_UNKNOWN), tangent = known->of[unknown];
  scalar one = scalar_whole(module->dag, 1);
  statement *scope = derive_scope(module, one, of->where);
  int right = residual_tangent(module, of, known, directions, scope);
  if (right < 0) return NULL;
  if (directions == NO_SCALAR) {
    int z = derive_linear(module, of, false, right, scope);
    list_push(memory, &scope->body, implicit_copy(module, z, tangent, STORE_ADD, of->where));
    return scope;
  }
  statement *each = derive_scope(module, directions, of->where);
  scalar v = scalar_index(module->dag, each->axes.items[0].index);
  int of_one = implicit_like(module, unknown, "right");
  own(module, each, of_one);
  list_push(memory, &each->body, copy_direction(module, right, of_one, false, v, of->where));
  int z = derive_linear(module, of, false, of_one, each);
  list_push(memory, &each->body, copy_direction(module, z, tangent, true, v, of->where));
  list_push(memory, &scope->body, each);
  return scope;
}
