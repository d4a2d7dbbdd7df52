/* Arrays of numbers on the host: values, files, text. */
#ifndef ADJOIN_RUNTIME_ARRAY_H
#define ADJOIN_RUNTIME_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARRAY_MAXIMUM_RANK = 16 };

/* Entries in C order. `whole` tells that every entry was written as a whole number (an integer dtype in .npy, no point
 * or exponent in text); the entries are doubles all the same, exact up to 2^53. */
typedef struct {
  int rank;
  int64_t extents[ARRAY_MAXIMUM_RANK];
  double *entries; /* owned; from malloc */
  bool whole;
  bool column; /* a vector that stood as one column in a .csv: as a matrix it is [n, 1], where a row would be [1, n] */
  bool row;
} host_array;

int64_t host_array_count(const host_array *from);
void host_array_release(host_array *from);

/* What went wrong, in the user's terms: "w.npy: the header promises 800 bytes of data, the file has 640". */
typedef struct {
  char message[512];
} array_error;

/* Sets the message; the result is false, so that a failing function can return it. */
bool array_fail(array_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads by the name's ending: .npy (float64, float32, int64, int32, int16, int8, their unsigned kin, bool; C and
 * Fortran order; little and big endian), .csv (a header line is optional; one column is a vector, one row too), .json
 * (a number or nested lists; "nan", "inf", "-inf" as strings). False on any failure; then nothing is left allocated. */
bool array_read(const char *path, host_array *into, array_error *error);

typedef struct {
  char *name; /* owned; from malloc */
  host_array array;
} named_array;

/* Everything that a file holds. */
typedef struct {
  bool has_whole; /* `whole` is the file as one array; false for a .json object */
  host_array whole;
  int part_count; /* the columns of a .csv that has a header line; the members of a .json object */
  named_array *parts;
} array_file;

/* As array_read, with the names that stand in the file. */
bool array_file_read(const char *path, array_file *into, array_error *error);
void array_file_release(array_file *from);

/* A value as typed on the command line: `3`, `1,2,4,5`, `[[1, 2], [3, 4]]`, nan, inf, -inf. */
bool array_parse(const char *value, host_array *into, array_error *error);

/* Writes .npy (float64) or .json by the name's ending, to a temporary file beside it that is then renamed. */
bool array_write(const char *path, const host_array *from, array_error *error);

/* The shortest of the usual decimal forms that reads back to the same bits; "nan", "inf", "-inf" otherwise. */
enum { ARRAY_NUMBER_SIZE = 32 };
void array_number_text(double value, char into[ARRAY_NUMBER_SIZE]);

#endif
