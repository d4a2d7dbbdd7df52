/* Spellings of emitted C. */
#include "compiler/emit/c_dialect.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sorted. The functions of math.h stand here in their double form; their forms with f and l are found by cutting the
 * last letter off. */
static const char *const reserved_words[] = {
#include "compiler/emit/reserved_words.def"
};

static int compare_words(const void *word, const void *entry) {
  return strcmp(word, *(const char *const *)entry);
}

static bool in_table(const char *word) {
  size_t count = sizeof reserved_words / sizeof *reserved_words;
  return bsearch(word, reserved_words, count, sizeof *reserved_words, compare_words) != NULL;
}

bool c_reserved(const char *word) {
  size_t length = strlen(word);
  if (length == 0 || word[0] == '_' || in_table(word)) return true;
  bool suffixed = length > 2 && (word[length - 1] == 'f' || word[length - 1] == 'l');
  char stem[32];
  if (!suffixed || length > sizeof stem) return false;
  memcpy(stem, word, length - 1);
  stem[length - 1] = '\0';
  return in_table(stem);
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool c_like_temporary(const char *word) {
  return word[0] == 't' && is_digit(word[1]) && word[1 + strspn(word + 1, "0123456789")] == '\0';
}

const char *c_identifier(arena *memory, const char *name) {
  size_t length = strlen(name);
  char *made = arena_array(memory, char, length + 3);
  size_t at = 0;
  if (length == 0 || !is_letter(name[0])) made[at++] = 'x';
  for (size_t k = 0; k < length; k++) {
    char c = is_letter(name[k]) || is_digit(name[k]) ? name[k] : '_';
    /* C++ keeps every name with two underscores in a row for itself. */
    if (c != '_' || at == 0 || made[at - 1] != '_') made[at++] = c;
  }
  made[at] = '\0';
  if (c_reserved(made)) made[at] = '_';
  return made;
}

const char *c_macro(arena *memory, const char *identifier) {
  char *made = arena_copy(memory, identifier, strlen(identifier));
  for (char *c = made; *c; c++)
    if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
  return made;
}

enum { FIRST_BUCKET_COUNT = 64 };

c_names c_names_create(arena *memory) {
  return (c_names){.memory = memory};
}

/* FNV-1a. */
static uint32_t hash_of(const char *name) {
  uint32_t hash = 2166136261u;
  for (const char *c = name; *c; c++) hash = (hash ^ (unsigned char)*c) * 16777619u;
  return hash;
}

static void put_into_bucket(c_names *in, int position) {
  c_name *entry = &in->taken.items[position];
  int *bucket = &in->buckets[entry->hash % (uint32_t)in->bucket_count];
  entry->next = *bucket;
  *bucket = position;
}

static void grow_buckets(c_names *in) {
  in->bucket_count = in->bucket_count ? 2 * in->bucket_count : FIRST_BUCKET_COUNT;
  in->buckets = arena_array(in->memory, int, in->bucket_count);
  for (int k = 0; k < in->bucket_count; k++) in->buckets[k] = -1;
  for (int k = 0; k < in->taken.count; k++) put_into_bucket(in, k);
}

static int find_name(const c_names *in, const char *identifier) {
  if (!in->bucket_count) return -1;
  uint32_t hash = hash_of(identifier);
  for (int k = in->buckets[hash % (uint32_t)in->bucket_count]; k >= 0; k = in->taken.items[k].next)
    if (in->taken.items[k].hash == hash && !strcmp(in->taken.items[k].name, identifier)) return k;
  return -1;
}

/* The numbers of a name count up from where they stood, so that many claims of one name take linear time. */
const char *c_names_claim_as_spelled(c_names *in, const char *identifier) {
  const char *separator = identifier[strlen(identifier) - 1] == '_' ? "" : "_";
  int stem = find_name(in, identifier);
  int number = 2;
  if (stem >= 0) {
    const char *base = identifier;
    number = in->taken.items[stem].next_number;
    do identifier = arena_format(in->memory, "%s%s%d", base, separator, number++);
    while (find_name(in, identifier) >= 0);
    in->taken.items[stem].next_number = number;
  }
  if (in->taken.count >= in->bucket_count) grow_buckets(in);
  list_push(in->memory, &in->taken, (c_name){identifier, hash_of(identifier), -1, stem, 2});
  put_into_bucket(in, in->taken.count - 1);
  return identifier;
}

const char *c_names_claim(c_names *in, const char *name) {
  return c_names_claim_as_spelled(in, c_identifier(in->memory, name));
}

bool c_names_has(const c_names *in, const char *identifier) {
  return find_name(in, identifier) >= 0;
}

int c_names_open(const c_names *in) {
  return in->taken.count;
}

/* The newest name is the first of its bucket. Its number is free again. */
void c_names_close(c_names *in, int opened) {
  while (in->taken.count > opened) {
    const c_name *newest = &in->taken.items[--in->taken.count];
    in->buckets[newest->hash % (uint32_t)in->bucket_count] = newest->next;
    if (newest->stem >= 0) in->taken.items[newest->stem].next_number--;
  }
}

/* Nine digits tell all floats apart. The locale's decimal point may be any other than '.'. */
static void single_digits(text *out, float value) {
  char form[32];
  for (int digits = 1; digits <= FLT_DECIMAL_DIG; digits++) {
    snprintf(form, sizeof form, "%.*e", digits - 1, (double)value);
    if (strtof(form, NULL) == value) break;
  }
  for (char *c = form; *c; c++)
    if (!strchr("+-0123456789e", *c)) *c = '.';
  text_append(out, form);
}

void c_real(text *out, double value, bool single) {
  if (single) value = (double)(float)value;
  if (isnan(value) || isinf(value)) {
    /* The macros are floats: C++ would take a function's overload for a double and a float, and CUDA has none on the
     * device. */
    text_format(out, "%s%s%s", isinf(value) && value < 0 ? "-" : "", single ? "" : "(double)",
                isnan(value) ? "NAN" : "INFINITY");
  } else if (single) {
    single_digits(out, (float)value);
    text_append(out, "f");
  } else {
    text_append_number(out, value, 1);
  }
}

void c_whole(text *out, int64_t value) {
  if (value == INT64_MIN)
    text_append(out, "(-9223372036854775807 - 1)");
  else
    text_format(out, "%lld", (long long)value);
}

/* A character that could take part in a comment's end or begin, a trigraph or a continued line is set apart. */
void c_comment(text *out, const char *words, const char *margin) {
  char last = '\0';
  for (const char *c = words; *c; c++) {
    bool opens_or_ends = (last == '*' && *c == '/') || (last == '/' && *c == '*');
    bool continued = last == '\\' && *c == '\n';
    if (opens_or_ends || continued || (last == '?' && *c == '?')) text_append(out, " ");
    if (*c == '\n') {
      text_append(out, "\n");
      text_append(out, margin);
    } else if ((unsigned char)*c >= ' ' || *c == '\t') {
      text_append_bytes(out, c, 1);
    }
    last = *c == '\r' ? last : *c;
  }
  if (last == '*' || last == '/' || last == '\\') text_append(out, " ");
}

void c_string(text *out, const char *words) {
  text_append(out, "\"");
  for (const char *c = words; *c; c++) {
    unsigned char byte = (unsigned char)*c;
    if (*c == '"' || *c == '\\' || *c == '?') {
      text_format(out, "\\%c", *c);
    } else if (byte < ' ' || byte >= 127) {
      text_format(out, "\\%03o", byte);
    } else {
      text_append_bytes(out, c, 1);
    }
  }
  text_append(out, "\"");
}
