/* Every row of the op table: its value against the C library or published values, its partials and their partials
 * against differences on the row's range, and the rules at awkward points. */
#include "compiler/scalar/scalar_helpers.h"
#include "tests/unit/scalar_fixture.h"
#include <CUnit/Basic.h>
#include <string.h>

/* |got - wanted| within a bound relative to the larger of 1 and |wanted|; nan and infinities as they are. */
static bool near(double got, double wanted, double tolerance) {
  if (isnan(wanted)) return isnan(got);
  if (isinf(wanted)) return got == wanted;
  return fabs(got - wanted) <= tolerance * fmax(1, fabs(wanted));
}

/* ---- derivatives against differences ---- */

/* Sample points spread over the row's range, irregular so that none is at a kink; `near_kink` tells of the others. */
enum { SAMPLES = 24 };

static double sample(const scalar_op_row *row, int argument, int k) {
  static const double step[3] = {0.6180339887, 0.7548776662, 0.5698402910};
  double at = 0.31 + step[argument] * k;
  return row->low[argument] + (row->high[argument] - row->low[argument]) * (at - floor(at));
}

static bool near_kink(scalar_op op, const double *x) {
  double margin = 0.03;
  switch (op) {
  case OP_min:
  case OP_max: return fabs(x[0] - x[1]) < margin;
  case OP_clamp: return fabs(x[0] - x[1]) < margin || fabs(x[0] - x[2]) < margin;
  case OP_mod: return fabs(x[0] / x[1] - round(x[0] / x[1])) < margin;
  default: return fabs(2 * x[0] - round(2 * x[0])) < margin;
  }
}

/* Ridders' extrapolation of central differences. */
static double difference(const fixture *with, scalar node, const double *x, int which) {
  double table[6][6], h = 0.01, point[3] = {x[0], x[1], x[2]};
  for (int row = 0; row < 6; row++, h /= 2) {
    point[which] = x[which] + h;
    double right = value_of(with, node, point);
    point[which] = x[which] - h;
    table[row][0] = (right - value_of(with, node, point)) / (2 * h);
    double power = 1;
    for (int k = 1; k <= row; k++) {
      power *= 4;
      table[row][k] = (power * table[row][k - 1] - table[row - 1][k - 1]) / (power - 1);
    }
  }
  return table[3][3];
}

static void expect_derivative(const fixture *with, const char *name, scalar node, scalar derivative, const double *x,
                              int which) {
  double wanted = difference(with, node, x, which);
  double got = derivative == NO_SCALAR ? 0 : value_of(with, derivative, x);
  if (!near(got, wanted, 2e-8))
    fprintf(stderr, "\n%s at (%g, %g, %g), argument %d: %.15g, differences say %.15g\n", name, x[0], x[1], x[2], which,
            got, wanted);
  CU_ASSERT(near(got, wanted, 2e-8));
}

/* The derivative of an expression for a variable, by the chain rule over its nodes: what a tangent transform does. */
static scalar tangent(const fixture *with, scalar node, int which) {
  scalar_dag *dag = with->dag;
  int count = node + 1;
  scalar *tangents = calloc((size_t)count, sizeof *tangents);
  if (!tangents) exit(1);
  for (scalar k = 1; k < count; k++) {
    scalar_node at = *scalar_at(dag, k);
    if (at.op == SCALAR_LOAD && at.id == which) tangents[k] = scalar_real(dag, 1);
    if (at.op == SCALAR_SELECT && at.type == SCALAR_REAL) {
      scalar zero = scalar_real(dag, 0);
      scalar taken = tangents[at.arguments[1]], otherwise = tangents[at.arguments[2]];
      if (taken != NO_SCALAR || otherwise != NO_SCALAR)
        tangents[k] = scalar_select(dag, at.arguments[0], taken ? taken : zero, otherwise ? otherwise : zero);
    }
    if (!scalar_row(at.op) || at.type != SCALAR_REAL) continue;
    for (int j = 0; j < at.argument_count; j++) {
      scalar part = scalar_chain(dag, k, j, &(chain_factor){.differential = tangents[at.arguments[j]]});
      if (part == NO_SCALAR) continue;
      tangents[k] = tangents[k] == NO_SCALAR ? part : scalar_binary(dag, OP_add, tangents[k], part);
    }
  }
  scalar result = tangents[node];
  free(tangents);
  return result;
}

