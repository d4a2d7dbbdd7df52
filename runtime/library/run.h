/* A minimisation in terms of the libraries' headers: what libadjoin and libadjoin_runtime share. */
#ifndef ADJOIN_RUNTIME_LIBRARY_RUN_H
#define ADJOIN_RUNTIME_LIBRARY_RUN_H

#include "runtime/library/adjoin_minimise.h"
#include "runtime/minimise.h"

/* Which entries of a vector move, and where. */
typedef struct {
  const unsigned char *mask; /* as minimise_options has them */
  const double *lower, *upper;
  bool maximised; /* the problem is that of -f: progress and result speak of f */
} run_limits;

/* minimise() with those options and limits. Options of another edition than this one's are refused. */
adjoin_minimise_status run_minimiser(const minimise_problem *problem, const adjoin_minimise_options *options,
                                     const run_limits *limits, double *x, adjoin_minimise_result *result);

/* A result that says that nothing ran, and why; its status. */
adjoin_minimise_status run_refuse(adjoin_minimise_result *result, const char *why);

#endif
