/* Names: the table of symbols, and what a name means where it stands.
 *
 * A symbol holds at most one global (an input, a definition, ...) and a stack of locals. A local is visible in the
 * function call that declared it alone: the body of a function sees its own names and the globals. */
#include "compiler/tensor/checker.h"

#include <math.h>
#include <string.h>

/* The numbers that have names. */
static const struct {
  const char *name;
  double value;
} constants[] = {{"pi", 3.14159265358979323846}, {"inf", INFINITY}, {"nan", NAN}};

static int constant_named(const char *name) {
  for (int k = 0; k < (int)(sizeof constants / sizeof *constants); k++)
    if (!strcmp(name, constants[k].name)) return k;
  return -1;
}

int constant_names(const char **names) {
  int count = (int)(sizeof constants / sizeof *constants);
  for (int k = 0; names && k < count; k++) names[k] = constants[k].name;
  return count;
}

bool is_constant_name(const char *name) {
  return constant_named(name) >= 0;
}

static uint32_t hash_of(const char *name) {
  uint32_t hash = 2166136261u;
  for (const unsigned char *at = (const unsigned char *)name; *at; at++) hash = (hash ^ *at) * 16777619u;
  return hash ^ hash >> 15;
}

static void grow(checker *state) {
  state->bucket_count = state->bucket_count ? 2 * state->bucket_count : 64;
  state->buckets = arena_array(state->memory, symbol *, state->bucket_count);
  for (int k = 0; k < state->symbols.count; k++) {
    symbol *moved = state->symbols.items[k];
    symbol **bucket = &state->buckets[hash_of(moved->name) & ((uint32_t)state->bucket_count - 1)];
    moved->next = *bucket;
    *bucket = moved;
  }
}

symbol *symbol_of(checker *state, const char *name) {
  if (state->symbols.count >= state->bucket_count) grow(state);
  symbol **bucket = &state->buckets[hash_of(name) & ((uint32_t)state->bucket_count - 1)];
  for (symbol *at = *bucket; at; at = at->next)
    if (!strcmp(at->name, name)) return at;
  symbol *made = arena_new(state->memory, symbol);
  made->name = name;
  made->next = *bucket;
  *bucket = made;
  list_push(state->memory, &state->symbols, made);
  return made;
}

const char *kind_name(global_kind kind) {
  static const char *const names[] = {"name", "extent", "input", "definition", "function", "network"};
  return names[kind];
}

/* False when the name is taken: reported. */
bool declare_global(checker *state, ast_name name, global_kind kind, int number) {
  if (is_constant_name(name.name)) {
    diagnose(state->report, CODE_RESERVED_NAME, name.where, "'%s' is a number of the language: it can't be defined",
             name.name);
    return false;
  }
  symbol *of = symbol_of(state, name.name);
  if (of->kind != GLOBAL_NONE) {
    diagnose(state->report, CODE_DUPLICATE_NAME, name.where, "'%s' is defined twice", name.name);
    diagnose_note(state->report, of->where, "the first definition");
    return false;
  }
  of->kind = kind;
  of->number = number;
  of->where = name.where;
  return true;
}

local *visible_local(const checker *state, const symbol *name) {
  return name->innermost && name->innermost->frame == state->frame ? name->innermost : NULL;
}

local *declare_local(checker *state, ast_name name, const void *owner) {
  symbol *of = symbol_of(state, name.name);
  local *made = arena_new(state->memory, local);
  *made = (local){.outer = of->innermost, .frame = state->frame, .owner = owner, .where = name.where};
  of->innermost = made;
  return made;
}

void forget_local(checker *state, const char *name) {
  symbol *of = symbol_of(state, name);
  of->innermost = of->innermost->outer;
}

/* ---- names that mean nothing ---- */

/* The reduction, search or definition below `in` that declares `name` as an index or unknown, or NULL. */
static const ast_expression *binder_of(const ast_expression *in, const char *name) {
  if (!in) return NULL;
  for (int k = 0; k < in->binders.count; k++)
    if (!strcmp(in->binders.items[k].name.name, name)) return in;
  if (in->unknown.name && !strcmp(in->unknown.name, name)) return in;
  const ast_expression *found = NULL;
  for (int k = 0; k < in->operand_count && !found; k++) found = binder_of(in->operands[k], name);
  for (int k = 0; k < in->subscripts.count && !found; k++) found = binder_of(in->subscripts.items[k].index, name);
  for (int k = 0; k < in->arguments.count && !found; k++) found = binder_of(in->arguments.items[k].value, name);
  for (int k = 0; k < in->lets.count && !found; k++) found = binder_of(in->lets.items[k].value, name);
  return found;
}

/* Searching for the nearest name costs time in the number of names: only the first errors get it. */
enum { SEARCHED_ERRORS = 50 };

static const char *nearest_known(checker *state, const char *name) {
  if (state->report->error_count > SEARCHED_ERRORS) return NULL;
  const char **candidates = arena_array(state->memory, const char *, state->symbols.count + 1);
  int count = 0;
  for (int k = 0; k < state->symbols.count; k++) {
    const symbol *of = state->symbols.items[k];
    bool value = of->kind != GLOBAL_NONE && of->kind != GLOBAL_FUNCTION && of->kind != GLOBAL_NETWORK;
    if (value || of->hidden > 0 || visible_local(state, of)) candidates[count++] = of->name;
  }
  return nearest_name(name, candidates, count);
}

/* `nearest` may be NULL. */
static void suggest(checker *state, ast_name name, const char *nearest) {
  if (!nearest) return;
  diagnose_hint(state->report, "did you mean '%s'?", nearest);
  diagnose_fix(state->report, name.where, "%s", nearest);
}

