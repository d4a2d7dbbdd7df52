/* A model as functions of its vars and of some of its params, for runtime/implicit.h. */
#ifndef ADJOIN_PROBLEM_IMPLICIT_MODEL_H
#define ADJOIN_PROBLEM_IMPLICIT_MODEL_H

#include "compiler/derivative/kinks.h"
#include "compiler/problem/var_vector.h"
#include "compiler/request.h"
#include "runtime/implicit.h"

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
  void *user;
  int (*request)(void *user, const request *wanted); /* a function's number, or -1 after messages */
  int (*run)(void *user, int function, int64_t directions, const double *const *seeds, double *const *into);
  int (*gradient)(void *user, const double *x, double *f, double *gradient); /* of what is minimised */

  LIST(implicit_parameter) parameters; /* in the order of wrt */
  int64_t parameter_count;
  double *theta, *exact_theta; /* as it is read, and as it was bound */
  struct {
    implicit_function product, forward, adjoint;
    int kinks; /* -1 where nothing moves */
  } functions;
  implicit_bounds bounds[2];
  double *bound_room, *theta_room; /* as long as x, and as theta */
  kink_list kinks;                 /* the objective's choices, which the user notes when it makes REQUEST_KINKS */
  const kinked **doubtful;         /* those that x may be at, where it is at one that matters */
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

/* Theta's values as they are bound, and of->problem. */
void implicit_describe(implicit_model *of);

/* The vars are read at x from here on. */
void implicit_move_to(implicit_model *of, const double *x);

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
