/* libadjoin: a model's text in, its values and exact derivatives out, compiled in memory without any compiler.
 *
 * In the order of use:
 *
 *     adjoin_context *context = adjoin_context_create();
 *     adjoin_context_receive(context, show, NULL);                     what is wrong is told to show(NULL, diagnostic)
 *     adjoin_model *model;
 *     adjoin_model_from_file(context, "rosenbrock.adj", &model);
 *     const adjoin_function *gradient;
 *     adjoin_function_get(model, "grad", "x", NULL, 0, &gradient);
 *     adjoin_instance *instance;
 *     adjoin_instance_create(model, &instance);
 *     adjoin_bind(instance, "x", x, 1, (int64_t[]){3}, NULL);          the array stays yours; no copy is made
 *     double f, g[3], *results[] = {&f, g};
 *     adjoin_call(instance, gradient, NULL, results);                  again and again: x may change in between
 *     adjoin_instance_release(instance);
 *     adjoin_model_release(model);
 *     adjoin_context_release(context);
 *
 * Rules. Every function that can fail returns a status and tells the receiver why; nothing is printed, nothing exits,
 * and running out of memory is a status. A pointer that a function hands out through its last argument is NULL after a
 * failure. NULL in place of a context, model, function or instance is ADJOIN_USE, which nobody is told, as nobody is
 * known then; functions that return no status take it for something that has nothing. Names are those of the model's
 * text. Text is UTF-8, ended by a zero.
 *
 * Threads. A context is set up by one thread; then any number of threads may make models from it. A model may be used
 * by many threads at once; each needs an instance of its own. A receiver is called by the thread whose call failed,
 * perhaps by several at once, and while nothing is locked; it may not call the library, nor leave but by returning. A
 * thread that makes models or functions needs a stack of half a megabyte. */
#ifndef ADJOIN_H
#define ADJOIN_H

#include "adjoin_implicit.h" /* options and certificates of implicit gradients */
#include "adjoin_minimise.h" /* ADJOIN_VERSION; options and results of minimisations */
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define ADJOIN_API __attribute__((visibility("default")))
#else
#define ADJOIN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum adjoin_status {
  ADJOIN_OK,       /* done */
  ADJOIN_MODEL,    /* the model's text has errors, or has not what was asked for (no objective, no such name) */
  ADJOIN_FILE,     /* a file can't be read */
  ADJOIN_BINDING,  /* the arrays do not fit the model or each other, or one that is needed is missing */
  ADJOIN_RANGE,    /* at these inputs a check of the model fails: a subscript out of range, an empty maximum */
  ADJOIN_MEMORY,   /* out of memory; the call may be tried again (but for new functions: see adjoin_function_get) */
  ADJOIN_USE,      /* a wrong call: NULL for what must be there, a function of another model */
  ADJOIN_INTERNAL, /* a bug of Adjoin */
  ADJOIN_NUMERICS  /* at these inputs a search inside the model (argmin, argmax, root) has no solution */
} adjoin_status;

/* The version of the library at run time: ADJOIN_VERSION of its header. */
ADJOIN_API const char *adjoin_version(void);

/* A few words for a status: "the arrays do not fit the model". */
ADJOIN_API const char *adjoin_status_text(adjoin_status status);

/* ---- contexts: settings, and who hears what is wrong ---------------------------------------------------------------
 */

typedef struct adjoin_context adjoin_context;

typedef enum adjoin_severity { ADJOIN_ERROR, ADJOIN_WARNING } adjoin_severity;

/* One mistake. All strings live during the call of the receiver only. */
typedef struct adjoin_diagnostic {
  adjoin_status status; /* what the failing call is going to return */
  adjoin_severity severity;
  const char *code;    /* its kind, stable: "unknown-name"; `adjoin help CODE` explains it */
  const char *message; /* what is wrong, in the model's terms */
  const char *hint;    /* what to do, or NULL */
  const char *file;    /* as given to adjoin_model_from_..; NULL for arrays that do not fit, wrong calls, memory */
  int line, column;    /* from 1, in characters; 0 when no place of the text is known */
  size_t begin, end;   /* the same place in bytes, from 0: [begin, end) */
  const char *text;    /* all of it as the command line prints it: with the source line and a caret; ends with \n */
} adjoin_diagnostic;

