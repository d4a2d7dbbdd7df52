/* The parts of the C library that libtcc must not use as they are.
 *
 * When memory runs out, libtcc ends the process, or stumbles over what it has not got while it tidies up; it has a
 * dozen places that print; and as Debian packages it, it can't be part of a shared library, since it reads the C
 * library's variables directly. So the Makefile makes one object of it (the rule of libtcc.o), in which these names
 * stand for the C library's: memory that is given back as a whole, an exit that is a jump, printing that prints
 * nothing, no shared libraries, and variables of our own. Where memory runs out, libtcc is left by that jump there and
 * then; its own variables, which are zero when a program begins, are then made zero again.
 *
 * Requires: libtcc is used between libtcc_host_begin and libtcc_host_end, by one thread at a time. */
#include "compiler/jit/libtcc_host.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every block is in one ring, so that what is left can be freed. The head is as aligned as the block. */
typedef union block {
  struct {
    union block *next, *previous;
  } in;
  max_align_t aligned;
} block;

static block ring = {.in = {&ring, &ring}};
static jmp_buf *escape_to;
static bool abandoned, exhausted;

FILE *libtcc_host_stdout, *libtcc_host_stderr; /* never open: libtcc only hands them to what prints */
char **libtcc_host_environ;

/* libtcc's variables: from the one to the other. */
extern char libtcc_variables[], libtcc_variables_end[];

/* The names that libtcc.o calls; nothing else does. */
void *libtcc_host_malloc(size_t size);
void *libtcc_host_calloc(size_t count, size_t size);
void *libtcc_host_realloc(void *of, size_t size);
void libtcc_host_free(void *of);
_Noreturn void libtcc_host_exit(int code);
_Noreturn void libtcc_host_assert_fail(const char *assertion, const char *file, unsigned line, const char *function);

static _Noreturn void abandon(void) {
  abandoned = true;
  longjmp(*escape_to, 1);
}

static void link_block(block *made) {
  made->in.next = ring.in.next;
  made->in.previous = &ring;
  ring.in.next->in.previous = made;
  ring.in.next = made;
}

static void unlink_block(block *of) {
  of->in.next->in.previous = of->in.previous;
  of->in.previous->in.next = of->in.next;
}

void *libtcc_host_realloc(void *of, size_t size) {
  block *head = of ? (block *)of - 1 : NULL;
  if (head) unlink_block(head);
  block *made = size > PTRDIFF_MAX - sizeof *made ? NULL : realloc(head, sizeof *made + size);
  if (made) link_block(made);
  if (made) return made + 1;
  if (head) link_block(head);
  exhausted = true;
  abandon();
}

void *libtcc_host_malloc(size_t size) {
  return libtcc_host_realloc(NULL, size);
}

void *libtcc_host_calloc(size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) total = SIZE_MAX; /* too much for anyone */
  return memset(libtcc_host_malloc(total), 0, total);
}

void libtcc_host_free(void *of) {
  if (!of) return;
  block *head = (block *)of - 1;
  unlink_block(head);
  free(head);
}

void libtcc_host_exit(int code) {
  (void)code;
  abandon();
}

void libtcc_host_assert_fail(const char *assertion, const char *file, unsigned line, const char *function) {
  (void)assertion, (void)file, (void)line, (void)function;
  abandon();
}

/* Whatever these are given, they do nothing: callers take their arguments away themselves. */
#define PRINTS_NOTHING(name)                                                                                           \
  int libtcc_host_##name(void);                                                                                        \
  int libtcc_host_##name(void) {                                                                                       \
    return 0;                                                                                                          \
  }
PRINTS_NOTHING(printf)
PRINTS_NOTHING(fprintf)
PRINTS_NOTHING(vfprintf)
PRINTS_NOTHING(__printf_chk)
PRINTS_NOTHING(__fprintf_chk)
PRINTS_NOTHING(__vfprintf_chk)
PRINTS_NOTHING(puts)
PRINTS_NOTHING(putchar)
PRINTS_NOTHING(fputs)
PRINTS_NOTHING(fputc)
PRINTS_NOTHING(fwrite)
PRINTS_NOTHING(fflush)
#undef PRINTS_NOTHING

/* There are no shared libraries for libtcc, nor names of the program that it is in: what generated code calls is
 * registered by name, and nothing else is found. */
#define FINDS_NOTHING(name)                                                                                            \
  void *libtcc_host_##name(void);                                                                                      \
  void *libtcc_host_##name(void) {                                                                                     \
    return NULL;                                                                                                       \
  }
FINDS_NOTHING(dlopen)
FINDS_NOTHING(dlsym)
FINDS_NOTHING(dlclose)
#undef FINDS_NOTHING

void libtcc_host_begin(jmp_buf *escape) {
  static char *no_variables[] = {NULL};
  escape_to = escape;
  abandoned = exhausted = false;
  libtcc_host_environ = no_variables;
}

bool libtcc_host_end(void) {
  while (ring.in.next != &ring) libtcc_host_free(ring.in.next + 1);
  if (abandoned) memset(libtcc_variables, 0, (size_t)(libtcc_variables_end - libtcc_variables));
  escape_to = NULL;
  return !exhausted;
}
