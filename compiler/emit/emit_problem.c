/* The model as a problem for minimisers (see emit_problem.h): its vars laid end to end, what minimisers call, start
 * values, bounds and masks. The functions keep nothing: all is in the caller's MODEL_problem. */
#include "compiler/emit/emit_problem.h"

#include "compiler/emit/describe.h"
#include <string.h>

/* A line of text in which $ stands for the prefix and @ for that of macros. */
static void write_lines(const problem_names *of, const char *lines, text *out) {
  for (; *lines; lines++) {
    if (*lines == '$')
      text_append(out, of->shared->prefix);
    else if (*lines == '@')
      text_append(out, of->macro);
    else
      text_append_bytes(out, lines, 1);
  }
}

static const emitted_problem *problem_of(const problem_names *of) {
  return of->shared->what->problem;
}

static const input *var_at(const problem_names *of, int var) {
  return &of->shared->what->model->inputs.items[problem_of(of)->vars[var]];
}

static const char *member_of(const problem_names *of, int var) {
  return of->shared->input_members[problem_of(of)->vars[var]];
}

/* ---- declarations ---- */

static void write_type(const problem_names *of, text *out) {
  text_append(out, "/* ---- the model as a problem for minimisers ---- */\n\n/* The vector is: ");
  for (int k = 0; k < problem_of(of)->var_count; k++) {
    const input *var = var_at(of, k);
    const char *shape = describe_shape(out->memory, of->shared->module, var->rank, var->extents);
    c_comment(out, arena_format(out->memory, "%s%s%s", k ? ", " : "", var->name, shape), " * ");
  }
  write_lines(of,
              ". What a function returns is a status. */\n"
              "typedef struct $_problem {\n"
              "  $_dims dims;\n"
              "  $_inputs inputs; /* what is in the vector need not be set */\n"
              "  double *work; /* as many doubles as $_workspace says */\n"
              "  const unsigned char *mask; /* a byte for each entry of the vector, 0: frozen; NULL: none is */\n"
              "  const double *lower, *upper; /* bounds of each entry; NULL: there are none */\n"
              "} $_problem;\n\n"
              "/* How many entries the vector has; (size_t)-1 when that number is too large to exist. */\n"
              "@_FUNCTION size_t $_problem_size(const $_dims *dims);\n\n"
              "/* The inputs, with the vars where they are in x. */\n"
              "@_FUNCTION $_inputs $_problem_at(const $_problem *of, const double *x);\n\n"
              "/* Start values, where the model has some; other entries stay as they are. */\n"
              "@_FUNCTION int $_problem_start(const $_problem *of, double *x);\n\n"
              "/* The model's bounds, infinite where it has none. */\n"
              "@_FUNCTION int $_problem_bounds(const $_problem *of, double *lower, double *upper);\n\n"
              "/* 1 for each entry, 0 for those that the model freezes. */\n"
              "@_FUNCTION int $_problem_mask(const $_problem *of, unsigned char *mask);\n\n",
              out);
}

void write_problem_declarations(const problem_names *of, text *out) {
  const char *f = of->shared->what->model->maximize ? "-f, for f is to be largest" : "f";
  write_type(of, out);
  text_format(out, "/* %s, and its gradient, at x. No gradient is computed for vars of which nothing may move. */\n",
              f);
  write_lines(of,
              "@_FUNCTION int $_problem_value(void *problem, const double *x, double *f);\n"
              "@_FUNCTION int $_problem_gradient(void *problem, const double *x, double *f, double *gradient);\n\n"
              "/* The Hessian at x times v. */\n"
              "@_FUNCTION int $_problem_product(void *problem, const double *x, const double *v, double *hv);\n\n",
              out);
  if (!problem_of(of)->residual) return;
  text_append(out, "/* What is minimised is a factor times the sum of the squares of the output ");
  c_comment(out, problem_of(of)->residual, " * ");
  write_lines(
      of,
      ": how\n"
      " * many entries that has, the factor, the entries, and products of their Jacobian with v and of its transpose\n"
      " * with u. */\n"
      "@_FUNCTION size_t $_problem_residual_count(const $_dims *dims);\n"
      "@_FUNCTION double $_problem_residual_factor(const $_dims *dims);\n"
      "@_FUNCTION int $_problem_residual(void *problem, const double *x, double *residual);\n"
      "@_FUNCTION int $_problem_jvp(void *problem, const double *x, const double *v, double *jv);\n"
      "@_FUNCTION int $_problem_vjp(void *problem, const double *x, const double *u, double *ju);\n\n",
      out);
}

