#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num_short.h"
#include "base/pow10.h"

__extension__ typedef unsigned __int128 u128;

#define EACH_BYTE(b) ((uint64_t)(b)*0x0101010101010101)

enum {
	EXACT_DIGITS = 19, /* any so many digits fit 64 bits */
	ENOUGH_DIGITS =
	    800,     /* more than the 767 that tell any double from its neighbours' middle */
	BIAS = 1075, /* a double is c * 2^(biased exponent - BIAS), 2^52 <= c < 2^53 */
};

static const uint64_t small_power[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

const double ml_num_power[] = {1e0,  1e1,	 1e2,  1e3,  1e4,  1e5,	 1e6,  1e7,
				     1e8,  1e9,	 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
				     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* floor(log2(10^e)), for |e| <= 1233. */
static inline int
log2_pow10(int e)
{
	return e * 1741647 >> 19;
}

static inline double
from_bits(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

static inline bool
is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

/*
 * Reading
 */

/* Between a word and the word whose lowest byte comes first in memory. */
static inline uint64_t
little_endian(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* Eight characters, the first in the lowest byte. */
static inline uint64_t
load8(const char *p)
{
	uint64_t bytes;

	memcpy(&bytes, p, sizeof bytes);
	return little_endian(bytes);
}

static inline void
store8(char *p, uint64_t bytes)
{
	bytes = little_endian(bytes);
	memcpy(p, &bytes, sizeof bytes);
}

/* The number of eight digits, one a byte: tens of neighbours, then of pairs, then of fours. */
static inline uint64_t
join8(uint64_t digits)
{
	const uint64_t pair = 0x000000FF000000FF;

	digits = digits * 10 + (digits >> 8);
	return ((digits & pair) * 0x000F424000000064 +
		(digits >> 16 & pair) * 0x0000271000000001) >>
	       32;
}

/*
 * Appends the digits at p to *number (modulo 2^64: the caller counts them); returns their end.
 * Where 8 bytes can be read, digits of any number up to 7 take the same steps without a branch.
 */
static inline __attribute__((always_inline)) const char *
read_digits(const char *p, const char *end, uint64_t *number)
{
	while (end - p >= 8) {
		uint64_t digits = load8(p) ^ EACH_BYTE('0');
		/* What is above 9 gets its byte's high bit; a carry only spoils bytes behind. */
		uint64_t others = ((digits + EACH_BYTE(0x76)) | digits) & EACH_BYTE(0x80);
		int n;

		if (others == 0) {
			*number = *number * 100000000 + join8(digits);
			p += 8;
			continue;
		}
		n = __builtin_ctzll(others) >> 3;
		*number = *number * small_power[n] + join8(digits << 8 << (56 - 8 * n));
		return p + n;
	}
	for (; p < end && is_digit(*p); p++)
		*number = *number * 10 + (uint64_t)(*p - '0');
	return p;
}

/* Adds the exponent at the letter p, if there is one, to *exponent; returns its end, or p. */
static __attribute__((noinline)) const char *
read_exponent(const char *p, const char *end, int64_t *exponent)
{
	const int64_t beyond = 100000000000000000; /* more than any text's digits can make up for */
	const char *q = p + 1;
	bool minus = q < end && *q == '-';
	int64_t value = 0;

	if (minus || (q < end && *q == '+'))
		q++;
	if (q == end || !is_digit(*q))
		return p;
	for (; q < end && is_digit(*q); q++)
		if (value < beyond)
			value = value * 10 + (*q - '0');
	*exponent += minus ? -value : value;
	return q;
}

/*
 * number * 10^exponent, or a little more if MORE digits follow the 19 of NUMBER.  A product of
 * 64 by 128 bits bounds it from both sides; false where the bounds don't round to one normal
 * double, which takes a number that is (almost) in the middle of two.
 */
static bool
scale(uint64_t number, int64_t exponent, bool more, double *value)
{
	const u128 half = (u128)1 << 74;
	int shift, biased;
	uint64_t factor, high, low, mantissa;
	u128 product, fraction, above;

	if (number == 0 || exponent < ML_POW10_FIRST || exponent > ML_POW10_LAST)
		return false;
	shift = __builtin_clzll(number);
	factor = number << shift;
	high = ml_pow10[exponent - ML_POW10_FIRST].high;
	low = ml_pow10[exponent - ML_POW10_FIRST].low;
	product = (u128)factor * high + ((u128)factor * low >> 64);
	biased = log2_pow10((int)exponent) - shift + 12 + BIAS;
	if (product >> 127 == 0) {
		product <<= 1;
		biased--;
	}
	/*
	 * The table's entry is at most 1 too large, which with the bits dropped here puts the truth
	 * less than 2 from PRODUCT; more digits are less than 1 at NUMBER's end.
	 */
	above = 2 + (more ? (u128)1 << (65 + shift) : 0);
	fraction = product & (2 * half - 1);
	if (fraction < half + 2 && fraction + above > half)
		return false;
	mantissa = (uint64_t)(product >> 75) + (fraction > half);
	if (mantissa >> 53 != 0) {
		mantissa >>= 1;
		biased++;
	}
	if (biased < 1 || biased > 2046)
		return false;
	*value = from_bits((uint64_t)biased << 52 | (mantissa & (((uint64_t)1 << 52) - 1)));
	return true;
}

/*
 * The C library's reading of the digits from p to end, which may have a point among them, times
 * 10^exponent.  The text made for it has no point, so the locale has no say.
 */
static double
by_library(const char *p, const char *end, int64_t exponent)
{
	enum { LARGEST = 99999 };
	char text[ENOUGH_DIGITS + 16];
	size_t n = 0;
	bool more = false;

	for (; p < end; p++) {
		if (*p == '.' || (*p == '0' && n == 0))
			continue;
		if (n < ENOUGH_DIGITS) {
			text[n++] = *p;
			continue;
		}
		more |= *p != '0';
		exponent++;
	}
	if (more) {
		text[n++] = '1';
		exponent--;
	}
	if (exponent > LARGEST || exponent < -LARGEST)
		exponent = exponent < 0 ? -LARGEST : LARGEST;
	snprintf(text + n, sizeof text - n, "e%d", (int)exponent);
	return strtod(text, NULL);
}

/* Digits from p to end, maybe with a point, times 10^exponent.  Kept out of the fast path's frame.
 */
static __attribute__((noinline)) double
read_hard(const char *p, const char *end, int64_t exponent)
{
	uint64_t number = 0;
	int64_t scaled = exponent;
	bool more = false;
	double value;
	int n = 0;

	for (const char *q = p; q < end; q++) {
		if (*q == '.' || (*q == '0' && n == 0))
			continue;
		if (n < EXACT_DIGITS) {
			number = number * 10 + (uint64_t)(*q - '0');
			n++;
			continue;
		}
		more |= *q != '0';
		scaled++;
	}
	if (n == 0)
		return 0;
	return scale(number, scaled, more, &value) ? value : by_library(p, end, exponent);
}

enum ml_num_kind
ml_num_scan(const char *p, const char *end, const char **stop, double *value)
{
	const uint64_t exact = (uint64_t)1 << 53;
	bool minus = p < end && *p == '-';
	const char *first = p + minus, *q, *digits_end;
	uint64_t number = 0, bits;
	int64_t n, exponent = 0;
	double v;

	if (p < end && *p == '+')
		first++;
	q = first;
	/* One digit before the point is so common that it's worth a guess. */
	if (end - q > 1 && is_digit(q[0]) && q[1] == '.')
		number = (uint64_t)(*q++ - '0');
	else
		q = read_digits(q, end, &number);
	n = q - first;
	if (q < end && *q == '.') {
		const char *point = q++;

		q = read_digits(q, end, &number);
		exponent = point + 1 - q;
		n -= exponent;
	}
	if (n == 0) {
		*stop = p;
		return ML_NUM_NO;
	}
	digits_end = q;
	if (q < end && (*q | 0x20) == 'e')
		q = read_exponent(q, end, &exponent);
	*stop = q;
	/* Both operands exact: the one rounding is the right one (Clinger 1990). */
	if (n <= EXACT_DIGITS && number <= exact && exponent >= -22 && exponent <= 22) {
		v = (double)number;
		v = exponent < 0 ? v / ml_num_power[-exponent] : v * ml_num_power[exponent];
	} else if (n <= EXACT_DIGITS && exponent == 0) {
		v = (double)number;
	} else if (n > EXACT_DIGITS || !scale(number, exponent, false, &v)) {
		v = read_hard(first, digits_end, exponent);
		if (isinf(v))
			return ML_NUM_RANGE;
	}
	/* By its bit: the signs of data are as good as random, a branch would be guessed wrong. */
	memcpy(&bits, &v, sizeof bits);
	*value = from_bits(bits ^ (uint64_t)minus << 63);
	return ML_NUM_YES;
}

enum ml_num_kind
ml_num_parse(struct ml_str text, double *value)
{
	const char *end = text.p + text.n, *stop;
	double v = 0;
	enum ml_num_kind kind;

	if (text.n == 0)
		return ML_NUM_NO;
	kind = ml_num_scan(text.p, end, &stop, &v);
	if (stop != end)
		return ML_NUM_NO;
	if (kind == ML_NUM_YES)
		*value = v;
	return kind;
}

bool
ml_int_parse(struct ml_str text, int64_t *value)
{
	size_t i = text.n > 0 && (text.p[0] == '-' || text.p[0] == '+');
	bool minus = i > 0 && text.p[0] == '-';
	uint64_t limit = (uint64_t)INT64_MAX + minus, v = 0;

	if (i == text.n)
		return false;
	for (; i < text.n; i++) {
		uint64_t digit = (uint64_t)(text.p[i] - '0');

		if (!is_digit(text.p[i]) || v > (limit - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = minus ? (int64_t)-v : (int64_t)v;
	return true;
}

/*
 * Writing
 */

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
	store8(d->text + 8, middle + EACH_BYTE('0'));
	store8(d->text + 16, low + EACH_BYTE('0'));
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
	u128 low = (u128)ml_pow10[power - ML_POW10_FIRST].low * number;
	u128 high = (u128)ml_pow10[power - ML_POW10_FIRST].high * number + (uint64_t)(low >> 64);

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
	int h = q + log2_pow10(-k) + 1;
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
		shortest(c, 1 - BIAS, false, &d);
	else
		shortest(c | (uint64_t)1 << 52, biased - BIAS, c == 0 && biased > 1, &d);
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
		if (is_digit(*p))
			d.text[used++] = *p;
	for (d.n = used; d.text[d.n - 1] == '0';)
		d.n--;
	d.point = (int)strtol(p + 1, NULL, 10) + 1;
	return put(out, signbit(value), &d);
}
