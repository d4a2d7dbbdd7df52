/* Random and mutated models, compiled and checked. */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz.h"
#include "tests/runner/prepare.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- random models ---- */

static case_input drawn(arena *memory, random_stream *from, const char *name, int rank, int64_t rows, int64_t columns,
                        int whole_below) {
  case_input made = {name, {.rank = rank, .extents = {rows, columns}}};
  int64_t count = host_array_count(&made.value);
  made.value.entries = arena_array(memory, double, count + 1);
  for (int64_t k = 0; k < count; k++)
    made.value.entries[k] = whole_below ? (double)random_below(from, whole_below) : 1.5 * random_real(from);
  return made;
}

static binding_point *random_point(subject *of, random_stream *from) {
  int n = 1 + random_below(from, 4), m = 1 + random_below(from, 3);
  const struct {
    const char *name;
    int rank, rows, columns, below;
  } inputs[] = {
      {"x", 1, n, 0, 0},
      {"s", 0, 0, 0, 0},
      {"p", 1, m, 0, 0},
      {"A", 2, n, m, 0},
      {"k", 1, n, 0, m},
      {"rows.0.weight", 2, 3, m, 0},
      {"rows.0.bias", 1, 3, 0, 0},
      {"rows.3.weight", 2, 2, 3, 0},
      {"same.0.weight", 2, n, n, 0},
      {"same.0.bias", 1, n, 0, 0},
  };
  enum { INPUTS = sizeof inputs / sizeof *inputs };
  case_input *arrays = arena_array(of->memory, case_input, INPUTS);
  for (int k = 0; k < INPUTS; k++)
    arrays[k] =
        drawn(of->memory, from, inputs[k].name, inputs[k].rank, inputs[k].rows, inputs[k].columns, inputs[k].below);
  const char *why;
  binding_point *at = bind_inputs(of->memory, of->model, arrays, INPUTS, &why);
  if (!at) subject_fails(of, "%s", why);
  return at;
}

subject *open_random_model(arena *memory, uint64_t seed) {
  random_stream stream = {seed};
  const char *model = random_model(memory, &stream);
  subject *of = subject_open(memory, arena_format(memory, "random model %llu", (unsigned long long)seed), model, NULL);
  if (!of->model)
    subject_fails(of, "refused:\n%s", session_diagnostics(of->with));
  else
    subject_request_properties(of);
  subject_compile(of);
  if (of->failures) printf("%s\n", model);
  return of;
}

void check_random_model(subject *of, uint64_t seed) {
  random_stream stream = {~seed};
  for (int k = 0; k < 2 && of->code; k++) {
    binding_point *at = random_point(of, &stream);
    if (at) check_properties(of, at, false, false);
  }
  if (of->failures && of->code) printf("%s\n", of->model->from->text);
}

/* ---- mutated models ---- */

static const char *const pieces[] = {
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "\n",
    "=",
    "<",
    "if ",
    "@",
    "'",
    "^",
    "-",
    "//",
    "%",
    ":",
    "let ",
    "def f(a) = ",
    "sum[i] ",
    "max[i < 0] ",
    "x[i]",
    "n",
    "-1",
    "1e309",
    "nan",
    "inf",
    "99999999999999999999",
    "9223372036854775807",
    "0.5",
    "\"",
    "\\",
    "\xff",
    "\xc3\xa9",
    "dim ",
    "var ",
    "index ",
    "data ",
    "minimize ",
    "output ",
    "freeze ",
    " then ",
    " else ",
    "concat(",
    "reshape(",
    "zeros(",
    "range(",
    "i",
    "j < i",
    "not ",
    " and ",
    "#",
    "prod[i] ",
    "cumsum(",
    "stop_gradient(",
    "in [0, 1]",
    "argmin[x] ",
    "scan[t < n] ",
};

/* The place and length of a random word, or of nothing. */
static size_t word_at(const text *in, random_stream *from, size_t *length) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
  size_t at = in->length ? (size_t)random_below(from, (int)in->length) : 0;
  at += strcspn(in->data + at, letters);
  while (at > 0 && in->data[at - 1] && strchr(letters, in->data[at - 1])) at--;
  *length = strspn(in->data + at, letters);
  return at;
}

/* A word in place of another: what comes is often a model still. */
static text with_word_moved(const text *in, random_stream *from) {
  size_t old_length, new_length;
  size_t old = word_at(in, from, &old_length), new = word_at(in, from, &new_length);
  text made = text_create(in->memory);
  text_append_bytes(&made, in->data, old);
  text_append_bytes(&made, in->data + new, new_length);
  text_append(&made, in->data + old + old_length);
  return made;
}

