/* A model as a Python module that drives libadjoin by ctypes.
 *
 * What is the same for every model stands in python_library.py.in, python_arrays.py.in and python_model.py.in, one
 * after the other, which the build turns into strings. In them
 *
 *     $name$, $version$, $file$     stand for words
 *     $inputs$                      for a list of the inputs, each line with the margin of this one
 *     $arguments$                   for "x=x, y=y"
 *     $parameters$, $values$        for ", x=None, y=None" and ", x, y"
 *     #: tables                     for what the model declares, and its text
 *     #: if WORD ... #: end         is left out when the model has no objective, or no outputs or definitions */
#include "compiler/emit/c_dialect.h"
#include "compiler/emit/describe.h"
#include "compiler/emit/emit.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_WIDTH = 110 };

typedef struct {
  const emission *what;
  const tensor_program *model;
  arena *memory;
  text *out;
  const char **arguments; /* by input: its name in Python */
} python_module;

static const char *const template[] = {
#include "compiler/emit/python_library.inc"

#include "compiler/emit/python_arrays.inc"

#include "compiler/emit/python_model.inc"
    NULL};

/* ---- spellings ---- */

static int compare_words(const void *word, const void *entry) {
  return strcmp(word, *(const char *const *)entry);
}

static bool is_reserved(const char *word) {
  static const char *const words[] = {
#include "compiler/emit/python_words.def"
  };
  return bsearch(word, words, sizeof words / sizeof *words, sizeof *words, compare_words) != NULL;
}

/* Names that begin with an underscore are the module's own. */
static const char *python_identifier(arena *memory, const char *name) {
  char *made = arena_format(memory, "%s%s", *name == '_' ? "x" : "", name);
  for (char *c = made; *c; c++)
    if (*c == '.') *c = '_';
  return is_reserved(made) ? arena_format(memory, "%s_", made) : made;
}

/* What can be as it is comes first, so that no other input takes its name, nor that of a definition. */
static void name_arguments(python_module *in) {
  c_names names = c_names_create(in->memory);
  int count = in->model->inputs.count;
  in->arguments = arena_array(in->memory, const char *, count + 1);
  for (int k = 0; k < in->model->definitions.count; k++)
    if (in->model->definitions.items[k]->name) c_names_claim_as_spelled(&names, in->model->definitions.items[k]->name);
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0; k < count; k++) {
      const char *name = in->model->inputs.items[k].name, *wanted = python_identifier(in->memory, name);
      if (!strcmp(name, wanted) == (pass == 0)) in->arguments[k] = c_names_claim_as_spelled(&names, wanted);
    }
}

