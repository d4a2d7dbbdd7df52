/* Statements as C: loops, guards, declarations of what is computed in each block, stores.
 *
 * Requires: a program that kernel_verify accepts, with names for its extents and for all arrays that live in memory.
 * Ensures: each block declares its variables before their uses; C variables of a scope are declared in its block.
 * Recursion is over the nesting of statements, and over that of arms, which body.c bounds. */
#include "compiler/emit/writer.h"

#include <stdarg.h>
#include <string.h>

void write_indent(writer *to) {
  static const char spaces[] = "                                                                ";
  size_t wanted = 2 * (size_t)to->indent, most = sizeof spaces - 1;
  for (; wanted > most; wanted -= most) text_append_bytes(to->out, spaces, most);
  text_append_bytes(to->out, spaces, wanted);
}

void write_line(writer *to, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_indent(to);
  text_append(to->out, arena_format_list(to->memory, format, arguments));
  text_append(to->out, "\n");
  va_end(arguments);
}

void write_all(writer *to, ...) {
  va_list pieces;
  va_start(pieces, to);
  for (const char *piece; (piece = va_arg(pieces, const char *));) text_append(to->out, piece);
  va_end(pieces);
}

static void open_block(writer *to, const char *head) {
  write_line(to, "%s {", head);
  to->indent++;
}

static void close_block(writer *to) {
  to->indent--;
  write_indent(to);
  text_append(to->out, "}\n");
}

/* Text around a part's expression, as one line. */
void write_around(writer *to, const char *before, const body *in, int number, const char *after) {
  write_indent(to);
  text_append(to->out, before);
  write_expression(to, in, number, PRECEDENCE_ANY);
  text_append(to->out, after);
  text_append(to->out, "\n");
}

void write_set(writer *to, const char *type, const char *variable, const body *in, int number) {
  write_indent(to);
  write_all(to, type, *type ? " " : "", variable, " = ", NULL);
  write_expression(to, in, number, PRECEDENCE_ANY);
  text_append(to->out, ";\n");
}

const char *new_variable(writer *to) {
  char name[16];
  size_t at;
  do {
    at = sizeof name - 1;
    name[at] = '\0';
    for (int rest = ++to->variable_count; rest > 0; rest /= 10) name[--at] = (char)('0' + rest % 10);
    name[--at] = 't';
  } while (c_names_has(&to->for_all->not_temporary, name + at));
  return arena_copy(to->memory, name + at, sizeof name - 1 - at);
}

/* variable = the argument that is computed in an arm. */
static void write_arm(writer *to, body *in, int arm, int argument, const char *variable) {
  to->indent++;
  write_region(to, in, arm);
  write_set(to, "", variable, in, argument);
  to->indent--;
}

/* A choice whose arms have variables of their own. `a and b` is b where a holds, and a where not. */
static void write_branches(writer *to, body *in, int number) {
  part of = in->parts.items[number];
  const char *variable = new_variable(to);
  const char *type = c_type(to->for_all, of.type);
  if (of.op == SCALAR_SELECT) {
    write_line(to, "%s %s;", type, variable);
    write_around(to, "if (", in, of.arguments[0], ") {");
    write_arm(to, in, of.arms[1], of.arguments[1], variable);
    write_line(to, "} else {");
    write_arm(to, in, of.arms[2], of.arguments[2], variable);
  } else {
    write_set(to, type, variable, in, of.arguments[0]);
    write_line(to, of.op == OP_and ? "if (%s) {" : "if (!%s) {", variable);
    write_arm(to, in, of.arms[1], of.arguments[1], variable);
  }
  write_line(to, "}");
  in->parts.items[number].variable = variable;
}

static void write_declaration(writer *to, body *in, int number) {
  part *of = &in->parts.items[number];
  if (of->branches) {
    write_branches(to, in, number);
    return;
  }
  const char *variable = new_variable(to);
  write_indent(to);
  write_all(to, "const ", c_type(to->for_all, of->type), " ", variable, " = ", NULL);
  write_expression(to, in, number, PRECEDENCE_ANY);
  text_append(to->out, ";\n");
  of->variable = variable;
}

void write_region(writer *to, body *in, int number) {
  if (in->deep)
    write_deep_region(to, in, number);
  else
    for (int k = in->regions.items[number].first; k >= 0; k = in->parts.items[k].next) write_declaration(to, in, k);
}

