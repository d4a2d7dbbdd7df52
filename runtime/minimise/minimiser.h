/* A run of a minimiser: what the methods share. Vectors are free ones (`set.count` long) unless said. Every function
 * that returns false has ended the run and said why; a method then returns. */
#ifndef ADJOIN_RUNTIME_MINIMISE_MINIMISER_H
#define ADJOIN_RUNTIME_MINIMISE_MINIMISER_H

#include "runtime/free_set.h"
#include "runtime/minimise.h"
#include <time.h>

/* Which test ended a run: its status and sentence are in a table. */
typedef enum {
  END_NONE, /* refused: the sentence is of what was wrong */
  END_SMALL_GRADIENT,
  END_NOTHING_FREE,
  END_ROUNDING,
  END_NO_DECREASE,
  END_ITERATIONS,
  END_EVALUATIONS,
  END_TIME,
  END_FAR_BELOW,
  END_MINUS_INFINITY,
  END_FAR_AWAY,
  END_START_NOT_FINITE,
  END_F_NOT_FINITE_AT_START,
  END_F_NOT_FINITE,
  END_GRADIENT_NOT_FINITE,
  END_PRODUCT_NOT_FINITE,
  END_JACOBIAN_NOT_FINITE,
  END_INTERRUPTED,
  END_NO_MEMORY,
  END_MODEL_FAILED,
  END_SAVE_FAILED,
  END_COUNT
} minimiser_ending;

/* Numbers that live from one iteration to the next, of eight bytes each: what a checkpoint is made of. */
typedef struct {
  void *numbers;   /* NULL: where `vector` points then */
  double **vector; /* methods swap their vectors */
  size_t count;
  uint64_t limit; /* whole numbers below it; 0: reals */
  bool between;   /* are the entries between the bounds? */
  bool amount;    /* a real: is it finite, and not negative? */
} kept_numbers;

enum { KEPT_AT_MOST = 40 };

typedef struct checkpoint checkpoint;
typedef struct many_starts many_starts;

typedef struct minimiser {
  const minimise_problem *problem;
  const minimise_options *options;
  minimise_result *result;
  free_set set;
  double *best;                   /* whole: the caller's x, or what took its place when a better point was met */
  size_t met;                     /* 1: some point was finite */
  double *whole, *whole_gradient; /* what the model reads and writes */
  double largest;                 /* |entry| of what it reads */
  double *whole_direction, *whole_product; /* likewise; NULL before the first product */
  unsigned char *moving;                   /* a byte an entry: is it off its active bounds? NULL: all are */
  double far;                              /* entries beyond this have left for infinity */
  double first_size;                       /* |f| at the start */
  double first_gradient;                   /* |projected gradient|_inf at the start */
  double least_f, least_gradient;          /* of minimiser_is_idle */
  size_t idle, idle_since;                 /* likewise: iterations, and the evaluations before them */
  double change;                           /* by the last iteration, of an entry */
  bool begun, over;
  bool resuming;           /* the state comes from a checkpoint, when the first iteration begins */
  bool between_iterations; /* is the state that of the end of one? */
  minimiser_ending ending;
  const minimise_method *method;
  void *blocks; /* all that was allocated, in a list */
  kept_numbers kept[KEPT_AT_MOST];
  size_t kept_count;
  checkpoint *saved;   /* NULL: nothing is saved */
  many_starts *starts; /* NULL: one */
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

/* Gives back what was allocated since `m->blocks` was `until`. */
void minimiser_release(minimiser *m, void *until);

/* Declares what the next iteration reads of the last: `count` numbers in a vector, which may be swapped for another
 * between iterations; a real number; whole numbers that all are below a limit. To be called before the first
 * iteration begins, in the same order in every run of the method on the same problem. Checkpoints then hold it, and a
 * run that is resumed finds it there. */
void minimiser_keep(minimiser *m, double **vector, size_t count);
void minimiser_keep_real(minimiser *m, double *number);
void minimiser_keep_amount(minimiser *m, double *number); /* a real that is finite, and not negative */
void minimiser_keep_wholes(minimiser *m, size_t *numbers, size_t count, size_t limit);

double minimiser_seconds(const minimiser *m); /* since the run began */

/* Allocates the point of the iterations and keeps it; gathers the start, moves it between the bounds and evaluates
 * there. A run that is resumed has its point once the first iteration begins. */
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

/* Of each ending. */
typedef struct {
  minimise_status status;
  const char *test;
} minimiser_ending_row;
extern const minimiser_ending_row minimiser_endings[END_COUNT];

/* Ends the run. The first end counts. Always false. */
bool minimiser_end(minimiser *m, minimiser_ending ending);

/* Likewise, where it can't begin. */
bool minimiser_refuse(minimiser *m, minimise_status status, const char *why);

/* Ends the run at a point where no step makes f smaller. Converged where f could not show the decrease, if
 * the gradient is small too: `promised` is what a full step would decrease f by were it quadratic. */
bool minimiser_no_progress(minimiser *m, const minimise_point *at, double promised);

/* Told of the point of each iteration: have the last ones brought neither a smaller f nor a smaller gradient? An
 * iteration goes along so many directions. */
bool minimiser_is_idle(minimiser *m, const minimise_point *at, size_t directions);

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
