#include "num/sort.h"

#include <string.h>

enum { DIGITS = 8, BUCKETS = 256, FEW = 32 };

static uint64_t
bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	return bits;
}

/* Order of the keys as integers is the order of the doubles. */
static uint64_t
key_of(double v)
{
	uint64_t bits;

	if (v != v)
		return UINT64_MAX;
	bits = bits_of(v + 0.0); /* -0 becomes 0 */
	return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static double
value_of(uint64_t key)
{
	uint64_t bits = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
	double v;

	memcpy(&v, &bits, sizeof v); /* UINT64_MAX gives the quiet NaN of all ones */
	return v;
}

static unsigned
digit_of(uint64_t key, int digit)
{
	return (unsigned)(key >> 8 * digit) & (BUCKETS - 1);
}

/* From counts to the place of each bucket's first; false if all keys share this digit. */
static int
places(size_t count[BUCKETS], size_t n)
{
	size_t at = 0;

	for (int b = 0; b < BUCKETS; b++) {
		size_t c = count[b];

		if (c == n)
			return 0;
		count[b] = at;
		at += c;
	}
	return 1;
}

static void
insertion(double *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		double x = v[i];
		uint64_t key = key_of(x);
		size_t j = i;

		for (; j > 0 && key_of(v[j - 1]) > key; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
}

/* Doubles and their keys share memory: memcpy says so to the compiler and costs nothing. */
void
ml_sort(double *v, size_t n, double *scratch)
{
	size_t count[DIGITS][BUCKETS] = {{0}};
	double *from = v, *to = scratch;
	uint64_t key;

	if (n <= FEW) {
		insertion(v, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		key = key_of(v[i]);
		memcpy(&v[i], &key, sizeof key);
		for (int d = 0; d < DIGITS; d++)
			count[d][digit_of(key, d)]++;
	}
	for (int d = 0; d < DIGITS; d++) {
		double *swap = from;

		if (!places(count[d], n))
			continue;
		for (size_t i = 0; i < n; i++) {
			memcpy(&key, &from[i], sizeof key);
			memcpy(&to[count[d][digit_of(key, d)]++], &key, sizeof key);
		}
		from = to;
		to = swap;
	}
	for (size_t i = 0; i < n; i++) {
		memcpy(&key, &from[i], sizeof key);
		v[i] = value_of(key);
	}
}

static void
insertion_index(struct ml_sort_item *item, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct ml_sort_item x = item[i];
		size_t j = i;

		for (; j > 0 && item[j - 1].key > x.key; j--)
			item[j] = item[j - 1];
		item[j] = x;
	}
}

void
ml_sort_index(const double *v, size_t *order, size_t n, struct ml_sort_item *scratch)
{
	size_t count[DIGITS][BUCKETS] = {{0}};
	struct ml_sort_item *from = scratch, *to = scratch + n;

	for (size_t i = 0; i < n; i++)
		from[i] = (struct ml_sort_item){key_of(v[i]), i};
	if (n <= FEW)
		insertion_index(from, n);
	for (size_t i = 0; n > FEW && i < n; i++)
		for (int d = 0; d < DIGITS; d++)
			count[d][digit_of(from[i].key, d)]++;
	for (int d = 0; n > FEW && d < DIGITS; d++) {
		struct ml_sort_item *swap = from;

		if (!places(count[d], n))
			continue;
		for (size_t i = 0; i < n; i++)
			to[count[d][digit_of(from[i].key, d)]++] = from[i];
		from = to;
		to = swap;
	}
	for (size_t i = 0; i < n; i++)
		order[i] = from[i].index;
}