/* The running totals of the loops that stand in a level's block, read before and written after those loops. */
static void read_totals(writer *to, body *in, const char **totals, int level) {
  for (int k = 0; k < in->of->stores.count; k++) {
    if (in->stores[k].total != level) continue;
    totals[k] = c_names_claim(&to->names, "sum");
    write_indent(to);
    text_format(to->out, "%s %s = ", to->for_all->real, totals[k]);
    write_entry(to, in, in->of->stores.items[k].array, in->stores[k].place, false);
    text_append(to->out, ";\n");
  }
}

static void write_totals(writer *to, body *in, const char **totals, int level) {
  for (int k = 0; k < in->of->stores.count; k++) {
    if (in->stores[k].total != level) continue;
    write_indent(to);
    write_entry(to, in, in->of->stores.items[k].array, in->stores[k].place, true);
    text_format(to->out, " = %s;\n", totals[k]);
  }
}

/* The value in the type that the array has in memory, or that its C variable has. */
static void write_value(writer *to, const body *in, const store *item, int value) {
  const array *into = &to->module->arrays.items[item->array];
  bool cast = in->parts.items[value].type != SCALAR_REAL && !is_variable(into);
  if (cast) text_format(to->out, "(%s)", to->for_all->real);
  write_expression(to, in, value, cast ? PRECEDENCE_PRIMARY : PRECEDENCE_ANY);
}

static void write_assignment(writer *to, const body *in, const store *item, int place, const char *how, int value) {
  write_indent(to);
  if (to->declared_by_store[item->array]) {
    write_all(to, c_type(to->for_all, to->module->arrays.items[item->array].type), " ", NULL);
    to->declared_by_store[item->array] = false;
  }
  write_entry(to, in, item->array, place, true);
  write_all(to, " ", how, " ", NULL);
  write_value(to, in, item, value);
  text_append(to->out, ";\n");
}

/* An expression as text of its own. */
static const char *expression_text(writer *to, const body *in, int number, int precedence) {
  text made = text_create(to->memory);
  text *out = to->out;
  to->out = &made;
  write_expression(to, in, number, precedence);
  to->out = out;
  return made.data;
}

/* nan wins, and once there it stays: no comparison with it holds. */
static void write_maximum(writer *to, const body *in, const store *item, const planned_store *planned) {
  const char *value = expression_text(to, in, planned->value, PRECEDENCE_PRIMARY);
  write_indent(to);
  text_format(to->out, "if (%s > ", value);
  write_entry(to, in, item->array, planned->place, true);
  text_format(to->out, " || %s != %s) ", value, value);
  write_entry(to, in, item->array, planned->place, true);
  text_format(to->out, " = %s;\n", value);
}

/* The best value so far and where it was found; the first of equals stays, and so does the first nan. */
typedef struct {
  const char *best, *where;
} extreme;

static bool is_extreme(const statement *of) {
  store_kind kind = of->stores.count == 1 ? of->stores.items[0].kind : STORE_ASSIGN;
  return kind == STORE_ARGMAX || kind == STORE_ARGMIN;
}

static extreme open_extreme(writer *to) {
  extreme made = {c_names_claim(&to->names, "best"), c_names_claim(&to->names, "where")};
  write_line(to, "%s %s = 0;", to->for_all->real, made.best);
  write_line(to, "ptrdiff_t %s = -1;", made.where);
  return made;
}

static void write_extreme(writer *to, const body *in, extreme so_far) {
  const planned_store *planned = &in->stores[0];
  const char *better = in->of->stores.items[0].kind == STORE_ARGMAX ? ">" : "<";
  const char *value = expression_text(to, in, planned->value, PRECEDENCE_PRIMARY);
  write_line(to, "if (%s < 0 || %s %s %s || (%s != %s && %s == %s)) {", so_far.where, value, better, so_far.best, value,
             value, so_far.best, so_far.best);
  to->indent++;
  write_line(to, "%s = %s;", so_far.best, value);
  write_around(to, arena_format(to->memory, "%s = ", so_far.where), in, planned->position, ";");
  close_block(to);
}

static void close_extreme(writer *to, const body *in, extreme found) {
  const store *item = &in->of->stores.items[0];
  const array *into = &to->module->arrays.items[item->array];
  write_line(to, "if (%s < 0) return %d;", found.where, item->check);
  write_indent(to);
  write_entry(to, in, item->array, in->stores[0].place, true);
  text_format(to->out, " = %s%s;\n", is_variable(into) ? "" : arena_format(to->memory, "(%s)", to->for_all->real),
              found.where);
}

static void write_check(writer *to, const body *in, const store *item, int value) {
  write_indent(to);
  text_append(to->out, "if (!");
  write_expression(to, in, value, PRECEDENCE_PRIMARY);
  text_format(to->out, ") return %d;\n", item->check);
}

