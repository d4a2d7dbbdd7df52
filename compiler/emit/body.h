/* What one statement computes, laid out for emission: which scalar is computed in which block of the C text, which get
 * a variable, and which are written where they are used.
 *
 * The blocks form a tree of regions. Its trunk is the block around the statement, then one loop after the other, with
 * the statement's guard where its condition no longer changes; a store with a condition of its own, and what a select,
 * `and` or `or` computes only sometimes, its arms, are branches. A part is computed once, in the innermost region
 * around all its uses, so that an arm computes only what it needs; from there it moves out of every loop whose index it
 * does not mention. */
#ifndef ADJOIN_EMIT_BODY_H
#define ADJOIN_EMIT_BODY_H

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/reach.h"

/* Operations of parts that are not those of a scalar node: the place of an entry in memory. */
enum { PART_PLACE_SUM = SCALAR_OP_COUNT, PART_PLACE_PRODUCT };

/* A load whose subscript `subscript` (a part) is not known to be in the range of `extent` (a part) where it is
 * computed. Such a load is written behind a test; where the test fails its value is used by nobody. */
typedef struct {
  int subscript, extent;
  bool below, above; /* what must be tested */
} range_test;

typedef struct {
  int op;      /* a scalar_op, or one of the above */
  scalar node; /* NO_SCALAR for places */
  scalar_type type;
  int argument_count;
  int arguments[3];                /* parts; of a load: the entry's place, when it has one */
  const int *subscripts, *extents; /* of a load: parts, one per axis of the array */
  int level;                       /* the number of the innermost axis that it mentions, from 1; 0: none */

  int region, use_region; /* where it is computed; the innermost region around its uses */
  int uses;
  bool at_use;          /* some use lies in `use_region` itself, not in a region inside it */
  bool exposed;         /* computed where fewer conditions hold than where it is used */
  bool pinned;          /* used more often than the parts tell: deserves a variable */
  bool declared;        /* has a variable; otherwise it is written where it is used */
  int weight;           /* how many operations are written where it is used; 0 for a name or a constant */
  const char *variable; /* t1, t2, ... when declared: given when it is written; NULL before that */
  int next;             /* the next declared part of its region, or -1 */
  int arms[3];   /* by argument: the region of the arm that computes it; 0: it is computed with the part itself */
  bool branches; /* its arms have variables of their own: written with if and else */
  LIST(range_test) tests; /* a load */
} part;

typedef enum { REGION_BLOCK, REGION_LOOP, REGION_GUARD, REGION_STORE, REGION_ARM } region_kind;

typedef struct {
  region_kind kind;
  int parent, jump, depth; /* jump: an ancestor further up, so that common ancestors are found in logarithmic time */
  int level;               /* the number of loops around its content */
  int arm_depth;           /* the number of arms around its content */
  int chooser;             /* an arm: the part that it belongs to */
  bool opposite;           /* an arm: computed where the chooser's first argument does not hold */
  int first, last;         /* its declared parts, in the order of computation; -1 when there are none */
} region;

/* What surrounds the statements of one function. */
typedef struct {
  const kernel_module *module;
  const scalar **strides;    /* by array and axis: the product of the extents behind it; NULL until asked for */
  const scalar *array_bound; /* as in whole_facts */
  LIST(whole_range) loops;   /* around the statement, from the outermost inwards */
} surroundings;

surroundings surroundings_create(const kernel_module *module);
const scalar *array_strides(surroundings *in, int array);

/* Parts, or -1. */
typedef struct {
  int value, place, position, guard;
  int region;  /* where the store is written */
  bool tested; /* the result may be absent, which is tested at the store */
  int total;   /* the level of the loops around a running total that is stored once; -1: every term is stored */
} planned_store;

typedef struct {
  arena *memory;
  surroundings *around;
  const statement *of;
  LIST(part) parts; /* arguments before what uses them */
  LIST(region) regions;
  int *lower, *upper; /* parts, by axis */
  int *loop_region;   /* by level: 0 is the block around the statement */
  int guard_region;   /* or -1 */
  int guard;          /* part, or -1 */
  planned_store *stores;
  int absent_result; /* a result that is all the statement stores to: its presence is tested around it; or -1 */
  bool deep;         /* arms nest too deep for the blocks of C */
} body;

body *body_plan(surroundings *around, const statement *of);

/* Is the array a C variable: a local, an input or a direction of rank 0? */
bool is_variable(const array *of);

/* body_parts.c: the parts of the statement, without regions. */
void body_collect(body *into);

#endif
