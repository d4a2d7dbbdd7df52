/* What must agree in a self-test: derivatives with differences, products and tangents with what they are transposed to
 * (see self_test_declarations.c.in for the table's form). */
#include "compiler/emit/self_test_inside.h"

#include <string.h>

typedef struct {
  int function, side, result, weight; /* function: its number among those tested */
} term;

static void write_check(const self_test *in, const char *what, term exact, term other, const char *moved) {
  text_append(in->out, "  {");
  c_string(in->out, what);
  text_format(in->out, ", {%d, %d, %d, %d}, {%d, %d, %d, %d}, %s},\n", exact.function, exact.side, exact.result,
              exact.weight, other.function, other.side, other.result, other.weight, moved);
}

static const request *request_at(const self_test *in, int tested) {
  return &in->what->functions[in->functions.items[tested]].wanted;
}

/* The result of a function that belongs to a quantity, or -1. */
static int result_for(const self_test *in, int tested, int of) {
  int f = in->functions.items[tested];
  for (int k = 0; k < program_of(in, f)->results.count; k++)
    if (in->results[f][k] == of) return k;
  return -1;
}

/* The first function of a kind, from a number on, that gives a quantity; or -1. */
static int function_giving(const self_test *in, request_kind kind, int of, int from) {
  for (int k = from; k < in->functions.count; k++)
    if (request_at(in, k)->kind == kind && result_for(in, k, of) >= 0) return k;
  return -1;
}

static const char *quantity_name(const self_test *in, int number) {
  return in->quantities.items[number].name;
}

static const char *moved_quantity(const self_test *in, int number) {
  return arena_format(in->memory, "%d", number);
}

/* The gradient on each input, against differences of the value. */
static void write_gradient_checks(const self_test *in, int g) {
  int f = in->functions.items[g];
  int value = function_giving(in, REQUEST_VALUE, in->objective, 0);
  if (value < 0) value = g;
  for (int r = 1; r < program_of(in, f)->results.count; r++) {
    int q = in->results[f][r];
    if (!in->quantities.items[q].is_input) continue;
    write_check(in, arena_format(in->memory, "%s: gradient on %s", in->names[f], quantity_name(in, q)),
                (term){g, 0, r, 1}, (term){value, 0, 0, 0}, moved_quantity(in, q));
  }
}

/* A product against differences of the gradient, and against the product with the two sides exchanged:
 * <u, H_ab v> = <v, H_ba u>. */
static void write_product_checks(const self_test *in, int p) {
  int f = in->functions.items[p], along = in->seeds[f][0];
  if (program_of(in, f)->seeds.count != 1) return;
  for (int r = 0; r < program_of(in, f)->results.count; r++) {
    int read = in->results[f][r];
    int gradient = function_giving(in, REQUEST_GRADIENT, read, 0);
    const char *what =
        arena_format(in->memory, "%s: on %s along %s", in->names[f], quantity_name(in, read), quantity_name(in, along));
    if (gradient >= 0)
      write_check(in, what, (term){p, 1, r, 0}, (term){gradient, 0, result_for(in, gradient, read), 0},
                  arena_format(in->memory, "%sseeds", in->own));
    for (int back = function_giving(in, REQUEST_PRODUCT, along, p); back >= 0;
         back = function_giving(in, REQUEST_PRODUCT, along, back + 1)) {
      int other = in->functions.items[back];
      if (program_of(in, other)->seeds.count != 1 || in->seeds[other][0] != read) continue;
      write_check(in,
                  back == p
                      ? arena_format(in->memory, "%s: symmetric", in->names[f])
                      : arena_format(in->memory, "%s and %s: transposed of each other", in->names[f], in->names[other]),
                  (term){p, 1, r, 0}, (term){back, 0, result_for(in, back, along), 1},
                  arena_format(in->memory, "%snothing", in->own));
    }
  }
}

static bool same_inputs(const self_test *in, int tangent, int adjoint) {
  int f = in->functions.items[tangent], g = in->functions.items[adjoint], count = program_of(in, f)->seeds.count;
  return count == program_of(in, g)->results.count &&
         !memcmp(in->seeds[f], in->results[g], (size_t)count * sizeof(int));
}

/* A tangent against differences of its output, and against the adjoint: <u, J v> = <J' u, v>. */
static void write_tangent_checks(const self_test *in, int t) {
  int f = in->functions.items[t];
  for (int r = 0; r < program_of(in, f)->results.count; r++) {
    int read = in->results[f][r], value = function_giving(in, REQUEST_VALUE, read, 0);
    if (value >= 0)
      write_check(in, arena_format(in->memory, "%s: tangent of %s", in->names[f], quantity_name(in, read)),
                  (term){t, 1, r, 0}, (term){value, 0, result_for(in, value, read), 0},
                  arena_format(in->memory, "%sseeds", in->own));
    for (int a = 0; a < in->functions.count; a++) {
      int g = in->functions.items[a];
      if (request_at(in, a)->kind != REQUEST_VJP || program_of(in, g)->seeds.count != 1) continue;
      if (in->seeds[g][0] != read || !same_inputs(in, t, a)) continue;
      write_check(in, arena_format(in->memory, "%s and %s: transposed of each other", in->names[f], in->names[g]),
                  (term){t, 1, r, 0}, (term){a, 0, -1, 1}, arena_format(in->memory, "%snothing", in->own));
    }
  }
}

void write_checks(const self_test *in) {
  text_format(in->out, "static const %scheck %schecks[] = {\n", in->own, in->own);
  size_t before = in->out->length;
  for (int k = 0; k < in->functions.count; k++) {
    request_kind kind = request_at(in, k)->kind;
    if (kind == REQUEST_GRADIENT) write_gradient_checks(in, k);
    if (kind == REQUEST_PRODUCT) write_product_checks(in, k);
    if (kind == REQUEST_JVP) write_tangent_checks(in, k);
  }
  int count = 0;
  for (size_t k = before; k < in->out->length; k++) count += in->out->data[k] == '\n';
  text_format(in->out, "  {\"\", {0, 0, 0, 0}, {0, 0, 0, 0}, %snothing}};\nenum { %scheck_count = %d };\n\n", in->own,
              in->own, count);
}
