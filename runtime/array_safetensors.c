/* .safetensors files: eight bytes that tell the length of a header, the header, a JSON object that tells for each
 * tensor its type, shape and place, and the entries, one tensor after another without a gap. */
#include "runtime/array_formats.h"
#include "runtime/array_json.h"
#include "runtime/array_layout.h"

#include <stdlib.h>
#include <string.h>

/* The format's own bound on the header. */
enum { LENGTH_SIZE = 8, LONGEST_HEADER = 100000000, ALIGNMENT = 8 };

static const char metadata[] = "__metadata__"; /* texts about the file, which no tensor is */

typedef struct {
  const char *path;
  FILE *stream;
  int64_t size, begin; /* of the file; of the entries in it */
  array_error *error;
} reader;

typedef struct {
  const char *name; /* the tree's */
  array_layout layout;
  int64_t begin, end; /* counted from the first entry of all */
} tensor;

/* ---- reading ---- */

static json_t *read_header(reader *in) {
  byte_source from = byte_source_of(in->stream, in->path, in->size);
  unsigned char bytes[LENGTH_SIZE];
  if (in->size < LENGTH_SIZE) {
    array_fail(in->error, "%s: this is not a .safetensors file: it has only %lld bytes", in->path, (long long)in->size);
    return NULL;
  }
  if (!from.read(&from, bytes, LENGTH_SIZE, in->error)) return NULL;
  uint64_t length = 0;
  for (int k = LENGTH_SIZE; k-- > 0;) length = length << 8 | bytes[k];
  if (length > LONGEST_HEADER || length > (uint64_t)in->size - LENGTH_SIZE) {
    array_fail(in->error, "%s: this is not a good .safetensors file: it promises a header of %llu bytes, and has %lld",
               in->path, (unsigned long long)length, (long long)(in->size - LENGTH_SIZE));
    return NULL;
  }
  in->begin = LENGTH_SIZE + (int64_t)length;
  char *text = malloc((size_t)length + 1), name[ARRAY_MEMBER_SIZE];
  snprintf(name, sizeof name, "%.200s, header", in->path);
  if (!text) array_fail(in->error, "%s: not enough memory for the header", in->path);
  bool good = text && from.read(&from, text, (size_t)length, in->error);
  json_t *header = good ? json_from_text(name, text, (size_t)length, in->error) : NULL;
  free(text);
  if (!header || json_is_object(header)) return header;
  array_fail(in->error, "%s: it is no JSON object", name);
  json_decref(header);
  return NULL;
}

static bool take_wholes(const json_t *list, int most, int *count, int64_t *into) {
  *count = (int)json_array_size(list);
  if (!json_is_array(list) || json_array_size(list) > (size_t)most) return false;
  for (int k = 0; k < *count; k++) {
    const json_t *each = json_array_get(list, (size_t)k);
    into[k] = json_integer_value(each);
    if (!json_is_integer(each) || into[k] < 0) return false;
  }
  return true;
}

static bool take_type(const reader *in, const char *member, const json_t *from, array_layout *into) {
  const char *type = json_string_value(json_object_get(from, "dtype"));
  char quote[ARRAY_QUOTE_SIZE];
  if (!type) return array_fail(in->error, "%s: it has no dtype", member);
  return layout_set_type_name(into, type) ||
         array_fail(in->error,
                    "%s: entries of type '%s' can't be read; use F64, F32, F16, BF16, an integer type or BOOL", member,
                    array_quote(type, strlen(type), quote));
}