static bool is_real_row(const scalar_op_row *row) {
  return row && row->signature[row->arity + 1] == 'R' && row->signature[0] == 'R';
}

/* The row applied to the variables; polygamma's order is a constant. */
static scalar applied(const fixture *with, scalar_op op, const scalar_op_row *row) {
  scalar arguments[3];
  for (int k = 0; k < row->arity; k++) arguments[k] = variable(with, k);
  if (op == OP_polygamma) arguments[0] = scalar_real(with->dag, 1);
  return scalar_apply(with->dag, op, arguments);
}

static void check_row(scalar_op op, const scalar_op_row *row) {
  fixture with = fixture_open();
  scalar node = applied(&with, op, row);
  scalar first[3], second[3][3];
  for (int k = 0; k < row->arity; k++) {
    first[k] = op == OP_stop ? NO_SCALAR : tangent(&with, node, k);
    for (int j = 0; j < row->arity; j++) second[k][j] = first[k] == NO_SCALAR ? NO_SCALAR : tangent(&with, first[k], j);
  }
  for (int s = 0; s < SAMPLES && op != OP_stop; s++) {
    double x[3];
    for (int k = 0; k < 3; k++) x[k] = sample(row, k, s);
    if ((row->flags & OP_KINK) && near_kink(op, x)) continue;
    for (int k = 0; k < row->arity; k++) {
      expect_derivative(&with, row->name, node, first[k], x, k);
      for (int j = 0; j < row->arity && first[k] != NO_SCALAR; j++)
        expect_derivative(&with, row->name, first[k], second[k][j], x, j);
    }
  }
  fixture_close(&with);
}

static void every_row_has_its_derivatives(void) {
  for (int op = 0; op < SCALAR_OP_COUNT; op++) {
    const scalar_op_row *row = scalar_row((scalar_op)op);
    if (is_real_row(row)) check_row((scalar_op)op, row);
  }
}

/* Every string is read to its end, and every real argument of a real result has one. */
static void every_row_is_complete(void) {
  fixture with = fixture_open();
  for (int op = 0; op < SCALAR_OP_COUNT; op++) {
    const scalar_op_row *row = scalar_row((scalar_op)op);
    if (!row) continue;
    CU_ASSERT_EQUAL(scalar_op_named(row->name), (scalar_op)op);
    CU_ASSERT_EQUAL(row->arity, (int)strcspn(row->signature, ">"));
    for (int k = 0; k < row->arity && is_real_row(row); k++) {
      CU_ASSERT(row->partial[k][0] != '\0');
      scalar node = applied(&with, (scalar_op)op, row);
      CU_ASSERT(scalar_partial(with.dag, node, k) != NO_SCALAR);
    }
  }
  CU_ASSERT_EQUAL(scalar_op_named("no such operation"), SCALAR_NOTHING);
  fixture_close(&with);
}

/* ---- values ---- */

typedef struct {
  double x, value;
} reference;

static const reference lgamma_values[] = {
    {1e-300, 690.77552789821370518},     {1e-08, 18.420680738180208884},     {0.1, 2.252712651734205902},
    {0.3, 1.0957979948180755606},        {0.4999, 0.57256131860411841589},   {0.5, 0.57236494292470008707},
    {0.75, 0.20328095143129537148},      {0.999, 0.00057803853289138023817}, {1.0000001, -5.772155829918507097e-8},
    {1.2, -0.085374090003315836884},     {1.5, -0.12078223763524522235},     {1.9999999, -4.2278430309861298194e-8},
    {2.00001, 4.2278755976483595969e-6}, {2.4, 0.21685932244884157388},      {2.5, 0.28468287047291915963},
    {2.6, 0.35741186354897983677},       {3.5, 1.2009736023470742248},       {5.25, 3.5613759103866969369},
    {7.999, 8.5231457861589154881},      {8.0, 8.5251613610654143002},       {10.3, 13.482036786138358593},
    {100.5, 361.43554046777762156},      {1e10, 220258509288.81058147},      {-0.5, 1.2655121234846453965},
    {-1e-10, 23.02585092999817837},      {-3.3, -0.82435580501742646015},    {-10.75, -15.403074503504817344},
    {-50.2, -147.58643689055186708}};
