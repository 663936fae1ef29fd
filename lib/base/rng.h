#ifndef ML_BASE_RNG_H
#define ML_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/*
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011,
 * "Parallel random numbers: as easy as 1, 2, 3").  A number is a function of
 * (seed, purpose, index), so the order of the work and the number of threads
 * cannot change it.  One purpose per use of randomness; see the list.
 */
enum ml_purpose {
	ML_RNG_SAMPLE = 1, /* which rows a profile keeps */
	ML_RNG_SPLIT = 2,
	ML_RNG_BOOTSTRAP = 3,
	ML_RNG_PERMUTE = 4,
	ML_RNG_DEAL = 5, /* in which order levels and groups are dealt out to parts */
	ML_RNG_TEST = 100,
};

/* 64 random bits. */
uint64_t ml_rng_bits(uint64_t seed, uint64_t purpose, uint64_t index);
/* Uniform in [0, 1): 53 bits. */
double ml_rng_uniform(uint64_t seed, uint64_t purpose, uint64_t index);
/* Uniform in 0..n-1, without bias (Lemire 2019). n > 0.  The purpose's high word counts redraws. */
uint64_t ml_rng_below(uint64_t seed, uint64_t purpose, uint64_t index, uint64_t n);
/* order[0..n-1] becomes a random order of 0..n-1 (Fisher-Yates). */
void ml_rng_permute(uint64_t seed, uint64_t purpose, size_t *order, size_t n);

#endif
