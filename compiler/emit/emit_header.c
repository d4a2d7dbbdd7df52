/* All functions of an emission for other people's projects: valid C99, C++17 and CUDA.
 *
 * Declarations come first. Definitions follow in the same header, where MODEL_IMPLEMENTATION is defined, or stand in a
 * source file that includes it. Requires: programs that kernel_verify accepts. Ensures: no global variable, no memory
 * of its own, no identifier without the prefix. */
#include "compiler/emit/describe.h"
#include "compiler/emit/emit_problem.h"
#include "compiler/emit/lines.h"
#include "compiler/emit/self_test.h"
#include "compiler/kernel/implicit.h"

#include "compiler/scalar/scalar_helpers.h"
#include <string.h>

enum { EMITTED_ABI = 1 };

typedef struct {
  emitter *shared;
  const emission *what;
  arena *memory;
  text *out;
  const char *prefix, *macro;
  const char **function_names; /* with the prefix */
  const char **size_names;     /* of the functions that tell the size of one's workspace */
  writer *writers;             /* by function */
} header;

/* The identifiers that begin with the prefix. */
static const char *const own_names[] = {
    "dims", "inputs", "gradient", "workspace", "status", "problem",
#define HELPER(name, ...) #name,
#include "compiler/scalar/scalar_helpers.def"
#undef HELPER
};

static void name_functions(header *in) {
  c_names *names = &in->shared->function_names;
  *names = c_names_create(in->memory);
  for (size_t k = 0; k < sizeof own_names / sizeof *own_names; k++) c_names_claim(names, own_names[k]);
  in->function_names = arena_array(in->memory, const char *, in->what->function_count);
  in->size_names = arena_array(in->memory, const char *, in->what->function_count);
  for (int k = 0; k < in->what->function_count; k++) {
    const char *name = c_names_claim(names, in->what->functions[k].name);
    in->function_names[k] = arena_format(in->memory, "%s_%s", in->prefix, name);
  }
  for (int k = 0; k < in->what->function_count; k++) {
    const char *name = c_names_claim(names, arena_format(in->memory, "%s_size", in->what->functions[k].name));
    in->size_names[k] = arena_format(in->memory, "%s_%s", in->prefix, name);
  }
}

/* A member with its comment behind it. */
static void write_member(header *in, const char *declaration, const char *comment) {
  text_format(in->out, "  %s; /* ", declaration);
  c_comment(in->out, comment, "     * ");
  text_append(in->out, " */\n");
}

static const char batch_words[] =
    "how many evaluations lie side by side: a function's directions, results, workspace and\n"
    "batched inputs are the columns of arrays with this many; it gets pointers to its own column";

static void write_dims(header *in) {
  const emitter *shared = in->shared;
  const tensor_program *model = in->what->model;
  text_format(in->out, "/* The extents that the arrays' shapes are made of. */\ntypedef struct %s_dims {\n",
              in->prefix);
  for (int k = 0; k < shared->model_extent_count; k++) {
    const free_extent *extent = &shared->extents.items[k];
    const dimension *from = NULL;
    for (int d = model->dimensions.count - 1; d >= 0; d--) {
      const scalar_node *value = scalar_at(model->dag, model->dimensions.items[d].value);
      if (value->op == SCALAR_EXTENT && value->id == extent->id) from = &model->dimensions.items[d];
    }
    const char *comment = from ? describe_with_comment(in->memory, from->name, from->comment) : extent->member;
    if (extent->id == BATCH_EXTENT) comment = batch_words;
    write_member(in, arena_format(in->memory, "ptrdiff_t %s", extent->member), comment);
  }
  if (shared->directions)
    write_member(in, arena_format(in->memory, "ptrdiff_t %s", shared->directions),
                 "how many directions at once, for the functions that take a block of them; else 0");
  if (!shared->extents.count) write_member(in, "int none", "all extents are fixed; C has no empty struct");
  text_format(in->out, "} %s_dims;\n\n", in->prefix);
}

