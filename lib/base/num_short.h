#ifndef ML_BASE_NUM_SHORT_H
#define ML_BASE_NUM_SHORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * Short numbers whose end is known before their digits are looked at.  ml_num_scan finds the end by
 * the digits, which makes each number of a record wait for the one before it; from delimiter to
 * delimiter is a much shorter way, and then several numbers are read at the same time.
 */

/* The longest text that ml_num_short reads; 0: none, here. */
#ifdef __SSE2__
enum { ML_NUM_SHORT = 15 };
#else
enum { ML_NUM_SHORT = 0 };
#endif

/* The powers of ten that are doubles. */
extern const double ml_num_power[23];

/*
 * Reads the n bytes at p, of which 16 can be read whatever n is, if they are up to ML_NUM_SHORT,
 * [-] digits [. digits] or [-] . digits.  False, with nothing stored, says nothing about the text.
 */
#ifdef __SSE2__
/* n bytes of ones, then zeros. */
static inline __m128i
ml_num_ones(size_t n)
{
	static const unsigned char ones[32] = {255, 255, 255, 255, 255, 255, 255, 255,
					       255, 255, 255, 255, 255, 255, 255, 255};

	return _mm_loadu_si128((const __m128i *)(const void *)(ones + 16 - n));
}

/* No branch depends on where the digits are: in data that is as good as random. */
static inline bool
ml_num_short(const char *p, size_t n, double *value)
{
	const __m128i text = _mm_loadu_si128((const __m128i *)(const void *)p);
	const __m128i first = _mm_setr_epi32(255, 0, 0, 0);
	__m128i minus, before, digits, tens = _mm_set1_epi16(10 << 8 | 1);
	__m128d sum;
	unsigned points;
	size_t whole;

	if (n - 1 >= ML_NUM_SHORT || (unsigned char)(p[n - 1] - '0') > 9)
		return false;
	points = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('.')));
	whole = (size_t)__builtin_ctz(points | 1U << n);
	/* A sign is as good as a 0; digits behind the point move up; zeros make 16 of them. */
	minus = _mm_and_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('-')), first);
	digits = _mm_andnot_si128(minus, _mm_sub_epi8(text, _mm_set1_epi8('0')));
	digits = _mm_and_si128(digits, ml_num_ones(n));
	before = ml_num_ones(whole);
	digits = _mm_or_si128(_mm_and_si128(before, digits),
			      _mm_andnot_si128(before, _mm_srli_si128(digits, 1)));
	/* What is above 9 gets its byte's high bit. */
	if (_mm_movemask_epi8(_mm_adds_epu8(digits, _mm_set1_epi8(0x76))) != 0)
		return false;
	/* gcc would make five slower instructions of a multiplication that it sees through. */
	__asm__("" : "+x"(tens));
	/* Tens of neighbours, then of pairs, then of fours. */
	digits = _mm_srli_epi16(_mm_mullo_epi16(digits, tens), 8);
	digits = _mm_madd_epi16(digits, _mm_set1_epi32(1 << 16 | 100));
	digits = _mm_packs_epi32(digits, digits);
	digits = _mm_madd_epi16(digits, _mm_set1_epi32(1 << 16 | 10000));
	/*
	 * The last of the 16 is 0, so they are an even number below 10^16: a double, as the power
	 * of ten is, and the one rounding is the right one (Clinger 1990).
	 */
	sum = _mm_mul_pd(_mm_cvtepi32_pd(digits), _mm_set_pd(1, 1e8));
	sum = _mm_add_sd(sum, _mm_unpackhi_pd(sum, sum));
	sum = _mm_div_sd(sum, _mm_load_sd(&ml_num_power[16 - whole]));
	_mm_store_sd(value, _mm_xor_pd(sum, _mm_castsi128_pd(_mm_slli_epi64(minus, 63))));
	return true;
}
#else
static inline bool
ml_num_short(const char *p, size_t n, double *value)
{
	(void)p;
	(void)n;
	(void)value;
	return false;
}
#endif

#endif
