/* The message of a failure, apart from arrays: whoever handles files alone needs nothing more. */
#include "runtime/array.h"

#include <stdarg.h>
#include <stdio.h>

bool array_fail(array_error *error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  return false;
}
