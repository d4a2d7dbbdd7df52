/* .npz files: zip archives of .npy members, stored or deflated; written stored, as numpy.savez does. */
#include "runtime/array_formats.h"
#include "runtime/array_npy_header.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

/* Deflate makes at most 1032 bytes of one: a member that claims more lies, and no memory is asked for on its word. */
enum { DEFLATE_RATIO = 1032, DOS_DATE_1980 = 33, ENDING = sizeof ".npy" - 1 };

typedef struct {
  const char *path;
  int64_t size; /* of the file */
  zip_t *archive;
  array_error *error;
} npz;

/* ---- reading ---- */

/* The stream is the archive's from now on, closed with it, or at once on failure. */
static zip_t *open_archive(const char *path, int64_t *size, array_error *error) {
  FILE *stream = file_open(path, size, error);
  if (!stream) return NULL;
  zip_error_t reason;
  zip_error_init(&reason);
  zip_source_t *source = zip_source_filep_create(stream, 0, -1, &reason);
  if (!source) fclose(stream);
  zip_t *archive = source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &reason) : NULL;
  if (!archive)
    array_fail(error, "%s: this is not a good .npz file: %s", path,
               zip_error_code_zip(&reason) == ZIP_ER_EXISTS ? "two of its members have one name"
                                                            : zip_error_strerror(&reason));
  if (source && !archive) zip_source_free(source);
  zip_error_fini(&reason);
  return archive;
}

/* What is wrong with a member's name, or NULL. libzip takes what is no UTF-8 text for code page 437, a table without
 * control characters, and translates: it has then another name than the one that stands in the file. */
static const char *member_fault(const npz *in, zip_uint64_t index, const char *name) {
  const char *raw = zip_get_name(in->archive, index, ZIP_FL_ENC_RAW);
  if (!raw || strcmp(raw, name)) return "is not UTF-8, or has a control character in it";
  size_t length = strlen(name);
  return length >= ENDING && !strcmp(name + length - ENDING, ".npy") ? NULL : "does not end in .npy";
}

/* The array that the member is, named as it is but for .npy. */
static named_array *add_part(const npz *in, zip_uint64_t index, const char *member, array_file *into) {
  const char *fault = member_fault(in, index, member);
  char quote[ARRAY_QUOTE_SIZE];
  size_t length = strlen(member);
  named_array *part = NULL;
  if (!fault && !(part = array_file_add(into, member, length - ENDING, in->path, in->error))) return NULL;
  if (!fault) fault = array_name_fault(part->name);
  if (!fault) return part;
  array_fail(in->error, "%s: the name of its member '%s' %s", in->path, array_quote(member, length, quote), fault);
  return NULL;
}

/* What the directory says of a member, compared with what can be. */
static bool is_readable(const npz *in, const zip_stat_t *of, const char *name) {
  static const zip_uint64_t needed =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if ((of->valid & needed) != needed) return array_fail(in->error, "%s: the archive says nothing of it", name);
  if (of->encryption_method != ZIP_EM_NONE) return array_fail(in->error, "%s: it is encrypted", name);
  if (of->comp_method != ZIP_CM_STORE && of->comp_method != ZIP_CM_DEFLATE)
    return array_fail(in->error, "%s: it is compressed by method %d; stored and deflated members can be read", name,
                      of->comp_method);
  bool stored = of->comp_method == ZIP_CM_STORE;
  zip_uint64_t ratio = stored ? 1 : DEFLATE_RATIO;
  if (of->comp_size <= (zip_uint64_t)in->size && of->size / ratio <= of->comp_size) return true;
  return array_fail(in->error, "%s: it claims %llu bytes, of which the file can't have more than %llu", name,
                    (unsigned long long)of->size, (unsigned long long)in->size * ratio);
}

static bool read_bytes(byte_source *from, void *into, size_t size, array_error *error) {
  for (char *at = into; size;) {
    zip_int64_t got = zip_fread(from->state, at, size);
    if (got < 0) return array_fail(error, "%s: %s", from->name, zip_file_strerror(from->state));
    if (!got) return array_fail(error, "%s: it ends before its %lld bytes do", from->name, (long long)from->size);
    at += got;
    size -= (size_t)got;
  }
  return true;
}

/* Only at the end of a member is its checksum compared. */
static bool ends_well(byte_source *from, array_error *error) {
  char more;
  zip_int64_t got = zip_fread(from->state, &more, 1);
  if (got < 0) return array_fail(error, "%s: %s", from->name, zip_file_strerror(from->state));
  return !got || array_fail(error, "%s: it goes on behind its %lld bytes", from->name, (long long)from->size);
}

static bool read_member(const npz *in, zip_uint64_t index, const zip_stat_t *of, const char *name, host_array *into) {
  if (!is_readable(in, of, name)) return false;
  zip_file_t *member = zip_fopen_index(in->archive, index, 0);
  if (!member) return array_fail(in->error, "%s: %s", name, zip_strerror(in->archive));
  byte_source from = {name, (int64_t)of->size, member, read_bytes};
  array_layout layout;
  int64_t begin;
  bool good = npy_header_read(&from, &layout, &begin, in->error) && layout_read(&layout, &from, into, in->error) &&
              ends_well(&from, in->error);
  zip_fclose(member);
  return good;
}

