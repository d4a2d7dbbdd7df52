/* One function of the emitted code: what is common to the header and to the text for libtcc.
 *
 * Requires: a program that kernel_verify accepts. Ensures: only what the function uses is declared in it, so that the
 * text is clean under strict warnings; the same input gives the same bytes. */
#include "compiler/emit/writer.h"

#include <string.h>

static void add_extent(emitter *to, int id, const char *member) {
  for (int k = 0; k < to->extents.count; k++)
    if (to->extents.items[k].id == id) return;
  list_push(to->memory, &to->extents, (free_extent){.id = id, .member = member});
}

/* Extents of a function's own arguments that are not the model's: the number of directions in a block. */
static void find_directions(emitter *to, const int *arrays, int count, c_names *members) {
  for (int k = 0; k < count; k++) {
    const array *of = &to->module->arrays.items[arrays[k]];
    for (int e = 0; e < of->rank; e++) {
      const scalar_node *extent = scalar_at(to->module->dag, of->extents[e]);
      bool known = extent->op != SCALAR_EXTENT;
      for (int m = 0; m < to->model_extent_count; m++) known |= to->extents.items[m].id == extent->id;
      if (known) continue;
      if (!to->directions) to->directions = c_names_claim(members, "directions");
      add_extent(to, extent->id, to->directions);
    }
  }
}

static void find_extents(emitter *to) {
  const tensor_program *model = to->what->model;
  c_names members = c_names_create(to->memory);
  for (int k = 0; k < model->dimensions.count; k++) {
    const scalar_node *value = scalar_at(to->module->dag, model->dimensions.items[k].value);
    if (value->op != SCALAR_EXTENT) continue;
    bool known = false;
    for (int m = 0; m < to->extents.count; m++) known |= to->extents.items[m].id == value->id;
    if (!known) add_extent(to, value->id, c_names_claim(&members, model->dimensions.items[k].name));
  }
  if (to->what->batched) add_extent(to, BATCH_EXTENT, c_names_claim(&members, "batch"));
  to->model_extent_count = to->extents.count;
  for (int k = 0; k < to->what->function_count; k++) {
    const kernel_program *program = to->what->functions[k].program;
    find_directions(to, program->seeds.items, program->seeds.count, &members);
    find_directions(to, program->results.items, program->results.count, &members);
  }
}

static void find_gradients(emitter *to) {
  c_names members = c_names_create(to->memory);
  for (int k = 0; k < to->what->function_count; k++) {
    const kernel_program *program = to->what->functions[k].program;
    for (int r = 1; to->what->functions[k].gradient && r < program->results.count; r++) {
      const char *name = to->module->arrays.items[program->results.items[r]].name;
      bool known = false;
      for (int m = 0; m < to->gradient.count; m++) known |= !strcmp(to->gradient.items[m].name, name);
      if (known) continue;
      gradient_member added = {name, c_names_claim(&members, name), program->results.items[r]};
      list_push(to->memory, &to->gradient, added);
    }
  }
}

static void keep_from_temporaries(emitter *to, const char *name) {
  if (c_like_temporary(name) && !c_names_has(&to->not_temporary, name)) c_names_claim(&to->not_temporary, name);
}

static void find_not_temporary(emitter *to) {
  to->not_temporary = c_names_create(to->memory);
  for (int k = 0; k < to->module->arrays.count; k++) keep_from_temporaries(to, to->module->arrays.items[k].name);
  for (int k = 0; k < to->extents.count; k++) keep_from_temporaries(to, to->extents.items[k].member);
}

/* An identifier that `_` and more follow; two in a row would be C++'s own. */
static const char *prefix_of(arena *memory, const char *wanted) {
  const char *made = c_identifier(memory, wanted);
  size_t length = strlen(made);
  while (made[length - 1] == '_') length--;
  return arena_copy(memory, made, length);
}

emitter *emitter_create(const emission *what, bool for_jit) {
  arena *memory = what->module->memory;
  emitter *made = arena_new(memory, emitter);
  made->what = what;
  made->module = what->module;
  made->memory = memory;
  made->for_jit = for_jit;
  made->single = what->real_float;
  made->real = made->single ? "float" : "double";
  made->prefix = for_jit ? "adjoin" : prefix_of(memory, what->prefix);
  find_extents(made);
  find_gradients(made);
  find_not_temporary(made);
  c_names members = c_names_create(memory);
  made->plans = arena_array(memory, memory_plan *, what->function_count);
  made->input_members = arena_array(memory, const char *, what->model->inputs.count);
  for (int k = 0; k < what->model->inputs.count; k++)
    made->input_members[k] = c_names_claim(&members, what->model->inputs.items[k].name);
  return made;
}

