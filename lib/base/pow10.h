#ifndef ML_BASE_POW10_H
#define ML_BASE_POW10_H

#include <stdint.h>

enum { ML_POW10_FIRST = -330, ML_POW10_LAST = 324 };

/*
 * 10^e for e from FIRST to LAST as a fraction of 128 bits, the highest of them set, rounded up
 * to the next integer; exact for e in 0..55.  ml_pow10[e - FIRST] * 2^(floor(log2(10^e)) - 127)
 * is 10^e.
 */
extern const struct ml_pow10 {
	uint64_t high, low;
} ml_pow10[ML_POW10_LAST - ML_POW10_FIRST + 1];

#endif
