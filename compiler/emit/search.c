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

/* The status, and where it came from: which iterations of the loops around. A search around takes it as a point where
 * there is nothing to be had; then it goes elsewhere, or ends with that status itself. */
static void write_failure(writer *to, const statement *of, const char *search, const char *broken) {
  const char *name = search_name(to->for_all);
  const char *status = arena_format(to->memory, "%s%s%s%d + %s_failure(&%s)", broken ? broken : "", broken ? " ? " : "",
                                    broken ? arena_format(to->memory, "%s : ", broken) : "",
                                    of->stores.items[SEARCH_UNKNOWN].check - 1, name, search);
  if (to->broken) {
    const char *into = to->broken_in == to->inside ? arena_format(to->memory, "%s =", to->broken) : "return";
    write_line(to, "if (%s_failure(&%s)) %s %s;", name, search, into, status);
    return;
  }
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
  write_line(to, "return %s;", status);
  to->indent--;
  write_line(to, "}");
}

void write_search_check(writer *to, const char *status) {
  const kernel_module *module = to->module;
  if (to->broken && to->broken_in == to->inside) {
    text range = text_create(to->memory);
    for (int k = 0, first = 0; k < module->checks.count; k++) {
      bool is = module->checks.items[k].code == CODE_SEARCH_FAILED;
      bool next = k + 1 < module->checks.count && module->checks.items[k + 1].code == CODE_SEARCH_FAILED;
      if (is && (k == 0 || module->checks.items[k - 1].code != CODE_SEARCH_FAILED)) first = k + 1;
      if (is && !next)
        text_format(&range, "%s(%s >= %d && %s <= %d)", range.length ? " || " : "", status, first, status, k + 1);
    }
    write_line(to, "if (%s) {", range.data);
    write_line(to, "  %s = %s;", to->broken, status);
    write_line(to, "} else if (%s) {", status);
    write_line(to, "  return %s;", status);
    write_line(to, "}");
    return;
  }
  write_line(to, "if (%s) return %s;", status, status);
}

/* The loop's body; where a search in it fails, neither residual nor product are finite. */
static void write_body(writer *to, const statement *of, const char *broken) {
  if (broken) write_line(to, "%s = 0;", broken);
  write_statements(to, &of->body, of->locals.items, of->locals.count);
  if (!broken) return;
  const char *residual = array_name(to, implicit_source(to->module, of, SEARCH_UNKNOWN), true);
  const char *product = array_name(to, implicit_source(to->module, of, SEARCH_DIRECTION), true);
  to->for_all->used_infinity = true;
  write_line(to, "if (%s) %s[0] = %s[0] = %sINFINITY;", broken, residual, product,
             to->for_all->single ? "" : "(double)");
}

void write_search(writer *to, const statement *of) {
  const char *name = search_name(to->for_all), *around = to->broken;
  const function_piece *around_in = to->broken_in;
  to->for_all->used_search = true;
  int opened = c_names_open(&to->names);
  write_line(to, "{");
  to->indent++;
  const char *search = c_names_claim(&to->names, "search");
  const char *broken = find_search(&of->body) ? c_names_claim(&to->names, "broken") : NULL;
  write_begin(to, of, search);
  if (broken) write_line(to, "int %s = 0;", broken);
  int index = of->axes.items[0].index;
  const char *wanted = name_index(to, index);
  write_line(to, "for (ptrdiff_t %s; (%s = %s_next(&%s)) >= 0;) {", wanted, wanted, name, search);
  to->indent++;
  whole_range range = {index, of->axes.items[0].lower, of->axes.items[0].upper};
  list_push(to->memory, &to->around.loops, range);
  to->broken = broken;
  to->broken_in = to->inside;
  write_body(to, of, broken);
  to->broken = around;
  to->broken_in = around_in;
  to->around.loops.count--;
  to->indent--;
  write_line(to, "}");
  write_failure(to, of, search, broken);
  to->indent--;
  write_line(to, "}");
  c_names_close(&to->names, opened);
}
