/* The checker's inner workings, shared by the files of this folder.
 *
 * A tensor node that the checker makes carries facts that the tensor program does not need: what it depends on, whether
 * it is worth binding, and a number that equal values share. Names live in a table of symbols; what is bound lives in
 * scopes (see sharing.c). A function that makes or checks an expression returns NULL exactly when an error about it was
 * reported, takes NULL operands, and then says nothing more. */
#ifndef ADJOIN_TENSOR_CHECKER_H
#define ADJOIN_TENSOR_CHECKER_H

#include "compiler/tensor/check.h"
#include "compiler/tensor/numbering.h"

enum {
  MAXIMUM_RANK = 32,               /* axes of an array */
  MAXIMUM_CALLS = 200,             /* calls of functions inside one another, once inlined */
  MAXIMUM_NESTING = 2500,          /* of expressions, inlined functions included */
  MAXIMUM_INLINED_NODES = 1000000, /* made, or expressions checked, for bodies of functions in the whole model */
  DEEPEST_VALUE = 100,             /* an argument or local value that is deeper gets a name */
  DEEPEST_LOOP = 63                /* loops further in share one bit of checked.loops */
};

typedef struct checker checker;
typedef struct symbol symbol;

/* Bound values that a node needs, of those that are evaluated only where they are asked for (sharing.c). */
typedef struct slot slot;
typedef struct need {
  slot *of; /* or NULL: both of the following */
  const struct need *left, *right;
} need;

/* A tensor node with what is known of it. */
typedef struct {
  tensor node;       /* first: every tensor of the checker is one of these */
  int number;        /* equal numbers: equal values (numbering.h) */
  uint64_t loops;    /* bit k: depends on an index of the loop at level k */
  int depth;         /* of the operations in it; a name has depth 0 */
  bool costly;       /* holds a reduction or an operation worth storing */
  bool fallible;     /* holds a subscript or a division of wholes that may fail at run time, entry by entry */
  bool hollow;       /* holds a max or min over what an extent may leave empty: then every entry fails alike */
  const need *needs; /* or NULL */
} checked;

static inline checked *facts(const tensor *of) {
  return (checked *)of;
}

/* The bit of checked.loops for a loop at this level; none for level 0, which is no loop. */
static inline uint64_t loop_bit(int level) {
  return level ? (uint64_t)1 << (level < DEEPEST_LOOP ? level : DEEPEST_LOOP) : 0;
}

/* May evaluating it be an error that is found when the model is run? */
static inline bool may_fail(const tensor *of) {
  return facts(of)->fallible || facts(of)->hollow;
}

/* ---- scopes of bindings, and sharing (sharing.c) ---- */

typedef struct binding_scope binding_scope;

/* A value that may come to be bound: it is when it is used twice, or from further in. */
struct slot {
  tensor *node;
  const char *name; /* or NULL */
  span where;
  binding_scope *home;  /* where it was made */
  binding_scope *place; /* where it is bound, if it is: the outermost scope where it means the same */
  binding *bound;       /* or NULL */
  bool used;
  bool fails;                       /* it may */
  bool always;                      /* it is asked for in its place itself, so that it is evaluated anyway */
  int asked_last;                   /* numbers the last recall that asked for it */
  LIST(binding_scope *) asked_from; /* its home, and where else it was recalled */
  const need *needs;
};

struct binding_scope {
  binding_scope *outer;
  int level;    /* number of loops around, its own included */
  bool barrier; /* what is inside may never run: nothing moves out */
  bool closed;
  bool pins;          /* a loop of which only its place can tell whether it runs: what may fail doesn't move out */
  scalar runs;        /* of another loop that is closed: that it does; true for what is no loop */
  LIST(slot *) slots; /* in the order of their making, which is an order of dependency */
};

/* `loop`: the body of a loop; `barrier`: what is evaluated only under a condition. */
void open_scope(checker *state, bool loop, bool barrier);
tensor *close_scope(checker *state, tensor *value); /* wrapped in TENSOR_LET where something was bound */
/* Says how far a loop ran whose scope is closed. Requires: the scope does not pin. */
void note_axes(checker *state, binding_scope *of, int axis_count, const tensor_axis *axes);

