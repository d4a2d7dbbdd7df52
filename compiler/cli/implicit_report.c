/* What came out, with the certificate (see implicit.h). */
#include "compiler/cli/implicit.h"

#include <math.h>

static const implicit_certificate *certificate(const differentiating *in) {
  return implicit_certificate_of(in->made);
}

static bool is_root(const differentiating *in) {
  return in->of.root != NULL;
}

static const char *hypothesis(const differentiating *in) {
  return implicit_hypothesis(certificate(in)->status, is_root(in));
}

static const char *advice(const differentiating *in) {
  return implicit_advice(certificate(in)->status, is_root(in));
}

static quantity solution_of(const differentiating *in, int var) {
  const kernel_var *of = &in->solve.vector.vars.items[var];
  quantity made = in->solve.inputs.inputs[of->input].value;
  made.name = in->solve.model->inputs.items[of->input].name;
  made.entries = in->solve.x + of->offset;
  return made;
}

static const struct {
  const char *word, *json, *message;
} outcomes[] = {
    [VERIFY_AGREES] = {"agrees", "true", NULL},
    [VERIFY_DISAGREES] = {"DISAGREES", "false", "the derivative disagrees with differences"},
    [VERIFY_NOTHING] = {"tells nothing", "null",
                        "solving again beside the params gives no differences that could be compared: there is no "
                        "solution there, one of many, or one that moves by no more than rounding"},
};

/* ---- JSON ---- */

static void member(text *out, const char *before, const char *name) {
  text_append(out, before);
  json_string_append(out, name);
  text_append(out, ": ");
}

static void append_number(text *out, const char *name, double value) {
  member(out, ", ", name);
  json_number_append(out, value);
}

static void append_certificate(const implicit_certificate *of, text *out) {
  text_append(out, "{\"grad_inf\": ");
  json_number_append(out, of->grad_inf);
  append_number(out, "scaled_grad", of->scaled_grad);
  if (of->has_inertia)
    text_format(out, ", \"inertia\": [%zu, %zu, %zu]", of->positive, of->negative, of->zero);
  else
    text_append(out, ", \"inertia\": null");
  append_number(out, "least_curvature", of->least_curvature);
  append_number(out, "condition", of->condition);
  append_number(out, "residual", of->residual);
  append_number(out, "error_estimate", of->error_estimate);
  text_format(out, ", \"free\": %zu, \"frozen\": %zu, \"at_bound\": %zu}", of->free, of->frozen, of->at_bound);
}

static void append_section(const differentiating *in, section section_of, const char *name, text *out) {
  bool first = true;
  if (!in->shown.wanted[section_of]) return;
  member(out, ",\n ", name);
  text_append(out, "{");
  for (int k = 0; k < in->shown.list.count; k++) {
    const result *each = &in->shown.list.items[k];
    if (each->in != section_of) continue;
    member(out, first ? "" : ", ", each->what.name);
    json_quantity_append(out, &each->what);
    first = false;
  }
  text_append(out, "}");
}

static void report_json(const differentiating *in, text *out) {
  member(out, "{", "model");
  json_string_append(out, in->solve.model->name);
  if (is_root(in)) {
    member(out, ",\n ", "root");
    json_string_append(out, in->of.root);
  }
  member(out, ",\n ", "status");
  json_string_append(out, implicit_status_name(certificate(in)->status));
  member(out, ",\n ", "x");
  for (int k = 0; k < in->solve.vector.vars.count; k++) {
    quantity each = solution_of(in, k);
    member(out, k ? ", " : "{", each.name);
    json_quantity_append(out, &each);
  }
  member(out, "},\n ", "f");
  json_number_append(out, in->solve.sign * certificate(in)->f);
  member(out, ",\n ", "certificate");
  append_certificate(certificate(in), out);
  if (implicit_has_derivatives(certificate(in)->status)) {
    append_section(in, SECTION_JACOBIAN, "jacobian", out);
    append_section(in, SECTION_FORWARD, "forward", out);
    append_section(in, SECTION_ADJOINT, "adjoint", out);
  }
  if (in->agreement.outcome) {
    member(out, ",\n ", "verify");
    text_append(out, "{\"difference\": ");
    json_number_append(out, in->agreement.difference);
    append_number(out, "accuracy", in->agreement.accuracy);
    text_format(out, ", \"agrees\": %s}", outcomes[in->agreement.outcome].json);
  }
  text_append(out, "}\n");
}

