/* The header of a .npy file, as NumPy's format description has it: the magic bytes, a version, the length of a text,
 * and the text, a Python dictionary with the keys descr, fortran_order and shape. Nothing in it is believed. */
#include "runtime/array_npy_header.h"

#include "runtime/array_formats.h"
#include <stdlib.h>
#include <string.h>

enum { LONGEST_TEXT = 1 << 20 };

/* A place in the dictionary's text. */
typedef struct {
  const char *at;
  const char *path;
  array_error *error;
} cursor;

static bool malformed(const cursor *in, const char *what) {
  return array_fail(in->error, "%s: the .npy header is malformed: %s", in->path, what);
}

static void skip_blanks(cursor *in) {
  in->at += strspn(in->at, " \t\r\n");
}

static bool take(cursor *in, char wanted) {
  skip_blanks(in);
  if (*in->at != wanted) return false;
  in->at++;
  return true;
}

/* 'text' or "text" without escapes. */
static bool take_string(cursor *in, char *into, size_t size) {
  skip_blanks(in);
  char quote = *in->at;
  if (quote != '\'' && quote != '"') return false;
  const char *end = strchr(in->at + 1, quote);
  if (!end || (size_t)(end - in->at) > size) return false;
  size_t length = (size_t)(end - in->at - 1);
  memcpy(into, in->at + 1, length);
  into[length] = 0;
  in->at = end + 1;
  return true;
}

/* A whole number >= 0; Python 2 wrote a letter L behind some. */
static bool take_extent(cursor *in, int64_t *value) {
  skip_blanks(in);
  if (*in->at == '-') return malformed(in, "an extent is negative");
  if (*in->at < '0' || *in->at > '9') return malformed(in, "the shape is not a tuple of whole numbers");
  *value = 0;
  for (; *in->at >= '0' && *in->at <= '9'; in->at++) {
    int digit = *in->at - '0';
    if (*value > (INT64_MAX - digit) / 10) return malformed(in, "an extent is too large");
    *value = *value * 10 + digit;
  }
  if (*in->at == 'L') in->at++;
  return true;
}

static bool take_shape(cursor *in, npy_header *into) {
  if (!take(in, '(')) return malformed(in, "the shape is not a tuple");
  into->rank = 0;
  while (!take(in, ')')) {
    if (into->rank == ARRAY_MAXIMUM_RANK) return malformed(in, "more than 16 axes");
    if (!take_extent(in, &into->extents[into->rank])) return false;
    into->rank++;
    if (!take(in, ',')) return take(in, ')') || malformed(in, "the shape is not closed");
  }
  return true;
}

static bool supported(char kind, int size) {
  static const struct {
    char kind;
    int sizes[4];
  } table[] = {{'f', {4, 8}}, {'i', {1, 2, 4, 8}}, {'u', {1, 2, 4, 8}}, {'b', {1}}};
  for (size_t row = 0; row < sizeof table / sizeof table[0]; row++)
    for (int k = 0; k < 4; k++)
      if (table[row].kind == kind && table[row].sizes[k] == size) return true;
  return false;
}

/* '<f8': byte order, kind, size. */
static bool take_type(cursor *in, npy_header *into) {
  char type[32];
  skip_blanks(in);
  if (*in->at == '[') return array_fail(in->error, "%s: the entries are records; plain numbers are needed", in->path);
  if (!take_string(in, type, sizeof type)) return malformed(in, "descr is not a string");
  char *end = type;
  long size = strlen(type) > 2 && strchr("<>|=", type[0]) ? strtol(type + 2, &end, 10) : 0;
  if (size < 1 || size > 8 || *end || !supported(type[1], (int)size)) {
    char quote[ARRAY_QUOTE_SIZE];
    return array_fail(in->error,
                      "%s: entries of type '%s' can't be read; use float64, float32, an integer type or bool", in->path,
                      array_quote(type, strlen(type), quote));
  }
  into->kind = type[1];
  into->size = (int)size;
  into->big_endian = type[0] == '>';
  return true;
}

static bool take_truth(cursor *in, bool *value) {
  skip_blanks(in);
  *value = !strncmp(in->at, "True", 4);
  if (!*value && strncmp(in->at, "False", 5)) return malformed(in, "fortran_order is neither True nor False");
  in->at += *value ? 4 : 5;
  return true;
}