void write_problem_creation(const problem_names *of, text *out) {
  write_lines(of,
              "\n#if defined(ADJOIN_RUNTIME_H) && !defined(@_PROBLEM_CREATE)\n"
              "#define @_PROBLEM_CREATE\n"
              "/* For adjoin_problem_minimise, as long as `of` lives. */\n"
              "static inline adjoin_problem $_problem_create($_problem *of) {\n"
              "  adjoin_problem made = adjoin_problem_empty();\n"
              "  made.user = of;\n"
              "  made.size = $_problem_size(&of->dims);\n"
              "  made.value = $_problem_value;\n"
              "  made.gradient = $_problem_gradient;\n"
              "  made.product = $_problem_product;\n",
              out);
  if (problem_of(of)->residual)
    write_lines(of,
                "  made.residual_count = $_problem_residual_count(&of->dims);\n"
                "  made.residual_factor = $_problem_residual_factor(&of->dims);\n"
                "  made.residual = $_problem_residual;\n"
                "  made.jvp = $_problem_jvp;\n"
                "  made.vjp = $_problem_vjp;\n",
                out);
  write_lines(of,
              "  made.mask = of->mask;\n"
              "  made.lower = of->lower;\n"
              "  made.upper = of->upper;\n"
              "  return made;\n"
              "}\n"
              "#endif\n",
              out);
}

/* ---- sizes ---- */

/* A function of the dims alone, whose body `to` has written. */
static void write_of_dims(const problem_names *of, const char *signature, writer *to, text *out) {
  text extents = text_create(out->memory);
  write_extents(to, &extents);
  write_lines(of, signature, out);
  text_append(out, extents.length ? extents.data : "  (void)dims;\n");
  text_append_bytes(out, to->out->data, to->out->length);
  text_append(out, "}\n\n");
}

static scalar entries_of(const problem_names *of, int rank, const scalar *extents) {
  scalar_dag *dag = of->shared->module->dag;
  scalar made = scalar_whole(dag, 1);
  for (int k = 0; k < rank; k++) made = whole_multiply(dag, made, extents[k]);
  return made;
}

static scalar *sizes_of_vars(const problem_names *of) {
  scalar *made = arena_array(of->shared->memory, scalar, problem_of(of)->var_count + 1);
  for (int k = 0; k < problem_of(of)->var_count; k++)
    made[k] = entries_of(of, var_at(of, k)->rank, var_at(of, k)->extents);
  return made;
}

static writer begin(const problem_names *of, text *inside) {
  *inside = text_create(of->shared->memory);
  return writer_create(of->shared, 0, inside);
}

static void write_size(const problem_names *of, text *out) {
  text inside;
  writer to = begin(of, &inside);
  write_total(&to, sizes_of_vars(of), problem_of(of)->var_count);
  write_of_dims(of, "@_FUNCTION size_t $_problem_size(const $_dims *dims) {\n", &to, out);
}

/* Where each var begins in the vector, and where that ends. */
static void write_offsets(const problem_names *of, text *out) {
  text inside;
  writer to = begin(of, &inside);
  const char *places = c_names_claim(&to.names, "places");
  int count = problem_of(of)->var_count;
  body *sizes = plan_sizes(&to, sizes_of_vars(of), count);
  write_region(&to, sizes, 0);
  write_line(&to, "%s[0] = 0;", places);
  for (int k = 0; k < count; k++)
    write_around(&to, arena_format(to.memory, "%s[%d] = %s[%d] + ", places, k + 1, places, k), sizes,
                 sizes->stores[k].value, ";");
  write_of_dims(
      of,
      arena_format(to.memory, "static @_FUNCTION void $_problem_places(const $_dims *dims, ptrdiff_t *%s) {\n", places),
      &to, out);
}