const need *join_needs(checker *state, const need *a, const need *b);
slot *new_slot(checker *state, tensor *node, const char *name, span where);
tensor *use_slot(checker *state, slot *from);
tensor *share(checker *state, tensor *node);                          /* binds it, unless it is as cheap as a name */
tensor *share_costly(checker *state, tensor *node);                   /* binds it when it is costly */
tensor *share_under(checker *state, tensor *condition, tensor *node); /* evaluated where the condition holds, else 0 */
/* For what is repeated `count` extents over: evaluated unless one of them is 0, where nobody asks for it. */
tensor *share_repeated(checker *state, tensor *node, int count, const scalar *extents);
bool is_loop_invariant(const checker *state, const tensor *node); /* could be bound outside the innermost loop */

/* A value for the key, if one was remembered where it is still visible; remembering one. */
tensor *recall(checker *state, int key);
tensor *remember(checker *state, int key, tensor *value);

binding *new_binding(checker *state, const char *name, tensor *value, span where);

/* ---- names (names.c) ---- */

/* An index variable, while it is being checked and after. */
typedef struct {
  const char *name;
  span where;
  tensor *node;
  bool limited;     /* its limit was written */
  bool conflicted;  /* two bare uses disagree: reported */
  scalar extent;    /* from its first bare use, or NO_SCALAR */
  const char *says; /* "X has N rows" */
  span use;
} index_fact;

/* What a name means inside a function or an expression: a value, or an index. Neither: its definition failed. */
typedef struct local {
  struct local *outer; /* of the same name */
  int frame;           /* of the function call that it belongs to */
  const void *owner;   /* the syntax that declares it */
  slot *value;
  index_fact *index;
  span where;
} local;

typedef enum {
  GLOBAL_NONE,
  GLOBAL_DIMENSION,
  GLOBAL_INPUT,
  GLOBAL_DEFINITION,
  GLOBAL_FUNCTION,
  GLOBAL_NETWORK
} global_kind;

struct symbol {
  const char *name;
  symbol *next; /* of the same bucket */
  global_kind kind;
  int number; /* among the globals of its kind */
  span where;
  local *innermost;
  int hidden; /* while names are walked: by how many declarations */
};

symbol *symbol_of(checker *state, const char *name);
bool declare_global(checker *state, ast_name name, global_kind kind, int number);
local *visible_local(const checker *state, const symbol *name);
local *declare_local(checker *state, ast_name name, const void *owner);
void forget_local(checker *state, const char *name);
bool is_constant_name(const char *name);

/* Reports a name that means nothing; `root` is the definition's or function's expression. */
void unknown_name(checker *state, ast_name name, const ast_expression *root);
void unknown_function(checker *state, ast_name name);
/* May what is being checked now depend on the global? Reports if not. */
bool may_use(checker *state, ast_name name, const symbol *of);
tensor *check_name(checker *state, ast_name name);
const char *kind_name(global_kind kind); /* "input" */

/* ---- the order of definitions (order.c) ---- */

typedef enum { VERTEX_DIMENSION, VERTEX_FUNCTION, VERTEX_NETWORK, VERTEX_DEFINITION } vertex_kind;
typedef struct {
  vertex_kind kind;
  int number;
} vertex;

/* Ensures: state->order lists dimensions, functions, networks and definitions, each after what it uses; those on a
 * cycle are reported and marked failed; so are names that mean nothing. Linear in the model's size; no recursion but
 * that of expressions. */
void order_definitions(checker *state);

/* ---- the checker ---- */

typedef struct {
  const ast_dimension *syntax;
  bool failed;
  bool override; /* fixed from outside */
  int64_t fixed;
  scalar value;
} dimension_state;

typedef struct {
  const ast_function *syntax;
  bool failed;
} function_state;

/* A layer of a network: with weights, or a function. */
typedef struct {
  int weight, bias;    /* numbers of inputs, or -1 */
  int function;        /* of the model, or -1: one of the language's */
  scalar takes, gives; /* entries of a row, where there are weights */
} network_layer;

typedef struct {
  const ast_network *syntax;
  bool failed;
  network_layer *layers; /* one per layer of the syntax */
  int first, last;       /* layers with weights */
} network_state;

typedef enum { DEFINITION_LET, DEFINITION_OUTPUT, DEFINITION_OBJECTIVE } definition_kind;

typedef struct {
  const ast_definition *syntax;
  definition_kind kind;
  const char *name;
  bool failed;
  bool listed;       /* among the outputs */
  tensor *reference; /* the TENSOR_NAME that all its uses share, once it is checked */
} definition_state;