static void open_store(writer *to, const body *in, const planned_store *planned, int number) {
  write_indent(to);
  text_append(to->out, "if (");
  if (planned->tested) text_append(to->out, array_name(to, number, true));
  if (planned->tested && planned->guard >= 0) text_append(to->out, " && ");
  if (planned->guard >= 0)
    write_expression(to, in, planned->guard, planned->tested ? PRECEDENCE_EQUAL : PRECEDENCE_ANY);
  text_append(to->out, ") {\n");
  to->indent++;
}

static void write_store(writer *to, body *in, int number, const char *total, extreme so_far) {
  const store *item = &in->of->stores.items[number];
  const planned_store *planned = &in->stores[number];
  bool branch = in->regions.items[planned->region].kind == REGION_STORE;
  if (branch) {
    open_store(to, in, planned, item->array);
    write_region(to, in, planned->region);
  }
  if (total)
    write_around(to, arena_format(to->memory, "%s += ", total), in, planned->value, ";");
  else if (item->kind == STORE_CHECK)
    write_check(to, in, item, planned->value);
  else if (item->kind == STORE_MAXIMUM)
    write_maximum(to, in, item, planned);
  else if (item->kind == STORE_ARGMAX || item->kind == STORE_ARGMIN)
    write_extreme(to, in, so_far);
  else
    write_assignment(to, in, item, planned->place, item->kind == STORE_ADD ? "+=" : "=", planned->value);
  if (branch) close_block(to);
}

const char *name_index(writer *to, int index) {
  while (to->index_names.count <= index) {
    list_push(to->memory, &to->index_names, NULL);
    list_push(to->memory, &to->index_home, NULL);
  }
  const char *wanted = scalar_index_name(to->module->dag, index);
  if (c_like_temporary(wanted)) wanted = arena_format(to->memory, "%s_", wanted);
  to->index_home.items[index] = to->inside;
  return to->index_names.items[index] = c_names_claim(&to->names, wanted);
}

/* The loop over an axis; its index has a name for as long as the loop is open. */
static void open_loop(writer *to, const body *in, int level) {
  const axis *over = &in->of->axes.items[level - 1];
  int lower = in->lower[level - 1], upper = in->upper[level - 1];
  const char *name = name_index(to, over->index);
  write_indent(to);
  write_all(to, "for (ptrdiff_t ", name, " = ", NULL);
  write_expression(to, in, in->of->descending ? upper : lower, PRECEDENCE_ANY);
  write_all(to, "; ", name, in->of->descending ? "-- > " : " < ", NULL);
  write_expression(to, in, in->of->descending ? lower : upper, PRECEDENCE_SUM);
  if (in->of->descending)
    text_append(to->out, ";) {\n");
  else
    write_all(to, "; ", name, "++) {\n", NULL);
  to->indent++;
}

static void open_guard(writer *to, body *in) {
  write_around(to, "if (", in, in->guard, ") {");
  to->indent++;
  write_region(to, in, in->guard_region);
}

static void write_inside(writer *to, body *in, const char **totals, extreme so_far) {
  const statement *of = in->of;
  if (of->kind == STATEMENT_KERNEL) {
    for (int k = 0; k < of->stores.count; k++) write_store(to, in, k, totals[k], so_far);
    return;
  }
  for (int k = 0; k < of->axes.count; k++) {
    whole_range around = {of->axes.items[k].index, of->axes.items[k].lower, of->axes.items[k].upper};
    list_push(to->memory, &to->around.loops, around);
  }
  write_statements(to, &of->body, of->locals.items, of->locals.count);
  to->around.loops.count -= of->axes.count;
}

static void write_trunk(writer *to, body *in) {
  int depth = in->of->axes.count;
  int guard_level = in->guard >= 0 ? in->parts.items[in->guard].level : -1;
  const char **totals = arena_array(to->memory, const char *, in->of->stores.count);
  extreme so_far = {NULL, NULL};
  int opened = 0;
  for (int level = 0; level <= depth; level++) {
    if (level == 1) opened = c_names_open(&to->names);
    if (level > 0) open_loop(to, in, level);
    write_region(to, in, in->loop_region[level]);
    if (level == 0 && is_extreme(in->of)) so_far = open_extreme(to);
    if (level == guard_level) open_guard(to, in);
    read_totals(to, in, totals, level);
  }
  write_inside(to, in, totals, so_far);
  for (int level = depth; level >= 0; level--) {
    write_totals(to, in, totals, level);
    if (level == guard_level) close_block(to);
    if (level > 0) close_block(to);
  }
  if (depth > 0) c_names_close(&to->names, opened);
  if (is_extreme(in->of)) close_extreme(to, in, so_far);
}

