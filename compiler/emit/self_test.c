/* The tables and functions of one model's self-test, between the two templates (see self_test.h).
 *
 * Sizes are worked out here, for a few choices of the free extents, so that the test has only arrays of fixed size. */
#include "compiler/emit/self_test.h"
#include "compiler/emit/self_test_inside.h"
#include "compiler/scalar/scalar_helpers.h"
#include <string.h>

/* Free extents count up from these: a model may subscript further than the first allow. */
static const int extent_starts[EXTENT_CHOICES] = {3, 6, 12, 24};
enum { GUARD = 8 };

/* In reals; what is larger is no test to run after every build. */
static const double largest_pool = 1 << 26;

/* ---- quantities ---- */

static int quantity_named(self_test *in, const char *name, bool is_input, const array *like) {
  for (int k = 0; k < in->quantities.count; k++)
    if (in->quantities.items[k].is_input == is_input && !strcmp(in->quantities.items[k].name, name)) return k;
  quantity made = {name, is_input, like->rank, like->extents, NO_SCALAR};
  list_push(in->memory, &in->quantities, made);
  return in->quantities.count - 1;
}

static bool is_input(const self_test *in, const char *name) {
  for (int k = 0; k < in->what->model->inputs.count; k++)
    if (!strcmp(in->what->model->inputs.items[k].name, name)) return true;
  return false;
}

/* The quantities that a function's seeds or results belong to: those named, after the objective where it gives it. */
static int *quantities_of(self_test *in, const int *arrays, int count, const char *const *names, bool after_objective,
                          bool inputs) {
  int *made = arena_array(in->memory, int, count + 1);
  const array *all = in->what->module->arrays.items;
  for (int k = 0; k < count; k++) {
    bool objective = after_objective && k == 0;
    const char *name = objective ? in->what->model->objective.name : names[k - after_objective];
    made[k] = quantity_named(in, name, !objective && inputs && is_input(in, name), &all[arrays[k]]);
    if (objective) in->objective = made[k];
  }
  return made;
}

/* What there is something to compare with. */
static const bool is_tested[REQUEST_UPPER + 1] = {[REQUEST_VALUE] = true,
                                                  [REQUEST_GRADIENT] = true,
                                                  [REQUEST_PRODUCT] = true,
                                                  [REQUEST_JVP] = true,
                                                  [REQUEST_VJP] = true};

static void find_quantities(self_test *in) {
  const tensor_program *model = in->what->model;
  for (int k = 0; k < model->inputs.count; k++) {
    const input *of = &model->inputs.items[k];
    quantity made = {of->name, true, of->rank, of->extents, of->role == ROLE_INDEX ? of->bound : NO_SCALAR};
    list_push(in->memory, &in->quantities, made);
  }
  in->seeds = arena_array(in->memory, int *, in->what->function_count + 1);
  in->results = arena_array(in->memory, int *, in->what->function_count + 1);
  for (int k = 0; k < in->what->function_count; k++) {
    const request *wanted = &in->what->functions[k].wanted;
    const kernel_program *program = program_of(in, k);
    if (wanted->block || !is_tested[wanted->kind]) continue;
    list_push(in->memory, &in->functions, k);
    bool first = wanted->kind == REQUEST_GRADIENT || (wanted->kind == REQUEST_VALUE && model->objective.value);
    bool of_outputs = wanted->kind == REQUEST_VALUE || wanted->kind == REQUEST_JVP;
    in->seeds[k] = quantities_of(in, program->seeds.items, program->seeds.count, wanted->along, false,
                                 wanted->kind != REQUEST_VJP);
    in->results[k] =
        quantities_of(in, program->results.items, program->results.count, wanted->read, first, !of_outputs);
  }
}

/* ---- sizes ---- */

/* Entries at the extents of an attempt; negative when there is no such number. */
static double size_at(const self_test *in, const quantity *of, const int64_t *extents) {
  double size = 1;
  for (int k = 0; k < of->rank; k++) {
    int64_t extent;
    if (!whole_evaluate(in->what->module->dag, of->extents[k], extents, &extent) || extent < 0) return -1;
    size *= (double)extent;
  }
  return size;
}

static double limit_at(const self_test *in, const quantity *of, const int64_t *extents) {
  int64_t limit;
  if (of->limit == NO_SCALAR) return -1;
  return whole_evaluate(in->what->module->dag, of->limit, extents, &limit) && limit > 0 ? (double)limit : 0;
}

