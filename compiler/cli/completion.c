/* Completion for shells: the tables of commands and options as scripts for bash and zsh. */
#include "compiler/cli/commands.h"
#include "compiler/cli/help.h"

#include <string.h>

/* What the scripts are made from, and where they go. */
typedef struct {
  console *with;
  text *out;
  const char *const *topics;
  int topic_count;
} script;

static void append_words(text *out, const char *const *words) {
  for (int k = 0; words && words[k]; k++) text_format(out, "%s%s", k ? " " : "", words[k]);
}

static void append_topics(const script *in) {
  for (int k = 0; k < in->topic_count; k++) text_format(in->out, "%s%s", k ? " " : "", in->topics[k]);
}

static bool is_short(int key) {
  return key > 0 && key < 256;
}

/* What a command's arguments can be, from how its help shows them. */
static bool takes(const command_page *page, const char *argument) {
  return strstr(page->arguments, argument) != NULL;
}

/* ---- bash ---- */

static const char bash_head[] =
    "# Completion of adjoin for bash.\n"
    "\n"
    "_adjoin() {\n"
    "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}\n"
    "  local option= options= valued= words= list= file= model= data= topics= finished= given=0 k\n"
    "  COMPREPLY=()\n";

static const char bash_tail[] =
    "  # `--of=value` is three words.\n"
    "  if [[ $current == = ]]; then current= option=$before\n"
    "  elif [[ $before == = ]]; then option=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "  else option=$before; fi\n"
    "  if [[ \" $valued \" == *\" $option \"* ]]; then\n"
    "    _adjoin_values \"$command\" \"$option\"\n"
    "    if [[ $file ]]; then\n"
    "      _adjoin_files -f\n"
    "      return\n"
    "    fi\n"
    "    if [[ $list && $current == *,* ]]; then finished=${current%,*},; fi\n"
    "    COMPREPLY=($(compgen -P \"$finished\" -W \"$words\" -- \"${current#\"$finished\"}\"))\n"
    "    if [[ $list ]]; then compopt -o nospace 2>/dev/null; fi\n"
    "    if [[ ! $words ]]; then compopt +o default 2>/dev/null; fi\n"
    "    return\n"
    "  fi\n"
    "  if [[ $current == -* ]]; then\n"
    "    COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
    "    if [[ ${COMPREPLY[0]-} == *= ]]; then compopt -o nospace 2>/dev/null; fi\n"
    "    return\n"
    "  fi\n"
    "  for ((k = 2; k < COMP_CWORD; k++)); do\n"
    "    case ${COMP_WORDS[k]} in\n"
    "    =) ((k++)) ;;\n"
    "    -*) if [[ \" $valued \" == *\" ${COMP_WORDS[k]} \"* && ${COMP_WORDS[k + 1]} != = ]]; then ((k++)); fi ;;\n"
    "    *) ((given++)) ;;\n"
    "    esac\n"
    "  done\n"
    "  if [[ $topics && $given == 0 ]]; then COMPREPLY=($(compgen -W \"$topics\" -- \"$current\")); fi\n"
    "  if [[ $model && $given == 0 ]]; then\n"
    "    _adjoin_files -f -X '!*.adj'\n"
    "  elif [[ $data ]]; then\n"
    "    _adjoin_files -f\n"
    "  fi\n"
    "}\n"
    "\n"
    "# Files and folders that the current word begins.\n"
    "_adjoin_files() {\n"
    "  local IFS=$'\\n'\n"
    "  COMPREPLY=($({ compgen \"$@\" -- \"$current\"; compgen -d -- \"$current\"; } | sort -u))\n"
    "  compopt -o filenames 2>/dev/null\n"
    "}\n"
    "\n"
    "complete -o default -F _adjoin adjoin\n";

static void bash_options(const script *in, const command_page *page, bool valued_only) {
  bool first = true;
  for (const struct argp_option *row = page->rows; !option_is_end(row); row++) {
    if (!option_is_shown(row) || (valued_only && !row->arg)) continue;
    text_format(in->out, "%s--%s%s", first ? "" : " ", row->name, row->arg && !valued_only ? "=" : "");
    if (is_short(row->key)) text_format(in->out, " -%c", row->key);
    first = false;
  }
  if (!valued_only) text_append(in->out, " --help --usage");
}

static void bash_command(const script *in, command_name command) {
  const command_page *page = options_page(command);
  text_format(in->out, "  %s)\n    options='", page->word);
  bash_options(in, page, false);
  text_append(in->out, "'\n    valued='");
  bash_options(in, page, true);
  text_append(in->out, "'\n");
  if (takes(page, "MODEL")) text_append(in->out, "    model=1\n");
  if (takes(page, "FILE")) text_append(in->out, "    data=1\n");
  if (takes(page, "CODE")) {
    text_append(in->out, "    topics='");
    append_topics(in);
    text_append(in->out, "'\n");
  }
  text_append(in->out, "    ;;\n");
}

