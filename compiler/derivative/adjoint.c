/* Reverse mode: the statements once more, last to first, each replaced by its adjoint.
 *
 *   out[s] = e   becomes   for every load a[t] in e:  a_bar[t] += out_bar[s] * (partial e / partial a[t])
 *
 * over the same loops. Arrays are written once, so what the forward statements computed is still there; only the
 * locals of a map live for one iteration, and are recomputed by the reverse map. An adjoint array is zeroed just
 * before the first statement that adds to it. */
#include "compiler/derivative/reverse_body.h"
#include "compiler/kernel/implicit.h"
#include "compiler/kernel/reach.h"
#include "compiler/kernel/rename.h"

typedef struct {
  kernel_module *module;
  scalar_dag *dag;
  kernel_program *made;
  int primal_count; /* arrays before the adjoints were made */
  bool *active;     /* by primal array: wanted ones reach it and it reaches an output */
  int *adjoint;     /* by primal array: its adjoint, or -1 as long as nothing was added to it */
  bool *unit;       /* by primal array: its adjoint is the constant 1, and no array */
  bool *singular;   /* by primal array: its adjoint may have met a singular partial */
  int *depth;       /* by primal array: how many maps and recurrences own it; 0 at the top */
  taint_facts tainted;
} adjoint_state;

static void record_depths(adjoint_state *state, const statement_list *list, int depth) {
  for (int k = 0; k < list->count; k++) {
    const statement *in = list->items[k];
    for (int n = 0; n < in->locals.count; n++) state->depth[in->locals.items[n]] = depth + 1;
    record_depths(state, &in->body, depth + (in->axes.count > 0 && in->kind != STATEMENT_KERNEL));
  }
}

/* Zeroes a new adjoint array, owned by the list that is being written. */
static void start_adjoint(adjoint_state *state, int of, statement_list *into, statement *owner) {
  kernel_module *module = state->module;
  array made = module->arrays.items[of];
  made.role = ARRAY_LOCAL;
  made.name = arena_format(module->memory, "%s_bar", made.name);
  int number = state->adjoint[of] = kernel_array(module, made);
  if (owner)
    list_push(module->memory, &owner->locals, number);
  else
    list_push(module->memory, &state->made->locals, number);
  scalar zero = scalar_real(state->dag, 0);
  list_push(module->memory, into, kernel_fill(module, number, zero, made.where));
}

/* Everything that the stores of a statement, and of those inside it, compute. */
static void find_loads(const statement *in, reach *below) {
  for (int k = 0; k < in->stores.count; k++) reach_from(below, in->stores.items[k].value);
  for (int k = 0; k < in->body.count; k++) find_loads(in->body.items[k], below);
}

static void start_adjoints(adjoint_state *state, const statement *of, int depth, statement_list *into,
                           statement *owner) {
  reach below = reach_create(state->module->memory, state->dag);
  find_loads(of, &below);
  reach_sort(&below);
  for (int k = 0; k < below.nodes.count; k++) {
    const scalar_node *at = scalar_at(state->dag, below.nodes.items[k]);
    if (at->op != SCALAR_LOAD || at->type != SCALAR_REAL || !state->active[at->id]) continue;
    if (state->depth[at->id] == depth && state->adjoint[at->id] < 0) start_adjoint(state, at->id, into, owner);
  }
}

static void reverse_kernel(adjoint_state *state, const statement *of, statement_list *into) {
  kernel_module *module = state->module;
  LIST(body_output) outputs = {0};
  for (int k = 0; k < of->stores.count; k++) {
    const store *item = &of->stores.items[k];
    if (item->kind != STORE_ASSIGN && item->kind != STORE_ADD) continue;
    if (!state->active[item->array] || (state->adjoint[item->array] < 0 && !state->unit[item->array])) continue;
    scalar adjoint = state->unit[item->array] ? scalar_real(state->dag, 1)
                                              : kernel_load(module, state->adjoint[item->array], item->subscripts);
    bool singular = state->singular[item->array];
    list_push(module->memory, &outputs, (body_output){item->value, adjoint, item->guard, singular});
  }
  if (outputs.count == 0) return;
  load_adjoints found = reverse_body(module, outputs.items, outputs.count, state->active, &state->tainted);
  if (found.count == 0) return;
  statement *made = kernel_copy_statement(module, of);
  made->stores.count = 0;
  for (int k = 0; k < found.count; k++) {
    const scalar_node *load = scalar_at(state->dag, found.items[k].load);
    store add = kernel_store(module, STORE_ADD, state->adjoint[load->id], load->arguments, found.items[k].value);
    add.guard = found.items[k].condition;
    state->singular[load->id] |= found.items[k].singular;
    list_push(module->memory, &made->stores, add);
  }
  list_push(module->memory, into, made);
}

