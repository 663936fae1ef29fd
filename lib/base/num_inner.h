#ifndef ML_BASE_NUM_INNER_H
#define ML_BASE_NUM_INNER_H

#include <stdbool.h>
#include <stdint.h>

/* What reading (num.c) and writing (num_write.c) share.  Nobody else includes it. */

__extension__ typedef unsigned __int128 ml_u128;

#define ML_EACH_BYTE(b) ((uint64_t)(b)*0x0101010101010101)

/* A double is c * 2^(biased exponent - ML_BIAS), 2^52 <= c < 2^53. */
enum { ML_BIAS = 1075 };

/* floor(log2(10^e)), for |e| <= 1233. */
static inline int
ml_log2_pow10(int e)
{
	return e * 1741647 >> 19;
}

static inline bool
ml_is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

/* Between a word and the word whose lowest byte comes first in memory. */
static inline uint64_t
ml_little_endian(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

#endif