/* What the header says of one tensor, compared with the size of the file. */
static bool take_tensor(const reader *in, const char *name, const json_t *from, tensor *into) {
  char member[ARRAY_MEMBER_SIZE];
  const char *fault = array_name_fault(name);
  int64_t place[2], size = in->size - in->begin;
  int count;
  array_member_name(in->path, name, member);
  *into = (tensor){.name = name};
  if (fault) return array_fail(in->error, "%s: its name %s", member, fault);
  if (!take_type(in, member, from, &into->layout)) return false;
  if (!take_wholes(json_object_get(from, "shape"), ARRAY_MAXIMUM_RANK, &into->layout.rank, into->layout.extents))
    return array_fail(in->error, "%s: its shape is not a list of at most %d whole numbers from 0 on", member,
                      ARRAY_MAXIMUM_RANK);
  if (!take_wholes(json_object_get(from, "data_offsets"), 2, &count, place) || count != 2 || place[0] > place[1])
    return array_fail(in->error, "%s: its data_offsets are not two whole numbers that ascend from 0 on", member);
  if (place[1] > size)
    return array_fail(in->error, "%s: its data_offsets end at %lld, the file's data at %lld", member,
                      (long long)place[1], (long long)size);
  int64_t needed = layout_bytes(&into->layout), present = place[1] - place[0];
  if (needed < 0) return array_fail(in->error, "%s: its shape needs more bytes than can be", member);
  if (needed != present)
    return array_fail(in->error, "%s: its type and shape need %lld bytes, its data_offsets give it %lld", member,
                      (long long)needed, (long long)present);
  into->begin = place[0];
  into->end = place[1];
  return true;
}

static int compare_places(const void *one, const void *other) {
  const tensor *a = one, *b = other;
  if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
  return a->end == b->end ? strcmp(a->name, b->name) : a->end < b->end ? -1 : 1;
}

/* Every byte of the data is one tensor's: else something may hide there, or two names mean the same. */
static bool lie_side_by_side(const reader *in, const tensor *sorted, int count) {
  char member[ARRAY_MEMBER_SIZE];
  int64_t reached = 0;
  for (int k = 0; k < count; k++) {
    if (sorted[k].begin != reached)
      return array_fail(in->error, "%s: its data %s", array_member_name(in->path, sorted[k].name, member),
                        sorted[k].begin < reached ? "overlaps another's" : "leaves a gap behind another's");
    reached = sorted[k].end;
  }
  return reached == in->size - in->begin ||
         array_fail(in->error, "%s: the tensors end at byte %lld of the data, the file at %lld", in->path,
                    (long long)reached, (long long)(in->size - in->begin));
}

/* Tensors in the order of their places, so that the file is read from front to back. */
static bool read_tensors(const reader *in, const tensor *sorted, int count, array_file *into) {
  if (!array_file_expect(into, (size_t)count, in->path, in->error)) return false;
  for (int k = 0; k < count; k++) {
    named_array *part = array_file_add(into, sorted[k].name, strlen(sorted[k].name), in->path, in->error);
    if (!part) return false;
    if (array_file_wants(into, part) &&
        !layout_read_at(&sorted[k].layout, in->stream, in->path, in->begin + sorted[k].begin, &part->array, in->error))
      return false;
  }
  return true;
}

static bool read_with_header(const reader *in, json_t *header, array_file *into) {
  tensor *tensors = calloc(json_object_size(header) + 1, sizeof *tensors);
  if (!tensors) return array_fail(in->error, "%s: not enough memory for its tensors", in->path);
  const char *name;
  json_t *value;
  int count = 0;
  bool good = true;
  json_object_foreach(header, name, value) {
    if (!strcmp(name, metadata)) {
      if (json_is_object(value)) continue;
      good = array_fail(in->error, "%s: its %s is no JSON object", in->path, metadata);
    } else {
      good = take_tensor(in, name, value, &tensors[count++]);
    }
    if (!good) break;
  }
  if (good) {
    qsort(tensors, (size_t)count, sizeof *tensors, compare_places);
    good = lie_side_by_side(in, tensors, count) && read_tensors(in, tensors, count, into);
  }
  free(tensors);
  return good;
}

bool array_safetensors_read(const char *path, array_file *into, array_error *error) {
  reader in = {.path = path, .error = error};
  in.stream = file_open(path, &in.size, error);
  if (!in.stream) return false;
  json_t *header = read_header(&in);
  bool good = header && read_with_header(&in, header, into);
  json_decref(header);
  fclose(in.stream);
  return good;
}

/* ---- writing ---- */

