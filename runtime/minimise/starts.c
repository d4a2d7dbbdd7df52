#include "runtime/minimise/starts.h"
#include "runtime/initial_weights.h"
#include "runtime/minimise/checkpoint.h"

#include <math.h>
#include <string.h>

enum { SPENT = 5 };

struct many_starts {
  size_t count, at, chosen; /* `at`: that runs; then how many were begun */
  double *first, *x;        /* free vectors: the start that is given, and the best point of all */
  /* Of each start: a minimiser_ending; f and grad_inf; iterations, evaluations and what a callback returned. */
  size_t *endings, *spent;
  double *reached;
};

size_t starts_number(const minimiser *m) {
  return m->starts ? m->starts->at : 0;
}

/* ---- where they start ---- */

static double drawn(const minimiser *m, size_t k) {
  const free_set *set = &m->set;
  size_t place = free_set_place(set, k), number = m->starts->at;
  double x = m->starts->first[k], reach = 2 * fmax(1, fabs(x));
  double lower = set->lower ? set->lower[place] : -INFINITY, upper = set->upper ? set->upper[place] : INFINITY;
  if (!isfinite(lower) || !isfinite(upper)) {
    x = fmin(fmax(x, lower), upper);
    lower = fmax(lower, x - reach);
    upper = fmin(upper, x + reach);
  }
  uint64_t seed = m->options->seed;
  uint32_t block[4];
  philox((const uint32_t[4]){(uint32_t)place, (uint32_t)((uint64_t)place >> 32), (uint32_t)number, 0x73746172u},
         (const uint32_t[2]){(uint32_t)seed, (uint32_t)(seed >> 32)}, block);
  double share = (philox_uniform(block[0], block[1]) + 1) / 2;
  return (1 - share) * lower + share * upper; /* their difference may overflow */
}

/* Puts the start into the caller's x. */
static void place_start(minimiser *m) {
  const minimise_options *options = m->options;
  free_set_scatter(&m->set, m->starts->first, m->whole);
  for (size_t k = 0; m->starts->at && k < m->set.count; k++) m->whole[free_set_place(&m->set, k)] = drawn(m, k);
  if (m->starts->at && options->draw) options->draw(options->draw_user, m->starts->at, m->whole);
  for (size_t k = 0; k < m->set.count; k++) {
    size_t place = free_set_place(&m->set, k);
    m->best[place] = m->whole[place];
  }
}

/* ---- how they end ---- */

/* The converged one, or else the one with the smaller f. */
static bool is_better(const many_starts *of, size_t one, size_t other) {
  bool converged = minimiser_endings[of->endings[one]].status == MINIMISE_CONVERGED;
  bool other_too = minimiser_endings[of->endings[other]].status == MINIMISE_CONVERGED;
  double f = of->reached[2 * one], f_other = of->reached[2 * other];
  if (converged != other_too) return converged;
  return f < f_other || (isnan(f_other) && !isnan(f));
}

static void record(many_starts *of, const minimiser *m) {
  const minimise_result *result = m->result;
  of->endings[of->at] = m->ending;
  of->reached[2 * of->at] = result->f;
  of->reached[2 * of->at + 1] = result->grad_inf;
  const size_t spent[SPENT] = {result->iterations, result->evaluations.value, result->evaluations.gradient,
                               result->evaluations.product, (size_t)result->callback};
  memcpy(of->spent + SPENT * of->at, spent, sizeof spent);
  if (of->at && !is_better(of, of->at, of->chosen)) return;
  of->chosen = of->at;
  if (m->met)
    free_set_gather(&m->set, m->best, of->x);
  else if (m->set.count)
    memcpy(of->x, of->first, m->set.count * sizeof *of->x);
}

static void read_record(const many_starts *of, size_t number, minimise_result *into) {
  const size_t *spent = of->spent + SPENT * number;
  into->status = minimiser_endings[of->endings[number]].status;
  into->test = minimiser_endings[of->endings[number]].test;
  into->f = of->reached[2 * number];
  into->grad_inf = of->reached[2 * number + 1];
  into->iterations = spent[0];
  into->evaluations.value = spent[1];
  into->evaluations.gradient = spent[2];
  into->evaluations.product = spent[3];
  into->callback = (int)spent[4];
  into->start = number;
  into->starts = of->at;
}

static void finish(minimiser *m, const many_starts *of) {
  free_set_scatter(&m->set, of->x, m->best);
  for (size_t k = 0; m->options->start_results && k < of->at; k++) {
    m->options->start_results[k] = *m->result;
    read_record(of, k, &m->options->start_results[k]);
  }
  read_record(of, of->chosen, m->result);
}

/* ---- all of them ---- */

static bool prepare(minimiser *m, many_starts *of) {
  size_t n = m->set.count;
  of->count = m->options->starts;
  of->first = minimiser_zeros(m, n, 1);
  of->x = of->first ? minimiser_zeros(m, n, 1) : NULL;
  of->endings = of->x ? (size_t *)minimiser_zeros(m, of->count, 1) : NULL;
  of->reached = of->endings ? minimiser_zeros(m, of->count, 2) : NULL;
  of->spent = of->reached ? (size_t *)minimiser_zeros(m, of->count, SPENT) : NULL;
  if (!of->spent) return false;
  free_set_gather(&m->set, m->best, of->first);
  minimiser_keep_wholes(m, &of->at, 1, of->count);
  minimiser_keep_wholes(m, &of->chosen, 1, of->count);
  minimiser_keep(m, &of->first, n);
  minimiser_keep(m, &of->x, n);
  minimiser_keep_wholes(m, of->endings, of->count, END_COUNT);
  minimiser_keep(m, &of->reached, 2 * of->count);
  minimiser_keep_wholes(m, of->spent, SPENT * of->count, SIZE_MAX);
  return true;
}

static void run_one(minimiser *m) {
  checkpoint_keep_run(m);
  m->method->run(m);
}

/* Ends that are not the start's own. */
static bool ends_all(minimiser_ending ending) {
  return ending == END_NONE || ending == END_INTERRUPTED || ending == END_TIME || ending == END_NO_MEMORY ||
         ending == END_SAVE_FAILED;
}

static void run_all(minimiser *m, many_starts *of) {
  do {
    place_start(m);
    minimiser one = *m;
    minimise_result result = *m->result;
    one.result = &result;
    run_one(&one);
    minimiser_release(&one, m->blocks);
    m->ending = one.ending;
    m->resuming = false;
    if (one.ending == END_NONE) {
      *m->result = result;
      return;
    }
    record(of, &one);
    of->at++;
  } while (!ends_all(m->ending) && of->at < of->count);
  finish(m, of);
}

void starts_run(minimiser *m) {
  many_starts of = {0};
  m->result->starts = 1;
  if (m->options->starts <= 1) {
    run_one(m);
    return;
  }
  m->starts = &of;
  if (prepare(m, &of)) run_all(m, &of);
}
