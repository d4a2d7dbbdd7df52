/* Opening models; compiling and calling their functions (see machine.h). */
#include "compiler/cli/machine.h"

#include "runtime/file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More text than anyone writes; places in a text are 32-bit numbers. */
enum { LARGEST_MODEL = 1 << 28 };

exit_code session_report(session *of) {
  fputs(console_uses_json() ? session_diagnostics_json(of) : session_diagnostics(of), stderr);
  if (session_internal(of)) return EXIT_INTERNAL;
  return session_failed(of) ? EXIT_INPUT : EXIT_DONE;
}

exit_code model_open(console *with, const options *given, session **into) {
  array_error error;
  size_t length;
  *into = NULL;
  char *model = file_read(given->model_path, LARGEST_MODEL, &length, &error);
  if (!model) {
    complain("%s", error.message);
    return EXIT_INPUT;
  }
  *into = session_open(given->model_path, NULL, model, length, given->dims.items, given->dims.count, given->dump_after);
  free(model);
  if (!*into) {
    complain("out of memory");
    return EXIT_INPUT;
  }
  exit_code code = session_report(*into);
  if (code != EXIT_DONE && given->dump_after) text_append(&with->out, session_dump(*into));
  return code;
}

/* What libtcc refused, in a file that a report can go with. */
static void save_refused(console *with, const char *refused) {
  const char *folder = getenv("TMPDIR");
  char *path = arena_format(with->memory, "%s/adjoin-XXXXXX", folder && *folder ? folder : "/tmp");
  int descriptor = mkstemp(path);
  FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
  bool saved = file && fputs(refused, file) >= 0;
  if (file && fclose(file)) saved = false;
  if (saved)
    complain("this is an error of the compiler; the code that it made is in %s: please report it", path);
  else
    complain("this is an error of the compiler; the code that it made can't be saved in %s: %s", path, strerror(errno));
}

exit_code machine_compile(machine *into, console *with, session *from, const bound_model *inputs) {
  *into = (machine){.with = with, .from = from, .inputs = inputs};
  const char *code_text = session_jit_text(from, 0);
  if (code_text) into->code = session_compile(from, 0);
  if (into->code) return EXIT_DONE;
  exit_code code = session_report(from);
  if (code_text && !session_exhausted(from)) save_refused(with, code_text);
  return code == EXIT_DONE ? EXIT_INTERNAL : code;
}

void machine_release(machine *from) {
  jit_release(from->code);
  free(from->work);
  *from = (machine){0};
}

static bool reserve(machine *on, size_t size) {
  if (size <= on->work_size && on->work) return true;
  free(on->work);
  on->work = size > PTRDIFF_MAX / sizeof(double) ? NULL : malloc((size + 1) * sizeof(double));
  on->work_size = on->work ? size : 0;
  return on->work != NULL;
}

int machine_try(machine *on, int function, int64_t directions, const double *const *seeds, double *const *results) {
  on->inputs->arguments[on->inputs->argument_count] = (ptrdiff_t)directions;
  if (!reserve(on, jit_workspace(on->code, function)(on->inputs->arguments))) return -1;
  return jit_entry(on->code, function)(on->inputs->arguments, on->inputs->pointers, seeds, results, on->work);
}

exit_code machine_explain(const machine *on, int function, int status) {
  if (status < 0)
    complain("not enough memory for the workspace that these extents need");
  else
    fputs((console_uses_json() ? session_status_json : session_status)(
              on->from, status, function < 0 ? NULL : session_iteration(on->from, function, status, on->work)),
          stderr);
  return session_is_search(on->from, status) ? EXIT_NUMERICS : EXIT_INPUT;
}

bool machine_reserve(machine *on, int function) {
  on->inputs->arguments[on->inputs->argument_count] = 0;
  if (reserve(on, jit_workspace(on->code, function)(on->inputs->arguments))) return true;
  machine_explain(on, -1, -1);
  return false;
}

exit_code machine_run(machine *on, int function, int64_t directions, const double *const *seeds,
                      double *const *results) {
  int status = machine_try(on, function, directions, seeds, results);
  return status ? machine_explain(on, function, status) : EXIT_DONE;
}