static const reference digamma_values[] = {
    {1e-08, -100000000.57721564636}, {0.1, -10.423754940411076232},   {0.5, -1.9635100260214234794},
    {1.0, -0.57721566490153286061},  {1.3, -0.16919088886679960526},  {1.6, 0.12604745277347632815},
    {2.0, 0.42278433509846713939},   {3.7, 1.1671535393615114409},    {9.9, 2.2411803166063814365},
    {10.0, 2.2517525890667211076},   {25.5, 3.2189424728839197665},   {1e6, 13.815510057964190771},
    {-0.5, 0.036489973978576520559}, {-1.75, -2.3226916286143606462}, {-10.3, 4.6624034935820870175}};
static const reference polygamma_1[] = {
    {0.05, 401.53235734211507489}, {0.5, 4.9348022005446793094},    {1.0, 1.6449340668482264365},
    {2.5, 0.49035775610023486497}, {11.0, 0.095166335681685746122}, {1000.0, 0.0010005001666666333334},
    {-0.5, 8.9348022005446793094}, {-1.75, 19.301637544529786476},  {-10.3, 14.98688706572263782}};
static const reference polygamma_2[] = {{0.05, -16002.108158021942769},      {1.0, -2.4041138063191885708},
                                        {2.5, -0.236204051641727403},        {40.0, -0.00064082027183529858776},
                                        {1000.0, -1.0010004999998333335e-6}, {-0.5, -0.8287966442343199956},
                                        {-1.75, -124.21382135423058192},     {-10.3, 68.828988611036967985}};
static const reference polygamma_7[] = {{0.5, 1290440.218185598065},
                                        {2.5, 3.5652363525231313518},
                                        {40.0, 4.7918581244276833593e-9},
                                        {-1.75, 330352694.1602634899}};
static const reference polygamma_20[] = {{0.5, -5.1021653127394298787e+24},
                                         {2.5, -10709198259.124132459},
                                         {40.0, -1.4070197752355848072e-15},
                                         {-1.75, -1.0700016187896297695e+31}};
static const reference erfinv_values[] = {
    {1e-20, 8.8622692545275796504e-21}, {1e-09, 8.8622692545275806908e-10},
    {1e-05, 8.862269254759594528e-6},   {0.01, 0.0088625012809505980923},
    {0.1, 0.088855990494257691974},     {0.3, 0.27246271472675434502},
    {0.499, 0.4758242808830923486},     {0.5, 0.47693627620446987338},
    {0.51, 0.48812205051595882241},     {0.7, 0.73286907795921678488},
    {0.9, 1.1630871536766741628},       {0.99, 1.8213863677184494559},
    {0.999999, 3.4589107372754987775},  {0.9999999999999991, 5.6861284413103909801},
    {-0.4, -0.37080715859355795164},    {-0.95, -1.3859038243496776766}};

static void compare(const char *name, double x, double got, double wanted, double tolerance) {
  if (!(fabs(got - wanted) <= tolerance * fabs(wanted)))
    fprintf(stderr, "\n%s(%.17g) = %.17g, not %.17g (off by %.2g)\n", name, x, got, wanted, (got - wanted) / wanted);
  CU_ASSERT(fabs(got - wanted) <= tolerance * fabs(wanted));
}

#define COMPARE_ALL(name, values, call, tolerance)                                                                     \
  for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {                                                      \
    double x = values[k].x;                                                                                            \
    compare(name, x, call, values[k].value, tolerance);                                                                \
  }

