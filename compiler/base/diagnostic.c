/* Diagnostics: collected during the passes, written at the end with the lines they speak of.
 *
 * The source may hold any bytes. What is shown of it is made of cells, one column each: a printable character, a space
 * of an expanded tab, or '?' for what a terminal must not be given. */
#include "compiler/base/diagnostic.h"

#include <string.h>

enum {
  KEPT = 1000,        /* diagnostics stored; more are only counted, so that hostile input stays linear */
  WRITTEN = 20,       /* diagnostics written out */
  TAB_WIDTH = 4,      /* columns between tab stops */
  VISIBLE = 100,      /* columns of a source line shown at most */
  CONTEXT_BEFORE = 40 /* of these, how many stand before the span when the line is cut */
};

const char *diagnostic_code_name(diagnostic_code code) {
  static const char *const names[] = {
#define CODE(constant, name, title, explanation, wrong, right, arguments) [CODE_##constant] = name,
#include "compiler/base/diagnostic_codes.def"
#undef CODE
  };
  return names[code];
}

diagnostics *diagnostics_create(arena *memory, const source *from) {
  diagnostics *made = arena_new(memory, diagnostics);
  made->memory = memory;
  made->from = from;
  return made;
}

static int same_place(span a, span b) {
  return a.begin == b.begin && a.end == b.end;
}

static int reported(const diagnostics *to, severity level, span where, const char *message) {
  for (int i = 0; i < to->list.count; i++) {
    const diagnostic *earlier = &to->list.items[i];
    if (earlier->level == level && same_place(earlier->where, where) && !strcmp(earlier->message, message)) return 1;
  }
  return 0;
}

static void add(diagnostics *to, severity level, diagnostic_code code, span where, const char *format,
                va_list arguments) {
  to->dropped = 1;
  if (to->list.count == KEPT) {
    if (to->unlisted < INT32_MAX) to->unlisted++;
    if (level == SEVERITY_ERROR && to->error_count < INT32_MAX) to->error_count++;
    return;
  }
  const char *message = arena_format_list(to->memory, format, arguments);
  if (reported(to, level, where, message)) return;
  diagnostic made = {.level = level, .code = code, .where = where, .message = message};
  list_push(to->memory, &to->list, made);
  if (level == SEVERITY_ERROR) to->error_count++;
  to->dropped = 0;
}

void diagnose(diagnostics *to, diagnostic_code code, span where, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(to, SEVERITY_ERROR, code, where, format, arguments);
  va_end(arguments);
}

void diagnose_warning(diagnostics *to, diagnostic_code code, span where, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(to, SEVERITY_WARNING, code, where, format, arguments);
  va_end(arguments);
}

static diagnostic *newest(diagnostics *to) {
  return to->dropped || !to->list.count ? NULL : &to->list.items[to->list.count - 1];
}

void diagnose_hint(diagnostics *to, const char *format, ...) {
  diagnostic *of = newest(to);
  if (!of) return;
  va_list arguments;
  va_start(arguments, format);
  of->hint = arena_format_list(to->memory, format, arguments);
  va_end(arguments);
}

void diagnose_note(diagnostics *to, span where, const char *format, ...) {
  diagnostic *of = newest(to);
  if (!of) return;
  va_list arguments;
  va_start(arguments, format);
  diagnostic_note note = {where, arena_format_list(to->memory, format, arguments)};
  va_end(arguments);
  list_push(to->memory, &of->notes, note);
}

void diagnose_fix(diagnostics *to, span where, const char *format, ...) {
  diagnostic *of = newest(to);
  if (!of) return;
  va_list arguments;
  va_start(arguments, format);
  of->fix = (diagnostic_fix){where, arena_format_list(to->memory, format, arguments)};
  va_end(arguments);
}

/* ---- showing a source line ---- */

typedef struct {
  const char *bytes; /* what to write: one character */
  int length;
  int marked; /* under the span */
} cell;

/* The length of the printable character at `bytes`, or 0 when the first byte must not be shown: control characters,
 * their C1 kin, the directional marks that could make a line read differently, and what is not UTF-8. */
