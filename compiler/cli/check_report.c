/* The rows of `adjoin check`, as a table and as JSON. */
#include "compiler/cli/check.h"

#include <math.h>
#include <string.h>

static const char *const verdicts[] = {[TEST_PASSED] = "pass", [TEST_FAILED] = "FAIL", [TEST_SKIPPED] = "skipped"};

static int count_of(const checking *in, verdict which) {
  int count = 0;
  for (int k = 0; k < in->rows.count; k++) count += in->rows.items[k].result == which;
  return count;
}

static int widest(const checking *in, bool of) {
  int width = of ? 2 : 4;
  for (int k = 0; k < in->rows.count; k++) {
    int length = (int)strlen(of ? in->rows.items[k].of : in->rows.items[k].test);
    if (length > width) width = length;
  }
  return width;
}

static const char *number_cell(const checking *in, double value) {
  return isnan(value) ? "-" : arena_format(in->with->memory, "%.1e", value);
}

void checking_write_table(const checking *in, text *out) {
  const char *extents = extents_line(&in->inputs);
  text_format(out, "model %s%s%s\n", in->model->name, *extents ? ": " : "", extents);
  int test = widest(in, false), of = widest(in, true);
  if (in->rows.count) text_format(out, "  %-*s  %-*s  %8s  %9s\n", test, "test", of, "of", "error", "tolerance");
  for (int k = 0; k < in->rows.count; k++) {
    const test_row *each = &in->rows.items[k];
    text_format(out, "  %-*s  %-*s  %8s  %9s  %s%s%s\n", test, each->test, of, each->of, number_cell(in, each->error),
                number_cell(in, each->tolerance), verdicts[each->result], each->reason ? ": " : "",
                each->reason ? each->reason : "");
  }
  if (!in->rows.count)
    text_append(out, "nothing to check: the model has no var or param, or neither an objective nor an output\n");
  else
    text_format(out, "%d passed, %d failed, %d skipped\n", count_of(in, TEST_PASSED), count_of(in, TEST_FAILED),
                count_of(in, TEST_SKIPPED));
}

void checking_write_json(const checking *in, text *out) {
  text_append(out, "{\"model\": ");
  json_string_append(out, in->model->name);
  text_append(out, ",\n \"extents\": ");
  json_extents_append(out, &in->inputs);
  text_append(out, ",\n \"tests\": [");
  for (int k = 0; k < in->rows.count; k++) {
    const test_row *each = &in->rows.items[k];
    text_format(out, "%s\n  {\"test\": ", k ? "," : "");
    json_string_append(out, each->test);
    text_append(out, ", \"of\": ");
    json_string_append(out, each->of);
    text_append(out, ", \"error\": ");
    json_number_append(out, each->error);
    text_append(out, ", \"tolerance\": ");
    json_number_append(out, each->tolerance);
    text_format(out, ", \"result\": \"%s\"", each->result == TEST_FAILED ? "fail" : verdicts[each->result]);
    if (each->reason) {
      text_append(out, ", \"reason\": ");
      json_string_append(out, each->reason);
    }
    text_append(out, "}");
  }
  text_format(out, "],\n \"passed\": %s}\n", count_of(in, TEST_FAILED) ? "false" : "true");
}
