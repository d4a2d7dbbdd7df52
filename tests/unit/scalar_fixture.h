/* For tests of the scalar graph: a fresh graph, and the value of a real expression. */
#ifndef ADJOIN_TESTS_SCALAR_FIXTURE_H
#define ADJOIN_TESTS_SCALAR_FIXTURE_H

#include "compiler/scalar/scalar_dag.h"
#include <CUnit/CUnit.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  arena *memory;
  scalar_dag *dag;
} fixture;

static jmp_buf out_of_memory;

static inline fixture fixture_open(void) {
  fixture with = {arena_create(), NULL};
  if (!with.memory || setjmp(out_of_memory)) {
    fprintf(stderr, "no memory for the test\n");
    exit(1);
  }
  arena_set_escape(with.memory, &out_of_memory);
  with.dag = scalar_dag_create(with.memory);
  return with;
}

static inline void fixture_close(fixture *with) {
  arena_release(with->memory);
}

/* The array number `array`, of rank 0. */
static inline scalar variable(const fixture *with, int array) {
  return scalar_load(with->dag, array, SCALAR_REAL, 0, NULL);
}

static inline double value_of_node(const scalar_node *at, const double *known, const double *variables) {
  double arguments[3] = {0, 0, 0};
  for (int k = 0; k < at->argument_count && k < 3; k++) arguments[k] = known[at->arguments[k]];
  switch (at->op) {
  case SCALAR_CONSTANT: return at->type == SCALAR_REAL ? at->real : (double)at->whole;
  case SCALAR_LOAD: return variables[at->id];
  case SCALAR_SELECT: return arguments[0] != 0 ? arguments[1] : arguments[2];
  default: return scalar_evaluate(at->op, arguments);
  }
}

/* The value of an expression of variables 0, 1, 2. */
static inline double value_of(const fixture *with, scalar node, const double *variables) {
  double *known = calloc((size_t)node + 1, sizeof *known);
  if (!known) exit(1);
  for (scalar k = 1; k <= node; k++) known[k] = value_of_node(scalar_at(with->dag, k), known, variables);
  double value = known[node];
  free(known);
  return value;
}

static inline const char *written(const fixture *with, scalar node) {
  text out = text_create(with->memory);
  scalar_write(with->dag, node, NULL, NULL, &out);
  return out.data;
}

#endif
