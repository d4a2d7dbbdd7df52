/* A run of a minimiser: what the methods share. Vectors are free ones (`set.count` long) unless said. Every function
 * that returns false has ended the run and said why; a method then returns. */
#ifndef ADJOIN_RUNTIME_MINIMISE_MINIMISER_H
#define ADJOIN_RUNTIME_MINIMISE_MINIMISER_H

#include "runtime/free_set.h"
#include "runtime/minimise.h"
#include <time.h>

typedef struct minimiser {
  const minimise_problem *problem;
  const minimise_options *options;
  minimise_result *result;
  free_set set;
  double *best;                   /* whole: the caller's x, or what took its place when a better point was met */
  bool met;                       /* was any finite point? */
  double *whole, *whole_gradient; /* what the model reads and writes */
  double largest;                 /* |entry| of what it reads */
  double *whole_direction, *whole_product; /* likewise; NULL before the first product */
  unsigned char *moving;                   /* a byte an entry: is it off its active bounds? NULL: all are */
  double far;                              /* entries beyond this have left for infinity */
  double first_size;                       /* |f| at the start */
  double first_gradient;                   /* |projected gradient|_inf at the start */
  double least_f, least_gradient;          /* of minimiser_is_idle */
  int idle;
  bool begun, over;
  void *blocks; /* all that was allocated, in a list */
  struct timespec began;
} minimiser;

typedef struct {
  double *x, *g;
  double f;
  double grad_inf; /* max |x - P(x - g)| over the free entries; nan where one is */
} minimise_point;

/* What the default of `step` is. */
double minimiser_step(const minimiser *m, double otherwise);

/* rows * columns zeros, given back when the run ends. NULL: ended. */
double *minimiser_zeros(minimiser *m, size_t rows, size_t columns);
bool minimiser_point(minimiser *m, minimise_point *point);

/* Gives back all that was allocated. */
void minimiser_release(minimiser *m);

double minimiser_seconds(const minimiser *m); /* since the run began */

/* Allocates the point, gathers the start, moves it between the bounds and evaluates there. */
bool minimiser_start(minimiser *m, minimise_point *at);

/* f, or f and g at x. What comes may be nan or infinite. */
bool minimiser_value(minimiser *m, const double *x, double *f);
bool minimiser_gradient(minimiser *m, minimise_point *at);

/* Told of f and g at the point whose x was evaluated last: finds its grad_inf, and whether it is the best. False: f has
 * no minimum there. */
bool minimiser_meet(minimiser *m, minimise_point *at);

/* H v at x. */
bool minimiser_product(minimiser *m, const double *x, const double *v, double *hv);

/* The residuals at x, J v and J'u there; residuals and u are residual_count long. */
bool minimiser_residual(minimiser *m, const double *x, double *residual);
bool minimiser_jvp(minimiser *m, const double *x, const double *v, double *jv);
bool minimiser_vjp(minimiser *m, const double *x, const double *u, double *ju);

/* The end of an iteration and, if it returns true, the beginning of the next: applies the stopping tests at the point,
 * `change` being the largest by which the iteration changed an entry. */
bool minimiser_goes_on(minimiser *m, const minimise_point *at, double change);

/* Ends the run. The first end counts. Always false. */
bool minimiser_end(minimiser *m, minimise_status status, const char *test);

/* Ends the run at a point where no step makes f smaller. Converged where f could not show the decrease, if
 * the gradient is small too: `promised` is what a full step would decrease f by were it quadratic. */
bool minimiser_no_progress(minimiser *m, const minimise_point *at, double promised);

/* Told of the point of each iteration: have the last ones brought neither a smaller f nor a smaller gradient? */
bool minimiser_is_idle(minimiser *m, const minimise_point *at);

/* Finds out which entries move: all but those that are within a small distance of a bound that -g pushes against. */
void minimiser_find_moving(minimiser *m, const minimise_point *at);
static inline bool minimiser_moves(const minimiser *m, size_t k) {
  return !m->moving || m->moving[k];
}

/* a'b over the entries that move. */
double minimiser_dot(const minimiser *m, const double *a, const double *b);

/* d := c u + a v on the entries that move, 0 on the others; d may be u. Returns w'd. One pass over the memory, for
 * large vectors. */
typedef struct {
  double c;
  const double *u;
  double a;
  const double *v, *w;
} combination;
double minimiser_combine(const minimiser *m, double *d, const combination *of);

/* Makes d point between the bounds: entries that do not move go to their bound, those at a bound do not leave it
 * outwards. Returns g'd. */
double minimiser_direct(const minimiser *m, const minimise_point *at, double *d);

/* max |a - b| */
double minimiser_distance(const minimiser *m, const double *a, const double *b);

#endif
