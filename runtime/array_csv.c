/* .csv files: lines of numbers with ',' (or ';', or a tab) between them, all with the same number of fields; a header
 * line of names may come first. Blank lines are passed over. */
#include "runtime/array_formats.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *path;
  const char *at, *end; /* what is still to be read */
  char separator;
  int64_t line; /* of what was read last, from 1 */
  array_error *error;
} reader;

typedef struct {
  const char *text;
  size_t length;
} field;

static field trim(field of) {
  while (of.length && (*of.text == ' ' || *of.text == '\t')) of = (field){of.text + 1, of.length - 1};
  while (of.length && strchr(" \t\r", of.text[of.length - 1])) of.length--;
  if (of.length >= 2 && *of.text == '"' && of.text[of.length - 1] == '"') of = (field){of.text + 1, of.length - 2};
  return of;
}

/* The next line that is not blank; false at the end of the file. */
static bool next_line(reader *in, field *line) {
  while (in->at < in->end) {
    const char *newline = memchr(in->at, '\n', (size_t)(in->end - in->at));
    const char *stop = newline ? newline : in->end;
    *line = (field){in->at, (size_t)(stop - in->at)};
    in->at = newline ? newline + 1 : in->end;
    in->line++;
    if (trim(*line).length) return true;
  }
  return false;
}

/* Takes the line's next field off it; false when none is left. A line that ends with a separator ends with an empty
 * field; `line->text` NULL marks the end. */
static bool next_field(field *line, char separator, field *into) {
  if (!line->text) return false;
  const char *found = line->length ? memchr(line->text, separator, line->length) : NULL;
  size_t length = found ? (size_t)(found - line->text) : line->length;
  *into = trim((field){line->text, length});
  *line = found ? (field){found + 1, line->length - length - 1} : (field){NULL, 0};
  return true;
}

static int64_t count_fields(field line, char separator) {
  int64_t count = 0;
  field each;
  while (next_field(&line, separator, &each)) count++;
  return count;
}

static char find_separator(field line) {
  for (const char *each = ",;\t"; *each; each++)
    if (memchr(line.text, *each, line.length)) return *each;
  return ',';
}

/* '2x' and '1e999' are numbers gone wrong, not names. */
static bool begins_as_number(field of) {
  while (of.length && strchr("+-.", *of.text)) of = (field){of.text + 1, of.length - 1};
  return of.length && *of.text >= '0' && *of.text <= '9';
}

/* A header has a name (an empty field would be a hole in the data) and nothing that begins as a number does: a slip in
 * the first row of the data must not make it a header, for then the row would be lost without a word. */
static bool is_header(field line, char separator) {
  field each;
  double value;
  bool whole = true, names = false;
  while (next_field(&line, separator, &each)) {
    if (begins_as_number(each)) return false;
    names = names || (each.length && !array_number_parse(each.text, each.length, &value, &whole));
  }
  return names;
}

static bool read_row(reader *in, field line, int64_t columns, double *entries, bool *whole) {
  int64_t count = count_fields(line, in->separator);
  if (count != columns)
    return array_fail(in->error, "%s:%lld: %lld fields, where the lines before have %lld", in->path,
                      (long long)in->line, (long long)count, (long long)columns);
  field each;
  for (int64_t k = 0; next_field(&line, in->separator, &each); k++) {
    char quote[ARRAY_QUOTE_SIZE];
    if (!each.length)
      return array_fail(in->error, "%s:%lld: field %lld is empty; write nan where there is no number", in->path,
                        (long long)in->line, (long long)k + 1);
    if (!array_number_parse(each.text, each.length, &entries[k], whole))
      return array_fail(in->error, "%s:%lld: field %lld, '%s', is not a number", in->path, (long long)in->line,
                        (long long)k + 1, array_quote(each.text, each.length, quote));
  }
  return true;
}

static bool read_rows(reader *in, field line, bool have_line, int64_t columns, host_array *into) {
  into->whole = true;
  /* Every entry takes two bytes at least, but for the last one. */
  int64_t most = (int64_t)(in->end - in->at + (have_line ? (ptrdiff_t)line.length : 0)) / 2 + columns + 1;
  into->entries = array_entries(most, in->path, in->error);
  if (!into->entries) return false;
  int64_t rows = 0;
  for (; have_line; have_line = next_line(in, &line))
    if (!read_row(in, line, columns, into->entries + columns * rows++, &into->whole)) return false;
  double *fitted = realloc(into->entries, (size_t)(rows * columns + 1) * sizeof *fitted);
  if (fitted) into->entries = fitted;
  into->column = columns == 1;
  into->row = !into->column && rows == 1;
  into->rank = into->column || into->row ? 1 : 2;
  into->extents[0] = into->row ? columns : rows;
  if (into->rank == 2) into->extents[1] = columns;
  return true;
}

static bool fill_column(const host_array *table, int64_t columns, int64_t column, host_array *into, const char *path,
                        array_error *error) {
  int64_t rows = columns ? host_array_count(table) / columns : 0;
  *into = (host_array){.rank = 1, .extents = {rows}, .whole = true, .column = true};
  into->entries = array_entries(rows, path, error);
  if (!into->entries) return false;
  for (int64_t k = 0; k < rows; k++) {
    double value = table->entries[k * columns + column];
    into->entries[k] = value;
    if (!(value > -0x1p53 && value < 0x1p53) || (double)(int64_t)value != value) into->whole = false;
  }
  return true;
}

static bool name_columns(reader *in, field header, int64_t columns, array_file *into) {
  if (!array_file_expect(into, (size_t)columns, in->path, in->error)) return false;
  field each;
  for (int64_t k = 0; next_field(&header, in->separator, &each); k++) {
    named_array *part = array_file_add(into, each.text, each.length, in->path, in->error);
    if (!part) return false;
    if (array_file_wants(into, part) && !fill_column(&into->whole, columns, k, &part->array, in->path, in->error))
      return false;
  }
  return true;
}

static bool read_table(reader *in, array_file *into) {
  field line, header = {0};
  if (!next_line(in, &line)) return array_fail(in->error, "%s: the file is empty", in->path);
  in->separator = find_separator(line);
  int64_t columns = count_fields(line, in->separator);
  bool named = is_header(line, in->separator);
  bool have_line = true;
  if (named) {
    header = line;
    have_line = next_line(in, &line);
  }
  if (columns > INT32_MAX) return array_fail(in->error, "%s: %lld columns are too many", in->path, (long long)columns);
  if (!read_rows(in, line, have_line, columns, &into->whole)) return false;
  into->has_whole = true;
  return !named || name_columns(in, header, columns, into);
}

bool array_csv_read(const char *path, array_file *into, array_error *error) {
  size_t length;
  char *text = file_read(path, INT64_MAX - 1, &length, error);
  if (!text) return false;
  size_t mark = length >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0; /* a byte order mark */
  reader in = {.path = path, .at = text + mark, .end = text + length, .error = error};
  bool good = read_table(&in, into);
  free(text);
  return good;
}