typedef enum { PHASE_EXTENTS, PHASE_STARTS, PHASE_DEFINITIONS } phase;

struct checker {
  arena *memory;
  scalar_dag *dag;
  const ast_model *model;
  diagnostics *report;
  tensor_program *program;
  phase now;

  symbol **buckets;
  int bucket_count;
  LIST(symbol *) symbols; /* in the order of their first mention */

  dimension_state *dimensions;
  function_state *functions;
  network_state *networks;
  LIST(definition_state) definitions;
  LIST(ast_input) declared; /* inputs in the order of the text, those that networks declare among them */
  tensor **inputs;          /* their nodes; NULL where the declaration failed */
  LIST(vertex) order;

  binding_scope *scope;
  numbering numbers;
  LIST(slot *) remembered; /* by number of the key */
  int recalls;
  LIST(bool) failed_calls;     /* by number of the key */
  LIST(scalar) binding_values; /* by binding number: its value as an expression of extents, or NO_SCALAR */
  LIST(index_fact *) indices;  /* by index variable */

  const ast_expression *root; /* of the definition or function being checked */
  int frame, frame_count;
  int calls;   /* around */
  int nesting; /* of expressions around */
  int guards;  /* conditions around */
  int inlined; /* nodes and expressions of bodies of functions so far */
  int missing; /* expressions without a value, here or because of what they name */
  int noted;   /* errors that have a note about the call around them */
  bool exhausted;
};

/* Expressions (expression.c, subscript.c, reduction.c, call.c). */
tensor *check_expression(checker *state, const ast_expression *from);
void count_inlined(checker *state, span where); /* one more node or expression of a function's body */
tensor *check_guarded(checker *state, const ast_expression *from); /* in a scope that may never run */
tensor *check_subscript(checker *state, const ast_expression *from);
selector *check_selectors(checker *state, tensor *base, const ast_subscript *subscripts, int count, span where);
tensor *check_reduction(checker *state, const ast_expression *from);
tensor *check_search(checker *state, const ast_expression *from);
tensor *check_comprehension(checker *state, const ast_binders *binders, const ast_expression *body, span where);
tensor *check_call(checker *state, const ast_expression *from);

/* The model's parts, in the order of their checking (dimensions.c, inputs.c, definitions.c). */
void declare_dimensions(checker *state, const fixed_extent *fixed, int fixed_count);
void declare_inputs(checker *state);
void declare_definitions(checker *state);
void check_dimension(checker *state, int number);
void list_dimensions(checker *state);
void check_inputs(checker *state);
void check_networks(checker *state);
void check_unbound_dimensions(checker *state);
void check_starts(checker *state);
void check_freezes(checker *state);
void check_definition(checker *state, int number);
void check_outputs(checker *state);

/* Networks (network.c): declaring the inputs of one; applying one. */
void declare_weights(checker *state, int number);
bool is_layer(const char *name); /* with weights: linear */
tensor *check_network_call(checker *state, int number, const ast_expression *call);

/* The body of a function of the model with its arguments bound; `name` and `where` are the call's (call.c). */
tensor *inline_function(checker *state, int number, tensor *const *values, const char *name, span where);

/* ---- types and wholes (convert.c) ---- */

tensor *as_real(checker *state, tensor *from);
tensor *as_whole(checker *state, tensor *from, const char *what); /* "a subscript" */
tensor *as_truth(checker *state, tensor *from);
const char *type_name(scalar_type type); /* "a truth value" */

/* The node as an expression of extents, or NO_SCALAR. */
scalar whole_value(const checker *state, const tensor *of);
/* A whole number that depends on extents alone as a TENSOR_CONSTANT; others as they are. */
tensor *simplify_whole(checker *state, tensor *from);

/* What must be an expression of extents, as that; NO_SCALAR after an error. `what` names it in messages. check_extent
 * checks the expression in a scope of its own. */
scalar extent_value(checker *state, tensor *from, const char *what);
scalar check_extent(checker *state, const ast_expression *from, const char *what);
bool overflows(checker *state, scalar extent, span where); /* reports NO_SCALAR */

/* ---- shapes and their words (shape.c) ---- */

