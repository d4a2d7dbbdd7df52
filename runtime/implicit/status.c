/* The statuses in words. */
#include "runtime/implicit.h"

typedef struct {
  const char *name, *hypothesis, *advice;
  const char *of_root, *advice_for_root; /* NULL: the same */
} words;

static const words table[] = {
    [IMPLICIT_OK] = {"ok", "", "", NULL, NULL},
    [IMPLICIT_ILL_CONDITIONED] = {"ill_conditioned",
                                  "the Hessian is nearly singular: rounding errors in the derivative are as large as "
                                  "the error estimate says",
                                  "other units for the vars, or a stabilising term, make the condition smaller",
                                  "the Jacobian is nearly singular: rounding errors in the derivative are as large as "
                                  "the error estimate says",
                                  "equations that depend less on each other make the condition smaller"},
    [IMPLICIT_DAMPED] = {"damped", "the derivative is that of H + MU I in place of the Hessian H",
                         "without --damping the exact one is given, where there is one",
                         "the derivative is that of J + MU I in place of the Jacobian J", NULL},
    [IMPLICIT_LEAST_NORM] = {"least_norm",
                             "the Hessian is singular: of all solutions this is the shortest, by its pseudo-inverse",
                             "a stabilising term makes the minimiser unique",
                             "the Jacobian is singular: of all that solve the linearised equations best, this is the "
                             "shortest, by its pseudo-inverse",
                             "an equation in place of one that depends on others makes the root unique"},
    [IMPLICIT_NOT_STATIONARY] = {"not_stationary",
                                 "the gradient does not vanish at x: the theorem speaks of points where it does",
                                 "converge further (--iterations, --tol, another --method), or start elsewhere; if "
                                 "there is no minimum, a stabilising term or bounds make one",
                                 "the equations do not hold at x: the theorem speaks of points where they do",
                                 "converge further (--iterations, --tol, another --method), or start elsewhere; there "
                                 "may be no root"},
    [IMPLICIT_INDEFINITE] = {"indefinite",
                             "the Hessian has negative curvature: x is a saddle or a maximum, not a minimiser",
                             "start elsewhere, or freeze or bound the vars along which the objective falls", NULL,
                             NULL},
    [IMPLICIT_SINGULAR] = {"singular",
                           "the Hessian is not invertible: minimisers are not isolated, or x* has no derivative",
                           "add a stabilising term (c*sum(x^2)), freeze or bound a var, or take --damping MU or "
                           "--least-norm",
                           "the Jacobian is not invertible: roots are not isolated, or x* has no derivative",
                           "put another equation in the place of one that depends on others, or take --damping MU or "
                           "--least-norm"},
    [IMPLICIT_UNBOUNDED] = {"unbounded",
                            "no stationary point was reached: x runs away while the objective flattens or falls",
                            "add a stabilising term (c*sum(x^2)), or bound the vars",
                            "no root was reached: x runs away while the equations flatten",
                            "bound the vars, or start elsewhere; there may be no root"},
    [IMPLICIT_DEGENERATE_BOUND] = {"degenerate_bound",
                                   "an entry is at a bound with a zero multiplier: x* leaves the bound to one side "
                                   "and keeps it to the other, so that it has no derivative",
                                   "freeze the entry, or move its bound",
                                   "the root is at a bound, which it may leave to one side only: it has no derivative",
                                   "move the bound"},
    [IMPLICIT_NONSMOOTH] = {"nonsmooth", "the objective is not twice differentiable at x",
                            "a smooth form of it has derivatives (softplus for max, sqrt(u^2 + c) for abs), or "
                            "freeze what is held at the kink",
                            "the equations are not differentiable at x",
                            "a smooth form of them has derivatives (softplus for max, sqrt(u^2 + c) for abs)"},
    [IMPLICIT_NOT_FINITE] = {"not_finite", "the objective or a derivative of it is nan or infinite at x",
                             "start elsewhere, or keep away by bounds",
                             "an equation or a derivative of it is nan or infinite at x", NULL},
    [IMPLICIT_LINEAR_SOLVE_FAILED] =
        {"linear_solve_failed",
         "the linear system with the Hessian could not be solved to the accuracy asked "
         "for, so that it may be singular",
         "if an iteration failed, --solver dense factorises it; a stabilising term or "
         "--damping MU makes it better conditioned; functions that cancel less leave "
         "more digits",
         "the linear system with the Jacobian could not be solved to the accuracy asked "
         "for, so that it may be singular",
         "if an iteration failed, --solver dense factorises it; equations that cancel less "
         "leave more digits"},
    [IMPLICIT_NO_MEMORY] = {"no_memory", "there is not enough memory", "--solver cg needs less", NULL,
                            "--solver gmres needs less"},
    [IMPLICIT_CALLBACK_FAILED] = {"callback_failed", "the model could not be evaluated", "", NULL, NULL},
    [IMPLICIT_REFUSED] = {"refused", "the options or the bounds are wrong", "", NULL, NULL},
};

const char *implicit_status_name(implicit_status status) {
  return table[status].name;
}

const char *implicit_hypothesis(implicit_status status, bool root) {
  const words *of = &table[status];
  return root && of->of_root ? of->of_root : of->hypothesis;
}

const char *implicit_advice(implicit_status status, bool root) {
  const words *of = &table[status];
  return root && of->advice_for_root ? of->advice_for_root : of->advice;
}

bool implicit_has_derivatives(implicit_status status) {
  return status <= IMPLICIT_LEAST_NORM;
}
