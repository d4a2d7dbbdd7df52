/* The vars that a caller lists, as one vector: for what minimises over them, and for what differentiates a minimiser.
 *
 * While a vector is in use, the pointers of the instance's inputs lead into it; listed_leave makes the instance what it
 * was. */
#ifndef ADJOIN_LIBRARY_VARIABLES_H
#define ADJOIN_LIBRARY_VARIABLES_H

#include "compiler/library/library.h"
#include "compiler/problem/var_vector.h"

typedef struct {
  const char *caller; /* "adjoin_minimise", for messages */
  adjoin_instance *of;
  const adjoin_variable *variables;
  int count;
  arena *memory;
  reporting reports; /* of the work that is done just now */
  bound_model bound; /* the instance's, which reports there */
  var_vector vector;
  const adjoin_variable **of_var; /* by var of the vector; NULL: it is not listed */
  const void **kept;              /* by input: what the instance has */
  double *x, *lower, *upper;
} listed_vars;

/* From here on, for one piece of guarded work, messages go to `found`, and memory that runs out leads there. */
void listed_report_to(listed_vars *in, mistakes *found);

/* Which entries move; then the vectors, and the start in x. Guarded. */
adjoin_status listed_choose_free(listed_vars *in, mistakes *found);
adjoin_status listed_lay_out(listed_vars *in, mistakes *found);

/* The caller's bounds, the model's, or none. */
adjoin_status listed_fill_bounds(listed_vars *in);

/* Copies x to where the caller has it. */
void listed_give_back(const listed_vars *in);

/* What became ready with arrays that the instance has not must not stay so. */
void listed_leave(const listed_vars *in);

adjoin_status listed_mistake(mistakes *found, adjoin_status status, diagnostic_code code, const char *message);

/* Whether a status of the model's functions, `from` being its session, is that of a search that failed. */
bool listed_search_failed(const void *from, int status);

#endif
