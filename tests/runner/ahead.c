/* Emitted headers -> shared libraries -> function pointers. Several subjects share a translation unit: compilers take
 * longer to start than to compile one of them, and headers must bear each other's company. */
#include "tests/runner/ahead.h"
#include "tests/runner/jobs.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Translation units per compiler, and how many subjects make another one worth its start. */
enum { UNITS_MOST = 4, SUBJECTS_PER_UNIT = 16 };

/* By tier. One without a library compiles and throws away. */
typedef struct {
  tier where;
  const char *name, *flags, *ending;
  bool library, optional;
  const char *headers; /* the folder of the headers that it includes: by the type of real numbers in them */
} compiler;

#define WARNINGS "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"

/* nvcc: the host's code is run. The device's code is made too, down to the machine's instructions: without -rdc, what
 * no kernel calls would be dropped. Nothing runs it, so no time goes into making it fast. */
#define CUDA                                                                                                           \
  "-x cu -O0 -fmad=false -rdc=true -Xcicc -O0 -Xptxas -O0 -Werror all-warnings -Xcompiler -fPIC,-ffp-contract=off "    \
  "-shared"

static const compiler compilers[] = {
    {TIER_GCC, "gcc", "-x c -std=c99 -O2 -ffp-contract=off -fPIC -shared " WARNINGS, "gcc.so", true, false, "double"},
    {TIER_GXX, "g++", "-x c++ -std=c++17 -O1 -ffp-contract=off -fPIC -shared " WARNINGS, "gxx.so", true, false,
     "double"},
    {TIER_SINGLE, "gcc", "-DREAL=float -x c -std=c99 -O1 -ffp-contract=off -fPIC -shared -Wdouble-promotion " WARNINGS,
     "single.so", true, false, "float"},
    {TIER_COUNT, "clang", "-x c -std=c99 -fsyntax-only " WARNINGS, "clang", false, true, "double"},
    {TIER_NVCC, "nvcc", CUDA, "nvcc.so", true, true, "double"},
};
enum { COMPILERS = sizeof compilers / sizeof *compilers };

typedef struct {
  arena *memory;
  subject *const *subjects;
  int count;
  const char *folder;
} batch;

static bool save(const char *path, const char *content) {
  FILE *file = fopen(path, "w");
  if (!file) return false;
  bool good = fputs(content, file) >= 0;
  return fclose(file) == 0 && good;
}

/* ---- the units ---- */

static bool has_block(const subject *of) {
  for (int k = 0; k < of->functions.count; k++)
    if (of->functions.items[k].wanted.block) return true;
  return false;
}

static int extent_count(const subject *of) {
  int *numbers;
  return free_extents(of->memory, of->model, &numbers) + has_block(of);
}

/* Structs are filled by position, so that no name of a member matters here. */
static void write_dims(const subject *of, int number, text *out) {
  int count = extent_count(of);
  text_format(out, "  const case_%d_dims dims = {", number);
  for (int k = 0; k < count; k++) text_format(out, "%sextents[%d]", k ? ", " : "", k);
  text_format(out, "%s};\n%s", count ? "" : "0", count ? "" : "  (void)extents;\n");
}

static void write_inputs(const subject *of, int number, text *out) {
  const tensor_program *model = of->model;
  text_format(out, "  const case_%d_inputs given = {", number);
  for (int k = 0; k < model->inputs.count; k++)
    text_format(out, "%s(const %s *)inputs[%d]", k ? ", " : "",
                model->inputs.items[k].role == ROLE_INDEX ? "int64_t" : "REAL", k);
  text_format(out, "%s};\n%s", model->inputs.count ? "" : "0", model->inputs.count ? "" : "  (void)inputs;\n");
}

static const char *result_name(const kernel_program *program, int k) {
  return program->module->arrays.items[program->results.items[k]].name;
}

/* The members of the struct of gradients: what any gradient function gives, in order of appearance. */
static void write_gradient(const subject *of, int number, int which, text *out) {
  LIST(const char *) members = {0};
  for (int f = 0; f < of->functions.count; f++) {
    const kernel_program *program = of->functions.items[f].program;
    if (of->functions.items[f].wanted.kind != REQUEST_GRADIENT) continue;
    for (int r = 1; r < program->results.count; r++) {
      bool known = false;
      for (int k = 0; k < members.count; k++) known |= !strcmp(members.items[k], result_name(program, r));
      if (!known) list_push(of->memory, &members, result_name(program, r));
    }
  }
  const kernel_program *program = of->functions.items[which].program;
  text_format(out, "  const case_%d_gradient gradient = {", number);
  for (int k = 0; k < members.count; k++) {
    int place = 0;
    for (int r = 1; r < program->results.count; r++)
      if (!strcmp(members.items[k], result_name(program, r))) place = r;
    if (place)
      text_format(out, "%sresults[%d]", k ? ", " : "", place);
    else
      text_format(out, "%s0", k ? ", " : "");
  }
  text_append(out, "};\n");
}

static void write_entry(const subject *of, int number, int which, text *out) {
  const kernel_program *program = of->functions.items[which].program;
  const request *wanted = &of->functions.items[which].wanted;
  bool gradient = wanted->kind == REQUEST_GRADIENT && program->results.count > 1;
  text_format(out,
              "int entry_%d_%d(const ptrdiff_t *extents, const void *const *inputs, const REAL *const *seeds,\n"
              "                REAL *const *results, REAL *work) {\n",
              number, which);
  write_dims(of, number, out);
  write_inputs(of, number, out);
  if (gradient) write_gradient(of, number, which, out);
  text_append(out, "  (void)seeds, (void)results;\n");
  text_format(out, "  return case_%d_%s(&dims, &given", number, wanted->name);
  for (int k = 0; k < program->seeds.count; k++) text_format(out, ", seeds[%d]", k);
  for (int k = 0; k < program->results.count && (k == 0 || !gradient); k++) text_format(out, ", results[%d]", k);
  text_format(out, "%s, work);\n}\n", gradient ? ", &gradient" : "");
}