static void write_residual_size(const problem_names *of, text *out) {
  const emitted_problem *problem = problem_of(of);
  const binding *residual = find_definition(of->shared->what->model, problem->residual);
  scalar count = entries_of(of, residual->value->rank, residual->value->extents);
  text inside;
  writer to = begin(of, &inside);
  write_total(&to, &count, 1);
  write_of_dims(of, "@_FUNCTION size_t $_problem_residual_count(const $_dims *dims) {\n", &to, out);
  int times = problem->times_count, all = times + problem->over_count;
  scalar *wholes = arena_array(of->shared->memory, scalar, all + 1);
  for (int k = 0; k < all; k++) wholes[k] = k < times ? problem->times[k] : problem->over[k - times];
  to = begin(of, &inside);
  body *factors = plan_sizes(&to, wholes, all);
  write_region(&to, factors, 0);
  write_indent(&to);
  text_append(&inside, "return ");
  c_real(&inside, problem->factor, false);
  for (int k = 0; k < all; k++) {
    text_append(&inside, k < times ? " * (double)" : " / (double)");
    write_expression(&to, factors, factors->stores[k].value, PRECEDENCE_PRIMARY);
  }
  text_append(&inside, ";\n");
  write_of_dims(of, "@_FUNCTION double $_problem_residual_factor(const $_dims *dims) {\n", &to, out);
}

/* ---- masks ---- */

static bool is_frozen(const problem_names *of, int number, int var) {
  return of->shared->what->model->freezes.items[number].input == problem_of(of)->vars[var];
}

static void write_axes(writer *to, const char *name, const body *sizes, int first, int rank) {
  write_indent(to);
  text_format(to->out, "const ptrdiff_t %s[%d] = {", name, rank);
  for (int k = 0; k < rank; k++) {
    if (k) text_append(to->out, ", ");
    write_expression(to, sizes, sizes->stores[first + k].value, PRECEDENCE_CHOICE);
  }
  text_append(to->out, "};\n");
}

/* The entries that one `freeze` names: on each axis, from a first one on, so many. */
static void write_freeze(const problem_names *of, int number, text *out) {
  const freeze *from = &of->shared->what->model->freezes.items[number];
  const input *var = &of->shared->what->model->inputs.items[from->input];
  scalar *sizes = arena_array(of->shared->memory, scalar, 3 * var->rank + 1);
  for (int k = 0; k < var->rank; k++) {
    const selector *each = &from->selectors[k];
    bool slice = each->kind == SELECT_SLICE;
    sizes[k] = var->extents[k];
    sizes[var->rank + k] = slice ? each->start : each->index->value;
    sizes[2 * var->rank + k] = slice ? each->extent : scalar_whole(of->shared->module->dag, 1);
  }
  text inside;
  writer to = begin(of, &inside);
  const char *mask = c_names_claim(&to.names, "mask"), *extent = c_names_claim(&to.names, "extent");
  const char *first = c_names_claim(&to.names, "first"), *count = c_names_claim(&to.names, "count");
  body *plan = plan_sizes(&to, sizes, 3 * var->rank);
  write_region(&to, plan, 0);
  write_axes(&to, extent, plan, 0, var->rank);
  write_axes(&to, first, plan, var->rank, var->rank);
  write_axes(&to, count, plan, 2 * var->rank, var->rank);
  write_line(&to, "return %s_problem_freeze(%d, %s, %s, %s, %s);", of->shared->prefix, var->rank, extent, first, count,
             mask);
  write_of_dims(of,
                arena_format(to.memory,
                             "static @_FUNCTION int $_problem_freeze_%d(const $_dims *dims, unsigned char *%s) {\n",
                             number, mask),
                &to, out);
}

static bool freezes_any(const problem_names *of) {
  for (int k = 0; k < problem_of(of)->var_count; k++)
    for (int n = 0; n < of->shared->what->model->freezes.count; n++)
      if (is_frozen(of, n, k)) return true;
  return false;
}

static int freeze_status(const problem_names *of, int number) {
  return of->shared->module->checks.count + number + 1;
}

