/* Code for float behind an interface of doubles. Names that begin with `_` meet none of the model's.
 *
 * The arguments become arrays of floats at the workspace's begin; what follows them is the function's own workspace. A
 * workspace of so many doubles has room for as many floats. */
#include "compiler/emit/writer.h"

#include <string.h>

/* What the entry converts: inputs but index data, then seeds, then results. */
typedef struct {
  writer to;
  int input_count, seed_count, result_count;
  LIST(int) arrays;
  LIST(scalar) sizes;
} conversion;

static void add_array(conversion *in, int number) {
  const array *of = &in->to.module->arrays.items[number];
  scalar size = scalar_whole(in->to.module->dag, 1);
  for (int k = 0; k < of->rank; k++) size = whole_multiply(in->to.module->dag, size, of->extents[k]);
  list_push(in->to.memory, &in->arrays, number);
  list_push(in->to.memory, &in->sizes, size);
}

static conversion create(emitter *shared, int function, text *out) {
  conversion made = {.to = writer_create(shared, function, out)};
  const kernel_program *program = made.to.program;
  made.input_count = shared->what->model->inputs.count;
  made.seed_count = program->seeds.count;
  made.result_count = program->results.count;
  for (int k = 0; k < made.input_count; k++) add_array(&made, k);
  for (int k = 0; k < made.seed_count; k++) add_array(&made, program->seeds.items[k]);
  for (int k = 0; k < made.result_count; k++) add_array(&made, program->results.items[k]);
  return made;
}

static bool is_whole(const conversion *in, int k) {
  return k < in->input_count && in->to.module->arrays.items[in->arrays.items[k]].type == SCALAR_WHOLE;
}

/* The workspace function: all that is converted, and what the function itself needs. NO_SCALAR among the sizes is an
 * array that is too large to exist. */
static void write_workspace(emitter *shared, int function, text *out) {
  text inside = text_create(shared->memory);
  conversion in = create(shared, function, &inside);
  write_need(&in.to, in.sizes.items, in.sizes.count);
  text_format(out, "size_t adjoin_workspace_%d(const ptrdiff_t *extents) {\n", function);
  write_extents(&in.to, out);
  text_append_bytes(out, inside.data, inside.length);
  text_append(out, "}\n");
}

/* inputs[2] = adjoin_narrow(_inputs[2], work, n*m), work += n*m; */
static void write_conversion(conversion *in, const body *sizes, int k) {
  writer *to = &in->to;
  int seed = k - in->input_count, result = seed - in->seed_count;
  const char *name = seed < 0 ? "inputs" : result < 0 ? "seeds" : "results";
  int place = seed < 0 ? k : result < 0 ? seed : result;
  if (is_whole(in, k)) {
    write_line(to, "inputs[%d] = _inputs[%d];", k, k);
    return;
  }
  if (result >= 0)
    write_line(to, "results[%d] = _results[%d] ? work : 0;", place, place);
  else
    write_around(to, arena_format(to->memory, "%s[%d] = adjoin_narrow(_%s[%d], work, ", name, place, name, place),
                 sizes, sizes->stores[k].value, ");");
  write_around(to, "work += ", sizes, sizes->stores[k].value, ";");
}

static void write_conversions(conversion *in) {
  writer *to = &in->to;
  body *sizes = plan_sizes(to, in->sizes.items, in->sizes.count);
  write_line(to, "const void *inputs[%d];", in->input_count + 1);
  write_line(to, "const float *seeds[%d];", in->seed_count + 1);
  write_line(to, "float *results[%d], *work = (float *)_work;", in->result_count + 1);
  write_region(to, sizes, 0);
  for (int k = 0; k < in->sizes.count; k++) write_conversion(in, sizes, k);
  write_line(to, "int _status = adjoin_function_%d(extents, inputs, seeds, results, work);", to->number);
  write_line(to, "if (_status) return _status;");
  for (int k = 0; k < in->result_count; k++)
    write_around(to, arena_format(to->memory, "adjoin_widen(results[%d], _results[%d], ", k, k), sizes,
                 sizes->stores[in->input_count + in->seed_count + k].value, ");");
  write_line(to, "return 0;");
}

static void write_outer_entry(emitter *shared, int function, text *out) {
  text inside = text_create(shared->memory);
  conversion in = create(shared, function, &inside);
  bool exists = true;
  for (int k = 0; k < in.sizes.count; k++) exists = exists && in.sizes.items[k] != NO_SCALAR;
  if (exists) write_conversions(&in);
  text_format(out,
              "int adjoin_entry_%d(const ptrdiff_t *extents, const void *const *_inputs, const double *const *_seeds, "
              "double *const *_results, double *_work) {\n",
              function);
  write_extents(&in.to, out);
  text_append(out, exists ? inside.data : "  return -1;\n");
  text_append(out, "}\n");
}

void write_single_entry(emitter *shared, int function, text *out) {
  writer to = writer_create(shared, function, out);
  text_format(out,
              "static int adjoin_function_%d(const ptrdiff_t *extents, const void *const *inputs, const float *const "
              "*seeds, float *const *results, float *work) {\n",
              function);
  write_function_body(&to);
  write_outer_entry(shared, function, out);
  write_workspace(shared, function, out);
}