static bool has_gradient(const emitted_function *of) {
  return of->gradient && of->program->results.count > 1;
}

/* Parameters first, so that they have the names that the documentation gives them. */
static void name_parameters(writer *to) {
  const kernel_program *program = to->program;
  bool for_jit = to->for_all->for_jit;
  to->dims = c_names_claim(&to->names, for_jit ? "extents" : "dims");
  to->inputs = c_names_claim(&to->names, "inputs");
  to->work = c_names_claim(&to->names, "work");
  if (for_jit) {
    c_names_claim(&to->names, "seeds");
    c_names_claim(&to->names, "results");
    return;
  }
  if (has_gradient(to->function)) to->gradient = c_names_claim(&to->names, "out");
  to->seed_parameters = arena_array(to->memory, const char *, program->seeds.count);
  to->result_parameters = arena_array(to->memory, const char *, program->results.count);
  for (int k = 0; k < program->seeds.count; k++)
    to->seed_parameters[k] = c_names_claim(&to->names, to->module->arrays.items[program->seeds.items[k]].name);
  for (int k = 0; k < program->results.count; k++) {
    const char *name = to->module->arrays.items[program->results.items[k]].name;
    if (k > 0 && to->gradient) name = arena_format(to->memory, "d_%s", name);
    to->result_parameters[k] = c_names_claim(&to->names, name);
  }
}

/* The number of directions is the last of a function's extents, whichever function it is. */
static void name_extents(writer *to) {
  const emitter *shared = to->for_all;
  const char *directions = NULL;
  to->extent_names = arena_array(to->memory, const char *, shared->extents.count);
  to->extent_used = arena_array(to->memory, bool, shared->extents.count);
  for (int k = 0; k < shared->extents.count; k++) {
    bool own = k < shared->model_extent_count;
    if (own || !directions) to->extent_names[k] = c_names_claim(&to->names, shared->extents.items[k].member);
    if (!own && !directions) directions = to->extent_names[k];
    if (!own) to->extent_names[k] = directions;
  }
}

writer writer_create(emitter *for_all, int function, text *out) {
  const kernel_module *module = for_all->module;
  arena *memory = for_all->memory;
  int count = module->arrays.count;
  writer made = {.for_all = for_all, .module = module, .memory = memory, .out = out, .indent = 1};
  made.number = function;
  made.function = &for_all->what->functions[function];
  made.program = made.function->program;
  made.names = c_names_create(memory);
  made.around = surroundings_create(module);
  made.array_names = arena_array(memory, const char *, count);
  made.array_used = arena_array(memory, bool, count);
  made.array_loaded = arena_array(memory, bool, count);
  made.scope_of = arena_array(memory, int, count);
  made.stored = arena_array(memory, bool, count);
  made.declared_by_store = arena_array(memory, bool, count);
  made.first_piece = arena_array(memory, int, count);
  made.last_piece = arena_array(memory, int, count);
  name_parameters(&made);
  name_extents(&made);
  return made;
}

/* Names for the arguments that are not parameters themselves, and for the values of those that are single numbers. */
static void name_arguments(writer *to) {
  const kernel_program *program = to->program;
  const array *arrays = to->module->arrays.items;
  bool for_jit = to->for_all->for_jit;
  for (int k = 0; k < program->results.count; k++) {
    int number = program->results.items[k];
    to->array_names[number] = for_jit ? c_names_claim(&to->names, arrays[number].name) : to->result_parameters[k];
  }
  for (int k = 0; k < program->seeds.count; k++) {
    int number = program->seeds.items[k];
    bool parameter = !for_jit && arrays[number].rank > 0;
    to->array_names[number] = parameter ? to->seed_parameters[k] : c_names_claim(&to->names, arrays[number].name);
  }
  for (int k = 0; k < to->for_all->what->model->inputs.count; k++)
    to->array_names[k] = c_names_claim(&to->names, arrays[k].name);
}

void write_extents(writer *to, text *out) {
  const emitter *shared = to->for_all;
  const char *written = NULL;
  for (int k = 0; k < shared->extents.count; k++) {
    const char *name = to->extent_names[k];
    if (!to->extent_used[k] || name == written) continue;
    if (k >= shared->model_extent_count) written = name;
    int place = k < shared->model_extent_count ? k : shared->model_extent_count;
    if (shared->for_jit)
      text_format(out, "  const ptrdiff_t %s = %s[%d];\n", name, to->dims, place);
    else
      text_format(out, "  const ptrdiff_t %s = %s->%s;\n", name, to->dims, shared->extents.items[k].member);
  }
}