void unknown_name(checker *state, ast_name name, const ast_expression *root) {
  const ast_expression *reduction = binder_of(root, name.name);
  if (reduction) {
    bool search = reduction->kind == AST_SEARCH;
    diagnose(state->report, CODE_INDEX_OUTSIDE, name.where, "the %s '%s' is used outside its %s",
             search ? "unknown" : "index", name.name, search ? "search" : "reduction");
    diagnose_note(state->report, reduction->where, "'%s' belongs to this %s", name.name, reduction->name.name);
    diagnose_hint(state->report, "a %s ends before the next + or -: put its body in parentheses, as in %s[%s%s] (...)",
                  search ? "search" : "reduction", reduction->name.name, name.name, search ? " = .." : "");
    return;
  }
  diagnose(state->report, CODE_UNKNOWN_NAME, name.where, "unknown name '%s'", name.name);
  suggest(state, name, nearest_known(state, name.name));
}

void unknown_function(checker *state, ast_name name) {
  symbol *of = symbol_of(state, name.name);
  bool value = of->kind != GLOBAL_NONE || visible_local(state, of) || of->hidden > 0 || is_constant_name(name.name);
  if (value) {
    diagnose(state->report, CODE_NOT_A_FUNCTION, name.where, "'%s' is not a function", name.name);
    diagnose_hint(state->report, "subscripts stand in brackets: %s[...]; a product needs its *: %s*(...)", name.name,
                  name.name);
    return;
  }
  if (is_layer(name.name)) {
    diagnose(state->report, CODE_UNKNOWN_FUNCTION, name.where, "'%s' is a layer, no function", name.name);
    diagnose_hint(state->report, "a network is declared, then applied: param net f = %s(...); f(x)", name.name);
    return;
  }
  diagnose(state->report, CODE_UNKNOWN_FUNCTION, name.where, "unknown function '%s'", name.name);
  if (state->report->error_count > SEARCHED_ERRORS) return;
  const ast_model *model = state->model;
  const char **candidates =
      arena_array(state->memory, const char *, builtin_names(NULL) + model->functions.count + model->networks.count);
  int count = builtin_names(candidates);
  for (int k = 0; k < model->functions.count; k++) candidates[count++] = model->functions.items[k].name.name;
  for (int k = 0; k < model->networks.count; k++) candidates[count++] = model->networks.items[k].name.name;
  suggest(state, name, nearest_name(name.name, candidates, count));
}

/* ---- names that mean something ---- */

static tensor *check_dimension_name(checker *state, int number, span where) {
  scalar value = state->dimensions[number].value;
  return value == NO_SCALAR ? NULL : make_constant(state, SCALAR_WHOLE, value, where);
}

/* Extents depend on extents alone; start values and bounds also on inputs that no solver moves. */
bool may_use(checker *state, ast_name name, const symbol *of) {
  if (state->now == PHASE_DEFINITIONS) return true;
  if (state->now == PHASE_EXTENTS) {
    diagnose(state->report, CODE_NOT_AN_EXTENT, name.where, "an extent can't depend on the %s '%s'",
             kind_name(of->kind), name.name);
    diagnose_hint(state->report, "extents are built from numbers and names declared with dim, with + - * // %%");
    return false;
  }
  bool is_input = of->kind == GLOBAL_INPUT;
  if (is_input && state->declared.items[of->number].role != AST_VAR) return true;
  if (of->kind == GLOBAL_NETWORK && state->model->networks.items[of->number].role != AST_VAR) return true;
  diagnose(state->report, CODE_NOT_KNOWN_AT_START, name.where, "a start value or bound can't depend on the %s '%s'",
           is_input ? "variable" : kind_name(of->kind), name.name);
  diagnose_hint(state->report, "it may use numbers, extents, and inputs declared as param, data or index");
  return false;
}

/* The same value, seen where its name stands, so that an error about this use points there. */
static tensor *used_at(checker *state, const tensor *of, span where) {
  if (!of || !is_trivial(of)) return (tensor *)of;
  checked *copy = arena_new(state->memory, checked);
  *copy = *facts(of);
  copy->node.where = where;
  return &copy->node;
}

static tensor *check_global(checker *state, ast_name name, const symbol *of) {
  if (of->kind == GLOBAL_FUNCTION || of->kind == GLOBAL_NETWORK) {
    diagnose(state->report, CODE_FUNCTION_AS_VALUE, name.where, "the %s '%s' needs its argument%s", kind_name(of->kind),
             name.name, of->kind == GLOBAL_NETWORK ? "" : "s");
    diagnose_hint(state->report, "write %s(...)", name.name);
    return NULL;
  }
  if (of->kind == GLOBAL_DIMENSION) return check_dimension_name(state, of->number, name.where);
  if (!may_use(state, name, of)) return NULL;
  if (of->kind == GLOBAL_INPUT) return used_at(state, state->inputs[of->number], name.where);
  return used_at(state, state->definitions.items[of->number].reference, name.where);
}

tensor *check_name(checker *state, ast_name name) {
  symbol *of = symbol_of(state, name.name);
  local *here = visible_local(state, of);
  if (here && here->index) return used_at(state, here->index->node, name.where);
  if (here) return here->value ? use_slot(state, here->value) : NULL;
  int constant = constant_named(name.name);
  if (constant >= 0) return make_real(state, constants[constant].value, name.where);
  if (of->kind != GLOBAL_NONE) return check_global(state, name, of);
  unknown_name(state, name, state->root);
  return NULL;
}