/* The workspace of all functions of an emitter; negative when it has no size. */
static double work_at(const self_test *in, emitter *of, const int64_t *extents) {
  double most = 0;
  for (int f = 0; f < of->what->function_count; f++) {
    const memory_plan *plan = memory_of(of, f);
    double sum = 0;
    for (int k = 0; k < plan->slot_count; k++) {
      int64_t size;
      if (!whole_evaluate(in->what->module->dag, plan->slot_size[k], extents, &size)) return -1;
      sum += (double)size;
    }
    if (sum > most) most = sum;
  }
  return most;
}

/* Can this choice of extents be tried? Then the pools grow to what it needs. */
static bool accommodate(self_test *in, const int64_t *extents) {
  double pool = 0, wholes = 1, result_size = GUARD;
  for (int q = 0; q < in->quantities.count; q++) {
    double size = size_at(in, &in->quantities.items[q], extents);
    if (size < 0) return false;
    pool += 4 * size;
    if (in->quantities.items[q].limit != NO_SCALAR) wholes += size;
  }
  for (int k = 0; k < in->functions.count; k++) {
    int f = in->functions.items[k];
    double sum = GUARD;
    for (int r = 0; r < program_of(in, f)->results.count; r++)
      sum += GUARD + size_at(in, &in->quantities.items[in->results[f][r]], extents);
    if (sum > result_size) result_size = sum;
  }
  double work = work_at(in, (emitter *)in->shared, extents), bounds = work_at(in, in->bounds, extents);
  pool += 2 * result_size + (work > bounds ? work : bounds) + 2 * GUARD;
  if (work < 0 || bounds < 0 || !(pool + wholes <= largest_pool)) return false;
  if (pool > in->pool) in->pool = pool;
  if (wholes > in->wholes) in->wholes = wholes;
  if (result_size > in->result_size) in->result_size = result_size;
  return true;
}

static void find_attempts(self_test *in) {
  const emitter *shared = in->shared;
  int ids = 0;
  for (int k = 0; k < shared->extents.count; k++)
    if (shared->extents.items[k].id >= ids) ids = shared->extents.items[k].id + 1;
  for (int start = 0; start < (shared->model_extent_count ? EXTENT_CHOICES : 1); start++) {
    int64_t *extents = arena_array(in->memory, int64_t, ids + 1);
    for (int k = 0; k < shared->model_extent_count; k++)
      if (shared->extents.items[k].id != BATCH_EXTENT) extents[shared->extents.items[k].id] = extent_starts[start] + k;
    if (accommodate(in, extents)) in->extents[in->attempt_count++] = extents;
  }
}

/* ---- text ---- */

/* A template, with the prefixes and the type put in. */
static void write_template(const self_test *in, const char *const *lines) {
  for (; *lines; lines++)
    for (const char *c = *lines; *c;) {
      size_t plain = strcspn(c, "$@R");
      text_append_bytes(in->out, c, plain);
      c += plain;
      if (*c == '$')
        text_append(in->out, in->own);
      else if (*c == '@')
        text_format(in->out, "%s_", in->shared->prefix);
      else if (!strncmp(c, "REAL", 4))
        text_append(in->out, in->shared->real);
      else if (*c)
        text_append_bytes(in->out, c, 1);
      c += !strncmp(c, "REAL", 4) ? 4 : *c != '\0';
    }
}

static const char *const declarations[] = {
#include "compiler/emit/self_test_declarations.inc"
    NULL};
static const char *const program[] = {
#include "compiler/emit/self_test_program.inc"
    NULL};

static int most(const self_test *in, bool results) {
  int found = 0;
  for (int k = 0; k < in->functions.count; k++) {
    const kernel_program *of = program_of(in, in->functions.items[k]);
    int count = results ? of->results.count : of->seeds.count;
    if (count > found) found = count;
  }
  return found;
}

/* Numbers that depend on the precision. */
static const struct {
  const char *name, *in_double, *in_single, *meaning;
} tolerances[] = {
    {"epsilon", "2.2204460492503131e-16", "1.1920929e-7", "of the real type"},
    {"rounding", "1e-9", "1e-3", "the tolerance for what is equal but for rounding"},
    {"difference", "1e-7", "2e-3", "that of differences, beside their own estimate of their error"},
    {"useless", "1e-3", "1e-1", "above this tolerance a comparison with differences says nothing"},
    {"zero_part", "1e-9", "1e-3", "slopes below this part of what they are slopes of count as 0"},
    {"wide_step", "1e-4", "1e-1", "for the slopes on the two sides of the point"},
};

