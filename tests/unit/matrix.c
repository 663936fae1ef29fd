#include "test.h"

#include "num/matrix.h"

static struct ml_err err;

/* Longley's data (1967, JASA 62:819): the regression that breaks careless least squares. */
static const double longley[16][7] = {{83.0, 234289, 2356, 1590, 107608, 1947, 60323},
				      {88.5, 259426, 2325, 1456, 108632, 1948, 61122},
				      {88.2, 258054, 3682, 1616, 109773, 1949, 60171},
				      {89.5, 284599, 3351, 1650, 110929, 1950, 61187},
				      {96.2, 328975, 2099, 3099, 112075, 1951, 63221},
				      {98.1, 346999, 1932, 3594, 113270, 1952, 63639},
				      {99.0, 365385, 1870, 3547, 115094, 1953, 64989},
				      {100.0, 363112, 3578, 3350, 116219, 1954, 63761},
				      {101.2, 397469, 2904, 3048, 117388, 1955, 66019},
				      {104.6, 419180, 2822, 2857, 118734, 1956, 67857},
				      {108.4, 442769, 2936, 2798, 120445, 1957, 68169},
				      {110.8, 444546, 4681, 2637, 121950, 1958, 66513},
				      {112.6, 482704, 3813, 2552, 123366, 1959, 68655},
				      {114.2, 502601, 3931, 2514, 125368, 1960, 69564},
				      {115.7, 518173, 4806, 2572, 127852, 1961, 69331},
				      {116.9, 554894, 4007, 2827, 130081, 1962, 70551}};

static void
longley_solves(void)
{
	/* NIST StRD, certified values: B1..B6. */
	static const double certified[6] = {15.0618722713733,	    -0.358191792925910E-01,
					    -2.02022980381683,	    -1.03322686717359,
					    -0.511041056535807E-01, 1829.15146461355};
	struct ml_arena arena = {0};
	struct ml_moments m;
	double scratch[16 * 8], a[36], b[6];
	size_t rank;

	CHECK(ml_moments_new(&m, 7, &arena) == ML_OK);
	for (size_t j = 0; j < 7; j++)
		for (size_t i = 0; i < 16; i++)
			m.centre[j] += longley[i][j] / 16;
	ml_moments_add_rows(&m, longley[0], NULL, 16, scratch);
	CHECK(m.n == 16 && m.gram[0] == 16);
	for (size_t i = 0; i < 6; i++) {
		for (size_t j = 0; j < 6; j++)
			a[i * 6 + j] = m.gram[(i + 1) * 8 + j + 1];
		b[i] = m.gram[(i + 1) * 8 + 7];
	}
	CHECK(ml_solve_spd(a, b, 6, &rank, &arena, &err) == ML_OK && rank == 6);
	for (size_t i = 0; i < 6; i++)
		CHECK_NEAR(b[i], certified[i], 1e-9);
	ml_arena_free(&arena);
}

int
main(void)
{
	struct ml_arena arena = {0};
	size_t rank;

	test_case("BLAS starts");
	CHECK(ml_blas_start(&err) == ML_OK);

	test_case("Longley's regression agrees with NIST's certified values");
	longley_solves();

	test_case("a singular system has the solution of least norm");
	{
		/* x1 = x2 = 2 x3: least norm puts 1, 1 and 1/2 to their common part. */
		double a[9] = {4, 4, 2, 0, 4, 2, 0, 0, 1}, b[3] = {9, 9, 4.5};
		/* A regular matrix with units as far apart as doubles allow. */
		double c[4] = {1e-200, 0.5, 0, 1e200}, d[2] = {2e-200 + 0.5, 1 + 1e200};
		double zero[4] = {0}, e[2] = {0, 0};

		CHECK(ml_solve_spd(a, b, 3, &rank, &arena, &err) == ML_OK && rank == 1);
		CHECK_NEAR(b[0], 1, 1e-14);
		CHECK_NEAR(b[1], 1, 1e-14);
		CHECK_NEAR(b[2], 0.5, 1e-14);
		CHECK(ml_solve_spd(c, d, 2, &rank, &arena, &err) == ML_OK && rank == 2);
		CHECK(ml_solve_spd(zero, e, 2, &rank, &arena, &err) == ML_OK && rank == 0);
		CHECK(e[0] == 0 && e[1] == 0);
		CHECK(ml_solve_spd(NULL, NULL, 0, &rank, &arena, &err) == ML_OK && rank == 0);
	}

	test_case("moments add up, weighted rows count as often as they weigh");
	{
		enum { N = 600, D = 5, SIDE = D + 1 };
		static double x[2 * N * D], w[N], scratch[ML_MOMENT_ROWS * SIDE];
		struct ml_moments once, twice, part;
		size_t repeated = 0;

		CHECK(ml_moments_new(&once, D, &arena) == ML_OK);
		CHECK(ml_moments_new(&twice, D, &arena) == ML_OK);
		CHECK(ml_moments_new(&part, D, &arena) == ML_OK);
		for (size_t i = 0; i < N; i++) {
			w[i] = (double)(i % 3);
			for (size_t j = 0; j < D; j++)
				x[i * D + j] = 1e6 + (double)((i * 7 + j * j * 13) % 101);
		}
		for (size_t j = 0; j < D; j++)
			once.centre[j] = twice.centre[j] = part.centre[j] = 1e6;
		ml_moments_add_rows(&once, x, w, N, scratch);
		for (size_t i = 0; i < N; i++)
			for (size_t k = 0; k < i % 3; k++, repeated++)
				ml_moments_add_rows(k == 0 ? &twice : &part, x + i * D, NULL, 1,
						    scratch);
		ml_moments_add(&twice, &part);
		CHECK(twice.n == (double)repeated && once.n == N);
		for (size_t i = 0; i < SIDE; i++)
			for (size_t j = i; j < SIDE; j++)
				CHECK_NEAR(once.gram[i * SIDE + j], twice.gram[i * SIDE + j],
					   1e-13);
	}

	test_case("products of rows are what their loops give");
	{
		double x[6] = {1, 2, 3, 4, 5, 6}, coef[4] = {1, -1, 0.5, 2}, out[6], c[4] = {0};

		ml_rows_times(x, coef, 3, 2, 2, out);
		CHECK(out[0] == -1 && out[1] == 4.5 && out[4] == -1 && out[5] == 14.5);
		ml_rows_product(x, x, 3, 2, 2, c);
		CHECK(c[0] == 35 && c[1] == 44 && c[2] == 44 && c[3] == 56);
	}
	ml_arena_free(&arena);
	return test_end();
}
