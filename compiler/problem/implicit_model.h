/* A model as functions of its vars and of some of its params, for runtime/implicit.h: its objective's minimiser, or the
 * root of an output. */
#ifndef ADJOIN_PROBLEM_IMPLICIT_MODEL_H
#define ADJOIN_PROBLEM_IMPLICIT_MODEL_H

#include "compiler/derivative/kinks.h"
#include "compiler/problem/var_vector.h"
#include "compiler/request.h"
#include "runtime/implicit.h"

/* What `run` says where a search inside the model fails: its results are taken for nan. */
enum { IMPLICIT_NO_VALUE = -2 };
int implicit_settle(int status, int64_t count, double *entries);

/* A param as a stretch of theta. */
typedef struct {
  int input;
  int64_t offset, count;
} implicit_parameter;

/* A function for one direction, and one for blocks of them; -1 where nothing moves. */
typedef struct {
  int one, block;
} implicit_function;

/* Lower (0) or upper (1) bounds that params may move: of which vars, and the functions of their derivatives. */
typedef struct {
  name_list vars;
  LIST(int) places; /* in the vector's vars */
  int forward, adjoint;
} implicit_bounds;

/* What its user provides stands first. */
typedef struct {
  arena *memory;
  const tensor_program *model;
  bound_model *inputs;         /* the pointers of vars and params are set to where these are read */
  const var_vector *vector;    /* counted */
  const double *lower, *upper; /* as long as the vector */
  const bool *fixed[2]; /* by var of the vector: its lower (0) or upper (1) bounds are not the model's; or NULL */
  name_list wrt;        /* params */
  const char *root;     /* NULL, or an output whose root is meant: as many entries as are free */
  void *user;
  int (*request)(void *user, const request *wanted); /* a function's number, or -1 after messages */
  int (*run)(void *user, int function, int64_t directions, const double *const *seeds, double *const *into);
  /* 0, IMPLICIT_NO_VALUE, or what ends it all with IMPLICIT_CALLBACK_FAILED */
  int (*gradient)(void *user, const double *x, double *f, double *gradient); /* of what is minimised */
  int (*equations)(void *user, const double *x, double *r);                  /* of a root; nan where r has no value */

  LIST(implicit_parameter) parameters; /* in the order of wrt */
  int64_t parameter_count;
  double *theta, *exact_theta; /* as it is read, and as it was bound */
  struct {
    implicit_function product, forward, adjoint; /* of a root: J V, r_theta V, and one by one r_theta' v */
    int transposed;                              /* of a root: J' v */
    int kinks;                                   /* -1 where nothing moves */
  } functions;
  double *equation_room; /* of a root: as long as r */
  implicit_bounds bounds[2];
  double *x_room, *theta_room; /* as long as x, and as theta */
  kink_list kinks;             /* the objective's choices, which the user notes when it makes REQUEST_KINKS */
  const kinked **doubtful;     /* those that x may be at, where it is at one that matters */
  int doubtful_count;
  char found[96]; /* a sentence about them */
  double *kink_room, *change_room;
  double **seeds, **results; /* room for the arguments of a call */
  implicit_problem problem;
} implicit_model;

/* Lays theta out; false where it is too large to exist. */
bool implicit_lay_out(implicit_model *of);

/* Requests all that derivatives need; false after messages. */
bool implicit_request(implicit_model *of);

/* One of these functions, or both for one direction and for blocks of them: of nothing, or along nothing, none. */
bool implicit_request_one(implicit_model *of, request_kind kind, name_list read, name_list along, bool block,
                          int *into);
bool implicit_request_both(implicit_model *of, request_kind kind, name_list read, name_list along,
                           implicit_function *into);

/* The parts of a block of `count` vectors that belong to the vars that move, or to the params: each has the direction
 * as its last axis, as the whole block has. */
typedef void implicit_splitter(const implicit_model *of, double *block, size_t count, double **into);
implicit_splitter implicit_split_vars, implicit_split_parameters;

/* Theta's values as they are bound, and of->problem. */
void implicit_describe(implicit_model *of);

/* The vars are read at x from here on. */
void implicit_move_to(implicit_model *of, const double *x);

/* ---- implicit_root.c ---- */

/* Is the output of a root one that the model has, with as many entries as are free? False after a message. */
bool implicit_check_root(const implicit_model *of);

/* Requests J V, J' v, and the same by params. */
bool implicit_request_root(implicit_model *of);

/* The functions of of->problem. */
void implicit_describe_root(implicit_model *of);

/* ---- implicit_bounds.c ---- */

/* Requests the derivatives of the bounds that a param may move; whether there are any. */
bool implicit_request_bounds(implicit_model *of);
bool implicit_bounds_move(const implicit_model *of);

/* For implicit_problem, the user being the `implicit_model`. */
int implicit_bound_forward(void *user, const signed char *side, const double *dtheta, double *dx);
int implicit_bound_adjoint(void *user, const signed char *side, const double *w, double *bar);

/* ---- implicit_kink.c ---- */

/* Room for the search, once the choices are known. */
void implicit_reserve_kinks(implicit_model *of);

/* For implicit_problem.kink, the user being the `implicit_model`, whose `doubtful` it sets. */
int implicit_find_kink(void *user, const double *x, double reach, const char **found);

#endif
