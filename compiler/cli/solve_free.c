/* Which entries move (see solve.h). */
#include "compiler/cli/solve.h"

#include <string.h>

static int find_var(const solving *in, const char *name) {
  for (int k = 0; k < in->vector.vars.count; k++)
    if (!strcmp(in->model->inputs.items[in->vector.vars.items[k].input].name, name)) return k;
  return -1;
}

static const char *suggestion(const solving *in, const char *name) {
  const char **names = arena_array(in->with->memory, const char *, in->vector.vars.count + 1);
  for (int k = 0; k < in->vector.vars.count; k++)
    names[k] = in->model->inputs.items[in->vector.vars.items[k].input].name;
  return console_suggest_or_list(in->with, name, names, in->vector.vars.count);
}

static bool apply_mask(solving *in, const assignment *given) {
  int var = find_var(in, given->name);
  quantity entries;
  if (var < 0) {
    complain("--mask: the model has no var '%s'%s", given->name, suggestion(in, given->name));
    return false;
  }
  if (!bind_assignment(&in->inputs, "--mask", given, &entries)) return false;
  for (int64_t k = 0; k < entries.count; k++) {
    if (entries.entries[k] != 0 && entries.entries[k] != 1) {
      complain("--mask %s%s is %.17g: a mask has 1 for an entry that may move and 0 for one that may not", given->name,
               entry_place(&in->with->reports, &entries, k), entries.entries[k]);
      return false;
    }
    if (entries.entries[k] == 0) in->vector.mask[in->vector.vars.items[var].offset + k] = 0;
  }
  return true;
}

/* Of a var that --free names, only what it names may move. */
static void restrict_to(solving *in, const selection_list *named) {
  unsigned char *chosen = arena_array(in->with->memory, unsigned char, in->vector.size + 1);
  for (int k = 0; k < named->count; k++) var_vector_mark(&in->vector, &named->items[k], 1, chosen);
  for (int k = 0; k < named->count; k++) {
    const kernel_var *of = &in->vector.vars.items[var_of_input(&in->vector, named->items[k].input)];
    for (int64_t entry = of->offset; entry < of->offset + of->count; entry++) in->vector.mask[entry] &= chosen[entry];
  }
}

bool solve_choose_free(solving *in) {
  selection_list frozen = {0}, named = {0};
  diagnostics *found = diagnostics_create(in->with->memory, in->model->from);
  if (!var_vector_create(&in->inputs, &in->vector)) return false;
  bool good = var_vector_freeze(&in->vector, found);
  if (!good) console_show(found);
  for (int k = 0; k < in->given->masks.count; k++) good = apply_mask(in, &in->given->masks.items[k]) && good;
  for (int k = 0; k < in->given->freeze.count; k++)
    good = selection_read(in, "--freeze", in->given->freeze.items[k], &frozen) && good;
  for (int k = 0; k < in->given->free.count; k++)
    good = selection_read(in, "--free", in->given->free.items[k], &named) && good;
  for (int k = 0; k < frozen.count; k++) var_vector_mark(&in->vector, &frozen.items[k], 0, in->vector.mask);
  restrict_to(in, &named);
  var_vector_count(&in->vector);
  return good;
}
