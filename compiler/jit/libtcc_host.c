/* The parts of the C library that libtcc must not use as they are.
 *
 * When memory runs out libtcc says so on stderr and ends the process, and then leaks what it has; and as Debian
 * packages it, it can't be part of a shared library, since it reads the C library's variables directly. So the Makefile
 * makes one object of it, in which these names stand for the C library's (the rule of libtcc.o): memory that is given
 * back as a whole, an exit that is a jump, writing that writes nothing, and variables of our own.
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
    size_t size;
  } in;
  max_align_t aligned;
} block;

static block ring = {.in = {&ring, &ring, 0}};
static jmp_buf *escape_to;
static bool exhausted, broken;

/* Streams that only libtcc_host_fprintf and libtcc_host_fflush get; what libtcc has to say comes by tcc_set_error_func.
 */
FILE *libtcc_host_stdout, *libtcc_host_stderr;
char **libtcc_host_environ;

/* The names that libtcc.o calls; nothing else does. */
void *libtcc_host_malloc(size_t size);
void *libtcc_host_calloc(size_t count, size_t size);
void *libtcc_host_realloc(void *of, size_t size);
void libtcc_host_free(void *of);
int libtcc_host_fprintf(FILE *to, ...);
int libtcc_host_fflush(FILE *to);
_Noreturn void libtcc_host_exit(int code);
_Noreturn void libtcc_host_assert_fail(const char *assertion, const char *file, unsigned line, const char *function);

static void link_block(block *made, size_t size) {
  made->in.size = size;
  made->in.next = ring.in.next;
  made->in.previous = &ring;
  ring.in.next->in.previous = made;
  ring.in.next = made;
}

static void unlink_block(block *of) {
  of->in.next->in.previous = of->in.previous;
  of->in.previous->in.next = of->in.next;
}

static block *resize(block *from, size_t size) {
  block *made = size > PTRDIFF_MAX - sizeof *made ? NULL : realloc(from, sizeof *made + size);
  if (!made) exhausted = true;
  return made;
}

void *libtcc_host_malloc(size_t size) {
  block *made = resize(NULL, size);
  if (!made) return NULL;
  link_block(made, size);
  return made + 1;
}

void *libtcc_host_calloc(size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) return NULL;
  void *made = libtcc_host_malloc(total);
  return made ? memset(made, 0, total) : NULL;
}

void libtcc_host_free(void *of) {
  if (!of) return;
  block *head = (block *)of - 1;
  unlink_block(head);
  free(head);
}

void *libtcc_host_realloc(void *of, size_t size) {
  if (!of) return libtcc_host_malloc(size);
  if (!size) {
    libtcc_host_free(of);
    return NULL;
  }
  block *head = (block *)of - 1;
  unlink_block(head);
  block *moved = resize(head, size);
  if (!moved) {
    link_block(head, head->in.size);
    return NULL;
  }
  link_block(moved, size);
  return moved + 1;
}

int libtcc_host_fprintf(FILE *to, ...) {
  (void)to;
  return 0;
}

int libtcc_host_fflush(FILE *to) {
  (void)to;
  return 0;
}

void libtcc_host_exit(int code) {
  (void)code;
  longjmp(*escape_to, 1);
}

void libtcc_host_assert_fail(const char *assertion, const char *file, unsigned line, const char *function) {
  (void)assertion, (void)file, (void)line, (void)function;
  broken = true;
  longjmp(*escape_to, 1);
}

bool libtcc_host_begin(jmp_buf *escape) {
  static char *no_variables[] = {NULL};
  escape_to = escape;
  exhausted = false;
  libtcc_host_environ = no_variables;
  return !broken;
}

bool libtcc_host_end(void) {
  while (ring.in.next != &ring) libtcc_host_free(ring.in.next + 1);
  escape_to = NULL;
  return !exhausted;
}
