/* The helper functions of scalar_helpers.def: for the host, and as C text that emitted code brings along. */
#ifndef ADJOIN_SCALAR_SCALAR_HELPERS_H
#define ADJOIN_SCALAR_SCALAR_HELPERS_H

#include "compiler/base/text.h"
#include "compiler/scalar/scalar_dag.h"
#include <stdint.h>

/* host_mul0, host_sign, ...: the same source as the emitted text, in double and int64_t. */
#define REAL double
#define WHOLE int64_t
#define HELPER(name, what, needs, result, parameters, ...) result host_##name parameters;
#include "compiler/scalar/scalar_helpers.def"
#undef HELPER
#undef WHOLE
#undef REAL

/* How helpers are written. */
typedef struct {
  const char *qualifier;      /* before each function: "static inline", or a macro that also says __host__ __device__ */
  const char *prefix;         /* of each helper's name: "model_"; calls are written prefix + spelling */
  const char *whole;          /* the signed whole type, "ptrdiff_t" */
  const char *unsigned_whole; /* its unsigned counterpart, "size_t" */
  bool real_float;
} helper_style;

/* Writes the helpers that the operations `used` (by scalar_op; SCALAR_OP_COUNT entries) need, each once, callees
 * first. Of the C library they call only functions that rows of the op table are spelled as, and fmod. */
void scalar_helpers_write(const bool *used, const helper_style *style, text *out);

#endif
