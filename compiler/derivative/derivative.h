/* Derivatives of kernel programs, as kernel programs. */
#ifndef ADJOIN_DERIVATIVE_DERIVATIVE_H
#define ADJOIN_DERIVATIVE_DERIVATIVE_H

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/reach.h"

/* For each array of the module (by number, `count` of them): the array that carries its derivative, or -1. */
typedef struct {
  int *of;
  int count;
} derivative_map;

/* The program that also carries tangents.
 *
 * Requires: seed_of[k] is an array (role seed) with the shape of source[k] and, when `directions` is not NO_SCALAR, one
 * more axis of that extent at the end: the block of directions.
 * Ensures: every statement is followed by its tangent; `tangent` maps each array to the array of its directional
 * derivatives, -1 where it does not depend on the sources. The primal's values are unchanged to the bit. */
kernel_program *derive_tangent(const kernel_program *program, const int *source, const int *seed_of, int source_count,
                               scalar directions, derivative_map *tangent);

/* The program that also carries adjoints.
 *
 * Requires: cotangent[k] is an array of role seed with the shape of output[k], or -1 for the constant 1.
 * Ensures: after the forward statements stand those of the reverse sweep; `adjoint` maps each wanted array to a local
 * that holds d(sum of outputs * cotangents)/d array in the end; a wanted array on which no output depends gets a local
 * filled with zeros. Work per statement is a small multiple of the primal's. */
kernel_program *derive_adjoint(const kernel_program *program, const int *output, const int *cotangent, int output_count,
                               const int *wanted, int wanted_count, derivative_map *adjoint);

/* implicit.c, beside searches.h: what follows a search in a tangent program: a map that adds the unknowns' derivatives
 * to their tangent array, which has been filled with zeros. NULL where they are zero. */
statement *derive_search_tangent(kernel_module *module, const statement *of, const derivative_map *known,
                                 scalar directions);

/* Appends to `scope` the solution z of A z + right = 0, A being the Jacobian of the search's residual, or its
 * transpose; z's number. A map over 0 <= v < upper, for such scopes. */
int derive_linear(kernel_module *module, const statement *of, bool transposed, int right, statement *scope);
statement *derive_scope(kernel_module *module, scalar upper, span where);

/* activity: which arrays depend on the sources (real ones only), and which the targets depend on. Both results have
 * module->arrays.count entries. */
bool *activity_forward(const kernel_program *program, const int *source, int count);
bool *activity_backward(const kernel_program *program, const int *target, int count);

/* Which arrays may hold nan or inf although the inputs are finite (see scalar_chain). */
typedef struct {
  bool *of; /* by array number */
  int count;
} taint_facts;
taint_facts taint(const kernel_program *program);

/* What a derivative on its way may have met: NO_SCALAR when no singular partial, the argument of an operation whose
 * partial is infinite where that is 0, or SOMEWHERE_SINGULAR (singular.c). */
typedef scalar singularity;
enum { SOMEWHERE_SINGULAR = -1 };
singularity singularity_of(const scalar_dag *dag, scalar node, int which); /* of the node's partial */
singularity singularity_join(singularity a, singularity b);
/* What is left of it where the condition holds, or where it does not. */
singularity singularity_under(const scalar_dag *dag, singularity of, scalar condition, bool holds);
/* Does the statement, or one inside, hold a singular operation, or load an array that is marked? (`count` marks) */
bool singular_inside(const kernel_module *module, const statement *in, const bool *singular, int count);

#endif