typedef struct {
  const char *name;
  array_layout layout;
  unsigned char *entries; /* as they are written; from malloc */
} outgoing;

/* As the format's own library has them: I64, F64, F32, then by name. Larger types first, so that every tensor begins at
 * a multiple of its entries' size; and the order in which they are given tells nothing. */
static int compare_outgoing(const void *one, const void *other) {
  const outgoing *a = one, *b = other;
  if (a->layout.size != b->layout.size) return a->layout.size > b->layout.size ? -1 : 1;
  if (a->layout.kind != b->layout.kind) return a->layout.kind > b->layout.kind ? -1 : 1;
  return strcmp(a->name, b->name);
}

static json_t *describe(const array_layout *of, int64_t begin, int64_t end) {
  json_t *shape = json_array();
  for (int k = 0; k < of->rank; k++)
    if (json_array_append_new(shape, json_integer(of->extents[k]))) {
      json_decref(shape);
      return NULL;
    }
  return json_pack("{s:s, s:o, s:[I, I]}", "dtype", layout_type_name(of), "shape", shape, "data_offsets",
                   (json_int_t)begin, (json_int_t)end);
}

/* The header's text, padded with blanks so that the entries begin at a multiple of eight bytes; from malloc. */
static char *make_header(const outgoing *tensors, int count) {
  json_t *header = json_object();
  int64_t reached = 0;
  for (int k = 0; k < count && header; k++) {
    int64_t begin = reached;
    reached += layout_bytes(&tensors[k].layout);
    if (!json_object_set_new(header, tensors[k].name, describe(&tensors[k].layout, begin, reached))) continue;
    json_decref(header);
    header = NULL;
  }
  char *text = header ? json_dumps(header, JSON_COMPACT) : NULL;
  json_decref(header);
  size_t length = text ? strlen(text) : 0, padded = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  char *made = text ? realloc(text, padded + 1) : NULL;
  if (!made) {
    free(text);
    return NULL;
  }
  memset(made + length, ' ', padded - length);
  made[padded] = 0;
  return made;
}

static bool encode(const char *path, const array_list *from, outgoing *into, array_error *error) {
  for (int k = 0; k < from->count; k++) {
    into[k] = (outgoing){from->names[k], layout_for(&from->arrays[k], from->precision), NULL};
    if (!strcmp(into[k].name, metadata)) return array_fail(error, "%s: no array can be named %s", path, metadata);
    into[k].entries = layout_encode(&into[k].layout, from->arrays[k].entries);
    if (!into[k].entries) return array_fail(error, "%s: not enough memory to write it", path);
  }
  qsort(into, (size_t)from->count, sizeof *into, compare_outgoing);
  return true;
}

static bool write_pieces(const char *path, const outgoing *tensors, int count, array_error *error) {
  char *header = make_header(tensors, count);
  file_piece *pieces = calloc((size_t)count + 2, sizeof *pieces);
  unsigned char length[LENGTH_SIZE];
  size_t size = header ? strlen(header) : 0;
  for (int b = 0; b < LENGTH_SIZE; b++) length[b] = (unsigned char)((uint64_t)size >> (8 * b));
  bool good = header && pieces;
  if (good) {
    pieces[0] = (file_piece){length, LENGTH_SIZE};
    pieces[1] = (file_piece){header, size};
    for (int k = 0; k < count; k++)
      pieces[2 + k] = (file_piece){tensors[k].entries, (size_t)layout_bytes(&tensors[k].layout)};
    good = file_write(path, pieces, 2 + count, error);
  } else {
    array_fail(error, "%s: not enough memory to write it", path);
  }
  free(pieces);
  free(header);
  return good;
}

bool array_safetensors_write_all(const char *path, const array_list *from, array_error *error) {
  outgoing *tensors = calloc((size_t)from->count + 1, sizeof *tensors);
  if (!tensors) return array_fail(error, "%s: not enough memory to write it", path);
  bool good = encode(path, from, tensors, error) && write_pieces(path, tensors, from->count, error);
  for (int k = 0; k < from->count; k++) free(tensors[k].entries);
  free(tensors);
  return good;
}
