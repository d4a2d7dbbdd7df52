/* Case files: text -> test_case. */
#include "tests/runner/case.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  arena *memory;
  test_case *into;
  const char *data;
  int line;
} reader;

char *read_file(arena *memory, const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  LIST(char) bytes = {0};
  for (int c; (c = getc(file)) != EOF;) list_push(memory, &bytes, (char)c);
  fclose(file);
  list_push(memory, &bytes, '\0');
  *length = (size_t)bytes.count - 1;
  return bytes.items;
}

static void mistake(reader *with, const char *what, const char *detail) {
  if (!with->into->broken)
    with->into->broken = arena_format(with->memory, "%s:%d: %s: %s", with->into->path, with->line, what, detail);
}

static char *trimmed(char *from) {
  while (*from == ' ' || *from == '\t') from++;
  size_t length = strlen(from);
  while (length && strchr(" \t\r\n", from[length - 1])) from[--length] = '\0';
  return from;
}

/* The entries move into the arena. */
static void read_value(reader *with, const char *from, host_array *into) {
  array_error error;
  bool good = from[0] == '@' ? array_read(arena_format(with->memory, "%s/%s", with->data, from + 1), into, &error)
                             : array_parse(from, into, &error);
  if (!good) {
    mistake(with, "bad value", error.message);
    return;
  }
  size_t count = (size_t)host_array_count(into);
  double *copy = arena_array(with->memory, double, count + 1);
  if (count) memcpy(copy, into->entries, count * sizeof *copy);
  host_array loaded = *into;
  into->entries = copy;
  into->mapping = NULL;
  host_array_release(&loaded);
}

static case_point *newest_point(reader *with) {
  return &with->into->points.items[with->into->points.count - 1];
}

/* `x = VALUE` into the point's inputs, in place of an inherited one. */
static void read_input(reader *with, const char *name, const char *value) {
  case_point *at = newest_point(with);
  case_input made = {.name = name};
  read_value(with, value, &made.value);
  for (int k = 0; k < at->inputs.count; k++)
    if (!strcmp(at->inputs.items[k].name, name)) {
      at->inputs.items[k] = made;
      return;
    }
  list_push(with->memory, &at->inputs, made);
}

static const struct {
  const char *word;
  expectation_kind kind;
} expectation_words[] = {
    {"value", EXPECT_VALUE},   {"out", EXPECT_OUTPUT},   {"grad", EXPECT_GRADIENT}, {"hvp", EXPECT_PRODUCT},
    {"mixed", EXPECT_PRODUCT}, {"hess", EXPECT_HESSIAN}, {"jvp", EXPECT_JVP},       {"vjp", EXPECT_VJP},
    {"jac", EXPECT_JACOBIAN},  {"start", EXPECT_START},  {"lower", EXPECT_LOWER},   {"upper", EXPECT_UPPER},
};

/* Cuts `text` at the first `separator`; what follows it, trimmed, or NULL. */
static char *cut(char *text, const char *separator) {
  char *at = strstr(text, separator);
  if (!at) return NULL;
  *at = '\0';
  return trimmed(at + strlen(separator));
}

static void read_expectation(reader *with, expectation_kind kind, char *names, char *value) {
  expectation made = {.kind = kind, .read = "", .along = "", .tolerance = 1e-12, .line = with->line};
  char *direction = cut(names, " along ");
  char *along = cut(names, ",");
  made.read = trimmed(names);
  made.along = along ? along : kind == EXPECT_PRODUCT || kind == EXPECT_HESSIAN ? made.read : "";
  if (direction) read_value(with, direction, &made.direction);
  if (value) {
    char *tolerance = cut(value, " within ");
    if (tolerance) made.tolerance = strtod(tolerance, NULL);
    read_value(with, trimmed(value), &made.value);
  }
  list_push(with->memory, &newest_point(with)->expectations, made);
}

static void new_point(reader *with) {
  test_case *into = with->into;
  case_point made = {.line = with->line};
  if (into->points.count) {
    const case_point *before = newest_point(with);
    made.nonfinite = before->nonfinite;
    for (int k = 0; k < before->inputs.count; k++) list_push(with->memory, &made.inputs, before->inputs.items[k]);
  }
  list_push(with->memory, &into->points, made);
}