enum { LONGEST_ORIGIN = 90 };

/* The line of the model that a statement comes from, once for the statements that follow from it. */
static void write_origin(writer *to, span where) {
  if (to->for_all->for_jit || where.end == 0) return;
  int line = source_position(to->module->from, where.begin).line;
  if (line == to->comment_line) return;
  to->comment_line = line;
  if (to->for_all->what->lines) text_format(to->out, "#line %d\n", line); /* a mark: see lines.h */
  int length;
  const char *start = source_line(to->module->from, line, &length);
  while (length > 0 && (*start == ' ' || *start == '\t')) start++, length--;
  bool cut = length > LONGEST_ORIGIN;
  if (cut) length = LONGEST_ORIGIN;
  while (cut && length > 0 && ((unsigned char)start[length] & 0xc0) == 0x80) length--; /* not inside a character */
  write_indent(to);
  text_append(to->out, "/* ");
  c_comment(to->out, arena_copy(to->memory, start, (size_t)length), "");
  text_append(to->out, cut ? "... */\n" : " */\n");
}

void write_statement(writer *to, const statement *of) {
  write_origin(to, of->where);
  if (of->kind == STATEMENT_IMPLICIT) {
    write_search(to, of);
    return;
  }
  body *in = body_plan(&to->around, of);
  if (in->absent_result >= 0)
    open_block(to, arena_format(to->memory, "if (%s)", array_name(to, in->absent_result, true)));
  write_trunk(to, in);
  if (in->absent_result >= 0) close_block(to);
}

/* Is the kernel a plain assignment to C variables? Then it may declare them. */
static bool is_plain(const statement *of) {
  bool plain = of->kind == STATEMENT_KERNEL && of->axes.count == 0 && of->guard == NO_SCALAR;
  for (int k = 0; k < of->stores.count; k++)
    plain = plain && of->stores.items[k].kind == STORE_ASSIGN && of->stores.items[k].guard == NO_SCALAR;
  return plain;
}

/* Finds the first store to each C variable of a scope: an assignment in a plain statement of the scope itself
 * declares it. */
static void find_first_stores(writer *to, const statement *in, int scope, bool direct) {
  bool declares = direct && is_plain(in);
  for (int k = 0; k < in->stores.count; k++) {
    int number = in->stores.items[k].array;
    if (number < 0 || to->scope_of[number] != scope || to->stored[number]) continue;
    to->stored[number] = true;
    to->declared_by_store[number] = declares;
  }
  for (int k = 0; k < in->body.count; k++) find_first_stores(to, in->body.items[k], scope, false);
}

int name_locals(writer *to, const int *locals, int local_count) {
  int scope = ++to->scope_count;
  for (int k = 0; k < local_count; k++) {
    const array *local = &to->module->arrays.items[locals[k]];
    if (!is_variable(local)) continue;
    to->scope_of[locals[k]] = scope;
    to->array_names[locals[k]] = c_names_claim(&to->names, local->name);
  }
  return scope;
}

/* Those that a plain statement assigns first are declared by it, the others here. */
static void declare_locals(writer *to, const statement_list *list, const int *locals, int local_count) {
  int scope = name_locals(to, locals, local_count);
  for (int k = 0; k < list->count; k++) find_first_stores(to, list->items[k], scope, true);
  for (int k = 0; k < local_count; k++) {
    const array *local = &to->module->arrays.items[locals[k]];
    if (is_variable(local) && to->stored[locals[k]] && !to->declared_by_store[locals[k]])
      write_line(to, "%s %s = 0;", c_type(to->for_all, local->type), to->array_names[locals[k]]);
  }
}

void write_statements(writer *to, const statement_list *list, const int *locals, int local_count) {
  if (is_long(to, list)) {
    write_pieces(to, list, locals, local_count);
    return;
  }
  int opened = c_names_open(&to->names);
  if (local_count > 0) declare_locals(to, list, locals, local_count);
  for (int k = 0; k < list->count; k++) write_statement(to, list->items[k]);
  for (int k = 0; k < local_count; k++) /* compilers warn of variables that nothing reads */
    if (to->stored[locals[k]] && !to->array_loaded[locals[k]]) write_line(to, "(void)%s;", to->array_names[locals[k]]);
  c_names_close(&to->names, opened);
}
