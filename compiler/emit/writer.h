/* What the files that write one function share: where the text goes, and what things are called in it. */
#ifndef ADJOIN_EMIT_WRITER_H
#define ADJOIN_EMIT_WRITER_H

#include "compiler/emit/body.h"
#include "compiler/emit/c_dialect.h"
#include "compiler/emit/emit.h"
#include "compiler/optimise/optimise.h"

/* Stands among the extents for the distance between the entries of a batched array. */
enum { BATCH_EXTENT = -1 };

/* A free extent: a member of the dims, or the number of directions that a function takes at once. */
typedef struct {
  int id;
  const char *member; /* its name in the struct of extents */
} free_extent;

/* A member of the struct of gradients. */
typedef struct {
  const char *name; /* the result's own */
  const char *member;
  int array;
} gradient_member;

/* What all functions of one emission share. */
typedef struct {
  const emission *what;
  const kernel_module *module;
  arena *memory;
  bool for_jit, single; /* single: real numbers are float */
  const char *prefix;   /* an identifier */
  const char *real;     /* "double" or "float" */
  LIST(free_extent) extents;
  int model_extent_count;     /* those before it are the model's own */
  const char *directions;     /* the member that says how many directions are taken at once, or NULL */
  const char **input_members; /* by input */
  LIST(gradient_member) gradient;
  c_names not_temporary;  /* names of arrays and extents that temporaries would have too */
  c_names function_names; /* behind the prefix */
  memory_plan **plans;    /* by function; NULL until asked for */
  bool used_ops[SCALAR_OP_COUNT];
  bool used_infinity, used_nan; /* in constants */
  bool in_pieces;               /* some function is written in pieces */
  bool used_search;             /* some function has a search inside */
} emitter;

/* What a stretch of a function that is written as a function of its own takes from around it: arrays, extents and
 * indices, each once. */
typedef enum { USE_ARRAY, USE_EXTENT, USE_INDEX, USE_WORK, USE_KINDS } use_kind;

typedef struct {
  use_kind kind;
  int number; /* of the array or index; of an extent its position among those of the emission */
  bool loaded, stored;
  int hidden; /* what `noted` held before */
} piece_use;

typedef struct function_piece {
  struct function_piece *around;
  int scope_count; /* scopes with larger numbers are its own */
  LIST(piece_use) uses;
} function_piece;

typedef struct {
  emitter *for_all;
  const kernel_module *module;
  int number; /* of the function */
  const emitted_function *function;
  const kernel_program *program;
  arena *memory;
  text *out;
  int indent;
  c_names names;
  surroundings around;
  const char *dims, *inputs, *gradient, *work; /* the parameters' names */
  const char **seed_parameters, **result_parameters;
  const char **extent_names; /* by position among the extents of the emission */
  bool *extent_used;
  const char **array_names;                /* by array; NULL when not in force */
  LIST(const char *) index_names;          /* by index variable; NULL when not in force */
  LIST(const function_piece *) index_home; /* by index variable: the piece that its loop stands in */
  bool *array_used;                        /* by array */
  bool *array_loaded;                      /* by array */
  int *scope_of, scope_count;              /* by array: the scope whose C variable it is */
  bool *stored;                            /* by array: a store to the C variable has been found */
  bool *declared_by_store;                 /* by array: the C variable is declared where it is first assigned */
  int variable_count;                      /* t1 .. */
  text *pieces;                            /* the functions that stretches of this one are written as */
  function_piece *inside;                  /* the one that is being written, or NULL */
  LIST(int) noted[USE_KINDS];              /* by number: a position among the uses of `inside`, where that is the use */
  int *first_piece, *last_piece; /* by array: of a C variable of a scope that is written in pieces, where it is used */
  int comment_line;              /* the line of the model that the newest comment shows */
  const char *broken;            /* of the search around: takes the status of one inside that fails; or NULL */
  const function_piece *broken_in;
} writer;

