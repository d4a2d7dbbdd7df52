/* Checkpoints: all that a run has declared as kept (minimiser_keep), with the best point, as one sequence of bytes:
 *
 *   "adjoinCP", version    8 bytes each, as all that follows, in this machine's byte order
 *   method                 its name, filled up with zeros to 24 bytes
 *   traits                 what tells the problem and the options from others
 *   kept numbers           in the order of their declaration, then the free entries of the best point
 *   checksum               of what stands before it */
#ifndef ADJOIN_RUNTIME_MINIMISE_CHECKPOINT_H
#define ADJOIN_RUNTIME_MINIMISE_CHECKPOINT_H

#include "runtime/minimise/minimiser.h"

enum { CHECKPOINT_TRAITS = 17 };

struct checkpoint {
  uint64_t traits[CHECKPOINT_TRAITS];
  unsigned char *bytes; /* the last copy; NULL: there is none */
  size_t size;
  bool is_new;                 /* has it not been saved? */
  double next_copy, next_save; /* in seconds since the run began */
};

/* Finds the traits, once the method and the free set are known. */
void checkpoint_begin(minimiser *m, checkpoint *into);

/* Declares what is kept of every run, whatever its method. */
void checkpoint_keep_run(minimiser *m);

/* Copies the state, to be called where it is that of the end of an iteration. Nothing where nothing is to be saved. */
void checkpoint_take(minimiser *m);

/* Copies and saves where it is time for that. */
void checkpoint_between_iterations(minimiser *m);

/* Puts the state where it was kept. False: the run has ended, and nothing has changed. */
bool checkpoint_resume(minimiser *m);

/* Saves the last copy, and gives it back. */
void checkpoint_end(minimiser *m);

#endif
