/* Runs a kernel program entry by entry. */
#include "tests/oracle/interpret.h"
#include "compiler/kernel/implicit.h"
#include "runtime/search.h"
#include "tests/oracle/machine.h"
#include <stdio.h>
#include <string.h>

/* Larger arrays than this many entries are refused. */
static const int64_t largest_count = (int64_t)1 << 31;

enum { MAXIMUM_RANK = 64 };

/* A statement with its expressions; the extreme found so far, for an argmax. */
typedef struct prepared prepared;
struct prepared {
  const statement *at;
  expressions own;
  prepared *body;
  bool found;
  double extreme;
  int64_t where;
};

/* ---- preparation ------------------------------------------------------------------------------------------------ */

static int largest_index(const statement *at, int largest) {
  for (int k = 0; k < at->axes.count; k++)
    if (at->axes.items[k].index > largest) largest = at->axes.items[k].index;
  for (int k = 0; k < at->body.count; k++) largest = largest_index(at->body.items[k], largest);
  return largest;
}

static void prepare(machine *in, prepared *made, const statement *at) {
  memset(made, 0, sizeof *made);
  made->at = at;
  made->own.nodes = reach_create(in->memory, in->program->module->dag);
  reach_from_statement(&made->own.nodes, in->program->module, at);
  expressions_prepare(in, &made->own);
  made->body = arena_array(in->memory, prepared, at->body.count);
  for (int k = 0; k < at->body.count; k++) prepare(in, &made->body[k], at->body.items[k]);
}

/* Sizes an array. */
static block *open_block(machine *in, int number_of_array) {
  const array *of = &in->program->module->arrays.items[number_of_array];
  block *made = &in->blocks[number_of_array];
  made->extents = arena_array(in->memory, int64_t, of->rank);
  made->count = 1;
  bool empty = false, large = of->rank > MAXIMUM_RANK;
  for (int k = 0; k < of->rank && !in->failed; k++) {
    int64_t *extent = &made->extents[k];
    bool known = whole_evaluate(in->program->module->dag, of->extents[k], in->extents, extent);
    if (!known || *extent < 0)
      machine_fail(in, "extent %d of %s overflows or is negative", k + 1, of->name);
    else if (*extent == 0)
      empty = true;
    else if (made->count > largest_count / *extent)
      large = true;
    else
      made->count *= *extent;
  }
  if (empty)
    made->count = 0;
  else if (large)
    machine_fail(in, "%s is too large", of->name);
  return made;
}

static void open_local(machine *in, int number_of_array) {
  block *made = open_block(in, number_of_array);
  if (in->failed) return;
  made->local = arena_array(in->memory, number, made->count);
  made->states = arena_array(in->memory, unsigned char, made->count);
}

static void open_locals(machine *in, const statement *at) {
  for (int k = 0; k < at->locals.count && !in->failed; k++) open_local(in, at->locals.items[k]);
  for (int k = 0; k < at->body.count && !in->failed; k++) open_locals(in, at->body.items[k]);
}

static void open_arrays(machine *in, const void *const *inputs, const double *const *seeds, double *const *results) {
  const kernel_program *program = in->program;
  const kernel_module *module = program->module;
  in->blocks = arena_array(in->memory, block, module->arrays.count);
  for (int k = 0; k < module->arrays.count && !in->failed; k++) {
    const array *of = &module->arrays.items[k];
    if (of->role != ARRAY_INPUT) continue;
    block *made = open_block(in, k);
    if (of->type == SCALAR_WHOLE)
      made->given_wholes = inputs[k];
    else
      made->given_reals = inputs[k];
  }
  for (int k = 0; k < program->seeds.count && !in->failed; k++)
    open_block(in, program->seeds.items[k])->given_reals = seeds[k];
  for (int k = 0; k < program->results.count && !in->failed; k++) {
    block *made = open_block(in, program->results.items[k]);
    if (in->failed || results == NULL || results[k] == NULL) continue;
    made->result = results[k];
    made->states = arena_array(in->memory, unsigned char, made->count);
  }
  for (int k = 0; k < program->locals.count && !in->failed; k++) open_local(in, program->locals.items[k]);
  for (int k = 0; k < program->body.count && !in->failed; k++) open_locals(in, program->body.items[k]);
}

/* ---- stores ----------------------------------------------------------------------------------------------------- */

/* What an entry holds, as a number of the array's type; results are doubles whatever their type. */
static number get_entry(const block *at, scalar_type type, int64_t place) {
  number value = {0};
  if (at->local != NULL) return at->local[place];
  if (type == SCALAR_REAL)
    value.real = at->result[place];
  else
    value.whole = (int64_t)at->result[place];
  return value;
}

static void set_entry(block *at, scalar_type type, int64_t place, number value) {
  if (at->local != NULL)
    at->local[place] = value;
  else
    at->result[place] = type == SCALAR_REAL ? value.real : (double)value.whole;
}