static int printable_length(const char *bytes, int available) {
  unsigned long point;
  int length = utf8_length(bytes, (size_t)available, &point);
  if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return 0;
  if ((point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E)) return 0;
  return (point >= 0x2066 && point <= 0x2069) || point == 0xFEFF ? 0 : length;
}

typedef LIST(cell) cells;

/* The part of a line that is shown: its cells, and whether text was left out before and after them. */
typedef struct {
  cells list;
  int cut_before, cut_after;
} excerpt;

/* The offset at which to begin so that the span's first character stays in view: at the line's start where that is
 * near enough, else some columns before the span. */
static int excerpt_start(const char *line, int length, int span_start) {
  if (length <= VISIBLE || span_start < VISIBLE - CONTEXT_BEFORE) return 0;
  int start = (span_start < length ? span_start : length) - CONTEXT_BEFORE;
  while (start < length && ((unsigned char)line[start] & 0xC0u) == 0x80u) start++;
  return start;
}

static void push_character(arena *memory, cells *to, const char *bytes, int *taken, int available, int marked) {
  *taken = 1;
  if (*bytes == '\t') {
    do list_push(memory, to, (cell){" ", 1, marked});
    while (to->count % TAB_WIDTH);
    return;
  }
  int length = printable_length(bytes, available);
  if (length) *taken = length;
  list_push(memory, to, length ? (cell){bytes, length, marked} : (cell){"?", 1, marked});
}

/* Lines are cut to VISIBLE columns before they are looked at, so a line of megabytes costs what a short one does. */
static excerpt take_excerpt(arena *memory, const char *line, int length, int span_start, int span_end) {
  excerpt made = {0};
  int at = excerpt_start(line, length, span_start);
  made.cut_before = at > 0;
  while (at < length && made.list.count < VISIBLE) {
    int taken;
    push_character(memory, &made.list, line + at, &taken, length - at, at >= span_start && at < span_end);
    at += taken;
  }
  made.cut_after = at < length;
  if (span_start >= length && !made.cut_after) list_push(memory, &made.list, (cell){" ", 1, 1});
  return made;
}

static int last_cell(const excerpt *of, int marked_only) {
  int last = of->list.count;
  while (last > 0 && (marked_only ? !of->list.items[last - 1].marked : *of->list.items[last - 1].bytes == ' ')) last--;
  return last;
}

static void write_underline(const excerpt *of, text *out) {
  int first = 1;
  int end = last_cell(of, 1);
  for (int i = 0; i < end; i++) {
    int marked = of->list.items[i].marked;
    text_append(out, !marked ? " " : first ? "^" : "~");
    if (marked) first = 0;
  }
}

static void write_excerpt(const source *from, span where, text *out) {
  int number = source_position(from, where.begin).line;
  int length;
  const char *line = source_line(from, number, &length);
  int begin = (int)(where.begin - from->lines.items[number - 1]);
  uint32_t extent = where.end > where.begin ? where.end - where.begin : 1;
  int end = extent > (uint32_t)(INT32_MAX - begin) ? INT32_MAX : begin + (int)extent;
  excerpt shown = take_excerpt(out->memory, line, length, begin, end);

  text_format(out, "%3d | %s", number, shown.cut_before ? "..." : "");
  int visible = last_cell(&shown, 0);
  for (int i = 0; i < visible; i++)
    text_append_bytes(out, shown.list.items[i].bytes, (size_t)shown.list.items[i].length);
  int margin = number < 1000 ? 3 : number < 10000 ? 4 : number < 100000 ? 5 : 10;
  text_format(out, "%s\n%*s | %s", shown.cut_after ? "..." : "", margin, "", shown.cut_before ? "   " : "");
  write_underline(&shown, out);
  text_append(out, "\n");
}

/* ---- writing ---- */

int has_place(const source *from, span where) {
  return (where.begin || where.end) && where.begin <= from->length;
}