bool is_one(const checker *state, scalar extent);
bool is_provably_different(const checker *state, scalar a, scalar b);
bool is_provably_negative(const checker *state, scalar node);
bool is_negative_number(const checker *state, scalar node); /* a constant: for what is too many to prove */
const char *show_scalar(const checker *state, scalar node);
const char *show_shape(const checker *state, const tensor *of); /* "[N, d]" */
const char *show_form(const checker *state, const tensor *of);  /* "has shape [N, d]", "is a single number" */
const char *show_node(const checker *state, const tensor *of);  /* as the user wrote it, or "this" */
const char *show_extent(const checker *state, const tensor *of, int axis); /* "X has N rows" */

/* Reports that two extents should be equal. */
void extents_disagree(checker *state, span where, const tensor *a, int axis_a, const tensor *b, int axis_b);

/* The common shape of the operands; false after an error. */
bool broadcast(checker *state, span where, int count, tensor *const *operands, int *rank, const scalar **extents);

/* ---- nodes (node.c) ---- */

tensor *make_constant(checker *state, scalar_type type, scalar value, span where);
tensor *make_real(checker *state, double value, span where);
tensor *make_whole(checker *state, int64_t value, span where);
tensor *make_input(checker *state, int number);
tensor *make_name(checker *state, binding *name);
index_fact *make_index(checker *state, const char *name, span where, int level);
/* Converts its operands to the types that the operation asks for. */
tensor *make_apply(checker *state, scalar_op op, int count, tensor *const *operands, span where);
tensor *make_unary(checker *state, scalar_op op, tensor *a, span where);
tensor *make_binary(checker *state, scalar_op op, tensor *a, tensor *b, span where);
tensor *make_select(checker *state, tensor *condition, tensor *taken, tensor *otherwise, span where);
/* The value where the condition, of rank 0, holds, else zeros, without a look at what the value needs. To be bound:
 * only lowering's fill knows what to do with a whole array there. */
tensor *make_guarded(checker *state, tensor *condition, tensor *guarded);
/* `selectors`: one per axis. Gives the base itself where they select everything. */
tensor *make_subscript(checker *state, tensor *base, const selector *selectors, span where);
tensor *make_permute(checker *state, tensor *base, const int *permutation, span where);
tensor *make_reshape(checker *state, tensor *base, int rank, const scalar *extents, span where);
tensor *make_join(checker *state, tensor_kind kind, int axis, int count, tensor *const *parts, span where);
tensor *make_cumulative(checker *state, tensor *base, int axis, span where);
/* Closes the loop at `level`, or 0 for a loop without a level. */
tensor *make_comprehension(checker *state, int axis_count, const tensor_axis *axes, tensor *body, int level,
                           span where);
tensor *make_reduction(checker *state, reduction_kind kind, int axis_count, const tensor_axis *axes, tensor *condition,
                       tensor *body, int level, span where);
/* A name for what is looked for at `level`, with a value that only tells its shape; the search for it. */
tensor *make_unknown(checker *state, const char *name, int rank, const scalar *extents, int level, span where);
tensor *make_search(checker *state, search_goal goal, tensor *unknown, tensor *start, tensor *body, int level,
                    span where);
tensor *make_let(checker *state, int binding_count, binding *const *bindings, tensor *body);

/* Turns a node into the name of what it was. */
binding *bind_node(checker *state, tensor *node, const char *name, span where);
bool is_trivial(const tensor *node);

/* Helpers for what is built from indices: a fresh axis over an extent, and the entry at one index per axis. */
tensor_axis fresh_axis(checker *state, const char *name, scalar extent, tensor **index, span where);
tensor *entry_at(checker *state, tensor *base, tensor *const *indices, span where);
selector select_all(const checker *state, scalar extent, span where);
selector select_at(tensor *index, span where);

/* ---- arrays and the language's functions (array.c, builtin*.c) ---- */

tensor *make_matmul(checker *state, tensor *a, tensor *b, span where);
tensor *make_transpose(checker *state, tensor *of, span where);

typedef enum { BUILTIN_NONE, BUILTIN_OPERATION, BUILTIN_BUILT, BUILTIN_LATER } builtin_kind;
builtin_kind find_builtin(const char *name); /* of the language's own functions */
tensor *check_builtin(checker *state, const ast_expression *call);
tensor *apply_builtin(checker *state, const char *name, tensor *argument, span where);

#endif
