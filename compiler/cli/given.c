/* Arguments -> arrays by input (see given.h). */
#include "compiler/cli/given.h"

#include "runtime/file.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
  *made = (given_array){host_array_take(values), origin, from_folder};
  to->of_input[number] = made;
}

static void fail(given_arrays *to, const char *message) {
  complain("%s", message);
  to->failed = true;
}

/* ---- the weights of a network: f=FILE ---- */

static int find_net(const tensor_program *model, const char *name) {
  for (int k = 0; k < model->networks.count; k++)
    if (!strcmp(model->networks.items[k].name, name)) return k;
  return -1;
}

/* Does the file name its arrays as inputs, f.0.weight, or as PyTorch's Sequential does: 0.weight? */
static bool has_prefix(const array_file *file, const char *net) {
  for (int k = 0; k < file->part_count; k++)
    if (is_below(file->parts[k].name, net)) return true;
  return false;
}

/* "0.weight, 0.bias"; or "f.0.weight=..., f.0.bias=...". */
static const char *weights_of(const given_arrays *to, int net, bool as_arguments) {
  text made = text_create(to->with->memory);
  size_t prefix = as_arguments ? 0 : strlen(to->model->networks.items[net].name) + 1;
  for (int k = 0; k < to->model->inputs.count; k++) {
    const input *each = &to->model->inputs.items[k];
    if (each->network == net)
      text_format(&made, "%s%s%s", made.length ? ", " : "", each->name + prefix, as_arguments ? "=..." : "");
  }
  return made.data;
}

/* The part that is the weight `name`; -1: there is none. */
static int find_part(const array_file *file, const char *name) {
  for (int k = 0; k < file->part_count; k++)
    if (!strcmp(file->parts[k].name, name)) return k;
  return -1;
}

/* What a file has beside the weights: other inputs' arrays may stand beside those that are named f.*, nothing beside a
 * bare state dict. */
static void report_others(given_arrays *to, int net, const char *path, const array_file *file, bool prefixed) {
  const char *name = to->model->networks.items[net].name;
  for (int k = 0; k < file->part_count; k++) {
    const char *part = file->parts[k].name;
    const char *full = prefixed ? part : arena_format(to->with->memory, "%s.%s", name, part);
    if (find_input(to->model, full) >= 0) continue;
    fail(to, arena_format(to->with->memory, "%s: '%s' is no weight of the network '%s', which has %s", path, part, name,
                          weights_of(to, net, false)));
  }
}

static void give_weights(given_arrays *to, int net, const char *path, array_file *file) {
  const char *name = to->model->networks.items[net].name;
  bool prefixed = has_prefix(file, name);
  report_others(to, net, path, file, prefixed);
  for (int k = 0; k < to->model->inputs.count; k++) {
    const input *each = &to->model->inputs.items[k];
    if (each->network != net) continue;
    const char *wanted = prefixed ? each->name : each->name + strlen(name) + 1;
    int part = find_part(file, wanted);
    if (part >= 0)
      give(to, k, &file->parts[part].array, path, false);
    else
      fail(to, arena_format(to->with->memory, "%s has no '%s', a weight of the network '%s'", path, wanted, name));
  }
}

/* Is this meant as a file's name, and not as a value? */
static bool names_file(const char *value) {
  for (int k = 0; array_file_ending(k); k++)
    if (!strcmp(file_ending(value), array_file_ending(k))) return true;
  return *value == '@' || !access(value, F_OK);
}

static void give_network(given_arrays *to, int net, const char *value) {
  const char *name = to->model->networks.items[net].name, *path = *value == '@' ? value + 1 : value;
  array_file file;
  array_error error;
  if (!names_file(value)) {
    fail(to,
         arena_format(to->with->memory,
                      "%s=%s: '%s' is a network, whose weights come from a file (%s=FILE.safetensors, .npz or .json) "
                      "or one by one (%s)",
                      name, value, name, name, weights_of(to, net, true)));
    return;
  }
  if (!array_file_read(path, &file, &error)) {
    fail(to, error.message);
    return;
  }
  if (file.has_whole)
    fail(to, arena_format(to->with->memory, "%s is one array, and the network '%s' has %s", path, name,
                          weights_of(to, net, false)));
  else
    give_weights(to, net, path, &file);
  array_file_release(&file);
}

/* ---- the other arguments ---- */

