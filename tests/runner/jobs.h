/* Commands run side by side. */
#ifndef ADJOIN_TESTS_JOBS_H
#define ADJOIN_TESTS_JOBS_H

#include "compiler/base/arena.h"
#include <stdbool.h>
#include <sys/types.h>

typedef struct {
  const char *command; /* for the shell */
  const char *log;     /* what it writes; shown when it fails */
  pid_t running;
} job;
typedef LIST(job) job_list;

/* Runs all of them, as many at once as there are processors. False when one failed. */
bool run_jobs(job *jobs, int count);

bool command_exists(arena *memory, const char *name);

#endif
