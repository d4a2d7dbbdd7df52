/* What a case expects, against what came. */
#include "tests/runner/subject.h"
#include <math.h>
#include <string.h>

static const request_kind kind_of[] = {
    [EXPECT_VALUE] = REQUEST_VALUE,     [EXPECT_OUTPUT] = REQUEST_VALUE,    [EXPECT_GRADIENT] = REQUEST_GRADIENT,
    [EXPECT_PRODUCT] = REQUEST_PRODUCT, [EXPECT_HESSIAN] = REQUEST_PRODUCT, [EXPECT_JVP] = REQUEST_JVP,
    [EXPECT_VJP] = REQUEST_VJP,         [EXPECT_JACOBIAN] = REQUEST_JVP,    [EXPECT_START] = REQUEST_START,
    [EXPECT_LOWER] = REQUEST_LOWER,     [EXPECT_UPPER] = REQUEST_UPPER,
};

static bool is_block(expectation_kind kind) {
  return kind == EXPECT_HESSIAN || kind == EXPECT_JACOBIAN;
}

int request_expectation(subject *of, const expectation *expected) {
  const char **names = arena_array(of->memory, const char *, 2);
  names[0] = expected->read;
  names[1] = expected->along;
  request wanted = {.kind = kind_of[expected->kind], .block = is_block(expected->kind)};
  wanted.name = arena_format(of->memory, "line_%d", expected->line);
  wanted.read = names;
  wanted.read_count = names[0][0] != '\0';
  wanted.along = names + 1;
  wanted.along_count = names[1][0] != '\0';
  return subject_request(of, wanted);
}

/* The identity: direction k is the k-th unit vector. The block's axis is the seed's last. */
static bool seed_directions(subject *of, int number, const expectation *expected, binding_point *at, array_set *seeds) {
  if (!is_block(expected->kind)) {
    *seeds = seeds_of(of, number, at);
    if (!expected->direction.entries) return seeds->count == 0;
    if (seeds->count != 1 || seeds->sizes[0] != host_array_count(&expected->direction)) return false;
    memcpy(seeds->entries[0], expected->direction.entries, (size_t)seeds->sizes[0] * sizeof(double));
    return true;
  }
  bind_block(at, 1);
  int64_t directions = seeds_of(of, number, at).sizes[0];
  bind_block(at, directions);
  *seeds = seeds_of(of, number, at);
  for (int64_t k = 0; k < directions; k++) seeds->entries[0][k * directions + k] = 1;
  return true;
}

static bool equal(double got, double expected, double tolerance) {
  if (isnan(expected)) return isnan(got);
  if (isinf(expected)) return got == expected;
  return fabs(got - expected) <= tolerance * fmax(1, fabs(expected));
}

/* The objective, where a model has one, is the first result of a value and of a gradient. */
static int result_place(const subject *of, expectation_kind kind) {
  if (kind == EXPECT_GRADIENT) return 1;
  return kind == EXPECT_OUTPUT && of->model->objective.value ? 1 : 0;
}

static void compare(subject *of, const expectation *expected, const array_set *results) {
  int place = result_place(of, expected->kind);
  int64_t count = host_array_count(&expected->value);
  if (place >= results->count || results->sizes[place] != count) {
    subject_fails(of, "line %d: %lld entries expected, not %lld", expected->line, (long long)count,
                  (long long)(place < results->count ? results->sizes[place] : -1));
    return;
  }
  for (int64_t e = 0; e < count; e++)
    if (!equal(results->entries[place][e], expected->value.entries[e], expected->tolerance)) {
      subject_fails(of, "line %d: entry %lld is %.17g, expected %.17g", expected->line, (long long)e,
                    results->entries[place][e], expected->value.entries[e]);
      return;
    }
}

static void check_expectation(subject *of, const expectation *expected, int number, binding_point *at) {
  array_set seeds, results;
  if (number < 0 || !expected->value.entries) return;
  if (!seed_directions(of, number, expected, at, &seeds)) {
    subject_fails(of, "line %d: the direction does not fit", expected->line);
    return;
  }
  int status = run_everywhere(of, number, at, &seeds, &results);
  if (status > 0)
    subject_fails(of, "line %d: unexpected status:\n%s", expected->line, session_status(of->with, status, NULL));
  if (!status) compare(of, expected, &results);
}

static void check_status(subject *of, const case_point *expected, const binding_point *at) {
  array_set none = {0}, results;
  int status = run_everywhere(of, of->value, at, &none, &results);
  if (status <= 0)
    subject_fails(of, "no check failed; expected:\n%s", expected->status);
  else
    compare_text(of, session_status(of->with, status, NULL), expected->status);
}

void check_point(subject *of, const case_point *expected, const int *functions) {
  const char *why;
  binding_point *at = bind_inputs(of->memory, of->model, expected->inputs.items, expected->inputs.count, &why);
  if (!at) {
    subject_fails(of, "line %d: %s", expected->line, why);
    return;
  }
  if (expected->status) {
    check_status(of, expected, at);
    return;
  }
  for (int k = 0; k < expected->expectations.count; k++)
    check_expectation(of, &expected->expectations.items[k], functions[k], at);
  check_properties(of, at, expected->kink, expected->nonfinite);
}
