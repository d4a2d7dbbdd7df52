/* The edits that diagnostics propose: each is made, and what was reported must be gone. */
#include "tests/runner/prepare.h"

#include <string.h>

/* How often a message of this code and text is among the diagnostics. */
static int occurrences(const diagnostics *in, const diagnostic *of) {
  int count = 0;
  for (int k = 0; k < in->list.count; k++)
    count += in->list.items[k].code == of->code && !strcmp(in->list.items[k].message, of->message);
  return count;
}

static void check_fix(subject *of, const char *model, const test_case *from, const diagnostic *reported) {
  const diagnostic_fix *fix = &reported->fix;
  size_t length = strlen(model);
  if (fix->where.begin > fix->where.end || fix->where.end > length) {
    subject_fails(of, "the edit for '%s' reaches outside the text", reported->message);
    return;
  }
  const char *edited =
      arena_format(of->memory, "%.*s%s%s", (int)fix->where.begin, model, fix->replacement, model + fix->where.end);
  subject *again = subject_open(of->memory, of->name, edited, from);
  const diagnostics *left = session_reported(again->with), *all = session_reported(of->with);
  if (occurrences(left, reported) >= occurrences(all, reported))
    subject_fails(of, "the edit for '%s' leaves it as it was:\n%s", reported->message, edited);
  subject_close(again);
}

void check_fixes(subject *of, const test_case *from) {
  const diagnostics *all = session_reported(of->with);
  for (int k = 0; k < all->list.count; k++)
    if (all->list.items[k].fix.replacement) check_fix(of, from->model, from, &all->list.items[k]);
}
