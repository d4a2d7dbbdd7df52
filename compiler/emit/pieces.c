/* A statement list that is too long for one function, as several functions that are called one after the other.
 *
 * C compilers take a time that grows faster than the length of a function; a model of a thousand definitions would keep
 * them busy for minutes. So a long list is cut into stretches of bounded weight, and each becomes a static function.
 * What a stretch uses of the scopes around it (extents, pointers, indices, C variables) is passed in a struct, its
 * frame: a stretch copies what it uses to variables of the same names, and what it has assigned back.
 *
 * Requires: names for all that is in force around the list. Ensures: code and time linear in the list; the operations
 * and their order are those of the list. libtcc, which is linear, gets the list as it stands. */
#include "compiler/emit/writer.h"

/* In statements, those inside statements included. gcc's time per statement has its minimum about here. */
enum { PIECE_WEIGHT = 32, LONG_WEIGHT = 2 * PIECE_WEIGHT };

static int weight_of(const statement *of) {
  int weight = 1;
  for (int k = 0; k < of->body.count && weight <= LONG_WEIGHT; k++) weight += weight_of(of->body.items[k]);
  return weight;
}

bool is_long(const writer *to, const statement_list *list) {
  if (to->for_all->for_jit || list->count < 2) return false;
  int weight = 0;
  for (int k = 0; k < list->count && weight <= LONG_WEIGHT; k++) weight += weight_of(list->items[k]);
  return weight > LONG_WEIGHT;
}

/* ---- what a piece uses of the scopes around it ---- */

static bool is_c_variable(const writer *to, const piece_use *of) {
  return of->kind == USE_ARRAY && is_variable(&to->module->arrays.items[of->number]);
}

/* Does the name come from around the piece? Pointers do: all memory is laid out at the function's beginning. */
static bool is_foreign(const writer *to, use_kind kind, int number) {
  if (kind == USE_EXTENT || kind == USE_WORK) return true;
  if (kind == USE_INDEX) return to->index_home.items[number] != to->inside;
  return !is_variable(&to->module->arrays.items[number]) || to->scope_of[number] <= to->inside->scope_count;
}

/* `noted` and `uses` point at each other where a use is known: what else stands in `noted` is stale. */
void note_use(writer *to, use_kind kind, int number, bool stored) {
  if (!to->inside || !is_foreign(to, kind, number)) return;
  while (to->noted[kind].count <= number) list_push(to->memory, &to->noted[kind], -1);
  int *at = &to->noted[kind].items[number];
  bool known = *at >= 0 && *at < to->inside->uses.count && to->inside->uses.items[*at].kind == kind &&
               to->inside->uses.items[*at].number == number;
  if (!known) {
    piece_use added = {.kind = kind, .number = number, .hidden = *at};
    list_push(to->memory, &to->inside->uses, added);
    *at = to->inside->uses.count - 1;
  }
  piece_use *use = &to->inside->uses.items[*at];
  use->stored |= stored;
  use->loaded |= !stored;
}

/* A use of a piece is one of the piece around it too. */
static void note_again(writer *to, const piece_use *use) {
  if (use->loaded) note_use(to, use->kind, use->number, false);
  if (use->stored) note_use(to, use->kind, use->number, true);
}

static void open_piece(writer *to, function_piece *made) {
  *made = (function_piece){.around = to->inside, .scope_count = to->scope_count};
  to->inside = made;
}

/* The piece around it finds its own notes again. */
static void close_piece(writer *to) {
  function_piece *closed = to->inside;
  for (int k = closed->uses.count - 1; k >= 0; k--)
    to->noted[closed->uses.items[k].kind].items[closed->uses.items[k].number] = closed->uses.items[k].hidden;
  to->inside = closed->around;
}

static const char *use_name(const writer *to, const piece_use *of) {
  return of->kind == USE_WORK     ? to->work
         : of->kind == USE_ARRAY  ? to->array_names[of->number]
         : of->kind == USE_EXTENT ? to->extent_names[of->number]
                                  : to->index_names.items[of->number];
}

