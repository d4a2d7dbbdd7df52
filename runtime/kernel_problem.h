/* A model's functions, as abi.h calls them, as a problem for `minimise`: the inputs that move are stretches of one
 * vector. */
#ifndef ADJOIN_RUNTIME_KERNEL_PROBLEM_H
#define ADJOIN_RUNTIME_KERNEL_PROBLEM_H

#include "runtime/abi.h"
#include "runtime/minimise.h"

/* An input, as a stretch of the vector. */
typedef struct {
  int input;
  int64_t offset, count;
  bool active; /* is it among the seeds and results of the functions? One that does not move need not be */
} kernel_var;

/* value: f. gradient: f, then the gradient by each active var. product: active vars to active vars. residual: r. jvp:
 * active vars to r. vjp: r to active vars. Without a value, f and its gradient are those of the residual's squares. */
enum { KERNEL_VALUE, KERNEL_GRADIENT, KERNEL_PRODUCT, KERNEL_RESIDUAL, KERNEL_JVP, KERNEL_VJP, KERNEL_FUNCTIONS };

typedef struct {
  const ptrdiff_t *extents;
  const void **inputs; /* one pointer an input; those of the vars are set, by each call, to where the vector is */
  double *work;        /* enough for every function */
  const kernel_var *vars;
  size_t var_count, size;                      /* of the vector */
  const unsigned char *mask;                   /* 0: a frozen entry, whose derivative is not looked at */
  bool maximise;                               /* then what is minimised is -f */
  entry_function *functions[KERNEL_FUNCTIONS]; /* NULL: there is none; but the value is there, and the gradient where a
                                                  var is active, or the residual, and its vjp where a var is active */
  size_t residual_count;
  double *residuals;         /* room for residual_count numbers where there is no value */
  double residual_factor;    /* f = residual_factor * sum r_j^2 */
  double **seeds, **results; /* room for var_count + 1 pointers each */
  /* NULL, or: does a status of the functions say that the model has no value at this point, rather than that it is
   * wrong? Then f and what comes with it are nan, from which searches back off. */
  bool (*has_no_value)(const void *judge, int status);
  const void *judge;
  int no_value;    /* the last such status, or 0 */
  double *odd;     /* NULL, or room for the last point where f or its gradient was not finite */
  bool odd_is_set; /* was there any? */
} kernel_problem;

/* The functions that there are, as one problem; its callbacks return what the model's functions do. `of` is used by
 * them, and by one thread at a time. */
minimise_problem kernel_problem_describe(kernel_problem *of);

/* The method of a name, or the one that "auto" (or NULL) stands for, of a model that has products, and residuals where
 * it is a sum of squares; NULL where there is none of that name. Asked before there are functions. */
const minimise_method *kernel_problem_method(const char *name, size_t free_entries, bool squares,
                                             size_t residual_count);

/* Makes the vars be read from a vector. */
void kernel_problem_move(kernel_problem *of, const double *x);

#endif