/* A line of the function, indented; and its pieces. write_all takes strings, ended by NULL. */
void write_line(writer *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
void write_indent(writer *to);
void write_all(writer *to, ...) __attribute__((sentinel));

/* The next temporary: t1, t2, ..., without those that are names of the model. */
const char *new_variable(writer *to);

/* expression.c: a part as an expression that binds at least as tightly as `precedence` asks. */
enum {
  PRECEDENCE_ANY,
  PRECEDENCE_CHOICE,
  PRECEDENCE_OR,
  PRECEDENCE_AND,
  PRECEDENCE_EQUAL,
  PRECEDENCE_ORDER,
  PRECEDENCE_SUM,
  PRECEDENCE_PRODUCT,
  PRECEDENCE_PREFIX,
  PRECEDENCE_PRIMARY
};
void write_expression(writer *to, const body *in, int part, int precedence);

/* Lines: the expression between two pieces of text; `type variable = expression;`, where type may be "". */
void write_around(writer *to, const char *before, const body *in, int part, const char *after);
void write_set(writer *to, const char *type, const char *variable, const body *in, int part);

/* The name of an extent, or of the batch's; marks it used. */
const char *extent_name(writer *to, int id);

/* The C variable or pointer of an array; marks it used, for writing when `stored`. */
const char *array_name(writer *to, int array, bool stored);

/* An array's entry, `name[place]`, or the variable that holds it. */
void write_entry(writer *to, const body *in, int array, int place, bool stored);
const char *c_type(const emitter *of, scalar_type type);

/* statement.c: a list of statements, with the locals that live in it; one of them. */
void write_statements(writer *to, const statement_list *body, const int *locals, int local_count);
void write_statement(writer *to, const statement *of);

/* Gives the C variables of a scope their names; the scope's number. */
int name_locals(writer *to, const int *locals, int local_count);

/* pieces.c: a list that is too long for one function, as several. note_use: the text mentions an array, an extent or an
 * index. */
bool is_long(const writer *to, const statement_list *list);
void write_pieces(writer *to, const statement_list *list, const int *locals, int local_count);
void note_use(writer *to, use_kind kind, int number, bool stored);

/* The C name of an index, from here to where the names that are open now are closed. */
const char *name_index(writer *to, int index);

/* search.c: an implicit statement; the functions that those call, or for libtcc their declarations, where any does. */
void write_search(writer *to, const statement *of);
/* What follows the call of a stretch: its status ends the function, but for that of a search inside of another. */
void write_search_check(writer *to, const char *status);
void write_search_functions(const emitter *from, text *out);

/* A block's variables: the declared parts of a region, in order. */
void write_region(writer *to, body *in, int region);

/* deep_region.c: the same where arms nest deeper than C compilers let blocks nest. */
void write_deep_region(writer *to, body *in, int region);

/* emit_c.c */
emitter *emitter_create(const emission *what, bool for_jit);
writer writer_create(emitter *for_all, int function, text *out);
void write_function_body(writer *to);

/* workspace.c: pointers to the memory of local arrays, with names; statements that return the sum of some sizes, or the
 * largest size_t where that overflows; and those that return how many reals the local arrays and others of these sizes
 * are. */
const memory_plan *memory_of(emitter *in, int function);
void write_memory(writer *to);
void write_total(writer *to, const scalar *sizes, int count);
void write_need(writer *to, const scalar *others, int other_count);

/* Expressions of extents as the parts of one statement, so that they are written like any others. */
body *plan_sizes(writer *to, const scalar *sizes, int count);

/* single_entry.c: for libtcc and reals that are float: the function behind the uniform entry of runtime/abi.h, whose
 * arrays are of doubles; and its workspace function. */
void write_single_entry(emitter *shared, int function, text *out);

/* The extents that the text written so far mentions, as declarations. */
void write_extents(writer *to, text *out);

#endif