static void write_inputs(header *in) {
  const tensor_program *model = in->what->model;
  text_format(in->out,
              "/* The inputs, each in C order. A function reads only those that it needs; the others may be NULL. */\n"
              "typedef struct %s_inputs {\n",
              in->prefix);
  for (int k = 0; k < model->inputs.count; k++) {
    const input *of = &model->inputs.items[k];
    const char *type = of->role == ROLE_INDEX ? "int64_t" : in->shared->real;
    const char *declaration = arena_format(in->memory, "const %s *%s", type, in->shared->input_members[k]);
    bool batched = in->what->batched && in->what->batched[k];
    write_member(in, declaration, describe_input(in->memory, in->what->module, of, batched));
  }
  if (!model->inputs.count) write_member(in, "int none", "the model has no inputs; C has no empty struct");
  text_format(in->out, "} %s_inputs;\n\n", in->prefix);
}

/* w[d]: what it is */
static const char *describe_array(const header *in, int number) {
  const array *of = &in->what->module->arrays.items[number];
  const char *words =
      arena_format(in->memory, "%s%s", of->name, describe_shape(in->memory, in->what->module, of->rank, of->extents));
  return describe_with_comment(in->memory, words, of->what);
}

static void write_gradient(header *in) {
  const emitter *shared = in->shared;
  if (!shared->gradient.count) return;
  text_format(in->out, "/* Where the gradient goes. What is NULL is not computed. */\ntypedef struct %s_gradient {\n",
              in->prefix);
  for (int k = 0; k < shared->gradient.count; k++) {
    const gradient_member *of = &shared->gradient.items[k];
    write_member(in, arena_format(in->memory, "%s *%s", shared->real, of->member), describe_array(in, of->array));
  }
  text_format(in->out, "} %s_gradient;\n\n", in->prefix);
}

enum { LINE_LENGTH = 110 };

/* Adds an argument to a signature whose line began at `*start`, on a new line when this one is full. */
static void add_argument(text *out, size_t *start, const char *argument, const char *end) {
  if (out->length - *start + strlen(argument) > LINE_LENGTH) {
    while (out->data[out->length - 1] == ' ') out->data[--out->length] = '\0';
    *start = out->length + 1;
    text_append(out, "\n    ");
  }
  text_append(out, argument);
  text_append(out, end);
}

/* int MODEL_name(arguments), for the declaration and for the definition, where pointers are restricted. */
static void write_signature(const header *in, int function, bool definition, text *out) {
  const writer *to = &in->writers[function];
  const kernel_program *program = to->program;
  const char *real = in->shared->real;
  const char *alone = definition ? arena_format(in->memory, "%s_RESTRICT ", in->macro) : "";
  size_t start = out->length;
  text_format(out, "%s_FUNCTION int %s(", in->macro, in->function_names[function]);
  add_argument(out, &start, arena_format(in->memory, "const %s_dims *%s", in->prefix, to->dims), ", ");
  add_argument(out, &start, arena_format(in->memory, "const %s_inputs *%s", in->prefix, to->inputs), ", ");
  for (int k = 0; k < program->seeds.count; k++)
    add_argument(out, &start, arena_format(in->memory, "const %s *%s%s", real, alone, to->seed_parameters[k]), ", ");
  for (int k = 0; k < program->results.count && (k == 0 || !to->gradient); k++)
    add_argument(out, &start, arena_format(in->memory, "%s *%s%s", real, alone, to->result_parameters[k]), ", ");
  if (to->gradient)
    add_argument(out, &start, arena_format(in->memory, "const %s_gradient *%s", in->prefix, to->gradient), ", ");
  add_argument(out, &start, arena_format(in->memory, "%s *%s%s", real, alone, to->work), ")");
}

static void write_argument_comment(header *in, const char *direction, int number) {
  text_format(in->out, " *   %s ", direction);
  c_comment(in->out, describe_array(in, number), " *     ");
  text_append(in->out, "\n");
}

