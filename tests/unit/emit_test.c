/* Emitted code: programs that libtcc compiles give the interpreter's results to the bit; and what the text looks like
 * where that is a promise. */
#include "compiler/emit/emit.h"
#include "compiler/jit/jit.h"
/* `input` is a type here: the fixture's function of that name gets another. */
#define input new_input
#include "tests/unit/program_fixture.h"
#undef input

/* The model that a hand-made program would belong to: its extents and inputs. */
static tensor_program *model_of(const fixture *with) {
  static const source nowhere = {.name = "folder/test.adj", .text = ""};
  tensor_program *made = arena_new(with->memory, tensor_program);
  made->memory = with->memory;
  made->dag = with->dag;
  made->from = &nowhere;
  made->name = "test";
  list_push(with->memory, &made->dimensions, (dimension){.name = "n", .value = with->n});
  list_push(with->memory, &made->dimensions, (dimension){.name = "m", .value = with->m});
  for (int k = 0; k < with->module->arrays.count; k++) {
    const array *of = &with->module->arrays.items[k];
    if (of->role != ARRAY_INPUT) continue;
    input_role role = of->type == SCALAR_WHOLE ? ROLE_INDEX : ROLE_DATA;
    input added = {.name = of->name, .role = role, .rank = of->rank, .extents = of->extents, .bound = of->bound};
    list_push(with->memory, &made->inputs, added);
  }
  return made;
}

static const char *emit(const fixture *with, void (*how)(const emission *, text *), bool gradient) {
  emitted_function *function = arena_new(with->memory, emitted_function);
  *function = (emitted_function){.name = "value", .program = with->program, .gradient = gradient};
  emission what = {.model = model_of(with),
                   .module = with->module,
                   .functions = function,
                   .function_count = 1,
                   .prefix = "test",
                   .version = "0"};
  text out = text_create(with->memory);
  how(&what, &out);
  return out.data;
}

static jit_code *compile(const fixture *with) {
  text errors = text_create(with->memory);
  const char *code = emit(with, emit_for_jit, false);
  jit_code *made = jit_compile(code, &errors);
  if (!made) printf("\n%s\n%s", errors.data, code);
  CU_ASSERT_PTR_NOT_NULL_FATAL(made);
  return made;
}

/* As run_program, by the compiled code. */
static outcome *run_code(const fixture *with, const jit_code *code, int64_t n, int64_t m) {
  outcome *made = arena_new(with->memory, outcome);
  const void **inputs = made_inputs(with);
  double **results = arena_array(with->memory, double *, MOST_ARRAYS);
  for (int k = 0; k < MOST_ARRAYS; k++) results[k] = made->results[k];
  const ptrdiff_t extents[2] = {(ptrdiff_t)n, (ptrdiff_t)m};
  size_t size = jit_workspace(code, 0)(extents);
  double *work = malloc((size + 1) * sizeof *work);
  made->status = jit_entry(code, 0)(extents, inputs, NULL, results, work);
  free(work);
  return made;
}

/* Interpreter and machine code agree for all sizes. */
static void expect_same(fixture *with) {
  expect_valid(with);
  jit_code *code = compile(with);
  for (int k = 0; k < SIZE_COUNT; k++) {
    outcome *wanted = run_program(with, sizes[k][0], sizes[k][1]);
    outcome *found = run_code(with, code, sizes[k][0], sizes[k][1]);
    if (wanted->status < 0) printf("\nn = %d: %s\n", (int)sizes[k][0], wanted->message);
    CU_ASSERT(wanted->status >= 0);
    CU_ASSERT_EQUAL(found->status, wanted->status);
    CU_ASSERT(wanted->status > 0 || memcmp(found->results, wanted->results, sizeof found->results) == 0);
  }
  jit_release(code);
}

static void expect_text(const fixture *with, const char *piece, bool there) {
  const char *code = emit(with, emit_header, false);
  bool found = strstr(code, piece) != NULL;
  if (found != there) printf("\n%s: %s\n%.10000s", there ? "missing" : "unwanted", piece, code);
  CU_ASSERT_EQUAL(found, there);
}

