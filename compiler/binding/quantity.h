/* A named array of results, directions or inputs. */
#ifndef ADJOIN_BINDING_QUANTITY_H
#define ADJOIN_BINDING_QUANTITY_H

#include "compiler/binding/report.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  const char *name;
  int rank;
  const int64_t *extents;
  int64_t count; /* of entries */
  double *entries;
} quantity;

/* A quantity of zeros; false with a message when it would be too large. */
bool quantity_create(const reporting *with, const char *name, int rank, const int64_t *extents, quantity *into);

/* One whose axes are those of `a`, then those of `b`. */
bool quantity_product(const reporting *with, const char *name, const quantity *a, const quantity *b, quantity *into);

/* The place of an entry: "[2, 0]"; "" for a scalar. */
const char *entry_place(const reporting *with, const quantity *of, int64_t entry);

#endif
