/* Reverse mode inside one kernel body: from adjoints of the values that are stored to adjoints of the loads. */
#ifndef ADJOIN_DERIVATIVE_REVERSE_BODY_H
#define ADJOIN_DERIVATIVE_REVERSE_BODY_H

#include "compiler/derivative/derivative.h"

/* The adjoint of a load: where `condition` (NO_SCALAR: everywhere) holds, `value` is added to the adjoint of
 * load's array at load's subscripts. */
typedef struct {
  scalar load;
  scalar value, condition;
  bool singular; /* it may be infinite, having met a singular partial */
} load_adjoint;
typedef LIST(load_adjoint) load_adjoints;

/* A value that the body stores, with its adjoint; `condition` guards the store. */
typedef struct {
  scalar value, adjoint, condition;
  bool singular; /* the adjoint is */
} body_output;

/* Requires: active[a] tells which arrays carry derivatives. Ensures: one entry per load of an active array that the
 * outputs depend on, in ascending order of the load. Each value is computed, and may be evaluated, only on the branch
 * that was taken: `condition` is the conjunction of the select conditions under which the load stands. */
load_adjoints reverse_body(const kernel_module *module, const body_output *outputs, int output_count,
                           const bool *active, const taint_facts *tainted);

#endif
