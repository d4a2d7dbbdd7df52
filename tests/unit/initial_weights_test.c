/* Start values of weights: known answers of the generator, bounds, moments, and what they depend on. */
#include "runtime/initial_weights.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 100000 };

/* From the generator's authors (Random123, kat_vectors). */
static void known_answers(void) {
  static const struct {
    uint32_t counter[4], key[2], block[4];
  } rows[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}},
      {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}},
      {{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u},
       {0xa4093822u, 0x299f31d0u},
       {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    uint32_t block[4];
    philox(rows[k].counter, rows[k].key, block);
    CU_ASSERT(!memcmp(block, rows[k].block, sizeof block));
  }
}

static double *filled(uint64_t seed, const char *name, int64_t fan_in) {
  double *made = malloc(COUNT * sizeof *made);
  CU_ASSERT_FATAL(made != NULL);
  fill_kaiming_uniform(made, COUNT, seed, name, fan_in);
  return made;
}

/* A uniform variable on (-b, b) has mean 0 and variance b^2/3; five standard errors of each are allowed. */
static void moments(void) {
  double *drawn = filled(7, "f.0.weight", 16), sum = 0, squares = 0, least = 1, largest = -1;
  for (int k = 0; k < COUNT; k++) {
    sum += drawn[k];
    squares += drawn[k] * drawn[k];
    least = fmin(least, drawn[k]);
    largest = fmax(largest, drawn[k]);
  }
  CU_ASSERT(least > -0.25 && least < -0.2499);
  CU_ASSERT(largest < 0.25 && largest > 0.2499);
  double variance = 0.0625 / 3;
  CU_ASSERT(fabs(sum / COUNT) < 5 * sqrt(variance / COUNT));
  CU_ASSERT(fabs(squares / COUNT - variance) < 5 * variance * sqrt(0.8 / COUNT));
  free(drawn);
}

static double correlation(const double *a, const double *b, int lag) {
  double products = 0, of_a = 0, of_b = 0;
  for (int k = lag; k < COUNT; k++) {
    products += a[k] * b[k - lag];
    of_a += a[k] * a[k];
    of_b += b[k - lag] * b[k - lag];
  }
  return products / sqrt(of_a * of_b);
}

static void independence(void) {
  double *one = filled(7, "f.0.weight", 4), *name = filled(7, "f.0.bias", 4), *seed = filled(8, "f.0.weight", 4);
  double most = 5 / sqrt(COUNT);
  CU_ASSERT(fabs(correlation(one, name, 0)) < most);
  CU_ASSERT(fabs(correlation(one, seed, 0)) < most);
  CU_ASSERT(fabs(correlation(one, one, 1)) < most);
  CU_ASSERT(fabs(correlation(one, one, 2)) < most);
  free(one);
  free(name);
  free(seed);
}

/* The same bits whenever and wherever, and a shorter array is the beginning of a longer one. */
static void determinism(void) {
  double *one = filled(2023, "f.0.weight", 1), few[3];
  double *other = filled(1, "g", 1), *again = filled(2023, "f.0.weight", 1);
  CU_ASSERT(!memcmp(one, again, COUNT * sizeof *one));
  fill_kaiming_uniform(few, 3, 2023, "f.0.weight", 1);
  CU_ASSERT(!memcmp(one, few, sizeof few));
  CU_ASSERT(memcmp(one, other, sizeof few));
  free(one);
  free(other);
  free(again);
}

static void nothing_comes_in(void) {
  double entries[2] = {5, 5};
  fill_kaiming_uniform(entries, 2, 1, "f.0.weight", 0);
  CU_ASSERT(entries[0] == 0 && entries[1] == 0);
  fill_kaiming_uniform(NULL, 0, 1, "f.0.weight", 3);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("initial weights", NULL, NULL);
  CU_add_test(suite, "known answers", known_answers);
  CU_add_test(suite, "bounds and moments", moments);
  CU_add_test(suite, "independence", independence);
  CU_add_test(suite, "determinism", determinism);
  CU_add_test(suite, "fan-in 0, no entries", nothing_comes_in);
  CU_basic_run_tests();
  unsigned failed = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed > 0;
}
