/* Many starts: one run after another, of which the best is the result. */
#ifndef ADJOIN_RUNTIME_MINIMISE_STARTS_H
#define ADJOIN_RUNTIME_MINIMISE_STARTS_H

#include "runtime/minimise/minimiser.h"

/* One run, or one from each start, once all but the runs' own memory is there. */
void starts_run(minimiser *m);

/* Which start the run is from. */
size_t starts_number(const minimiser *m);

#endif
