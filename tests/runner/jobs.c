/* Commands run side by side. */
#define _DEFAULT_SOURCE
#include "tests/runner/jobs.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(job *of) {
  fflush(stdout);
  of->running = fork();
  if (of->running) return;
  int log = open(of->log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) _exit(126);
  execl("/bin/sh", "sh", "-c", of->command, (char *)NULL);
  _exit(127);
}

static void show_log(const job *of) {
  FILE *file = fopen(of->log, "r");
  printf("FAILED: %s\n", of->command);
  if (!file) return;
  for (int c, lines = 0; lines < 40 && (c = getc(file)) != EOF; lines += c == '\n') putchar(c);
  fclose(file);
}

/* Waits for any of them; false when it failed. */
static bool finish_one(job *jobs, int count) {
  int status;
  pid_t ended = wait(&status);
  for (int k = 0; k < count; k++)
    if (jobs[k].running == ended) {
      jobs[k].running = 0;
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
      show_log(&jobs[k]);
    }
  return false;
}

bool run_jobs(job *jobs, int count) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN), running = 0;
  bool good = true;
  for (int k = 0; k < count; k++) {
    if (running >= (processors > 0 ? processors : 1)) {
      good = finish_one(jobs, count) && good;
      running--;
    }
    start(&jobs[k]);
    if (jobs[k].running > 0)
      running++;
    else
      good = false;
  }
  for (; running > 0; running--) good = finish_one(jobs, count) && good;
  return good;
}

bool command_exists(arena *memory, const char *name) {
  return system(arena_format(memory, "command -v %s >/dev/null 2>&1", name)) == 0;
}