static bool read_members(const npz *in, array_file *into) {
  zip_int64_t count = zip_get_num_entries(in->archive, 0);
  if (!array_file_expect(into, (size_t)count, in->path, in->error)) return false;
  for (zip_uint64_t k = 0; k < (zip_uint64_t)count; k++) {
    zip_stat_t of;
    char name[ARRAY_MEMBER_SIZE];
    if (zip_stat_index(in->archive, k, 0, &of) || !(of.valid & ZIP_STAT_NAME))
      return array_fail(in->error, "%s: %s", in->path, zip_strerror(in->archive));
    named_array *part = add_part(in, k, of.name, into);
    if (!part) return false;
    array_member_name(in->path, part->name, name);
    if (array_file_wants(into, part) && !read_member(in, k, &of, name, &part->array)) return false;
  }
  return true;
}

bool array_npz_read(const char *path, array_file *into, array_error *error) {
  npz in = {.path = path, .error = error};
  in.archive = open_archive(path, &in.size, error);
  if (!in.archive) return false;
  bool good = read_members(&in, into);
  zip_discard(in.archive);
  return good;
}

/* ---- writing ---- */

/* Header and entries in one piece; from malloc. */
static unsigned char *member_bytes(const host_array *from, array_precision precision, size_t *size) {
  array_layout layout = layout_for(from, precision);
  char header[NPY_HEADER_SIZE];
  size_t header_size = npy_header_write(&layout, header), entry_size = (size_t)layout_bytes(&layout);
  unsigned char *entries = layout_encode(&layout, from->entries);
  unsigned char *made = entries ? malloc(header_size + entry_size) : NULL;
  if (made) {
    memcpy(made, header, header_size);
    memcpy(made + header_size, entries, entry_size);
  }
  free(entries);
  *size = header_size + entry_size;
  return made;
}

/* The date is always the same, so that the same arrays give the same bytes. */
static bool add_member(zip_t *archive, const char *name, const host_array *from, array_precision precision) {
  size_t size, length = strlen(name);
  unsigned char *bytes = member_bytes(from, precision, &size);
  char *member = malloc(length + sizeof ".npy");
  zip_source_t *source = bytes && member ? zip_source_buffer(archive, bytes, size, 1) : NULL;
  zip_int64_t index = -1;
  if (source) {
    memcpy(member, name, length);
    memcpy(member + length, ".npy", sizeof ".npy");
    index = zip_file_add(archive, member, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) zip_source_free(source); /* the bytes with it */
  } else {
    free(bytes);
  }
  free(member);
  return index >= 0 && !zip_set_file_compression(archive, (zip_uint64_t)index, ZIP_CM_STORE, 0) &&
         !zip_file_set_dostime(archive, (zip_uint64_t)index, 0, DOS_DATE_1980, 0);
}

/* Makes the archive in the memory of `source`, which outlives it. */
static bool make_archive(zip_source_t *source, const char *path, const array_list *from, array_error *error) {
  zip_error_t reason;
  zip_error_init(&reason);
  zip_source_keep(source);
  zip_t *archive = zip_open_from_source(source, ZIP_TRUNCATE, &reason);
  if (!archive) {
    zip_source_free(source);
    array_fail(error, "%s: %s", path, zip_error_strerror(&reason));
    zip_error_fini(&reason);
    return false;
  }
  bool good = true;
  for (int k = 0; k < from->count && good; k++)
    good = add_member(archive, from->names[k], &from->arrays[k], from->precision);
  if (good && !zip_close(archive)) return true;
  array_fail(error, "%s: it can't be made: %s", path, zip_strerror(archive));
  zip_discard(archive);
  return false;
}

/* All bytes of the source; from malloc. */
static char *read_source(zip_source_t *source, size_t *size) {
  zip_stat_t about;
  if (zip_source_stat(source, &about) || !(about.valid & ZIP_STAT_SIZE) || zip_source_open(source)) return NULL;
  *size = (size_t)about.size;
  char *bytes = malloc(*size + 1);
  if (bytes && zip_source_read(source, bytes, *size) != (zip_int64_t)*size) {
    free(bytes);
    bytes = NULL;
  }
  zip_source_close(source);
  return bytes;
}

bool array_npz_write_all(const char *path, const array_list *from, array_error *error) {
  static const char end[22] = "PK\5\6"; /* all of an archive without members, of which libzip makes no file */
  if (!from->count) return file_write(path, &(file_piece){end, sizeof end}, 1, error);
  zip_error_t reason;
  zip_error_init(&reason);
  zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &reason);
  zip_error_fini(&reason);
  if (!source) return array_fail(error, "%s: not enough memory to write it", path);
  size_t size = 0;
  bool good = make_archive(source, path, from, error);
  char *bytes = good ? read_source(source, &size) : NULL;
  zip_source_free(source);
  if (good && !bytes) array_fail(error, "%s: not enough memory to write it", path);
  file_piece piece = {bytes, size};
  good = bytes && file_write(path, &piece, 1, error);
  free(bytes);
  return good;
}
