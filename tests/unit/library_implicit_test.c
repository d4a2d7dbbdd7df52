/* Implicit gradients by libadjoin: known derivatives, masks and bounds, refusals, wrong calls, memory that is given
 * back. */
#include "tests/unit/library_fixture.h"
#include <math.h>

static void check_array(const double *found, const double *wanted, int count) {
  for (int k = 0; k < count; k++) CU_ASSERT_DOUBLE_EQUAL(found[k], wanted[k], 1e-12);
}
#define CHECK_ARRAY(found, ...)                                                                                        \
  check_array(found, (const double[]){__VA_ARGS__}, (int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)))

static adjoin_implicit *differentiated(fixture *on, const adjoin_variable *list, int count, const char *param,
                                       const adjoin_implicit_options *options) {
  adjoin_implicit *made;
  adjoin_parameter wanted = {param};
  CU_ASSERT_EQUAL_FATAL(adjoin_implicit_create(on->instance, list, count, &wanted, param != NULL, options, &made),
                        ADJOIN_OK);
  CU_ASSERT_PTR_NOT_NULL_FATAL(made);
  return made;
}

/* x_i = p_i q / (1 + p_i^2): a diagonal system, polished from afar. */
static const char quadratic[] =
    "dim n\nvar x[n]\nparam p[n], q\nminimize sum[i] ((1 + p[i]^2)*x[i]^2/2 - p[i]*q*x[i])\n";

static void every_form(void) {
  fixture on;
  open_text(&on, quadratic);
  const double p[] = {1, 2, -3}, q = 2;
  double x[] = {9, -8, 7}, jacobian[12], dx[3], bar[4];
  bind_array(&on, "p", p, 1, 3, 0);
  bind_array(&on, "q", &q, 0, 0, 0);
  adjoin_implicit_options options = adjoin_implicit_defaults();
  for (options.solver = ADJOIN_IMPLICIT_AUTOMATIC; options.solver <= ADJOIN_IMPLICIT_MINRES; options.solver++) {
    adjoin_implicit *made = differentiated(&on, &(adjoin_variable){.name = "x", .x = x}, 1, NULL, &options);
    const adjoin_certificate *certificate = adjoin_implicit_certificate(made);
    CU_ASSERT_EQUAL(certificate->status, ADJOIN_IMPLICIT_OK);
    CU_ASSERT_STRING_EQUAL(certificate->name, "ok");
    CU_ASSERT(certificate->free_count == 3 && certificate->moving_count == 3 && certificate->grad_inf < 1e-14);
    CU_ASSERT_EQUAL(certificate->has_inertia, options.solver <= ADJOIN_IMPLICIT_DENSE);
    CHECK_ARRAY(x, 1, 0.8, -0.6);
    size_t offset, count;
    CU_ASSERT(adjoin_implicit_size(made) == 3 && adjoin_implicit_parameter_count(made) == 4);
    CU_ASSERT(adjoin_implicit_place(made, "q", &offset, &count) && offset == 3 && count == 1);
    CU_ASSERT(!adjoin_implicit_place(made, "z", &offset, &count));
    CU_ASSERT_EQUAL(adjoin_implicit_jacobian(made, jacobian), ADJOIN_OK);
    CHECK_ARRAY(jacobian, 0, 0, 0, 0.5, 0, -0.24, 0, 0.4, 0, 0, -0.16, -0.3);
    CU_ASSERT_EQUAL(adjoin_implicit_forward(made, 1, (double[]){1, 1, 1, 2}, dx), ADJOIN_OK);
    CHECK_ARRAY(dx, 1, 0.56, -0.76);
    CU_ASSERT_EQUAL(adjoin_implicit_adjoint(made, 1, (double[]){1, 10, 100}, bar), ADJOIN_OK);
    CHECK_ARRAY(bar, 0, -2.4, -16, 0.5 + 4 - 30);
    CU_ASSERT(certificate->error_estimate < 1e-12);
    adjoin_implicit_release(made);
  }
  double f;
  CU_ASSERT_EQUAL(adjoin_call(on.instance, get(&on, "value", NULL, NULL, 0), NULL, RESULTS(&f)), ADJOIN_BINDING);
  close_all(&on);
}

