/* Kernel programs -> C text. */
#ifndef ADJOIN_EMIT_EMIT_H
#define ADJOIN_EMIT_EMIT_H

#include "compiler/kernel/kernel.h"
#include "compiler/request.h"
#include "compiler/tensor/check.h"
#include "compiler/tensor/tensor_program.h"
#include "runtime/kernel_problem.h"

/* One function of the emitted code: int MODEL_name(dims, inputs, seeds..., results..., work). Its seeds and results
 * are those of the program, in order. */
typedef struct {
  const char *name; /* "value", "grad", "hvp_w", "mixed_lambda_w", "jvp_r", ... as the user would write it */
  const char *what; /* one or more lines for the comment above it */
  const kernel_program *program; /* optimised */
  bool gradient;  /* the results after the first are members of one struct MODEL_gradient, named after the inputs */
  request wanted; /* what it was derived for; the self-test tells from it what must agree with what */
} emitted_function;

/* What a var may declare. */
enum { PROBLEM_START, PROBLEM_LOWER, PROBLEM_UPPER, PROBLEM_VALUES };
static inline const tensor *problem_value(const input *of, int which) {
  return which == PROBLEM_START ? of->start : which == PROBLEM_LOWER ? of->lower : of->upper;
}

/* The model as a problem for minimisers: its vars, laid end to end as one vector. Functions are numbers of those of the
 * emission, over all of these vars; -1: there is none. */
typedef struct {
  int var_count;
  const int *vars;            /* numbers of inputs, of which some entry may move */
  int values[PROBLEM_VALUES]; /* functions of the vars that declare such a value */
  int functions[KERNEL_FUNCTIONS];
  const char *residual; /* the output of whose squares the objective is a sum; NULL: it is none */
  double factor;        /* of that sum, for what is minimised; to be multiplied by all of `times` and divided by */
  const scalar *times, *over; /* all of `over`, whole expressions of extents */
  int times_count, over_count;
} emitted_problem;

typedef struct {
  const tensor_program *model;
  const kernel_module *module;
  const emitted_function *functions;
  int function_count;
  const char *prefix;  /* of every identifier; the model's name unless asked otherwise */
  const char *version; /* the compiler's */
  bool real_float;
  bool solvers_apart;  /* searches: their functions are included from a file beside the header */
  const bool *batched; /* by input; or NULL. For many evaluations side by side, one per thread of a GPU: entry k of a
                          batched input, of a direction, of a result and of the workspace is at [k*dims->batch] */
  bool lines;          /* with #line directives that lead debuggers and messages to the model */
  bool self_test; /* with a main() that checks the functions against each other, where MODEL_SELF_TEST is defined */
  const emitted_problem *problem; /* or NULL */
  const emitted_function *bounds; /* for the self-test: start values and bounds, one input each */
  int bound_count;
  const fixed_extent *fixed; /* from outside, for a Python module to fix again */
  int fixed_count;
  const char *header_file, *source_file; /* base names, for #include and #line; NULL: PREFIX.h and PREFIX.c */
} emission;

/* One self-contained header: valid C99, C++17 and CUDA. Same input, same bytes. */
void emit_header(const emission *what, text *out);

/* The same text as two files: declarations, and definitions that include them. */
void emit_pair(const emission *what, text *header, text *source);

/* The file of emission.solvers_apart, the same for all models; its name, by real_float. */
void emit_solvers(bool real_float, text *out);
const char *emit_solvers_name(bool real_float);

/* A Python module that compiles the model by libadjoin: needs no functions of the emission. Same input, same bytes. */
void emit_python(const emission *what, text *out);

/* The same functions for libtcc, with declarations in place of headers, and for function k two uniform entries:
 * adjoin_entry_k, of type entry_function, and adjoin_workspace_k, of type workspace_function (runtime/abi.h). */
void emit_for_jit(const emission *what, text *out);

#endif
