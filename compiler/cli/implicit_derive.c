/* The derivatives that are asked for (see implicit.h). */
#include "compiler/cli/implicit.h"

#include <math.h>
#include <string.h>

static quantity var_quantity(const differentiating *in, int var) {
  quantity made = in->solve.inputs.inputs[in->solve.vector.vars.items[var].input].value;
  made.name = in->solve.model->inputs.items[in->solve.vector.vars.items[var].input].name;
  return made;
}

static quantity parameter_quantity(const differentiating *in, int number) {
  quantity made = in->solve.inputs.inputs[in->of.parameters.items[number].input].value;
  made.name = in->of.wrt.items[number];
  return made;
}

static void keep(differentiating *in, section section_of, quantity what) {
  result made = {section_of, what};
  in->shown.wanted[section_of] = true;
  list_push(in->solve.with->memory, &in->shown.list, made);
}

static exit_code answer(const differentiating *in, bool good) {
  const implicit_certificate *of = implicit_certificate_of(in->made);
  if (good) return EXIT_DONE;
  if (of->status == IMPLICIT_CALLBACK_FAILED) return (exit_code)of->callback;
  if (of->status != IMPLICIT_NO_MEMORY) return EXIT_NUMERICS;
  complain("not enough memory");
  return EXIT_INPUT;
}

/* One entry per var and param, in the shape of the first and then of the second. */
static exit_code keep_blocks(differentiating *in, const double *jacobian) {
  console *with = in->solve.with;
  for (int v = 0; v < in->solve.vector.vars.count; v++)
    for (int p = 0; p < in->of.parameters.count; p++) {
      if (!in->solve.vector.vars.items[v].active) continue;
      quantity of = var_quantity(in, v), by = parameter_quantity(in, p), made;
      const char *name = arena_format(with->memory, "%s,%s", of.name, by.name);
      if (!quantity_product(&with->reports, name, &of, &by, &made)) return EXIT_INPUT;
      for (int64_t row = 0; row < of.count; row++) {
        const double *from = jacobian + (in->solve.vector.vars.items[v].offset + row) * in->of.parameter_count +
                             in->of.parameters.items[p].offset;
        if (by.count) memcpy(made.entries + row * by.count, from, (size_t)by.count * sizeof *from);
      }
      keep(in, SECTION_JACOBIAN, made);
    }
  return EXIT_DONE;
}

static exit_code derive_jacobian(differentiating *in) {
  quantity room;
  int64_t shape[] = {in->solve.vector.size, in->of.parameter_count};
  if (!quantity_create(&in->solve.with->reports, "the Jacobian", 2, shape, &room)) return EXIT_INPUT;
  in->shown.wanted[SECTION_JACOBIAN] = true;
  exit_code code = answer(in, implicit_jacobian(in->made, room.entries));
  return code == EXIT_DONE ? keep_blocks(in, room.entries) : code;
}

/* Where a name stands among the params or the vars, -1 where it is none of them. */
static int find_parameter(const differentiating *in, const char *name) {
  for (int k = 0; k < in->of.wrt.count; k++)
    if (!strcmp(in->of.wrt.items[k], name)) return k;
  return -1;
}

static int find_active_var(const differentiating *in, const char *name) {
  for (int k = 0; k < in->solve.vector.vars.count; k++)
    if (in->solve.vector.vars.items[k].active && !strcmp(var_quantity(in, k).name, name)) return k;
  return -1;
}

static void complain_unknown(differentiating *in, bool forward, const char *option, const char *name) {
  console *with = in->solve.with;
  const char **known = arena_array(with->memory, const char *, in->solve.vector.vars.count + in->of.wrt.count + 1);
  int count = 0;
  for (int k = 0; k < in->of.wrt.count && forward; k++) known[count++] = in->of.wrt.items[k];
  for (int k = 0; k < in->solve.vector.vars.count && !forward; k++)
    if (in->solve.vector.vars.items[k].active) known[count++] = var_quantity(in, k).name;
  complain(forward ? "%s: '%s' is none of the params that derivatives are taken of (--wrt)%s"
                   : "%s: '%s' is no var that moves%s",
           option, name, console_suggest_or_list(with, name, known, count));
}

/* What --forward or --adjoint gives, as one vector. */
static bool read_direction(differentiating *in, bool forward, double *into) {
  const assignment_list *from = forward ? &in->solve.given->forward : &in->solve.given->adjoint;
  const char *option = forward ? "--forward" : "--adjoint";
  for (int k = 0; k < from->count; k++) {
    const char *name = from->items[k].name;
    int number = forward ? find_parameter(in, name) : find_active_var(in, name);
    quantity made;
    if (number < 0) {
      complain_unknown(in, forward, option, name);
      return false;
    }
    if (!bind_assignment(&in->solve.inputs, option, &from->items[k], &made)) return false;
    for (int64_t i = 0; i < made.count; i++) {
      if (isfinite(made.entries[i])) continue;
      complain("%s: '%s' has an entry that is nan or infinite", option, name);
      return false;
    }
    int64_t offset = forward ? in->of.parameters.items[number].offset : in->solve.vector.vars.items[number].offset;
    if (made.count) memcpy(into + offset, made.entries, (size_t)made.count * sizeof *into);
  }
  return true;
}

static exit_code derive_forward(differentiating *in) {
  arena *memory = in->solve.with->memory;
  double *direction = arena_array(memory, double, in->of.parameter_count + 1);
  double *dx = arena_array(memory, double, in->solve.vector.size + 1);
  if (!read_direction(in, true, direction)) return EXIT_INPUT;
  exit_code code = answer(in, implicit_forward(in->made, 1, direction, dx));
  for (int k = 0; k < in->solve.vector.vars.count && code == EXIT_DONE; k++) {
    quantity made = var_quantity(in, k);
    made.entries = dx + in->solve.vector.vars.items[k].offset;
    if (in->solve.vector.vars.items[k].active) keep(in, SECTION_FORWARD, made);
  }
  return code;
}

static exit_code derive_adjoint(differentiating *in) {
  arena *memory = in->solve.with->memory;
  double *weights = arena_array(memory, double, in->solve.vector.size + 1);
  double *bar = arena_array(memory, double, in->of.parameter_count + 1);
  if (!read_direction(in, false, weights)) return EXIT_INPUT;
  exit_code code = answer(in, implicit_adjoint(in->made, 1, weights, bar));
  for (int k = 0; k < in->of.parameters.count && code == EXIT_DONE; k++) {
    quantity made = parameter_quantity(in, k);
    made.entries = bar + in->of.parameters.items[k].offset;
    keep(in, SECTION_ADJOINT, made);
  }
  return code;
}

exit_code implicit_derive(differentiating *in) {
  const options *given = in->solve.given;
  in->shown.inputs = &in->solve.inputs;
  exit_code code = answer(in, implicit_has_derivatives(implicit_certificate_of(in->made)->status));
  if (code == EXIT_DONE && given->forward.count) code = derive_forward(in);
  if (code == EXIT_DONE && given->adjoint.count) code = derive_adjoint(in);
  if (code == EXIT_DONE && !given->forward.count && !given->adjoint.count) code = derive_jacobian(in);
  return code;
}
