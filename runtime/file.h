/* Whole files: read with a bound, mapped, written so that no half of one is ever left under its name. */
#ifndef ADJOIN_RUNTIME_FILE_H
#define ADJOIN_RUNTIME_FILE_H

#include "runtime/array.h"
#include <stdio.h>

/* Opens a regular file for reading and tells its size. Folders, devices, pipes and sockets are refused: reading them
 * may never end. */
FILE *file_open(const char *path, int64_t *size, array_error *error);

/* The whole file, terminated by a zero that `length` does not count; from malloc. A file of more than `maximum` bytes
 * is refused. NULL on failure. */
char *file_read(const char *path, int64_t maximum, size_t *length, array_error *error);

/* Maps `size` bytes of a regular file from `offset` on, which must all be there: private to this process, writable, and
 * kept when the stream is closed. `mapping` is what munmap takes back. NULL, without a message, where the system can't:
 * reading does it then. */
void *file_map(FILE *stream, int64_t offset, int64_t size, void **mapping, size_t *mapping_size);

/* A piece of a file to be written; pieces may be of size 0. */
typedef struct {
  const void *bytes;
  size_t size;
} file_piece;

/* Writes the pieces one after another to a new file beside `path`, which then takes its name (and, where it stood
 * before, its permissions). On failure the old file is untouched and the new one removed. A device or pipe is written
 * to as it is; a link is followed. */
bool file_write(const char *path, const file_piece *pieces, int count, array_error *error);

/* As file_write, but a regular file that holds these very bytes already is left as it is, with its time: what a build
 * makes from it need not be made again. */
bool file_update(const char *path, const file_piece *pieces, int count, array_error *error);

bool file_is_folder(const char *path);

/* Do both exist and are one file, whatever they are called? */
bool file_is_same(const char *one, const char *other);

/* The part of a path behind its last '/'. */
const char *file_base_name(const char *path);

/* The ending with its point (".npy"), or "" when the base name has none. */
const char *file_ending(const char *path);

#endif
