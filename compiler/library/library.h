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
  jmp_buf escape;
  LIST(fixed_extent) fixed;
};

struct adjoin_function {
  const adjoin_model *model;
  int number; /* in the model, from 0 */
  request wanted;
  jit_code *code;
  entry_function *entry;
  workspace_function *workspace;
  int result_count;
  const bool *loads; /* by input: does the code read it? */
};

/* The session, and with it every part of the model's graph, is used under the lock alone: requests add to the graph. */
struct adjoin_model {
  pthread_mutex_t lock;
  audience told;
  session *from;
  arena *memory; /* of what follows */
  jmp_buf escape;
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
  arena *memory; /* of what lives as long as the instance */
  bound_array *arrays;
  int64_t *told; /* by id of a free extent; -1: nothing */
  bool settled;
  arena *binding; /* of the shapes that were settled */
  bound_model bound;
  bool *ready; /* by function: it can be called as it is; false for all after a change of shapes */
  int ready_count;
  bool gathers; /* some input is not in C order */
  double *work;
  size_t work_size;
};

/* report.c: tells one mistake, and gives the status back, so that a failing function can return it. */
adjoin_status tell(const audience *to, adjoin_status status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Tells all that the session has to say. */
adjoin_status tell_session(const audience *to, adjoin_status status, session *from);

/* Tells what a status of generated code means. */
adjoin_status tell_check(adjoin_model *of, int check);

/* An arena whose escape leads to `escape`; NULL when memory runs out. */
arena *library_arena(jmp_buf *escape);

#endif