static void fill(fixture *with, int number, double value) {
  statement *made = kernel_fill(with->module, number, real(with, value), (span){0, 0});
  list_push(with->memory, &with->program->body, made);
}

/* ---- programs ---- */

static void totals_keep_their_order(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  fill(with, of.z, 0.1);
  kernel(with, NULL, OVER(of.i, of.j), STORE_ADD, of.z, &of.at_i, binary(with, OP_mul, of.xi, of.xj));
  show(with, of.z);
  expect_same(with);
  expect_text(with, "double sum = z[i];", true);
  arena_release(with->memory);
}

static void maximum_lets_nan_win(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int most = local(with, "most", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, most, NULL, real(with, -INFINITY));
  scalar value = unary(with, OP_sqrt, of.xi); /* nan for some entries */
  kernel(with, NULL, OVER(of.i), STORE_MAXIMUM, most, NULL, value);
  show(with, most);
  int least = local(with, "most", SCALAR_SHAPE);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, least, NULL, real(with, -INFINITY));
  kernel(with, NULL, OVER(of.j), STORE_MAXIMUM, least, NULL, of.xj);
  show(with, least);
  expect_same(with);
  arena_release(with->memory);
}

/* The first of the largest, in a row of its own length, and a status where there is none. */
static void argmax_finds_the_first(store_kind kind) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  statement *map = loop(with, NULL, STATEMENT_MAP, OVER(of.i));
  int place = local_of(with, map, "place", SCALAR_SHAPE);
  with->module->arrays.items[place].type = SCALAR_WHOLE;
  scalar rounded = unary(with, OP_round, of.xj);
  statement *search = kernel(with, map, OVER(of.j), kind, place, NULL, rounded);
  search->stores.items[0].position = of.at_j;
  search->stores.items[0].check = kernel_check(with->module, CODE_EMPTY_RANGE, search->where, "nothing to choose from");
  scalar found = unary(with, OP_real_of_whole, kernel_load(with->module, place, NULL));
  kernel(with, map, NO_AXES, STORE_ASSIGN, of.z, &of.at_i, found);
  show(with, of.z);
  expect_same(with);
  arena_release(with->memory);
}

static void argmax_and_argmin(void) {
  argmax_finds_the_first(STORE_ARGMAX);
  argmax_finds_the_first(STORE_ARGMIN);
}

static void an_empty_argmax_is_a_status(void) {
  fixture with = begin();
  int x = new_input(&with, "x", SHAPE(with.n));
  int place = local(&with, "place", SCALAR_SHAPE), r = local(&with, "r", SCALAR_SHAPE);
  with.module->arrays.items[place].type = SCALAR_WHOLE;
  axis i = new_axis(&with, "i", with.n);
  scalar at = index_at(&with, i);
  statement *search = kernel(&with, NULL, OVER(i), STORE_ARGMAX, place, NULL, load(&with, x, &at));
  search->stores.items[0].position = at;
  search->stores.items[0].check = kernel_check(with.module, CODE_EMPTY_RANGE, search->where, "nothing to choose from");
  scalar found = unary(&with, OP_real_of_whole, kernel_load(with.module, place, NULL));
  kernel(&with, NULL, NO_AXES, STORE_ASSIGN, r, NULL, found);
  show(&with, r);
  expect_same(&with);
  arena_release(with.memory);
}

static void recurrences_run_both_ways(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar one = scalar_whole(with->dag, 1), longer = whole_add(with->dag, with->n, one);
  int up = local(with, "up", SHAPE(longer)), down = local(with, "down", SHAPE(longer));
  scalar next = whole_add(with->dag, of.at_i, one), here = load(with, up, &of.at_i);
  scalar zero = scalar_whole(with->dag, 0);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, up, &zero, real(with, 1));
  statement *forward = loop(with, NULL, STATEMENT_RECURRENCE, OVER(of.i));
  kernel(with, forward, NO_AXES, STORE_ASSIGN, up, &next,
         binary(with, OP_add, binary(with, OP_mul, here, here), of.xi));
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, down, &with->n, real(with, 2));
  scalar after = whole_add(with->dag, of.at_j, one);
  statement *backward = loop(with, NULL, STATEMENT_RECURRENCE, OVER(of.j));
  backward->descending = true;
  scalar later = load(with, down, &after);
  kernel(with, backward, NO_AXES, STORE_ASSIGN, down, &of.at_j,
         binary(with, OP_sub, of.xj, unary(with, OP_sin, later)));
  show(with, up);
  show(with, down);
  expect_same(with);
  arena_release(with->memory);
}

