/* Short words for building kernel programs by hand, for the unit tests of kernel programs. */
#ifndef ADJOIN_TESTS_KERNEL_BUILD_H
#define ADJOIN_TESTS_KERNEL_BUILD_H

#include "compiler/kernel/kernel.h"
#include <stdio.h>
#include <string.h>

/* Where arenas go when memory runs out: main() sets it. */
static jmp_buf no_memory;

typedef struct {
  arena *memory;
  scalar_dag *dag;
  kernel_module *module;
  kernel_program *program;
  scalar n, zero, one; /* the extent n, id 0; whole constants */
} fixture;

/* A module with one extent, n, and an empty program. */
static inline void begin(fixture *to) {
  to->memory = arena_create();
  if (to->memory == NULL) longjmp(no_memory, 1);
  arena_set_escape(to->memory, &no_memory);
  to->dag = scalar_dag_create(to->memory);
  to->module = kernel_module_create(to->memory, to->dag, NULL);
  to->program = kernel_program_create(to->module, "test");
  int id = scalar_new_extent(to->dag, "n");
  to->n = scalar_extent(to->dag, id);
  to->zero = scalar_whole(to->dag, 0);
  to->one = scalar_whole(to->dag, 1);
}

static inline void finish(fixture *from) {
  arena_release(from->memory);
}

/* An array with up to two axes; an extent NO_SCALAR means that the axis is missing. Seeds, results and, unless `inside`
 * is given, locals are listed in the program; a local of a statement in its locals. */
static inline int declare(fixture *in, const char *name, array_role role, scalar_type type, scalar first, scalar second,
                          statement *inside) {
  scalar *extents = arena_array(in->memory, scalar, 2);
  extents[0] = first;
  extents[1] = second;
  int rank = first == NO_SCALAR ? 0 : second == NO_SCALAR ? 1 : 2;
  array made = {.name = name, .role = role, .type = type, .rank = rank, .extents = extents};
  int number = kernel_array(in->module, made);
  if (role == ARRAY_SEED) list_push(in->memory, &in->program->seeds, number);
  if (role == ARRAY_RESULT) list_push(in->memory, &in->program->results, number);
  if (role == ARRAY_LOCAL && inside != NULL) list_push(in->memory, &inside->locals, number);
  if (role == ARRAY_LOCAL && inside == NULL) list_push(in->memory, &in->program->locals, number);
  return number;
}

static inline int input(fixture *in, const char *name, scalar first, scalar second) {
  return declare(in, name, ARRAY_INPUT, SCALAR_REAL, first, second, NULL);
}

static inline int result(fixture *in, const char *name, scalar first) {
  return declare(in, name, ARRAY_RESULT, SCALAR_REAL, first, NO_SCALAR, NULL);
}

static inline int local(fixture *in, const char *name, scalar first, statement *inside) {
  return declare(in, name, ARRAY_LOCAL, SCALAR_REAL, first, NO_SCALAR, inside);
}

static inline statement *statement_in(fixture *in, statement *outer, statement_kind kind) {
  statement *made = kernel_statement(in->module, kind, (span){0, 0});
  if (outer == NULL)
    list_push(in->memory, &in->program->body, made);
  else
    list_push(in->memory, &outer->body, made);
  return made;
}

/* A further axis of the statement; its index. */
static inline scalar axis_of(fixture *in, statement *of, const char *name, scalar lower, scalar upper) {
  int index = scalar_new_index(in->dag, name);
  list_push(in->memory, &of->axes, (axis){index, lower, upper, AXIS_UNTAGGED});
  return scalar_index(in->dag, index);
}

static inline store *store_in(fixture *in, statement *kernel, store_kind kind, int into, scalar first, scalar second,
                              scalar value) {
  scalar subscripts[2] = {first, second};
  store made = kernel_store(in->module, kind, into, subscripts, value);
  list_push(in->memory, &kernel->stores, made);
  return &kernel->stores.items[kernel->stores.count - 1];
}

/* A kernel without axes: `into[at] (kind)= value`. */
static inline statement *single(fixture *in, statement *outer, store_kind kind, int into, scalar at, scalar value) {
  statement *made = statement_in(in, outer, STATEMENT_KERNEL);
  store_in(in, made, kind, into, at, NO_SCALAR, value);
  return made;
}

static inline void fill(fixture *in, statement *outer, int into, double value) {
  statement *made = kernel_fill(in->module, into, scalar_real(in->dag, value), (span){0, 0});
  if (outer == NULL)
    list_push(in->memory, &in->program->body, made);
  else
    list_push(in->memory, &outer->body, made);
}

static inline scalar entry(fixture *in, int from, scalar first, scalar second) {
  scalar subscripts[2] = {first, second};
  return kernel_load(in->module, from, subscripts);
}

static inline scalar plus(fixture *in, scalar a, int64_t b) {
  scalar constant = scalar_whole(in->dag, b);
  return whole_add(in->dag, a, constant);
}

static inline const char *text_of(fixture *in) {
  text out = text_create(in->memory);
  kernel_write(in->program, &out);
  return out.data;
}

#endif