static void write_declaration(header *in, int function) {
  const writer *to = &in->writers[function];
  const kernel_program *program = to->program;
  text_append(in->out, "/* ");
  c_comment(in->out, to->function->what ? to->function->what : to->function->name, " * ");
  text_append(in->out, "\n");
  for (int k = 0; k < program->seeds.count; k++) write_argument_comment(in, "in: ", program->seeds.items[k]);
  for (int k = 0; k < program->results.count; k++) write_argument_comment(in, "out:", program->results.items[k]);
  text_append(in->out, " */\n");
  write_signature(in, function, false, in->out);
  text_append(in->out, ";\n\n");
}

static problem_names names_for_problem(const header *in) {
  return (problem_names){in->shared, in->macro, in->function_names};
}

/* The workspace of all functions when it is known now; false when it depends on extents. */
static bool constant_workspace(const header *in, int64_t *most) {
  *most = 0;
  for (int k = 0; k < in->what->function_count; k++) {
    scalar_dag *dag = in->what->module->dag;
    const memory_plan *plan = memory_of(in->shared, k);
    scalar total = scalar_whole(dag, 0);
    int64_t size;
    for (int s = 0; s < plan->slot_count; s++) total = whole_add(dag, total, plan->slot_size[s]);
    if (total == NO_SCALAR || !scalar_is_whole(dag, total, &size)) return false;
    if (size > *most) *most = size;
  }
  return true;
}

static bool has_search(const header *in) {
  bool found = false;
  for (int k = 0; k < in->what->function_count; k++)
    found = found || find_search(&in->what->functions[k].program->body);
  return found;
}

static void write_declarations(header *in) {
  int64_t size;
  write_dims(in);
  write_inputs(in);
  write_gradient(in);
  text_format(
      in->out,
      "/* How many %ss `work` must have room for, whichever function is called; (size_t)-1 when that number is too\n"
      " * large to exist. */\n%s_FUNCTION size_t %s_workspace(const %s_dims *dims);\n",
      in->shared->real, in->macro, in->prefix, in->prefix);
  if (constant_workspace(in, &size))
    text_format(in->out, "#define %s_WORKSPACE %lld /* the same */\n", in->macro, (long long)size);
  text_format(in->out,
              "\n/* What a status says: 0 is success, others are checks of the model that the arguments fail.%s */\n"
              "%s_FUNCTION const char *%s_status(int status);\n\n",
              has_search(in) ? " Where that is\n"
                               " * a search (argmin, argmax, root), work[0] is the number of loops around it, work[1], "
                               ".. are their indices."
                             : "",
              in->macro, in->prefix);
  for (int k = 0; k < in->what->function_count; k++) write_declaration(in, k);
  problem_names names = names_for_problem(in);
  if (in->what->problem) write_problem_declarations(&names, in->out);
}

static void write_workspace_functions(header *in, text *out) {
  for (int k = 0; k < in->what->function_count; k++) {
    writer to = writer_create(in->shared, k, out);
    text body_text = text_create(in->memory);
    to.out = &body_text;
    write_need(&to, NULL, 0);
    text_format(out, "static %s_FUNCTION size_t %s(const %s_dims *dims) {\n", in->macro, in->size_names[k], in->prefix);
    text extents = text_create(in->memory);
    write_extents(&to, &extents);
    text_append(out, extents.length ? extents.data : "  (void)dims;\n");
    text_append_bytes(out, body_text.data, body_text.length);
    text_append(out, "}\n\n");
  }
  text_format(out, "%s_FUNCTION size_t %s_workspace(const %s_dims *dims) {\n  size_t most = 0, need;\n", in->macro,
              in->prefix, in->prefix);
  for (int k = 0; k < in->what->function_count; k++)
    text_format(out, "  need = %s(dims);\n  if (need > most) most = need;\n", in->size_names[k]);
  text_append(out, "  return most;\n}\n\n");
}

