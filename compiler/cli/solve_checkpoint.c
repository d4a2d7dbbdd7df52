/* --checkpoint and --resume: the minimiser's state in a file (see solve.h). */
#include "compiler/cli/solve.h"

#include "runtime/file.h"
#include "runtime/hash.h"

/* The model's text, the extents, and all inputs that are no vars: another of them is another problem. */
static uint64_t identity_of(const solving *in) {
  const bound_model *inputs = &in->inputs;
  uint64_t hash = hash_bytes(HASH_START, in->model->from->text, in->model->from->length);
  hash = hash_bytes(hash, inputs->arguments, (size_t)inputs->argument_count * sizeof *inputs->arguments);
  for (int k = 0; k < in->model->inputs.count; k++) {
    const quantity *value = &inputs->inputs[k].value;
    if (in->model->inputs.items[k].role == ROLE_VAR) continue;
    hash = hash_bytes(hash, value->entries, (size_t)value->count * sizeof *value->entries);
  }
  return hash;
}

/* A file that can't be written at all ends the run before it has cost anything; a disk that is full for a while does
 * not. */
static int save(void *user, const void *state, size_t size) {
  solving *in = user;
  array_error error;
  bool before = in->checkpoint.failed;
  in->checkpoint.failed = !file_write(in->given->checkpoint, &(file_piece){state, size}, 1, &error);
  if (in->checkpoint.failed && !before) complain("--checkpoint: %s", error.message);
  if (!in->checkpoint.failed) in->checkpoint.written = true;
  return in->checkpoint.written ? 0 : EXIT_INPUT;
}

bool solve_prepare_checkpoint(solving *in, minimise_options *how) {
  static const double EVERY = 10; /* seconds */
  array_error error;
  if (!in->given->checkpoint && !in->given->resume) return true;
  how->identity = identity_of(in);
  if (in->given->checkpoint) {
    how->save = save;
    how->save_user = in;
    how->save_every = EVERY;
  }
  if (!in->given->resume) return true;
  in->checkpoint.state = file_read(in->given->resume, INT64_MAX - 1, &in->checkpoint.size, &error);
  if (!in->checkpoint.state) {
    complain("--resume %s", error.message);
    return false;
  }
  how->resume = in->checkpoint.state;
  how->resume_size = in->checkpoint.size;
  return true;
}

void solve_explain_resume(const solving *in) {
  const minimise_method *saved = minimise_saved_method(in->checkpoint.state, in->checkpoint.size);
  const char *remedy = "";
  if (saved && saved != in->method)
    remedy = arena_format(in->with->memory, ": it is of %s, this is %s", saved->name, in->method->name);
  complain("--resume %s: %s%s", in->given->resume, in->result.test, remedy);
}