static void guards_are_tested_as_far_out_as_they_can(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  fill(with, of.z, 0);
  statement *add = kernel(with, NULL, OVER(of.i, of.j), STORE_ADD, of.z, &of.at_i, of.xj);
  add->guard = binary(with, OP_gt, of.xi, real(with, 0));
  axis k = new_axis(with, "k", with->n), l = new_axis(with, "l", with->n);
  scalar at_k = index_at(with, k), at_l = index_at(with, l);
  scalar xk = load(with, of.x, &at_k), xl = load(with, of.x, &at_l);
  statement *more = kernel(with, NULL, OVER(k, l), STORE_ADD, of.z, &at_k, binary(with, OP_mul, xk, xl));
  more->guard = binary(with, OP_lt, xl, xk);
  show(with, of.z);
  expect_same(with);
  expect_text(with, "    if (x[i] > 0.0) {\n      double sum = z[i];\n      for (ptrdiff_t j = 0; j < n; j++) {", true);
  arena_release(with->memory);
}

/* x[0] in a loop over m leaves the loop, and must not be read where n is 0, as an empty loop would not have read it. */
static void what_leaves_a_loop_reads_nothing_out_of_range(void) {
  fixture with = begin();
  int x = new_input(&with, "x", SHAPE(with.n)), z = local(&with, "z", SHAPE(with.m));
  axis i = new_axis(&with, "i", with.n), k = new_axis(&with, "k", with.m);
  scalar zero = scalar_whole(with.dag, 0), at_k = index_at(&with, k), at_i = index_at(&with, i);
  scalar first = load(&with, x, &zero);
  fill(&with, z, 0);
  statement *add =
      kernel(&with, NULL, OVER(i, k), STORE_ADD, z, &at_k, binary(&with, OP_mul, first, load(&with, x, &at_i)));
  CU_ASSERT_PTR_NOT_NULL(add);
  show(&with, z);
  expect_same(&with);
  expect_text(&with, "const double t1 = 0 < n ? x[0] : 0;", true);
  arena_release(with.memory);
}

/* select(i > 0, x[i-1], 0), its square, and both under other conditions. */
static void guarded_loads_stay_guarded(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar before = whole_subtract(with->dag, of.at_i, scalar_whole(with->dag, 1));
  scalar inside = binary(with, OP_ge, before, scalar_whole(with->dag, 0));
  scalar previous = scalar_select(with->dag, inside, load(with, of.x, &before), real(with, 0));
  scalar square = binary(with, OP_mul, previous, previous);
  scalar positive = binary(with, OP_gt, of.xi, real(with, 0));
  scalar grown = binary(with, OP_mul, unary(with, OP_exp, square), unary(with, OP_cos, square));
  scalar value = scalar_select(with->dag, positive, grown, binary(with, OP_add, square, of.xi));
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, value);
  show(with, of.z);
  expect_same(with);
  arena_release(with->memory);
}

/* `and` and `or` whose second arguments need variables of their own. */
static void logic_is_lazy(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar wave = unary(with, OP_sin, unary(with, OP_exp, of.xi));
  scalar tested = binary(with, OP_gt, binary(with, OP_mul, wave, wave), binary(with, OP_add, wave, real(with, 0.1)));
  scalar both = binary(with, OP_and, binary(with, OP_gt, of.xi, real(with, 0)), tested);
  scalar either = binary(with, OP_or, binary(with, OP_lt, of.xi, real(with, 0)), tested);
  scalar value = scalar_select(with->dag, both, real(with, 1), scalar_select(with->dag, either, real(with, 2), of.xi));
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, value);
  show(with, of.z);
  expect_same(with);
  arena_release(with->memory);
}

