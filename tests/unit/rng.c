#include "test.h"

#include <stdbool.h>

#include "base/rng.h"

enum { N = 1000000 };

/* Chi-squared of counts against equal expectation. */
static double
chi_squared(const int *count, int n_cells, double expected)
{
	double sum = 0;

	for (int i = 0; i < n_cells; i++)
		sum += (count[i] - expected) * (count[i] - expected) / expected;
	return sum;
}

int
main(void)
{
	/* Random123 (Salmon et al.), tests/kat_vectors, philox4x32 10: the first two words of four.
	 */
	test_case("known answers");
	CHECK(ml_rng_bits(0, 0, 0) == 0xe169c58d6627e8d5);
	CHECK(ml_rng_bits(0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff) ==
	      0x41c83b0e408f276d);
	CHECK(ml_rng_bits(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88) ==
	      0x94fdccebd16cfe09);

	test_case("uniform has the moments of the uniform distribution");
	{
		double sum = 0, squares = 0, lag = 0, before = 0.5, least = 1, most = 0;

		for (uint64_t i = 0; i < N; i++) {
			double u = ml_rng_uniform(1, ML_RNG_TEST, i);

			sum += u;
			squares += (u - 0.5) * (u - 0.5);
			lag += (u - 0.5) * (before - 0.5);
			before = u;
			least = fmin(least, u);
			most = fmax(most, u);
		}
		/* Within four standard errors: sqrt(1/12/N), sqrt(1/180/N), 1/12/sqrt(N). */
		CHECK(fabs(sum / N - 0.5) < 4 * 2.887e-4);
		CHECK(fabs(squares / N - 1.0 / 12) < 4 * 7.45e-5);
		CHECK(fabs(lag / N) < 4 * 8.33e-5);
		CHECK(least >= 0 && most < 1 && least < 1e-4 && most > 1 - 1e-4);
	}

	test_case("seeds and purposes give other numbers");
	{
		int same = 0;

		for (uint64_t i = 0; i < 1000; i++) {
			uint64_t bits = ml_rng_bits(1, ML_RNG_TEST, i);

			same += bits == ml_rng_bits(2, ML_RNG_TEST, i);
			same += bits == ml_rng_bits(1, ML_RNG_SPLIT, i);
			same += bits == ml_rng_bits(1, ML_RNG_TEST, i + 1);
		}
		CHECK(same == 0);
	}

	test_case("below has no bias");
	{
		/*
		 * Of four draws 3 * 2^62 results can take three: without further draws half of the
		 * results were multiples of three.
		 */
		const uint64_t third = (uint64_t)1 << 62;
		int thirds[3] = {0}, tens[10] = {0}, residue[3] = {0};
		bool inside = true;

		for (uint64_t i = 0; i < N; i++) {
			uint64_t large = ml_rng_below(1, ML_RNG_TEST, i, 3 * third);

			inside &= large < 3 * third;
			thirds[large / third % 3]++;
			residue[large % 3]++;
			tens[ml_rng_below(2, ML_RNG_TEST, i, 10) % 10]++;
		}
		CHECK(inside);
		/* Upper 1e-4 points of chi-squared with 2 and 9 degrees of freedom. */
		CHECK(chi_squared(thirds, 3, N / 3.0) < 18.42);
		CHECK(chi_squared(residue, 3, N / 3.0) < 18.42);
		CHECK(chi_squared(tens, 10, N / 10.0) < 33.72);
		CHECK(ml_rng_below(1, ML_RNG_TEST, 0, 1) == 0);
	}

	test_case("a permutation has everything once, and all permutations are as likely");
	{
		enum { SIZE = 1000, TRIES = 120000 };
		size_t order[SIZE], again[SIZE];
		bool seen[SIZE] = {false};
		int count[24] = {0}, once = 0;

		ml_rng_permute(7, ML_RNG_PERMUTE, order, SIZE);
		ml_rng_permute(7, ML_RNG_PERMUTE, again, SIZE);
		for (size_t i = 0; i < SIZE; i++)
			once += order[i] < SIZE && !seen[order[i]] && (seen[order[i]] = true);
		CHECK(once == SIZE && memcmp(order, again, sizeof order) == 0);
		for (uint64_t seed = 0; seed < TRIES; seed++) {
			ml_rng_permute(seed, ML_RNG_PERMUTE, order, 4);
			/* The number of the permutation: 6 a + 2 b + c, of what is left each time.
			 */
			count[6 * order[0] + 2 * (order[1] - (order[1] > order[0])) +
			      (order[2] > order[3])]++;
		}
		CHECK(chi_squared(count, 24, TRIES / 24.0) < 57.07); /* as above, 23 degrees */
		ml_rng_permute(7, ML_RNG_PERMUTE, order, 0);
	}
	return test_end();
}
