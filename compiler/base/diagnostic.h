/* Diagnostics: every error of a compilation, collected, then written with its line and a caret span. */
#ifndef ADJOIN_BASE_DIAGNOSTIC_H
#define ADJOIN_BASE_DIAGNOSTIC_H

#include "compiler/base/source.h"
#include "compiler/base/text.h"

/* What can be wrong, by kind. */
typedef enum {
#define CODE(constant, name, title, explanation, wrong, right, arguments) CODE_##constant,
#include "compiler/base/diagnostic_codes.def"
#undef CODE
  DIAGNOSTIC_CODES
} diagnostic_code;

/* As programs and people read it, stable, in kebab-case: "unknown-name". */
const char *diagnostic_code_name(diagnostic_code code);

typedef enum { SEVERITY_ERROR, SEVERITY_WARNING } severity;

typedef struct {
  span where;
  const char *message;
} diagnostic_note;

/* An edit of the text after which what was reported is right. */
typedef struct {
  span where; /* empty: an insertion */
  const char *replacement;
} diagnostic_fix;

typedef struct {
  severity level;
  diagnostic_code code;
  span where;
  const char *message; /* what is wrong, in the user's terms; no full stop, no capital */
  const char *hint;    /* what to do, or NULL */
  LIST(diagnostic_note) notes;
  diagnostic_fix fix; /* replacement NULL: there is none */
} diagnostic;

typedef struct {
  arena *memory;
  const source *from;
  LIST(diagnostic) list;
  int error_count;
  int unlisted; /* beyond the first thousand: counted, not kept */
  int dropped;  /* the newest was not kept, nor are hints and notes to it */
} diagnostics;

diagnostics *diagnostics_create(arena *memory, const source *from);

/* Adds an error or a warning. An error with the same place and message as an earlier one is dropped. */
void diagnose(diagnostics *to, diagnostic_code code, span where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diagnose_warning(diagnostics *to, diagnostic_code code, span where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds to the newest diagnostic: what to do about it; another place that explains it. */
void diagnose_hint(diagnostics *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
void diagnose_note(diagnostics *to, span where, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same: the text at `where` is to be replaced. Only where the edit is what the hint says, and likely what was
 * meant.
 */
void diagnose_fix(diagnostics *to, span where, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The numbers of the diagnostics, ordered by place, and as they were reported where places are equal; in `memory`. */
int *diagnostics_ordered(const diagnostics *from, arena *memory);

/* Does the span stand for a place in this text? */
int has_place(const source *from, span where);

/* Writes all, ordered by place (at most 20, then how many more):
 *
 *     model.adj:3:12: error: unknown name 'lamda' [unknown-name]
 *       3 | minimize f + lamda*g
 *         |              ^~~~~
 *         = did you mean 'lambda'?
 */
void diagnostics_write(const diagnostics *from, text *out);

/* One of them alone. */
void diagnostic_write(const source *from, const diagnostic *each, text *out);

/* Writes all, in the same order, each as one JSON object on a line of its own; the last one says how many more were
 * counted, if there are more. compiler/cli/README.md tells the members. */
void diagnostics_write_json(const diagnostics *from, text *out);

/* The same for a message that belongs to no text: an object with the members of the others, its places null. */
void diagnostic_write_bare_json(severity level, diagnostic_code code, const char *message, text *out);

/* The candidate nearest to `name` by edit distance, or NULL when none is near enough to be a likely slip. */
const char *nearest_name(const char *name, const char *const *candidates, int count);

#endif
