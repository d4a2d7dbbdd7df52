/* One compilation: the passes in their order. */
#include "compiler/session.h"
#include "compiler/session_inside.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Every entry point that may allocate runs under an escape: memory that runs out ends it, and the session. */
#define GUARDED(with, otherwise)                                                                                       \
  do {                                                                                                                 \
    if ((with)->exhausted) return otherwise;                                                                           \
    arena_set_escape((with)->memory, &(with)->escape);                                                                 \
    if (setjmp((with)->escape)) {                                                                                      \
      (with)->exhausted = true;                                                                                        \
      return otherwise;                                                                                                \
    }                                                                                                                  \
  } while (0)

static const char *const stage_names[] = {"parse",       "check",          "lower", "searches", "hoist",   "share",
                                          "first-store", "propagate",      "fuse",  "adjoint",  "tangent", "products",
                                          "dead",        "rename-results", "emit",  "tcc",      NULL};

const char *const *session_stages(void) {
  return stage_names;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Adds the time since the last mark to a stage. */
static void mark(session *with, const char *stage) {
  double time = now();
  for (int k = 0; stage_names[k]; k++)
    if (strcmp(stage_names[k], stage) == 0) {
      with->times[k].stage = stage_names[k];
      with->times[k].seconds += time - with->since;
    }
  with->since = time;
}

static bool dumps(const session *with, const char *stage) {
  return with->dump_after && strcmp(with->dump_after, stage) == 0;
}

/* Ends a pass: its time, its dump, and in checked builds its invariants. */
kernel_program *session_pass(session *with, const char *stage, kernel_program *program) {
  mark(with, stage);
  if (dumps(with, stage)) kernel_write(program, &with->dump);
#ifdef ADJOIN_CHECKED
  const char *broken = kernel_verify(program);
  if (broken) {
    with->internal = true;
    diagnose(with->report, CODE_INTERNAL, (span){0, 0}, "internal error after '%s' of %s: %s", stage, program->name,
             broken);
  }
#endif
  with->since = now();
  return program;
}

/* The base name of a path without its ending, made a name of the language. */
static const char *name_of_path(arena *memory, const char *path) {
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *point = strrchr(base, '.');
  char *name = arena_copy(memory, base, point && point > base ? (size_t)(point - base) : strlen(base));
  for (char *at = name; *at; at++)
    if (!isalnum((unsigned char)*at)) *at = '_';
  return isdigit((unsigned char)*name) || !*name ? arena_format(memory, "model_%s", name) : name;
}

static void open_stages(session *with, const char *path, const char *name, const char *given, size_t length,
                        const fixed_extent *fixed, int fixed_count, const char *dump_after) {
  GUARDED(with, );
  if (dump_after) with->dump_after = arena_copy(with->memory, dump_after, strlen(dump_after));
  with->since = now();
  with->from = source_create(with->memory, path, given, length);
  with->report = diagnostics_create(with->memory, with->from);
  with->dump = text_create(with->memory);
  name = name ? arena_copy(with->memory, name, strlen(name)) : name_of_path(with->memory, path);
  const ast_model *tree = parse(with->memory, with->from, with->report);
  mark(with, "parse");
  if (!tree) return;
  if (dumps(with, "parse")) ast_write(tree, &with->dump);
  with->dag = scalar_dag_create(with->memory);
  with->since = now();
  with->model = check(with->memory, with->dag, with->from, tree, name, fixed, fixed_count, with->report);
  mark(with, "check");
  if (!with->model) return;
  if (dumps(with, "check")) tensor_program_write(with->model, &with->dump);
  with->since = now();
  with->lowered = lower_begin(with->memory, with->model, with->report);
  mark(with, "lower");
}

session *session_open(const char *path, const char *name, const char *given, size_t length, const fixed_extent *fixed,
                      int fixed_count, const char *dump_after) {
  session *with = calloc(1, sizeof *with);
  if (!with) return NULL;
  with->memory = arena_create();
  if (!with->memory) {
    free(with);
    return NULL;
  }
  open_stages(with, path, name, given, length, fixed, fixed_count, dump_after);
  return with;
}

void session_close(session *with) {
  if (!with) return;
  arena_release(with->memory);
  free(with);
}

bool session_failed(const session *of) {
  return of->exhausted || of->internal || of->report->error_count > 0;
}

bool session_exhausted(const session *of) {
  return of->exhausted;
}

bool session_internal(const session *of) {
  return of->internal;
}

typedef void diagnostics_writer(const diagnostics *from, text *out);

/* NULL when memory runs out; so is write_status. */
static const char *write_diagnostics(session *of, diagnostics_writer *write) {
  GUARDED(of, NULL);
  text out = text_create(of->memory);
  write(of->report, &out);
  return out.data;
}

/* What is said when there is no memory to say more. */
static const char exhausted_text[] = "error: out of memory\n";
static const char exhausted_json[] =
    "{\"file\": null, \"begin\": null, \"end\": null, \"line\": null, \"column\": null, \"endLine\": null, "
    "\"endColumn\": null, \"severity\": \"error\", \"code\": \"memory\", \"message\": \"out of memory\", "
    "\"hint\": null, \"notes\": [], \"fix\": null}\n";

const char *session_diagnostics(session *of) {
  const char *written = write_diagnostics(of, diagnostics_write);
  return written ? written : exhausted_text;
}

const char *session_diagnostics_json(session *of) {
  const char *written = write_diagnostics(of, diagnostics_write_json);
  return written ? written : exhausted_json;
}

const diagnostics *session_reported(const session *of) {
  return of->report;
}

void session_forget_reported(session *of) {
  of->report->list.count = of->report->error_count = of->report->unlisted = 0;
}

const char *session_dump(session *of) {
  return of->exhausted ? "" : of->dump.data;
}

const tensor_program *session_model(const session *of) {
  return of->model;
}

const kernel_program *session_program(const session *of, int function) {
  return of->functions.items[function].program;
}

const kink_list *session_kinks(const session *of) {
  return &of->kinks;
}

const stage_time *session_times(const session *of, int *count) {
  *count = SESSION_STAGES;
  return of->times;
}

static const char *const *copied_names(session *with, const char *const *names, int count) {
  const char **made = arena_array(with->memory, const char *, count + 1);
  for (int k = 0; k < count; k++) made[k] = arena_copy(with->memory, names[k], strlen(names[k]));
  return made;
}

/* A request whose names live as long as the session. */
static request copied(session *with, const request *from) {
  request made = *from;
  made.name = from->name ? arena_copy(with->memory, from->name, strlen(from->name)) : NULL;
  made.read = copied_names(with, from->read, from->read_count);
  made.along = copied_names(with, from->along, from->along_count);
  return made;
}

int session_request(session *with, const request *wanted) {
  GUARDED(with, -1);
  if (session_failed(with)) return -1;
  with->since = now();
  emitted_function made = {.wanted = copied(with, wanted)};
  if (!session_derive(with, &made.wanted, &made) || session_failed(with)) return -1;
  list_push(with->memory, &with->functions, made);
  return with->functions.count - 1;
}

/* Start values and bounds, for the self-test's draws: a function for each that an input has. */
static void derive_bounds(session *of, emission *into) {
  LIST(emitted_function) made = {0};
  static const request_kind kinds[] = {REQUEST_START, REQUEST_LOWER, REQUEST_UPPER};
  for (int k = 0; k < of->model->inputs.count; k++)
    for (int which = 0; which < 3; which++) {
      const input *from = &of->model->inputs.items[k];
      if (!(which == 0 ? from->start : which == 1 ? from->lower : from->upper)) continue;
      request wanted = {.kind = kinds[which], .read = &from->name, .read_count = 1};
      emitted_function function = {.wanted = wanted};
      if (session_derive(of, &wanted, &function)) list_push(of->memory, &made, function);
    }
  into->bounds = made.items;
  into->bound_count = made.count;
}

static emission emission_of(session *of, int first, const emission_form *how) {
  emission made = {.model = of->model,
                   .module = of->lowered->module,
                   .functions = of->functions.items + first,
                   .function_count = of->functions.count - first,
                   .prefix = how->prefix ? how->prefix : of->model->name,
                   .version = ADJOIN_VERSION,
                   .real_float = how->real_float,
                   .batched = how->batched,
                   .problem = how->problem,
                   .solvers_apart = how->solvers_apart,
                   .lines = how->lines,
                   .self_test = how->self_test,
                   .fixed = how->fixed,
                   .fixed_count = how->fixed_count,
                   .header_file = how->header_file,
                   .source_file = how->source_file};
  if (how->self_test) derive_bounds(of, &made);
  return made;
}

/* A search takes its arrays as they lie, entry behind entry, which they do not when evaluations stand side by side. */
static bool can_emit(session *of, const emission_form *how) {
  for (int k = 0; how->batched && k < of->functions.count; k++) {
    const statement *search = find_search(&of->functions.items[k].program->body);
    if (!search) continue;
    diagnose(of->report, CODE_SEARCH_BATCHED, search->where,
             "a search can't be made for many evaluations side by side");
    diagnose_hint(of->report, "leave --batch out: many evaluations are then many calls");
    return false;
  }
  return true;
}

static const char *emit_alone(session *of, const emission_form *how, void (*emit)(const emission *what, text *out)) {
  GUARDED(of, NULL);
  if (session_failed(of) || !can_emit(of, how)) return NULL;
  emission what = emission_of(of, 0, how);
  text out = text_create(of->memory);
  emit(&what, &out);
  if (dumps(of, "emit")) text_append(&of->dump, out.data);
  return session_failed(of) ? NULL : out.data;
}

const char *session_emit_header(session *of, const emission_form *how) {
  return emit_alone(of, how, emit_header);
}

const char *session_emit_python(session *of, const emission_form *how) {
  return emit_alone(of, how, emit_python);
}

bool session_emit_pair(session *of, const emission_form *how, const char **header_text, const char **source_text) {
  GUARDED(of, false);
  if (session_failed(of) || !can_emit(of, how)) return false;
  emission what = emission_of(of, 0, how);
  text declarations = text_create(of->memory), definitions = text_create(of->memory);
  emit_pair(&what, &declarations, &definitions);
  if (dumps(of, "emit")) text_append(&of->dump, arena_format(of->memory, "%s%s", declarations.data, definitions.data));
  *header_text = declarations.data;
  *source_text = definitions.data;
  return !session_failed(of);
}

const char *session_emit_solvers(session *of, bool real_float) {
  GUARDED(of, NULL);
  bool needed = false;
  for (int k = 0; k < of->functions.count; k++) needed = needed || find_search(&of->functions.items[k].program->body);
  if (!needed) return NULL;
  text out = text_create(of->memory);
  emit_solvers(real_float, &out);
  return out.data;
}

void session_choose_real(session *of, bool real_float) {
  if (of->real_float != real_float) of->jit_text = NULL;
  of->real_float = real_float;
}

const char *session_jit_text(session *of, int first) {
  GUARDED(of, NULL);
  if (session_failed(of)) return NULL;
  if (of->jit_text && of->jit_first == first && of->jit_end == of->functions.count) return of->jit_text;
  of->since = now();
  emission what = emission_of(of, first, &(emission_form){.real_float = of->real_float});
  text out = text_create(of->memory);
  emit_for_jit(&what, &out);
  mark(of, "emit");
  if (dumps(of, "emit")) text_append(&of->dump, out.data);
  of->jit_first = first;
  of->jit_end = of->functions.count;
  return of->jit_text = out.data;
}

jit_code *session_compile(session *of, int first) {
  const char *code = session_jit_text(of, first);
  if (!code) return NULL;
  GUARDED(of, NULL);
  of->since = now();
  text errors = text_create(of->memory);
  jit_code *made = jit_compile(code, &errors);
  mark(of, "tcc");
  if (!made && !errors.length) of->exhausted = true;
  if (!made && errors.length) {
    of->internal = true;
    diagnose(of->report, CODE_INTERNAL, (span){0, 0}, "internal error: libtcc refused the generated code: %s",
             errors.data);
  }
  return made;
}

diagnostics *session_check(const session *of, int status, arena *memory) {
  const kernel_module *module = of->lowered->module;
  diagnostics *one = diagnostics_create(memory, of->from);
  if (status < 1 || status > module->checks.count) {
    diagnose(one, CODE_INTERNAL, (span){0, 0}, "internal error: unknown status %d", status);
  } else {
    const check_message *failed = &module->checks.items[status - 1];
    diagnose(one, failed->code, failed->where, "%s", failed->message);
  }
  return one;
}

bool session_is_search(const session *of, int status) {
  const kernel_module *module = of->lowered->module;
  return status >= 1 && status <= module->checks.count && module->checks.items[status - 1].code == CODE_SEARCH_FAILED;
}

static const char *write_status(session *of, int status, const char *hint, diagnostics_writer *write) {
  GUARDED(of, NULL);
  text out = text_create(of->memory);
  diagnostics *one = session_check(of, status, of->memory);
  if (hint) diagnose_hint(one, "%s", hint);
  write(one, &out);
  return out.data;
}

/* The loops around the first search with this check that has so many; false: there is none. */
static bool find_loops(const statement_list *list, int check, int count, int around, const axis **loops) {
  for (int k = 0; k < list->count; k++) {
    const statement *at = list->items[k];
    bool search = at->kind == STATEMENT_IMPLICIT;
    if (search && at->stores.items[SEARCH_UNKNOWN].check == check && around == count) return true;
    for (int n = 0; n < at->axes.count && around + n < ITERATION_ROOM; n++)
      loops[around + n] = search ? NULL : &at->axes.items[n];
    if (find_loops(&at->body, check, count, around + at->axes.count, loops)) return true;
  }
  return false;
}

/* What a derivative adds are loops that run once. */
static bool is_of_model(const session *of, const axis *loop) {
  int64_t upper;
  return loop && !(scalar_is_whole(of->dag, loop->upper, &upper) && upper <= 1);
}

const char *session_iteration(session *of, int function, int status, const double *work) {
  GUARDED(of, NULL);
  if (!session_is_search(of, status) || of->real_float) return NULL;
  const axis *loops[ITERATION_ROOM] = {NULL};
  int check = status, count = (int)work[0];
  while (session_is_search(of, check - 1) && status - check < SEARCH_FAILURES - 1) check--;
  text out = text_create(of->memory);
  bool found = false;
  for (; !found && check <= status; check++)
    found = find_loops(&of->functions.items[function].program->body, check, count, 0, loops);
  for (int k = 0; found && k < count && k < ITERATION_ROOM - 1; k++) {
    if (!is_of_model(of, loops[k])) continue;
    text_format(&out, "%s%s = %.0f", out.length ? ", " : "at ", scalar_index_name(of->dag, loops[k]->index),
                work[k + 1]);
  }
  return out.length ? out.data : NULL;
}

const char *session_status(session *of, int status, const char *hint) {
  const char *written = write_status(of, status, hint, diagnostics_write);
  return written ? written : exhausted_text;
}

const char *session_status_json(session *of, int status, const char *hint) {
  const char *written = write_status(of, status, hint, diagnostics_write_json);
  return written ? written : exhausted_json;
}