/* What is frozen or at a fixed bound does not move; what is at a bound that a param moves goes with it. */
static void masks_and_bounds(void) {
  fixture on;
  open_text(&on, "param p\nvar x[3] = 0 in [-5, p]\nminimize sum((x - [0.5, 7, 3]*p)^2)\n");
  const double p = 2;
  const unsigned char mask[] = {1, 1, 0};
  double x[] = {0, 2, 0.25}, jacobian[3];
  bind_array(&on, "p", &p, 0, 0, 0);
  adjoin_implicit_options options = adjoin_implicit_defaults();
  const double wide[] = {-50, -50, -50}, high[] = {50, 2, 50};
  adjoin_variable lists[] = {{.name = "x", .x = x, .mask = mask},
                             {.name = "x", .x = x, .mask = mask, .lower = wide, .upper = high}};
  for (int given = 0; given < 2; given++) {
    adjoin_implicit *made = differentiated(&on, &lists[given], 1, "p", &options);
    CU_ASSERT_EQUAL(adjoin_implicit_certificate(made)->status, ADJOIN_IMPLICIT_OK);
    CU_ASSERT_EQUAL(adjoin_implicit_certificate(made)->at_bound, 1);
    CU_ASSERT_EQUAL(adjoin_implicit_certificate(made)->frozen_count, 1);
    CU_ASSERT_EQUAL(x[2], 0.25);
    CU_ASSERT_EQUAL(adjoin_implicit_jacobian(made, jacobian), ADJOIN_OK);
    CHECK_ARRAY(jacobian, 0.5, given ? 0 : 1, 0);
    adjoin_implicit_release(made);
  }
  close_all(&on);
}

/* Without derivatives nothing is written that counts, and the receiver is told why. */
static void points_that_are_no_minima(void) {
  static const struct {
    const char *objective;
    double x;
    adjoin_implicit_status status;
  } rows[] = {{"p*x - x^2", 0.5, ADJOIN_IMPLICIT_INDEFINITE},
              {"abs(x) + p*x/2", 0, ADJOIN_IMPLICIT_NONSMOOTH},
              {"x^4 + p*x^3", 0, ADJOIN_IMPLICIT_SINGULAR},
              {"log(x) + p", -1, ADJOIN_IMPLICIT_NOT_FINITE}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    char text[128];
    fixture on;
    snprintf(text, sizeof text, "param p\nvar x\nminimize %s\n", rows[k].objective);
    open_text(&on, text);
    double x = rows[k].x, p = rows[k].status == ADJOIN_IMPLICIT_SINGULAR ? 0 : 1, dx = 0;
    bind_array(&on, "p", &p, 0, 0, 0);
    adjoin_implicit_options options = adjoin_implicit_defaults();
    adjoin_implicit *made = differentiated(&on, &(adjoin_variable){.name = "x", .x = &x}, 1, "p", &options);
    const adjoin_certificate *certificate = adjoin_implicit_certificate(made);
    if (certificate->status != rows[k].status) printf("\n%s: %s\n", rows[k].objective, certificate->name);
    CU_ASSERT_EQUAL(certificate->status, rows[k].status);
    CU_ASSERT(*certificate->hypothesis && *certificate->advice);
    on.told.count = 0;
    CU_ASSERT_EQUAL(adjoin_implicit_forward(made, 1, (double[]){1}, &dx), ADJOIN_NUMERICS);
    CU_ASSERT(on.told.count == 1 && strstr(on.told.message, certificate->name) != NULL);
    adjoin_implicit_release(made);
    close_all(&on);
  }
}

/* x_i = p_i q for a twisted pair of equations, then y = x_0 x_1: no objective, no symmetry, one entry frozen. */
static const char equations[] =
    "param p[2], q\nvar x[2] = 1, y, z = 3\n"
    "output r = concat([x[0] + 2*x[1] - (p[0] + 2*p[1])*q, x[1] - p[1]*q, y - x[0]*x[1]])\n";

