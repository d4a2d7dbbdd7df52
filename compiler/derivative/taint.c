/* Which arrays may hold nan or inf although the inputs are finite: one sweep over the statements, since arrays are
 * written before they are read; recurrences, which read what they wrote, are swept until nothing changes. */
#include "compiler/derivative/derivative.h"

static bool sweep(const kernel_module *module, const statement_list *list, taint_facts *facts) {
  bool changed = false;
  for (int k = 0; k < list->count; k++) {
    const statement *in = list->items[k];
    for (bool again = true; again;) {
      again = sweep(module, &in->body, facts);
      for (int s = 0; s < in->stores.count; s++) {
        const store *item = &in->stores.items[s];
        if (item->array < 0 || facts->of[item->array]) continue;
        if (!scalar_may_be_nonfinite(module->dag, item->value, facts->of, facts->count)) continue;
        facts->of[item->array] = again = true;
      }
      changed = changed || again;
      again = again && runs_in_order(in);
    }
  }
  return changed;
}

taint_facts taint(const kernel_program *program) {
  const kernel_module *module = program->module;
  taint_facts facts = {arena_array(module->memory, bool, module->arrays.count), module->arrays.count};
  sweep(module, &program->body, &facts);
  return facts;
}