/* Drops from a copied body what an iteration need not do again: stores to arrays that outlive it, and checks. */
static void keep_local_stores(const adjoint_state *state, statement *in, int depth) {
  int kept = 0;
  for (int k = 0; k < in->stores.count; k++) {
    const store *item = &in->stores.items[k];
    if (item->array >= 0 && state->depth[item->array] >= depth) in->stores.items[kept++] = *item;
  }
  in->stores.count = kept;
  for (int k = 0; k < in->body.count; k++) keep_local_stores(state, in->body.items[k], depth);
}

static void reverse_list(adjoint_state *state, const statement_list *list, int depth, statement_list *into,
                         statement *owner);

/* An iteration of a recurrence may load an adjoint that a later statement adds to: so this is known before. */
static void mark_singular(adjoint_state *state, const statement *in) {
  reach below = reach_create(state->module->memory, state->dag);
  find_loads(in, &below);
  for (int k = 0; k < below.nodes.count; k++) {
    const scalar_node *at = scalar_at(state->dag, below.nodes.items[k]);
    if (at->op == SCALAR_LOAD) state->singular[at->id] = true;
  }
}

/* The reverse of a map or recurrence: per iteration, its locals again, then its statements reversed. A map without axes
 * is an `if`: its statements work on the locals around it. */
static void reverse_loop(adjoint_state *state, const statement *of, int depth, statement_list *into, statement *owner) {
  kernel_module *module = state->module;
  statement shell = *of;
  shell.body = (statement_list){0};
  statement *made = kernel_copy_statement(module, &shell);
  if (of->kind == STATEMENT_RECURRENCE) {
    made->descending = !of->descending;
    if (singular_inside(module, of, state->singular, state->primal_count)) mark_singular(state, of);
  }
  bool owns = of->axes.count > 0;
  int inside = owns ? depth + 1 : depth;
  for (int k = 0; owns && of->locals.count > 0 && k < of->body.count; k++) {
    statement *again = kernel_copy_statement(module, of->body.items[k]);
    keep_local_stores(state, again, inside);
    list_push(module->memory, &made->body, again);
  }
  int before = made->body.count;
  reverse_list(state, &of->body, inside, &made->body, owns ? made : owner);
  if (made->body.count > before) list_push(module->memory, into, made);
}

/* y with R(y, theta) = 0: A' lambda = -y_bar, then what the residual depends on gets its adjoints from R_bar = lambda,
 * at fixed y, as in the reverse of a map. */
static void reverse_search(adjoint_state *state, const statement *of, int depth, statement_list *into) {
  kernel_module *module = state->module;
  int unknown = implicit_array(of, SEARCH_UNKNOWN), residual = implicit_source(module, of, SEARCH_UNKNOWN);
  if (!state->active[unknown] || state->adjoint[unknown] < 0) return;
  scalar one = scalar_whole(state->dag, 1);
  statement *made = derive_scope(module, one, of->where);
  for (int k = 0; k < of->locals.count; k++) list_push(module->memory, &made->locals, of->locals.items[k]);
  state->adjoint[residual] = derive_linear(module, of, true, state->adjoint[unknown], made);
  for (int k = 0; k < of->body.count; k++) {
    statement *again = kernel_copy_statement(module, of->body.items[k]);
    keep_local_stores(state, again, depth + 1);
    list_push(module->memory, &made->body, again);
  }
  state->active[unknown] = false;
  reverse_list(state, &of->body, depth + 1, &made->body, made);
  state->active[unknown] = true;
  list_push(module->memory, into, made);
}

