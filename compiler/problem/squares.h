/* Objectives that are sums of squares. */
#ifndef ADJOIN_PROBLEM_SQUARES_H
#define ADJOIN_PROBLEM_SQUARES_H

#include "compiler/tensor/tensor_program.h"

/* The objective as factor * sum r_j^2 of an output r; where extents have no values yet, the factor is still to be
 * multiplied by `times` and divided by `over`, whole expressions of extents. */
typedef struct {
  const char *output; /* NULL: it is none */
  double factor;
  LIST(scalar) times, over;
} sum_of_squares;

/* Is the objective a constant times the sum of an output's squares? `extents` has the values of free extents by id,
 * which the constant may be made of; NULL: they have none yet. Lists are of the program's memory. */
sum_of_squares find_squares(const tensor_program *model, const int64_t *extents);

#endif