typedef void adjoin_receiver(void *user, const adjoin_diagnostic *diagnostic);

/* NULL when memory runs out. */
ADJOIN_API adjoin_context *adjoin_context_create(void);
ADJOIN_API void adjoin_context_release(adjoin_context *context); /* NULL is allowed; models outlive it */

/* Who is told what is wrong; NULL: nobody. Holds for models made afterwards. */
ADJOIN_API void adjoin_context_receive(adjoin_context *context, adjoin_receiver *receiver, void *user);

/* Fixes an extent (`dim`) of models made afterwards: it becomes a constant of their code. A model that has no such
 * extent, or computes it from others, is then refused. */
ADJOIN_API adjoin_status adjoin_context_fix(adjoin_context *context, const char *extent, int64_t value);

/* ---- models --------------------------------------------------------------------------------------------------------
 */

typedef struct adjoin_model adjoin_model;

/* Parses and checks a text of `length` bytes. `name` stands for the file in messages. The model is called what the text
 * says in `model NAME`, or like the file without folder and ending. A model with errors is not made. The text need not
 * be kept. */
ADJOIN_API adjoin_status adjoin_model_from_text(adjoin_context *context, const char *name, const char *text,
                                                size_t length, adjoin_model **model);
ADJOIN_API adjoin_status adjoin_model_from_file(adjoin_context *context, const char *path, adjoin_model **model);

/* After all its instances. NULL is allowed. Its functions go with it. */
ADJOIN_API void adjoin_model_release(adjoin_model *model);

typedef enum adjoin_role {
  ADJOIN_VAR,
  ADJOIN_PARAM,
  ADJOIN_DATA,
  ADJOIN_INDEX, /* entries are int64_t; all others are double */
  ADJOIN_OUTPUT,
  ADJOIN_OBJECTIVE,
  ADJOIN_DEFINITION
} adjoin_role;

/* An input or an output, as the model declares it. Lives as long as the model. */
typedef struct adjoin_array {
  const char *name;
  adjoin_role role;
  int rank;
  const char *const *extents;          /* one text per axis, as an expression of the model's extents: "n-1" */
  const char *comment;                 /* of the declaration; "" when it has none */
  int has_start, has_lower, has_upper; /* inputs: adjoin_declared gives these values */
  int frozen;                          /* every entry is frozen: derivatives are left out unless asked for by name */
  int partly_frozen;                   /* `freeze` names some entries: adjoin_mask tells which */
} adjoin_array;

ADJOIN_API const char *adjoin_model_name(const adjoin_model *model);

/* Inputs in order of declaration; outputs likewise, the objective first where there is one. NULL beyond the count. */
ADJOIN_API int adjoin_input_count(const adjoin_model *model);
ADJOIN_API const adjoin_array *adjoin_input(const adjoin_model *model, int number);
ADJOIN_API int adjoin_output_count(const adjoin_model *model);
ADJOIN_API const adjoin_array *adjoin_output(const adjoin_model *model, int number);

/* An input, output or definition of that name (its number among the inputs, when wanted), or NULL. */
ADJOIN_API const adjoin_array *adjoin_find(const adjoin_model *model, const char *name, int *input_number);

/* The extents that shapes or adjoin_bind_extent must tell; those that follow from others or are fixed are not among
 * them. */
ADJOIN_API int adjoin_extent_count(const adjoin_model *model);
ADJOIN_API const char *adjoin_extent_name(const adjoin_model *model, int number);

/* ---- functions -----------------------------------------------------------------------------------------------------
 */

