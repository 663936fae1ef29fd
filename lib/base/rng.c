#include "base/rng.h"

__extension__ typedef unsigned __int128 u128;

/*
 * Ten rounds of Philox over the counter (index, purpose) with the key seed; of the four words
 * the first two.
 */
uint64_t
ml_rng_bits(uint64_t seed, uint64_t purpose, uint64_t index)
{
	uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32);
	uint32_t c2 = (uint32_t)purpose, c3 = (uint32_t)(purpose >> 32);
	uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

	for (int round = 0; round < 10; round++) {
		uint64_t left = (uint64_t)0xD2511F53 * c0, right = (uint64_t)0xCD9E8D57 * c2;

		c0 = (uint32_t)(right >> 32) ^ c1 ^ k0;
		c1 = (uint32_t)right;
		c2 = (uint32_t)(left >> 32) ^ c3 ^ k1;
		c3 = (uint32_t)left;
		k0 += 0x9E3779B9;
		k1 += 0xBB67AE85;
	}
	return c0 | (uint64_t)c1 << 32;
}

double
ml_rng_uniform(uint64_t seed, uint64_t purpose, uint64_t index)
{
	return (double)(ml_rng_bits(seed, purpose, index) >> 11) * 0x1p-53;
}

/*
 * The high half of bits * n (Lemire 2019).  The low half tells the few bits that would give some
 * results once too often; for them the purpose's high word counts further draws.
 */
uint64_t
ml_rng_below(uint64_t seed, uint64_t purpose, uint64_t index, uint64_t n)
{
	u128 product = (u128)ml_rng_bits(seed, purpose, index) * n;

	if ((uint64_t)product < n) {
		uint64_t surplus = -n % n; /* 2^64 mod n */

		while ((uint64_t)product < surplus) {
			purpose += (uint64_t)1 << 32;
			product = (u128)ml_rng_bits(seed, purpose, index) * n;
		}
	}
	return (uint64_t)(product >> 64);
}

void
ml_rng_permute(uint64_t seed, uint64_t purpose, size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)ml_rng_below(seed, purpose, i, i), last = order[i - 1];

		order[i - 1] = order[k];
		order[k] = last;
	}
}