static void roots(void) {
  fixture on;
  open_text(&on, equations);
  const double p[] = {2, 3}, q = 0.5;
  const unsigned char frozen[] = {0};
  double x[] = {9, -8}, y = 0, z = 3, jacobian[12], dx[4], bar[3];
  bind_array(&on, "p", p, 1, 2, 0);
  bind_array(&on, "q", &q, 0, 0, 0);
  adjoin_variable list[] = {{.name = "x", .x = x}, {.name = "y", .x = &y}, {.name = "z", .x = &z, .mask = frozen}};
  adjoin_implicit_options options = adjoin_implicit_defaults();
  options.root = "r";
  const adjoin_implicit_solver solvers[] = {ADJOIN_IMPLICIT_AUTOMATIC, ADJOIN_IMPLICIT_DENSE, ADJOIN_IMPLICIT_GMRES,
                                            ADJOIN_IMPLICIT_LSQR};
  for (size_t k = 0; k < sizeof solvers / sizeof *solvers; k++) {
    options.solver = solvers[k];
    adjoin_implicit *made = differentiated(&on, list, 3, NULL, &options);
    const adjoin_certificate *certificate = adjoin_implicit_certificate(made);
    CU_ASSERT_EQUAL(certificate->status, ADJOIN_IMPLICIT_OK);
    CU_ASSERT(certificate->free_count == 3 && certificate->frozen_count == 1 && !certificate->has_inertia);
    CU_ASSERT(certificate->f < 1e-25 && certificate->grad_inf < 1e-14 && isnan(certificate->least_curvature));
    CHECK_ARRAY(x, 1, 1.5);
    CU_ASSERT(fabs(y - 1.5) < 1e-14 && z == 3);
    CU_ASSERT_EQUAL(adjoin_implicit_jacobian(made, jacobian), ADJOIN_OK);
    CHECK_ARRAY(jacobian, 0.5, 0, 2, 0, 0.5, 3, 0.75, 0.5, 6, 0, 0, 0);
    CU_ASSERT_EQUAL(adjoin_implicit_forward(made, 1, (double[]){1, -1, 2}, dx), ADJOIN_OK);
    CHECK_ARRAY(dx, 4.5, 5.5, 12.25, 0);
    CU_ASSERT_EQUAL(adjoin_implicit_adjoint(made, 1, (double[]){1, 2, 3, 4}, bar), ADJOIN_OK);
    CHECK_ARRAY(bar, 2.75, 2.5, 26);
    CU_ASSERT(certificate->error_estimate < 1e-12 && certificate->residual < 1e-12);
    adjoin_implicit_release(made);
  }
  close_all(&on);
}

/* No such output; more unknowns than equations; no objective; a solver for symmetric systems. */
static void roots_that_are_refused(void) {
  fixture on;
  open_text(&on, equations);
  const double p[] = {2, 3}, q = 0.5;
  const unsigned char frozen[] = {0};
  double x[] = {9, -8}, y = 0, z = 3;
  bind_array(&on, "p", p, 1, 2, 0);
  bind_array(&on, "q", &q, 0, 0, 0);
  adjoin_variable list[] = {{.name = "x", .x = x}, {.name = "y", .x = &y}, {.name = "z", .x = &z}};
  adjoin_implicit_options options = adjoin_implicit_defaults();
  const struct {
    const char *root;
    const unsigned char *mask;
    adjoin_status status;
  } wrong[] = {{"s", frozen, ADJOIN_BINDING}, {"r", NULL, ADJOIN_BINDING}, {NULL, frozen, ADJOIN_MODEL}};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    adjoin_implicit *none;
    options.root = wrong[k].root;
    list[2].mask = wrong[k].mask;
    CU_ASSERT_EQUAL(adjoin_implicit_create(on.instance, list, 3, NULL, 0, &options, &none), wrong[k].status);
    CU_ASSERT_PTR_NULL(none);
  }
  options.root = "r";
  options.solver = ADJOIN_IMPLICIT_CG;
  adjoin_implicit *refused = differentiated(&on, list, 3, NULL, &options);
  CU_ASSERT_EQUAL(adjoin_implicit_certificate(refused)->status, ADJOIN_IMPLICIT_REFUSED);
  CU_ASSERT(strstr(adjoin_implicit_certificate(refused)->found, "gmres") != NULL);
  adjoin_implicit_release(refused);
  close_all(&on);
}

