/* Arrays of numbers on the host: values, files, text. */
#ifndef ADJOIN_RUNTIME_ARRAY_H
#define ADJOIN_RUNTIME_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARRAY_MAXIMUM_RANK = 16 };

/* Entries in C order. `whole` tells that every entry was written as a whole number (an integer type in .npy and the
 * like, no point or exponent in text); the entries are doubles all the same, exact up to 2^53.
 *
 * Entries are owned: they come from malloc or, where a file of 1 MiB or more has them as they are needed, from a
 * mapping of it, which costs neither time nor memory before an entry is used. Writing to mapped entries changes this
 * array alone, never the file. While an array is mapped its file may be replaced (renamed over) or removed, but must
 * not be changed in place: changed bytes may show, and behind the end of a file that was shortened the process gets
 * SIGBUS. */
typedef struct {
  int rank;
  int64_t extents[ARRAY_MAXIMUM_RANK];
  double *entries;
  bool whole;
  bool column; /* a vector that stood as one column in a .csv: as a matrix it is [n, 1], where a row would be [1, n] */
  bool row;
  void *mapping; /* NULL where the entries come from malloc */
  size_t mapping_size;
} host_array;

int64_t host_array_count(const host_array *from);
void host_array_release(host_array *from);

/* The array, which the caller owns from now on; `from` is left empty. */
host_array host_array_take(host_array *from);

/* What went wrong, in the user's terms: "w.npy: the header promises 800 bytes of data, the file has 640". */
typedef struct {
  char message[512];
} array_error;

/* Sets the message; the result is false, so that a failing function can return it. */
bool array_fail(array_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads by the name's ending:
 *
 *   .npy          NumPy's versions 1 to 3; C and Fortran order; little and big endian
 *   .npz          stored and deflated members, each a .npy; a member's name is the file's in the archive without .npy
 *   .safetensors  the tensors, by name
 *   .csv          a header line is optional; one column is a vector, one row too
 *   .json         a number or nested lists ("nan", "inf", "-inf" as strings), or an object of them
 *
 * Entries may be float64, float32, float16, int64, int32, int16, int8, their unsigned kin, and bool; in .safetensors
 * bfloat16 too. `FILE:NAME` reads one array of a file that has several: a member of a .npz or .safetensors, or of a
 * .json object, or a column of a .csv; a file with one array needs no name. False on any failure; then nothing is left
 * allocated. */
bool array_read(const char *path, host_array *into, array_error *error);

typedef struct {
  char *name; /* owned; from malloc */
  host_array array;
} named_array;

/* Everything that a file holds. */
typedef struct {
  bool has_whole; /* `whole` is the file as one array; false where it holds arrays by name: .npz, .safetensors, an
                     object */
  host_array whole;
  int part_count; /* the members of such a file, whose names differ; the columns of a .csv that has a header line */
  named_array *parts;
  const char *only; /* NULL, or the name of the only part whose entries are wanted: the others have none */
} array_file;

/* As array_read, without `:NAME`, and with the names that stand in the file. */
bool array_file_read(const char *path, array_file *into, array_error *error);
void array_file_release(array_file *from);

/* The ending, with its point, of the k-th kind of file, from 0 on; NULL behind the last. All of them, for a message:
 * ".npy, .npz, ...". */
const char *array_file_ending(int k);
enum { ARRAY_ENDINGS_SIZE = 64 };
const char *array_file_endings(char into[ARRAY_ENDINGS_SIZE]);

/* Does the path's ending say that the file always holds arrays by name: .npz or .safetensors? */
bool array_file_is_archive(const char *path);

/* A value as typed on the command line: `3`, `1,2,4,5`, `[[1, 2], [3, 4]]`, nan, inf, -inf. */
bool array_parse(const char *value, host_array *into, array_error *error);

/* Writes .npy (float64) or .json by the name's ending, to a temporary file beside it that is then renamed. */
bool array_write(const char *path, const host_array *from, array_error *error);

/* The type of the real entries in a file; float32 is rounded to nearest, and too large becomes infinite. */
typedef enum { ARRAY_FLOAT64, ARRAY_FLOAT32 } array_precision;

/* Writes `count` arrays under their names, arrays[k] under names[k], into one .npz, .safetensors or .json by the path's
 * ending, as a temporary file beside it that is then renamed; or into a folder, where `path` is one or ends with '/'
 * (then it is made, if need be): there each is NAME.npy, written so one by one.
 *
 * An array that is `whole`, and has no entry beyond int64, is written as int64, others as `precision` says; what is
 * written so reads back to the same bits, infinities and -0 included, and nan as a nan. .json has doubles always. The
 * same arrays give the same bytes. Names must differ, be UTF-8 without control characters, begin with no '/', have no
 * '..' between slashes, and in a folder no slash at all. On failure nothing of an old file is lost; of a folder's files
 * some may have been written. */
bool array_file_write(const char *path, int count, const char *const *names, const host_array *arrays,
                      array_precision precision, array_error *error);

/* The shortest of the usual decimal forms that reads back to the same bits; "nan", "inf", "-inf" otherwise. */
enum { ARRAY_NUMBER_SIZE = 32 };
void array_number_text(double value, char into[ARRAY_NUMBER_SIZE]);

#endif
