#!/usr/bin/env python3
"""Writes lib/base/pow10.c: powers of ten as 128-bit fractions, from exact integers.

usage: python3 tests/oracle/pow10.py >lib/base/pow10.c
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
#include "base/pow10.h"

const struct ml_pow10 ml_pow10[] = {""")
for i in range(0, len(entries), 2):
    print("\t" + " ".join(entries[i:i + 2]))
print("};")
