/* The inside of libadjoin: what stands behind the types of compiler/adjoin.h. */
#ifndef ADJOIN_LIBRARY_LIBRARY_H
#define ADJOIN_LIBRARY_LIBRARY_H

#include "compiler/adjoin.h"
#include "compiler/binding/bind.h"
#include "compiler/binding/names.h"
#include "compiler/session.h"
#include <pthread.h>

/* Who is told what is wrong. */
typedef struct {
  adjoin_receiver *receiver;
  void *user;
} audience;

struct adjoin_context {
  audience told;
  arena *memory;
  LIST(fixed_extent) fixed;
};

struct adjoin_function {
  const adjoin_model *model;
  int number;         /* in the model, from 0 */
  int session_number; /* in the session */
  request wanted;
  jit_code *code;
  entry_function *entry;
  workspace_function *workspace;
  int result_count;
  const bool *loads; /* by input: does the code read it? */
  kink_list kinks;   /* of REQUEST_KINKS */
};

/* The session, and with it every part of the model's graph, is used under the lock alone (guard.c): requests add to
 * the graph. */
struct adjoin_model {
  pthread_mutex_t lock;
  audience told;
  session *from;
  arena *memory;        /* of what follows */
  adjoin_status broken; /* memory that ran out, or a bug: no more functions can be made; else ADJOIN_OK */
  const tensor_program *program;
  int dimension_count; /* as written: blocks of directions add one */
  LIST(adjoin_array) inputs, outputs, definitions;
  name_list extents;
  LIST(adjoin_function *) functions;
};

/* An input as the caller bound it. */
typedef struct {
  const void *entries;
  bool bound;
  int rank;
  int64_t extents[ADJOIN_MAXIMUM_RANK], strides[ADJOIN_MAXIMUM_RANK];
  bool in_order;  /* C order: used where it is */
  void *gathered; /* otherwise: room for the entries in C order */
} bound_array;

struct adjoin_instance {
  adjoin_model *model;
  bound_array *arrays; /* by input */
  int64_t *told;       /* by id of a free extent; -1: nothing */
  bool settled;
  unsigned changes; /* how often shapes or arrays became others */
  arena *binding;   /* of the shapes that were settled */
  bound_model bound;
  bool *ready; /* by function: it can be called as it is; false for all after a change of shapes */
  int ready_count;
  bool gathers; /* some input is not in C order */
  double *work;
  size_t work_size;
};

/* ---- report.c: what is wrong ---- */

/* Tells one mistake, and gives the status back, so that a failing function can return it. */
adjoin_status tell(const audience *to, adjoin_status status, diagnostic_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for memory that ran out, and for a wrong call; NULL: there is nobody to be told. */
adjoin_status tell_exhausted(const audience *to);
adjoin_status tell_misuse(const audience *to, const char *what);

/* Mistakes that are found while a lock is held, to be told when it is not: a receiver may have to wait for a thread
 * that waits for the lock. */
typedef struct {
  arena *memory; /* of the list and of the texts in it */
  jmp_buf *escape;
  LIST(adjoin_diagnostic) list;
} mistakes;

void add_mistakes(mistakes *to, adjoin_status status, const diagnostics *from);
void add_mistake(mistakes *to, adjoin_status status, diagnostic_code code, const char *message);
void add_binding_mistake(void *mistakes, const char *message); /* as a reporting's receiver */
void tell_mistakes(const audience *to, const mistakes *from);

/* ---- guard.c: work under a model's lock ---- */

/* May leave by a jump: `found->memory`, the model's and the session's arenas escape to the guard, as may others that
 * are given `found->escape`. */
typedef adjoin_status guarded_work(adjoin_model *of, void *with, mistakes *found);

/* Does the work under the lock, then tells what it found. ADJOIN_MEMORY when memory runs out in it. */
adjoin_status guarded(adjoin_model *of, guarded_work *work, void *with);

/* ---- function.c, call.c ---- */

/* The function that a request asks for, made now or before. */
adjoin_status requested_function(adjoin_model *of, const request *wanted, const adjoin_function **function);

/* The same, of the declared values of one input. */
adjoin_status declared_function(adjoin_model *of, const char *name, adjoin_declared which,
                                const adjoin_function **function);

/* Makes a function ready to be called under the arrays that are bound, with `directions` in a block (else 1). The
 * workspace may then be elsewhere. */
adjoin_status prepare_call(adjoin_instance *of, const adjoin_function *function, int64_t directions);

/* Copies the arrays that are not in C order to where they are. */
void gather_inputs(adjoin_instance *of);

/* Explains a check that failed: its number is what the machine code returned, of a function (or NULL) with this
 * workspace. ADJOIN_NUMERICS for a search, else ADJOIN_RANGE. */
adjoin_status tell_check(adjoin_model *of, int check, const adjoin_function *function, const double *work);

#endif
