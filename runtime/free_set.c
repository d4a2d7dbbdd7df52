#include "runtime/free_set.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static double lower_bound(const free_set *set, size_t k) {
  return set->lower ? set->lower[free_set_place(set, k)] : -INFINITY;
}

static double upper_bound(const free_set *set, size_t k) {
  return set->upper ? set->upper[free_set_place(set, k)] : INFINITY;
}

static free_set_status check_bounds(free_set *set, size_t *entry) {
  if (!set->lower && !set->upper) return FREE_SET_BUILT;
  for (size_t k = 0; k < set->count; k++) {
    double low = lower_bound(set, k), high = upper_bound(set, k);
    if (!(low <= high) || low == INFINITY || high == -INFINITY) {
      *entry = free_set_place(set, k);
      return FREE_SET_EMPTY_INTERVAL;
    }
    set->bounded |= isfinite(low) || isfinite(high);
  }
  return FREE_SET_BUILT;
}

free_set_status free_set_build(free_set *set, size_t size, const unsigned char *mask, const double *lower,
                               const double *upper, size_t *entry) {
  *set = (free_set){.size = size, .count = size, .lower = lower, .upper = upper};
  if (mask) {
    set->count = 0;
    for (size_t place = 0; place < size; place++) set->count += mask[place] != 0;
  }
  if (set->count < size) {
    if (set->count > SIZE_MAX / sizeof *set->index) return FREE_SET_NO_MEMORY;
    set->index = malloc(set->count ? set->count * sizeof *set->index : 1);
    if (!set->index) return FREE_SET_NO_MEMORY;
    for (size_t place = 0, k = 0; place < size; place++) {
      if (mask[place]) set->index[k++] = place;
    }
  }
  free_set_status status = check_bounds(set, entry);
  if (status != FREE_SET_BUILT) free_set_release(set);
  return status;
}

void free_set_release(free_set *set) {
  free(set->index);
  *set = (free_set){0};
}

void free_set_gather(const free_set *set, const double *whole, double *free_entries) {
  for (size_t k = 0; k < set->count; k++) free_entries[k] = whole[free_set_place(set, k)];
}

void free_set_scatter(const free_set *set, const double *free_entries, double *whole) {
  for (size_t k = 0; k < set->count; k++) whole[free_set_place(set, k)] = free_entries[k];
}

double free_set_nearest(const free_set *set, size_t k, double x) {
  if (!set->bounded) return x;
  double low = lower_bound(set, k), high = upper_bound(set, k);
  if (x < low) return low;
  return x > high ? high : x;
}

void free_set_project(const free_set *set, double *free_entries) {
  if (!set->bounded) return;
  for (size_t k = 0; k < set->count; k++) free_entries[k] = free_set_nearest(set, k, free_entries[k]);
}

double free_set_projected_gradient(const free_set *set, size_t k, double x, double gradient) {
  if (!set->bounded || isnan(gradient)) return gradient;
  return gradient > 0 ? fmin(gradient, x - lower_bound(set, k)) : fmax(gradient, x - upper_bound(set, k));
}

bool free_set_is_active(const free_set *set, size_t k, double x, double gradient, double slack, double *bound) {
  if (!set->bounded) return false;
  double low = lower_bound(set, k), high = upper_bound(set, k);
  *bound = gradient > 0 || low == high ? low : high;
  if (low == high) return true;
  return gradient > 0 ? x - low <= slack : gradient < 0 && high - x <= slack;
}