static void write_status(header *in, text *out) {
  const kernel_module *module = in->what->module;
  text_format(out,
              "%s_FUNCTION const char *%s_status(int status) {\n  switch (status) {\n  case 0: return \"success\";\n",
              in->macro, in->prefix);
  for (int k = 0; k < module->checks.count; k++) {
    const check_message *of = &module->checks.items[k];
    int line = source_position(module->from, of->where.begin).line;
    text_format(out, "  case %d: return ", k + 1);
    c_string(out, arena_format(in->memory, "%s:%d: %s", describe_file(module->from), line, of->message));
    text_append(out, ";\n");
  }
  problem_names names = names_for_problem(in);
  if (in->what->problem) write_problem_statuses(&names, out);
  text_append(out, "  default: return \"unknown status\";\n  }\n}\n\n");
}

static void write_functions(header *in, text *out) {
  for (int k = 0; k < in->what->function_count; k++) {
    text inside = text_create(in->memory);
    in->writers[k].out = &inside;
    in->writers[k].pieces = out;
    write_function_body(&in->writers[k]);
    write_signature(in, k, true, out);
    text_format(out, " {\n  %s_EXACT\n", in->macro);
    text_append_bytes(out, inside.data, inside.length);
    text_append(out, "\n");
  }
}

/* NAME, made by Adjoin 1.0 from model.adj. */
static void write_origin_comment(header *in, const char *file) {
  text_append(in->out, "/* ");
  c_comment(in->out, file, " * ");
  text_append(in->out, ", made by Adjoin ");
  c_comment(in->out, in->what->version, " * ");
  text_append(in->out, " from ");
  c_comment(in->out, describe_file(in->what->module->from), " * ");
  text_append(in->out, ". Do not edit: edit the model and make it again.");
  if (in->what->model->comment) {
    text_append(in->out, "\n *\n * ");
    c_comment(in->out, in->what->model->comment, " * ");
  }
}

static const char *const how_to_compile =
    "CUDA, and needs nothing but the mathematical library. Compile with -ffp-contract=off (nvcc: -fmad=false)\n"
    " * to get the same bits from every compiler. Arrays must not overlap. */\n";

static void write_guard(header *in) {
  text_format(in->out, "#ifndef %s_ADJOIN_H\n#define %s_ADJOIN_H\n\n", in->macro, in->macro);
  text_format(in->out, "#include <stddef.h>\n#include <stdint.h>\n\n#define %s_ADJOIN_VERSION ", in->macro);
  c_string(in->out, in->what->version);
  text_format(in->out, "\n#define %s_ADJOIN_ABI %d\n\n", in->macro, EMITTED_ABI);
  text_format(in->out,
              "#ifdef __CUDACC__\n"
              "#define %s_FUNCTION __host__ __device__\n"
              "#else\n"
              "#define %s_FUNCTION\n"
              "#endif\n\n"
              "#ifdef __cplusplus\n"
              "extern \"C\" {\n"
              "#endif\n\n",
              in->macro, in->macro);
}

