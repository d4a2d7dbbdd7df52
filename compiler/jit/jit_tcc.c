/* C text -> machine code, by libtcc, in memory.
 *
 * Requires: text made by emit_for_jit, which includes no header and calls nothing but the functions listed below.
 * Ensures: no file is opened; the code lies in one mapping of its own, which is never writable and executable at the
 * same time once jit_compile has returned, and which jit_release gives back. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif
#include "compiler/jit/jit.h"

#include "compiler/jit/libtcc_host.h"
#include "runtime/search.h"
#include "runtime/search_float.h"
#include <errno.h>
#include <libtcc.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The head of the mapping; the machine code follows it. */
struct jit_code {
  size_t size; /* of the whole mapping */
  int count;
  struct {
    entry_function *entry;
    workspace_function *workspace;
  } functions[];
};

typedef void any_function(void);

typedef struct {
  const char *name;
  any_function *function;
} host_function;

/* The library functions that generated code may call: those that the op table and its helpers spell, and those that
 * libtcc itself calls when it copies or clears an aggregate. (Its other helpers convert to and from unsigned and long
 * double numbers, which generated code does not use.) */
#define HOST(name)                                                                                                     \
  { #name, (any_function *)name }
#define REAL(name) HOST(name), HOST(name##f)
static const host_function host_functions[] = {REAL(acos),
                                               REAL(acosh),
                                               REAL(asin),
                                               REAL(asinh),
                                               REAL(atan),
                                               REAL(atan2),
                                               REAL(atanh),
                                               REAL(cbrt),
                                               REAL(ceil),
                                               REAL(cos),
                                               REAL(cosh),
                                               REAL(erf),
                                               REAL(erfc),
                                               REAL(exp),
                                               REAL(exp2),
                                               REAL(expm1),
                                               REAL(fabs),
                                               REAL(floor),
                                               REAL(fma),
                                               REAL(fmod),
                                               REAL(hypot),
                                               REAL(log),
                                               REAL(log10),
                                               REAL(log1p),
                                               REAL(log2),
                                               REAL(pow),
                                               REAL(round),
                                               REAL(sin),
                                               REAL(sinh),
                                               REAL(sqrt),
                                               REAL(tan),
                                               REAL(tanh),
                                               REAL(tgamma),
                                               REAL(trunc),
                                               HOST(memcpy),
                                               HOST(memmove),
                                               HOST(memset),
                                               HOST(adjoin_search_begin),
                                               HOST(adjoin_search_next),
                                               HOST(adjoin_search_failure),
                                               HOST(adjoin_search_float_begin),
                                               HOST(adjoin_search_float_next),
                                               HOST(adjoin_search_float_failure)};
#undef REAL
#undef HOST

/* libtcc keeps its state in globals while it compiles. */
static pthread_mutex_t libtcc_lock = PTHREAD_MUTEX_INITIALIZER;

/* What libtcc says. It is kept here while the lock is held, since growing a text may leave by a jump. */
typedef struct {
  char text[4096];
  size_t length;
  bool exhausted; /* memory ran out: then what is said does not matter */
} messages;

static void collect_message(void *to, const char *message) {
  messages *from = to;
  size_t room = sizeof from->text - from->length;
  int written = snprintf(from->text + from->length, room, "%s\n", message);
  if (written > 0) from->length += (size_t)written < room ? (size_t)written : room - 1;
}

/* ISO C has no conversion between pointers to functions and to objects, so they are copied. */
static void *object_pointer(any_function *function) {
  void *pointer;
  memcpy(&pointer, &function, sizeof pointer);
  return pointer;
}

static any_function *find_function(TCCState *compiler, const char *prefix, int number) {
  char name[64];
  snprintf(name, sizeof name, "%s_%d", prefix, number);
  void *pointer = tcc_get_symbol(compiler, name);
  any_function *function;
  memcpy(&function, &pointer, sizeof function);
  return function;
}

/* libtcc does not list a symbol whose value is 0. Before the code has its place, that may be the first entry; never a
 * workspace function, which stands behind its entry. */
static void count_workspace(void *count, const char *name, const void *value) {
  (void)value;
  if (!strncmp(name, "adjoin_workspace_", strlen("adjoin_workspace_"))) ++*(int *)count;
}

static int count_functions(TCCState *compiler) {
  int count = 0;
  tcc_list_symbols(compiler, &count, count_workspace);
  return count;
}

static bool translate(TCCState *compiler, const char *c_text) {
  tcc_set_options(compiler, "-nostdlib -nostdinc");
  if (tcc_set_output_type(compiler, TCC_OUTPUT_MEMORY) < 0) return false;
  if (tcc_compile_string(compiler, c_text) < 0) return false;
  for (size_t k = 0; k < sizeof host_functions / sizeof *host_functions; k++)
    tcc_add_symbol(compiler, host_functions[k].name, object_pointer(host_functions[k].function));
  return true;
}

static size_t round_up(size_t size, size_t unit) {
  return (size + unit - 1) / unit * unit;
}

/* Places the code behind the table of its entries. The table and the code are on pages of their own kind only after
 * both are filled: from then on the mapping can be read and executed, not written. `into` remembers the mapping for the
 * case that this fails. */
static jit_code *place(TCCState *compiler, messages *errors, jit_code *volatile *into) {
  int code_size = tcc_relocate(compiler, NULL);
  if (code_size < 0) return NULL;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  int count = count_functions(compiler);
  size_t head = round_up(sizeof(jit_code) + (size_t)count * sizeof((jit_code *)NULL)->functions[0], page);
  size_t size = head + round_up((size_t)code_size, page);
  jit_code *code = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) {
    errors->exhausted = true;
    return NULL;
  }
  code->size = size;
  *into = code;
  if (tcc_relocate(compiler, (char *)code + head) < 0) return NULL;
  code->count = count;
  for (int k = 0; k < count; k++) {
    code->functions[k].entry = (entry_function *)find_function(compiler, "adjoin_entry", k);
    code->functions[k].workspace = (workspace_function *)find_function(compiler, "adjoin_workspace", k);
  }
  if (mprotect(code, size, PROT_READ | PROT_EXEC) == 0) return code;
  errors->exhausted = errno == ENOMEM;
  collect_message(errors, "this system does not let a process make memory executable");
  return NULL;
}