static number accumulated(machine *in, store_kind kind, scalar_type type, number old, number value) {
  number made = old;
  if (kind == STORE_ADD && type == SCALAR_REAL)
    made.real = old.real + value.real;
  else if (kind == STORE_ADD && __builtin_add_overflow(old.whole, value.whole, &made.whole))
    machine_fail(in, "a sum of whole numbers overflows");
  else if (kind == STORE_MAXIMUM && type != SCALAR_REAL)
    made.whole = value.whole > old.whole ? value.whole : old.whole;
  else if (kind == STORE_MAXIMUM && old.real == old.real && (value.real > old.real || value.real != value.real))
    made.real = value.real;
  return made;
}

static void write_entry(machine *in, prepared *of, const store *item, number value) {
  const array *into = &in->program->module->arrays.items[item->array];
  block *at = &in->blocks[item->array];
  int64_t subscripts[MAXIMUM_RANK];
  if (at->local == NULL && at->result == NULL) {
    if (into->role != ARRAY_RESULT) machine_fail(in, "%s is stored to but has no memory", into->name);
    return;
  }
  for (int k = 0; k < into->rank; k++) subscripts[k] = expressions_evaluate(in, &of->own, item->subscripts[k]).whole;
  int64_t place = in->failed ? -1 : machine_place(in, item->array, subscripts);
  if (place < 0) return;
  bool accumulates = item->kind == STORE_ADD || item->kind == STORE_MAXIMUM;
  if (!accumulates && at->states[place] != ENTRY_UNWRITTEN)
    machine_fail(in, "entry %lld of %s is assigned twice", (long long)place, into->name);
  if (accumulates && at->states[place] == ENTRY_UNWRITTEN)
    machine_fail(in, "entry %lld of %s is accumulated into before it is assigned", (long long)place, into->name);
  if (in->failed) return;
  if (accumulates) value = accumulated(in, item->kind, into->type, get_entry(at, into->type, place), value);
  set_entry(at, into->type, place, value);
  at->states[place] = accumulates ? ENTRY_ACCUMULATED : ENTRY_ASSIGNED;
}

/* The first of the largest (smallest); the first nan wins. */
static void consider(prepared *of, store_kind kind, double value, int64_t where) {
  bool better = kind == STORE_ARGMAX ? value > of->extreme : value < of->extreme;
  if (of->found && (of->extreme != of->extreme || !(better || value != value))) return;
  of->found = true;
  of->extreme = value;
  of->where = where;
}

/* A store's part in one iteration; the status. */
static int run_store(machine *in, prepared *of, const store *item) {
  if (item->guard != NO_SCALAR && !expressions_evaluate(in, &of->own, item->guard).whole) return 0;
  if (in->failed) return 0;
  bool unwanted = item->array >= 0 && in->program->module->arrays.items[item->array].role == ARRAY_RESULT &&
                  in->blocks[item->array].result == NULL;
  if (unwanted) return 0;
  number value = expressions_evaluate(in, &of->own, item->value);
  if (in->failed) return 0;
  if (item->kind == STORE_CHECK) return value.whole ? 0 : item->check;
  if (item->kind == STORE_ARGMAX || item->kind == STORE_ARGMIN) {
    int64_t where = expressions_evaluate(in, &of->own, item->position).whole;
    if (!in->failed) consider(of, item->kind, value.real, where);
    return 0;
  }
  write_entry(in, of, item, value);
  return 0;
}

/* ---- statements ------------------------------------------------------------------------------------------------- */

static int run_statement(machine *in, prepared *of);

/* One iteration of the innermost axis. */
static int run_iteration(machine *in, prepared *of) {
  const statement *at = of->at;
  int status = 0;
  expressions_forget(&of->own);
  if (at->guard != NO_SCALAR && !expressions_evaluate(in, &of->own, at->guard).whole) return 0;
  for (int k = 0; at->kind == STATEMENT_KERNEL && k < at->stores.count && status == 0 && !in->failed; k++)
    status = run_store(in, of, &at->stores.items[k]);
  for (int k = 0; k < at->locals.count; k++) {
    block *local = &in->blocks[at->locals.items[k]];
    if (local->count > 0) memset(local->states, ENTRY_UNWRITTEN, (size_t)local->count);
  }
  for (int k = 0; k < at->body.count && status == 0 && !in->failed; k++) status = run_statement(in, &of->body[k]);
  return status;
}

/* The entries that a search deals with; doubles, since a number is one. */
static double *search_entries(const machine *in, int number_of_array) {
  return number_of_array < 0 ? NULL : &in->blocks[number_of_array].local->real;
}

static void require_written(machine *in, int number_of_array) {
  const block *at = &in->blocks[number_of_array];
  for (int64_t place = 0; place < at->count && !in->failed; place++)
    if (at->states[place] == ENTRY_UNWRITTEN)
      machine_fail(in, "entry %lld of %s, which a search reads, is not written", (long long)place,
                   in->program->module->arrays.items[number_of_array].name);
}

