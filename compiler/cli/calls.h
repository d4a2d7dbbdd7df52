/* Calls of a model's functions: what is asked for, and how its answer is gathered. */
#ifndef ADJOIN_CLI_CALLS_H
#define ADJOIN_CLI_CALLS_H

#include "compiler/cli/machine.h"
#include "compiler/cli/results.h"

typedef struct {
  request wanted;
  section in;   /* of the results */
  int function; /* once requested */
} call;

typedef LIST(call) call_list;

/* Adds a call. The names are kept, not copied. `name` is the function's, or NULL. */
void call_add(console *with, call_list *to, section in, request_kind kind, const char *name, name_list read,
              name_list along);
void call_add_block(console *with, call_list *to, section in, request_kind kind, name_list read, name_list along);

/* A list of one name. */
name_list one_name(console *with, const char *name);

/* Requests every call of the list from the session; the exit code of the first that can't be had, after a message. */
exit_code calls_request(session *from, call_list *list);

/* Dense derivatives: calls a function with a block of unit directions on `along` again and again. `read` are the
 * quantities it is read on (their entries are not used); dense[k] has the axes of read[k], then those of `along`, and
 * receives the columns. */
exit_code call_dense(machine *on, int function, const quantity *along, const quantity *read, int read_count,
                     quantity *dense);

#endif
