/* The tensor program: a model after checking. Names are resolved, functions inlined, every node has its type and its
 * shape, every extent is a whole-number expression in normal form (equal extents are equal nodes).
 *
 * Made by check.c from the syntax tree; read by lower.c. Immutable once made. */
#ifndef ADJOIN_TENSOR_TENSOR_PROGRAM_H
#define ADJOIN_TENSOR_TENSOR_PROGRAM_H

#include "compiler/base/diagnostic.h"
#include "compiler/scalar/scalar_dag.h"
#include "compiler/scalar/whole.h"

typedef struct tensor tensor;
typedef struct binding binding;

typedef enum {
  TENSOR_CONSTANT,      /* rank 0: constant, a SCALAR_CONSTANT or a whole expression of extents, in `value` */
  TENSOR_INDEX,         /* rank 0, whole: the index variable `index` */
  TENSOR_INPUT,         /* the whole input number `input` */
  TENSOR_NAME,          /* the value of `name`, a definition or a local binding */
  TENSOR_APPLY,         /* `op` of the table, entry by entry, over 1 to 3 arguments, broadcast to this shape */
  TENSOR_SELECT,        /* arguments: truth, then, else; broadcast to this shape; lazy */
  TENSOR_SUBSCRIPT,     /* argument 0 seen through one selector per axis of it */
  TENSOR_PERMUTE,       /* argument 0 with its axes reordered: axis k of the result is axis permutation[k] */
  TENSOR_RESHAPE,       /* argument 0, same entries in C order, other extents */
  TENSOR_CONCAT,        /* arguments one after another along `axis` */
  TENSOR_STACK,         /* arguments of one shape along a new axis `axis`; array literals too */
  TENSOR_COMPREHENSION, /* for each `axes`: argument 0; its axes first, then those of the argument */
  TENSOR_REDUCE,        /* `reduction` over `axes` of argument 0, where `condition` (or NULL); shape of argument 0 */
  TENSOR_CUMULATIVE,    /* cumsum of argument 0 along `axis` */
  TENSOR_SEARCH,        /* where argument 1, seen as a function of `unknown`, is least or zero, from argument 0 on */
  TENSOR_LET            /* `bindings`, then argument 0, which may use them (each may use those before it) */
} tensor_kind;

typedef enum {
  REDUCE_SUM,
  REDUCE_PROD,
  REDUCE_MAX, /* the first of the largest; nan wins; an empty range is an error at run time */
  REDUCE_MIN,
  REDUCE_LOGSUMEXP,
  REDUCE_ANY, /* truths */
  REDUCE_ALL,
  REDUCE_MEAN,   /* over the entries that satisfy the condition */
  REDUCE_LARGEST /* the largest, -inf over nothing: a stabiliser, through which no derivative is taken */
} reduction_kind;

/* What a search looks for. The body is a single number, or for a root has the shape of the unknown. */
typedef enum { GOAL_LEAST, GOAL_LARGEST, GOAL_ROOT } search_goal;

/* 0 <= index < limit. The limit of a comprehension is free of indices: a TENSOR_CONSTANT whose `value` is its extent.
 * That of a reduction may mention indices bound outside it and index data. */
typedef struct {
  int index; /* index variable of the scalar graph, bound by this axis alone */
  tensor *limit;
  span where;
} tensor_axis;

typedef enum {
  SELECT_AT,    /* one entry: `index`, rank 0, whole; the axis disappears */
  SELECT_SLICE, /* entries start .. start+extent-1 */
  SELECT_GATHER /* the entries that `index`, whole, rank >= 1, names; its axes take the axis's place */
} selector_kind;

typedef struct {
  selector_kind kind;
  tensor *index;
  scalar start, extent;
  span where; /* for the message when it is out of range */
} selector;

struct tensor {
  tensor_kind kind;
  scalar_type type;
  int rank;
  const scalar *extents; /* whole expressions of free extents; a literal 1 stretches */
  span where;
  int argument_count;
  tensor *const *arguments;
  union {
    scalar value;
    int index, input, axis;
    binding *name;
    scalar_op op;
    const int *permutation;
    const selector *selectors; /* one per axis of argument 0 */
    struct {
      reduction_kind reduction; /* TENSOR_REDUCE alone */
      int axis_count;
      const tensor_axis *axes;
      tensor *condition; /* TENSOR_REDUCE alone: rank 0, truth, or NULL */
    };
    struct {
      search_goal goal;
      binding *unknown; /* its value tells no more than its shape; the start has its extents or stretches to them */
    };
    struct {
      int binding_count;
      binding *const *bindings;
    };
  };
};

/* A name for a value: a top-level `let`, a block's `let`, a function's argument, or anything that is used twice. */
struct binding {
  int number;       /* unique in the program, dense from 0: side tables are indexed by it */
  const char *name; /* NULL when the compiler made it */
  tensor *value;
  span where; /* the definition, for messages */
};

typedef enum { ROLE_VAR, ROLE_PARAM, ROLE_DATA, ROLE_INDEX } input_role;

typedef struct {
  const char *name;
  input_role role;
  int rank;
  const scalar *extents;
  scalar bound;                  /* ROLE_INDEX: entries are 0 .. bound-1 */
  tensor *start, *lower, *upper; /* start value and bounds, or NULL; broadcastable to the input's shape */
  bool frozen_whole;             /* every entry is frozen: no derivative code unless asked for by name */
  int network;                   /* of which it is a weight, or -1 */
  int layer;                     /* of that network, counted from 0 */
  scalar fan_in;                 /* of that layer: the entries that each of its results depends on; else NO_SCALAR */
  span where;
  const char *comment; /* the declaration's comment, or NULL */
} input;

/* param net f = ...; its weights are inputs. */
typedef struct {
  const char *name;
  span where;
  const char *comment;
} network;

/* freeze w[0], W[:, 2:4] */
typedef struct {
  int input;
  const selector *selectors; /* one per axis of the input, none gathers */
  span where;
} freeze;

typedef struct {
  const char *name;
  scalar value; /* a free extent (SCALAR_EXTENT), a constant, or an expression of other extents */
  span where;
  const char *comment;
} dimension;

typedef struct {
  const char *name;
  binding *value;
  span where;
} output;

typedef struct {
  arena *memory;
  scalar_dag *dag;
  const source *from;
  const char *name;    /* the model's */
  const char *comment; /* the model's, or NULL */
  LIST(dimension) dimensions;
  LIST(input) inputs;
  LIST(network) networks;
  LIST(freeze) freezes;
  LIST(binding *) definitions; /* top-level lets, outputs and the objective; each uses only earlier ones */
  LIST(output) outputs;        /* without the objective */
  output objective;            /* value NULL when the model has none */
  bool maximize;
  int binding_count;
} tensor_program;

/* An input's number, or -1. */
int find_input(const tensor_program *model, const char *name);

/* Is this name below the other one, as f.0.weight is below f.0 and f? */
bool is_below(const char *name, const char *prefix);

/* A definition's number (a top-level let, an output, the objective), or -1; the definition, or NULL. */
int find_definition_number(const tensor_program *model, const char *name);
const binding *find_definition(const tensor_program *model, const char *name);

/* Does the value depend on any input? (Definitions always count as if they did.) */
bool reads_input(const tensor *value);

/* For --dump-after=check. */
void tensor_program_write(const tensor_program *program, text *out);

#endif
