/* The inside of `adjoin check`: the functions under test, the point and directions, the rows of the table. */
#ifndef ADJOIN_CLI_CHECK_H
#define ADJOIN_CLI_CHECK_H

#include "compiler/cli/calls.h"
#include "compiler/cli/differences.h"
#include "compiler/cli/start.h"

typedef enum { TEST_PASSED, TEST_FAILED, TEST_SKIPPED } verdict;

typedef struct {
  const char *test, *of;
  double error, tolerance; /* relative to the largest number compared */
  verdict result;
  const char *reason; /* of a skipped or failed one; or NULL */
} test_row;

/* Numbers of functions of the session. Products and tangents are along one input each, of the first active ones, and
 * products are read on these. */
typedef struct {
  int value, gradient;                                    /* -1 without an objective (value has the outputs too) */
  int *product, *dense_product, *tangent, *dense_tangent; /* per direction */
  int *adjoint;                                           /* per output */
} check_functions;

typedef struct {
  console *with;
  const options *given;
  session *from;
  const tensor_program *model;
  machine on;
  machine reference; /* with --real float: the same functions in double */
  double rounding;   /* the tolerance for what is exact but for rounding */
  bound_model inputs;
  start_functions starts;
  name_list active;  /* inputs with derivatives */
  int directions;    /* how many of them, the first ones, products and tangents are along and read on */
  name_list outputs; /* real ones */
  check_functions functions;
  LIST(test_row) rows;

  /* At the point that is checked: */
  quantity *point;          /* per active input: its entries, as they stand in `inputs` */
  quantity *first, *second; /* per active input: two directions */
  quantity *gradient;       /* per active input */
  quantity *output;         /* per output */
  quantity *cotangent;      /* per output: a direction */
  double objective;
  differences *room;
} checking;

/* Requests everything that is tested; EXIT_DONE or the code to end with. Every pair of inputs is a test of second
 * order, with code of its own: of a model with many inputs some are chosen, evenly over the text. */
exit_code checking_request(checking *in);

/* Binds extents and inputs, draws what is not given until value and gradient are finite, and draws the directions.
 * EXIT_DONE or the code to end with. */
exit_code checking_draw(checking *in, const given_arrays *given);

/* Evaluates the objective and outputs, or the gradient, at the current entries; false on a status other than 0.
 * The results go to in->objective, in->output and in->gradient. */
bool checking_evaluate(checking *in);
bool checking_differentiate(checking *in);

/* The tests; each adds its rows. */
void checking_first_order(checking *in);
void checking_second_order(checking *in);
void checking_outputs(checking *in);

/* With --real float: float code against the same functions in double, in place of differences. */
void checking_single(checking *in);

/* What the tests share. Calls a function with one seed (NULL: none): its results go to quantities. */
bool checking_call(checking *in, int function, const double *seed, const quantity *results_of, int count);
quantity *checking_quantities_like(checking *in, const quantity *like, int count);
double checking_gradient_size(const checking *in, int number);
const char *checking_pair(const checking *in, int read, int along);
const char *checking_output_pair(const checking *in, int output_number, int along);
const char *checking_product_name(const checking *in, int read, int along);

void checking_add(checking *in, test_row made);

/* Adds a row for numbers that must agree to `tolerance`, relative to `scale`. */
void checking_compare(checking *in, const char *test, const char *of, double error, double scale, double tolerance);
void checking_skip(checking *in, const char *test, const char *of, const char *reason);

/* Compares exact derivatives (entries first .. first+count-1 of the curve) with differences: a row without names. */
test_row checking_judge(checking *in, const curve *along, const difference *found, int64_t first, int64_t count,
                        const double *exact);

/* Which of two rows speaks for both: a failed one, else one that was compared, else the larger error. */
bool checking_outweighs(const test_row *a, const test_row *b);

/* Adds a row that compares exact derivatives (entries first .. first+count-1 of the curve) with differences. */
void checking_against(checking *in, const char *test, const char *of, const curve *along, const difference *found,
                      int64_t first, int64_t count, const double *exact);

/* Moves an active input from the point along its first direction by t, and back with t = 0. */
void checking_move(checking *in, int number, double t);

void checking_write_table(const checking *in, text *out);
void checking_write_json(const checking *in, text *out);

#endif