static void write_constants(const self_test *in) {
  const char *own = in->own;
  bool single = in->shared->single;
  text_format(in->out, "enum {\n  %sinput_count = %d,\n  %squantity_count = %d,\n  %sfunction_count = %d,\n", own,
              in->what->model->inputs.count, own, in->quantities.count, own, in->functions.count);
  text_format(in->out, "  %smost_seeds = %d,\n  %smost_results = %d,\n  %sattempt_count = %d,\n", own,
              most(in, false) + 1, own, most(in, true) + 1, own, in->attempt_count);
  text_format(in->out, "  %sobjective = %d,\n  %sresult_size = %.0f,\n  %sfirst_steps = %d\n};\n", own, in->objective,
              own, in->result_size, own, single ? 2 : 5);
  for (size_t k = 0; k < sizeof tolerances / sizeof *tolerances; k++)
    text_format(in->out, "static const double %s%s = %s; /* %s */\n", own, tolerances[k].name,
                single ? tolerances[k].in_single : tolerances[k].in_double, tolerances[k].meaning);
  text_format(in->out, "static const double %sfirst_step[] = {1e-1, 1e-2, 1e-3, 1e-4, 1e-5};\n\n", own);
}

static void write_row(const self_test *in, const int *numbers, int count) {
  text_append(in->out, "  {");
  for (int k = 0; k < count; k++) text_format(in->out, "%d, ", numbers[k]);
  text_append(in->out, "0},\n");
}

/* A table with one row for each function: the quantities of its seeds or its results. */
static void write_quantity_table(const self_test *in, const char *name, bool results) {
  text_format(in->out, "static const int %s%s_count[] = {", in->own, name);
  for (int k = 0; k < in->functions.count; k++) {
    const kernel_program *of = program_of(in, in->functions.items[k]);
    text_format(in->out, "%d, ", results ? of->results.count : of->seeds.count);
  }
  text_format(in->out, "0};\nstatic const int %s%s[][%smost_%ss] = {\n", in->own, name, in->own, name);
  for (int k = 0; k < in->functions.count; k++) {
    int f = in->functions.items[k];
    const kernel_program *of = program_of(in, f);
    write_row(in, results ? in->results[f] : in->seeds[f], results ? of->results.count : of->seeds.count);
  }
  text_append(in->out, "  {0}};\n");
}

static void write_sizes(const self_test *in, const char *type, const char *name, bool limits) {
  text_format(in->out, "static const %s %s%s[%sattempt_count][%squantity_count + 1] = {\n", type, in->own, name,
              in->own, in->own);
  for (int a = 0; a < in->attempt_count; a++) {
    text_append(in->out, "  {");
    for (int q = 0; q < in->quantities.count; q++) {
      const quantity *of = &in->quantities.items[q];
      text_format(in->out, "%.0f, ", limits ? limit_at(in, of, in->extents[a]) : size_at(in, of, in->extents[a]));
    }
    text_append(in->out, "0},\n");
  }
  text_append(in->out, "};\n");
}

static long long extent_value(const self_test *in, int attempt, int id) {
  return id == BATCH_EXTENT ? 1 : in->extents[attempt][id];
}

static void write_extent_texts(const self_test *in) {
  const emitter *shared = in->shared;
  text_format(in->out, "static const char *const %sextent_texts[%sattempt_count] = {\n", in->own, in->own);
  for (int a = 0; a < in->attempt_count; a++) {
    text line = text_create(in->memory);
    for (int k = 0; k < shared->model_extent_count; k++)
      text_format(&line, "%s%s = %lld", k ? ", " : ": ", shared->extents.items[k].member,
                  extent_value(in, a, shared->extents.items[k].id));
    text_append(in->out, "  ");
    c_string(in->out, line.data);
    text_append(in->out, ",\n");
  }
  text_append(in->out, "};\n");
}

static void write_function_tables(const self_test *in) {
  text_format(in->out, "static const char *const %snames[] = {", in->own);
  for (int k = 0; k < in->functions.count; k++) text_format(in->out, "\"%s\", ", in->names[in->functions.items[k]]);
  text_format(in->out, "\"\"};\nstatic const int %sgives_value[] = {", in->own);
  for (int k = 0; k < in->functions.count; k++) {
    int f = in->functions.items[k];
    bool gives = in->objective >= 0 && program_of(in, f)->results.count && in->results[f][0] == in->objective;
    text_format(in->out, "%d, ", gives);
  }
  text_append(in->out, "0};\n");
  write_quantity_table(in, "seed", false);
  write_quantity_table(in, "result", true);
}

/* ---- the functions of one model ---- */

