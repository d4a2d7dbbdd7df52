/* Solving for extents (see bind_extents.h). */
#include "compiler/binding/bind_extents.h"

typedef struct {
  bound_model *into;
  const char *remedy; /* as in extent_sources */
  int *seen;          /* per node of the scalar graph: the number of the walk that met it last */
  int walk;
  scalar *stack; /* as long as the graph: a node is pushed once per walk */
} solver;

/* The extents that an expression mentions: their number; `unknown_count` of them have no value yet, of which `unknown`
 * is one. `each`, when given, receives their ids. */
typedef struct {
  int count, unknown_count, unknown;
} mentions;

static mentions mentions_of(solver *in, scalar expression, int *each) {
  const scalar_dag *dag = in->into->model->dag;
  mentions made = {0};
  int height = 0;
  in->walk++;
  in->seen[expression] = in->walk;
  in->stack[height++] = expression;
  while (height) {
    const scalar_node *node = scalar_at(dag, in->stack[--height]);
    if (node->op == SCALAR_EXTENT) {
      if (each) each[made.count] = node->id;
      made.count++;
      if (!in->into->by_id[node->id].known) {
        made.unknown_count++;
        made.unknown = node->id;
      }
    }
    for (int k = 0; k < node->argument_count; k++) {
      scalar argument = node->arguments[k];
      if (in->seen[argument] == in->walk) continue;
      in->seen[argument] = in->walk;
      in->stack[height++] = argument;
    }
  }
  return made;
}

static const char *written(const bound_model *of, scalar expression) {
  text made = text_create(of->with->memory);
  scalar_write(of->model->dag, expression, NULL, NULL, &made);
  return made.data;
}

/* "X has 10 rows" */
static const char *observation(const bound_model *of, const extent_equation *from) {
  const input *declared = &of->model->inputs.items[from->input];
  const char *number = arena_format(of->with->memory, "%lld", (long long)from->actual);
  return arena_format(of->with->memory, "%s has %s", declared->name,
                      axis_words(of->with, declared->rank, from->axis, number, from->actual == 1));
}

static void learn(solver *in, int id, int64_t value, const extent_equation *from) {
  bound_model *into = in->into;
  bool bare = scalar_at(into->model->dag, from->extent)->op == SCALAR_EXTENT;
  const char *name = scalar_extent_name(into->model->dag, id);
  const char *form = bare ? "" : arena_format(into->with->memory, " (%s)", written(into, from->extent));
  into->by_id[id] = (bound_extent){value, true, NULL};
  into->by_id[id].because =
      arena_format(into->with->memory, "%s%s, so %s = %lld", observation(into, from), form, name, (long long)value);
  into->values[id] = value;
}

/* Where the expression is c*n + r in its unknown n, values at 0, 1 and 2 give c and r; the solution is put to the
 * expression itself before it is believed. */
static bool solve(solver *in, const extent_equation *from, int unknown, int64_t *solution) {
  bound_model *into = in->into;
  int64_t at[3], proved, slope, rest;
  for (int k = 0; k < 3; k++) {
    into->values[unknown] = k;
    if (!whole_evaluate(into->model->dag, from->extent, into->values, &at[k])) return false;
  }
  bool fits = !__builtin_sub_overflow(at[1], at[0], &slope) && slope && !__builtin_sub_overflow(at[2], at[1], &rest) &&
              rest == slope && !__builtin_sub_overflow(from->actual, at[0], &rest) && slope != -1;
  if (slope == -1 && !__builtin_sub_overflow(at[0], from->actual, &rest)) {
    fits = true;
    slope = 1;
  }
  if (!fits || rest % slope || rest / slope < 0) return false;
  *solution = into->values[unknown] = rest / slope;
  return whole_evaluate(into->model->dag, from->extent, into->values, &proved) && proved == from->actual;
}

