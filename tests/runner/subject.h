/* A subject: a model that compiled, the functions requested of it, and the tiers that run them. */
#ifndef ADJOIN_TESTS_SUBJECT_H
#define ADJOIN_TESTS_SUBJECT_H

#include "compiler/session.h"
#include "tests/runner/case.h"

/* What runs a function. From the third on they are written as a header and compiled ahead by another compiler; the last
 * one's real numbers are float. */
typedef enum { TIER_INTERPRETER, TIER_TCC, TIER_GCC, TIER_GXX, TIER_NVCC, TIER_SINGLE, TIER_COUNT } tier;
extern const char *const tier_names[TIER_COUNT];

typedef struct {
  request wanted;
  const kernel_program *program;
} function;

/* Functions that a compiled header gives a subject: by number. Those of TIER_SINGLE take arrays of floats. */
typedef struct {
  entry_function **entries; /* NULL when this tier does not run the subject */
  workspace_function **workspaces;
} native_functions;

typedef struct {
  arena *memory;
  const char *name; /* of the case; for messages */
  session *with;
  const tensor_program *model;
  LIST(function) functions;
  jit_code *code;
  native_functions native[TIER_COUNT]; /* TIER_GCC and after */
  /* Functions for the property checks, by number; -1 when the model has none such. */
  int value, gradient, product, jvp, vjp, cut_product, kinks;
  LIST(const char *) active;  /* real inputs with role var or param */
  LIST(const char *) outputs; /* names, without the objective */
  int failures;
  bool may_be_refused; /* its functions, for a reason that the user is told */
  bool accepting;      /* expected texts that differ are replaced in the case's file */
} subject;

/* One line for the person at the screen, counted against the subject. */
void subject_fails(subject *of, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The texts are equal, or the subject fails. */
void compare_text(subject *of, const char *got, const char *expected);

/* Adds a function; its number, or -1 (the session's diagnostics say why). */
int subject_request(subject *of, request wanted);

/* The requests of the property checks. */
void subject_request_properties(subject *of);

/* ---- where it is evaluated ---- */

/* Extents by number, then that of a block of directions; inputs in order. */
typedef struct {
  int64_t *extents;     /* by extent's number in the scalar graph; whole_evaluate reads these */
  ptrdiff_t *arguments; /* as generated functions take them, with room for a block's */
  int extent_count;
  const host_array **values; /* the arrays, one per input */
  const void **inputs;
} binding_point;

/* The numbers of the model's free extents, in order of declaration; how many. */
int free_extents(arena *memory, const tensor_program *model, int **numbers);

/* Binds arrays to inputs and solves the extents; NULL with a message in *why when they don't fit. */
binding_point *bind_inputs(arena *memory, const tensor_program *model, const case_input *arrays, int count,
                           const char **why);

/* A copy whose inputs named in `names` have moved by `step` times `direction` (one array per name). */
binding_point *bind_moved(arena *memory, const tensor_program *model, const binding_point *from,
                          const char *const *names, double *const *direction, int count, double step);

/* The number of entries of an array of the model's module at this point; -1 when it can't be had. */
int64_t entries_at(const binding_point *at, const scalar_dag *dag, int rank, const scalar *extents);

/* Sets the extent of a block of directions. */
void bind_block(binding_point *at, int64_t directions);

/* ---- running ---- */

/* One array per seed or result of a function. */
typedef struct {
  int count;
  int64_t *sizes;
  double **entries;
} array_set;

array_set seeds_of(subject *of, int function, const binding_point *at);

/* Runs function number `function` in a tier. Workspace and results stand between guards, checked afterwards. The
 * status it returned, or -1 when the tier can't run it (a failure already told). */
int run_function(subject *of, tier where, int function, const binding_point *at, const array_set *seeds,
                 array_set *results);

/* In every tier that runs the subject; the results must agree. They are the first tier's. */
int run_everywhere(subject *of, int function, const binding_point *at, const array_set *seeds, array_set *results);

/* Compares with an expected status message, or runs the expectations and the property checks at a point. */
void check_point(subject *of, const case_point *expected, const int *functions);
void check_properties(subject *of, const binding_point *at, bool kink, bool nonfinite);

#endif