/* Digits of the references: mpmath, 30 digits. */
static void special_functions_are_accurate(void) {
  COMPARE_ALL("lgamma", lgamma_values, host_lgamma(x), 4e-15);
  COMPARE_ALL("digamma", digamma_values, host_digamma(x), 3e-14);
  COMPARE_ALL("polygamma 1", polygamma_1, host_polygamma(1, x), 1e-14);
  COMPARE_ALL("polygamma 2", polygamma_2, host_polygamma(2, x), 3e-14);
  COMPARE_ALL("polygamma 7", polygamma_7, host_polygamma(7, x), 3e-14);
  COMPARE_ALL("polygamma 20", polygamma_20, host_polygamma(20, x), 5e-14);
  COMPARE_ALL("erfinv", erfinv_values, host_erfinv(x), 4e-15);
}

static double apply(scalar_op op, double a, double b, double c) {
  return scalar_evaluate(op, (double[]){a, b, c});
}

#define EXPECT(got, wanted) CU_ASSERT(near((got), (wanted), 1e-15))

static void values_follow_the_rules_at_edges(void) {
  double nan = (double)NAN, inf = (double)INFINITY;
  EXPECT(apply(OP_max, nan, 1, 0), nan);
  EXPECT(apply(OP_max, 1, nan, 0), nan);
  EXPECT(apply(OP_min, nan, 1, 0), nan);
  EXPECT(apply(OP_min, 1, nan, 0), nan);
  EXPECT(apply(OP_clamp, nan, 0, 1), nan);
  EXPECT(apply(OP_clamp, 3, 0, 1), 1);
  EXPECT(apply(OP_clamp, 3, 2, 1), 1);
  EXPECT(apply(OP_mod, -1, 3, 0), 2);
  EXPECT(apply(OP_mod, 1, -3, 0), -2);
  EXPECT(apply(OP_mod, -7.5, 2, 0), 0.5);
  EXPECT(apply(OP_mod, 1, 0, 0), nan);
  EXPECT(apply(OP_mul0, 0, nan, 0), 0);
  EXPECT(apply(OP_mul0, nan, 0, 0), nan);
  EXPECT(apply(OP_mul0, 2, inf, 0), inf);
  EXPECT(apply(OP_mul0, inf, 0, 0), 0);
  EXPECT(apply(OP_sign, nan, 0, 0), nan);
  EXPECT(apply(OP_sign, -0.0, 0, 0), 0);
  EXPECT(apply(OP_sigmoid, 1000, 0, 0), 1);
  EXPECT(apply(OP_sigmoid, -1000, 0, 0), 0);
  CU_ASSERT(apply(OP_sigmoid, -700, 0, 0) > 0);
  EXPECT(apply(OP_softplus, 1000, 0, 0), 1000);
  EXPECT(apply(OP_softplus, -1000, 0, 0), 0);
  EXPECT(apply(OP_softplus, inf, 0, 0), inf);
  EXPECT(apply(OP_softplus, -inf, 0, 0), 0);
  EXPECT(apply(OP_softplus, nan, 0, 0), nan);
  EXPECT(apply(OP_round, 2.5, 0, 0), 3);
  EXPECT(apply(OP_round, -2.5, 0, 0), -3);
}

static void special_functions_at_edges(void) {
  double nan = (double)NAN, inf = (double)INFINITY;
  EXPECT(host_erfinv(1), inf);
  EXPECT(host_erfinv(-1), -inf);
  EXPECT(host_erfinv(0), 0);
  EXPECT(host_erfinv(1.5), nan);
  EXPECT(host_erfinv(nan), nan);
  CU_ASSERT(host_erfinv(5e-324) >= 0 && host_erfinv(1e-310) > 0);
  EXPECT(host_lgamma(1), 0);
  EXPECT(host_lgamma(2), 0);
  EXPECT(host_lgamma(0), inf);
  EXPECT(host_lgamma(-3), inf);
  EXPECT(host_lgamma(inf), inf);
  EXPECT(host_lgamma(nan), nan);
  EXPECT(host_lgamma(1e308), inf);
  EXPECT(host_digamma(-2), nan);
  EXPECT(host_digamma(inf), inf);
  EXPECT(host_digamma(-inf), nan);
  EXPECT(host_digamma(nan), nan);
  EXPECT(host_polygamma(1, -2), inf);
  EXPECT(host_polygamma(2, -2), nan);
  EXPECT(host_polygamma(1, inf), 0);
  EXPECT(host_polygamma(1, -1e300), inf);
  EXPECT(host_polygamma(21, 1), nan);
  EXPECT(host_polygamma(nan, 1), nan);
  EXPECT(host_polygamma(0, 1), host_digamma(1));
}