/* ---- the table ---- */

static void append_row(text *out, const char *name, double value, const char *after) {
  text_format(out, "  %-16s  ", name);
  if (isnan(value))
    text_append(out, "none");
  else
    text_format(out, "%.3g%s", value, after);
}

static void append_certificate_table(const differentiating *in, text *out) {
  const implicit_certificate *of = certificate(in);
  text_append(out, "certificate\n");
  append_row(out, is_root(in) ? "largest equation" : "gradient", of->grad_inf, "");
  text_format(out, ", calls for a step of %.3g max(1, |x|)\n", of->scaled_grad);
  if (!is_root(in)) text_append(out, "  curvature         ");
  if (of->has_inertia) text_format(out, "%zu positive, %zu negative, %zu zero; ", of->positive, of->negative, of->zero);
  if (!is_root(in)) text_format(out, "least %.3g\n", of->least_curvature);
  append_row(out, "condition", of->condition, "");
  text_append(out, "\n");
  if (!isnan(of->error_estimate)) {
    append_row(out, "residual", of->residual, "");
    text_append(out, "\n");
    append_row(out, "error estimate", of->error_estimate, " of the largest entry");
    text_append(out, "\n");
  }
  text_format(out, "  entries           %zu free, %zu frozen, %zu at a bound", of->free, of->frozen, of->at_bound);
  if (of->frozen || of->at_bound)
    text_format(out, " (frozen ones have derivative 0%s)",
                of->at_bound ? ", those at a bound have that of the bound" : "");
  text_append(out, "\n");
  text_format(out, "  work              %s, %zu polishing steps, %zu products", of->dense ? "LAPACK" : "iterative",
              of->polish_steps, of->products);
  if (of->iterations) text_format(out, ", %zu iterations", of->iterations);
  text_append(out, "\n");
}

/* What f is called. */
static const char *objective_name(const differentiating *in) {
  if (!is_root(in)) return in->solve.model->objective.name;
  return arena_format(in->solve.with->memory, "sum(%s^2)", in->of.root);
}

static void report_table(differentiating *in, text *out) {
  const implicit_certificate *of = certificate(in);
  double f = in->solve.sign * of->f;
  results shown = {.inputs = &in->solve.inputs};
  result made = {SECTION_VALUE, {.name = objective_name(in), .count = 1, .entries = &f}};
  list_push(in->solve.with->memory, &shown.list, made);
  for (int k = 0; k < in->solve.vector.vars.count; k++) {
    made = (result){SECTION_SOLUTION, solution_of(in, k)};
    list_push(in->solve.with->memory, &shown.list, made);
  }
  for (int k = 0; k < in->shown.list.count; k++)
    list_push(in->solve.with->memory, &shown.list, in->shown.list.items[k]);
  shown.wanted[SECTION_VALUE] = shown.wanted[SECTION_SOLUTION] = true;
  for (int in_section = SECTION_JACOBIAN; in_section <= SECTION_ADJOINT; in_section++)
    shown.wanted[in_section] = in->shown.wanted[in_section] && implicit_has_derivatives(of->status);
  results_write_table(&shown, out);
  append_certificate_table(in, out);
  if (in->agreement.outcome)
    text_format(out, "  %-16s  differs by %.2g from differences, which are good to %.2g: %s\n", "verify",
                in->agreement.difference, in->agreement.accuracy, outcomes[in->agreement.outcome].word);
  text_format(out, "%s%s%s\n", implicit_status_name(of->status), *hypothesis(in) ? ": " : "", hypothesis(in));
}