static void reverse_list(adjoint_state *state, const statement_list *list, int depth, statement_list *into,
                         statement *owner) {
  for (int k = list->count - 1; k >= 0; k--) {
    const statement *of = list->items[k];
    statement_list reversed = {0};
    start_adjoints(state, of, depth, into, owner);
    if (of->kind == STATEMENT_KERNEL)
      reverse_kernel(state, of, &reversed);
    else if (of->kind == STATEMENT_IMPLICIT)
      reverse_search(state, of, depth, &reversed);
    else
      reverse_loop(state, of, depth, &reversed, owner);
    for (int n = 0; n < reversed.count; n++) {
      statement *fresh = kernel_rename(state->module, reversed.items[n], state->primal_count);
      list_push(state->module->memory, into, fresh);
    }
  }
}

/* output_bar += cotangent, or 1. */
static void seed_output(adjoint_state *state, int of, int cotangent) {
  kernel_module *module = state->module;
  if (state->adjoint[of] < 0) start_adjoint(state, of, &state->made->body, NULL);
  scalar one = scalar_real(state->dag, 1);
  statement *kernel = kernel_fill(module, state->adjoint[of], one, module->arrays.items[of].where);
  store *item = &kernel->stores.items[0];
  item->kind = STORE_ADD;
  if (cotangent >= 0) item->value = kernel_load(module, cotangent, item->subscripts);
  list_push(module->memory, &state->made->body, kernel);
}

static adjoint_state begin(const kernel_program *program) {
  kernel_module *module = program->module;
  arena *memory = module->memory;
  adjoint_state state = {.module = module, .dag = module->dag, .primal_count = module->arrays.count};
  state.adjoint = arena_array(memory, int, state.primal_count);
  state.depth = arena_array(memory, int, state.primal_count);
  state.unit = arena_array(memory, bool, state.primal_count);
  state.singular = arena_array(memory, bool, state.primal_count);
  for (int k = 0; k < state.primal_count; k++) state.adjoint[k] = -1;
  record_depths(&state, &program->body, 0);
  state.tainted = taint(program);
  state.made = kernel_program_create(module, program->name);
  for (int k = 0; k < program->seeds.count; k++) list_push(memory, &state.made->seeds, program->seeds.items[k]);
  for (int k = 0; k < program->locals.count; k++) list_push(memory, &state.made->locals, program->locals.items[k]);
  for (int k = 0; k < program->body.count; k++)
    list_push(memory, &state.made->body, kernel_copy_statement(module, program->body.items[k]));
  return state;
}

/* The arrays that a statement loads, and those whose adjoints are asked for. */
static bool *used_or_wanted(const kernel_program *program, const int *wanted, int wanted_count) {
  const kernel_module *module = program->module;
  bool *used = arena_array(module->memory, bool, module->arrays.count);
  for (int k = 0; k < program->body.count; k++) kernel_uses(module, program->body.items[k], used, NULL);
  for (int k = 0; k < wanted_count; k++) used[wanted[k]] = true;
  return used;
}

kernel_program *derive_adjoint(const kernel_program *program, const int *output, const int *cotangent, int output_count,
                               const int *wanted, int wanted_count, derivative_map *adjoint) {
  adjoint_state state = begin(program);
  arena *memory = state.module->memory;
  state.active = activity_forward(program, wanted, wanted_count);
  const bool *reaching = activity_backward(program, output, output_count);
  for (int k = 0; k < state.primal_count; k++) state.active[k] = state.active[k] && reaching[k];
  const bool *used = used_or_wanted(program, wanted, wanted_count);
  for (int k = 0; k < output_count; k++) {
    if (cotangent[k] < 0 && !used[output[k]])
      state.unit[output[k]] = true;
    else if (state.active[output[k]])
      seed_output(&state, output[k], cotangent[k]);
    if (cotangent[k] >= 0) list_push(memory, &state.made->seeds, cotangent[k]);
  }
  reverse_list(&state, &program->body, 0, &state.made->body, NULL);
  for (int k = 0; k < wanted_count; k++)
    if (state.adjoint[wanted[k]] < 0) start_adjoint(&state, wanted[k], &state.made->body, NULL);
  adjoint->of = state.adjoint;
  adjoint->count = state.primal_count;
  return state.made;
}