/* An argument as a pointer, or as the value that it points to. */
static void bind_argument(const writer *to, text *out, int number, const char *from) {
  const array *of = &to->module->arrays.items[number];
  const char *stored = of->type == SCALAR_WHOLE ? "int64_t" : to->for_all->real;
  const char *name = to->array_names[number];
  if (of->role == ARRAY_RESULT)
    text_format(out, "  %s *const %s = %s;\n", stored, name, from);
  else if (of->rank > 0)
    text_format(out, "  const %s *const %s = %s;\n", stored, name, from);
  else if (to->for_all->for_jit)
    text_format(out, "  const %s %s = *(const %s *)%s;\n", c_type(to->for_all, of->type), name, stored, from);
  else if (of->type == SCALAR_WHOLE)
    text_format(out, "  const ptrdiff_t %s = (ptrdiff_t)*%s;\n", name, from);
  else
    text_format(out, "  const %s %s = *%s;\n", stored, name, from);
}

static const char *gradient_member_of(const writer *to, int number) {
  const emitter *shared = to->for_all;
  const char *name = to->module->arrays.items[number].name;
  for (int k = 0; k < shared->gradient.count; k++)
    if (!strcmp(shared->gradient.items[k].name, name)) return shared->gradient.items[k].member;
  return name;
}

static void bind_inputs(const writer *to, text *out) {
  const emitter *shared = to->for_all;
  for (int k = 0; k < shared->what->model->inputs.count; k++) {
    if (!to->array_used[k]) continue;
    const char *from = shared->for_jit ? arena_format(to->memory, "%s[%d]", to->inputs, k)
                                       : arena_format(to->memory, "%s->%s", to->inputs, shared->input_members[k]);
    bind_argument(to, out, k, from);
  }
}

static void bind_seeds_and_results(const writer *to, text *out) {
  const kernel_program *program = to->program;
  bool for_jit = to->for_all->for_jit;
  for (int k = 0; k < program->seeds.count; k++) {
    int number = program->seeds.items[k];
    if (!to->array_used[number]) continue;
    if (for_jit)
      bind_argument(to, out, number, arena_format(to->memory, "seeds[%d]", k));
    else if (to->module->arrays.items[number].rank == 0)
      bind_argument(to, out, number, to->seed_parameters[k]);
  }
  for (int k = 0; k < program->results.count; k++) {
    int number = program->results.items[k];
    if (!to->array_used[number]) continue;
    if (for_jit)
      bind_argument(to, out, number, arena_format(to->memory, "results[%d]", k));
    else if (k > 0 && to->gradient)
      bind_argument(to, out, number, arena_format(to->memory, "%s->%s", to->gradient, gradient_member_of(to, number)));
  }
}

/* Parameters that the function has no use for. */
static void discard_parameters(const writer *to, text *out, bool uses_work) {
  const kernel_program *program = to->program;
  const emitter *shared = to->for_all;
  bool dims = false, inputs = false, gradient = false;
  for (int k = 0; k < shared->extents.count; k++) dims |= to->extent_used[k];
  for (int k = 0; k < shared->what->model->inputs.count; k++) inputs |= to->array_used[k];
  if (!dims) text_format(out, "  (void)%s;\n", to->dims);
  if (!inputs) text_format(out, "  (void)%s;\n", to->inputs);
  if (!uses_work) text_format(out, "  (void)%s;\n", to->work);
  for (int k = 0; k < program->seeds.count; k++)
    if (!to->array_used[program->seeds.items[k]]) text_format(out, "  (void)%s;\n", to->seed_parameters[k]);
  for (int k = 0; k < program->results.count; k++) {
    bool member = k > 0 && to->gradient;
    bool used = to->array_used[program->results.items[k]];
    gradient |= member && used;
    if (!member && !used) text_format(out, "  (void)%s;\n", to->result_parameters[k]);
  }
  if (to->gradient && !gradient) text_format(out, "  (void)%s;\n", to->gradient);
}

void write_function_body(writer *to) {
  text *out = to->out;
  text memory = text_create(to->memory), statements = text_create(to->memory);
  name_arguments(to);
  to->out = &memory;
  write_memory(to);
  to->out = &statements;
  write_statements(to, &to->program->body, to->program->locals.items, to->program->locals.count);
  to->out = out;
  if (!to->for_all->for_jit) discard_parameters(to, out, memory.length > 0);
  write_extents(to, out);
  bind_inputs(to, out);
  bind_seeds_and_results(to, out);
  text_append_bytes(out, memory.data, memory.length);
  text_append_bytes(out, statements.data, statements.length);
  text_append(out, "  return 0;\n}\n");
}