static void write_bind(const self_test *in) {
  const emitter *shared = in->shared;
  text_format(in->out, "static %s_dims %sdims;\nstatic %s_inputs %sinputs;\n\nstatic void %sbind(int attempt) {\n",
              shared->prefix, in->own, shared->prefix, in->own, in->own);
  if (shared->model_extent_count) {
    text_format(in->out, "  static const ptrdiff_t extents[%sattempt_count][%d] = {", in->own,
                shared->model_extent_count);
    for (int a = 0; a < in->attempt_count; a++) {
      text_append(in->out, a ? ", {" : "{");
      for (int k = 0; k < shared->model_extent_count; k++)
        text_format(in->out, "%s%lld", k ? ", " : "", extent_value(in, a, shared->extents.items[k].id));
      text_append(in->out, "}");
    }
    text_append(in->out, "};\n");
  }
  for (int k = 0; k < shared->model_extent_count; k++)
    text_format(in->out, "  %sdims.%s = extents[attempt][%d];\n", in->own, shared->extents.items[k].member, k);
  if (!shared->model_extent_count) text_append(in->out, "  (void)attempt;\n");
  if (!shared->extents.count) text_format(in->out, "  %sdims.none = 0;\n", in->own);
  for (int k = 0; k < in->what->model->inputs.count; k++)
    text_format(in->out, "  %sinputs.%s = %s%s[%d];\n", in->own, shared->input_members[k], in->own,
                in->quantities.items[k].limit != NO_SCALAR ? "wholes" : "point", k);
  if (!in->what->model->inputs.count) text_format(in->out, "  %sinputs.none = 0;\n", in->own);
  text_append(in->out, "}\n\n");
}

static void write_one_call(const self_test *in, int tested) {
  int f = in->functions.items[tested];
  const kernel_program *of = program_of(in, f);
  const emitter *shared = in->shared;
  bool gradient = in->writers[f].gradient != NULL;
  text_format(in->out, "  case %d:\n", tested);
  if (gradient) {
    for (int m = 0; m < shared->gradient.count; m++) {
      int place = -1;
      for (int r = 1; r < of->results.count; r++)
        if (!strcmp(in->what->module->arrays.items[of->results.items[r]].name, shared->gradient.items[m].name))
          place = r;
      text_format(in->out, "    gradient.%s = ", shared->gradient.items[m].member);
      text_append(in->out, place < 0 ? "NULL;\n" : arena_format(in->memory, "results[%d];\n", place));
    }
  }
  text_format(in->out, "    return %s(&%sdims, &%sinputs", in->names[f], in->own, in->own);
  for (int k = 0; k < of->seeds.count; k++) text_format(in->out, ", seeds[%d]", k);
  for (int k = 0; k < of->results.count && (k == 0 || !gradient); k++) text_format(in->out, ", results[%d]", k);
  text_format(in->out, "%s, work);\n", gradient ? ", &gradient" : "");
}

static void write_call(const self_test *in) {
  text_format(in->out,
              "static int %scall(int function, const %sreal *const *seeds, %sreal *const *results, %sreal *work) {\n",
              in->own, in->own, in->own, in->own);
  bool gradient = false;
  for (int k = 0; k < in->functions.count; k++) gradient |= in->writers[in->functions.items[k]].gradient != NULL;
  if (gradient) text_format(in->out, "  %s_gradient gradient;\n", in->shared->prefix);
  text_append(in->out, "  (void)seeds, (void)results;\n  switch (function) {\n");
  for (int k = 0; k < in->functions.count; k++) write_one_call(in, k);
  text_append(in->out, "  default: return -1;\n  }\n}\n\n");
}

/* May a bound be evaluated when its input is drawn? All index data is there by then, and the inputs before it. */
static bool is_ready(const self_test *in, const kernel_program *of, int number) {
  const tensor_program *model = in->what->model;
  bool *loaded = arena_array(in->memory, bool, of->module->arrays.count + 1), ready = true;
  for (int k = 0; k < of->body.count; k++) kernel_uses(of->module, of->body.items[k], loaded, NULL);
  for (int k = number; k < model->inputs.count; k++)
    ready = ready && !(loaded[k] && model->inputs.items[k].role != ROLE_INDEX);
  return ready;
}

/* One start value or bound as a function; false when it can't be had when its input is drawn. */
static bool write_bound(const self_test *in, int k, int input_number, text *out) {
  text inside = text_create(in->memory);
  writer to = writer_create(in->bounds, k, &inside);
  if (!is_ready(in, to.program, input_number)) return false;
  to.pieces = out;
  write_function_body(&to);
  text_format(out, "static int %sbound_%d(const %s_dims *%s, const %s_inputs *%s, %s *%s, %s *%s) {\n  %s_EXACT\n",
              in->own, k, in->shared->prefix, to.dims, in->shared->prefix, to.inputs, in->shared->real,
              to.result_parameters[0], in->shared->real, to.work, in->macro);
  text_append_bytes(out, inside.data, inside.length);
  text_append(out, "\n");
  return true;
}