/* Choices nested deeper than blocks may: jumps take the place of blocks. */
static void deep_choices(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar value = of.xi;
  for (int k = 0; k < 300; k++) {
    scalar condition = binary(with, OP_lt, of.xi, real(with, 0.004 * (k % 250)));
    scalar root = unary(with, OP_sqrt, unary(with, OP_abs, value));
    scalar taken = binary(with, OP_mul, binary(with, OP_add, value, root), real(with, 0.5));
    scalar other = unary(with, OP_sin, binary(with, OP_mul, of.xi, real(with, k)));
    value = scalar_select(with->dag, condition, taken, binary(with, OP_mul, other, other));
  }
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, value);
  show(with, of.z);
  expect_same(with);
  expect_text(with, "goto end_", true);
  arena_release(with->memory);
}

/* A chain of 100,000 operations is no deeper than one of ten. */
static void long_chains(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  scalar value = of.xi;
  for (int k = 0; k < 100000; k++)
    value = binary(with, OP_add, binary(with, OP_mul, value, of.xi), real(with, 1e-3 * k));
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, value);
  show(with, of.z);
  expect_same(with);
  arena_release(with->memory);
}

static void truths_and_wholes_are_stored_as_reals(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int sign = local(with, "sign", SHAPE(with->n)), twice = local(with, "twice", SHAPE(with->n));
  with->module->arrays.items[sign].type = SCALAR_TRUTH;
  with->module->arrays.items[twice].type = SCALAR_WHOLE;
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, sign, &of.at_i, binary(with, OP_gt, of.xi, real(with, 0)));
  scalar doubled = whole_multiply(with->dag, of.at_j, scalar_whole(with->dag, 2));
  kernel(with, NULL, OVER(of.j), STORE_ASSIGN, twice, &of.at_j, doubled);
  axis k = new_axis(with, "k", with->n);
  scalar at = index_at(with, k);
  scalar whole = unary(with, OP_real_of_whole, load(with, twice, &at));
  kernel(with, NULL, OVER(k), STORE_ASSIGN, of.z, &at,
         scalar_select(with->dag, load(with, sign, &at), whole, real(with, -1)));
  show(with, of.z);
  expect_same(with);
  arena_release(with->memory);
}

static void special_constants(void) {
  fixture with = begin();
  static const double values[] = {0.1,      -0.0,      5e-324, 1.7976931348623157e308, -2.2250738585072014e-308, 1e22,
                                  INFINITY, -INFINITY, NAN,    123456789.125,          0x1.fffffffffffffp-1};
  for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
    int r = local(&with, "r", SCALAR_SHAPE);
    kernel(&with, NULL, NO_AXES, STORE_ASSIGN, r, NULL, real(&with, values[k]));
    show(&with, r);
  }
  expect_same(&with);
  arena_release(with.memory);
}

static void workspace_overflow_is_seen(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int square = local(with, "square", SHAPE(with->n, with->n));
  scalar at[2] = {of.at_i, of.at_j};
  kernel(with, NULL, OVER(of.i, of.j), STORE_ASSIGN, square, at, of.xj);
  axis k = new_axis(with, "k", with->n);
  scalar diagonal[2] = {index_at(with, k), index_at(with, k)};
  kernel(with, NULL, OVER(k), STORE_ASSIGN, of.z, diagonal, load(with, square, diagonal));
  show(with, of.z);
  jit_code *code = compile(with);
  const ptrdiff_t fits[2] = {1000, 0}, wraps[2] = {(ptrdiff_t)1 << 32, 0}, huge[2] = {PTRDIFF_MAX, 0};
  CU_ASSERT(jit_workspace(code, 0)(fits) >= 1000000 && jit_workspace(code, 0)(fits) <= 1001000);
  CU_ASSERT_EQUAL(jit_workspace(code, 0)(wraps), SIZE_MAX);
  CU_ASSERT_EQUAL(jit_workspace(code, 0)(huge), SIZE_MAX);
  jit_release(code);
  arena_release(with->memory);
}

