/* The header of a .npy file, as NumPy's format description has it: the magic bytes, a version (1 to 3 are read, 1 is
 * written), the length of a text, and the text, a Python dictionary with the keys descr, fortran_order and shape.
 * Nothing in it is believed. */
#include "runtime/array_npy_header.h"

#include "runtime/array_formats.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_TEXT = 1 << 20, HEADER_ALIGNMENT = 64 };

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

static bool take_shape(cursor *in, array_layout *into) {
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

/* '<f8': byte order, kind, size. */
static bool take_type(cursor *in, array_layout *into) {
  char type[32];
  skip_blanks(in);
  if (*in->at == '[') return array_fail(in->error, "%s: the entries are records; plain numbers are needed", in->path);
  if (!take_string(in, type, sizeof type)) return malformed(in, "descr is not a string");
  char *end = type;
  long size = strlen(type) > 2 && strchr("<>|=", type[0]) ? strtol(type + 2, &end, 10) : 0;
  if (size < 1 || size > 8 || *end || type[1] == 't' || !layout_set_type(into, type[1], (int)size)) {
    char quote[ARRAY_QUOTE_SIZE];
    return array_fail(in->error,
                      "%s: entries of type '%s' can't be read; use float64, float32, float16, an integer type or bool",
                      in->path, array_quote(type, strlen(type), quote));
  }
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

static bool take_member(cursor *in, array_layout *into, int *keys) {
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

static bool take_dictionary(cursor *in, array_layout *into) {
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
static bool read_prefix(byte_source *from, int64_t *begin, int64_t *length, array_error *error) {
  unsigned char bytes[12] = {0};
  if (from->size >= 8 && !from->read(from, bytes, 8, error)) return false;
  if (memcmp(bytes, "\x93NUMPY", 6)) return array_fail(error, "%s: this is not a .npy file", from->name);
  int version = bytes[6];
  if (version < 1 || version > 3) return array_fail(error, "%s: .npy version %d is not known", from->name, version);
  int size = version == 1 ? 2 : 4;
  *begin = 8 + size;
  if (from->size < *begin) return array_fail(error, "%s: the file ends in its header", from->name);
  if (!from->read(from, bytes + 8, (size_t)size, error)) return false;
  for (int k = size; k-- > 0;) *length = *length << 8 | bytes[8 + k];
  return true;
}

/* What the header promises against what the file has. */
static bool sizes_agree(const array_layout *of, const char *name, int64_t present, array_error *error) {
  int64_t promised = layout_bytes(of);
  if (promised < 0)
    return array_fail(error, "%s: the header promises more bytes of data than can be; the file has %lld", name,
                      (long long)present);
  if (promised == present) return true;
  return array_fail(error, "%s: the header promises %lld bytes of data, the file has %lld", name, (long long)promised,
                    (long long)present);
}

static bool read_text(byte_source *from, size_t length, array_layout *into, array_error *error) {
  char *text = malloc(length + 1);
  if (!text) return array_fail(error, "%s: not enough memory for the header", from->name);
  bool good = from->read(from, text, length, error);
  text[length] = 0;
  cursor in = {text, from->name, error};
  if (good) good = strlen(text) == length ? take_dictionary(&in, into) : malformed(&in, "it is no text");
  free(text);
  return good;
}

bool npy_header_read(byte_source *from, array_layout *into, int64_t *begin, array_error *error) {
  int64_t length = 0;
  *into = (array_layout){0};
  if (!read_prefix(from, begin, &length, error)) return false;
  int64_t rest = from->size - *begin;
  if (length > LONGEST_TEXT || length > rest)
    return array_fail(error, "%s: the header promises %lld bytes of text, the file has %lld", from->name,
                      (long long)length, (long long)rest);
  *begin += length;
  return read_text(from, (size_t)length, into, error) && sizes_agree(into, from->name, rest - length, error);
}

size_t npy_header_write(const array_layout *of, char into[NPY_HEADER_SIZE]) {
  size_t used = 10;
  used += (size_t)snprintf(into + used, NPY_HEADER_SIZE - used, "{'descr': '<%c%d', 'fortran_order': False, 'shape': (",
                           of->kind, of->size);
  for (int k = 0; k < of->rank; k++)
    used += (size_t)snprintf(into + used, NPY_HEADER_SIZE - used, "%s%lld", k ? ", " : "", (long long)of->extents[k]);
  used += (size_t)snprintf(into + used, NPY_HEADER_SIZE - used, of->rank == 1 ? ",), }" : "), }");
  while ((used + 1) % HEADER_ALIGNMENT) into[used++] = ' ';
  into[used++] = '\n';
  size_t length = used - 10;
  memcpy(into, "\x93NUMPY\x01\x00", 8);
  into[8] = (char)(length & 255);
  into[9] = (char)(length >> 8);
  return used;
}
