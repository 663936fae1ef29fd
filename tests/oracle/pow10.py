#!/usr/bin/env python3
"""Writes lib/base/pow10.h: powers of ten as 128-bit fractions, from exact integers.

usage: python3 tests/oracle/pow10.py >lib/base/pow10.h
"""

FIRST, LAST = -330, 324


def fraction(e):
    """ceil(10^e * 2^s) for the s that puts it in [2^127, 2^128)."""
    shift = 127 - (e * 1741647 >> 19)  # 127 - floor(log2(10^e)), asserted below
    top = 10 ** max(e, 0) << max(shift, 0)
    bottom = 10 ** max(-e, 0) << max(-shift, 0)
    value = -(-top // bottom)
    assert 2**127 <= value < 2**128
    return value


def entry(e):
    value = fraction(e)
    return "{0x%016x, 0x%016x}," % (value >> 64, value & (2**64 - 1))


entries = [entry(e) for e in range(FIRST, LAST + 1)]
print("""\
/* Made by tests/oracle/pow10.py: do not edit. */
/* clang-format off */
#ifndef ML_BASE_POW10_H
#define ML_BASE_POW10_H

#include <stdint.h>

enum { ML_POW10_FIRST = %d, ML_POW10_LAST = %d };

/*
 * 10^e for e from FIRST to LAST as a fraction of 128 bits, the highest of them set, rounded up
 * to the next integer; exact for e in 0..55.  ml_pow10[e - FIRST] * 2^(floor(log2(10^e)) - 127)
 * is 10^e.
 */
static const struct {
	uint64_t high, low;
} ml_pow10[] = {""" % (FIRST, LAST))
for i in range(0, len(entries), 2):
    print("\t" + " ".join(entries[i:i + 2]))
print("};\n\n#endif")
