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

/* Random models are opened so many at once; of so many, one goes through the C compilers. */
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
  if (with->compilers && !compile_ahead(memory, subjects, runs, with->build)) into->failed++;
  for (int k = 0; k < count; k++) {
    check_prepared(cases[k]);
    count_subject(cases[k]->of, into);
    release(cases[k]);
  }
}

/* Some of them go through the C compilers too. */
static void run_random_batch(arena *memory, const options *with, jmp_buf *escape, int first, int count, totals *into) {
  int ahead = 0;
  subject *subjects[RANDOM_BATCH], *compiled[RANDOM_BATCH];
  for (int k = 0; k < count; k++) {
    subjects[k] = open_random_model(new_arena(escape), (uint64_t)(first + k));
    if (k % RANDOM_PER_COMPILED == 0 && subjects[k]->code) compiled[ahead++] = subjects[k];
  }
  const char *folder = arena_format(memory, "%s_%d", with->build, first); /* a loaded library's file must stay */
  if (with->compilers && !compile_ahead(memory, compiled, ahead, folder)) into->failed++;
  for (int k = 0; k < count; k++) {
    arena *own = subjects[k]->memory;
    check_random_model(subjects[k], (uint64_t)(first + k));
    count_subject(subjects[k], into);
    subject_close(subjects[k]);
    arena_release(own);
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
