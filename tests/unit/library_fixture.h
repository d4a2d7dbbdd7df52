/* For tests of libadjoin: a receiver that remembers, and models from a text. */
#ifndef ADJOIN_TESTS_LIBRARY_FIXTURE_H
#define ADJOIN_TESTS_LIBRARY_FIXTURE_H

#include "compiler/adjoin.h"
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

/* What a receiver heard: the newest mistake, as far as it fits. */
typedef struct {
  int count, errors, of_status[ADJOIN_NUMERICS + 1];
  adjoin_status status;
  int line, column;
  size_t begin, end;
  char code[64], message[512], hint[512], file[128], text[2048];
} heard;

static inline void hear(void *user, const adjoin_diagnostic *told) {
  heard *into = user;
  into->count++;
  into->of_status[told->status]++;
  into->errors += told->severity == ADJOIN_ERROR;
  into->status = told->status;
  into->line = told->line;
  into->column = told->column;
  into->begin = told->begin;
  into->end = told->end;
  snprintf(into->code, sizeof into->code, "%s", told->code);
  snprintf(into->message, sizeof into->message, "%s", told->message);
  snprintf(into->hint, sizeof into->hint, "%s", told->hint ? told->hint : "");
  snprintf(into->file, sizeof into->file, "%s", told->file ? told->file : "");
  snprintf(into->text, sizeof into->text, "%s", told->text);
}

static inline adjoin_context *context_with(heard *told) {
  adjoin_context *made = adjoin_context_create();
  CU_ASSERT_PTR_NOT_NULL_FATAL(made);
  *told = (heard){0};
  adjoin_context_receive(made, hear, told);
  return made;
}

/* A context, a model and an instance of it, all of them new. */
typedef struct {
  heard told;
  adjoin_context *context;
  adjoin_model *model;
  adjoin_instance *instance;
} fixture;

static inline void open_text(fixture *into, const char *text) {
  memset(into, 0, sizeof *into);
  into->context = context_with(&into->told);
  adjoin_status status = adjoin_model_from_text(into->context, "model.adj", text, strlen(text), &into->model);
  if (status != ADJOIN_OK) fputs(into->told.text, stderr);
  CU_ASSERT_EQUAL_FATAL(status, ADJOIN_OK);
  CU_ASSERT_EQUAL_FATAL(adjoin_instance_create(into->model, &into->instance), ADJOIN_OK);
}

static inline void close_all(fixture *of) {
  adjoin_instance_release(of->instance);
  adjoin_model_release(of->model);
  adjoin_context_release(of->context);
}

/* A function that must be there. */
static inline const adjoin_function *get(fixture *of, const char *kind, const char *read, const char *along,
                                         int flags) {
  const adjoin_function *made;
  adjoin_status status = adjoin_function_get(of->model, kind, read, along, flags, &made);
  if (status != ADJOIN_OK) fputs(of->told.text, stderr);
  CU_ASSERT_EQUAL_FATAL(status, ADJOIN_OK);
  return made;
}

/* Arrays in C order; rank 0 to 2. */
static inline void bind_array(fixture *of, const char *name, const void *entries, int rank, int64_t first,
                              int64_t second) {
  CU_ASSERT_EQUAL(adjoin_bind(of->instance, name, entries, rank, (int64_t[]){first, second}, NULL), ADJOIN_OK);
}

#define SEEDS(...) ((const double *const[]){__VA_ARGS__})
#define RESULTS(...) ((double *const[]){__VA_ARGS__})

#endif