/* Where a search inside fails, the one around has nothing that is finite. */
static bool is_search_failure(const kernel_module *module, int status) {
  return module->checks.items[status - 1].code == CODE_SEARCH_FAILED;
}

static int run_search(machine *in, prepared *of) {
  const statement *at = of->at;
  const kernel_module *module = in->program->module;
  int unknown = implicit_array(at, SEARCH_UNKNOWN), residual = implicit_source(module, at, SEARCH_UNKNOWN);
  int product = implicit_source(module, at, SEARCH_DIRECTION), broken = 0;
  adjoin_search search;
  adjoin_search_begin(&search, implicit_kind(at), (ptrdiff_t)in->blocks[unknown].count, search_entries(in, unknown),
                      search_entries(in, residual), search_entries(in, implicit_source(module, at, SEARCH_OBJECTIVE)),
                      search_entries(in, implicit_array(at, SEARCH_DIRECTION)), search_entries(in, product),
                      search_entries(in, implicit_array(at, SEARCH_WORK)));
  for (int wanted; !in->failed && (wanted = adjoin_search_next(&search)) >= 0;) {
    in->indices[at->axes.items[0].index] = wanted;
    int wanted_array = wanted == WANTS_PRODUCT ? product : residual;
    broken = run_iteration(in, of);
    if (in->failed || (broken && !is_search_failure(module, broken))) return broken;
    if (broken)
      search_entries(in, wanted_array)[0] = INFINITY;
    else
      require_written(in, wanted_array);
  }
  return !search.failure ? 0 : broken ? broken : at->stores.items[SEARCH_UNKNOWN].check + search.failure - 1;
}

static int run_axes(machine *in, prepared *of, int depth) {
  const statement *at = of->at;
  if (depth == at->axes.count) return run_iteration(in, of);
  const axis *over = &at->axes.items[depth];
  int status = 0;
  expressions_forget(&of->own);
  int64_t lower = expressions_evaluate(in, &of->own, over->lower).whole;
  int64_t upper = expressions_evaluate(in, &of->own, over->upper).whole;
  if (in->failed || lower >= upper) return 0;
  int64_t step = at->descending ? -1 : 1, last = at->descending ? lower : upper - 1;
  for (int64_t k = at->descending ? upper - 1 : lower; status == 0 && !in->failed; k += step) {
    in->indices[over->index] = k;
    status = run_axes(in, of, depth + 1);
    if (k == last) break;
  }
  return status;
}

static int run_statement(machine *in, prepared *of) {
  const store *first = of->at->stores.count > 0 ? &of->at->stores.items[0] : NULL;
  bool extreme = first != NULL && (first->kind == STORE_ARGMAX || first->kind == STORE_ARGMIN);
  of->found = false;
  if (of->at->kind == STATEMENT_IMPLICIT) return run_search(in, of);
  int status = run_axes(in, of, 0);
  if (!extreme || status != 0 || in->failed) return status;
  if (!of->found) return first->check;
  number where = {.whole = of->where};
  expressions_forget(&of->own);
  write_entry(in, of, first, where);
  return 0;
}

static void require_results(machine *in) {
  for (int k = 0; k < in->program->results.count && !in->failed; k++) {
    int result = in->program->results.items[k];
    const block *at = &in->blocks[result];
    if (at->result == NULL) continue;
    for (int64_t place = 0; place < at->count && !in->failed; place++)
      if (at->states[place] == ENTRY_UNWRITTEN)
        machine_fail(in, "entry %lld of result %s is never written", (long long)place,
                     in->program->module->arrays.items[result].name);
  }
}

static int run_program(machine *in, const void *const *inputs, const double *const *seeds, double *const *results) {
  const statement_list *body = &in->program->body;
  int largest = 0, status = 0;
  for (int k = 0; k < body->count; k++) largest = largest_index(body->items[k], largest);
  in->indices = arena_array(in->memory, int64_t, largest + 1);
  open_arrays(in, inputs, seeds, results);
  for (int k = 0; k < body->count && status == 0 && !in->failed; k++) {
    prepared *next = arena_new(in->memory, prepared);
    prepare(in, next, body->items[k]);
    status = run_statement(in, next);
  }
  if (status == 0) require_results(in);
  return in->failed ? INTERPRET_UNDEFINED : status;
}

int interpret(const kernel_program *program, const int64_t *extents, const void *const *inputs,
              const double *const *seeds, double *const *results, char *message, size_t message_size) {
  jmp_buf escape;
  arena *memory = arena_create();
  int status = INTERPRET_UNDEFINED;
  if (message_size > 0) message[0] = 0;
  if (memory == NULL || setjmp(escape) != 0) {
    if (message_size > 0) snprintf(message, message_size, "no memory left");
    arena_release(memory);
    return INTERPRET_UNDEFINED;
  }
  arena_set_escape(memory, &escape);
  machine in = {
      .memory = memory, .program = program, .extents = extents, .message = message, .message_size = message_size};
  status = run_program(&in, inputs, seeds, results);
  arena_release(memory);
  return status;
}
