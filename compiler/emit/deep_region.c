/* Choices within choices, deeper than C promises to let blocks nest, without any nesting: with labels and jumps.
 *
 *     if (!(condition)) goto otherwise_t7;
 *     t8 = ...; t7 = t8 + 1.0;
 *     goto end_t7;
 *   otherwise_t7:
 *     t7 = 0.0;
 *   end_t7:;
 *
 * Requires, ensures: as write_region. C++ lets no jump pass an initialisation: the variables are declared before. */
#include "compiler/emit/writer.h"

/* A region that is being written: its next part, or -1. */
typedef struct {
  int region, next;
} frame;

typedef struct {
  writer *to;
  body *in;
  LIST(frame) stack;
  text declared[3]; /* by type: the variables */
} deep_writer;

static void open_region(deep_writer *with, int number) {
  list_push(with->to->memory, &with->stack, (frame){number, with->in->regions.items[number].first});
}

/* A line for every variable keeps lines short. */
static void declare_variable(deep_writer *with, part *of, const char *variable) {
  text *list = &with->declared[of->type];
  of->variable = variable;
  if (list->length) text_append(list, ",\n      ");
  text_append(list, of->variable);
}

static void write_label(deep_writer *with, const char *stem, const char *variable) {
  write_all(with->to, stem, variable, ":;\n", NULL);
}

/* Writes what stands before the first arm of a choice. */
static void begin_choice(deep_writer *with, int number) {
  part *of = &with->in->parts.items[number];
  const char *variable = new_variable(with->to);
  if (of->op == SCALAR_SELECT) {
    write_indent(with->to);
    text_append(with->to->out, "if (!");
    write_expression(with->to, with->in, of->arguments[0], PRECEDENCE_PRIMARY);
    write_all(with->to, ") goto otherwise_", variable, ";\n", NULL);
  } else {
    write_set(with->to, "", variable, with->in, of->arguments[0]);
    write_line(with->to, "if (%s%s) goto end_%s;", of->op == OP_and ? "!" : "", variable, variable);
  }
  declare_variable(with, of, variable);
  open_region(with, of->arms[1]);
}

/* Writes what stands behind an arm whose parts have been written. */
static void end_arm(deep_writer *with, const region *arm) {
  const part *of = &with->in->parts.items[arm->chooser];
  bool first_of_two = of->op == SCALAR_SELECT && !arm->opposite;
  write_set(with->to, "", of->variable, with->in, of->arguments[of->op == SCALAR_SELECT && arm->opposite ? 2 : 1]);
  if (first_of_two) {
    write_line(with->to, "goto end_%s;", of->variable);
    write_label(with, "otherwise_", of->variable);
    open_region(with, of->arms[2]);
  } else {
    write_label(with, "end_", of->variable);
  }
}

static void write_part(deep_writer *with, int number) {
  part *of = &with->in->parts.items[number];
  if (of->branches) {
    begin_choice(with, number);
    return;
  }
  const char *variable = new_variable(with->to);
  write_set(with->to, "", variable, with->in, number);
  declare_variable(with, of, variable);
}

static void write_frames(deep_writer *with) {
  while (with->stack.count > 0) {
    frame *top = &with->stack.items[with->stack.count - 1];
    if (top->next >= 0) {
      int number = top->next;
      top->next = with->in->parts.items[number].next;
      write_part(with, number);
    } else {
      region done = with->in->regions.items[top->region];
      with->stack.count--;
      if (done.kind == REGION_ARM) end_arm(with, &done);
    }
  }
}

void write_deep_region(writer *to, body *in, int number) {
  deep_writer with = {.to = to, .in = in};
  text *out = to->out;
  text statements = text_create(to->memory);
  for (int k = 0; k < 3; k++) with.declared[k] = text_create(to->memory);
  to->out = &statements;
  open_region(&with, number);
  write_frames(&with);
  to->out = out;
  for (int k = 0; k < 3; k++)
    if (with.declared[k].length) write_line(to, "%s %s;", c_type(to->for_all, (scalar_type)k), with.declared[k].data);
  text_append_bytes(out, statements.data, statements.length);
}
