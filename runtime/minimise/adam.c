/* Adam (Kingma and Ba 2015), and AdamW (Loshchilov and Hutter 2019), whose decay does not go through the means. */
#include "runtime/minimise/fixed_step.h"
#include "runtime/minimise/methods.h"

#include <math.h>

typedef struct {
  double *mean, *square; /* running means of g and of g^2 */
  bool decoupled;
} moments;

static void move(minimiser *m, void *memory, const minimise_point *at, double step, size_t t, double *next) {
  moments *of = memory;
  const minimise_options *options = m->options;
  double bias1 = 1 - pow(options->beta1, (double)t), bias2 = 1 - pow(options->beta2, (double)t);
  double decay = of->decoupled ? step * options->weight_decay : 0, added = of->decoupled ? 0 : options->weight_decay;
  for (size_t k = 0; k < m->set.count; k++) {
    double g = at->g[k] + added * at->x[k];
    of->mean[k] = options->beta1 * of->mean[k] + (1 - options->beta1) * g;
    of->square[k] = options->beta2 * of->square[k] + (1 - options->beta2) * g * g;
    double change = of->mean[k] / bias1, size = sqrt(of->square[k] / bias2) + options->epsilon;
    next[k] = at->x[k] - decay * at->x[k];
    if (change != 0 && size > 0) next[k] -= step * change / size;
  }
}

static void run(minimiser *m, bool decoupled) {
  moments of = {.mean = minimiser_zeros(m, m->set.count, 1), .decoupled = decoupled};
  of.square = of.mean ? minimiser_zeros(m, m->set.count, 1) : NULL;
  if (!of.square) return;
  minimiser_keep(m, &of.mean, m->set.count);
  minimiser_keep(m, &of.square, m->set.count);
  step_by_rule(m, &(fixed_step){.memory = &of, .step = 0.001, .move = move});
}

void minimise_adam(minimiser *m) {
  run(m, false);
}

void minimise_adamw(minimiser *m) {
  run(m, true);
}
