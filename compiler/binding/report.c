/* Messages (see report.h). */
#include "compiler/binding/report.h"

void report(const reporting *to, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const char *message = arena_format_list(to->memory, format, arguments);
  va_end(arguments);
  to->receive(to->receiver, message);
}