static void bash_values(const script *in, command_name command) {
  const command_page *page = options_page(command);
  for (const struct argp_option *row = page->rows; !option_is_end(row); row++) {
    option_values values = options_values(in->with, command, row->key);
    if (!option_is_shown(row) || (!values.words && !values.file)) continue;
    text_format(in->out, "  %s:--%s", page->word, row->name);
    if (is_short(row->key)) text_format(in->out, " | %s:-%c", page->word, row->key);
    text_append(in->out, values.file ? ") file=1" : ") words='");
    append_words(in->out, values.words);
    text_append(in->out, values.file ? "" : "'");
    text_append(in->out, values.list ? " list=1 ;;\n" : " ;;\n");
  }
}

static void write_bash(const script *in, const command_row *commands, int count) {
  text_append(in->out, bash_head);
  text_append(in->out, "  if ((COMP_CWORD == 1)); then\n    COMPREPLY=($(compgen -W '");
  for (int k = 0; k < count; k++) text_format(in->out, "%s ", commands[k].word);
  text_append(in->out, "--help --version' -- \"$current\"))\n    return\n  fi\n  case $command in\n");
  for (int k = 0; k < count; k++) bash_command(in, (command_name)k);
  text_append(in->out, "  *) return ;;\n  esac\n");
  text_append(in->out, bash_tail);
  text_append(in->out, "\n# Sets what can stand behind an option.\n_adjoin_values() {\n  case $1:$2 in\n");
  for (int k = 0; k < count; k++) bash_values(in, (command_name)k);
  text_append(in->out, "  esac\n}\n");
}

/* ---- zsh ---- */

/* Inside single quotes, in the description of an option or command. */
static void append_zsh(text *out, const char *content) {
  for (; *content; content++)
    if (*content == '\'')
      text_append(out, "'\\''");
    else if (strchr("[]:\\", *content))
      text_format(out, "\\%c", *content);
    else
      text_append_bytes(out, content, 1);
}

static void zsh_spec(const script *in, command_name command, const struct argp_option *row, const char *spelled) {
  option_values values = options_values(in->with, command, row->key);
  text_format(in->out, " \\\n      '*%s[", spelled);
  append_zsh(in->out, row->doc);
  text_append(in->out, "]");
  if (row->arg) {
    text_append(in->out, ":");
    append_zsh(in->out, row->arg);
    text_append(in->out, values.file ? ":_files" : values.list ? ":_values -s , word " : values.words ? ":(" : ": ");
    append_words(in->out, values.words);
    if (values.words && !values.list) text_append(in->out, ")");
  }
  text_append(in->out, "'");
}

static void zsh_command(const script *in, command_name command) {
  const command_page *page = options_page(command);
  text_format(in->out, "    %s)\n      _arguments", page->word);
  for (const struct argp_option *row = page->rows; !option_is_end(row); row++) {
    if (!option_is_shown(row)) continue;
    zsh_spec(in, command, row, arena_format(in->with->memory, "--%s%s", row->name, row->arg ? "=" : ""));
    if (!is_short(row->key)) continue;
    zsh_spec(in, command, row, arena_format(in->with->memory, "-%c%s", row->key, row->arg ? "+" : ""));
  }
  text_append(in->out, " \\\n      '--help[Tell about the command and its options]'");
  if (takes(page, "MODEL")) text_append(in->out, " \\\n      '1:model:_files -g \"*.adj\"'");
  if (takes(page, "FILE")) text_append(in->out, " \\\n      '*:input:_files'");
  if (takes(page, "CODE")) {
    text_append(in->out, " \\\n      '1:topic:(");
    append_topics(in);
    text_append(in->out, ")'");
  }
  text_append(in->out, "\n      ;;\n");
}

static void write_zsh(const script *in, const command_row *commands, int count) {
  text_append(in->out, "#compdef adjoin\n"
                       "# Completion of adjoin for zsh.\n"
                       "\n"
                       "_adjoin() {\n"
                       "  local curcontext=\"$curcontext\" state line\n"
                       "  typeset -A opt_args\n"
                       "  _arguments -C '1: :->command' '*:: :->arguments' && return\n"
                       "  case $state in\n"
                       "  command)\n"
                       "    local -a commands\n"
                       "    commands=(\n");
  for (int k = 0; k < count; k++) {
    text_format(in->out, "      '%s:", commands[k].word);
    append_zsh(in->out, commands[k].summary);
    text_append(in->out, "'\n");
  }
  text_append(in->out, "    )\n    _describe command commands\n    ;;\n  arguments)\n    case $words[1] in\n");
  for (int k = 0; k < count; k++) zsh_command(in, (command_name)k);
  text_append(in->out, "    esac\n    ;;\n  esac\n}\n\n_adjoin \"$@\"\n");
}

void completion_write(console *with, const char *shell, const char *const *topics, int topic_count) {
  int count;
  const command_row *commands = command_list(&count);
  script in = {with, &with->out, topics, topic_count};
  if (!strcmp(shell, "bash"))
    write_bash(&in, commands, count);
  else
    write_zsh(&in, commands, count);
}
