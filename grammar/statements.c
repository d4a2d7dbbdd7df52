/* What whole statements add to the model, and the comments that belong to them. */
#include "grammar/parser.h"

#include <string.h>

/* ---- comments ---- */

/* The first comment that begins on this line or after it. Comments stand in the order of the text. */
static int first_comment(const scanner_state *in, int line) {
  int low = 0, high = in->comments.count;
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (in->comments.items[middle].line < line)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Comments first .. last-1 as one text, a line each. Control characters, which a terminal or another program could take
 * for something else, become blanks. */
static const char *comment_text(parser *with, int first, int last) {
  text joined = text_create(with->memory);
  for (int i = first; i < last; i++) {
    span where = with->filter.state.comments.items[i].where;
    if (i > first) text_append(&joined, "\n");
    text_append_bytes(&joined, with->from->text + where.begin, where.end - where.begin);
  }
  for (size_t i = 0; i < joined.length; i++) {
    unsigned char byte = (unsigned char)joined.data[i];
    if ((byte < ' ' && byte != '\n') || byte == 0x7F) joined.data[i] = ' ';
  }
  return joined.data;
}

/* The lines from comment `first` on that hold nothing but comments, one after the other; where they end. */
static int end_of_lines(const scanner_state *in, int first) {
  int end = first;
  while (end < in->comments.count && in->comments.items[end].alone &&
         in->comments.items[end].line == in->comments.items[first].line + (end - first))
    end++;
  return end;
}

/* The comments that begin the file belong to the model, also where they stand directly above a statement. */
static int end_of_heading(const scanner_state *in) {
  bool has_heading = in->comments.count > 0 && in->comments.items[0].line == 1;
  return has_heading ? end_of_lines(in, 0) : 0;
}

/* The comment of what was declared at `item` in a statement: on the line where the item ends; else on the lines just
 * before the statement. */
static const char *comment_of(parser *with, span statement, span item) {
  const scanner_state *in = &with->filter.state;
  int last_line = source_line_number(with->from, item.end > item.begin ? item.end - 1 : item.end);
  int beside = first_comment(in, last_line);
  if (beside < in->comments.count && in->comments.items[beside].line == last_line)
    return comment_text(with, beside, beside + 1);

  int line = source_line_number(with->from, statement.begin);
  int after = first_comment(in, line);
  int first = after, heading = end_of_heading(in);
  while (first > heading) {
    const comment *each = &in->comments.items[first - 1];
    if (!each->alone || each->line != line - (after - first) - 1) break;
    first--;
  }
  return first < after ? comment_text(with, first, after) : NULL;
}

/* ---- statements ---- */

void add_dimensions(parser *with, span statement, const dimension_list *list) {
  for (int i = 0; i < list->count; i++) {
    ast_dimension each = list->items[i];
    span where = each.value ? span_join(each.name.where, each.value->where) : each.name.where;
    each.comment = comment_of(with, statement, where);
    list_push(with->memory, &with->model->dimensions, each);
  }
}

void add_inputs(parser *with, span statement, ast_role role, const input_list *list) {
  for (int i = 0; i < list->count; i++) {
    ast_input each = list->items[i];
    each.role = role;
    each.comment = comment_of(with, statement, each.where);
    list_push(with->memory, &with->model->inputs, each);
  }
}

void add_networks(parser *with, span statement, ast_role role, const network_list *list) {
  for (int i = 0; i < list->count; i++) {
    ast_network each = list->items[i];
    each.role = role;
    each.comment = comment_of(with, statement, each.where);
    list_push(with->memory, &with->model->networks, each);
  }
}

void add_freezes(parser *with, const freeze_list *list) {
  for (int i = 0; i < list->count; i++) list_push(with->memory, &with->model->freezes, list->items[i]);
}

void add_function(parser *with, span statement, ast_name name, const name_list *parameters, ast_expression *body) {
  ast_function made = {.name = name, .body = body, .where = statement};
  made.parameters.items = parameters->items;
  made.parameters.count = parameters->count;
  made.parameters.capacity = parameters->capacity;
  list_push(with->memory, &with->model->functions, made);
}

static ast_definition complete(parser *with, span statement, ast_definition made) {
  made.where = statement;
  made.comment = comment_of(with, statement, statement);
  return made;
}

void add_definition(parser *with, span statement, ast_definition made) {
  list_push(with->memory, &with->model->definitions, complete(with, statement, made));
}

void add_output(parser *with, span statement, ast_definition made) {
  list_push(with->memory, &with->model->outputs, complete(with, statement, made));
}

void add_objective(parser *with, span statement, bool maximize, ast_definition made) {
  list_push(with->memory, &with->model->objectives, complete(with, statement, made));
  list_push(with->memory, &with->model->maximize, maximize);
}

void add_heading(parser *with) {
  int end = end_of_heading(&with->filter.state);
  if (end == 0) return;
  const char *heading = comment_text(with, 0, end), *own = with->model->comment;
  with->model->comment = own ? arena_format(with->memory, "%s\n\n%s", heading, own) : heading;
}

/* The name becomes a part of file and function names: a dotted one would not do. */
void add_model_name(parser *with, ast_name name) {
  if (strchr(name.name, '.')) {
    diagnose(with->report, CODE_BAD_MODEL_NAME, name.where, "a model's name can't have a '.'");
  } else if (with->model->name) {
    diagnose(with->report, CODE_SECOND_MODEL_NAME, name.where, "this file names its model twice");
    diagnose_note(with->report, with->model->name_where, "the first name stands here");
  } else {
    with->model->name = name.name;
    with->model->name_where = name.where;
    with->model->comment = comment_of(with, name.where, name.where);
  }
}