typedef struct adjoin_function adjoin_function;

enum { ADJOIN_BLOCK = 1 }; /* seeds and results get one more axis, the last: a block of directions (not for vjp) */

/* Derives, optimises and compiles a function, or finds it when it was asked for before. `read` and `along` are names
 * between commas; when NULL or "" they are what stands in brackets here, without inputs that are frozen whole.
 *
 *     kind       read                                   along, each for one seed   results
 *     "value"    outputs, definitions [the outputs]     -                          the objective*, each of read
 *     "outputs"  outputs, definitions [the outputs]     -                          each of read
 *     "grad"     inputs, definitions [vars, params]     -                          the objective, d/d each of read
 *     "hvp"      inputs [vars]                          inputs [vars]              see below
 *     "mixed"    inputs [params]                        inputs [vars]              see below
 *     "jvp"      outputs, definitions [the outputs]     inputs [vars]              the tangent of each of read
 *     "vjp"      inputs [vars, params]                  as jvp's read              the adjoint of each of read
 *
 * hvp and mixed give, for each input of `read`, the derivative along the seeds of the objective's gradient with respect
 * to it: hvp is H v, mixed read on a param for a direction on a var is (d2f / d theta d x) v. A seed has the shape of
 * what it is along, a result that of what it is read on; an index input can be neither. Nothing can be named twice in
 * `along`. (* value: without an objective the results are those of `read` alone.) outputs needs no input that only the
 * objective needs: a prediction without the labels.
 *
 * The function belongs to the model and may be called by many threads. A millisecond, as a rule. After ADJOIN_MODEL and
 * ADJOIN_USE the model is as it was. After ADJOIN_MEMORY and ADJOIN_INTERNAL no new functions can be had of it; those
 * that it has go on working. */
ADJOIN_API adjoin_status adjoin_function_get(adjoin_model *model, const char *kind, const char *read, const char *along,
                                             int flags, const adjoin_function **function);

/* What it takes and gives, in order. NULL beyond the count. */
ADJOIN_API int adjoin_seed_count(const adjoin_function *function);
ADJOIN_API const char *adjoin_seed_name(const adjoin_function *function, int number);
ADJOIN_API int adjoin_result_count(const adjoin_function *function);
ADJOIN_API const char *adjoin_result_name(const adjoin_function *function, int number);

/* ---- instances: a model with arrays ---------------------------------------------------------------------------------
 */

typedef struct adjoin_instance adjoin_instance;

enum { ADJOIN_MAXIMUM_RANK = 16 };

ADJOIN_API adjoin_status adjoin_instance_create(adjoin_model *model, adjoin_instance **instance);
ADJOIN_API void adjoin_instance_release(adjoin_instance *instance); /* NULL is allowed */

/* Gives an input its array: double, or int64_t for an index input. The array stays the caller's, must live until it is
 * bound anew, and may change between calls. `extents` and `strides` have `rank` numbers each and are copied; strides
 * are in entries, may be negative or 0 (`entries` is the place of the first entry), and may be NULL: C order. An array
 * in another order is gathered into C order at the beginning of each call. An extent that the model writes as 1 may be
 * left out of the shape, and one entry may stand for an array of one. Entries may be NULL where there are none; else
 * NULL takes the array away, and leaves its shape. To bind another array of the same shape and strides costs next to
 * nothing. Shapes are compared with the model and with each other at the next call. */
ADJOIN_API adjoin_status adjoin_bind(adjoin_instance *instance, const char *input, const void *entries, int rank,
                                     const int64_t *extents, const int64_t *strides);

/* The same by the input's number, for an array in C order of the shape that was bound before. */
ADJOIN_API adjoin_status adjoin_rebind(adjoin_instance *instance, int input, const void *entries);

/* Tells an extent that no shape tells; it must agree with the shapes that do. */
ADJOIN_API adjoin_status adjoin_bind_extent(adjoin_instance *instance, const char *extent, int64_t value);

