/* Models that are long: time, code and memory must grow no faster than they do. */
#include "tests/fuzz/long_model.h"
#include "compiler/base/text.h"

const char *chained_model(arena *memory, int count) {
  text out = text_create(memory);
  text_append(&out, "dim n\nvar x[n]\nlet a0[i] = x[i]\n");
  for (int k = 1; k <= count; k++) text_format(&out, "let a%d[i < n - %d] = a%d[i]*a%d[i+1]\n", k, k, k - 1, k - 1);
  text_format(&out, "minimize sum[i] a%d[i]\n", count);
  return out.data;
}

const char *doubling_model(arena *memory, int depth) {
  text out = text_create(memory);
  text_append(&out, "def twice0(a) = a + a\n");
  for (int k = 1; k <= depth; k++) text_format(&out, "def twice%d(a) = twice%d(a + a)\n", k, k - 1);
  text_format(&out, "var x\nminimize twice%d(x*x)\n", depth);
  return out.data;
}
