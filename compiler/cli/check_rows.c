/* The rows of `adjoin check`: what is compared, how closely, and what excuses a difference (see check.h). */
#include "compiler/cli/check.h"

#include <float.h>
#include <math.h>

static const double difference_tolerance = 1e-7; /* beside the differences' own estimate of their error */
static const double useless_tolerance = 1e-3;    /* above this a comparison with differences says nothing */

/* Entries that can't be compared cost evaluations; of very many only the first are looked into. */
enum { MOST_EXCUSES = 100 };

void checking_add(checking *in, test_row made) {
  list_push(in->with->memory, &in->rows, made);
}

void checking_skip(checking *in, const char *test, const char *of, const char *reason) {
  checking_add(in, (test_row){test, of, NAN, NAN, TEST_SKIPPED, reason});
}

void checking_compare(checking *in, const char *test, const char *of, double error, double scale, double tolerance) {
  double relative = error == 0 ? 0 : error / fmax(scale, DBL_MIN);
  bool good = relative <= tolerance;
  const char *reason = good ? NULL : isnan(relative) ? "not finite here" : "these must be equal but for rounding";
  checking_add(in, (test_row){test, of, relative, tolerance,
                              good              ? TEST_PASSED
                              : isnan(relative) ? TEST_SKIPPED
                                                : TEST_FAILED,
                              reason});
}

/* Why a comparison that came out badly says nothing, or NULL when it does say that the derivative is wrong. */
static const char *excuse(checking *in, const curve *along, const difference *found, int64_t entry, double exact,
                          double tolerance) {
  bool nowhere_finite = !isfinite(found->error[entry]) && !isfinite(exact);
  if (nowhere_finite || !isfinite(found->value[entry])) return "not finite here";
  if (!isfinite(found->error[entry])) return "differences are not finite here";
  if (has_kink(in->room, along, entry)) return "a kink or pole: the slopes on its two sides differ";
  if (!(tolerance <= useless_tolerance)) return "differences do not settle here";
  return NULL;
}

static double comparison_scale(const difference *found, int64_t first, int64_t count, const double *exact) {
  double scale = DBL_MIN;
  for (int64_t k = 0; k < count; k++) {
    scale = fmax(scale, fmax(fabs(exact[k]), 1e-9 * fabs(found->value[first + k])));
    if (isfinite(found->error[first + k])) scale = fmax(scale, fabs(found->derivative[first + k]));
  }
  return scale;
}

/* One entry by itself. */
static test_row compare_entry(checking *in, const curve *along, const difference *found, int64_t entry, double exact,
                              double scale) {
  test_row made = {.result = TEST_PASSED};
  made.error = fabs(found->derivative[entry] - exact) / scale;
  made.tolerance = difference_tolerance + 10 * found->error[entry] / scale;
  if (made.error <= made.tolerance && made.tolerance <= useless_tolerance) return made;
  made.reason = excuse(in, along, found, entry, exact, made.tolerance);
  made.result = made.reason ? TEST_SKIPPED : TEST_FAILED;
  if (!made.reason) made.reason = "differences say otherwise";
  return made;
}

/* A wrong entry decides; else the largest error among those that could be compared, if there are any. */
bool checking_outweighs(const test_row *a, const test_row *b) {
  static const int weight[] = {[TEST_SKIPPED] = 0, [TEST_PASSED] = 1, [TEST_FAILED] = 2};
  if (a->result != b->result) return weight[a->result] > weight[b->result];
  return a->result != TEST_SKIPPED && a->error / a->tolerance > b->error / b->tolerance;
}

test_row checking_judge(checking *in, const curve *along, const difference *found, int64_t first, int64_t count,
                        const double *exact) {
  test_row worst = {.error = 0, .tolerance = difference_tolerance, .result = TEST_PASSED};
  double scale = comparison_scale(found, first, count, exact);
  int64_t skipped = 0;
  for (int64_t k = 0; k < count && skipped < MOST_EXCUSES && worst.result != TEST_FAILED; k++) {
    test_row each = compare_entry(in, along, found, first + k, exact[k], scale);
    skipped += each.result == TEST_SKIPPED;
    if (k == 0 || checking_outweighs(&each, &worst)) worst = each;
  }
  if (skipped && worst.result == TEST_PASSED)
    worst.reason =
        arena_format(in->with->memory, "%lld of %lld entries can't be compared: a kink or pole, or not finite",
                     (long long)skipped, (long long)count);
  return worst;
}

void checking_against(checking *in, const char *test, const char *of, const curve *along, const difference *found,
                      int64_t first, int64_t count, const double *exact) {
  test_row made = checking_judge(in, along, found, first, count, exact);
  made.test = test;
  made.of = of;
  checking_add(in, made);
}