static void write_mask(const problem_names *of, text *out) {
  int freezes = of->shared->what->model->freezes.count;
  if (freezes_any(of))
    write_lines(of,
                "static @_FUNCTION int $_problem_freeze(int rank, const ptrdiff_t *extent, const ptrdiff_t *first,\n"
                "    const ptrdiff_t *count, unsigned char *mask) {\n"
                "  ptrdiff_t entries = 1;\n"
                "  for (int k = 0; k < rank; k++) {\n"
                "    if (first[k] < 0 || count[k] < 0 || first[k] > extent[k] - count[k]) return 0;\n"
                "    entries *= extent[k];\n"
                "  }\n"
                "  for (ptrdiff_t entry = 0; entry < entries; entry++) {\n"
                "    ptrdiff_t rest = entry;\n"
                "    int inside = 1;\n"
                "    for (int k = rank - 1; k >= 0; k--) {\n"
                "      const ptrdiff_t place = rest % extent[k] - first[k];\n"
                "      inside = inside && 0 <= place && place < count[k];\n"
                "      rest /= extent[k];\n"
                "    }\n"
                "    if (inside) mask[entry] = 0;\n"
                "  }\n"
                "  return 1;\n"
                "}\n\n",
                out);
  for (int n = 0; n < freezes; n++)
    for (int k = 0; k < problem_of(of)->var_count; k++)
      if (is_frozen(of, n, k)) write_freeze(of, n, out);
  write_lines(of,
              "@_FUNCTION int $_problem_mask(const $_problem *of, unsigned char *mask) {\n"
              "  ptrdiff_t places[@_PROBLEM_VARS + 1];\n"
              "  $_problem_places(&of->dims, places);\n"
              "  for (ptrdiff_t k = 0; k < places[@_PROBLEM_VARS]; k++) mask[k] = 1;\n",
              out);
  for (int n = 0; n < freezes; n++)
    for (int k = 0; k < problem_of(of)->var_count; k++)
      if (is_frozen(of, n, k))
        write_lines(of,
                    arena_format(out->memory, "  if (!$_problem_freeze_%d(&of->dims, mask + places[%d])) return %d;\n",
                                 n, k, freeze_status(of, n)),
                    out);
  text_append(out, "  return 0;\n}\n\n");
}

void write_problem_statuses(const problem_names *of, text *out) {
  const tensor_program *model = of->shared->what->model;
  for (int n = 0; n < model->freezes.count; n++) {
    const freeze *from = &model->freezes.items[n];
    text_format(out, "  case %d: return ", freeze_status(of, n));
    c_string(out,
             arena_format(out->memory, "%s:%d: what is frozen of '%s' is out of range", describe_file(model->from),
                          source_position(model->from, from->where.begin).line, model->inputs.items[from->input].name));
    text_append(out, ";\n");
  }
}

/* ---- what minimisers call ---- */

/* The place of a var's part in a vector. */
static const char *part_of(arena *memory, const char *vector, int var) {
  return arena_format(memory, "%s + places[%d]", vector, var);
}

/* The same, or NULL where nothing of the var may move. */
static const char *moving_part_of(arena *memory, const char *vector, int var) {
  return arena_format(memory, "$_problem_moves(of, places, %d) ? %s + places[%d] : 0", var, vector, var);
}

static void write_at(const problem_names *of, text *out) {
  write_lines(of,
              "@_FUNCTION $_inputs $_problem_at(const $_problem *of, const double *x) {\n"
              "  $_inputs inputs = of->inputs;\n"
              "  ptrdiff_t places[@_PROBLEM_VARS + 1];\n"
              "  $_problem_places(&of->dims, places);\n",
              out);
  for (int k = 0; k < problem_of(of)->var_count; k++)
    text_format(out, "  inputs.%s = x + places[%d];\n", member_of(of, k), k);
  write_lines(of,
              "  return inputs;\n}\n\n"
              "/* May anything of a var move? */\n"
              "static @_FUNCTION int $_problem_moves(const $_problem *of, const ptrdiff_t *places, int var) {\n"
              "  if (!of->mask) return 1;\n"
              "  for (ptrdiff_t k = places[var]; k < places[var + 1]; k++)\n"
              "    if (of->mask[k]) return 1;\n"
              "  return 0;\n"
              "}\n\n",
              out);
}

