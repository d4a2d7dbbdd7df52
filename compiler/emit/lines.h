/* #line directives: what debuggers, profilers and compilers say of generated code names the model's line. */
#ifndef ADJOIN_EMIT_LINES_H
#define ADJOIN_EMIT_LINES_H

#include "compiler/base/text.h"

/* Copies the text of a file called `own_file`. In it the marks `#line N` (alone on their lines) tell that what follows,
 * up to the next mark or the end of the function, comes from line N of `model_file`: each of these lines gets a
 * directive of its own, and what follows the function its true number in `own_file`. */
void lines_write(const char *marked, const char *model_file, const char *own_file, text *out);

#endif
