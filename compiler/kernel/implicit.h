/* Implicit statements: y with residual(y) = 0, found by a search (runtime/search.h) that runs the body again and again.
 *
 * The statement's one axis has the iterations 0 and 1: what the search wants next. In iteration WANTS_RESIDUAL the body
 * computes the residual at the unknowns as they are, and for SEARCH_LEAST the objective; in WANTS_PRODUCT the product
 * of the residual's Jacobian with the direction. The statement's own stores name the arrays that the search deals with,
 * each store with the loads that tell passes what it depends on, at subscripts 0:
 *
 *   SEARCH_UNKNOWN     y <- residual        y is given its start before, outside
 *   SEARCH_WORK        work <- work         the search's memory
 *   SEARCH_HOLD        direction <- direction
 *   SEARCH_OBJECTIVE   y <- objective       for SEARCH_LEAST
 *   SEARCH_DIRECTION   direction <- product
 *
 * Residual, objective and product are locals of the statement; the other arrays belong to the scope around. All have at
 * least one axis; the residual, the direction and the product have the shape of y. Lowering makes statements that only
 * know their residual or objective; derivative/implicit.c adds what lacks: an objective's gradient before derivatives
 * are taken, products when all is derived. `check` of the first store is the first of SEARCH_FAILURES checks, in the
 * order of the failures of runtime/search.h. */
#ifndef ADJOIN_KERNEL_IMPLICIT_H
#define ADJOIN_KERNEL_IMPLICIT_H

#include "compiler/kernel/kernel.h"

enum { WANTS_RESIDUAL, WANTS_PRODUCT, WANTED_KINDS };
enum { SEARCH_UNKNOWN, SEARCH_WORK, SEARCH_HOLD, SEARCH_OBJECTIVE, SEARCH_DIRECTION, SEARCH_STORES };
enum { SEARCH_FAILURES = 6 };

/* A statement for an unknown array, with room of its own: `owner` gets the work array and the direction, whose fills go
 * to `before`. The body is empty; the objective (-1: none) and the residual become locals. */
typedef struct {
  search_kind kind;
  bool symmetric;
  int unknown, residual, objective;
  int check; /* the first; see implicit_checks */
  span where;
} implicit_parts;
statement *implicit_statement(kernel_module *module, const implicit_parts *of, statement_list *before);

/* The arrays of a statement: written by the search, and read by it; -1 where there is none. */
int implicit_array(const statement *of, int which);
int implicit_source(const kernel_module *module, const statement *of, int which);

/* The kind, as runtime/search.h wants it. */
int implicit_kind(const statement *of);

/* A search among the statements, at any depth; NULL where there is none. */
const statement *find_search(const statement_list *list);

/* An array with the shape of another one. */
int implicit_like(kernel_module *module, int of, const char *name);

/* The checks of a search for this: the number of the first. */
typedef enum { SOUGHT_MINIMUM, SOUGHT_MAXIMUM, SOUGHT_ROOT } sought;
int implicit_checks(kernel_module *module, sought what, span where);

/* to[box] = from[box], or += with STORE_ADD. */
statement *implicit_copy(kernel_module *module, int from, int to, store_kind kind, span where);

#endif