static void whole_division_floors(void) {
  static const int64_t cases[][4] = {{7, 2, 3, 1},
                                     {-7, 2, -4, 1},
                                     {7, -2, -4, -1},
                                     {-7, -2, 3, -1},
                                     {6, 3, 2, 0},
                                     {-6, 3, -2, 0},
                                     {5, 0, 0, 0},
                                     {0, 5, 0, 0},
                                     {1, INT64_MAX, 0, 1},
                                     {-1, INT64_MAX, -1, INT64_MAX - 1},
                                     {INT64_MIN, 1, INT64_MIN, 0}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    CU_ASSERT_EQUAL(host_whole_quotient(cases[k][0], cases[k][1]), cases[k][2]);
    CU_ASSERT_EQUAL(host_whole_remainder(cases[k][0], cases[k][1]), cases[k][3]);
  }
  CU_ASSERT_EQUAL(host_whole_quotient(INT64_MIN, -1), INT64_MIN);
  CU_ASSERT_EQUAL(host_whole_remainder(INT64_MIN, -1), 0);
  int64_t value;
  CU_ASSERT_FALSE(scalar_evaluate_whole(OP_whole_quotient, (int64_t[]){INT64_MIN, -1}, &value));
  CU_ASSERT_FALSE(scalar_evaluate_whole(OP_whole_remainder, (int64_t[]){1, 0}, &value));
  CU_ASSERT_FALSE(scalar_evaluate_whole(OP_whole_add, (int64_t[]){INT64_MAX, 1}, &value));
  CU_ASSERT(scalar_evaluate_whole(OP_whole_multiply, (int64_t[]){-4, 5}, &value) && value == -20);
}

/* ---- derivatives at kinks and edges ---- */

typedef struct {
  scalar_op op;
  int which;
  double a, b, c, wanted;
} edge;