static void write_guarded_declarations(header *in) {
  write_guard(in);
  write_declarations(in);
  text_append(in->out, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
  problem_names names = names_for_problem(in);
  if (in->what->problem) write_problem_creation(&names, in->out);
}

static void write_definitions_top(header *in) {
  text_format(in->out,
              "#include <math.h>\n\n"
              "#ifdef __cplusplus\n"
              "#define %s_RESTRICT __restrict\n"
              "extern \"C\" {\n"
              "#else\n"
              "#define %s_RESTRICT restrict\n"
              "#endif\n\n"
              "/* No multiplication and addition may become one operation. */\n"
              "#if defined(__clang__) && !defined(__CUDACC__)\n"
              "#define %s_EXACT _Pragma(\"STDC FP_CONTRACT OFF\")\n"
              "#else\n"
              "#define %s_EXACT\n"
              "#endif\n\n",
              in->macro, in->macro, in->macro, in->macro);
  if (in->shared->in_pieces)
    text_format(
        in->out,
        "/* The parts of a large function stay apart: compilers are slow with functions of thousands of lines. */\n"
        "#if defined(__GNUC__) || defined(__CUDACC__)\n"
        "#define %s_APART __attribute__((noinline))\n"
        "#else\n"
        "#define %s_APART\n"
        "#endif\n\n",
        in->macro, in->macro);
}

/* The functions are written first: what helpers they need shows only then. */
static void write_definitions(header *in) {
  text functions = text_create(in->memory), workspace = text_create(in->memory);
  write_workspace_functions(in, &workspace);
  write_functions(in, &functions);
  write_definitions_top(in);
  helper_style style = {arena_format(in->memory, "static inline %s_FUNCTION", in->macro),
                        arena_format(in->memory, "%s_", in->prefix), "ptrdiff_t", "size_t", in->what->real_float};
  scalar_helpers_write(in->shared->used_ops, &style, in->out);
  write_search_functions(in->shared, in->out);
  text_append(in->out, "\n");
  text_append_bytes(in->out, workspace.data, workspace.length);
  write_status(in, in->out);
  text_append_bytes(in->out, functions.data, functions.length);
  problem_names names = names_for_problem(in);
  if (in->what->problem) write_problem_definitions(&names, in->out);
  text_append(in->out, "#ifdef __cplusplus\n}\n#endif\n");
  if (in->what->self_test) write_self_test(in->shared, in->macro, in->function_names, in->writers, in->out);
}

static header create(const emission *what, text *out) {
  emitter *shared = emitter_create(what, false);
  header made = {.shared = shared, .what = what, .memory = shared->memory, .out = out, .prefix = shared->prefix};
  made.macro = c_macro(made.memory, made.prefix);
  name_functions(&made);
  made.writers = arena_array(made.memory, writer, what->function_count);
  for (int k = 0; k < what->function_count; k++) made.writers[k] = writer_create(shared, k, out);
  return made;
}

/* The text as it is, or with its lines led to the model. */
static void finish(const header *in, const text *from, const char *file, text *out) {
  if (in->what->lines)
    lines_write(from->data, describe_file(in->what->module->from), file, out);
  else
    text_append_bytes(out, from->data, from->length);
}

static const char *own_file(const header *in, const char *given, const char *ending) {
  return given ? given : arena_format(in->memory, "%s%s", in->prefix, ending);
}

void emit_header(const emission *what, text *out) {
  text whole = text_create(out->memory);
  header in = create(what, &whole);
  write_origin_comment(&in, arena_format(in.memory, "%s.h", in.prefix));
  text_format(
      in.out,
      "\n *\n"
      " * Include it wherever it is used; in one file, define %s_IMPLEMENTATION before that. It is C99, C++ and\n"
      " * %s",
      in.macro, how_to_compile);
  write_guarded_declarations(&in);
  text_format(in.out, "\n#if defined(%s_IMPLEMENTATION) && !defined(%s_IMPLEMENTED)\n#define %s_IMPLEMENTED\n\n",
              in.macro, in.macro, in.macro);
  write_definitions(&in);
  text_append(in.out, "#endif\n");
  finish(&in, &whole, own_file(&in, what->header_file, ".h"), out);
}

void emit_pair(const emission *what, text *declarations, text *definitions) {
  text whole = text_create(definitions->memory);
  header in = create(what, declarations);
  const char *header_file = own_file(&in, what->header_file, ".h"),
             *source_file = own_file(&in, what->source_file, ".c");
  write_origin_comment(&in, header_file);
  text_append(in.out, "\n *\n * The definitions are in ");
  c_comment(in.out, source_file, " * ");
  text_append(in.out, ". Arrays must not overlap. */\n");
  write_guarded_declarations(&in);
  in.out = &whole;
  write_origin_comment(&in, source_file);
  text_format(in.out, "\n *\n * It is C99, C++ and %s#include \"%s\"\n", how_to_compile, header_file);
  text_format(in.out,
              "#if %s_ADJOIN_ABI != %d\n"
              "#error \"the header is not the one that was made with this file: make both again\"\n"
              "#endif\n",
              in.macro, EMITTED_ABI);
  write_definitions(&in);
  finish(&in, &whole, source_file, definitions);
}
