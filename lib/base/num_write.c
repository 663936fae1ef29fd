#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/num_inner.h"
#include "base/pow10.h"

static inline void
store8(char *p, uint64_t bytes)
{
	bytes = ml_little_endian(bytes);
	memcpy(p, &bytes, sizeof bytes);
}

/* 0.DIGITS * 10^point, the first and the last digit not 0. */
struct decimal {
	char text[24];
	int first, n; /* where the digits stand */
	int point;
};

/* The eight digits of a number below 10^8, one a byte, the first in the lowest. */
static inline uint64_t
split8(uint32_t number)
{
	uint64_t fours = number / 10000 | (uint64_t)(number % 10000) << 32;
	uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007F0000007F; /* / 100 */
	uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
	uint64_t tens = (pairs * 103 >> 10) & 0x000F000F000F000F; /* / 10 */

	return tens | (pairs - 10 * tens) << 8;
}

/* number * 10^exponent, 0 < number < 10^17. */
static inline void
to_digits(uint64_t number, int exponent, struct decimal *d)
{
	uint64_t top = number / 10000000000000000, rest = number % 10000000000000000;
	uint64_t middle, low;

	if (rest == 0) { /* 10^16 times a digit: that digit */
		rest = top;
		top = 0;
		exponent += 16;
	}
	middle = split8((uint32_t)(rest / 100000000));
	low = split8((uint32_t)(rest % 100000000));
	/* 24 digits, of which the first seven are 0 and need not be there. */
	d->text[7] = (char)('0' + top);
	store8(d->text + 8, middle + ML_EACH_BYTE('0'));
	store8(d->text + 16, low + ML_EACH_BYTE('0'));
	if (top != 0)
		d->first = 7;
	else if (middle != 0)
		d->first = 8 + (__builtin_ctzll(middle) >> 3);
	else
		d->first = 16 + (__builtin_ctzll(low) >> 3);
	d->n = low != 0 ? 24 - (__builtin_clzll(low) >> 3) : 16 - (__builtin_clzll(middle) >> 3);
	d->n -= d->first;
	d->point = exponent + 24 - d->first;
}

/* The high 64 bits of power * number; what is below them, if more than a rounding, shows as odd. */
static inline uint64_t
round_to_odd(int power, uint64_t number)
{
	ml_u128 low = (ml_u128)ml_pow10[power - ML_POW10_FIRST].low * number;
	ml_u128 high =
	    (ml_u128)ml_pow10[power - ML_POW10_FIRST].high * number + (uint64_t)(low >> 64);

	return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/*
 * The shortest decimal that reads back to c * 2^q, the nearest of them.  Schubfach: R. Giulietti,
 * "The Schubfach way to render doubles", 2021.  Among the multiples of 10^k, with 10^k just not
 * larger than the width of the interval that reads back, at least one is inside; of 10^(k+1) at
 * most one, and then it is shorter.  Bounds are in quarters of 10^k.
 * NARROW: a power of two, whose lower neighbour is half as far.
 */
static void
shortest(uint64_t c, int q, bool narrow, struct decimal *d)
{
	int k = (q * 1262611 - (narrow ? 524031 : 0)) >> 22; /* floor(log10(width)) */
	int h = q + ml_log2_pow10(-k) + 1;
	uint64_t odd = c & 1; /* an odd number's bounds read as its neighbours */
	uint64_t lower = round_to_odd(-k, (4 * c - 2 + narrow) << h) + odd;
	uint64_t upper = round_to_odd(-k, (4 * c + 2) << h) - odd;
	uint64_t middle = round_to_odd(-k, 4 * c << h);
	uint64_t s = middle / 4, tens = s / 10;
	bool tens_below = lower <= 40 * tens, tens_above = 40 * tens + 40 <= upper;
	bool below = lower <= 4 * s, above = 4 * s + 4 <= upper;
	bool shorter = (s >= 10) & (tens_below != tens_above);

	if (below == above)
		above = middle + (s & 1) > 4 * s + 2; /* to the nearest, of two to the even one */
	to_digits(shorter ? tens + tens_above : s + above, k + shorter, d);
}

/* "e-324" to "e308"; returns the end. */
static char *
put_exponent(char *p, int exponent)
{
	int size = exponent < 0 ? -exponent : exponent;

	*p++ = 'e';
	if (exponent < 0)
		*p++ = '-';
	if (size >= 100)
		*p++ = (char)('0' + size / 100);
	if (size >= 10)
		*p++ = (char)('0' + size / 10 % 10);
	*p++ = (char)('0' + size % 10);
	return p;
}

/* Plain for 1e-5 <= |value| < 1e17, else with an exponent; returns the length. */
static size_t
put(char out[ML_NUM_TEXT], bool minus, const struct decimal *d)
{
	const char *digits = d->text + d->first;
	size_t n = (size_t)d->n, whole = 1;
	bool plain = d->point >= -4 && d->point <= 17;
	char *p = out;

	if (minus)
		*p++ = '-';
	if (plain && d->point <= 0) {
		memcpy(p, "0.0000", 6);
		p += 2 - d->point;
		memcpy(p, digits, n);
		return (size_t)(p + n - out);
	}
	if (plain)
		whole = (size_t)d->point;
	if (whole >= n) {
		memcpy(p, digits, n);
		memset(p + n, '0', whole - n);
		p += whole;
	} else {
		memcpy(p, digits, whole);
		p[whole] = '.';
		memcpy(p + whole + 1, digits + whole, n - whole);
		p += n + 1;
	}
	if (!plain)
		p = put_exponent(p, d->point - 1);
	return (size_t)(p - out);
}

/* Zero and what has no text, for both writers; false if VALUE is neither. */
static bool
put_special(char out[ML_NUM_TEXT], double value, size_t *n)
{
	*n = 0;
	if (!isfinite(value))
		return true;
	if (value != 0)
		return false;
	if (signbit(value))
		out[(*n)++] = '-';
	out[(*n)++] = '0';
	return true;
}

size_t
ml_num_format(char out[ML_NUM_TEXT], double value)
{
	uint64_t bits, c;
	int biased;
	struct decimal d;
	size_t n;

	if (put_special(out, value, &n))
		return n;
	memcpy(&bits, &value, sizeof bits);
	c = bits & (((uint64_t)1 << 52) - 1);
	biased = bits >> 52 & 2047;
	if (biased == 0)
		shortest(c, 1 - ML_BIAS, false, &d);
	else
		shortest(c | (uint64_t)1 << 52, biased - ML_BIAS, c == 0 && biased > 1, &d);
	return put(out, signbit(value), &d);
}

size_t
ml_num_round(char out[ML_NUM_TEXT], double value, int digits)
{
	char text[64];
	const char *p;
	struct decimal d = {.first = 0};
	size_t n;
	int used = 0;

	if (put_special(out, value, &n))
		return n;
	digits = digits < 1 ? 1 : digits > 17 ? 17 : digits;
	snprintf(text, sizeof text, "%.*e", digits - 1, fabs(value));
	for (p = text; *p != 'e'; p++) /* whatever the locale's point is */
		if (ml_is_digit(*p))
			d.text[used++] = *p;
	for (d.n = used; d.text[d.n - 1] == '0';)
		d.n--;
	d.point = (int)strtol(p + 1, NULL, 10) + 1;
	return put(out, signbit(value), &d);
}
