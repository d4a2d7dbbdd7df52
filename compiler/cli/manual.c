/* Manual pages: the option tables and texts as roff. */
#include "compiler/cli/commands.h"
#include "compiler/cli/help.h"

#include <ctype.h>
#include <string.h>

/* A hyphen that is typed is a minus in roff; a point or an apostrophe at a line's start would be a request. */
static void append_roff(text *out, const char *content, size_t length) {
  bool starts = true;
  for (size_t k = 0; k < length; k++) {
    char byte = content[k];
    if (starts && (byte == '.' || byte == '\'')) text_append(out, "\\&");
    starts = byte == '\n';
    if (byte == '\\')
      text_append(out, "\\e");
    else if (byte == '-')
      text_append(out, "\\-");
    else if (byte == '\'')
      text_append(out, "\\(aq");
    else if (byte == '`')
      text_append(out, "\\(ga");
    else if (byte == '^')
      text_append(out, "\\(ha");
    else if (byte == '~')
      text_append(out, "\\(ti");
    else
      text_append_bytes(out, &byte, 1);
  }
}

static void append_title(text *out, const char *page) {
  text_append(out, ".TH ");
  for (; *page; page++)
    if (*page == '-')
      text_append(out, "\\-");
    else
      text_format(out, "%c", toupper((unsigned char)*page));
  text_append(out, " 1 \"\" \"Adjoin " ADJOIN_VERSION "\" \"Adjoin\"\n");
}

static const char exit_heading[] = "Exit codes: ";

/* Paragraphs, which empty lines part; a heading needs nothing between it and the first. Lines that begin with blanks
 * stand as they are; that on exit codes has a section of its own. */
static void append_paragraph(text *out, const char *content, size_t length, bool under_heading) {
  size_t heading = strlen(exit_heading);
  const char *part = under_heading ? "" : ".PP\n";
  if (*content == ' ') {
    text_format(out, "%s.nf\n", part);
    append_roff(out, content, length);
    text_append(out, "\n.fi\n");
    return;
  }
  bool on_exit = !strncmp(content, exit_heading, heading);
  text_append(out, on_exit ? ".SH EXIT STATUS\n" : part);
  append_roff(out, content + (on_exit ? heading : 0), length - (on_exit ? heading : 0));
  text_append(out, "\n");
}

static void append_text(text *out, const char *content, const char *end, bool under_heading) {
  while (content < end) {
    const char *stop = strstr(content, "\n\n");
    if (!stop || stop > end) stop = end;
    size_t length = (size_t)(stop - content);
    while (length && content[length - 1] == '\n') length--;
    if (length) append_paragraph(out, content, length, under_heading);
    under_heading = under_heading && !length;
    content = stop + 2;
  }
}

static void append_option(text *out, const char *name, int key, const char *value, const char *about) {
  text_append(out, ".TP\n");
  if (key > 0 && key < 256)
    text_format(out, "\\fB\\-%c\\fR%s%s%s, ", key, value ? " \\fI" : "", value ? value : "", value ? "\\fR" : "");
  text_append(out, "\\fB\\-\\-");
  append_roff(out, name, strlen(name));
  text_append(out, "\\fR");
  if (value) {
    text_append(out, "=\\fI");
    append_roff(out, value, strlen(value));
    text_append(out, "\\fR");
  }
  text_append(out, "\n");
  append_roff(out, about, strlen(about));
  text_append(out, ".\n");
}

static void append_remark(text *out, const struct argp_option *row) {
  text_append(out, ".TP\n\\fB");
  append_roff(out, row->name, strlen(row->name));
  text_append(out, "\\fR\n");
  append_roff(out, row->doc, strlen(row->doc));
  text_append(out, ".\n");
}

static void append_options(text *out, const struct argp_option *rows) {
  text_append(out, ".SH OPTIONS\n");
  for (; !option_is_end(rows); rows++) {
    if (option_is_shown(rows)) append_option(out, rows->name, rows->key, rows->arg, rows->doc);
    if (option_is_remark(rows)) append_remark(out, rows);
  }
  append_option(out, "help", '?', NULL, "Tell about the command and its options");
  append_option(out, "usage", 0, NULL, "Tell the options in short");
}

static void append_name(text *out, const char *page, const char *summary) {
  append_title(out, page);
  text_append(out, ".SH NAME\n");
  append_roff(out, page, strlen(page));
  text_append(out, " \\- ");
  append_roff(out, summary, strlen(summary));
  text_append(out, "\n.SH SYNOPSIS\n");
}

void manual_of_command(command_name about, text *out) {
  int count;
  const command_page *page = options_page(about);
  const char *rest = strchr(page->text, '\v');
  char name[32] = "adjoin-";
  append_name(out, strcat(name, page->word), command_list(&count)[about].summary);
  text_format(out, "\\fBadjoin %s\\fR [\\fIOPTION\\fR...] ", page->word);
  append_roff(out, page->arguments, strlen(page->arguments));
  text_append(out, "\n.SH DESCRIPTION\n");
  append_text(out, page->text, rest, true);
  const char *exits = strstr(rest, exit_heading);
  append_text(out, rest + 1, exits ? exits : rest + strlen(rest), rest == page->text);
  append_options(out, page->rows);
  if (exits) append_text(out, exits, exits + strlen(exits), false);
  text_append(out, ".SH SEE ALSO\n.BR adjoin (1)\n");
}

void manual_of_program(text *out) {
  int count;
  const command_row *commands = command_list(&count);
  const char *rest = strchr(program_text, '\v');
  append_name(out, "adjoin", program_summary);
  text_append(out, "\\fBadjoin\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n.SH DESCRIPTION\n");
  append_text(out, program_text, rest, true);
  text_append(out, ".SH COMMANDS\n");
  for (int k = 0; k < count; k++) {
    text_format(out, ".TP\n.B %s\n", commands[k].word);
    append_roff(out, commands[k].summary, strlen(commands[k].summary));
    text_append(out, "\n");
  }
  text_append(out, ".SH EXAMPLES\n");
  append_text(out, rest + 1, rest + strlen(rest), true);
  text_append(out, ".SH SEE ALSO\n");
  for (int k = 0; k < count; k++)
    text_format(out, ".BR adjoin\\-%s (1)%s\n", commands[k].word, k + 1 < count ? "," : "");
}
