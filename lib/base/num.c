#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num_inner.h"
#include "base/num_short.h"
#include "base/pow10.h"

enum {
	EXACT_DIGITS = 19,   /* any so many digits fit 64 bits */
	ENOUGH_DIGITS = 800, /* more than the 767 that tell a double from its neighbours' middle */
};

static const uint64_t small_power[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

const double ml_num_power[] = {1e0,  1e1,  1e2,	 1e3,  1e4,  1e5,  1e6,	 1e7,
			       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
			       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static inline double
from_bits(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

/* Eight characters, the first in the lowest byte. */
static inline uint64_t
load8(const char *p)
{
	uint64_t bytes;

	memcpy(&bytes, p, sizeof bytes);
	return ml_little_endian(bytes);
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
		uint64_t digits = load8(p) ^ ML_EACH_BYTE('0');
		/* What is above 9 gets its byte's high bit; a carry only spoils bytes behind. */
		uint64_t others = ((digits + ML_EACH_BYTE(0x76)) | digits) & ML_EACH_BYTE(0x80);
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
	for (; p < end && ml_is_digit(*p); p++)
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
	if (q == end || !ml_is_digit(*q))
		return p;
	for (; q < end && ml_is_digit(*q); q++)
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
	const ml_u128 half = (ml_u128)1 << 74;
	int shift, biased;
	uint64_t factor, high, low, mantissa;
	ml_u128 product, fraction, above;

	if (number == 0 || exponent < ML_POW10_FIRST || exponent > ML_POW10_LAST)
		return false;
	shift = __builtin_clzll(number);
	factor = number << shift;
	high = ml_pow10[exponent - ML_POW10_FIRST].high;
	low = ml_pow10[exponent - ML_POW10_FIRST].low;
	product = (ml_u128)factor * high + ((ml_u128)factor * low >> 64);
	biased = ml_log2_pow10((int)exponent) - shift + 12 + ML_BIAS;
	if (product >> 127 == 0) {
		product <<= 1;
		biased--;
	}
	/*
	 * The table's entry is at most 1 too large, which with the bits dropped here puts the truth
	 * less than 2 from PRODUCT; more digits are less than 1 at NUMBER's end.
	 */
	above = 2 + (more ? (ml_u128)1 << (65 + shift) : 0);
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
	if (end - q > 1 && ml_is_digit(q[0]) && q[1] == '.')
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

		if (!ml_is_digit(text.p[i]) || v > (limit - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = minus ? (int64_t)-v : (int64_t)v;
	return true;
}
