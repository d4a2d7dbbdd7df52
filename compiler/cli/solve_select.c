/* Entries of vars by name and subscripts (see solve.h). */
#include "compiler/cli/names.h"
#include "compiler/cli/solve.h"

#include <ctype.h>
#include <string.h>

typedef struct {
  solving *in;
  const char *option, *list, *at;
  selection_list *into;
} reader;

static bool refuse(const reader *of, const char *what) {
  complain("%s '%s': %s", of->option, of->list, what);
  return false;
}

static void skip_blanks(reader *of) {
  while (isspace((unsigned char)*of->at)) of->at++;
}

static bool take(reader *of, char expected) {
  skip_blanks(of);
  if (*of->at != expected) return false;
  of->at++;
  return true;
}

/* A name as it stands; "" where there is none. */
static const char *take_name(reader *of) {
  skip_blanks(of);
  size_t length = 0;
  while (isalnum((unsigned char)of->at[length]) || of->at[length] == '_' || of->at[length] == '.') length++;
  const char *name = arena_copy(of->in->with->memory, of->at, length);
  of->at += length;
  return name;
}

static bool term(reader *of, int64_t *value) {
  skip_blanks(of);
  if (!isdigit((unsigned char)*of->at)) {
    const char *name = take_name(of);
    for (int k = 0; k < of->in->inputs.dimension_count; k++) {
      const dimension *each = &of->in->model->dimensions.items[k];
      if (strcmp(each->name, name)) continue;
      if (whole_evaluate(of->in->model->dag, each->value, of->in->inputs.values, value)) return true;
      return refuse(of, arena_format(of->in->with->memory, "'%s' has no value", name));
    }
    return refuse(of, *name ? arena_format(of->in->with->memory, "the model has no dim '%s'", name)
                            : "a subscript is a whole number or an extent, as n-1, or a slice of two, as 2:n");
  }
  for (*value = 0; isdigit((unsigned char)*of->at); of->at++) {
    if (*value > INT64_MAX / 10 - 1) return refuse(of, "a subscript is too large");
    *value = *value * 10 + (*of->at - '0');
  }
  return true;
}

/* Sums and differences of numbers and extents; a number behind a minus alone counts from the end, as in the language.
 */
static bool place_at(reader *of, int64_t extent, int64_t *value) {
  bool from_end = take(of, '-');
  if (!term(of, value)) return false;
  if (from_end) *value = extent - *value;
  for (;;) {
    int64_t more, sign = take(of, '+') ? 1 : take(of, '-') ? -1 : 0;
    if (!sign) return true;
    if (!term(of, &more)) return false;
    if (__builtin_add_overflow(*value, sign * more, value)) return refuse(of, "a subscript is too large");
  }
}

static bool at_any(reader *of, const char *characters) {
  skip_blanks(of);
  return *of->at && strchr(characters, *of->at);
}

static bool subscript(reader *of, const char *name, int64_t extent, int64_t *first, int64_t *end) {
  *first = 0;
  if (!at_any(of, ":") && !place_at(of, extent, first)) return false;
  bool slice = take(of, ':');
  if (slice) {
    *end = extent;
    if (!at_any(of, ",]") && !place_at(of, extent, end)) return false;
  } else if (*first < extent) {
    *end = *first + 1;
  }
  if (*first >= 0 && *first <= *end && *end <= extent && (slice || *first < extent)) return true;
  return refuse(of, arena_format(of->in->with->memory, "a subscript of '%s' is out of range: there are %lld entries",
                                 name, (long long)extent));
}

static bool subscripts(reader *of, const quantity *value, int64_t *first, int64_t *end) {
  for (int number = 0; number < value->rank; number++) end[number] = value->extents[number];
  if (!take(of, '[')) return true;
  int count = 0;
  do {
    if (count == value->rank)
      return refuse(of, arena_format(of->in->with->memory, "'%s' has more subscripts than axes", value->name));
    if (!subscript(of, value->name, value->extents[count], &first[count], &end[count])) return false;
    count++;
  } while (take(of, ','));
  return take(of, ']') || refuse(of, "a ']' is missing");
}

static bool select_var(reader *of, int number) {
  const quantity *value = &of->in->inputs.inputs[number].value;
  selection made = {.input = number};
  int64_t *first = arena_array(of->in->with->memory, int64_t, value->rank + 1);
  int64_t *end = arena_array(of->in->with->memory, int64_t, value->rank + 1);
  if (!subscripts(of, value, first, end)) return false;
  made.first = first;
  made.end = end;
  list_push(of->in->with->memory, of->into, made);
  return true;
}

/* Is this an input that is no var, or the beginning of names of such? */
static bool never_moves(const reader *of, const char *name) {
  for (int k = 0; k < of->in->model->inputs.count; k++) {
    const input *each = &of->in->model->inputs.items[k];
    if (each->role != ROLE_VAR && (!strcmp(each->name, name) || is_below(each->name, name))) return true;
  }
  return false;
}

/* A var; or what stands for all vars below it, without subscripts. */
static bool item(reader *of) {
  const char *name = take_name(of);
  arena *memory = of->in->with->memory;
  if (!*name) return refuse(of, "a name is missing");
  name_list one = one_name(of->in->with, name);
  name_list all = names_below(of->in->with, of->in->model, &one, VARS);
  bool vars = has_role(of->in->model, all.items[0], VARS);
  if (!vars && never_moves(of, name)) return refuse(of, arena_format(memory, "'%s' is no var: only vars move", name));
  if (!names_check(of->in->with, of->in->model, of->option, &all, NAMES_INPUTS)) return false;
  if (all.count > 1 && at_any(of, "["))
    return refuse(of, arena_format(memory, "'%s' names %d arrays: it has no subscripts", name, all.count));
  for (int k = 0; k < all.count; k++)
    if (!select_var(of, find_input(of->in->model, all.items[k]))) return false;
  return true;
}

bool selection_read(solving *in, const char *option, const char *list, selection_list *into) {
  reader of = {in, option, list, list, into};
  do {
    if (!item(&of)) return false;
  } while (take(&of, ','));
  skip_blanks(&of);
  return !*of.at || refuse(&of, arena_format(in->with->memory, "'%s' is not understood", of.at));
}