/* Start values and bounds are functions of this test alone, with helpers and macros of its own. */
static void write_bounds(const self_test *in) {
  text functions = text_create(in->memory), cases = text_create(in->memory);
  for (int k = 0; k < in->what->bound_count; k++) {
    const request *wanted = &in->what->bounds[k].wanted;
    int number = 0;
    while (strcmp(in->what->model->inputs.items[number].name, wanted->read[0])) number++;
    if (write_bound(in, k, number, &functions))
      text_format(&cases, "  case %d: return !%sbound_%d(&%sdims, &%sinputs, into, %swork);\n",
                  3 * number + (int)(wanted->kind - REQUEST_START), in->own, k, in->own, in->own, in->own);
  }
  helper_style style = {"static inline", in->own, "ptrdiff_t", "size_t", in->shared->single};
  scalar_helpers_write(in->bounds->used_ops, &style, in->out);
  const char *macro = c_macro(in->memory, in->bounds->prefix);
  if (in->bounds->in_pieces)
    text_format(in->out, "#define %s_APART\n#define %s_FUNCTION\n#define %s_EXACT %s_EXACT\n\n", macro, macro, macro,
                in->macro);
  text_append_bytes(in->out, functions.data, functions.length);
  text_format(in->out,
              "/* An input's start value (0), lower (1) or upper bound (2); false where it has none. */\n"
              "static int %sbound(int which, int quantity, %sreal *into) {\n  switch (3 * quantity + which) {\n%s"
              "  default: (void)into; return 0;\n  }\n}\n\n",
              in->own, in->own, cases.data);
}

static void write_state(const self_test *in) {
  const char *own = in->own;
  text_format(in->out,
              "static %sreal %spool[%.0f];\nstatic int64_t %swhole_pool[%.0f];\n"
              "static %sreal *%sstart[%d], *%spoint[%d], *%sdirection[2][%d], *%sout[%smost_results];\n"
              "static %sreal *%sresults, *%ssaved, *%swork;\n"
              "static int64_t *%swholes[%d];\nstatic const size_t *%scount;\nstatic const int64_t *%slimit;\n",
              own, own, in->pool, own, in->wholes, own, own, in->quantities.count + 1, own, in->quantities.count + 1,
              own, in->quantities.count + 1, own, own, own, own, own, own, own, in->quantities.count + 1, own, own);
}

/* The functions that tell start values and bounds are written as if they were a model's of their own, called `own`. */
static emitter *bounds_emitter(const emission *what, const char *own) {
  emission *made = arena_new(what->module->memory, emission);
  *made = *what;
  made->functions = what->bounds;
  made->function_count = what->bound_count;
  made->prefix = own;
  made->lines = false;
  emitter *writes = emitter_create(made, false);
  writes->function_names = c_names_create(what->module->memory);
  return writes;
}

static void write_parts(self_test *in) {
  write_constants(in);
  write_template(in, declarations);
  write_function_tables(in);
  write_sizes(in, "size_t", "counts", false);
  write_sizes(in, "int64_t", "limits", true);
  write_extent_texts(in);
  write_checks(in);
  write_state(in);
  write_bind(in);
  write_bounds(in);
  write_call(in);
  write_template(in, program);
}

void write_self_test(const emitter *shared, const char *macro, const char *const *function_names, const writer *writers,
                     text *out) {
  self_test in = {.shared = shared,
                  .what = shared->what,
                  .memory = shared->memory,
                  .out = out,
                  .macro = macro,
                  .names = function_names,
                  .writers = writers,
                  .objective = -1};
  in.bounds = bounds_emitter(in.what, arena_format(in.memory, "%s_test", shared->prefix));
  in.own = arena_format(in.memory, "%s_", in.bounds->prefix);
  find_quantities(&in);
  find_attempts(&in);
  text_format(out, "\n#ifdef %s_SELF_TEST\n", macro);
  if (!in.attempt_count)
    text_append(out, "#error \"no small extents fit this model: fix them (adjoin emit --dim NAME=NUMBER)\"\n");
  else {
    text_append(out,
                "/* A program that checks the functions above against each other, at a point that is drawn the same on "
                "every run. */\n#include <float.h>\n#include <stdio.h>\n#include <string.h>\n\n");
    write_parts(&in);
  }
  text_append(out, "#endif\n");
}
