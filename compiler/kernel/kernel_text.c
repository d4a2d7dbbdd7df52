/* Kernel programs as text.
 *
 * An expression is written in the language's own spelling. Its graph may have far more paths than nodes, so that a part
 * whose spelled-out tree would have more than INLINE_SIZE nodes is written once, on a `let %k = ..` line before the
 * statement, and by its number %k wherever it is used: the text is linear in the graph. */
#include "compiler/kernel/kernel.h"
#include "compiler/kernel/reach.h"
#include <stdlib.h>
#include <string.h>

enum { INLINE_SIZE = 100 };

typedef struct {
  const kernel_module *module;
  const char **names; /* by array */
  text *out;
  int depth;
  reach parts; /* the expressions of the statement at hand, ascending */
  int *number; /* by position in `parts`: k of %k, or 0 when written in place */
} writer;

/* Arrays that share a name: the first keeps it, the others get `name#number`. */
typedef struct {
  const char *name;
  int array;
} named_array;

static int compare_names(const void *a, const void *b) {
  const named_array *x = a, *y = b;
  int order = strcmp(x->name, y->name);
  return order != 0 ? order : (x->array > y->array) - (x->array < y->array);
}

static const char **unique_names(const kernel_module *module) {
  int count = module->arrays.count;
  const char **names = arena_array(module->memory, const char *, count);
  named_array *sorted = arena_array(module->memory, named_array, count);
  for (int k = 0; k < count; k++) {
    const char *name = module->arrays.items[k].name;
    sorted[k] = (named_array){name == NULL ? "" : name, k};
  }
  if (count > 0) qsort(sorted, (size_t)count, sizeof *sorted, compare_names);
  for (int k = 0; k < count; k++) {
    bool first = sorted[k].name[0] != 0 && (k == 0 || strcmp(sorted[k - 1].name, sorted[k].name) != 0);
    names[sorted[k].array] =
        first ? sorted[k].name : arena_format(module->memory, "%s#%d", sorted[k].name, sorted[k].array);
  }
  return names;
}

/* A program that is being verified may use arrays that do not exist. */
static const char *name_of_array(const void *context, int number) {
  const writer *with = context;
  return number >= 0 && number < with->module->arrays.count ? with->names[number] : "?";
}

static int rank_of_array(const writer *with, int number) {
  return number >= 0 && number < with->module->arrays.count ? with->module->arrays.items[number].rank : 0;
}

static void write_value(const writer *with, scalar node) {
  int place = reach_position(&with->parts, node);
  if (place >= 0 && with->number[place] > 0)
    text_format(with->out, "%%%d", with->number[place]);
  else
    scalar_write(with->module->dag, node, name_of_array, with, with->out);
}

static void write_list(const writer *with, const scalar *items, int count) {
  for (int k = 0; k < count; k++) {
    if (k > 0) text_append(with->out, ", ");
    write_value(with, items[k]);
  }
}

static void write_indent(const writer *with) {
  for (int k = 0; k < with->depth; k++) text_append(with->out, "  ");
}

/* The node itself, over its arguments' spellings. */
static void write_definition(const writer *with, scalar item) {
  const scalar_node *node = scalar_at(with->module->dag, item);
  if (node->op == SCALAR_SELECT) {
    text_append(with->out, "if ");
    write_value(with, node->arguments[0]);
    text_append(with->out, " then ");
    write_value(with, node->arguments[1]);
    text_append(with->out, " else ");
    write_value(with, node->arguments[2]);
    return;
  }
  bool load = node->op == SCALAR_LOAD;
  text_format(with->out, "%s%s", load ? name_of_array(with, node->id) : scalar_row(node->op)->name, load ? "[" : "(");
  write_list(with, node->arguments, node->argument_count);
  text_append(with->out, load ? "]" : ")");
}

/* The nodes that the spelled-out tree of each part would have, saturated: arguments come before their users. */
static int *tree_sizes(const writer *with) {
  const reach *parts = &with->parts;
  int *sizes = arena_array(parts->memory, int, parts->nodes.count);
  for (int k = 0; k < parts->nodes.count; k++) {
    const scalar_node *node = scalar_at(parts->dag, parts->nodes.items[k]);
    sizes[k] = 1;
    for (int a = 0; a < node->argument_count && sizes[k] <= INLINE_SIZE; a++)
      sizes[k] += sizes[reach_position(parts, node->arguments[a])];
    if (sizes[k] > INLINE_SIZE) sizes[k] = INLINE_SIZE + 1;
  }
  return sizes;
}

static void write_definitions(writer *with) {
  int *sizes = tree_sizes(with);
  with->number = arena_array(with->parts.memory, int, with->parts.nodes.count);
  int numbered = 0;
  for (int k = 0; k < with->parts.nodes.count; k++) {
    if (sizes[k] <= INLINE_SIZE) continue;
    write_indent(with);
    text_format(with->out, "let %%%d = ", numbered + 1);
    write_definition(with, with->parts.nodes.items[k]);
    text_append(with->out, "\n");
    with->number[k] = ++numbered;
  }
}

static void write_axes(const writer *with, const statement *from) {
  static const char *const tags[] = {"", " parallel", " reduction", " conflicting"};
  for (int k = 0; k < from->axes.count; k++) {
    const axis *at = &from->axes.items[k];
    text_append(with->out, k == 0 ? " " : ", ");
    int64_t lower = 0;
    if (!scalar_is_whole(with->module->dag, at->lower, &lower) || lower != 0) {
      write_value(with, at->lower);
      text_append(with->out, " <= ");
    }
    text_format(with->out, "%s < ", scalar_index_name(with->module->dag, at->index));
    write_value(with, at->upper);
    text_append(with->out, tags[at->tag]);
  }
}

