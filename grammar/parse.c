/* parse(): text to syntax tree. */
#include "grammar/parser.h"
#include "grammar/program.h"

#include <string.h>

enum { LONGEST_TEXT = 1 << 28 };

/* The grammar stops early only where its stack is full, which was reported: the statement's rest is left out and the
 * next one begins anew. */
static void parse_statements(parser *with) {
  filter_start(with);
  while (program_parse(with) != 0 && with->filter.given.kind != TOKEN_FILE_END) {
    filter_skip(with);
    with->filter.skip_level = 0;
    with->filter.braces_given = 0;
  }
}

/* The scanner's own copy, ended as it wants. Zero bytes would cost it a second look at all before them; they are
 * reported here, once, and read as blanks. */
static char *scanner_text(parser *with) {
  size_t length = with->from->length;
  char *copy = arena_allocate(with->memory, length + 2, 1);
  memcpy(copy, with->from->text, length);
  char *zero = memchr(copy, '\0', length);
  if (!zero) return copy;
  uint32_t place = (uint32_t)(zero - copy);
  diagnose(with->report, CODE_BAD_CHARACTER, (span){place, place + 1},
           "a zero byte can't be part of a model: is this a text file?");
  for (size_t i = place; i < length; i++)
    if (!copy[i]) copy[i] = ' ';
  return copy;
}

static void check_statements(parser *with) {
  if (with->statement_count > 0 || with->report->error_count > 0) return;
  diagnose(with->report, CODE_EMPTY_MODEL, (span){0, 0}, "the model is empty: it has no statement");
  diagnose_hint(with->report, "a model declares its inputs ('var x') and says what to do ('minimize x^2')");
}

ast_model *parse(arena *memory, const source *from, diagnostics *report) {
  int earlier_errors = report->error_count;
  parser *with = arena_new(memory, parser);
  with->memory = memory;
  with->from = from;
  with->report = report;
  with->model = arena_new(memory, ast_model);
  with->too_deep_statement = -1;
  if (from->length > LONGEST_TEXT) {
    diagnose(report, CODE_TOO_LONG, (span){0, 0}, "the file is longer than %d MiB", LONGEST_TEXT >> 20);
    return NULL;
  }
  with->filter.state.memory = memory;
  with->filter.state.line = 1;
  with->filter.scanner = scanner_create(&with->filter.state, scanner_text(with), from->length);
  parse_statements(with);
  check_statements(with);
  add_heading(with);
  return report->error_count > earlier_errors ? NULL : with->model;
}
