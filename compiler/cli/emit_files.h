/* The files that `adjoin emit` writes: their names, and writing them as a build wants it. */
#ifndef ADJOIN_CLI_EMIT_FILES_H
#define ADJOIN_CLI_EMIT_FILES_H

#include "compiler/cli/options.h"

typedef struct {
  const char *header;  /* a path, or that of the Python module; NULL: standard output */
  const char *source;  /* NULL: all is in the header */
  const char *solvers; /* NULL: they are in there too, or there are none */
  const char *depfile; /* NULL: none is wanted */
} emit_files;

/* What the options name. False when they can't be meant so, after a message. */
bool emit_name_files(console *with, const options *given, emit_files *into);

/* Emits all requested functions and writes the files; what would not change is left untouched, but for the dependency
 * file, which is written last. `batched` and `problem` as in emission. With --dump-after the dump goes to standard
 * output instead. EXIT_DONE or the code to end with, after a message. */
exit_code emit_write_files(console *with, const options *given, session *from, const emit_files *files,
                           const bool *batched, const emitted_problem *problem);

#endif
