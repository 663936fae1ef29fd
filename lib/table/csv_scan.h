#ifndef ML_TABLE_CSV_SCAN_H
#define ML_TABLE_CSV_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * Looking for bytes, many at a time.  Both forms give the same; a unit test compares them.
 */
enum { ML_CSV_STEP = 64 /* bytes looked at together, and readable behind a batch's end */ };

/* Bit i stands for byte i of a step. */
struct ml_marks {
	uint64_t line_end, quote;
	bool carriage_return, nul, high; /* whether there is any; high: beyond ASCII */
};

/* Bytes of WORD that equal those of PATTERN, as one bit each. */
static inline uint64_t
ml_equal_bytes(uint64_t word, uint64_t pattern)
{
	const uint64_t low = 0x7F7F7F7F7F7F7F7F;
	uint64_t differ = word ^ pattern;
	uint64_t zero = ~(((differ & low) + low) | differ | low);

	return (zero >> 7) * 0x0102040810204080 >> 56;
}

static inline struct ml_marks
ml_marks_plain(const char *p)
{
	const uint64_t each = 0x0101010101010101;
	struct ml_marks marks = {0};

	for (int i = 0; i < ML_CSV_STEP; i += 8) {
		uint64_t word = 0;

		for (int k = 0; k < 8; k++)
			word |= (uint64_t)(unsigned char)p[i + k] << 8 * k;
		marks.line_end |= ml_equal_bytes(word, each * '\n') << i;
		marks.quote |= ml_equal_bytes(word, each * '"') << i;
		marks.carriage_return |= ml_equal_bytes(word, each * '\r') != 0;
		marks.nul |= ml_equal_bytes(word, 0) != 0;
		marks.high |= (word & each << 7) != 0;
	}
	return marks;
}

#ifdef __SSE2__
static inline uint64_t
ml_mask16(__m128i bytes, int at)
{
	return (uint64_t)(unsigned)_mm_movemask_epi8(bytes) << at;
}

static inline struct ml_marks
ml_marks(const char *p)
{
	const __m128i line_end = _mm_set1_epi8('\n'), quote = _mm_set1_epi8('"');
	const __m128i carriage_return = _mm_set1_epi8('\r');
	__m128i returns = _mm_setzero_si128(), least = _mm_set1_epi8(-1), any = returns;
	struct ml_marks marks = {0};

	for (int i = 0; i < ML_CSV_STEP; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));

		marks.line_end |= ml_mask16(_mm_cmpeq_epi8(v, line_end), i);
		marks.quote |= ml_mask16(_mm_cmpeq_epi8(v, quote), i);
		returns = _mm_or_si128(returns, _mm_cmpeq_epi8(v, carriage_return));
		least = _mm_min_epu8(least, v);
		any = _mm_or_si128(any, v);
	}
	marks.carriage_return = ml_mask16(returns, 0) != 0;
	marks.nul = ml_mask16(_mm_cmpeq_epi8(least, _mm_setzero_si128()), 0) != 0;
	marks.high = ml_mask16(any, 0) != 0;
	return marks;
}
#else
static inline struct ml_marks
ml_marks(const char *p)
{
	return ml_marks_plain(p);
}
#endif

/*
 * How far from p the first byte C is, or 16 if it is not among the 16 bytes there, which must be
 * readable; always 16 where looking at them together is not possible.
 */
static inline size_t
ml_near_byte(const char *p, char c)
{
#ifdef __SSE2__
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	uint64_t mask = ml_mask16(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)), 0);

	return (size_t)__builtin_ctzll(mask | 1 << 16);
#else
	(void)p;
	(void)c;
	return 16;
#endif
}

/* The first byte C from p on, or END.  ML_CSV_STEP bytes behind END must be readable. */
static inline const char *
ml_find_byte(const char *p, const char *end, char c)
{
#ifdef __SSE2__
	const __m128i wanted = _mm_set1_epi8(c);

	for (; p < end; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		uint64_t mask = ml_mask16(_mm_cmpeq_epi8(v, wanted), 0);

		if (mask != 0) {
			p += __builtin_ctzll(mask);
			return p < end ? p : end;
		}
	}
	return end;
#else
	const char *hit = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;

	return hit == NULL ? end : hit;
#endif
}

#endif
