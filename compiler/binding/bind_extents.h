/* Extents from shapes: each axis of a given array is an equation for the extents of the model. */
#ifndef ADJOIN_BINDING_BIND_EXTENTS_H
#define ADJOIN_BINDING_BIND_EXTENTS_H

#include "compiler/binding/bind.h"

typedef struct {
  int input, axis;
  scalar extent;  /* as declared */
  int64_t actual; /* as given */
} extent_equation;

typedef LIST(extent_equation) extent_equations;

/* Gives the extents of `into` their values: first where an axis is a bare extent, then where an expression has one
 * unknown left in which it is affine. Then every equation is checked. Reports all that disagree; false on any. Extents
 * that no equation tells stay unknown. */
bool bind_extents(bound_model *into, const extent_equations *equations, const char *remedy);

#endif
