/* The case runner: tests/cases through the interpreter, libtcc and the C compilers; random and hostile models. */
#include "tests/fuzz/fuzz.h"
#include "tests/runner/ahead.h"
#include "tests/runner/prepare.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef LIST(const char *) path_list;

/* Random models come in batches; of so many, one goes through the C compilers. */
enum { RANDOM_BATCH = 100, RANDOM_PER_COMPILED = 20 };

typedef struct {
  bool compilers, accept;
  int random, hostile, first; /* how many models; the number of the first */
  const char *build, *data;
  path_list paths;
} options;

typedef struct {
  int passed, failed, skipped;
} totals;

static const char usage[] =
    "run [--no-compilers] [--accept] [--random N] [--hostile N] [--first K] [--build FOLDER] [FILE | FOLDER]...\n"
    "  Checks the cases in the files and folders: interpreted, by libtcc, gcc, g++ and nvcc.\n"
    "  --no-compilers  interpreted and by libtcc alone\n"
    "  --accept        replace expected texts (errors, dumps) by what came\n"
    "  --random N      checks N random models\n"
    "  --first K       numbers them from K on, to see one again\n"
    "  --hostile N     N mutations of the cases' models, which must not crash\n";

static void find_cases(arena *memory, const char *path, path_list *into) {
  struct stat about;
  if (stat(path, &about)) return;
  if (!S_ISDIR(about.st_mode)) {
    size_t length = strlen(path);
    if (length > 5 && !strcmp(path + length - 5, ".case")) list_push(memory, into, path);
    return;
  }
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, alphasort);
  for (int k = 0; k < count; k++) {
    if (entries[k]->d_name[0] != '.') find_cases(memory, arena_format(memory, "%s/%s", path, entries[k]->d_name), into);
    free(entries[k]);
  }
  if (count >= 0) free(entries);
}

static bool read_options(arena *memory, int count, char **arguments, options *into) {
  for (int k = 1; k < count; k++) {
    const char *word = arguments[k], *next = k + 1 < count ? arguments[k + 1] : NULL;
    if (!strcmp(word, "--no-compilers"))
      into->compilers = false;
    else if (!strcmp(word, "--accept"))
      into->accept = true;
    else if (!strcmp(word, "--random") && next)
      into->random = atoi(arguments[++k]);
    else if (!strcmp(word, "--hostile") && next)
      into->hostile = atoi(arguments[++k]);
    else if (!strcmp(word, "--first") && next)
      into->first = atoi(arguments[++k]);
    else if (!strcmp(word, "--build") && next)
      into->build = arguments[++k];
    else if (word[0] == '-')
      return false;
    else
      find_cases(memory, word, &into->paths);
  }
  return true;
}

static arena *new_arena(jmp_buf *escape) {
  arena *memory = arena_create();
  if (!memory) longjmp(*escape, 1);
  arena_set_escape(memory, escape);
  return memory;
}

static void count_subject(const subject *of, totals *into) {
  if (of->failures)
    into->failed++;
  else
    into->passed++;
}

static void release(prepared_case *from) {
  arena *memory = from->of->memory;
  subject_close(from->of);
  arena_release(memory);
}

/* All cases are opened first, so that the compilers see few, large files. */
static void run_cases(arena *memory, const options *with, jmp_buf *escape, totals *into) {
  int count = with->paths.count, runs = 0;
  prepared_case **cases = arena_array(memory, prepared_case *, count + 1);
  subject **subjects = arena_array(memory, subject *, count + 1);
  for (int k = 0; k < count; k++) {
    cases[k] = prepare_case(new_arena(escape), with->paths.items[k], with->data, with->accept);
    if (cases[k]->runs) subjects[runs++] = cases[k]->of;
  }
  if (with->compilers && !compile_ahead(memory, subjects, runs, with->build, true)) into->failed++;
  for (int k = 0; k < count; k++) {
    check_prepared(cases[k]);
    count_subject(cases[k]->of, into);
    release(cases[k]);
  }
}

static void finish_random_model(subject *of, uint64_t seed, totals *into) {
  arena *own = of->memory;
  check_random_model(of, seed);
  count_subject(of, into);
  subject_close(of);
  arena_release(own);
}

/* Those that go through the C compilers are opened first; of the others, each is gone before the next one comes. */
static void run_random_batch(arena *memory, const options *with, jmp_buf *escape, int first, int count, totals *into) {
  enum { COMPILED = (RANDOM_BATCH + RANDOM_PER_COMPILED - 1) / RANDOM_PER_COMPILED };
  int ahead = 0;
  subject *opened[COMPILED], *compiled[COMPILED];
  for (int k = 0; k < count; k += RANDOM_PER_COMPILED) {
    subject *of = opened[k / RANDOM_PER_COMPILED] = open_random_model(new_arena(escape), (uint64_t)(first + k));
    if (of->code) compiled[ahead++] = of;
  }
  const char *folder = arena_format(memory, "%s_%d", with->build, first); /* a loaded library's file must stay */
  if (with->compilers && !compile_ahead(memory, compiled, ahead, folder, true)) into->failed++;
  for (int k = 0; k < count; k++) {
    uint64_t seed = (uint64_t)(first + k);
    subject *of =
        k % RANDOM_PER_COMPILED ? open_random_model(new_arena(escape), seed) : opened[k / RANDOM_PER_COMPILED];
    finish_random_model(of, seed, into);
  }
}

static void run_random(arena *memory, const options *with, jmp_buf *escape, totals *into) {
  for (int done = 0; done < with->random; done += RANDOM_BATCH) {
    int left = with->random - done, count = left < RANDOM_BATCH ? left : RANDOM_BATCH;
    run_random_batch(memory, with, escape, with->first + done, count, into);
  }
}

static void run_hostile(const options *with, jmp_buf *escape, totals *into) {
  if (!with->hostile || !with->paths.count) return;
  for (int k = with->first; k < with->first + with->hostile; k++) {
    arena *memory = new_arena(escape);
    const char *path = with->paths.items[k % with->paths.count];
    const test_case *from = case_read(memory, path, with->data);
    if (survives_mutation(memory, path, from->model ? from->model : "", (uint64_t)k))
      into->passed++;
    else
      into->failed++;
    arena_release(memory);
  }
}

int main(int count, char **arguments) {
  static jmp_buf escape;
  options with = {.compilers = true, .build = "build/tests/ahead", .data = "tests/data"};
  totals sum = {0};
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (setjmp(escape)) {
    fprintf(stderr, "out of memory\n");
    return 4;
  }
  arena *memory = new_arena(&escape);
  if (!read_options(memory, count, arguments, &with)) {
    fputs(usage, stderr);
    return 2;
  }
  if (with.hostile)
    run_hostile(&with, &escape, &sum);
  else if (with.random)
    run_random(memory, &with, &escape, &sum);
  else
    run_cases(memory, &with, &escape, &sum);
  printf("%s: %d passed, %d failed\n",
         with.hostile  ? "hostile models"
         : with.random ? "random models"
                       : "cases",
         sum.passed, sum.failed);
  arena_release(memory);
  return sum.failed > 0;
}