/* Settles the extents now rather than at the next call, and reports what does not fit. */
ADJOIN_API adjoin_status adjoin_settle(adjoin_instance *instance);

/* The shape of an input, output or definition under the arrays that are bound. Settles. */
ADJOIN_API adjoin_status adjoin_shape(adjoin_instance *instance, const char *name, int *rank,
                                      int64_t extents[ADJOIN_MAXIMUM_RANK]);

/* The value of an extent. Settles. */
ADJOIN_API adjoin_status adjoin_extent(adjoin_instance *instance, const char *name, int64_t *value);

/* The values that an input's declaration gives (has_start, has_lower, has_upper): one for each entry, in C order. They
 * may depend on other inputs, which must then be bound, and on extents. Makes a function as adjoin_function_get does.
 */
typedef enum adjoin_declared { ADJOIN_START, ADJOIN_LOWER, ADJOIN_UPPER } adjoin_declared;
ADJOIN_API adjoin_status adjoin_declared_values(adjoin_instance *instance, const char *input, adjoin_declared which,
                                                double *entries);

/* Which entries of a var or param the model's `freeze` leaves free: a byte for each entry, in C order, 0 for a frozen
 * one and 1 for a free one. Settles. */
ADJOIN_API adjoin_status adjoin_mask(adjoin_instance *instance, const char *input, unsigned char *mask);

/* Calls a function. `seeds` and `results` have one pointer for each, in the function's order, to arrays in C order that
 * do not overlap each other or the inputs. A result that is NULL is left out. A seed without entries may be NULL, and
 * so may `seeds` or `results` when the function has none. Inputs that the function does not read need no array. After
 * ADJOIN_RANGE and ADJOIN_NUMERICS results are undefined. */
ADJOIN_API adjoin_status adjoin_call(adjoin_instance *instance, const adjoin_function *function,
                                     const double *const *seeds, double *const *results);

/* The same for a function made with ADJOIN_BLOCK, with that many directions at once. */
ADJOIN_API adjoin_status adjoin_call_block(adjoin_instance *instance, const adjoin_function *function,
                                           int64_t directions, const double *const *seeds, double *const *results);

/* ---- minimisation --------------------------------------------------------------------------------------------------
 */

/* A var that may move. Arrays have an entry for each of the var's, in C order. */
typedef struct adjoin_variable {
  const char *name;
  double *x;                   /* where it starts, and then where it ends */
  const unsigned char *mask;   /* 1 for an entry that may move, 0 for a frozen one; NULL: all may move */
  const double *lower, *upper; /* bounds, infinite where an entry has none; NULL: those of the model */
} adjoin_variable;

/* Minimises the model's objective (or maximises it, where the model says so) over these vars. What the model freezes is
 * frozen whatever the mask says; vars that are not listed stay as they are bound, and nothing is derived for what stays
 * as a whole. The vars that are listed need no array in the instance; all other inputs do. Whatever ends the run, each
 * x is the best point that was met; frozen entries are not changed, not a bit of them. adjoin_declared_values gives the
 * model's start values.
 *
 * ADJOIN_OK says that it ran; how it ended is in the result, also where that is no minimum: see adjoin_minimise.h.
 * ADJOIN_USE: options that are refused, a mask with other numbers, a method that needs a sum of squares where there is
 * none; ADJOIN_BINDING: names, arrays or bounds that do not fit; ADJOIN_RANGE: a check of the model failed on the way.
 * A search inside the model that fails is no failure: minimisers back off from there. The receiver is told, and
 * result->test as well where the result has the status ADJOIN_MINIMISE_REFUSED. `progress` of the options may not use
 * the instance. */
ADJOIN_API adjoin_status adjoin_minimise(adjoin_instance *instance, const adjoin_variable *variables, int count,
                                         const adjoin_minimise_options *options, adjoin_minimise_result *result);

