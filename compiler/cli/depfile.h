/* Dependency files, as make and ninja read them: `targets: prerequisites`. */
#ifndef ADJOIN_CLI_DEPFILE_H
#define ADJOIN_CLI_DEPFILE_H

#include "compiler/base/text.h"
#include <stdbool.h>

typedef struct {
  const char *name;
  bool verbatim; /* written as it stands: the user's own spelling of a target (-MT) */
} depfile_target;

/* Can a dependency file name this path? Make and ninja have no common spelling for the end of a line, for `;`, and for
 * a backslash at the end or before `#` or `:`. */
bool depfile_can_name(const char *path);

/* All targets depend on all files. Each file is also a target of its own without a recipe, so that make goes on when
 * one is renamed or deleted (as gcc -MP); but where `%` is in its name, which ninja does not read as a target. Paths
 * must satisfy depfile_can_name. */
void depfile_write(const depfile_target *targets, int target_count, const char *const *files, int file_count,
                   text *out);

#endif
