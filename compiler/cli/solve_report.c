/* What came out (see solve.h). */
#include "compiler/cli/solve.h"

#include "runtime/file.h"
#include <string.h>

static quantity solution_of(const solving *in, int var) {
  const kernel_var *of = &in->vector.vars.items[var];
  quantity made = in->inputs.inputs[of->input].value;
  made.name = in->model->inputs.items[of->input].name;
  made.entries = in->x + of->offset;
  return made;
}

/* ---- files ---- */

bool solve_can_write(const options *given) {
  const char *path = given->out;
  if (!path || file_is_folder(path) || path[strlen(path) - 1] == '/') return true;
  if (array_file_is_archive(path) || !strcmp(file_ending(path), ".json")) return true;
  complain("--out %s: a folder (with '/' at its end, or one that exists), or a .npz, .safetensors or .json file is "
           "needed",
           path);
  return false;
}

static bool write_vars(const solving *in) {
  const char **names = arena_array(in->with->memory, const char *, in->vector.vars.count + 1);
  host_array *arrays = arena_array(in->with->memory, host_array, in->vector.vars.count + 1);
  array_error error;
  for (int k = 0; k < in->vector.vars.count; k++) {
    quantity of = solution_of(in, k);
    if (of.rank > ARRAY_MAXIMUM_RANK) {
      complain("--out: '%s' has %d axes, more than a file of arrays can have", of.name, of.rank);
      return false;
    }
    names[k] = of.name;
    arrays[k] = (host_array){.rank = of.rank, .entries = of.entries};
    for (int number = 0; number < of.rank; number++) arrays[k].extents[number] = of.extents[number];
  }
  if (array_file_write(in->given->out, in->vector.vars.count, names, arrays, ARRAY_FLOAT64, &error)) return true;
  complain("%s", error.message);
  return false;
}

bool solve_write(solving *in) {
  const text *history = &in->progress.history;
  array_error error;
  bool good = !in->given->out || write_vars(in);
  if (!in->given->history) return good;
  if (file_write(in->given->history, &(file_piece){history->data, history->length}, 1, &error)) return good;
  complain("%s", error.message);
  return false;
}

/* ---- the result ---- */

static void member(text *out, const char *name) {
  text_append(out, ",\n ");
  json_string_append(out, name);
  text_append(out, ": ");
}

/* Of one run: what came out, and what it took. */
static void spent_json(const minimise_result *of, text *out) {
  text_format(out, "\"iterations\": %zu, \"evaluations\": {\"value\": %zu, \"grad\": %zu, \"hvp\": %zu}",
              of->iterations, of->evaluations.value, of->evaluations.gradient, of->evaluations.product);
}

static void starts_json(const solving *in, text *out) {
  text_format(out, ",\n \"start\": %zu,\n \"starts\": [", in->result.start);
  for (size_t k = 0; k < in->result.starts; k++) {
    const minimise_result *of = &in->all[k];
    text_append(out, k ? ",\n  {\"status\": " : "\n  {\"status\": ");
    json_string_append(out, minimise_status_name(of->status));
    text_append(out, ", \"f\": ");
    json_number_append(out, in->sign * of->f);
    text_append(out, ", \"grad_inf\": ");
    json_number_append(out, of->grad_inf);
    text_append(out, ", ");
    spent_json(of, out);
    text_append(out, "}");
  }
  text_append(out, "]");
}

static void report_json(const solving *in, text *out) {
  const minimise_result *of = &in->result;
  text_append(out, "{\"model\": ");
  json_string_append(out, in->model->name);
  member(out, "method");
  json_string_append(out, of->method);
  member(out, "status");
  json_string_append(out, minimise_status_name(of->status));
  member(out, "x");
  for (int k = 0; k < in->vector.vars.count; k++) {
    quantity each = solution_of(in, k);
    text_append(out, k ? ", " : "{");
    json_string_append(out, each.name);
    text_append(out, ": ");
    json_quantity_append(out, &each);
  }
  text_append(out, "}");
  member(out, "f");
  json_number_append(out, in->sign * of->f);
  member(out, "grad_inf");
  json_number_append(out, of->grad_inf);
  text_append(out, ",\n ");
  spent_json(of, out);
  text_format(out, ",\n \"free\": %zu,\n \"frozen\": %zu", of->free, of->frozen);
  member(out, "seconds");
  json_number_append(out, of->seconds);
  member(out, "test");
  json_string_append(out, of->test);
  if (in->all) starts_json(in, out);
  text_append(out, "}\n");
}

