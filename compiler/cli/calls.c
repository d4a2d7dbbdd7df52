/* Calls (see calls.h). */
#include "compiler/cli/calls.h"

#include <string.h>

/* Directions per call: enough to share the primal's work among them, few enough to stay small. */
enum { BLOCK = 16 };

void call_add(console *with, call_list *to, section in, request_kind kind, const char *name, name_list read,
              name_list along) {
  request wanted = {.kind = kind,
                    .name = name,
                    .read = read.items,
                    .read_count = read.count,
                    .along = along.items,
                    .along_count = along.count};
  call made = {wanted, in, -1};
  list_push(with->memory, to, made);
}

void call_add_block(console *with, call_list *to, section in, request_kind kind, name_list read, name_list along) {
  call_add(with, to, in, kind, NULL, read, along);
  to->items[to->count - 1].wanted.block = true;
}

name_list one_name(console *with, const char *name) {
  name_list made = {0};
  list_push(with->memory, &made, name);
  return made;
}

exit_code calls_request(session *from, call_list *list) {
  for (int k = 0; k < list->count; k++) {
    list->items[k].function = session_request(from, &list->items[k].wanted);
    if (list->items[k].function >= 0) continue;
    exit_code code = session_report(from);
    return code == EXIT_DONE ? EXIT_INTERNAL : code;
  }
  return EXIT_DONE;
}

/* Columns first .. first+width-1 of the dense array, from a block whose last axis is the direction. */
static void scatter(const quantity *read, const double *block, int64_t width, int64_t first, const quantity *dense) {
  int64_t columns = read->count ? dense->count / read->count : 0;
  for (int64_t row = 0; row < read->count; row++)
    for (int64_t k = 0; k < width; k++) dense->entries[row * columns + first + k] = block[row * width + k];
}

static bool room_for_blocks(console *with, const quantity *along, const quantity *read, int read_count, quantity *seeds,
                            double **blocks) {
  quantity width = {.name = along->name, .rank = 1, .extents = (int64_t[]){BLOCK}}, made;
  if (!quantity_product(&with->reports, along->name, along, &width, seeds)) return false;
  for (int k = 0; k < read_count; k++) {
    if (!quantity_product(&with->reports, read[k].name, &read[k], &width, &made)) return false;
    blocks[k] = made.entries;
  }
  return true;
}

exit_code call_dense(machine *on, int function, const quantity *along, const quantity *read, int read_count,
                     quantity *dense) {
  quantity seeds;
  double **blocks = arena_array(on->with->memory, double *, read_count + 1);
  if (!room_for_blocks(on->with, along, read, read_count, &seeds, blocks)) return EXIT_INPUT;
  for (int64_t first = 0; first < along->count; first += BLOCK) {
    int64_t width = along->count - first < BLOCK ? along->count - first : BLOCK;
    memset(seeds.entries, 0, (size_t)(along->count * width) * sizeof(double));
    for (int64_t k = 0; k < width; k++) seeds.entries[(first + k) * width + k] = 1;
    exit_code code = machine_run(on, function, width, (const double *const[]){seeds.entries}, blocks);
    if (code != EXIT_DONE) return code;
    for (int k = 0; k < read_count; k++) scatter(&read[k], blocks[k], width, first, &dense[k]);
  }
  return EXIT_DONE;
}