static void wrong_calls(void) {
  fixture on;
  open_text(&on, quadratic);
  const double p[] = {1, 2}, q = 2;
  double x[] = {1, 1};
  bind_array(&on, "p", p, 1, 2, 0);
  adjoin_implicit_options options = adjoin_implicit_defaults(), old = options;
  adjoin_variable list = {.name = "x", .x = x}, unknown = {.name = "y", .x = x};
  adjoin_parameter twice[] = {{"p"}, {"p"}}, none = {"x"};
  adjoin_implicit *made = NULL;
  old.version = 0;
  CU_ASSERT_EQUAL(adjoin_implicit_create(NULL, &list, 1, NULL, 0, &options, &made), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_implicit_create(on.instance, &list, 1, NULL, 0, NULL, &made), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_implicit_create(on.instance, &list, 1, NULL, 0, &old, &made), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_implicit_create(on.instance, &list, 1, NULL, 0, &options, &made), ADJOIN_BINDING);
  bind_array(&on, "q", &q, 0, 0, 0);
  CU_ASSERT_EQUAL(adjoin_implicit_create(on.instance, &unknown, 1, NULL, 0, &options, &made), ADJOIN_BINDING);
  CU_ASSERT_EQUAL(adjoin_implicit_create(on.instance, &list, 1, twice, 2, &options, &made), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_implicit_create(on.instance, &list, 1, &none, 1, &options, &made), ADJOIN_BINDING);
  CU_ASSERT_PTR_NULL(made);
  CU_ASSERT_EQUAL(adjoin_implicit_create(on.instance, &list, 1, NULL, 0, &options, &made), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_implicit_jacobian(made, NULL), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_implicit_forward(NULL, 1, x, x), ADJOIN_USE);
  adjoin_implicit_release(made);
  adjoin_implicit_release(NULL);
  CU_ASSERT(adjoin_implicit_certificate(NULL) == NULL && adjoin_implicit_size(NULL) == 0);
  close_all(&on);
}

/* Directions that are none, no directions, too many; arrays that are bound anew, of the same shape and of another. */
static void unusual_calls(void) {
  fixture on;
  open_text(&on, quadratic);
  const double p[] = {1, 2, 3}, other[] = {1, 2, 3}, q = 2, odd[] = {NAN, 0, 0, 0}, u[] = {1, 0, 0, 0};
  double x[] = {1, 1, 1}, dx[3] = {7, 7, 7};
  bind_array(&on, "p", p, 1, 3, 0);
  bind_array(&on, "q", &q, 0, 0, 0);
  adjoin_implicit_options options = adjoin_implicit_defaults(), strange = options;
  adjoin_variable list = {.name = "x", .x = x};
  adjoin_implicit *made;
  strange.version = 0;
  CU_ASSERT_EQUAL(adjoin_implicit_create(on.instance, &list, 1, NULL, 0, &strange, &made), ADJOIN_USE);
  strange.version = 1; /* of programs that know of no root, and have none here */
  strange.root = "nonsense";
  CU_ASSERT_EQUAL_FATAL(adjoin_implicit_create(on.instance, &list, 1, NULL, 0, &strange, &made), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_implicit_certificate(made)->status, ADJOIN_IMPLICIT_OK);
  adjoin_implicit_release(made);
  strange = options;
  strange.solver = (adjoin_implicit_solver)99;
  CU_ASSERT_EQUAL(adjoin_implicit_create(on.instance, &list, 1, NULL, 0, &strange, &made), ADJOIN_USE);
  made = differentiated(&on, &list, 1, NULL, &options);
  CU_ASSERT_EQUAL(adjoin_implicit_forward(made, 0, u, dx), ADJOIN_OK);
  CU_ASSERT_EQUAL(adjoin_implicit_adjoint(made, 0, u, dx), ADJOIN_OK);
  CU_ASSERT(dx[0] == 7 && dx[1] == 7 && dx[2] == 7);
  CU_ASSERT_EQUAL(adjoin_implicit_forward(made, 1, odd, dx), ADJOIN_USE);
  CU_ASSERT_EQUAL(adjoin_implicit_forward(made, SIZE_MAX / 8, u, dx), ADJOIN_MEMORY);
  CU_ASSERT(adjoin_implicit_place(made, "q", NULL, NULL));
  CU_ASSERT_EQUAL(adjoin_implicit_forward(made, 1, u, dx), ADJOIN_OK);
  CU_ASSERT_DOUBLE_EQUAL(dx[0], 0, 1e-12); /* x = p q / (1 + p^2) is largest at p = 1 */
  bind_array(&on, "p", other, 1, 3, 0);
  CU_ASSERT_EQUAL(adjoin_implicit_forward(made, 1, u, dx), ADJOIN_USE);
  bind_array(&on, "p", other, 1, 2, 0);
  CU_ASSERT_EQUAL(adjoin_implicit_forward(made, 1, u, dx), ADJOIN_USE);
  adjoin_implicit_release(made);
  close_all(&on);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("library, implicit gradients", NULL, NULL);
  CU_ADD_TEST(suite, every_form);
  CU_ADD_TEST(suite, masks_and_bounds);
  CU_ADD_TEST(suite, points_that_are_no_minima);
  CU_ADD_TEST(suite, roots);
  CU_ADD_TEST(suite, roots_that_are_refused);
  CU_ADD_TEST(suite, wrong_calls);
  CU_ADD_TEST(suite, unusual_calls);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