static void derivatives_follow_the_rules_at_edges(void) {
  double nan = (double)NAN, inf = (double)INFINITY;
  const edge edges[] = {{OP_abs, 0, 0, 0, 0, 0},
                        {OP_abs, 0, -2, 0, 0, -1},
                        {OP_sign, 0, 0, 0, 0, 0},
                        {OP_max, 0, 1, 1, 0, 1},
                        {OP_max, 1, 1, 1, 0, 0},
                        {OP_min, 0, 1, 1, 0, 1},
                        {OP_min, 1, 1, 1, 0, 0},
                        {OP_max, 1, 1, nan, 0, 1},
                        {OP_max, 0, nan, 1, 0, 1},
                        {OP_clamp, 0, 0, 0, 1, 1},
                        {OP_clamp, 0, 1, 0, 1, 1},
                        {OP_clamp, 0, 2, 0, 1, 0},
                        {OP_clamp, 2, 1, 0, 1, 0},
                        {OP_clamp, 1, 0, 0, 1, 0},
                        {OP_clamp, 2, 2, 0, 1, 1},
                        {OP_clamp, 1, -1, 0, 1, 1},
                        {OP_clamp, 1, 0, 2, 1, 0},
                        {OP_clamp, 2, 0, 2, 1, 1},
                        {OP_sqrt, 0, 0, 0, 0, inf},
                        {OP_cbrt, 0, 0, 0, 0, inf},
                        {OP_hypot, 0, 0, 0, 0, 0},
                        {OP_hypot, 1, 0, 0, 0, 0},
                        {OP_hypot, 0, 1e300, 1e300, 0, sqrt(0.5)},
                        {OP_pow, 0, 0, 0, 0, 0},
                        {OP_pow, 0, 0, 1, 0, 1},
                        {OP_pow, 0, 0, 2, 0, 0},
                        {OP_pow, 0, 0, 0.5, 0, inf},
                        {OP_pow, 1, 0, 2, 0, 0},
                        {OP_pow, 1, 0, 0, 0, -inf},
                        {OP_pow, 0, -2, 3, 0, 12},
                        {OP_pow, 1, -2, 3, 0, nan},
                        {OP_log, 0, 0, 0, 0, inf},
                        {OP_atan2, 0, 1e-200, 1e-200, 0, 0.5e200},
                        {OP_softplus, 0, 0, 0, 0, 0.5},
                        {OP_softplus, 0, 1000, 0, 0, 1},
                        {OP_softplus, 0, -1000, 0, 0, 0},
                        {OP_sigmoid, 0, 1000, 0, 0, 0},
                        {OP_sigmoid, 0, -1000, 0, 0, 0},
                        {OP_atan, 0, 1e200, 0, 0, 0},
                        {OP_asinh, 0, 1e200, 0, 0, 1e-200},
                        {OP_acosh, 0, 1e200, 0, 0, 1e-200},
                        {OP_tanh, 0, 1000, 0, 0, 0},
                        {OP_mod, 0, 6, 3, 0, 1},
                        {OP_mod, 1, -7.5, 2, 0, 4},
                        {OP_floor, 0, 2, 0, 0, 0},
                        {OP_round, 0, 0.5, 0, 0, 0},
                        {OP_mul, 0, 2, 0, 0, 0},
                        {OP_expm1, 0, -40, 0, 0, exp(-40)},
                        {OP_lgamma, 0, 1, 0, 0, -0.57721566490153286061}};
  for (size_t k = 0; k < sizeof edges / sizeof edges[0]; k++) {
    fixture with = fixture_open();
    scalar node = applied(&with, edges[k].op, scalar_row(edges[k].op));
    scalar derivative = tangent(&with, node, edges[k].which);
    double got = derivative == NO_SCALAR ? 0 : value_of(&with, derivative, &edges[k].a);
    if (!near(got, edges[k].wanted, 1e-14))
      fprintf(stderr, "\n%s, argument %d: %g, not %g\n", scalar_row(edges[k].op)->name, edges[k].which, got,
              edges[k].wanted);
    CU_ASSERT(near(got, edges[k].wanted, 1e-14));
    fixture_close(&with);
  }
}

/* Third order of log(gamma) is polygamma(2, x); log(gamma) can be differentiated as often as one likes. */
static void gamma_is_closed_under_differentiation(void) {
  fixture with = fixture_open();
  scalar node = scalar_unary(with.dag, OP_lgamma, variable(&with, 0));
  for (int order = 1; order <= 6; order++) {
    node = tangent(&with, node, 0);
    double x[1] = {2.5};
    CU_ASSERT(near(value_of(&with, node, x), host_polygamma(order - 1, 2.5), 1e-15));
  }
  fixture_close(&with);
}

/* ---- the chain rule ---- */

/* g^2/2 at g = 0, with g reached through a partial that may be infinite, has second derivative g'^2: a select in place
 * of mul0 would lose it. */
static void mul0_keeps_second_derivatives(void) {
  fixture with = fixture_open();
  scalar x = variable(&with, 0);
  scalar g = scalar_unary(with.dag, OP_log, x);
  scalar square = scalar_binary(with.dag, OP_mul, g, g);
  scalar half = scalar_real(with.dag, 0.5);
  scalar f = scalar_binary(with.dag, OP_mul, half, square);
  scalar first = tangent(&with, f, 0);
  scalar second = tangent(&with, first, 0);
  double one[1] = {1};
  CU_ASSERT_EQUAL(value_of(&with, first, one), 0);
  CU_ASSERT_EQUAL(value_of(&with, second, one), 1);
  fixture_close(&with);
}

