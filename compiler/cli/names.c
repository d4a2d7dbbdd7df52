/* Choosing names (see names.h). */
#include "compiler/cli/names.h"

#include "compiler/cli/given.h"
#include <string.h>

name_list names_wrt(console *with, const tensor_program *model, const name_list *wrt, unsigned usual,
                    unsigned allowed) {
  if (!wrt->count) return names_of_roles(with->memory, model, usual);
  name_list made = {0};
  for (int k = 0; k < wrt->count; k++)
    if (has_role(model, wrt->items[k], allowed)) list_push(with->memory, &made, wrt->items[k]);
  return made;
}

static void push_once(console *with, name_list *to, const char *name) {
  for (int k = 0; k < to->count; k++)
    if (!strcmp(to->items[k], name)) return;
  list_push(with->memory, to, name);
}

/* The objective's name may be the default one: it does not stand in the way. */
static bool is_own_definition(const tensor_program *model, const char *name) {
  const binding *of = find_definition(model, name);
  return of && of != model->objective.value;
}

name_list names_below(console *with, const tensor_program *model, const name_list *names, unsigned roles) {
  name_list made = {0};
  for (int k = 0; k < names->count; k++) {
    const char *name = names->items[k];
    bool any = false, itself = find_input(model, name) >= 0 || is_own_definition(model, name);
    for (int j = 0; j < model->inputs.count && !itself; j++) {
      const input *each = &model->inputs.items[j];
      if (!is_below(each->name, name) || !has_role(model, each->name, roles)) continue;
      push_once(with, &made, each->name);
      any = true;
    }
    if (!any) push_once(with, &made, name);
  }
  return made;
}

/* Every name that the kinds allow, for suggestions. */
static name_list candidates(console *with, const tensor_program *model, unsigned kinds) {
  name_list made = {0};
  for (int k = 0; k < model->inputs.count && (kinds & NAMES_INPUTS); k++)
    list_push(with->memory, &made, model->inputs.items[k].name);
  for (int k = 0; k < model->definitions.count && (kinds & NAMES_DEFINITIONS); k++)
    list_push(with->memory, &made, model->definitions.items[k]->name);
  for (int k = 0; k < model->outputs.count && (kinds & NAMES_OUTPUTS); k++)
    list_push(with->memory, &made, model->outputs.items[k].name);
  return made;
}

/* Data and index inputs: the message points at the declaration. */
static void report_inactive(console *with, const tensor_program *model, const input *of) {
  diagnostics *one = diagnostics_create(with->memory, model->from);
  bool whole = of->role == ROLE_INDEX;
  diagnose(one, CODE_NO_DERIVATIVE, of->where, "'%s' is %s: nothing has a derivative with respect to it", of->name,
           whole ? "index data" : "data");
  if (!whole) diagnose_hint(one, "declare it as param to have its derivatives");
  console_show(one);
}

static const char *kinds_in_words(unsigned kinds) {
  if (!(kinds & NAMES_INPUTS)) return "definition";
  if (kinds & NAMES_DEFINITIONS) return "input or definition";
  return kinds & NAMES_OUTPUTS ? "input or output" : "input";
}

bool names_check(console *with, const tensor_program *model, const char *option, const name_list *names,
                 unsigned kinds) {
  bool good = true;
  for (int k = 0; k < names->count; k++) {
    const char *name = names->items[k];
    int number = kinds & NAMES_INPUTS ? find_input(model, name) : -1;
    if (number >= 0 && has_role(model, name, ACTIVE)) continue;
    if ((kinds & NAMES_DEFINITIONS) && find_definition(model, name)) continue;
    if ((kinds & NAMES_OUTPUTS) && is_output(model, name)) continue;
    good = false;
    if (number >= 0) {
      report_inactive(with, model, &model->inputs.items[number]);
      continue;
    }
    name_list known = candidates(with, model, kinds);
    complain("%s: the model has no %s '%s'%s", option, kinds_in_words(kinds), name,
             console_suggest_or_list(with, name, known.items, known.count));
  }
  return good;
}
