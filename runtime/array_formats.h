/* The file formats behind array.h, one .c file each. */
#ifndef ADJOIN_RUNTIME_ARRAY_FORMATS_H
#define ADJOIN_RUNTIME_ARRAY_FORMATS_H

#include "runtime/array.h"
#include "runtime/file.h"

/* Each reader fills `into`, which is all zero; on failure the caller releases what stands in it. */
bool array_npy_read(const char *path, array_file *into, array_error *error);
bool array_csv_read(const char *path, array_file *into, array_error *error);
bool array_json_read(const char *path, array_file *into, array_error *error);

bool array_npy_write(const char *path, const host_array *from, array_error *error);
bool array_json_write(const char *path, const host_array *from, array_error *error);

/* Room for `count` entries (at least one), or NULL with a message. */
double *array_entries(int64_t count, const char *path, array_error *error);

/* The nested lists of JSON text in memory, `name` being what messages call it. */
bool array_json_parse(const char *name, const char *text, size_t length, host_array *into, array_error *error);

/* A number that fills the `length` bytes at `text` but for blanks around it: decimal, nan, inf or -inf; what overflows
 * is refused. `whole` is set to false when it has a point or an exponent, is not finite, or is 2^53 or more. */
bool array_number_parse(const char *text, size_t length, double *value, bool *whole);

/* Text as it may be shown in a message: cut short, and without bytes that a terminal would obey. */
enum { ARRAY_QUOTE_SIZE = 48 };
const char *array_quote(const char *text, size_t length, char into[ARRAY_QUOTE_SIZE]);

#endif
