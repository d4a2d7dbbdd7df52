/* Proofs about whole-number expressions: is p >= 0 wherever the facts hold?
 *
 * Every fact is a polynomial that is never negative: upper - 1 - i of a loop over i, b - a of a condition a <= b,
 * bound - 1 - x of index data x, a - b*q of a quotient q = a // b. A proof writes p as a sum of facts, each multiplied
 * by something that is never negative, and of terms that are none themselves. It is found by paying for one bad term of
 * p after another with a fact that has a like term: p = factor*fact + rest, and on to the rest. The search is cut off
 * after a number of steps that models do not come near, so that the answer no means "not found". */
#include "compiler/scalar/polynomial.h"
#include "compiler/scalar/whole.h"

enum { PROOF_STEPS = 100, PROOF_DEPTH = 12, ATOM_LIMIT = 64, CONJUNCT_LIMIT = 64, NESTING_LIMIT = 3, BOUND_STEPS = 32 };

typedef struct {
  scalar atom;
  bool nonnegative;
} known_atom;

typedef struct {
  scalar_dag *dag;
  const whole_facts *given;
  LIST(const polynomial *) facts; /* each >= 0 */
  LIST(known_atom) atoms;         /* those whose facts are already there */
  int steps_left;
  int nesting; /* a proof may need another: that a divisor is positive */
} proof;

static bool prove(proof *of, const polynomial *goal, int depth);
static void learn_atoms(proof *of, const polynomial *from);

/* What is known. */

static void learn(proof *of, const polynomial *fact) {
  if (!fact || fact->count > POLYNOMIAL_MAXIMUM_TERMS) return;
  list_push(of->dag->memory, &of->facts, fact);
  learn_atoms(of, fact);
}

static void learn_difference(proof *of, scalar larger, scalar smaller, int64_t margin) {
  if (larger == NO_SCALAR || smaller == NO_SCALAR) return;
  const polynomial *left = polynomial_of(of->dag, larger);
  const polynomial *right = polynomial_of(of->dag, smaller);
  const polynomial *difference = polynomial_combine(of->dag, left, -1, right);
  const polynomial *one = polynomial_constant(of->dag, margin);
  learn(of, polynomial_combine(of->dag, difference, -1, one));
}

/* value >= least, by a proof of its own that uses what is known so far. */
static bool at_least(proof *of, scalar value, int64_t least) {
  if (of->nesting >= NESTING_LIMIT) return false;
  const polynomial *bound = polynomial_constant(of->dag, least);
  const polynomial *goal = polynomial_combine(of->dag, polynomial_of(of->dag, value), -1, bound);
  if (!goal) return false;
  int steps = of->steps_left;
  of->nesting++;
  learn_atoms(of, goal);
  of->steps_left = PROOF_STEPS;
  bool found = prove(of, goal, 0);
  of->nesting--;
  of->steps_left = steps;
  return found;
}

static const known_atom *find_atom(const proof *of, scalar atom) {
  for (int k = 0; k < of->atoms.count; k++)
    if (of->atoms.items[k].atom == atom) return &of->atoms.items[k];
  return NULL;
}

static void set_nonnegative(proof *of, scalar atom) {
  for (int k = 0; k < of->atoms.count; k++)
    if (of->atoms.items[k].atom == atom) of->atoms.items[k].nonnegative = true;
}

/* q = a // b with b >= 1: b*q <= a <= b*q + b - 1. */
static void learn_quotient(proof *of, scalar atom, scalar a, scalar b) {
  if (!at_least(of, b, 1)) return;
  if (at_least(of, a, 0)) set_nonnegative(of, atom);
  scalar below = whole_multiply(of->dag, b, atom);
  scalar next = whole_add(of->dag, below, b);
  learn_difference(of, a, below, 0);
  learn_difference(of, next, a, 1);
}

/* r = a % b with b >= 1: 0 <= r <= b - 1. */
static void learn_remainder(proof *of, scalar atom, scalar a, scalar b) {
  if (!at_least(of, b, 1)) return;
  set_nonnegative(of, atom);
  learn_difference(of, b, atom, 1);
  if (at_least(of, a, 0)) learn_difference(of, a, atom, 0);
}

static void learn_load(proof *of, scalar atom, int array) {
  set_nonnegative(of, atom);
  if (!of->given->array_bound || array >= of->given->array_count) return;
  learn_difference(of, of->given->array_bound[array], atom, 1);
}