static void chain_forms_products_with_care(void) {
  fixture with = fixture_open();
  scalar_dag *dag = with.dag;
  scalar x = variable(&with, 0), y = variable(&with, 1), d = variable(&with, 2);
  bool tainted[2] = {false, true};
  chain_factor plain = {.differential = d}, singular = {.differential = d, .singular = true};
  chain_factor both_tainted = {d, false, tainted, 2}, one_tainted = {d, false, tainted, 1};
  scalar sum = scalar_binary(dag, OP_add, x, y), subtraction = scalar_binary(dag, OP_sub, x, y);
  CU_ASSERT_EQUAL(scalar_chain(dag, sum, 0, &plain), d);
  CU_ASSERT_EQUAL(scalar_chain(dag, subtraction, 1, &plain), scalar_unary(dag, OP_neg, d));
  scalar floored = scalar_unary(dag, OP_floor, x);
  CU_ASSERT_EQUAL(scalar_chain(dag, floored, 0, &plain), NO_SCALAR);
  scalar product = scalar_binary(dag, OP_mul, x, y);
  CU_ASSERT_EQUAL(scalar_chain(dag, product, 0, &plain), scalar_binary(dag, OP_mul, d, y));
  CU_ASSERT_EQUAL(scalar_chain(dag, product, 0, &singular), scalar_binary(dag, OP_mul0, d, y));
  CU_ASSERT_EQUAL(scalar_chain(dag, sum, 0, &singular), d);
  CU_ASSERT_EQUAL(scalar_chain(dag, product, 0, &both_tainted), scalar_binary(dag, OP_mul0, d, y));
  CU_ASSERT_EQUAL(scalar_chain(dag, product, 0, &one_tainted), scalar_binary(dag, OP_mul, d, y));
  scalar guarded = scalar_binary(dag, OP_mul0, x, y);
  CU_ASSERT_EQUAL(scalar_chain(dag, guarded, 0, &plain), scalar_binary(dag, OP_mul0, d, y));
  CU_ASSERT_EQUAL(scalar_chain(dag, guarded, 1, &plain), scalar_binary(dag, OP_mul0, x, d));
  scalar root = scalar_unary(dag, OP_sqrt, x);
  scalar through = scalar_chain(dag, root, 0, &plain);
  CU_ASSERT_EQUAL(scalar_at(dag, through)->op, OP_mul0);
  CU_ASSERT(value_of(&with, through, (double[]){0, 0, 0}) == 0);
  scalar larger = scalar_binary(dag, OP_max, x, y);
  scalar chosen = scalar_chain(dag, larger, 1, &plain); /* not taken: not even a nan gets through */
  CU_ASSERT(value_of(&with, chosen, (double[]){2, 1, (double)NAN}) == 0);
  fixture_close(&with);
}

static void singular_partials_are_known(void) {
  fixture with = fixture_open();
  scalar_dag *dag = with.dag;
  scalar x = variable(&with, 0), y = variable(&with, 1), one = scalar_real(dag, 1), half = scalar_real(dag, 0.5);
  scalar above_one = scalar_binary(dag, OP_add, one, scalar_binary(dag, OP_mul, x, x));
  CU_ASSERT_EQUAL(scalar_singular(dag, scalar_unary(dag, OP_sqrt, x), 0), SINGULAR_AT_ZERO);
  CU_ASSERT_EQUAL(scalar_singular(dag, scalar_unary(dag, OP_sqrt, above_one), 0), SINGULAR_NOWHERE);
  CU_ASSERT_EQUAL(scalar_singular(dag, scalar_binary(dag, OP_pow, x, half), 0), SINGULAR_AT_ZERO);
  CU_ASSERT_EQUAL(scalar_singular(dag, scalar_binary(dag, OP_pow, x, scalar_real(dag, 1.5)), 0), SINGULAR_NOWHERE);
  CU_ASSERT_EQUAL(scalar_singular(dag, scalar_binary(dag, OP_pow, x, scalar_real(dag, -0.5)), 0), SINGULAR_NOWHERE);
  CU_ASSERT_EQUAL(scalar_singular(dag, scalar_binary(dag, OP_pow, x, y), 0), SINGULAR_AT_ZERO);
  CU_ASSERT_EQUAL(scalar_singular(dag, scalar_binary(dag, OP_pow, x, y), 1), SINGULAR_NOWHERE);
  CU_ASSERT_EQUAL(scalar_singular(dag, scalar_unary(dag, OP_asin, x), 0), SINGULAR_ELSEWHERE);
  CU_ASSERT_EQUAL(scalar_singular(dag, scalar_unary(dag, OP_exp, x), 0), SINGULAR_NOWHERE);
  CU_ASSERT_EQUAL(scalar_singular(dag, scalar_binary(dag, OP_div, one, x), 1), SINGULAR_NOWHERE);
  fixture_close(&with);
}