static void starts_table(const solving *in, text *out) {
  text_append(out, "  start  status           f                |gradient|  iterations\n");
  for (size_t k = 0; k < in->result.starts; k++) {
    const minimise_result *of = &in->all[k];
    text_format(out, "  %5zu  %-15s  %-15.8g  %-10.2e  %10zu%s\n", k, minimise_status_name(of->status),
                in->sign * of->f, of->grad_inf, of->iterations, k == in->result.start ? "  best" : "");
  }
}

static void report_table(solving *in, text *out) {
  const minimise_result *of = &in->result;
  double f = in->sign * of->f;
  results shown = {.inputs = &in->inputs};
  shown.wanted[SECTION_VALUE] = shown.wanted[SECTION_SOLUTION] = true;
  result made = {SECTION_VALUE, {.name = in->model->objective.name, .count = 1, .entries = &f}};
  list_push(in->with->memory, &shown.list, made);
  for (int k = 0; k < in->vector.vars.count; k++) {
    made = (result){SECTION_SOLUTION, solution_of(in, k)};
    list_push(in->with->memory, &shown.list, made);
  }
  results_write_table(&shown, out);
  text_format(out, "%s (%s): %s\n", minimise_status_name(of->status), of->method, of->test);
  text_format(out, "  largest entry of the gradient %.3g; %zu free entries, %zu frozen\n", of->grad_inf, of->free,
              of->frozen);
  text_format(out, "  %zu iterations; %zu values, %zu gradients, %zu products\n", of->iterations, of->evaluations.value,
              of->evaluations.gradient, of->evaluations.product);
  if (in->all) starts_table(in, out);
}

static const char *advice(const solving *in) {
  minimise_status status = in->result.status;
  if (in->checkpoint.written && (status == MINIMISE_BUDGET || status == MINIMISE_INTERRUPTED))
    return arena_format(in->with->memory, "--resume %s goes on from here", in->given->checkpoint);
  switch (status) {
  case MINIMISE_STALLED:
    return "this may be a kink, where no gradient vanishes; `adjoin check` tells whether the derivatives are right";
  case MINIMISE_BUDGET:
    return "--iterations and --seconds allow more, and what --out writes can be given to go on from";
  case MINIMISE_UNBOUNDED: return "bounds on the vars (`var x in [0, 1]`) keep them where the model means something";
  case MINIMISE_NOT_FINITE: return "start elsewhere (--start), or keep away by bounds (`var x in [0, inf]`)";
  default: return "what is given is the best point so far";
  }
}

/* What the best converged start leaves unsaid. */
static void warn_of_starts(const solving *in) {
  size_t wanted = in->given->solver.starts, run = in->result.starts, lowest = in->result.start;
  if (!in->all) return;
  for (size_t k = 0; k < run; k++)
    if (in->all[k].f < in->all[lowest].f) lowest = k;
  const minimise_result *of = &in->all[lowest];
  if (lowest != in->result.start && of->status != MINIMISE_CONVERGED)
    complain("start %zu came to a better f, %.8g, but is %s: %s", lowest, in->sign * of->f,
             minimise_status_name(of->status), of->test);
  if (run < wanted) complain("%zu of %zu starts were begun: %s", run, wanted, in->all[run - 1].test);
}

void solve_report(solving *in) {
  const minimise_result *of = &in->result;
  if (in->given->json)
    report_json(in, &in->with->out);
  else
    report_table(in, &in->with->out);
  if (of->status != MINIMISE_CONVERGED)
    complain("%s: %s%s; %s", minimise_status_name(of->status), of->test,
             in->sign < 0 ? " (f is minus the objective)" : "", advice(in));
  warn_of_starts(in);
}