/* The beginning of a function that calls one of the model's. */
static void write_beginning(const problem_names *of, const char *name, const char *arguments, bool places, text *out) {
  write_lines(of,
              arena_format(out->memory,
                           "@_FUNCTION int $_problem_%s(void *problem, const double *x, %s) {\n"
                           "  const $_problem *of = (const $_problem *)problem;\n"
                           "  const $_inputs inputs = $_problem_at(of, x);\n",
                           name, arguments),
              out);
  if (places)
    write_lines(of,
                "  ptrdiff_t places[@_PROBLEM_VARS + 1];\n"
                "  $_problem_places(&of->dims, places);\n",
                out);
}

/* What a function takes between the inputs and the workspace: arguments, the parts of a vector, parts of another. */
typedef struct {
  const char *first, *seeds, *results, *last;
} call_arguments;

/* const int status = MODEL_function(dims, inputs, .., work); */
static void write_call(const problem_names *of, int which, call_arguments given, text *out) {
  arena *memory = out->memory;
  text call = text_create(memory);
  text_format(&call, "  const int status = %s(&of->dims, &inputs",
              of->function_names[problem_of(of)->functions[which]]);
  if (given.first) text_format(&call, ", %s", given.first);
  for (int k = 0; given.seeds && k < problem_of(of)->var_count; k++)
    text_format(&call, ",\n      %s", part_of(memory, given.seeds, k));
  for (int k = 0; given.results && k < problem_of(of)->var_count; k++)
    text_format(&call, ",\n      %s", moving_part_of(memory, given.results, k));
  if (given.last) text_format(&call, ", %s", given.last);
  text_append(&call, ", of->work);\n");
  write_lines(of, call.data, out);
}

/* Of what is to be largest, the negative is minimised. */
static void write_turned(const problem_names *of, const char *f, const char *vector, text *out) {
  if (!of->shared->what->model->maximize) return;
  text_append(out, "  if (status) return status;\n");
  if (f) text_format(out, "  *%s = -*%s;\n", f, f);
  if (!vector) return;
  write_lines(of,
              arena_format(out->memory,
                           "  for (int var = 0; var < @_PROBLEM_VARS; var++) {\n"
                           "    if (!$_problem_moves(of, places, var)) continue;\n"
                           "    for (ptrdiff_t k = places[var]; k < places[var + 1]; k++) %s[k] = -%s[k];\n"
                           "  }\n",
                           vector, vector),
              out);
}

static void write_gradient_members(const problem_names *of, text *out) {
  const emitter *shared = of->shared;
  write_lines(of, "  $_gradient out;\n", out);
  for (int m = 0; m < shared->gradient.count; m++) {
    const char *where = "0";
    for (int k = 0; k < problem_of(of)->var_count; k++)
      if (!strcmp(var_at(of, k)->name, shared->gradient.items[m].name))
        where = moving_part_of(out->memory, "gradient", k);
    write_lines(of, arena_format(out->memory, "  out.%s = %s;\n", shared->gradient.items[m].member, where), out);
  }
}

/* Statuses of searches inside the model that failed. */
static void write_no_value(const problem_names *of, text *out) {
  const kernel_module *module = of->shared->module;
  if (!of->shared->used_search) return;
  write_lines(of,
              "static @_FUNCTION int $_problem_has_no_value(int status) {\n"
              "  switch (status) {\n",
              out);
  for (int k = 0; k < module->checks.count; k++)
    if (module->checks.items[k].code == CODE_SEARCH_FAILED) text_format(out, "  case %d:\n", k + 1);
  text_append(out, "    return 1;\n  default: return 0;\n  }\n}\n\n");
}

/* Minimisers back off from where the model has no value. */
static void write_back_off(const problem_names *of, text *out) {
  if (!of->shared->used_search) return;
  write_lines(of,
              "  if ($_problem_has_no_value(status)) {\n"
              "    *f = HUGE_VAL;\n"
              "    return 0;\n"
              "  }\n",
              out);
}

