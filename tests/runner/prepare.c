/* A case -> a subject ready to run, or a verdict where no code is needed (an expected error, a dump). */
#include "tests/runner/prepare.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

subject *subject_open(arena *memory, const char *name, const char *model, const test_case *from) {
  subject *made = arena_new(memory, subject);
  made->memory = memory;
  made->name = name;
  int fixed_count = from ? from->fixed.count : 0;
  fixed_extent *fixed = arena_array(memory, fixed_extent, fixed_count + 1);
  for (int k = 0; k < fixed_count; k++)
    fixed[k] = (fixed_extent){from->fixed.items[k].name, from->fixed.items[k].value};
  made->value = made->gradient = made->product = made->cut_product = made->jvp = made->vjp = made->kinks = -1;
  made->with =
      session_open("model.adj", "model", model, strlen(model), fixed, fixed_count, from ? from->dump_after : NULL);
  if (made->with && !session_failed(made->with)) made->model = session_model(made->with);
  return made;
}

void subject_close(subject *of) {
  jit_release(of->code);
  session_close(of->with);
}

bool subject_compile(subject *of) {
  if (of->failures || session_failed(of->with)) return false;
  of->code = session_compile(of->with, 0);
  if (of->code) return true;
  const char *path = "build/refused-by-libtcc.c";
  const char *code = session_jit_text(of->with, 0);
  FILE *file = code ? fopen(path, "w") : NULL;
  if (file) {
    fputs(code, file);
    fclose(file);
  }
  subject_fails(of, "libtcc refuses the code (saved in %s):\n%s", path, session_diagnostics(of->with));
  return false;
}

static const int *request_expectations(subject *of, const case_point *at) {
  int *functions = arena_array(of->memory, int, at->expectations.count + 1);
  for (int k = 0; k < at->expectations.count; k++) functions[k] = request_expectation(of, &at->expectations.items[k]);
  return functions;
}

/* Replaces what the case expects by what came: for a new case, to be read before it is kept. */
static void accept(arena *memory, const char *path, const char *expected, const char *got) {
  size_t length;
  char *whole = read_file(memory, path, &length);
  size_t kept = length - strlen(expected);
  FILE *file = whole ? fopen(path, "w") : NULL;
  if (!file) return;
  fwrite(whole, 1, kept, file);
  fputs(got, file);
  fclose(file);
  printf("accepted %s\n", path);
}

void compare_text(subject *of, const char *got, const char *expected) {
  if (!strcmp(got, expected)) return;
  if (of->accepting)
    accept(of->memory, of->name, expected, got);
  else
    subject_fails(of, "another text than expected:\n%s--- expected:\n%s", got, expected);
}

prepared_case *prepare_case(arena *memory, const char *path, const char *data, bool accepting) {
  prepared_case *made = arena_new(memory, prepared_case);
  test_case *from = made->from = case_read(memory, path, data);
  made->of = subject_open(memory, path, from->model ? from->model : "", from);
  subject *of = made->of;
  of->accepting = accepting;
  if (from->broken) {
    subject_fails(of, "%s", from->broken);
    return made;
  }
  made->functions = arena_array(memory, const int *, from->points.count + 1);
  bool wants_values = !from->error && !from->dump;
  if (of->model && wants_values) subject_request_properties(of);
  for (int p = 0; p < from->points.count && of->model; p++)
    made->functions[p] = request_expectations(of, &from->points.items[p]);
  if (from->error) {
    compare_text(of, session_diagnostics(of->with), from->error);
    check_fixes(of, from);
  } else if (from->dump) {
    compare_text(of, session_dump(of->with), from->dump);
  } else if (session_failed(of->with) || session_diagnostics(of->with)[0]) {
    subject_fails(of, "the model was refused:\n%s", session_diagnostics(of->with));
  } else {
    made->runs = subject_compile(of);
  }
  return made;
}

void check_prepared(prepared_case *from) {
  for (int p = 0; from->runs && p < from->from->points.count; p++)
    check_point(from->of, &from->from->points.items[p], from->functions[p]);
}