static void learn_atom(proof *of, scalar atom) {
  if (find_atom(of, atom) || of->atoms.count >= ATOM_LIMIT) return;
  const scalar_node *at = scalar_at(of->dag, atom);
  list_push(of->dag->memory, &of->atoms, (known_atom){atom, at->op == SCALAR_EXTENT});
  switch (at->op) {
  case SCALAR_LOAD: learn_load(of, atom, at->id); break;
  case OP_whole_quotient: learn_quotient(of, atom, at->arguments[0], at->arguments[1]); break;
  case OP_whole_remainder: learn_remainder(of, atom, at->arguments[0], at->arguments[1]); break;
  case SCALAR_SELECT:
    if (at_least(of, at->arguments[1], 0) && at_least(of, at->arguments[2], 0)) set_nonnegative(of, atom);
    break;
  default: break;
  }
}

static void learn_atoms(proof *of, const polynomial *from) {
  for (int k = 0; from && k < from->count; k++)
    for (int j = 0; j < from->terms[k].degree; j++) learn_atom(of, from->terms[k].atoms[j]);
}

static void learn_range(proof *of, const whole_range *range) {
  scalar variable = scalar_index(of->dag, range->index);
  learn_difference(of, variable, range->lower, 0);
  learn_difference(of, range->upper, variable, 1);
  learn_difference(of, range->upper, range->lower, 1);
  if (range->lower != NO_SCALAR && at_least(of, range->lower, 0)) set_nonnegative(of, variable);
}

static void learn_comparison(proof *of, const scalar_node *at) {
  scalar a = at->arguments[0], b = at->arguments[1];
  switch (at->op) {
  case OP_lt: learn_difference(of, b, a, 1); break;
  case OP_le: learn_difference(of, b, a, 0); break;
  case OP_gt: learn_difference(of, a, b, 1); break;
  case OP_ge: learn_difference(of, a, b, 0); break;
  case OP_eq:
    learn_difference(of, a, b, 0);
    learn_difference(of, b, a, 0);
    break;
  default: break;
  }
}

/* not (a or b) is (not a) and (not b), and the other way round: the negation is pushed down on the way. */
static void learn_condition(proof *of, scalar condition) {
  scalar pending[CONJUNCT_LIMIT] = {condition};
  for (int count = condition != NO_SCALAR; count > 0;) {
    const scalar_node *at = scalar_at(of->dag, pending[--count]);
    const scalar_node *inside = at->op == OP_not ? scalar_at(of->dag, at->arguments[0]) : at;
    bool joins = at == inside ? at->op == OP_and : inside->op == OP_or;
    if (joins && count + 2 <= CONJUNCT_LIMIT) {
      for (int k = 1; k >= 0; k--) {
        scalar part = inside->arguments[k];
        pending[count++] = at == inside ? part : scalar_unary(of->dag, OP_not, part);
      }
    } else if (at == inside && at->argument_count == 2 && scalar_at(of->dag, at->arguments[0])->type == SCALAR_WHOLE) {
      learn_comparison(of, at);
    }
  }
}

static proof begin(scalar_dag *dag, const whole_facts *facts) {
  proof of = {.dag = dag, .given = facts, .steps_left = PROOF_STEPS};
  for (int k = 0; k < facts->range_count; k++) learn_range(&of, &facts->ranges[k]);
  learn_condition(&of, facts->condition);
  return of;
}

/* The search. */

static bool is_nonnegative(const proof *of, scalar atom) {
  const known_atom *known = find_atom(of, atom);
  return known ? known->nonnegative : scalar_at(of->dag, atom)->op == SCALAR_EXTENT;
}

static bool all_nonnegative(const proof *of, const scalar *atoms, int count) {
  for (int k = 0; k < count; k++)
    if (!is_nonnegative(of, atoms[k])) return false;
  return true;
}

/* What depends on more comes first: quotients, remainders and data, then the inner indices, the outer ones, extents. */
static int rank_of_atom(const proof *of, scalar atom) {
  const scalar_node *at = scalar_at(of->dag, atom);
  if (at->op == SCALAR_EXTENT) return 0;
  if (at->op != SCALAR_INDEX) return of->given->range_count + 2;
  for (int k = 0; k < of->given->range_count; k++)
    if (of->given->ranges[k].index == at->id) return k + 1;
  return of->given->range_count + 1;
}

static int rank_of_term(const proof *of, const polynomial_term *term) {
  int rank = -1;
  for (int k = 0; k < term->degree; k++) {
    int atom_rank = rank_of_atom(of, term->atoms[k]);
    if (atom_rank > rank) rank = atom_rank;
  }
  return rank;
}

