/* The parts of kernel_verify: structure, scopes and types (kernel_verify.c), the order of loads and stores
 * (kernel_verify_order.c), subscripts in range (kernel_verify_range.c). */
#ifndef ADJOIN_KERNEL_KERNEL_VERIFY_H
#define ADJOIN_KERNEL_KERNEL_VERIFY_H

#include "compiler/kernel/entries.h"
#include "compiler/kernel/reach.h"

/* What has been seen of an array. Times count statements in the order of the text; 0: never. */
typedef struct {
  bool open;   /* it may be used here */
  bool listed; /* among the program's lists, or a statement's locals */
  int depth;   /* statements around its declaration */
  int first_load, last_load, first_store, first_assign, first_accumulate;
  int assigned_whole; /* when every entry was assigned by one store */
} array_history;

/* A map or recurrence around the statement at hand. */
typedef struct {
  const statement *at;
  int entered; /* the time */
  int loops;   /* loops outside it */
} verify_scope;

typedef struct {
  const kernel_program *program;
  const kernel_module *module;
  arena *memory;
  const char *message; /* the first violation */
  array_history *arrays;
  LIST(char) indices; /* by index variable: INDEX_UNSEEN, INDEX_OPEN, INDEX_CLOSED */
  LIST(verify_scope) scopes;
  touch_collector touches; /* its loops are those around the statement at hand */
  scalar condition;        /* the guards that hold here, or NO_SCALAR */
  int now;
} verifier;

enum { INDEX_UNSEEN, INDEX_OPEN, INDEX_CLOSED };

void verify_fail(verifier *with, const statement *at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Records the loads among the nodes, then the stores, of a statement. */
void verify_loads(verifier *with, const statement *at, const reach *nodes);
void verify_store_order(verifier *with, const statement *at, const store *item, const reach *nodes);

/* The stores of an implicit statement, at the end of its body. */
void verify_search(verifier *with, const statement *at);

/* At the end of a map: what its iterations load of arrays that they also store is theirs. */
void verify_independence(verifier *with, const statement *map);

/* At the end of the program: what was loaded has been stored. */
void verify_all_written(verifier *with);

/* Every load below the expression is in range whenever it is evaluated, given the loops and the condition here. */
void verify_expression_range(verifier *with, const statement *at, scalar root);

/* The same for all of a kernel's stores, and what they store to. */
void verify_store_ranges(verifier *with, const statement *kernel);

#endif
