/* Kernel programs built by hand, for the tests of the passes over them: short forms to build one, and a check that a
 * pass gives the text that is expected, keeps the invariants, and changes no result by a bit.
 *
 * Included by test programs alone; everything is static. */
#ifndef ADJOIN_TESTS_PROGRAM_FIXTURE_H
#define ADJOIN_TESTS_PROGRAM_FIXTURE_H

#include "compiler/optimise/optimise.h"
#include "tests/oracle/interpret.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A program over two extents, n and m. */
typedef struct {
  arena *memory;
  scalar_dag *dag;
  kernel_module *module;
  kernel_program *program;
  scalar n, m;
} fixture;

static jmp_buf memory_exhausted;

static inline fixture begin(void) {
  static const source nowhere = {.name = "<test>", .text = ""};
  fixture with = {.memory = arena_create()};
  arena_set_escape(with.memory, &memory_exhausted);
  with.dag = scalar_dag_create(with.memory);
  with.module = kernel_module_create(with.memory, with.dag, &nowhere);
  with.program = kernel_program_create(with.module, "test");
  with.n = scalar_extent(with.dag, scalar_new_extent(with.dag, "n"));
  with.m = scalar_extent(with.dag, scalar_new_extent(with.dag, "m"));
  return with;
}

/* ---- building ---------------------------------------------------------------------------------------------------- */

#define LIST_OF(type, ...) (const type[]){__VA_ARGS__}, (int)(sizeof((const type[]){__VA_ARGS__}) / sizeof(type))
#define NO_AXES NULL, 0
#define OVER(...) LIST_OF(axis, __VA_ARGS__)    /* the axes of a statement */
#define SHAPE(...) LIST_OF(scalar, __VA_ARGS__) /* the extents of an array */
#define SCALAR_SHAPE NULL, 0
#define AT(...)                                                                                                        \
  (const scalar[]) {                                                                                                   \
    __VA_ARGS__                                                                                                        \
  } /* subscripts */

static inline int new_array(fixture *with, array_role role, const char *name, const scalar *extents, int rank) {
  scalar *copy = arena_array(with->memory, scalar, rank + 1);
  for (int k = 0; k < rank; k++) copy[k] = extents[k];
  return kernel_array(with->module, (array){.name = name, .role = role, .rank = rank, .extents = copy});
}

static inline int input(fixture *with, const char *name, const scalar *extents, int rank) {
  return new_array(with, ARRAY_INPUT, name, extents, rank);
}

/* A local of the program, or of a loop. */
static inline int local(fixture *with, const char *name, const scalar *extents, int rank) {
  int made = new_array(with, ARRAY_LOCAL, name, extents, rank);
  list_push(with->memory, &with->program->locals, made);
  return made;
}

static inline int local_of(fixture *with, statement *loop, const char *name, const scalar *extents, int rank) {
  int made = new_array(with, ARRAY_LOCAL, name, extents, rank);
  list_push(with->memory, &loop->locals, made);
  return made;
}

static inline axis new_axis(fixture *with, const char *name, scalar upper) {
  return (axis){scalar_new_index(with->dag, name), scalar_whole(with->dag, 0), upper, AXIS_UNTAGGED};
}

static inline scalar index_at(fixture *with, axis of) {
  return scalar_index(with->dag, of.index);
}

static inline scalar real(fixture *with, double value) {
  return scalar_real(with->dag, value);
}

static inline scalar load(fixture *with, int from, const scalar *subscripts) {
  return kernel_load(with->module, from, subscripts);
}

static inline scalar unary(fixture *with, scalar_op op, scalar a) {
  return scalar_unary(with->dag, op, a);
}

static inline scalar binary(fixture *with, scalar_op op, scalar a, scalar b) {
  return scalar_binary(with->dag, op, a, b);
}

static inline statement *new_loop(fixture *with, statement_kind kind, const axis *axes, int count) {
  statement *made = kernel_statement(with->module, kind, (span){0, 0});
  for (int k = 0; k < count; k++) list_push(with->memory, &made->axes, axes[k]);
  return made;
}

/* A kernel with one store, at the end of a loop's body; NULL: of the program's. */
static inline statement *kernel(fixture *with, statement *loop, const axis *axes, int count, store_kind kind, int into,
                                const scalar *subscripts, scalar value) {
  statement *made = new_loop(with, STATEMENT_KERNEL, axes, count);
  store item = kernel_store(with->module, kind, into, subscripts, value);
  list_push(with->memory, &made->stores, item);
  if (kind == STORE_CHECK)
    made->stores.items[0].check = kernel_check(with->module, CODE_EMPTY_RANGE, made->where, "it holds");
  statement_list *list = loop ? &loop->body : &with->program->body;
  list_push(with->memory, list, made);
  return made;
}

/* A map or recurrence at the end of a loop's body, or of the program's. */
static inline statement *loop(fixture *with, statement *around, statement_kind kind, const axis *axes, int count) {
  statement *made = new_loop(with, kind, axes, count);
  statement_list *list = around ? &around->body : &with->program->body;
  list_push(with->memory, list, made);
  return made;
}

static inline statement *condition(fixture *with, statement *around, scalar guard) {
  statement *made = loop(with, around, STATEMENT_MAP, NO_AXES);
  made->guard = guard;
  return made;
}

/* Makes the local a result of the program: z becomes z_out. */
static inline void show(fixture *with, int number) {
  const char *name = arena_format(with->memory, "%s_out", with->module->arrays.items[number].name);
  add_result(with->program, number, name, NULL);
}

