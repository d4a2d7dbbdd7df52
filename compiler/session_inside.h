/* A session's inside, shared by session.c and derive.c. */
#ifndef ADJOIN_COMPILER_SESSION_INSIDE_H
#define ADJOIN_COMPILER_SESSION_INSIDE_H

#include "compiler/derivative/derivative.h"
#include "compiler/derivative/kinks.h"
#include "compiler/derivative/searches.h"
#include "compiler/kernel/implicit.h"
#include "compiler/kernel/lower.h"
#include "compiler/optimise/optimise.h"
#include "compiler/session.h"

enum { SESSION_STAGES = 16 };

struct session {
  arena *memory;
  jmp_buf escape;
  bool exhausted, internal;
  source *from;
  diagnostics *report;
  scalar_dag *dag;
  tensor_program *model;
  lowering *lowered;
  LIST(emitted_function) functions;
  kink_list kinks;   /* of the last request for them */
  scalar directions; /* the extent of blocks of directions, or NO_SCALAR as long as none was asked for */
  bool real_float;   /* in what is compiled */
  const char *jit_text;
  int jit_first, jit_end; /* the functions that jit_text has */
  const char *dump_after;
  text dump;
  stage_time times[SESSION_STAGES];
  double since;
};

/* Ends a pass over a program: time, dump, verification in checked builds. Returns the program. */
kernel_program *session_pass(session *with, const char *stage, kernel_program *program);

/* Derives and optimises what a request asks for; false when it can't be had, with the reason among the diagnostics. */
bool session_derive(session *with, const request *wanted, emitted_function *into);

#endif