static void absent_results_are_skipped(void) {
  vectors of = begin_vectors();
  fixture *with = &of.with;
  int s = local(with, "s", SCALAR_SHAPE);
  kernel(with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, of.xi);
  kernel(with, NULL, NO_AXES, STORE_ASSIGN, s, NULL, real(with, 3));
  show(with, of.z);
  show(with, s);
  jit_code *code = compile(with);
  const ptrdiff_t extents[2] = {2, 0};
  const double x[2] = {5, 6};
  const void *inputs[1] = {x};
  double value = 0, work[8];
  double *results[2] = {NULL, &value};
  CU_ASSERT_EQUAL(jit_entry(code, 0)(extents, inputs, NULL, results, work), 0);
  CU_ASSERT_EQUAL(value, 3.0);
  jit_release(code);
  arena_release(with->memory);
}

/* A model's words end no comment, join no line, and meet no word of C. */
static void names_and_comments_are_harmless(void) {
  fixture with = begin();
  int x = new_input(&with, "exp", SHAPE(with.n)), y = new_input(&with, "f.0.bias", SHAPE(with.n)),
      v = new_input(&with, "f_0_bias", SHAPE(with.n));
  int z = local(&with, "double", SHAPE(with.n));
  axis i = new_axis(&with, "for", with.n);
  scalar at = index_at(&with, i);
  scalar sum = binary(&with, OP_add, load(&with, y, &at), load(&with, v, &at));
  kernel(&with, NULL, OVER(i), STORE_ASSIGN, z, &at,
         binary(&with, OP_mul, load(&with, x, &at), unary(&with, OP_exp, sum)));
  show(&with, z);
  with.module->arrays.items[with.program->results.items[0]].what = "ends */ here ?"
                                                                   "?/ and \\";
  expect_same(&with);
  expect_text(&with, "const double *exp_;", true);
  expect_text(&with, "const double *f_0_bias;", true);
  expect_text(&with, "const double *f_0_bias_2;", true);
  expect_text(&with, "ends * / here ? ?/ and", true);
  expect_text(&with, "ends */", false);
  expect_text(&with, "folder", false);
  arena_release(with.memory);
}

static void the_same_bytes_every_time(void) {
  char *first = NULL;
  for (int k = 0; k < 2; k++) {
    vectors of = begin_vectors();
    kernel(&of.with, NULL, OVER(of.i), STORE_ASSIGN, of.z, &of.at_i, unary(&of.with, OP_softplus, of.xi));
    show(&of.with, of.z);
    const char *code = emit(&of.with, emit_header, false);
    if (k == 0) first = strdup(code);
    CU_ASSERT_STRING_EQUAL(code, first);
    arena_release(of.with.memory);
  }
  free(first);
}

int main(void) {
  static const CU_TestInfo tests[] = {
      {"totals keep their order", totals_keep_their_order},
      {"maximum lets nan win", maximum_lets_nan_win},
      {"argmax and argmin", argmax_and_argmin},
      {"an empty argmax is a status", an_empty_argmax_is_a_status},
      {"recurrences run both ways", recurrences_run_both_ways},
      {"guards are tested as far out as they can", guards_are_tested_as_far_out_as_they_can},
      {"what leaves a loop reads nothing out of range", what_leaves_a_loop_reads_nothing_out_of_range},
      {"guarded loads stay guarded", guarded_loads_stay_guarded},
      {"logic is lazy", logic_is_lazy},
      {"deep choices", deep_choices},
      {"long chains", long_chains},
      {"truths and wholes are stored as reals", truths_and_wholes_are_stored_as_reals},
      {"special constants", special_constants},
      {"workspace overflow is seen", workspace_overflow_is_seen},
      {"absent results are skipped", absent_results_are_skipped},
      {"names and comments are harmless", names_and_comments_are_harmless},
      {"the same bytes every time", the_same_bytes_every_time},
  };
  return run_tests("emit", tests, (int)(sizeof tests / sizeof tests[0]));
}