static void read_extent(reader *with, char *name, const char *value) {
  named_extent made = {trimmed(name), strtoll(value, NULL, 10)};
  list_push(with->memory, &with->into->fixed, made);
}

static void read_assignment(reader *with, char *word, char *rest, char *value) {
  for (size_t k = 0; k < sizeof expectation_words / sizeof *expectation_words; k++)
    if (!strcmp(word, expectation_words[k].word)) {
      read_expectation(with, expectation_words[k].kind, rest, value);
      return;
    }
  if (!strcmp(word, "in") && value)
    read_input(with, trimmed(rest), value);
  else if (!strcmp(word, "fix") && value)
    read_extent(with, rest, value);
  else
    mistake(with, "unknown directive", word);
}

static void read_directive(reader *with, char *line) {
  if (!line[0] || line[0] == '#') return;
  case_point *at = newest_point(with);
  if (!strcmp(line, "---"))
    new_point(with);
  else if (!strcmp(line, "kink"))
    at->kink = true;
  else if (!strcmp(line, "nonfinite"))
    at->nonfinite = true;
  else if (!strcmp(line, "finite"))
    at->nonfinite = false;
  else {
    char *value = cut(line, "=");
    char *rest = line + strcspn(line, " \t");
    if (*rest) *rest++ = '\0';
    read_assignment(with, line, trimmed(rest), value);
  }
}

/* `error:`, `status:` and `dump STAGE:` take the rest of the file. */
static bool read_rest(reader *with, const char *line, const char *rest) {
  size_t length = strcspn(line, "\n");
  if (length == 6 && !strncmp(line, "error:", 6))
    with->into->error = rest;
  else if (length == 7 && !strncmp(line, "status:", 7))
    newest_point(with)->status = rest;
  else if (length > 6 && !strncmp(line, "dump ", 5) && line[length - 1] == ':') {
    with->into->dump_after = arena_copy(with->memory, line + 5, length - 6);
    with->into->dump = rest;
  } else
    return false;
  return true;
}

/* One directive: a line with the indented lines that continue it. The start of the next one. */
static const char *directive_end(const char *from) {
  const char *end = from + strcspn(from, "\n");
  while (*end == '\n' && (end[1] == ' ' || end[1] == '\t')) end += 1 + strcspn(end + 1, "\n");
  return *end ? end + 1 : end;
}

static void read_directives(reader *with, const char *from) {
  new_point(with);
  while (*from && !with->into->broken) {
    const char *next = directive_end(from);
    if (read_rest(with, from, from + strcspn(from, "\n") + (from[strcspn(from, "\n")] != '\0'))) return;
    char *line = arena_copy(with->memory, from, (size_t)(next - from));
    for (char *c = line; *c; c++)
      if (*c == '\n') *c = ' ';
    read_directive(with, trimmed(line));
    for (; from < next; from++) with->line += *from == '\n';
  }
}

/* The text itself, or that of the file that `@PATH` names. */
static const char *model_text(arena *memory, const char *text, size_t length) {
  const char *model = arena_copy(memory, text, length);
  return model[0] == '@' ? read_file(memory, arena_copy(memory, text + 1, length - 2), &length) : model;
}

test_case *case_read(arena *memory, const char *path, const char *data) {
  test_case *into = arena_new(memory, test_case);
  into->path = path;
  size_t length;
  char *text = read_file(memory, path, &length);
  char *end = text ? (!strncmp(text, "---\n", 4) ? text : strstr(text, "\n---\n")) : NULL;
  if (!end) {
    into->broken = arena_format(memory, "%s: no line '---' after the model", path);
    return into;
  }
  end += *end == '\n';
  into->model = model_text(memory, text, (size_t)(end - text));
  if (!into->model) into->broken = arena_format(memory, "%s: no such model: %s", path, text);
  reader with = {memory, into, data, 2};
  for (const char *c = text; c < end; c++) with.line += *c == '\n';
  read_directives(&with, end + 4);
  return into;
}
