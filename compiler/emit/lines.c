/* From marks to #line directives (see lines.h). */
#include "compiler/emit/lines.h"

#include "compiler/emit/c_dialect.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
  text *out;
  long written; /* lines so far */
} numbered;

static void write_directive(numbered *to, long line, const char *file) {
  text_format(to->out, "#line %ld ", line);
  c_string(to->out, file);
  text_append(to->out, "\n");
  to->written++;
}

void lines_write(const char *marked, const char *model_file, const char *own_file, text *out) {
  static const char mark[] = "#line ";
  numbered to = {out, 0};
  long from_model = 0; /* the model's line that the text comes from; 0: none */
  for (const char *at = marked; *at;) {
    size_t length = strcspn(at, "\n");
    if (!strncmp(at, mark, strlen(mark))) {
      from_model = strtol(at + strlen(mark), NULL, 10);
    } else {
      bool ends = from_model && !strncmp(at, "}", 1);
      if (from_model) write_directive(&to, from_model, model_file);
      text_append_bytes(out, at, length);
      text_append(out, "\n");
      to.written++;
      if (ends) {
        from_model = 0;
        write_directive(&to, to.written + 2, own_file);
      }
    }
    at += length + (at[length] == '\n');
  }
}