/* What many programs are about: x[n], z[n] and i < n, j < n. */
typedef struct {
  fixture with;
  int x, z;
  axis i, j;
  scalar at_i, at_j, xi, xj;
} vectors;

static inline vectors begin_vectors(void) {
  vectors of = {.with = begin()};
  of.x = input(&of.with, "x", SHAPE(of.with.n));
  of.z = local(&of.with, "z", SHAPE(of.with.n));
  of.i = new_axis(&of.with, "i", of.with.n);
  of.j = new_axis(&of.with, "j", of.with.n);
  of.at_i = index_at(&of.with, of.i);
  of.at_j = index_at(&of.with, of.j);
  of.xi = load(&of.with, of.x, &of.at_i);
  of.xj = load(&of.with, of.x, &of.at_j);
  return of;
}

/* Ends `loop` with z[i] = value, and shows z. */
static inline void assign_z(vectors *of, statement *loop, scalar value) {
  kernel(&of->with, loop, NO_AXES, STORE_ASSIGN, of->z, &of->at_i, value);
  show(&of->with, of->z);
}

/* s = 0, then s += value over j. */
static inline void sum_over_j(vectors *of, statement *loop, int s, scalar value) {
  kernel(&of->with, loop, NO_AXES, STORE_ASSIGN, s, NULL, real(&of->with, 0));
  kernel(&of->with, loop, OVER(of->j), STORE_ADD, s, NULL, value);
}

/* ---- checking ---------------------------------------------------------------------------------------------------- */

enum { MOST_ENTRIES = 64, MOST_ARRAYS = 64 };

typedef struct {
  int status;
  char message[200];
  double results[MOST_ARRAYS][MOST_ENTRIES];
} outcome;

/* Entries for every array of the module, the same in every run. */
static inline const void **made_inputs(const fixture *with) {
  int count = with->module->arrays.count;
  const void **inputs = arena_array(with->memory, const void *, count);
  for (int k = 0; k < count; k++) {
    double *entries = arena_array(with->memory, double, MOST_ENTRIES);
    for (int e = 0; e < MOST_ENTRIES; e++) entries[e] = sin(7.0 * k + 3.0 * e) + 0.25;
    inputs[k] = entries;
  }
  return inputs;
}

/* Runs the program on inputs that are the same whenever n and m are. */
static inline outcome *run_program(const fixture *with, int64_t n, int64_t m) {
  outcome *made = arena_new(with->memory, outcome);
  const void **inputs = made_inputs(with);
  double **results = arena_array(with->memory, double *, MOST_ARRAYS);
  for (int k = 0; k < MOST_ARRAYS; k++) results[k] = made->results[k];
  const int64_t extents[2] = {n, m};
  made->status = interpret(with->program, extents, inputs, NULL, results, made->message, sizeof made->message);
  return made;
}

static inline const char *program_text(const fixture *with) {
  text out = text_create(with->memory);
  kernel_write(with->program, &out);
  return out.data;
}

static const int64_t sizes[][2] = {{0, 0}, {0, 3}, {1, 1}, {3, 0}, {4, 3}, {5, 7}};
enum { SIZE_COUNT = sizeof sizes / sizeof sizes[0] };

static inline void expect_valid(const fixture *with) {
  const char *violation = kernel_verify(with->program);
  if (violation) printf("\n%s\n%s", violation, program_text(with));
  CU_ASSERT_PTR_NULL(violation);
}

/* Applies the pass. The program is valid before and after, and gives the same status and results, to the bit, for
 * every size; its text is then `expected`. */
static inline void expect(fixture *with, void (*pass)(kernel_program *), const char *expected) {
  outcome *before[SIZE_COUNT];
  expect_valid(with);
  for (int k = 0; k < SIZE_COUNT; k++) before[k] = run_program(with, sizes[k][0], sizes[k][1]);
  pass(with->program);
  expect_valid(with);
  for (int k = 0; k < SIZE_COUNT; k++) {
    outcome *after = run_program(with, sizes[k][0], sizes[k][1]);
    if (before[k]->status < 0) printf("\nbefore, n = %d: %s\n", (int)sizes[k][0], before[k]->message);
    if (after->status < 0) printf("\nafter, n = %d: %s\n", (int)sizes[k][0], after->message);
    CU_ASSERT(before[k]->status >= 0);
    CU_ASSERT_EQUAL(after->status, before[k]->status);
    CU_ASSERT(after->status > 0 || memcmp(after->results, before[k]->results, sizeof after->results) == 0);
  }
  const char *found = program_text(with);
  if (strcmp(found, expected) != 0) printf("\nexpected:\n%s\nfound:\n%s", expected, found);
  CU_ASSERT_STRING_EQUAL(found, expected);
  arena_release(with->memory);
}

/* The pass finds nothing to do. */
static inline void expect_unchanged(fixture *with, void (*pass)(kernel_program *)) {
  char *before = strdup(program_text(with));
  expect(with, pass, before);
  free(before);
}

static inline int run_tests(const char *name, const CU_TestInfo *tests, int count) {
  if (setjmp(memory_exhausted) != 0 || CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite suite = CU_add_suite(name, NULL, NULL);
  for (int k = 0; k < count; k++) CU_add_test(suite, tests[k].pName, tests[k].pTestFunc);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}

#endif
