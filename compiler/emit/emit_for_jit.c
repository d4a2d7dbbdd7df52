/* All functions of an emission as text for libtcc: no header is included, what is called is declared, and each function
 * takes its arguments through the uniform entry of runtime/abi.h. */
#include "compiler/emit/writer.h"

#include "compiler/scalar/scalar_helpers.h"

static void write_types(text *out) {
  text_append(out, "typedef __PTRDIFF_TYPE__ ptrdiff_t;\n"
                   "typedef __SIZE_TYPE__ size_t;\n"
                   "typedef long long int64_t;\n");
}

/* NAN is made of its bits: the quotient 0/0 has another sign. */
static void write_constants(const emitter *from, text *out) {
  if (from->used_infinity) text_format(out, "#define INFINITY ((%s)1e999)\n", from->real);
  if (!from->used_nan) return;
  text_format(out,
              "static const union { unsigned %s bits; %s value; } adjoin_nan = {%s};\n"
              "#define NAN adjoin_nan.value\n",
              from->single ? "int" : "long long", from->real, from->single ? "0x7fc00000" : "0x7ff8000000000000");
}

static bool is_library_function(const scalar_op_row *row) {
  return row && !(row->flags & (OP_INFIX | OP_PREFIX | OP_HELPER));
}

/* A helper may call any function that the table spells, and fmod. */
static void declare_library(const emitter *from, text *out) {
  bool helpers = false;
  for (int op = 0; op < SCALAR_OP_COUNT; op++)
    helpers |= from->used_ops[op] && scalar_row((scalar_op)op)->flags & OP_HELPER;
  for (int op = 0; op < SCALAR_OP_COUNT; op++) {
    const scalar_op_row *row = scalar_row((scalar_op)op);
    if (!is_library_function(row) || (!helpers && !from->used_ops[op])) continue;
    text_format(out, "%s %s(%s", from->real, from->single ? row->spelling_float : row->spelling_double, from->real);
    for (int k = 1; k < row->arity; k++) text_format(out, ", %s", from->real);
    text_append(out, ");\n");
  }
  if (helpers) text_format(out, "%s fmod%s(%s, %s);\n", from->real, from->single ? "f" : "", from->real, from->real);
}

static void write_entry_function(emitter *shared, int function, text *out) {
  writer to = writer_create(shared, function, out);
  text_format(out,
              "int adjoin_entry_%d(const ptrdiff_t *extents, const void *const *inputs, const double *const *seeds, "
              "double *const *results, double *work) {\n",
              function);
  write_function_body(&to);
}

static void write_workspace_function(emitter *shared, int function, text *out) {
  writer to = writer_create(shared, function, out);
  text body_text = text_create(shared->memory);
  to.out = &body_text;
  write_need(&to, NULL, 0);
  text_format(out, "size_t adjoin_workspace_%d(const ptrdiff_t *extents) {\n", function);
  write_extents(&to, out);
  text_append_bytes(out, body_text.data, body_text.length);
  text_append(out, "}\n");
}

/* Arrays of doubles made arrays of floats, in the workspace, and back. */
static const char conversions[] = "static float *adjoin_narrow(const double *from, float *into, ptrdiff_t count) {\n"
                                  "  if (!from) return 0;\n"
                                  "  for (ptrdiff_t k = 0; k < count; k++) into[k] = (float)from[k];\n"
                                  "  return into;\n"
                                  "}\n"
                                  "static void adjoin_widen(const float *from, double *into, ptrdiff_t count) {\n"
                                  "  if (!into) return;\n"
                                  "  for (ptrdiff_t k = 0; k < count; k++) into[k] = (double)from[k];\n"
                                  "}\n";

void emit_for_jit(const emission *what, text *out) {
  emitter *shared = emitter_create(what, true);
  text functions = text_create(shared->memory);
  for (int k = 0; k < what->function_count; k++) {
    if (shared->single) {
      write_single_entry(shared, k, &functions);
      continue;
    }
    write_entry_function(shared, k, &functions);
    write_workspace_function(shared, k, &functions);
  }
  write_types(out);
  write_constants(shared, out);
  declare_library(shared, out);
  if (shared->single) text_append(out, conversions);
  helper_style style = {"static", "adjoin_", "ptrdiff_t", "size_t", shared->single};
  scalar_helpers_write(shared->used_ops, &style, out);
  write_search_functions(shared, out);
  text_append_bytes(out, functions.data, functions.length);
}