/* A piece inserted, some bytes doubled, some bytes replaced by a piece, or some bytes removed. */
static text with_bytes_changed(const text *in, random_stream *from) {
  text made = text_create(in->memory);
  size_t at = in->length ? (size_t)random_below(from, (int)in->length) : 0;
  size_t length = (size_t)random_below(from, 12), left = in->length - at;
  if (length > left) length = left;
  int kind = random_below(from, 4);
  const char *piece = pieces[random_below(from, (int)(sizeof pieces / sizeof *pieces))];
  text_append_bytes(&made, in->data, at);
  if (kind == 0 || kind == 2) text_append(&made, piece);
  if (kind == 1) text_append_bytes(&made, in->data + at, length);
  text_append(&made, in->data + at + (kind >= 2 ? length : 0));
  return made;
}

static char *mutated(arena *memory, const char *model, random_stream *from) {
  text out = text_create(memory);
  text_append(&out, model);
  for (int round = 1 + random_below(from, 3); round > 0; round--)
    out = random_below(from, 3) ? with_word_moved(&out, from) : with_bytes_changed(&out, from);
  return out.data;
}

static void too_slow(int number) {
  (void)number;
  static const char words[] = "FAILED a mutated model takes longer than 20 s; it is in build/tests/hostile.adj\n";
  if (write(STDOUT_FILENO, words, sizeof words - 1) < 0) _exit(3);
  _exit(1);
}

/* A crash leaves the model behind. */
static void keep(const char *model) {
  FILE *file = fopen("build/tests/hostile.adj", "w");
  if (!file) return;
  fputs(model, file);
  fclose(file);
}

/* Inputs of three entries an axis; NULL where the model wants other shapes, or much memory. */
static binding_point *small_point(subject *of, const kernel_module *module, random_stream *from) {
  const tensor_program *model = of->model;
  int count = model->dimensions.count;
  int64_t *by_number = arena_array(of->memory, int64_t, count + 64);
  for (int d = 0; d < count + 64; d++) by_number[d] = 3;
  binding_point whole = {.extents = by_number};
  for (int k = 0; k < module->arrays.count; k++) {
    const array *described = &module->arrays.items[k];
    int64_t size = entries_at(&whole, module->dag, described->rank, described->extents);
    if (size < 0 || size > 2000) return NULL;
  }
  case_input *arrays = arena_array(of->memory, case_input, model->inputs.count + 1);
  for (int k = 0; k < model->inputs.count; k++) {
    const input *in = &model->inputs.items[k];
    int64_t size[16] = {0};
    if (in->rank > 16) return NULL;
    for (int along = 0; along < in->rank; along++)
      if (!whole_evaluate(model->dag, in->extents[along], by_number, &size[along])) return NULL;
    arrays[k] = drawn(of->memory, from, in->name, 0, 0, 0, in->role == ROLE_INDEX ? 3 : 0);
    arrays[k].value.rank = in->rank;
    for (int along = 0; along < in->rank; along++) arrays[k].value.extents[along] = size[along];
    int64_t entries = host_array_count(&arrays[k].value);
    arrays[k].value.entries = arena_array(of->memory, double, entries + 1);
    for (int64_t e = 0; e < entries; e++)
      arrays[k].value.entries[e] = in->role == ROLE_INDEX ? random_below(from, 3) : random_real(from);
  }
  const char *why;
  return bind_inputs(of->memory, model, arrays, model->inputs.count, &why);
}

static void run_small(subject *of, random_stream *from) {
  const kernel_module *module = of->functions.count ? of->functions.items[0].program->module : NULL;
  binding_point *at = module ? small_point(of, module, from) : NULL;
  for (int k = 0; at && k < of->functions.count; k++) {
    array_set seeds = seeds_of(of, k, at), results;
    run_everywhere(of, k, at, &seeds, &results);
  }
}

bool survives_mutation(arena *memory, const char *name, const char *model, uint64_t seed) {
  random_stream stream = {seed * 7919 + 17};
  const char *hostile = mutated(memory, model, &stream);
  keep(hostile);
  signal(SIGALRM, too_slow);
  alarm(20);
  subject *of = subject_open(memory, name, hostile, NULL);
  of->may_be_refused = true;
  if (session_internal(of->with) || session_exhausted(of->with) || (!of->model && !session_diagnostics(of->with)[0]))
    subject_fails(of, "refused without a good reason: %s", session_diagnostics(of->with));
  if (!*session_diagnostics(of->with) != !*session_diagnostics_json(of->with))
    subject_fails(of, "the diagnostics differ between text and JSON");
  if (of->model) subject_request_properties(of);
  if (of->model && !session_failed(of->with) && subject_compile(of)) run_small(of, &stream);
  alarm(0);
  bool good = !of->failures;
  if (!good) printf("--- mutation %llu:\n%s\n---\n", (unsigned long long)seed, hostile);
  subject_close(of);
  return good;
}
