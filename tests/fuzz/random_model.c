/* Random models: a grammar of the language, walked at random, kept to what is smooth almost everywhere and bounded. */
#include "compiler/base/text.h"
#include "tests/fuzz/fuzz.h"
#include <stdarg.h>
#include <string.h>

/* Shapes are strings of extents: "" a scalar, "n", "m", "nm". */
typedef struct {
  const char *name, *shape;
} known_array;

/* An index in scope, and the extent that it runs over: 'n' or 'm'. */
typedef struct {
  int number;
  char over;
} known_index;

typedef struct {
  arena *memory;
  random_stream *stream;
  LIST(known_array) arrays;
  LIST(known_index) indices;
  int index_count, local_count;
} generator;

uint64_t random_bits(random_stream *from) {
  uint64_t z = from->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

int random_below(random_stream *from, int limit) {
  return (int)(random_bits(from) % (uint64_t)limit);
}

double random_real(random_stream *from) {
  return (double)(random_bits(from) >> 11) / 4503599627370496.0 - 1;
}

static int pick(generator *with, int limit) {
  return random_below(with->stream, limit);
}

static const char *say(generator *with, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const char *made = arena_format_list(with->memory, format, arguments);
  va_end(arguments);
  return made;
}

static const char *scalar_expression(generator *with, int depth);

/* ---- leaves ---- */

static int index_over(generator *with, char over) {
  int found = -1, seen = 0;
  for (int k = 0; k < with->indices.count; k++)
    if (with->indices.items[k].over == over && pick(with, ++seen) == 0) found = with->indices.items[k].number;
  return found;
}

/* A subscript that stays inside the extent, whatever the index. */
static const char *subscript(generator *with, char over) {
  int i = index_over(with, over), j = index_over(with, 'n');
  if (i >= 0 && pick(with, 3)) return say(with, "i%d", i);
  if (over == 'm' && j >= 0 && pick(with, 2)) return say(with, "k[i%d]", j);
  if (i >= 0 && pick(with, 2)) return say(with, "(i%d + %d) %% %c", i, 1 + pick(with, 3), over);
  if (i >= 0) return say(with, "%c - 1 - i%d", over, i);
  return pick(with, 2) ? "0" : "-1";
}

static const char *entry(generator *with) {
  known_array from = with->arrays.items[pick(with, with->arrays.count)];
  if (!from.shape[0]) return from.name;
  const char *first = subscript(with, from.shape[0]);
  if (!from.shape[1]) return say(with, "%s[%s]", from.name, first);
  return say(with, "%s[%s, %s]", from.name, first, subscript(with, from.shape[1]));
}

static const char *guarded_entry(generator *with) {
  int i = index_over(with, 'n');
  if (i < 0) return entry(with);
  return say(with, pick(with, 2) ? "(if i%d > 0 then x[i%d - 1] else 0.25)" : "(if i%d + 1 < n then x[i%d + 1] else s)",
             i, i);
}

static const char *leaf(generator *with) {
  int i = index_over(with, pick(with, 2) ? 'n' : 'm');
  switch (pick(with, 8)) {
  case 0: return say(with, "%d.%d", pick(with, 2), 1 + pick(with, 9));
  case 1: return guarded_entry(with);
  case 2: return i >= 0 ? say(with, "(i%d + 1)/n", i) : "m/n";
  default: return entry(with);
  }
}

/* ---- scalar expressions ---- */

static const char *const unary[] = {
    "tanh(%s)",       "sin(%s)",           "cos(%s)",      "exp(tanh(%s))", "sqrt(1 + (%s)^2)", "log(1.5 + (%s)^2)",
    "atan(%s)",       "sigmoid(%s)",       "softplus(%s)", "abs(%s)",       "(-(%s))",          "(%s)^2",
    "erf(%s)",        "sinh(tanh(%s))",    "asinh(%s)",    "relu(%s)",      "gelu(%s)",         "log1p((%s)^2)",
    "expm1(sin(%s))", "cbrt(2 + sin(%s))", "silu(%s)",     "step(%s, 0.5)", "mixed(%s)",        "(1.5 + tanh(%s))^2.5",
};

static const char *const binary[] = {
    "(%s + %s)",
    "(%s - %s)",
    "tanh(%s)*tanh(%s)",
    "(%s)/(1 + (%s)^2)",
    "max(%s, %s)",
    "min(%s, %s)",
    "hypot(%s, 1 + (%s)^2)",
    "atan2(%s, 2 + sin(%s))",
    "step(%s, %s)",
    "where(sin(%s) > 0, %s, 0.5)",
    "clamp(%s, -0.75, 1 + (%s)^2)",
    "(1.2 + sin(%s))^tanh(%s)",
};

static const char *const reductions[] = {"sum", "mean", "max", "min", "logsumexp", "prod"};

static const char *apply_unary(generator *with, int depth) {
  const char *form = unary[pick(with, (int)(sizeof unary / sizeof *unary))];
  const char *a = scalar_expression(with, depth - 1);
  size_t hole = strcspn(form, "%");
  return say(with, "%.*s%s%s", (int)hole, form, a, form + hole + 2);
}

static const char *apply_binary(generator *with, int depth) {
  const char *form = binary[pick(with, (int)(sizeof binary / sizeof *binary))];
  const char *a = scalar_expression(with, depth - 1);
  const char *b = scalar_expression(with, depth - 1);
  size_t first = strcspn(form, "%"), second = first + 2 + strcspn(form + first + 2, "%");
  return say(with, "%.*s%s%.*s%s%s", (int)first, form, a, (int)(second - first - 2), form + first + 2, b,
             form + second + 2);
}

static const char *reduction(generator *with, int depth) {
  char over = pick(with, 2) ? 'n' : 'm';
  int outer = index_over(with, over), mine = with->index_count++;
  known_index made = {mine, over};
  list_push(with->memory, &with->indices, made);
  const char *body = scalar_expression(with, depth - 1);
  const char *made_text;
  if (outer >= 0 && outer != mine && pick(with, 3) == 0)
    made_text = say(with, "(sum[i%d < i%d] %s)", mine, outer, body);
  else if (pick(with, 3) == 0)
    made_text = say(with, "(sum[i%d < %c if %s > %s] %s)", mine, over, leaf(with), leaf(with), body);
  else
    made_text = say(with, "(%s[i%d < %c] tanh(%s))", reductions[pick(with, 6)], mine, over, body);
  with->indices.count--;
  return made_text;
}

/* Two loops, of which index data limits the inner one. */
static const char *ragged_reduction(generator *with, int depth) {
  known_index row = {with->index_count++, 'n'}, column = {with->index_count++, 'm'};
  list_push(with->memory, &with->indices, row);
  list_push(with->memory, &with->indices, column);
  const char *body = scalar_expression(with, depth - 1);
  const char *made = say(with, "(%s[i%d < n, i%d < 1 + k[i%d]] tanh(%s))", reductions[pick(with, 6)], row.number,
                         column.number, row.number, body);
  with->indices.count -= 2;
  return made;
}

static const char *choice(generator *with, int depth) {
  const char *a = scalar_expression(with, depth - 1), *b = scalar_expression(with, depth - 1);
  const char *c = scalar_expression(with, depth - 1);
  return say(with, "(if %s > %s then %s else %s)", leaf(with), a, b, c);
}

static const char *block(generator *with, int depth) {
  int local = with->local_count++;
  const char *value = scalar_expression(with, depth - 1), *rest = scalar_expression(with, depth - 1);
  return say(with, "{ let b%d = %s; b%d*tanh(b%d) + %s }", local, value, local, local, rest);
}

/* What is looked for has one solution, whatever stands around it: bodies are strongly convex, or a contraction. */
static const char *search(generator *with, int depth) {
  int unknown = with->local_count++;
  const char *start = leaf(with), *a = scalar_expression(with, depth - 1), *b = scalar_expression(with, depth - 2);
  switch (pick(with, 4)) {
  case 0:
    return say(with, "(argmin[w%d = %s] ((w%d - tanh(%s))^2 + exp(w%d*tanh(%s))/4))", unknown, start, unknown, a,
               unknown, b);
  case 1:
    return say(with, "(argmax[w%d = %s] (w%d*tanh(%s) - cosh(w%d) - tanh(%s)^2))", unknown, start, unknown, a, unknown,
               b);
  case 2:
    return say(with, "(root[w%d = %s] (w%d - tanh(%s) - sin(w%d + %s)/3))", unknown, start, unknown, a, unknown, b);
  default:
    return say(with, "sum(argmin[w%d[3] = %s] (sum((w%d - tanh(%s))^2) + softplus(w%d[0] - w%d[1]*tanh(%s) + w%d[2])))",
               unknown, start, unknown, a, unknown, unknown, b, unknown);
  }
}

static const char *scalar_expression(generator *with, int depth) {
  if (depth <= 0) return leaf(with);
  switch (pick(with, 10)) {
  case 0: return leaf(with);
  case 1:
  case 2: return pick(with, 5) ? reduction(with, depth) : ragged_reduction(with, depth);
  case 3: return choice(with, depth);
  case 4: return pick(with, 3) ? block(with, depth) : search(with, depth);
  case 5:
  case 6: return apply_unary(with, depth);
  default: return apply_binary(with, depth);
  }
}

/* ---- whole arrays ---- */

static const char *const vectors[] = {
    "tanh(A @ p) + x",
    "cumsum(x)*s",
    "softmax(x)",
    "concat(x[1:n], [s])",
    "x*sum(p^2) + A[:, 0]",
    "p[k]*x",
    "sum(A, axis=1)",
    "(A @ A') @ x",
    "where(x > 0, x, s)",
    "A[:, -1] - x/2",
    "logsumexp(A, axis=1)",
    "max(A, axis=1) + s",
    "reshape(A', n*m)[0:n]",
    "diag(outer(x, x))",
    "mean(stack(x, sin(x)), axis=0)",
    "rows(A)[:, 0]",
    "same(x) + tanh(s)",
    "same(x)*mse(rows(A*A), 0.5)",
    "x*cross_entropy(A, k)",
    "softmax(rows(A))[:, 1]",
};

static void add_definition(generator *with, text *out, int number) {
  static const char *const shapes[] = {"", "n", "m", "nm"};
  const char *name = say(with, "t%d", number), *shape = shapes[pick(with, 4)];
  if (pick(with, 4) == 0) {
    shape = "n";
    text_format(out, "let %s = %s\n", name, vectors[pick(with, (int)(sizeof vectors / sizeof *vectors))]);
  } else {
    text_format(out, "let %s", name);
    for (const char *over = shape; *over; over++) {
      known_index made = {with->index_count++, *over};
      list_push(with->memory, &with->indices, made);
      text_format(out, "%si%d < %c", over == shape ? "[" : ", ", made.number, *over);
    }
    text_format(out, "%s = tanh(%s)\n", *shape ? "]" : "", scalar_expression(with, 3));
    with->indices.count = 0;
  }
  known_array made = {name, shape};
  list_push(with->memory, &with->arrays, made);
}

const char *random_model(arena *memory, random_stream *from) {
  generator with = {.memory = memory, .stream = from};
  static const known_array inputs[] = {{"x", "n"}, {"s", ""}, {"p", "m"}, {"A", "nm"}};
  for (int k = 0; k < 4; k++) list_push(memory, &with.arrays, inputs[k]);
  text out = text_create(memory);
  text_append(&out, "dim n, m\nvar x[n], s\nparam p[m]\ndata A[n, m]\nindex k[n] < m\n"
                    "def step(a, b) = if a > b then a*b else b - a\n"
                    "def keep(a) = a*tanh(a) - mean(a)\n"
                    "var net rows = linear(m, 3) -> keep -> softplus -> linear(3, 2, bias=false)\n"
                    "param net same = linear(n, n) -> silu\n"
                    "def mixed(a) = { let c = sin(a); c*c + c }\n");
  int definitions = 2 + pick(&with, 4);
  for (int k = 0; k < definitions; k++) add_definition(&with, &out, k);
  text_append(&out, "minimize s^2/2 + sum(x^2)/3");
  for (int k = 0; k < definitions; k++) text_format(&out, " + sum(t%d)", k);
  text_format(&out, "\noutput r = t%d\n", pick(&with, definitions));
  return out.data;
}