static void give_value(given_arrays *to, const assignment *argument) {
  int number = find_input(to->model, argument->name), net = find_net(to->model, argument->name);
  if (number < 0 && net >= 0) {
    give_network(to, net, argument->value);
    return;
  }
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

/* Members of a .npz, a .safetensors or a .json object, and columns of a .csv, that are inputs; how many are. */
static int give_parts(given_arrays *to, const char *path, array_file *file, bool from_folder) {
  int found = 0;
  for (int k = 0; k < file->part_count; k++) {
    int number = find_input(to->model, file->parts[k].name);
    if (number < 0) continue;
    found++;
    give(to, number, &file->parts[k].array, path, from_folder);
  }
  return found;
}

static const char *name_of_file(given_arrays *to, const char *path) {
  const char *base = file_base_name(path);
  return arena_copy(to->with->memory, base, strlen(base) - strlen(file_ending(path)));
}

/* What to do with arrays that are named as a bare state dict's. */
static const char *hint_of_network(const given_arrays *to, const char *path, const char *name) {
  for (int k = 0; k < to->model->networks.count; k++) {
    const char *net = to->model->networks.items[k].name;
    const char *full = arena_format(to->with->memory, "%s.%s", net, name);
    if (find_input(to->model, full) >= 0)
      return arena_format(to->with->memory, "; to give it to the network '%s', write %s=%s", net, net, path);
  }
  return "";
}

/* What to do with the only array of a file that is named after an input, but not so in the file. */
static const char *hint(given_arrays *to, const char *path, const array_file *file) {
  const char *name = name_of_file(to, path);
  if (file->part_count != 1 || find_input(to->model, name) < 0) return "";
  return arena_format(to->with->memory, "; to give it to %s, write %s=@%s", name, name, path);
}

/* A .csv may have columns that no input is named after; members must all be inputs. */
static void give_named(given_arrays *to, const char *path, array_file *file) {
  int found = give_parts(to, path, file, false);
  for (int k = 0; k < file->part_count && !file->has_whole; k++) {
    const char *name = file->parts[k].name;
    if (find_input(to->model, name) >= 0) continue;
    const char *shown = arena_copy(to->with->memory, name, strlen(name));
    const char *remedy = hint_of_network(to, path, shown);
    if (!*remedy) remedy = arena_format(to->with->memory, "%s%s", nearest_input(to, shown), hint(to, path, file));
    fail(to, arena_format(to->with->memory, "%s: the model has no input '%s'%s", path, shown, remedy));
  }
  if (file->has_whole && !found)
    fail(to, arena_format(to->with->memory, "%s: none of its columns is named after an input of the model", path));
}

static void give_file(given_arrays *to, const char *path) {
  array_file file;
  array_error error;
  const char *name = name_of_file(to, path);
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
    give_named(to, path, &file);
  else
    fail(to, arena_format(to->with->memory, "%s: the model has no input '%s'%s; to give it to another, write NAME=@%s",
                          path, name, nearest_input(to, name), path));
  array_file_release(&file);
}

static const char *path_in(given_arrays *to, const char *folder, const char *name, const char *ending) {
  const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
  return arena_format(to->with->memory, "%s%s%s%s", folder, slash, name, ending);
}

/* The file of the folder that is named after the input, or NULL; two of them are a mistake. */
static const char *file_in_folder(given_arrays *to, const char *folder, const char *name) {
  const char *found = NULL;
  for (int k = 0; array_file_ending(k); k++) {
    const char *path = path_in(to, folder, name, array_file_ending(k));
    if (access(path, F_OK)) continue;
    if (found)
      fail(to,
           arena_format(to->with->memory, "%s and %s both hold '%s'; give one of them as a file", found, path, name));
    found = path;
  }
  return found;
}

/* What its files supply that are named after inputs. */
static int give_named_files(given_arrays *to, const char *folder) {
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
  return found;
}

static int is_archive(const struct dirent *entry) {
  return entry->d_name[0] != '.' && array_file_is_archive(entry->d_name);
}

/* What its other archives hold under the names of inputs. */
static int give_archives(given_arrays *to, const char *folder) {
  struct dirent **entries;
  int found = 0, count = scandir(folder, &entries, is_archive, alphasort);
  if (count < 0) fail(to, arena_format(to->with->memory, "%s: %s", folder, strerror(errno)));
  for (int k = 0; k < count; k++) {
    const char *path = path_in(to, folder, entries[k]->d_name, "");
    free(entries[k]);
    array_file file;
    array_error error;
    if (find_input(to->model, name_of_file(to, path)) >= 0) continue;
    if (array_file_read(path, &file, &error)) {
      found += give_parts(to, path, &file, true);
      array_file_release(&file);
    } else {
      found++; /* what is in it nobody knows */
      fail(to, error.message);
    }
  }
  if (count >= 0) free(entries);
  return found;
}

static void give_folder(given_arrays *to, const char *folder) {
  int found = give_named_files(to, folder) + give_archives(to, folder);
  char endings[ARRAY_ENDINGS_SIZE];
  if (found || !to->model->inputs.count) return;
  fail(to,
       arena_format(to->with->memory,
                    "the folder %s has no file that is named after an input (%s with one of %s), and no archive with "
                    "an array of such a name",
                    folder, to->model->inputs.items[0].name, array_file_endings(endings)));
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