/* The term of highest rank that may be negative, or NULL when none may. */
static const polynomial_term *bad_term(const proof *of, const polynomial *goal) {
  const polynomial_term *worst = NULL;
  for (int k = 0; k < goal->count; k++) {
    const polynomial_term *term = &goal->terms[k];
    if (term->coefficient > 0 && all_nonnegative(of, term->atoms, term->degree)) continue;
    if (!worst || rank_of_term(of, term) > rank_of_term(of, worst)) worst = term;
  }
  return worst;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b) {
  while (b != 0) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a < 0 ? -a : a;
}

/* The rest after paying for `bad` with `paying`, a term of `fact`: scale*goal - factor*cofactor*fact. A whole number g
 * is
 * >= 0 just when scale*g + scale - 1 is, so that scaling adds some slack. */
static const polynomial *pay(proof *of, const polynomial *goal, const polynomial_term *bad, const polynomial *fact,
                             const polynomial_term *paying) {
  const scalar *cofactor;
  int degree;
  if ((bad->coefficient < 0) != (paying->coefficient < 0)) return NULL;
  if (paying->degree == 0 && bad->degree > 0) return NULL; /* a constant divides all; it would lead anywhere */
  if (!monomial_divide(of->dag->memory, bad, paying, &cofactor, &degree)) return NULL;
  if (!all_nonnegative(of, cofactor, degree)) return NULL;
  int64_t common = greatest_common_divisor(bad->coefficient, paying->coefficient);
  int64_t scale = paying->coefficient / common, factor = bad->coefficient / common;
  if (scale < 0) {
    scale = -scale;
    factor = -factor;
  }
  const polynomial *scaled = polynomial_scale(of->dag, goal, scale, 0, NULL);
  const polynomial *slack = polynomial_constant(of->dag, scale - 1);
  const polynomial *payment = polynomial_scale(of->dag, fact, factor, degree, cofactor);
  const polynomial *eased = polynomial_combine(of->dag, scaled, 1, slack);
  return polynomial_combine(of->dag, eased, -1, payment);
}

/* Is the goal one fact and terms that are never negative? Most goals are; with many facts a search could miss it. */
static bool is_near_fact(const proof *of, const polynomial *goal) {
  for (int k = 0; k < of->facts.count; k++) {
    const polynomial *rest = polynomial_combine(of->dag, goal, -1, of->facts.items[k]);
    if (rest && !bad_term(of, rest)) return true;
  }
  return false;
}

static bool prove(proof *of, const polynomial *goal, int depth) {
  const polynomial_term *bad = bad_term(of, goal);
  if (!bad) return true;
  if (depth >= PROOF_DEPTH) return false;
  if (is_near_fact(of, goal)) return true;
  for (int k = 0; k < of->facts.count; k++) {
    const polynomial *fact = of->facts.items[k];
    for (int j = 0; j < fact->count; j++) {
      if (of->steps_left <= 0) return false;
      const polynomial *rest = pay(of, goal, bad, fact, &fact->terms[j]);
      if (!rest || rest->count > POLYNOMIAL_MAXIMUM_TERMS) continue;
      of->steps_left--;
      if (prove(of, rest, depth + 1)) return true;
    }
  }
  return false;
}

static bool proves(proof *of, const polynomial *goal) {
  if (!goal || goal->count > POLYNOMIAL_MAXIMUM_TERMS) return false;
  learn_atoms(of, goal);
  of->steps_left = PROOF_STEPS;
  return prove(of, goal, 0);
}

bool whole_proves_nonnegative(scalar_dag *dag, scalar node, const whole_facts *facts) {
  if (node == NO_SCALAR) return false;
  proof of = begin(dag, facts);
  return proves(&of, polynomial_of(dag, node));
}

bool whole_proves_within(scalar_dag *dag, scalar node, scalar extent, const whole_facts *facts) {
  if (node == NO_SCALAR || extent == NO_SCALAR) return false;
  proof of = begin(dag, facts);
  if (!proves(&of, polynomial_of(dag, node))) return false;
  scalar above = whole_subtract(dag, extent, node);
  scalar one = scalar_whole(dag, 1);
  scalar room = whole_subtract(dag, above, one);
  return room != NO_SCALAR && proves(&of, polynomial_of(dag, room));
}

/* Upper bounds: what must go (indices and loads, and what is made of them) is replaced by its own upper or lower bound,
 * as the sign of its coefficient asks, innermost first. */

static bool must_go(const proof *of, scalar atom) {
  const graph_entry *entry = graph_at(of->dag, atom);
  if (entry->loads) return true;
  for (int k = 0; k < of->given->range_count; k++)
    if (scalar_mentions_index(of->dag, atom, of->given->ranges[k].index)) return true;
  return false;
}

