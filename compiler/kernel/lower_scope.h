/* Lowering's inner workings, shared by the lower_*.c files.
 *
 * A tensor node is never computed as a whole unless something asks for its array: lowering asks for *one element* of it
 * at given subscripts and gets a scalar expression. What an element needs beyond scalars (a reduction's loop, a check,
 * an array that is used more than once) becomes statements in the current scope, before whatever uses them. */
#ifndef ADJOIN_KERNEL_LOWER_SCOPE_H
#define ADJOIN_KERNEL_LOWER_SCOPE_H

#include "compiler/kernel/lower.h"

typedef LIST(int) array_list;

/* A place where statements are collected: the top level of a definition, the body of a loop that may yet turn out to
 * need no statements (then it becomes a kernel), or an arm of a select. */
typedef struct scope {
  statement_list statements;
  array_list *locals;        /* of the nearest loop, or the top level: arms own no arrays */
  int depth;                 /* of loops */
  scalar condition;          /* holds on this path inside the definition; NO_SCALAR: nothing is known */
  const whole_range *ranges; /* the loops around, outermost first */
  int range_count;
} scope;

/* What has become of a binding so far. */
typedef enum { BINDING_UNSEEN, BINDING_SCALAR, BINDING_ARRAY } binding_stage;
typedef struct {
  binding_stage stage;
  scope *home;    /* where its value is computed */
  scalar value;   /* BINDING_SCALAR */
  int array;      /* BINDING_ARRAY */
  int definition; /* its position among the definitions, or -1 */
} binding_state;

/* A lowered definition: its statements (with those of its checks), the arrays they own, the definitions and the index
 * inputs that they read. */
typedef struct {
  statement_list statements;
  array_list locals;
  LIST(int) needs;
  LIST(int) index_inputs;
} segment;

typedef struct {
  lowering base;
  const tensor_program *from;
  diagnostics *report;
  scalar_dag *dag;
  kernel_module *module;
  scope *now;
  scope *top;        /* of the definition */
  segment *segments; /* one per definition */
  segment *current;
  binding_state *bindings;    /* by binding number */
  LIST(scalar) index_value;   /* by the tensor program's index variables: what stands for them now */
  LIST(scalar) array_bound;   /* by array: exclusive bound of whole entries */
  LIST(scalar) checked_early; /* extents-only conditions that this segment has checked already */
  bool *index_seen;           /* by input: this segment reads it */
  statement *extent_check;    /* of all extents; NULL until one is wanted */
  statement **index_check;    /* by input, likewise */
} lowerer;

/* A loop being built: its body is the current scope until it is closed. Without axes the body is the scope around it.
 */
typedef struct {
  const axis *axes;
  int axis_count;
  array_list *locals;
  scope *outer, *inner;
} loop;

loop open_loop(lowerer *state, const axis *axes, int axis_count);

/* Closes the loop with a last store (NULL: none) guarded by `guard`: a kernel when the body needed no other statement,
 * else a map. */
void close_loop(lowerer *state, const loop *made, scalar guard, const store *final, span where);

/* Closes a loop over one axis as a recurrence, in ascending order. */
void close_recurrence(lowerer *state, const loop *made, span where);

/* An arm of a select: close_arm emits `if condition { its statements }`, when there are any. */
scope *open_arm(lowerer *state, scalar condition);
void close_arm(lowerer *state, scope *outer, scalar condition, span where);

void emit(lowerer *state, statement *made);

/* One assignment or accumulation, as a kernel without axes. */
void emit_store(lowerer *state, store what, span where);

/* A new local array of the current scope. */
int new_local(lowerer *state, const char *name, scalar_type type, int rank, const scalar *extents, scalar bound,
              span where);

/* A fresh loop axis 0 <= index < upper, named after the tensor program's index (or "i" for -1). */
axis new_axis(lowerer *state, int tensor_index, scalar upper);
scalar axis_index(lowerer *state, const axis *of);

/* Sets what stands for a tensor index; returns what stood before, to be restored. */
scalar set_index(lowerer *state, int tensor_index, scalar value);

whole_facts facts_here(const lowerer *state, bool with_condition);

/* Do no condition and no loop around keep this place from being evaluated? */
bool is_surely_evaluated(const lowerer *state);

/* Checks that a model's author must keep, as statements that return a status; nothing where the facts prove them.
 * require_nonnegative puts what is affine in the loops around to the start of the definition, where it costs nothing.
 * require_within: 0 <= subscript < extent. */
void require_nonnegative(lowerer *state, scalar node, diagnostic_code code, span where, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void require_within(lowerer *state, scalar subscript, scalar extent, span where);
void require(lowerer *state, scalar holds, diagnostic_code code, span where, const char *message);

/* array[subscripts], safe to evaluate: where the range is not proved by the loops alone, inside a select that tests it.
 */
scalar load_safely(lowerer *state, int from, const scalar *subscripts);

/* The same for a store: a guard of its own where the range is not proved (the last entry of an array of n entries,
 * when n may be 0 and a check has said so). */
store store_safely(lowerer *state, store_kind kind, int into, const scalar *subscripts, scalar value);

/* One element of a tensor node (lower_element.c). */
scalar element(lowerer *state, const tensor *of, const scalar *subscripts);
void enter_bindings(lowerer *state, const tensor *let);
bool is_costly(const lowerer *state, scalar node);

/* One element of a reduction (lower_reduce.c); adds a sum into a destination that was zeroed. */
scalar reduce(lowerer *state, const tensor *of, const scalar *subscripts);
void sum_into(lowerer *state, const tensor *of, const scalar *subscripts, int into, const scalar *place);

/* A search (lower_search.c): the array of its unknowns, of the current scope, with one axis where there is but one. */
int lower_search(lowerer *state, const tensor *of);
scalar element_of_search(lowerer *state, const tensor *of, const scalar *subscripts);

/* All elements of a tensor node, into an array (lower_fill.c). Axis k of the node is axis axis_of[k] of the array,
 * shifted by offset[k]; the array's other axes stand at `fixed`. Where the node fills only a part of the array, other
 * statements assign the rest: so its entries are neither accumulated into nor loaded. */
typedef struct {
  int array;
  const scalar *fixed;
  const int *axis_of;
  const scalar *offset;
  bool is_part;
} destination;
destination whole_destination(lowerer *state, int of);
void fill(lowerer *state, const tensor *of, const destination *into);
/* The node broadcast to a shape. */
void fill_broadcast(lowerer *state, const tensor *of, int rank, const scalar *extents, const destination *into);
void fill_array(lowerer *state, const tensor *of, int into);

/* The node as a local array of the current scope. */
int materialise(lowerer *state, const tensor *of, const char *name);

#endif
