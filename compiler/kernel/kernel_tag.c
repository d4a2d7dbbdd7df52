/* Tags the axes of every statement.
 *
 * Requires: the invariants of kernel.h. Ensures: an axis is PARALLEL when different iterations, of it and of the other
 * axes of its statement, write different entries of the arrays that outlive them; REDUCTION when all of them add to the
 * same entries; CONFLICTING when neither is proved. The axis of a recurrence is CONFLICTING: its order matters. */
#include "compiler/kernel/entries.h"

static bool is_reduction(const touch_collector *with, int index) {
  for (int k = 0; k < with->touches.count; k++) {
    const touch *at = &with->touches.items[k];
    if (!at->accumulates || touch_depends(with, at, index)) return false;
  }
  return true;
}

static void tag_axes(touch_collector *with, statement *at) {
  int count = at->axes.count;
  arena *memory = with->module->memory;
  touch_collect(with, at);
  bool *parallel = arena_array(memory, bool, count);
  bool *separates = arena_array(memory, bool, count);
  for (int k = 0; k < count; k++) parallel[k] = true;
  for (int begin = 0, end; begin < with->touches.count; begin = end) {
    end = touch_group_end(with, begin);
    touch_separates(with, begin, end, with->loops.count, count, separates);
    for (int k = 0; k < count; k++) parallel[k] = parallel[k] && separates[k];
  }
  for (int k = 0; k < count; k++) {
    bool reduction = !parallel[k] && is_reduction(with, at->axes.items[k].index);
    at->axes.items[k].tag = parallel[k] ? AXIS_PARALLEL : reduction ? AXIS_REDUCTION : AXIS_CONFLICTING;
  }
}

static void tag_statement(touch_collector *with, statement *at) {
  if (runs_in_order(at))
    for (int k = 0; k < at->axes.count; k++) at->axes.items[k].tag = AXIS_CONFLICTING;
  else if (at->axes.count > 0)
    tag_axes(with, at);
  int outside = with->loops.count;
  for (int k = 0; k < at->axes.count; k++) {
    const axis *loop = &at->axes.items[k];
    list_push(with->module->memory, &with->loops, (whole_range){loop->index, loop->lower, loop->upper});
  }
  for (int k = 0; k < at->body.count; k++) tag_statement(with, at->body.items[k]);
  with->loops.count = outside;
}

void kernel_tag_axes(kernel_program *program) {
  touch_collector with = touch_collector_create(program->module, false);
  for (int k = 0; k < program->body.count; k++) tag_statement(&with, program->body.items[k]);
}
