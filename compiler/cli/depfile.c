/* Dependency files (see depfile.h). */
#include "compiler/cli/depfile.h"

#include <string.h>

bool depfile_can_name(const char *path) {
  size_t length = strlen(path);
  bool quoting = length > 0 && (path[length - 1] == '\\' || strstr(path, "\\#") || strstr(path, "\\:"));
  return length > 0 && !quoting && !strpbrk(path, "\n\r;");
}

/* Make's own way of quoting: `$$`, and a backslash before what would end or split a name; before a space, the
 * backslashes that are part of the name are doubled. `%` means something in targets alone, and is quoted there alone:
 * in a prerequisite make would keep the backslash. */
static void write_path(text *out, const char *path, bool target) {
  size_t backslashes = 0;
  for (const char *c = path; *c; c++) {
    if (*c == ' ' || *c == '\t')
      for (size_t k = 0; k < backslashes; k++) text_append(out, "\\");
    if (*c == '$') text_append(out, "$");
    if (strchr(" \t#:", *c) || (*c == '%' && target)) text_append(out, "\\");
    text_append_bytes(out, c, 1);
    backslashes = *c == '\\' ? backslashes + 1 : 0;
  }
}

void depfile_write(const depfile_target *targets, int target_count, const char *const *files, int file_count,
                   text *out) {
  for (int k = 0; k < target_count; k++) {
    if (k > 0) text_append(out, " ");
    if (targets[k].verbatim)
      text_append(out, targets[k].name);
    else
      write_path(out, targets[k].name, true);
  }
  text_append(out, ":");
  for (int k = 0; k < file_count; k++) {
    text_append(out, " ");
    write_path(out, files[k], false);
  }
  text_append(out, "\n");
  for (int k = 0; k < file_count; k++) {
    if (strchr(files[k], '%')) continue;
    text_append(out, "\n");
    write_path(out, files[k], true);
    text_append(out, ":\n");
  }
}
