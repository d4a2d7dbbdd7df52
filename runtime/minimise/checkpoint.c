#include "runtime/minimise/checkpoint.h"
#include "runtime/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "adjoinCP";
static const uint64_t VERSION = 1; /* of what is kept, by all methods together */
enum { WORD = 8, NAME = 24, HEADER = 2 * WORD + NAME + CHECKPOINT_TRAITS * WORD };

/* ---- what tells runs apart ---- */

static const char *const others[CHECKPOINT_TRAITS] = {
    "the checkpoint is of another problem: its functions or data are others",
    "the checkpoint is of a problem with another number of entries",
    "the checkpoint is of a problem with another number of residuals",
    "in the checkpoint, another number of entries is free",
    "in the checkpoint, other entries are free",
    "in the checkpoint, the frozen entries have other values",
    "in the checkpoint, the bounds are others",
    "the checkpoint was made with another step rule",
    "the checkpoint was made with another step",
    "the checkpoint was made with another momentum",
    "the checkpoint was made with another beta1",
    "the checkpoint was made with another beta2",
    "the checkpoint was made with another epsilon",
    "the checkpoint was made with another weight decay",
    "the checkpoint was made with another memory",
    "the checkpoint was made with another seed",
    "the checkpoint was made with another number of starts",
};

static uint64_t bits_of(double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

static uint64_t hash_of_frozen(const minimiser *m) {
  uint64_t hash = HASH_START;
  for (size_t k = 0, free_entry = 0; k < m->set.size; k++) {
    if (free_entry < m->set.count && free_set_place(&m->set, free_entry) == k)
      free_entry++;
    else
      hash = hash_bytes(hash, &m->best[k], sizeof *m->best);
  }
  return hash;
}

static uint64_t hash_of_bounds(const minimiser *m) {
  uint64_t hash = HASH_START;
  for (size_t k = 0; m->set.bounded && k < m->set.count; k++) {
    size_t place = free_set_place(&m->set, k);
    if (m->set.lower) hash = hash_bytes(hash, &m->set.lower[place], sizeof *m->set.lower);
    if (m->set.upper) hash = hash_bytes(hash, &m->set.upper[place], sizeof *m->set.upper);
  }
  return hash;
}

void checkpoint_begin(minimiser *m, checkpoint *into) {
  const minimise_options *options = m->options;
  const free_set *set = &m->set;
  const uint64_t traits[CHECKPOINT_TRAITS] = {
      options->identity,
      set->size,
      m->problem->residual ? m->problem->residual_count : 0,
      set->count,
      set->index ? hash_bytes(HASH_START, set->index, set->count * sizeof *set->index) : 0,
      hash_of_frozen(m),
      hash_of_bounds(m),
      (uint64_t)options->step_rule,
      bits_of(options->step),
      bits_of(options->momentum),
      bits_of(options->beta1),
      bits_of(options->beta2),
      bits_of(options->epsilon),
      bits_of(options->weight_decay),
      options->memory,
      options->seed,
      options->starts > 1 ? options->starts : 1,
  };
  *into = (checkpoint){0};
  memcpy(into->traits, traits, sizeof traits);
  m->saved = into;
}

void checkpoint_keep_run(minimiser *m) {
  minimise_result *result = m->result;
  double *const reals[] = {&m->far,    &m->first_size, &m->first_gradient, &m->least_f, &m->least_gradient,
                           &m->change, &result->f,     &result->grad_inf};
  size_t *const wholes[] = {&m->idle,
                            &m->idle_since,
                            &result->iterations,
                            &result->evaluations.value,
                            &result->evaluations.gradient,
                            &result->evaluations.product};
  for (size_t k = 0; k < sizeof reals / sizeof *reals; k++) minimiser_keep_real(m, reals[k]);
  for (size_t k = 0; k < sizeof wholes / sizeof *wholes; k++) minimiser_keep_wholes(m, wholes[k], 1, SIZE_MAX);
  minimiser_keep_wholes(m, &m->met, 1, 2);
}

/* ---- writing ---- */

/* 0: too large. */
static size_t size_of(const minimiser *m) {
  size_t words = HEADER / WORD + 1 + m->set.count, most = SIZE_MAX / WORD;
  for (size_t k = 0; k < m->kept_count; k++) {
    if (m->kept[k].count > most - words) return 0;
    words += m->kept[k].count;
  }
  return words * WORD;
}

static unsigned char *put(unsigned char *to, const void *bytes, size_t size) {
  if (size) memcpy(to, bytes, size);
  return to + size;
}

static unsigned char *put_header(const minimiser *m, unsigned char *to) {
  char name[NAME] = "";
  strncpy(name, m->method->name, NAME - 1);
  to = put(to, magic, WORD);
  to = put(to, &VERSION, WORD);
  to = put(to, name, NAME);
  return put(to, m->saved->traits, sizeof m->saved->traits);
}

static unsigned char *put_kept(unsigned char *to, const kept_numbers *of) {
  if (!of->limit) return put(to, of->vector ? *of->vector : of->numbers, of->count * sizeof(double));
  for (size_t k = 0; k < of->count; k++) to = put(to, &(uint64_t){((const size_t *)of->numbers)[k]}, WORD);
  return to;
}

void checkpoint_take(minimiser *m) {
  checkpoint *into = m->saved;
  if (!m->options->save) return;
  double began = minimiser_seconds(m);
  if (!into->bytes) {
    into->size = size_of(m);
    into->bytes = into->size ? malloc(into->size) : NULL;
    if (!into->bytes) {
      m->between_iterations = false;
      minimiser_end(m, END_NO_MEMORY);
      return;
    }
  }
  unsigned char *at = put_header(m, into->bytes);
  for (size_t k = 0; k < m->kept_count; k++) at = put_kept(at, &m->kept[k]);
  for (size_t k = 0; k < m->set.count; k++) {
    double best = free_set_nearest(&m->set, k, m->best[free_set_place(&m->set, k)]); /* a start may be elsewhere */
    at = put(at, &best, WORD);
  }
  into->is_new = true;
  double now = minimiser_seconds(m);
  into->next_copy = now + 9 * (now - began);
}

static bool save(minimiser *m) {
  const minimise_options *options = m->options;
  checkpoint *of = m->saved;
  double began = minimiser_seconds(m);
  put(of->bytes + of->size - WORD, &(uint64_t){hash_bytes(HASH_START, of->bytes, of->size - WORD)}, WORD);
  of->is_new = false;
  int status = options->save(options->save_user, of->bytes, of->size);
  double now = minimiser_seconds(m);
  of->next_save = now + fmax(options->save_every, 19 * (now - began));
  if (!status) return true;
  if (!m->over) m->result->callback = status;
  return minimiser_end(m, END_SAVE_FAILED);
}

void checkpoint_between_iterations(minimiser *m) {
  checkpoint *of = m->saved;
  if (!m->options->save) return;
  double now = minimiser_seconds(m);
  bool due = now >= of->next_save;
  if (due || now >= of->next_copy) checkpoint_take(m);
  if (due && !m->over) save(m);
}

void checkpoint_end(minimiser *m) {
  if (!m->saved) return;
  if (m->saved->is_new) save(m);
  free(m->saved->bytes);
  m->saved = NULL;
}

/* ---- reading ---- */

static uint64_t word_at(const unsigned char *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

static const unsigned char *name_in(const unsigned char *state) {
  return state + 2 * WORD;
}

const minimise_method *minimise_saved_method(const void *state, size_t size) {
  const unsigned char *bytes = state;
  if (size < HEADER || memcmp(bytes, magic, WORD) != 0 || name_in(bytes)[NAME - 1]) return NULL;
  return minimise_find((const char *)name_in(bytes));
}

/* Free vectors as they stand in a state. */
static bool is_between(const free_set *set, const unsigned char *entries) {
  for (size_t k = 0; k < set->count; k++, entries += WORD) {
    double x;
    memcpy(&x, entries, sizeof x);
    if (!isnan(x) && free_set_nearest(set, k, x) != x) return false;
  }
  return true;
}

static bool is_amount(const unsigned char *number) {
  double value;
  memcpy(&value, number, sizeof value);
  return value >= 0 && isfinite(value);
}

static bool numbers_in_range(const minimiser *m, const unsigned char *at) {
  for (size_t k = 0; k < m->kept_count; k++) {
    const kept_numbers *of = &m->kept[k];
    if (of->between && !is_between(&m->set, at)) return false;
    for (size_t i = 0; i < of->count; i++, at += WORD) {
      if (of->limit && word_at(at) >= of->limit) return false;
      if (of->amount && !is_amount(at)) return false;
    }
  }
  return is_between(&m->set, at);
}

/* Why this state can't be gone on from; NULL: it can. */
static const char *wrong(const minimiser *m, const unsigned char *state, size_t size) {
  if (size < WORD || memcmp(state, magic, WORD) != 0) return "this is no checkpoint";
  if (size < HEADER + WORD) return "the checkpoint is cut short";
  if (word_at(state + WORD) != VERSION)
    return "the checkpoint was written by another version of the program, or on another kind of machine";
  if (size % WORD || word_at(state + size - WORD) != hash_bytes(HASH_START, state, size - WORD))
    return "the checkpoint is damaged, or cut short";
  if (minimise_saved_method(state, size) != m->method) return "the checkpoint is of another method";
  const unsigned char *traits = name_in(state) + NAME;
  for (size_t k = 0; k < CHECKPOINT_TRAITS; k++) {
    if (word_at(traits + k * WORD) != m->saved->traits[k]) return others[k];
  }
  if (size != size_of(m)) return "the checkpoint is damaged: it has too many numbers, or too few";
  return numbers_in_range(m, state + HEADER) ? NULL : "the checkpoint is damaged: a number in it is out of range";
}

static const unsigned char *take_kept(const unsigned char *from, const kept_numbers *to) {
  void *numbers = to->vector ? *to->vector : to->numbers;
  if (!to->limit && to->count) memcpy(numbers, from, to->count * sizeof(double));
  for (size_t k = 0; to->limit && k < to->count; k++) ((size_t *)numbers)[k] = (size_t)word_at(from + k * WORD);
  return from + to->count * WORD;
}

bool checkpoint_resume(minimiser *m) {
  const unsigned char *state = m->options->resume;
  const char *why = wrong(m, state, m->options->resume_size);
  if (why) return minimiser_refuse(m, MINIMISE_NOT_RESUMED, why);
  const unsigned char *at = state + HEADER;
  for (size_t k = 0; k < m->kept_count; k++) at = take_kept(at, &m->kept[k]);
  for (size_t k = 0; m->met && k < m->set.count; k++, at += WORD)
    memcpy(&m->best[free_set_place(&m->set, k)], at, WORD);
  m->begun = m->result->iterations > 0;
  m->resuming = false;
  return true;
}