/* ---- the message ---- */

/* Where a null direction points, by its largest entries. */
static void append_null_direction(const differentiating *in, const double *direction, text *out) {
  enum { SHOWN = 3 };
  int64_t shown[SHOWN];
  int count = 0;
  for (; count < SHOWN; count++) {
    int64_t largest = -1;
    for (int64_t k = 0; k < in->solve.vector.size; k++) {
      bool taken = false;
      for (int before = 0; before < count; before++) taken = taken || shown[before] == k;
      if (!taken && (largest < 0 || fabs(direction[k]) > fabs(direction[largest]))) largest = k;
    }
    if (largest < 0 || fabs(direction[largest]) < 1e-8) break;
    shown[count] = largest;
    text_format(out, "%s%.3g %s", count ? ", " : "", direction[largest], var_entry_name(&in->solve.vector, largest));
  }
}

static const char *details(const differentiating *in) {
  const implicit_certificate *of = certificate(in);
  text made = text_create(in->solve.with->memory);
  size_t count;
  const double *directions = implicit_null_directions(in->made, &count);
  if (of->status == IMPLICIT_SINGULAR && of->dense && of->zero)
    text_format(&made, " (rank %zu of %zu)", of->moving - of->zero, of->moving);
  if (of->status == IMPLICIT_SINGULAR && count) {
    text_append(&made, is_root(in) ? "; no equation changes along " : "; no curvature along ");
    append_null_direction(in, directions, &made);
    if (count > 1) text_format(&made, " and %zu more directions", count - 1);
  }
  if (of->status == IMPLICIT_DEGENERATE_BOUND)
    text_format(&made, " (%s)", var_entry_name(&in->solve.vector, (int64_t)of->entry));
  if (of->status == IMPLICIT_INDEFINITE)
    text_format(&made, " (least curvature %.3g%s)", of->least_curvature,
                in->solve.sign < 0 ? ", of minus the objective, which is maximised" : "");
  if (of->status == IMPLICIT_NOT_STATIONARY)
    text_format(&made, " (%s is %.3g; it calls for a step of %.3g max(1, |x|))",
                is_root(in) ? "the largest" : "its largest entry", of->grad_inf, of->scaled_grad);
  if (of->found) text_format(&made, ": %s", of->found);
  return made.data;
}

/* The choices' places, with their lines. */
static void show_kinks(const differentiating *in) {
  enum { SHOWN = 3 };
  diagnostics *shown = diagnostics_create(in->solve.with->memory, in->solve.model->from);
  for (int k = 0; k < in->of.doubtful_count && k < SHOWN; k++) {
    const kinked *each = in->of.doubtful[k];
    diagnose_warning(shown, CODE_NONSMOOTH, each->where, "'%s' %s at its kink at the %s", each->word,
                     in->of.doubtful_count > 1 ? "may be" : "is", is_root(in) ? "root" : "minimiser");
  }
  console_show(shown);
}

void implicit_report(differentiating *in) {
  const implicit_certificate *of = certificate(in);
  if (in->solve.given->json)
    report_json(in, &in->solve.with->out);
  else
    report_table(in, &in->solve.with->out);
  if (outcomes[in->agreement.outcome].message) complain("--verify: %s", outcomes[in->agreement.outcome].message);
  if (of->status == IMPLICIT_OK) return;
  if (of->status == IMPLICIT_ILL_CONDITIONED)
    complain("%s: %s; about %.0f digits are left; %s", implicit_status_name(of->status), hypothesis(in),
             fmax(0, floor(-log10(of->error_estimate))), advice(in));
  else
    complain("%s: %s%s; %s", implicit_status_name(of->status), hypothesis(in), details(in), advice(in));
  if (of->status == IMPLICIT_NONSMOOTH && in->of.doubtful_count) show_kinks(in);
  if (of->status != IMPLICIT_NOT_FINITE) return;
  if (in->no_value)
    machine_explain(&in->solve.on, -1, in->no_value);
  else
    solve_explain(&in->solve);
}