/* The C type of the name, with a blank or star behind it. */
static const char *use_type(const writer *to, const piece_use *of) {
  const char *real = to->for_all->real;
  if (of->kind == USE_WORK) return arena_format(to->memory, "%s *", real);
  if (of->kind != USE_ARRAY) return "ptrdiff_t ";
  const array *used = &to->module->arrays.items[of->number];
  if (is_c_variable(to, of)) return arena_format(to->memory, "%s ", c_type(to->for_all, used->type));
  if (used->role == ARRAY_INPUT)
    return used->type == SCALAR_WHOLE ? "const int64_t *" : arena_format(to->memory, "const %s *", real);
  return arena_format(to->memory, used->role == ARRAY_SEED ? "const %s *" : "%s *", real);
}

/* ---- the pieces of one list ---- */

typedef struct {
  function_piece inside;
  text body;
  const char *function;
} stretch;

typedef struct {
  writer *to;
  int scope; /* of the list's own C variables */
  LIST(stretch) stretches;
  const char *frame, *frame_type;
} cutting;

static bool is_own(const cutting *in, const piece_use *of) {
  return is_c_variable(in->to, of) && in->to->scope_of[of->number] == in->scope;
}

/* An own variable that one stretch alone uses is its local; everything else lives in the frame. */
static bool in_frame(const cutting *in, const piece_use *of) {
  return !is_own(in, of) || in->to->first_piece[of->number] != in->to->last_piece[of->number];
}

static const char *claim_function_name(writer *to, const char *what) {
  emitter *shared = to->for_all;
  const char *wanted = arena_format(to->memory, "%s_%s", to->function->name, what);
  return arena_format(to->memory, "%s_%s", shared->prefix, c_names_claim(&shared->function_names, wanted));
}

/* Writes the statements first .. end-1 into a stretch of their own. */
static void write_stretch(cutting *in, const statement_list *list, int first, int end) {
  writer *to = in->to;
  stretch made = {.body = text_create(to->memory), .function = claim_function_name(to, "part")};
  list_push(to->memory, &in->stretches, made);
  stretch *into = &in->stretches.items[in->stretches.count - 1];
  text *out = to->out;
  int indent = to->indent;
  to->out = &made.body;
  to->indent = 1;
  to->comment_line = 0;
  function_piece inside;
  open_piece(to, &inside);
  for (int k = first; k < end; k++) write_statement(to, list->items[k]);
  close_piece(to);
  to->indent = indent;
  to->out = out;
  into->body = made.body;
  into->inside = inside;
  for (int k = 0; k < inside.uses.count; k++) {
    const piece_use *use = &inside.uses.items[k];
    if (!is_own(in, use)) continue;
    if (!to->first_piece[use->number]) to->first_piece[use->number] = in->stretches.count;
    to->last_piece[use->number] = in->stretches.count;
  }
}

static void write_stretches(cutting *in, const statement_list *list) {
  for (int first = 0; first < list->count;) {
    int end = first, weight = 0;
    do weight += weight_of(list->items[end++]);
    while (end < list->count && weight + weight_of(list->items[end]) <= PIECE_WEIGHT);
    write_stretch(in, list, first, end);
    first = end;
  }
}

/* All that the frame holds, each once, in the order of the first use. */
static function_piece frame_members(cutting *in) {
  writer *to = in->to;
  function_piece all;
  open_piece(to, &all);
  for (int k = 0; k < in->stretches.count; k++)
    for (int u = 0; u < in->stretches.items[k].inside.uses.count; u++) {
      const piece_use *use = &in->stretches.items[k].inside.uses.items[u];
      if (in_frame(in, use)) note_again(to, use);
    }
  close_piece(to);
  return all;
}

static void write_frame_type(const cutting *in, const function_piece *members, text *out) {
  text_format(out, "typedef struct %s {\n", in->frame_type);
  for (int k = 0; k < members->uses.count; k++)
    text_format(out, "  %s%s;\n", use_type(in->to, &members->uses.items[k]), use_name(in->to, &members->uses.items[k]));
  if (!members->uses.count) text_append(out, "  int none;\n");
  text_format(out, "} %s;\n\n", in->frame_type);
}

