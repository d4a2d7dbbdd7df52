/* What a run tells while it goes on, and how it is interrupted (see solve.h). */
#include "compiler/cli/solve.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
  (void)number;
  interrupted = 1;
}

/* From the keyboard, or by `kill` and what stops jobs. */
static const int signals[] = {SIGINT, SIGTERM};
enum { SIGNALS = sizeof signals / sizeof *signals };

void solve_watch(solving *in) {
  /* The second interrupt ends the process: an evaluation may take long. */
  struct sigaction once = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
  struct sigaction before;
  interrupted = 0;
  for (int k = 0; k < SIGNALS; k++)
    if (!sigaction(signals[k], NULL, &before) && before.sa_handler != SIG_IGN) sigaction(signals[k], &once, NULL);
  in->progress.terminal = isatty(STDERR_FILENO) && !in->given->quiet && !in->given->json && !console_uses_json();
  in->progress.shown = -1;
  in->progress.history = text_create(in->with->memory);
  if (in->all) text_append(&in->progress.history, "start,");
  text_append(&in->progress.history, "iteration,f,grad_inf,step,evaluations,seconds\n");
}

static const char clear_line[] = "\r\033[K";

void solve_unwatch(solving *in) {
  struct sigaction usual = {.sa_handler = SIG_DFL}, before;
  for (int k = 0; k < SIGNALS; k++)
    if (!sigaction(signals[k], NULL, &before) && before.sa_handler == interrupt) sigaction(signals[k], &usual, NULL);
  if (in->progress.shown >= 0) fputs(clear_line, stderr);
}

/* Ten times a second is as fast as anyone reads. */
static void show(solve_progress *in, const minimise_progress *at, double f, bool many) {
  if (in->shown >= 0 && at->seconds - in->shown < 0.1) return;
  in->shown = at->seconds;
  fputs(clear_line, stderr);
  if (many) fprintf(stderr, "start %zu  ", at->start);
  fprintf(stderr, "iteration %zu  f %.8g  |g| %.2e  step %.2e  evaluations %zu  %.1f s", at->iteration, f, at->grad_inf,
          at->step, at->evaluations, at->seconds);
  fflush(stderr);
}

int solve_tell(void *user, const minimise_progress *at) {
  solving *in = user;
  double f = in->sign * at->f;
  if (in->given->history) {
    text *to = &in->progress.history;
    if (in->all) text_format(to, "%zu,", at->start);
    text_format(to, "%zu,", at->iteration);
    text_append_number(to, f, 0);
    text_append(to, ",");
    text_append_number(to, at->grad_inf, 0);
    text_append(to, ",");
    text_append_number(to, at->step, 0);
    text_format(to, ",%zu,%.6f\n", at->evaluations, at->seconds);
  }
  if (in->progress.terminal) show(&in->progress, at, f, in->all != NULL);
  return interrupted;
}
