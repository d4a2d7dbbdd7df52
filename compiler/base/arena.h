/* An arena: memory that lives exactly as long as one compilation.
 *
 * Everything the compiler builds is allocated here and released at once, so that no pass owns or frees anything.
 * When memory runs out the arena jumps to the escape that the session set: no caller tests for NULL. */
#ifndef ADJOIN_BASE_ARENA_H
#define ADJOIN_BASE_ARENA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

typedef struct arena arena;

/* A new, empty arena, or NULL when there is no memory for one. */
arena *arena_create(void);

/* Releases the arena and everything allocated in it. NULL is allowed. */
void arena_release(arena *memory);

/* Where to go when memory runs out: `longjmp(*escape, 1)`. Must be set before the first allocation. */
void arena_set_escape(arena *memory, jmp_buf *escape);

/* `count` zeroed items of `size` bytes, aligned for any type. Never NULL; an overflow of the product counts as
 * exhaustion. */
void *arena_allocate(arena *memory, size_t count, size_t size);

/* Copies of text, terminated by a zero. */
char *arena_copy(arena *memory, const char *text, size_t length);
char *arena_format(arena *memory, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_format_list(arena *memory, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* A growable array in an arena: `LIST(type) name;`, zero-initialised, then list_push(memory, &name, item). */
#define LIST(type)                                                                                                     \
  struct {                                                                                                             \
    type *items;                                                                                                       \
    int count, capacity;                                                                                               \
  }

/* Room for one more item; the items' new place. Used by list_push alone. */
void *arena_reserve(arena *memory, void *items, int count, int *capacity, size_t size);

#define list_push(memory, list, ...)                                                                                   \
  ((list)->items = arena_reserve((memory), (list)->items, (list)->count, &(list)->capacity, sizeof *(list)->items),    \
   (list)->items[(list)->count++] = (__VA_ARGS__))

#define arena_new(memory, type) ((type *)arena_allocate((memory), 1, sizeof(type)))
#define arena_array(memory, type, count) ((type *)arena_allocate((memory), (size_t)(count), sizeof(type)))

#endif