static scalar worst_atom(const proof *of, const polynomial *value) {
  scalar worst = NO_SCALAR;
  for (int k = 0; k < value->count; k++)
    for (int j = 0; j < value->terms[k].degree; j++) {
      scalar atom = value->terms[k].atoms[j];
      if (!must_go(of, atom)) continue;
      if (worst == NO_SCALAR || rank_of_atom(of, atom) > rank_of_atom(of, worst)) worst = atom;
    }
  return worst;
}

/* value = coefficient*atom + rest; false when the atom stands in a higher power. */
static bool split_linear(proof *of, const polynomial *value, scalar atom, const polynomial **coefficient,
                         const polynomial **rest) {
  polynomial_term factor = {1, 1, &atom};
  const polynomial *with = polynomial_constant(of->dag, 0), *without = with;
  for (int k = 0; k < value->count; k++) {
    polynomial_term term = value->terms[k];
    polynomial part = {1, &term};
    if (monomial_divide(of->dag->memory, &value->terms[k], &factor, &term.atoms, &term.degree)) {
      for (int j = 0; j < term.degree; j++)
        if (term.atoms[j] == atom) return false;
      with = polynomial_combine(of->dag, with, 1, &part);
    } else {
      term = value->terms[k];
      without = polynomial_combine(of->dag, without, 1, &part);
    }
  }
  *coefficient = with;
  *rest = without;
  return with && without;
}

static scalar minus_one(proof *of, scalar value) {
  scalar one = scalar_whole(of->dag, 1);
  return whole_subtract(of->dag, value, one);
}

static scalar extreme_of_index(proof *of, int index, bool upper) {
  for (int k = 0; k < of->given->range_count; k++) {
    const whole_range *range = &of->given->ranges[k];
    if (range->index == index) return upper ? minus_one(of, range->upper) : range->lower;
  }
  return NO_SCALAR;
}

static scalar bound_above(proof *of, scalar node);

/* An upper or lower bound of one atom, or NO_SCALAR. */
static scalar extreme(proof *of, scalar atom, bool upper) {
  const scalar_node *at = scalar_at(of->dag, atom);
  scalar zero = scalar_whole(of->dag, 0);
  switch (at->op) {
  case SCALAR_INDEX: return extreme_of_index(of, at->id, upper);
  case SCALAR_LOAD:
    if (!upper) return zero;
    if (!of->given->array_bound || at->id >= of->given->array_count) return NO_SCALAR;
    return minus_one(of, of->given->array_bound[at->id]);
  case OP_whole_remainder:
    if (!at_least(of, at->arguments[1], 1)) return NO_SCALAR;
    return upper ? minus_one(of, at->arguments[1]) : zero;
  case OP_whole_quotient:
    if (!at_least(of, at->arguments[1], 1)) return NO_SCALAR;
    if (!upper) return at_least(of, at->arguments[0], 0) ? zero : NO_SCALAR;
    if (must_go(of, at->arguments[1]) || of->nesting >= NESTING_LIMIT) return NO_SCALAR;
    return whole_quotient(of->dag, bound_above(of, at->arguments[0]), at->arguments[1]);
  default: return NO_SCALAR;
  }
}

/* The value with one atom replaced by a bound of it: coefficient*bound + rest. */
static scalar replace_atom(proof *of, const polynomial *value, scalar atom) {
  const polynomial *coefficient, *rest;
  if (!split_linear(of, value, atom, &coefficient, &rest)) return NO_SCALAR;
  scalar factor = polynomial_node(of->dag, coefficient);
  bool upper = at_least(of, factor, 0);
  if (!upper) {
    scalar opposite = scalar_unary(of->dag, OP_whole_negate, factor);
    if (opposite == NO_SCALAR || !at_least(of, opposite, 0)) return NO_SCALAR;
  }
  scalar bound = extreme(of, atom, upper);
  scalar product = whole_multiply(of->dag, factor, bound);
  return whole_add(of->dag, product, polynomial_node(of->dag, rest));
}

static scalar bound_above(proof *of, scalar node) {
  of->nesting++;
  for (int step = 0; step < BOUND_STEPS && node != NO_SCALAR; step++) {
    const polynomial *value = polynomial_of(of->dag, node);
    scalar worst = value ? worst_atom(of, value) : NO_SCALAR;
    if (worst == NO_SCALAR) {
      of->nesting--;
      return value ? node : NO_SCALAR;
    }
    learn_atoms(of, value);
    node = replace_atom(of, value, worst);
  }
  of->nesting--;
  return NO_SCALAR;
}

scalar whole_upper_bound(scalar_dag *dag, scalar node, const whole_facts *facts) {
  if (node == NO_SCALAR) return NO_SCALAR;
  proof of = begin(dag, facts);
  return bound_above(&of, node);
}
