/* Messages about how arrays fit a model: made here, shown by whoever asked (the command line, a library's caller). */
#ifndef ADJOIN_BINDING_REPORT_H
#define ADJOIN_BINDING_REPORT_H

#include "compiler/base/text.h"

typedef struct {
  arena *memory;
  void (*receive)(void *receiver, const char *message); /* one sentence, no full stop; valid during the call */
  void *receiver;
} reporting;

void report(const reporting *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
