#include "test.h"

#include <stdlib.h>

#include "base/rng.h"
#include "eval/split.h"

enum { N = 1000 };

static size_t
count(const uint8_t *part, size_t n, size_t which)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += part[i] == which;
	return found;
}

/* How far the parts of the first levels 0..l together, for every l, are off their shares. */
static double
worst(const struct ml_shares *shares, const int32_t *level, size_t n_levels, const uint8_t *part)
{
	double most = 0;

	for (size_t l = 0; l < n_levels; l++)
		for (size_t p = 0; p < shares->n; p++) {
			double rows = 0, got = 0;

			for (size_t i = 0; i < N; i++)
				if (level[i] == (int32_t)l) {
					rows++;
					got += part[i] == p;
				}
			most = fmax(most, fabs(got - rows * shares->share[p]));
		}
	return most;
}

int
main(void)
{
	struct ml_err err = {0};
	struct ml_shares two = {{0.8, 0.2}, 2}, five;
	static uint8_t part[N], other[N];
	static int32_t level[N];

	test_case("shares are read, and must add up to 1");
	CHECK(ml_shares_parse(&five, "0.5,0.25,0.125,0.0625,0.0625", &err) == ML_OK);
	CHECK(five.n == 5 && five.share[2] == 0.125);
	for (const char *const *bad =
		 (const char *const[]){"0.5,0.4", "1", "1,0", "0.5,,0.5", "half", "0.5,0.5,",
				       "1.5,-0.5", "", NULL};
	     *bad != NULL; bad++) {
		struct ml_err why = {0};
		struct ml_shares shares;

		CHECK(ml_shares_parse(&shares, *bad, &why) == ML_EUSAGE);
	}

	test_case("counts are exact for any number of rows");
	for (size_t n = 1; n <= N; n++) {
		CHECK(ml_split_random(&two, n, NULL, 1, n, part, &err) == ML_OK);
		CHECK(fabs((double)count(part, n, 1) - 0.2 * (double)n) <= 0.5 + 1e-9);
		/* 1 - 1/(2k - 2): Tijdeman 1980, theorem 1. */
		CHECK(ml_split_random(&five, n, NULL, 1, n, part, &err) == ML_OK);
		for (size_t p = 0; p < five.n; p++)
			CHECK(fabs((double)count(part, n, p) - five.share[p] * (double)n) <=
			      1 - 1. / 8 + 1e-9);
	}

	test_case("every level has its shares, and so has the whole");
	for (uint64_t seed = 0; seed < 50; seed++) {
		for (size_t i = 0; i < N; i++)
			level[i] = (int32_t)ml_rng_below(seed, ML_RNG_TEST, i, 1 + 8 * seed);
		CHECK(ml_split_random(&two, seed, level, 1 + 8 * seed, N, part, &err) == ML_OK);
		CHECK(count(part, N, 1) == N / 5);
		CHECK(worst(&two, level, 1 + 8 * seed, part) <= 1 + 1e-9);
		CHECK(ml_split_random(&five, seed, level, 1 + 8 * seed, N, part, &err) == ML_OK);
		CHECK(worst(&five, level, 1 + 8 * seed, part) <= 2 * (1 - 1. / 8) + 1e-9);
	}

	test_case("every row is as likely as any other, and so is every pair");
	{
		/*
		 * 4 rows in halves: 6 ways, 60000 seeds; the chi-square statistic of their counts
		 * with 5 degrees of freedom is below its 99.9 % point, 20.515 (Abramowitz and
		 * Stegun 1964, table 26.8).
		 */
		struct ml_shares half = {{0.5, 0.5}, 2};
		double seen[16] = {0}, chi2 = 0;
		size_t ways = 0;

		for (uint64_t seed = 0; seed < 60000; seed++) {
			size_t way = 0;

			CHECK(ml_split_random(&half, seed, NULL, 1, 4, part, &err) == ML_OK);
			for (size_t i = 0; i < 4; i++)
				way |= (size_t)part[i] << i;
			seen[way]++;
		}
		for (size_t way = 0; way < 16; way++)
			if (seen[way] > 0) {
				ways++;
				chi2 += (seen[way] - 1e4) * (seen[way] - 1e4) / 1e4;
			}
		CHECK(ways == 6);
		CHECK(chi2 < 20.515);
	}

	test_case("levels of one row each are chosen by chance too");
	for (size_t i = 0; i < N; i++)
		level[i] = (int32_t)i;
	CHECK(ml_split_random(&two, 1, level, N, N, part, &err) == ML_OK);
	CHECK(ml_split_random(&two, 2, level, N, N, other, &err) == ML_OK);
	CHECK(count(part, N, 1) == N / 5 && count(other, N, 1) == N / 5);
	{
		size_t both = 0;

		/* Hypergeometric: mean 40, standard deviation 5.06; within four of them. */
		for (size_t i = 0; i < N; i++)
			both += part[i] == 1 && other[i] == 1;
		CHECK(both > 19 && both < 61);
	}

	test_case("groups stay together");
	for (size_t i = 0; i < N; i++)
		level[i] = (int32_t)(i * i % 97);
	CHECK(ml_split_groups(&two, 1, level, 97, N, part, &err) == ML_OK);
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < i; k += 13)
			CHECK(level[i] != level[k] || part[i] == part[k]);
	CHECK(count(part, N, 1) > 170 && count(part, N, 1) < 230);

	test_case("ranks are cut, not shuffled, and never within one rank");
	for (size_t i = 0; i < N; i++)
		level[i] = (int32_t)((N - 1 - i) / 7);
	CHECK(ml_split_ranks(&two, level, 143, N, part, &err) == ML_OK);
	for (size_t i = 1; i < N; i++)
		CHECK(part[i] <= part[i - 1] &&
		      (level[i] != level[i - 1] || part[i] == part[i - 1]));
	/* 114 ranks of 7 are 798 rows: nearest to 800. */
	CHECK(count(part, N, 0) == 798);
	memset(level, 0, sizeof level);
	CHECK(ml_split_ranks(&two, level, 1, 7, part, &err) == ML_OK && count(part, 7, 0) == 7);
	return test_end();
}
