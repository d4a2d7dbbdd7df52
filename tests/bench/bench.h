/* What the parts of the measuring program share. */
#ifndef ADJOIN_TESTS_BENCH_H
#define ADJOIN_TESTS_BENCH_H

#include "tests/runner/subject.h"

double bench_now(void); /* in seconds */
double bench_median(double *times, int count);

/* Value, gradient and Hessian-vector product of the examples: compiled by libtcc, by gcc, and written by hand. The
 * three must agree, or nothing is timed. */
int bench_runs(arena *memory);

/* What calls through libadjoin cost beyond the bare function. */
int bench_calls(void);

/* Time and memory of L-BFGS itself on a large problem. */
int bench_solver(void);

/* A function written by hand. Inputs are in the order of the model's, extents in that of its dims; directions and
 * results in that of its vars. The value is returned; a product returns 0. */
typedef double by_hand(const ptrdiff_t *extents, const void *const *inputs, const double *const *directions,
                       double *const *results, double *work);

typedef struct {
  by_hand *functions[3]; /* value, gradient, product: all with respect to every var */
} hand_written;

extern const hand_written bundle_by_hand, kernel_by_hand, logistic_by_hand, masked_by_hand, net_by_hand, misra_by_hand,
    precision_by_hand, robust_by_hand, rosenbrock_by_hand;

#endif
