/* What libtcc finds in place of parts of the C library (see libtcc_host.c). */
#ifndef ADJOIN_JIT_LIBTCC_HOST_H
#define ADJOIN_JIT_LIBTCC_HOST_H

#include <setjmp.h>
#include <stdbool.h>

/* Where libtcc's attempt to end the process leads, until libtcc_host_end. libtcc's lock must be held. */
void libtcc_host_begin(jmp_buf *escape);

/* Gives back all memory that libtcc still has, and makes it as new when it was left by the escape. False when memory
 * ran out since libtcc_host_begin. */
bool libtcc_host_end(void);

#endif