static void write_target(const writer *with, const store *item) {
  int rank = rank_of_array(with, item->array);
  text_append(with->out, name_of_array(with, item->array));
  if (rank == 0) return;
  text_append(with->out, "[");
  write_list(with, item->subscripts, rank);
  text_append(with->out, "]");
}

static void write_message(const writer *with, int check) {
  bool known = check >= 1 && check <= with->module->checks.count;
  text_format(with->out, " else \"%s\"", known ? with->module->checks.items[check - 1].message : "?");
}

static void write_store(const writer *with, const store *item) {
  static const char *const assignments[] = {
      [STORE_ASSIGN] = " = ",        [STORE_ADD] = " += ",    [STORE_MAXIMUM] = " max= ", [STORE_ARGMAX] = " = argmax(",
      [STORE_ARGMIN] = " = argmin(", [STORE_SEARCH] = " <- ", [STORE_CHECK] = "check "};
  bool extreme = item->kind == STORE_ARGMAX || item->kind == STORE_ARGMIN;
  if (item->kind != STORE_CHECK) write_target(with, item);
  text_append(with->out, assignments[item->kind]);
  write_value(with, item->value);
  if (extreme) {
    text_append(with->out, " at ");
    write_value(with, item->position);
    text_append(with->out, ")");
  }
  if (item->guard != NO_SCALAR) {
    text_append(with->out, " where ");
    write_value(with, item->guard);
  }
  if (extreme || item->kind == STORE_CHECK) write_message(with, item->check);
  text_append(with->out, "\n");
}

/* What stands before the stores or the brace; nothing for a kernel that runs once. */
static void write_head(const writer *with, const statement *from) {
  static const char *const words[] = {"for", "map", "recurrence", "search"};
  bool loops = from->axes.count > 0 || runs_in_order(from);
  if (loops) text_append(with->out, words[from->kind]);
  write_axes(with, from);
  if (from->descending) text_append(with->out, " descending");
  if (from->guard != NO_SCALAR) {
    text_append(with->out, loops ? " where " : "if ");
    write_value(with, from->guard);
  }
}

static void write_array(const writer *with, const char *role, int number) {
  static const char *const types[] = {"", " whole", " truth"};
  const array *at = &with->module->arrays.items[number];
  write_indent(with);
  text_format(with->out, "%s %s", role, with->names[number]);
  for (int k = 0; k < at->rank; k++) {
    text_append(with->out, k == 0 ? "[" : ", ");
    scalar_write(with->module->dag, at->extents[k], name_of_array, with, with->out);
  }
  text_format(with->out, "%s%s\n", at->rank > 0 ? "]" : "", types[at->type]);
}

static void write_statement(writer *with, const statement *from);

static void write_kernel(writer *with, const statement *from) {
  bool headless = from->axes.count == 0 && from->guard == NO_SCALAR;
  write_head(with, from);
  if (from->stores.count == 1) {
    text_append(with->out, headless ? "" : ": ");
    write_store(with, &from->stores.items[0]);
    return;
  }
  text_append(with->out, headless ? "{\n" : " {\n");
  with->depth++;
  for (int k = 0; k < from->stores.count; k++) {
    write_indent(with);
    write_store(with, &from->stores.items[k]);
  }
  with->depth--;
  write_indent(with);
  text_append(with->out, "}\n");
}

static void write_block(writer *with, const statement *from) {
  bool headless = from->axes.count == 0 && from->guard == NO_SCALAR && from->kind == STATEMENT_MAP;
  write_head(with, from);
  text_append(with->out, headless ? "{\n" : " {\n");
  with->depth++;
  for (int k = 0; k < from->locals.count; k++) write_array(with, "local", from->locals.items[k]);
  for (int k = 0; k < from->body.count; k++) write_statement(with, from->body.items[k]);
  for (int k = 0; k < from->stores.count; k++) {
    write_indent(with);
    write_store(with, &from->stores.items[k]);
  }
  with->depth--;
  write_indent(with);
  text_append(with->out, "}\n");
}

static void write_statement(writer *with, const statement *from) {
  with->parts = reach_create(with->module->memory, with->module->dag);
  reach_from_statement(&with->parts, with->module, from);
  reach_sort(&with->parts);
  write_definitions(with);
  write_indent(with);
  if (from->kind == STATEMENT_KERNEL)
    write_kernel(with, from);
  else
    write_block(with, from);
}

static writer begin(const kernel_module *module, text *out) {
  writer with;
  memset(&with, 0, sizeof with);
  with.module = module;
  with.names = unique_names(module);
  with.out = out;
  return with;
}

void kernel_write_statement(const kernel_module *module, const statement *from, text *out) {
  writer with = begin(module, out);
  write_statement(&with, from);
}

void kernel_write(const kernel_program *program, text *out) {
  writer with = begin(program->module, out);
  text_format(out, "program %s\n", program->name);
  with.depth = 1;
  for (int k = 0; k < program->seeds.count; k++) write_array(&with, "seed", program->seeds.items[k]);
  for (int k = 0; k < program->results.count; k++) write_array(&with, "result", program->results.items[k]);
  for (int k = 0; k < program->locals.count; k++) write_array(&with, "local", program->locals.items[k]);
  for (int k = 0; k < program->body.count; k++) write_statement(&with, program->body.items[k]);
}
