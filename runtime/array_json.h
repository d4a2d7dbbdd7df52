/* JSON text that comes from outside, as a tree. */
#ifndef ADJOIN_RUNTIME_ARRAY_JSON_H
#define ADJOIN_RUNTIME_ARRAY_JSON_H

#include "runtime/array.h"
#include <jansson.h>

/* The value that the text is, to be given back with json_decref; a key may stand in an object but once. NULL with a
 * message that has the place; `name` is what it calls the text. */
json_t *json_from_text(const char *name, const char *text, size_t length, array_error *error);

#endif
