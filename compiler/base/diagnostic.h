/* Diagnostics: every error of a compilation, collected, then written with its line and a caret span. */
#ifndef ADJOIN_BASE_DIAGNOSTIC_H
#define ADJOIN_BASE_DIAGNOSTIC_H

#include "compiler/base/source.h"
#include "compiler/base/text.h"

typedef enum { SEVERITY_ERROR, SEVERITY_WARNING } severity;

typedef struct {
  span where;
  const char *message;
} diagnostic_note;

typedef struct {
  severity level;
  const char *code; /* stable, kebab-case: "unknown-name" */
  span where;
  const char *message; /* what is wrong, in the user's terms; no full stop, no capital */
  const char *hint;    /* what to do, or NULL */
  LIST(diagnostic_note) notes;
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
void diagnose(diagnostics *to, const char *code, span where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diagnose_warning(diagnostics *to, const char *code, span where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds to the newest diagnostic: what to do about it; another place that explains it. */
void diagnose_hint(diagnostics *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
void diagnose_note(diagnostics *to, span where, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Writes all, ordered by place (at most 20, then how many more):
 *
 *     model.adj:3:12: error: unknown name 'lamda'
 *       3 | minimize f + lamda*g
 *         |              ^~~~~
 *         = did you mean 'lambda'?
 */
void diagnostics_write(const diagnostics *from, text *out);

/* One of them alone. */
void diagnostic_write(const source *from, const diagnostic *each, text *out);

/* The candidate nearest to `name` by edit distance, or NULL when none is near enough to be a likely slip. */
const char *nearest_name(const char *name, const char *const *candidates, int count);

#endif
