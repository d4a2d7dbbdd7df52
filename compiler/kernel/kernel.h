/* The kernel program: loops over named arrays. The one representation that derivatives, optimisation, emission and the
 * interpreter share.
 *
 *   statement = kernel      for (axes) where guard: stores                      no statement inside; body is scalars
 *             | map         for (axes) where guard: { locals; statements }      independent iterations; with no axis it
 *                                                                               is a plain `if guard { statements }`
 *             | recurrence  for one axis, in order: { locals; statements }      iterations see what earlier ones wrote
 *             | implicit    for one axis: { locals; statements }              y with residual(y) = 0: what a search
 * asks for, again and again (implicit.h)
 *
 * Invariants (kernel_verify checks them):
 *  1. Every array that a program writes is written before it is read: within a statement list, all stores to an array
 *     stand before the first statement that loads it. Inside a recurrence this holds entry by entry. An array is
 *     either assigned (each entry at most once per execution of its scope) or accumulated into after being zeroed.
 *  2. A kernel never loads an array that it stores to (except inside a recurrence, where the entries differ).
 *  3. A local of a map or recurrence lives for one iteration of that statement: only statements inside touch it. A map
 *     without axes has no locals.
 *  4. Every load's subscripts are in range whenever the load is evaluated: proved from the loop bounds, or the load
 *     is the `taken` branch of a select whose condition tests the range (lower.c writes it so); whether the model's
 *     author kept the range is a STORE_CHECK before it.
 *  5. Index variables are used only inside the loop that binds them; each is bound by one loop of a program.
 *
 * Arrays, index variables, extents and scalar expressions belong to the module, which all programs of one compilation
 * share: a derivative program uses the primal's arrays by the same numbers. */
#ifndef ADJOIN_KERNEL_KERNEL_H
#define ADJOIN_KERNEL_KERNEL_H

#include "compiler/base/diagnostic.h"
#include "compiler/scalar/scalar_dag.h"
#include "compiler/scalar/whole.h"

typedef enum {
  ARRAY_INPUT,  /* an input of the model; array number = input number; index inputs have whole entries (int64_t) */
  ARRAY_SEED,   /* a direction or cotangent that the caller passes */
  ARRAY_RESULT, /* written for the caller; the caller may pass NULL for it, then its stores are skipped; never loaded */
  ARRAY_LOCAL   /* workspace, or a C variable when its rank is 0 */
} array_role;

typedef struct {
  const char *name; /* as the user would call it: "z", "w", "w_dot"; the compiler's own: "t1" */
  array_role role;
  scalar_type type; /* truths and wholes in locals are stored as exact reals when rank > 0; inputs of type whole are
                       int64_t in memory */
  int rank;
  const scalar
      *extents;     /* never mention index variables: a local of a map is as large as its largest iteration needs */
  scalar bound;     /* whole entries are 0 .. bound-1, or NO_SCALAR */
  const char *what; /* one line for comments in emitted code: "d f / d w", or NULL */
  span where;       /* the definition it comes from */
} array;

/* lower <= index < upper. Tags are what kernel_tag_axes finds. */
typedef enum {
  AXIS_UNTAGGED,
  AXIS_PARALLEL,   /* different iterations write different entries */
  AXIS_REDUCTION,  /* all iterations add to the same entry */
  AXIS_CONFLICTING /* two iterations may add to one entry */
} axis_tag;

typedef struct {
  int index;
  scalar lower, upper;
  axis_tag tag;
} axis;

typedef enum {
  STORE_ASSIGN,
  STORE_ADD,
  STORE_MAXIMUM, /* array := max(array, value), nan wins: a stabiliser, through which no derivative is taken */
  STORE_ARGMAX,  /* array := the `position` (whole) of the first of the largest values; nan wins. The only store of its
                    kernel; its subscripts do not mention the kernel's axes; an empty range fails check `check` */
  STORE_ARGMIN,
  STORE_SEARCH, /* of an implicit statement alone: the search writes the array, and reads what `value` loads */
  STORE_CHECK   /* nothing is stored: returns status `check` unless `value` (truth) holds */
} store_kind;

typedef struct {
  store_kind kind;
  int array;                /* -1 for STORE_CHECK */
  const scalar *subscripts; /* one per axis of the array */
  scalar value;
  scalar position; /* STORE_ARGMAX, STORE_ARGMIN */
  scalar guard;    /* the store happens where this truth holds; NO_SCALAR: always */
  int check;       /* number of a check of the module, from 1 */
} store;

