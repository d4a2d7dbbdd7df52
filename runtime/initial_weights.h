/* Start values of networks' weights: drawn as PyTorch's nn.Linear draws them, weight and bias alike uniform between
 * -1/sqrt(fan_in) and 1/sqrt(fan_in) (its Kaiming uniform with a = sqrt(5)). */
#ifndef ADJOIN_RUNTIME_INITIAL_WEIGHTS_H
#define ADJOIN_RUNTIME_INITIAL_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

/* Philox 4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011): a block of 128 random bits for
 * each key and counter. */
void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4]);

/* Two words of a block as a number in (-1, 1): never an end, and as often positive as negative. */
double philox_uniform(uint32_t high, uint32_t low);

/* Fills `count` entries. Entry k depends on the seed, the name and k alone: not on the order in which arrays are
 * filled, nor on the machine (the bits are made by whole-number arithmetic and scaled by one product; the square root
 * is IEEE's). Arrays of other names are independent. Zeros where fan_in is 0, as in PyTorch. Requires: name is
 * zero-terminated. */
void fill_kaiming_uniform(double *entries, size_t count, uint64_t seed, const char *name, int64_t fan_in);

#endif