/* The variables of a stretch that stand for what is around it. */
static void write_head(const cutting *in, int number, text *out) {
  const writer *to = in->to;
  const stretch *of = &in->stretches.items[number];
  bool frame_used = false;
  for (int k = 0; k < of->inside.uses.count; k++) {
    const piece_use *use = &of->inside.uses.items[k];
    const char *name = use_name(to, use), *type = use_type(to, use);
    bool begins = is_own(in, use) && to->first_piece[use->number] == number + 1;
    frame_used |= !begins || in_frame(in, use);
    if (begins)
      text_format(out, "  %s%s = 0;\n", type, name);
    else if (is_c_variable(to, use))
      text_format(out, "  %s%s%s = %s->%s;\n", use->stored ? "" : "const ", type, name, in->frame, name);
    else
      text_format(out, "  %s%s%s = %s->%s;\n", use->kind == USE_ARRAY || use->kind == USE_WORK ? "" : "const ", type,
                  use->kind == USE_ARRAY || use->kind == USE_WORK ? arena_format(to->memory, "const %s", name) : name,
                  in->frame, name);
  }
  if (!frame_used) text_format(out, "  (void)%s;\n", in->frame);
}

static void write_tail(const cutting *in, int number, text *out) {
  const writer *to = in->to;
  const stretch *of = &in->stretches.items[number];
  for (int k = 0; k < of->inside.uses.count; k++) {
    const piece_use *use = &of->inside.uses.items[k];
    const char *name = use_name(to, use);
    if (!is_c_variable(to, use)) continue;
    bool later = !is_own(in, use) || to->last_piece[use->number] > number + 1;
    if (use->stored && later)
      text_format(out, "  %s->%s = %s;\n", in->frame, name, name);
    else if (!use->loaded)
      text_format(out, "  (void)%s;\n", name);
  }
}

static void write_functions(const cutting *in, text *out) {
  const writer *to = in->to;
  const char *macro = c_macro(to->memory, to->for_all->prefix);
  for (int k = 0; k < in->stretches.count; k++) {
    const stretch *of = &in->stretches.items[k];
    text_format(out, "static %s_APART %s_FUNCTION int %s(%s *%s) {\n  %s_EXACT\n", macro, macro, of->function,
                in->frame_type, in->frame, macro);
    write_head(in, k, out);
    text_append_bytes(out, of->body.data, of->body.length);
    write_tail(in, k, out);
    text_append(out, "  return 0;\n}\n\n");
  }
}

/* The frame filled, the calls, and what the stretches assigned of the scopes around the list. */
static void write_calls(cutting *in, const function_piece *members) {
  writer *to = in->to;
  write_line(to, "%s %s;", in->frame_type, in->frame);
  for (int k = 0; k < members->uses.count; k++) {
    const piece_use *use = &members->uses.items[k];
    if (is_own(in, use)) continue;
    note_again(to, use);
    write_line(to, "%s.%s = %s;", in->frame, use_name(to, use), use_name(to, use));
  }
  if (!members->uses.count) write_line(to, "%s.none = 0;", in->frame);
  const char *status = c_names_claim(&to->names, "status");
  for (int k = 0; k < in->stretches.count; k++) {
    const char *before = k ? arena_format(to->memory, "if (!%s) ", status) : "int ";
    write_line(to, "%s%s = %s(&%s);", before, status, in->stretches.items[k].function, in->frame);
  }
  write_search_check(to, status);
  for (int k = 0; k < members->uses.count; k++) {
    const piece_use *use = &members->uses.items[k];
    if (is_c_variable(to, use) && !is_own(in, use) && use->stored)
      write_line(to, "%s = %s.%s;", use_name(to, use), in->frame, use_name(to, use));
  }
}

void write_pieces(writer *to, const statement_list *list, const int *locals, int local_count) {
  to->for_all->in_pieces = true;
  int opened = c_names_open(&to->names);
  cutting in = {.to = to, .scope = name_locals(to, locals, local_count)};
  in.frame = c_names_claim(&to->names, "frame");
  in.frame_type = claim_function_name(to, "frame");
  write_stretches(&in, list);
  function_piece members = frame_members(&in);
  write_frame_type(&in, &members, to->pieces);
  write_functions(&in, to->pieces);
  write_calls(&in, &members);
  c_names_close(&to->names, opened);
}
