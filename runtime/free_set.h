/* Which entries of a vector may move, and between which bounds: a mask and bounds as one set. Solvers work on vectors
 * of the free entries alone ("free vectors", `count` long); the vector as the model has it is the "whole" one (`size`
 * long). Frozen entries of a whole vector are never written here, so that they stay the same to the bit. */
#ifndef ADJOIN_RUNTIME_FREE_SET_H
#define ADJOIN_RUNTIME_FREE_SET_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  size_t size, count;
  size_t *index;               /* places of the free entries, increasing; NULL where all are free */
  const double *lower, *upper; /* whole vectors of the caller's; NULL: no bound */
  bool bounded;                /* does any free entry have a finite bound? */
} free_set;

typedef enum { FREE_SET_BUILT, FREE_SET_NO_MEMORY, FREE_SET_EMPTY_INTERVAL } free_set_status;

/* `mask` has a byte an entry, 0 for frozen, NULL where all are free; `lower` and `upper` are NULL or whole vectors,
 * infinite where an entry has no bound. Mask and bounds of frozen entries are never looked at again; bounds are kept,
 * not copied. FREE_SET_EMPTY_INTERVAL: the bounds of the free entry `*entry` have no finite value between them
 * (lower > upper, both +inf or -inf, a nan). Nothing is allocated unless FREE_SET_BUILT. */
free_set_status free_set_build(free_set *set, size_t size, const unsigned char *mask, const double *lower,
                               const double *upper, size_t *entry);
void free_set_release(free_set *set);

/* The place in a whole vector of free entry k. */
static inline size_t free_set_place(const free_set *set, size_t k) {
  return set->index ? set->index[k] : k;
}

void free_set_gather(const free_set *set, const double *whole, double *free_entries);
void free_set_scatter(const free_set *set, const double *free_entries, double *whole);

/* The number between the bounds of free entry k that is nearest to x. A nan stays one. */
double free_set_nearest(const free_set *set, size_t k, double x);

/* Moves a free vector to the nearest point between the bounds. A nan stays one. */
void free_set_project(const free_set *set, double *free_entries);

/* x - P(x - g), entry by entry: the gradient, cut to what the bounds let -g move. Zero for all k is the first-order
 * condition. */
double free_set_projected_gradient(const free_set *set, size_t k, double x, double gradient);

/* Is free entry k at a bound, or within `slack` of it, with -g pushing against it? `*bound` is then that bound. */
bool free_set_is_active(const free_set *set, size_t k, double x, double gradient, double slack, double *bound);

#endif