/* Bytes of the UTF-8 character at `at`, or 0 when there is none. */
static size_t character_length(const unsigned char *at, size_t room) {
  static const struct {
    unsigned char first, last, second_low, second_high;
    size_t length;
  } rows[] = {{0x00, 0x7F, 0x80, 0xBF, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
              {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
              {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    if (*at < rows[k].first || *at > rows[k].last) continue;
    if (rows[k].length > room) return 0;
    for (size_t m = 1; m < rows[k].length; m++) {
      unsigned char low = m == 1 ? rows[k].second_low : 0x80, high = m == 1 ? rows[k].second_high : 0xBF;
      if (at[m] < low || at[m] > high) return 0;
    }
    return rows[k].length;
  }
  return 0;
}

/* The inside of a string literal between """ or ". Line ends stand as they are, followed by the margin; without a
 * margin they are escaped. A byte that is no UTF-8 becomes the surrogate that Python's "surrogateescape" turns back
 * into it, or in what is only read the sign that stands for no character. */
static void write_inside(text *out, const char *bytes, size_t length, const char *margin, bool only_read) {
  const unsigned char *at = (const unsigned char *)bytes, *end = at + length;
  while (at < end) {
    size_t size = character_length(at, (size_t)(end - at));
    bool quote_stands = margin && *at == '"' && at + 1 < end && at[1] != '"';
    if (!size && only_read)
      text_append(out, "\\ufffd");
    else if (!size)
      text_format(out, "\\udc%02x", *at);
    else if (*at == '\n' && margin)
      text_format(out, "\n%s", at + 1 < end && at[1] != '\n' ? margin : "");
    else if (*at == '\\' || (*at == '"' && !quote_stands))
      text_format(out, "\\%c", *at);
    else if ((*at < ' ' && *at != '\t') || *at == 0x7F)
      text_format(out, "\\x%02x", *at);
    else
      text_append_bytes(out, (const char *)at, size);
    at += size ? size : 1;
  }
}

static void write_string(text *out, const char *words) {
  text_append(out, "\"");
  write_inside(out, words, strlen(words), NULL, false);
  text_append(out, "\"");
}

/* ---- what the model declares ---- */

/* An item of a tuple; Python wants a comma behind the only one too. */
static void write_item(text *out, const char *words, bool first) {
  if (!first) text_append(out, " ");
  write_string(out, words);
  text_append(out, ",");
}

static void write_declared(const python_module *in, const input *of) {
  const struct {
    const char *word;
    bool has;
  } parts[] = {{"start", of->start}, {"lower", of->lower}, {"upper", of->upper}};
  bool first = true;
  text_append(in->out, "(");
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
    if (!parts[k].has) continue;
    write_item(in->out, parts[k].word, first);
    first = false;
  }
  text_append(in->out, ")");
}

static void write_input(const python_module *in, int number) {
  const input *of = &in->model->inputs.items[number];
  text_format(in->out, "    Input(\"%s\", \"%s\", \"%s\", (", of->name, in->arguments[number], describe_role(of->role));
  for (int k = 0; k < of->rank; k++)
    write_item(in->out, describe_extent(in->memory, in->what->module, of->extents[k]), k == 0);
  text_append(in->out, "), ");
  write_declared(in, of);
  text_format(in->out, ", %s,\n          ", of->frozen_whole ? "True" : "False");
  write_string(in->out, of->comment ? of->comment : "");
  text_append(in->out, "),\n");
}

/* A tuple of names, on as many lines as it takes. */
static void write_names(const python_module *in, const char *variable, const char *const *names, int count) {
  text_format(in->out, "%s = (", variable);
  size_t line = in->out->length - strlen(variable) - strlen(" = (");
  for (int k = 0; k < count; k++) {
    bool breaks = in->out->length - line + strlen(names[k]) > LINE_WIDTH;
    if (breaks) {
      line = in->out->length + 1;
      text_append(in->out, "\n   ");
    }
    write_item(in->out, names[k], k == 0);
  }
  text_append(in->out, ")\n");
}

static bool is_output(const tensor_program *model, const char *name) {
  bool found = model->objective.value && !strcmp(model->objective.name, name);
  for (int k = 0; k < model->outputs.count && !found; k++) found = !strcmp(model->outputs.items[k].name, name);
  return found;
}

typedef LIST(const char *) names_list;

static names_list definitions_of(const python_module *in) {
  names_list found = {0};
  for (int k = 0; k < in->model->definitions.count; k++) {
    const char *name = in->model->definitions.items[k]->name;
    if (name && !is_output(in->model, name)) list_push(in->memory, &found, name);
  }
  return found;
}

static void write_results(const python_module *in) {
  names_list outputs = {0}, definitions = definitions_of(in);
  for (int k = 0; k < in->model->outputs.count; k++) list_push(in->memory, &outputs, in->model->outputs.items[k].name);
  if (in->model->objective.value)
    text_format(in->out, "OBJECTIVE = \"%s\"\n", in->model->objective.name);
  else
    text_append(in->out, "OBJECTIVE = None\n");
  write_names(in, "OUTPUTS", outputs.items, outputs.count);
  write_names(in, "DEFINITIONS", definitions.items, definitions.count);
}

static void write_tables(const python_module *in) {
  const source *from = in->model->from;
  text_append(in->out, "INPUTS = (\n");
  for (int k = 0; k < in->model->inputs.count; k++) write_input(in, k);
  text_append(in->out, ")\n");
  write_results(in);
  text_append(in->out, "\n# Extents that were fixed when this module was written.\nFIXED = {");
  for (int k = 0; k < in->what->fixed_count; k++)
    text_format(in->out, "%s\"%s\": %lld", k ? ", " : "", in->what->fixed[k].name, (long long)in->what->fixed[k].value);
  text_append(in->out, "}\n\nSOURCE = \"\"\"\\\n");
  write_inside(in->out, from->text, from->length, "", false);
  text_append(in->out, "\"\"\"\n");
}

/* ---- the template ---- */

static void write_inputs(const python_module *in, const char *margin) {
  size_t width = 0;
  for (int k = 0; k < in->model->inputs.count; k++) {
    size_t length = strlen(in->arguments[k]);
    if (length > width && length <= LINE_WIDTH / 4) width = length;
  }
  const char *inner = arena_format(in->memory, "%s%*s", margin, (int)width + 6, "");
  for (int k = 0; k < in->model->inputs.count; k++) {
    const char *words = describe_input(in->memory, in->what->module, &in->model->inputs.items[k], false);
    text_format(in->out, "%s%s    %-*s  ", k ? "\n" : "", k ? margin : "", (int)width, in->arguments[k]);
    write_inside(in->out, words, strlen(words), inner, true);
  }
  if (!in->model->inputs.count) text_append(in->out, "    none");
}

typedef enum { AS_ARGUMENTS, AS_PARAMETERS, AS_VALUES } list_form;

/* Breaks the line where it becomes too long. */
static void write_list(const python_module *in, list_form form) {
  text *out = in->out;
  for (int k = 0; k < in->model->inputs.count; k++) {
    const char *name = in->arguments[k];
    size_t line = out->length;
    while (line > 0 && out->data[line - 1] != '\n') line--;
    bool follows = k || form != AS_ARGUMENTS;
    if (follows) text_append(out, ",");
    if (out->length - line + 2 * strlen(name) > LINE_WIDTH)
      text_append(out, "\n        ");
    else if (follows)
      text_append(out, " ");
    text_format(out, "%s%s%s", name,
                form == AS_VALUES       ? ""
                : form == AS_PARAMETERS ? "=None"
                                        : "=",
                form == AS_ARGUMENTS ? name : "");
  }
}

static void write_word(const python_module *in, const char *word, size_t length, const char *margin) {
  const char *name = arena_copy(in->memory, word, length);
  const struct {
    const char *word, *meaning;
  } words[] = {{"name", in->model->name}, {"version", in->what->version}, {"file", describe_file(in->model->from)}};
  for (size_t k = 0; k < sizeof words / sizeof *words; k++)
    if (!strcmp(name, words[k].word)) write_inside(in->out, words[k].meaning, strlen(words[k].meaning), NULL, false);
  if (!strcmp(name, "inputs")) write_inputs(in, margin);
  if (!strcmp(name, "arguments")) write_list(in, AS_ARGUMENTS);
  if (!strcmp(name, "parameters")) write_list(in, AS_PARAMETERS);
  if (!strcmp(name, "values")) write_list(in, AS_VALUES);
}

static void write_line(const python_module *in, const char *line) {
  const char *margin = arena_copy(in->memory, line, strspn(line, " "));
  for (;;) {
    size_t plain = strcspn(line, "$");
    text_append_bytes(in->out, line, plain);
    line += plain;
    if (!*line) return;
    size_t length = strcspn(++line, "$");
    write_word(in, line, length, margin);
    line += length + 1;
  }
}

void emit_python(const emission *what, text *out) {
  static const char mark[] = "#: ";
  python_module in = {.what = what, .model = what->model, .memory = out->memory, .out = out};
  name_arguments(&in);
  bool skips = false;
  for (const char *const *line = template; *line; line++) {
    const char *word = strncmp(*line, mark, strlen(mark)) ? NULL : *line + strlen(mark);
    if (word && !strcmp(word, "tables\n"))
      write_tables(&in);
    else if (word && !strcmp(word, "if objective\n"))
      skips = !in.model->objective.value;
    else if (word && !strcmp(word, "if outputs\n"))
      skips = !in.model->outputs.count && !definitions_of(&in).count;
    else if (word)
      skips = false;
    else if (!skips)
      write_line(&in, *line);
  }
}
