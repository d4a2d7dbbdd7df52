/* Results as a table for people (see results.h). */
#include "compiler/cli/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
  DIGITS = 10,    /* significant digits shown; --json gives all */
  SHOWN_ROWS = 8, /* of a longer matrix the first ones are shown, and the last */
  SHOWN_ENTRIES = 8,
  CELL_SIZE = 40
};

static const char *const headings[SECTION_COUNT] = {[SECTION_VALUE] = "value",
                                                    [SECTION_OUTPUTS] = "outputs",
                                                    [SECTION_GRAD] = "gradient",
                                                    [SECTION_HVP] = "Hessian times direction",
                                                    [SECTION_MIXED] = "mixed derivative (read on, along)",
                                                    [SECTION_HESS] = "Hessian",
                                                    [SECTION_JAC] = "Jacobian",
                                                    [SECTION_JVP] = "tangent of outputs",
                                                    [SECTION_VJP] = "adjoint of inputs",
                                                    [SECTION_SHOW] = "definitions",
                                                    [SECTION_SOLUTION] = "solution",
                                                    [SECTION_JACOBIAN] = "derivative of the solution",
                                                    [SECTION_FORWARD] =
                                                        "derivative of the solution along the direction",
                                                    [SECTION_ADJOINT] = "derivative of the weighted solution"};

static void cell_text(double value, char cell[CELL_SIZE]) {
  snprintf(cell, CELL_SIZE, "%.*g", DIGITS, isnan(value) ? (double)NAN : value);
  if (isnan(value)) strcpy(cell, "nan");
}

/* A matrix seen as rows of `width` entries; a vector is one row, a scalar one entry. */
typedef struct {
  const quantity *what;
  int64_t rows, width;
} sheet;

static sheet sheet_of(const quantity *what) {
  int64_t width = what->rank ? what->extents[what->rank - 1] : 1;
  return (sheet){what, width ? what->count / width : 0, width};
}

/* The k-th row or entry that is shown of `count`; -1 where the dots stand. */
static int64_t shown_at(int64_t k, int64_t count, int most) {
  if (count <= most || k < most - 2) return k;
  return k == most - 2 ? -1 : count - 1;
}

static int64_t shown_count(int64_t count, int most) {
  return count < most ? count : most;
}

/* Columns line up: a cell's width is that of the widest that is shown. */
static int widest_cell(const sheet *of) {
  int widest = 1;
  for (int64_t r = 0; r < shown_count(of->rows, SHOWN_ROWS); r++) {
    int64_t row = shown_at(r, of->rows, SHOWN_ROWS);
    for (int64_t k = 0; row >= 0 && k < shown_count(of->width, SHOWN_ENTRIES); k++) {
      int64_t entry = shown_at(k, of->width, SHOWN_ENTRIES);
      if (entry < 0) continue;
      char cell[CELL_SIZE];
      cell_text(of->what->entries[row * of->width + entry], cell);
      if ((int)strlen(cell) > widest) widest = (int)strlen(cell);
    }
  }
  return widest;
}

static void append_row(const sheet *of, int64_t row, int width, text *out) {
  for (int64_t k = 0; k < shown_count(of->width, SHOWN_ENTRIES); k++) {
    int64_t entry = shown_at(k, of->width, SHOWN_ENTRIES);
    char cell[CELL_SIZE] = "...";
    if (entry >= 0) cell_text(of->what->entries[row * of->width + entry], cell);
    text_format(out, "  %*s", entry < 0 ? 3 : width, cell);
  }
  text_append(out, "\n");
}

static void append_range(const quantity *what, int indent, text *out) {
  double least = INFINITY, largest = -INFINITY;
  int64_t nans = 0;
  for (int64_t k = 0; k < what->count; k++) {
    nans += isnan(what->entries[k]) != 0;
    if (what->entries[k] < least) least = what->entries[k];
    if (what->entries[k] > largest) largest = what->entries[k];
  }
  char from[CELL_SIZE], to[CELL_SIZE];
  cell_text(least, from);
  cell_text(largest, to);
  text_format(out, "%*s  (", indent, "");
  if (nans < what->count) text_format(out, "%s .. %s", from, to);
  if (nans) text_format(out, "%s%lld nan", nans < what->count ? ", " : "", (long long)nans);
  text_append(out, ")\n");
}

static void append_quantity(const quantity *what, int indent, text *out) {
  sheet of = sheet_of(what);
  if (!what->count) {
    text_append(out, "  (no entries)\n");
    return;
  }
  int width = widest_cell(&of);
  for (int64_t r = 0; r < shown_count(of.rows, SHOWN_ROWS); r++) {
    int64_t row = shown_at(r, of.rows, SHOWN_ROWS);
    if (r) text_format(out, "%*s", indent, "");
    if (row < 0)
      text_append(out, "  ...\n");
    else
      append_row(&of, row, width, out);
  }
  if (of.rows > SHOWN_ROWS || of.width > SHOWN_ENTRIES) append_range(what, indent, out);
}

/* "  W1 [3, 2]" */
static const char *label_of(const results *from, const quantity *what) {
  text made = text_create(from->inputs->with->memory);
  text_format(&made, "  %s", what->name);
  for (int k = 0; k < what->rank; k++) text_format(&made, "%s%lld", k ? ", " : " [", (long long)what->extents[k]);
  if (what->rank) text_append(&made, "]");
  return made.data;
}

static void append_section(const results *from, section in, int indent, text *out) {
  text_format(out, "%s\n", headings[in]);
  bool any = false;
  for (int k = 0; k < from->list.count; k++) {
    const result *each = &from->list.items[k];
    if (each->in != in) continue;
    text_format(out, "%-*s", indent, label_of(from, &each->what));
    append_quantity(&each->what, indent, out);
    any = true;
  }
  if (!any) text_append(out, "  (none)\n");
}

const char *extents_line(const bound_model *of) {
  text made = text_create(of->with->memory);
  for (int k = 0; k < of->dimension_count; k++) {
    const dimension *each = &of->model->dimensions.items[k];
    int64_t value;
    if (!whole_evaluate(of->model->dag, each->value, of->values, &value)) continue;
    text_format(&made, "%s%s = %lld", made.length ? ", " : "", each->name, (long long)value);
  }
  return made.data;
}

void results_write_table(const results *from, text *out) {
  const char *extents = extents_line(from->inputs);
  text_format(out, "model %s%s%s\n", from->inputs->model->name, *extents ? ": " : "", extents);
  int indent = 0;
  for (int k = 0; k < from->list.count; k++) {
    int length = (int)strlen(label_of(from, &from->list.items[k].what));
    if (length > indent) indent = length;
  }
  for (int in = 0; in < SECTION_COUNT; in++)
    if (from->wanted[in]) append_section(from, (section)in, indent, out);
}
