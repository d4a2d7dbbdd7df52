/* A program that is linked with this and -Wl,--wrap=jit_compile hands libtcc a text that libtcc refuses: what comes of
 * a mistake in the emitted code, without making one. */
#include "compiler/jit/jit.h"

jit_code *__real_jit_compile(const char *c_text, text *errors);
jit_code *__wrap_jit_compile(const char *c_text, text *errors);

jit_code *__wrap_jit_compile(const char *c_text, text *errors) {
  text broken = text_create(errors->memory);
  text_append(&broken, c_text);
  text_append(&broken, "\n#error refused for the test\n");
  return __real_jit_compile(broken.data, errors);
}
