/* Files of `adjoin emit` (see emit_files.h). */
#include "compiler/cli/emit_files.h"

#include "compiler/cli/machine.h"
#include "compiler/emit/emit.h"
#include "runtime/file.h"
#include <string.h>

/* The path without the ending of its base name, when `is` tells that it is one of ours. */
static const char *without_ending(console *with, const char *path, const char *const *endings) {
  const char *ending = file_ending(path);
  for (; *endings; endings++)
    if (!strcmp(ending, *endings)) return arena_copy(with->memory, path, strlen(path) - strlen(ending));
  return path;
}

static bool name_pair(console *with, const options *given, emit_files *into) {
  static const char *const endings[] = {".c", ".h", NULL};
  if (!given->output && given->dump_after) return true;
  if (!given->output) {
    complain("--target c makes two files, NAME.h and NAME.c: name them with -o NAME");
    return false;
  }
  const char *stem = without_ending(with, given->output, endings);
  if (!*file_base_name(stem)) {
    complain("--output: '%s' names a folder, not the files in it", given->output);
    return false;
  }
  if (strpbrk(file_base_name(stem), "\"\\\n\r")) {
    complain("--output: C can't include a file called '%s.h'", file_base_name(stem));
    return false;
  }
  into->header = arena_format(with->memory, "%s.h", stem);
  into->source = arena_format(with->memory, "%s.c", stem);
  return true;
}

/* Beside the header, which includes it by its name alone. */
static bool name_solvers(console *with, const options *given, emit_files *into) {
  if (!into->header) {
    complain("--with-solvers makes two files: name the header with -o FILE");
    return false;
  }
  const char *base = file_base_name(into->header), *name = emit_solvers_name(given->real_float);
  const char *folder = arena_copy(with->memory, into->header, strlen(into->header) - strlen(base));
  into->solvers = arena_format(with->memory, "%s%s", folder, name);
  return true;
}

/* -MD names the dependency file after the output, as compilers do: net.h -> net.d. */
static bool name_depfile(console *with, const options *given, emit_files *into) {
  const char *made[] = {given->model_path, into->header, into->source, into->solvers};
  if (!given->wants_depfile) return true;
  into->depfile = given->depfile;
  if (!into->header && (!given->depfile || !given->depfile_targets.count)) {
    complain(
        "a dependency file needs to know what depends: name the output with -o FILE, or give -MF FILE and -MT TARGET");
    return false;
  }
  if (!into->depfile) {
    const char *ending[] = {file_ending(into->header), NULL};
    into->depfile = arena_format(with->memory, "%s.d", without_ending(with, into->header, ending));
  }
  for (int k = 0; k < 4; k++) {
    if (!made[k] || depfile_can_name(made[k])) continue;
    complain("'%s' can't stand in a dependency file: make has no spelling for such a name", made[k]);
    return false;
  }
  return true;
}

/* No two of the files may be one, and none the model. */
static bool distinct(const options *given, const emit_files *files) {
  const char *const paths[] = {given->model_path, files->header, files->source, files->solvers, files->depfile};
  for (int k = 1; k < 5; k++)
    for (int other = 0; other < k; other++) {
      if (!paths[k] || !paths[other]) continue;
      if (strcmp(paths[k], paths[other]) && !file_is_same(paths[k], paths[other])) continue;
      complain("'%s' would be written over %s", paths[k], other == 0 ? "the model" : "another output");
      return false;
    }
  return true;
}

bool emit_name_files(console *with, const options *given, emit_files *into) {
  *into = (emit_files){.header = given->output};
  if (given->target == TARGET_C && !name_pair(with, given, into)) return false;
  if (given->with_solvers && !name_solvers(with, given, into)) return false;
  return name_depfile(with, given, into) && distinct(given, into);
}

static bool update(const char *path, const char *content) {
  array_error error;
  file_piece piece = {content, strlen(content)};
  if (file_update(path, &piece, 1, &error)) return true;
  complain("%s", error.message);
  return false;
}

/* Always written: where outputs keep their time, its own tells when they were last made sure of. */
static bool write_depfile(console *with, const options *given, const emit_files *files) {
  depfile_target outputs[] = {{files->header, false}, {files->source, false}};
  const depfile_target *targets = given->depfile_targets.items;
  int target_count = given->depfile_targets.count;
  if (!target_count) {
    targets = outputs;
    target_count = files->source ? 2 : 1;
  }
  text made = text_create(with->memory);
  depfile_write(targets, target_count, &given->model_path, 1, &made);
  array_error error;
  file_piece piece = {made.data, made.length};
  if (file_write(files->depfile, &piece, 1, &error)) return true;
  complain("%s", error.message);
  return false;
}

/* Before what includes it. */
static bool write_solvers(session *from, const options *given, const emit_files *files) {
  const char *content = files->solvers ? session_emit_solvers(from, given->real_float) : NULL;
  return !content || update(files->solvers, content);
}

static const char *base_name(const char *path) {
  return path ? file_base_name(path) : NULL;
}

exit_code emit_write_files(console *with, const options *given, session *from, const emit_files *files,
                           const bool *batched, const emitted_problem *problem) {
  emission_form how = {.prefix = given->prefix,
                       .real_float = given->real_float,
                       .batched = batched,
                       .problem = problem,
                       .solvers_apart = files->solvers != NULL,
                       .lines = given->lines,
                       .self_test = given->self_test,
                       .fixed = given->dims.items,
                       .fixed_count = given->dims.count,
                       .header_file = base_name(files->header),
                       .source_file = base_name(files->source)};
  const char *declarations = NULL, *definitions = NULL;
  switch (given->target) {
  case TARGET_HEADER: declarations = session_emit_header(from, &how); break;
  case TARGET_C: session_emit_pair(from, &how, &declarations, &definitions); break;
  case TARGET_PYTHON: declarations = session_emit_python(from, &how); break;
  }
  if (!declarations) {
    exit_code code = session_report(from);
    return code == EXIT_DONE ? EXIT_INTERNAL : code;
  }
  if (given->dump_after)
    text_append(&with->out, session_dump(from));
  else if (!files->header)
    text_append(&with->out, declarations);
  else if (!write_solvers(from, given, files) || !update(files->header, declarations) ||
           (files->source && !update(files->source, definitions)))
    return EXIT_INPUT;
  bool written = given->dump_after || !files->depfile || write_depfile(with, given, files);
  return written ? EXIT_DONE : EXIT_INPUT;
}