/* libtcc leaves by a jump when it can't go on: memory ran out, or it found itself wrong. */
static jit_code *compile_locked(const char *c_text, messages *from_compiler) {
  jmp_buf escape;
  jit_code *volatile mapped = NULL;
  if (setjmp(escape)) {
    collect_message(from_compiler, "libtcc gave up");
    jit_release(mapped);
    return NULL;
  }
  libtcc_host_begin(&escape);
  TCCState *compiler = tcc_new();
  if (!compiler) return NULL;
  tcc_set_error_func(compiler, from_compiler, collect_message);
  jit_code *code = translate(compiler, c_text) ? place(compiler, from_compiler, &mapped) : NULL;
  if (!code) jit_release(mapped);
  tcc_delete(compiler);
  return code;
}

/* libtcc reads numbers by the locale of the program that it is in, whose decimal point may be a comma. */
jit_code *jit_compile(const char *c_text, text *errors) {
  messages from_compiler = {.length = 0};
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!plain) return NULL;
  pthread_mutex_lock(&libtcc_lock);
  locale_t before = uselocale(plain);
  jit_code *code = compile_locked(c_text, &from_compiler);
  if (!libtcc_host_end()) from_compiler.exhausted = true;
  uselocale(before);
  pthread_mutex_unlock(&libtcc_lock);
  freelocale(plain);
  if (!code && !from_compiler.exhausted)
    text_append(errors, from_compiler.length ? from_compiler.text : "it does not say why");
  return code;
}

entry_function *jit_entry(const jit_code *code, int k) {
  return k >= 0 && k < code->count ? code->functions[k].entry : NULL;
}

workspace_function *jit_workspace(const jit_code *code, int k) {
  return k >= 0 && k < code->count ? code->functions[k].workspace : NULL;
}

void jit_release(jit_code *code) {
  if (code) munmap(code, code->size);
}
