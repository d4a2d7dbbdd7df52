/* Implicit statements as C: a loop that a search of runtime/search.h drives, and the text of those functions.
 *
 * Requires: a program whose searches know their residual and product (kernel/implicit.h). Ensures: the loop's body is
 * that of the statement, with what is wanted as its index; a search that fails is a status. */
#include "compiler/emit/writer.h"

#include "compiler/kernel/implicit.h"
#include "runtime/search.h"
#include "runtime/search_float.h"
#include <string.h>

static const char *const search_lines[] = {
#include "compiler/emit/search.inc"
};

static const char *search_name(const emitter *of) {
  return of->single ? "adjoin_search_float" : "adjoin_search";
}

/* For another type of real numbers, names differ too: both may be in one file. */
static const struct {
  const char *from, *to;
} in_single[] = {{"adjoin_search", "adjoin_search_float"},
                 {"ADJOIN_SEARCH", "ADJOIN_SEARCH_FLOAT"},
                 {"double", "float"},
                 {"DBL_", "FLT_"}};

static void write_single(const char *line, text *out) {
  while (*line) {
    size_t taken = 0;
    for (size_t k = 0; !taken && k < sizeof in_single / sizeof *in_single; k++) {
      if (strncmp(line, in_single[k].from, strlen(in_single[k].from))) continue;
      text_append(out, in_single[k].to);
      taken = strlen(in_single[k].from);
    }
    if (!taken) text_append_bytes(out, line, taken = 1);
    line += taken;
  }
}

const char *emit_solvers_name(bool real_float) {
  return real_float ? "adjoin_search_float.h" : "adjoin_search.h";
}

void emit_solvers(bool real_float, text *out) {
  for (size_t k = 0; k < sizeof search_lines / sizeof *search_lines; k++)
    if (real_float)
      write_single(search_lines[k], out);
    else
      text_append(out, search_lines[k]);
}

/* The JIT's host has the functions. */
static void write_search_prototypes(const emitter *from, text *out) {
  const char *name = search_name(from), *real = from->real;
  size_t size = from->single ? sizeof(adjoin_search_float) : sizeof(adjoin_search);
  text_format(out,
              "typedef struct { double room[%zu]; } %s;\n"
              "void %s_begin(%s *, int, ptrdiff_t, %s *, const %s *, const %s *, %s *, const %s *, %s *);\n"
              "int %s_next(%s *);\nint %s_failure(const %s *);\n",
              (size + sizeof(double) - 1) / sizeof(double), name, name, name, real, real, real, real, real, real, name,
              name, name, name);
}

void write_search_functions(const emitter *from, text *out) {
  if (!from->used_search) return;
  if (from->for_jit) {
    write_search_prototypes(from, out);
  } else if (from->what->solvers_apart) {
    text_format(out, "#include \"%s\"\n\n", emit_solvers_name(from->single));
  } else {
    emit_solvers(from->single, out);
    text_append(out, "\n");
  }
}

/* How many unknowns there are, as an expression. */
static void write_count(writer *to, int unknown) {
  const array *of = &to->module->arrays.items[unknown];
  scalar count = scalar_whole(to->module->dag, 1);
  for (int k = 0; k < of->rank; k++) count = whole_multiply(to->module->dag, count, of->extents[k]);
  body *sizes = plan_sizes(to, &count, 1);
  write_expression(to, sizes, sizes->stores[0].value, PRECEDENCE_PRIMARY);
}

static void write_begin(writer *to, const statement *of, const char *search) {
  const kernel_module *module = to->module;
  int objective = implicit_source(module, of, SEARCH_OBJECTIVE);
  const char *unknown = array_name(to, implicit_array(of, SEARCH_UNKNOWN), true);
  const char *residual = array_name(to, implicit_source(module, of, SEARCH_UNKNOWN), false);
  const char *value = objective < 0 ? "0" : array_name(to, objective, false);
  const char *direction = array_name(to, implicit_array(of, SEARCH_DIRECTION), true);
  const char *product = array_name(to, implicit_source(module, of, SEARCH_DIRECTION), false);
  const char *work = array_name(to, implicit_array(of, SEARCH_WORK), true);
  write_line(to, "%s %s;", search_name(to->for_all), search);
  write_indent(to);
  text_format(to->out, "%s_begin(&%s, %d, ", search_name(to->for_all), search, implicit_kind(of));
  write_count(to, implicit_array(of, SEARCH_UNKNOWN));
  text_format(to->out, ", %s, %s, %s, %s, %s, %s);\n", unknown, residual, value, direction, product, work);
}

/* The status, and where it came from: which iterations of the loops around. */
static void write_failure(writer *to, const statement *of, const char *search) {
  const char *name = search_name(to->for_all);
  int loops = to->around.loops.count < ITERATION_ROOM ? to->around.loops.count : ITERATION_ROOM - 1;
  note_use(to, USE_WORK, 0, false);
  write_line(to, "if (%s_failure(&%s)) {", name, search);
  to->indent++;
  write_line(to, "%s[0] = %d;", to->work, loops);
  for (int k = 0; k < loops; k++) {
    int index = to->around.loops.items[k].index;
    note_use(to, USE_INDEX, index, false);
    write_line(to, "%s[%d] = (%s)%s;", to->work, k + 1, to->for_all->real, to->index_names.items[index]);
  }
  write_line(to, "return %d + %s_failure(&%s);", of->stores.items[SEARCH_UNKNOWN].check - 1, name, search);
  to->indent--;
  write_line(to, "}");
}

void write_search(writer *to, const statement *of) {
  const char *name = search_name(to->for_all);
  to->for_all->used_search = true;
  int opened = c_names_open(&to->names);
  write_line(to, "{");
  to->indent++;
  const char *search = c_names_claim(&to->names, "search");
  write_begin(to, of, search);
  int index = of->axes.items[0].index;
  const char *wanted = name_index(to, index);
  write_line(to, "for (ptrdiff_t %s; (%s = %s_next(&%s)) >= 0;) {", wanted, wanted, name, search);
  to->indent++;
  whole_range around = {index, of->axes.items[0].lower, of->axes.items[0].upper};
  list_push(to->memory, &to->around.loops, around);
  write_statements(to, &of->body, of->locals.items, of->locals.count);
  to->around.loops.count--;
  to->indent--;
  write_line(to, "}");
  write_failure(to, of, search);
  to->indent--;
  write_line(to, "}");
  c_names_close(&to->names, opened);
}
