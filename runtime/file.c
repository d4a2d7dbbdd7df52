/* Whole files (see file.h). */
#define _DEFAULT_SOURCE /* realpath, MAP_NORESERVE */
#include "runtime/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *file_base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

const char *file_ending(const char *path) {
  const char *base = file_base_name(path);
  const char *point = strrchr(base, '.');
  return point && point != base ? point : "";
}

bool file_is_folder(const char *path) {
  struct stat status;
  return !stat(path, &status) && S_ISDIR(status.st_mode);
}

bool file_is_same(const char *one, const char *other) {
  struct stat first, second;
  return !stat(one, &first) && !stat(other, &second) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static const char *kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  if (S_ISFIFO(mode)) return "a pipe";
  return "something else";
}

FILE *file_open(const char *path, int64_t *size, array_error *error) {
  /* O_NONBLOCK: opening a pipe that nobody writes to must not wait. It has no effect on regular files. */
  int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status)) {
    array_fail(error, "%s: %s", path, strerror(errno));
    if (descriptor >= 0) close(descriptor);
    return NULL;
  }
  FILE *stream = NULL;
  if (!S_ISREG(status.st_mode)) {
    array_fail(error, "%s: this is %s, where a file is needed", path, kind_of(status.st_mode));
  } else if (!(stream = fdopen(descriptor, "rb"))) {
    array_fail(error, "%s: %s", path, strerror(errno));
  }
  if (!stream) close(descriptor);
  *size = status.st_size;
  return stream;
}

static char *read_stream(FILE *stream, const char *path, int64_t size, size_t *length, array_error *error) {
  char *text = malloc((size_t)size + 1);
  if (!text) {
    array_fail(error, "%s: not enough memory for its %lld bytes", path, (long long)size);
    return NULL;
  }
  *length = fread(text, 1, (size_t)size, stream);
  if (ferror(stream)) {
    array_fail(error, "%s: %s", path, strerror(errno));
    free(text);
    return NULL;
  }
  text[*length] = 0;
  return text;
}

char *file_read(const char *path, int64_t maximum, size_t *length, array_error *error) {
  int64_t size;
  FILE *stream = file_open(path, &size, error);
  if (!stream) return NULL;
  char *text = NULL;
  if (size > maximum)
    array_fail(error, "%s: %lld bytes are more than the %lld that are read", path, (long long)size, (long long)maximum);
  else
    text = read_stream(stream, path, size, length, error);
  fclose(stream);
  return text;
}

/* Writable, so that entries may be changed like any others; without a reserve, since hardly any are. */
void *file_map(FILE *stream, int64_t offset, int64_t size, void **mapping, size_t *mapping_size) {
  int64_t page = sysconf(_SC_PAGESIZE);
  int64_t before = page > 0 ? offset % page : 0;
  *mapping = NULL;
  if (page <= 0 || (uint64_t)size > PTRDIFF_MAX - (uint64_t)page) return NULL;
  size_t length = (size_t)(before + size);
  void *address =
      mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fileno(stream), offset - before);
  if (address == MAP_FAILED) return NULL;
  *mapping = address;
  *mapping_size = length;
  return (char *)address + before;
}

static bool write_all(int descriptor, const file_piece *pieces, int count) {
  for (int k = 0; k < count; k++) {
    const char *bytes = pieces[k].bytes;
    for (size_t done = 0; done < pieces[k].size;) {
      ssize_t written = write(descriptor, bytes + done, pieces[k].size - done);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      done += (size_t)written;
    }
  }
  return true;
}

/* A full disk may show only when the bytes reach it: at fsync or close. */
static bool write_and_close(int descriptor, const file_piece *pieces, int count, bool synchronise) {
  bool good = write_all(descriptor, pieces, count) && (!synchronise || !fsync(descriptor));
  int reason = errno;
  if (close(descriptor) && good) return false;
  errno = reason;
  return good;
}

static bool write_in_place(const char *path, const file_piece *pieces, int count, array_error *error) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor >= 0 && write_and_close(descriptor, pieces, count, false)) return true;
  return array_fail(error, "%s: %s", path, strerror(errno));
}

/* A new file whose name nobody else has, beside the one that it will replace: a rename within one folder is atomic. */
static int open_temporary(const char *path, char *name, size_t size, mode_t mode) {
  for (int attempt = 0; attempt < 100; attempt++) {
    int length = snprintf(name, size, "%s.%ld-%d.part", path, (long)getpid(), attempt);
    if (length < 0 || (size_t)length >= size) {
      errno = ENAMETOOLONG;
      return -1;
    }
    int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

static bool write_beside(const char *path, mode_t mode, bool exists, const file_piece *pieces, int count,
                         array_error *error) {
  char temporary[PATH_MAX + 64];
  int descriptor = open_temporary(path, temporary, sizeof temporary, exists ? 0600 : 0666);
  if (descriptor < 0) return array_fail(error, "%s: %s", path, strerror(errno));
  if (exists) (void)!fchmod(descriptor, mode & 07777);
  if (write_and_close(descriptor, pieces, count, true) && !rename(temporary, path)) return true;
  int reason = errno;
  unlink(temporary);
  return array_fail(error, "%s: %s; nothing was written", path, strerror(reason));
}

bool file_write(const char *path, const file_piece *pieces, int count, array_error *error) {
  struct stat status;
  bool exists = !stat(path, &status);
  if (exists && S_ISDIR(status.st_mode)) return array_fail(error, "%s: this is a folder, where a file is needed", path);
  if (exists && !S_ISREG(status.st_mode)) return write_in_place(path, pieces, count, error);
  char *target = exists ? realpath(path, NULL) : NULL; /* a link keeps its place; what it names is replaced */
  bool good = write_beside(target ? target : path, exists ? status.st_mode : 0, exists, pieces, count, error);
  free(target);
  return good;
}

/* Does the stream hold exactly the pieces? */
static bool same_bytes(FILE *stream, const file_piece *pieces, int count) {
  char found[1 << 14];
  for (int k = 0; k < count; k++)
    for (size_t done = 0; done < pieces[k].size;) {
      size_t left = pieces[k].size - done, part = left < sizeof found ? left : sizeof found;
      if (fread(found, 1, part, stream) != part || memcmp(found, (const char *)pieces[k].bytes + done, part))
        return false;
      done += part;
    }
  return getc(stream) == EOF && !ferror(stream);
}

bool file_update(const char *path, const file_piece *pieces, int count, array_error *error) {
  int64_t size;
  array_error unreadable;
  FILE *stream = file_open(path, &size, &unreadable);
  bool same = stream && same_bytes(stream, pieces, count);
  if (stream) fclose(stream);
  return same || file_write(path, pieces, count, error);
}
