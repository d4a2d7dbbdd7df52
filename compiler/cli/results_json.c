/* Results as one JSON object (see results.h). */
#include "compiler/cli/results.h"

#include <math.h>

static const char *const keys[SECTION_COUNT] = {
    [SECTION_VALUE] = "value",     [SECTION_OUTPUTS] = "outputs",   [SECTION_GRAD] = "grad",
    [SECTION_HVP] = "hvp",         [SECTION_MIXED] = "mixed",       [SECTION_HESS] = "hess",
    [SECTION_JAC] = "jac",         [SECTION_JVP] = "jvp",           [SECTION_VJP] = "vjp",
    [SECTION_SHOW] = "show",       [SECTION_SOLUTION] = "solution", [SECTION_JACOBIAN] = "jacobian",
    [SECTION_FORWARD] = "forward", [SECTION_ADJOINT] = "adjoint"};

/* Whole numbers stand without a point, but for -0, which programs would read as the whole number 0. */
void json_number_append(text *out, double value) {
  if (!isfinite(value)) text_append(out, "\"");
  text_append_number(out, value, value == 0 && signbit(value));
  if (!isfinite(value)) text_append(out, "\"");
}

/* Nested lists, without recursion: before entry k, a bracket opens for every axis whose inner block begins there, and
 * after it one closes for every axis whose inner block ends there. An array without entries is walked axis by axis. */
static void append_entries(text *out, const quantity *what) {
  for (int64_t k = 0; k < what->count; k++) {
    if (k) text_append(out, ", ");
    int64_t block = 1;
    int ended = 0;
    for (int axis_number = what->rank - 1; axis_number >= 0; axis_number--) {
      block *= what->extents[axis_number];
      if (k % block == 0) text_append(out, "[");
      if ((k + 1) % block == 0) ended++;
    }
    json_number_append(out, what->entries[k]);
    for (; ended; ended--) text_append(out, "]");
  }
}

/* The outer axes up to the first extent of 0 give the shape: [3, 0] is [[], [], []]. */
static void append_empty(text *out, const quantity *what, int axis_number) {
  text_append(out, "[");
  for (int64_t k = 0; k < what->extents[axis_number]; k++) {
    if (k) text_append(out, ", ");
    append_empty(out, what, axis_number + 1);
  }
  text_append(out, "]");
}

void json_quantity_append(text *out, const quantity *what) {
  if (what->count)
    append_entries(out, what);
  else
    append_empty(out, what, 0);
}

static void append_section(const results *from, section in, text *out) {
  text_format(out, ",\n \"%s\": ", keys[in]);
  bool first = true;
  if (in != SECTION_VALUE) text_append(out, "{");
  for (int k = 0; k < from->list.count; k++) {
    const result *each = &from->list.items[k];
    if (each->in != in) continue;
    if (in != SECTION_VALUE) {
      text_append(out, first ? "" : ", ");
      json_string_append(out, each->what.name);
      text_append(out, ": ");
    }
    json_quantity_append(out, &each->what);
    first = false;
  }
  if (in != SECTION_VALUE) text_append(out, "}");
}

void json_extents_append(text *out, const bound_model *of) {
  text_append(out, "{");
  for (int k = 0; k < of->dimension_count; k++) {
    const dimension *each = &of->model->dimensions.items[k];
    int64_t value;
    bool known = whole_evaluate(of->model->dag, each->value, of->values, &value);
    text_append(out, k ? ", " : "");
    json_string_append(out, each->name);
    text_format(out, known ? ": %lld" : ": null", (long long)value);
  }
  text_append(out, "}");
}

void results_write_json(const results *from, text *out) {
  text_append(out, "{\"model\": ");
  json_string_append(out, from->inputs->model->name);
  text_append(out, ",\n \"extents\": ");
  json_extents_append(out, from->inputs);
  for (int in = 0; in < SECTION_COUNT; in++)
    if (from->wanted[in]) append_section(from, (section)in, out);
  text_append(out, "}\n");
}
