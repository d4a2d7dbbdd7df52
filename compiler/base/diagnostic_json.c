/* Diagnostics as JSON, a line for each, for editors and other programs. */
#include "compiler/base/diagnostic.h"

static void append_member(text *out, const char *name, const char *value) {
  text_format(out, ", \"%s\": ", name);
  if (value)
    json_string_append(out, value);
  else
    text_append(out, "null");
}

/* "file", the bytes, the lines and columns; `from` NULL where there is no text. */
static void append_place(text *out, const source *from, span where) {
  text_append(out, "\"file\": ");
  if (from)
    json_string_append(out, from->name);
  else
    text_append(out, "null");
  if (!from || !has_place(from, where)) {
    text_append(out, ", \"begin\": null, \"end\": null, \"line\": null, \"column\": null, \"endLine\": null, "
                     "\"endColumn\": null");
    return;
  }
  position first = source_position(from, where.begin), last = source_position(from, where.end);
  text_format(out, ", \"begin\": %lu, \"end\": %lu, \"line\": %d, \"column\": %d, \"endLine\": %d, \"endColumn\": %d",
              (unsigned long)where.begin, (unsigned long)where.end, first.line, first.column, last.line, last.column);
}

static void append_notes(text *out, const source *from, const diagnostic *of) {
  text_append(out, ", \"notes\": [");
  for (int k = 0; k < of->notes.count; k++) {
    text_append(out, k ? ", {" : "{");
    append_place(out, from, of->notes.items[k].where);
    append_member(out, "message", of->notes.items[k].message);
    text_append(out, "}");
  }
  text_append(out, "]");
}

static void append_fix(text *out, const diagnostic_fix *of) {
  if (!of->replacement) {
    text_append(out, ", \"fix\": null");
    return;
  }
  text_format(out, ", \"fix\": {\"begin\": %lu, \"end\": %lu", (unsigned long)of->where.begin,
              (unsigned long)of->where.end);
  append_member(out, "replacement", of->replacement);
  text_append(out, "}");
}

/* All but the end of the object. */
static void append_diagnostic(text *out, const source *from, const diagnostic *of) {
  text_append(out, "{");
  append_place(out, from, of->where);
  append_member(out, "severity", of->level == SEVERITY_ERROR ? "error" : "warning");
  append_member(out, "code", diagnostic_code_name(of->code));
  append_member(out, "message", of->message);
  append_member(out, "hint", of->hint);
  append_notes(out, from, of);
  append_fix(out, &of->fix);
}

void diagnostic_write_bare_json(severity level, diagnostic_code code, const char *message, text *out) {
  append_diagnostic(out, NULL, &(diagnostic){.level = level, .code = code, .message = message});
  text_append(out, "}\n");
}

void diagnostics_write_json(const diagnostics *from, text *out) {
  const int *order = diagnostics_ordered(from, out->memory);
  for (int k = 0; k < from->list.count; k++) {
    append_diagnostic(out, from->from, &from->list.items[order[k]]);
    text_append(out, "}\n");
  }
  if (!from->unlisted) return;
  const char *message = arena_format(out->memory, "and %d more", from->unlisted);
  diagnostic rest = {.level = SEVERITY_ERROR, .code = CODE_NOT_LISTED, .message = message};
  append_diagnostic(out, from->from, &rest);
  text_format(out, ", \"dropped\": %d}\n", from->unlisted);
}
