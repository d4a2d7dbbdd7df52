/* The helpers of scalar_helpers.def, twice: compiled for the host, and as text, laid out again by a small printer since
 * the preprocessor joins their lines. */
#include "compiler/scalar/scalar_helpers.h"
#include <math.h>
#include <string.h>

/* For the host. */
#define REAL double
#define WHOLE int64_t
#define UNSIGNED_WHOLE uint64_t
#define MATH(function) function
#define CALL(helper) host_##helper
#define HELPER(name, what, needs, result, parameters, ...) result host_##name parameters __VA_ARGS__
#include "compiler/scalar/scalar_helpers.def"
#undef HELPER
#undef CALL
#undef MATH
#undef UNSIGNED_WHOLE
#undef WHOLE
#undef REAL

/* As text. */
typedef struct {
  const char *name, *what, *needs, *result, *parameters, *body;
} helper;

static const helper helpers[] = {
#define HELPER(name, what, needs, result, parameters, ...) {#name, what, needs, #result, #parameters, #__VA_ARGS__},
#include "compiler/scalar/scalar_helpers.def"
#undef HELPER
};
enum { HELPER_COUNT = (int)(sizeof helpers / sizeof helpers[0]) };

/* A word in a list of words between single spaces. */
static bool mentions(const char *list, const char *word) {
  size_t length = strlen(word);
  for (const char *at = list; *at;) {
    size_t item = strcspn(at, " ");
    if (item == length && strncmp(at, word, length) == 0) return true;
    at += item + (at[item] == ' ');
  }
  return false;
}

/* Which helpers are needed: those that spell a used operation, then what these call. Callees stand before callers in
 * the table, so that one pass from its end completes the set. */
static void mark_needed(const bool *used, bool *needed) {
  for (int op = 0; op < SCALAR_OP_COUNT; op++) {
    const scalar_op_row *row = scalar_row((scalar_op)op);
    if (!used[op] || !row || !(row->flags & OP_HELPER)) continue;
    for (int k = 0; k < HELPER_COUNT; k++)
      if (strcmp(helpers[k].name, row->spelling_double) == 0) needed[k] = true;
  }
  for (int caller = HELPER_COUNT - 1; caller > 0; caller--)
    for (int k = 0; needed[caller] && k < caller; k++)
      if (mentions(helpers[caller].needs, helpers[k].name)) needed[k] = true;
}

/* The printer: copies tokens, replaces the placeholders, breaks lines after braces and semicolons. */
typedef struct {
  const helper_style *style;
  text *out;
  const char *at;
  int depth;       /* of blocks */
  int parentheses; /* open; inside them a semicolon ends no line (for loops) */
  bool fresh;      /* at the start of a line */
} printer;

static bool is_name_character(char symbol) {
  return (symbol >= 'a' && symbol <= 'z') || (symbol >= 'A' && symbol <= 'Z') || (symbol >= '0' && symbol <= '9') ||
         symbol == '_';
}

static void begin_token(printer *to) {
  if (!to->fresh) return;
  for (int k = 0; k < to->depth; k++) text_append(to->out, "  ");
  to->fresh = false;
}

static void end_line(printer *to) {
  text_append(to->out, "\n");
  to->fresh = true;
  while (*to->at == ' ') to->at++;
}

/* MATH(exp) and CALL(sign): the name between the parentheses. */
static void print_reference(printer *to, const char *before, const char *after) {
  size_t length = strcspn(++to->at, ")");
  text_append(to->out, before);
  text_append_bytes(to->out, to->at, length);
  text_append(to->out, after);
  to->at += length + 1;
}

static void print_name(printer *to) {
  const char *name = to->at;
  size_t length = 0;
  while (is_name_character(name[length])) length++;
  to->at += length;
  const helper_style *style = to->style;
  if (length == 4 && strncmp(name, "REAL", 4) == 0)
    text_append(to->out, style->real_float ? "float" : "double");
  else if (length == 5 && strncmp(name, "WHOLE", 5) == 0)
    text_append(to->out, style->whole);
  else if (length == 14 && strncmp(name, "UNSIGNED_WHOLE", 14) == 0)
    text_append(to->out, style->unsigned_whole);
  else if (length == 4 && strncmp(name, "MATH", 4) == 0)
    print_reference(to, "", style->real_float ? "f" : "");
  else if (length == 4 && strncmp(name, "CALL", 4) == 0)
    print_reference(to, style->prefix, "");
  else
    text_append_bytes(to->out, name, length);
}

static void print_number(printer *to) {
  const char *number = to->at;
  size_t length = strspn(number, "0123456789.e");
  if (number[length - 1] == 'e') length += 1 + strspn(number + length + 1, "0123456789"); /* a signed exponent */
  bool floating = memchr(number, '.', length) || memchr(number, 'e', length);
  text_append_bytes(to->out, number, length);
  if (floating && to->style->real_float) text_append(to->out, "f");
  to->at += length;
}

/* Braces after `=` are a list of values, copied on one line. */
static void print_values(printer *to) {
  while (*to->at && *to->at != '}') {
    if (*to->at >= '0' && *to->at <= '9')
      print_number(to);
    else
      text_append_bytes(to->out, to->at++, 1);
  }
  if (*to->at) text_append_bytes(to->out, to->at++, 1);
}

static void print_open_brace(printer *to) {
  bool values = to->out->length >= 2 && to->out->data[to->out->length - 2] == '=';
  if (values) {
    print_values(to);
    return;
  }
  text_append(to->out, "{");
  to->at++;
  to->depth++;
  end_line(to);
}

static void print_close_brace(printer *to) {
  to->depth--;
  begin_token(to);
  text_append(to->out, "}");
  to->at++;
  end_line(to);
}

static void print_symbol(printer *to) {
  char symbol = *to->at++;
  if (symbol == '(') to->parentheses++;
  if (symbol == ')') to->parentheses--;
  text_append_bytes(to->out, &symbol, 1);
  if (symbol == ';' && to->parentheses == 0) end_line(to);
}

static void print_code(printer *to, const char *code) {
  for (to->at = code; *to->at;) {
    if (*to->at == '}') {
      print_close_brace(to);
      continue;
    }
    begin_token(to);
    if (*to->at >= '0' && *to->at <= '9')
      print_number(to);
    else if (is_name_character(*to->at))
      print_name(to);
    else if (*to->at == '{')
      print_open_brace(to);
    else
      print_symbol(to);
  }
}

static void print_helper(const helper *from, const helper_style *style, text *out) {
  printer to = {.style = style, .out = out};
  text_format(out, "/* %s: %s. */\n%s ", from->name, from->what, style->qualifier);
  print_code(&to, from->result);
  text_format(out, " %s%s", style->prefix, from->name);
  print_code(&to, from->parameters);
  text_append(out, " ");
  print_code(&to, from->body);
  text_append(out, "\n");
}

void scalar_helpers_write(const bool *used, const helper_style *style, text *out) {
  bool needed[HELPER_COUNT] = {false};
  mark_needed(used, needed);
  for (int k = 0; k < HELPER_COUNT; k++)
    if (needed[k]) print_helper(&helpers[k], style, out);
}