static void solve_bare(solver *in, const extent_equations *equations) {
  for (int k = 0; k < equations->count; k++) {
    const scalar_node *node = scalar_at(in->into->model->dag, equations->items[k].extent);
    if (node->op == SCALAR_EXTENT && !in->into->by_id[node->id].known)
      learn(in, node->id, equations->items[k].actual, &equations->items[k]);
  }
}

/* Every round but the last binds an extent, so that there are at most as many rounds as extents. */
static void solve_affine(solver *in, const extent_equations *equations) {
  for (bool learned = true; learned;) {
    learned = false;
    for (int k = 0; k < equations->count; k++) {
      mentions of = mentions_of(in, equations->items[k].extent, NULL);
      int64_t solution;
      if (of.unknown_count != 1) continue;
      if (!solve(in, &equations->items[k], of.unknown, &solution)) continue;
      learn(in, of.unknown, solution, &equations->items[k]);
      learned = true;
    }
  }
}

/* "X has 10 rows, so N = 10; " for each extent in the expression. */
static const char *reasons(solver *in, const extent_equation *from) {
  int *each = arena_array(in->into->with->memory, int, in->into->id_count + 1);
  mentions of = mentions_of(in, from->extent, each);
  text made = text_create(in->into->with->memory);
  for (int k = 0; k < of.count; k++)
    if (in->into->by_id[each[k]].because) text_format(&made, "%s; ", in->into->by_id[each[k]].because);
  return made.data;
}

/* " (N = 4)" for a number that is the value of one extent of the model alone: fixed from outside, it stands in the
 * declarations as a number. */
static const char *extent_of_value(const bound_model *of, int64_t value) {
  const char *name = NULL;
  for (int k = 0; k < of->dimension_count; k++) {
    const dimension *each = &of->model->dimensions.items[k];
    int64_t constant;
    if (!scalar_is_whole(of->model->dag, each->value, &constant) || constant != value) continue;
    if (name) return "";
    name = each->name;
  }
  return name ? arena_format(of->with->memory, " (%s = %lld)", name, (long long)value) : "";
}

static void report_conflict(solver *in, const extent_equation *from, int64_t needed) {
  int64_t constant;
  bool is_number = scalar_is_whole(in->into->model->dag, from->extent, &constant);
  const char *form = written(in->into, from->extent);
  const char *value = is_number ? "" : arena_format(in->into->with->memory, " = %lld", (long long)needed);
  const char *name = is_number ? extent_of_value(in->into, constant) : "";
  report(in->into->with, "%s%s, where %s%s %s needed%s", reasons(in, from), observation(in->into, from), form, value,
         needed == 1 ? "is" : "are", name);
}

/* Also where the equation has an unknown that it alone could have told. */
static bool check_equation(solver *in, const extent_equation *from) {
  mentions of = mentions_of(in, from->extent, NULL);
  int64_t needed;
  if (of.unknown_count > 1) return true;
  if (of.unknown_count == 1) {
    const char *name = scalar_extent_name(in->into->model->dag, of.unknown);
    report(in->into->with, "%s%s, where %s are needed: no %s was found that gives this; pass %s", reasons(in, from),
           observation(in->into, from), written(in->into, from->extent), name, in->remedy);
    return false;
  }
  if (!whole_evaluate(in->into->model->dag, from->extent, in->into->values, &needed)) {
    report(in->into->with, "%s%s, where %s are needed, which is too large or has no value", reasons(in, from),
           observation(in->into, from), written(in->into, from->extent));
    return false;
  }
  if (needed == from->actual) return true;
  report_conflict(in, from, needed);
  return false;
}

bool bind_extents(bound_model *into, const extent_equations *equations, const char *remedy) {
  int node_count = scalar_count(into->model->dag);
  solver in = {.into = into, .remedy = remedy};
  in.seen = arena_array(into->with->memory, int, node_count + 1);
  in.stack = arena_array(into->with->memory, scalar, node_count + 1);
  solve_bare(&in, equations);
  solve_affine(&in, equations);
  bool good = true;
  for (int k = 0; k < equations->count; k++) good = check_equation(&in, &equations->items[k]) && good;
  return good;
}