enum { KEY_TYPE = 1, KEY_ORDER = 2, KEY_SHAPE = 4 };

static bool take_member(cursor *in, npy_header *into, int *keys) {
  char key[32];
  if (!take_string(in, key, sizeof key) || !take(in, ':')) return malformed(in, "a key is missing");
  int bit = !strcmp(key, "descr")           ? KEY_TYPE
            : !strcmp(key, "fortran_order") ? KEY_ORDER
            : !strcmp(key, "shape")         ? KEY_SHAPE
                                            : 0;
  if (!bit || (*keys & bit)) return malformed(in, bit ? "a key stands twice" : "an unknown key");
  *keys |= bit;
  if (bit == KEY_TYPE) return take_type(in, into);
  return bit == KEY_ORDER ? take_truth(in, &into->fortran_order) : take_shape(in, into);
}

static bool take_dictionary(cursor *in, npy_header *into) {
  int keys = 0;
  if (!take(in, '{')) return malformed(in, "it is not a dictionary");
  while (!take(in, '}')) {
    if (!take_member(in, into, &keys)) return false;
    if (take(in, ',')) continue;
    if (!take(in, '}')) return malformed(in, "it does not end");
    break;
  }
  skip_blanks(in);
  if (*in->at) return malformed(in, "text follows the dictionary");
  return keys == (KEY_TYPE | KEY_ORDER | KEY_SHAPE) || malformed(in, "descr, fortran_order or shape is missing");
}

/* The text's length, from the bytes before it: two of them in version 1, four in versions 2 and 3. */
static bool read_prefix(FILE *stream, const char *path, int64_t *begin, int64_t *length, array_error *error) {
  unsigned char bytes[12] = {0};
  size_t got = fread(bytes, 1, 8, stream);
  if (got < 8 || memcmp(bytes, "\x93NUMPY", 6)) return array_fail(error, "%s: this is not a .npy file", path);
  int version = bytes[6];
  if (version < 1 || version > 3) return array_fail(error, "%s: .npy version %d is not known", path, version);
  size_t size = version == 1 ? 2 : 4;
  if (fread(bytes + 8, 1, size, stream) < size) return array_fail(error, "%s: the file ends in its header", path);
  for (size_t k = size; k-- > 0;) *length = *length << 8 | bytes[8 + k];
  *begin = 8 + (int64_t)size;
  return true;
}

/* What the header promises against what the file has. Extents are multiplied with the zero ones left out, so that the
 * check does not depend on where a zero stands. */
static bool sizes_agree(const npy_header *of, const char *path, int64_t present, array_error *error) {
  int64_t promised = of->size;
  bool none = false;
  for (int k = 0; k < of->rank; k++) {
    int64_t extent = of->extents[k];
    if (!extent) {
      none = true;
    } else if (promised > INT64_MAX / extent) {
      return array_fail(error, "%s: the header promises more bytes of data than can be; the file has %lld", path,
                        (long long)present);
    } else {
      promised *= extent;
    }
  }
  if (none) promised = 0;
  if (promised == present) return true;
  return array_fail(error, "%s: the header promises %lld bytes of data, the file has %lld", path, (long long)promised,
                    (long long)present);
}

bool npy_header_read(FILE *stream, const char *path, int64_t file_size, npy_header *into, array_error *error) {
  int64_t begin = 0, length = 0;
  *into = (npy_header){0};
  if (!read_prefix(stream, path, &begin, &length, error)) return false;
  if (length > LONGEST_TEXT || length > file_size - begin)
    return array_fail(error, "%s: the header promises %lld bytes of text, the file has %lld", path, (long long)length,
                      (long long)(file_size - begin));
  char *text = malloc((size_t)length + 1);
  if (!text) return array_fail(error, "%s: not enough memory for the header", path);
  size_t got = fread(text, 1, (size_t)length, stream);
  text[got] = 0;
  cursor in = {text, path, error};
  bool good =
      got == (size_t)length && strlen(text) == got ? take_dictionary(&in, into) : malformed(&in, "it is no text");
  free(text);
  return good && sizes_agree(into, path, file_size - begin - length, error);
}
