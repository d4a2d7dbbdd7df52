/* Work under a model's lock.
 *
 * This is the one place to which memory that runs out in a model leads. An escape is good as long as its frame: every
 * piece of work has its own, and none is used after it. */
#include "compiler/library/library.h"

static adjoin_status work_or_escape(adjoin_model *of, guarded_work *work, void *with, mistakes *found) {
  if (setjmp(*found->escape)) return ADJOIN_MEMORY;
  arena_set_escape(found->memory, found->escape);
  arena_set_escape(of->memory, found->escape);
  if (of->program) arena_set_escape(scalar_memory(of->program->dag), found->escape);
  return work(of, with, found);
}

adjoin_status guarded(adjoin_model *of, guarded_work *work, void *with) {
  jmp_buf escape;
  mistakes found = {.memory = arena_create(), .escape = &escape};
  adjoin_status status = ADJOIN_MEMORY;
  if (found.memory) {
    pthread_mutex_lock(&of->lock);
    status = work_or_escape(of, work, with, &found);
    pthread_mutex_unlock(&of->lock);
  }
  if (status == ADJOIN_MEMORY)
    tell_exhausted(&of->told);
  else
    tell_mistakes(&of->told, &found);
  arena_release(found.memory);
  return status;
}
