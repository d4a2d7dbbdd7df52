/* C text -> machine code in memory, by libtcc. Needs no compiler, header or library file at run time. */
#ifndef ADJOIN_JIT_JIT_H
#define ADJOIN_JIT_JIT_H

#include "compiler/base/text.h"
#include "runtime/abi.h"

typedef struct jit_code jit_code;

/* Compiles text made by emit_for_jit. NULL when libtcc refuses it (a bug of ours), and then its messages are in
 * `errors`; or when memory runs out, and then `errors` is as it was. Thread-safe: libtcc is used behind one lock. */
jit_code *jit_compile(const char *c_text, text *errors);

/* Function k of the emission. The pointers are valid until jit_release. */
entry_function *jit_entry(const jit_code *code, int k);
workspace_function *jit_workspace(const jit_code *code, int k);

/* Releases the code pages. NULL is allowed. */
void jit_release(jit_code *code);

#endif