typedef enum { STATEMENT_KERNEL, STATEMENT_MAP, STATEMENT_RECURRENCE, STATEMENT_IMPLICIT } statement_kind;

/* How an implicit statement's unknowns are looked for; the numbers are those of runtime/search.h. */
typedef enum {
  SEARCH_LEAST, /* of an objective, whose gradient is the residual: its Jacobian is symmetric */
  SEARCH_ROOT,
  SEARCH_LINEAR /* the residual is affine in the unknowns */
} search_kind;
enum { SEARCH_SYMMETRIC = 4, SEARCH_KINKED = 8 };

typedef struct statement statement;
typedef LIST(statement *) statement_list;

struct statement {
  statement_kind kind;
  span where;
  LIST(axis) axes;     /* from the outermost inwards; a recurrence has exactly one */
  scalar guard;        /* NO_SCALAR: always. Evaluated inside all axes. Recurrences have none */
  bool descending;     /* recurrence: from upper-1 down to lower */
  LIST(store) stores;  /* kernel; implicit: see implicit.h */
  LIST(int) locals;    /* map with axes, recurrence, implicit: arrays that live for one iteration */
  statement_list body; /* map, recurrence, implicit */
  search_kind search;  /* implicit */
  bool symmetric;      /* implicit: the residual's Jacobian is */
  bool kinked;         /* implicit: the body makes choices that the unknowns move */
};

/* Do iterations see what earlier ones wrote? */
static inline bool runs_in_order(const statement *of) {
  return of->kind == STATEMENT_RECURRENCE || of->kind == STATEMENT_IMPLICIT;
}

/* A check that can fail at run time: status = its number, from 1. */
typedef struct {
  diagnostic_code code;
  span where;
  const char *message; /* "subscript 2 of x may reach past its extent n" */
} check_message;

typedef struct {
  arena *memory;
  scalar_dag *dag;
  const source *from;
  LIST(array) arrays;
  LIST(check_message) checks; /* check number k is items[k-1] */
} kernel_module;

typedef struct {
  kernel_module *module;
  const char *name; /* "value", "gradient", ... for messages and dumps */
  statement_list body;
  LIST(int) locals;  /* top-level locals */
  LIST(int) seeds;   /* ARRAY_SEED, in the caller's order */
  LIST(int) results; /* ARRAY_RESULT, in the caller's order */
} kernel_program;

/* Construction. Arrays get the next number. */
kernel_module *kernel_module_create(arena *memory, scalar_dag *dag, const source *from);
int kernel_array(kernel_module *module, array description);
int kernel_check(kernel_module *module, diagnostic_code code, span where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
kernel_program *kernel_program_create(kernel_module *module, const char *name);
statement *kernel_statement(kernel_module *module, statement_kind kind, span where);

/* array[subscripts] as an expression; the store of a value. Subscripts are copied. */
scalar kernel_load(kernel_module *module, int array, const scalar *subscripts);
store kernel_store(kernel_module *module, store_kind kind, int array, const scalar *subscripts, scalar value);

/* A fresh kernel statement over the array's whole box with one store, `array[box] = value`; the index variables
 * it made are in its axes. */
statement *kernel_fill(kernel_module *module, int array, scalar value, span where);

/* Deep copies share scalars; `kernel_copy_statement` keeps index variables and arrays. */
statement *kernel_copy_statement(kernel_module *module, const statement *from);

/* The arrays that a statement, with all inside it, loads (guards, bounds and subscripts included) or stores: sets
 * entries of `loaded` and `stored`, both of length module->arrays.count; either may be NULL. */
void kernel_uses(const kernel_module *module, const statement *in, bool *loaded, bool *stored);

/* Tags every axis of every statement (see axis_tag). */
void kernel_tag_axes(kernel_program *program);

/* The program as text, for --dump-after and for tests (kernel_text.c):
 *
 *     program gradient
 *       local t[N]
 *       map i < N parallel {
 *         local s
 *         s = 0
 *         for j < d reduction: s += X[i, j]*w[j]
 *         t[i] = tanh(s)
 *       }
 */
void kernel_write(const kernel_program *program, text *out);

/* One statement with all inside it, in the same form. */
void kernel_write_statement(const kernel_module *module, const statement *from, text *out);

/* Checks the invariants above, shapes and types; a violation is a bug of the compiler. Returns NULL when all hold,
 * else a message in the module's arena (kernel_verify.c). */
const char *kernel_verify(const kernel_program *program);

#endif
