/* The file formats behind array.h, one .c file each, and what they share. */
#ifndef ADJOIN_RUNTIME_ARRAY_FORMATS_H
#define ADJOIN_RUNTIME_ARRAY_FORMATS_H

#include "runtime/array.h"
#include "runtime/file.h"

/* Each reader fills `into`, which is all zero but for `only`; on failure the caller releases what stands in it. */
bool array_npy_read(const char *path, array_file *into, array_error *error);
bool array_npz_read(const char *path, array_file *into, array_error *error);
bool array_safetensors_read(const char *path, array_file *into, array_error *error);
bool array_csv_read(const char *path, array_file *into, array_error *error);
bool array_json_read(const char *path, array_file *into, array_error *error);

bool array_npy_write(const char *path, const host_array *from, array_error *error);
bool array_json_write(const char *path, const host_array *from, array_error *error);

/* With an integer type where `whole` asks for it, see array_file_write. */
bool array_npy_write_as(const char *path, const host_array *from, array_precision precision, array_error *error);

/* Arrays by name, to be written; the names have been found good. */
typedef struct {
  int count;
  const char *const *names;
  const host_array *arrays;
  array_precision precision;
} array_list;

bool array_npz_write_all(const char *path, const array_list *from, array_error *error);
bool array_safetensors_write_all(const char *path, const array_list *from, array_error *error);
bool array_json_write_all(const char *path, const array_list *from, array_error *error);

/* A reader tells how many parts there will be, adds each by its name, and fills the arrays of those that are wanted.
 * False and NULL with a message when there is no memory. */
bool array_file_expect(array_file *into, size_t count, const char *path, array_error *error);
named_array *array_file_add(array_file *into, const char *name, size_t length, const char *path, array_error *error);
bool array_file_wants(const array_file *of, const named_array *part);

/* What is wrong with an array's name in a file, as the end of a sentence about it; NULL when it is good. */
const char *array_name_fault(const char *name);

/* "FILE, member 'NAME'", for messages. */
enum { ARRAY_MEMBER_SIZE = 300 };
const char *array_member_name(const char *path, const char *member, char into[ARRAY_MEMBER_SIZE]);

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
