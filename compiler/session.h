/* One compilation, in the order of its use: open, request functions, then emit or compile them. */
#ifndef ADJOIN_COMPILER_SESSION_H
#define ADJOIN_COMPILER_SESSION_H

#include "compiler/adjoin.h" /* ADJOIN_VERSION */
#include "compiler/derivative/kinks.h"
#include "compiler/emit/emit.h"
#include "compiler/jit/jit.h"
#include "compiler/tensor/check.h"

typedef struct session session;

/* Parses and checks a model. NULL only when memory runs out; errors in the text are in the session (session_failed,
 * session_diagnostics). `name` is the model's unless it says `model NAME` (NULL: the path's base
 * name without its ending); `path` is for messages. `dump_after` is a
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
const char *session_diagnostics(session *of);           /* written as text; "" when there are none */
const char *session_diagnostics_json(session *of);      /* written as JSON, one object a line */
const diagnostics *session_reported(const session *of); /* the same one by one; NULL when memory ran out early */
void session_forget_reported(session *of); /* a request that could not be had leaves the session as it was */
const char *session_dump(session *of);     /* the dumped stages, "" when none */
const tensor_program *session_model(const session *of);

/* Derives and optimises a function. Its number (from 0), or -1 when it can't be had; the reason is then among the
 * diagnostics (unknown name, no objective, derivative of something that has none). */
int session_request(session *with, const request *wanted);
const kernel_program *session_program(const session *of, int function);

/* What the last request for kinks found, in the order of its result. */
const kink_list *session_kinks(const session *of);

/* How the requested functions are written. */
typedef struct {
  const char *prefix;                /* of every name; NULL: the model's name */
  bool real_float, lines, self_test; /* see emission */
  bool solvers_apart;                /* see emission */
  const bool *batched;               /* see emission */
  const emitted_problem *problem;    /* see emission */
  const fixed_extent *fixed;         /* what session_open was given; for session_emit_python alone */
  int fixed_count;
  const char *header_file, *source_file; /* see emission */
} emission_form;

/* All requested functions as a header, or NULL (diagnostics). */
const char *session_emit_header(session *of, const emission_form *how);

/* The same as a header of declarations and a source file; false: diagnostics. */
bool session_emit_pair(session *of, const emission_form *how, const char **header_text, const char **source_text);

/* What emission_form.solvers_apart makes code include: the file's text; NULL where no function
 * needs it. */
const char *session_emit_solvers(session *of, bool real_float);

/* Real numbers in code that is compiled from now on: float, or double as at first. Arguments are doubles all the same:
 * code for float converts them, and its results. */
void session_choose_real(session *of, bool real_float);

/* The model as a Python module, whatever was requested; or NULL. */
const char *session_emit_python(session *of, const emission_form *how);

/* The C text that session_compile hands to libtcc, for saving when that fails. */
const char *session_jit_text(session *of, int first);

/* The requested functions from number `first` on as machine code, in which that one is number 0; or NULL: memory ran
 * out, or a bug of ours, with libtcc's messages among the diagnostics. The code lives until jit_release, also after the
 * session. */
jit_code *session_compile(session *of, int first);

/* Wall time spent so far, stage by stage, in seconds; for `make bench`. */
typedef struct {
  const char *stage;
  double seconds;
} stage_time;
const stage_time *session_times(const session *of, int *count);

/* What a status other than 0 of a generated function means: the message with its place, in `memory`; and as text with
 * its line and caret, and as JSON. */
diagnostics *session_check(const session *of, int status, arena *memory);
bool session_is_search(const session *of,
                       int status); /* a search inside the model failed: the numerics, not an input */
const char *session_status(session *of, int status, const char *hint); /* hint: or NULL */
const char *session_status_json(session *of, int status, const char *hint);

/* A hint for a search that failed in a function of double, whose workspace tells in which iteration: "at i = 3"; NULL
 * where no loop of the model is around it. */
const char *session_iteration(session *of, int function, int status, const double *work);

#endif
