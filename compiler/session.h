/* One compilation, in the order of its use: open, request functions, then emit or compile them. */
#ifndef ADJOIN_COMPILER_SESSION_H
#define ADJOIN_COMPILER_SESSION_H

#include "compiler/emit/emit.h"
#include "compiler/jit/jit.h"
#include "compiler/tensor/check.h"

#define ADJOIN_VERSION "0.1.0"

typedef struct session session;

/* Parses and checks a model. NULL only when memory runs out; errors in the text are in the session (session_failed,
 * session_diagnostics). `name` is the model's unless it says `model NAME`; `path` is for messages. `dump_after` is a
 * stage whose text goes to session_dump (see session_stages), or NULL. */
session *session_open(const char *path, const char *name, const char *text, size_t length, const fixed_extent *fixed,
                      int fixed_count, const char *dump_after);
void session_close(session *with);

/* The names of the stages, in order, ended by NULL. */
const char *const *session_stages(void);

/* True when the text has errors, or when a later step failed; the diagnostics say how. session_exhausted: memory ran
 * out, and nothing but session_diagnostics and session_close may follow. session_internal: an error of ours. */
bool session_failed(const session *of);
bool session_exhausted(const session *of);
bool session_internal(const session *of);
const char *session_diagnostics(session *of);      /* written as text; "" when there are none */
const char *session_diagnostics_json(session *of); /* written as JSON, one object a line */
const diagnostics *session_diagnostic_list(const session *of);
const char *session_dump(session *of); /* the dumped stages, "" when none */
const tensor_program *session_model(const session *of);

typedef enum {
  REQUEST_VALUE,    /* results: the objective when there is one, then each of `read` (outputs or definitions) */
  REQUEST_GRADIENT, /* results: the objective, then its gradient with respect to each of `read` (inputs, definitions) */
  REQUEST_PRODUCT,  /* seeds: a direction for each of `along` (inputs); results: for each of `read` (inputs), the
                       second derivative of the objective applied to the directions: hvp and mixed products */
  REQUEST_JVP,   /* seeds: a direction for each of `along` (inputs); results: the tangent of each of `read` (outputs) */
  REQUEST_VJP,   /* seeds: a cotangent for each of `along` (outputs); results: the adjoint of each of `read` (inputs) */
  REQUEST_START, /* results: the start value of each of `read` (inputs that have one) */
  REQUEST_LOWER, /* the same for lower bounds */
  REQUEST_UPPER  /* the same for upper bounds */
} request_kind;

typedef struct {
  request_kind kind;
  const char *name; /* the function's: "grad", "hvp_w"; NULL for a default */
  const char *const *read;
  int read_count;
  const char *const *along;
  int along_count;
  bool block; /* PRODUCT and JVP: seeds and results have one more axis at the end, a block of directions, whose extent
                 is one more extent argument after the model's own */
} request;

/* Derives and optimises a function. Its number (from 0), or -1 when it can't be had; the reason is then among the
 * diagnostics (unknown name, no objective, derivative of something that has none). */
int session_request(session *with, const request *wanted);
const kernel_program *session_program(const session *of, int function);

/* All requested functions as a header, or NULL (diagnostics). */
const char *session_emit_header(session *of, const char *prefix, bool real_float);

/* The C text that session_compile hands to libtcc, for saving when that fails. */
const char *session_jit_text(session *of);

/* All requested functions as machine code, or NULL: a bug of ours; libtcc's messages are among the diagnostics. The
 * code lives until jit_release, also after the session. */
jit_code *session_compile(session *of);

/* Wall time spent so far, stage by stage, in seconds; for `make bench`. */
typedef struct {
  const char *stage;
  double seconds;
} stage_time;
const stage_time *session_times(const session *of, int *count);

/* What a status other than 0 of a generated function means: the message with its line and caret, as text; and as JSON.
 */
const char *session_status(session *of, int status);
const char *session_status_json(session *of, int status);

#endif