static void write_subject(const subject *of, int number, text *out) {
  text_format(out, "#define CASE_%d_IMPLEMENTATION\n#include \"model_%d.h\"\n", number, number);
  text_append(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
  for (int k = 0; k < of->functions.count; k++) write_entry(of, number, k, out);
  text_format(out, "size_t workspace_%d(const ptrdiff_t *extents) {\n", number);
  write_dims(of, number, out);
  text_format(out, "  return case_%d_workspace(&dims);\n}\n", number);
  text_append(out, "#ifdef __cplusplus\n}\n#endif\n\n");
}

static bool write_header(const batch *with, int number, bool single) {
  subject *of = with->subjects[number];
  emission_form how = {.prefix = arena_format(with->memory, "case_%d", number), .real_float = single};
  const char *header = session_emit_header(of->with, &how);
  if (!header) {
    subject_fails(of, "no header:\n%s", session_diagnostics(of->with));
    return false;
  }
  const char *type = single ? "float" : "double";
  return save(arena_format(with->memory, "%s/%s/model_%d.h", with->folder, type, number), header);
}

static int unit_count(const batch *with) {
  int wanted = (with->count + SUBJECTS_PER_UNIT - 1) / SUBJECTS_PER_UNIT;
  return wanted < UNITS_MOST ? wanted : UNITS_MOST;
}

static const char *unit_path(const batch *with, int unit, const char *ending) {
  return arena_format(with->memory, "%s/unit_%d.%s", with->folder, unit, ending);
}

static bool write_unit(const batch *with, int unit) {
  text out = text_create(with->memory);
  text_append(&out, "#ifndef REAL\n#define REAL double\n#endif\n");
  for (int k = unit; k < with->count; k += unit_count(with)) write_subject(with->subjects[k], k, &out);
  return save(unit_path(with, unit, "c"), out.data);
}

/* ---- compiling and loading ---- */

static bool load(const batch *with, const compiler *by, int unit) {
  const char *path = unit_path(with, unit, by->ending);
  void *library = dlopen(strchr(path, '/') ? path : arena_format(with->memory, "./%s", path), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    printf("FAILED %s: %s\n", path, dlerror());
    return false;
  }
  for (int k = unit; k < with->count; k += unit_count(with)) {
    subject *of = with->subjects[k];
    native_functions *into = &of->native[by->where];
    into->entries = arena_array(with->memory, entry_function *, of->functions.count);
    into->workspaces = arena_array(with->memory, workspace_function *, of->functions.count);
    for (int f = 0; f < of->functions.count; f++) {
      /* POSIX lets a pointer from dlsym be one to a function; ISO C only by way of its bytes. */
      void *entry = dlsym(library, arena_format(with->memory, "entry_%d_%d", k, f));
      void *workspace = dlsym(library, arena_format(with->memory, "workspace_%d", k));
      memcpy(&into->entries[f], &entry, sizeof entry);
      memcpy(&into->workspaces[f], &workspace, sizeof workspace);
    }
  }
  return true;
}

/* A library takes its name when it is whole: one that is in use elsewhere is never written into. */
static void add_job(const batch *with, const compiler *by, int unit, job_list *jobs) {
  const char *from = unit_path(with, unit, "c"), *into = unit_path(with, unit, by->ending);
  const char *library =
      by->library ? arena_format(with->memory, "-o %s.part -lm && mv %s.part %s", into, into, into) : "";
  job made = {
      arena_format(with->memory, "%s %s -I%s/%s %s %s", by->name, by->flags, with->folder, by->headers, from, library),
      arena_format(with->memory, "%s.log", into), 0};
  list_push(with->memory, jobs, made);
}

static bool is_used(const batch *with, const compiler *by, bool all) {
  if (!all && by->where != TIER_GCC) return false;
  if (!by->optional || command_exists(with->memory, by->name)) return true;
  printf("no %s here: it is left out\n", by->name);
  return false;
}

bool compile_ahead(arena *memory, subject *const *subjects, int count, const char *folder, bool all) {
  batch with = {memory, subjects, count, folder};
  bool used[COMPILERS], good = true;
  job_list jobs = {0};
  if (!count) return true;
  const char *const folders[] = {folder, arena_format(memory, "%s/double", folder),
                                 arena_format(memory, "%s/float", folder)};
  for (int k = 0; k < 3; k++)
    if (mkdir(folders[k], 0777) && errno != EEXIST) return false;
  for (int k = 0; k < count; k++)
    good = write_header(&with, k, false) && (!all || write_header(&with, k, true)) && good;
  for (int unit = 0; unit < unit_count(&with); unit++) good = write_unit(&with, unit) && good;
  if (!good) return false;
  for (int c = COMPILERS - 1; c >= 0; c--) { /* the slowest first */
    used[c] = is_used(&with, &compilers[c], all);
    for (int unit = 0; used[c] && unit < unit_count(&with); unit++) add_job(&with, &compilers[c], unit, &jobs);
  }
  if (!run_jobs(jobs.items, jobs.count)) return false;
  for (int c = 0; c < COMPILERS; c++)
    for (int unit = 0; used[c] && compilers[c].library && unit < unit_count(&with); unit++)
      good = load(&with, &compilers[c], unit) && good;
  return good;
}
