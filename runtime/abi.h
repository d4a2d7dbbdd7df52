/* How generated functions are called, whatever compiled them. */
#ifndef ADJOIN_RUNTIME_ABI_H
#define ADJOIN_RUNTIME_ABI_H

#include <stddef.h>

/* extents: one per free extent of the model, in order of declaration (a block of directions is the last one, where the
 * function has one). inputs: one pointer per input, in order: double, or int64_t for index inputs; C order. seeds:
 * directions or cotangents. results: where to write; NULL members are skipped. work: as many doubles as the workspace
 * function says. Arrays must not overlap. Returns 0, or the number of the check that failed. */
typedef int entry_function(const ptrdiff_t *extents, const void *const *inputs, const double *const *seeds,
                           double *const *results, double *work);

/* In doubles; SIZE_MAX when the size overflows. */
typedef size_t workspace_function(const ptrdiff_t *extents);

#endif
