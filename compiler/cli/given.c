/* Arguments -> arrays by input (see given.h). */
#include "compiler/cli/given.h"

#include "runtime/file.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const endings[] = {".npy", ".csv", ".json"};
enum { ENDING_COUNT = sizeof endings / sizeof endings[0] };

bool read_value(const char *value, host_array *into, array_error *error) {
  return *value == '@' ? array_read(value + 1, into, error) : array_parse(value, into, error);
}

static const char *nearest_input(const given_arrays *to, const char *name) {
  int count = to->model->inputs.count;
  const char **names = arena_array(to->with->memory, const char *, count + 1);
  for (int k = 0; k < count; k++) names[k] = to->model->inputs.items[k].name;
  return console_suggest_or_list(to->with, name, names, count);
}

/* Takes over the entries of `array`. */
static void give(given_arrays *to, int number, host_array *values, const char *origin, bool from_folder) {
  given_array *earlier = to->of_input[number];
  if (earlier && earlier->from_folder == from_folder) {
    complain("'%s' is given twice: by %s and by %s", to->model->inputs.items[number].name, earlier->origin, origin);
    to->failed = true;
  }
  if (earlier && (from_folder || earlier->from_folder == from_folder)) {
    host_array_release(values);
    return;
  }
  if (earlier) host_array_release(&earlier->array);
  given_array *made = arena_new(to->with->memory, given_array);
  *made = (given_array){*values, origin, from_folder};
  values->entries = NULL;
  to->of_input[number] = made;
}

static void fail(given_arrays *to, const char *message) {
  complain("%s", message);
  to->failed = true;
}

static void give_value(given_arrays *to, const assignment *argument) {
  int number = find_input(to->model, argument->name);
  if (number < 0) {
    complain("the model has no input '%s'%s", argument->name, nearest_input(to, argument->name));
    to->failed = true;
    return;
  }
  host_array values;
  array_error error;
  if (read_value(argument->value, &values, &error))
    give(to, number, &values, arena_format(to->with->memory, "%s=...", argument->name), false);
  else
    fail(to, arena_format(to->with->memory, "%s: %s", argument->name, error.message));
}

/* The members of a .json object, which must all be inputs; or those columns of a .csv that are inputs. */
static void give_parts(given_arrays *to, const char *path, array_file *file) {
  int found = 0;
  for (int k = 0; k < file->part_count; k++) {
    const char *name = file->parts[k].name;
    int number = find_input(to->model, name);
    if (number >= 0) {
      found++;
      give(to, number, &file->parts[k].array, path, false);
    } else if (!file->has_whole) {
      const char *shown = arena_copy(to->with->memory, name, strlen(name));
      fail(to,
           arena_format(to->with->memory, "%s: the model has no input '%s'%s", path, shown, nearest_input(to, shown)));
    }
  }
  if (file->has_whole && !found)
    fail(to, arena_format(to->with->memory, "%s: none of its columns is named after an input of the model", path));
}

static void give_file(given_arrays *to, const char *path) {
  array_file file;
  array_error error;
  const char *base = file_base_name(path);
  const char *name = arena_copy(to->with->memory, base, strlen(base) - strlen(file_ending(path)));
  if (access(path, F_OK)) {
    complain("'%s' is no file or folder, nor a value: an input is given as NAME=VALUE, FILE or FOLDER/", path);
    to->failed = true;
    return;
  }
  if (!array_file_read(path, &file, &error)) {
    fail(to, error.message);
    return;
  }
  int number = find_input(to->model, name);
  if (file.has_whole && number >= 0)
    give(to, number, &file.whole, path, false);
  else if (!file.has_whole || file.part_count)
    give_parts(to, path, &file);
  else
    fail(to, arena_format(to->with->memory, "%s: the model has no input '%s'%s; to give it to another, write NAME=@%s",
                          path, name, nearest_input(to, name), path));
  array_file_release(&file);
}

/* The file of the folder that is named after the input, or NULL; two of them are a mistake. */
static const char *file_in_folder(given_arrays *to, const char *folder, const char *name) {
  const char *found = NULL;
  const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
  for (int k = 0; k < ENDING_COUNT; k++) {
    const char *path = arena_format(to->with->memory, "%s%s%s%s", folder, slash, name, endings[k]);
    if (access(path, F_OK)) continue;
    if (found)
      fail(to,
           arena_format(to->with->memory, "%s and %s both hold '%s'; give one of them as a file", found, path, name));
    found = path;
  }
  return found;
}

static void give_folder(given_arrays *to, const char *folder) {
  int found = 0;
  for (int k = 0; k < to->model->inputs.count; k++) {
    const char *path = file_in_folder(to, folder, to->model->inputs.items[k].name);
    if (!path) continue;
    found++;
    if (to->of_input[k] && !to->of_input[k]->from_folder) continue;
    host_array values;
    array_error error;
    if (array_read(path, &values, &error))
      give(to, k, &values, path, true);
    else
      fail(to, error.message);
  }
  if (!found && to->model->inputs.count)
    fail(to, arena_format(to->with->memory, "the folder %s has no file named after an input (%s.npy, .csv or .json)",
                          folder, to->model->inputs.items[0].name));
}

/* Folders come last: they supply only what is not given otherwise, wherever they stand. */
given_arrays given_read(console *with, const tensor_program *model, const name_list *arguments) {
  given_arrays made = {.with = with, .model = model, .dimension_count = model->dimensions.count};
  made.of_input = arena_array(with->memory, given_array *, model->inputs.count + 1);
  for (int k = 0; k < arguments->count; k++) {
    assignment value;
    if (split_assignment(with, arguments->items[k], &value))
      give_value(&made, &value);
    else if (!file_is_folder(arguments->items[k]))
      give_file(&made, arguments->items[k]);
  }
  for (int k = 0; k < arguments->count; k++) {
    assignment value;
    if (!split_assignment(with, arguments->items[k], &value) && file_is_folder(arguments->items[k]))
      give_folder(&made, arguments->items[k]);
  }
  return made;
}

void given_release(given_arrays *from) {
  for (int k = 0; k < from->model->inputs.count; k++)
    if (from->of_input[k]) host_array_release(&from->of_input[k]->array);
}