/* `code` is written after the message; a note has none: NULL. */
static void write_message(const source *from, span where, const char *kind, const char *message, const char *code,
                          text *out) {
  const char *before = code ? " [" : "", *after = code ? "]" : "";
  if (!code) code = "";
  if (!has_place(from, where)) {
    text_format(out, "%s: %s: %s%s%s%s\n", from->name, kind, message, before, code, after);
    return;
  }
  position at = source_position(from, where.begin);
  text_format(out, "%s:%d:%d: %s: %s%s%s%s\n", from->name, at.line, at.column, kind, message, before, code, after);
  write_excerpt(from, where, out);
}

void diagnostic_write(const source *from, const diagnostic *each, text *out) {
  write_message(from, each->where, each->level == SEVERITY_ERROR ? "error" : "warning", each->message,
                diagnostic_code_name(each->code), out);
  if (each->hint) text_format(out, "    = %s\n", each->hint);
  for (int i = 0; i < each->notes.count; i++)
    write_message(from, each->notes.items[i].where, "note", each->notes.items[i].message, NULL, out);
}

/* An insertion sort of at most KEPT numbers, nearly in order already. */
int *diagnostics_ordered(const diagnostics *from, arena *memory) {
  int *order = arena_array(memory, int, from->list.count + 1);
  for (int i = 0; i < from->list.count; i++) {
    int at = i;
    uint32_t begin = from->list.items[i].where.begin;
    for (; at > 0 && from->list.items[order[at - 1]].where.begin > begin; at--) order[at] = order[at - 1];
    order[at] = i;
  }
  return order;
}

void diagnostics_write(const diagnostics *from, text *out) {
  const int *order = diagnostics_ordered(from, out->memory);
  int count = from->list.count;
  for (int i = 0; i < count && i < WRITTEN; i++) diagnostic_write(from->from, &from->list.items[order[i]], out);
  long more = (count > WRITTEN ? count - WRITTEN : 0) + (long)from->unlisted;
  if (more) text_format(out, "%s: and %ld more\n", from->from->name, more);
}

/* ---- likely slips ---- */

enum { LONGEST_NAME = 48, CANDIDATES = 1000 };

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int least(int a, int b) {
  return a < b ? a : b;
}

static int mismatch(char a, char b) {
  return a == b ? 0 : lower(a) == lower(b) ? 1 : 2;
}

/* Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost 2, a letter of the wrong
 * case 1; the least total. Three rows of the table are kept. */
static int edit_cost(const char *a, int a_length, const char *b, int b_length) {
  int rows[3][LONGEST_NAME + 1];
  int *before = rows[0], *above = rows[1], *row = rows[2];
  for (int j = 0; j <= b_length; j++) above[j] = before[j] = 2 * j;
  for (int i = 1; i <= a_length; i++) {
    row[0] = 2 * i;
    for (int j = 1; j <= b_length; j++) {
      row[j] = least(above[j - 1] + mismatch(a[i - 1], b[j - 1]), least(above[j], row[j - 1]) + 2);
      int swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = least(row[j], before[j - 2] + 2);
    }
    int *recycled = before;
    before = above;
    above = row;
    row = recycled;
  }
  return above[b_length];
}

/* One slip in three letters is likely; in a name of one or two letters only the case is. */
const char *nearest_name(const char *name, const char *const *candidates, int count) {
  size_t length = strlen(name);
  if (length == 0 || length > LONGEST_NAME) return NULL;
  int allowed = length < 3 ? 1 : 2 * least((int)length / 3, 3);
  const char *best = NULL;
  for (int i = 0; i < count && i < CANDIDATES && allowed > 0; i++) {
    size_t other = strlen(candidates[i]);
    size_t gap = other > length ? other - length : length - other;
    if (other > LONGEST_NAME || 2 * gap > (size_t)allowed || !strcmp(name, candidates[i])) continue;
    int cost = edit_cost(name, (int)length, candidates[i], (int)other);
    if (cost > allowed) continue;
    best = candidates[i];
    allowed = cost - 1;
  }
  return best;
}