static void finiteness_is_seen(void) {
  fixture with = fixture_open();
  scalar_dag *dag = with.dag;
  scalar x = variable(&with, 0), one = scalar_real(dag, 1), zero = scalar_real(dag, 0);
  scalar square = scalar_binary(dag, OP_mul, x, x);
  scalar above_one = scalar_binary(dag, OP_add, one, square);
  scalar safe = scalar_binary(dag, OP_div, one, above_one), unsafe = scalar_binary(dag, OP_div, one, square);
  scalar half = scalar_real(dag, 2);
  CU_ASSERT_FALSE(scalar_may_be_nonfinite(dag, safe, NULL, 0));
  CU_ASSERT_TRUE(scalar_may_be_nonfinite(dag, unsafe, NULL, 0));
  CU_ASSERT_FALSE(scalar_may_be_nonfinite(dag, scalar_binary(dag, OP_div, x, half), NULL, 0));
  CU_ASSERT_TRUE(scalar_may_be_nonfinite(dag, scalar_unary(dag, OP_exp, x), NULL, 0));
  scalar decay = scalar_unary(dag, OP_neg, square);
  CU_ASSERT_FALSE(scalar_may_be_nonfinite(dag, scalar_unary(dag, OP_exp, decay), NULL, 0));
  bool tainted[1] = {true};
  CU_ASSERT_TRUE(scalar_may_be_nonfinite(dag, scalar_unary(dag, OP_tanh, x), tainted, 1));
  CU_ASSERT_FALSE(scalar_may_be_nonfinite(dag, scalar_unary(dag, OP_tanh, x), NULL, 0));
  scalar positive = scalar_binary(dag, OP_gt, x, zero);
  CU_ASSERT_TRUE(scalar_may_be_nonfinite(dag, scalar_select(dag, positive, unsafe, zero), NULL, 0));
  CU_ASSERT_FALSE(scalar_may_be_nonfinite(dag, scalar_select(dag, positive, one, zero), tainted, 1));
  int extent = scalar_new_extent(dag, "n");
  scalar n = scalar_unary(dag, OP_real_of_whole, scalar_extent(dag, extent));
  CU_ASSERT_FALSE(scalar_may_be_nonfinite(dag, scalar_binary(dag, OP_div, x, n), NULL, 0));
  fixture_close(&with);
}

static CU_TestInfo tests[] = {{"the table is complete", every_row_is_complete},
                              {"derivatives of every row", every_row_has_its_derivatives},
                              {"special functions: digits", special_functions_are_accurate},
                              {"special functions: edges", special_functions_at_edges},
                              {"values at edges", values_follow_the_rules_at_edges},
                              {"derivatives at edges", derivatives_follow_the_rules_at_edges},
                              {"whole division", whole_division_floors},
                              {"gamma to sixth order", gamma_is_closed_under_differentiation},
                              {"mul0 to second order", mul0_keeps_second_derivatives},
                              {"chain rule", chain_forms_products_with_care},
                              {"singular partials", singular_partials_are_known},
                              {"finiteness", finiteness_is_seen},
                              CU_TEST_INFO_NULL};

int main(void) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_SuiteInfo suites[] = {{"scalar operations", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
  if (CU_register_suites(suites) != CUE_SUCCESS) return 1;
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
