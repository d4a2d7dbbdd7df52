/* What the parts of the measuring program share. */
#ifndef ADJOIN_TESTS_BENCH_H
#define ADJOIN_TESTS_BENCH_H

#include "tests/runner/subject.h"

double bench_now(void); /* in seconds */
double bench_median(double *times, int count);

/* Value, gradient and Hessian-vector product of some models: compiled by libtcc, by gcc, and written by hand. */
int bench_runs(arena *memory);

/* A model written by hand. Arrays are in the order of the model's inputs, extents in that of its dims. */
typedef double by_hand(const ptrdiff_t *extents, const double *const *inputs, const double *direction, double *result,
                       double *work);

/* The results are for the first input alone; the value is returned by all three. */
double rosenbrock_value(const ptrdiff_t *, const double *const *, const double *, double *, double *);
double rosenbrock_gradient(const ptrdiff_t *, const double *const *, const double *, double *, double *);
double rosenbrock_product(const ptrdiff_t *, const double *const *, const double *, double *, double *);
double logistic_value(const ptrdiff_t *, const double *const *, const double *, double *, double *);
double logistic_gradient(const ptrdiff_t *, const double *const *, const double *, double *, double *);
double logistic_product(const ptrdiff_t *, const double *const *, const double *, double *, double *);
double net_value(const ptrdiff_t *, const double *const *, const double *, double *, double *);
double net_gradient(const ptrdiff_t *, const double *const *, const double *, double *, double *);
double net_product(const ptrdiff_t *, const double *const *, const double *, double *, double *);

#endif
