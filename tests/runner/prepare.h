/* Cases and generated models on their way through the runner. */
#ifndef ADJOIN_TESTS_PREPARE_H
#define ADJOIN_TESTS_PREPARE_H

#include "tests/runner/subject.h"

typedef struct {
  test_case *from;
  subject *of;
  const int **functions; /* by point: the function of each expectation */
  bool runs;             /* there is code to check; all else was judged already */
} prepared_case;

/* Opens a model; `from` gives its fixed extents and the stage to dump, or is NULL. */
subject *subject_open(arena *memory, const char *name, const char *model, const test_case *from);
void subject_close(subject *of);

/* Machine code for all functions requested so far, by libtcc. */
bool subject_compile(subject *of);

/* `accepting`: expected texts that differ are replaced in the file. */
prepared_case *prepare_case(arena *memory, const char *path, const char *data, bool accepting);
void check_prepared(prepared_case *from);

/* The request that an expectation stands for; its function's number or -1. */
int request_expectation(subject *of, const expectation *expected);

/* Makes every edit that the model's diagnostics propose: what it was proposed for must be gone, or the subject fails.
 */
void check_fixes(subject *of, const test_case *from);

#endif