/* ---- implicit gradients ---------------------------------------------------------------------------------------------
 */

/* A param that derivatives are wanted of. */
typedef struct adjoin_parameter {
  const char *name;
} adjoin_parameter;

/* How a minimiser, or a root, moves with params. */
typedef struct adjoin_implicit adjoin_implicit;

/* Certifies the x of the listed vars as a minimiser of the objective (a maximiser, where the model says so), or where
 * options->root names an output, as a root of that, which is looked for by Newton's method from x; and makes what
 * differentiates it with respect to these params; no params: all but those that `freeze` names whole. Vars, masks
 * and bounds are as for adjoin_minimise, which may have found x; each x is polished in place unless the options say
 * otherwise. ADJOIN_OK says that there is a certificate: whether there are derivatives, its status tells. The instance
 * must outlive what is made, and be used by nobody else while one of the functions below runs. The arrays that its
 * inputs are bound to must stay, with what is in them; params may change, for their values are kept here. Once the
 * instance is bound to other arrays, the functions below answer ADJOIN_USE. */
ADJOIN_API adjoin_status adjoin_implicit_create(adjoin_instance *instance, const adjoin_variable *variables,
                                                int variable_count, const adjoin_parameter *parameters,
                                                int parameter_count, const adjoin_implicit_options *options,
                                                adjoin_implicit **made);
ADJOIN_API void adjoin_implicit_release(adjoin_implicit *of);

/* It lives as long as `of`; its residual, error estimate and counts are those of all that was asked so far. */
ADJOIN_API const adjoin_certificate *adjoin_implicit_certificate(const adjoin_implicit *of);

/* The vars of the model, laid end to end in its order, are one vector x of so many entries, and the params another one,
 * theta, in the order in which they are listed. Where in it an input stands (NULL for what is not asked): 0 where it is
 * in neither. */
ADJOIN_API size_t adjoin_implicit_size(const adjoin_implicit *of);
ADJOIN_API size_t adjoin_implicit_parameter_count(const adjoin_implicit *of);
ADJOIN_API int adjoin_implicit_place(const adjoin_implicit *of, const char *name, size_t *offset, size_t *count);

/* dx = (d x / d theta) dtheta for `count` directions; bar = (d x / d theta)' w for as many weights on x, with one solve
 * each, whatever the size of theta; and the Jacobian, row after row. Blocks have a row for each entry and a column for
 * each direction, row after row. ADJOIN_NUMERICS: the certificate has no derivatives, the receiver is told why, and
 * nothing that was written is of use. */
ADJOIN_API adjoin_status adjoin_implicit_forward(adjoin_implicit *of, size_t count, const double *dtheta, double *dx);
ADJOIN_API adjoin_status adjoin_implicit_adjoint(adjoin_implicit *of, size_t count, const double *weights, double *bar);
ADJOIN_API adjoin_status adjoin_implicit_jacobian(adjoin_implicit *of, double *jacobian);

/* ---- the bare function, for callers that count nanoseconds --------------------------------------------------------
 */

/* The compiled code itself: returns 0, or the number of the check that failed. */
typedef int adjoin_entry(const ptrdiff_t *extents, const void *const *inputs, const double *const *seeds,
                         double *const *results, double *work);

/* What to call it with, under the arrays that are bound; valid until the next call that has the instance. Inputs that
 * are not in C order have been gathered. Zeros after a failure. Not for functions made with ADJOIN_BLOCK. */
typedef struct adjoin_arguments {
  adjoin_entry *entry;
  const ptrdiff_t *extents;
  const void *const *inputs;
  double *work; /* belongs to the instance; another thread needs one of its own, of work_size doubles */
  size_t work_size;
} adjoin_arguments;

ADJOIN_API adjoin_status adjoin_prepare(adjoin_instance *instance, const adjoin_function *function,
                                        adjoin_arguments *arguments);

#ifdef __cplusplus
}
#endif
#endif
