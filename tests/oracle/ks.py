"""Smirnov's two-sample law in whole numbers: paths that never touch |i/m - j/n| >= d, for tests/unit/dist.c."""
from fractions import Fraction
from math import comb


def upper(n, m, d):
    inside = [[0] * (n + 1) for _ in range(m + 1)]
    for i in range(m + 1):
        for j in range(n + 1):
            if abs(Fraction(i, m) - Fraction(j, n)) < d:
                inside[i][j] = (i == j == 0) + (inside[i - 1][j] if i else 0) + (inside[i][j - 1] if j else 0)
    return float(1 - Fraction(inside[m][n], comb(n + m, n)))


for n, m, d in [(100, 137, Fraction(2, 5)), (30, 200, Fraction(3, 10)), (3, 4, Fraction(1, 2))]:
    print(n, m, d, repr(upper(n, m, d)))