static void write_objective(const problem_names *of, text *out) {
  write_no_value(of, out);
  write_beginning(of, "value", "double *f", false, out);
  write_call(of, KERNEL_VALUE, (call_arguments){.first = "f"}, out);
  write_back_off(of, out);
  write_turned(of, "f", NULL, out);
  text_append(out, "  return status;\n}\n\n");
  write_beginning(of, "gradient", "double *f, double *gradient", true, out);
  write_gradient_members(of, out);
  write_call(of, KERNEL_GRADIENT, (call_arguments){.first = "f, &out"}, out);
  write_back_off(of, out);
  write_turned(of, "f", "gradient", out);
  text_append(out, "  return status;\n}\n\n");
  write_beginning(of, "product", "const double *v, double *hv", true, out);
  write_call(of, KERNEL_PRODUCT, (call_arguments){.seeds = "v", .results = "hv"}, out);
  write_turned(of, NULL, "hv", out);
  text_append(out, "  return status;\n}\n\n");
}

static void write_residuals(const problem_names *of, text *out) {
  write_residual_size(of, out);
  write_beginning(of, "residual", "double *residual", false, out);
  write_call(of, KERNEL_RESIDUAL, (call_arguments){.last = "residual"}, out);
  text_append(out, "  return status;\n}\n\n");
  write_beginning(of, "jvp", "const double *v, double *jv", true, out);
  write_call(of, KERNEL_JVP, (call_arguments){.seeds = "v", .last = "jv"}, out);
  text_append(out, "  return status;\n}\n\n");
  write_beginning(of, "vjp", "const double *u, double *ju", true, out);
  write_call(of, KERNEL_VJP, (call_arguments){.first = "u", .results = "ju"}, out);
  text_append(out, "  return status;\n}\n\n");
}

/* ---- start values and bounds ---- */

/* status = MODEL_start(dims, inputs, x + .., work), with the parts of the vars that declare such a value. */
static void write_declared(const problem_names *of, int which, const char *vector, text *out) {
  int function = problem_of(of)->values[which];
  if (function < 0) return;
  text_format(out, "  status = %s(&of->dims, &of->inputs", of->function_names[function]);
  for (int k = 0; k < problem_of(of)->var_count; k++)
    if (problem_value(var_at(of, k), which)) text_format(out, ", %s", part_of(out->memory, vector, k));
  text_append(out, ", of->work);\n  if (status) return status;\n");
}

static void write_declared_values(const problem_names *of, text *out) {
  static const char places[] = "  ptrdiff_t places[@_PROBLEM_VARS + 1];\n"
                               "  int status = 0;\n"
                               "  $_problem_places(&of->dims, places);\n";
  write_lines(of, "@_FUNCTION int $_problem_start(const $_problem *of, double *x) {\n", out);
  if (problem_of(of)->values[PROBLEM_START] < 0)
    text_append(out, "  int status = 0;\n  (void)of;\n  (void)x;\n");
  else
    write_lines(of, places, out);
  write_declared(of, PROBLEM_START, "x", out);
  text_append(out, "  return status;\n}\n\n");
  write_lines(of, "@_FUNCTION int $_problem_bounds(const $_problem *of, double *lower, double *upper) {\n", out);
  write_lines(of, places, out);
  write_lines(of,
              "  for (ptrdiff_t k = 0; k < places[@_PROBLEM_VARS]; k++) {\n"
              "    lower[k] = -HUGE_VAL;\n"
              "    upper[k] = HUGE_VAL;\n"
              "  }\n",
              out);
  write_declared(of, PROBLEM_LOWER, "lower", out);
  write_declared(of, PROBLEM_UPPER, "upper", out);
  text_append(out, "  return status;\n}\n\n");
}

void write_problem_definitions(const problem_names *of, text *out) {
  write_lines(of, arena_format(out->memory, "#define @_PROBLEM_VARS %d\n\n", problem_of(of)->var_count), out);
  write_size(of, out);
  write_offsets(of, out);
  write_at(of, out);
  write_declared_values(of, out);
  write_mask(of, out);
  write_objective(of, out);
  if (problem_of(of)->residual) write_residuals(of, out);
}
